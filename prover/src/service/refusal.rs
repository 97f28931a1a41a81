//! Every refusal of the worker, with its name and its gRPC code.

use crate::argument::ProveError;
use crate::bootstrapping::keys::CacheError;
use crate::bootstrapping::{self, WitnessError};
use crate::groth::WrapError;
use crate::wrap::bootstrapping::witness::WitnessError as WrapWitnessError;
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};
use trine_fhe::keys::KeyError;
use trine_fhe::words::WordsError;
use trine_kernels::msm::MsmError;
use trine_program::TextError;
use trine_program::circuit::{CircuitTextError, SegmentError};
use trine_verifier::bootstrapping::Rejection;
use trine_verifier::bootstrapping::batch::Size;
use trine_verifier::bootstrapping::key_points::KeyPointsError;
use trine_verifier::bootstrapping::statement::StatementError as CircuitStatementError;
use trine_verifier::handle::CommitmentError;
use trine_verifier::statement::StatementError;
use trine_verifier::{VerifyError, srs::SrsError};

/// Metadata entry that carries the name of a refusal.
pub const ERROR_NAME_ENTRY: &str = "trine-error";

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No token, or another one.
    #[error("no bearer token of this prover in \"authorization\"")]
    Unauthenticated,
    /// A proof is being made.
    #[error("a proof is being made, one at a time, try later")]
    Busy,
    /// The words do not arrive.
    #[error("the words did not arrive within {seconds} s")]
    Slow {
        /// Time waited.
        seconds: u64,
    },
    /// A message out of order.
    #[error("message {index} is not {expected}")]
    Order {
        /// Number of the message, from 0.
        index: u64,
        /// The kind expected.
        expected: &'static str,
    },
    /// A field that is absent.
    #[error("no {field}")]
    Missing {
        /// The field.
        field: &'static str,
    },
    /// A field of the wrong length.
    #[error("{field} of {got} bytes, expected {expected}")]
    Length {
        /// The field.
        field: &'static str,
        /// Its length.
        got: usize,
        /// What it takes.
        expected: usize,
    },
    /// A field outside its values.
    #[error("{field} is {got}, expected {expected}")]
    Value {
        /// The field.
        field: &'static str,
        /// Its value.
        got: String,
        /// What it takes.
        expected: String,
    },
    /// A chunk out of place, empty or too large.
    #[error("chunk of {got} bytes at byte {offset}, expected 1 to {most} bytes at byte {expected}")]
    Chunk {
        /// Its length.
        got: usize,
        /// Its offset.
        offset: u64,
        /// Bytes received before it.
        expected: u64,
        /// Most bytes of it.
        most: usize,
    },
    /// Fewer words than the statement's values have.
    #[error("words end at byte {got}, the values have {expected} bytes")]
    WordsShort {
        /// Bytes received.
        got: usize,
        /// Bytes of all values.
        expected: usize,
    },
    /// A text that is no program.
    #[error("program: {0}")]
    Program(#[from] TextError),
    /// A statement that does not fit program or class.
    #[error("statement: {0}")]
    Statement(#[from] StatementError),
    /// A commitment that is no point.
    #[error("{what} {index}: {error}")]
    Commitment {
        /// "input" or "output".
        what: &'static str,
        /// Which of them.
        index: usize,
        /// What is wrong.
        error: CommitmentError,
    },
    /// A record of a value that the program does not declare there.
    #[error("{what} {index}: key kind, type or blocks differ from the program's declaration")]
    Declaration {
        /// "input" or "output".
        what: &'static str,
        /// Which of them.
        index: usize,
    },
    /// A handle that is not the digest of its record.
    #[error("{what} {index}: handle {got}, its record has {expected}")]
    Handle {
        /// "input" or "output".
        what: &'static str,
        /// Which of them.
        index: usize,
        /// Handle named.
        got: String,
        /// Digest of the record.
        expected: String,
    },
    /// An output that does not come from this segment of this request, at this place.
    #[error("output {index}: origin is not output {index} of segment {segment} of this request")]
    Origin {
        /// Which output.
        index: usize,
        /// The segment that is stated; 0 of a program of one piece.
        segment: u32,
    },
    /// An input that this request itself makes, and no earlier segment of it.
    #[error("input {index}: origin is segment {got} of this request, whose segment {segment} is proved")]
    LinkOrder {
        /// Which input.
        index: usize,
        /// Segment of its origin.
        got: u32,
        /// The segment that is stated.
        segment: u32,
    },
    /// A domain of another setup.
    #[error("domain: {field} is {got}, this prover has {expected}")]
    Domain {
        /// The part that differs.
        field: &'static str,
        /// As stated.
        got: String,
        /// This prover's.
        expected: String,
    },
    /// More jobs than any proof covers.
    #[error("a statement of {got} jobs, at most {most}")]
    Jobs {
        /// Jobs stated.
        got: usize,
        /// Most of them.
        most: usize,
    },
    /// A job after the first is refused.
    #[error("job {place}: {refusal}")]
    FurtherJob {
        /// Which job, from 0.
        place: usize,
        /// Why.
        refusal: Box<Refusal>,
    },
    /// Jobs that each fit a proof, and do not together.
    #[error(
        "{} jobs with {} bootstrappings, {} inputs, {} outputs of {} blocks together, which no proof covers",
        got.jobs,
        got.bootstrappings,
        got.inputs,
        got.outputs,
        got.output_blocks
    )]
    Together {
        /// What they take.
        got: Size,
    },
    /// Words of an output that its commitment does not open to. Outputs are counted through all jobs.
    #[error("output {index}: the words sent do not open the commitment that the statement names")]
    OutputWords {
        /// Which output.
        index: usize,
    },
    /// This worker proves linear programs only.
    #[error("this worker proves no circuits: circuits = false in its configuration")]
    NoCircuits,
    /// A text that is no circuit.
    #[error("circuit: {0}")]
    Circuit(#[from] CircuitTextError),
    /// A circuit that no segments are made of.
    #[error("circuit: {0}")]
    Segment(#[from] SegmentError),
    /// A circuit of several segments.
    #[error("{bootstrappings} bootstrappings make {got} segments, a proof for the contract is of one")]
    Segments {
        /// Segments of the circuit.
        got: usize,
        /// Its bootstrappings.
        bootstrappings: usize,
    },
    /// Points that are no commitments of a key.
    #[error("{0}")]
    KeyPoints(#[from] KeyPointsError),
    /// A statement that does not fit circuit, key or parameter set.
    #[error("statement: {0}")]
    CircuitStatement(#[from] CircuitStatementError),
    /// Another evaluation key is held, or none.
    #[error("no evaluation key {key} is held here: PutKey hands it over")]
    KeyMissing {
        /// Digest of the key's commitments.
        key: String,
    },
    /// Bytes that are no evaluation key.
    #[error("evaluation key: {0}")]
    Key(#[from] KeyError),
    /// Fewer bytes of a key than declared.
    #[error("key ends at byte {got}, {expected} bytes were declared")]
    KeyShort {
        /// Bytes received.
        got: usize,
        /// Bytes declared.
        expected: usize,
    },
    /// The commitments of the bytes have another digest than the one named.
    #[error("the commitments of the key have the digest {got}, the header names {expected}")]
    KeyDigest {
        /// Digest of the commitments.
        got: String,
        /// Digest named.
        expected: String,
    },
    /// Commitments that cannot be made or kept.
    #[error("key commitments: {0}")]
    KeyCommitments(#[from] CacheError),
    /// Words of an input that its commitment does not open to. Inputs are counted through all jobs.
    #[error("input {index}: the words sent do not open the commitment that the statement names")]
    InputWords {
        /// Which input.
        index: usize,
    },
    /// Words that make no value.
    #[error("words: {0}")]
    Values(#[from] WordsError),
    /// An evaluation that has no columns.
    #[error("evaluation: {0}")]
    Witness(#[from] WitnessError),
    /// Nobody waits for the proof.
    #[error("the proof is cancelled")]
    Cancelled,
    /// The argument for circuits.
    #[error(transparent)]
    CircuitArgument(bootstrapping::ProveError),
    /// The finished proof of a circuit does not verify: a fault of this prover, never sent out.
    #[error("the finished proof does not verify: {0}")]
    CircuitSelfCheck(#[from] Rejection),
    /// The wrap takes no such proof: a fault of this prover.
    #[error("wrap: {0}")]
    WrapWitness(#[from] WrapWitnessError),
    /// The reference string is too short for a value.
    #[error("commitment: {0}")]
    Commit(#[from] MsmError),
    /// The argument.
    #[error(transparent)]
    Argument(#[from] ProveError),
    /// The wrap.
    #[error("wrap: {0}")]
    Wrap(#[from] WrapError),
    /// The finished proof does not verify: a fault of this prover, never sent out.
    #[error("the finished proof does not verify: {0}")]
    SelfCheck(#[from] VerifyError),
    /// The bytes for the contract do not read back to a proof: a fault of this prover.
    #[error("the bytes for the contract do not verify")]
    WrappedBytes,
    /// The reference string is too short.
    #[error("SRS: {0}")]
    Srs(#[from] SrsError),
    /// A task ended abnormally.
    #[error("internal task: {0}")]
    Task(String),
}

impl Refusal {
    pub(super) fn input_words(index: usize) -> Self {
        Self::InputWords { index }
    }

    pub(super) fn output_words(index: usize) -> Self {
        Self::OutputWords { index }
    }

    /// Name and gRPC code.
    pub fn class(&self) -> (&'static str, Code) {
        match self {
            Self::Unauthenticated => ("UNAUTHENTICATED", Code::Unauthenticated),
            Self::Busy => ("BUSY", Code::ResourceExhausted),
            Self::Slow { .. } => ("SLOW", Code::DeadlineExceeded),
            Self::Order { .. } => ("MESSAGE_ORDER", Code::InvalidArgument),
            Self::Missing { .. } => ("FIELD_MISSING", Code::InvalidArgument),
            Self::Length { .. } => ("FIELD_LENGTH", Code::InvalidArgument),
            Self::Value { .. } => ("FIELD_VALUE", Code::InvalidArgument),
            Self::Chunk { .. } => ("CHUNK", Code::InvalidArgument),
            Self::WordsShort { .. } => ("WORDS_SHORT", Code::InvalidArgument),
            Self::Program(_) => ("PROGRAM_TEXT", Code::InvalidArgument),
            Self::Statement(_) => ("STATEMENT", Code::InvalidArgument),
            Self::Commitment { .. } => ("COMMITMENT", Code::InvalidArgument),
            Self::Declaration { .. } => ("DECLARATION", Code::InvalidArgument),
            Self::Handle { .. } => ("HANDLE", Code::InvalidArgument),
            Self::Origin { .. } | Self::LinkOrder { .. } => ("ORIGIN", Code::InvalidArgument),
            Self::Domain { .. } => ("DOMAIN", Code::FailedPrecondition),
            Self::Jobs { .. } => ("JOBS", Code::InvalidArgument),
            Self::FurtherJob { refusal, .. } => refusal.class(),
            Self::Together { .. } => ("BATCH_SIZE", Code::InvalidArgument),
            Self::OutputWords { .. } => ("OUTPUT_WORDS", Code::InvalidArgument),
            Self::NoCircuits => ("NO_CIRCUITS", Code::Unimplemented),
            Self::Circuit(_) => ("PROGRAM_TEXT", Code::InvalidArgument),
            Self::Segment(_) | Self::Segments { .. } => ("SEGMENTS", Code::InvalidArgument),
            Self::KeyPoints(_) => ("KEY_POINTS", Code::InvalidArgument),
            Self::CircuitStatement(CircuitStatementError::Key { .. }) => {
                ("KEY_DIGEST", Code::InvalidArgument)
            }
            Self::CircuitStatement(_) => ("STATEMENT", Code::InvalidArgument),
            Self::KeyMissing { .. } => ("KEY_MISSING", Code::FailedPrecondition),
            Self::Key(_) => ("KEY", Code::InvalidArgument),
            Self::KeyShort { .. } => ("KEY_SHORT", Code::InvalidArgument),
            Self::KeyDigest { .. } => ("KEY_DIGEST", Code::InvalidArgument),
            Self::KeyCommitments(_) => ("KEY_COMMITMENTS", Code::Internal),
            Self::InputWords { .. } => ("WORDS", Code::InvalidArgument),
            Self::Values(_) => ("WORDS", Code::InvalidArgument),
            Self::Witness(_) => ("EVALUATION", Code::InvalidArgument),
            Self::Cancelled => ("CANCELLED", Code::Cancelled),
            Self::CircuitArgument(_) => ("ARGUMENT", Code::Internal),
            Self::CircuitSelfCheck(_) => ("SELF_CHECK", Code::Internal),
            Self::WrapWitness(_) => ("WRAP", Code::Internal),
            Self::Commit(_) => ("SRS", Code::Internal),
            Self::Argument(ProveError::Words { .. }) => ("WORDS", Code::InvalidArgument),
            Self::Argument(ProveError::Cancelled) => ("CANCELLED", Code::Cancelled),
            Self::Argument(_) => ("ARGUMENT", Code::Internal),
            Self::Wrap(_) => ("WRAP", Code::Internal),
            Self::SelfCheck(_) => ("SELF_CHECK", Code::Internal),
            Self::WrappedBytes => ("WRAPPED_BYTES", Code::Internal),
            Self::Srs(_) => ("SRS", Code::Internal),
            Self::Task(_) => ("TASK", Code::Internal),
        }
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let (name, code) = refusal.class();
        if code == Code::Internal {
            tracing::error!(name, error = %refusal, "proof fails");
        }
        let mut status = Self::new(code, format!("{name}: {refusal}"));
        status.metadata_mut().insert(ERROR_NAME_ENTRY, MetadataValue::from_static(name));
        status
    }
}
