//! Column families and keys of the store in RocksDB.
//!
//! | column family | key | value |
//! | --- | --- | --- |
//! | `keys` | `r` digest | [`KeyRecord`](crate::domain::KeyRecord) |
//! | `keys` | `a` digest of commitments | [`ContentDigest`](crate::domain::ContentDigest) |
//! | `keys` | `c` digest of commitments | [`KeyPoints`](crate::domain::KeyPoints) |
//! | `keys` | `p` content id, piece (4 bytes big-endian) | bytes |
//! | `ciphertexts` | `r` handle | [`CiphertextRecord`](crate::domain::CiphertextRecord) |
//! | `ciphertexts` | `w` handle | canonical words |
//! | `programs` | program id | text |
//! | `jobs` | `j` job id | [`Job`](crate::domain::Job) |
//! | `jobs` | `t` position | nothing: the order of submission |
//! | `jobs` | `o` job id | nothing: the jobs that are not in an end state |
//! | `jobs` | `q` request id | job id |
//! | `proofs` | job id | [`ProofRecord`](crate::domain::ProofRecord) |
//! | `proofs` | job id, segment (4 bytes big-endian) | [`SegmentProof`](crate::domain::SegmentProof) |
//! | `links` | `r` job id, segment (4 bytes big-endian), output | [`CiphertextRecord`](crate::domain::CiphertextRecord) |
//! | `links` | `w` job id, segment (4 bytes big-endian), output | canonical words, until all proofs are stored |
//! | `idempotency` | digest of principal and key | [`IdempotencyRecord`](super::IdempotencyRecord) |
//! | `wires` | job id, bootstrapping (4 bytes big-endian) | words of its wires, or nothing where they are used no more |

use super::LinkPlace;
use crate::domain::JobId;
use crate::domain::key::ContentId;

/// Key sets.
pub const KEYS: &str = "keys";
/// Values.
pub const CIPHERTEXTS: &str = "ciphertexts";
/// Texts.
pub const PROGRAMS: &str = "programs";
/// Jobs and their indices.
pub const JOBS: &str = "jobs";
/// Proofs.
pub const PROOFS: &str = "proofs";
/// Answers.
pub const IDEMPOTENCY: &str = "idempotency";
/// Wires of circuits that are being evaluated.
pub const WIRES: &str = "wires";
/// Links of circuits of several segments.
pub const LINKS: &str = "links";
/// All of them.
pub const FAMILIES: [&str; 8] = [KEYS, CIPHERTEXTS, PROGRAMS, JOBS, PROOFS, IDEMPOTENCY, WIRES, LINKS];

/// A key behind its tag.
pub fn tagged(tag: u8, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + rest.len());
    key.push(tag);
    key.extend_from_slice(rest);
    key
}

/// Key of what a job has many of.
pub fn indexed(job: JobId, index: u32) -> Vec<u8> {
    [job.0.as_slice(), &index.to_be_bytes()].concat()
}

/// Key of a link.
pub fn link_key(tag: u8, place: LinkPlace) -> Vec<u8> {
    let mut key = tagged(tag, &indexed(place.job, place.segment));
    key.push(place.output);
    key
}

/// Key of a piece of a content.
pub fn piece_key(content: ContentId, index: u32) -> Vec<u8> {
    let mut key = tagged(b'p', &content.0);
    key.extend_from_slice(&index.to_be_bytes());
    key
}
