//! Prover of evaluation (`docs/spec/proof-of-evaluation.md`): argument, wrap circuit, worker.
//!
//! You want this crate if you make proofs. Those who accept them need `trine-verifier` alone.
//!
//! | module | holds |
//! | --- | --- |
//! | [`argument`] | columns, range tree, reduction: the inner proof, by the order of the message table |
//! | [`bootstrapping`] | the argument for circuits of bootstrappings |
//! | [`opening`] | steps PE.J*: folds of arity 16, one quotient |
//! | [`srs`] | development SRS, loader for powers-of-tau files |
//! | [`wrap`] | the circuit that verifies the field side |
//! | [`groth`] | Groth16 keys and proofs of the wrap circuit |
//! | [`ceremony`] | second phase of the setup: contributions, verification, keys for production |
//! | [`service`] | the worker's gRPC service |

pub mod argument;
pub mod bootstrapping;
pub mod ceremony;
pub mod groth;
pub mod mode;
pub mod opening;
pub mod service;
pub mod srs;
pub mod wrap;

pub use mode::Mode;
use trine_key_commitment::private_file;
