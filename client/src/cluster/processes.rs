//! All processes of a local cluster.

use super::anvil;
use super::circuits::{RegistrationError, register_evaluation_key};
use super::files::keyholder_file;
use super::health::wait_until_serving;
use super::layout::{Contracts, Folder, Layout, NODES};
use super::preparation::{Material, PreparationError, deploy_contracts, write_state};
use crate::config::{ClusterFile, ConfigError};
use crate::keyholders::CommitteeClient;
use crate::process::{ManagedProcess, ProcessError, find_binary};
use crate::rpc::RpcError;
use std::path::PathBuf;
use tonic::transport::Endpoint;

/// Time that engine and prover get to serve. The prover may have to make its keys, and checks those of circuits.
const SERVICE_SECONDS: u64 = 300;
/// Time that a keyholder gets to serve: it brings a gigabyte of keys to the Fourier domain.
const KEYHOLDER_SECONDS: u64 = 180;

/// Why a cluster does not run.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// A process.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// Preparation.
    #[error(transparent)]
    Preparation(#[from] PreparationError),
    /// The cluster file.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A service's address.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// A service's address.
    #[error("address: {0}")]
    Endpoint(#[from] tonic::transport::Error),
    /// The evaluation key on chain.
    #[error("evaluation key: {0}")]
    Registration(#[from] RegistrationError),
    /// A file.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What fails.
        source: std::io::Error,
    },
}

/// A running cluster. Dropping it kills every process.
pub struct LocalCluster {
    folder: Folder,
    contracts: Contracts,
    file: ClusterFile,
    // Dropped in this order: those that depend on others first.
    keyholders: Vec<Option<ManagedProcess>>,
    engine: ManagedProcess,
    prover: ManagedProcess,
    chain: ManagedProcess,
}

impl LocalCluster {
    /// Starts every process on `layout`, with files in `folder`. `progress` is told each step.
    pub async fn start(
        folder: Folder,
        layout: &Layout,
        material: &Material,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Self, ClusterError> {
        progress("dealing keys to the committee");
        let record = write_state(&folder, material)?;
        progress("anvil");
        let accounts = folder.state("accounts.json");
        let chain = anvil::start(layout.chain, &accounts, &folder.log("anvil")).await?;
        progress("contracts");
        let contracts = deploy_contracts(&folder, layout, material, &record).await?;
        let file = ClusterFile::read(&folder.cluster_file())?;
        progress("engine, prover, keyholders");
        let mut prover = spawn(&folder, "prover", "trine-prover", "prover.toml", &[])?;
        let mut engine = spawn(&folder, "engine", "trine-engine", "engine.toml", &[])?;
        let mut keyholders =
            (0..NODES).map(|node| spawn_keyholder(&folder, node, None)).collect::<Result<Vec<_>, _>>()?;
        let endpoint = |url: &str| Endpoint::from_shared(url.to_string());
        wait_until_serving(&mut prover, &endpoint(&file.prover.endpoint)?, SERVICE_SECONDS).await?;
        wait_until_serving(&mut engine, &endpoint(&file.engine.endpoint)?, SERVICE_SECONDS).await?;
        let committee = committee(&file)?;
        for (node, process) in keyholders.iter_mut().enumerate() {
            progress(&format!("keyholder {node}"));
            wait_until_serving(process, &committee.endpoints()[node], KEYHOLDER_SECONDS).await?;
        }
        if let Some(circuits) = &material.circuits {
            progress("the committee attests its evaluation key");
            register_evaluation_key(&folder, &file, &record, material, circuits).await?;
        }
        let keyholders = keyholders.into_iter().map(Some).collect();
        Ok(Self { folder, contracts, file, keyholders, engine, prover, chain })
    }

    /// The cluster file.
    pub fn file(&self) -> &ClusterFile {
        &self.file
    }

    /// The contracts.
    pub fn contracts(&self) -> &Contracts {
        &self.contracts
    }

    /// The folder.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Fails with the end of a log when a process has ended.
    pub fn check(&mut self) -> Result<(), ProcessError> {
        let singles = [&mut self.chain, &mut self.prover, &mut self.engine];
        singles.into_iter().chain(self.keyholders.iter_mut().flatten()).try_for_each(ManagedProcess::check)
    }

    /// Stops a keyholder at once.
    pub fn stop_keyholder(&mut self, node: u8) {
        if let Some(process) = self.keyholders.get_mut(usize::from(node)) {
            *process = None;
        }
    }

    /// Starts a keyholder again: honest, or as an adversary that behaves like the name.
    pub async fn restart_keyholder(&mut self, node: u8, adversary: Option<&str>) -> Result<(), ClusterError> {
        self.stop_keyholder(node);
        let mut process = spawn_keyholder(&self.folder, node, adversary)?;
        let committee = committee(&self.file)?;
        let index = usize::from(node);
        if let Some(endpoint) = committee.endpoints().get(index) {
            wait_until_serving(&mut process, endpoint, KEYHOLDER_SECONDS).await?;
        }
        if let Some(place) = self.keyholders.get_mut(index) {
            *place = Some(process);
        }
        Ok(())
    }
}

/// Client of the committee that a cluster file names.
pub fn committee(file: &ClusterFile) -> Result<CommitteeClient, ClusterError> {
    let path = &file.committee.authority;
    let authority = std::fs::read(path).map_err(|source| ClusterError::Io { path: path.clone(), source })?;
    Ok(CommitteeClient::new(&file.committee.nodes, &authority)?)
}

fn spawn(
    folder: &Folder,
    name: &str,
    binary: &str,
    config: &str,
    more: &[&str],
) -> Result<ManagedProcess, ProcessError> {
    let config = folder.file(config).display().to_string();
    let arguments = [&["--config", config.as_str()], more].concat();
    ManagedProcess::start(name, &find_binary(binary)?, &arguments, &folder.log(name))
}

fn spawn_keyholder(
    folder: &Folder,
    node: u8,
    adversary: Option<&str>,
) -> Result<ManagedProcess, ProcessError> {
    let (name, config) = (format!("keyholder-{node}"), keyholder_file(node));
    match adversary {
        None => spawn(folder, &name, "trine-keyholder", &config, &[]),
        Some(behaviour) => {
            spawn(folder, &name, "trine-keyholder-adversary", &config, &["--behaviour", behaviour])
        }
    }
}
