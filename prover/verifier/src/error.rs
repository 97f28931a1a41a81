//! One error for each check, with the spec id of the check.

use crate::opening::OpeningError;
use crate::statement::StatementError;

/// Why a proof is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The statement is malformed.
    #[error("statement: {0}")]
    Statement(#[from] StatementError),
    /// The proof has parts of the wrong number.
    #[error("{what}: {got}, expected {expected}")]
    Shape {
        /// The part.
        what: &'static str,
        /// Its number.
        got: usize,
        /// What the class has.
        expected: usize,
    },
    /// The sum over all cells differs from the sum over the table.
    #[error("PE.H2: the root numerator of the range tree does not vanish")]
    RootNumerator,
    /// A denominator of the tree is zero.
    #[error("PE.H3: the root denominator of the range tree vanishes")]
    RootDenominator,
    /// A layer's sumcheck does not end in its children.
    #[error("PE.H4: layer {layer} of the range tree does not follow from its children")]
    TreeLayer {
        /// Layer, from 1.
        layer: usize,
    },
    /// The values do not satisfy the linear claims.
    #[error("PE.I3: the values at the reduction point do not satisfy the linear claims")]
    Reduction,
    /// The opening fails.
    #[error(transparent)]
    Opening(#[from] OpeningError),
}

impl VerifyError {
    /// Spec id of the failing check.
    pub fn id(&self) -> &'static str {
        match self {
            Self::Statement(_) | Self::Shape { .. } => "PE.T1",
            Self::RootNumerator => "PE.H2",
            Self::RootDenominator => "PE.H3",
            Self::TreeLayer { .. } => "PE.H4",
            Self::Reduction => "PE.I3",
            Self::Opening(error) => error.id(),
        }
    }
}
