//! The configuration file of `trine-engine`: TOML, every field also as `TRINE_ENGINE_<FIELD>` in the environment.

use crate::domain::Role;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use trine_verifier::bootstrapping::batch::MAX_JOBS;

/// An annotated example, which the tests read.
pub const EXAMPLE: &str = include_str!("../engine.example.toml");

/// Longest token or key file that is read.
const MAX_SECRET_BYTES: u64 = 4096;

/// Configuration of one engine. Relative paths are relative to the folder of the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address that is served.
    pub listen: SocketAddr,
    /// Folder of the store.
    pub data: PathBuf,
    /// Accept setups whose secrets are known.
    #[serde(default)]
    pub development: bool,
    /// Commitment key: the reference string.
    pub srs_file: PathBuf,
    /// Hash of the verifier, 32 bytes in hexadecimal.
    pub verifier_hash: String,
    /// Hash of the verifier of circuits, 32 bytes in hexadecimal. Without it no circuits are proven: operation lists are
    /// evaluated all the same, and requests for circuits refused.
    pub circuit_verifier_hash: Option<String>,
    /// Chain and contract that handles are bound to.
    pub chain: ChainConfig,
    /// Prover.
    pub prover: ProverConfig,
    /// Who may call.
    pub tokens: Vec<TokenConfig>,
    /// Sizes.
    #[serde(default)]
    pub limits: LimitsConfig,
}

/// Chain.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainConfig {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Coprocessor contract, 20 bytes in hexadecimal.
    pub coprocessor: String,
    /// JSON-RPC node. Without one jobs end at PROVEN.
    pub rpc_url: Option<String>,
    /// File with the private key of the account that pays, 32 bytes in hexadecimal.
    pub account_key_file: Option<PathBuf>,
    /// Block of the contract's deployment.
    #[serde(default)]
    pub from_block: u64,
    /// Milliseconds between two looks for a receipt.
    #[serde(default = "default_poll_ms")]
    pub poll_ms: u64,
}

fn default_poll_ms() -> u64 {
    500
}

/// Prover.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProverConfig {
    /// `http://HOST:PORT`.
    pub endpoint: String,
    /// File with the bearer token, one line.
    pub token_file: PathBuf,
    /// Most jobs of one proof, 1 to 16; with 1 each job has its own.
    #[serde(default = "default_batch")]
    pub batch: usize,
}

fn default_batch() -> usize {
    MAX_JOBS
}

/// A principal and its token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenConfig {
    /// Name in access lists and jobs.
    pub name: String,
    /// Role.
    pub role: Role,
    /// File with the token, one line.
    pub token_file: PathBuf,
}

/// Sizes; absent ones have defaults.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// Most bytes of each part of a key set.
    pub max_key_part_bytes: Option<u64>,
    /// Most jobs of one page.
    pub max_page_size: Option<usize>,
    /// Most uploads at once.
    pub max_uploads: Option<usize>,
    /// Most jobs that are not in a final state.
    pub max_open_jobs: Option<usize>,
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file or the environment.
    #[error("configuration: {0}")]
    Figment(#[from] Box<figment::Error>),
    /// A value that is not what its field takes.
    #[error("configuration: {field} is {got:?}, expected {expected}")]
    Value {
        /// The field.
        field: &'static str,
        /// Its value.
        got: String,
        /// What it takes.
        expected: &'static str,
    },
    /// A file that cannot be read.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What fails.
        source: std::io::Error,
    },
    /// A secret file that is no line of text, or that others may read.
    #[error("{path}: {what}")]
    Secret {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
}

impl Config {
    /// Reads the file and the environment.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        use figment::providers::{Env, Format, Toml};
        // A file that is not there would read as an empty one.
        let failed = |source| ConfigError::File { path: path.into(), source };
        std::fs::metadata(path).map_err(failed)?;
        let figment = figment::Figment::new()
            .merge(Toml::file_exact(path))
            .merge(Env::prefixed("TRINE_ENGINE_").split("__"));
        let mut config: Self = figment.extract().map_err(Box::new)?;
        config.prover.check()?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut inside = vec![&mut config.data, &mut config.srs_file, &mut config.prover.token_file];
        inside.extend(config.chain.account_key_file.as_mut());
        inside.extend(config.tokens.iter_mut().map(|t| &mut t.token_file));
        for path in inside {
            *path = folder.join(&path);
        }
        Ok(config)
    }
}

impl ProverConfig {
    fn check(&self) -> Result<(), ConfigError> {
        if (1..=MAX_JOBS).contains(&self.batch) {
            return Ok(());
        }
        let got = self.batch.to_string();
        Err(ConfigError::Value { field: "prover.batch", got, expected: "1 to 16" })
    }
}

/// Fixed-length bytes from hexadecimal, with or without `0x`.
pub fn bytes<const LENGTH: usize>(
    field: &'static str,
    text: &str,
    expected: &'static str,
) -> Result<[u8; LENGTH], ConfigError> {
    let decoded = hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok();
    let wrong = || ConfigError::Value { field, got: text.into(), expected };
    decoded.and_then(|b| b.try_into().ok()).ok_or_else(wrong)
}

/// The first line of a file that only its owner may read.
pub fn secret(path: &Path) -> Result<String, ConfigError> {
    use std::os::unix::fs::PermissionsExt;
    let failed = |source| ConfigError::File { path: path.into(), source };
    let refused = |what| ConfigError::Secret { path: path.into(), what };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(refused("others may read or write it, expected mode 0600"));
    }
    if metadata.len() > MAX_SECRET_BYTES {
        return Err(refused("longer than 4096 bytes"));
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    let line = text.lines().next().unwrap_or_default().trim();
    if line.is_empty() { Err(refused("its first line is empty")) } else { Ok(line.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_example_reads_and_misspelt_fields_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.toml");
        std::fs::write(&path, EXAMPLE).unwrap();
        let config = Config::read(&path).unwrap();
        assert_eq!(config.data, folder.path().join("engine-data"));
        assert!(config.chain.rpc_url.is_some());
        assert_eq!((config.tokens.len(), config.prover.batch), (2, MAX_JOBS));
        assert!(config.circuit_verifier_hash.is_some());
        let without: Vec<_> = EXAMPLE.lines().filter(|l| !l.starts_with("circuit_verifier_hash")).collect();
        std::fs::write(&path, without.join("\n")).unwrap();
        assert_eq!(Config::read(&path).unwrap().circuit_verifier_hash, None);
        std::fs::write(&path, EXAMPLE.replace("batch = 16", "batch = 1")).unwrap();
        assert_eq!(Config::read(&path).unwrap().prover.batch, 1);
        for wrong in ["batch = 0", "batch = 17"] {
            std::fs::write(&path, EXAMPLE.replace("batch = 16", wrong)).unwrap();
            let refused = Config::read(&path);
            assert!(matches!(refused, Err(ConfigError::Value { field: "prover.batch", .. })), "{wrong}");
        }
        std::fs::write(&path, EXAMPLE.replace("srs_file", "srs_fil")).unwrap();
        assert!(matches!(Config::read(&path), Err(ConfigError::Figment(_))));
        assert!(matches!(Config::read(&folder.path().join("none")), Err(ConfigError::File { .. })));
    }

    #[test]
    fn secrets_that_others_read_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "secret\nrest\n").unwrap();
        let mode = |m| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(m)).unwrap();
        mode(0o644);
        assert!(matches!(secret(&path), Err(ConfigError::Secret { .. })));
        mode(0o600);
        assert_eq!(secret(&path).unwrap(), "secret");
        std::fs::write(&path, "\n").unwrap();
        assert!(matches!(secret(&path), Err(ConfigError::Secret { .. })));
    }
}
