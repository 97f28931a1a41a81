//! Development setups: where they are kept, and what they are. Everything here is refused outside development mode by
//! the processes that use it.

use crate::receipt::file::Setup;
use alloy::primitives::B256;
use std::path::PathBuf;
use trine_fhe::dev_keys;
use trine_prover::Mode;
use trine_prover::srs::{self, DEVELOPMENT_LOG_POWERS, SetupError};
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::digest::g2_words;
use trine_verifier::srs::{CommitmentKey, VERSION, VerifierSrs};

/// Folder of development keys: `TRINE_CACHE` when set, else `~/.cache/trine/dev-keys`, without a home folder the
/// current one.
pub fn cache_folder() -> PathBuf {
    dev_keys::cache_folder().unwrap_or_else(|| PathBuf::from("dev-keys"))
}

/// The development reference string from the cache, made there when missing.
pub fn development_srs() -> Result<CommitmentKey, SetupError> {
    srs::load_or_generate(&cache_folder(), DEVELOPMENT_LOG_POWERS, Mode::Development)
}

/// The verifier's part as receipts carry it.
pub fn receipt_setup(srs: &VerifierSrs) -> Setup {
    let powers_h = srs.powers_h.map(|point| g2_words(&point).map(B256::from));
    Setup { powers_h, max_powers: srs.max_powers }
}

/// log2 of the powers that proofs of bootstrapping are made with.
pub const CIRCUIT_LOG_POWERS: usize = Parameters::PRODUCTION.log_chunk;

/// File of a development reference string in the cache.
fn srs_file(log_powers: usize) -> PathBuf {
    cache_folder().join(format!("srs-v{VERSION}-2^{log_powers}-UNSAFE-development.bin"))
}

/// File of [`development_srs`].
pub fn development_srs_file() -> PathBuf {
    srs_file(DEVELOPMENT_LOG_POWERS)
}

/// File of [`circuit_srs`].
pub fn circuit_srs_file() -> PathBuf {
    srs_file(CIRCUIT_LOG_POWERS)
}

/// The development reference string of proofs of bootstrapping from the cache, made there when missing: 256 MB.
pub fn circuit_srs() -> Result<CommitmentKey, SetupError> {
    srs::load_or_generate(&cache_folder(), CIRCUIT_LOG_POWERS, Mode::Development)
}
