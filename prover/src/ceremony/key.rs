//! The finished key with the records that lead to it, and what production refuses (CE.K*, CE.F2).
//!
//! A file is `"TRINECPK"`, version (4 bytes), head and records as in a transcript, length of the key (8), the key as
//! arkworks serialises it without compression, BLAKE3 of everything before it.

use super::chain::{Chain, Head};
use super::decode::{DecodeError, Reader, sealed};
use super::error::CeremonyError;
use super::powers::Powers;
use super::record::{Beacon, Record};
use super::transcript::{MAX_FILE_BYTES, Transcript};
use super::verify::{Verified, verify};
use crate::groth::{ProvingKey, check_key};
use crate::mode::Mode;
use crate::private_file;
use crate::wrap::checks::Checks;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// First bytes of a key file.
pub const MAGIC: [u8; 8] = *b"TRINECPK";
/// Version of the file format.
pub const VERSION: u32 = 1;

/// Why a file gives no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file could not be read.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Longer than any key.
    #[error("{path}: {got} bytes, at most {MAX_FILE_BYTES} are read")]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its bytes.
        got: u64,
    },
    /// The bytes are no key.
    #[error("{path}: {source}")]
    Decode {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: DecodeError,
    },
    /// The key is refused.
    #[error("{path}: {source}")]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        source: CeremonyError,
    },
}

/// A key with the records of its ceremony.
#[derive(Clone, Debug, PartialEq)]
pub struct CeremonyKey {
    /// Circuit, powers, initial key.
    pub head: Head,
    /// Contributions in order, then the beacon.
    pub records: Vec<Record>,
    /// The key.
    pub key: ProvingKey,
}

/// Verifies a transcript, closes it by the beacon and gives the key. The transcript is the ceremony's record afterwards.
///
/// A transcript that nobody contributed to is refused: the beacon's factor is public.
pub fn finalise(
    transcript: &mut Transcript,
    circuit: &Checks,
    powers: &Powers,
    beacon: Beacon,
) -> Result<CeremonyKey, CeremonyError> {
    let Verified { mut key, .. } = verify(transcript, circuit, powers)?;
    transcript.close(beacon)?;
    let chain = Chain::follow(&transcript.head, &transcript.records)?;
    key.vk.delta_g2 = chain.delta_g2;
    key.delta_g1 = chain.delta_g1;
    key.l_query.clone_from(&transcript.l_query);
    key.h_query.clone_from(&transcript.h_query);
    let finished = CeremonyKey { head: transcript.head, records: transcript.records.clone(), key };
    finished.check(circuit)?;
    Ok(finished)
}

impl CeremonyKey {
    /// What production asks of a key (CE.K1 to CE.K5): contributions and a beacon whose records lead to this delta, for this
    /// circuit, and a verifying key under which proofs cannot be forged.
    ///
    /// That the rest of the key is what circuit and powers give is [`Self::check_against`]'s.
    pub fn check(&self, circuit: &Checks) -> Result<(), CeremonyError> {
        let expected = circuit.circuit_digest();
        if self.head.circuit != expected {
            let (got, expected) = (hex::encode(self.head.circuit), hex::encode(expected));
            return Err(CeremonyError::KeyCircuit { got, expected });
        }
        let chain = Chain::follow(&self.head, &self.records)?;
        if chain.contributions == 0 {
            return Err(CeremonyError::NoContribution);
        }
        if !chain.closed {
            return Err(CeremonyError::NoBeacon);
        }
        if self.key.delta_g1 != chain.delta_g1 {
            return Err(CeremonyError::KeyDelta { what: "delta in G1" });
        }
        if self.key.vk.delta_g2 != chain.delta_g2 {
            return Err(CeremonyError::KeyDelta { what: "delta in G2" });
        }
        let public_inputs = circuit.instance_variables() - 1;
        check_key(&self.key.vk, public_inputs, Mode::Production)?;
        Ok(())
    }

    /// [`Self::check`], and that the key is the one that the closed transcript gives (CE.K6).
    pub fn check_against(
        &self,
        transcript: &Transcript,
        circuit: &Checks,
        powers: &Powers,
    ) -> Result<(), CeremonyError> {
        self.check(circuit)?;
        let expected = verify(transcript, circuit, powers)?.key;
        let same = self.head == transcript.head && self.records == transcript.records;
        if same && self.key == expected { Ok(()) } else { Err(CeremonyError::OtherKey) }
    }

    /// The key as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(VERSION.to_le_bytes());
        self.head.write(&mut out, &self.records);
        out.extend((self.key.uncompressed_size() as u64).to_le_bytes());
        // A vector takes every byte.
        let _ = self.key.serialize_uncompressed(&mut out);
        sealed(out)
    }

    /// Reads what [`Self::to_bytes`] makes. The key's points are not checked one by one: the digest shows that they are those
    /// which were written, and a wrong one makes proofs that do not verify.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Reader::header(bytes, MAGIC, VERSION)?;
        let mut reader = Reader::of_file(bytes)?;
        reader.bytes(MAGIC.len() + 4, "header")?;
        let (head, records) = Head::read(&mut reader)?;
        let expected = u64::from_le_bytes(reader.array("length of the key")?);
        let got = reader.left() as u64;
        if got != expected {
            return Err(DecodeError::Length { got, expected });
        }
        let mut payload = reader.bytes(reader.left(), "key")?;
        let key = ProvingKey::deserialize_uncompressed_unchecked(&mut payload);
        let key = key.map_err(|_| DecodeError::ProvingKey)?;
        if !payload.is_empty() {
            return Err(DecodeError::ProvingKey);
        }
        Ok(Self { head, records, key })
    }

    /// Reads the key of a circuit and checks what production asks of it.
    pub fn load(path: &Path, circuit: &Checks) -> Result<Self, KeyFileError> {
        let bytes = read_bounded(path)?;
        let decoded = Self::from_bytes(&bytes);
        let key = decoded.map_err(|source| KeyFileError::Decode { path: path.into(), source })?;
        key.check(circuit).map_err(|source| KeyFileError::Refused { path: path.into(), source })?;
        Ok(key)
    }

    /// Writes the file beside `path` and renames it into place.
    pub fn store(&self, path: &Path) -> io::Result<()> {
        private_file::store(path, &self.to_bytes())
    }
}

impl Transcript {
    /// Reads a file. Nothing but its form is checked.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let decoded = Self::from_bytes(&read_bounded(path)?);
        decoded.map_err(|source| KeyFileError::Decode { path: path.into(), source })
    }

    /// Writes the file beside `path` and renames it into place.
    pub fn store(&self, path: &Path) -> io::Result<()> {
        private_file::store(path, &self.to_bytes())
    }
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, KeyFileError> {
    let failed = |source| KeyFileError::File { path: path.into(), source };
    let got = fs::metadata(path).map_err(failed)?.len();
    if got > MAX_FILE_BYTES {
        return Err(KeyFileError::TooLong { path: path.into(), got });
    }
    fs::read(path).map_err(failed)
}
