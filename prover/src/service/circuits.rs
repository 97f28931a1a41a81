//! Circuits of bootstrappings in the worker: statements of one segment, proven under the evaluation key that it holds.
//!
//! | module | holds |
//! | --- | --- |
//! | [`statement`] | statements from messages; handles, key points and segments checked |
//! | [`key`] | the evaluation key that is held, and its commitments |
//! | [`upload`] | keys that arrive in chunks |
//! | [`proof`] | one proof in both forms |

pub mod key;
pub mod proof;
pub mod statement;
pub mod upload;

use super::refusal::Refusal;
use super::worker::check_domain;
use crate::groth::{self, ProvingKey};
use crate::wrap::bootstrapping::class::Class;
use key::HeldKey;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use trine_kernels::Backend;
use trine_kernels::msm::Bases;
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::srs::{CommitmentKey, VerifierSrs};
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{Bytes32, Domain};

/// What proofs of circuits are made with, and the last evaluation key.
pub struct CircuitWorker {
    class: Class,
    backend: Backend,
    bases: Bases,
    srs: VerifierSrs,
    proving_key: ProvingKey,
    verifier_hash: Bytes32,
    srs_digest: Bytes32,
    /// Folder in which commitments of keys are kept.
    folder: PathBuf,
    /// One key: two of them and a proof are more memory than a worker has.
    held: Mutex<Option<Arc<HeldKey>>>,
}

impl CircuitWorker {
    /// With the keys of a class. `folder` keeps commitments of evaluation keys, and phases of proofs that were interrupted.
    pub fn new(
        class: Class,
        commitment_key: &CommitmentKey,
        proving_key: ProvingKey,
        folder: PathBuf,
    ) -> Self {
        let backend = Backend::detect();
        let srs = *commitment_key.verifier();
        let srs_digest = srs.digest();
        let id = class.parameters.id;
        let verifier_hash = groth::verifier_hash(&proving_key.vk, &srs_digest, &parameter_set_id(), id);
        let powers = commitment_key.powers();
        let bases = Bases::new(backend, powers.get(..1 << class.parameters.log_chunk).unwrap_or(powers));
        let held = Mutex::default();
        Self { class, backend, bases, srs, proving_key, verifier_hash, srs_digest, folder, held }
    }

    /// The parameter set.
    pub fn parameters(&self) -> &Parameters {
        &self.class.parameters
    }

    /// Hash of the verifier that proofs are made for.
    pub fn verifier_hash(&self) -> &Bytes32 {
        &self.verifier_hash
    }

    /// Digest of the reference string.
    pub fn srs_digest(&self) -> &Bytes32 {
        &self.srs_digest
    }

    /// Refuses a domain of another setup: a proof in it would convince nobody.
    pub fn check_domain(&self, domain: &Domain) -> Result<(), Refusal> {
        check_domain(domain, &self.verifier_hash, &self.srs_digest)
    }

    /// The key that is held, if it is the one named.
    pub fn key(&self, digest: &Bytes32) -> Result<Arc<HeldKey>, Refusal> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let found = held.as_ref().filter(|key| key.digest() == digest).cloned();
        found.ok_or_else(|| Refusal::KeyMissing { key: hex::encode(digest) })
    }

    /// Holds a key that is committed to already.
    pub fn hold(&self, key: Arc<HeldKey>) {
        self.keep(Some(key));
    }

    fn keep(&self, key: Option<Arc<HeldKey>>) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = key;
    }
}
