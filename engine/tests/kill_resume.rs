//! `kill -9` of the engine's process at every state without a chain, held open by failpoints; the next process ends the
//! job. The chain's states are crashed in `tests/engine/crashes.rs`, and against anvil by the demo's soak run.
//!
//! The prover is a gRPC service in this process: its inner proofs are real, the Groth16 part is a placeholder.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status, Streaming};
use trine_contract::EvaluationProof;
use trine_fhe::parameters::BLOCK_WORDS;
use trine_program::{Declaration, KeyKind, LinearProgram, ValueType};
use trine_proto::engine::v1 as pb;
use trine_proto::engine::v1::engine_service_client::EngineServiceClient;
use trine_proto::prover::v1 as prover;
use trine_proto::prover::v1::prover_service_server::{ProverService, ProverServiceServer};
use trine_verifier::digest::field_word;
use trine_verifier::srs::CommitmentKey;
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{Bytes32, Class};

const CLASS: Class = Class::SLICE;
const VERIFIER_HASH: Bytes32 = [9; 32];
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

static SRS: LazyLock<Arc<CommitmentKey>> =
    LazyLock::new(|| Arc::new(trine_prover::srs::development(CLASS.log_chunk).unwrap()));

/// Proves what it is asked, without Groth16.
struct FakeWorker;

type Answers = Pin<Box<dyn Stream<Item = Result<prover::ProveResponse, Status>> + Send>>;

#[tonic::async_trait]
impl ProverService for FakeWorker {
    type ProveStream = Answers;

    async fn prove(
        &self,
        request: Request<Streaming<prover::ProveRequest>>,
    ) -> Result<Response<Answers>, Status> {
        let mut messages = request.into_inner();
        let (mut statement, mut words) = (None, Vec::new());
        while let Some(message) = messages.next().await.transpose()? {
            match message.part {
                Some(prover::prove_request::Part::Header(header)) => statement = header.statement,
                Some(prover::prove_request::Part::Chunk(chunk)) => words.extend(chunk.data),
                None => return Err(Status::invalid_argument("empty")),
            }
        }
        let statement = statement.ok_or_else(|| Status::invalid_argument("no header"))?;
        let result = tokio::task::spawn_blocking(move || prove(&statement, &words)).await.unwrap();
        let event = Some(prover::prove_response::Event::Result(result));
        Ok(Response::new(Box::pin(tokio_stream::iter([Ok(prover::ProveResponse { event })]))))
    }

    async fn get_prover_info(
        &self,
        _: Request<prover::GetProverInfoRequest>,
    ) -> Result<Response<prover::GetProverInfoResponse>, Status> {
        Ok(Response::new(prover::GetProverInfoResponse {
            verifier_hash: VERIFIER_HASH.to_vec(),
            srs_digest: SRS.verifier().digest().to_vec(),
            ..Default::default()
        }))
    }
}

fn prove(message: &prover::Statement, words: &[u8]) -> prover::ProveResult {
    let statement = trine_prover::service::wire::statement(message, &CLASS).unwrap();
    let inputs = words.chunks(8 * BLOCK_WORDS).take(statement.job.inputs.len()).map(|block| {
        let mut words: Vec<u64> = block.as_chunks::<8>().0.iter().map(|w| u64::from_le_bytes(*w)).collect();
        words.resize(4096, 0);
        words
    });
    let inner =
        trine_prover::argument::prove(&CLASS, &SRS, &statement, inputs.collect(), &mut |_| true).unwrap();
    let public = trine_verifier::verify(&CLASS, SRS.verifier(), &statement, &inner).unwrap();
    let g1 = <ark_bn254::G1Affine as ark_ec::AffineRepr>::generator();
    let b = <ark_bn254::G2Affine as ark_ec::AffineRepr>::generator();
    let groth16 = ark_groth16::Proof { a: g1, b, c: g1 };
    let wrapped = EvaluationProof::new(groth16, inner.group.clone(), &public);
    prover::ProveResult {
        proof: Some(prover::EvaluationProof {
            inner: inner.to_bytes(&CLASS),
            wrapped: wrapped.to_bytes(&CLASS, &VERIFIER_HASH).unwrap(),
            public_inputs: public.to_array().iter().map(|w| field_word(w).to_vec()).collect(),
        }),
        argument_ms: 1,
        wrap_ms: 1,
    }
}

/// A running binary, killed when dropped.
struct EngineProcess(Child);

impl EngineProcess {
    fn start(folder: &Path, failpoints: &str) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_trine-engine"))
            .args(["--no-chain", "--config"])
            .arg(folder.join("engine.toml"))
            .env("FAILPOINTS", failpoints)
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// SIGKILL.
    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for EngineProcess {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn write(path: &Path, content: &[u8]) {
    let mut file = std::fs::File::options().write(true).create_new(true).mode(0o600).open(path).unwrap();
    file.write_all(content).unwrap();
}

fn write_config(folder: &Path, engine: SocketAddr, prover: SocketAddr) {
    let hash = hex::encode(VERIFIER_HASH);
    let text = format!(
        "listen = \"{engine}\"\ndata = \"data\"\ndevelopment = true\nsrs_file = \"srs.bin\"\n\
         verifier_hash = \"{hash}\"\n[chain]\nchain_id = 31337\n\
         coprocessor = \"0x0707070707070707070707070707070707070707\"\n\
         [prover]\nendpoint = \"http://{prover}\"\ntoken_file = \"token\"\n\
         [[tokens]]\nname = \"client\"\nrole = \"user\"\ntoken_file = \"token\"\n"
    );
    write(&folder.join("engine.toml"), text.as_bytes());
    write(&folder.join("token"), TOKEN.as_bytes());
}

fn authorised<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {TOKEN}").parse().unwrap());
    request
}

async fn connect(address: SocketAddr) -> EngineServiceClient<Channel> {
    for _ in 0..600 {
        if let Ok(client) = EngineServiceClient::connect(format!("http://{address}")).await {
            return client;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the engine does not serve on {address}");
}

async fn job(client: &mut EngineServiceClient<Channel>, id: &[u8]) -> pb::Job {
    let request = authorised(pb::GetJobRequest { job_id: id.to_vec() });
    client.get_job(request).await.unwrap().into_inner().job.unwrap()
}

/// Key set, program, two ciphertexts; the request that asks for their sum.
async fn store_inputs(client: &mut EngineServiceClient<Channel>) -> pb::SubmitJobRequest {
    let digest = trine_fhe::keys::key_digest(&[1], &[2]).to_vec();
    let header = pb::KeyHeader {
        key_digest: digest.clone(),
        parameter_set_id: parameter_set_id().to_vec(),
        compact_public_bytes: 1,
        compressed_server_bytes: 1,
    };
    let start = pb::PutKeyStart { idempotency_key: vec![1], header: Some(header) };
    let parts = [
        pb::put_key_request::Part::Start(start),
        pb::put_key_request::Part::Chunk(pb::Chunk { offset: 0, data: vec![1, 2] }),
    ];
    let messages = parts.map(|part| pb::PutKeyRequest { part: Some(part) });
    client.put_key(authorised(tokio_stream::iter(messages))).await.unwrap();
    let declaration =
        Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: 1, degree: 1 };
    let program = LinearProgram::sum(2, declaration, 2).unwrap();
    let text = program.to_text().into_bytes();
    let request = pb::RegisterProgramRequest { idempotency_key: vec![2], text };
    let program_id = client.register_program(authorised(request)).await.unwrap().into_inner().program_id;
    let mut inputs = Vec::new();
    for seed in 3..5u8 {
        let content: Vec<u8> = (0..8 * BLOCK_WORDS).map(|i| (i as u8).wrapping_mul(seed)).collect();
        let header = pb::CiphertextHeader {
            key_digest: digest.clone(),
            key_kind: 1,
            value_type: 6,
            blocks: 1,
            registrant: vec![1; 20],
            consumer: vec![2; 20],
            encoding: 1,
            content_bytes: content.len() as u64,
        };
        let start = pb::UploadCiphertextStart { idempotency_key: vec![seed], header: Some(header) };
        let parts = [
            pb::upload_ciphertext_request::Part::Start(start),
            pb::upload_ciphertext_request::Part::Chunk(pb::Chunk { offset: 0, data: content }),
        ];
        let messages = parts.map(|part| pb::UploadCiphertextRequest { part: Some(part) });
        let answer = client.upload_ciphertext(authorised(tokio_stream::iter(messages))).await.unwrap();
        inputs.push(answer.into_inner().ciphertext.unwrap().record.unwrap().handle);
    }
    pb::SubmitJobRequest {
        idempotency_key: vec![9],
        request_id: vec![],
        key_digest: digest,
        work: Some(pb::submit_job_request::Work::Program(pb::ProgramCall { program_id, inputs })),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_engine_goes_on_where_it_was() {
    let srs = SRS.to_bytes();
    let prover = free_address();
    tokio::spawn(Server::builder().add_service(ProverServiceServer::new(FakeWorker)).serve(prover));
    let order = [
        pb::JobState::Accepted,
        pb::JobState::Evaluating,
        pb::JobState::Evaluated,
        pb::JobState::Proving,
        pb::JobState::Proven,
    ];
    for state in order {
        let folder = tempfile::tempdir().unwrap();
        let address = free_address();
        write_config(folder.path(), address, prover);
        write(&folder.path().join("srs.bin"), &srs);
        let failpoint =
            format!("job-{}=pause", state.as_str_name().trim_start_matches("JOB_STATE_").to_lowercase());

        let first = EngineProcess::start(folder.path(), &failpoint);
        let mut client = connect(address).await;
        let request = store_inputs(&mut client).await;
        // Held at ACCEPTED the call has no answer: the list says when the job is on disk.
        let mut submitting = client.clone();
        let again = request.clone();
        let call = tokio::spawn(async move { submitting.submit_job(authorised(again)).await });
        let id = loop {
            let jobs = client.list_jobs(authorised(pb::ListJobsRequest::default())).await.unwrap();
            if let Some(job) = jobs.into_inner().jobs.into_iter().find(|j| j.state() == state) {
                break job.job_id;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        first.kill();
        assert_eq!(call.await.unwrap().is_ok(), state != pb::JobState::Accepted, "{state:?}");

        let second = EngineProcess::start(folder.path(), "");
        let mut client = connect(address).await;
        // The client asks again: the same job.
        let answer = client.submit_job(authorised(request)).await.unwrap().into_inner();
        assert_eq!(answer.job.unwrap().job_id, id, "{state:?}");
        let ended = loop {
            let job = job(&mut client, &id).await;
            if matches!(job.state(), pb::JobState::Proven | pb::JobState::Failed) {
                break job;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        assert_eq!(ended.state(), pb::JobState::Proven, "{state:?}: {:?}", ended.failure);
        // Each state once: nothing was done over that was on disk.
        assert_eq!(ended.revision, order.len() as u64, "{state:?}");
        let receipt = client.get_receipt(authorised(pb::GetReceiptRequest { job_id: id })).await.unwrap();
        assert!(receipt.into_inner().receipt.unwrap().proof.is_some());
        second.kill();
    }
}
