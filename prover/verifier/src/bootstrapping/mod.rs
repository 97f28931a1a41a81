//! Proof of bootstrapping: that a circuit was evaluated exactly (`docs/spec/proof-of-bootstrapping.md`).
//!
//! Keyswitch, modulus switch, blind rotation, extraction and linear layer, at the production parameter set or a reduced
//! one. Transcript, opening and handles are those of the crate; here is what the argument adds.
//!
//! | module | holds |
//! | --- | --- |
//! | [`parameters`] | parameter sets, and the integer bounds derived from them |
//! | [`column`], [`shape`] | columns, and in which polynomial each lies |
//! | [`program`], [`statement`] | what is proved |
//! | [`key_points`] | commitments of an evaluation key as they travel |
//! | [`claim`], [`weight`] | linear claims, and weights with closed-form extensions |
//! | [`slot`] | points over the slots of bootstrappings |
//! | [`sumcheck`], [`product`] | sumchecks |
//! | [`accumulator`] | steps PB.A, PB.B: accumulators are external products |
//! | [`key`] | steps PB.C, PB.D: combined keys are sums of rotated keys |
//! | [`switch`] | steps PB.E: keyswitch product, modulus switch |
//! | [`keyswitch`], [`digits`] | steps PB.F: decomposition of the keyswitch's input |
//! | [`combination`], [`outputs`] | steps PB.G, PB.O: linear layer, output handles |
//! | [`lookup`] | steps PB.H: ranges, decompositions, exponents |
//! | [`reduction`] | steps PB.I: all linear claims to one point |
//! | [`registration`] | what is claimed about a circuit on chain |
//! | [`segment`] | jobs of several proofs, linked by handles |
//! | [`batch`] | proofs of several jobs |
//! | [`proof`] | the proof and its canonical bytes |
//! | [`verify`] | the verifier |

pub mod accumulator;
pub mod batch;
pub mod checks;
pub mod claim;
pub mod column;
pub mod combination;
pub mod digits;
pub mod error;
pub mod key;
pub mod key_points;
pub mod keyswitch;
pub mod lookup;
pub mod outputs;
pub mod parameters;
pub mod product;
pub mod program;
pub mod proof;
pub mod reduction;
pub mod registration;
pub mod segment;
pub mod shape;
pub mod slot;
pub mod statement;
pub mod sumcheck;
pub mod switch;
pub mod verify;
pub mod weight;

pub use batch::Batch;
pub use checks::{Check, Checks};
pub use error::Rejection;
pub use parameters::Parameters;
pub use proof::CircuitProof;
pub use shape::{Column, Family, Shape};
pub use statement::{KeyCommitments, Statement};
pub use verify::{verify, verify_field};
