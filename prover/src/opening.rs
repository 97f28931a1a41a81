//! Steps PE.J1 to PE.J5, prover's side: folds of arity 16, one quotient, one witness.

use crate::argument::dense::bind;
use ark_bn254::{Fr, G1Affine};
use ark_ff::{Field, One, Zero};
use trine_verifier::class::ARITY_BITS;
use trine_verifier::opening::{ARITY, OpeningProof, residue_counts};
use trine_verifier::srs::{CommitmentKey, SrsError};
use trine_verifier::{Transcript, digest};

/// What the opening sends.
pub struct Opened {
    /// Commitments to `f_1 ..`.
    pub folds: Vec<G1Affine>,
    /// Q.
    pub quotient: G1Affine,
    /// W.
    pub witness: G1Affine,
    /// Field elements.
    pub proof: OpeningProof,
}

/// Opens all polynomials (at most `2^m` coefficients each, zeros above) at one point of m variables.
///
/// The values at the point have been absorbed. Error: the SRS is shorter than `2^m`.
pub fn open(
    key: &CommitmentKey,
    m: usize,
    polynomials: &[Vec<Fr>],
    point: &[Fr],
    transcript: &mut Transcript,
) -> Result<Opened, SrsError> {
    // PE.J1
    let rho = transcript.challenge("rho");
    let mut batched = vec![Fr::zero(); 1 << m];
    let mut power = Fr::one();
    for polynomial in polynomials {
        add_scaled(&mut batched, power, polynomial);
        power *= rho;
    }
    // PE.J2
    let levels = fold_levels(batched, point);
    let folds = levels.iter().skip(1).map(|f| key.commit_fr(f)).collect::<Result<Vec<_>, _>>()?;
    transcript.absorb("d3", &digest::round(3, &folds));
    let u = transcript.challenge("r").pow([ARITY as u64]);
    // PE.J3
    let f0_at_u = evaluate(&levels[0], u);
    let residues: Vec<Vec<Fr>> =
        levels.iter().zip(residue_counts(m)).map(|(f, count)| residues_at(f, u, count)).collect();
    transcript.absorb("f0", &f0_at_u);
    transcript.absorb_all("residue", residues.iter().flatten());
    // PE.J4
    let q = transcript.challenge("q");
    let mut sum = vec![Fr::zero(); levels[0].len()];
    let mut power = Fr::one();
    for level in &levels {
        add_scaled(&mut sum, power, level);
        power *= q;
    }
    let quotient = divide(&divide(&sum, ARITY, u), 1, u);
    let quotient_point = key.commit_fr(&quotient)?;
    // PE.J5
    transcript.absorb("d4", &digest::round(4, &[quotient_point]));
    let z = transcript.challenge("z");
    let z_at_z = (z.pow([ARITY as u64]) - u) * (z - u);
    add_scaled(&mut sum, -z_at_z, &quotient);
    let witness = key.commit_fr(&divide(&sum, 1, z))?;
    Ok(Opened { folds, quotient: quotient_point, witness, proof: OpeningProof { f0_at_u, residues } })
}

/// `f_0, f_1, ..`: each with [`ARITY_BITS`] more of the lowest variables bound.
fn fold_levels(batched: Vec<Fr>, point: &[Fr]) -> Vec<Vec<Fr>> {
    let mut levels = vec![batched];
    let mut chunks = point.chunks(ARITY_BITS).peekable();
    while let Some(variables) = chunks.next() {
        if chunks.peek().is_none() {
            break;
        }
        let mut next = levels[levels.len() - 1].clone();
        for x in variables {
            bind(&mut next, x);
        }
        levels.push(next);
    }
    levels
}

/// `f^(b)(u)` for b < count, where `f(X) = sum_b X^b f^(b)(X^s)`.
fn residues_at(f: &[Fr], u: Fr, count: usize) -> Vec<Fr> {
    (0..count)
        .map(|b| f.iter().skip(b).step_by(ARITY).rev().fold(Fr::zero(), |a, c| a * u + c))
        .collect()
}

fn evaluate(f: &[Fr], x: Fr) -> Fr {
    f.iter().rev().fold(Fr::zero(), |a, c| a * x + c)
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
