//! The evaluation key that proofs are made under: expanded for the evaluator, laid out for the argument, committed to.

use super::CircuitWorker;
use crate::bootstrapping::KeyWords;
use crate::bootstrapping::keys::{KeyName, commit_keys, load_or_make};
use crate::service::refusal::Refusal;
use std::sync::Arc;
use trine_fhe::bootstrapping::EvaluationKey;
use trine_verifier::Bytes32;
use trine_verifier::bootstrapping::{KeyCommitments, Parameters};

/// An evaluation key in both layouts: 0.9 GB, and as much again while it is read.
pub struct HeldKey {
    digest: Bytes32,
    commitments: KeyCommitments,
    evaluation_key: EvaluationKey,
    words: KeyWords,
}

impl HeldKey {
    /// A key with its commitments.
    pub fn new(
        parameters: &Parameters,
        evaluation_key: EvaluationKey,
        words: KeyWords,
        commitments: KeyCommitments,
    ) -> Self {
        Self { digest: commitments.digest(parameters), commitments, evaluation_key, words }
    }

    /// Digest of the commitments.
    pub fn digest(&self) -> &Bytes32 {
        &self.digest
    }

    /// Commitments to its words.
    pub fn commitments(&self) -> &KeyCommitments {
        &self.commitments
    }

    /// For the evaluator.
    pub fn evaluation_key(&self) -> &EvaluationKey {
        &self.evaluation_key
    }

    /// For the argument.
    pub fn words(&self) -> &KeyWords {
        &self.words
    }
}

impl CircuitWorker {
    /// Reads a key from its bytes, commits to it and keeps it in place of the last one. Blocks all cores, for about a minute
    /// where the commitments are not in the cache.
    ///
    /// Errors: bytes that are no key of the parameter set, a key whose commitments have another digest than `named`.
    pub fn put(&self, named: &Bytes32, bytes: &[u8]) -> Result<Arc<HeldKey>, Refusal> {
        // Gone before the next one is there: never two.
        self.keep(None);
        let parameters = self.parameters();
        let evaluation_key = EvaluationKey::from_bytes(bytes)?;
        let words = KeyWords::new(&evaluation_key);
        let name = KeyName::new(bytes, *parameters, *self.srs_digest());
        let commitments = load_or_make(&self.folder, &name, || commit_keys(&self.bases, parameters, &words))?;
        let key = HeldKey::new(parameters, evaluation_key, words, commitments);
        if key.digest() != named {
            let (got, expected) = (hex::encode(key.digest()), hex::encode(named));
            return Err(Refusal::KeyDigest { got, expected });
        }
        let key = Arc::new(key);
        self.hold(key.clone());
        Ok(key)
    }
}
