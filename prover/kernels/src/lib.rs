//! Arithmetic that the prover of bootstrapping stands on, at the speed of the machine.
//!
//! You want this crate if you prove: it works on eight elements of BN254's scalar field at a time, with AVX-512
//! IFMA or with AVX2 and FMA where the processor has them, and with arkworks everywhere else. It knows nothing of what
//! is proved, and no verifier depends on it.
//!
//! | module | holds |
//! | --- | --- |
//! | [`buffer`] | large memory on huge pages |
//! | [`field`] | back ends, eight elements at a time, vectors of elements |
//! | [`msm`] | multi-scalar multiplication |
//! | [`transform`] | negacyclic number-theoretic transforms |

pub mod buffer;
pub mod field;
pub mod msm;
pub mod transform;

pub use buffer::Buffer;
pub use field::{Backend, Block, FieldVector, Kernel, LANES, Lanes, Scaled};
