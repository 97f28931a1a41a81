//! One proof in both forms, from checked words to checked bytes.

use super::intake::Values;
use super::refusal::Refusal;
use super::wrapped::{groth16_of, wrapped_bytes};
use crate::argument::{self, Phase, ProveError};
use crate::groth::{self, ProvingKey, prove_wrap, verify_wrap};
use crate::wrap::WrapWitness;
use rand::rngs::OsRng;
use std::sync::Arc;
use std::time::{Duration, Instant};
use trine_verifier::digest::field_word;
use trine_verifier::proof::InnerProof;
use trine_verifier::srs::CommitmentKey;
use trine_verifier::statement::{PublicInputs, parameter_set_id};
use trine_verifier::{Bytes32, Class, Domain, Statement};

/// Where a proof stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Words against commitments.
    Checking,
    /// The inner argument.
    Argument,
    /// Its native verification.
    Verifying,
    /// Groth16.
    Wrapping,
    /// Verification of the bytes for the contract.
    VerifyingWrap,
}

impl Stage {
    /// Failpoint at the beginning of the stage, after it is told: who sees the stage knows that the proof is held there.
    pub const fn failpoint(self) -> &'static str {
        match self {
            Self::Checking => "prover-checking",
            Self::Argument => "prover-argument",
            Self::Verifying => "prover-verifying",
            Self::Wrapping => "prover-wrapping",
            Self::VerifyingWrap => "prover-verifying-wrap",
        }
    }
}

/// What is proved, with the words of all values in the layout that is committed to.
#[derive(Clone, Debug)]
pub struct Task {
    /// The statement.
    pub statement: Statement,
    /// Words of the inputs.
    pub inputs: Values,
    /// Words of the outputs.
    pub outputs: Values,
}

/// A proof in both forms, both verified.
#[derive(Clone, Debug)]
pub struct Proved {
    /// Canonical bytes of the inner proof.
    pub inner: Vec<u8>,
    /// Bytes for `Coprocessor.fulfil` or `fulfilCircuit`.
    pub wrapped: Vec<u8>,
    /// Public inputs of the wrap circuit.
    pub public_inputs: Vec<Bytes32>,
    /// Time of the inner argument.
    pub argument_time: Duration,
    /// Time of the wrap.
    pub wrap_time: Duration,
}

/// Told a stage and thousandths of the whole; answers whether to go on.
pub type OnProgress<'a> = &'a mut dyn FnMut(Stage, u32) -> bool;

/// Keys of one class.
pub struct Worker {
    class: Class,
    commitment_key: Arc<CommitmentKey>,
    proving_key: ProvingKey,
    verifier_hash: Bytes32,
    srs_digest: Bytes32,
}

impl Worker {
    /// With the keys of a class.
    pub fn new(class: Class, commitment_key: impl Into<Arc<CommitmentKey>>, proving_key: ProvingKey) -> Self {
        let commitment_key = commitment_key.into();
        let srs_digest = commitment_key.verifier().digest();
        let verifier_hash = groth::verifier_hash(&proving_key.vk, &srs_digest, &parameter_set_id(), class.id);
        Self { class, commitment_key, proving_key, verifier_hash, srs_digest }
    }

    /// The class.
    pub fn class(&self) -> &Class {
        &self.class
    }

    /// Hash of the verifier that proofs are made for.
    pub fn verifier_hash(&self) -> &Bytes32 {
        &self.verifier_hash
    }

    /// Digest of the reference string.
    pub fn srs_digest(&self) -> &Bytes32 {
        &self.srs_digest
    }

    /// Whether the reference string has a known secret.
    pub fn is_development(&self) -> bool {
        self.commitment_key.verifier().development
    }

    /// Refuses a statement about another setup: its proof would convince nobody.
    pub fn check_domain(&self, domain: &Domain) -> Result<(), Refusal> {
        check_domain(domain, &self.verifier_hash, &self.srs_digest)
    }

    /// Proves, and verifies what it hands out in both forms. Blocks all cores.
    pub fn prove(&self, task: Task, on_progress: OnProgress<'_>) -> Result<Proved, Refusal> {
        let Task { statement, inputs, outputs } = task;
        let mut step = |stage: Stage, permille| {
            if !on_progress(stage, permille) {
                return Err(ProveError::Cancelled);
            }
            fail::fail_point!(stage.failpoint());
            Ok(())
        };
        step(Stage::Checking, 0)?;
        self.check_outputs(&statement, &outputs)?;

        let start = Instant::now();
        let (key, class) = (&self.commitment_key, &self.class);
        let inner = argument::prove(class, key, &statement, inputs, &mut |phase| {
            let (stage, permille) = phase_progress(phase);
            step(stage, permille).is_ok()
        })?;
        let argument_time = start.elapsed();

        let public = trine_verifier::verify(class, key.verifier(), &statement, &inner)?;
        step(Stage::Wrapping, 300)?;
        let start = Instant::now();
        let witness = WrapWitness { matrix: statement.inputs(class)?.matrix, field: inner.field.clone() };
        let proof = prove_wrap(&self.proving_key, class, &public, &witness, &mut OsRng)?;
        let wrap_time = start.elapsed();

        step(Stage::VerifyingWrap, 990)?;
        let challenges = [public.rho, public.r, public.q, public.z, public.r_at_z];
        let wrapped = wrapped_bytes(&self.verifier_hash, &proof, &inner.group, &challenges);
        self.check_wrapped(&wrapped, &public)?;
        Ok(Proved {
            inner: InnerProof::to_bytes(&inner, class),
            wrapped,
            public_inputs: public.to_array().iter().map(field_word).collect(),
            argument_time,
            wrap_time,
        })
    }

    /// The argument recomputes outputs from inputs; what the client sent for them must open the same commitments.
    fn check_outputs(&self, statement: &Statement, outputs: &[Vec<u64>]) -> Result<(), Refusal> {
        for (index, (named, words)) in statement.job.outputs.iter().zip(outputs).enumerate() {
            if self.commitment_key.commit_words(words)? != *named.commitment.point() {
                return Err(Refusal::OutputWords { index });
            }
        }
        Ok(())
    }

    fn check_wrapped(&self, wrapped: &[u8], public: &PublicInputs) -> Result<(), Refusal> {
        let proof = groth16_of(wrapped).ok_or(Refusal::WrappedBytes)?;
        if verify_wrap(&self.proving_key.vk, public, &proof) { Ok(()) } else { Err(Refusal::WrappedBytes) }
    }
}

/// A domain names verifier, reference string and parameter set of whoever proves in it.
pub(super) fn check_domain(
    domain: &Domain,
    verifier_hash: &Bytes32,
    srs_digest: &Bytes32,
) -> Result<(), Refusal> {
    for (field, got, expected) in [
        ("verifier hash", domain.verifier_hash, *verifier_hash),
        ("SRS digest", domain.srs_digest, *srs_digest),
        ("parameter set id", domain.parameter_set_id, parameter_set_id()),
    ] {
        if got != expected {
            return Err(Refusal::Domain { field, got: hex::encode(got), expected: hex::encode(expected) });
        }
    }
    Ok(())
}

/// Thousandths by measured shares: the argument takes about a third of the time.
fn phase_progress(phase: Phase) -> (Stage, u32) {
    match phase {
        Phase::Columns => (Stage::Argument, 20),
        Phase::Tree => (Stage::Argument, 80),
        Phase::Reduction => (Stage::Argument, 150),
        Phase::Opening => (Stage::Argument, 220),
        Phase::Verification => (Stage::Verifying, 290),
    }
}
