//! The configuration file of a node.
//!
//! TOML, and environment variables `TRINE_KEYHOLDER_SECTION__FIELD` over it. Relative paths are relative to the folder of
//! the file.

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// Accept keys and setups that are marked unsafe. Refused otherwise.
    #[serde(default)]
    pub development: bool,
    /// Index of this node in the committee, from 0.
    pub node: u8,
    /// Folder of the node's database.
    pub data_dir: PathBuf,
    /// Where clients connect (TLS).
    pub client_listen: SocketAddr,
    /// Where the other nodes connect (mTLS).
    pub peer_listen: SocketAddr,
    /// Keys.
    pub keys: KeysConfig,
    /// Chain and contracts.
    pub chain: ChainConfig,
    /// Identity on the network.
    pub tls: TlsConfig,
    /// The other nodes; one entry for each index but this one.
    pub peers: Vec<PeerConfig>,
    /// Limits of time and load.
    #[serde(default)]
    pub limits: LimitsConfig,
}

/// Keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysConfig {
    /// Committee record from the dealer.
    pub committee: PathBuf,
    /// This node's secrets from the dealer, mode 0600.
    pub secrets: PathBuf,
    /// Compact public key of the FHE key set.
    pub compact_public_key: PathBuf,
    /// Evaluation keys of the FHE key set: compressed server key and noise-squashing key.
    pub server_key: PathBuf,
    /// Structured reference string of the proofs.
    pub srs: PathBuf,
    /// The same with 2^22 powers, which commitments to the evaluation key take; without it `srs` must have them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_srs: Option<PathBuf>,
    /// Folder of commitments to evaluation keys that is shared, in development mode only: a node commits by itself. Without
    /// it they are kept in `data_dir`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitments_folder: Option<PathBuf>,
}

/// Chain and contracts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainConfig {
    /// JSON-RPC address of a node that this keyholder trusts; each should run its own.
    pub rpc_url: String,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Address of the Coprocessor.
    pub coprocessor: String,
    /// Address of the ReleaseVerifier.
    pub release_verifier: String,
    /// Hash of the evaluation verifier that the committee accepts, 32 bytes in hexadecimal.
    pub verifier_hash: String,
    /// The same of the verifier of circuits; without it circuits are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit_verifier_hash: Option<String>,
    /// Blocks, that of the fulfilment included, after which it is final.
    pub confirmations: u64,
    /// Block of the contracts' deployment: events are searched from here.
    #[serde(default)]
    pub from_block: u64,
}

/// Identity on the network, PEM files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// Certificate of the authority of the committee.
    pub authority: PathBuf,
    /// Certificate of this node.
    pub certificate: PathBuf,
    /// Private key of this node.
    pub key: PathBuf,
}

/// Another node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerConfig {
    /// Its index.
    pub index: u8,
    /// `https://HOST:PORT` of its `peer_listen`.
    pub endpoint: String,
    /// Name in its certificate.
    pub name: String,
    /// Its certificate: whoever calls with it is this node.
    pub certificate: PathBuf,
}

/// Limits of time and load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Longest wait for the other nodes in each of the three rounds.
    pub round_seconds: u64,
    /// Wait for the nodes that are still to answer once a round could end: names who is silent or wrong.
    pub grace_milliseconds: u64,
    /// Pause before a node is asked again.
    pub poll_milliseconds: u64,
    /// Releases that are squashed at the same time; more are answered RESOURCE_EXHAUSTED.
    pub concurrent_releases: usize,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { round_seconds: 60, grace_milliseconds: 1500, poll_milliseconds: 100, concurrent_releases: 2 }
    }
}

/// Why a configuration is not used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file does not read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: Box<figment::Error>,
    },
    /// No such file.
    #[error("{path}: no such configuration file")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A field that does not fit.
    #[error("configuration: {field} is {got}, expected {expected}")]
    Field {
        /// The field.
        field: &'static str,
        /// Its value.
        got: String,
        /// What would fit.
        expected: String,
    },
    /// Something is marked unsafe and the node is not in development mode.
    #[error("{what} is marked unsafe for development; refused without `development = true`")]
    Development {
        /// What is marked.
        what: &'static str,
    },
}

impl NodeConfig {
    /// Reads the file and the environment.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        if !path.is_file() {
            return Err(ConfigError::Missing { path: path.into() });
        }
        let figment =
            Figment::new().merge(Toml::file_exact(path)).merge(Env::prefixed("TRINE_KEYHOLDER_").split("__"));
        let mut config: Self = figment
            .extract()
            .map_err(|source| ConfigError::Read { path: path.into(), source: Box::new(source) })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let keys = &mut config.keys;
        let tls = &mut config.tls;
        let fixed = [
            &mut config.data_dir,
            &mut keys.committee,
            &mut keys.secrets,
            &mut keys.compact_public_key,
            &mut keys.server_key,
            &mut keys.srs,
            &mut tls.authority,
            &mut tls.certificate,
            &mut tls.key,
        ];
        let optional = [&mut keys.full_srs, &mut keys.commitments_folder].into_iter().flatten();
        let peers = config.peers.iter_mut().map(|p| &mut p.certificate);
        for inside in fixed.into_iter().chain(optional).chain(peers) {
            *inside = folder.join(&inside);
        }
        Ok(config)
    }

    /// An annotated example; it reads back.
    pub const EXAMPLE: &'static str = include_str!("config_example.toml");
}

/// Reads 20 or 32 bytes in hexadecimal, with or without `0x`.
pub fn hex_field<const N: usize>(field: &'static str, text: &str) -> Result<[u8; N], ConfigError> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let bytes = hex::decode(digits).ok().and_then(|b| <[u8; N]>::try_from(b).ok());
    bytes.ok_or_else(|| ConfigError::Field {
        field,
        got: text.to_string(),
        expected: format!("{N} bytes in hexadecimal"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_reads_and_paths_follow_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyholder.toml");
        std::fs::write(&path, NodeConfig::EXAMPLE).unwrap();
        let config = NodeConfig::read(&path).unwrap();
        assert_eq!(config.peers.len(), 3);
        assert_eq!(config.keys.secrets.parent(), Some(folder.path().join("keys").as_path()));
        assert_eq!(config.limits, LimitsConfig::default());
        hex_field::<20>("chain.coprocessor", &config.chain.coprocessor).unwrap();
        assert_eq!((config.keys.full_srs, config.keys.commitments_folder), (None, None));
        assert_eq!(config.chain.circuit_verifier_hash, None);
    }

    #[test]
    fn what_circuits_need_reads_and_follows_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyholder.toml");
        let uncommented = ["full_srs", "commitments_folder", "circuit_verifier_hash"].into_iter().fold(
            NodeConfig::EXAMPLE.to_string(),
            |text, field| {
                assert!(text.contains(&format!("\n# {field} = ")), "{field}");
                text.replace(&format!("\n# {field} = "), &format!("\n{field} = "))
            },
        );
        std::fs::write(&path, uncommented).unwrap();
        let config = NodeConfig::read(&path).unwrap();
        assert_eq!(config.keys.full_srs, Some(folder.path().join("keys/srs-full.bin")));
        assert_eq!(config.keys.commitments_folder, Some(folder.path().join("keys/commitments")));
        hex_field::<32>("chain.circuit_verifier_hash", &config.chain.circuit_verifier_hash.unwrap()).unwrap();
    }

    #[test]
    fn misspelt_fields_and_missing_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyholder.toml");
        assert!(matches!(NodeConfig::read(&path), Err(ConfigError::Missing { .. })));
        std::fs::write(&path, NodeConfig::EXAMPLE.replace("data_dir", "datadir")).unwrap();
        assert!(matches!(NodeConfig::read(&path), Err(ConfigError::Read { .. })));
        assert!(matches!(hex_field::<20>("x", "0x12"), Err(ConfigError::Field { field: "x", .. })));
    }
}
