//! Why a circuit is none, or is the answer to no request on chain.

use tonic::Code;
use trine_program::circuit::{CircuitTextError, SegmentError};
use trine_verifier::bootstrapping::key_points::KeyPointsError;
use trine_verifier::bootstrapping::program::OffGrid;
use trine_verifier::bootstrapping::shape::ShapeError;

/// Why a circuit is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CircuitRefusal {
    /// A text that is no circuit.
    #[error("circuit: {0}")]
    Text(#[from] CircuitTextError),
    /// It cannot be cut into segments.
    #[error("circuit: {0}")]
    Segment(#[from] SegmentError),
    /// No proof of one segment covers it.
    #[error(
        "{bootstrappings} bootstrappings make {got} segments; a request on chain takes one, of at most {most}"
    )]
    Segments {
        /// Segments of the circuit.
        got: usize,
        /// Its bootstrappings.
        bootstrappings: usize,
        /// Most bootstrappings of a segment.
        most: usize,
    },
    /// No proof has its shape.
    #[error("circuit: {0}")]
    Shape(#[from] ShapeError),
    /// A word between two steps of the grid.
    #[error("circuit: {0}")]
    OffGrid(#[from] OffGrid),
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
            Self::Segment(_) | Self::Segments { .. } => ("SEGMENTS", Code::FailedPrecondition),
            Self::Shape(_) => ("CIRCUIT_SIZE", Code::InvalidArgument),
            Self::OffGrid(_) => ("OFF_GRID", Code::InvalidArgument),
            Self::Unproven => ("NO_CIRCUITS", Code::FailedPrecondition),
            Self::KeyPoints(_) => ("KEY_POINTS", Code::Internal),
        }
    }
}
