//! The multi-bit modulus switch: from words under the small key to exponents of the blind rotation.

use super::keyswitch::SmallWords;
use super::rotation::Exponents;
use crate::parameters::{GROUPING_FACTOR, GROUPS, LWE_DIMENSION, POLYNOMIAL_SIZE};

/// Bits of an exponent: exponents are taken modulo 2N.
pub const EXPONENT_BITS: u32 = (2 * POLYNOMIAL_SIZE).trailing_zeros();
/// Bits that the switch rounds away.
pub const DROPPED_BITS: u32 = u64::BITS - EXPONENT_BITS;
/// Subsets of a group, the empty one included.
pub const SUBSETS: usize = 1 << GROUPING_FACTOR;

/// A ciphertext under the small key, switched to modulus 2N.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switched {
    /// Exponents of every group and subset.
    pub exponents: Exponents,
    /// The body, below 2N.
    pub body: u16,
}

/// The nearest multiple of 2^52, as a number below 2N; half way goes up.
pub fn switch_word(word: u64) -> u16 {
    (word.wrapping_add(1 << (DROPPED_BITS - 1)) >> DROPPED_BITS) as u16
}

/// Words of a group whose sum is switched for a subset: the first word is the top bit of the subset.
pub fn members(subset: usize) -> impl Iterator<Item = usize> {
    (0..GROUPING_FACTOR).filter(move |word| subset >> (GROUPING_FACTOR - 1 - word) & 1 == 1)
}

/// EV.S1: switches the *sum* of each subset's words, as tfhe-rs's `modulus_switch_multi_bit` does, and the body.
///
/// Not the words: four rounding errors would add up where a group leaves one.
pub fn switch(small: &SmallWords) -> Switched {
    let words = small.words();
    let groups = words[..LWE_DIMENSION]
        .chunks_exact(GROUPING_FACTOR)
        .map(|group| std::array::from_fn(|subset| switch_word(subset_sum(group, subset))))
        .collect::<Vec<[u16; SUBSETS]>>();
    debug_assert_eq!(groups.len(), GROUPS);
    Switched { exponents: Exponents { groups }, body: switch_word(words[LWE_DIMENSION]) }
}

fn subset_sum(group: &[u64], subset: usize) -> u64 {
    members(subset).fold(0, |sum, word| sum.wrapping_add(group[word]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tfhe::core_crypto::prelude::{
        CiphertextModulus, LweBskGroupingFactor, LweCiphertext, MultiBitModulusSwitchedLweCiphertext,
        PolynomialSize, StandardMultiBitModulusSwitchedCt,
    };

    fn assert_as_tfhe_rs(words: Vec<u64>) {
        let ours = switch(&SmallWords::new(words.clone()).unwrap());
        let theirs = StandardMultiBitModulusSwitchedCt {
            input: LweCiphertext::from_container(words, CiphertextModulus::new_native()),
            grouping_factor: LweBskGroupingFactor(GROUPING_FACTOR),
            log_modulus: PolynomialSize(POLYNOMIAL_SIZE).to_blind_rotation_input_modulus_log(),
        };
        assert_eq!(usize::from(ours.body), theirs.switched_modulus_input_lwe_body());
        for (group, exponents) in ours.exponents.groups.iter().enumerate() {
            assert_eq!(exponents[0], 0);
            let ours = exponents[1..].iter().map(|a| usize::from(*a));
            assert!(ours.eq(theirs.switched_modulus_input_mask_per_group(group)), "group {group}");
        }
    }

    #[test]
    fn half_way_goes_up_and_the_top_wraps() {
        let step = 1u64 << DROPPED_BITS;
        assert_eq!(EXPONENT_BITS, 12);
        assert_eq!(switch_word(step / 2 - 1), 0);
        assert_eq!(switch_word(step / 2), 1);
        assert_eq!(switch_word(step * 4095 + step / 2 - 1), 4095);
        assert_eq!(switch_word(step * 4095 + step / 2), 0);
        assert_eq!(switch_word(u64::MAX), 0);
    }

    /// EV.S1: each word alone rounds to zero, two of them to one.
    #[test]
    fn the_sum_is_switched_and_not_the_words() {
        let mut words = vec![0; LWE_DIMENSION + 1];
        words[..4].fill(3 << (DROPPED_BITS - 3));
        let switched = switch(&SmallWords::new(words.clone()).unwrap());
        let first = switched.exponents.groups[0];
        for (subset, exponent) in first.iter().enumerate() {
            assert_eq!(*exponent, [0, 0, 1, 1, 2][subset.count_ones() as usize], "subset {subset}");
        }
        assert_as_tfhe_rs(words);
    }

    #[test]
    fn the_first_word_is_the_top_bit_of_a_subset() {
        let words = (0..=LWE_DIMENSION as u64).map(|m| (m % 4 + 1) << DROPPED_BITS).collect();
        let switched = switch(&SmallWords::new(words).unwrap());
        assert_eq!(switched.exponents.groups[7], [0, 4, 3, 7, 2, 6, 5, 9, 1, 5, 4, 8, 3, 7, 6, 10]);
    }

    #[test]
    fn edges_switch_as_in_tfhe_rs() {
        let half = 1u64 << (DROPPED_BITS - 1);
        let edges = [0, 1, half - 1, half, half + 1, u64::MAX, u64::MAX - half, 1 << 63, (1 << 63) - half];
        let words = (0..=LWE_DIMENSION).map(|m| edges[(m * 7 + m / 9) % edges.len()]).collect();
        assert_as_tfhe_rs(words);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn random_words_switch_as_in_tfhe_rs(words in prop::collection::vec(any::<u64>(), LWE_DIMENSION + 1)) {
            assert_as_tfhe_rs(words);
        }
    }
}
