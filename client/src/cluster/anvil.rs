//! The development chain: anvil, from the node packages of `verifier-contract/tools`.

use crate::process::{ManagedProcess, ProcessError};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Hard fork that the contracts are compiled for: EIP-2537 is there.
pub const HARDFORK: &str = "osaka";
/// Funded accounts: deployer, engine, strangers, and fifteen voters.
pub const ACCOUNTS: usize = 24;
/// Time that anvil gets to answer.
const READY_SECONDS: u64 = 20;

/// Finds anvil: `TRINE_ANVIL` when set, else the platform's package below `verifier-contract/tools` of the checkout
/// that this binary was built from, else `anvil` on the search path.
pub fn find_anvil() -> Result<PathBuf, ProcessError> {
    let variable = "TRINE_ANVIL";
    if let Some(path) = std::env::var_os(variable) {
        let path = PathBuf::from(path);
        return if path.is_file() { Ok(path) } else { Err(missing(path, variable)) };
    }
    let packages =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../verifier-contract/tools/node_modules/@foundry-rs");
    let platform = match std::env::consts::ARCH {
        "aarch64" => "anvil-linux-arm64/bin/anvil",
        _ => "anvil-linux-amd64/bin/anvil",
    };
    let installed = Path::new(packages).join(platform);
    if installed.is_file() {
        return Ok(installed);
    }
    let search = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&search)
        .map(|folder| folder.join("anvil"))
        .find(|path| path.is_file())
        .ok_or_else(|| missing(installed, variable))
}

fn missing(path: PathBuf, variable: &str) -> ProcessError {
    ProcessError::Missing { name: "anvil".into(), path, variable: variable.into() }
}

/// Command line of anvil for one address. Its accounts come from the public test mnemonic: development only.
pub fn arguments(address: SocketAddr, accounts_file: &Path) -> Vec<String> {
    let text = |s: &str| s.to_string();
    vec![
        text("--host"),
        address.ip().to_string(),
        text("--port"),
        address.port().to_string(),
        text("--hardfork"),
        text(HARDFORK),
        text("--accounts"),
        ACCOUNTS.to_string(),
        text("--config-out"),
        accounts_file.display().to_string(),
    ]
}

/// Private keys of the funded accounts, as anvil writes them.
#[derive(Deserialize)]
struct AccountsFile {
    private_keys: Vec<String>,
}

/// Why the accounts file is not used.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// It cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What fails.
        source: std::io::Error,
    },
    /// It is not what anvil writes.
    #[error("{path}: {source}")]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// It has too few accounts.
    #[error("{path}: {got} accounts, expected at least {ACCOUNTS}")]
    Count {
        /// The file.
        path: PathBuf,
        /// Accounts in it.
        got: usize,
    },
    /// A key is none.
    #[error("{path}: account {index} has no private key of secp256k1")]
    Key {
        /// The file.
        path: PathBuf,
        /// Which account.
        index: usize,
    },
}

/// Reads the funded accounts.
pub fn read_accounts(path: &Path) -> Result<Vec<alloy::signers::local::PrivateKeySigner>, AccountsError> {
    let text = std::fs::read(path).map_err(|source| AccountsError::Io { path: path.into(), source })?;
    let file: AccountsFile =
        serde_json::from_slice(&text).map_err(|source| AccountsError::Json { path: path.into(), source })?;
    if file.private_keys.len() < ACCOUNTS {
        return Err(AccountsError::Count { path: path.into(), got: file.private_keys.len() });
    }
    file.private_keys
        .iter()
        .enumerate()
        .map(|(index, key)| key.parse().map_err(|_| AccountsError::Key { path: path.into(), index }))
        .collect()
}

/// Starts anvil and waits until it listens and has written its accounts.
pub async fn start(
    address: SocketAddr,
    accounts_file: &Path,
    log: &Path,
) -> Result<ManagedProcess, ProcessError> {
    let mut process =
        ManagedProcess::start("anvil", &find_anvil()?, &arguments(address, accounts_file), log)?;
    let start = Instant::now();
    loop {
        process.check()?;
        // Anvil makes the file before it fills it: what does not read as its accounts is not written yet.
        let written = read_accounts(accounts_file).is_ok();
        if written && tokio::net::TcpStream::connect(address).await.is_ok() {
            return Ok(process);
        }
        if start.elapsed() > Duration::from_secs(READY_SECONDS) {
            return Err(process.not_ready(READY_SECONDS));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_that_are_none_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.json");
        assert!(matches!(read_accounts(&path), Err(AccountsError::Io { .. })));
        std::fs::write(&path, "").unwrap();
        assert!(matches!(read_accounts(&path), Err(AccountsError::Json { .. })), "made, and not yet filled");
        std::fs::write(&path, "{}").unwrap();
        assert!(matches!(read_accounts(&path), Err(AccountsError::Json { .. })));
        std::fs::write(&path, r#"{"private_keys": []}"#).unwrap();
        assert!(matches!(read_accounts(&path), Err(AccountsError::Count { got: 0, .. })));
        let zeros = vec![format!("0x{}", "0".repeat(64)); ACCOUNTS];
        std::fs::write(&path, serde_json::json!({ "private_keys": zeros }).to_string()).unwrap();
        assert!(matches!(read_accounts(&path), Err(AccountsError::Key { index: 0, .. })));
    }
}
