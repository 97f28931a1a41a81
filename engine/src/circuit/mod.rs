//! Circuits: checked before their job is stored, evaluated batch by batch, resumed from the wires on disk.
//!
//! | module | holds |
//! | --- | --- |
//! | [`admission`] | lowering, and the checks that a circuit passes before its job exists |
//! | [`registered`] | what contract and engine both say about a circuit's text |
//! | [`key`] | the expanded evaluation key of the last key set used |
//! | [`evaluation`] | batches: evaluate, persist, announce |
//! | [`links`] | what one segment hands to the next ones |
//! | [`refusal`] | why a circuit is none, or is the answer to no request |
//! | [`statement`] | what a proof of a circuit states, and trust in it |

pub mod admission;
pub mod evaluation;
pub mod key;
pub mod links;
pub mod refusal;
pub mod registered;
pub mod statement;

pub use key::KeyCache;
pub use refusal::CircuitRefusal;
pub use registered::{Registered, SegmentedRecord};
