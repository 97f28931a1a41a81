//! What a development cluster needs to serve circuits: reference string, key of the wrap circuit, commitments of the
//! evaluation key; and its registration under the committee's signature.

use super::anvil::{AccountsError, read_accounts};
use super::layout::Folder;
use super::preparation::{Material, account};
use super::processes::{ClusterError, committee};
use crate::chain::circuits::KeyRegistration;
use crate::chain::{Account, ChainError};
use crate::config::ClusterFile;
use crate::keyholders::AttestationError;
use crate::setup;
use alloy::primitives::B256;
use ark_bn254::Bn254;
use ark_groth16::VerifyingKey;
use std::path::PathBuf;
use trine_contract::verifying_key::{DeployableKey, KeyError};
use trine_fhe::bootstrapping::EvaluationKey;
use trine_fhe::dev_keys::DevelopmentKeys;
use trine_fhe::keys::KeyError as FheKeyError;
use trine_kernels::Backend;
use trine_kernels::msm::Bases;
use trine_keyholder::protocol::attest::ReleaseDomain;
use trine_keyholder::protocol::dealer::CommitteeRecord;
use trine_prover::bootstrapping::KeyWords;
use trine_prover::bootstrapping::keys::{CacheError, KeyName, commit_keys, keep, load};
use trine_prover::groth::{self, development_circuit_key};
use trine_prover::mode::Mode;
use trine_prover::srs::SetupError;
use trine_prover::wrap::bootstrapping::class::Class;
use trine_verifier::bootstrapping::shape::ShapeError;
use trine_verifier::bootstrapping::{KeyCommitments, Parameters};
use trine_verifier::srs::{CommitmentKey, VerifierSrs};

/// Why circuits are not served.
#[derive(Debug, thiserror::Error)]
pub enum CircuitMaterialError {
    /// Reference string.
    #[error("reference string of circuits: {0}")]
    Srs(#[from] SetupError),
    /// Key of the wrap circuit.
    #[error("Groth16 key of circuits: {0}")]
    Groth(#[from] groth::SetupError),
    /// The parameter set has no class.
    #[error(transparent)]
    Class(#[from] ShapeError),
    /// The key is not deployed.
    #[error("verifying key of circuits: {0}")]
    Deployable(#[from] KeyError),
    /// The evaluation key does not read.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What fails.
        source: std::io::Error,
    },
    /// The evaluation key does not decode.
    #[error("evaluation key: {0}")]
    Key(#[from] FheKeyError),
    /// Commitments of the evaluation key.
    #[error("commitments of the evaluation key: {0}")]
    Commitments(#[from] CacheError),
}

/// Setups of circuits, and the evaluation key by its commitments.
pub struct CircuitMaterial {
    /// Key of the wrap circuit.
    verifying_key: VerifyingKey<Bn254>,
    /// Verifier's part of the reference string.
    srs: VerifierSrs,
    /// File of the reference string with as many powers as a proof takes.
    pub srs_file: PathBuf,
    /// Hash of the verifier of circuits.
    pub verifier_hash: B256,
    /// Commitments of the evaluation key.
    pub commitments: KeyCommitments,
    /// Their digest: what circuits run under.
    pub key_digest: B256,
}

impl CircuitMaterial {
    /// From the cache, made there when missing: reference string, Groth16 key and commitments take about a minute each.
    ///
    /// `srs` is the reference string of the cluster: circuits are bound to the same.
    pub fn load_or_make(
        keys: &DevelopmentKeys,
        srs: &CommitmentKey,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Self, CircuitMaterialError> {
        let (cache, parameters) = (setup::cache_folder(), Parameters::PRODUCTION);
        progress("Groth16 key of circuits");
        let class = Class::new(&parameters)?;
        let verifying_key = development_circuit_key(&cache, &class, Mode::Development)?.vk;
        let srs = *srs.verifier();
        let verifier_hash = DeployableKey::for_circuits(&verifying_key, &srs, &parameters)?.verifier_hash();
        let srs_file = setup::circuit_srs_file();
        if !srs_file.is_file() {
            progress("reference string of circuits");
            setup::circuit_srs()?;
        }
        progress("commitments of the evaluation key");
        let commitments = commitments(keys, &srs, &parameters)?;
        let key_digest = commitments.digest(&parameters).into();
        Ok(Self {
            verifying_key,
            srs,
            srs_file,
            verifier_hash: verifier_hash.into(),
            commitments,
            key_digest,
        })
    }

    /// The verifying key as its contract takes it.
    pub fn deployable(&self) -> Result<DeployableKey<'_>, CircuitMaterialError> {
        Ok(DeployableKey::for_circuits(&self.verifying_key, &self.srs, &Parameters::PRODUCTION)?)
    }
}

/// The commitments of the evaluation key from the cache, made and kept there when missing.
fn commitments(
    keys: &DevelopmentKeys,
    srs: &VerifierSrs,
    parameters: &Parameters,
) -> Result<KeyCommitments, CircuitMaterialError> {
    let path = &keys.server_key;
    let bytes =
        std::fs::read(path).map_err(|source| CircuitMaterialError::File { path: path.clone(), source })?;
    let (cache, name) = (setup::cache_folder(), KeyName::new(&bytes, *parameters, srs.digest()));
    if let Some(kept) = load(&cache, &name)? {
        return Ok(kept);
    }
    let words = KeyWords::new(&EvaluationKey::from_bytes(&bytes)?);
    let powers = setup::circuit_srs()?;
    let bases = Bases::new(Backend::detect(), powers.powers());
    let made = commit_keys(&bases, parameters, &words).map_err(CacheError::from)?;
    keep(&cache, &name, &made)?;
    Ok(made)
}

/// Why the evaluation key is not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// The committee.
    #[error(transparent)]
    Attestation(#[from] AttestationError),
    /// The connection to the committee.
    #[error(transparent)]
    Cluster(Box<ClusterError>),
    /// The committee attests other commitments than this process computed.
    #[error("the committee attests the key {got}, this process computed {expected}")]
    OtherCommitments {
        /// Attested.
        got: B256,
        /// Computed here.
        expected: B256,
    },
    /// Accounts of the chain.
    #[error("accounts: {0}")]
    Accounts(#[from] AccountsError),
    /// The chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// Has the committee attest its evaluation key, and registers it. The same key again changes nothing.
pub async fn register_evaluation_key(
    folder: &Folder,
    file: &ClusterFile,
    record: &CommitteeRecord,
    material: &Material,
    circuits: &CircuitMaterial,
) -> Result<KeyRegistration, RegistrationError> {
    let domain =
        ReleaseDomain { chain_id: file.chain.chain_id, verifying_contract: file.chain.release_verifier.0.0 };
    let committee = committee(file).map_err(|error| RegistrationError::Cluster(Box::new(error)))?;
    let attested =
        committee.attest_key(record.size, &record.committee_key, domain, material.key_digest).await?;
    let (got, expected) = (attested.key_digest, circuits.key_digest);
    if got != expected {
        return Err(RegistrationError::OtherCommitments { got, expected });
    }
    let accounts = read_accounts(&folder.state("accounts.json"))?;
    let owner = Account::new(&file.chain.rpc_url, accounts[account::DEPLOYER].clone())?;
    owner.register_committed_key(file.chain.coprocessor, &attested).await?;
    Ok(attested)
}
