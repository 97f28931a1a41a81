//! Deployment on a node: a development setup needs development mode; the compiled key must be the prover's.

use alloy::network::EthereumWallet;
use alloy::primitives::{B256, U256};
use alloy::providers::{Provider, ProviderBuilder};
use alloy::signers::local::PrivateKeySigner;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use trine_contract::bindings::{Coprocessor, EvaluationVerifier, ReleaseVerifier};
use trine_contract::deployment::{DeploymentError, DeploymentPlan, Mode, deploy};

/// First account of anvil's development mnemonic.
const DEPLOYER: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/// A node on a free port, ended with the value.
struct Anvil {
    process: Child,
    url: String,
}

impl Anvil {
    fn start() -> Self {
        let mut process = Command::new(binary())
            .args(["--port", "0", "--hardfork", "osaka"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("anvil starts: verifier-contract/tools/build.sh installs it");
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("Listening on ").map(|address| format!("http://{address}")))
            .expect("anvil says where it listens");
        Self { process, url }
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("TRINE_ANVIL") {
        return path.into();
    }
    let packages = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tools/node_modules/@foundry-rs");
    let entries = packages.read_dir().expect("node packages: verifier-contract/tools/build.sh installs them");
    entries
        .map(|entry| entry.unwrap().path().join("bin/anvil"))
        .find(|path| path.is_file())
        .expect("anvil for this platform")
}

#[tokio::test]
async fn contracts_deploy_on_a_node() {
    let anvil = Anvil::start();
    let signer: PrivateKeySigner = DEPLOYER.parse().unwrap();
    let owner = signer.address();
    let provider =
        ProviderBuilder::new().wallet(EthereumWallet::from(signer)).connect_http(anvil.url.parse().unwrap());

    // The compiled key, read from a deployment with whatever expectation.
    let mut plan =
        DeploymentPlan { mode: Mode::Development, owner, verifier_hash: B256::ZERO, srs_digest: B256::ZERO };
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
