//! Steps PE.J1 to PE.K2 for the polynomials of a circuit's proof: what [`crate::opening`] does, from cells and words.
//!
//! The batched polynomial is the only one that is ever made of field elements. What costs time is one commitment of
//! `2^m` coefficients, Q; all else is a few products for each coefficient.
//!
//! | module | holds |
//! | --- | --- |
//! | `batch` | `f_0`, from cells and words |
//! | `univariate` | values, residues and quotients of long polynomials |

mod batch;
#[cfg(test)]
mod tests;
mod univariate;

use super::columns::Polynomials;
use crate::opening::{Opened, remainder, witness};
use ark_bn254::{Fr, G1Affine};
use ark_ff::Field;
use batch::batch;
use rayon::prelude::*;
use trine_kernels::Backend;
use trine_kernels::msm::{Bases, MsmError};
use trine_verifier::bootstrapping::shape::Shape;
use trine_verifier::class::ARITY_BITS;
use trine_verifier::opening::{ARITY, ClosingPoints, OpeningProof, eq_table, residue_counts};
use trine_verifier::{Transcript, digest};
use univariate::{add_scaled, divide, evaluate, residues};

/// Coefficients that one task works on; a multiple of the arity.
const TASK: usize = 1 << 14;

/// Opens all polynomials of a circuit's proof at one point of m variables.
///
/// The values at the point have been absorbed.
///
/// Error: `bases` are fewer than `2^m`.
pub fn open(
    backend: Backend,
    bases: &Bases,
    shape: &Shape,
    polynomials: &Polynomials<'_>,
    point: &[Fr],
    transcript: &mut Transcript,
) -> Result<Opened, MsmError> {
    // PE.J1
    let rho = transcript.challenge("rho");
    let mut f0 = batch(backend, shape, polynomials, rho);
    let folded = fold(&f0, point);
    // PE.J2
    let folds: Vec<G1Affine> = folded.iter().map(|f| bases.commit_field(f)).collect::<Result<_, _>>()?;
    transcript.absorb("d3", &digest::round(3, &folds));
    let u = transcript.challenge("r").pow([ARITY as u64]);
    // PE.J3
    let levels = std::iter::once(&f0).chain(&folded);
    let counts = residue_counts(shape.parameters.log_chunk);
    let of_level = |(f, count): (&Vec<Fr>, usize)| residues(f, ARITY, u).into_iter().take(count).collect();
    let proof =
        OpeningProof { f0_at_u: evaluate(&f0, u), residues: levels.zip(counts).map(of_level).collect() };
    transcript.absorb("f0", &proof.f0_at_u);
    transcript.absorb_all("residue", proof.residues.iter().flatten());
    // PE.J4
    let q = transcript.challenge("q");
    for (f, power) in folded.iter().zip(std::iter::successors(Some(q), |power| Some(*power * q))) {
        add_scaled(&mut f0, power, f);
    }
    let remainder = remainder(&proof, point, u, q);
    let mut closing = ClosingPoints {
        quotient: bases.commit_field(&quotient(f0, u))?,
        remainder: bases.commit_field(&remainder)?,
        ..ClosingPoints::INFINITY
    };
    // PE.J5
    transcript.absorb("d4", &closing.digest());
    let z = transcript.challenge("z");
    // PE.K2
    closing.witness = bases.commit_field(&witness(&remainder, z))?;
    Ok(Opened { folds, closing, proof })
}

/// `f_1, f_2, ..`: each with [`ARITY_BITS`] more of the lowest variables bound.
fn fold(f0: &[Fr], point: &[Fr]) -> Vec<Vec<Fr>> {
    let mut levels: Vec<Vec<Fr>> = vec![];
    for variables in point.chunks(ARITY_BITS).take(point.len().div_ceil(ARITY_BITS).saturating_sub(1)) {
        let weights = eq_table(variables);
        let level = levels.last().map_or(f0, Vec::as_slice);
        let next = level
            .par_chunks(ARITY)
            .with_min_len(TASK / ARITY)
            .map(|part| weights.iter().zip(part).map(|(weight, coefficient)| *weight * coefficient).sum())
            .collect();
        levels.push(next);
    }
    levels
}

/// Q = (B - R) / Z: since R has a smaller degree than `Z = (X^s - u)(X - u)`, the quotient of B itself.
fn quotient(mut sum: Vec<Fr>, u: Fr) -> Vec<Fr> {
    divide(&mut sum, ARITY, u);
    divide(&mut sum, 1, u);
    sum
}
