//! Jobs: a circuit of any size, proven segment by segment.
//!
//! A segment is evaluated, proven and forgotten before the next one, so memory does not grow with the job. What a segment
//! hands to later ones are its links: words here, handles in the statements.

use super::partial::Partial;
use super::prove::{Control, ProveError, Prover};
use super::witness::{Witness, WitnessError};
use ark_bn254::G1Affine;
use trine_fhe::bootstrapping::EvaluationKey;
use trine_fhe::parameters::{BLOCK_STRIDE, BLOCK_WORDS};
use trine_fhe::words::WordsError;
use trine_fhe::{BlockWords, ValueWords};
use trine_kernels::msm::MsmError;
use trine_program::Declaration;
use trine_program::circuit::{Segment, SegmentError, Source};
use trine_verifier::bootstrapping::segment::{
    JobRejection, ProvenSegment, job_segments, link_record, segment_jobs,
};
use trine_verifier::bootstrapping::statement::{Job, StatementError};
use trine_verifier::bootstrapping::{Batch, KeyCommitments, Parameters, Rejection, Shape, Statement, verify};
use trine_verifier::handle::CommitmentError;
use trine_verifier::srs::VerifierSrs;
use trine_verifier::statement::Domain;
use trine_verifier::{Commitment, NamedCommitment};

/// Why a job has no proof.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The circuit cannot be cut.
    #[error(transparent)]
    Segments(#[from] SegmentError),
    /// Links that are not those of the segments: a fault of the prover.
    #[error(transparent)]
    Links(#[from] JobRejection),
    /// No witness.
    #[error("segment {segment}: {source}")]
    Witness {
        /// The segment.
        segment: usize,
        /// Why.
        source: WitnessError,
    },
    /// Words that make no value.
    #[error(transparent)]
    Words(#[from] WordsError),
    /// An output has no commitment.
    #[error("output {index} of segment {segment}: {source}")]
    Output {
        /// The segment.
        segment: usize,
        /// Index among its outputs.
        index: usize,
        /// Why.
        source: CommitmentError,
    },
    /// The reference string is too short.
    #[error(transparent)]
    Commitment(#[from] MsmError),
    /// The statement is malformed.
    #[error("statement: {0}")]
    Statement(#[from] StatementError),
    /// No proof.
    #[error("segment {segment}: {source}")]
    Prove {
        /// The segment.
        segment: usize,
        /// Why.
        source: ProveError,
    },
    /// The finished proof does not verify: a fault of the prover, never sent out.
    #[error("segment {segment}: the finished proof does not verify: {source}")]
    SelfCheck {
        /// The segment.
        segment: usize,
        /// Why.
        source: Rejection,
    },
}

/// What jobs under one evaluation key are proven with.
pub struct JobProver<'a> {
    /// Proves.
    pub prover: Prover<'a>,
    /// Evaluates.
    pub evaluation_key: &'a EvaluationKey,
    /// Names the key.
    pub commitments: &'a KeyCommitments,
    /// The verifier's part of the reference string.
    pub srs: &'a VerifierSrs,
    /// Where the proofs count.
    pub domain: Domain,
}

/// A proven job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenJob {
    /// The job with its output handles.
    pub job: Job,
    /// Its segments.
    pub segments: Vec<ProvenSegment>,
    /// The output values.
    pub outputs: Vec<ValueWords>,
}

/// What the owner of a job is told, and keeps.
pub trait JobControl: Control {
    /// A segment begins. Returns the phases of an earlier attempt at it.
    fn segment(&mut self, index: usize, segments: usize, statement: &Statement, shape: &Shape) -> Partial {
        let _ = (index, segments, statement, shape);
        Partial::default()
    }
}

impl JobControl for super::prove::Unattended {}

/// Values and links of the segments so far.
struct Evaluated {
    outputs: Vec<Vec<ValueWords>>,
    links: Vec<Vec<Commitment>>,
}

impl JobProver<'_> {
    /// Evaluates and proves a job. `job.outputs` is ignored: output handles are named after their commitments.
    ///
    /// `inputs` are the values of `job.inputs`, in their order. Every proof is verified before it is returned.
    pub fn prove(
        &self,
        mut job: Job,
        inputs: &[ValueWords],
        control: &mut dyn JobControl,
    ) -> Result<ProvenJob, JobError> {
        let list = job_segments(&Parameters::PRODUCTION, &job)?;
        let mut evaluated = Evaluated { outputs: vec![], links: vec![] };
        let mut proofs = vec![];
        for (index, segment) in list.iter().enumerate() {
            let values = evaluated.inputs_of(segment, inputs);
            let witness = Witness::new(&segment.circuit, &values, self.evaluation_key)
                .map_err(|source| JobError::Witness { segment: index, source })?;
            self.name_outputs(&mut job, &list, index, &witness, &mut evaluated)?;
            let statement = self.statement(&job, &list, index, &evaluated)?;
            let shape = &witness.shape;
            let partial = control.segment(index, list.len(), &statement, shape);
            let digests = statement.inputs(&Parameters::PRODUCTION)?;
            let proof = self
                .prover
                .prove(&digests, &witness, partial, control)
                .map_err(|source| JobError::Prove { segment: index, source })?;
            verify(&Parameters::PRODUCTION, self.srs, &statement, &proof)
                .map_err(|source| JobError::SelfCheck { segment: index, source })?;
            proofs.push(proof);
        }
        let links = evaluated.links.into_iter();
        let segments = links.zip(proofs);
        let segments =
            segments.map(|(links, proof)| ProvenSegment { links, proof, batch: Batch::alone() }).collect();
        let outputs = evaluated.outputs.pop().unwrap_or_default();
        let outputs = outputs.into_iter().skip(list.last().map_or(0, |s| s.links)).collect();
        Ok(ProvenJob { job, segments, outputs })
    }

    /// Commits to a segment's outputs: links of the segment, outputs of the job at the last one.
    fn name_outputs(
        &self,
        job: &mut Job,
        list: &[Segment],
        index: usize,
        witness: &Witness,
        evaluated: &mut Evaluated,
    ) -> Result<(), JobError> {
        let segment = &list[index];
        let declared = segment.circuit.outputs();
        let failed = |output, source| JobError::Output { segment: index, index: output, source };
        let (mut values, mut links, mut outputs) = (vec![], vec![], vec![]);
        for (output, (declared, words)) in declared.iter().zip(&witness.outputs).enumerate() {
            values.push(value(declared, words)?);
            let point: G1Affine = self.prover.bases.commit_u64(words)?;
            let commitment = Commitment::new(point).map_err(|source| failed(output, source))?;
            if output < segment.links {
                links.push(commitment);
            } else {
                let record = link_record(&self.domain, job, index, output, declared, &commitment);
                let named = NamedCommitment::new(&record, commitment);
                outputs.push(named.map_err(|source| failed(output, source))?);
            }
        }
        if index + 1 == list.len() {
            job.outputs = outputs;
        }
        evaluated.outputs.push(values);
        evaluated.links.push(links);
        Ok(())
    }

    /// The statement of a segment whose outputs are named.
    fn statement(
        &self,
        job: &Job,
        list: &[Segment],
        index: usize,
        evaluated: &Evaluated,
    ) -> Result<Statement, JobError> {
        // Segments to come have no links yet, and none is read before it is made.
        let so_far = &list[..=index];
        let mut jobs = segment_jobs(&self.domain, job, so_far, &evaluated.links)?;
        let mut own = jobs.swap_remove(index);
        if index + 1 < list.len() {
            own.outputs.truncate(list[index].links);
        }
        Ok(Statement::single(self.domain, self.commitments.clone(), own))
    }
}

impl Evaluated {
    fn inputs_of(&self, segment: &Segment, inputs: &[ValueWords]) -> Vec<ValueWords> {
        let value = |source: &Source| match source {
            Source::Input(handle) => inputs.get(usize::from(*handle)),
            Source::Link { segment, output } => {
                self.outputs.get(*segment as usize).and_then(|values| values.get(usize::from(*output)))
            }
        };
        segment.sources.iter().filter_map(value).cloned().collect()
    }
}

/// The value whose words are laid out for a commitment.
pub(crate) fn value(declared: &Declaration, words: &[u64]) -> Result<ValueWords, WordsError> {
    let blocks = words
        .chunks(BLOCK_STRIDE)
        .take(usize::from(declared.blocks))
        .map(|block| BlockWords::new(block.iter().take(BLOCK_WORDS).copied().collect()))
        .collect::<Result<_, _>>()?;
    ValueWords::new(*declared, blocks)
}
