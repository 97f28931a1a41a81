//! The ciphertext file: an encrypted value of its owner, with the handle that the chain will give it.
//!
//! JSON with `0x` hexadecimal strings. It holds no secret: the list is what is uploaded.

use crate::receipt::file::{ReceiptOrigin, ReceiptRecord};
use crate::voter::{EncryptedValue, HandleDomain};
use alloy::primitives::{Address, B256, Bytes};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Value of the field `format`.
pub const FORMAT: &str = "trine.ciphertext.v1";
/// Longest file that is read: a list of 64 blocks has 17 kB.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// An encrypted value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CiphertextFile {
    /// [`FORMAT`].
    pub format: String,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The `Coprocessor`.
    pub coprocessor: Address,
    /// Digest of the FHE key set.
    pub key_digest: B256,
    /// The handle and what it is the digest of.
    pub record: ReceiptRecord,
    /// The compact list as uploaded.
    pub list: Bytes,
}

/// Why a file is no ciphertext.
#[derive(Debug, thiserror::Error)]
pub enum CiphertextFileError {
    /// The file cannot be read or written.
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
    /// Not the JSON of a ciphertext.
    #[error("{path}: {source}")]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// Another format.
    #[error("{path}: format {got:?}, expected {FORMAT:?}")]
    Format {
        /// The file.
        path: PathBuf,
        /// Format of the file.
        got: String,
    },
}

impl CiphertextFile {
    /// The file of a value that `registrant` registers for `consumer`.
    pub fn new(
        value: &EncryptedValue,
        domain: &HandleDomain,
        registrant: Address,
        consumer: Address,
    ) -> Self {
        let record = value.record(domain, registrant.0.0, consumer.0.0);
        Self {
            format: FORMAT.into(),
            chain_id: domain.chain_id,
            coprocessor: domain.coprocessor.into(),
            key_digest: domain.key_digest.into(),
            record: ReceiptRecord {
                handle: record.handle().into(),
                value_type: record.value_type,
                key_kind: record.key_kind,
                blocks: record.blocks,
                origin: ReceiptOrigin::Input { registrant, consumer },
                commitment: value.commitment.xy().map(B256::from),
            },
            list: value.list.clone().into(),
        }
    }

    /// Reads a file. The length is checked before its content is read.
    pub fn read(path: &Path) -> Result<Self, CiphertextFileError> {
        let failed = |source| CiphertextFileError::Io { path: path.into(), source };
        let got = std::fs::metadata(path).map_err(failed)?.len();
        if got > MAX_FILE_BYTES {
            return Err(CiphertextFileError::Length { path: path.into(), got });
        }
        let bytes = std::fs::read(path).map_err(failed)?;
        let file: Self = serde_json::from_slice(&bytes)
            .map_err(|source| CiphertextFileError::Json { path: path.into(), source })?;
        if file.format == FORMAT {
            Ok(file)
        } else {
            Err(CiphertextFileError::Format { path: path.into(), got: file.format })
        }
    }

    /// Writes the file.
    pub fn write(&self, path: &Path) -> Result<(), CiphertextFileError> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|source| CiphertextFileError::Json { path: path.into(), source })?;
        std::fs::write(path, text).map_err(|source| CiphertextFileError::Io { path: path.into(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_program::{KeyKind, ValueType};

    fn example() -> CiphertextFile {
        CiphertextFile {
            format: FORMAT.into(),
            chain_id: 31337,
            coprocessor: Address::repeat_byte(1),
            key_digest: B256::repeat_byte(2),
            record: ReceiptRecord {
                handle: B256::repeat_byte(3),
                value_type: ValueType::Nibbles,
                key_kind: KeyKind::Compute,
                blocks: 3,
                origin: ReceiptOrigin::Input {
                    registrant: Address::repeat_byte(4),
                    consumer: Address::repeat_byte(5),
                },
                commitment: [B256::repeat_byte(6); 2],
            },
            list: vec![7; 100].into(),
        }
    }

    #[test]
    fn a_written_file_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("value.json");
        example().write(&path).unwrap();
        assert_eq!(CiphertextFile::read(&path).unwrap(), example());
    }

    #[test]
    fn other_files_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("value.json");
        assert!(matches!(CiphertextFile::read(&path), Err(CiphertextFileError::Io { .. })));
        let text = serde_json::to_string(&example()).unwrap();
        std::fs::write(&path, text.replacen('{', "{\"plaintext\": 1,", 1)).unwrap();
        assert!(matches!(CiphertextFile::read(&path), Err(CiphertextFileError::Json { .. })));
        std::fs::write(&path, text.replace(FORMAT, "trine.ciphertext.v9")).unwrap();
        assert!(matches!(CiphertextFile::read(&path), Err(CiphertextFileError::Format { .. })));
        std::fs::write(&path, vec![b' '; MAX_FILE_BYTES as usize + 1]).unwrap();
        assert!(matches!(CiphertextFile::read(&path), Err(CiphertextFileError::Length { .. })));
    }
}
