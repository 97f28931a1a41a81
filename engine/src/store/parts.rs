//! Parts of a stored key set, piece by piece.

use super::{Store, StoreError};
use crate::domain::KeyRecord;
use crate::domain::key::PIECE_BYTES;
use std::sync::Arc;

/// Bytes of a part, and where in the part they begin.
pub type PartChunk = (u64, Vec<u8>);

/// The `length` bytes of a content from byte `from` on: one chunk for each piece of the store, the first and the last cut to
/// the part.
pub fn part_chunks(
    store: Arc<dyn Store>,
    record: &KeyRecord,
    from: u64,
    length: u64,
) -> impl Iterator<Item = Result<PartChunk, StoreError>> + Send + use<> {
    let (content, size) = (record.content, PIECE_BYTES as u64);
    let pieces = (from / size)..(from + length).div_ceil(size);
    pieces.map(move |index| {
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        let missing = || StoreError::Corrupt { what: "key", reason: format!("piece {index} is gone") };
        let piece = store.piece(content, number)?.ok_or_else(missing)?;
        let start = from.saturating_sub(index * size);
        let end = (from + length - index * size).min(size);
        let (start, end) = (start as usize, end as usize);
        let data = piece.get(start..end).unwrap_or_default().to_vec();
        Ok((index * size + start as u64 - from, data))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::key::ContentId;
    use crate::store::RocksStore;

    #[test]
    fn parts_are_cut_from_pieces_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(RocksStore::open(folder.path()).unwrap());
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
        for (from, length) in [(0, 777), (777, bytes.len() - 777), (0, bytes.len()), (PIECE_BYTES, 1)] {
            let mut read = Vec::new();
            for chunk in part_chunks(store.clone(), &record, from as u64, length as u64) {
                let (offset, data) = chunk.unwrap();
                assert_eq!(offset, read.len() as u64);
                read.extend(data);
            }
            assert!(read == bytes[from..from + length], "{from} {length}");
        }
        let gone = KeyRecord { content: ContentId([9; 16]), ..record };
        let mut chunks = part_chunks(store, &gone, 0, 10);
        assert!(matches!(chunks.next(), Some(Err(StoreError::Corrupt { what: "key", .. }))));
    }
}
