//! Gadget decomposition of the accumulator: base 2^22, one level.
//!
//! A word x has the digit d in [-2^21, 2^21) with x + 2^41 = 2^42 d + rho modulo 2^64 and 0 <= rho < 2^42. At the one
//! word where tfhe-rs may choose either sign, the half-open interval decides.

use crate::parameters::COMPUTE;

/// b of the base 2^b.
pub const DIGIT_BITS: u32 = 22;
/// Bits of a word below its digit.
pub const REMAINDER_BITS: u32 = 64 - DIGIT_BITS;
/// What is added to a word so that dropping the remainder rounds.
pub const ROUNDING: u64 = 1 << (REMAINDER_BITS - 1);

const _: () = assert!(COMPUTE.pbs_base_log.0 == DIGIT_BITS as usize && COMPUTE.pbs_level.0 == 1);

/// The digit d of a word.
pub const fn digit(word: u64) -> i64 {
    word.wrapping_add(ROUNDING) as i64 >> REMAINDER_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digit_is_in_its_half_open_interval_and_leaves_a_short_remainder() {
        let boundary = (1u64 << 63) - ROUNDING;
        for word in [0, 1, ROUNDING - 1, ROUNDING, boundary - 1, boundary, boundary + 1, 1 << 63, u64::MAX] {
            let d = digit(word);
            assert!((-(1 << 21)..1 << 21).contains(&d), "{word}: {d}");
            let rho = word.wrapping_add(ROUNDING).wrapping_sub((d << REMAINDER_BITS) as u64);
            assert!(rho < 1 << REMAINDER_BITS, "{word}: {rho}");
        }
        assert_eq!((digit(boundary - 1), digit(boundary)), ((1 << 21) - 1, -(1 << 21)));
        assert_eq!((digit(ROUNDING - 1), digit(ROUNDING), digit(u64::MAX)), (0, 1, 0));
    }
}
