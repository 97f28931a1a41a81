//! An evaluation of either kind, linear program or circuit, and its proof, verified natively (TR.A9).

use super::authorise::{PresentedSegment, ReleaseRules};
use super::batch::{BatchFault, PresentedBatch, merged};
use super::refusal::Refusal;
use trine_program::circuit::{Circuit, Segment};
use trine_program::{Declaration, LinearProgram};
use trine_verifier::bootstrapping::segment::{JobRejection, ProvenSegment, verify_job};
use trine_verifier::bootstrapping::statement::StatementError;
use trine_verifier::bootstrapping::{self as circuits, CircuitProof, KeyCommitments, Parameters, Shape};
use trine_verifier::{Bytes32, Domain, InnerProof, Job, NamedCommitment, Statement};

/// The evaluation key of the committee by the commitments to its words.
///
/// A proof of bootstrapping takes commitments as they are: a node makes this from its own bytes alone (TR.K4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedKey {
    commitments: KeyCommitments,
    digest: Bytes32,
}

impl CommittedKey {
    /// Under the production parameters.
    pub fn new(commitments: KeyCommitments) -> Self {
        Self { digest: commitments.digest(&Parameters::PRODUCTION), commitments }
    }

    /// The commitments.
    pub fn commitments(&self) -> &KeyCommitments {
        &self.commitments
    }

    /// Their digest, scheme `trine.key.kzg.v1`.
    pub fn digest(&self) -> &Bytes32 {
        &self.digest
    }
}

/// What was evaluated.
pub(super) enum Program {
    /// A linear program.
    Linear(LinearProgram),
    /// A circuit of bootstrappings.
    Circuit {
        /// The whole circuit.
        circuit: Circuit,
        /// What it is proven in: this node's own cut of it.
        segments: Vec<Segment>,
    },
}

impl Program {
    /// Declarations of the inputs.
    pub fn inputs(&self) -> &[Declaration] {
        match self {
            Self::Linear(program) => program.inputs(),
            Self::Circuit { circuit, .. } => circuit.inputs(),
        }
    }

    /// Declarations of the outputs.
    pub fn outputs(&self) -> &[Declaration] {
        match self {
            Self::Linear(program) => program.outputs(),
            Self::Circuit { circuit, .. } => circuit.outputs(),
        }
    }

    /// What is proven by itself. Of a linear program nothing is cut.
    pub fn segments(&self) -> &[Segment] {
        match self {
            Self::Linear(_) => &[],
            Self::Circuit { segments, .. } => segments,
        }
    }

    /// The segment that outputs are of: the last one.
    pub fn last_segment(&self) -> u32 {
        self.segments().len().saturating_sub(1) as u32
    }
}

/// One request with everything that a proof of it states, rebuilt from the chain and from presented words.
pub(super) struct Evaluation {
    /// Where the proof counts.
    pub domain: Domain,
    /// The request.
    pub request_id: Bytes32,
    /// Its salt.
    pub salt: Bytes32,
    /// Its program.
    pub program: Program,
    /// Its inputs, each under the handle that its record gives.
    pub inputs: Vec<NamedCommitment>,
    /// Its outputs, under handles recomputed from their words.
    pub outputs: Vec<NamedCommitment>,
}

/// A proof as it is presented, and what else it covers.
#[derive(Clone, Copy)]
pub(super) struct PresentedProof<'a> {
    /// Canonical bytes.
    pub proof: &'a [u8],
    /// The jobs beside.
    pub batch: &'a PresentedBatch,
}

impl Evaluation {
    /// TR.A9: the bytes are proofs of this evaluation, `last` of its last or only segment.
    ///
    /// Of what [`trine_verifier::verify()`] and [`verify_job`] leave to their callers, [`super::authorise`] has checked
    /// domain, records, declarations and policy; a reference string with a known tau is refused at start.
    pub fn verify(
        self,
        rules: &ReleaseRules,
        key: Option<&CommittedKey>,
        earlier: &[PresentedSegment],
        last: PresentedProof<'_>,
    ) -> Result<(), Refusal> {
        let srs = rules.commitment_key.verifier();
        let Self { domain, request_id, salt, program, inputs, outputs } = self;
        match program {
            Program::Linear(program) => {
                check_alone(last.batch)?;
                let proof = InnerProof::from_bytes(&rules.class, last.proof)?;
                let job = Job { request_id, salt, program, inputs, outputs };
                trine_verifier::verify(&rules.class, srs, &Statement { domain, job }, &proof)?;
            }
            Program::Circuit { circuit, segments } => {
                let keys = key.ok_or(Refusal::KeyNotCommitted)?.commitments();
                let proven = read_segments(&domain, &segments, earlier, last)?;
                let job = circuits::statement::Job { request_id, salt, segment: 0, circuit, inputs, outputs };
                verify_job(&Parameters::PRODUCTION, srs, &domain, keys, &job, &proven).map_err(rejected)?;
            }
        }
        Ok(())
    }
}

fn check_alone(batch: &PresentedBatch) -> Result<(), Refusal> {
    if *batch == PresentedBatch::default() {
        return Ok(());
    }
    Err(Refusal::Batch { segment: 0, fault: BatchFault::Linear { got: batch.others.len() } })
}

/// The proof of each segment, of exactly the length that its shape has: that of all jobs that it covers together.
fn read_segments(
    domain: &Domain,
    segments: &[Segment],
    earlier: &[PresentedSegment],
    last: PresentedProof<'_>,
) -> Result<Vec<ProvenSegment>, Refusal> {
    let earlier = earlier.iter().map(|presented| {
        let proof = PresentedProof { proof: &presented.proof, batch: &presented.batch };
        (presented.links.as_slice(), proof)
    });
    let presented = earlier.chain([(&[][..], last)]);
    let mut proven = Vec::with_capacity(segments.len());
    for (segment, (cut, (links, presented))) in segments.iter().zip(presented).enumerate() {
        let refused = |fault| Refusal::Batch { segment, fault };
        let batch = presented.batch.read(domain).map_err(refused)?;
        let circuit = merged(&batch, &cut.circuit).map_err(refused)?;
        let shape = Shape::new(Parameters::PRODUCTION, &circuit).map_err(|error| {
            Refusal::CircuitProofInvalid { segment, error: StatementError::Shape(error).into() }
        })?;
        let proof = CircuitProof::from_bytes(&shape, presented.proof)
            .map_err(|error| Refusal::CircuitProofBytes { segment, error })?;
        proven.push(ProvenSegment { links: links.to_vec(), proof, batch });
    }
    Ok(proven)
}

fn rejected(rejection: JobRejection) -> Refusal {
    match rejection {
        JobRejection::Segments(error) => Refusal::Uncut(error),
        JobRejection::Count { what, got, expected } => Refusal::Count { what, got, expected },
        JobRejection::Batch { segment, error } => Refusal::Batch { segment, fault: error.into() },
        JobRejection::Segment { segment, error } => Refusal::CircuitProofInvalid { segment, error },
    }
}
