//! Contents that arrive in chunks: one start, then chunks in order, exactly as many bytes as declared.

use super::limits::MAX_CHUNK_BYTES;
use crate::error::EngineError;
use trine_proto::engine::v1 as pb;

/// Position in a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentPosition {
    received: u64,
    declared: u64,
}

impl ContentPosition {
    /// Before the first byte of a content of so many bytes.
    pub fn new(declared: u64) -> Self {
        Self { received: 0, declared }
    }

    /// Checks the next chunk against what was received and declared, and goes past it.
    pub fn take(&mut self, chunk: &pb::Chunk) -> Result<(), EngineError> {
        let got = chunk.data.len();
        if got == 0 || got > MAX_CHUNK_BYTES {
            return Err(EngineError::ChunkSize { got, most: MAX_CHUNK_BYTES });
        }
        if chunk.offset != self.received {
            return Err(EngineError::ChunkOffset { got: chunk.offset, expected: self.received });
        }
        let end = self.received + got as u64;
        if end > self.declared {
            return Err(EngineError::ContentTooLong { got: end, declared: self.declared });
        }
        self.received = end;
        Ok(())
    }

    /// After the last chunk.
    pub fn finish(self) -> Result<(), EngineError> {
        let Self { received, declared } = self;
        if received == declared { Ok(()) } else { Err(EngineError::ContentShort { got: received, declared }) }
    }
}

/// Cuts bytes into the chunks that are sent.
pub fn chunks(bytes: Vec<u8>, size: usize) -> impl Iterator<Item = pb::Chunk> + Send {
    let length = bytes.len();
    (0..length).step_by(size).map(move |start| pb::Chunk {
        offset: start as u64,
        data: bytes[start..length.min(start + size)].to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(offset: u64, length: usize) -> pb::Chunk {
        pb::Chunk { offset, data: vec![0; length] }
    }

    #[test]
    fn only_chunks_in_order_and_in_bounds_are_taken() {
        let mut position = ContentPosition::new(10);
        position.take(&chunk(0, 4)).unwrap();
        assert!(matches!(position.take(&chunk(0, 4)), Err(EngineError::ChunkOffset { got: 0, expected: 4 })));
        assert!(matches!(position.take(&chunk(u64::MAX, 4)), Err(EngineError::ChunkOffset { .. })));
        assert!(matches!(position.take(&chunk(4, 0)), Err(EngineError::ChunkSize { got: 0, .. })));
        assert!(matches!(position.take(&chunk(4, MAX_CHUNK_BYTES + 1)), Err(EngineError::ChunkSize { .. })));
        assert!(matches!(
            position.take(&chunk(4, 7)),
            Err(EngineError::ContentTooLong { got: 11, declared: 10 })
        ));
        assert!(matches!(position.finish(), Err(EngineError::ContentShort { got: 4, declared: 10 })));
        position.take(&chunk(4, 6)).unwrap();
        assert!(position.finish().is_ok());
    }
}
