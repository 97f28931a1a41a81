//! What the engine stores. Conversions from and to messages are in [`crate::service::wire`].

pub mod access;
pub mod ciphertext;
pub mod job;
pub mod key;
pub mod noise;
pub mod proof;
pub mod words;
pub mod work;

pub use access::{AccessList, Principal, Role};
pub use ciphertext::CiphertextRecord;
pub use job::{Job, JobFailure, JobId, JobState, PendingTransaction, TransitionError};
pub use key::{ContentDigest, KeyDigester, KeyPoints, KeyRecord};
pub use noise::NoiseRecord;
pub use proof::{ProofRecord, SegmentProof};
pub use words::WordsError;
pub use work::{CircuitWork, Work};
