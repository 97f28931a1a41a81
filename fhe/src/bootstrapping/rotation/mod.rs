//! Exact blind rotation: accumulators through all groups of a multi-bit bootstrapping key, modulo 2^64.
//!
//! For group i, with the digits d of the accumulator ([`digits`]):
//!
//! ```text
//! acc[c] <- sum over rows u of d[u] * sum over subsets b of X^(a[i][b]) BK[i][b][u][c]   mod (X^N + 1, 2^64)
//! ```
//!
//! Every word is that of integer arithmetic, so it is the same on every machine and with every backend. The 16 rotated key
//! polynomials are summed as words; the sums and the digits are transformed modulo two primes, multiplied, transformed back
//! and recombined.
//!
//! | module | holds |
//! | --- | --- |
//! | [`digits`] | decomposition of the accumulator |
//! | `prime` | the two primes, why they suffice |
//! | `key` | order of the key's words, windows of a rotation |
//! | `batch`, `split` | order of work: a batch on a thread, one on two threads |
//! | `portable` | kernels in doubles, for any processor |
//! | `avx512` | kernels in 52-bit integer lanes |

#[cfg(target_arch = "x86_64")]
mod avx512;
mod backend;
mod batch;
pub mod digits;
mod key;
mod polynomial;
mod portable;
mod prime;
mod split;

#[cfg(test)]
mod evaluation;
#[cfg(test)]
mod tests;

pub use backend::Backend;
pub use batch::{Exponents, Observer};
pub use key::{GROUPING, RotationKey, RotationKeyError, SUBSETS};
pub use polynomial::{Accumulator, Polynomial};

/// Rotates a batch through all groups of a key, on this thread.
///
/// Batches of 16 to 32 make the best use of the caches. Panics if there are not as many exponents as accumulators, each
/// with as many groups as the key.
pub fn blind_rotate(
    backend: Backend,
    key: &RotationKey,
    accumulators: &mut [Accumulator],
    exponents: &[Exponents],
) {
    blind_rotate_observed(backend, key, accumulators, exponents, &mut ());
}

/// [`blind_rotate`], telling an observer the accumulators after each step.
pub fn blind_rotate_observed(
    backend: Backend,
    key: &RotationKey,
    accumulators: &mut [Accumulator],
    exponents: &[Exponents],
    observer: &mut impl Observer,
) {
    assert_eq!(accumulators.len(), exponents.len(), "accumulators and exponents");
    for exponents in exponents {
        assert_eq!(exponents.groups.len(), key.groups(), "groups of exponents and of the key");
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(kernels) = avx512::Avx512::when(backend) {
        return batch::rotate(&kernels, key, accumulators, exponents, observer);
    }
    batch::rotate(&portable::Portable::detect(), key, accumulators, exponents, observer);
}

/// Rotates one accumulator on two threads: this one and a scoped one. Half the time of [`blind_rotate`] for one alone.
///
/// Panics if the exponents have not as many groups as the key.
pub fn blind_rotate_split(
    backend: Backend,
    key: &RotationKey,
    accumulator: &mut Accumulator,
    exponents: &Exponents,
) {
    assert_eq!(exponents.groups.len(), key.groups(), "groups of exponents and of the key");
    #[cfg(target_arch = "x86_64")]
    if let Some(kernels) = avx512::Avx512::when(backend) {
        return split::rotate(&kernels, key, accumulator, exponents);
    }
    split::rotate(&portable::Portable::detect(), key, accumulator, exponents);
}
