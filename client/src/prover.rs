//! Client of `trine.prover.v1`: one proof of one evaluation.

use crate::rpc::{Bearer, RpcError};
use tokio_stream::StreamExt;
use tonic::codegen::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use trine_proto::prover::v1 as pb;
use trine_proto::prover::v1::prover_service_client::ProverServiceClient;

const SERVICE: &str = "prover";
const CHUNK_BYTES: usize = 512 * 1024;

/// A connection to one prover.
#[derive(Clone)]
pub struct ProverClient {
    inner: ProverServiceClient<InterceptedService<Channel, Bearer>>,
}

impl ProverClient {
    /// Connects to `endpoint` (`http://HOST:PORT`).
    pub async fn connect(endpoint: &str, token: &str) -> Result<Self, RpcError> {
        let failed =
            |reason: String| RpcError::Connection { service: SERVICE, endpoint: endpoint.into(), reason };
        let channel = Endpoint::from_shared(endpoint.to_string())
            .map_err(|e| failed(e.to_string()))?
            .connect()
            .await
            .map_err(|e| failed(e.to_string()))?;
        Ok(Self { inner: ProverServiceClient::with_interceptor(channel, Bearer::new(SERVICE, token)?) })
    }

    /// What the prover proves.
    pub async fn info(&mut self) -> Result<pb::GetProverInfoResponse, RpcError> {
        let answer = self.inner.get_prover_info(pb::GetProverInfoRequest {}).await;
        Ok(answer.map_err(|s| RpcError::refused(SERVICE, "GetProverInfo", &s))?.into_inner())
    }

    /// Proves a statement over the words of its values, inputs then outputs, one after the other.
    pub async fn prove(
        &mut self,
        statement: pb::Statement,
        words: &[u64],
        mut on_progress: impl FnMut(&pb::ProveProgress),
    ) -> Result<pb::ProveResult, RpcError> {
        const CALL: &str = "Prove";
        let refused = |s| RpcError::refused(SERVICE, CALL, &s);
        let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        let length = bytes.len();
        let header = pb::ProveHeader { statement: Some(statement) };
        let chunks = (0..length).step_by(CHUNK_BYTES).map(move |offset| {
            let data = bytes[offset..length.min(offset + CHUNK_BYTES)].to_vec();
            pb::prove_request::Part::Chunk(pb::WordChunk { offset: offset as u64, data })
        });
        let messages = std::iter::once(pb::prove_request::Part::Header(header))
            .chain(chunks)
            .map(|part| pb::ProveRequest { part: Some(part) });
        let answer = self.inner.prove(tokio_stream::iter(messages)).await;
        let mut stream = answer.map_err(refused)?.into_inner();
        while let Some(message) = stream.next().await {
            match message.map_err(refused)?.event {
                Some(pb::prove_response::Event::Progress(progress)) => on_progress(&progress),
                Some(pb::prove_response::Event::Result(result)) => return Ok(result),
                None => break,
            }
        }
        Err(RpcError::Answer { service: SERVICE, call: CALL, what: "no result".into() })
    }
}
