//! Programs over encrypted values: what is computed, written down so that everybody hashes the same bytes.
//!
//! You want this crate if you register, evaluate, prove, release or audit a program. It knows no ciphertext,
//! no key, no field: values in, values out, so that a keyholder or an auditor reads little.
//!
//! | module | holds |
//! | --- | --- |
//! | [`value`] | types of encrypted values, key kinds, declarations of handles |
//! | [`linear`] | linear programs: weighted sums of ciphertext blocks plus a constant |
//! | [`text`] | the canonical text of a program and its identifier (keccak-256 of the text) |
//! | [`policy`] | what linear programs may release, in development: recomputed from the text by each keyholder |
//! | [`operation`] | operation lists: typed operations over handles, what an application submits |
//! | [`lowering`] | from an operation list to a circuit with few bootstrappings |
//! | [`circuit`] | circuits of bootstrappings, their text, plaintext interpreter and admission check |
//! | [`limits`] | limits of operation lists and circuits |
//!
//! Place among the crates: `trine-fhe` evaluates a program, `trine-verifier` and `trine-prover` prove its
//! evaluation, `trine-keyholder` applies [`policy`] and [`circuit::release`], `trine-engine` and `trine` carry it.

pub mod circuit;
pub mod limits;
pub mod linear;
pub mod lowering;
pub mod operation;
pub mod policy;
pub mod text;
pub mod value;

pub use circuit::Circuit;
pub use linear::{LinearProgram, LinearRow, ProgramError, Term};
pub use lowering::lower;
pub use operation::OperationList;
pub use policy::{DevelopmentPolicy, PolicyViolation};
pub use text::{ProgramId, TextError};
pub use value::{Declaration, KeyKind, ValueType};
