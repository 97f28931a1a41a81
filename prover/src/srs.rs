//! Structured reference strings: the development SRS and its cache, files of a ceremony.
//!
//! | source | tau | accepted |
//! | --- | --- | --- |
//! | [`development`], [`load_or_generate`] | known to whoever reads this file | in [`Mode::Development`] |
//! | [`ptau::read`] | nobody's, if one contributor was honest | everywhere |
//! | [`load`] | as the file says | as the file says |

pub mod ptau;

use crate::mode::Mode;
use crate::private_file;
use ark_bn254::{Fr, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::UniformRand;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use trine_kernels::Backend;
use trine_kernels::msm::powers_of_tau;
use trine_verifier::srs::{CommitmentKey, MOST_POWERS, SrsError, VERSION, VerifierSrs};

/// log2 of the powers of the development SRS: what proofs of bootstrapping open with at production parameters.
pub const DEVELOPMENT_LOG_MAX_POWERS: usize = 22;
/// log2 of the powers that suffice for handles and linear programs: a prefix of the same SRS.
pub const DEVELOPMENT_LOG_POWERS: usize = 17;

/// Seed of the development tau. Public: everyone can forge under it.
pub const DEVELOPMENT_SEED: [u8; 32] = *b"trine UNSAFE development tau v1 ";

/// BLAKE3 of files of the development SRS, by log2 of the powers: who finds this digest need not check the powers.
const DEVELOPMENT_FILES: [(usize, &str); 3] = [
    (10, "4764466458817367a50db68a12deda2ad22cd841d0cd827e23a46a94350578f2"),
    (17, "ee8e60252988d9d7ee8a41c829e18d211a6e1d5013a69cf7bd065e3a3dde8ecc"),
    (22, "8209050de73d72e6f1fca7ab40f6bd07d010362609d926b50d0a2e6acf24a971"),
];

/// Longest file that [`load`] reads: a header and [`MOST_POWERS`] powers.
const MOST_BYTES: u64 = 416 + 64 * MOST_POWERS;

/// Why there is no SRS.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A development setup was asked for outside development mode.
    #[error("the development SRS has a known secret and is refused outside development mode")]
    DevelopmentSetupRefused,
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is no key of a whole reference string.
    #[error("{path}: {source}; delete it and it is made again")]
    Cached {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SrsError,
    },
    /// The file is a key, but of another reference string.
    #[error("{path}: not the development SRS of 2^{log_powers} powers; delete it and it is made again")]
    OtherSrs {
        /// The file.
        path: PathBuf,
        /// log2 of the powers wanted.
        log_powers: usize,
    },
    /// More powers than the reference string has.
    #[error("2^{log_powers} powers asked for, the development SRS has 2^{DEVELOPMENT_LOG_MAX_POWERS}")]
    TooManyPowers {
        /// log2 of the powers asked for.
        log_powers: usize,
    },
    /// The contents are no SRS.
    #[error(transparent)]
    Srs(#[from] SrsError),
}

/// The first `2^log_powers` powers of the development SRS, from [`DEVELOPMENT_SEED`].
///
/// However many: its digest is that of the whole, of `2^DEVELOPMENT_LOG_MAX_POWERS`.
pub fn development(log_powers: usize) -> Result<CommitmentKey, SrsError> {
    let tau = Fr::rand(&mut ChaCha20Rng::from_seed(DEVELOPMENT_SEED));
    let verifier = development_verifier(tau)?;
    let count = development_count(log_powers);
    if count > verifier.max_powers {
        return Err(SrsError::Count { count, most: verifier.max_powers });
    }
    CommitmentKey::new(powers_of_tau(Backend::detect(), tau, count as usize), verifier)
}

/// Whether `tau H` is that of the development SRS.
pub fn is_development_tau(tau_h: &G2Affine) -> bool {
    let tau = Fr::rand(&mut ChaCha20Rng::from_seed(DEVELOPMENT_SEED));
    *tau_h == (G2Affine::generator() * tau).into_affine()
}

fn development_verifier(tau: Fr) -> Result<VerifierSrs, SrsError> {
    VerifierSrs::of_known_tau(tau, development_count(DEVELOPMENT_LOG_MAX_POWERS))
}

fn development_count(log_powers: usize) -> u64 {
    u32::try_from(log_powers).ok().and_then(|log| 1u64.checked_shl(log)).unwrap_or(u64::MAX)
}

/// The development SRS from the cache, made and kept there when missing. Refused outside development mode.
///
/// The file has mode 0600 and is renamed into place, so that a reader never meets half of it. What is read must be
/// this SRS: another one, though valid, has another digest. The powers are checked, or the file has the digest that
/// this module holds for its size.
pub fn load_or_generate(cache: &Path, log_powers: usize, mode: Mode) -> Result<CommitmentKey, SetupError> {
    if mode != Mode::Development {
        return Err(SetupError::DevelopmentSetupRefused);
    }
    let tau = Fr::rand(&mut ChaCha20Rng::from_seed(DEVELOPMENT_SEED));
    let expected = development_verifier(tau)?;
    let count = development_count(log_powers);
    if count > expected.max_powers {
        return Err(SetupError::TooManyPowers { log_powers });
    }
    let path = cache.join(format!("srs-v{VERSION}-2^{log_powers}-UNSAFE-development.bin"));
    match fs::read(&path) {
        Ok(bytes) => {
            let read = if is_known(&bytes, log_powers) {
                CommitmentKey::from_known_bytes
            } else {
                CommitmentKey::from_bytes
            };
            let key = read(&bytes).map_err(|source| SetupError::Cached { path: path.clone(), source })?;
            if *key.verifier() != expected || key.powers().len() as u64 != count {
                return Err(SetupError::OtherSrs { path, log_powers });
            }
            Ok(key)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let key = development(log_powers)?;
            store(&key, &path).map_err(|source| SetupError::File { path, source })?;
            Ok(key)
        }
        Err(source) => Err(SetupError::File { path, source }),
    }
}

/// Whether these are the bytes of the development SRS of `2^log_powers` powers.
fn is_known(bytes: &[u8], log_powers: usize) -> bool {
    let mut known = DEVELOPMENT_FILES.iter().filter(|(log, _)| *log == log_powers);
    known.any(|(_, digest)| blake3::hash(bytes).to_hex().as_str() == *digest)
}

/// A key from a file. Refused when it is a development key outside development mode.
pub fn load(path: &Path, mode: Mode) -> Result<CommitmentKey, SetupError> {
    let failed = |source| SetupError::File { path: path.to_owned(), source };
    let length = fs::metadata(path).map_err(failed)?.len();
    if length > MOST_BYTES {
        return Err(SrsError::Length { got: length, expected: MOST_BYTES }.into());
    }
    let key = CommitmentKey::from_bytes(&fs::read(path).map_err(failed)?)?;
    if key.verifier().development && mode != Mode::Development {
        return Err(SetupError::DevelopmentSetupRefused);
    }
    Ok(key)
}

/// Writes a key beside `path`, readable by its owner alone, and renames it into place.
pub fn store(key: &CommitmentKey, path: &Path) -> io::Result<()> {
    private_file::store(path, &key.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_is_known(log_powers: usize) -> bool {
        is_known(&development(log_powers).unwrap().to_bytes(), log_powers)
    }

    #[test]
    fn the_digest_of_a_short_development_file_is_right() {
        assert!(file_is_known(10));
        assert!(!file_is_known(9));
        let mut bytes = development(10).unwrap().to_bytes();
        *bytes.last_mut().unwrap() ^= 1;
        assert!(!is_known(&bytes, 10));
    }

    #[test]
    #[ignore = "slow: a minute, makes and checks 2^22 powers"]
    fn the_digest_of_the_long_development_file_is_right() {
        assert!(file_is_known(22));
    }
}
