//! Setups of a worker: made from public seeds in development, loaded and checked in production.

use crate::ceremony::{CeremonyKey, KeyFileError};
use crate::groth::{self, ProvingKey, development_key};
use crate::mode::Mode;
use crate::srs;
use crate::wrap::structure;
use std::path::Path;
use trine_verifier::class::Class;
use trine_verifier::srs::CommitmentKey;

/// Name of the reference string of a finished first phase.
pub const REFERENCE_STRING: &str = "reference-string.bin";
/// Name of the key of a finished ceremony.
pub const PROVING_KEY: &str = "groth16.key";

/// Why a worker has no setups.
#[derive(Debug, thiserror::Error)]
pub enum SetupsError {
    /// The reference string is refused.
    #[error("reference string: {0}")]
    Srs(#[from] srs::SetupError),
    /// The development key is refused.
    #[error("proving key: {0}")]
    Development(#[from] groth::SetupError),
    /// The key of the ceremony is refused.
    #[error("proving key: {0}")]
    Key(#[from] KeyFileError),
}

/// Reference string and proving key of a class.
///
/// In production both are files of the folder, and what the key stands on is checked (CE.K1 to CE.K5).
pub fn load(folder: &Path, class: &Class, mode: Mode) -> Result<(CommitmentKey, ProvingKey), SetupsError> {
    match mode {
        Mode::Development => {
            let srs = srs::load_or_generate(folder, srs::DEVELOPMENT_LOG_POWERS, mode)?;
            Ok((srs, development_key(folder, class, mode)?))
        }
        Mode::Production => {
            let srs = srs::load(&folder.join(REFERENCE_STRING), mode)?;
            Ok((srs, CeremonyKey::load(&folder.join(PROVING_KEY), &structure(class))?.key))
        }
    }
}
