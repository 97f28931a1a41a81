//! Exact bootstrapping: keyswitch, modulus switch, blind rotation and extraction in integer arithmetic, the same words on
//! every machine (`docs/spec/evaluator.md`).
//!
//! tfhe-rs rotates by a floating-point transform, which rounds differently from machine to machine. Here everything is
//! exact, so that an output is a function of program, key and inputs, and can be proved. An unmodified client key of
//! tfhe-rs decrypts it.
//!
//! | module | holds |
//! | --- | --- |
//! | [`evaluator`] | batches of bootstrappings over threads |
//! | [`key`] | the evaluation key, from tfhe-rs's compressed server key |
//! | [`keyswitch`] | from the big key, or the key of proven inputs, to the small one |
//! | [`modulus_switch`] | exponents of the rotation |
//! | [`table`] | lookup tables |
//! | [`rotation`] | blind rotation (EV.R2, EV.R3) |
//! | [`extraction`] | a coefficient of an accumulator as a block |
//! | [`trace`] | the columns that a prover commits to |

pub mod evaluator;
pub mod extraction;
pub mod key;
pub mod keyswitch;
pub mod modulus_switch;
pub mod rotation;
pub mod table;
pub mod trace;

pub use evaluator::{Evaluator, EvaluatorError, Request};
pub use key::EvaluationKey;
pub use table::LookupTable;
