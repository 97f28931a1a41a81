//! Setups of a worker: made from public seeds in development, loaded and checked in production.

use crate::ceremony::{CeremonyKey, KeyFileError};
use crate::groth::{self, ProvingKey, development_circuit_key, development_key};
use crate::mode::Mode;
use crate::srs;
use crate::wrap::{bootstrapping, structure};
use std::path::Path;
use std::sync::Arc;
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::bootstrapping::shape::ShapeError;
use trine_verifier::class::Class;
use trine_verifier::srs::CommitmentKey;

/// Name of the reference string of a finished first phase.
pub const REFERENCE_STRING: &str = "reference-string.bin";
/// Name of the key of a finished ceremony for linear programs.
pub const PROVING_KEY: &str = "groth16.key";
/// Name of the key of a finished ceremony for circuits.
pub const CIRCUIT_PROVING_KEY: &str = "groth16-circuit.key";

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
    /// The parameter set has no class.
    #[error(transparent)]
    Class(#[from] ShapeError),
    /// A reference string too short for circuits.
    #[error(
        "reference string: {got} powers, proofs of circuits are opened with {expected}; circuits = false goes without"
    )]
    Powers {
        /// Powers in the file.
        got: usize,
        /// Powers that a proof is opened with.
        expected: usize,
    },
}

/// Reference string and proving key.
pub type Setup = (Arc<CommitmentKey>, ProvingKey);

/// Reference string and proving key of a class.
///
/// In production both are files of the folder, and what the key stands on is checked (CE.K1 to CE.K5).
pub fn load(folder: &Path, class: &Class, mode: Mode) -> Result<Setup, SetupsError> {
    match mode {
        Mode::Development => {
            let srs = srs::load_or_generate(folder, srs::DEVELOPMENT_LOG_POWERS, mode)?;
            Ok((srs.into(), development_key(folder, class, mode)?))
        }
        Mode::Production => {
            let srs = srs::load(&folder.join(REFERENCE_STRING), mode)?;
            Ok((srs.into(), CeremonyKey::load(&folder.join(PROVING_KEY), &structure(class))?.key))
        }
    }
}

/// Reference string and proving key of circuits. In production the reference string is that of linear programs, which is
/// handed in, and must have as many powers as a proof is opened with; the key is another file of the folder.
pub fn load_circuits(
    folder: &Path,
    parameters: &Parameters,
    reference: &Arc<CommitmentKey>,
    mode: Mode,
) -> Result<(bootstrapping::class::Class, Setup), SetupsError> {
    let class = bootstrapping::class::Class::new(parameters)?;
    let setup = match mode {
        Mode::Development => {
            let srs = srs::load_or_generate(folder, parameters.log_chunk, mode)?;
            (srs.into(), development_circuit_key(folder, &class, mode)?)
        }
        Mode::Production => {
            let (got, expected) = (reference.powers().len(), 1 << parameters.log_chunk);
            if got < expected {
                return Err(SetupsError::Powers { got, expected });
            }
            let circuit = bootstrapping::structure(&class);
            (reference.clone(), CeremonyKey::load(&folder.join(CIRCUIT_PROVING_KEY), &circuit)?.key)
        }
    };
    Ok((class, setup))
}
