//! A prover in memory.

use ark_bn254::Fr;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;
use trine_contract::EvaluationProof;
use trine_contract::calldata::circuit::CircuitWrapProof;
use trine_engine::domain::ProofRecord;
use trine_engine::prover::{
    OnProgress, ProofProgress, ProofStatement, ProofTask, Prover, ProverError, ServerKey,
};
use trine_engine::setup::Setup;
use trine_verifier::bootstrapping::verify::{ARGUMENT_TAG, round_digests};
use trine_verifier::bootstrapping::{Checks, CircuitProof, Statement as CircuitStatement, verify_field};
use trine_verifier::digest::field_word;
use trine_verifier::opening::OpeningChallenges;
use trine_verifier::{Bytes32, Transcript};

/// What a prover does with its next task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    Honest,
    Unavailable,
    /// Is gone in the middle of the proof.
    Dies,
    Refuses,
    Hangs,
    /// Hangs until [`FakeProver::release`], then is honest.
    Waits,
    /// The proof of another salt.
    OtherStatement,
    /// Points of the bytes for the contract that are not the inner proof's.
    OtherPoints,
}

/// Makes a proof of any statement.
pub type MakeProof = fn(&CircuitStatement) -> CircuitProof;

/// A prover in memory. The inner proof is real; the Groth16 part is a placeholder of valid points, which only the
/// contract would notice.
pub struct FakeProver {
    setup: Arc<Setup>,
    conduct: Mutex<Vec<Conduct>>,
    pub proofs: AtomicUsize,
    /// The proofs that tasks about circuits get: of each segment one, of a circuit of one piece the first.
    pub circuit_proofs: Mutex<Vec<CircuitProof>>,
    /// In place of those: makes the proof of what a task about circuits states.
    pub make_proof: Mutex<Option<MakeProof>>,
    /// Commitments of every key set that has none of its own.
    pub key_points: Mutex<Vec<[Bytes32; 2]>>,
    /// Commitments of key sets.
    pub own_key_points: Mutex<HashMap<Bytes32, Vec<[Bytes32; 2]>>>,
    /// All tasks, in their order.
    pub tasks: Mutex<Vec<ProofTask>>,
    /// Set while a hanging proof is asked for, unset when it is dropped.
    pub hanging: Arc<AtomicBool>,
    released: Notify,
}

impl FakeProver {
    pub fn new(setup: Arc<Setup>) -> Self {
        Self {
            setup,
            conduct: Mutex::default(),
            proofs: AtomicUsize::new(0),
            circuit_proofs: Mutex::default(),
            make_proof: Mutex::default(),
            key_points: Mutex::new(vec![[[0; 32]; 2]; 16]),
            own_key_points: Mutex::default(),
            tasks: Mutex::default(),
            hanging: Arc::default(),
            released: Notify::new(),
        }
    }

    /// Conduct of the next tasks, then honest.
    pub fn behave(&self, conduct: &[Conduct]) {
        *self.conduct.lock().unwrap() = conduct.iter().rev().copied().collect();
    }

    /// Lets the task go on that waits, or the next one that does.
    pub fn release(&self) {
        self.released.notify_one();
    }
}

/// Points that a contract would notice.
fn placeholder() -> ark_groth16::Proof<ark_bn254::Bn254> {
    let g1 = <ark_bn254::G1Affine as ark_ec::AffineRepr>::generator();
    let b = <ark_bn254::G2Affine as ark_ec::AffineRepr>::generator();
    ark_groth16::Proof { a: g1, b, c: g1 }
}

struct Unset(Arc<AtomicBool>);

impl Drop for Unset {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

#[tonic::async_trait]
impl Prover for FakeProver {
    async fn prove(&self, task: ProofTask, on_progress: OnProgress<'_>) -> Result<ProofRecord, ProverError> {
        let conduct = self.conduct.lock().unwrap().pop().unwrap_or(Conduct::Honest);
        self.tasks.lock().unwrap().push(task.clone());
        let mut salt = None;
        match conduct {
            Conduct::Unavailable => return Err(ProverError::Unavailable("gone".into())),
            Conduct::Refuses => return Err(ProverError::Refused("no".into())),
            Conduct::Hangs => {
                self.hanging.store(true, Ordering::SeqCst);
                let _unset = Unset(self.hanging.clone());
                std::future::pending::<()>().await;
            }
            Conduct::Waits => {
                self.hanging.store(true, Ordering::SeqCst);
                let _unset = Unset(self.hanging.clone());
                self.released.notified().await;
            }
            Conduct::OtherStatement => salt = Some([0xaa; 32]),
            Conduct::Honest | Conduct::OtherPoints | Conduct::Dies => {}
        }
        on_progress(ProofProgress { step: "argument".into(), permille: 500 });
        if conduct == Conduct::Dies {
            return Err(ProverError::Unavailable("gone".into()));
        }
        self.proofs.fetch_add(1, Ordering::SeqCst);
        let mut statement = match task.statement {
            ProofStatement::Linear(statement) => statement,
            ProofStatement::Circuit(statement) => return Ok(self.prove_circuit(&statement, conduct)),
        };
        statement.job.salt = salt.unwrap_or(statement.job.salt);
        let (class, key) = (&self.setup.class, &self.setup.commitment_key);
        let stride = 2usize << class.log_n;
        let inputs = task.words.iter().take(task.jobs[0].inputs.len()).map(|bytes| {
            let mut words: Vec<u64> =
                bytes.as_chunks::<8>().0.iter().map(|w| u64::from_le_bytes(*w)).collect();
            words.resize(stride, 0);
            words
        });
        let inner =
            trine_prover::argument::prove(class, key, &statement, inputs.collect(), &mut |_| true).unwrap();
        let public = trine_verifier::verify(class, key.verifier(), &statement, &inner).unwrap();
        let mut group = inner.group.clone();
        if conduct == Conduct::OtherPoints {
            std::mem::swap(&mut group.closing.quotient, &mut group.closing.witness);
        }
        let wrapped = EvaluationProof::new(placeholder(), group, &public);
        Ok(ProofRecord {
            inner: inner.to_bytes(class),
            wrapped: wrapped.to_bytes(class, &self.setup.verifier_hash).unwrap(),
            public_inputs: public.to_array().iter().map(field_word).collect(),
            argument_ms: 1,
            wrap_ms: 1,
            batch: vec![],
        })
    }

    async fn key_points(&self, key: &ServerKey) -> Result<Vec<[Bytes32; 2]>, ProverError> {
        let own = self.own_key_points.lock().unwrap().get(&key.key_digest).cloned();
        Ok(own.unwrap_or_else(|| self.key_points.lock().unwrap().clone()))
    }
}

impl FakeProver {
    /// The proof that is made of the statement, or the segment's that is kept, in both forms as if it were of this statement.
    fn prove_circuit(&self, statement: &CircuitStatement, conduct: Conduct) -> ProofRecord {
        let circuits = self.setup.circuits.unwrap();
        let make = *self.make_proof.lock().unwrap();
        let kept = || self.circuit_proofs.lock().unwrap()[statement.jobs[0].segment as usize].clone();
        let proof = make.map_or_else(kept, |make| make(statement));
        let inputs = statement.inputs(&circuits.parameters).unwrap();
        let rounds = round_digests(&inputs.shape, &proof.group).unwrap();
        let mut transcript = Transcript::new(ARGUMENT_TAG);
        let public = verify_field(&inputs, &rounds, &proof.field, &Checks::ALL, &mut transcript);
        // Of another statement there are no public inputs: some, then.
        let public = public.map(|public| (public.opening, public.to_array().to_vec()));
        let (opening, words) = public.unwrap_or_else(|_| {
            let one = Fr::from(1u64);
            (OpeningChallenges { rho: one, r: one, q: one, z: one, r_at_z: one }, vec![one; 18])
        });
        let OpeningChallenges { rho, r, q, z, r_at_z } = opening;
        let mut group = proof.group.clone();
        if conduct == Conduct::OtherPoints {
            std::mem::swap(&mut group.closing.quotient, &mut group.closing.witness);
        }
        let challenges = [rho, r, q, z, r_at_z];
        let wrapped = CircuitWrapProof { groth16: placeholder(), group, challenges };
        ProofRecord {
            inner: proof.to_bytes(&inputs.shape),
            wrapped: wrapped.to_bytes(&inputs.shape, &circuits.verifier_hash).unwrap(),
            public_inputs: words.iter().map(field_word).collect(),
            argument_ms: 1,
            wrap_ms: 1,
            batch: vec![],
        }
    }
}
