//! A development chain.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// First account of anvil's public mnemonic.
pub const ACCOUNT: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/// A development chain that ends with this value.
pub struct Anvil {
    process: Child,
    pub url: String,
}

impl Drop for Anvil {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `TRINE_ANVIL`, or the node package that `make contracts` installs.
fn program() -> PathBuf {
    let packages =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../verifier-contract/tools/node_modules/@foundry-rs");
    let platform = match std::env::consts::ARCH {
        "aarch64" => "anvil-linux-arm64",
        _ => "anvil-linux-amd64",
    };
    std::env::var_os("TRINE_ANVIL")
        .map_or_else(|| PathBuf::from(packages).join(platform).join("bin/anvil"), PathBuf::from)
}

/// Starts a chain on a free port.
pub async fn anvil() -> Anvil {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let program = program();
    let process = Command::new(&program)
        .args(["--port", &port.to_string(), "--hardfork", "osaka"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|e| panic!("{}: {e}; `make test` installs it", program.display()));
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Anvil { process, url: format!("http://127.0.0.1:{port}") }
}
