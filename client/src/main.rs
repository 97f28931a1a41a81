//! The command `trine`.
//!
//! One command is one file under `commands/`; attacks that the demonstration can play are under `attacks/`. Standard
//! output carries results (with `--json` one JSON value a line), standard error everything else.

mod attacks;
mod bench;
mod commands;
mod demo;
mod stop;
mod target;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Outsource computation on encrypted data, prove it, release the result by a committee.
#[derive(Parser)]
#[command(name = "trine", version, about, after_help = EXAMPLES)]
struct Arguments {
    /// Print results as JSON, one value a line.
    #[arg(long, global = true)]
    json: bool,
    /// Show no progress on standard error.
    #[arg(long, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  trine demo                      an election from ballots to the released winner, on a cluster of local processes
  trine demo --attack list        attacks that the demonstration plays
  trine up                        start the cluster and keep it
  trine verify receipt.json --development";

#[derive(Subcommand)]
enum Command {
    /// Measure what one job costs: gas, bytes, seconds, memory.
    Bench(commands::bench::Arguments),
    /// Print the integer and noise bounds of the proof class and parameter set.
    Bounds(commands::bounds::Arguments),
    /// Make keys of Groth16 together with others: begin, contribute, verify, finish.
    Ceremony(commands::ceremony::Arguments),
    /// Run an encrypted election, or another application, through every part of the system.
    Demo(commands::demo::Arguments),
    /// Encrypt a value of your own; register and upload it.
    Encrypt(commands::encrypt::Arguments),
    /// Do one step of `up` alone: for processes that something else starts.
    Prepare(commands::prepare::Arguments),
    /// Have the committee decrypt what a receipt proves.
    Release(commands::release::Arguments),
    /// Make a request, or take one from the chain, and start the job that answers it.
    Submit(commands::submit::Arguments),
    /// Start a local cluster of processes and keep it until Ctrl-C.
    Up(commands::up::Arguments),
    /// Verify a receipt from files alone, or against the chain as well.
    Verify(commands::verify::Arguments),
    /// Follow a job to its last state; write its receipt.
    Watch(commands::watch::Arguments),
}

/// How results are shown.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// As JSON.
    pub json: bool,
    /// Without progress.
    pub quiet: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output { json: arguments.json, quiet: arguments.quiet };
    let result = match arguments.command {
        Command::Bench(a) => commands::bench::run(&a, output),
        Command::Bounds(a) => commands::bounds::run(&a, output),
        Command::Ceremony(a) => commands::ceremony::run(&a, output),
        Command::Demo(a) => commands::demo::run(&a, output).await,
        Command::Encrypt(a) => commands::encrypt::run(&a, output).await,
        Command::Prepare(a) => commands::prepare::run(&a, output).await,
        Command::Release(a) => commands::release::run(&a, output).await,
        Command::Submit(a) => commands::submit::run(&a, output).await,
        Command::Up(a) => commands::up::run(&a, output).await,
        Command::Verify(a) => commands::verify::run(&a, output).await,
        Command::Watch(a) => commands::watch::run(&a, output).await,
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("trine: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_has_examples() {
        for command in Arguments::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("trine "), "{} has no example in its help", command.get_name());
        }
    }
}
