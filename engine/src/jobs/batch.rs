//! Circuits of one piece in one proof.
//!
//! The proof of a batch is on disk for all of its jobs at once; each of them then goes on by itself. Where there is no proof of
//! all of them together, or no transaction, each job is proved by itself, so that what is wrong with one fails no other.

use super::pieces::Pieces;
use super::proving::{proof_progress, proven};
use super::runner::{JobRunner, Patience, is_retryable};
use super::steps::Next;
use super::waiting::{Candidate, Invited, Membership, Outcome};
use crate::circuit::evaluation::circuit;
use crate::circuit::statement::circuits;
use crate::domain::{Job, JobId, JobState, ProofRecord};
use crate::error::EngineError;
use crate::prover::{ProofProgress, ProofStatement, ProofTask};
use crate::store::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{OwnedSemaphorePermit, watch};
use trine_verifier::bootstrapping::batch::Size;

/// Proofs of several jobs in which the prover was lost, until each goes by itself: one of them may be what it is lost of.
const MOST_LOST: u32 = 3;
/// Attempts at a proof of several jobs in all. They keep the worker from everybody else meanwhile, and a job by itself does not.
const MOST_TRIES: u32 = 8;

impl JobRunner {
    /// Has a circuit of one piece proved: by itself, or with others that wait for the worker.
    pub(super) async fn prove_whole_circuit(
        &self,
        job: &Job,
        pieces: &Pieces<'_>,
    ) -> Result<Next, EngineError> {
        let apart = self.waiting().is_apart(job.id);
        let stored = self.parts().store.proof(job.id)?;
        // Left by a process that died between the proof of a batch and the states of its jobs.
        if stored.is_some_and(|proof| !(apart && proof.is_of_batch())) {
            return Ok(proven(job, Vec::new()));
        }
        if apart {
            return self.prove_by_itself(job, pieces, self.worker().await?).await;
        }
        let mut place = self.waiting().enter(self.candidate(job)?);
        let worker = tokio::select! {
            biased;
            Some(membership) = place.invited() => return self.follow(job, membership).await,
            worker = self.worker() => worker?,
        };
        let parameters = circuits(&self.parts().setup)?.parameters;
        match self.waiting().take(job.id, self.most_jobs(), &parameters) {
            // Taken in the same moment.
            None => match place.invited().await {
                Some(membership) => {
                    drop(worker);
                    self.follow(job, membership).await
                }
                None => self.prove_by_itself(job, pieces, worker).await,
            },
            Some(invited) if invited.is_empty() => self.prove_by_itself(job, pieces, worker).await,
            Some(invited) => self.follow(job, self.lead(job, invited, worker)).await,
        }
    }

    async fn prove_by_itself(
        &self,
        job: &Job,
        pieces: &Pieces<'_>,
        _worker: OwnedSemaphorePermit,
    ) -> Result<Next, EngineError> {
        let proof = self.prove_with_worker(job, pieces, 0).await?;
        Ok(proven(job, vec![Write::Proof(job.id, proof)]))
    }

    /// The worker, for as long as the permit lives.
    async fn worker(&self) -> Result<OwnedSemaphorePermit, EngineError> {
        self.proofs().clone().acquire_owned().await.map_err(|e| EngineError::Task(e.to_string()))
    }

    fn candidate(&self, job: &Job) -> Result<Candidate, EngineError> {
        let work = job.work.circuit();
        let work = work.ok_or_else(|| EngineError::Task("a linear program in a batch".into()))?;
        Ok(Candidate {
            id: job.id,
            key_digest: job.key_digest,
            size: Size::of(&circuit(self.parts().store.as_ref(), work)?),
            inputs: job.inputs.clone(),
            outputs: job.outputs.iter().map(|output| output.handle).collect(),
        })
    }

    /// Begins a proof of several jobs, in a task of its own: no single job's end ends it.
    fn lead(&self, job: &Job, invited: Vec<Invited>, worker: OwnedSemaphorePermit) -> Membership {
        let ids: Vec<JobId> = std::iter::once(job.id).chain(invited.iter().map(|other| other.id)).collect();
        let (sender, outcome) = watch::channel(None);
        let runner = self.clone();
        let task = tokio::spawn(async move {
            let outcome = runner.batch_outcome(&ids).await;
            // The others' turn comes once the outcome is told.
            sender.send_replace(Some(outcome));
            drop(worker);
        });
        let membership = Membership::new(task.abort_handle(), outcome);
        for other in invited {
            // Not heard: cancelled meanwhile. The proof leaves such a job out, or covers it for nothing.
            let _ = other.invitation.send(membership.clone());
        }
        membership
    }

    /// Waits for the proof of several jobs.
    async fn follow(&self, job: &Job, membership: Membership) -> Result<Next, EngineError> {
        match membership.outcome().await {
            Outcome::Proven => {
                let stored = self.parts().store.proof(job.id)?;
                stored.ok_or_else(|| EngineError::not_found("proof of job", &job.id.0))?;
                Ok(proven(job, Vec::new()))
            }
            Outcome::Apart => {
                self.waiting().set_apart(job.id);
                let pieces = Pieces::of(self, job)?;
                self.prove_by_itself(job, &pieces, self.worker().await?).await
            }
        }
    }

    /// Proves jobs, again where the prover is gone for a while: what it keeps of a proof is of these jobs.
    async fn batch_outcome(&self, ids: &[JobId]) -> Outcome {
        let Patience { first: mut wait, most } = self.patience();
        let (mut lost, mut tries) = (0, 0);
        loop {
            let begun = AtomicBool::new(false);
            let error = match self.prove_batch(ids, &begun).await {
                Ok(()) => return Outcome::Proven,
                Err(error) => error,
            };
            lost += u32::from(begun.into_inner());
            tries += 1;
            if !is_retryable(&error) || lost == MOST_LOST || tries == MOST_TRIES {
                tracing::warn!(jobs = ids.len(), %error, "no proof of these jobs together: each by itself");
                return Outcome::Apart;
            }
            tracing::warn!(jobs = ids.len(), %error, ?wait, "the proof is tried again");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(most);
        }
    }

    /// Proves those of the jobs that still want it, and stores the proof for those that want it then. Tells whether the prover
    /// has begun.
    async fn prove_batch(&self, ids: &[JobId], begun: &AtomicBool) -> Result<(), EngineError> {
        let jobs = self.proving(ids)?;
        let Some(first) = jobs.first() else { return Ok(()) };
        tracing::info!(first = %first.id, jobs = jobs.len(), "jobs are proved together");
        self.hand_key_over(first).await?;
        let tasks = jobs.iter().map(|job| Pieces::of(self, job)?.task(0));
        let task = together(tasks.collect::<Result<_, EngineError>>()?)?;
        let tell = |p: ProofProgress| {
            begun.store(true, Ordering::Relaxed);
            jobs.iter().for_each(|job| self.tell(job, proof_progress(&p, 0, 1)));
        };
        let proof = self.checked_proof(task, &tell).await?;
        let covered: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
        let batch = if covered.len() > 1 { covered.clone() } else { Vec::new() };
        let proof = ProofRecord { batch, ..proof };
        let wanted = self.proving(&covered)?;
        let writes = wanted.iter().map(|job| Write::Proof(job.id, proof.clone()));
        Ok(self.parts().store.commit(writes.collect())?)
    }

    /// Those of the jobs that are being proved: of others the owner has cancelled the proof.
    fn proving(&self, ids: &[JobId]) -> Result<Vec<Job>, EngineError> {
        let jobs = ids.iter().map(|id| self.job(*id)).collect::<Result<Vec<_>, _>>()?;
        Ok(jobs.into_iter().filter(|job| job.state == JobState::Proving).collect())
    }
}

/// One task of several, which are each about a job under one key.
fn together(tasks: Vec<ProofTask>) -> Result<ProofTask, EngineError> {
    let mut tasks = tasks.into_iter();
    let mut all = tasks.next().ok_or_else(|| EngineError::Task("a proof of no job".into()))?;
    for task in tasks {
        let (ProofStatement::Circuit(all_stated), ProofStatement::Circuit(stated)) =
            (&mut all.statement, task.statement)
        else {
            return Err(EngineError::Task("a linear program in a batch".into()));
        };
        all_stated.jobs.extend(stated.jobs);
        all.jobs.extend(task.jobs);
        all.words.extend(task.words);
    }
    Ok(all)
}
