//! Keys that arrive in chunks: one header, then exactly as many bytes as it declares, in order.

use crate::service::intake::MAX_CHUNK_BYTES;
use crate::service::refusal::Refusal;
use crate::service::wire::fixed;
use trine_fhe::keys::MAX_KEY_BYTES;
use trine_proto::prover::v1 as pb;
use trine_verifier::Bytes32;

/// The bytes of a key received so far.
pub struct KeyUpload {
    /// Digest of the commitments that the client names.
    pub key_digest: Bytes32,
    declared: usize,
    bytes: Vec<u8>,
}

impl KeyUpload {
    /// Checks what is declared; nothing is allocated yet.
    pub fn new(header: &pb::PutKeyHeader) -> Result<Self, Refusal> {
        let key_digest = fixed("key_digest", &header.key_digest)?;
        let declared = header.compressed_server_bytes;
        let length = usize::try_from(declared).ok().filter(|_| (1..=MAX_KEY_BYTES).contains(&declared));
        let declared = length.ok_or_else(|| Refusal::Value {
            field: "compressed_server_bytes",
            got: declared.to_string(),
            expected: format!("1 to {MAX_KEY_BYTES}"),
        })?;
        Ok(Self { key_digest, declared, bytes: Vec::new() })
    }

    /// The next chunk, in order and within what is declared.
    pub fn take(&mut self, chunk: &pb::WordChunk) -> Result<(), Refusal> {
        let (got, expected) = (chunk.data.len(), self.bytes.len());
        let most = MAX_CHUNK_BYTES.min(self.declared - expected);
        if got == 0 || got > most || chunk.offset != expected as u64 {
            return Err(Refusal::Chunk { got, offset: chunk.offset, expected: expected as u64, most });
        }
        self.bytes.extend_from_slice(&chunk.data);
        Ok(())
    }

    /// All bytes. Error: fewer than declared.
    pub fn finish(self) -> Result<Vec<u8>, Refusal> {
        let (got, expected) = (self.bytes.len(), self.declared);
        if got == expected { Ok(self.bytes) } else { Err(Refusal::KeyShort { got, expected }) }
    }
}
