//! Proofs that cover further jobs beside the one whose release is asked (TR.A9): what a client presents of these, and the
//! statement's list of jobs from it.
//!
//! A node asks the chain nothing about the other jobs, and releases nothing of them. It need not: the merged circuit has no wire
//! from one job to another, and no output's handle is also an input's or another output's (PB.S1), so that a proof which verifies
//! proves this node's own job, rebuilt from the chain, whatever stands beside it. Others that exist nowhere only make a statement
//! that somebody has proved.

use trine_program::circuit::{Circuit, CircuitError, CircuitTextError, merge};
use trine_program::{KeyKind, ValueType};
use trine_verifier::bootstrapping::Batch;
use trine_verifier::bootstrapping::batch::{BatchError, MAX_JOBS};
use trine_verifier::bootstrapping::statement::Job;
use trine_verifier::{Bytes32, Commitment, Domain, HandleRecord, NamedCommitment, Origin};

/// Most jobs beside the own one.
pub const MAX_OTHERS: usize = MAX_JOBS - 1;

/// The jobs beside the own one, as a client presents them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PresentedBatch {
    /// Where the own job stands among all of them.
    pub place: usize,
    /// The others, in their order.
    pub others: Vec<PresentedJob>,
}

/// Another job of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentedJob {
    /// Its request.
    pub request_id: Bytes32,
    /// Salt of the request.
    pub salt: Bytes32,
    /// Place of the segment in its job; else 0.
    pub segment: u32,
    /// Text of its circuit, of a segment the segment's own.
    pub program_text: Vec<u8>,
    /// Its inputs.
    pub inputs: Vec<PresentedHandle>,
    /// Its outputs.
    pub outputs: Vec<PresentedHandle>,
}

/// A handle of another job with what it is the digest of, beside the domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentedHandle {
    /// The handle.
    pub handle: Bytes32,
    /// Key that the value is encrypted under.
    pub key_kind: KeyKind,
    /// Type of the value.
    pub value_type: ValueType,
    /// Number of blocks.
    pub blocks: u8,
    /// Where it comes from.
    pub origin: Origin,
    /// Commitment to its words.
    pub commitment: Commitment,
}

/// Why there is no such list of jobs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchFault {
    /// Too many jobs, or the own one behind a gap.
    #[error(transparent)]
    List(#[from] BatchError),
    /// A linear program: its proof covers no other job.
    #[error("{got} further jobs beside a linear program, which is proven alone")]
    Linear {
        /// Jobs given.
        got: usize,
    },
    /// The text of another job is no circuit.
    #[error("job {job} of the others: {error}")]
    Text {
        /// Which of the others.
        job: usize,
        /// What is wrong.
        error: CircuitTextError,
    },
    /// Another number of handles than its circuit has.
    #[error("job {job} of the others: {got} {what}, its circuit has {expected}")]
    Count {
        /// Which of the others.
        job: usize,
        /// "inputs" or "outputs".
        what: &'static str,
        /// Handles given.
        got: usize,
        /// Handles of the circuit.
        expected: usize,
    },
    /// A record that does not give its handle.
    #[error("job {job} of the others, {what} {index}: handle {got}, its record has {expected}")]
    Handle {
        /// Which of the others.
        job: usize,
        /// "input" or "output".
        what: &'static str,
        /// Which of them.
        index: usize,
        /// Presented.
        got: String,
        /// Recomputed.
        expected: String,
    },
    /// The circuits of all jobs are no circuit together.
    #[error("all jobs together: {0}")]
    Merged(#[from] CircuitError),
}

impl BatchFault {
    /// The name of the refusal on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::List(BatchError::Jobs { .. }) => "BatchTooLarge",
            Self::List(BatchError::Place { .. }) => "BatchPlace",
            _ => "BatchMalformed",
        }
    }
}

impl PresentedBatch {
    /// The jobs with their circuits, and handles that are recomputed from their records under the domain.
    ///
    /// Number and place are checked before a text is read; the place again where the statement is put together.
    pub fn read(&self, domain: &Domain) -> Result<Batch, BatchFault> {
        let (place, jobs) = (self.place, self.others.len() + 1);
        if jobs > MAX_JOBS {
            return Err(BatchError::Jobs { got: jobs }.into());
        }
        if place >= jobs {
            return Err(BatchError::Place { place, jobs }.into());
        }
        let others = self.others.iter().enumerate().map(|(job, presented)| presented.read(job, domain));
        Ok(Batch { place, others: others.collect::<Result<_, _>>()? })
    }
}

impl PresentedJob {
    fn read(&self, job: usize, domain: &Domain) -> Result<Job, BatchFault> {
        let circuit =
            Circuit::from_text(&self.program_text).map_err(|error| BatchFault::Text { job, error })?;
        for (what, got, expected) in [
            ("inputs", self.inputs.len(), circuit.inputs().len()),
            ("outputs", self.outputs.len(), circuit.outputs().len()),
        ] {
            if got != expected {
                return Err(BatchFault::Count { job, what, got, expected });
            }
        }
        let named = |what, handles: &[PresentedHandle]| -> Result<Vec<NamedCommitment>, BatchFault> {
            let handles = handles.iter().enumerate();
            handles.map(|(index, handle)| handle.named(domain, job, what, index)).collect()
        };
        Ok(Job {
            request_id: self.request_id,
            salt: self.salt,
            segment: self.segment,
            inputs: named("input", &self.inputs)?,
            outputs: named("output", &self.outputs)?,
            circuit,
        })
    }
}

impl PresentedHandle {
    fn named(
        &self,
        domain: &Domain,
        job: usize,
        what: &'static str,
        index: usize,
    ) -> Result<NamedCommitment, BatchFault> {
        let record = HandleRecord {
            chain_id: domain.chain_id,
            coprocessor: domain.coprocessor,
            key_digest: domain.key_digest,
            key_kind: self.key_kind,
            value_type: self.value_type,
            blocks: self.blocks,
            origin: self.origin,
            commitment_digest: self.commitment.digest(),
        };
        let (got, expected) = (hex::encode(self.handle), hex::encode(record.handle()));
        match NamedCommitment::new(&record, self.commitment) {
            Ok(named) if named.handle == self.handle => Ok(named),
            _ => Err(BatchFault::Handle { job, what, index, got, expected }),
        }
    }
}

/// The circuit that a proof of all jobs is of, the own one in its place: what the proof's length follows from.
pub fn merged(batch: &Batch, own: &Circuit) -> Result<Circuit, BatchFault> {
    Ok(merge(&batch.in_order(own, |job| &job.circuit)?)?)
}
