//! The blind rotation's key as the kernels read it.

use crate::parameters::{COMPUTE, POLYNOMIAL_SIZE};
use rayon::prelude::*;

/// Mask words of the small key that one step takes together.
pub const GROUPING: usize = COMPUTE.grouping_factor.0;
/// Subsets of a group, the empty one included.
pub const SUBSETS: usize = 1 << GROUPING;
/// Words in front of a key polynomial that repeat its end with the opposite sign.
pub const OVERLAP: usize = 64;

/// Added to the words of subset 0, which is never rotated: sums of all subsets then hold their centred value plus 2^63.
const CENTRE: u64 = 1 << 63;
const WORDS: usize = OVERLAP + POLYNOMIAL_SIZE;
const COMPONENTS: usize = 2;

/// The words of a multi-bit bootstrapping key in the order of their use: `[group][output c][row u][subset]`.
///
/// 270 kB an operand, 249 MB for the 230 groups of the parameter set.
pub struct RotationKey {
    polynomials: Vec<KeyPolynomial>,
}

/// The 16 key polynomials of one group, output component and row, by subset.
pub type Operand = [KeyPolynomial; SUBSETS];

/// A key polynomial behind a negated copy of its last [`OVERLAP`] words, so that a window of a rotation is contiguous.
#[derive(Clone)]
#[repr(C, align(64))]
pub struct KeyPolynomial([u64; WORDS]);

/// Words that are no key of the number of groups expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bootstrapping key of {got} words, expected {expected} for {groups} groups")]
pub struct RotationKeyError {
    /// Words given.
    pub got: usize,
    /// Words expected.
    pub expected: usize,
    /// Groups asked for.
    pub groups: usize,
}

impl RotationKey {
    /// From the words of tfhe-rs's `LweMultiBitBootstrapKey`: `[group][subset][row u][column c][N]`.
    pub fn from_words(groups: usize, words: &[u64]) -> Result<Self, RotationKeyError> {
        let group_words = SUBSETS * COMPONENTS * COMPONENTS * POLYNOMIAL_SIZE;
        let expected = groups.saturating_mul(group_words);
        if words.len() != expected {
            return Err(RotationKeyError { got: words.len(), expected, groups });
        }
        let polynomials = (0..groups * COMPONENTS * COMPONENTS * SUBSETS)
            .into_par_iter()
            .map(|index| {
                let (operand, subset) = (index / SUBSETS, index % SUBSETS);
                let (group, c, u) = (operand / 4, operand / 2 % 2, operand % 2);
                let start = (((group * SUBSETS + subset) * 2 + u) * 2 + c) * POLYNOMIAL_SIZE;
                KeyPolynomial::new(
                    &words[start..start + POLYNOMIAL_SIZE],
                    if subset == 0 { CENTRE } else { 0 },
                )
            })
            .collect();
        Ok(Self { polynomials })
    }

    /// Number of groups.
    pub fn groups(&self) -> usize {
        self.polynomials.len() / (COMPONENTS * COMPONENTS * SUBSETS)
    }

    /// The words of a key polynomial as tfhe-rs keeps them, constant term first.
    pub fn words(&self, group: usize, subset: usize, u: usize, c: usize) -> impl Iterator<Item = u64> {
        let polynomial = &self.operands(group, c)[u][subset];
        let offset = if subset == 0 { CENTRE } else { 0 };
        polynomial.0[OVERLAP..].iter().map(move |word| word.wrapping_sub(offset))
    }

    /// The operands of both rows for an output component of a step.
    pub(super) fn operands(&self, group: usize, c: usize) -> [&Operand; 2] {
        let first = (group * COMPONENTS + c) * COMPONENTS;
        let operands = self.polynomials.as_chunks::<SUBSETS>().0;
        [&operands[first], &operands[first + 1]]
    }
}

impl KeyPolynomial {
    fn new(words: &[u64], offset: u64) -> Self {
        let mut polynomial = Self([0; WORDS]);
        let (overlap, own) = polynomial.0.split_at_mut(OVERLAP);
        for (to, word) in own.iter_mut().zip(words) {
            *to = word.wrapping_add(offset);
        }
        for (to, word) in overlap.iter_mut().zip(&words[POLYNOMIAL_SIZE - OVERLAP..]) {
            *to = word.wrapping_neg();
        }
        polynomial
    }

    /// Coefficients `start .. start + W` of X^exponent times this polynomial, and whether their sign is to be changed.
    ///
    /// W at most [`OVERLAP`]; the exponent is taken modulo 2N.
    #[inline]
    pub(super) fn window<const W: usize>(&self, start: usize, exponent: u16) -> (&[u64; W], bool) {
        const { assert!(W <= OVERLAP) };
        let (half_turn, shift) = (exponent & 0x800 != 0, usize::from(exponent) & (POLYNOMIAL_SIZE - 1));
        // A window that begins at most OVERLAP before the start of the polynomial lies in the overlap; one further in
        // front is, with the opposite sign, a window N later.
        let (first, negative) = if start + OVERLAP >= shift {
            (start + OVERLAP - shift, half_turn)
        } else {
            (start + OVERLAP + POLYNOMIAL_SIZE - shift, !half_turn)
        };
        let window = self.0[first..].first_chunk();
        (window.expect("a window ends within the polynomial"), negative)
    }

    /// Coefficients `start .. start + W` of this polynomial.
    #[inline]
    pub(super) fn unrotated<const W: usize>(&self, start: usize) -> &[u64; W] {
        self.0[OVERLAP + start..].first_chunk().expect("a window ends within the polynomial")
    }
}

const _: () = assert!(POLYNOMIAL_SIZE == 0x800);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_another_length_are_refused() {
        let words = vec![0; SUBSETS * 4 * POLYNOMIAL_SIZE];
        assert_eq!(RotationKey::from_words(1, &words).map(|key| key.groups()), Ok(1));
        for groups in [0, 2, usize::MAX] {
            let error = RotationKey::from_words(groups, &words).err().unwrap();
            assert_eq!((error.got, error.groups), (words.len(), groups));
        }
        assert!(RotationKey::from_words(1, &words[1..]).is_err());
    }

    #[test]
    fn windows_are_those_of_the_rotated_polynomial() {
        let words: Vec<u64> = (1..=POLYNOMIAL_SIZE as u64).collect();
        let polynomial = KeyPolynomial::new(&words, 0);
        for exponent in [0, 1, 31, 32, 33, 63, 64, 65, 1023, 2047, 2048, 2049, 2111, 2112, 2113, 4032, 4095] {
            let mut rotated = vec![0u64; POLYNOMIAL_SIZE];
            for (j, word) in words.iter().enumerate() {
                let place = (j + exponent) % (2 * POLYNOMIAL_SIZE);
                let wraps = place >= POLYNOMIAL_SIZE;
                rotated[place % POLYNOMIAL_SIZE] = if wraps { word.wrapping_neg() } else { *word };
            }
            for start in (0..POLYNOMIAL_SIZE).step_by(64) {
                let (window, negative) = polynomial.window::<64>(start, exponent as u16);
                let signed = window.map(|w| if negative { w.wrapping_neg() } else { w });
                assert_eq!(signed[..], rotated[start..start + 64], "{exponent} {start}");
            }
        }
    }
}
