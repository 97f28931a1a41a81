//! Noise: the variance of every block that is released, and the probability that its decryption fails.
//!
//! Variances are fractions of the torus (unit: q^2), as in tfhe-rs's `Variance`. Sums of many independent errors are
//! taken as Gaussian, as in tfhe-rs's own failure probabilities.

use crate::parameters::{
    BOOTSTRAPPING_BASE_BITS, CASTING_BASE_BITS, CASTING_LEVELS, GLWE_TUNIFORM_BITS, GROUPING_FACTOR, GROUPS,
    KEYSWITCH_BASE_BITS, KEYSWITCH_LEVELS, LWE_DIMENSION, PLAINTEXT_MODULUS, POLYNOMIAL_SIZE,
    SQUASHED_DIMENSION, SQUASHING_BASE_BITS, SQUASHING_GLWE_DIMENSION, SQUASHING_LEVELS,
    SQUASHING_TUNIFORM_BITS,
};
use tfhe::core_crypto::commons::noise_formulas::centered_mean_shifted_modulus_switch::centered_binary_shifted_modulus_switch_additive_variance;
use tfhe::core_crypto::commons::noise_formulas::lwe_keyswitch::keyswitch_additive_variance_132_bits_security_tuniform;
use tfhe::core_crypto::commons::noise_formulas::lwe_programmable_bootstrap::pbs_variance_132_bits_security_tuniform_fft_mul;
use tfhe::core_crypto::commons::noise_formulas::multi_bit_modulus_switch::multi_bit_modulus_switch_additive_variance;
use tfhe::core_crypto::commons::noise_formulas::noise_simulation::PBS_FFT_128_MANTISSA_SIZE;
use tfhe::core_crypto::prelude::{
    DecompositionBaseLog, DecompositionLevelCount, GlweDimension, LweDimension, PolynomialSize,
};
use trine_program::{LinearProgram, LinearRow};

/// Largest variance of a block that is squashed or released, unit q^2.
///
/// Squashing keyswitches the block (variance `KS`), switches it to modulus 2N (`MS`) and rounds to the nearest of 32
/// steps, so it fails when an error of variance `V + KS + MS` exceeds half a step, 1/64. With the formulas of tfhe-rs,
/// `KS = 1.48e-7` and `MS = 1.14e-6`. The Gaussian tail is 2^-128 at 13.109 standard deviations, so
/// `V <= (1/64 / 13.109)^2 - KS - MS = 1.305e-7`; the constant is that, rounded down. A test recomputes it.
///
/// A sum of fifteen fresh ballots has variance at most 7.8e-24: for linear programs on fresh values squashing alone decides,
/// with failure probability 2^-140. The bound matters once outputs of bootstrappings are released.
pub const MAX_VARIANCE: f64 = 1.3e-7;

/// Bound of the error of a squashed block, in bits: masks and the capacity check of the committee count on it.
pub const SQUASHED_ERROR_BITS: i32 = 69;

/// Variance of TUniform(2^b) on the integers: `(2^(2b+1) + 1) / 6` (tfhe-rs, `TUniform`).
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

/// Largest variance over the output blocks of a linear program on inputs of variance `input`, unit q^2: the square of
/// the sum of absolute weights.
///
/// Not the sum of squares: errors of one block position under one compact public key share a mean (the key's error
/// against a binary r), and outputs of earlier programs may share inputs. The square bounds sums of any correlation.
pub fn linear_variance(program: &LinearProgram, input: f64) -> f64 {
    let weight = |row: &LinearRow| {
        row.terms.iter().map(|t| f64::from(t.coefficient.unsigned_abs())).sum::<f64>().powi(2)
    };
    program.rows().iter().map(weight).fold(0.0, f64::max) * input
}

/// Variance that keyswitching to the small key adds, unit q^2 (tfhe-rs's formula).
pub fn keyswitch_variance() -> f64 {
    keyswitch_variance_of(KEYSWITCH_BASE_BITS, KEYSWITCH_LEVELS)
}

/// Variance that the casting keyswitch adds, unit q^2 (tfhe-rs's formula).
pub fn casting_variance() -> f64 {
    keyswitch_variance_of(CASTING_BASE_BITS, CASTING_LEVELS)
}

fn keyswitch_variance_of(base_bits: usize, levels: usize) -> f64 {
    keyswitch_additive_variance_132_bits_security_tuniform(
        LweDimension(POLYNOMIAL_SIZE),
        LweDimension(LWE_DIMENSION),
        DecompositionBaseLog(base_bits),
        DecompositionLevelCount(levels),
        2f64.powi(64),
        2f64.powi(64),
    )
    .0
}

/// Variance that the multi-bit switch to modulus 2N adds, unit q^2 (tfhe-rs's formula): one rounding error of the body and
/// one of each group, unless all key bits of the group are zero.
pub fn multi_bit_switch_variance() -> f64 {
    multi_bit_modulus_switch_additive_variance(
        LweDimension(LWE_DIMENSION),
        GROUPING_FACTOR as f64,
        2f64.powi(64),
        2.0 * POLYNOMIAL_SIZE as f64,
    )
    .0
}

/// Variance of an output of exact bootstrapping, unit q^2, whatever the noise of its input.
///
/// In each of G steps two digit polynomials of base B = 2^22 meet the noise of a sum of 2^g key polynomials, and what the
/// digits leave, uniform below 2^42, meets one and the binary key:
/// `G (2 N 2^g (B^2 + 2)/12 sigma^2 + (1 + N/2) (q/B)^2/12)`. tfhe-rs's
/// `multi_bit_pbs_variance_132_bits_security_tuniform_gf_4_fft_mul` has the same two terms and, as a third, the rounding of
/// its transform, which does not exist here.
pub fn bootstrapping_variance() -> f64 {
    let base = 2f64.powi(BOOTSTRAPPING_BASE_BITS as i32);
    let n = POLYNOMIAL_SIZE as f64;
    let subsets = 2f64.powi(GROUPING_FACTOR as i32);
    let products = 2.0 * n * subsets * (base.powi(2) + 2.0) / 12.0 * tuniform_variance(GLWE_TUNIFORM_BITS)
        / 2f64.powi(128);
    let rest = (1.0 + n / 2.0) / (12.0 * base.powi(2));
    GROUPS as f64 * (products + rest)
}

/// log2 of a bound of the probability that a bootstrapping reads a wrong box, for a block under the big key with this
/// variance.
///
/// The error of block, keyswitch and switch exceeds half a box, 1/64. tfhe-rs's set is made for sums of outputs with squared
/// coefficients of at most 25 in all: with its own bootstrapping this gives its stated 2^-134.3, with exact outputs 2^-143.8.
pub fn bootstrapping_failure_log2(variance: f64) -> f64 {
    let half_box = 1.0 / (4.0 * PLAINTEXT_MODULUS as f64);
    tail_log2(half_box / (variance + keyswitch_variance() + multi_bit_switch_variance()).sqrt())
}

/// [`bootstrapping_failure_log2`] for a block under the key pair of proven inputs, which the casting key brings in.
pub fn casting_failure_log2(variance: f64) -> f64 {
    let half_box = 1.0 / (4.0 * PLAINTEXT_MODULUS as f64);
    tail_log2(half_box / (variance + casting_variance() + multi_bit_switch_variance()).sqrt())
}

/// Variance that the centred switch to modulus 2N adds, unit q^2 (tfhe-rs's formula): rounding errors against a
/// uniform binary key whose mean is taken off, `n / 48` squared steps of 1/2N.
pub fn modulus_switch_variance() -> f64 {
    centered_binary_shifted_modulus_switch_additive_variance(
        LweDimension(LWE_DIMENSION),
        2f64.powi(64),
        2.0 * POLYNOMIAL_SIZE as f64,
    )
    .0
}

/// log2 of a bound of the probability that squashing changes the plaintext of a block of this variance.
pub fn squashing_failure_log2(variance: f64) -> f64 {
    let half_step = 1.0 / (4.0 * PLAINTEXT_MODULUS as f64);
    tail_log2(half_step / (variance + keyswitch_variance() + modulus_switch_variance()).sqrt())
}

/// Standard deviation of the error of a squashed block, on the integers modulo 2^128 (tfhe-rs's formula).
///
/// Independent of the noise before squashing: that is what squashing is for.
pub fn squashed_deviation() -> f64 {
    let variance = pbs_variance_132_bits_security_tuniform_fft_mul(
        LweDimension(LWE_DIMENSION),
        GlweDimension(SQUASHING_GLWE_DIMENSION),
        PolynomialSize(SQUASHED_DIMENSION / SQUASHING_GLWE_DIMENSION),
        DecompositionBaseLog(SQUASHING_BASE_BITS),
        DecompositionLevelCount(SQUASHING_LEVELS),
        PBS_FFT_128_MANTISSA_SIZE,
        2f64.powi(128),
    );
    variance.0.sqrt() * 2f64.powi(128)
}

/// Standard deviation of the error of a squashed block, were its products exact, on the integers modulo 2^128: what is
/// observed. [`squashed_deviation`] adds a bound of the transform's rounding and is the one that promises count on.
///
/// One external product leaves the digits against the key's noise, and what the digits leave against the key.
pub fn squashed_deviation_of_exact_products() -> f64 {
    let digit = 4f64.powi(SQUASHING_BASE_BITS as i32) / 12.0 + 1.0 / 6.0;
    let products = (SQUASHING_LEVELS * (SQUASHING_GLWE_DIMENSION + 1) * POLYNOMIAL_SIZE) as f64
        * digit
        * tuniform_variance(SQUASHING_TUNIFORM_BITS);
    let rest = (1.0 + SQUASHED_DIMENSION as f64 / 2.0) / 24.0
        * 4f64.powi(128 - (SQUASHING_BASE_BITS * SQUASHING_LEVELS) as i32);
    (LWE_DIMENSION as f64 * (products + rest)).sqrt()
}

/// log2 of a bound of the probability that the error of a squashed block reaches 2^[`SQUASHED_ERROR_BITS`].
pub fn squashed_error_log2() -> f64 {
    tail_log2(2f64.powi(SQUASHED_ERROR_BITS) / squashed_deviation())
}

/// log2 of `2 exp(-z^2/2) / (z sqrt(2 pi))`, an upper bound of the two-sided Gaussian tail beyond z deviations.
fn tail_log2(z: f64) -> f64 {
    (2.0 / (z * std::f64::consts::TAU.sqrt())).log2() - z * z / (2.0 * std::f64::consts::LN_2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::{LWE_TUNIFORM_BITS, development_policy};
    use tfhe::core_crypto::commons::noise_formulas::lwe_multi_bit_programmable_bootstrap::multi_bit_pbs_variance_132_bits_security_tuniform_gf_4_fft_mul;
    use tfhe::core_crypto::commons::noise_formulas::noise_simulation::PBS_FFT_64_MANTISSA_SIZE;
    use trine_program::{Declaration, KeyKind, ValueType};

    fn ballots(count: usize) -> LinearProgram {
        let ballot =
            Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: 3, degree: 1 };
        LinearProgram::sum(count, ballot, 15).unwrap()
    }

    #[test]
    fn the_bound_is_the_largest_to_two_digits() {
        assert!(squashing_failure_log2(MAX_VARIANCE) <= -128.0);
        assert!(squashing_failure_log2(MAX_VARIANCE + 1e-8) > -128.0);
    }

    #[test]
    fn a_tally_of_fifteen_stays_far_below_it() {
        let variance = linear_variance(&ballots(15), fresh_variance());
        assert!((variance / (225.0 * fresh_variance()) - 1.0).abs() < 1e-12);
        assert!(squashing_failure_log2(variance) < -140.0);
        assert_eq!(development_policy().check(&ballots(15)), Ok(()));
    }

    #[test]
    fn bootstrapping_fails_more_rarely_than_tfhe_rs_states() {
        let theirs = multi_bit_pbs_variance_132_bits_security_tuniform_gf_4_fft_mul(
            LweDimension(LWE_DIMENSION),
            GlweDimension(1),
            PolynomialSize(POLYNOMIAL_SIZE),
            DecompositionBaseLog(BOOTSTRAPPING_BASE_BITS),
            DecompositionLevelCount(1),
            PBS_FFT_64_MANTISSA_SIZE,
            2f64.powi(64),
        );
        let stated = bootstrapping_failure_log2(25.0 * theirs.0);
        assert!((stated + 134.345).abs() < 0.3, "2^{stated}");
        let exact = bootstrapping_failure_log2(25.0 * bootstrapping_variance());
        assert!((exact + 143.8).abs() < 0.1, "2^{exact}");
        let proven_input = casting_failure_log2(fresh_variance());
        assert!((proven_input + 138.6).abs() < 0.1, "2^{proven_input}");
    }

    /// The formulas hard-code minimal secure noise: here they are rebuilt from the set's own distributions.
    #[test]
    fn formulas_agree_with_the_noise_of_the_set() {
        let scale = 2f64.powi(128);
        let digits = |bits: usize| 4f64.powi(bits as i32) / 12.0 + 1.0 / 6.0;
        let keyswitch = (KEYSWITCH_LEVELS * POLYNOMIAL_SIZE) as f64
            * digits(KEYSWITCH_BASE_BITS)
            * tuniform_variance(LWE_TUNIFORM_BITS)
            / scale
            + POLYNOMIAL_SIZE as f64 / 24.0 * 4f64.powi(-((KEYSWITCH_BASE_BITS * KEYSWITCH_LEVELS) as i32));
        assert!((keyswitch_variance() / keyswitch - 1.0).abs() < 1e-3);

        let exact = squashed_deviation_of_exact_products();
        // tfhe-rs adds the rounding of the transform, so its deviation is the larger one.
        assert!(squashed_deviation() > exact && squashed_deviation() < 1.5 * exact);
        assert!(squashed_error_log2() < -300.0, "2^{}", squashed_error_log2());
    }
}
