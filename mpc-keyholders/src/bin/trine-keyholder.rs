//! A keyholder node.

use clap::Parser;
use std::path::PathBuf;
use trine_keyholder::node::config::NodeConfig;
use trine_keyholder::node::program::{assemble, serve};
use trine_keyholder::node::release::Conduct;

/// Holds a share of a decryption key; decrypts, with its committee, what is proven, authorised and final.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  trine-keyholder --print-config-example > keyholder.toml\n  trine-keyholder --config keyholder.toml"
)]
struct Arguments {
    /// Configuration file (TOML).
    #[arg(long, value_name = "FILE", required_unless_present = "print_config_example")]
    config: Option<PathBuf>,
    /// Prints an annotated configuration file and ends.
    #[arg(long)]
    print_config_example: bool,
    /// Logs as JSON, one object a line.
    #[arg(long)]
    json_logs: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let Some(path) = arguments.config.filter(|_| !arguments.print_config_example) else {
        print!("{}", NodeConfig::EXAMPLE);
        return Ok(());
    };
    // Reads FAILPOINTS, in builds that have failpoints.
    let _failpoints = fail::FailScenario::setup();
    trine_keyholder::node::logs::start(arguments.json_logs);
    let config = NodeConfig::read(&path)?;
    let (node, identities) = assemble(&config, Conduct::Honest)?;
    serve(&config, node, identities, trine_keyholder::node::logs::stop_signal()?).await?;
    Ok(())
}
