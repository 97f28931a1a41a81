//! The argument, prover's side: from the words of the inputs to the inner proof.
//!
//! | module | step |
//! | --- | --- |
//! | [`columns`] | committed columns (spec section 4) |
//! | [`tree`] | PE.H: the range tree |
//! | [`reduction`] | PE.I: all linear claims to one point |
//! | [`prove`] | the order of it all |

pub mod columns;
pub mod dense;
pub mod prove;
pub mod reduction;
pub mod tree;

pub use columns::Columns;
pub use prove::{Phase, ProveError, Witness, prove};
