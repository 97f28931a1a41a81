//! Key sets: stored while they arrive, in pieces, and digested on the way.

use super::idempotency::Attempt;
use super::limits::SENT_CHUNK_BYTES;
use super::upload::{ContentPosition, chunks};
use super::{Answers, Service, wire};
use crate::domain::key::{ContentId, PIECE_BYTES};
use crate::domain::{ContentDigest, KeyDigester, KeyRecord, Principal};
use crate::error::EngineError;
use crate::store::Write;
use crate::store::parts::part_chunks;
use prost::Message;
use std::sync::Arc;
use tokio_stream::StreamExt;
use tonic::{Status, Streaming};
use trine_proto::engine::v1 as pb;
use trine_verifier::Bytes32;
use trine_verifier::statement::parameter_set_id;

impl Service {
    pub(super) async fn key(&self, digest: &[u8]) -> Result<KeyRecord, EngineError> {
        self.key_set(&wire::word("key_digest", digest)?).await
    }

    /// A key set by the digest of its content or by that of its commitments. Which content commitments are of, the chain
    /// says once; then the store knows.
    pub(super) async fn key_set(&self, digest: &Bytes32) -> Result<KeyRecord, EngineError> {
        let unknown = || EngineError::not_found("key", digest);
        if let Some(record) = self.store().key(digest)? {
            return Ok(record);
        }
        let chain = self.runner.parts().chain.as_ref().ok_or_else(unknown)?;
        let content = {
            let _permit = self.lookups.acquire().await;
            chain.content_of(digest).await?.ok_or_else(unknown)?
        };
        let record = self.store().key(&content)?.ok_or_else(unknown)?;
        self.store().commit(vec![Write::KeyAlias(*digest, ContentDigest(content))])?;
        Ok(record)
    }

    pub(super) async fn store_key(
        &self,
        caller: &Principal,
        mut messages: Streaming<pb::PutKeyRequest>,
    ) -> Result<pb::PutKeyResponse, Status> {
        let _permit = self.upload_permit()?;
        let start = match messages.next().await.transpose()?.and_then(|m| m.part) {
            Some(pb::put_key_request::Part::Start(start)) => start,
            Some(pb::put_key_request::Part::Chunk(_)) => return Err(order(0, "a chunk", "a start").into()),
            None => return Err(EngineError::FieldMissing { field: "start of the upload" }.into()),
        };
        let key = wire::idempotency_key(&start.idempotency_key)?;
        let header = start.header.as_ref().ok_or(EngineError::FieldMissing { field: "header" })?;
        let record = self.declared(header)?;
        // The digest stands for the content.
        let attempt = Attempt::new(caller, key, "PutKey", &[&header.encode_to_vec()]);
        if let Some(answer) = self.answered(&attempt)? {
            return Ok(answer);
        }
        let received = self.receive(&record, &mut messages).await;
        let answer = pb::PutKeyResponse { key: Some(wire::key_info(&record)) };
        let stored = received.and_then(|()| {
            // The same key set again: the pieces that are there stay.
            let known = self.store().key(&record.key_digest).map_err(EngineError::from)?.is_some();
            if known {
                self.store().delete_pieces(record.content).map_err(EngineError::from)?;
            }
            let writes = if known { vec![] } else { vec![Write::Key(record.clone())] };
            Ok(self.commit_once(&attempt, writes, answer)?)
        });
        if stored.is_err() {
            self.store().delete_pieces(record.content).map_err(EngineError::from)?;
        }
        stored
    }

    fn declared(&self, header: &pb::KeyHeader) -> Result<KeyRecord, EngineError> {
        let most = self.limits.max_key_part_bytes;
        for (what, got) in [
            ("compact public key", header.compact_public_bytes),
            ("compressed server key", header.compressed_server_bytes),
        ] {
            if got == 0 || got > most {
                return Err(EngineError::ContentLimit { what, got, most });
            }
        }
        let parameter_set = wire::word("parameter_set_id", &header.parameter_set_id)?;
        if parameter_set != parameter_set_id() {
            return Err(EngineError::FieldValue {
                field: "parameter_set_id",
                got: hex::encode(parameter_set),
                expected: hex::encode(parameter_set_id()),
            });
        }
        Ok(KeyRecord {
            key_digest: wire::word("key_digest", &header.key_digest)?,
            parameter_set_id: parameter_set,
            compact_public_bytes: header.compact_public_bytes,
            compressed_server_bytes: header.compressed_server_bytes,
            content: ContentId(rand::random()),
        })
    }

    async fn receive(
        &self,
        record: &KeyRecord,
        messages: &mut Streaming<pb::PutKeyRequest>,
    ) -> Result<(), Status> {
        let (public, server) = (record.compact_public_bytes, record.compressed_server_bytes);
        let mut position = ContentPosition::new(public + server);
        let mut digester = KeyDigester::new(public, server);
        let (mut piece, mut index) = (Vec::with_capacity(2 * PIECE_BYTES), 0u32);
        let mut message = 0;
        while let Some(next) = messages.next().await.transpose()? {
            message += 1;
            let chunk = match next.part {
                Some(pb::put_key_request::Part::Chunk(chunk)) => chunk,
                Some(pb::put_key_request::Part::Start(_)) => {
                    return Err(order(message, "a start", "a chunk").into());
                }
                None => return Err(EngineError::FieldMissing { field: "chunk" }.into()),
            };
            position.take(&chunk)?;
            digester.update(&chunk.data);
            piece.extend_from_slice(&chunk.data);
            while piece.len() >= PIECE_BYTES {
                let rest = piece.split_off(PIECE_BYTES);
                self.store().put_piece(record.content, index, &piece).map_err(EngineError::from)?;
                (piece, index) = (rest, index + 1);
            }
        }
        position.finish()?;
        if !piece.is_empty() {
            self.store().put_piece(record.content, index, &piece).map_err(EngineError::from)?;
        }
        let digest = digester.finish();
        if digest != record.key_digest {
            let (got, declared) = (hex::encode(digest), hex::encode(record.key_digest));
            return Err(EngineError::DigestMismatch { what: "key set", got, declared }.into());
        }
        Ok(())
    }

    pub(super) async fn key_chunks(
        &self,
        request: pb::DownloadKeyRequest,
    ) -> Result<Answers<pb::DownloadKeyResponse>, EngineError> {
        let record = self.key(&request.key_digest).await?;
        let (from, length) = match request.part() {
            pb::KeyPart::CompactPublic => (0, record.compact_public_bytes),
            pb::KeyPart::CompressedServer => (record.compact_public_bytes, record.compressed_server_bytes),
            pb::KeyPart::Unspecified => {
                return Err(EngineError::FieldValue {
                    field: "part",
                    got: request.part.to_string(),
                    expected: "1 (compact public) or 2 (compressed server)".into(),
                });
            }
        };
        let store = Arc::clone(&self.runner.parts().store);
        let chunks = part_chunks(store, &record, from, length).map(|chunk| {
            let (offset, data) = chunk.map_err(EngineError::from)?;
            Ok(pb::DownloadKeyResponse { chunk: Some(pb::Chunk { offset, data }) })
        });
        Ok(Box::pin(tokio_stream::iter(chunks)))
    }
}

pub(super) fn order(index: u64, got: &'static str, expected: &'static str) -> EngineError {
    EngineError::UploadOrder { index, got, expected }
}

/// Chunks of bytes that are in memory.
pub(super) fn sent_chunks(bytes: Vec<u8>) -> impl Iterator<Item = pb::Chunk> + Send {
    chunks(bytes, SENT_CHUNK_BYTES)
}
