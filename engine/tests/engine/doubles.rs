//! Chain, prover and store as the tests want them.

use ark_bn254::Fr;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use trine_contract::EvaluationProof;
use trine_contract::calldata::circuit::CircuitWrapProof;
use trine_engine::chain::{Chain, ChainError, Fulfilment, Inclusion, RequestFacts};
use trine_engine::domain::key::ContentId;
use trine_engine::domain::{
    CiphertextRecord, Job, JobId, JobState, KeyPoints, KeyRecord, PendingTransaction, ProofRecord,
};
use trine_engine::prover::{
    OnProgress, ProofProgress, ProofStatement, ProofTask, Prover, ProverError, ServerKey,
};
use trine_engine::setup::Setup;
use trine_engine::store::{IdempotencyRecord, JobPosition, RocksStore, Store, StoreError, Write};
use trine_verifier::bootstrapping::verify::{ARGUMENT_TAG, round_digests};
use trine_verifier::bootstrapping::{Checks, CircuitProof, Statement as CircuitStatement, verify_field};
use trine_verifier::digest::field_word;
use trine_verifier::opening::OpeningChallenges;
use trine_verifier::{Bytes32, Transcript};

/// A chain in memory: one account, nonces in order, a request is fulfilled once.
#[derive(Default)]
pub struct FakeChain {
    state: Mutex<ChainState>,
    /// Calls that fail before one succeeds.
    pub outages: AtomicUsize,
}

#[derive(Default)]
struct ChainState {
    requests: HashMap<Bytes32, RequestFacts>,
    nonce: u64,
    signed: HashMap<Bytes32, Bytes32>,
    executed: HashSet<Bytes32>,
    fulfilments: HashMap<Bytes32, Bytes32>,
    reverts: usize,
    contents: HashMap<Bytes32, Bytes32>,
    last_signed: Option<Fulfilment>,
}

impl FakeChain {
    /// A request appears.
    pub fn add(&self, id: Bytes32, facts: RequestFacts) {
        self.state.lock().unwrap().requests.insert(id, facts);
    }

    /// A committee attests which content commitments are of.
    pub fn attest(&self, key_digest: Bytes32, content: Bytes32) {
        self.state.lock().unwrap().contents.insert(key_digest, content);
    }

    /// What was signed last.
    pub fn last_signed(&self) -> Option<Fulfilment> {
        self.state.lock().unwrap().last_signed.clone()
    }

    /// Somebody else fulfils a request.
    pub fn fulfil_by_another(&self, id: Bytes32) {
        let mut state = self.state.lock().unwrap();
        state.requests.get_mut(&id).unwrap().fulfilled = true;
        state.fulfilments.insert(id, [0xee; 32]);
    }

    /// Another transaction of the engine's account uses the next nonce.
    pub fn use_nonce(&self) {
        self.state.lock().unwrap().nonce += 1;
    }

    /// Transactions that were executed, and how many of them reverted.
    pub fn executed(&self) -> (usize, usize) {
        let state = self.state.lock().unwrap();
        (state.executed.len(), state.reverts)
    }

    fn outage(&self) -> Result<(), ChainError> {
        let left = self.outages.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        if left.is_ok() { Err(ChainError::Unavailable("outage".into())) } else { Ok(()) }
    }
}

#[tonic::async_trait]
impl Chain for FakeChain {
    async fn request(&self, id: &Bytes32) -> Result<RequestFacts, ChainError> {
        self.outage()?;
        let unknown = || ChainError::UnknownRequest { request: hex::encode(id) };
        self.state.lock().unwrap().requests.get(id).cloned().ok_or_else(unknown)
    }

    async fn content_of(&self, key_digest: &Bytes32) -> Result<Option<Bytes32>, ChainError> {
        self.outage()?;
        Ok(self.state.lock().unwrap().contents.get(key_digest).copied())
    }

    async fn fulfilment(&self, id: &Bytes32) -> Result<Option<Bytes32>, ChainError> {
        Ok(self.state.lock().unwrap().fulfilments.get(id).copied())
    }

    async fn sign(&self, fulfilment: &Fulfilment) -> Result<PendingTransaction, ChainError> {
        self.outage()?;
        let mut state = self.state.lock().unwrap();
        let nonce = state.nonce;
        let raw = [fulfilment.request_id.as_slice(), &nonce.to_be_bytes()].concat();
        let hash: Bytes32 = blake3::hash(&raw).into();
        state.signed.insert(hash, fulfilment.request_id);
        state.last_signed = Some(fulfilment.clone());
        Ok(PendingTransaction { hash, nonce, raw })
    }

    async fn send(&self, transaction: &PendingTransaction) -> Result<Inclusion, ChainError> {
        self.outage()?;
        let mut state = self.state.lock().unwrap();
        let request = state.signed[&transaction.hash];
        if state.executed.contains(&transaction.hash) {
            let own = state.fulfilments.get(&request) == Some(&transaction.hash);
            return Ok(if own { Inclusion::Succeeded } else { Inclusion::Reverted });
        }
        if transaction.nonce < state.nonce {
            return Ok(Inclusion::Superseded);
        }
        state.nonce += 1;
        state.executed.insert(transaction.hash);
        let facts = state.requests.get_mut(&request).unwrap();
        if facts.fulfilled {
            state.reverts += 1;
            return Ok(Inclusion::Reverted);
        }
        facts.fulfilled = true;
        state.fulfilments.insert(request, transaction.hash);
        Ok(Inclusion::Succeeded)
    }
}

/// What a prover does with its next task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    Honest,
    Unavailable,
    Refuses,
    Hangs,
    /// The proof of another salt.
    OtherStatement,
    /// Points of the bytes for the contract that are not the inner proof's.
    OtherPoints,
}

/// A prover in memory. The inner proof is real; the Groth16 part is a placeholder of valid points, which only the
/// contract would notice.
pub struct FakeProver {
    setup: Arc<Setup>,
    conduct: Mutex<Vec<Conduct>>,
    pub proofs: AtomicUsize,
    /// The proof that every task about a circuit gets.
    pub circuit_proof: Mutex<Option<CircuitProof>>,
    /// Commitments of every key set.
    pub key_points: Mutex<Vec<[Bytes32; 2]>>,
    /// The last task.
    pub last_task: Mutex<Option<ProofTask>>,
    /// Set while a hanging proof is asked for, unset when it is dropped.
    pub hanging: Arc<AtomicBool>,
}

impl FakeProver {
    pub fn new(setup: Arc<Setup>) -> Self {
        Self {
            setup,
            conduct: Mutex::default(),
            proofs: AtomicUsize::new(0),
            circuit_proof: Mutex::default(),
            key_points: Mutex::new(vec![[[0; 32]; 2]; 16]),
            last_task: Mutex::default(),
            hanging: Arc::default(),
        }
    }

    /// Conduct of the next tasks, then honest.
    pub fn behave(&self, conduct: &[Conduct]) {
        *self.conduct.lock().unwrap() = conduct.iter().rev().copied().collect();
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
        *self.last_task.lock().unwrap() = Some(task.clone());
        let mut salt = None;
        match conduct {
            Conduct::Unavailable => return Err(ProverError::Unavailable("gone".into())),
            Conduct::Refuses => return Err(ProverError::Refused("no".into())),
            Conduct::Hangs => {
                self.hanging.store(true, Ordering::SeqCst);
                let _unset = Unset(self.hanging.clone());
                std::future::pending::<()>().await;
            }
            Conduct::OtherStatement => salt = Some([0xaa; 32]),
            Conduct::Honest | Conduct::OtherPoints => {}
        }
        on_progress(ProofProgress { step: "argument".into(), permille: 500 });
        self.proofs.fetch_add(1, Ordering::SeqCst);
        let mut statement = match task.statement {
            ProofStatement::Linear(statement) => statement,
            ProofStatement::Circuit(statement) => return Ok(self.prove_circuit(&statement, conduct)),
        };
        statement.job.salt = salt.unwrap_or(statement.job.salt);
        let (class, key) = (&self.setup.class, &self.setup.commitment_key);
        let stride = 2usize << class.log_n;
        let inputs = task.words.iter().take(task.inputs.len()).map(|bytes| {
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
        })
    }

    async fn key_points(&self, _: &ServerKey) -> Result<Vec<[Bytes32; 2]>, ProverError> {
        Ok(self.key_points.lock().unwrap().clone())
    }
}

impl FakeProver {
    /// The one proof, in both forms as if it were of this statement.
    fn prove_circuit(&self, statement: &CircuitStatement, conduct: Conduct) -> ProofRecord {
        let circuits = self.setup.circuits.unwrap();
        let proof = self.circuit_proof.lock().unwrap().clone().unwrap();
        let inputs = statement.inputs(&circuits.parameters).unwrap();
        let rounds = round_digests(&inputs.shape, &proof.group).unwrap();
        let circuit = &statement.job.circuit;
        let mut transcript = Transcript::new(ARGUMENT_TAG);
        let public = verify_field(&inputs, circuit, &rounds, &proof.field, &Checks::ALL, &mut transcript);
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
        }
    }
}

/// On which side of the disk the process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The state is lost, its effects outside are not.
    Before,
    /// The state is on disk, nobody has heard of it.
    After,
}

/// A store that fails once around the write of a job state, and from then on: the process is dead.
pub struct FakeCrash {
    inner: Arc<RocksStore>,
    state: JobState,
    side: Side,
    dead: AtomicBool,
}

impl FakeCrash {
    pub fn new(inner: Arc<RocksStore>, state: JobState, side: Side) -> Self {
        Self { inner, state, side, dead: AtomicBool::new(false) }
    }

    pub async fn died(&self) {
        while !self.dead.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn alive<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if self.dead.load(Ordering::SeqCst) {
            return Err(StoreError::Corrupt { what: "process", reason: "dead".into() });
        }
        result
    }
}

impl Store for FakeCrash {
    fn commit(&self, batch: Vec<Write>) -> Result<(), StoreError> {
        self.alive(Ok(()))?;
        let here = batch.iter().any(|w| matches!(w, Write::Job(job) if job.state == self.state));
        if !here {
            return self.inner.commit(batch);
        }
        if self.side == Side::After {
            self.inner.commit(batch)?;
        }
        self.dead.store(true, Ordering::SeqCst);
        self.alive(Ok(()))
    }

    fn put_piece(&self, content: ContentId, index: u32, data: &[u8]) -> Result<(), StoreError> {
        self.alive(self.inner.put_piece(content, index, data))
    }
    fn piece(&self, content: ContentId, index: u32) -> Result<Option<Vec<u8>>, StoreError> {
        self.alive(self.inner.piece(content, index))
    }
    fn delete_pieces(&self, content: ContentId) -> Result<(), StoreError> {
        self.alive(self.inner.delete_pieces(content))
    }
    fn key(&self, digest: &Bytes32) -> Result<Option<KeyRecord>, StoreError> {
        self.alive(self.inner.key(digest))
    }
    fn key_points(&self, digest: &Bytes32) -> Result<Option<KeyPoints>, StoreError> {
        self.alive(self.inner.key_points(digest))
    }
    fn ciphertext(&self, handle: &Bytes32) -> Result<Option<CiphertextRecord>, StoreError> {
        self.alive(self.inner.ciphertext(handle))
    }
    fn words(&self, handle: &Bytes32) -> Result<Option<Vec<u8>>, StoreError> {
        self.alive(self.inner.words(handle))
    }
    fn program(&self, id: &Bytes32) -> Result<Option<String>, StoreError> {
        self.alive(self.inner.program(id))
    }
    fn job(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        self.alive(self.inner.job(id))
    }
    fn proof(&self, id: JobId) -> Result<Option<ProofRecord>, StoreError> {
        self.alive(self.inner.proof(id))
    }
    fn wires(
        &self,
        job: JobId,
        each: &mut dyn FnMut(u32, Vec<u8>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.alive(self.inner.wires(job, each))
    }
    fn idempotency(&self, key: &Bytes32) -> Result<Option<IdempotencyRecord>, StoreError> {
        self.alive(self.inner.idempotency(key))
    }
    fn jobs(
        &self,
        before: Option<JobPosition>,
        limit: usize,
        keep: &dyn Fn(&Job) -> bool,
    ) -> Result<Vec<Job>, StoreError> {
        self.alive(self.inner.jobs(before, limit, keep))
    }
    fn open_jobs(&self, chain: bool) -> Result<Vec<Job>, StoreError> {
        self.alive(self.inner.open_jobs(chain))
    }
}
