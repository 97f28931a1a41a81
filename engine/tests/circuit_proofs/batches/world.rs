//! Engines whose jobs wait for the prover at the same time, and what their receipts say.

use crate::doubles::{Conduct, FakeChain, FakeProver};
use crate::fixture::{ALICE, Client, Engine, open, watch};
use crate::several::{LARGE, PARAMETERS, facts, id, key_points, prove, requests, setup, stored};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tempfile::TempDir;
use trine_engine::prover::ProofStatement;
use trine_engine::service::limits::Limits;
use trine_engine::store::Store;
use trine_proto::engine::v1 as pb;
use trine_proto::prover::v1 as prover;
use trine_prover::service::circuits::statement::statement;
use trine_verifier::Bytes32;
use trine_verifier::bootstrapping::batch::MAX_JOBS;
use trine_verifier::bootstrapping::statement::PublicInputs;
use trine_verifier::bootstrapping::{Batch, CircuitProof, Rejection, Statement, verify};

/// The job that the prover is busy with while the others come.
pub const BLOCKER: usize = 0;

/// What outlives the process.
pub struct World {
    pub folder: TempDir,
    pub chain: Arc<FakeChain>,
    pub prover: Arc<FakeProver>,
}

/// An engine whose jobs wait for the prover.
pub struct Waiting {
    pub engine: Engine,
    pub alice: Client,
}

pub async fn until(holds: impl Fn() -> bool) {
    let waited = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waited).await.expect("it comes to that");
}

impl World {
    pub fn new() -> Self {
        let (chain, prover) = (Arc::new(FakeChain::default()), Arc::new(FakeProver::new(setup())));
        *prover.make_proof.lock().unwrap() = Some(prove);
        *prover.own_key_points.lock().unwrap() = key_points();
        for index in 0..=LARGE {
            chain.add(requests(&[index])[0], facts(index));
        }
        Self { folder: tempfile::tempdir().unwrap(), chain, prover }
    }

    pub async fn engine(&self, store: Arc<dyn Store>, most_jobs: usize) -> Engine {
        let (chain, prover) = (Some(self.chain.clone()), self.prover.clone());
        Engine::start_batching(setup(), store, chain, prover, Limits::default(), most_jobs).await
    }

    /// These jobs wait, in this order; conduct of the prover once it is free.
    pub async fn waiting(&self, jobs: &[usize], then: &[Conduct]) -> Waiting {
        self.waiting_on(open(self.folder.path()), jobs, then, MAX_JOBS).await
    }

    pub async fn waiting_on(
        &self,
        store: Arc<dyn Store>,
        jobs: &[usize],
        then: &[Conduct],
        most_jobs: usize,
    ) -> Waiting {
        self.prover.behave(&[[Conduct::Hangs].as_slice(), then].concat());
        let engine = self.engine(store, most_jobs).await;
        start(&engine, BLOCKER);
        until(|| self.is_held(1)).await;
        for (before, job) in jobs.iter().enumerate() {
            start(&engine, *job);
            until(|| engine.runner.waiting_jobs() == before + 1).await;
        }
        let alice = engine.client(ALICE).await;
        Waiting { engine, alice }
    }

    /// Whether the prover holds on to the task of this number.
    pub fn is_held(&self, tasks: usize) -> bool {
        self.stated().len() == tasks && self.prover.hanging.load(Ordering::SeqCst)
    }

    /// Requests of the jobs of each task.
    pub fn stated(&self) -> Vec<Vec<Bytes32>> {
        let tasks = self.prover.tasks.lock().unwrap();
        let requests = tasks.iter().map(|task| {
            let ProofStatement::Circuit(stated) = &task.statement else { panic!("{:?}", task.statement) };
            stated.jobs.iter().map(|job| job.request_id).collect()
        });
        requests.collect()
    }

    /// Jobs of each task after the blocker's.
    pub fn assert_stated(&self, jobs: &[&[usize]]) {
        let [mut expected, mut stated] = [jobs.iter().map(|jobs| requests(jobs)).collect(), self.stated()];
        assert_eq!(stated.remove(0), requests(&[BLOCKER]));
        assert_eq!(stated[0], expected[0]);
        // Those that follow come in no order.
        [&mut expected, &mut stated].into_iter().for_each(|list: &mut Vec<_>| list.sort());
        assert_eq!(stated, expected);
    }
}

pub fn start(engine: &Engine, index: usize) {
    let (job, writes) = stored(index);
    engine.runner.start(job, writes).unwrap();
}

impl Waiting {
    /// The prover is free: the first of the waiting jobs has it.
    pub async fn free(&mut self) {
        assert_eq!(self.cancelled(BLOCKER).await.state(), pb::JobState::Cancelled);
    }

    pub async fn cancelled(&mut self, index: usize) -> pb::Job {
        let idempotency_key = format!("cancel {index}").into_bytes();
        let request = pb::CancelJobRequest { idempotency_key, job_id: id(index).0.to_vec() };
        self.alice.cancel_job(request).await.unwrap().into_inner().job.unwrap()
    }

    pub async fn ended(&mut self, index: usize) -> pb::Job {
        watch(&mut self.alice, &id(index).0).await.1
    }

    /// The transactions of jobs that are fulfilled.
    pub async fn fulfilled(&mut self, jobs: &[usize]) -> Vec<Vec<u8>> {
        let mut transactions = Vec::new();
        for index in jobs {
            let job = self.ended(*index).await;
            assert_eq!(job.state(), pb::JobState::Fulfilled, "job {index}: {:?}", job.failure);
            assert!(job.outputs.iter().all(|output| output.proven), "job {index}");
            transactions.push(job.fulfil_tx);
        }
        transactions
    }

    pub async fn failure(&mut self, index: usize) -> pb::JobFailure {
        let job = self.ended(index).await;
        assert_eq!(job.state(), pb::JobState::Failed, "job {index}");
        job.failure.unwrap()
    }

    pub async fn receipt(&mut self, index: usize) -> Result<pb::Receipt, tonic::Status> {
        let request = pb::GetReceiptRequest { job_id: id(index).0.to_vec() };
        Ok(self.alice.get_receipt(request).await?.into_inner().receipt.unwrap())
    }

    /// Each receipt verifies, and its proof covers so many jobs.
    pub async fn assert_receipts(&mut self, jobs: &[usize], covered: usize) {
        for index in jobs {
            let receipt = self.receipt(*index).await.unwrap();
            let (stated, verdict) = verified(&receipt, 0);
            verdict.unwrap_or_else(|e| panic!("job {index}: {e}"));
            assert_eq!(stated.jobs.len(), covered, "job {index}");
        }
    }
}

/// What a receipt states, from its bytes alone, with the job moved by so many places; and whether its proof is of that.
pub fn verified(receipt: &pb::Receipt, moved: usize) -> (Statement, Result<PublicInputs, Rejection>) {
    let message = receipt.statement.clone().unwrap();
    let proof = receipt.proof.clone().unwrap();
    let own = statement(&message, &PARAMETERS).unwrap();
    let [job] = &own.jobs[..] else { panic!("the statement is of the job alone") };
    let batch = proof.batch.unwrap_or_default();
    let other = |other: prover::CoveredJob| {
        let message = prover::Statement {
            request_id: other.request_id,
            salt: other.salt,
            program_text: other.program_text,
            inputs: other.inputs,
            outputs: other.outputs,
            segment: other.segment,
            ..message.clone()
        };
        statement(&message, &PARAMETERS).unwrap().jobs.remove(0)
    };
    let others: Vec<_> = batch.others.into_iter().map(other).collect();
    let place = (batch.place as usize + moved) % (others.len() + 1);
    let stated = Batch { place, others }.statement(own.domain, own.keys.clone(), job.clone()).unwrap();
    let shape = stated.inputs(&PARAMETERS).unwrap().shape;
    let inner = CircuitProof::from_bytes(&shape, &proof.inner).unwrap();
    let verdict = verify(&PARAMETERS, setup().commitment_key.verifier(), &stated, &inner);
    (stated, verdict)
}
