//! `kill -9` of the prover's process at each of its stages in turn, under one job.

use crate::anvil::{Anvil, ENGINE};
use crate::process::{
    Process, TOKEN, Wiring, authorised, connect, free_address, job, store_inputs, write, write_files,
};
use crate::{cache_folder, requests};
use alloy::providers::Provider;
use alloy::signers::local::PrivateKeySigner;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tonic::{Code, Streaming};
use trine_contract::bindings::Coprocessor;
use trine_proto::engine::v1 as pb;
use trine_proto::engine::v1::watch_job_response::Event;
use trine_proto::prover::v1::prover_service_client::ProverServiceClient;
use trine_proto::prover::v1::{GetProverInfoRequest, GetProverInfoResponse};
use trine_prover::service::wire;
use trine_prover::service::worker::Stage;
use trine_prover::{Mode, srs};
use trine_verifier::{Class, InnerProof};

/// Every stage, in order.
const STAGES: [Stage; 5] =
    [Stage::Checking, Stage::Argument, Stage::Verifying, Stage::Wrapping, Stage::VerifyingWrap];
/// Revision of a job in PROVING, and in FULFILLED with each state once.
const PROVING: u64 = 4;
const FULFILLED: u64 = 7;
/// Time in which a stage is reached: start, keys, the engine's waits, the proof. A failpoint that holds nothing, or a job
/// that nobody proves, ends here.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prover_killed_at_each_stage_leaves_one_proof_and_one_transaction() {
    let binary = binary();
    let folder = tempfile::tempdir().unwrap();
    let key = srs::load_or_generate(&cache_folder(), srs::DEVELOPMENT_LOG_POWERS, Mode::Development).unwrap();
    let address = free_address();
    let config = folder.path().join("prover.toml");
    write(&config, prover_config(address).as_bytes());
    let node = Anvil::start();
    let (provider, account) = requests::consumer(&node);
    let coprocessor = requests::deploy(&provider).await;

    // The engine's files name the prover's verifier: the prover has a token of its own file and starts first.
    write(&folder.path().join("prover.token"), TOKEN.as_bytes());
    let start = |failpoints: &str| Process::start(&binary, &config, failpoints);
    let mut prover = start(&hold_at(STAGES[0]));
    let verifier_hash = info(address).await.verifier_hash.try_into().unwrap();
    let engine = free_address();
    let chain = Some((node.url.clone(), ENGINE));
    let wiring =
        Wiring { engine, prover: address, verifier_hash, coprocessor: coprocessor.into_array(), chain };
    write_files(folder.path(), &wiring, &key.to_bytes());
    let _engine = Process::engine(folder.path(), "");
    let mut client = connect(engine).await;
    let (mut request, commitments) = store_inputs(&mut client, account.into_array()).await;
    let key_digest = request.key_digest.as_slice().try_into().unwrap();
    let (id, _) = requests::request(&provider, account, coprocessor, key_digest, &commitments).await;
    request.request_id = id.to_vec();
    let submitted = client.submit_job(authorised(request.clone())).await.unwrap().into_inner().job.unwrap();
    let job_id = submitted.job_id;
    let watch = authorised(pb::WatchJobRequest { job_id: job_id.clone() });
    let mut events = client.watch_job(watch).await.unwrap().into_inner();

    for (index, stage) in STAGES.into_iter().enumerate() {
        let (steps, states) = follow(&mut events, Some(stage)).await;
        // A new process begins anew; the one before reached its stage and not the next.
        assert_eq!(steps.first(), Some(&name(Stage::Checking)), "{stage:?}: {steps:?}");
        assert!(steps.is_sorted_by_key(|s| position(s)), "{stage:?}: {steps:?}");
        assert!(index == 0 || states.is_empty(), "{stage:?}: the job went on: {states:?}");
        prover.kill();
        let job = job(&mut client, &job_id).await;
        assert_eq!((job.state(), job.revision), (pb::JobState::Proving, PROVING), "{stage:?}");
        let receipt = pb::GetReceiptRequest { job_id: job_id.clone() };
        let error = client.get_receipt(authorised(receipt)).await.unwrap_err();
        assert_eq!(error.code(), Code::NotFound, "{stage:?}: no proof yet");
        let next = STAGES.get(index + 1).map(|s| hold_at(*s)).unwrap_or_default();
        prover = start(&next);
    }

    let (steps, states) = follow(&mut events, None).await;
    let ends = [pb::JobState::Proven, pb::JobState::Submitting, pb::JobState::Fulfilled];
    assert_eq!(states, ends, "each state once");
    let beginnings = steps.iter().filter(|s| **s == name(Stage::Checking)).count();
    assert_eq!(beginnings, 1, "the last prover is asked for one proof: {steps:?}");
    assert!(steps.is_sorted_by_key(|s| position(s)), "{steps:?}");

    // The client asks again: the same job, with nothing done over.
    let again = client.submit_job(authorised(request)).await.unwrap().into_inner().job.unwrap();
    assert_eq!(again.job_id, job_id);
    assert_eq!(job(&mut client, &job_id).await.revision, FULFILLED);
    let jobs = client.list_jobs(authorised(pb::ListJobsRequest::default())).await.unwrap().into_inner().jobs;
    assert_eq!(jobs.len(), 1);
    let receipt = client.get_receipt(authorised(pb::GetReceiptRequest { job_id })).await.unwrap();
    let receipt = receipt.into_inner().receipt.unwrap();
    let statement = wire::statement(&receipt.statement.unwrap(), &Class::SLICE).unwrap();
    let inner = InnerProof::from_bytes(&Class::SLICE, &receipt.proof.unwrap().inner).unwrap();
    trine_verifier::verify(&Class::SLICE, key.verifier(), &statement, &inner).unwrap();

    let payer = ENGINE.parse::<PrivateKeySigner>().unwrap().address();
    assert_eq!(provider.get_transaction_count(payer).await.unwrap(), 1, "one transaction");
    let contract = Coprocessor::new(coprocessor, provider.clone());
    let output = statement.job.outputs[0].handle;
    let record = contract.handleRecord(output.into()).call().await.unwrap();
    assert_eq!(record.requestId.0, id, "the contract holds the output");
    prover.kill();
}

/// Steps and states until a stage is told, or until the job ends.
async fn follow(
    events: &mut Streaming<pb::WatchJobResponse>,
    until: Option<Stage>,
) -> (Vec<String>, Vec<pb::JobState>) {
    let (mut steps, mut states) = (Vec::new(), Vec::new());
    let reading = async {
        while let Some(answer) = events.message().await.unwrap() {
            match answer.event.unwrap() {
                Event::Progress(progress) => steps.push(progress.step),
                Event::Job(job) => {
                    assert_ne!(job.state(), pb::JobState::Failed, "{:?}", job.failure);
                    states.push(job.state());
                }
            }
            if until.is_some_and(|stage| steps.last() == Some(&name(stage))) {
                return;
            }
        }
        assert!(until.is_none(), "the job ended before {until:?}");
    };
    if tokio::time::timeout(PATIENCE, reading).await.is_err() {
        panic!("{until:?} is not reached in {PATIENCE:?}: {steps:?}, {states:?}");
    }
    (steps, states)
}

/// Name of a stage in the engine's progress.
fn name(stage: Stage) -> String {
    stage.failpoint().trim_start_matches("prover-").replace('-', "_")
}

fn position(step: &str) -> Option<usize> {
    STAGES.iter().position(|s| name(*s) == step)
}

fn hold_at(stage: Stage) -> String {
    format!("{}=pause", stage.failpoint())
}

fn prover_config(listen: SocketAddr) -> String {
    format!(
        "listen = \"{listen}\"\ndevelopment = true\ncircuits = false\nsetup_folder = {:?}\ntoken_file = \"prover.token\"\n",
        cache_folder()
    )
}

/// What the prover says, once it serves.
async fn info(address: SocketAddr) -> GetProverInfoResponse {
    let serving = async {
        loop {
            if let Ok(mut client) = ProverServiceClient::connect(format!("http://{address}")).await {
                return client.get_prover_info(GetProverInfoRequest {}).await.unwrap().into_inner();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, serving).await.expect("the prover serves")
}

/// The prover's binary, beside the engine's; it belongs to another crate, so nothing but the command line builds it armed.
fn binary() -> PathBuf {
    const BUILD: &str = "`make crash` builds it: cargo build --features trine-prover/failpoints --bins";
    let path = Path::new(env!("CARGO_BIN_EXE_trine-engine")).with_file_name("trine-prover");
    assert!(path.is_file(), "{} is missing; {BUILD}", path.display());
    // An armed binary reads FAILPOINTS before anything else and refuses what is none.
    let probe = Command::new(&path).args(["--config", "none"]).env("FAILPOINTS", "none").output().unwrap();
    let said = String::from_utf8_lossy(&probe.stderr);
    assert!(
        said.contains("invalid failpoint"),
        "{} has no failpoints; {BUILD}; it says {said}",
        path.display()
    );
    path
}
