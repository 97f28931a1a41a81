//! Bytes that `fulfil` takes: the proof, and the public values that the contract puts beside it.

use alloy::primitives::U256;
use alloy::sol_types::SolValue;
use ark_bn254::{Bn254, Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_groth16::Proof;
use trine_verifier::Bytes32;
use trine_verifier::class::Class;
use trine_verifier::digest::{field_from_word, field_word, g2_words, point_from_words, point_words};
use trine_verifier::handle::Commitment;
use trine_verifier::proof::GroupProof;
use trine_verifier::statement::PublicInputs;

/// Bytes of the selector before the words.
pub const SELECTOR_BYTES: usize = 4;
const GROTH16_WORDS: usize = 8;
const CHALLENGE_WORDS: usize = 5;

/// What the contract verifies: Groth16, the points of the group side, the challenges.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluationProof {
    /// Proof of the wrap circuit.
    pub groth16: Proof<Bn254>,
    /// Points that the contract folds.
    pub group: GroupProof,
    /// `rho, r, q, z, R(z)`.
    pub challenges: [Fr; CHALLENGE_WORDS],
}

/// Why bytes are no proof, or a proof has no bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalldataError {
    /// Wrong length.
    #[error("proof of {got} bytes, expected {expected}")]
    Length {
        /// Bytes given.
        got: usize,
        /// Bytes of every proof of the class.
        expected: usize,
    },
    /// A proof for another verifier.
    #[error("proof starts with {}, expected {}", hex::encode(got), hex::encode(expected))]
    Selector {
        /// First bytes of the proof.
        got: [u8; SELECTOR_BYTES],
        /// First bytes of the verifier hash.
        expected: [u8; SELECTOR_BYTES],
    },
    /// Not a canonical point of its group; at infinity where none may be.
    #[error("{field}: not a canonical point of its group")]
    Point {
        /// The field.
        field: &'static str,
    },
    /// A scalar not below the order of the field.
    #[error("{field}: not a canonical scalar")]
    Scalar {
        /// The field.
        field: &'static str,
    },
    /// Another number of points than the class has.
    #[error("{got} {field}, expected {expected}")]
    Count {
        /// The field.
        field: &'static str,
        /// Points given.
        got: usize,
        /// Points of the class.
        expected: usize,
    },
}

/// Length in bytes of every proof of a class.
pub fn proof_bytes(class: &Class) -> usize {
    let points = class.first_input() + class.levels() - 1 + 2;
    SELECTOR_BYTES + 32 * (GROTH16_WORDS + 2 * points + CHALLENGE_WORDS)
}

impl EvaluationProof {
    /// From a Groth16 proof, the points of the inner proof and the public inputs of the wrap.
    pub fn new(groth16: Proof<Bn254>, group: GroupProof, public: &PublicInputs) -> Self {
        let challenges = [public.rho, public.r, public.q, public.z, public.r_at_z];
        Self { groth16, group, challenges }
    }

    /// The same from the words of a Groth16 proof: `A.x, A.y, B.x_c1, B.x_c0, B.y_c1, B.y_c0, C.x, C.y`.
    pub fn from_words(
        groth16: &[Bytes32; GROTH16_WORDS],
        group: GroupProof,
        public: &PublicInputs,
    ) -> Result<Self, CalldataError> {
        let bytes = groth16.concat();
        Ok(Self::new(Words(&bytes).groth16()?, group, public))
    }

    /// The bytes that the verifier with this hash reads. Errors: [`CalldataError::Count`].
    pub fn to_bytes(&self, class: &Class, verifier_hash: &Bytes32) -> Result<Vec<u8>, CalldataError> {
        let group = &self.group;
        for (field, got, expected) in [
            ("columns", group.columns.len(), class.first_round_points()),
            ("second-round points", group.second.len(), class.second_round_points()),
            ("folds", group.folds.len(), class.levels() - 1),
        ] {
            if got != expected {
                return Err(CalldataError::Count { field, got, expected });
            }
        }
        let mut words = point_words(&self.groth16.a).to_vec();
        words.extend(g2_words(&self.groth16.b));
        words.extend(point_words(&self.groth16.c));
        let points = group.columns.iter().chain(&group.second).chain(&group.folds);
        words.extend(points.chain([&group.quotient, &group.witness]).flat_map(point_words));
        words.extend(self.challenges.iter().map(field_word));
        let mut bytes = verifier_hash.first_chunk::<SELECTOR_BYTES>().map(|s| s.to_vec()).unwrap_or_default();
        bytes.extend(words.concat());
        Ok(bytes)
    }

    /// Reads what the contract would read: exact length, the verifier's selector, canonical points and scalars.
    pub fn from_bytes(class: &Class, verifier_hash: &Bytes32, bytes: &[u8]) -> Result<Self, CalldataError> {
        let (got, expected) = (bytes.len(), proof_bytes(class));
        let length = CalldataError::Length { got, expected };
        if got != expected {
            return Err(length);
        }
        let (selector, rest) = bytes.split_first_chunk::<SELECTOR_BYTES>().ok_or(length)?;
        let [h0, h1, h2, h3, ..] = *verifier_hash;
        if *selector != [h0, h1, h2, h3] {
            return Err(CalldataError::Selector { got: *selector, expected: [h0, h1, h2, h3] });
        }
        let mut words = Words(rest);
        let groth16 = words.groth16()?;
        let group = GroupProof {
            columns: words.points("columns", class.first_round_points())?,
            second: words.points("second-round points", class.second_round_points())?,
            folds: words.points("folds", class.levels() - 1)?,
            quotient: words.point("quotient")?,
            witness: words.point("witness")?,
        };
        let challenges = [
            words.scalar("rho")?,
            words.scalar("r")?,
            words.scalar("q")?,
            words.scalar("z")?,
            words.scalar("R(z)")?,
        ];
        Ok(Self { groth16, group, challenges })
    }
}

/// Commitments as the contract takes them.
pub fn points<'a>(commitments: impl IntoIterator<Item = &'a Commitment>) -> Vec<[U256; 2]> {
    commitments.into_iter().map(|c| c.xy().map(U256::from_be_bytes)).collect()
}

/// A field element as a word of the contract.
pub fn scalar(value: &Fr) -> U256 {
    U256::from_be_bytes(field_word(value))
}

/// `publicValues` of `verify`, exactly as the `Coprocessor` encodes them.
pub fn public_values(public: &PublicInputs, inputs: &[[U256; 2]], outputs: &[[U256; 2]]) -> Vec<u8> {
    let [layout_0, layout_1] = public.layouts;
    let words = [public.stmt, public.shape, layout_0, layout_1, public.prog].map(|w| scalar(&w));
    let [stmt, shape, layout_0, layout_1, prog] = words;
    (stmt, shape, layout_0, layout_1, prog, inputs.to_vec(), outputs.to_vec()).abi_encode_params()
}

/// Reads 32-byte words; the length is checked before.
struct Words<'a>(&'a [u8]);

impl Words<'_> {
    fn word(&mut self) -> Option<Bytes32> {
        let (word, rest) = self.0.split_first_chunk::<32>()?;
        self.0 = rest;
        Some(*word)
    }

    fn groth16(&mut self) -> Result<Proof<Bn254>, CalldataError> {
        Ok(Proof {
            a: self.finite_point("groth16.a")?,
            b: self.g2_point("groth16.b")?,
            c: self.finite_point("groth16.c")?,
        })
    }

    fn scalar(&mut self, field: &'static str) -> Result<Fr, CalldataError> {
        self.word().and_then(|w| field_from_word(&w)).ok_or(CalldataError::Scalar { field })
    }

    fn point(&mut self, field: &'static str) -> Result<G1Affine, CalldataError> {
        let (x, y) = (self.word(), self.word());
        x.zip(y).and_then(|(x, y)| point_from_words(&x, &y)).ok_or(CalldataError::Point { field })
    }

    fn finite_point(&mut self, field: &'static str) -> Result<G1Affine, CalldataError> {
        let point = self.point(field)?;
        if point.is_zero() { Err(CalldataError::Point { field }) } else { Ok(point) }
    }

    fn points(&mut self, field: &'static str, count: usize) -> Result<Vec<G1Affine>, CalldataError> {
        (0..count).map(|_| self.point(field)).collect()
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
