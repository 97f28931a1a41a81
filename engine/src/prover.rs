//! The prover as the engine sees it, and its gRPC client.

use crate::domain::{CiphertextRecord, ProofRecord};
use crate::service::wire;
use tokio::time::Duration;
use tokio_stream::StreamExt;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use trine_proto::prover::v1 as pb;
use trine_proto::prover::v1::prover_service_client::ProverServiceClient;
use trine_verifier::{Bytes32, Statement};

/// Bytes of the chunks that words are sent in.
const CHUNK_BYTES: usize = 512 * 1024;
/// Longest answer: an inner proof of the slice is below 40 kB.
const MAX_ANSWER_BYTES: usize = 4 << 20;

/// One evaluation to prove.
#[derive(Clone, Debug)]
pub struct ProofTask {
    /// What is proved.
    pub statement: Statement,
    /// Records of the inputs, in order.
    pub inputs: Vec<CiphertextRecord>,
    /// Records of the outputs, in order.
    pub outputs: Vec<CiphertextRecord>,
    /// Canonical words of inputs, then outputs.
    pub words: Vec<Vec<u8>>,
}

/// Where a proof stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofProgress {
    /// Step, for people.
    pub step: String,
    /// Thousandths of the whole.
    pub permille: u32,
}

/// Told where a proof stands.
pub type OnProgress<'a> = &'a (dyn Fn(ProofProgress) + Send + Sync);

/// Why there is no proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProverError {
    /// Gone or busy.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// It refuses the task.
    #[error("refuses: {0}")]
    Refused(String),
    /// Its answer does not fit the protocol.
    #[error("answers with {0}")]
    Answer(String),
    /// It makes proofs for another verifier or reference string.
    #[error("its {field} is {got}, expected {expected}")]
    Setup {
        /// The part that differs.
        field: &'static str,
        /// The prover's.
        got: String,
        /// The engine's.
        expected: String,
    },
}

impl ProverError {
    /// Whether the same task may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// Makes proofs.
#[tonic::async_trait]
pub trait Prover: Send + Sync + 'static {
    /// Proves one evaluation. Dropping the future cancels the proof.
    async fn prove(&self, task: ProofTask, on_progress: OnProgress<'_>) -> Result<ProofRecord, ProverError>;
}

/// A worker behind gRPC.
pub struct GrpcProver {
    channel: Channel,
    authorization: MetadataValue<Ascii>,
    verifier_hash: Bytes32,
    srs_digest: Bytes32,
}

impl GrpcProver {
    /// For the worker at `endpoint` (`http://HOST:PORT`), connected when first used and again when lost.
    pub fn new(
        endpoint: &str,
        token: &str,
        verifier_hash: Bytes32,
        srs_digest: Bytes32,
    ) -> Result<Self, ProverError> {
        let wrong = |e: String| ProverError::Answer(format!("an address or token that cannot be used: {e}"));
        let channel = Endpoint::from_shared(endpoint.to_string())
            .map_err(|e| wrong(e.to_string()))?
            .connect_timeout(Duration::from_secs(5))
            .http2_keep_alive_interval(Duration::from_secs(10))
            .keep_alive_timeout(Duration::from_secs(20))
            .connect_lazy();
        let mut authorization: MetadataValue<Ascii> =
            format!("Bearer {token}").parse().map_err(|_| wrong("token is not ASCII".into()))?;
        authorization.set_sensitive(true);
        Ok(Self { channel, authorization, verifier_hash, srs_digest })
    }

    fn client(&self) -> ProverServiceClient<Channel> {
        ProverServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    async fn check_setup(&self) -> Result<(), ProverError> {
        let info = self.client().get_prover_info(pb::GetProverInfoRequest {}).await.map_err(refused)?;
        let info = info.into_inner();
        for (field, got, expected) in [
            ("verifier hash", &info.verifier_hash, &self.verifier_hash),
            ("SRS digest", &info.srs_digest, &self.srs_digest),
        ] {
            if got != expected {
                return Err(ProverError::Setup {
                    field,
                    got: hex::encode(got),
                    expected: hex::encode(expected),
                });
            }
        }
        Ok(())
    }
}

#[tonic::async_trait]
impl Prover for GrpcProver {
    async fn prove(&self, task: ProofTask, on_progress: OnProgress<'_>) -> Result<ProofRecord, ProverError> {
        self.check_setup().await?;
        let header = pb::ProveHeader { statement: Some(wire::statement(&task)) };
        let words = task.words.concat();
        let length = words.len();
        let chunks = (0..length).step_by(CHUNK_BYTES).map(move |start| {
            let data = words[start..length.min(start + CHUNK_BYTES)].to_vec();
            pb::prove_request::Part::Chunk(pb::WordChunk { offset: start as u64, data })
        });
        let parts = std::iter::once(pb::prove_request::Part::Header(header)).chain(chunks);
        let messages = parts.map(|part| pb::ProveRequest { part: Some(part) });
        let mut request = Request::new(tokio_stream::iter(messages));
        request.metadata_mut().insert("authorization", self.authorization.clone());
        let mut answers = self.client().prove(request).await.map_err(refused)?.into_inner();
        while let Some(answer) = answers.next().await {
            match answer.map_err(refused)?.event {
                Some(pb::prove_response::Event::Progress(p)) => {
                    let step = p.stage().as_str_name().trim_start_matches("PROVE_STAGE_").to_lowercase();
                    on_progress(ProofProgress { step, permille: p.permille.min(1000) });
                }
                Some(pb::prove_response::Event::Result(result)) => return proof_record(result),
                None => return Err(ProverError::Answer("an empty event".into())),
            }
        }
        Err(ProverError::Unavailable("the stream ends without a result".into()))
    }
}

fn proof_record(result: pb::ProveResult) -> Result<ProofRecord, ProverError> {
    let proof = result.proof.ok_or_else(|| ProverError::Answer("no proof".into()))?;
    let word = |bytes: Vec<u8>| {
        Bytes32::try_from(bytes)
            .map_err(|b| ProverError::Answer(format!("a public input of {} bytes", b.len())))
    };
    Ok(ProofRecord {
        inner: proof.inner,
        wrapped: proof.wrapped,
        public_inputs: proof.public_inputs.into_iter().map(word).collect::<Result<_, _>>()?,
        argument_ms: result.argument_ms,
        wrap_ms: result.wrap_ms,
    })
}

fn refused(status: Status) -> ProverError {
    match status.code() {
        // A stream whose transport breaks ends in one of the last three.
        Code::Unavailable | Code::ResourceExhausted | Code::NotFound | Code::Cancelled | Code::Unknown => {
            ProverError::Unavailable(status.message().to_string())
        }
        _ => ProverError::Refused(status.message().to_string()),
    }
}
