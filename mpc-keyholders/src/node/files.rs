//! Committee record and node secrets on disk, as the dealer writes them and nodes read them.

use crate::protocol::attest::CommitteeKey;
use crate::protocol::committee::CommitteeSize;
use crate::protocol::dealer::{CommitteeRecord, NodeSecrets, SecretsError};
use crate::protocol::message::MessagePublicKey;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Longest file that is read: the secrets of 13 nodes' committee are 35 MB.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// A committee record as a JSON file; numbers and hexadecimal strings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitteeFile {
    /// Whether the keys were made for development: refused by nodes outside development mode.
    pub development: bool,
    /// Number of nodes.
    pub nodes: u8,
    /// Malicious nodes that are tolerated.
    pub faults: u8,
    /// Epoch.
    pub epoch: u64,
    /// Digest of the FHE key.
    pub key_digest: String,
    /// Commitments to the signing key.
    pub committee_key: String,
    /// Message keys by node.
    pub message_keys: Vec<String>,
    /// Digests of what the members of each set hold, by mask.
    pub set_digests: BTreeMap<u16, String>,
}

/// Why a file is not used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Cannot be read or written.
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
    /// Secrets that others may read.
    #[error("{path}: mode {mode:o}, secrets need 600")]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Not a committee record.
    #[error("{path}: {reason}")]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Not a node's secrets.
    #[error("{path}: {source}")]
    Secrets {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: SecretsError,
    },
}

impl CommitteeFile {
    fn of(record: &CommitteeRecord, development: bool) -> Self {
        Self {
            development,
            nodes: record.size.nodes(),
            faults: record.size.faults(),
            epoch: record.epoch,
            key_digest: hex::encode(record.key_id),
            committee_key: hex::encode(record.committee_key.to_bytes()),
            message_keys: record.message_keys.iter().map(|k| hex::encode(k.to_bytes())).collect(),
            set_digests: record.set_digests.iter().map(|(set, d)| (*set, hex::encode(d))).collect(),
        }
    }

    fn record(&self) -> Result<CommitteeRecord, String> {
        let size = CommitteeSize::new(self.nodes, self.faults).map_err(|e| e.to_string())?;
        let bytes = |what: &str, text: &str| hex::decode(text).map_err(|e| format!("{what}: {e}"));
        let digest = |what: &str, text: &str| {
            let bytes = bytes(what, text)?;
            let got = bytes.len();
            <[u8; 32]>::try_from(bytes).map_err(|_| format!("{what} of {got} bytes, expected 32"))
        };
        if self.message_keys.len() != usize::from(self.nodes) {
            return Err(format!("{} message keys for {} nodes", self.message_keys.len(), self.nodes));
        }
        Ok(CommitteeRecord {
            size,
            epoch: self.epoch,
            key_id: digest("key_digest", &self.key_digest)?,
            committee_key: CommitteeKey::from_bytes(size, &bytes("committee_key", &self.committee_key)?)
                .map_err(|e| e.to_string())?,
            message_keys: self
                .message_keys
                .iter()
                .map(|k| MessagePublicKey::from_bytes(&bytes("message key", k)?).map_err(|e| e.to_string()))
                .collect::<Result<_, _>>()?,
            set_digests: self
                .set_digests
                .iter()
                .map(|(set, d)| Ok((*set, digest("set digest", d)?)))
                .collect::<Result<_, String>>()?,
        })
    }
}

/// Name of the committee record in a dealer's folder.
pub const COMMITTEE_FILE: &str = "committee.json";

/// Name of a node's secrets in a dealer's folder.
pub fn secrets_file(node: u8, development: bool) -> String {
    let mark = if development { "-UNSAFE-development" } else { "" };
    format!("node-{node}-secrets{mark}.bin")
}

/// Writes what the dealer made: `committee.json` for everybody, one file of secrets (mode 0600) for each node.
/// Returns the path of the record.
pub fn write_dealing(
    folder: &Path,
    record: &CommitteeRecord,
    secrets: &[NodeSecrets],
    development: bool,
) -> Result<PathBuf, FileError> {
    fs::create_dir_all(folder).map_err(|source| FileError::Io { path: folder.into(), source })?;
    for node in secrets {
        let path = folder.join(secrets_file(node.key_share.node().get(), development));
        write(&path, &node.to_bytes(), 0o600)?;
    }
    let path = folder.join(COMMITTEE_FILE);
    let text = serde_json::to_string_pretty(&CommitteeFile::of(record, development))
        .map_err(|e| FileError::Record { path: path.clone(), reason: e.to_string() })?;
    write(&path, text.as_bytes(), 0o644)?;
    Ok(path)
}

/// Reads a committee record, and whether it is marked as a development one.
pub fn read_committee(path: &Path) -> Result<(CommitteeRecord, bool), FileError> {
    let bytes = read(path)?;
    let failed = |reason: String| FileError::Record { path: path.into(), reason };
    let file: CommitteeFile = serde_json::from_slice(&bytes).map_err(|e| failed(e.to_string()))?;
    Ok((file.record().map_err(failed)?, file.development))
}

/// Reads a node's secrets. Refused when others may read them.
pub fn read_secrets(path: &Path) -> Result<NodeSecrets, FileError> {
    let metadata = fs::metadata(path).map_err(|source| FileError::Io { path: path.into(), source })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(FileError::Permissions { path: path.into(), mode });
    }
    let bytes = Zeroizing::new(read(path)?);
    NodeSecrets::from_bytes(&bytes).map_err(|source| FileError::Secrets { path: path.into(), source })
}

fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    let failed = |source| FileError::Io { path: path.into(), source };
    let got = fs::metadata(path).map_err(failed)?.len();
    if got > MAX_FILE_BYTES {
        return Err(FileError::Length { path: path.into(), got });
    }
    fs::read(path).map_err(failed)
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    let failed = |source| FileError::Io { path: path.into(), source };
    let mut file =
        fs::File::options().write(true).create(true).truncate(true).mode(mode).open(path).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::dealer::deal;
    use crate::protocol::sharing::KEY_DIMENSION;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    #[test]
    fn what_the_dealer_writes_a_node_reads_and_checks() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let (record, secrets) = deal(CommitteeSize::FOUR, 7, [9; 32], &[1; KEY_DIMENSION], &mut rng).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = write_dealing(folder.path(), &record, &secrets, true).unwrap();
        assert_eq!(read_committee(&path).unwrap(), (record.clone(), true));
        for node in 0..4 {
            let path = folder.path().join(secrets_file(node, true));
            let read = read_secrets(&path).unwrap();
            assert_eq!(read.key_share.node().get(), node);
            read.check(&record).unwrap();
        }
        let path = folder.path().join(secrets_file(0, true));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read_secrets(&path), Err(FileError::Permissions { mode: 0o644, .. })));
    }

    #[test]
    fn a_damaged_record_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("committee.json");
        fs::write(&path, "{\"nodes\": 4}").unwrap();
        assert!(matches!(read_committee(&path), Err(FileError::Record { .. })));
        fs::write(&path, [0u8; 10]).unwrap();
        assert!(matches!(read_committee(&path), Err(FileError::Record { .. })));
    }
}
