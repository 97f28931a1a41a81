//! The processes of engine and prover, and calls to the engine.

use crate::requests::VALUE;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tonic::Request;
use tonic::transport::Channel;
use trine_fhe::parameters::BLOCK_WORDS;
use trine_program::LinearProgram;
use trine_proto::engine::v1 as pb;
use trine_proto::engine::v1::engine_service_client::EngineServiceClient;
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{Bytes32, Commitment};

pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A running binary, killed when dropped.
pub struct Process(Child);

impl Process {
    pub fn engine(folder: &Path, failpoints: &str) -> Self {
        Self::start(Path::new(env!("CARGO_BIN_EXE_trine-engine")), &folder.join("engine.toml"), failpoints)
    }

    /// With its log, one JSON object a line, in a file.
    pub fn engine_with_log(folder: &Path, failpoints: &str, log: &Path) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_trine-engine"))
            .args(["--json", "--config"])
            .arg(folder.join("engine.toml"))
            .env("FAILPOINTS", failpoints)
            .env_remove("RUST_LOG")
            .stderr(std::fs::File::create(log).unwrap())
            .spawn()
            .unwrap();
        Self(child)
    }

    pub fn start(binary: &Path, config: &Path, failpoints: &str) -> Self {
        let child = Command::new(binary)
            .arg("--config")
            .arg(config)
            .env("FAILPOINTS", failpoints)
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

pub fn write(path: &Path, content: &[u8]) {
    let mut file = std::fs::File::options().write(true).create_new(true).mode(0o600).open(path).unwrap();
    file.write_all(content).unwrap();
}

/// What a configuration says.
pub struct Wiring {
    pub engine: SocketAddr,
    pub prover: SocketAddr,
    pub verifier_hash: Bytes32,
    pub coprocessor: [u8; 20],
    /// Node and private key, or no chain.
    pub chain: Option<(String, &'static str)>,
}

/// Writes everything that the binary reads.
pub fn write_files(folder: &Path, wiring: &Wiring, srs: &[u8]) {
    let node = match &wiring.chain {
        Some((url, key)) => {
            write(&folder.join("account.key"), key.as_bytes());
            format!("rpc_url = \"{url}\"\naccount_key_file = \"account.key\"\npoll_ms = 20\n")
        }
        None => String::new(),
    };
    let text = format!(
        "listen = \"{}\"\ndata = \"data\"\ndevelopment = true\nsrs_file = \"srs.bin\"\n\
         verifier_hash = \"{}\"\n[chain]\nchain_id = 31337\ncoprocessor = \"{}\"\n{node}\
         [prover]\nendpoint = \"http://{}\"\ntoken_file = \"token\"\n\
         [[tokens]]\nname = \"client\"\nrole = \"user\"\ntoken_file = \"token\"\n",
        wiring.engine,
        hex::encode(wiring.verifier_hash),
        hex::encode(wiring.coprocessor),
        wiring.prover,
    );
    write(&folder.join("engine.toml"), text.as_bytes());
    write(&folder.join("token"), TOKEN.as_bytes());
    write(&folder.join("srs.bin"), srs);
}

/// A failpoint that holds the engine between disk and announcement of a state.
pub fn hold_at(state: pb::JobState) -> String {
    let name = state.as_str_name().trim_start_matches("JOB_STATE_").to_lowercase();
    format!("job-{name}=pause")
}

pub fn authorised<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {TOKEN}").parse().unwrap());
    request
}

pub async fn connect(address: SocketAddr) -> EngineServiceClient<Channel> {
    for _ in 0..600 {
        if let Ok(client) = EngineServiceClient::connect(format!("http://{address}")).await {
            return client;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the engine does not serve on {address}");
}

pub async fn job(client: &mut EngineServiceClient<Channel>, id: &[u8]) -> pb::Job {
    let request = authorised(pb::GetJobRequest { job_id: id.to_vec() });
    client.get_job(request).await.unwrap().into_inner().job.unwrap()
}

/// Stores key set, program and two ciphertexts of `account`; the request that asks for their sum, and what the
/// ciphertexts commit to.
pub async fn store_inputs(
    client: &mut EngineServiceClient<Channel>,
    account: [u8; 20],
) -> (pb::SubmitJobRequest, [Commitment; 2]) {
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
    let text = LinearProgram::sum(2, VALUE, 2).unwrap().to_text().into_bytes();
    let request = pb::RegisterProgramRequest { idempotency_key: vec![2], text };
    let program_id = client.register_program(authorised(request)).await.unwrap().into_inner().program_id;
    let (first, one) = upload(client, &digest, account, 3).await;
    let (second, two) = upload(client, &digest, account, 4).await;
    let inputs = vec![first, second];
    let request = pb::SubmitJobRequest {
        idempotency_key: vec![9],
        request_id: vec![],
        key_digest: digest,
        work: Some(pb::submit_job_request::Work::Program(pb::ProgramCall { program_id, inputs })),
    };
    (request, [one, two])
}

async fn upload(
    client: &mut EngineServiceClient<Channel>,
    key_digest: &[u8],
    account: [u8; 20],
    seed: u8,
) -> (Vec<u8>, Commitment) {
    let content: Vec<u8> = (0..8 * BLOCK_WORDS).map(|i| (i as u8).wrapping_mul(seed)).collect();
    let header = pb::CiphertextHeader {
        key_digest: key_digest.to_vec(),
        key_kind: 1,
        value_type: 6,
        blocks: 1,
        registrant: account.to_vec(),
        consumer: account.to_vec(),
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
    let record = answer.into_inner().ciphertext.unwrap().record.unwrap();
    let point = record.commitment.unwrap().point;
    let (x, y) = point.split_at(32);
    let commitment = Commitment::from_xy(x.try_into().unwrap(), y.try_into().unwrap()).unwrap();
    (record.handle, commitment)
}

/// Submits until the job is on disk in `state`, kills the process there; the job, and whether the client had an answer.
pub async fn kill_at(
    process: Process,
    client: &mut EngineServiceClient<Channel>,
    request: &pb::SubmitJobRequest,
    state: pb::JobState,
) -> (Vec<u8>, bool) {
    // Held at ACCEPTED the call has no answer: the list says when the job is on disk.
    let (mut submitting, again) = (client.clone(), request.clone());
    let call = tokio::spawn(async move { submitting.submit_job(authorised(again)).await });
    let id = loop {
        let jobs = client.list_jobs(authorised(pb::ListJobsRequest::default())).await.unwrap();
        if let Some(job) = jobs.into_inner().jobs.into_iter().find(|j| j.state() == state) {
            break job.job_id;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    process.kill();
    (id, call.await.unwrap().is_ok())
}

/// Waits until a job is in `state`; a job that fails fails the test.
pub async fn ended(client: &mut EngineServiceClient<Channel>, id: &[u8], state: pb::JobState) -> pb::Job {
    loop {
        let job = job(client, id).await;
        assert_ne!(job.state(), pb::JobState::Failed, "{:?}", job.failure);
        if job.state() == state {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
