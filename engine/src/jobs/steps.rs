//! What is done in each state. Each step reads the store, works, and returns the next state with what it adds.

use super::announcements::{JobEvent, JobProgress};
use super::runner::JobRunner;
use crate::chain::{Chain, ChainError, Fulfilment, Inclusion};
use crate::circuit::{self, CircuitRefusal};
use crate::domain::job::OutputRef;
use crate::domain::{
    CiphertextRecord, CircuitWork, Job, JobState, KeyPoints, PendingTransaction, ProofRecord, Work,
};
use crate::error::EngineError;
use crate::evaluation::{self, StoredValue};
use crate::prover::{ProofProgress, ProofStatement, ProofTask, ProverError, ServerKey};
use crate::setup::Setup;
use crate::store::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use trine_program::LinearProgram;
use trine_verifier::Bytes32;
use trine_verifier::bootstrapping::KeyCommitments;

/// The next state and what comes with it, in one batch.
#[derive(Debug)]
pub struct Next {
    /// State.
    pub state: JobState,
    /// Changes beside the job.
    pub writes: Vec<Write>,
    /// New outputs.
    pub outputs: Option<Vec<OutputRef>>,
    /// New pending transaction.
    pub pending: Option<PendingTransaction>,
    /// Transaction that fulfilled the request.
    pub fulfil_tx: Option<Bytes32>,
}

impl Next {
    fn plain(state: JobState) -> Self {
        Self { state, writes: Vec::new(), outputs: None, pending: None, fulfil_tx: None }
    }
}

/// Tells a blocking task that nobody waits for it any more.
#[derive(Default)]
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl JobRunner {
    /// Does the work of the job's state.
    pub(super) async fn step(&self, job: &Job) -> Result<Next, EngineError> {
        match job.state {
            JobState::Accepted => Ok(Next::plain(JobState::Evaluating)),
            JobState::Evaluating => self.evaluate(job).await,
            JobState::Evaluated => Ok(Next::plain(JobState::Proving)),
            JobState::Proving => self.prove(job).await,
            JobState::Proven => self.prepare(job, self.chain(job)?).await,
            JobState::Submitting => self.submit(job, self.chain(job)?).await,
            JobState::Fulfilled | JobState::Failed | JobState::Cancelled => {
                Err(EngineError::Task(format!("a step after {}", job.state.name())))
            }
        }
    }

    fn chain(&self, job: &Job) -> Result<&dyn Chain, EngineError> {
        let missing = || EngineError::Task(format!("{} without a chain", job.state.name()));
        self.parts().chain.as_deref().ok_or_else(missing)
    }

    async fn evaluate(&self, job: &Job) -> Result<Next, EngineError> {
        let permit = self.evaluations().clone().acquire_owned().await;
        let (runner, task, stop) = (self.clone(), job.clone(), StopOnDrop::default());
        let stopped = stop.0.clone();
        let outputs = tokio::task::spawn_blocking(move || {
            // Held until the batch in hand is done, also when nobody waits for it any more.
            let _permit = permit;
            match &task.work {
                Work::Linear(id) => runner.evaluate_program(&task, id),
                Work::Circuit(work) | Work::RequestedCircuit(work) => {
                    runner.evaluate_circuit(&task, work, &stopped)
                }
            }
        })
        .await
        .map_err(|e| EngineError::Task(e.to_string()))??;
        let refs = outputs.iter().map(|(r, _)| OutputRef { handle: r.handle, words_digest: r.words_digest });
        Ok(Next {
            outputs: Some(refs.collect()),
            writes: outputs.into_iter().map(|(record, words)| Write::Ciphertext(record, words)).collect(),
            ..Next::plain(JobState::Evaluated)
        })
    }

    fn evaluate_program(&self, job: &Job, id: &Bytes32) -> Result<Vec<StoredValue>, EngineError> {
        let program = self.program(id)?;
        let input = |handle| Ok((self.record(handle)?, self.words(handle)?));
        let inputs = job.inputs.iter().map(input).collect::<Result<Vec<_>, EngineError>>()?;
        evaluation::evaluate(&self.parts().setup, job, &program, &inputs)
    }

    fn evaluate_circuit(
        &self,
        job: &Job,
        work: &CircuitWork,
        stop: &AtomicBool,
    ) -> Result<Vec<StoredValue>, EngineError> {
        let tell = |bootstrappings_done: u32, bootstrappings: u32| {
            let permille = 1000 * u64::from(bootstrappings_done) / u64::from(bootstrappings.max(1));
            let progress = JobProgress {
                step: "bootstrapping".into(),
                permille: permille as u32,
                bootstrappings_done,
                bootstrappings,
            };
            self.announcements().tell(job.id, JobEvent::Progress(progress));
        };
        circuit::evaluation::evaluate(self.parts(), self.keys(), job, work, stop, &tell)
    }

    async fn prove(&self, job: &Job) -> Result<Next, EngineError> {
        let _permit = self.proofs().acquire().await;
        if job.work.circuit().is_some() {
            self.hand_key_over(job).await?;
        }
        let (statement, inputs, outputs) = self.statement(job)?;
        let handles = inputs.iter().chain(&outputs).map(|r| r.handle);
        let words = handles.map(|h| self.words(&h)).collect::<Result<Vec<_>, _>>()?;
        let task = ProofTask { statement: statement.clone(), inputs, outputs: outputs.clone(), words };
        let tell = |p: ProofProgress| {
            let progress =
                JobProgress { step: p.step, permille: p.permille, bootstrappings_done: 0, bootstrappings: 0 };
            self.announcements().tell(job.id, JobEvent::Progress(progress));
        };
        let proof = self.parts().prover.prove(task, &tell).await?;
        let setup = self.parts().setup.clone();
        let proof =
            tokio::task::spawn_blocking(move || check_proof(&setup, &statement, &proof).map(|()| proof))
                .await
                .map_err(|e| EngineError::Task(e.to_string()))??;
        let mut writes = vec![Write::Proof(job.id, proof)];
        writes.extend(outputs.iter().map(|r| Write::MarkProven(r.handle)));
        Ok(Next { writes, ..Next::plain(JobState::Proven) })
    }

    /// Makes sure that the prover holds the job's key set, and keeps its commitments: statements name them.
    async fn hand_key_over(&self, job: &Job) -> Result<(), EngineError> {
        let parts = self.parts();
        let record = parts.store.key(&job.key_digest)?;
        let record = record.ok_or_else(|| EngineError::not_found("key", &job.key_digest))?;
        let key = ServerKey { key_digest: job.key_digest, record, store: parts.store.clone() };
        let points = parts.prover.key_points(&key).await?;
        let parameters = circuit::statement::circuits(&parts.setup)?.parameters;
        let commitments = KeyCommitments::from_xy(&parameters, &points).map_err(CircuitRefusal::from)?;
        let (got, expected) = (commitments.digest(&parameters), job.key_digest);
        if got != expected {
            let (got, expected) = (hex::encode(got), hex::encode(expected));
            return Err(ProverError::Answer(format!("points of the key {got}, asked for {expected}")).into());
        }
        Ok(parts.store.commit(vec![Write::KeyPoints(job.key_digest, KeyPoints(points))])?)
    }

    /// Signs the transaction. It is stored with the state, and only then sent.
    async fn prepare(&self, job: &Job, chain: &dyn Chain) -> Result<Next, EngineError> {
        if chain.request(&job.request_id).await?.fulfilled {
            return self.fulfilled(job, chain).await;
        }
        let (statement, inputs, outputs) = self.statement(job)?;
        let proof = self.parts().store.proof(job.id)?;
        let proof = proof.ok_or_else(|| EngineError::not_found("proof of job", &job.id.0))?;
        let fulfilment = Fulfilment {
            request_id: job.request_id,
            key_points: statement.keys().map(KeyCommitments::to_xy),
            input_points: inputs.iter().map(|r| r.commitment).collect(),
            output_points: outputs.iter().map(|r| r.commitment).collect(),
            proof: proof.wrapped,
        };
        match chain.sign(&fulfilment).await {
            Ok(pending) => Ok(Next { pending: Some(pending), ..Next::plain(JobState::Submitting) }),
            Err(ChainError::AlreadyFulfilled { .. }) => self.fulfilled(job, chain).await,
            Err(error) => Err(error.into()),
        }
    }

    async fn submit(&self, job: &Job, chain: &dyn Chain) -> Result<Next, EngineError> {
        let pending = job.pending.as_ref();
        let pending = pending.ok_or_else(|| EngineError::Task("SUBMITTING without a transaction".into()))?;
        match chain.send(pending).await? {
            Inclusion::Succeeded => {
                Ok(Next { fulfil_tx: Some(pending.hash), ..Next::plain(JobState::Fulfilled) })
            }
            Inclusion::Superseded => self.prepare(job, chain).await,
            Inclusion::Reverted if chain.request(&job.request_id).await?.fulfilled => {
                self.fulfilled(job, chain).await
            }
            Inclusion::Reverted => {
                let hash = hex::encode(pending.hash);
                Err(ChainError::Reverted(format!("a failure of transaction {hash}")).into())
            }
        }
    }

    /// The contract holds the outputs, whoever sent them: they are a function of program and inputs.
    async fn fulfilled(&self, job: &Job, chain: &dyn Chain) -> Result<Next, EngineError> {
        match chain.fulfilment(&job.request_id).await? {
            Some(tx) => Ok(Next { fulfil_tx: Some(tx), ..Next::plain(JobState::Fulfilled) }),
            // A node may show the state before the event.
            None => {
                Err(ChainError::Unavailable("the request is fulfilled, its event is not there yet".into())
                    .into())
            }
        }
    }

    /// What a proof of the job states, with the records of inputs and outputs.
    pub fn statement(
        &self,
        job: &Job,
    ) -> Result<(ProofStatement, Vec<CiphertextRecord>, Vec<CiphertextRecord>), EngineError> {
        let inputs = job.inputs.iter().map(|h| self.record(h)).collect::<Result<Vec<_>, _>>()?;
        let outputs = job.outputs.iter().map(|o| self.record(&o.handle)).collect::<Result<Vec<_>, _>>()?;
        let setup = &self.parts().setup;
        let statement = match job.work.circuit() {
            None => {
                let program = self.program(job.work.program_id())?;
                let statement = evaluation::statement(setup, job, program, &inputs, &outputs)?;
                ProofStatement::Linear(statement)
            }
            Some(work) => {
                let circuit = circuit::evaluation::circuit(self.parts().store.as_ref(), work)?;
                let keys = self.keys_of(job)?;
                let statement =
                    circuit::statement::circuit_statement(setup, job, circuit, keys, &inputs, &outputs)?;
                ProofStatement::Circuit(statement)
            }
        };
        Ok((statement, inputs, outputs))
    }

    /// Stored commitments of the job's key set.
    fn keys_of(&self, job: &Job) -> Result<KeyCommitments, EngineError> {
        let parts = self.parts();
        let parameters = circuit::statement::circuits(&parts.setup)?.parameters;
        let points = parts.store.key_points(&job.key_digest)?;
        let KeyPoints(points) =
            points.ok_or_else(|| EngineError::not_found("commitments of key", &job.key_digest))?;
        Ok(KeyCommitments::from_xy(&parameters, &points).map_err(CircuitRefusal::from)?)
    }

    /// A stored program.
    pub fn program(&self, id: &Bytes32) -> Result<LinearProgram, EngineError> {
        let text = self.parts().store.program(id)?;
        let text = text.ok_or_else(|| EngineError::not_found("program", id))?;
        Ok(LinearProgram::from_text(text.as_bytes())?)
    }

    fn record(&self, handle: &Bytes32) -> Result<CiphertextRecord, EngineError> {
        let record = self.parts().store.ciphertext(handle)?;
        record.ok_or_else(|| EngineError::not_found("ciphertext", handle))
    }

    fn words(&self, handle: &Bytes32) -> Result<Vec<u8>, EngineError> {
        let words = self.parts().store.words(handle)?;
        words.ok_or_else(|| EngineError::not_found("words of ciphertext", handle))
    }
}

/// Verifies what a prover made before it is stored.
fn check_proof(setup: &Setup, statement: &ProofStatement, proof: &ProofRecord) -> Result<(), EngineError> {
    match statement {
        ProofStatement::Linear(statement) => evaluation::check_proof(setup, statement, proof),
        ProofStatement::Circuit(statement) => {
            circuit::statement::check_circuit_proof(setup, statement, proof)
        }
    }
}
