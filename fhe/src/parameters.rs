//! The parameter set, in one place.
//!
//! tfhe-rs's multi-bit set of grouping factor 4 with two message and two carry bits; failure probability 2^-134.3 as
//! tfhe-rs states it. Its GPU twin has the same numbers.

use tfhe::shortint::parameters::v1_8::{
    V1_8_NOISE_SQUASHING_PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128,
    V1_8_PARAM_MULTI_BIT_GROUP_4_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128,
};
use tfhe::shortint::parameters::{MultiBitPBSParameters, NoiseSquashingParameters};
use trine_program::ReleasePolicy;

/// Name of the parameter set.
pub const NAME: &str = "V1_8_PARAM_MULTI_BIT_GROUP_4_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128";
/// The parameter set of computation.
pub const COMPUTE: MultiBitPBSParameters =
    V1_8_PARAM_MULTI_BIT_GROUP_4_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128;
/// Noise squashing: the classic set, four times faster to generate than the multi-bit one and twice as fast to run.
pub const SQUASHING: NoiseSquashingParameters =
    V1_8_NOISE_SQUASHING_PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128;

/// N: polynomial size, and mask words of a ciphertext under the big key (k = 1).
pub const POLYNOMIAL_SIZE: usize = 2048;
/// n: mask words under the small key.
pub const LWE_DIMENSION: usize = 920;
/// Words of a ciphertext block: mask and body.
pub const BLOCK_WORDS: usize = POLYNOMIAL_SIZE + 1;
/// Words that a block takes in a commitment: twice the polynomial size.
pub const BLOCK_STRIDE: usize = 2 * POLYNOMIAL_SIZE;
/// Step between two plaintexts of a block: two message bits, two carry bits and the padding bit from the top.
pub const DELTA: u64 = 1 << 59;
/// Plaintexts of a block: 0 to 15 below the padding bit.
pub const PLAINTEXT_MODULUS: u64 = 16;
/// b of the TUniform distribution of the big key: values in [-2^b, 2^b].
pub const GLWE_TUNIFORM_BITS: u32 = 17;
/// Base 2^b of the bootstrapping decomposition (one level).
pub const BOOTSTRAPPING_BASE_BITS: u32 = 22;
/// Mask words of a squashed block (k N of the squashing set).
pub const SQUASHED_DIMENSION: usize = 4096;

/// Variance of TUniform(2^b), unit: squares of the integer scale. `(2^(2b+1) + 1) / 6` (tfhe-rs, `TUniform`).
pub fn tuniform_variance(bits: u32) -> f64 {
    (2f64.powi(2 * bits as i32 + 1) + 1.0) / 6.0
}

/// Variance of a fresh encryption under the compact public key, unit q^2.
///
/// Joye's scheme (IACR 2023/603): the error is `e r + e2 - e1 s` with r and s uniform binary of N coefficients, so
/// `(N/2 + N/2 + 1)` variances of TUniform(2^17).
pub fn fresh_variance() -> f64 {
    (POLYNOMIAL_SIZE as f64 + 1.0) * tuniform_variance(GLWE_TUNIFORM_BITS) / 2f64.powi(128)
}

/// Variance of the decomposition rounding alone in one bootstrapping, unit q^2: a lower bound on what tfhe-rs calls
/// noise level 1. Each of the n/4 = 230 external products rounds to 2^42, against a binary key of N coefficients:
/// `230 (1 + N/2) 2^84 / 12`.
///
/// A linear result below it carries less noise than one bootstrapping output, and so may be declared noise level 1:
/// the failure probability of the set (2^-134 at noise level 5) then bounds that of its decryption.
pub fn nominal_variance() -> f64 {
    let steps = LWE_DIMENSION as f64 / 4.0;
    let rounding = 2f64.powi(2 * (64 - BOOTSTRAPPING_BASE_BITS as i32)) / 12.0;
    steps * (1.0 + POLYNOMIAL_SIZE as f64 / 2.0) * rounding / 2f64.powi(128)
}

/// The release policy for this parameter set.
pub fn release_policy() -> ReleasePolicy {
    ReleasePolicy { fresh_variance: fresh_variance(), max_variance: nominal_variance() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_those_of_the_set() {
        assert_eq!(COMPUTE.polynomial_size.0, POLYNOMIAL_SIZE);
        assert_eq!(COMPUTE.glwe_dimension.0, 1);
        assert_eq!(COMPUTE.lwe_dimension.0, LWE_DIMENSION);
        assert_eq!(COMPUTE.pbs_base_log.0, BOOTSTRAPPING_BASE_BITS as usize);
        assert_eq!(COMPUTE.pbs_level.0, 1);
        assert_eq!(COMPUTE.message_modulus.0 * COMPUTE.carry_modulus.0, PLAINTEXT_MODULUS);
        assert_eq!(DELTA, trine_program::policy::DELTA);
        assert!(fresh_variance() < nominal_variance() / 2f64.powi(40));
        let NoiseSquashingParameters::Classic(squashing) = SQUASHING else { panic!("classic set") };
        assert_eq!(squashing.glwe_dimension.0 * squashing.polynomial_size.0, SQUASHED_DIMENSION);
    }
}
