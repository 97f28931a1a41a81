//! What a local cluster needs before its processes start: keys, tokens, certificates, dealt secrets, contracts.
//!
//! The dealer ceremony runs here, in this process: it sees every secret. Development only.

use super::anvil::{AccountsError, read_accounts};
use super::circuits::{CircuitMaterial, CircuitMaterialError};
use super::files::{cluster_file, configuration};
use super::layout::{CircuitContracts, Contracts, EPOCH, Folder, Layout, NODES};
use crate::certificates::{Authority, CertificateError};
use crate::chain::{Account, ChainError};
use crate::config::ConfigError;
use crate::setup;
use alloy::primitives::{Address, B256};
use rand::RngCore;
use rand::rngs::OsRng;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use trine_contract::deployment::{DeploymentError, DeploymentPlan, Mode, deploy, deploy_circuits};
use trine_fhe::dev_keys::{DevelopmentKeys, DevelopmentKeysError};
use trine_keyholder::node::files::{FileError, write_dealing};
use trine_keyholder::protocol::attest::AttestError;
use trine_keyholder::protocol::committee::CommitteeSize;
use trine_keyholder::protocol::dealer::{CommitteeRecord, DealerError, deal};
use trine_prover::groth;
use trine_verifier::Class;
use trine_verifier::srs::CommitmentKey;
use trine_verifier::statement::parameter_set_id;

/// Accounts of the development chain and what they do.
pub mod account {
    /// Deploys the contracts and owns the committee's epochs.
    pub const DEPLOYER: usize = 0;
    /// Pays for the engine's fulfilments.
    pub const ENGINE: usize = 1;
    /// Holds tallies.
    pub const ORGANISER: usize = 2;
    /// Nobody in particular: attacks come from here.
    pub const STRANGER: usize = 3;
    /// The first voter.
    pub const FIRST_VOTER: usize = 4;
}

/// Why a cluster is not prepared.
#[derive(Debug, thiserror::Error)]
pub enum PreparationError {
    /// A file cannot be written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What fails.
        source: std::io::Error,
    },
    /// FHE keys.
    #[error("FHE keys: {0}")]
    Keys(#[from] DevelopmentKeysError),
    /// Reference string.
    #[error("reference string: {0}")]
    Srs(#[from] trine_prover::srs::SetupError),
    /// Groth16 keys.
    #[error("Groth16 keys: {0}")]
    Groth(#[from] groth::SetupError),
    /// The dealer ceremony.
    #[error("dealer: {0}")]
    Dealer(#[from] DealerError),
    /// The committee's key.
    #[error("committee key: {0}")]
    Attest(#[from] AttestError),
    /// Committee files.
    #[error(transparent)]
    CommitteeFile(#[from] FileError),
    /// Certificates.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Accounts of the chain.
    #[error("accounts: {0}")]
    Accounts(#[from] AccountsError),
    /// The chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// Deployment.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    /// The cluster file.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What circuits need.
    #[error(transparent)]
    Circuits(#[from] CircuitMaterialError),
}

/// Keys and setups of a development cluster.
pub struct Material {
    /// FHE key files.
    pub keys: DevelopmentKeys,
    /// Digest of the FHE key set.
    pub key_digest: B256,
    /// Reference string.
    pub srs: CommitmentKey,
    /// Hash of the verifier.
    pub verifier_hash: B256,
    /// What circuits need, where they are served.
    pub circuits: Option<CircuitMaterial>,
    /// Everything was in the cache.
    pub cached: bool,
}

impl Material {
    /// From the cache, made there when missing: about a minute on two cores. For linear programs.
    pub fn load_or_generate(progress: &mut dyn FnMut(&str)) -> Result<Self, PreparationError> {
        let cache = setup::cache_folder();
        let keys = DevelopmentKeys::load_or_generate(&cache, progress)?;
        let key_digest = keys.key_digest()?.into();
        progress("reference string");
        let files_before = count_files(&cache);
        let srs = setup::development_srs()?;
        progress("Groth16 keys");
        let verifying = groth::development_verifying_key(&cache)?;
        let cached = keys.cached && files_before == count_files(&cache);
        let digest = srs.verifier().digest();
        let verifier_hash =
            groth::verifier_hash(&verifying, &digest, &parameter_set_id(), Class::SLICE.id).into();
        Ok(Self { keys, key_digest, srs, verifier_hash, circuits: None, cached })
    }

    /// The same with what circuits need beside: some minutes on two cores when nothing is in the cache.
    pub fn with_circuits(progress: &mut dyn FnMut(&str)) -> Result<Self, PreparationError> {
        let material = Self::load_or_generate(progress)?;
        let files_before = count_files(&setup::cache_folder());
        let circuits = CircuitMaterial::load_or_make(&material.keys, &material.srs, progress)?;
        let cached = material.cached && files_before == count_files(&setup::cache_folder());
        Ok(Self { circuits: Some(circuits), cached, ..material })
    }
}

/// Files directly in the cache: one more when a setup was made.
fn count_files(cache: &Path) -> usize {
    fs::read_dir(cache).map_or(0, |entries| entries.filter_map(Result::ok).count())
}

/// Writes everything below `state/` that needs no chain: keys, tokens, certificates, dealt secrets.
pub fn write_state(folder: &Folder, material: &Material) -> Result<CommitteeRecord, PreparationError> {
    for name in ["logs", "data", "keys", "secrets", "tls", "committee"] {
        let path = folder.state(name);
        fs::create_dir_all(&path).map_err(|source| PreparationError::Io { path, source })?;
    }
    link_keys(folder, material)?;
    for name in ["operator", "client", "prover"] {
        let mut token = [0; 32];
        OsRng.fill_bytes(&mut token);
        write_secret(&folder.state(&format!("secrets/{name}.token")), &hex::encode(token))?;
    }
    let authority = Authority::new("Trine development committee")?;
    for node in 0..NODES {
        authority.issue(&format!("node-{node}"), &folder.state("tls"))?;
    }
    let dealer = material.keys.read_dealer()?;
    let (record, secrets) =
        deal(CommitteeSize::FOUR, EPOCH, material.key_digest.0, &dealer.squashing_secret(), &mut OsRng)?;
    write_dealing(&folder.state("committee"), &record, &secrets, true)?;
    Ok(record)
}

/// Keys are large and public: links to the cache, not copies.
fn link_keys(folder: &Folder, material: &Material) -> Result<(), PreparationError> {
    let mut links = vec![
        ("keys/compact-public-key.bin", material.keys.compact_public_key.clone()),
        ("keys/server-key.bin", material.keys.server_key.clone()),
        ("keys/srs.bin", setup::development_srs_file()),
        ("keys/cache", setup::cache_folder()),
    ];
    if let Some(circuits) = &material.circuits {
        links.push(("keys/srs-full.bin", circuits.srs_file.clone()));
    }
    for (name, target) in links {
        let path = folder.state(name);
        // A link of an earlier run may point elsewhere.
        let _ = fs::remove_file(&path);
        symlink(target, &path).map_err(|source| PreparationError::Io { path, source })?;
    }
    Ok(())
}

/// Deploys the contracts on a running chain, registers key and committee, and writes configuration and cluster files.
pub async fn deploy_contracts(
    folder: &Folder,
    layout: &Layout,
    material: &Material,
    record: &CommitteeRecord,
) -> Result<Contracts, PreparationError> {
    let accounts = read_accounts(&folder.state("accounts.json"))?;
    let engine_key = hex::encode(accounts[account::ENGINE].to_bytes());
    write_secret(&folder.state("secrets/engine-account.key"), &engine_key)?;
    let owner = Account::new(&layout.rpc_url(), accounts[account::DEPLOYER].clone())?;
    let circuits = match &material.circuits {
        None => None,
        Some(circuits) => {
            let key = circuits.deployable()?;
            let deployed =
                deploy_circuits(owner.provider().clone(), Mode::Development, owner.address(), &key).await?;
            let verifier_hash = circuits.verifier_hash;
            Some(CircuitContracts { gateway: deployed.gateway, verifier: deployed.verifier, verifier_hash })
        }
    };
    let plan = DeploymentPlan {
        mode: Mode::Development,
        owner: owner.address(),
        verifier_hash: material.verifier_hash,
        srs_digest: material.srs.verifier().digest().into(),
        gateway: circuits.map_or(Address::ZERO, |c| c.gateway),
    };
    let deployed = deploy(owner.provider().clone(), &plan).await?;
    owner.register_key(deployed.coprocessor, material.key_digest).await?;
    let public_key = record.committee_key.public_key_eip2537()?.to_vec().into();
    let threshold = u16::try_from(record.size.quorum()).unwrap_or(u16::MAX);
    owner
        .register_epoch(deployed.release_verifier, EPOCH, public_key, threshold, record.size.nodes().into())
        .await?;
    let contracts = Contracts {
        chain_id: deployed.chain_id,
        coprocessor: deployed.coprocessor,
        evaluation_verifier: deployed.evaluation_verifier,
        release_verifier: deployed.release_verifier,
        verifier_hash: material.verifier_hash,
        circuits,
    };
    for file in configuration(layout, &contracts) {
        let path = folder.file(&file.name);
        fs::write(&path, file.text).map_err(|source| PreparationError::Io { path, source })?;
    }
    cluster_file(layout, &contracts).write(&folder.cluster_file())?;
    Ok(contracts)
}

fn write_secret(path: &Path, text: &str) -> Result<(), PreparationError> {
    let failed = |source| PreparationError::Io { path: path.into(), source };
    let mut file =
        fs::File::options().create(true).truncate(true).write(true).mode(0o600).open(path).map_err(failed)?;
    writeln!(file, "{text}").map_err(failed)
}
