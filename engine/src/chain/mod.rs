//! The chain as the engine sees it: it reads requests and fulfils them.

mod calls;
mod committed_keys;
pub mod rpc;

use crate::circuit::Registered;
use crate::domain::PendingTransaction;
use trine_verifier::Bytes32;
use trine_verifier::bootstrapping::registration::SegmentClaim;

pub use rpc::RpcChain;

/// A request as the contract holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestFacts {
    /// keccak-256 of the program's text.
    pub program_id: Bytes32,
    /// The program's kind, and what the registrant of a circuit says about its text.
    pub program: Registered,
    /// Key set.
    pub key_digest: Bytes32,
    /// Salt drawn in the request's transaction.
    pub salt: Bytes32,
    /// Input handles.
    pub inputs: Vec<Bytes32>,
    /// The contract holds the outputs.
    pub fulfilled: bool,
}

/// What fulfils requests, or proves a segment of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fulfilment {
    /// The request that it is sent for, which is one of its jobs'.
    pub request_id: Bytes32,
    /// The jobs that the proof covers, in the order of its statement; one, unless it is of a batch.
    pub jobs: Vec<FulfilledJob>,
    /// Coordinates of the key's commitments, for circuits; none for a linear program.
    pub key_points: Option<Vec<[Bytes32; 2]>>,
    /// Proof bytes.
    pub proof: Vec<u8>,
}

/// A job as a transaction names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FulfilledJob {
    /// The request.
    pub request_id: Bytes32,
    /// The segment, of a request of several.
    pub segment: Option<SegmentPart>,
    /// Words of the circuit's program; none of a linear program.
    pub words: Vec<Bytes32>,
    /// Affine coordinates of the inputs' commitments.
    pub input_points: Vec<[Bytes32; 2]>,
    /// Affine coordinates of the outputs' commitments.
    pub output_points: Vec<[Bytes32; 2]>,
}

/// What the transaction of a segment says beside points and proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentPart {
    /// Place of the segment.
    pub index: u32,
    /// What is registered of it.
    pub claim: SegmentClaim,
    /// Input handles of the request, in order.
    pub request_inputs: Vec<Bytes32>,
    /// Of each earlier segment that it reads the commitment digests of all links; of others nothing.
    pub links: Vec<Vec<Bytes32>>,
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inclusion {
    /// Included and successful.
    Succeeded,
    /// Included and reverted.
    Reverted,
    /// Another transaction used its nonce: it can never be included.
    Superseded,
}

/// Why the chain gives no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// The node is gone or answers nonsense for now.
    #[error("node unavailable: {0}")]
    Unavailable(String),
    /// The contract knows no such request.
    #[error("the contract has no request {request}")]
    UnknownRequest {
        /// The request.
        request: String,
    },
    /// The request is fulfilled.
    #[error("the contract holds the outputs of request {request} already")]
    AlreadyFulfilled {
        /// The request.
        request: String,
    },
    /// The contract refuses.
    #[error("the contract reverts with {0}")]
    Reverted(String),
    /// The node is of another chain.
    #[error("the node is of chain {got}, expected {expected}")]
    ChainId {
        /// Chain of the node.
        got: u64,
        /// Chain of the configuration.
        expected: u64,
    },
    /// The contract's answer does not fit together.
    #[error("{0}")]
    Answer(String),
    /// The transaction cannot be signed.
    #[error("signing fails: {0}")]
    Signing(String),
}

impl ChainError {
    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// A chain with the Coprocessor contract.
#[tonic::async_trait]
pub trait Chain: Send + Sync + 'static {
    /// Reads a request.
    async fn request(&self, request_id: &Bytes32) -> Result<RequestFacts, ChainError>;
    /// Digest of the content of a key set, by that or by the digest of its commitments; none where neither is registered.
    async fn content_of(&self, key_digest: &Bytes32) -> Result<Option<Bytes32>, ChainError>;
    /// The transaction that fulfilled a request.
    async fn fulfilment(&self, request_id: &Bytes32) -> Result<Option<Bytes32>, ChainError>;
    /// Hash of the links of a segment before the last, once it is proven: keccak-256 of their commitments' digests.
    async fn proven_segment(&self, request_id: &Bytes32, segment: u32)
    -> Result<Option<Bytes32>, ChainError>;
    /// The transaction that proved a segment before the last.
    async fn segment_fulfilment(
        &self,
        request_id: &Bytes32,
        segment: u32,
    ) -> Result<Option<Bytes32>, ChainError>;
    /// Simulates and signs, sends nothing. The result is stored before [`Self::send`].
    async fn sign(&self, fulfilment: &Fulfilment) -> Result<PendingTransaction, ChainError>;
    /// Sends a signed transaction and waits until it is known what became of it. Sending it twice is sending it once.
    async fn send(&self, transaction: &PendingTransaction) -> Result<Inclusion, ChainError>;
}
