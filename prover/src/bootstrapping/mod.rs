//! Proof of bootstrapping, prover's side (`docs/spec/proof-of-bootstrapping.md`).
//!
//! | module | step |
//! | --- | --- |
//! | [`columns`] | committed columns, words of keys and handles |

pub mod columns;

pub use columns::{Columns, KeyWords};
