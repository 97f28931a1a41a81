//! The engine's process.

use anyhow::Context;
use clap::Parser;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use trine_engine::chain::rpc::RpcSettings;
use trine_engine::chain::{Chain, RpcChain};
use trine_engine::config::{self, Config};
use trine_engine::jobs::{JobRunner, Parts, Patience};
use trine_engine::prover::GrpcProver;
use trine_engine::service::auth::{Tokens, principal};
use trine_engine::service::limits::Limits;
use trine_engine::service::{Service, server};
use trine_engine::setup::{CircuitSetup, Setup};
use trine_engine::store::RocksStore;
use trine_verifier::Class;
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::srs::CommitmentKey;

/// Time for calls and tasks to end after a signal.
const SHUTDOWN: Duration = Duration::from_secs(10);

/// Computes on encrypted values, has the computation proved, and fulfils requests on chain.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  trine-engine --print-config-example > engine.toml\n  trine-engine --config engine.toml"
)]
struct Arguments {
    /// Configuration file.
    #[arg(long, env = "TRINE_ENGINE_CONFIG", required_unless_present = "print_config_example")]
    config: Option<PathBuf>,
    /// Print an annotated configuration and exit.
    #[arg(long)]
    print_config_example: bool,
    /// Use no node: jobs answer no request and end at PROVEN.
    #[arg(long)]
    no_chain: bool,
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
    let mut config = Config::read(&path)?;
    if arguments.no_chain {
        config.chain.rpc_url = None;
    }
    tokio::runtime::Runtime::new()?.block_on(run(config))
}

fn start_logging(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    let logs =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    if json { logs.json().init() } else { logs.init() }
}

async fn run(config: Config) -> anyhow::Result<()> {
    let setup = Arc::new(setup(&config)?);
    let store = RocksStore::open(&config.data).context("opening the store")?;
    let prover =
        GrpcProver::new(&config.prover.endpoint, &config::secret(&config.prover.token_file)?, &setup)?;
    let parts = Parts {
        store: Arc::new(store),
        chain: chain(&config, &setup).await?,
        setup,
        prover: Arc::new(prover),
    };
    let runner = JobRunner::new(parts, Patience::default(), config.prover.batch);
    let listener =
        TcpListener::bind(config.listen).await.with_context(|| format!("listening on {}", config.listen))?;
    let resumed = runner.resume()?;
    tracing::info!(listen = %listener.local_addr()?, resumed, "engine serves");
    let service = Service::new(runner.clone(), tokens(&config)?, limits(&config));
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut watching = stopped.clone();
    let serving = server::serve(service, listener, async move {
        let _ = watching.wait_for(|s| *s).await;
    });
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => ended?,
        () = terminated() => {
            tracing::info!("engine stops");
            stop.send_replace(true);
            // Watchers' streams stay open as long as their jobs: they are cut off after a while.
            if let Ok(ended) = tokio::time::timeout(SHUTDOWN, serving).await {
                ended?;
            }
        }
    }
    runner.stop().await;
    Ok(())
}

fn setup(config: &Config) -> anyhow::Result<Setup> {
    let path = &config.srs_file;
    let srs = std::fs::read(path).with_context(|| format!("{}", path.display()))?;
    let commitment_key = CommitmentKey::from_bytes(&srs).with_context(|| format!("{}", path.display()))?;
    let hash = |field, text: &str| config::bytes(field, text, "32 bytes in hexadecimal");
    let circuits = config.circuit_verifier_hash.as_deref().map(|h| hash("circuit_verifier_hash", h));
    let circuits = circuits.transpose()?;
    let setup = Setup {
        chain_id: config.chain.chain_id,
        coprocessor: config::bytes(
            "chain.coprocessor",
            &config.chain.coprocessor,
            "20 bytes in hexadecimal",
        )?,
        verifier_hash: hash("verifier_hash", &config.verifier_hash)?,
        commitment_key,
        class: Class::SLICE,
        circuits: circuits
            .map(|verifier_hash| CircuitSetup { verifier_hash, parameters: Parameters::PRODUCTION }),
    };
    setup.check(config.development)?;
    Ok(setup)
}

async fn chain(config: &Config, setup: &Setup) -> anyhow::Result<Option<Arc<dyn Chain>>> {
    let Some(url) = &config.chain.rpc_url else { return Ok(None) };
    let key_file = config.chain.account_key_file.as_ref().context("chain.account_key_file is missing")?;
    let signer = config::secret(key_file)?.parse().map_err(|_| {
        // What the parser says may repeat the key.
        anyhow::anyhow!("{}: not a private key of 32 bytes in hexadecimal", key_file.display())
    })?;
    let settings = RpcSettings {
        chain_id: setup.chain_id,
        coprocessor: setup.coprocessor.into(),
        from_block: config.chain.from_block,
        poll: Duration::from_millis(config.chain.poll_ms.max(1)),
        patience: Duration::from_secs(120),
    };
    let chain = RpcChain::new(url, signer, settings)?;
    match chain.check().await {
        Err(error) if !error.is_retryable() => return Err(error.into()),
        Err(error) => tracing::warn!(%error, "the node does not answer yet"),
        Ok(()) => {}
    }
    Ok(Some(Arc::new(chain)))
}

fn tokens(config: &Config) -> anyhow::Result<Tokens> {
    let list = config.tokens.iter().map(|t| Ok((principal(&t.name, t.role), config::secret(&t.token_file)?)));
    Ok(Tokens::new(list.collect::<Result<Vec<_>, config::ConfigError>>()?)?)
}

fn limits(config: &Config) -> Limits {
    let (chosen, default) = (&config.limits, Limits::default());
    Limits {
        max_key_part_bytes: chosen.max_key_part_bytes.unwrap_or(default.max_key_part_bytes),
        max_page_size: chosen.max_page_size.unwrap_or(default.max_page_size),
        max_uploads: chosen.max_uploads.unwrap_or(default.max_uploads),
        max_open_jobs: chosen.max_open_jobs.unwrap_or(default.max_open_jobs),
    }
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
