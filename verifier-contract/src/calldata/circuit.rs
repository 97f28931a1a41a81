//! Proofs of circuits: which points they have follows from the shape.

use super::words::{self, body, encode};
use super::{
    CHALLENGE_WORDS, CalldataError, GROTH16_WORDS, SELECTOR_BYTES, check_counts, coordinates, scalar,
};
use alloy::primitives::U256;
use alloy::sol_types::SolValue;
use ark_bn254::{Bn254, Fr};
use ark_groth16::Proof;
use trine_verifier::Bytes32;
use trine_verifier::bootstrapping::program::Words;
use trine_verifier::bootstrapping::statement::PublicInputs;
use trine_verifier::bootstrapping::{KeyCommitments, Shape};
use trine_verifier::opening::CLOSING_POINTS;
use trine_verifier::proof::GroupProof;

/// What the `CircuitVerifier` verifies: Groth16, the points of the group side, the challenges.
#[derive(Clone, Debug, PartialEq)]
pub struct CircuitWrapProof {
    /// Proof of the wrap circuit.
    pub groth16: Proof<Bn254>,
    /// Points that the contract folds: those of used slots.
    pub group: GroupProof,
    /// `rho, r, q, z, R(z)`.
    pub challenges: [Fr; CHALLENGE_WORDS],
}

/// Length in bytes of every proof of a shape.
pub fn proof_bytes(shape: &Shape) -> usize {
    let points = shape.first_round().len() + shape.second_round().len() + folds(shape) + CLOSING_POINTS;
    SELECTOR_BYTES + 32 * (GROTH16_WORDS + 2 * points + CHALLENGE_WORDS)
}

fn folds(shape: &Shape) -> usize {
    shape.levels().saturating_sub(1)
}

impl CircuitWrapProof {
    /// From a Groth16 proof, the points of the inner proof and the public inputs of the wrap.
    pub fn new(groth16: Proof<Bn254>, group: GroupProof, public: &PublicInputs) -> Self {
        let opening = &public.opening;
        let challenges = [opening.rho, opening.r, opening.q, opening.z, opening.r_at_z];
        Self { groth16, group, challenges }
    }

    /// The same from the words of a Groth16 proof: `A.x, A.y, B.x_c1, B.x_c0, B.y_c1, B.y_c0, C.x, C.y`.
    pub fn from_words(
        groth16: &[Bytes32; GROTH16_WORDS],
        group: GroupProof,
        public: &PublicInputs,
    ) -> Result<Self, CalldataError> {
        let bytes = groth16.concat();
        Ok(Self::new(words::Words(&bytes).groth16()?, group, public))
    }

    /// The bytes that the verifier with this hash reads. Errors: [`CalldataError::Count`].
    pub fn to_bytes(&self, shape: &Shape, verifier_hash: &Bytes32) -> Result<Vec<u8>, CalldataError> {
        let group = &self.group;
        check_counts(&[
            ("columns", group.columns.len(), shape.first_round().len()),
            ("second-round points", group.second.len(), shape.second_round().len()),
            ("folds", group.folds.len(), folds(shape)),
        ])?;
        let closing = group.closing.to_array();
        let points = group.columns.iter().chain(&group.second).chain(&group.folds).chain(&closing);
        Ok(encode(verifier_hash, &self.groth16, points, &self.challenges))
    }

    /// Reads what the contract would read: exact length, the verifier's selector, canonical points and scalars.
    pub fn from_bytes(shape: &Shape, verifier_hash: &Bytes32, bytes: &[u8]) -> Result<Self, CalldataError> {
        let mut words = words::Words(body(bytes, proof_bytes(shape), verifier_hash)?);
        let groth16 = words.groth16()?;
        let group = GroupProof {
            columns: words.points("columns", shape.first_round().len())?,
            second: words.points("second-round points", shape.second_round().len())?,
            folds: words.points("folds", folds(shape))?,
            closing: words.closing()?,
        };
        let challenges = words.challenges()?;
        Ok(Self { groth16, group, challenges })
    }
}

/// Commitments of a key as `fulfilCircuit` takes them; (0, 0) is the point at infinity.
pub fn key_points(keys: &KeyCommitments) -> Vec<[U256; 2]> {
    keys.points().iter().map(coordinates).collect()
}

/// Words of a job's program as `fulfilCircuit` and `fulfilJobs` take them: its own, of its bootstrappings, then of its rows.
pub fn program_words(words: &Words) -> Vec<U256> {
    words.to_words().into_iter().map(U256::from_be_bytes).collect()
}

/// `publicValues` of `verify`, exactly as the `Coprocessor` encodes them for circuits.
///
/// Words and points are those of the merged circuit: of all jobs, in their order.
pub fn public_values(
    public: &PublicInputs,
    words: &Words,
    keys: &[[U256; 2]],
    inputs: &[[U256; 2]],
    outputs: &[[U256; 2]],
) -> Vec<u8> {
    let [stmt, shape] = [public.stmt, public.shape].map(|word| scalar(&word));
    let layouts = public.layouts.map(|word| scalar(&word));
    let [slots, rows] = [&words.slots, &words.rows].map(|list| list.iter().map(scalar).collect::<Vec<_>>());
    let [keys, inputs, outputs] = [keys, inputs, outputs].map(<[_]>::to_vec);
    (stmt, shape, layouts, slots, rows, keys, inputs, outputs).abi_encode_params()
}
