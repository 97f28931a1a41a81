//! `trine demo`: an encrypted tally through every part of the system.

use crate::Output;
use crate::demo::in_process;
use crate::demo::summary::Summary;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use std::process::ExitCode;
use trine::ballot::{MAX_VOTERS, MIN_VOTERS};
use trine::phases::Phases;

/// Arguments of `trine demo`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  trine demo
  trine demo --voters 12 --seed 7
  trine demo --no-chain")]
pub struct Arguments {
    /// Number of voters, 12 to 15: a block counts to 15.
    #[arg(long, default_value_t = MAX_VOTERS as u64,
          value_parser = clap::value_parser!(u64).range(MIN_VOTERS as u64..=MAX_VOTERS as u64))]
    voters: u64,
    /// Draw the ballots from this seed instead of at random. Encryption is random all the same.
    #[arg(long)]
    seed: Option<u64>,
    /// Run in this process alone: native proof, no chain, decryption by the client key.
    #[arg(long)]
    no_chain: bool,
}

/// Runs the demonstration. The last line of standard output is JSON.
pub fn run(arguments: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    let mut rng = match arguments.seed {
        Some(seed) => ChaCha20Rng::seed_from_u64(seed),
        None => ChaCha20Rng::from_entropy(),
    };
    let mut phases = Phases::start(output.quiet);
    let voters = usize::try_from(arguments.voters)?;
    let summary = in_process::run(voters, &mut rng, &mut phases)?;
    report(&summary, &phases, output)
}

fn report(summary: &Summary, phases: &Phases, output: Output) -> anyhow::Result<ExitCode> {
    let table = phases.table();
    if output.json {
        eprint!("{table}");
    } else {
        print!("{table}");
        println!("\nnot excluded by this version:");
        for line in summary.open {
            println!("  - {line}");
        }
        println!();
    }
    println!("{}", serde_json::to_string(summary)?);
    Ok(if summary.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
