//! Batches: several jobs under one evaluation key in one proof.
//!
//! Each job keeps its request, program, inputs and outputs. The statement names all of them, so whoever verifies one job's proof
//! is told the others, and need not know whether they are true of anything: what is proved of a job is proved whatever stands
//! beside it.

use super::parameters::Parameters;
use super::statement::{Job, KeyCommitments, Statement};
use crate::statement::Domain;
use trine_program::circuit::Circuit;

/// Most jobs of a proof: each has an output handle.
pub const MAX_JOBS: usize = 16;

/// What a proof covers beside the job that it is given for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Where that job stands among all of them.
    pub place: usize,
    /// The other jobs, in their order.
    pub others: Vec<Job>,
}

/// Why there is no such list of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// More jobs than any proof covers.
    #[error("a proof of {got} jobs, at most {MAX_JOBS}")]
    Jobs {
        /// Jobs given.
        got: usize,
    },
    /// The job would stand behind a gap.
    #[error("the job stands at place {place} of {jobs}")]
    Place {
        /// Place given.
        place: usize,
        /// Number of jobs.
        jobs: usize,
    },
}

impl Batch {
    /// Nothing else.
    pub fn alone() -> Self {
        Self::default()
    }

    /// Number of jobs.
    pub fn jobs(&self) -> usize {
        self.others.len() + 1
    }

    /// A part of each job in their order, the one that the proof is given for in its place.
    pub fn in_order<'a, T>(
        &'a self,
        own: &'a T,
        part: impl Fn(&'a Job) -> &'a T,
    ) -> Result<Vec<&'a T>, BatchError> {
        let (place, got) = (self.place, self.jobs());
        if got > MAX_JOBS {
            return Err(BatchError::Jobs { got });
        }
        let Some((before, after)) = self.others.split_at_checked(place) else {
            return Err(BatchError::Place { place, jobs: got });
        };
        let (before, after) = (before.iter().map(&part), after.iter().map(&part));
        Ok(before.chain([own]).chain(after).collect())
    }

    /// What the proof states, the job in its place.
    pub fn statement(&self, domain: Domain, keys: KeyCommitments, job: Job) -> Result<Statement, BatchError> {
        let jobs = self.in_order(&job, |other| other)?.into_iter().cloned().collect();
        Ok(Statement { domain, keys, jobs })
    }
}

/// How much of a proof circuits take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Jobs.
    pub jobs: usize,
    /// Bootstrappings.
    pub bootstrappings: usize,
    /// Input handles.
    pub inputs: usize,
    /// Output handles.
    pub outputs: usize,
    /// Blocks of all output handles.
    pub output_blocks: usize,
}

impl Size {
    /// Of a job's circuit.
    pub fn of(circuit: &Circuit) -> Self {
        Self {
            jobs: 1,
            bootstrappings: circuit.bootstrappings().len(),
            inputs: circuit.inputs().len(),
            outputs: circuit.outputs().len(),
            output_blocks: circuit.rows().len(),
        }
    }

    /// Of both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            jobs: self.jobs.saturating_add(other.jobs),
            bootstrappings: self.bootstrappings.saturating_add(other.bootstrappings),
            inputs: self.inputs.saturating_add(other.inputs),
            outputs: self.outputs.saturating_add(other.outputs),
            output_blocks: self.output_blocks.saturating_add(other.output_blocks),
        }
    }

    /// Whether one proof covers so much.
    pub fn fits(&self, parameters: &Parameters) -> bool {
        let most = parameters.segment_limits();
        self.jobs <= MAX_JOBS
            && self.bootstrappings <= most.bootstrappings.get()
            && self.inputs <= most.inputs
            && self.outputs <= most.outputs
            && self.output_blocks <= most.blocks
    }
}
