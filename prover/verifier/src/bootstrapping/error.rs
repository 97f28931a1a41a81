//! Why a proof is rejected: one error for each check, with its spec id.

use super::checks::Check;
use super::statement::StatementError;
use crate::opening::OpeningError;

/// Why a proof of a circuit is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The statement is malformed.
    #[error("PB.S1: statement: {0}")]
    Statement(#[from] StatementError),
    /// The proof has parts of the wrong number.
    #[error("PB.T2: {what}: {got}, expected {expected}")]
    Shape {
        /// The part.
        what: &'static str,
        /// Its number.
        got: usize,
        /// What the shape has.
        expected: usize,
    },
    /// The accumulator's sumcheck.
    #[error("PB.A4: the sumcheck of the accumulator does not end in its factors")]
    Accumulator,
    /// The combined key's sumcheck.
    #[error("PB.C2: the sumcheck of the combined key does not end in its factors")]
    Key,
    /// The modulus switch's sumcheck.
    #[error("PB.E4: the sumcheck of the modulus switch does not end in its factors")]
    Switch,
    /// Some cell is not in its table.
    #[error("PB.H2: the root numerator of the look-up tree does not vanish")]
    RootNumerator,
    /// A denominator of the tree is zero.
    #[error("PB.H3: the root denominator of the look-up tree vanishes")]
    RootDenominator,
    /// A layer's sumcheck does not end in its children.
    #[error("PB.H4: layer {layer} of the look-up tree does not follow from its children")]
    Layer {
        /// Layer, from 1.
        layer: usize,
    },
    /// The values do not satisfy the linear claims: some relation of the evaluation does not hold.
    #[error("PB.I3: the values at the reduction point do not satisfy the linear claims")]
    Reduction,
    /// The opening fails.
    #[error(transparent)]
    Opening(#[from] OpeningError),
}

impl Rejection {
    /// Spec id of the failing check.
    pub fn id(&self) -> &'static str {
        match self {
            Self::Statement(_) => "PB.S1",
            Self::Shape { .. } => "PB.T2",
            Self::Accumulator => "PB.A4",
            Self::Key => "PB.C2",
            Self::Switch => "PB.E4",
            Self::RootNumerator => "PB.H2",
            Self::RootDenominator => "PB.H3",
            Self::Layer { .. } => "PB.H4",
            Self::Reduction => "PB.I3",
            Self::Opening(error) => error.id(),
        }
    }

    /// The check, where one of [`Check`] failed.
    pub fn check(&self) -> Option<Check> {
        match self {
            Self::Accumulator => Some(Check::AccumulatorFinal),
            Self::Key => Some(Check::KeyFinal),
            Self::Switch => Some(Check::SwitchFinal),
            Self::RootNumerator => Some(Check::RootNumerator),
            Self::RootDenominator => Some(Check::RootDenominator),
            Self::Layer { .. } => Some(Check::Layer),
            Self::Reduction => Some(Check::Reduction),
            Self::Statement(_) | Self::Shape { .. } | Self::Opening(_) => None,
        }
    }
}
