//! Deploys the contracts on a JSON-RPC node.

use crate::bindings::{CircuitVerifier, Coprocessor, EvaluationVerifier, ReleaseVerifier, VerifierGateway};
use crate::error::ContractError;
use crate::verifying_key::DeployableKey;
use alloy::primitives::{Address, B256, U256};
use alloy::providers::Provider;
use trine_verifier::statement::parameter_set_id;

/// Which setups may be deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Setups with a public trapdoor are accepted, on every chain.
    Development,
    /// Setups of a ceremony only.
    Production,
}

/// What is deployed, and who owns it.
#[derive(Clone, Copy, Debug)]
pub struct DeploymentPlan {
    /// Which setups are accepted.
    pub mode: Mode,
    /// Registers committee epochs.
    pub owner: Address,
    /// Verifier hash that the deployer's prover uses.
    pub verifier_hash: B256,
    /// Digest of the reference string that the deployer's prover uses.
    pub srs_digest: B256,
    /// Finds the verifiers of circuits ([`deploy_circuits`]); the zero address where circuits are not served.
    pub gateway: Address,
}

/// Addresses of what verifies circuits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitDeployment {
    /// Verifiers by selector.
    pub gateway: Address,
    /// Verifier of circuits under the given key, added to the gateway.
    pub verifier: Address,
}

/// Addresses of the contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// EIP-155 id of the chain.
    pub chain_id: u64,
    /// Verifier of proofs of evaluation.
    pub evaluation_verifier: Address,
    /// Programs, requests, provenance.
    pub coprocessor: Address,
    /// Committee epochs.
    pub release_verifier: Address,
    /// Whether the setup's trapdoor is public.
    pub development: bool,
}

/// Why nothing, or not everything, is deployed.
#[derive(Debug, thiserror::Error)]
pub enum DeploymentError {
    /// The node, or a deployment itself.
    #[error("deploying {contract}: {source}")]
    Contract {
        /// The contract.
        contract: &'static str,
        /// What alloy says.
        source: alloy::contract::Error,
    },
    /// A constructor reverts.
    #[error("deploying {contract}: {error}")]
    Revert {
        /// The contract.
        contract: &'static str,
        /// The named error.
        error: ContractError,
    },
    /// The node does not answer.
    #[error("node: {0}")]
    Node(#[from] alloy::transports::TransportError),
    /// The compiled setup has a public trapdoor.
    #[error("chain {chain_id}: the compiled setup is a development one and refused outside development mode")]
    DevelopmentSetup {
        /// The chain.
        chain_id: u64,
    },
    /// The transaction that adds a verifier to the gateway failed.
    #[error("the gateway did not take the verifier {verifier}")]
    NotAdded {
        /// The verifier.
        verifier: Address,
    },
    /// The compiled key is not the prover's.
    #[error("{what} of the contract is {got}, the prover's is {expected}")]
    SetupMismatch {
        /// "verifier hash" or "SRS digest".
        what: &'static str,
        /// In the artifact.
        got: B256,
        /// In the plan.
        expected: B256,
    },
}

/// Deploys verifier, release verifier and coprocessor, in this order.
///
/// The verifier's constructor checks the key itself and refuses a development setup unless it is told that one is
/// meant, which happens in development mode only.
pub async fn deploy<P: Provider + Clone>(
    provider: P,
    plan: &DeploymentPlan,
) -> Result<Deployment, DeploymentError> {
    let chain_id = provider.get_chain_id().await?;
    let accept = plan.mode == Mode::Development;
    let verifier = EvaluationVerifier::deploy(provider.clone(), accept)
        .await
        .map_err(|error| failure("EvaluationVerifier", chain_id, error))?;
    let call = |error| failure("EvaluationVerifier", chain_id, error);
    for (what, got, expected) in [
        ("verifier hash", verifier.VERIFIER_HASH().call().await.map_err(call)?, plan.verifier_hash),
        ("SRS digest", verifier.SRS_DIGEST().call().await.map_err(call)?, plan.srs_digest),
    ] {
        if got != expected {
            return Err(DeploymentError::SetupMismatch { what, got, expected });
        }
    }
    let development = verifier.DEVELOPMENT().call().await.map_err(call)?;
    let release = ReleaseVerifier::deploy(provider.clone(), plan.owner)
        .await
        .map_err(|error| failure("ReleaseVerifier", chain_id, error))?;
    let coprocessor = Coprocessor::deploy(provider, *verifier.address(), plan.gateway, *release.address())
        .await
        .map_err(|error| failure("Coprocessor", chain_id, error))?;
    Ok(Deployment {
        chain_id,
        evaluation_verifier: *verifier.address(),
        coprocessor: *coprocessor.address(),
        release_verifier: *release.address(),
        development,
    })
}

/// Deploys a gateway and a verifier of circuits under `key`, and adds the one to the other.
///
/// The provider signs as `owner`, who may add verifiers later on: of the same reference string, and of no development
/// setup unless the gateway is one of development mode.
pub async fn deploy_circuits<P: Provider + Clone>(
    provider: P,
    mode: Mode,
    owner: Address,
    key: &DeployableKey<'_>,
) -> Result<CircuitDeployment, DeploymentError> {
    let chain_id = provider.get_chain_id().await?;
    let development = key.srs().development;
    if development && mode == Mode::Production {
        return Err(DeploymentError::DevelopmentSetup { chain_id });
    }
    let words = key.words().into_iter().map(U256::from_be_bytes).collect();
    let max_powers = U256::from(key.srs().max_powers);
    let verifier = CircuitVerifier::deploy(provider.clone(), words, max_powers, development)
        .await
        .map_err(|error| failure("CircuitVerifier", chain_id, error))?;
    let got =
        verifier.VERIFIER_HASH().call().await.map_err(|error| failure("CircuitVerifier", chain_id, error))?;
    let expected = B256::from(key.verifier_hash());
    if got != expected {
        return Err(DeploymentError::SetupMismatch { what: "verifier hash", got, expected });
    }
    let (srs, set) = (key.srs().digest().into(), parameter_set_id().into());
    let gateway = VerifierGateway::deploy(provider, owner, srs, set, mode == Mode::Development)
        .await
        .map_err(|error| failure("VerifierGateway", chain_id, error))?;
    let added = gateway.addVerifier(*verifier.address()).send().await;
    let receipt = added.map_err(|error| failure("VerifierGateway", chain_id, error))?.get_receipt().await;
    let receipt = receipt.map_err(|error| failure("VerifierGateway", chain_id, error.into()))?;
    if !receipt.status() {
        return Err(DeploymentError::NotAdded { verifier: *verifier.address() });
    }
    Ok(CircuitDeployment { gateway: *gateway.address(), verifier: *verifier.address() })
}

fn failure(contract: &'static str, chain_id: u64, source: alloy::contract::Error) -> DeploymentError {
    let Some(data) = source.as_revert_data() else { return DeploymentError::Contract { contract, source } };
    match ContractError::decode(&data) {
        error if error.name() == "DevelopmentSetup" => DeploymentError::DevelopmentSetup { chain_id },
        error => DeploymentError::Revert { contract, error },
    }
}
