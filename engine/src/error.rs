//! Every refusal of the engine, with its name and its gRPC code.

use crate::chain::ChainError;
use crate::circuit::CircuitRefusal;
use crate::circuit::admission::violation_name;
use crate::domain::job::TransitionError;
use crate::domain::words::WordsError;
use crate::prover::ProverError;
use crate::store::StoreError;
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};
use trine_fhe::circuit::CircuitEvaluationError;
use trine_fhe::keys::KeyError;
use trine_program::circuit::Violation;
use trine_program::lowering::LoweringError;
use trine_program::operation::OperationError;

/// Metadata entry that carries the name of an error.
pub const ERROR_NAME_ENTRY: &str = "trine-error";

/// Why a call is refused or a job fails.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No token, or none that is known.
    #[error("no bearer token of this engine in \"authorization\"")]
    Unauthenticated,
    /// The caller may not.
    #[error("{principal} may not {action}")]
    Forbidden {
        /// Who asks.
        principal: String,
        /// What for.
        action: &'static str,
    },
    /// Nothing stored under a name.
    #[error("no {what} {id}")]
    NotFound {
        /// Kind of thing.
        what: &'static str,
        /// Its name.
        id: String,
    },
    /// A field of the wrong length.
    #[error("{field} of {got} bytes, expected {expected}")]
    FieldLength {
        /// The field.
        field: &'static str,
        /// Its length.
        got: usize,
        /// What it takes.
        expected: &'static str,
    },
    /// A field outside its values.
    #[error("{field} is {got}, expected {expected}")]
    FieldValue {
        /// The field.
        field: &'static str,
        /// Its value.
        got: String,
        /// What it takes.
        expected: String,
    },
    /// A field that is absent.
    #[error("no {field}")]
    FieldMissing {
        /// The field.
        field: &'static str,
    },
    /// The first message of an upload is not its start, or a later one is.
    #[error("upload: message {index} is {got}, expected {expected}")]
    UploadOrder {
        /// Number of the message, from 0.
        index: u64,
        /// Its kind.
        got: &'static str,
        /// The kind expected.
        expected: &'static str,
    },
    /// A chunk out of place.
    #[error("chunk at byte {got}, expected {expected}")]
    ChunkOffset {
        /// Offset of the chunk.
        got: u64,
        /// Bytes received before it.
        expected: u64,
    },
    /// A chunk too large, or empty.
    #[error("chunk of {got} bytes, expected 1 to {most}")]
    ChunkSize {
        /// Its length.
        got: usize,
        /// Most bytes of a chunk.
        most: usize,
    },
    /// More than was declared.
    #[error("content goes on to byte {got}, {declared} bytes were declared")]
    ContentTooLong {
        /// Bytes received, with the one too many.
        got: u64,
        /// Bytes declared.
        declared: u64,
    },
    /// Less than was declared.
    #[error("content ends at byte {got}, {declared} bytes were declared")]
    ContentShort {
        /// Bytes received.
        got: u64,
        /// Bytes declared.
        declared: u64,
    },
    /// A declared length over the limit.
    #[error("{what} of {got} bytes, at most {most} are taken")]
    ContentLimit {
        /// The content.
        what: &'static str,
        /// Length declared.
        got: u64,
        /// Limit.
        most: u64,
    },
    /// The bytes do not have the digest that was declared.
    #[error("{what}: digest {got}, declared {declared}")]
    DigestMismatch {
        /// The content.
        what: &'static str,
        /// Digest of the bytes.
        got: String,
        /// Digest declared.
        declared: String,
    },
    /// Words that are no ciphertext.
    #[error("ciphertext: {0}")]
    Words(#[from] WordsError),
    /// A compact list that does not expand to what was declared.
    #[error("compact list: {0}")]
    CompactList(#[from] trine_fhe::encryption::ListError),
    /// A text that is no program.
    #[error("program: {0}")]
    Program(#[from] trine_program::TextError),
    /// A program that this engine's class does not take.
    #[error("program: {0}")]
    Class(#[from] trine_verifier::program::ClassMismatch),
    /// An idempotency key was used for another request.
    #[error("idempotency key {key} was used for another request")]
    IdempotencyKeyReused {
        /// The key.
        key: String,
    },
    /// A request has its job.
    #[error("request {request} is answered by job {job}")]
    RequestTaken {
        /// The request.
        request: String,
        /// Its job.
        job: String,
    },
    /// An operation that is not evaluated.
    #[error("operation {name} is not evaluated by this engine: GetInfo lists those that are")]
    OperationUnimplemented {
        /// Its name.
        name: String,
    },
    /// An operand names an operation that is not before its own.
    #[error("operation {operation}: operand names operation {operand}, which is not before it")]
    OperandOrder {
        /// Place of the operation.
        operation: usize,
        /// Place that the operand names.
        operand: u32,
    },
    /// An output names no operation.
    #[error("output {output}: names operation {operation}, which is not in the list")]
    UnknownOutput {
        /// Place of the output.
        output: usize,
        /// Place that it names.
        operation: u32,
    },
    /// Operations that are no list.
    #[error("operations: {0}")]
    Operations(#[from] OperationError),
    /// A list that has no circuit.
    #[error("lowering: {0}")]
    Lowering(#[from] LoweringError),
    /// A circuit that may not run on its handles.
    #[error("circuit: {0}")]
    Inadmissible(#[from] Violation),
    /// A circuit that this engine does not hold.
    #[error("circuit with {got} {what}, at most {most} are taken")]
    CircuitSize {
        /// What there is too much of.
        what: &'static str,
        /// How much of it.
        got: usize,
        /// Limit.
        most: usize,
    },
    /// A circuit that is none, or that no request is answered with.
    #[error("{0}")]
    Circuit(#[from] CircuitRefusal),
    /// Handles are not those of the program.
    #[error("{got} inputs, the program takes {expected}")]
    InputCount {
        /// Handles given.
        got: usize,
        /// Inputs of the program.
        expected: usize,
    },
    /// A handle is not of the declared type, or of another key set.
    #[error("input {index}: {field} differs from what the program or job declares")]
    InputMismatch {
        /// Which input.
        index: usize,
        /// The part that differs.
        field: &'static str,
    },
    /// What is submitted is not what the chain says.
    #[error("request {request}: {field} is {got}, on chain {expected}")]
    RequestMismatch {
        /// The request.
        request: String,
        /// The part that differs.
        field: &'static str,
        /// As submitted.
        got: String,
        /// As on chain.
        expected: String,
    },
    /// A request without a chain, or none with one.
    #[error("{0}")]
    RequestId(&'static str),
    /// The request is fulfilled.
    #[error("request {request} is fulfilled already")]
    AlreadyFulfilled {
        /// The request.
        request: String,
    },
    /// A segment is proven on chain with other links than were evaluated here. One of the two is wrong.
    #[error(
        "request {request}: segment {segment} has the links {got}, on chain it is proven with {expected}"
    )]
    LinksDiffer {
        /// The request.
        request: String,
        /// The segment.
        segment: u32,
        /// Hash of the links evaluated here.
        got: String,
        /// Hash on chain.
        expected: String,
    },
    /// The job has gone too far.
    #[error("job {job} is {state}: it can be cancelled up to PROVEN")]
    NotCancellable {
        /// The job.
        job: String,
        /// Its state.
        state: &'static str,
    },
    /// Too much at once.
    #[error("{what}: {most} at once are taken, try later")]
    Busy {
        /// What there is too much of.
        what: &'static str,
        /// Limit.
        most: usize,
    },
    /// Evaluation fails.
    #[error("evaluation: {0}")]
    Evaluation(#[from] trine_fhe::linear::EvaluationError),
    /// Evaluation of a circuit fails.
    #[error("evaluation: {0}")]
    CircuitEvaluation(#[from] CircuitEvaluationError),
    /// The stored key set cannot bootstrap.
    #[error("evaluation key: {0}")]
    EvaluationKey(#[from] KeyError),
    /// A commitment cannot be made.
    #[error("commitment: {0}")]
    Commitment(#[from] trine_verifier::srs::SrsError),
    /// A value that commits to the point at infinity, or a stored commitment that is no point.
    #[error("commitment: {0}")]
    CommitmentPoint(#[from] trine_verifier::handle::CommitmentError),
    /// The prover's proof is no proof of the statement.
    #[error("the prover's proof: {0}")]
    ProofRejected(String),
    /// The prover refuses or is gone.
    #[error("prover: {0}")]
    Prover(#[from] ProverError),
    /// The chain refuses or is gone.
    #[error("chain: {0}")]
    Chain(#[from] ChainError),
    /// The store fails.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// A state does not follow.
    #[error("job: {0}")]
    Transition(#[from] TransitionError),
    /// A task of the engine ended abnormally.
    #[error("internal task: {0}")]
    Task(String),
}

impl EngineError {
    /// Name of the error and gRPC code.
    pub fn class(&self) -> (&'static str, Code) {
        match self {
            Self::Unauthenticated => ("UNAUTHENTICATED", Code::Unauthenticated),
            Self::Forbidden { .. } => ("FORBIDDEN", Code::PermissionDenied),
            Self::NotFound { .. } => ("NOT_FOUND", Code::NotFound),
            Self::FieldLength { .. } => ("FIELD_LENGTH", Code::InvalidArgument),
            Self::FieldValue { .. } => ("FIELD_VALUE", Code::InvalidArgument),
            Self::FieldMissing { .. } => ("FIELD_MISSING", Code::InvalidArgument),
            Self::UploadOrder { .. } => ("UPLOAD_ORDER", Code::InvalidArgument),
            Self::ChunkOffset { .. } => ("CHUNK_OFFSET", Code::InvalidArgument),
            Self::ChunkSize { .. } => ("CHUNK_SIZE", Code::InvalidArgument),
            Self::ContentTooLong { .. } => ("CONTENT_TOO_LONG", Code::InvalidArgument),
            Self::ContentShort { .. } => ("CONTENT_SHORT", Code::InvalidArgument),
            Self::ContentLimit { .. } => ("CONTENT_LIMIT", Code::InvalidArgument),
            Self::DigestMismatch { .. } => ("DIGEST_MISMATCH", Code::InvalidArgument),
            Self::Words(WordsError::NoMask { .. }) => ("WORDS_NO_MASK", Code::InvalidArgument),
            Self::Words(_) => ("WORDS", Code::InvalidArgument),
            Self::CompactList(_) => ("COMPACT_LIST", Code::InvalidArgument),
            Self::Program(_) => ("PROGRAM_TEXT", Code::InvalidArgument),
            Self::Class(_) => ("PROGRAM_CLASS", Code::InvalidArgument),
            Self::IdempotencyKeyReused { .. } => ("IDEMPOTENCY_KEY_REUSED", Code::AlreadyExists),
            Self::RequestTaken { .. } => ("REQUEST_TAKEN", Code::AlreadyExists),
            Self::OperationUnimplemented { .. } => ("OPERATION_UNIMPLEMENTED", Code::Unimplemented),
            Self::OperandOrder { .. } => ("OPERAND_ORDER", Code::InvalidArgument),
            Self::UnknownOutput { .. } => ("UNKNOWN_OUTPUT", Code::InvalidArgument),
            // What an earlier job left behind, not what this one says.
            Self::Operations(OperationError::NoiseLevel { .. }) => ("NOISE_LEVEL", Code::FailedPrecondition),
            Self::Operations(e) => (operations_name(e), Code::InvalidArgument),
            Self::Lowering(LoweringError::TooLarge { .. } | LoweringError::Circuit(_)) => {
                ("CIRCUIT_SIZE", Code::InvalidArgument)
            }
            Self::Lowering(_) => ("LOWERING", Code::Internal),
            Self::Inadmissible(v) => (violation_name(v), Code::FailedPrecondition),
            Self::CircuitSize { .. } => ("CIRCUIT_SIZE", Code::InvalidArgument),
            Self::Circuit(e) => e.class(),
            Self::InputCount { .. } => ("INPUT_COUNT", Code::InvalidArgument),
            Self::InputMismatch { .. } => ("INPUT_MISMATCH", Code::InvalidArgument),
            Self::RequestMismatch { .. } => ("REQUEST_MISMATCH", Code::FailedPrecondition),
            Self::RequestId(_) => ("REQUEST_ID", Code::InvalidArgument),
            Self::AlreadyFulfilled { .. } => ("ALREADY_FULFILLED", Code::FailedPrecondition),
            Self::LinksDiffer { .. } => ("LINKS", Code::FailedPrecondition),
            Self::NotCancellable { .. } => ("NOT_CANCELLABLE", Code::FailedPrecondition),
            Self::Busy { .. } => ("BUSY", Code::ResourceExhausted),
            Self::Evaluation(_) => ("EVALUATION", Code::Internal),
            Self::CircuitEvaluation(_) => ("EVALUATION", Code::Internal),
            Self::EvaluationKey(_) => ("EVALUATION_KEY", Code::FailedPrecondition),
            Self::Commitment(_) => ("COMMITMENT", Code::Internal),
            Self::CommitmentPoint(_) => ("COMMITMENT_POINT", Code::InvalidArgument),
            Self::ProofRejected(_) => ("PROOF_REJECTED", Code::Internal),
            Self::Prover(e) if e.is_retryable() => ("PROVER_UNAVAILABLE", Code::Unavailable),
            Self::Prover(_) => ("PROVER_REFUSED", Code::Internal),
            Self::Chain(e) if e.is_retryable() => ("CHAIN_UNAVAILABLE", Code::Unavailable),
            Self::Chain(ChainError::UnknownRequest { .. }) => ("UNKNOWN_REQUEST", Code::NotFound),
            Self::Chain(_) => ("CHAIN_REFUSED", Code::FailedPrecondition),
            Self::Store(_) => ("STORE", Code::Internal),
            Self::Transition(_) => ("TRANSITION", Code::Internal),
            Self::Task(_) => ("TASK", Code::Internal),
        }
    }

    /// A failure to find something named by bytes.
    pub fn not_found(what: &'static str, id: &[u8]) -> Self {
        Self::NotFound { what, id: hex::encode(id) }
    }
}

fn operations_name(error: &OperationError) -> &'static str {
    match error {
        OperationError::Count { .. } => "OPERATION_COUNT",
        OperationError::Input { .. } => "OPERATION_INPUT",
        OperationError::NoiseLevel { .. } => "NOISE_LEVEL",
        OperationError::Constant { .. } => "CONSTANT_RANGE",
        OperationError::UnknownOperand { .. } => "OPERAND_ORDER",
        OperationError::Types { .. } => "OPERATION_TYPES",
        OperationError::UnknownOutput { .. } => "UNKNOWN_OUTPUT",
    }
}

impl From<EngineError> for Status {
    fn from(error: EngineError) -> Self {
        let (name, code) = error.class();
        if code == Code::Internal {
            tracing::error!(name, %error, "call fails");
        }
        let mut status = Self::new(code, format!("{name}: {error}"));
        status.metadata_mut().insert(ERROR_NAME_ENTRY, MetadataValue::from_static(name));
        status
    }
}
