//! A development node, started for a test.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Accounts of anvil's development mnemonic: who deploys and asks, and who pays for the engine.
pub const CONSUMER: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
pub const ENGINE: &str = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
pub const CHAIN_ID: u64 = 31337;

/// A node on a free port, ended with the value.
pub struct Anvil {
    process: Child,
    pub url: String,
}

impl Anvil {
    pub fn start() -> Self {
        let mut process = Command::new(binary())
            .args(["--port", "0", "--hardfork", "osaka"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("anvil starts: `make contracts` installs it");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let url = lines
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
    let packages =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../verifier-contract/tools/node_modules/@foundry-rs");
    let entries = PathBuf::from(packages).read_dir().expect("node packages: `make contracts` installs them");
    entries
        .map(|entry| entry.unwrap().path().join("bin/anvil"))
        .find(|path| path.is_file())
        .expect("anvil for this platform")
}
