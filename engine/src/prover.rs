//! The prover as the engine sees it, and its gRPC client.

use crate::domain::{CiphertextRecord, KeyRecord, ProofRecord};
use crate::error::ERROR_NAME_ENTRY;
use crate::service::wire;
use crate::setup::Setup;
use crate::store::Store;
use crate::store::parts::part_chunks;
use std::sync::Arc;
use tokio::time::Duration;
use tokio_stream::StreamExt;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use trine_proto::prover::v1 as pb;
use trine_proto::prover::v1::prover_service_client::ProverServiceClient;
use trine_verifier::bootstrapping::{KeyCommitments, Statement as CircuitStatement};
use trine_verifier::{Bytes32, Domain, Statement};

/// Bytes of the chunks that words are sent in.
const CHUNK_BYTES: usize = 512 * 1024;
/// Longest answer: a native proof is below 100 kB.
const MAX_ANSWER_BYTES: usize = 4 << 20;
/// Name of the refusal of a prover that holds another key set, or none.
const KEY_MISSING: &str = "KEY_MISSING";

/// What a proof states, of either kind of program.
#[derive(Clone, Debug)]
pub enum ProofStatement {
    /// Of a linear program.
    Linear(Statement),
    /// Of a circuit.
    Circuit(CircuitStatement),
}

impl ProofStatement {
    /// Where the proof counts.
    pub const fn domain(&self) -> &Domain {
        match self {
            Self::Linear(statement) => &statement.domain,
            Self::Circuit(statement) => &statement.domain,
        }
    }

    /// Commitments of the evaluation key, of a circuit.
    pub const fn keys(&self) -> Option<&KeyCommitments> {
        match self {
            Self::Linear(_) => None,
            Self::Circuit(statement) => Some(&statement.keys),
        }
    }
}

/// A key set as a prover is handed it.
#[derive(Clone)]
pub struct ServerKey {
    /// Digest of its commitments.
    pub key_digest: Bytes32,
    /// Where its bytes are.
    pub record: KeyRecord,
    /// The store that has them.
    pub store: Arc<dyn Store>,
}

/// Records of the values of one job, or of a segment of one.
#[derive(Clone, Debug, Default)]
pub struct JobValues {
    /// Of the inputs, in order.
    pub inputs: Vec<CiphertextRecord>,
    /// Of the outputs, in order.
    pub outputs: Vec<CiphertextRecord>,
}

/// What to prove: one evaluation, or those of a batch.
#[derive(Clone, Debug)]
pub struct ProofTask {
    /// What is proved.
    pub statement: ProofStatement,
    /// Values of each job of the statement, in order.
    pub jobs: Vec<JobValues>,
    /// Canonical words of inputs, then outputs of each job.
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
    /// Proves what a task states. Dropping the future cancels the proof.
    async fn prove(&self, task: ProofTask, on_progress: OnProgress<'_>) -> Result<ProofRecord, ProverError>;
    /// Coordinates of the commitments of a key set, which the prover holds from then on: proofs of circuits are made under
    /// the last one. Whose they are is the caller's to check.
    async fn key_points(&self, key: &ServerKey) -> Result<Vec<[Bytes32; 2]>, ProverError>;
}

/// A worker behind gRPC.
pub struct GrpcProver {
    channel: Channel,
    authorization: MetadataValue<Ascii>,
    verifier_hash: Bytes32,
    circuit_verifier_hash: Option<Bytes32>,
    srs_digest: Bytes32,
}

impl GrpcProver {
    /// For the worker at `endpoint` (`http://HOST:PORT`), connected when first used and again when lost.
    pub fn new(endpoint: &str, token: &str, setup: &Setup) -> Result<Self, ProverError> {
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
        let verifier_hash = setup.verifier_hash;
        let circuit_verifier_hash = setup.circuits.map(|circuits| circuits.verifier_hash);
        let srs_digest = setup.commitment_key.verifier().digest();
        Ok(Self { channel, authorization, verifier_hash, circuit_verifier_hash, srs_digest })
    }

    fn client(&self) -> ProverServiceClient<Channel> {
        ProverServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    fn authorised<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.authorization.clone());
        request
    }

    async fn info(&self) -> Result<pb::GetProverInfoResponse, ProverError> {
        let info = self.client().get_prover_info(pb::GetProverInfoRequest {}).await;
        Ok(info.map_err(refused)?.into_inner())
    }

    /// The prover makes proofs of this kind for the same verifier, over the same reference string.
    async fn check_setup(&self, statement: &ProofStatement) -> Result<(), ProverError> {
        let info = self.info().await?;
        let (field, hash, expected) = match statement {
            ProofStatement::Linear(_) => ("verifier hash", info.verifier_hash, self.verifier_hash),
            ProofStatement::Circuit(_) => {
                let hash = info.circuits.map(|circuits| circuits.verifier_hash).unwrap_or_default();
                ("verifier hash of circuits", hash, self.circuit_verifier_hash.unwrap_or_default())
            }
        };
        for (field, got, expected) in
            [(field, &hash, &expected), ("SRS digest", &info.srs_digest, &self.srs_digest)]
        {
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

    /// Streams a key set from the store.
    async fn put_key(&self, key: &ServerKey) -> Result<pb::EvaluationKeyPoints, ProverError> {
        let record = &key.record;
        let length = record.compressed_server_bytes;
        let header =
            pb::PutKeyHeader { key_digest: key.key_digest.to_vec(), compressed_server_bytes: length };
        let chunks = part_chunks(key.store.clone(), record, record.compact_public_bytes, length);
        // A stream that ends early is refused by the prover: nothing is proved under half a key.
        let chunks = chunks.map_while(|chunk| match chunk {
            Ok((offset, data)) => Some(pb::put_key_request::Part::Chunk(pb::WordChunk { offset, data })),
            Err(error) => {
                tracing::error!(%error, "the key set cannot be read");
                None
            }
        });
        let parts = std::iter::once(pb::put_key_request::Part::Header(header)).chain(chunks);
        let messages = parts.map(|part| pb::PutKeyRequest { part: Some(part) });
        let answer = self.client().put_key(self.authorised(tokio_stream::iter(messages))).await;
        let points = answer.map_err(refused)?.into_inner().points;
        points.ok_or_else(|| ProverError::Answer("no key points".into()))
    }
}

#[tonic::async_trait]
impl Prover for GrpcProver {
    async fn key_points(&self, key: &ServerKey) -> Result<Vec<[Bytes32; 2]>, ProverError> {
        let request = pb::GetKeyRequest { key_digest: key.key_digest.to_vec() };
        let message = match self.client().get_key(self.authorised(request)).await {
            Ok(answer) => {
                let points = answer.into_inner().points;
                points.ok_or_else(|| ProverError::Answer("no key points".into()))?
            }
            Err(status) if is_key_missing(&status) => self.put_key(key).await?,
            Err(status) => return Err(refused(status)),
        };
        message.points.iter().map(|point| xy(point)).collect()
    }

    async fn prove(&self, task: ProofTask, on_progress: OnProgress<'_>) -> Result<ProofRecord, ProverError> {
        self.check_setup(&task.statement).await?;
        let header = pb::ProveHeader { statement: Some(wire::statement(&task)) };
        let words = task.words.concat();
        let length = words.len();
        let chunks = (0..length).step_by(CHUNK_BYTES).map(move |start| {
            let data = words[start..length.min(start + CHUNK_BYTES)].to_vec();
            pb::prove_request::Part::Chunk(pb::WordChunk { offset: start as u64, data })
        });
        let parts = std::iter::once(pb::prove_request::Part::Header(header)).chain(chunks);
        let messages = parts.map(|part| pb::ProveRequest { part: Some(part) });
        let request = self.authorised(tokio_stream::iter(messages));
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

fn xy(point: &[u8]) -> Result<[Bytes32; 2], ProverError> {
    let wrong = || ProverError::Answer(format!("a key point of {} bytes", point.len()));
    let ([x, y], []) = point.as_chunks::<32>() else { return Err(wrong()) };
    Ok([*x, *y])
}

fn is_key_missing(status: &Status) -> bool {
    status.metadata().get(ERROR_NAME_ENTRY).is_some_and(|name| name.as_bytes() == KEY_MISSING.as_bytes())
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
        batch: Vec::new(),
    })
}

fn refused(status: Status) -> ProverError {
    // Another engine's key, or a new process: the next attempt hands the key over.
    if is_key_missing(&status) {
        return ProverError::Unavailable(status.message().to_string());
    }
    match status.code() {
        // A stream whose transport breaks ends in one of the last three.
        Code::Unavailable | Code::ResourceExhausted | Code::NotFound | Code::Cancelled | Code::Unknown => {
            ProverError::Unavailable(status.message().to_string())
        }
        _ => ProverError::Refused(status.message().to_string()),
    }
}
