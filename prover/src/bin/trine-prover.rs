//! The prover's process.

use anyhow::Context;
use clap::Parser;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use trine_prover::Mode;
use trine_prover::service::auth::Token;
use trine_prover::service::config::{self, Config};
use trine_prover::service::worker::Worker;
use trine_prover::service::{Service, server, setups};
use trine_verifier::Class;

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
    let worker = worker(&config)?;
    tokio::runtime::Runtime::new()?.block_on(run(config, worker))
}

fn start_logging(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    let logs =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    if json { logs.json().init() } else { logs.init() }
}

/// Loads the setups; in development mode they are made when missing.
fn worker(config: &Config) -> anyhow::Result<Worker> {
    let class = Class::SLICE;
    let mode = if config.development { Mode::Development } else { Mode::Production };
    tracing::info!(folder = %config.setup_folder.display(), ?mode, "setups are loaded");
    let (commitment_key, proving_key) = setups::load(&config.setup_folder, &class, mode)?;
    Ok(Worker::new(class, commitment_key, proving_key))
}

async fn run(config: Config, worker: Worker) -> anyhow::Result<()> {
    let token = Token::new(&config::secret(&config.token_file)?)?;
    let listener =
        TcpListener::bind(config.listen).await.with_context(|| format!("listening on {}", config.listen))?;
    tracing::info!(
        listen = %listener.local_addr()?,
        verifier_hash = hex::encode(worker.verifier_hash()),
        srs_digest = hex::encode(worker.srs_digest()),
        "prover serves"
    );
    let (stop, mut stopped) = tokio::sync::watch::channel(false);
    let serving = server::serve(Service::new(worker, token), listener, async move {
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
