//! Proof bytes as the contracts read them (`docs/spec/onchain.md`, "Proof bytes"): one form for both kinds of program.

use crate::groth::{PROOF_WORDS, WrapProof};
use ark_bn254::Fr;
use trine_verifier::Bytes32;
use trine_verifier::digest::{field_word, point_words};
use trine_verifier::proof::GroupProof;

/// Bytes of the verifier hash before the words.
const SELECTOR_BYTES: usize = 4;
/// `rho, r, q, z, R(z)`.
const CHALLENGES: usize = 5;

/// Selector, Groth16 words, points of both rounds, folds, `Q`, `W`, challenges.
pub fn wrapped_bytes(
    verifier_hash: &Bytes32,
    proof: &WrapProof,
    group: &GroupProof,
    challenges: &[Fr; CHALLENGES],
) -> Vec<u8> {
    let mut bytes: Vec<u8> = verifier_hash.iter().copied().take(SELECTOR_BYTES).collect();
    let points = group.columns.iter().chain(&group.second).chain(&group.folds);
    let points = points.chain([&group.quotient, &group.witness]).flat_map(point_words);
    let words = proof.to_words().into_iter().chain(points).chain(challenges.iter().map(field_word));
    bytes.extend(words.flatten());
    bytes
}

/// The Groth16 proof of such bytes; `None` where they hold none.
pub fn groth16_of(wrapped: &[u8]) -> Option<WrapProof> {
    let words = wrapped.get(SELECTOR_BYTES..).unwrap_or_default().as_chunks::<32>().0;
    words.first_chunk::<PROOF_WORDS>().and_then(WrapProof::from_words)
}
