//! The message of `Coprocessor.fulfil`, taken apart so that an attack can alter one part of it.

use super::closing::late_quotient;
use anyhow::{Context, ensure};
use ark_bn254::{Fr, G1Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, PrimeField};
use trine::receipt::verify::WRAPPED_BYTES;
use trine_verifier::Bytes32;
use trine_verifier::digest::{field_from_word, field_word, point_from_words, point_words};
use trine_verifier::opening::{ClosingPoints, OpeningChallenges};

/// Places in the proof, in words after the four bytes of the verifier hash (`docs/spec/onchain.md`).
pub mod place {
    /// Groth16 A: x, y.
    pub const A: usize = 0;
    /// Groth16 B: x_c1, x_c0, y_c1, y_c0.
    pub const B: usize = 2;
    /// First column commitment.
    pub const COLUMN: usize = 8;
    /// Q.
    pub const QUOTIENT: usize = 26;
    /// R.
    pub const REMAINDER: usize = 28;
    /// W.
    pub const WITNESS: usize = 30;
    /// Challenge rho.
    pub const RHO: usize = 32;
    /// Challenge r.
    pub const R: usize = 33;
    /// Challenge q.
    pub const Q: usize = 34;
    /// Challenge z.
    pub const Z: usize = 35;
    /// R(z).
    pub const R_AT_Z: usize = 36;
    /// All words.
    #[cfg(test)]
    pub const COUNT: usize = 37;
}

/// What is sent to the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fulfilment {
    /// Request answered.
    pub request_id: Bytes32,
    /// Commitments of the outputs: x, y.
    pub outputs: Vec<[Bytes32; 2]>,
    /// Proof bytes.
    pub proof: Vec<u8>,
}

impl Fulfilment {
    /// Word of the proof.
    pub fn word(&self, place: usize) -> anyhow::Result<Bytes32> {
        ensure!(self.proof.len() == WRAPPED_BYTES, "proof of {} bytes", self.proof.len());
        let start = 4 + 32 * place;
        let bytes = self.proof.get(start..start + 32).with_context(|| format!("no word {place}"))?;
        Ok(bytes.try_into()?)
    }

    /// With another word at `place`.
    pub fn with_word(mut self, place: usize, word: &Bytes32) -> anyhow::Result<Self> {
        self.word(place)?;
        let start = 4 + 32 * place;
        self.proof[start..start + 32].copy_from_slice(word);
        Ok(self)
    }

    fn point(&self, place: usize) -> anyhow::Result<G1Affine> {
        point_from_words(&self.word(place)?, &self.word(place + 1)?).context("point")
    }

    fn with_point(self, place: usize, point: &G1Affine) -> anyhow::Result<Self> {
        let [x, y] = point_words(point);
        self.with_word(place, &x)?.with_word(place + 1, &y)
    }

    fn scalar(&self, place: usize) -> anyhow::Result<Fr> {
        field_from_word(&self.word(place)?).context("scalar")
    }

    /// The point at `place` moved by the generator: still on the curve, so that no decoder refuses it.
    pub fn with_moved_point(self, place: usize) -> anyhow::Result<Self> {
        let moved = (self.point(place)? + G1Affine::generator()).into_affine();
        self.with_point(place, &moved)
    }

    /// The scalar at `place` plus one.
    pub fn with_next_scalar(self, place: usize) -> anyhow::Result<Self> {
        let next = self.scalar(place)? + Fr::from(1u64);
        self.with_word(place, &field_word(&next))
    }

    /// The scalar at `place` plus the modulus: the same element of the field, another word.
    pub fn with_modulus_added(self, place: usize) -> anyhow::Result<Self> {
        let mut value = self.scalar(place)?.into_bigint();
        ensure!(!value.add_with_carry(&Fr::MODULUS), "the sum has more than 256 bits");
        let bytes = value.to_bytes_be();
        self.with_word(place, &bytes.as_slice().try_into()?)
    }

    /// (-A, -B, C): verifies wherever (A, B, C) does.
    pub fn malleated(self) -> anyhow::Result<Self> {
        let a = -self.point(place::A)?;
        let mut altered = self.with_point(place::A, &a)?;
        for half in [place::B + 2, place::B + 3] {
            let y: ark_bn254::Fq = field_from_word(&altered.word(half)?).context("coordinate")?;
            altered = altered.with_word(half, &field_word(&-y))?;
        }
        Ok(altered)
    }

    /// A quotient chosen after z ([`late_quotient`]). `powers` are those of tau in G1.
    pub fn with_late_quotient(self, powers: &[G1Affine]) -> anyhow::Result<Self> {
        let closing = ClosingPoints {
            quotient: self.point(place::QUOTIENT)?,
            remainder: self.point(place::REMAINDER)?,
            witness: self.point(place::WITNESS)?,
        };
        let challenges = OpeningChallenges {
            rho: self.scalar(place::RHO)?,
            r: self.scalar(place::R)?,
            q: self.scalar(place::Q)?,
            z: self.scalar(place::Z)?,
            r_at_z: self.scalar(place::R_AT_Z)?,
        };
        let (late, value) = late_quotient(&closing, &challenges, powers)?;
        self.with_point(place::QUOTIENT, &late.quotient)?
            .with_point(place::REMAINDER, &late.remainder)?
            .with_point(place::WITNESS, &late.witness)?
            .with_word(place::R_AT_Z, &field_word(&value))
    }

    /// The first output's commitment plus `power`: one word of the output raised by one, or a coefficient above the
    /// chunk when `power` is that high.
    pub fn with_output_raised(mut self, power: &G1Affine) -> anyhow::Result<Self> {
        let [x, y] = self.outputs.first().context("no output")?;
        let point = point_from_words(x, y).context("output commitment")?;
        self.outputs[0] = point_words(&(point + power).into_affine());
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_prover::srs::development;

    /// A proof whose points are multiples of the generator and whose scalars are small.
    fn example() -> Fulfilment {
        let mut proof = vec![7; WRAPPED_BYTES];
        for (i, word) in proof[4..].chunks_exact_mut(32).enumerate() {
            let point = point_words(&(G1Affine::generator() * Fr::from(i as u64 / 2 + 1)).into_affine());
            let scalar = field_word(&Fr::from(i as u64 + 3));
            word.copy_from_slice(if i < place::RHO { &point[i % 2] } else { &scalar });
        }
        let output = point_words(&G1Affine::generator());
        Fulfilment { request_id: [1; 32], outputs: vec![output], proof }
    }

    fn changed_words(altered: &Fulfilment) -> Vec<usize> {
        let honest = example();
        (0..place::COUNT).filter(|i| honest.word(*i).unwrap() != altered.word(*i).unwrap()).collect()
    }

    #[test]
    fn each_alteration_changes_its_place_only() {
        let moved = example().with_moved_point(place::COLUMN).unwrap();
        assert_eq!(changed_words(&moved), [place::COLUMN, place::COLUMN + 1]);
        let next = example().with_next_scalar(place::Q).unwrap();
        assert_eq!(changed_words(&next), [place::Q]);
        let negated = example().malleated().unwrap();
        assert_eq!(changed_words(&negated), [place::A + 1, place::B + 2, place::B + 3]);
        let powers = development(5).unwrap();
        let late = example().with_late_quotient(powers.powers()).unwrap();
        let points = place::QUOTIENT..place::WITNESS + 2;
        assert_eq!(changed_words(&late), points.chain([place::R_AT_Z]).collect::<Vec<_>>());
        let raised = example().with_output_raised(&G1Affine::generator()).unwrap();
        assert!(changed_words(&raised).is_empty() && raised.outputs != example().outputs);
    }

    #[test]
    fn an_added_modulus_is_the_same_element() {
        let altered = example().with_modulus_added(place::RHO).unwrap();
        assert_eq!(changed_words(&altered), [place::RHO]);
        let word = altered.word(place::RHO).unwrap();
        assert_eq!(field_from_word::<Fr>(&word), None);
        assert_eq!(Fr::from_be_bytes_mod_order(&word), Fr::from(place::RHO as u64 + 3));
    }

    #[test]
    fn a_short_proof_is_named() {
        let short = Fulfilment { proof: vec![0; 100], ..example() };
        assert!(short.with_next_scalar(place::Q).unwrap_err().to_string().contains("100 bytes"));
    }
}
