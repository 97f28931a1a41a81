//! Steps PE.J1 to PE.K1: many polynomials opened at one multilinear point by KZG.
//!
//! Folds bind [`ARITY_BITS`] variables at once (Gemini, with arity 16 in place of 2); all folds are opened on the
//! zeros of `Z = (X^s - U)(X - U)` by one quotient. Since the verifier has the powers of tau that Z has in G2, the identity
//! `B - R = Q Z` is one of pairings at tau, and no second quotient of full length shows it at a point. The remainder R, of
//! degree s, is committed and opened at z alone (PE.K2): that ties it to the residues.
//! [`field_side`] is what the wrap circuit repeats, [`group_side`] what the contract repeats. Neither knows the
//! polynomials; together they bind the values to the commitments:
//!
//! - coefficients at and above `2^m` are forced to zero, though the reference string has more powers: the last level
//!   has as many residues as it has coefficients, and [`OpeningError::ResidueCount`] refuses any other number;
//! - `z` is drawn after the remainder is bound: drawn before, any false value has an accepting remainder.

use crate::class::ARITY_BITS;
use crate::digest;
use crate::srs::VerifierSrs;
use crate::transcript::Transcript;
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::{Field, One, Zero};

/// `s`: arity of the folds.
pub const ARITY: usize = 1 << ARITY_BITS;

/// Why an opening is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpeningError {
    /// The point has the wrong number of variables.
    #[error("PE.J1: the point has {got} variables, expected {expected} and at least one")]
    PointLength {
        /// Variables of the point.
        got: usize,
        /// `m`.
        expected: usize,
    },
    /// The wrong number of levels.
    #[error("PE.J3: residues of {got} levels, expected {expected}")]
    LevelCount {
        /// Levels in the proof.
        got: usize,
        /// `ceil(m / 4)`.
        expected: usize,
    },
    /// The wrong number of residues in a level.
    #[error("PE.J3: level {level} has {got} residues, expected {expected}")]
    ResidueCount {
        /// Level, from 0.
        level: usize,
        /// Residues in the proof.
        got: usize,
        /// The arity, or less in the last level.
        expected: usize,
    },
    /// The last level does not evaluate to the batched values.
    #[error("PE.J3: the folds do not end in the batched values")]
    FoldChain,
    /// `U^s = U`: the zeros of Z are not distinct. An honest prover meets this with probability below 2^-245.
    #[error("PE.J5: U^s = U, the opening points are not distinct")]
    DegenerateChallenge,
    /// The folds less the remainder are not Z times the quotient.
    #[error("PE.K1: the points do not satisfy the pairing equation of the quotient")]
    Quotient,
    /// The remainder is not the one that residues and values give.
    #[error("PE.K2: the points do not satisfy the pairing equation of the remainder")]
    Remainder,
}

impl OpeningError {
    /// Spec id of the failing check.
    pub fn id(&self) -> &'static str {
        match self {
            Self::PointLength { .. } => "PE.J1",
            Self::LevelCount { .. } | Self::ResidueCount { .. } | Self::FoldChain => "PE.J3",
            Self::DegenerateChallenge => "PE.J5",
            Self::Quotient => "PE.K1",
            Self::Remainder => "PE.K2",
        }
    }
}

/// Field elements of an opening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningProof {
    /// `f_0(U)`.
    pub f0_at_u: Fr,
    /// `f_l^(b)(U)`, level by level; [`residue_counts`] of them.
    pub residues: Vec<Vec<Fr>>,
}

/// What the group side folds with: the last public inputs of the wrap, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpeningChallenges {
    /// Batches the polynomials.
    pub rho: Fr,
    /// `U = r^s`.
    pub r: Fr,
    /// Batches the folds.
    pub q: Fr,
    /// Where the one polynomial identity is checked.
    pub z: Fr,
    /// `R(z)`.
    pub r_at_z: Fr,
}

/// Points of an opening beside the commitments to the folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosingPoints {
    /// Q: quotient of the batched folds by Z.
    pub quotient: G1Affine,
    /// R: their remainder.
    pub remainder: G1Affine,
    /// W: quotient of `R - R(z)` by `X - z`.
    pub witness: G1Affine,
}

/// Number of [`ClosingPoints`].
pub const CLOSING_POINTS: usize = 3;

impl ClosingPoints {
    /// All at infinity.
    pub const INFINITY: Self = Self {
        quotient: G1Affine::identity(),
        remainder: G1Affine::identity(),
        witness: G1Affine::identity(),
    };

    /// Q, R, W.
    pub fn to_array(&self) -> [G1Affine; CLOSING_POINTS] {
        [self.quotient, self.remainder, self.witness]
    }

    /// `d4`: what is bound before z is drawn.
    pub fn digest(&self) -> Fr {
        digest::round(4, &[self.quotient, self.remainder])
    }
}

/// Number of residues of each level of an opening of `variables` variables.
pub fn residue_counts(variables: usize) -> Vec<usize> {
    (0..variables.div_ceil(ARITY_BITS))
        .map(|level| 1 << (variables - level * ARITY_BITS).min(ARITY_BITS))
        .collect()
}

/// `eq(point, b)` for all `b` below `2^(variables)`, lowest variable first in `b`.
pub fn eq_table(point: &[Fr]) -> Vec<Fr> {
    let mut table = vec![Fr::one()];
    for x in point {
        let high: Vec<Fr> = table.iter().map(|t| *t * x).collect();
        for (low, high) in table.iter_mut().zip(&high) {
            *low -= high;
        }
        table.extend(high);
    }
    table
}

/// Field side of the opening: draws the challenges and checks the fold chain.
///
/// Claims `F_k~(point) = values[k]` for all k, of polynomials of `m` variables. `d3` and `d4` are the digests of the
/// folds and of quotient and remainder.
///
/// Steps: PE.J1 draw rho; PE.J2 absorb d3, draw r; PE.J3 absorb `f_0(U)` and the residues, check that each level
/// evaluates to the next and the last one to `sum_k rho^k values[k]`; PE.J4 draw q; PE.J5 absorb d4, draw z,
/// compute R(z).
///
/// The caller must still discharge: [`group_side`] with the returned challenges, over points whose digests are `d3`
/// and `d4`; that point and values were absorbed before.
pub fn field_side(
    m: usize,
    point: &[Fr],
    values: &[Fr],
    d3: Fr,
    d4: Fr,
    opening: &OpeningProof,
    transcript: &mut Transcript,
) -> Result<OpeningChallenges, OpeningError> {
    check_shape(m, point, opening)?;

    let rho = transcript.challenge("rho");
    transcript.absorb("d3", &d3);
    let r = transcript.challenge("r");
    let u = r.pow([ARITY as u64]);

    transcript.absorb("f0", &opening.f0_at_u);
    transcript.absorb_all("residue", opening.residues.iter().flatten());
    // f_l(U) for every level; the last entry is the value that the folds end in.
    let mut at_u = vec![opening.f0_at_u];
    for (variables, residues) in point.chunks(ARITY_BITS).zip(&opening.residues) {
        at_u.push(eq_table(variables).iter().zip(residues).map(|(weight, residue)| *weight * residue).sum());
    }
    let batched = values.iter().rev().fold(Fr::zero(), |sum, value| sum * rho + value);
    if at_u.pop() != Some(batched) {
        return Err(OpeningError::FoldChain);
    }

    let q = transcript.challenge("q");
    transcript.absorb("d4", &d4);
    let z = transcript.challenge("z");
    let r_at_z = remainder_at(&opening.residues, &at_u, u, q, z)?;
    Ok(OpeningChallenges { rho, r, q, z, r_at_z })
}

fn check_shape(m: usize, point: &[Fr], opening: &OpeningProof) -> Result<(), OpeningError> {
    if m == 0 || point.len() != m {
        return Err(OpeningError::PointLength { got: point.len(), expected: m });
    }
    let counts = residue_counts(m);
    if opening.residues.len() != counts.len() {
        return Err(OpeningError::LevelCount { got: opening.residues.len(), expected: counts.len() });
    }
    for (level, (residues, expected)) in opening.residues.iter().zip(counts).enumerate() {
        if residues.len() != expected {
            return Err(OpeningError::ResidueCount { level, got: residues.len(), expected });
        }
    }
    Ok(())
}

/// `R(z)`: R is the polynomial of degree at most `s` that agrees with `sum_l q^l f_l` on the zeros of
/// `(X^s - U)(X - U)`, given the residues and the values `f_l(U)` of every level.
///
/// Error: the zeros are not distinct (PE.J5).
pub fn remainder_at(residues: &[Vec<Fr>], at_u: &[Fr], u: Fr, q: Fr, z: Fr) -> Result<Fr, OpeningError> {
    let distance = u.pow([ARITY as u64]) - u;
    let inverse = distance.inverse().ok_or(OpeningError::DegenerateChallenge)?;
    let step = (z.pow([ARITY as u64]) - u) * inverse;
    let horner = |coefficients: &[Fr], x: Fr| coefficients.iter().rev().fold(Fr::zero(), |a, c| a * x + c);
    Ok(residues
        .iter()
        .zip(at_u)
        .rev()
        .fold(Fr::zero(), |sum, (a, f)| sum * q + horner(a, z) + (*f - horner(a, u)) * step))
}

/// Coefficients of R, of [`remainder_at`], lowest first: `s + 1` of them.
pub fn remainder_coefficients(
    residues: &[Vec<Fr>],
    at_u: &[Fr],
    u: Fr,
    q: Fr,
) -> Result<Vec<Fr>, OpeningError> {
    let distance = u.pow([ARITY as u64]) - u;
    let inverse = distance.inverse().ok_or(OpeningError::DegenerateChallenge)?;
    let mut remainder = vec![Fr::zero(); ARITY + 1];
    let mut power = Fr::one();
    for (a, f) in residues.iter().zip(at_u) {
        let at = a.iter().rev().fold(Fr::zero(), |sum, c| sum * u + c);
        let step = (*f - at) * inverse;
        for (to, from) in remainder.iter_mut().zip(a) {
            *to += power * from;
        }
        if let [first, .., last] = remainder.as_mut_slice() {
            *first -= power * step * u;
            *last += power * step;
        }
        power *= q;
    }
    Ok(remainder)
}

/// Group side of the opening: with `B = sum_k rho^k [F_k] + sum_(l >= 1) q^l [f_l]`,
///
/// - PE.K1: `e(B - R - U^2 Q, H) e(U Q, tau H) e(U Q, tau^s H) = e(Q, tau^(s+1) H)`;
/// - PE.K2: `e(R - R(z) [1] + z W, H) = e(W, tau H)`.
///
/// `commitments` are those of all K polynomials in order, the point at infinity for an unused slot; `folds` those of
/// `f_1, f_2, ..`.
///
/// The caller must still discharge: every point was decoded canonically and is on the curve; their numbers are those
/// of the class; the digests of `folds` and of quotient and remainder are those that [`field_side`] absorbed.
pub fn group_side(
    srs: &VerifierSrs,
    commitments: &[G1Affine],
    folds: &[G1Affine],
    closing: &ClosingPoints,
    challenges: &OpeningChallenges,
) -> Result<(), OpeningError> {
    let OpeningChallenges { rho, r, q, z, r_at_z } = *challenges;
    let powers = |base: Fr| std::iter::successors(Some(Fr::one()), move |power| Some(*power * base));
    let u = r.pow([ARITY as u64]);
    let ClosingPoints { quotient, remainder, witness } = *closing;

    let mut bases = commitments.to_vec();
    let mut scalars: Vec<Fr> = powers(rho).take(commitments.len()).collect();
    bases.extend(folds);
    scalars.extend(powers(q).skip(1).take(folds.len()));
    bases.extend([remainder, quotient]);
    scalars.extend([-Fr::one(), -u.square()]);
    let at_one = G1Projective::msm_unchecked(&bases, &scalars).into_affine();
    let middle = (quotient * u).into_affine();
    if !srs.pairings_cancel([at_one, middle, middle, -quotient]) {
        return Err(OpeningError::Quotient);
    }
    let left = remainder + G1Affine::generator() * -r_at_z + witness * z;
    if srs.check_pairing(left.into_affine(), witness) { Ok(()) } else { Err(OpeningError::Remainder) }
}
