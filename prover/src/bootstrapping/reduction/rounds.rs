//! Rounds of a sumcheck of degree 2 over sums of products, lowest variable first.

use super::Reduction;
use ark_bn254::Fr;
use ark_ff::Zero;
use rayon::prelude::*;
use trine_verifier::Transcript;

/// Values and their weights, as many of each.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Values.
    pub values: Vec<Fr>,
    /// Weights.
    pub weights: Vec<Fr>,
}

/// Runs `count` rounds of `sum over pairs of <values, weights>`, and binds as many variables of all pairs.
pub fn run(pairs: &mut [Pair], count: usize, reduction: &mut Reduction, transcript: &mut Transcript) {
    for _ in 0..count {
        let round = pairs.par_iter().map(Pair::round).reduce(zeros, add);
        transcript.absorb_all("I.round", &round);
        let u = transcript.challenge("u");
        pairs.par_iter_mut().for_each(|pair| {
            bind(&mut pair.values, u);
            bind(&mut pair.weights, u);
        });
        reduction.rounds.push(round);
        reduction.point.push(u);
    }
}

impl Pair {
    /// `(s(0), leading coefficient)` of this pair's part of a round.
    fn round(&self) -> [Fr; 2] {
        let (values, weights) = (self.values.as_chunks::<2>().0, self.weights.as_chunks::<2>().0);
        values.iter().zip(weights).fold(zeros(), |sum, ([f0, f1], [w0, w1])| {
            // Weights that pin a place leave most of the lines without any.
            if w0.is_zero() && w1.is_zero() { sum } else { add(sum, [*f0 * w0, (*f1 - f0) * (*w1 - w0)]) }
        })
    }
}

fn zeros() -> [Fr; 2] {
    [Fr::zero(); 2]
}

fn add([a, b]: [Fr; 2], [c, d]: [Fr; 2]) -> [Fr; 2] {
    [a + c, b + d]
}

/// Binds the lowest variable.
fn bind(vector: &mut Vec<Fr>, u: Fr) {
    *vector = vector.as_chunks::<2>().0.iter().map(|[low, high]| *low + u * (*high - low)).collect();
}
