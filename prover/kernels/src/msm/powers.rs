//! Successive powers of a known tau in the group: development reference strings.

use super::addition::{Addition, Operand};
use super::ifma::Ifma;
use super::portable::Portable;
use crate::Backend;
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::{AdditiveGroup, Field, PrimeField};
use rayon::prelude::*;

/// Powers that a task computes.
const CHUNK: usize = 1 << 12;

/// `[tau^0], ..., [tau^(count - 1)]`: the generator times powers of tau.
///
/// Windows of the scalar pick multiples of the generator from a table, one addition a window.
pub fn powers_of_tau(backend: Backend, tau: Fr, count: usize) -> Vec<G1Affine> {
    match backend {
        Backend::Portable => powers(Portable, tau, count),
        #[cfg(target_arch = "x86_64")]
        Backend::Vector(unit) => powers(Ifma::Vector(unit), tau, count),
        #[cfg(test)]
        Backend::Emulated => powers(Ifma::Emulated, tau, count),
    }
}

fn powers<A: Addition>(addition: A, tau: Fr, count: usize) -> Vec<G1Affine> {
    let width = width(count);
    let table = Table::new(addition, width);
    let mut points = vec![G1Affine::default(); count];
    points.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, points)| {
        let first = tau.pow([(chunk * CHUNK) as u64]);
        let scalars: Vec<[u64; 4]> = std::iter::successors(Some(first), |power| Some(*power * tau))
            .take(points.len())
            .map(|power| power.into_bigint().0)
            .collect();
        for (point, sum) in points.iter_mut().zip(table.multiply(&scalars)) {
            *point = A::store(&sum);
        }
    });
    points
}

/// Window for `count` scalars: a table is `2^width` additions a window.
fn width(count: usize) -> u32 {
    (2..=14).min_by_key(|width| u64::from(windows(*width)) * ((1 << width) + count as u64)).unwrap_or(2)
}

fn windows(width: u32) -> u32 {
    Fr::MODULUS_BIT_SIZE.div_ceil(width)
}

/// Multiples of the generator: `digit * 2^(width window)` times it at `window * 2^width + digit`.
struct Table<A: Addition> {
    addition: A,
    width: u32,
    multiples: Vec<A::Point>,
}

impl<A: Addition> Table<A> {
    fn new(addition: A, width: u32) -> Self {
        let mut generator = G1Projective::generator();
        let generators: Vec<G1Projective> = (0..windows(width))
            .map(|_| {
                let of_window = generator;
                for _ in 0..width {
                    generator.double_in_place();
                }
                of_window
            })
            .collect();
        let generators = G1Projective::normalize_batch(&generators);
        let rows = generators.par_iter().with_max_len(1).map(|generator| row(addition, width, generator));
        Self { addition, width, multiples: rows.collect::<Vec<_>>().concat() }
    }

    /// The generator times every scalar.
    fn multiply(&self, scalars: &[[u64; 4]]) -> Vec<A::Point> {
        let mut sums = vec![A::Point::default(); scalars.len()];
        let mut next = sums.clone();
        let mut scratch = A::Scratch::default();
        for window in 0..windows(self.width) {
            let operands = |k: usize| {
                [Operand::plain(&sums[k]), Operand::plain(&self.multiples[self.place(window, &scalars[k])])]
            };
            if window == 0 {
                // Nothing to add to yet.
                (0..scalars.len()).for_each(|k| next[k] = *operands(k)[1].point);
            } else {
                self.addition.add_all(&mut scratch, scalars.len(), operands, |k, sum| next[k] = sum);
            }
            std::mem::swap(&mut sums, &mut next);
        }
        sums
    }

    fn place(&self, window: u32, scalar: &[u64; 4]) -> usize {
        let bit = window * self.width;
        let (word, shift) = ((bit / 64) as usize, bit % 64);
        let high = scalar.get(word + 1).copied().unwrap_or(0);
        let pair = u128::from(scalar[word]) | u128::from(high) << 64;
        let digit = (pair >> shift) as usize & ((1 << self.width) - 1);
        (window as usize) << self.width | digit
    }
}

/// `0, B, 2 B, ..., (2^width - 1) B`, doubling in length.
fn row<A: Addition>(addition: A, width: u32, base: &G1Affine) -> Vec<A::Point> {
    let mut multiples = vec![A::Point::default(), A::load(base)];
    let mut scratch = A::Scratch::default();
    for _ in 1..width {
        let known = multiples.len();
        let step = A::load(&(*base * Fr::from(known as u64)).into_affine());
        let mut more = vec![A::Point::default(); known];
        let operands = |k: usize| [Operand::plain(&multiples[k]), Operand::plain(&step)];
        addition.add_all(&mut scratch, known, operands, |k, sum| more[k] = sum);
        multiples.extend(more);
    }
    multiples
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::{One, Zero};

    fn expected(tau: Fr, count: usize) -> Vec<G1Affine> {
        let scalars = std::iter::successors(Some(Fr::one()), |power| Some(*power * tau)).take(count);
        scalars.map(|power| (G1Projective::generator() * power).into_affine()).collect()
    }

    #[test]
    fn powers_are_the_generator_times_powers_of_tau() {
        // Powers of small and of special tau have windows of zeros, and repeat.
        let taus = [Fr::zero(), Fr::one(), -Fr::one(), Fr::from(2u64), Fr::from(0x1234_5678_9abc_def1u64)];
        for backend in Backend::all() {
            for tau in taus.into_iter().chain([-taus[4] / Fr::from(3u64)]) {
                for count in [0, 1, 2, 9, 300] {
                    let got = powers_of_tau(backend, tau, count);
                    assert_eq!(got, expected(tau, count), "{backend:?}, {count} powers of {tau}");
                }
            }
        }
    }

    #[test]
    fn powers_continue_from_chunk_to_chunk() {
        let tau = -Fr::from(0x1234_5678_9abc_def1u64);
        let count = 2 * CHUNK + 3;
        let got = powers_of_tau(Backend::detect(), tau, count);
        assert_eq!(got, expected(tau, count));
    }
}
