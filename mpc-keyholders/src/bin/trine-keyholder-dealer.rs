//! The dealer ceremony on the development key set: the one trusted step. Whoever runs it can decrypt everything.

use anyhow::Context;
use clap::Parser;
use std::path::PathBuf;
use trine_fhe::dev_keys::DevelopmentKeys;
use trine_keyholder::node::files::{secrets_file, write_dealing};
use trine_keyholder::protocol::committee::CommitteeSize;
use trine_keyholder::protocol::dealer::deal;

/// Shares the development keys among a committee: one record for everybody, one file of secrets for each node.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  trine-keyholder-dealer --cache ~/.cache/trine/dev-keys --out keys"
)]
struct Arguments {
    /// Cache of development keys; made there when missing.
    #[arg(long, value_name = "FOLDER")]
    cache: PathBuf,
    /// Folder for the record and the secrets.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Number of nodes n.
    #[arg(long, default_value_t = 4)]
    nodes: u8,
    /// Malicious nodes t that are tolerated, n >= 3t + 1.
    #[arg(long, default_value_t = 1)]
    faults: u8,
    /// Epoch of the committee.
    #[arg(long, default_value_t = 1)]
    epoch: u64,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let size = CommitteeSize::new(arguments.nodes, arguments.faults)?;
    let keys = DevelopmentKeys::load_or_generate(&arguments.cache, &mut |step| eprintln!("{step}"))?;
    let dealer = keys.read_dealer()?;
    let digest = keys.key_digest()?;
    let mut rng = rand::rngs::OsRng;
    let (record, secrets) = deal(size, arguments.epoch, digest, &dealer.squashing_secret(), &mut rng)?;
    for node in &secrets {
        node.check(&record).context("a node would refuse what it is dealt")?;
    }
    let path = write_dealing(&arguments.out, &record, &secrets, true)?;
    println!("{}", path.display());
    for node in size.all() {
        println!("{}", arguments.out.join(secrets_file(node.get(), true)).display());
    }
    Ok(())
}
