//! `trine bench`: what one job costs.

use crate::Output;
use crate::bench::slice::{self, MAX_CALLDATA_BYTES, MAX_GAS_FULFIL};
use crate::bench::{evaluate, operations, prove};
use serde::Serialize;
use std::process::ExitCode;
use trine::phases::Phases;

/// Arguments of `trine bench`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  trine bench
  trine bench slice --json
  trine bench --quiet --json | jq .gas_fulfil
  trine bench evaluate --json
  trine bench evaluate --portable --json | jq .throughput_ratio
  trine bench operations --json | jq .worst_time_ratio
  trine bench prove --bootstrappings 8 --json")]
pub struct Arguments {
    /// What is measured; `slice` unless named.
    #[command(subcommand)]
    subject: Option<Subject>,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::Subcommand)]
enum Subject {
    /// One job of the first class with fifteen inputs, in this process, on the in-process EVM.
    Slice,
    /// Keyswitching and bootstrapping, batches and one alone, beside tfhe-rs in the same run.
    Evaluate {
        /// Without vector kernels, as on a processor that lacks them.
        #[arg(long)]
        portable: bool,
    },
    /// Each operation at 8, 32 and 64 bits, beside tfhe-rs in the same run.
    Operations,
    /// Proofs of bootstrapping: seconds by phase, marginal and fixed, memory, bytes, verification.
    Prove {
        /// Bootstrappings of the circuit that is proven; eight and sixteen are proven beside it, for the marginal cost.
        #[arg(long, default_value_t = 8)]
        bootstrappings: usize,
        /// Without vector kernels, as on a processor that lacks them.
        #[arg(long)]
        portable: bool,
        /// Proves by Groth16 too that each proof of one segment verifies, and has the contract verify it on the in-process EVM;
        /// the key is made on first use.
        #[arg(long)]
        wrap: bool,
    },
}

/// Measures and prints. Fails when a figure misses its limit. The last line of standard output is JSON.
pub fn run(arguments: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    let mut phases = Phases::start(output.quiet);
    let within_limits = match arguments.subject.unwrap_or(Subject::Slice) {
        Subject::Slice => {
            let figures = slice::run(&mut phases)?;
            print(output, &phases, &slice_summary(&figures), &figures)?;
            figures.within_limits()
        }
        Subject::Evaluate { portable } => {
            let figures = evaluate::run(portable, &mut phases)?;
            print(output, &phases, &evaluate_summary(&figures), &figures)?;
            figures.within_limits()
        }
        Subject::Operations => {
            let figures = operations::run(&mut phases)?;
            print(output, &phases, &operations_summary(&figures), &figures)?;
            figures.within_limits()
        }
        Subject::Prove { bootstrappings, portable, wrap } => {
            let figures = prove::run(prove::Options { bootstrappings, portable, wrap }, &mut phases)?;
            print(output, &phases, &prove_summary(&figures), &figures)?;
            figures.within_limits()
        }
    };
    Ok(if within_limits { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(output: Output, phases: &Phases, summary: &str, figures: &impl Serialize) -> anyhow::Result<()> {
    if output.json {
        eprint!("{}", phases.table());
    } else {
        print!("{}\n{summary}\n", phases.table());
    }
    println!("{}", serde_json::to_string(figures)?);
    Ok(())
}

fn slice_summary(figures: &slice::Figures) -> String {
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

fn evaluate_summary(figures: &evaluate::Figures) -> String {
    format!(
        "{} threads, {} kernels          a second    alone, ms
trine                          {:>9.1}    {:>9.1}
tfhe-rs, same set              {:>9.1}    {:>9.1}   ratio {:.2}, at least {:.1}
tfhe-rs, classic set           {:>9.1}    {:>9.1}   ratio {:.2}
",
        figures.threads,
        figures.backend,
        figures.per_second,
        figures.alone_ms,
        figures.tfhe_per_second,
        figures.tfhe_alone_ms,
        figures.throughput_ratio,
        figures.least_ratio(),
        figures.tfhe_classic_per_second,
        figures.tfhe_classic_alone_ms,
        figures.throughput_ratio_classic,
    )
}

fn operations_summary(figures: &operations::Figures) -> String {
    let mut table = String::from("operation  bits  bootstrappings  depth         ms  tfhe-rs, ms  ratio\n");
    for o in &figures.operations {
        table += &format!(
            "{:<9} {:>5} {:>15} {:>6} {:>10.1} {:>12.1} {:>6.2}\n",
            o.operation, o.bits, o.bootstrappings, o.depth, o.ms, o.tfhe_ms, o.time_ratio,
        );
    }
    table += "eight at a time, against the classic set\n";
    for b in &figures.batches {
        let (ms, classic) = (b.ms, b.tfhe_classic_ms);
        table += &format!(
            "{:<9} {:>5} {ms:>34.1} {classic:>12.1} {:>6.2}\n",
            b.operation, b.bits, b.ratio_classic
        );
    }
    table
}

fn prove_summary(figures: &prove::Figures) -> String {
    let mut table = format!(
        "{} threads, {} arithmetic: {:.2} s a bootstrapping, {:.2} s fixed
bootstrappings  segments   seconds   memory, GB      bytes   verify, ms
",
        figures.threads, figures.backend, figures.seconds_per_bootstrapping, figures.fixed_seconds,
    );
    for run in figures.marginal_runs.iter().chain([&figures.run]) {
        table += &format!(
            "{:>14} {:>9} {:>9.2} {:>12.2} {:>10} {:>12.1}\n",
            run.bootstrappings,
            run.segments,
            run.seconds,
            run.peak_memory_gb.unwrap_or(f64::NAN),
            run.proof_bytes,
            run.native_verify_ms,
        );
    }
    table
}
