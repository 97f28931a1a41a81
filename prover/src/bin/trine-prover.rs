//! The prover's process.

use anyhow::Context;
use clap::Parser;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use trine_prover::Mode;
use trine_prover::service::auth::Token;
use trine_prover::service::circuits::CircuitWorker;
use trine_prover::service::config::{self, Config};
use trine_prover::service::worker::Worker;
use trine_prover::service::{Service, server, setups};
use trine_verifier::Class;
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::srs::CommitmentKey;

/// Time for calls to end after a signal.
const SHUTDOWN: Duration = Duration::from_secs(10);

/// Proves evaluations of programs on encrypted values, one at a time.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  trine-prover --print-config-example > prover.toml\n  trine-prover --config prover.toml"
)]
struct Arguments {
    /// Configuration file.
    #[arg(long, env = "TRINE_PROVER_CONFIG", required_unless_present = "print_config_example")]
    config: Option<PathBuf>,
    /// Print an annotated configuration and exit.
    #[arg(long)]
    print_config_example: bool,
    /// Log in JSON, one object a line.
    #[arg(long)]
    json: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if arguments.print_config_example {
        print!("{}", config::EXAMPLE);
        return Ok(());
    }
    start_logging(arguments.json);
    // Reads FAILPOINTS; compiled for tests only.
    #[cfg(feature = "failpoints")]
    let _failpoints = fail::FailScenario::setup();
    let path = arguments.config.context("--config is missing")?;
    let config = Config::read(&path)?;
    let (worker, circuits) = workers(&config)?;
    tokio::runtime::Runtime::new()?.block_on(run(config, worker, circuits))
}

fn start_logging(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    let logs =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    if json { logs.json().init() } else { logs.init() }
}

/// Loads the setups; in development mode they are made when missing.
fn workers(config: &Config) -> anyhow::Result<(Worker, Option<CircuitWorker>)> {
    let class = Class::SLICE;
    let mode = if config.development { Mode::Development } else { Mode::Production };
    let folder = &config.setup_folder;
    tracing::info!(folder = %folder.display(), ?mode, config.circuits, "setups are loaded");
    let (reference, proving_key) = setups::load(folder, &class, mode)?;
    let circuits = config.circuits.then(|| circuit_worker(folder, &reference, mode)).transpose()?;
    Ok((Worker::new(class, reference, proving_key), circuits))
}

fn circuit_worker(
    folder: &Path,
    reference: &Arc<CommitmentKey>,
    mode: Mode,
) -> anyhow::Result<CircuitWorker> {
    let (class, (srs, key)) = setups::load_circuits(folder, &Parameters::PRODUCTION, reference, mode)?;
    Ok(CircuitWorker::new(class, &srs, key, folder.into()))
}

async fn run(config: Config, worker: Worker, circuits: Option<CircuitWorker>) -> anyhow::Result<()> {
    let token = Token::new(&config::secret(&config.token_file)?)?;
    let listener =
        TcpListener::bind(config.listen).await.with_context(|| format!("listening on {}", config.listen))?;
    tracing::info!(
        listen = %listener.local_addr()?,
        verifier_hash = hex::encode(worker.verifier_hash()),
        circuit_verifier_hash = circuits.as_ref().map(|c| hex::encode(c.verifier_hash())),
        srs_digest = hex::encode(worker.srs_digest()),
        "prover serves"
    );
    let (stop, mut stopped) = tokio::sync::watch::channel(false);
    let mut service = Service::new(worker, token);
    if let Some(circuits) = circuits {
        service = service.with_circuits(circuits);
    }
    let serving = server::serve(service, listener, async move {
        let _ = stopped.wait_for(|s| *s).await;
    });
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => ended?,
        () = terminated() => {
            tracing::info!("prover stops");
            stop.send_replace(true);
            // A proof takes longer than that: the engine asks for it again.
            if let Ok(ended) = tokio::time::timeout(SHUTDOWN, serving).await {
                ended?;
            }
        }
    }
    Ok(())
}

/// Ends at SIGTERM or SIGINT.
async fn terminated() {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be handled: only SIGKILL stops this process");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}
