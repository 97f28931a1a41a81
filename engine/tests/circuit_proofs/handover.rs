//! A key set handed to a prover over gRPC, and what of a prover's answers is believed.

use crate::fixture::open;
use crate::proven::{KEY_BYTES, key_points, key_record, proven, setup, store_job};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_stream::{Stream, StreamExt};
use tonic::metadata::MetadataValue;
use tonic::transport::Server;
use tonic::{Code, Request, Response, Status, Streaming};
use trine_engine::prover::{
    GrpcProver, JobValues, ProofStatement, ProofTask, Prover, ProverError, ServerKey,
};
use trine_engine::store::Store;
use trine_proto::prover::v1 as pb;
use trine_proto::prover::v1::prover_service_server::{ProverService, ProverServiceServer};
use trine_verifier::bootstrapping::statement::Job as StatedJob;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// What a prover has seen, and what it says.
#[derive(Default)]
struct Seen {
    keys: Vec<(pb::PutKeyHeader, Vec<u8>)>,
    statements: Vec<pb::Statement>,
}

/// Holds no key until it is handed one, and proves nothing.
#[derive(Clone)]
struct Worker {
    seen: Arc<Mutex<Seen>>,
    circuits: bool,
}

fn key_missing() -> Status {
    let mut status = Status::new(Code::FailedPrecondition, "KEY_MISSING: none is held");
    status.metadata_mut().insert("trine-error", MetadataValue::from_static("KEY_MISSING"));
    status
}

fn points() -> Option<pb::EvaluationKeyPoints> {
    Some(pb::EvaluationKeyPoints { points: key_points().iter().map(|xy| xy.concat()).collect() })
}

#[tonic::async_trait]
impl ProverService for Worker {
    type ProveStream = Pin<Box<dyn Stream<Item = Result<pb::ProveResponse, Status>> + Send>>;

    async fn prove(
        &self,
        request: Request<Streaming<pb::ProveRequest>>,
    ) -> Result<Response<Self::ProveStream>, Status> {
        let first = request.into_inner().next().await.transpose()?.and_then(|m| m.part);
        if let Some(pb::prove_request::Part::Header(header)) = first {
            self.seen.lock().unwrap().statements.extend(header.statement);
        }
        // Another engine's key has come in between.
        Err(key_missing())
    }

    async fn put_key(
        &self,
        request: Request<Streaming<pb::PutKeyRequest>>,
    ) -> Result<Response<pb::PutKeyResponse>, Status> {
        assert_eq!(request.metadata().get("authorization").unwrap(), &format!("Bearer {TOKEN}"));
        let mut messages = request.into_inner();
        let (mut header, mut bytes) = (None, Vec::new());
        while let Some(message) = messages.next().await.transpose()? {
            match message.part.unwrap() {
                pb::put_key_request::Part::Header(h) => header = Some(h),
                pb::put_key_request::Part::Chunk(chunk) => {
                    assert_eq!(chunk.offset, bytes.len() as u64);
                    bytes.extend(chunk.data);
                }
            }
        }
        self.seen.lock().unwrap().keys.push((header.unwrap(), bytes));
        Ok(Response::new(pb::PutKeyResponse { points: points() }))
    }

    async fn get_key(&self, _: Request<pb::GetKeyRequest>) -> Result<Response<pb::GetKeyResponse>, Status> {
        if self.seen.lock().unwrap().keys.is_empty() {
            return Err(key_missing());
        }
        Ok(Response::new(pb::GetKeyResponse { points: points() }))
    }

    async fn get_prover_info(
        &self,
        _: Request<pb::GetProverInfoRequest>,
    ) -> Result<Response<pb::GetProverInfoResponse>, Status> {
        let setup = setup();
        let verifier_hash = setup.circuits.unwrap().verifier_hash.to_vec();
        let circuits = pb::CircuitProverInfo { verifier_hash, ..Default::default() };
        Ok(Response::new(pb::GetProverInfoResponse {
            verifier_hash: setup.verifier_hash.to_vec(),
            srs_digest: setup.commitment_key.verifier().digest().to_vec(),
            circuits: self.circuits.then_some(circuits),
            ..Default::default()
        }))
    }
}

async fn start(circuits: bool) -> (GrpcProver, Arc<Mutex<Seen>>) {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let worker = Worker { seen: seen.clone(), circuits };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let serving = Server::builder().add_service(ProverServiceServer::new(worker));
    tokio::spawn(serving.serve_with_incoming(TcpListenerStream::new(listener)));
    (GrpcProver::new(&endpoint, TOKEN, &setup()).unwrap(), seen)
}

#[tokio::test]
async fn a_key_that_is_missing_is_streamed_from_the_store_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store_job(store.as_ref(), [5; 32]);
    let key_digest = proven().statement.domain.key_digest;
    let record = store.key(&key_digest).unwrap().unwrap();
    assert_eq!(record, key_record(), "the alias leads to the content");
    let key = ServerKey { key_digest, record, store };
    let (prover, seen) = start(true).await;
    for _ in 0..2 {
        assert_eq!(prover.key_points(&key).await, Ok(key_points()));
    }
    let seen = seen.lock().unwrap();
    let [(header, bytes)] = &seen.keys[..] else { panic!("{} uploads", seen.keys.len()) };
    assert_eq!(header.key_digest, key_digest);
    assert_eq!(header.compressed_server_bytes, KEY_BYTES[1].len() as u64);
    assert!(bytes == KEY_BYTES[1]);
}

#[tokio::test]
async fn a_statement_carries_its_key_and_a_lost_key_is_handed_over_again() {
    let statement = proven().statement.clone();
    let task = ProofTask {
        statement: ProofStatement::Circuit(statement),
        jobs: vec![JobValues::default()],
        words: vec![],
    };
    let (prover, seen) = start(true).await;
    let answer = prover.prove(task.clone(), &|_| {}).await;
    assert!(
        matches!(&answer, Err(ProverError::Unavailable(why)) if why.contains("KEY_MISSING")),
        "{answer:?}"
    );
    let message = seen.lock().unwrap().statements[0].clone();
    assert_eq!(message.key_points, points());
    let job = &proven().statement.jobs[0];
    assert_eq!(message.program_text, job.circuit.to_text().into_bytes());
    assert_eq!((message.salt, message.further_jobs), (job.salt.to_vec(), vec![]));

    // Further jobs follow the first, in their order.
    let mut batch = task.clone();
    let ProofStatement::Circuit(statement) = &mut batch.statement else { panic!("a circuit") };
    for request in [8, 9] {
        statement.jobs.push(StatedJob { request_id: [request; 32], ..job.clone() });
        batch.jobs.push(JobValues::default());
    }
    assert!(prover.prove(batch, &|_| {}).await.is_err());
    let message = seen.lock().unwrap().statements[1].clone();
    assert_eq!(message.request_id, job.request_id);
    let further: Vec<_> = message.further_jobs.iter().map(|further| further.request_id.clone()).collect();
    assert_eq!(further, [vec![8; 32], vec![9; 32]]);
    assert!(message.further_jobs.iter().all(|further| further.program_text == message.program_text));

    // A worker that proves no circuits is of another setup.
    let (linear_only, _) = start(false).await;
    let answer = linear_only.prove(task, &|_| {}).await;
    assert!(
        matches!(answer, Err(ProverError::Setup { field: "verifier hash of circuits", .. })),
        "{answer:?}"
    );
}
