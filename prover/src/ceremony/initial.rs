//! The key before any contribution: gamma = delta = 1, everything else from the first phase (CE.I2, CE.I3).
//!
//! Written from the paper (Groth 2016, section 3.2) in the layout of arkworks' prover: variable i has the polynomials
//! `A_i, B_i, C_i` that take at the j-th root of unity the coefficient of variable i in constraint j. One and the public
//! inputs have one more point each, behind the constraints, where `A_i` is one: it keeps those `A_i` independent.

use super::error::CeremonyError;
use super::lagrange::lagrange;
use super::powers::Powers;
use crate::groth::ProvingKey;
use crate::wrap::checks::{Checks, Matrix};
use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{One, Zero};
use ark_groth16::VerifyingKey;
use rayon::prelude::*;

/// Terms from which on a sum of multiples goes through buckets.
const LONG_COLUMN: usize = 24;

/// log2 of the domain of a circuit: one point for each constraint, one for each variable that is no witness.
pub fn log_domain(circuit: &Checks) -> u32 {
    (circuit.constraints() + circuit.instance_variables()).next_power_of_two().trailing_zeros()
}

/// The key of a circuit with gamma = delta = 1: the same for everybody, and of no use until delta is multiplied.
pub fn initial_key(circuit: &Checks, powers: &Powers) -> Result<ProvingKey, CeremonyError> {
    let [a, b, c] = circuit.matrices() else { return Err(CeremonyError::NotRecorded) };
    let points = powers.points();
    let needed = log_domain(circuit);
    if needed != points.log {
        return Err(CeremonyError::Domain { needed, got: points.log });
    }
    let domain = CeremonyError::Domain { needed, got: points.log };
    let lagrange_g1 = |powers: &[G1Affine]| lagrange::<G1Projective>(powers).ok_or(domain.clone());
    let size = 1usize << needed;
    let tau = lagrange_g1(points.tau_g1.get(..size).unwrap_or_default())?;
    let tau_g2 = lagrange::<G2Projective>(&points.tau_g2).ok_or(domain.clone())?;
    let alpha = lagrange_g1(&points.alpha_tau_g1)?;
    let beta = lagrange_g1(&points.beta_tau_g1)?;

    let instance = circuit.instance_variables();
    let variables = circuit.assignment().len();
    let mut a = columns(a, variables);
    for (i, column) in a.iter_mut().take(instance).enumerate() {
        column.push((Fr::one(), circuit.constraints() + i));
    }
    let (b, c) = (columns(b, variables), columns(c, variables));
    // beta A_i + alpha B_i + C_i
    let mixed: Vec<G1Projective> = (0..variables)
        .into_par_iter()
        .map(|i| {
            combination::<G1Projective>(&a[i], &beta)
                + combination::<G1Projective>(&b[i], &alpha)
                + combination::<G1Projective>(&c[i], &tau)
        })
        .collect();
    let mut mixed = G1Projective::normalize_batch(&mixed);
    let l_query = mixed.split_off(instance);
    let first = |points: &[G1Affine]| points.first().copied().unwrap_or_default();
    Ok(ProvingKey {
        vk: VerifyingKey {
            alpha_g1: first(&points.alpha_tau_g1),
            beta_g2: points.beta_g2,
            gamma_g2: G2Affine::generator(),
            delta_g2: G2Affine::generator(),
            gamma_abc_g1: mixed,
        },
        beta_g1: first(&points.beta_tau_g1),
        delta_g1: G1Affine::generator(),
        a_query: query::<G1Projective>(&a, &tau),
        b_g1_query: query::<G1Projective>(&b, &tau),
        b_g2_query: query::<G2Projective>(&b, &tau_g2),
        h_query: vanishing_multiples(&points.tau_g1, size),
        l_query,
    })
}

/// Coefficients of each variable, with their constraints.
fn columns(matrix: &Matrix, variables: usize) -> Vec<Vec<(Fr, usize)>> {
    let mut columns = vec![Vec::new(); variables];
    for (constraint, row) in matrix.iter().enumerate() {
        for (coefficient, variable) in row {
            columns[*variable].push((*coefficient, constraint));
        }
    }
    columns
}

fn query<C: CurveGroup<ScalarField = Fr>>(
    columns: &[Vec<(Fr, usize)>],
    lagrange: &[C::Affine],
) -> Vec<C::Affine> {
    let sums: Vec<C> = columns.par_iter().map(|column| combination::<C>(column, lagrange)).collect();
    C::normalize_batch(&sums)
}

/// `sum coefficient L_constraint(tau)`.
fn combination<C: CurveGroup<ScalarField = Fr>>(column: &[(Fr, usize)], lagrange: &[C::Affine]) -> C {
    let minus_one = -Fr::one();
    let (mut sum, mut others) = (C::zero(), Vec::new());
    for (coefficient, constraint) in column {
        let point = lagrange[*constraint];
        if coefficient.is_one() {
            sum += point;
        } else if *coefficient == minus_one {
            sum -= point;
        } else if !coefficient.is_zero() {
            others.push((point, *coefficient));
        }
    }
    if others.len() < LONG_COLUMN {
        return others.into_iter().fold(sum, |sum, (point, coefficient)| sum + point * coefficient);
    }
    let (points, coefficients): (Vec<_>, Vec<_>) = others.into_iter().unzip();
    sum + C::msm_unchecked(&points, &coefficients)
}

/// `tau^i (tau^m - 1)` for i below `m - 1`: multiples of the vanishing polynomial.
fn vanishing_multiples(tau: &[G1Affine], size: usize) -> Vec<G1Affine> {
    let pairs = tau.par_iter().zip(tau.get(size..).unwrap_or_default());
    let differences: Vec<G1Projective> = pairs.map(|(low, high)| G1Projective::from(*high) - low).collect();
    G1Projective::normalize_batch(&differences)
}
