//! Why a receipt is refused.

use trine_keyholder::protocol::batch::BatchFault;
use trine_program::TextError;
use trine_program::circuit::{CircuitTextError, SegmentError};
use trine_verifier::VerifyError;
use trine_verifier::bootstrapping::Rejection;
use trine_verifier::bootstrapping::key_points::KeyPointsError;
use trine_verifier::bootstrapping::shape::ShapeError;
use trine_verifier::handle::CommitmentError;
use trine_verifier::proof::ProofError;
use trine_verifier::srs::SrsError;

/// Why a receipt is refused. One variant for each check, in the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// `tau H` is no point of the group.
    #[error("setup: {0}")]
    Setup(#[from] SrsError),
    /// The setup is not the one that the statement names.
    #[error("setup has digest {got}, the statement names {expected}")]
    SrsDigest {
        /// Digest of the setup in the file.
        got: String,
        /// Digest in the statement.
        expected: String,
    },
    /// The setup is not the one that the reader trusts.
    #[error("setup has digest {got}, you trust {expected}")]
    Untrusted {
        /// Digest of the setup in the file.
        got: String,
        /// Digest that the reader named.
        expected: String,
    },
    /// Another parameter set.
    #[error("parameter set {got}, expected {expected}")]
    ParameterSet {
        /// Identifier in the file.
        got: String,
        /// The one of this build.
        expected: String,
    },
    /// The program text is not canonical, or its program is malformed.
    #[error("program: {0}")]
    Program(#[from] TextError),
    /// The text of a circuit is not canonical, or its circuit is malformed.
    #[error("circuit: {0}")]
    Circuit(#[from] CircuitTextError),
    /// A circuit that cannot be cut.
    #[error("circuit: {0}")]
    Cut(#[from] SegmentError),
    /// Proofs of another number of segments than the circuit has.
    #[error("proofs of {got} segments, the circuit has {expected}")]
    SegmentCount {
        /// Proofs in the file, that of the last segment included.
        got: usize,
        /// Segments of the circuit.
        expected: usize,
    },
    /// A receipt of a linear program with proofs of segments: nobody checks them.
    #[error("{got} segments in the receipt of a linear program")]
    UncheckedSegments {
        /// Segments in the file.
        got: usize,
    },
    /// Another number of links than a segment has.
    #[error("segment {segment}: {got} links, the circuit gives {expected}")]
    LinkCount {
        /// The segment.
        segment: usize,
        /// Links in the file.
        got: usize,
        /// Links of the segment.
        expected: usize,
    },
    /// A commitment of a link is no point.
    #[error("segment {segment}, link {index}: {error}")]
    Link {
        /// The segment.
        segment: usize,
        /// Which of its links.
        index: usize,
        /// What is wrong.
        error: CommitmentError,
    },
    /// A circuit without a shape.
    #[error("circuit: {0}")]
    Shape(#[from] ShapeError),
    /// A receipt of a circuit without commitments of the evaluation key.
    #[error("a receipt of a circuit without commitments of the evaluation key")]
    NoKeyPoints,
    /// A receipt of a linear program with commitments of an evaluation key: nobody checks them.
    #[error("commitments of an evaluation key in the receipt of a linear program")]
    UncheckedKeyPoints,
    /// The commitments of the evaluation key are none.
    #[error(transparent)]
    KeyPoints(#[from] KeyPointsError),
    /// Not one record for each handle of the program.
    #[error("{got} {what} records, the program has {expected}")]
    RecordCount {
        /// "input" or "output".
        what: &'static str,
        /// Records in the file.
        got: usize,
        /// Handles of the program.
        expected: usize,
    },
    /// A record of a value that the program does not declare there.
    #[error("{what} {index}: type, key or blocks differ from the program's declaration")]
    Declaration {
        /// "input" or "output".
        what: &'static str,
        /// Which of them.
        index: usize,
    },
    /// An output that does not come from this request, at this place.
    #[error("output {index}: origin is not output {index} of this request")]
    Origin {
        /// Which output.
        index: usize,
    },
    /// A commitment is no point.
    #[error("{what} {index}: {error}")]
    Commitment {
        /// "input" or "output".
        what: &'static str,
        /// Which of them.
        index: usize,
        /// What is wrong.
        error: CommitmentError,
    },
    /// A handle is not the digest of its record.
    #[error("{what} {index}: handle {got}, its record has {expected}")]
    Handle {
        /// "input" or "output".
        what: &'static str,
        /// Which of them.
        index: usize,
        /// Handle in the file.
        got: String,
        /// Digest of the record.
        expected: String,
    },
    /// The inner proof is not decodable.
    #[error("inner proof: {0}")]
    Proof(#[from] ProofError),
    /// The inner proof is rejected.
    #[error("inner proof: {0}")]
    Rejected(#[from] VerifyError),
    /// A receipt of a linear program with further jobs: its proof covers none.
    #[error("further jobs in the receipt of a linear program, which is proven alone")]
    UncheckedBatch,
    /// The list of jobs that a proof covers is none.
    #[error("jobs of the proof of segment {segment}: {fault}")]
    Batch {
        /// The segment.
        segment: usize,
        /// What is wrong.
        fault: BatchFault,
    },
    /// A commitment of another job of a proof is no point.
    #[error("segment {segment}, job {job} of the others, {what} {index}: {error}")]
    BatchCommitment {
        /// The segment.
        segment: usize,
        /// Which of the others.
        job: usize,
        /// "input" or "output".
        what: &'static str,
        /// Which of them.
        index: usize,
        /// What is wrong.
        error: CommitmentError,
    },
    /// The inner proof of a segment of a circuit is not decodable. A circuit that one proof covers is segment 0.
    #[error("inner proof of segment {segment}: {error}")]
    SegmentProof {
        /// The segment.
        segment: usize,
        /// What is wrong.
        error: ProofError,
    },
    /// The inner proof of a segment of a circuit is rejected.
    #[error("inner proof of segment {segment}: {error}")]
    CircuitRejected {
        /// The segment.
        segment: usize,
        /// Why.
        error: Rejection,
    },
    /// The proof for the contract is not of the same argument.
    #[error("wrapped proof of segment {segment}: {field} differs from the inner proof")]
    Wrapped {
        /// The segment; 0 of a linear program.
        segment: usize,
        /// The part that differs.
        field: &'static str,
    },
}
