//! The client process of the workloads.

use anyhow::Context;
use clap::Parser;
use rand::RngCore;
use rand::rngs::OsRng;
use std::path::PathBuf;
use std::process::ExitCode;
use trine::config::read_token;
use trine::engine::EngineClient;
use trine::phases::Phases;
use trine_programs::Size;
use trine_programs::workload::{all, named};
use trine_workloads::local_engine::LocalEngine;
use trine_workloads::run::{Plan, run};

/// Encrypts the inputs of an application, has an engine compute on them, and compares what comes out with the plaintext
/// model.
///
/// For development: outputs are decrypted with the development key, which is public. In a deployment a committee decrypts
/// what is proven and allowed. The exit code is 0 only if all outputs are what the model says.
#[derive(Parser)]
#[command(name = "trine-workload", version, after_help = EXAMPLES)]
struct Arguments {
    /// The workload: election, tally, auction, transfer or age-check.
    #[arg(value_name = "NAME", value_parser = known)]
    name: String,
    /// The instance of at most 40 bootstrappings.
    #[arg(long)]
    small: bool,
    /// Seed of the inputs; else a random one, which is printed.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Jobs over the same inputs; the fastest is told. The first on an engine waits some seconds for the key.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
    /// Engine, `http://HOST:PORT`; else one is started on loopback and ends with this process.
    #[arg(long, value_name = "URL", requires = "token_file")]
    engine: Option<String>,
    /// File with the token for the engine, one line.
    #[arg(long, value_name = "FILE", requires = "engine")]
    token_file: Option<PathBuf>,
    /// Print the operation list, as `trine submit --operations` takes it, and exit.
    #[arg(long)]
    print_operations: bool,
    /// Print the figures as one line of JSON, without the table.
    #[arg(long)]
    json: bool,
    /// Show no progress on standard error.
    #[arg(long)]
    quiet: bool,
}

const EXAMPLES: &str = "Examples:
  trine-workload auction --small
  trine-workload tally --runs 3 --json
  trine-workload transfer --engine http://127.0.0.1:7001 --token-file state/secrets/client.token --seed 7
  trine-workload age-check --print-operations > age-check.txt";

fn known(name: &str) -> Result<String, String> {
    match named(name, Size::Small) {
        Some(workload) => Ok(workload.name().into()),
        None => {
            let names: Vec<&str> = all(Size::Small).iter().map(|workload| workload.name()).collect();
            Err(format!("expected one of {}", names.join(", ")))
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match execute(&Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("trine-workload: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn execute(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let size = if arguments.small { Size::Small } else { Size::Normal };
    let workload = named(&arguments.name, size).context("no such workload")?;
    if arguments.print_operations {
        print!("{}", workload.operations().list.to_text());
        return Ok(ExitCode::SUCCESS);
    }
    let mut phases = Phases::start(arguments.quiet);
    let (mut engine, _local) = engine(arguments, &mut phases).await?;
    let plan = Plan {
        size,
        seed: arguments.seed.unwrap_or_else(|| OsRng.next_u64()),
        runs: usize::from(arguments.runs),
    };
    let figures = run(workload.as_ref(), plan, &mut engine, &mut phases).await?;
    if !arguments.quiet {
        eprintln!("{}", phases.table());
        eprintln!(
            "Decrypted with the DEVELOPMENT key, which anybody can derive. A deployment releases by its committee."
        );
    }
    if !arguments.json {
        println!("{figures}");
    }
    println!("{}", serde_json::to_string(&figures)?);
    Ok(if figures.correct { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The engine of the arguments, or one of this process's own.
async fn engine(
    arguments: &Arguments,
    phases: &mut Phases,
) -> anyhow::Result<(EngineClient, Option<LocalEngine>)> {
    if let (Some(endpoint), Some(file)) = (&arguments.engine, &arguments.token_file) {
        return Ok((EngineClient::connect(endpoint, &read_token(file)?).await?, None));
    }
    let phase = phases.open("start");
    let local = LocalEngine::start().await?;
    phases.close(phase, "an engine of this process");
    let engine = EngineClient::connect(local.endpoint(), local.token()).await?;
    Ok((engine, Some(local)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
        assert!(Arguments::try_parse_from(["trine-workload", "auction", "--small"]).is_ok());
    }

    #[test]
    fn an_unknown_workload_is_answered_with_those_that_exist() {
        for workload in all(Size::Small) {
            assert!(known(workload.name()).is_ok());
        }
        assert!(known("poker").unwrap_err().contains("age-check"));
        assert!(Arguments::try_parse_from(["trine-workload", "tally", "--runs", "0"]).is_err());
        assert!(
            Arguments::try_parse_from(["trine-workload", "tally", "--engine", "http://[::1]:1"]).is_err()
        );
    }
}
