//! Native verifier of the proof of evaluation (`docs/spec/proof-of-evaluation.md`).
//!
//! You want this crate if you accept proofs: keyholders, auditors, contracts' tests. It holds everything that both
//! sides must agree on - classes, digests, handles, transcript, proof format - and no proving code. Milliseconds,
//! no panics, no randomness, no I/O.
//!
//! | module | holds |
//! | --- | --- |
//! | [`class`] | every constant that fixes the shape of a proof, and the integer bounds derived from it |
//! | [`digest`] | keccak digests of `docs/spec/onchain.md` |
//! | [`handle`] | commitments, handle records, origins |
//! | [`statement`] | what is proved: domain and job; public inputs |
//! | [`transcript`] | Poseidon transcript with labels |
//! | [`program`] | Poseidon digest of a program, its dense matrix |
//! | [`claim`] | linear claims and product weights |
//! | [`lookup`] | steps PE.H*: the range tree |
//! | [`reduction`] | steps PE.I*: all linear claims to one point |
//! | [`relation`] | steps PE.G*, PE.O*: linear layer and output handles |
//! | [`opening`] | steps PE.J*, PE.K*: the batched opening |
//! | [`proof`] | the proof and its canonical bytes |
//! | [`verify`] | the verifier: numbered steps, one error each |
//! | [`bootstrapping`] | the argument for circuits of bootstrappings |
//! | [`srs`] | structured reference string: verifier's part, commitment key |
//!
//! What the caller must still discharge is listed at [`verify::verify`].

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod bootstrapping;
pub mod claim;
pub mod class;
pub mod digest;
pub mod error;
pub mod handle;
pub mod lookup;
pub mod opening;
pub mod program;
pub mod proof;
pub mod reduction;
pub mod relation;
pub mod srs;
pub mod statement;
pub mod transcript;
pub mod verify;

pub use class::Class;
pub use error::VerifyError;
pub use handle::{Commitment, HandleRecord, NamedCommitment, Origin};
pub use proof::InnerProof;
pub use statement::{Domain, Job, PublicInputs, Statement};
pub use transcript::Transcript;
pub use verify::verify;

/// A 32-byte digest, as on chain.
pub type Bytes32 = [u8; 32];
/// A 20-byte EVM address.
pub type Address = [u8; 20];
