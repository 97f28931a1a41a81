//! Lagrange polynomials at tau, as points: an inverse transform over a group (CE.I1).
//!
//! `L_j(tau) = 1/m sum_i w^(-ij) tau^i` for the m-th root of unity w that arkworks' domain has. The group stands in for the
//! field: the transform only adds and multiplies by scalars.

use ark_bn254::Fr;
use ark_ec::CurveGroup;
use ark_ff::{FftField, Field, One};
use rayon::prelude::*;

/// `[L_j(tau)]` for each j, from `[tau^i]`. The number of powers is a power of two, at most 2^28; else `None`.
pub fn lagrange<C: CurveGroup<ScalarField = Fr>>(powers: &[C::Affine]) -> Option<Vec<C::Affine>> {
    let size = powers.len();
    if !size.is_power_of_two() {
        return None;
    }
    let inverse_root = Fr::get_root_of_unity(size as u64)?.inverse()?;
    let inverse_size = Fr::from(size as u64).inverse()?;
    let roots = successive(inverse_root, size / 2);
    let log = size.trailing_zeros();
    let mut points: Vec<C> = (0..size)
        .map(|i| powers[if log == 0 { 0 } else { i.reverse_bits() >> (usize::BITS - log) }].into())
        .collect();
    for layer in 0..log {
        let half = 1usize << layer;
        let stride = size >> (layer + 1);
        points.par_chunks_mut(2 * half).for_each(|block| butterflies(block, half, &roots, stride));
    }
    points.par_iter_mut().for_each(|point| *point *= inverse_size);
    Some(C::normalize_batch(&points))
}

/// `(a, b) -> (a + w b, a - w b)` for each pair of both halves.
fn butterflies<C: CurveGroup<ScalarField = Fr>>(block: &mut [C], half: usize, roots: &[Fr], stride: usize) {
    let (low, high) = block.split_at_mut(half);
    let pairs = low.par_iter_mut().zip(high).zip(roots.par_iter().step_by(stride));
    pairs.for_each(|((a, b), root)| {
        let product = if root.is_one() { *b } else { *b * root };
        let sum = *a;
        *a += product;
        *b = sum - product;
    });
}

fn successive(root: Fr, count: usize) -> Vec<Fr> {
    std::iter::successors(Some(Fr::one()), |power| Some(*power * root)).take(count.max(1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::{G1Affine, G1Projective, G2Affine, G2Projective};
    use ark_ec::{AffineRepr, CurveGroup};
    use ark_ff::Field;

    /// `L_j(x) = w^j (x^m - 1) / (m (x - w^j))`.
    fn expected(size: usize, tau: Fr, j: usize) -> Fr {
        let root = Fr::get_root_of_unity(size as u64).unwrap().pow([j as u64]);
        let numerator = root * (tau.pow([size as u64]) - Fr::one());
        numerator / (Fr::from(size as u64) * (tau - root))
    }

    #[test]
    fn values_are_those_of_the_closed_form() {
        let tau = Fr::from(987_654_321u64);
        for log in 0..5 {
            let size = 1usize << log;
            let power = |i: usize| tau.pow([i as u64]);
            let g1: Vec<_> = (0..size).map(|i| (G1Affine::generator() * power(i)).into_affine()).collect();
            let g2: Vec<_> = (0..size).map(|i| (G2Affine::generator() * power(i)).into_affine()).collect();
            let (g1, g2) = (lagrange::<G1Projective>(&g1).unwrap(), lagrange::<G2Projective>(&g2).unwrap());
            for j in 0..size {
                let value = expected(size, tau, j);
                assert_eq!(g1[j], (G1Affine::generator() * value).into_affine(), "{j} of {size}");
                assert_eq!(g2[j], (G2Affine::generator() * value).into_affine());
            }
        }
    }

    #[test]
    fn only_powers_of_two_have_a_domain() {
        assert_eq!(lagrange::<G1Projective>(&[G1Affine::generator(); 3]), None);
        assert_eq!(lagrange::<G1Projective>(&[]), None);
    }
}
