//! Eight elements of BN254's scalar field at a time, generic over the back end.
//!
//! A computation is a [`Kernel`]: its `run` is written once over [`Lanes`], and [`Backend::run`] enters it with the
//! instructions of the machine. Data rest in [`Block`]s, whose contents belong to the back end that stored them.
//!
//! ```
//! use ark_bn254::Fr;
//! use trine_kernels::{Backend, FieldVector, Kernel, Lanes};
//!
//! /// Sum of the elements of a vector.
//! struct Total<'a>(&'a FieldVector);
//!
//! impl Kernel for Total<'_> {
//!     type Output = Fr;
//!     #[inline(always)]
//!     fn run<L: Lanes>(self) -> Fr {
//!         let mut total = L::zero();
//!         for block in self.0.blocks() {
//!             total = total.add(L::load(block));
//!         }
//!         total.sum()
//!     }
//! }
//!
//! let backend = Backend::detect();
//! let vector = FieldVector::from_elements(backend, &[Fr::from(2u64), Fr::from(3u64)]);
//! assert_eq!(backend.run(Total(&vector)), Fr::from(5u64));
//! ```

#![expect(
    clippy::needless_range_loop,
    reason = "limbs and lanes are indexed alike in several arrays; closures would not be compiled for the instructions"
)]

#[cfg(target_arch = "x86_64")]
mod avx512;
mod backend;
mod block;
#[cfg(target_arch = "x86_64")]
mod fused;
pub(crate) mod ifma;
mod lanes;
mod portable;
#[cfg(test)]
mod tests;
mod vector;
#[cfg(target_arch = "x86_64")]
mod vector_unit;

pub use backend::{Backend, Kernel};
pub use block::Block;
pub use lanes::{LANES, Lanes, Scaled};
pub use vector::FieldVector;
#[cfg(target_arch = "x86_64")]
pub use vector_unit::VectorUnit;
