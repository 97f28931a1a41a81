//! A malicious node, for attacks in demonstrations: it does its checks and its work, and departs from the protocol in
//! what it tells the other nodes. Runs in development mode only.

use anyhow::{bail, ensure};
use clap::Parser;
use std::path::PathBuf;
use trine_keyholder::adversary::Behaviour;
use trine_keyholder::node::config::NodeConfig;
use trine_keyholder::node::program::{assemble, serve};
use trine_keyholder::node::release::Conduct;

/// A malicious keyholder node, to show what a committee outlives. Never give it real keys.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  trine-keyholder-adversary --config keyholder-3.toml --behaviour lying"
)]
struct Arguments {
    /// Configuration file (TOML), as of an honest node; `development = true` is required.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// How it departs from the protocol: silent, lying, one-bit, wrong-length, stale-epoch, replay, equivocating,
    /// substituting.
    #[arg(long, value_name = "NAME")]
    behaviour: String,
    /// Logs as JSON, one object a line.
    #[arg(long)]
    json_logs: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let Some(behaviour) = Behaviour::from_name(&arguments.behaviour) else {
        let known = Behaviour::ALL.map(Behaviour::name).join(", ");
        bail!("behaviour {:?}, expected one of {known}", arguments.behaviour);
    };
    trine_keyholder::node::logs::start(arguments.json_logs);
    let config = NodeConfig::read(&arguments.config)?;
    ensure!(config.development, "an adversary runs in development mode only");
    tracing::warn!(behaviour = behaviour.name(), "this node is malicious by intent");
    let (node, identities) = assemble(&config, Conduct::Adversary(behaviour))?;
    serve(&config, node, identities, trine_keyholder::node::logs::stop_signal()?).await?;
    Ok(())
}
