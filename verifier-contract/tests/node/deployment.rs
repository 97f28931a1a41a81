//! Deployment: a development setup needs development mode; the compiled key must be the prover's.

use crate::anvil::Anvil;
use crate::tiny::TinySetup;
use alloy::primitives::{Address, B256, U256};
use alloy::providers::Provider;
use trine_contract::bindings::{
    CircuitVerifier, Coprocessor, EvaluationVerifier, ReleaseVerifier, VerifierGateway,
};
use trine_contract::deployment::{DeploymentError, DeploymentPlan, Mode, deploy, deploy_circuits};

#[tokio::test]
async fn contracts_deploy_on_a_node() {
    let anvil = Anvil::start();
    let (provider, owner) = anvil.provider();

    // The compiled key, read from a deployment with whatever expectation.
    let mut plan = DeploymentPlan {
        mode: Mode::Development,
        owner,
        verifier_hash: B256::ZERO,
        srs_digest: B256::ZERO,
        gateway: Address::ZERO,
    };
    let Err(DeploymentError::SetupMismatch { what: "verifier hash", got, .. }) =
        deploy(provider.clone(), &plan).await
    else {
        panic!("a key that is not the prover's is refused")
    };
    plan.verifier_hash = got;
    let Err(DeploymentError::SetupMismatch { what: "SRS digest", got, .. }) =
        deploy(provider.clone(), &plan).await
    else {
        panic!("a reference string that is not the prover's is refused")
    };
    plan.srs_digest = got;

    let deployed = deploy(provider.clone(), &plan).await.unwrap();
    assert_eq!(deployed.chain_id, 31337);
    assert!(deployed.development);
    let coprocessor = Coprocessor::new(deployed.coprocessor, provider.clone());
    assert_eq!(coprocessor.verifier().call().await.unwrap(), deployed.evaluation_verifier);
    assert_eq!(coprocessor.releaseVerifier().call().await.unwrap(), deployed.release_verifier);
    let release = ReleaseVerifier::new(deployed.release_verifier, provider.clone());
    assert_eq!(release.owner().call().await.unwrap(), owner);
    let verifier = EvaluationVerifier::new(deployed.evaluation_verifier, provider.clone());
    assert_eq!(verifier.VERIFIER_HASH().call().await.unwrap(), plan.verifier_hash);

    // An error comes back over JSON-RPC with its name.
    let error = release.epochRecord(U256::from(5)).call().await.unwrap_err();
    let decoded = trine_contract::ContractError::decode(&error.as_revert_data().unwrap());
    assert_eq!(decoded.name(), "UnknownEpoch");

    let before = provider.get_block_number().await.unwrap();
    let production = DeploymentPlan { mode: Mode::Production, ..plan };
    let refused = deploy(provider.clone(), &production).await;
    assert!(matches!(refused, Err(DeploymentError::DevelopmentSetup { chain_id: 31337 })), "{refused:?}");
    assert_eq!(provider.get_block_number().await.unwrap(), before, "nothing was sent");
}

#[tokio::test]
async fn what_verifies_circuits_deploys_on_a_node() {
    let anvil = Anvil::start();
    let (provider, owner) = anvil.provider();
    let setup = TinySetup::for_circuits();
    let key = setup.deployable_for_circuits();
    let refused = deploy_circuits(provider.clone(), Mode::Production, owner, &key).await;
    assert!(matches!(refused, Err(DeploymentError::DevelopmentSetup { chain_id: 31337 })), "{refused:?}");

    let deployed = deploy_circuits(provider.clone(), Mode::Development, owner, &key).await.unwrap();
    let gateway = VerifierGateway::new(deployed.gateway, provider.clone());
    let hash = key.verifier_hash();
    let selector = hash.first_chunk::<4>().unwrap().into();
    assert_eq!(gateway.verifierOf(selector).call().await.unwrap(), deployed.verifier);
    let verifier = CircuitVerifier::new(deployed.verifier, provider.clone());
    assert_eq!(verifier.VERIFIER_HASH().call().await.unwrap(), B256::from(hash));
    let error = gateway.verifierOf([0; 4].into()).call().await.unwrap_err();
    let decoded = trine_contract::ContractError::decode(&error.as_revert_data().unwrap());
    assert_eq!(decoded.name(), "UnknownVerifier");
}
