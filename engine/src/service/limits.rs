//! Sizes that are accepted.

use trine_proto::engine::v1 as pb;

/// Most bytes of a chunk, in both directions. A message with one fits gRPC's default limit of 4 MiB.
pub const MAX_CHUNK_BYTES: usize = 1 << 20;
/// Most bytes of a request message.
pub const MAX_MESSAGE_BYTES: usize = 2 << 20;
/// Bytes of the chunks that are sent.
pub const SENT_CHUNK_BYTES: usize = 512 * 1024;
/// Most bytes of an idempotency key.
pub const MAX_IDEMPOTENCY_KEY_BYTES: usize = 64;
/// Most readers of an access list.
pub const MAX_READERS: usize = 64;
/// Most characters of a reader's name.
pub const MAX_READER_CHARS: usize = 64;

/// Limits that an operator chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of each part of a key set.
    pub max_key_part_bytes: u64,
    /// Most jobs of one page.
    pub max_page_size: usize,
    /// Most uploads at once.
    pub max_uploads: usize,
    /// Most jobs that are not in a final state.
    pub max_open_jobs: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_key_part_bytes: 1 << 30, max_page_size: 100, max_uploads: 32, max_open_jobs: 256 }
    }
}

/// Most bytes of a ciphertext content: a value of the most blocks in words, which is longer than any compact list.
pub fn max_ciphertext_bytes(max_blocks: u8) -> u64 {
    (crate::domain::words::encoded_bytes(max_blocks) as u64).max(trine_fhe::encryption::MAX_LIST_BYTES)
}

impl Limits {
    /// As the engine announces them.
    pub fn message(&self, max_blocks: u8) -> pb::EngineLimits {
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        pb::EngineLimits {
            max_chunk_bytes: small(MAX_CHUNK_BYTES),
            max_ciphertext_bytes: max_ciphertext_bytes(max_blocks),
            max_key_part_bytes: self.max_key_part_bytes,
            max_program_bytes: small(trine_program::text::MAX_TEXT_BYTES),
            max_page_size: small(self.max_page_size),
            max_uploads: small(self.max_uploads),
            max_open_jobs: small(self.max_open_jobs),
            max_blocks: u32::from(max_blocks),
            max_live_blocks: small(crate::circuit::admission::MAX_LIVE_BLOCKS),
        }
    }
}
