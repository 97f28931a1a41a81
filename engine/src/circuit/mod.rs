//! Circuits: checked before their job is stored, evaluated batch by batch, resumed from the wires on disk.
//!
//! | module | holds |
//! | --- | --- |
//! | [`admission`] | lowering, and the checks that a circuit passes before its job exists |
//! | [`claim`] | what contract and engine both say about a circuit's text |
//! | [`key`] | the expanded evaluation key of the last key set used |
//! | [`evaluation`] | batches: evaluate, persist, announce |
//! | [`refusal`] | why a circuit is none, or is the answer to no request |
//! | [`statement`] | what a proof of a circuit states, and trust in it |

pub mod admission;
pub mod claim;
pub mod evaluation;
pub mod key;
pub mod refusal;
pub mod statement;

pub use claim::CircuitClaim;
pub use key::KeyCache;
pub use refusal::CircuitRefusal;
