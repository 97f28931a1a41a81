//! Ciphertexts: received in memory, since their length is bounded, named, stored.

use super::idempotency::Attempt;
use super::keys::{order, sent_chunks};
use super::limits::max_ciphertext_bytes;
use super::upload::ContentPosition;
use super::wire::UploadHeader;
use super::{Answers, Service, wire};
use crate::domain::ciphertext::StoredOrigin;
use crate::domain::{AccessList, CiphertextRecord, NoiseRecord, Principal, words};
use crate::error::EngineError;
use crate::evaluation::{self, StoredValue, ValueFacts};
use crate::setup::Setup;
use crate::store::Write;
use prost::Message;
use tokio_stream::StreamExt;
use tonic::{Status, Streaming};
use trine_fhe::{ValueWords, encryption};
use trine_proto::engine::v1 as pb;

impl Service {
    pub(super) async fn store_ciphertext(
        &self,
        caller: &Principal,
        mut messages: Streaming<pb::UploadCiphertextRequest>,
    ) -> Result<pb::UploadCiphertextResponse, Status> {
        let _permit = self.upload_permit()?;
        let start = match messages.next().await.transpose()?.and_then(|m| m.part) {
            Some(pb::upload_ciphertext_request::Part::Start(start)) => start,
            Some(pb::upload_ciphertext_request::Part::Chunk(_)) => {
                return Err(order(0, "a chunk", "a start").into());
            }
            None => return Err(EngineError::FieldMissing { field: "start of the upload" }.into()),
        };
        let key = wire::idempotency_key(&start.idempotency_key)?;
        let message = start.header.as_ref().ok_or(EngineError::FieldMissing { field: "header" })?;
        let header = UploadHeader::try_from(message)?;
        self.check_header(&header)?;
        self.key_set(&header.key_digest).await?;
        let content = receive(&header, &mut messages).await?;
        let attempt = Attempt::new(caller, key, "UploadCiphertext", &[&message.encode_to_vec(), &content]);
        if let Some(answer) = self.answered(&attempt)? {
            return Ok(answer);
        }
        let (setup, owner) = (self.setup().clone(), caller.name.clone());
        let named = tokio::task::spawn_blocking(move || name_upload(&setup, &header, &content, &owner));
        let (record, words) = named.await.map_err(|e| EngineError::Task(e.to_string()))??;
        let answer = |r: &CiphertextRecord| pb::UploadCiphertextResponse {
            ciphertext: Some(wire::ciphertext_info(r)),
        };
        // A handle names its words: the same upload again, by anybody, changes neither words nor owner.
        match self.store().ciphertext(&record.handle).map_err(EngineError::from)? {
            Some(stored) => Ok(self.commit_once(&attempt, vec![], answer(&stored))?),
            None => {
                let message = answer(&record);
                Ok(self.commit_once(&attempt, vec![Write::Ciphertext(record, words)], message)?)
            }
        }
    }

    fn check_header(&self, header: &UploadHeader) -> Result<(), EngineError> {
        let (most, blocks) = (self.setup().max_blocks(), header.declaration.blocks);
        if blocks > most {
            let expected = format!("at most {most} on this engine");
            return Err(EngineError::FieldValue { field: "blocks", got: blocks.to_string(), expected });
        }
        let (got, most) = (header.content_bytes, max_ciphertext_bytes(most));
        if got > most {
            return Err(EngineError::ContentLimit { what: "ciphertext", got, most });
        }
        Ok(())
    }

    /// A ciphertext that the caller may read.
    pub(super) fn readable(
        &self,
        reader: Option<&Principal>,
        handle: &[u8],
    ) -> Result<CiphertextRecord, EngineError> {
        let handle = wire::word("handle", handle)?;
        let record = self.store().ciphertext(&handle)?;
        let record = record.ok_or_else(|| EngineError::not_found("ciphertext", &handle))?;
        match reader {
            _ if record.access.may_read(reader) => Ok(record),
            None => Err(EngineError::Unauthenticated),
            Some(p) => {
                Err(EngineError::Forbidden { principal: p.name.clone(), action: "read this ciphertext" })
            }
        }
    }

    pub(super) fn ciphertext_chunks(
        &self,
        reader: Option<&Principal>,
        handle: &[u8],
    ) -> Result<Answers<pb::DownloadCiphertextResponse>, EngineError> {
        use pb::download_ciphertext_response::Part;
        let record = self.readable(reader, handle)?;
        let words = self.store().words(&record.handle)?;
        let words = words.ok_or_else(|| EngineError::not_found("words of ciphertext", &record.handle))?;
        let info = Part::Info(wire::ciphertext_info(&record));
        let parts = std::iter::once(info).chain(sent_chunks(words).map(Part::Chunk));
        let answers = parts.map(|part| Ok(pb::DownloadCiphertextResponse { part: Some(part) }));
        Ok(Box::pin(tokio_stream::iter(answers)))
    }
}

async fn receive(
    header: &UploadHeader,
    messages: &mut Streaming<pb::UploadCiphertextRequest>,
) -> Result<Vec<u8>, Status> {
    let mut position = ContentPosition::new(header.content_bytes);
    let mut content = Vec::new();
    let mut message = 0;
    while let Some(next) = messages.next().await.transpose()? {
        message += 1;
        match next.part {
            Some(pb::upload_ciphertext_request::Part::Chunk(chunk)) => {
                position.take(&chunk)?;
                content.extend_from_slice(&chunk.data);
            }
            Some(pb::upload_ciphertext_request::Part::Start(_)) => {
                return Err(order(message, "a start", "a chunk").into());
            }
            None => return Err(EngineError::FieldMissing { field: "chunk" }.into()),
        }
    }
    position.finish()?;
    Ok(content)
}

/// Decodes and names an upload. The owner registers the commitment on chain under this name.
fn name_upload(
    setup: &Setup,
    header: &UploadHeader,
    content: &[u8],
    owner: &str,
) -> Result<StoredValue, EngineError> {
    let value: ValueWords = match header.encoding {
        pb::CiphertextEncoding::CompactList => {
            encryption::expand(&encryption::list_from_bytes(content)?, header.declaration)?
        }
        _ => words::decode(header.declaration, content)?,
    };
    words::check_masked(&value)?;
    let facts = ValueFacts {
        key_digest: header.key_digest,
        origin: StoredOrigin::Input { registrant: header.registrant, consumer: header.consumer },
        noise: NoiseRecord::fresh(header.declaration.value_type),
        access: AccessList::owned_by(owner),
    };
    evaluation::name_value(setup, &value, facts)
}
