//! The cluster file: where the processes of one cluster are, for every command that talks to them.
//!
//! TOML. Paths are relative to the folder of the file, so that a cluster's folder can be moved.

use alloy::primitives::Address;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Longest cluster file that is read.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// A cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterFile {
    /// Chain and contracts.
    pub chain: ChainSection,
    /// The engine.
    pub engine: ServiceSection,
    /// The prover.
    pub prover: ServiceSection,
    /// The committee.
    pub committee: CommitteeSection,
}

/// Chain and contracts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainSection {
    /// JSON-RPC address of a node.
    pub rpc_url: String,
    /// EIP-155 chain id, compared with the node's.
    pub chain_id: u64,
    /// The `Coprocessor`.
    pub coprocessor: Address,
    /// The `EvaluationVerifier`.
    pub evaluation_verifier: Address,
    /// The `ReleaseVerifier`.
    pub release_verifier: Address,
    /// The `VerifierGateway`; absent where circuits are not served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Address>,
    /// Private keys of funded development accounts, as anvil writes them.
    pub accounts_file: PathBuf,
}

/// A gRPC service behind a bearer token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSection {
    /// `http://HOST:PORT`.
    pub endpoint: String,
    /// File with the bearer token, one line, mode 0600.
    pub token_file: PathBuf,
}

/// The committee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitteeSection {
    /// Certificate of the authority that the nodes' identities are issued by, PEM.
    pub authority: PathBuf,
    /// Client addresses of the nodes, in the order of their index: `https://HOST:PORT`.
    pub nodes: Vec<String>,
}

/// Why a cluster file is not used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What fails.
        source: std::io::Error,
    },
    /// Too long.
    #[error("{path}: {got} bytes, at most {MAX_FILE_BYTES} are read")]
    Length {
        /// The file.
        path: PathBuf,
        /// Its length.
        got: u64,
    },
    /// Not the TOML of a cluster.
    #[error("{path}: {source}")]
    Toml {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: Box<toml::de::Error>,
    },
    /// Cannot be written as TOML.
    #[error("cluster file: {0}")]
    Write(#[from] toml::ser::Error),
}

impl ClusterFile {
    /// Reads the file and makes its paths absolute.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = read_text(path)?;
        let mut file: Self = toml::from_str(&text)
            .map_err(|source| ConfigError::Toml { path: path.into(), source: Box::new(source) })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        for inside in [
            &mut file.chain.accounts_file,
            &mut file.engine.token_file,
            &mut file.prover.token_file,
            &mut file.committee.authority,
        ] {
            *inside = folder.join(&inside);
        }
        Ok(file)
    }

    /// Writes the file.
    pub fn write(&self, path: &Path) -> Result<(), ConfigError> {
        let text = toml::to_string(self)?;
        std::fs::write(path, text).map_err(|source| ConfigError::Io { path: path.into(), source })
    }
}

/// Reads a bearer token: the first line of a file.
pub fn read_token(path: &Path) -> Result<String, ConfigError> {
    Ok(read_text(path)?.lines().next().unwrap_or_default().trim().to_string())
}

fn read_text(path: &Path) -> Result<String, ConfigError> {
    let failed = |source| ConfigError::Io { path: path.into(), source };
    let got = std::fs::metadata(path).map_err(failed)?.len();
    if got > MAX_FILE_BYTES {
        return Err(ConfigError::Length { path: path.into(), got });
    }
    std::fs::read_to_string(path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> ClusterFile {
        let service = |port: u16| ServiceSection {
            endpoint: format!("http://127.0.0.1:{port}"),
            token_file: "client.token".into(),
        };
        ClusterFile {
            chain: ChainSection {
                rpc_url: "http://127.0.0.1:8545".into(),
                chain_id: 31337,
                coprocessor: Address::repeat_byte(1),
                evaluation_verifier: Address::repeat_byte(2),
                release_verifier: Address::repeat_byte(3),
                gateway: Some(Address::repeat_byte(4)),
                accounts_file: "accounts.json".into(),
            },
            engine: service(1),
            prover: service(2),
            committee: CommitteeSection {
                authority: "ca.crt".into(),
                nodes: vec!["https://127.0.0.1:3".into(); 4],
            },
        }
    }

    #[test]
    fn a_cluster_file_reads_back_with_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cluster.toml");
        example().write(&path).unwrap();
        let read = ClusterFile::read(&path).unwrap();
        assert_eq!(read.chain.coprocessor, example().chain.coprocessor);
        assert_eq!(read.committee.authority, folder.path().join("ca.crt"));
    }

    #[test]
    fn misspelt_fields_and_long_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cluster.toml");
        let text = toml::to_string(&example()).unwrap().replace("chain_id", "chain_idd");
        std::fs::write(&path, text).unwrap();
        assert!(matches!(ClusterFile::read(&path), Err(ConfigError::Toml { .. })));
        std::fs::write(&path, vec![b'#'; MAX_FILE_BYTES as usize + 1]).unwrap();
        assert!(matches!(ClusterFile::read(&path), Err(ConfigError::Length { .. })));
        assert!(matches!(
            ClusterFile::read(folder.path().join("none").as_path()),
            Err(ConfigError::Io { .. })
        ));
    }
}
