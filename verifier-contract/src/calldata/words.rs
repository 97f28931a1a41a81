//! The form of all proofs on chain: selector, Groth16, points that the contract folds, challenges.

use super::{CHALLENGE_WORDS, CalldataError, SELECTOR_BYTES};
use ark_bn254::{Bn254, Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_groth16::Proof;
use trine_verifier::Bytes32;
use trine_verifier::digest::{field_from_word, field_word, g2_words, point_from_words, point_words};
use trine_verifier::opening::ClosingPoints;

/// The bytes of a proof for the verifier with this hash.
pub fn encode<'a>(
    verifier_hash: &Bytes32,
    groth16: &Proof<Bn254>,
    points: impl Iterator<Item = &'a G1Affine>,
    challenges: &[Fr; CHALLENGE_WORDS],
) -> Vec<u8> {
    let mut words = point_words(&groth16.a).to_vec();
    words.extend(g2_words(&groth16.b));
    words.extend(point_words(&groth16.c));
    words.extend(points.flat_map(point_words));
    words.extend(challenges.iter().map(field_word));
    let mut bytes = verifier_hash.first_chunk::<SELECTOR_BYTES>().map(|s| s.to_vec()).unwrap_or_default();
    bytes.extend(words.concat());
    bytes
}

/// The words after the selector: the length is exact, the selector is the verifier's.
pub fn body<'a>(
    bytes: &'a [u8],
    expected: usize,
    verifier_hash: &Bytes32,
) -> Result<&'a [u8], CalldataError> {
    let got = bytes.len();
    let length = CalldataError::Length { got, expected };
    if got != expected {
        return Err(length);
    }
    let (selector, rest) = bytes.split_first_chunk::<SELECTOR_BYTES>().ok_or(length)?;
    let [h0, h1, h2, h3, ..] = *verifier_hash;
    if *selector != [h0, h1, h2, h3] {
        return Err(CalldataError::Selector { got: *selector, expected: [h0, h1, h2, h3] });
    }
    Ok(rest)
}

/// Reads 32-byte words; the length is checked before.
pub struct Words<'a>(pub &'a [u8]);

impl Words<'_> {
    fn word(&mut self) -> Option<Bytes32> {
        let (word, rest) = self.0.split_first_chunk::<32>()?;
        self.0 = rest;
        Some(*word)
    }

    /// Three points of their groups, none at infinity.
    pub fn groth16(&mut self) -> Result<Proof<Bn254>, CalldataError> {
        Ok(Proof {
            a: self.finite_point("groth16.a")?,
            b: self.g2_point("groth16.b")?,
            c: self.finite_point("groth16.c")?,
        })
    }

    /// `rho, r, q, z, R(z)`.
    pub fn challenges(&mut self) -> Result<[Fr; CHALLENGE_WORDS], CalldataError> {
        Ok([
            self.scalar("rho")?,
            self.scalar("r")?,
            self.scalar("q")?,
            self.scalar("z")?,
            self.scalar("R(z)")?,
        ])
    }

    fn scalar(&mut self, field: &'static str) -> Result<Fr, CalldataError> {
        self.word().and_then(|w| field_from_word(&w)).ok_or(CalldataError::Scalar { field })
    }

    /// A point, maybe at infinity.
    pub fn point(&mut self, field: &'static str) -> Result<G1Affine, CalldataError> {
        let (x, y) = (self.word(), self.word());
        x.zip(y).and_then(|(x, y)| point_from_words(&x, &y)).ok_or(CalldataError::Point { field })
    }

    fn finite_point(&mut self, field: &'static str) -> Result<G1Affine, CalldataError> {
        let point = self.point(field)?;
        if point.is_zero() { Err(CalldataError::Point { field }) } else { Ok(point) }
    }

    /// So many points, maybe at infinity.
    pub fn points(&mut self, field: &'static str, count: usize) -> Result<Vec<G1Affine>, CalldataError> {
        (0..count).map(|_| self.point(field)).collect()
    }

    /// Q, R, W.
    pub fn closing(&mut self) -> Result<ClosingPoints, CalldataError> {
        Ok(ClosingPoints {
            quotient: self.point("quotient")?,
            remainder: self.point("remainder")?,
            witness: self.point("witness")?,
        })
    }

    fn g2_point(&mut self, field: &'static str) -> Result<G2Affine, CalldataError> {
        let mut coordinate =
            || self.word().and_then(|w| field_from_word::<Fq>(&w)).ok_or(CalldataError::Point { field });
        let (x_c1, x_c0, y_c1, y_c0) = (coordinate()?, coordinate()?, coordinate()?, coordinate()?);
        let point = G2Affine::new_unchecked(Fq2::new(x_c0, x_c1), Fq2::new(y_c0, y_c1));
        let sound = point.is_on_curve() && point.is_in_correct_subgroup_assuming_on_curve();
        if sound { Ok(point) } else { Err(CalldataError::Point { field }) }
    }
}
