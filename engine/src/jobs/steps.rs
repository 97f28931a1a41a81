//! What is done in each state. Each step reads the store, works, and returns the next state with what it adds.

use super::announcements::JobProgress;
use super::runner::JobRunner;
use crate::chain::Chain;
use crate::circuit;
use crate::domain::job::OutputRef;
use crate::domain::{CircuitWork, Job, JobState, PendingTransaction, Work};
use crate::error::EngineError;
use crate::evaluation::{self, Evaluated};
use crate::store::{LinkPlace, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use trine_verifier::Bytes32;

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
    pub(super) fn plain(state: JobState) -> Self {
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
        let evaluated = tokio::task::spawn_blocking(move || {
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
        let Evaluated { outputs, links } = evaluated;
        let refs = outputs.iter().map(|(r, _)| OutputRef { handle: r.handle, words_digest: r.words_digest });
        let refs = refs.collect();
        let mut writes: Vec<Write> =
            outputs.into_iter().map(|(record, words)| Write::Ciphertext(record, words)).collect();
        for (segment, links) in (0u32..).zip(links) {
            writes.extend((0u8..).zip(links).map(|(output, (record, words))| {
                Write::Link(LinkPlace { job: job.id, segment, output }, record, words)
            }));
        }
        Ok(Next { outputs: Some(refs), writes, ..Next::plain(JobState::Evaluated) })
    }

    fn evaluate_program(&self, job: &Job, id: &Bytes32) -> Result<Evaluated, EngineError> {
        let program = self.program(id)?;
        let input = |handle| Ok((self.record(handle)?, self.words(handle)?));
        let inputs = job.inputs.iter().map(input).collect::<Result<Vec<_>, EngineError>>()?;
        let outputs = evaluation::evaluate(&self.parts().setup, job, &program, &inputs)?;
        Ok(Evaluated { outputs, links: Vec::new() })
    }

    fn evaluate_circuit(
        &self,
        job: &Job,
        work: &CircuitWork,
        stop: &AtomicBool,
    ) -> Result<Evaluated, EngineError> {
        let tell = |bootstrappings_done: u32, bootstrappings: u32| {
            let permille = 1000 * u64::from(bootstrappings_done) / u64::from(bootstrappings.max(1));
            let (step, permille) = ("bootstrapping".into(), permille as u32);
            self.tell(job, JobProgress { step, permille, bootstrappings_done, bootstrappings });
        };
        circuit::evaluation::evaluate(self.parts(), self.keys(), job, work, stop, &tell)
    }
}
