//! The cluster that a command talks to: options and clients that commands share.

use anyhow::{Context, ensure};
use std::path::{Path, PathBuf};
use trine::chain::Account;
use trine::cluster::anvil::read_accounts;
use trine::cluster::processes::committee;
use trine::config::{ClusterFile, read_token};
use trine::engine::EngineClient;
use trine::facts::{ChainReader, VerifierFacts};
use trine::keyholders::CommitteeClient;
use trine_prover::{Mode, srs};
use trine_verifier::srs::CommitmentKey;

/// Options that name a cluster.
#[derive(clap::Args, Debug)]
pub struct Target {
    /// Cluster file, as `trine up` writes it.
    #[arg(long, value_name = "FILE", env = "TRINE_CLUSTER")]
    cluster: PathBuf,
    /// Folder with compact-public-key.bin, server-key.bin and srs.bin; else state/keys beside the cluster file.
    #[arg(long, value_name = "FOLDER")]
    keys: Option<PathBuf>,
}

impl Target {
    /// Reads the cluster file.
    pub fn file(&self) -> anyhow::Result<ClusterFile> {
        ClusterFile::read(&self.cluster).context("cluster file")
    }

    /// A key file.
    pub fn key_file(&self, name: &str) -> PathBuf {
        let beside = || self.cluster.parent().unwrap_or(Path::new(".")).join("state/keys");
        self.keys.clone().unwrap_or_else(beside).join(name)
    }

    /// The reference string, which must be that of the verifier on chain.
    pub fn srs(&self, verifier: &VerifierFacts) -> anyhow::Result<CommitmentKey> {
        let path = self.key_file("srs.bin");
        let key = srs::load(&path, Mode::Development).context("reference string")?;
        let digest = key.verifier().digest();
        ensure!(
            digest == verifier.srs_digest.0,
            "{}: digest {}, the verifier on chain has {}",
            path.display(),
            hex::encode(digest),
            verifier.srs_digest
        );
        Ok(key)
    }
}

/// Reads the cluster's coprocessor.
pub fn reader(file: &ClusterFile) -> anyhow::Result<ChainReader> {
    Ok(ChainReader::new(&file.chain.rpc_url, file.chain.coprocessor)?)
}

/// The engine, as the client of the cluster file.
pub async fn engine(file: &ClusterFile) -> anyhow::Result<EngineClient> {
    let token = read_token(&file.engine.token_file)?;
    Ok(EngineClient::connect(&file.engine.endpoint, &token).await?)
}

/// The committee.
pub fn keyholders(file: &ClusterFile) -> anyhow::Result<CommitteeClient> {
    Ok(committee(file)?)
}

/// A funded development account.
pub fn account(file: &ClusterFile, index: usize) -> anyhow::Result<Account> {
    let accounts = read_accounts(&file.chain.accounts_file)?;
    let count = accounts.len();
    let signer = accounts.into_iter().nth(index);
    let signer = signer.with_context(|| format!("account {index}: the chain has {count}, from 0"))?;
    Ok(Account::new(&file.chain.rpc_url, signer)?)
}
