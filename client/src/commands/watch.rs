//! `trine watch`: a job, state by state.

use crate::Output;
use crate::target::{self, Target};
use anyhow::Context;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use trine::engine::EngineClient;
use trine::phases::{OpenPhase, Phases};
use trine::receipt::{self, Receipt};
use trine::setup::receipt_setup;
use trine_proto::engine::v1 as pb;
use trine_proto::engine::v1::watch_job_response::Event;

/// Pause before a stream that broke is opened again.
const RETRY: Duration = Duration::from_secs(1);

/// Arguments of `trine watch`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  trine watch --cluster cluster.toml 5f0c6f2e9d3b4a7c8e1d2f3a4b5c6d7e
  trine watch --cluster cluster.toml 5f0c6f2e9d3b4a7c8e1d2f3a4b5c6d7e --receipt receipt.json --json")]
pub struct Arguments {
    #[command(flatten)]
    target: Target,
    /// Job, 32 hexadecimal digits.
    #[arg(value_name = "JOB", value_parser = job_id)]
    job: JobId,
    /// Verify the receipt and write it to this file.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// Longest time without an engine before this command gives up.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    patience: u64,
}

/// Identifier of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
struct JobId([u8; 16]);

fn job_id(text: &str) -> Result<JobId, String> {
    let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).map_err(|e| e.to_string())?;
    let got = bytes.len();
    bytes.try_into().map(JobId).map_err(|_| format!("{got} bytes, expected 16"))
}

/// Follows the job. One line of standard output for each state; fails unless the job ends with a proof, or, where it is one
/// of operations, with its outputs.
pub async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    let cluster = arguments.target.file()?;
    let mut engine = target::engine(&cluster).await?;
    let mut phases = Phases::start(output.quiet);
    let phase = phases.open("job");
    let patience = Duration::from_secs(arguments.patience);
    let chain = engine.info().await?.chain;
    let is_last = |job: &pb::Job| is_last(job, chain);
    let job = follow(&mut engine, &arguments.job, patience, &is_last, &phase, output).await?;
    phases.close(phase, "");
    if let Some(failure) = &job.failure {
        eprintln!("failed in {:?}: {}: {}", failure.state(), failure.name, failure.message);
    }
    let proven = matches!(job.state(), pb::JobState::Proven | pb::JobState::Fulfilled);
    if let (Some(path), true) = (&arguments.receipt, proven) {
        let verifier = target::reader(&cluster)?.verifier().await?;
        let srs = arguments.target.srs(&verifier)?;
        let message = engine.receipt(&job.job_id).await?;
        let receipt = Receipt::from_wire(&message, receipt_setup(srs.verifier()))?;
        receipt::verify(&receipt, &verifier.srs_digest.0).context("receipt of the engine")?;
        receipt.write(path)?;
    }
    let evaluated = is_circuit(&job) && job.state() == pb::JobState::Evaluated;
    Ok(if proven || evaluated { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Follows a job across restarts of the engine: states are on disk before they are told.
async fn follow(
    engine: &mut EngineClient,
    job: &JobId,
    patience: Duration,
    is_last: &dyn Fn(&pb::Job) -> bool,
    phase: &OpenPhase,
    output: Output,
) -> anyhow::Result<pb::Job> {
    let mut shown = 0;
    let mut heard = Instant::now();
    loop {
        let result = engine
            .watch(&job.0, |event| {
                heard = Instant::now();
                match event {
                    Event::Job(job) if job.revision > shown => {
                        shown = job.revision;
                        phase.step(name(job.state()));
                        show(job, output);
                    }
                    Event::Job(_) => {}
                    Event::Progress(p) if p.bootstrappings > 0 => {
                        phase.step(&format!("{} {} of {}", p.step, p.bootstrappings_done, p.bootstrappings));
                    }
                    Event::Progress(progress) => phase.step(&progress.step),
                }
            })
            .await;
        match result {
            Ok(job) if is_last(&job) => return Ok(job),
            // The stream of an engine that shuts down ends early.
            Ok(_) if heard.elapsed() < patience => {}
            Ok(job) => anyhow::bail!("the engine stopped telling, last {}", name(job.state())),
            Err(error) if error.is_retryable() && heard.elapsed() < patience => {
                phase.step("waiting for the engine");
            }
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(RETRY).await;
    }
}

fn show(job: &pb::Job, output: Output) {
    let tx = if job.fulfil_tx.is_empty() { None } else { Some(format!("0x{}", hex::encode(&job.fulfil_tx))) };
    if output.json {
        let outputs: Vec<String> = job
            .outputs
            .iter()
            .filter_map(|o| o.record.as_ref())
            .map(|r| format!("0x{}", hex::encode(&r.handle)))
            .collect();
        let line = serde_json::json!({
            "job": hex::encode(&job.job_id),
            "state": name(job.state()),
            "revision": job.revision,
            "updated_ms": job.updated_ms,
            "outputs": outputs,
            "fulfil_tx": tx,
            "failure": job.failure.as_ref().map(|f| &f.name),
        });
        println!("{line}");
    } else {
        println!("{:2}  {:10}  {}", job.revision, name(job.state()), tx.unwrap_or_default());
    }
}

/// Name of a state without the enumeration's prefix.
fn name(state: pb::JobState) -> &'static str {
    state.as_str_name().trim_start_matches("JOB_STATE_")
}

/// Whether no state follows: PROVEN is the last one only on an engine without a chain, EVALUATED only of circuits that answer
/// no request.
fn is_last(job: &pb::Job, chain: bool) -> bool {
    use pb::JobState::{Cancelled, Evaluated, Failed, Fulfilled, Proven};
    match job.state() {
        Fulfilled | Failed | Cancelled => true,
        Proven => !chain,
        Evaluated => is_circuit(job) && !(chain && answers_request(job)),
        _ => false,
    }
}

/// Whether the job answers a request on chain: a circuit is proved then, and no other.
fn answers_request(job: &pb::Job) -> bool {
    job.request_id.iter().any(|byte| *byte != 0)
}

fn is_circuit(job: &pb::Job) -> bool {
    !job.circuit_id.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_id_has_sixteen_bytes() {
        assert_eq!(job_id(&"ab".repeat(16)), Ok(JobId([0xab; 16])));
        assert_eq!(job_id(&format!("0x{}", "ab".repeat(16))), Ok(JobId([0xab; 16])));
        assert!(job_id("abcd").unwrap_err().contains("2 bytes"));
        assert!(job_id("xyz").is_err());
    }

    #[test]
    fn states_have_short_names() {
        assert_eq!(name(pb::JobState::Fulfilled), "FULFILLED");
    }

    #[test]
    fn the_last_state_depends_on_chain_and_work() {
        use pb::JobState::{Evaluated, Failed, Proven, Proving};
        let linear = |state: pb::JobState| pb::Job { state: state.into(), ..pb::Job::default() };
        let circuit = |state| pb::Job { circuit_id: vec![1; 32], ..linear(state) };
        assert!(is_last(&linear(Failed), true) && !is_last(&linear(Proving), false));
        assert!(is_last(&linear(Proven), false) && !is_last(&linear(Proven), true));
        assert!(is_last(&circuit(Evaluated), true) && !is_last(&linear(Evaluated), true));
        let requested = |state| pb::Job { request_id: vec![7; 32], ..circuit(state) };
        assert!(!is_last(&requested(Evaluated), true) && is_last(&requested(Evaluated), false));
    }
}
