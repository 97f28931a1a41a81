//! An engine over loopback, clients with tokens, and uploads.

use crate::doubles::{FakeChain, FakeProver};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};
use trine_engine::chain::{Chain, RequestFacts};
use trine_engine::circuit::Registered;
use trine_engine::domain::{Principal, Role};
use trine_engine::jobs::{JobRunner, Parts, Patience};
use trine_engine::service::auth::Tokens;
use trine_engine::service::limits::Limits;
use trine_engine::service::{Service, server};
use trine_engine::setup::Setup;
use trine_engine::store::{RocksStore, Store};
use trine_fhe::parameters::BLOCK_WORDS;
use trine_program::{Declaration, KeyKind, LinearProgram, LinearRow, Term, ValueType};
use trine_proto::engine::v1 as pb;
use trine_proto::engine::v1::engine_service_client::EngineServiceClient;
use trine_verifier::bootstrapping::batch::MAX_JOBS;
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{Bytes32, Class};

/// Blocks of the parameter set in a class with few slots: a proof takes a fraction of a second.
pub const CLASS: Class = Class {
    id: 210,
    log_n: 11,
    log_blocks: 0,
    inputs: 3,
    log_outputs: 0,
    limb_bits: 12,
    log_chunk: 12,
    second_round: false,
};

/// Powers of the reference string: four blocks, a value of 8 bits.
const LOG_POWERS: usize = 14;

static SETUP: LazyLock<Arc<Setup>> = LazyLock::new(|| {
    let setup = Setup {
        chain_id: 31337,
        coprocessor: [7; 20],
        verifier_hash: [9; 32],
        commitment_key: trine_prover::srs::development(LOG_POWERS).unwrap(),
        class: CLASS,
        circuits: None,
    };
    setup.check(true).unwrap();
    Arc::new(setup)
});

pub fn setup() -> Arc<Setup> {
    SETUP.clone()
}

pub type Client = EngineServiceClient<InterceptedService<Channel, Bearer>>;

/// Adds a token, or nothing.
#[derive(Clone)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl tonic::service::Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

pub const ALICE: &str = "alice";
pub const BOB: &str = "bob";
pub const ROOT: &str = "root";

fn token(name: &str) -> String {
    format!("{name}-{}", "t".repeat(32))
}

/// A running engine.
pub struct Engine {
    pub chain: Option<Arc<FakeChain>>,
    pub prover: Arc<FakeProver>,
    pub runner: JobRunner,
    address: SocketAddr,
    _folder: Option<TempDir>,
}

/// With a chain, or without one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Chain,
    NoChain,
}

impl Engine {
    /// On an empty store.
    pub async fn start(mode: Mode) -> Self {
        Self::start_limited(mode, Limits::default()).await
    }

    pub async fn start_limited(mode: Mode, limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let chain = (mode == Mode::Chain).then(|| Arc::new(FakeChain::default()));
        let prover = Arc::new(FakeProver::new(setup()));
        let mut engine = Self::start_with(store, chain, prover, limits).await;
        engine._folder = Some(folder);
        engine
    }

    /// On these parts.
    pub async fn start_with(
        store: Arc<dyn Store>,
        chain: Option<Arc<FakeChain>>,
        prover: Arc<FakeProver>,
        limits: Limits,
    ) -> Self {
        Self::start_on(setup(), store, chain, prover, limits).await
    }

    /// On these parts, of another setup.
    pub async fn start_on(
        setup: Arc<Setup>,
        store: Arc<dyn Store>,
        chain: Option<Arc<FakeChain>>,
        prover: Arc<FakeProver>,
        limits: Limits,
    ) -> Self {
        Self::start_batching(setup, store, chain, prover, limits, MAX_JOBS).await
    }

    /// On these parts, with so many jobs to a proof.
    pub async fn start_batching(
        setup: Arc<Setup>,
        store: Arc<dyn Store>,
        chain: Option<Arc<FakeChain>>,
        prover: Arc<FakeProver>,
        limits: Limits,
        most_jobs: usize,
    ) -> Self {
        let parts =
            Parts { store, setup, chain: chain.clone().map(|c| c as Arc<dyn Chain>), prover: prover.clone() };
        let patience = Patience { first: Duration::from_millis(5), most: Duration::from_millis(20) };
        let runner = JobRunner::new(parts, patience, most_jobs);
        runner.resume().unwrap();
        let principal = |name: &str, role| (Principal { name: name.into(), role }, token(name));
        let tokens = Tokens::new([
            principal(ALICE, Role::User),
            principal(BOB, Role::User),
            principal(ROOT, Role::Operator),
        ]);
        let service = Service::new(runner.clone(), tokens.unwrap(), limits);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            server::serve(service, listener, std::future::pending()).await.unwrap();
        });
        Self { chain, prover, runner, address, _folder: None }
    }

    /// Keeps the folder of its store as long as it serves.
    pub fn keeping(self, folder: TempDir) -> Self {
        Self { _folder: Some(folder), ..self }
    }

    pub async fn channel(&self) -> Channel {
        Channel::from_shared(format!("http://{}", self.address)).unwrap().connect().await.unwrap()
    }

    pub async fn client(&self, name: &str) -> Client {
        let value = format!("Bearer {}", token(name)).parse().unwrap();
        EngineServiceClient::with_interceptor(self.channel().await, Bearer(Some(value)))
    }

    pub async fn stranger(&self) -> Client {
        EngineServiceClient::with_interceptor(self.channel().await, Bearer(None))
    }

    pub async fn client_with_token(&self, token: &str) -> Client {
        let value = format!("Bearer {token}").parse().unwrap();
        EngineServiceClient::with_interceptor(self.channel().await, Bearer(Some(value)))
    }
}

pub fn open(folder: &Path) -> Arc<RocksStore> {
    Arc::new(RocksStore::open(folder).unwrap())
}

/// A small "key set": the engine stores and digests it and never decodes it.
pub fn key_parts() -> (Vec<u8>, Vec<u8>) {
    ((0..100_000u32).map(|i| i as u8).collect(), (0..3_000_000u32).map(|i| (i / 7) as u8).collect())
}

pub fn key_header() -> pb::KeyHeader {
    let (public, server) = key_parts();
    pb::KeyHeader {
        key_digest: trine_fhe::keys::key_digest(&public, &server).to_vec(),
        parameter_set_id: parameter_set_id().to_vec(),
        compact_public_bytes: public.len() as u64,
        compressed_server_bytes: server.len() as u64,
    }
}

pub fn key_messages(header: pb::KeyHeader, content: &[u8]) -> Vec<pb::PutKeyRequest> {
    let start = pb::PutKeyStart { idempotency_key: b"key".to_vec(), header: Some(header) };
    let chunks = content.chunks(700_001).scan(0u64, |offset, data| {
        let chunk = pb::Chunk { offset: *offset, data: data.to_vec() };
        *offset += data.len() as u64;
        Some(pb::put_key_request::Part::Chunk(chunk))
    });
    std::iter::once(pb::put_key_request::Part::Start(start))
        .chain(chunks)
        .map(|part| pb::PutKeyRequest { part: Some(part) })
        .collect()
}

pub async fn put_key(client: &mut Client) -> Bytes32 {
    let (public, server) = key_parts();
    put_key_set(client, key_header(), &[public, server].concat()).await
}

pub async fn put_key_set(client: &mut Client, header: pb::KeyHeader, content: &[u8]) -> Bytes32 {
    let messages = key_messages(header, content);
    let answer = client.put_key(tokio_stream::iter(messages)).await.unwrap().into_inner();
    answer.key.unwrap().key_digest.try_into().unwrap()
}

pub fn declaration(degree: u8) -> Declaration {
    Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: 1, degree }
}

/// `2 a - 3 b + 2^59`.
pub fn program() -> LinearProgram {
    let term = |input, coefficient| Term { input, block: 0, coefficient };
    let row = LinearRow { terms: vec![term(0, 2), term(1, -3)], constant: 1 << 59 };
    LinearProgram::new(vec![declaration(1); 2], vec![declaration(15)], vec![row]).unwrap()
}

pub fn words(seed: u64) -> Vec<u64> {
    (0..BLOCK_WORDS as u64)
        .map(|i| (i + 1).wrapping_mul(seed | 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .collect()
}

pub fn bytes(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|w| w.to_le_bytes()).collect()
}

pub fn header(key_digest: &Bytes32, content_bytes: usize) -> pb::CiphertextHeader {
    pb::CiphertextHeader {
        key_digest: key_digest.to_vec(),
        key_kind: 1,
        value_type: ValueType::Nibbles.code().into(),
        blocks: 1,
        registrant: vec![0xa1; 20],
        consumer: vec![0xc0; 20],
        encoding: pb::CiphertextEncoding::Words.into(),
        content_bytes: content_bytes as u64,
    }
}

pub fn start(key: &[u8], header: pb::CiphertextHeader) -> pb::UploadCiphertextRequest {
    let start = pb::UploadCiphertextStart { idempotency_key: key.to_vec(), header: Some(header) };
    pb::UploadCiphertextRequest { part: Some(pb::upload_ciphertext_request::Part::Start(start)) }
}

pub fn chunk(offset: usize, data: &[u8]) -> pb::UploadCiphertextRequest {
    let chunk = pb::Chunk { offset: offset as u64, data: data.to_vec() };
    pb::UploadCiphertextRequest { part: Some(pb::upload_ciphertext_request::Part::Chunk(chunk)) }
}

pub async fn upload(
    client: &mut Client,
    key: &[u8],
    header: pb::CiphertextHeader,
    content: &[u8],
) -> Result<pb::CiphertextInfo, Status> {
    let chunks = content.chunks(5000).enumerate().map(|(i, data)| chunk(5000 * i, data));
    let messages: Vec<_> = std::iter::once(start(key, header)).chain(chunks).collect();
    let answer = client.upload_ciphertext(tokio_stream::iter(messages)).await?;
    Ok(answer.into_inner().ciphertext.unwrap())
}

/// Name of the error that a status carries, checked to be in message and metadata alike.
pub fn name(status: &Status) -> String {
    let name = status.metadata().get("trine-error").unwrap().to_str().unwrap();
    assert!(status.message().starts_with(&format!("{name}: ")), "{}", status.message());
    name.into()
}

/// Key set, program and two ciphertexts of Alice's.
pub struct Stored {
    pub key_digest: Bytes32,
    pub program_id: Bytes32,
    pub inputs: Vec<Bytes32>,
}

pub async fn store_inputs(client: &mut Client) -> Stored {
    let key_digest = put_key(client).await;
    let mut inputs = Vec::new();
    for seed in [3, 5] {
        let content = bytes(&words(seed));
        let info =
            upload(client, &seed.to_be_bytes(), header(&key_digest, content.len()), &content).await.unwrap();
        inputs.push(info.record.unwrap().handle.try_into().unwrap());
    }
    let request = pb::RegisterProgramRequest {
        idempotency_key: b"program".to_vec(),
        text: program().to_text().into_bytes(),
    };
    let answer = client.register_program(request).await.unwrap().into_inner();
    Stored { key_digest, program_id: answer.program_id.try_into().unwrap(), inputs }
}

impl Stored {
    pub fn request(&self, id: Option<Bytes32>) -> pb::SubmitJobRequest {
        pb::SubmitJobRequest {
            idempotency_key: b"job".to_vec(),
            request_id: id.map(|i| i.to_vec()).unwrap_or_default(),
            key_digest: self.key_digest.to_vec(),
            work: Some(pb::submit_job_request::Work::Program(pb::ProgramCall {
                program_id: self.program_id.to_vec(),
                inputs: self.inputs.iter().map(|h| h.to_vec()).collect(),
            })),
        }
    }

    pub fn facts(&self) -> RequestFacts {
        RequestFacts {
            program_id: self.program_id,
            program: Registered::Linear,
            key_digest: self.key_digest,
            salt: [0x5a; 32],
            inputs: self.inputs.clone(),
            fulfilled: false,
        }
    }
}

/// Follows a job to its end: all states in order, and the last job.
pub async fn watch(client: &mut Client, job_id: &[u8]) -> (Vec<pb::JobState>, pb::Job, usize) {
    let request = pb::WatchJobRequest { job_id: job_id.to_vec() };
    let mut stream = client.watch_job(request).await.unwrap().into_inner();
    let (mut states, mut last, mut progress) = (Vec::new(), None, 0);
    while let Some(message) = stream.message().await.unwrap() {
        match message.event.unwrap() {
            pb::watch_job_response::Event::Job(job) => {
                states.push(job.state());
                last = Some(job);
            }
            pb::watch_job_response::Event::Progress(_) => progress += 1,
        }
    }
    (states, last.unwrap(), progress)
}
