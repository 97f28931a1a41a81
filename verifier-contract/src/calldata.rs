//! What the functions of the `Coprocessor` take: proofs, and the public values that the contract puts beside them.
//!
//! Here for linear programs, in [`circuit`] for circuits and their segments; [`registration`] has what is claimed of them.

pub mod circuit;
pub mod registration;
mod words;

use alloy::primitives::U256;
use alloy::sol_types::SolValue;
use ark_bn254::{Bn254, Fr, G1Affine};
use ark_groth16::Proof;
use trine_verifier::Bytes32;
use trine_verifier::class::Class;
use trine_verifier::digest::field_word;
use trine_verifier::handle::Commitment;
use trine_verifier::opening::CLOSING_POINTS;
use trine_verifier::proof::GroupProof;
use trine_verifier::statement::PublicInputs;
use words::{Words, body, encode};

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
        /// Bytes of every proof of the class and shape.
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
    /// Another number of points than class and shape have.
    #[error("{got} {field}, expected {expected}")]
    Count {
        /// The field.
        field: &'static str,
        /// Points given.
        got: usize,
        /// Points of the class and shape.
        expected: usize,
    },
}

/// Length in bytes of every proof of a class.
pub fn proof_bytes(class: &Class) -> usize {
    let points = class.first_input() + class.levels() - 1 + CLOSING_POINTS;
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
        check_counts(&[
            ("columns", group.columns.len(), class.first_round_points()),
            ("second-round points", group.second.len(), class.second_round_points()),
            ("folds", group.folds.len(), class.levels() - 1),
        ])?;
        let closing = group.closing.to_array();
        let points = group.columns.iter().chain(&group.second).chain(&group.folds).chain(&closing);
        Ok(encode(verifier_hash, &self.groth16, points, &self.challenges))
    }

    /// Reads what the contract would read: exact length, the verifier's selector, canonical points and scalars.
    pub fn from_bytes(class: &Class, verifier_hash: &Bytes32, bytes: &[u8]) -> Result<Self, CalldataError> {
        let mut words = Words(body(bytes, proof_bytes(class), verifier_hash)?);
        let groth16 = words.groth16()?;
        let group = GroupProof {
            columns: words.points("columns", class.first_round_points())?,
            second: words.points("second-round points", class.second_round_points())?,
            folds: words.points("folds", class.levels() - 1)?,
            closing: words.closing()?,
        };
        let challenges = words.challenges()?;
        Ok(Self { groth16, group, challenges })
    }
}

/// Fields with the points that are given and expected.
fn check_counts(counts: &[(&'static str, usize, usize)]) -> Result<(), CalldataError> {
    match counts.iter().find(|(_, got, expected)| got != expected) {
        Some(&(field, got, expected)) => Err(CalldataError::Count { field, got, expected }),
        None => Ok(()),
    }
}

/// Commitments as the contract takes them.
pub fn points<'a>(commitments: impl IntoIterator<Item = &'a Commitment>) -> Vec<[U256; 2]> {
    commitments.into_iter().map(|c| c.xy().map(U256::from_be_bytes)).collect()
}

/// Points as the contract takes them; (0, 0) is the point at infinity.
fn coordinates(point: &G1Affine) -> [U256; 2] {
    trine_verifier::digest::point_words(point).map(U256::from_be_bytes)
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
