//! Jobs of several segments: each proven by itself, linked by output handles (spec section 11).
//!
//! A link is bound on both sides: its commitment names one handle, which is an output of the segment that makes it and an
//! input of those that read it.

use super::batch::{Batch, BatchError};
use super::error::Rejection;
use super::parameters::Parameters;
use super::proof::CircuitProof;
use super::statement::{Job, KeyCommitments};
use super::verify::verify;
use crate::handle::{Commitment, HandleRecord, NamedCommitment, Origin};
use crate::srs::VerifierSrs;
use crate::statement::Domain;
use trine_program::Declaration;
use trine_program::circuit::{Segment, SegmentError, Source, segments};

/// What a segment adds to the job: its links, in their order, and its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenSegment {
    /// Commitments of the links.
    pub links: Vec<Commitment>,
    /// The proof.
    pub proof: CircuitProof,
    /// What else it covers.
    pub batch: Batch,
}

/// Why a job of segments is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobRejection {
    /// The circuit cannot be cut.
    #[error(transparent)]
    Segments(#[from] SegmentError),
    /// Another number of segments, or of links, than the circuit gives.
    #[error("{got} {what}, expected {expected}")]
    Count {
        /// What is counted.
        what: &'static str,
        /// Given.
        got: usize,
        /// Of the circuit.
        expected: usize,
    },
    /// The jobs that a proof covers are no list with the segment in it.
    #[error("segment {segment}: {error}")]
    Batch {
        /// The segment.
        segment: usize,
        /// Why.
        error: BatchError,
    },
    /// A segment's proof is rejected.
    #[error("segment {segment}: {error}")]
    Segment {
        /// The segment.
        segment: usize,
        /// Why.
        error: Rejection,
    },
}

/// The segments of a job's circuit under a parameter set.
pub fn job_segments(parameters: &Parameters, job: &Job) -> Result<Vec<Segment>, SegmentError> {
    segments(&job.circuit, &parameters.segment_limits())
}

/// The handle of a link: an output of its segment.
pub fn link_record(
    domain: &Domain,
    job: &Job,
    segment: usize,
    index: usize,
    declared: &Declaration,
    commitment: &Commitment,
) -> HandleRecord {
    HandleRecord {
        chain_id: domain.chain_id,
        coprocessor: domain.coprocessor,
        key_digest: domain.key_digest,
        key_kind: declared.key_kind,
        value_type: declared.value_type,
        blocks: declared.blocks,
        origin: Origin::Output {
            request_id: job.request_id,
            job: 0,
            segment: segment as u32,
            index: index as u32,
        },
        commitment_digest: commitment.digest(),
    }
}

/// The job of each segment, from the job and the links of all of them.
///
/// `job.inputs` and `job.outputs` are those of the whole circuit.
pub fn segment_jobs(
    domain: &Domain,
    job: &Job,
    list: &[Segment],
    links: &[Vec<Commitment>],
) -> Result<Vec<Job>, JobRejection> {
    count("segments", links.len(), list.len())?;
    let mut named: Vec<Vec<NamedCommitment>> = Vec::with_capacity(list.len());
    for (index, (segment, links)) in list.iter().zip(links).enumerate() {
        count("links", links.len(), segment.links)?;
        let outputs = segment.circuit.outputs().iter().zip(links).enumerate();
        let links = outputs.filter_map(|(output, (declared, commitment))| {
            let record = link_record(domain, job, index, output, declared, commitment);
            NamedCommitment::new(&record, *commitment).ok()
        });
        named.push(links.collect());
    }
    let last = list.len().saturating_sub(1);
    let jobs = list.iter().enumerate().map(|(index, segment)| {
        let source = |source: &Source| match source {
            Source::Input(handle) => job.inputs.get(usize::from(*handle)),
            Source::Link { segment, output } => {
                named.get(*segment as usize).and_then(|links| links.get(usize::from(*output)))
            }
        };
        let inputs = segment.sources.iter().filter_map(source).copied().collect();
        let mut outputs = named.get(index).cloned().unwrap_or_default();
        if index == last {
            outputs.extend(&job.outputs);
        }
        let (request_id, salt) = (job.request_id, job.salt);
        Job { request_id, salt, segment: index as u32, circuit: segment.circuit.clone(), inputs, outputs }
    });
    Ok(jobs.collect())
}

/// Verifies all segments of a job. `job.inputs` and `job.outputs` are those of the whole circuit.
///
/// The caller must still discharge what [`verify`] names; the links' handles are computed here.
pub fn verify_job(
    parameters: &Parameters,
    srs: &VerifierSrs,
    domain: &Domain,
    keys: &KeyCommitments,
    job: &Job,
    proven: &[ProvenSegment],
) -> Result<(), JobRejection> {
    let list = job_segments(parameters, job)?;
    let links: Vec<Vec<Commitment>> = proven.iter().map(|p| p.links.clone()).collect();
    let jobs = segment_jobs(domain, job, &list, &links)?;
    for (segment, (job, proven)) in jobs.into_iter().zip(proven).enumerate() {
        let rejected = |error| JobRejection::Segment { segment, error };
        let statement = proven.batch.statement(*domain, keys.clone(), job);
        let statement = statement.map_err(|error| JobRejection::Batch { segment, error })?;
        verify(parameters, srs, &statement, &proven.proof).map_err(rejected)?;
    }
    Ok(())
}

fn count(what: &'static str, got: usize, expected: usize) -> Result<(), JobRejection> {
    if got == expected { Ok(()) } else { Err(JobRejection::Count { what, got, expected }) }
}
