//! Every workload through gRPC: a client process, an engine process, and the model in this one.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::Value;
use std::process::{Command, Output};
use tokio::task::spawn_blocking;
use trine_programs::workload::{SMALL_BOOTSTRAPPINGS, all};
use trine_programs::{Size, Workload};
use trine_workloads::local_engine::LocalEngine;

const SEED: u64 = 11;

/// Runs the binary on an engine.
async fn client(engine: &LocalEngine, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trine-workload"));
    command.args(arguments).args(["--engine", engine.endpoint(), "--token-file"]).arg(engine.token_file());
    spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// The last line of standard output, from a process that must have succeeded.
fn figures(output: &Output) -> Value {
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(printed.lines().last().unwrap()).unwrap()
}

async fn run_and_compare(engine: &LocalEngine, workload: &dyn Workload, arguments: &[&str]) -> Value {
    let seed = SEED.to_string();
    let output = client(engine, &[&[workload.name(), "--seed", &seed], arguments].concat()).await;
    let figures = figures(&output);
    // Drawn again here: what the client says of the model is not believed.
    let expected = workload.model(&workload.draw(&mut ChaCha20Rng::seed_from_u64(SEED)));
    let decrypted: Vec<u64> =
        figures["outputs"].as_array().unwrap().iter().map(|o| o["decrypted"].as_u64().unwrap()).collect();
    assert_eq!(decrypted, expected, "{figures}");
    assert_eq!((&figures["correct"], &figures["proven"]), (&true.into(), &false.into()));
    figures
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_workloads_compute_what_their_models_do() {
    let engine = LocalEngine::start().await.unwrap();
    for workload in all(Size::Small) {
        let figures = run_and_compare(&engine, workload.as_ref(), &["--small"]).await;
        let bootstrappings = figures["bootstrappings"].as_u64().unwrap();
        assert!((1..=SMALL_BOOTSTRAPPINGS as u64).contains(&bootstrappings), "{figures}");
        println!("{figures}");
    }
    let output = client(&engine, &["auction", "--small", "--quiet"]).await;
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        String::from_utf8_lossy(&output.stdout).starts_with("auction (small): 4 bidders, uint8 bids; seed ")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "slow: some hundreds of bootstrappings"]
async fn normal_workloads_compute_what_their_models_do() {
    let engine = LocalEngine::start().await.unwrap();
    for workload in all(Size::Normal) {
        println!("{}", run_and_compare(&engine, workload.as_ref(), &["--runs", "2"]).await);
    }
}
