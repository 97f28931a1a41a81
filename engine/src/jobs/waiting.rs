//! Jobs that wait for the worker, and invitations to a proof of several.
//!
//! Nobody waits for company: whoever is given the worker takes its own job, and with it those that wait at that moment, are under
//! the same key and fit. The others' tasks then wait for that proof in place of the worker.

use crate::domain::JobId;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{oneshot, watch};
use tokio::task::AbortHandle;
use trine_verifier::Bytes32;
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::bootstrapping::batch::Size;

/// What of a job decides whether a proof covers it beside others.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The job.
    pub id: JobId,
    /// Its key set.
    pub key_digest: Bytes32,
    /// How much of a proof it takes.
    pub size: Size,
    /// Its inputs.
    pub inputs: Vec<Bytes32>,
    /// Its outputs.
    pub outputs: Vec<Bytes32>,
}

impl Candidate {
    /// Whether one statement can name both: no output is an input or output of the other.
    fn agrees_with(&self, other: &Self) -> bool {
        let names = |of: &Self, handle| of.inputs.contains(handle) || of.outputs.contains(handle);
        self.key_digest == other.key_digest
            && !self.outputs.iter().any(|handle| names(other, handle))
            && !other.outputs.iter().any(|handle| names(self, handle))
    }
}

/// What became of a proof of several jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The proof is stored for every job.
    Proven,
    /// There is none: each job is proved by itself, so that only what is wrong fails.
    Apart,
}

/// The proof of several jobs, which goes on as long as one of them waits for it.
#[derive(Clone)]
pub struct Membership {
    outcome: watch::Receiver<Option<Outcome>>,
    _running: Arc<Running>,
}

/// Stops the proof with the last member.
struct Running(AbortHandle);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Membership {
    /// Of a task that tells the outcome.
    pub fn new(task: AbortHandle, outcome: watch::Receiver<Option<Outcome>>) -> Self {
        Self { outcome, _running: Arc::new(Running(task)) }
    }

    /// What became of it. A task that ended without a word leaves its jobs to themselves.
    pub async fn outcome(mut self) -> Outcome {
        match self.outcome.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.unwrap_or(Outcome::Apart),
            Err(_) => Outcome::Apart,
        }
    }
}

/// A job that is taken into a proof, and how it is told.
pub struct Invited {
    /// The job.
    pub id: JobId,
    /// Gone where the job was cancelled meanwhile.
    pub invitation: oneshot::Sender<Membership>,
}

/// Jobs in the order of their arrival.
#[derive(Default)]
pub struct Waiting(Mutex<Jobs>);

#[derive(Default)]
struct Jobs {
    list: Vec<(Candidate, oneshot::Sender<Membership>)>,
    /// Jobs that go by themselves, because a batch with them was refused.
    apart: HashSet<JobId>,
}

/// A job's place in the list, which it leaves with it.
pub struct Place<'a> {
    waiting: &'a Waiting,
    id: JobId,
    invitation: Option<oneshot::Receiver<Membership>>,
}

impl Place<'_> {
    /// Ends when another takes the job along; `None` where that one was gone before a word.
    pub async fn invited(&mut self) -> Option<Membership> {
        let membership = self.invitation.as_mut()?.await.ok();
        self.invitation = None;
        membership
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.waiting.jobs().list.retain(|(candidate, _)| candidate.id != self.id);
    }
}

impl Waiting {
    /// A job waits from now on.
    pub fn enter(&self, candidate: Candidate) -> Place<'_> {
        let (sender, invitation) = oneshot::channel();
        let id = candidate.id;
        self.jobs().list.push((candidate, sender));
        Place { waiting: self, id, invitation: Some(invitation) }
    }

    /// Takes a job out of the list and, in the order of their arrival, those that fit beside it, at most `most` together.
    /// `None`: the job itself was taken before.
    pub fn take(&self, id: JobId, most: usize, parameters: &Parameters) -> Option<Vec<Invited>> {
        let mut jobs = self.jobs();
        let own = jobs.list.iter().position(|(candidate, _)| candidate.id == id)?;
        let (own, _) = jobs.list.remove(own);
        let (mut size, mut taken) = (own.size, vec![own]);
        let (mut invited, mut left) = (Vec::new(), Vec::new());
        for (candidate, invitation) in std::mem::take(&mut jobs.list) {
            let together = size.and(&candidate.size);
            let fits = taken.len() < most && together.fits(parameters);
            if fits && taken.iter().all(|other| candidate.agrees_with(other)) {
                invited.push(Invited { id: candidate.id, invitation });
                size = together;
                taken.push(candidate);
            } else {
                left.push((candidate, invitation));
            }
        }
        jobs.list = left;
        Some(invited)
    }

    /// Number of jobs.
    pub fn count(&self) -> usize {
        self.jobs().list.len()
    }

    /// From now on a job goes by itself.
    pub fn set_apart(&self, id: JobId) {
        self.jobs().apart.insert(id);
    }

    /// Whether it does.
    pub fn is_apart(&self, id: JobId) -> bool {
        self.jobs().apart.contains(&id)
    }

    /// A job has ended.
    pub fn forget(&self, id: JobId) {
        self.jobs().apart.remove(&id);
    }

    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETERS: Parameters = Parameters::PRODUCTION;

    fn candidate(id: u8, key: u8, bootstrappings: usize) -> Candidate {
        let size = Size { jobs: 1, bootstrappings, inputs: 1, outputs: 1, output_blocks: 1 };
        let (inputs, outputs) = (vec![[id; 32]], vec![[0x80 | id; 32]]);
        Candidate { id: JobId([id; 16]), key_digest: [key; 32], size, inputs, outputs }
    }

    fn taken(waiting: &Waiting, id: u8, most: usize) -> Vec<u8> {
        let invited = waiting.take(JobId([id; 16]), most, &PARAMETERS).unwrap();
        invited.iter().map(|job| job.id.0[0]).collect()
    }

    #[test]
    fn jobs_under_one_key_are_taken_in_the_order_of_their_arrival_as_far_as_they_fit() {
        let waiting = Waiting::default();
        let jobs = [(1, 7, 6), (2, 7, 6), (3, 8, 1), (4, 7, 5), (5, 7, 4), (6, 7, 1)];
        let _places: Vec<_> = jobs.map(|(id, key, b)| waiting.enter(candidate(id, key, b))).into();
        // 6 and 6 and 4 are 16: 5 is too much and 1 more is.
        assert_eq!(taken(&waiting, 1, 16), [2, 5]);
        assert!(waiting.take(JobId([2; 16]), 16, &PARAMETERS).is_none(), "taken before");
        assert_eq!(taken(&waiting, 3, 16), [0; 0], "nobody else is under its key");
        assert_eq!(taken(&waiting, 6, 1), [0; 0], "one job to a proof");
        assert_eq!(taken(&waiting, 4, 16), [0; 0], "the list is empty");
    }

    #[test]
    fn one_statement_names_no_handle_twice() {
        let waiting = Waiting::default();
        let reads_first = Candidate { inputs: vec![[0x81; 32]], ..candidate(2, 7, 1) };
        let same_outputs = Candidate { outputs: vec![[0x81; 32]], ..candidate(3, 7, 1) };
        let same_inputs = Candidate { inputs: vec![[1; 32]], ..candidate(4, 7, 1) };
        let jobs = [candidate(1, 7, 1), reads_first, same_outputs, same_inputs];
        let _places: Vec<_> = jobs.map(|job| waiting.enter(job)).into();
        assert_eq!(taken(&waiting, 1, 16), [4], "inputs may be shared");
        assert_eq!(taken(&waiting, 2, 16), [0; 0], "an output of the third is an input of the second");
    }

    #[test]
    fn who_leaves_the_list_is_not_taken() {
        let waiting = Waiting::default();
        let _first = waiting.enter(candidate(1, 7, 1));
        drop(waiting.enter(candidate(2, 7, 1)));
        assert_eq!(taken(&waiting, 1, 16), [0; 0]);
    }

    #[tokio::test]
    async fn a_proof_goes_on_until_its_last_member_is_gone() {
        let (sender, outcome) = watch::channel(None);
        let task = tokio::spawn(async move {
            std::future::pending::<()>().await;
            drop(sender);
        });
        let first = Membership::new(task.abort_handle(), outcome);
        let second = first.clone();
        drop(first);
        tokio::task::yield_now().await;
        assert!(!task.is_finished());
        drop(second);
        assert!(task.await.unwrap_err().is_cancelled());
    }
}
