//! Why a circuit is none, or is the answer to no request on chain.

use tonic::Code;
use trine_program::circuit::CircuitTextError;
use trine_verifier::bootstrapping::key_points::KeyPointsError;
use trine_verifier::bootstrapping::registration::RegistrationError;

/// Why a circuit is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CircuitRefusal {
    /// A text that is no circuit.
    #[error("circuit: {0}")]
    Text(#[from] CircuitTextError),
    /// It is registered in no way: it cannot be cut into segments, has too many, or no proof has its shape.
    #[error("circuit: {0}")]
    Registration(#[from] RegistrationError),
    /// This engine has no proofs of circuits made.
    #[error("no proofs of circuits are made here: circuit_verifier_hash is missing in the configuration")]
    Unproven,
    /// Stored commitments of its key that are none.
    #[error("{0}")]
    KeyPoints(#[from] KeyPointsError),
}

impl CircuitRefusal {
    /// Name and gRPC code.
    pub fn class(&self) -> (&'static str, Code) {
        match self {
            Self::Text(_) => ("PROGRAM_TEXT", Code::InvalidArgument),
            Self::Registration(RegistrationError::Segments(_) | RegistrationError::Count { .. }) => {
                ("SEGMENTS", Code::FailedPrecondition)
            }
            Self::Registration(RegistrationError::Shape(_)) => ("CIRCUIT_SIZE", Code::InvalidArgument),
            Self::Registration(RegistrationError::OffGrid(_)) => ("OFF_GRID", Code::InvalidArgument),
            Self::Unproven => ("NO_CIRCUITS", Code::FailedPrecondition),
            Self::KeyPoints(_) => ("KEY_POINTS", Code::Internal),
        }
    }
}
