//! The expanded evaluation key of the last key set used: 315 MB, and 900 MB while it is expanded.

use crate::domain::KeyRecord;
use crate::domain::key::PIECE_BYTES;
use crate::error::EngineError;
use crate::store::Store;
use bincode::Options;
use std::io::{Error, Read};
use std::sync::{Arc, Mutex, PoisonError};
use trine_fhe::bootstrapping::EvaluationKey;
use trine_fhe::bootstrapping::rotation::Backend;
use trine_fhe::keys::{KeyError, MAX_KEY_BYTES, options};
use trine_verifier::Bytes32;

/// One key: jobs of one key set follow each other far more often than they alternate.
#[derive(Default)]
pub struct KeyCache(Mutex<Option<(Bytes32, Arc<EvaluationKey>)>>);

impl KeyCache {
    /// The key of a set, from memory or expanded from the store: some seconds. Whoever arrives meanwhile waits.
    pub fn get(&self, store: &dyn Store, record: &KeyRecord) -> Result<Arc<EvaluationKey>, EngineError> {
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((digest, key)) = &*cached
            && *digest == record.key_digest
        {
            return Ok(key.clone());
        }
        // Gone before the next one is there: never two.
        *cached = None;
        // The squashing key behind it is never read.
        let server = options(MAX_KEY_BYTES)
            .deserialize_from(Pieces::server_part(store, record))
            .map_err(|source| KeyError::Encoding { what: "server key", source })?;
        let key = Arc::new(EvaluationKey::new(server, Backend::detect())?);
        *cached = Some((record.key_digest, key.clone()));
        Ok(key)
    }
}

/// Reads a part of a stored key set, piece by piece.
struct Pieces<'a> {
    store: &'a dyn Store,
    record: &'a KeyRecord,
    /// Next byte of the content.
    position: u64,
    end: u64,
    /// The piece that the next byte is in.
    piece: Vec<u8>,
}

impl<'a> Pieces<'a> {
    fn server_part(store: &'a dyn Store, record: &'a KeyRecord) -> Self {
        let position = record.compact_public_bytes;
        let end = position + record.compressed_server_bytes;
        Self { store, record, position, end, piece: Vec::new() }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let size = PIECE_BYTES as u64;
        let within = (self.position % size) as usize;
        if self.position < self.end && (self.piece.is_empty() || within == 0) {
            let index = u32::try_from(self.position / size).map_err(Error::other)?;
            let piece = self.store.piece(self.record.content, index).map_err(Error::other)?;
            self.piece = piece.ok_or_else(|| Error::other(format!("piece {index} is gone")))?;
        }
        let left = usize::try_from(self.end - self.position).unwrap_or(usize::MAX);
        let available = self.piece.get(within..).unwrap_or_default();
        let length = buffer.len().min(available.len()).min(left);
        buffer[..length].copy_from_slice(&available[..length]);
        self.position += length as u64;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::key::ContentId;
    use crate::store::RocksStore;

    #[test]
    fn a_part_reads_as_it_was_stored_across_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let store = RocksStore::open(folder.path()).unwrap();
        let content = ContentId([1; 16]);
        let bytes: Vec<u8> = (0..2 * PIECE_BYTES + 1000).map(|i| (i % 251) as u8).collect();
        for (index, piece) in bytes.chunks(PIECE_BYTES).enumerate() {
            store.put_piece(content, index as u32, piece).unwrap();
        }
        let record = KeyRecord {
            key_digest: [2; 32],
            parameter_set_id: [3; 32],
            compact_public_bytes: 777,
            compressed_server_bytes: (bytes.len() - 777) as u64,
            content,
        };
        let mut read = Vec::new();
        Pieces::server_part(&store, &record).read_to_end(&mut read).unwrap();
        assert!(read == bytes[777..]);
        let cache = KeyCache::default();
        assert!(matches!(cache.get(&store, &record), Err(EngineError::EvaluationKey(_))), "no key");
    }
}
