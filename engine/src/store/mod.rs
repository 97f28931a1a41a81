//! The store: what must survive the process. Every change is one batch, durable when the call returns.

mod layout;
pub mod parts;
pub mod record;
pub mod rocks;

use crate::domain::key::ContentId;
use crate::domain::{
    AccessList, CiphertextRecord, ContentDigest, Job, JobId, KeyPoints, KeyRecord, ProofRecord, SegmentProof,
};
use serde::{Deserialize, Serialize};
use trine_verifier::Bytes32;

pub use rocks::RocksStore;

/// What a principal's idempotency key was used for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyRecord {
    /// Digest of call and request.
    pub request: Bytes32,
    /// Encoded answer.
    pub answer: Vec<u8>,
}

/// What a batch of bootstrappings changes among the wires of a job.
#[derive(Clone, Debug)]
pub struct StoredWires {
    /// The job.
    pub job: JobId,
    /// Bootstrappings evaluated, with the canonical words of their wires.
    pub kept: Vec<(u32, Vec<u8>)>,
    /// Bootstrappings whose wires nothing uses any more.
    pub dropped: Vec<u32>,
}

/// Where a link is: output `output` of segment `segment` of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkPlace {
    /// The job.
    pub job: JobId,
    /// The segment.
    pub segment: u32,
    /// Place among the segment's outputs.
    pub output: u8,
}

/// One change.
#[derive(Clone, Debug)]
pub enum Write {
    /// A key set whose pieces are stored.
    Key(KeyRecord),
    /// Another digest of a stored key set: that of its commitments.
    KeyAlias(Bytes32, ContentDigest),
    /// The commitments behind such a digest.
    KeyPoints(Bytes32, KeyPoints),
    /// A ciphertext and its words.
    Ciphertext(CiphertextRecord, Vec<u8>),
    /// Another access list of a stored ciphertext.
    Access(Bytes32, AccessList),
    /// A proof covers a stored ciphertext.
    MarkProven(Bytes32),
    /// A program text under its identifier.
    Program(Bytes32, String),
    /// A job in its next revision: refused unless the stored one is the revision before. Wires go with it once the outputs
    /// are stored or the job has ended, words of links once all proofs are stored or the job has ended.
    Job(Job),
    /// Wires of a circuit: refused unless its job is being evaluated.
    Wires(StoredWires),
    /// The proof of a job, of one of several segments the last one's.
    Proof(JobId, ProofRecord),
    /// A link of a job and its words.
    Link(LinkPlace, CiphertextRecord, Vec<u8>),
    /// The proof of a segment before the last, by its place.
    SegmentProof(JobId, u32, SegmentProof),
    /// An answer under an idempotency key: refused when the key is used.
    Idempotency(Bytes32, IdempotencyRecord),
    /// Claims a request for a job: refused when another job has it and did not fail.
    Claim(Bytes32, JobId),
}

/// Why the store refuses.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// RocksDB fails.
    #[error("database: {0}")]
    Database(#[from] rocksdb::Error),
    /// A record does not decode: another version wrote it, or the disk lies.
    #[error("{what} does not decode: {reason}")]
    Corrupt {
        /// Kind of record.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// Another change of the job came first.
    #[error("job {job} is at revision {stored}, the change is to revision {to}")]
    Revision {
        /// The job.
        job: JobId,
        /// Revision on disk.
        stored: u64,
        /// Revision of the change.
        to: u64,
    },
    /// Wires of a job that was cancelled, or has its outputs.
    #[error("job {job} is not being evaluated")]
    NotEvaluating {
        /// The job.
        job: JobId,
    },
    /// The idempotency key is used.
    #[error("idempotency key is used")]
    IdempotencyKey,
    /// Another job answers the request.
    #[error("request {} is answered by job {job}", hex::encode(request))]
    Claimed {
        /// The request.
        request: Bytes32,
        /// The other job.
        job: JobId,
    },
}

/// Position in the list of jobs: time of submission and identifier.
pub type JobPosition = [u8; 24];

/// Position of a job.
pub fn position(job: &Job) -> JobPosition {
    let mut position = [0; 24];
    let (time, id) = position.split_at_mut(8);
    time.copy_from_slice(&job.created_ms.to_be_bytes());
    id.copy_from_slice(&job.id.0);
    position
}

/// What the engine keeps. Calls block on the disk for milliseconds.
pub trait Store: Send + Sync + 'static {
    /// Makes all changes or none; they survive a crash once this returns.
    fn commit(&self, batch: Vec<Write>) -> Result<(), StoreError>;

    /// Stores a piece of a content that no record names yet. Not durable before the record's [`Self::commit`].
    fn put_piece(&self, content: ContentId, index: u32, data: &[u8]) -> Result<(), StoreError>;
    /// A piece of a content.
    fn piece(&self, content: ContentId, index: u32) -> Result<Option<Vec<u8>>, StoreError>;
    /// Forgets the pieces of a content.
    fn delete_pieces(&self, content: ContentId) -> Result<(), StoreError>;

    /// A key set, by the digest of its content or by that of its commitments.
    fn key(&self, digest: &Bytes32) -> Result<Option<KeyRecord>, StoreError>;
    /// Commitments of a key set, by their digest.
    fn key_points(&self, digest: &Bytes32) -> Result<Option<KeyPoints>, StoreError>;
    /// A ciphertext without its words.
    fn ciphertext(&self, handle: &Bytes32) -> Result<Option<CiphertextRecord>, StoreError>;
    /// Canonical words of a ciphertext.
    fn words(&self, handle: &Bytes32) -> Result<Option<Vec<u8>>, StoreError>;
    /// A program text.
    fn program(&self, id: &Bytes32) -> Result<Option<String>, StoreError>;
    /// A job.
    fn job(&self, id: JobId) -> Result<Option<Job>, StoreError>;
    /// The proof of a job, of one of several segments the last one's.
    fn proof(&self, id: JobId) -> Result<Option<ProofRecord>, StoreError>;
    /// A link without its words.
    fn link(&self, place: LinkPlace) -> Result<Option<CiphertextRecord>, StoreError>;
    /// Canonical words of a link, until all proofs of its job are stored.
    fn link_words(&self, place: LinkPlace) -> Result<Option<Vec<u8>>, StoreError>;
    /// The proof of a segment before the last.
    fn segment_proof(&self, id: JobId, segment: u32) -> Result<Option<SegmentProof>, StoreError>;
    /// Hands over the wires of a job, bootstrapping by bootstrapping; no words where they are used no more.
    fn wires(
        &self,
        job: JobId,
        each: &mut dyn FnMut(u32, Vec<u8>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;
    /// What an idempotency key was used for.
    fn idempotency(&self, key: &Bytes32) -> Result<Option<IdempotencyRecord>, StoreError>;
    /// Jobs submitted before `before`, newest first, that `keep` keeps, at most `limit`.
    fn jobs(
        &self,
        before: Option<JobPosition>,
        limit: usize,
        keep: &dyn Fn(&Job) -> bool,
    ) -> Result<Vec<Job>, StoreError>;
    /// Jobs from which a state may follow on an engine with or without a chain.
    fn open_jobs(&self, chain: bool) -> Result<Vec<Job>, StoreError>;
}
