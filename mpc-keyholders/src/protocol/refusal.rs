//! Why a node does not release: one variant for each check, and its name on the wire.

use super::batch::BatchFault;
use trine_program::circuit::{ReleaseViolation, SegmentError};
use trine_program::{PolicyViolation, TextError};
use trine_verifier::VerifyError;
use trine_verifier::bootstrapping::Rejection;
use trine_verifier::proof::ProofError;

/// Why a node does not release.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// No accepted proof on chain.
    #[error("TR.A1: the request is not fulfilled on chain")]
    NotFulfilled,
    /// Too few blocks on top.
    #[error("TR.A2: the fulfilment in block {fulfilled_at} has {got} confirmations, {needed} are needed")]
    NotFinal {
        /// Block of the fulfilment.
        fulfilled_at: u64,
        /// Blocks from it to the head, itself included.
        got: u64,
        /// Blocks that the node asks for.
        needed: u64,
    },
    /// Another chain, contract, verifier, setup or key than this committee serves.
    #[error("TR.A3: {field} of the request is {got}, this committee serves {expected}")]
    Domain {
        /// The part that differs.
        field: &'static str,
        /// Value on chain.
        got: String,
        /// Value configured.
        expected: String,
    },
    /// A circuit, at a node that is told of no verifier of circuits.
    #[error("TR.A3: the program is a circuit; this committee serves linear programs alone")]
    CircuitsNotServed,
    /// A circuit, at a node that has not committed to its evaluation key.
    #[error("TR.A3: the program is a circuit; this node knows no commitments of its evaluation key")]
    KeyNotCommitted,
    /// The text is not that of the registered program.
    #[error("TR.A4: program text hashes to {got}, registered is {expected}")]
    ProgramText {
        /// keccak-256 of the text.
        got: String,
        /// Identifier on chain.
        expected: String,
    },
    /// The text is no program.
    #[error("TR.A4: {0}")]
    Program(#[from] TextError),
    /// A circuit that cannot be cut into segments, so that nothing proves it.
    #[error("TR.A5: {0}")]
    Uncut(#[from] SegmentError),
    /// A linear program outside development mode.
    #[error(
        "TR.A5: outputs of linear programs are not bootstrapped; they are released in development mode only"
    )]
    DevelopmentRelease,
    /// The development policy refuses the linear program.
    #[error("TR.A5: {0}")]
    Policy(#[from] PolicyViolation),
    /// The release policy refuses the circuit.
    #[error("TR.A5: {0}")]
    Circuit(#[from] ReleaseViolation),
    /// The consumer has named no output for release, or not yet in a final block.
    #[error("TR.A6: its consumer has not allowed the release of any output")]
    ReleaseNotAllowed,
    /// Another number of handles than the program has.
    #[error("TR.A7: {got} {what}, the program has {expected}")]
    Count {
        /// What was counted.
        what: &'static str,
        /// Number given.
        got: usize,
        /// Number of the program.
        expected: usize,
    },
    /// Proofs of another number of segments than the program is proven in.
    #[error("TR.A7: proofs of {got} segments, the program is proven in {expected}")]
    SegmentCount {
        /// Proofs given, that of the last segment included.
        got: usize,
        /// Segments of the circuit; 1 of a linear program.
        expected: usize,
    },
    /// Another number of links than a segment has.
    #[error("TR.A7: segment {segment}: {got} links, the circuit gives {expected}")]
    LinkCount {
        /// The segment.
        segment: usize,
        /// Commitments given.
        got: usize,
        /// Links of the segment.
        expected: usize,
    },
    /// A record on chain that does not give its handle, or is not what the program declares.
    #[error("TR.A7: {what} {index}: the record on chain {fault}")]
    Record {
        /// "input" or "output".
        what: &'static str,
        /// Its place.
        index: usize,
        /// What is wrong.
        fault: &'static str,
    },
    /// A presented input commitment that the handle does not name.
    #[error("TR.A7: input {index}: the presented commitment is not the one that its handle names")]
    InputCommitment {
        /// Input of the request.
        index: usize,
    },
    /// The presented words are of another declaration than the program's output.
    #[error(
        "TR.A8: output {index}: presented as another type, key kind, number of blocks or degree than declared"
    )]
    Declaration {
        /// Output of the request.
        index: usize,
    },
    /// The handle recomputed from the presented words is another.
    #[error("TR.A8: output {index}: the presented words have the handle {got}, on chain is {expected}")]
    HandleMismatch {
        /// Output of the request.
        index: usize,
        /// Recomputed.
        got: String,
        /// On chain.
        expected: String,
    },
    /// The words cannot be committed to.
    #[error("TR.A8: output {index}: {reason}")]
    Uncommittable {
        /// Output of the request.
        index: usize,
        /// What fails.
        reason: String,
    },
    /// The bytes are no proof.
    #[error("TR.A9: {0}")]
    ProofBytes(#[from] ProofError),
    /// The bytes are no proof of a segment of a circuit; one that is proven in one piece is segment 0.
    #[error("TR.A9: segment {segment}: {error}")]
    CircuitProofBytes {
        /// The segment.
        segment: usize,
        /// What is wrong.
        error: ProofError,
    },
    /// The list of jobs that a proof covers is none.
    #[error("TR.A9: segment {segment}: {fault}")]
    Batch {
        /// The segment; 0 of a program that is proven in one piece.
        segment: usize,
        /// What is wrong.
        fault: BatchFault,
    },
    /// The proof of a linear program does not verify.
    #[error("TR.A9: {0}")]
    ProofInvalid(#[from] VerifyError),
    /// The proof of a segment of a circuit does not verify.
    #[error("TR.A9: segment {segment}: {error}")]
    CircuitProofInvalid {
        /// The segment.
        segment: usize,
        /// Why.
        error: Rejection,
    },
    /// The client says that the squashed ciphertext is another one.
    #[error("TR.S2: presented squashed digest {got}, this node computes {own}")]
    SquashedDigestMismatch {
        /// Presented.
        got: String,
        /// Own.
        own: String,
    },
    /// Too few nodes computed the same squashed ciphertext.
    #[error("TR.S3: {agreeing} nodes computed this squashed digest, {needed} are needed")]
    SquashedDigestQuorum {
        /// Nodes with the same digest, this one included.
        agreeing: usize,
        /// 2t + 1.
        needed: usize,
    },
}

impl Refusal {
    /// The name of the failed check, as it goes over the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotFulfilled => "NotFulfilled",
            Self::NotFinal { .. } => "NotFinal",
            Self::Domain { .. } => "DomainMismatch",
            Self::CircuitsNotServed => "CircuitsNotServed",
            Self::KeyNotCommitted => "KeyNotCommitted",
            Self::ProgramText { .. } => "ProgramTextMismatch",
            Self::Program(_) => "ProgramMalformed",
            Self::Uncut(_) => "CircuitNotCut",
            Self::DevelopmentRelease => "DevelopmentRelease",
            Self::Circuit(violation) => violation.name(),
            Self::Policy(violation) => match violation {
                PolicyViolation::ConstantOffGrid { .. } => "ConstantOffGrid",
                PolicyViolation::DegreeTooLarge { .. } => "DegreeTooLarge",
                PolicyViolation::DegreeUnderstated { .. } => "DegreeUnderstated",
                PolicyViolation::NoiseTooLarge { .. } => "NoiseTooLarge",
                PolicyViolation::TooFewInputs { .. } => "TooFewInputs",
                PolicyViolation::IsolatingWeight { .. } => "IsolatingWeight",
            },
            Self::ReleaseNotAllowed => "ReleaseNotAllowed",
            Self::Count { .. } => "HandleCount",
            Self::SegmentCount { .. } => "SegmentCount",
            Self::LinkCount { .. } => "LinkCount",
            Self::Record { .. } => "RecordMismatch",
            Self::InputCommitment { .. } => "InputCommitmentMismatch",
            Self::Declaration { .. } => "DeclarationMismatch",
            Self::HandleMismatch { .. } => "HandleMismatch",
            Self::Uncommittable { .. } => "WordsUncommittable",
            Self::Batch { fault, .. } => fault.name(),
            Self::ProofBytes(_) | Self::CircuitProofBytes { .. } => "ProofMalformed",
            Self::ProofInvalid(_) | Self::CircuitProofInvalid { .. } => "ProofInvalid",
            Self::SquashedDigestMismatch { .. } => "SquashedDigestMismatch",
            Self::SquashedDigestQuorum { .. } => "SquashedDigestQuorum",
        }
    }
}
