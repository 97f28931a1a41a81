//! Circuits: checked before their job is stored, evaluated batch by batch, resumed from the wires on disk.
//!
//! | module | holds |
//! | --- | --- |
//! | [`admission`] | lowering, and the checks that a circuit passes before its job exists |
//! | [`key`] | the expanded evaluation key of the last key set used |
//! | [`evaluation`] | batches: evaluate, persist, announce |

pub mod admission;
pub mod evaluation;
pub mod key;

pub use key::KeyCache;
