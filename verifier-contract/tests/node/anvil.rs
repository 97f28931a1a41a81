//! A development node, started for a test.

use alloy::network::EthereumWallet;
use alloy::primitives::Address;
use alloy::providers::{Provider, ProviderBuilder};
use alloy::signers::local::PrivateKeySigner;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// First account of anvil's development mnemonic.
const DEPLOYER: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/// A node on a free port, ended with the value.
pub struct Anvil {
    process: Child,
    url: String,
}

impl Anvil {
    pub fn start() -> Self {
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

    /// A provider that signs as the first account, and that account.
    pub fn provider(&self) -> (impl Provider + Clone + use<>, Address) {
        let signer: PrivateKeySigner = DEPLOYER.parse().unwrap();
        let owner = signer.address();
        let wallet = EthereumWallet::from(signer);
        (ProviderBuilder::new().wallet(wallet).connect_http(self.url.parse().unwrap()), owner)
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
