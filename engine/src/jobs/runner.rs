//! The task of a job: step, persist, announce; retry, failure, cancellation, resumption.

use super::announcements::{Announcements, JobEvent};
use super::steps::Next;
use super::waiting::Waiting;
use crate::chain::Chain;
use crate::circuit::KeyCache;
use crate::domain::{Job, JobFailure, JobId, JobState};
use crate::error::EngineError;
use crate::prover::Prover;
use crate::setup::Setup;
use crate::store::{Store, StoreError, Write};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;

/// What jobs are run with.
pub struct Parts {
    /// Store.
    pub store: Arc<dyn Store>,
    /// Constants.
    pub setup: Arc<Setup>,
    /// Chain; without one jobs end at `Proven`.
    pub chain: Option<Arc<dyn Chain>>,
    /// Prover.
    pub prover: Arc<dyn Prover>,
}

/// How long a job waits before it tries a step again that a missing service stopped.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// First wait.
    pub first: Duration,
    /// Longest wait; each is twice the one before.
    pub most: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { first: Duration::from_millis(250), most: Duration::from_secs(10) }
    }
}

/// Runs jobs. Clones share everything.
#[derive(Clone)]
pub struct JobRunner(Arc<Inner>);

struct Inner {
    parts: Parts,
    patience: Patience,
    announcements: Announcements,
    /// One evaluation at a time: it uses all cores.
    evaluations: Arc<Semaphore>,
    /// Evaluation key of the last circuit.
    keys: KeyCache,
    /// One proof at a time, as the worker takes them.
    proofs: Arc<Semaphore>,
    /// Circuits of one piece that wait for it.
    waiting: Waiting,
    /// Most jobs of one proof.
    most_jobs: usize,
    /// One transaction between signing and inclusion, so that nonces follow each other.
    transactions: Semaphore,
    /// Wakes the task of a job whose owner cancels it.
    cancellations: Mutex<HashMap<JobId, Arc<Notify>>>,
    tasks: Mutex<JoinSet<()>>,
}

impl JobRunner {
    /// Runs nothing yet. Of jobs that wait for the worker at most `most_jobs` share a proof; with 1 each has its own.
    pub fn new(parts: Parts, patience: Patience, most_jobs: usize) -> Self {
        Self(Arc::new(Inner {
            parts,
            patience,
            announcements: Announcements::default(),
            evaluations: Arc::new(Semaphore::new(1)),
            keys: KeyCache::default(),
            proofs: Arc::new(Semaphore::new(1)),
            waiting: Waiting::default(),
            most_jobs,
            transactions: Semaphore::new(1),
            cancellations: Mutex::default(),
            tasks: Mutex::new(JoinSet::new()),
        }))
    }

    /// What jobs are run with.
    pub fn parts(&self) -> &Parts {
        &self.0.parts
    }

    /// Who is told.
    pub fn announcements(&self) -> &Announcements {
        &self.0.announcements
    }

    pub(super) fn evaluations(&self) -> &Arc<Semaphore> {
        &self.0.evaluations
    }

    pub(super) fn keys(&self) -> &KeyCache {
        &self.0.keys
    }

    pub(super) fn proofs(&self) -> &Arc<Semaphore> {
        &self.0.proofs
    }

    pub(super) fn waiting(&self) -> &Waiting {
        &self.0.waiting
    }

    pub(super) fn patience(&self) -> Patience {
        self.0.patience
    }

    pub(super) fn most_jobs(&self) -> usize {
        self.0.most_jobs
    }

    /// Number of circuits that wait for the worker and may share a proof.
    pub fn waiting_jobs(&self) -> usize {
        self.waiting().count()
    }

    /// Whether a job has ended on this engine.
    pub fn is_final(&self, job: &Job) -> bool {
        job.is_final(self.parts().chain.is_some())
    }

    /// Starts every job that a stopped process left open; returns their number. Called once, before anything is
    /// submitted.
    pub fn resume(&self) -> Result<usize, StoreError> {
        let open = self.parts().store.open_jobs(self.parts().chain.is_some())?;
        for job in &open {
            tracing::info!(job = %job.id, state = job.state.name(), "job resumes");
            self.spawn(job.id);
        }
        Ok(open.len())
    }

    /// Stores a new job with `writes` and starts it. It is on disk when this returns.
    pub fn start(&self, job: Job, mut writes: Vec<Write>) -> Result<(), StoreError> {
        let id = job.id;
        writes.push(Write::Job(job.clone()));
        self.persist(job, writes)?;
        self.spawn(id);
        Ok(())
    }

    /// Ends a job whose outputs have not left for the chain. `answer` makes what is stored with it.
    pub fn cancel(
        &self,
        id: JobId,
        answer: impl Fn(&Job) -> Result<Vec<Write>, EngineError>,
    ) -> Result<Job, EngineError> {
        loop {
            let job = self.job(id)?;
            if !job.is_cancellable() {
                return Err(EngineError::NotCancellable { job: id.to_string(), state: job.state.name() });
            }
            let next = job.advance(JobState::Cancelled, now_ms())?;
            let mut writes = answer(&next)?;
            writes.push(Write::Job(next.clone()));
            match self.persist(next.clone(), writes) {
                Ok(()) => {
                    if let Some(task) = self.cancellations().get(&id) {
                        task.notify_one();
                    }
                    return Ok(next);
                }
                // The job went on in between: look again.
                Err(StoreError::Revision { .. }) => continue,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Stops all tasks where they are; their states are on disk.
    pub async fn stop(&self) {
        let mut tasks = {
            let mut tasks = self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *tasks)
        };
        tasks.shutdown().await;
    }

    /// A stored job.
    pub fn job(&self, id: JobId) -> Result<Job, EngineError> {
        self.parts().store.job(id)?.ok_or_else(|| EngineError::not_found("job", &id.0))
    }

    fn cancellations(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, Arc<Notify>>> {
        self.0.cancellations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Persists a state, then announces it.
    fn persist(&self, job: Job, writes: Vec<Write>) -> Result<(), StoreError> {
        self.parts().store.commit(writes)?;
        hold(job.state);
        tracing::info!(job = %job.id, state = job.state.name(), revision = job.revision, "job state");
        self.announcements().tell(job.id, JobEvent::State(Box::new(job)));
        Ok(())
    }

    fn spawn(&self, id: JobId) {
        let runner = self.clone();
        let cancelled = self.cancellations().entry(id).or_default().clone();
        let mut tasks = self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move {
            tokio::select! {
                result = runner.run(id) => {
                    if let Err(error) = result {
                        tracing::error!(job = %id, %error, "job stops: its state stays on disk");
                    }
                }
                () = cancelled.notified() => tracing::info!(job = %id, "job cancelled"),
            }
            runner.cancellations().remove(&id);
            runner.waiting().forget(id);
        });
    }

    async fn run(&self, id: JobId) -> Result<(), EngineError> {
        let mut wait = self.0.patience.first;
        // Held from signing to inclusion.
        let mut transaction = None;
        loop {
            let job = self.job(id)?;
            if self.is_final(&job) {
                return Ok(());
            }
            if !matches!(job.state, JobState::Proven | JobState::Submitting) {
                transaction = None;
            } else if transaction.is_none() {
                transaction = self.0.transactions.acquire().await.ok();
            }
            let next = match self.step(&job).await {
                Ok(next) => next,
                Err(error) if is_retryable(&error) => {
                    tracing::warn!(job = %id, state = job.state.name(), %error, ?wait, "step is tried again");
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(self.0.patience.most);
                    continue;
                }
                // Cancelled between two batches.
                Err(EngineError::Store(StoreError::NotEvaluating { .. })) => continue,
                Err(error) => {
                    tracing::error!(job = %id, state = job.state.name(), %error, "job fails");
                    self.fail(&job, &error)?;
                    return Ok(());
                }
            };
            wait = self.0.patience.first;
            match self.advance(&job, next) {
                Ok(()) => {}
                // Cancelled meanwhile: the state on disk decides.
                Err(EngineError::Store(StoreError::Revision { .. })) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn advance(&self, job: &Job, next: Next) -> Result<(), EngineError> {
        let mut new = job.advance(next.state, now_ms())?;
        new.outputs = next.outputs.unwrap_or(new.outputs);
        new.pending = next.pending.or(new.pending);
        new.fulfil_tx = next.fulfil_tx.or(new.fulfil_tx);
        let mut writes = next.writes;
        writes.push(Write::Job(new.clone()));
        Ok(self.persist(new, writes)?)
    }

    fn fail(&self, job: &Job, error: &EngineError) -> Result<(), EngineError> {
        let mut failed = job.advance(JobState::Failed, now_ms())?;
        let (name, _) = error.class();
        failed.failure = Some(JobFailure { name: name.into(), message: error.to_string(), state: job.state });
        match self.persist(failed.clone(), vec![Write::Job(failed)]) {
            Err(StoreError::Revision { .. }) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether the same step may succeed later.
pub(super) fn is_retryable(error: &EngineError) -> bool {
    match error {
        EngineError::Prover(e) => e.is_retryable(),
        EngineError::Chain(e) => e.is_retryable(),
        _ => false,
    }
}

/// The failpoint of a state. One that pauses must stop this task and nothing else: a worker thread that blocks takes the
/// runtime's reactor with it.
#[cfg(feature = "failpoints")]
fn hold(state: JobState) {
    use tokio::runtime::{Handle, RuntimeFlavor};
    let reach = || fail::fail_point!(state.failpoint());
    match Handle::try_current().map(|h| h.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(reach),
        _ => reach(),
    }
}

#[cfg(not(feature = "failpoints"))]
fn hold(_: JobState) {}

/// Milliseconds since 1970; 0 on a clock before that.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
