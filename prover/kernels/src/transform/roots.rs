//! The roots of `X^N + 1` in the scalar field.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, BigInteger, FftField, Field, PrimeField};

/// log2 of the largest size: `r - 1` is divisible by `2^28`, and a size N takes roots of order 2N.
const MAX_LOG_SIZE: u32 = Fr::TWO_ADICITY - 1;

/// A size that the field has no transform for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("size {0} is not a power of two from 2 to 2^{MAX_LOG_SIZE}")]
pub struct SizeError(pub usize);

/// `w = 5^((r-1) / 2N)`: the root of order 2N whose odd powers are the roots of `X^N + 1`.
///
/// # Errors
///
/// Where `size` is not a power of two from 2 to `2^27`.
pub fn root(size: usize) -> Result<Fr, SizeError> {
    let log_size = size.trailing_zeros();
    if !size.is_power_of_two() || log_size == 0 || log_size > MAX_LOG_SIZE {
        return Err(SizeError(size));
    }
    let mut exponent = (-Fr::ONE).into_bigint();
    for _ in 0..=log_size {
        exponent.div2();
    }
    Ok(Fr::GENERATOR.pow(exponent))
}

/// The roots that every layer multiplies by: at `n/2 + z`, for `n = 2, 4 .. size` and `z < n/2`, `zeta_z` of size n.
pub(super) fn layered(size: usize) -> Result<Vec<Fr>, SizeError> {
    let w = root(size)?;
    let mut roots = vec![Fr::ZERO; size];
    let mut power = w;
    for z in 0..size / 2 {
        roots[size / 2 + z] = power;
        power *= w.square();
    }
    // zeta_z of size n/2 is the square of zeta_z of size n.
    for at in (1..size / 2).rev() {
        let layer = 1 << at.ilog2();
        roots[at] = roots[at + layer].square();
    }
    Ok(roots)
}
