//! Client of `trine.engine.v1`: uploads in chunks, jobs, receipts.

use crate::rpc::{Bearer, RpcError};
use alloy::primitives::B256;
use rand::RngCore;
use tokio_stream::StreamExt;
use tonic::Code;
use tonic::codegen::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use trine_proto::engine::v1 as pb;
use trine_proto::engine::v1::engine_service_client::EngineServiceClient;

const SERVICE: &str = "engine";
/// Bytes of a chunk: well below the limit of a message.
const CHUNK_BYTES: usize = 512 * 1024;
/// Most bytes of a downloaded value: 64 blocks of 2049 words.
const MAX_DOWNLOAD_BYTES: u64 = 64 * 2049 * 8;

/// Longest answer that is read: a receipt with both proofs of 255 segments.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// A connection to one engine as one principal.
#[derive(Clone)]
pub struct EngineClient {
    inner: EngineServiceClient<InterceptedService<Channel, Bearer>>,
}

/// A downloaded value.
#[derive(Clone, Debug, PartialEq)]
pub struct Download {
    /// What the engine says about it.
    pub info: pb::CiphertextInfo,
    /// Canonical words, 8 bytes little-endian each.
    pub words: Vec<u64>,
}

impl EngineClient {
    /// Connects to `endpoint` (`http://HOST:PORT`).
    pub async fn connect(endpoint: &str, token: &str) -> Result<Self, RpcError> {
        let failed =
            |reason: String| RpcError::Connection { service: SERVICE, endpoint: endpoint.into(), reason };
        let channel = Endpoint::from_shared(endpoint.to_string())
            .map_err(|e| failed(e.to_string()))?
            .connect()
            .await
            .map_err(|e| failed(e.to_string()))?;
        let bearer = Bearer::new(SERVICE, token)?;
        let inner = EngineServiceClient::with_interceptor(channel, bearer);
        Ok(Self { inner: inner.max_decoding_message_size(MAX_ANSWER_BYTES) })
    }

    /// What the engine serves.
    pub async fn info(&mut self) -> Result<pb::GetInfoResponse, RpcError> {
        let answer = self.inner.get_info(pb::GetInfoRequest {}).await;
        Ok(answer.map_err(|s| RpcError::refused(SERVICE, "GetInfo", &s))?.into_inner())
    }

    /// Whether the engine has a key set.
    pub async fn has_key(&mut self, digest: &[u8; 32]) -> Result<bool, RpcError> {
        match self.inner.get_key(pb::GetKeyRequest { key_digest: digest.to_vec() }).await {
            Ok(_) => Ok(true),
            Err(status) if status.code() == Code::NotFound => Ok(false),
            Err(status) => Err(RpcError::refused(SERVICE, "GetKey", &status)),
        }
    }

    /// Stores a key set: the compact public key, then the compressed server key. One that is there is not sent again.
    pub async fn put_key(
        &mut self,
        digest: &[u8; 32],
        parameter_set_id: &[u8; 32],
        compact_public: &[u8],
        compressed_server: &[u8],
    ) -> Result<(), RpcError> {
        if self.has_key(digest).await? {
            return Ok(());
        }
        let header = pb::KeyHeader {
            key_digest: digest.to_vec(),
            parameter_set_id: parameter_set_id.to_vec(),
            compact_public_bytes: compact_public.len() as u64,
            compressed_server_bytes: compressed_server.len() as u64,
        };
        let start = pb::PutKeyStart { idempotency_key: fresh_key(), header: Some(header) };
        let content = [compact_public, compressed_server].concat();
        let messages = std::iter::once(pb::put_key_request::Part::Start(start))
            .chain(chunks(content).map(pb::put_key_request::Part::Chunk))
            .map(|part| pb::PutKeyRequest { part: Some(part) });
        let answer = self.inner.put_key(tokio_stream::iter(messages)).await;
        answer.map_err(|s| RpcError::refused(SERVICE, "PutKey", &s))?;
        Ok(())
    }

    /// Stores a ciphertext; `header.content_bytes` is set here.
    pub async fn upload(
        &mut self,
        header: pb::CiphertextHeader,
        content: Vec<u8>,
    ) -> Result<pb::CiphertextInfo, RpcError> {
        let header = pb::CiphertextHeader { content_bytes: content.len() as u64, ..header };
        let start = pb::UploadCiphertextStart { idempotency_key: fresh_key(), header: Some(header) };
        let messages = std::iter::once(pb::upload_ciphertext_request::Part::Start(start))
            .chain(chunks(content).map(pb::upload_ciphertext_request::Part::Chunk))
            .map(|part| pb::UploadCiphertextRequest { part: Some(part) });
        let answer = self.inner.upload_ciphertext(tokio_stream::iter(messages)).await;
        let answer = answer.map_err(|s| RpcError::refused(SERVICE, "UploadCiphertext", &s))?.into_inner();
        answer.ciphertext.ok_or_else(|| missing("UploadCiphertext", "no ciphertext"))
    }

    /// Reads a value back.
    pub async fn download(&mut self, handle: &B256) -> Result<Download, RpcError> {
        const CALL: &str = "DownloadCiphertext";
        let request = pb::DownloadCiphertextRequest { handle: handle.to_vec() };
        let refused = |s| RpcError::refused(SERVICE, CALL, &s);
        let mut stream = self.inner.download_ciphertext(request).await.map_err(refused)?.into_inner();
        let mut info: Option<pb::CiphertextInfo> = None;
        let mut bytes: Vec<u8> = Vec::new();
        while let Some(message) = stream.next().await {
            match (message.map_err(refused)?.part, &info) {
                (Some(pb::download_ciphertext_response::Part::Info(i)), None) => {
                    if i.words_bytes > MAX_DOWNLOAD_BYTES {
                        return Err(missing(CALL, format!("{} bytes of words", i.words_bytes)));
                    }
                    info = Some(i);
                }
                (Some(pb::download_ciphertext_response::Part::Chunk(c)), Some(i)) => {
                    let end = bytes.len() as u64 + c.data.len() as u64;
                    if c.offset != bytes.len() as u64 || end > i.words_bytes {
                        return Err(missing(
                            CALL,
                            format!("a chunk at byte {} of {} bytes", c.offset, c.data.len()),
                        ));
                    }
                    bytes.extend_from_slice(&c.data);
                }
                _ => return Err(missing(CALL, "messages out of order")),
            }
        }
        let info = info.ok_or_else(|| missing(CALL, "no description"))?;
        let (words, rest) = bytes.as_chunks::<8>();
        if bytes.len() as u64 != info.words_bytes || !rest.is_empty() {
            return Err(missing(CALL, format!("{} of {} bytes", bytes.len(), info.words_bytes)));
        }
        Ok(Download { info, words: words.iter().map(|w| u64::from_le_bytes(*w)).collect() })
    }

    /// Stores a program by its canonical text and returns its identifier.
    pub async fn register_program(&mut self, text: &str) -> Result<B256, RpcError> {
        const CALL: &str = "RegisterProgram";
        let request =
            pb::RegisterProgramRequest { idempotency_key: fresh_key(), text: text.as_bytes().to_vec() };
        let answer = self.inner.register_program(request).await;
        let id = answer.map_err(|s| RpcError::refused(SERVICE, CALL, &s))?.into_inner().program_id;
        B256::try_from(id.as_slice()).map_err(|_| missing(CALL, format!("an id of {} bytes", id.len())))
    }

    /// Starts the job that answers a request on chain.
    pub async fn submit(
        &mut self,
        request_id: &B256,
        key_digest: &[u8; 32],
        program_id: &B256,
        inputs: &[B256],
    ) -> Result<pb::Job, RpcError> {
        let call = pb::ProgramCall {
            program_id: program_id.to_vec(),
            inputs: inputs.iter().map(|h| h.to_vec()).collect(),
        };
        let request = pb::SubmitJobRequest {
            idempotency_key: request_id.to_vec(),
            request_id: request_id.to_vec(),
            key_digest: key_digest.to_vec(),
            work: Some(pb::submit_job_request::Work::Program(call)),
        };
        let answer = self.inner.submit_job(request).await;
        let answer = answer.map_err(|s| RpcError::refused(SERVICE, "SubmitJob", &s))?.into_inner();
        answer.job.ok_or_else(|| missing("SubmitJob", "no job"))
    }

    /// Starts a job over typed operations. Its outputs stay unproven. The same `idempotency_key` (1 to 64 bytes) again is the
    /// same job.
    pub async fn submit_operations(
        &mut self,
        idempotency_key: &[u8],
        key_digest: &[u8; 32],
        operations: pb::OperationList,
    ) -> Result<pb::Job, RpcError> {
        let request = pb::SubmitJobRequest {
            idempotency_key: idempotency_key.to_vec(),
            request_id: Vec::new(),
            key_digest: key_digest.to_vec(),
            work: Some(pb::submit_job_request::Work::Operations(operations)),
        };
        let answer = self.inner.submit_job(request).await;
        let answer = answer.map_err(|s| RpcError::refused(SERVICE, "SubmitJob", &s))?.into_inner();
        answer.job.ok_or_else(|| missing("SubmitJob", "no job"))
    }

    /// Describes a stored ciphertext; its words are not read.
    pub async fn describe(&mut self, handle: &B256) -> Result<pb::CiphertextInfo, RpcError> {
        const CALL: &str = "DownloadCiphertext";
        let refused = |s| RpcError::refused(SERVICE, CALL, &s);
        let request = pb::DownloadCiphertextRequest { handle: handle.to_vec() };
        let mut stream = self.inner.download_ciphertext(request).await.map_err(refused)?.into_inner();
        match stream.next().await.transpose().map_err(refused)?.and_then(|message| message.part) {
            Some(pb::download_ciphertext_response::Part::Info(info)) => Ok(info),
            _ => Err(missing(CALL, "no description")),
        }
    }

    /// The text of a program, an operation list or a circuit.
    pub async fn program_text(&mut self, id: &[u8]) -> Result<Vec<u8>, RpcError> {
        let answer = self.inner.get_program(pb::GetProgramRequest { program_id: id.to_vec() }).await;
        Ok(answer.map_err(|s| RpcError::refused(SERVICE, "GetProgram", &s))?.into_inner().text)
    }

    /// Reads a job.
    pub async fn job(&mut self, job_id: &[u8]) -> Result<pb::Job, RpcError> {
        let answer = self.inner.get_job(pb::GetJobRequest { job_id: job_id.to_vec() }).await;
        let answer = answer.map_err(|s| RpcError::refused(SERVICE, "GetJob", &s))?.into_inner();
        answer.job.ok_or_else(|| missing("GetJob", "no job"))
    }

    /// Follows a job to its last state; every state and every step in between is told to `on_event`.
    pub async fn watch(
        &mut self,
        job_id: &[u8],
        mut on_event: impl FnMut(&pb::watch_job_response::Event),
    ) -> Result<pb::Job, RpcError> {
        const CALL: &str = "WatchJob";
        let refused = |s| RpcError::refused(SERVICE, CALL, &s);
        let request = pb::WatchJobRequest { job_id: job_id.to_vec() };
        let mut stream = self.inner.watch_job(request).await.map_err(refused)?.into_inner();
        let mut last = None;
        while let Some(message) = stream.next().await {
            let event = message.map_err(refused)?.event.ok_or_else(|| missing(CALL, "an empty event"))?;
            on_event(&event);
            if let pb::watch_job_response::Event::Job(job) = event {
                last = Some(job);
            }
        }
        last.ok_or_else(|| missing(CALL, "no state"))
    }

    /// The receipt of a proven job.
    pub async fn receipt(&mut self, job_id: &[u8]) -> Result<pb::Receipt, RpcError> {
        let answer = self.inner.get_receipt(pb::GetReceiptRequest { job_id: job_id.to_vec() }).await;
        let answer = answer.map_err(|s| RpcError::refused(SERVICE, "GetReceipt", &s))?.into_inner();
        answer.receipt.ok_or_else(|| missing("GetReceipt", "no receipt"))
    }
}

fn missing(call: &'static str, what: impl Into<String>) -> RpcError {
    RpcError::Answer { service: SERVICE, call, what: what.into() }
}

/// A fresh idempotency key.
fn fresh_key() -> Vec<u8> {
    let mut key = [0; 16];
    rand::rngs::OsRng.fill_bytes(&mut key);
    key.to_vec()
}

/// Cuts a content into chunks with their offsets.
fn chunks(content: Vec<u8>) -> impl Iterator<Item = pb::Chunk> {
    let length = content.len();
    (0..length).step_by(CHUNK_BYTES).map(move |offset| pb::Chunk {
        offset: offset as u64,
        data: content[offset..length.min(offset + CHUNK_BYTES)].to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_join_to_the_content() {
        let content: Vec<u8> = (0..CHUNK_BYTES * 2 + 5).map(|i| i as u8).collect();
        let cut: Vec<pb::Chunk> = chunks(content.clone()).collect();
        assert_eq!(cut.iter().map(|c| c.offset).collect::<Vec<_>>(), [0, 524_288, 1_048_576]);
        assert_eq!(cut.iter().flat_map(|c| c.data.clone()).collect::<Vec<u8>>(), content);
        assert_eq!(chunks(Vec::new()).count(), 0);
    }
}
