//! `trine bench`: what one job costs.

use crate::Output;
use crate::bench::slice::{self, Figures, MAX_CALLDATA_BYTES, MAX_GAS_FULFIL};
use std::process::ExitCode;
use trine::phases::Phases;

/// Arguments of `trine bench`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  trine bench
  trine bench slice --json
  trine bench --quiet --json | jq .gas_fulfil")]
pub struct Arguments {
    /// What is measured.
    #[arg(value_enum, default_value_t = Subject::Slice)]
    subject: Subject,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Subject {
    /// One job of the first class with fifteen inputs, in this process, on the in-process EVM.
    Slice,
}

/// Measures and prints. Fails when gas or calldata exceed their limits. The last line of standard output is JSON.
pub fn run(arguments: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    let mut phases = Phases::start(output.quiet);
    let figures = match arguments.subject {
        Subject::Slice => slice::run(&mut phases)?,
    };
    if output.json {
        eprint!("{}", phases.table());
    } else {
        print!("{}\n{}\n", phases.table(), summary(&figures));
    }
    println!("{}", serde_json::to_string(&figures)?);
    Ok(if figures.within_limits() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn summary(figures: &Figures) -> String {
    let memory = figures.peak_memory_bytes.map_or("unknown".into(), |b| format!("{} MiB", b >> 20));
    format!(
        "gas_fulfil       {:>9}  at most {MAX_GAS_FULFIL}
calldata_bytes   {:>9}  at most {MAX_CALLDATA_BYTES}
proof_bytes      {:>9}
gas_release      {:>9}
peak memory      {memory:>9}  keys and prover, {} threads
",
        figures.gas_fulfil, figures.calldata_bytes, figures.proof_bytes, figures.gas_release, figures.threads,
    )
}
