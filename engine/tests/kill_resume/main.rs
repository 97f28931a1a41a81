//! `kill -9` of the engine's process at every state and of the prover's at every stage, held open by failpoints; the next
//! process ends the job, and nothing is done twice on chain. A circuit goes on after its last whole batch.

#[path = "../node/anvil.rs"]
mod anvil;
mod circuits;
mod process;
mod prover;
#[path = "../node/requests.rs"]
mod requests;
mod worker;

use alloy::providers::Provider;
use alloy::signers::local::PrivateKeySigner;
use anvil::{Anvil, ENGINE};
use pb::JobState;
use process::{
    Process, TOKEN, Wiring, authorised, connect, ended, free_address, hold_at, kill_at, store_inputs,
    write_files,
};
use std::path::PathBuf;
use tonic::transport::Server;
use trine_contract::bindings::Coprocessor;
use trine_proto::engine::v1 as pb;
use trine_proto::prover::v1::prover_service_server::ProverServiceServer;
use trine_prover::groth::development_key;
use trine_prover::service::auth::Token;
use trine_prover::service::worker::Worker;
use trine_prover::{Mode, srs};
use trine_verifier::Class;
use worker::{FakeWorker, SRS, VERIFIER_HASH};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_killed_before_the_chain_goes_on_where_it_was() {
    let prover = free_address();
    tokio::spawn(Server::builder().add_service(ProverServiceServer::new(FakeWorker)).serve(prover));
    let order =
        [JobState::Accepted, JobState::Evaluating, JobState::Evaluated, JobState::Proving, JobState::Proven];
    for state in order {
        let folder = tempfile::tempdir().unwrap();
        let engine = free_address();
        let wiring =
            Wiring { engine, prover, verifier_hash: VERIFIER_HASH, coprocessor: [7; 20], chain: None };
        write_files(folder.path(), &wiring, &SRS.to_bytes());
        let first = Process::engine(folder.path(), &hold_at(state));
        let mut client = connect(engine).await;
        let (request, _) = store_inputs(&mut client, [1; 20]).await;
        let (id, answered) = kill_at(first, &mut client, &request, state).await;
        assert_eq!(answered, state != JobState::Accepted, "{state:?}");

        let second = Process::engine(folder.path(), "");
        let mut client = connect(engine).await;
        // The client asks again: the same job.
        let answer = client.submit_job(authorised(request)).await.unwrap().into_inner();
        assert_eq!(answer.job.unwrap().job_id, id, "{state:?}");
        let job = ended(&mut client, &id, JobState::Proven).await;
        // Each state once: nothing was done over that was on disk.
        assert_eq!(job.revision, order.len() as u64, "{state:?}");
        let receipt = client.get_receipt(authorised(pb::GetReceiptRequest { job_id: id })).await.unwrap();
        assert!(receipt.into_inner().receipt.unwrap().proof.is_some());
        second.kill();
    }
}

/// The real prover, real contracts, a real node.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_killed_around_its_transaction_fulfils_once() {
    let worker = tokio::task::spawn_blocking(real_worker).await.unwrap();
    let verifier_hash = *worker.verifier_hash();
    let key = srs::load_or_generate(&cache_folder(), srs::DEVELOPMENT_LOG_POWERS, Mode::Development).unwrap();
    let srs = key.to_bytes();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let prover = listener.local_addr().unwrap();
    let service = trine_prover::service::Service::new(worker, Token::new(TOKEN).unwrap());
    tokio::spawn(trine_prover::service::server::serve(service, listener, std::future::pending()));

    for state in [JobState::Proven, JobState::Submitting, JobState::Fulfilled] {
        let node = Anvil::start();
        let (provider, account) = requests::consumer(&node);
        let coprocessor = requests::deploy(&provider).await;
        let folder = tempfile::tempdir().unwrap();
        let engine = free_address();
        let chain = Some((node.url.clone(), ENGINE));
        let wiring = Wiring { engine, prover, verifier_hash, coprocessor: coprocessor.into_array(), chain };
        write_files(folder.path(), &wiring, &srs);
        let first = Process::engine(folder.path(), &hold_at(state));
        let mut client = connect(engine).await;
        let (mut request, commitments) = store_inputs(&mut client, account.into_array()).await;
        let key_digest = request.key_digest.as_slice().try_into().unwrap();
        let (id, _) = requests::request(&provider, account, coprocessor, key_digest, &commitments).await;
        request.request_id = id.to_vec();
        let (job_id, _) = kill_at(first, &mut client, &request, state).await;

        let second = Process::engine(folder.path(), "");
        let mut client = connect(engine).await;
        let job = ended(&mut client, &job_id, JobState::Fulfilled).await;
        assert_eq!(job.fulfil_tx.len(), 32, "{state:?}");
        let payer = ENGINE.parse::<PrivateKeySigner>().unwrap().address();
        assert_eq!(provider.get_transaction_count(payer).await.unwrap(), 1, "{state:?}: one transaction");
        let contract = Coprocessor::new(coprocessor, provider.clone());
        let output: [u8; 32] = job.outputs[0].record.as_ref().unwrap().handle.as_slice().try_into().unwrap();
        let record = contract.handleRecord(output.into()).call().await.unwrap();
        assert_eq!(record.requestId.0, id, "{state:?}: the contract holds the output");
        second.kill();
    }
}

fn real_worker() -> Worker {
    let cache = cache_folder();
    let commitment_key =
        srs::load_or_generate(&cache, srs::DEVELOPMENT_LOG_POWERS, Mode::Development).unwrap();
    let proving_key = development_key(&cache, &Class::SLICE, Mode::Development).unwrap();
    Worker::new(Class::SLICE, commitment_key, proving_key)
}

fn cache_folder() -> PathBuf {
    trine_fhe::dev_keys::cache_folder().expect("TRINE_CACHE or HOME is set")
}
