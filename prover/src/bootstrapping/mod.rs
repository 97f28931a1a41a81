//! Proof of bootstrapping, prover's side (`docs/spec/proof-of-bootstrapping.md`).
//!
//! | module | step |
//! | --- | --- |
//! | [`columns`] | committed columns, words of keys and handles |
//! | [`witness`] | columns of an evaluation, from the traces of its bootstrappings |
//! | [`keys`] | words of evaluation keys, their commitments and the cache of those: `trine-key-commitment` |
//! | [`commit`] | commitments of the rounds |
//! | [`rotation`], [`product`] | PB.A to PB.D: blind rotation |
//! | [`switch`] | PB.E: keyswitch product |
//! | [`tree`] | PB.H: look-ups |
//! | [`reduction`] | PB.I: all linear claims to one point |
//! | [`opening`] | PE.J to PE.K: all polynomials opened at that point |
//! | [`prove`] | the order of it all |
//! | [`partial`], [`checkpoint`] | a proof in the making, and its bytes |
//! | [`job`] | circuits of any size, segment by segment |

pub mod checkpoint;
pub mod columns;
pub mod commit;
pub mod job;
pub mod opening;
pub mod partial;
pub mod product;
pub mod prove;
pub mod reduction;
pub mod rotation;
pub mod switch;
pub mod tree;
pub mod witness;

pub use columns::{Columns, KeyWords};
pub use partial::Partial;
pub use prove::{Control, Phase, ProveError, Prover, Unattended};
pub use trine_key_commitment as keys;
pub use witness::{Witness, WitnessError};
