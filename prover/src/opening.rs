//! Steps PE.J1 to PE.K2, prover's side: folds of arity 16, one quotient, its remainder.
//!
//! All work is linear in the `2^m` coefficients; what costs time are a commitment of that length (Q) and those of the
//! folds, which sum to a fifteenth of it.

#[cfg(test)]
mod tests;

use ark_bn254::{Fr, G1Affine};
use ark_ff::{Field, One, Zero};
use rayon::prelude::*;
use trine_verifier::class::ARITY_BITS;
use trine_verifier::opening::{
    ARITY, ClosingPoints, OpeningProof, eq_table, remainder_coefficients, residue_counts,
};
use trine_verifier::srs::{CommitmentKey, SrsError};
use trine_verifier::{Transcript, digest};

/// Coefficients that one task works on; a multiple of the arity.
const TASK: usize = 1 << 12;

/// What the opening sends.
pub struct Opened {
    /// Commitments to `f_1 ..`.
    pub folds: Vec<G1Affine>,
    /// Q, R and W.
    pub closing: ClosingPoints,
    /// Field elements.
    pub proof: OpeningProof,
}

/// Opens all polynomials (at most `2^m` coefficients each, zeros above) at one point of m variables.
///
/// The values at the point have been absorbed.
///
/// Errors: a polynomial of more than `2^m` coefficients, or the SRS is shorter than the polynomials.
pub fn open(
    key: &CommitmentKey,
    m: usize,
    polynomials: &[Vec<Fr>],
    point: &[Fr],
    transcript: &mut Transcript,
) -> Result<Opened, SrsError> {
    if let Some(long) = polynomials.iter().find(|f| f.len() > 1 << m) {
        return Err(SrsError::TooLong { length: long.len(), powers: 1 << m });
    }
    // PE.J1
    let rho = transcript.challenge("rho");
    let levels = Levels::fold(batch(polynomials, rho), point);
    // PE.J2
    let folds = levels.commit(key)?;
    transcript.absorb("d3", &digest::round(3, &folds));
    let u = transcript.challenge("r").pow([ARITY as u64]);
    // PE.J3
    let proof = levels.residues(m, u);
    transcript.absorb("f0", &proof.f0_at_u);
    transcript.absorb_all("residue", proof.residues.iter().flatten());
    // PE.J4
    let q = transcript.challenge("q");
    let remainder = remainder(&proof, point, u, q);
    let mut closing = ClosingPoints {
        quotient: key.commit_fr(&quotient(&batch(&levels.0, q), u))?,
        remainder: key.commit_fr(&remainder)?,
        ..ClosingPoints::INFINITY
    };
    // PE.J5
    transcript.absorb("d4", &closing.digest());
    let z = transcript.challenge("z");
    // PE.K2
    closing.witness = key.commit_fr(&witness(&remainder, z))?;
    Ok(Opened { folds, closing, proof })
}

/// Coefficients of R, without zeros on top: a polynomial of fewer than `2^m` coefficients leaves no more of them.
///
/// At `U^s = U`, which no verifier accepts, it is empty.
pub(crate) fn remainder(proof: &OpeningProof, point: &[Fr], u: Fr, q: Fr) -> Vec<Fr> {
    let folds = point.chunks(ARITY_BITS).zip(&proof.residues);
    let mut at_u = vec![proof.f0_at_u];
    at_u.extend(folds.map(|(x, f)| eq_table(x).iter().zip(f).map(|(w, f)| *w * f).sum::<Fr>()));
    let mut remainder = remainder_coefficients(&proof.residues, &at_u, u, q).unwrap_or_default();
    let length = remainder.iter().rposition(|c| !c.is_zero()).map_or(0, |last| last + 1);
    remainder.truncate(length);
    remainder
}

/// `W = (R - R(z)) / (X - z)`: the constant falls to the remainder.
pub(crate) fn witness(remainder: &[Fr], z: Fr) -> Vec<Fr> {
    divide(remainder, 1, z)
}

/// `sum_k base^k f_k`, as long as the longest of them.
fn batch(polynomials: &[Vec<Fr>], base: Fr) -> Vec<Fr> {
    let length = polynomials.iter().map(Vec::len).max().unwrap_or_default();
    let powers: Vec<Fr> =
        std::iter::successors(Some(Fr::one()), |p| Some(*p * base)).take(polynomials.len()).collect();
    let mut sum = vec![Fr::zero(); length];
    sum.par_chunks_mut(TASK).enumerate().for_each(|(task, sum)| {
        for (polynomial, power) in polynomials.iter().zip(&powers) {
            let part = polynomial.get(task * TASK..).unwrap_or_default();
            add_scaled(sum, *power, part);
        }
    });
    sum
}

/// `f_0, f_1, ..`: each with [`ARITY_BITS`] more of the lowest variables bound. Zeros above are not stored.
struct Levels(Vec<Vec<Fr>>);

impl Levels {
    fn fold(batched: Vec<Fr>, point: &[Fr]) -> Self {
        let mut levels = vec![batched];
        let folded = point.len().div_ceil(ARITY_BITS).saturating_sub(1);
        for variables in point.chunks(ARITY_BITS).take(folded) {
            let weights = eq_table(variables);
            let next = levels[levels.len() - 1]
                .par_chunks(ARITY)
                .with_min_len(TASK / ARITY)
                .map(|part| weights.iter().zip(part).map(|(w, c)| *w * c).sum())
                .collect();
            levels.push(next);
        }
        Self(levels)
    }

    /// Commitments to `f_1 ..`.
    fn commit(&self, key: &CommitmentKey) -> Result<Vec<G1Affine>, SrsError> {
        self.0.iter().skip(1).map(|f| key.commit_fr(f)).collect()
    }

    /// `f_0(u)`, and of every level the residues `f_l^(b)(u)`, where `f_l(X) = sum_b X^b f_l^(b)(X^s)`.
    fn residues(&self, m: usize, u: Fr) -> OpeningProof {
        let residues = self.0.iter().zip(residue_counts(m)).map(|(f, count)| residues(f, u, count)).collect();
        let f0_at_u = self.0.first().map(|f| evaluate(f, u)).unwrap_or_default();
        OpeningProof { f0_at_u, residues }
    }
}

/// `f^(b)(u)` for b < count.
fn residues(f: &[Fr], u: Fr, count: usize) -> Vec<Fr> {
    let strides: Vec<Fr> = (0..ARITY)
        .into_par_iter()
        .map(|b| f.iter().skip(b).step_by(ARITY).rev().fold(Fr::zero(), |a, c| a * u + c))
        .collect();
    strides.into_iter().take(count).collect()
}

fn evaluate(f: &[Fr], x: Fr) -> Fr {
    f.iter().rev().fold(Fr::zero(), |a, c| a * x + c)
}

/// Q = (B - R) / Z: since R has a smaller degree than `Z = (X^s - u)(X - u)`, the quotient of B itself.
fn quotient(sum: &[Fr], u: Fr) -> Vec<Fr> {
    divide(&divide(sum, ARITY, u), 1, u)
}

fn add_scaled(to: &mut [Fr], scale: Fr, from: &[Fr]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += scale * from;
    }
}

/// Quotient of f by `X^e - c`; the remainder is dropped.
fn divide(f: &[Fr], e: usize, c: Fr) -> Vec<Fr> {
    let length = f.len().saturating_sub(e);
    let mut quotient = vec![Fr::zero(); length];
    for i in (0..length).rev() {
        let above = quotient.get(i + e).copied().unwrap_or_default();
        quotient[i] = f[i + e] + c * above;
    }
    quotient
}
