//! Scalars cut into digits: window `w` of width `c` weighs `2^(c w)`.

use ark_bn254::Fr;
use ark_ff::PrimeField;
use rayon::prelude::*;

/// Widest window: 2^18 buckets are 16 MiB.
const WIDEST: u32 = 18;

/// A digit is added once to a bucket; every bucket once to a row, once to a column, and to other segments' buckets.
const ADDITIONS_PER_BUCKET: u64 = 3;

/// Number and width of the windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Windows {
    /// Windows of every scalar.
    pub count: usize,
    /// Bits of a window.
    pub width: u32,
    /// Largest absolute value of a digit.
    pub buckets: usize,
}

impl Windows {
    fn additions(&self, rows: usize) -> u64 {
        self.count as u64 * (rows as u64 + ADDITIONS_PER_BUCKET * self.buckets as u64)
    }

    /// Digits from 0 to `2^width - 1`, for integers below `2^bits`, `1 <= bits <= 64`.
    fn unsigned(bits: u32, rows: usize) -> Self {
        (1..=bits)
            .map(|count| (count, bits.div_ceil(count)))
            .filter(|(_, width)| *width <= WIDEST)
            .map(|(count, width)| Self { count: count as usize, width, buckets: (1 << width) - 1 })
            .min_by_key(|windows| windows.additions(rows))
            .unwrap_or(Self { count: bits as usize, width: 1, buckets: 1 })
    }

    /// Digits from `-2^(width - 1)` to `2^(width - 1)`, for field elements.
    fn signed(rows: usize) -> Self {
        (4..=WIDEST)
            .map(Self::signed_of_width)
            .min_by_key(|windows| windows.additions(rows))
            .unwrap_or(Self::signed_of_width(4))
    }

    /// One bit more than a field element has, so that the last window takes the carry.
    fn signed_of_width(width: u32) -> Self {
        let count = (Fr::MODULUS_BIT_SIZE + 1).div_ceil(width) as usize;
        Self { count, width, buckets: 1 << (width - 1) }
    }
}

/// Rows of digits.
pub(crate) trait Scalars: Sync {
    fn rows(&self) -> usize;
    fn windows(&self) -> Windows;
    /// Digit of a row in a window; its absolute value is at most the number of buckets.
    fn digit(&self, row: usize, window: usize) -> i64;
}

/// Integers of the machine with digits as they are.
pub(crate) struct Integers<'a, W> {
    words: &'a [W],
    windows: Windows,
}

impl<'a, W: Copy + Into<u64>> Integers<'a, W> {
    /// The windows are those of the largest word and of the words other than zero.
    pub fn new(words: &'a [W]) -> Self {
        let union = words.iter().fold(0, |union, word| union | (*word).into());
        let rows = words.iter().filter(|word| (**word).into() != 0).count();
        Self { words, windows: Windows::unsigned((u64::BITS - union.leading_zeros()).max(1), rows) }
    }
}

impl<W: Copy + Into<u64> + Sync> Scalars for Integers<'_, W> {
    fn rows(&self) -> usize {
        self.words.len()
    }

    fn windows(&self) -> Windows {
        self.windows
    }

    #[inline(always)]
    fn digit(&self, row: usize, window: usize) -> i64 {
        let word: u64 = self.words[row].into();
        let Windows { width, .. } = self.windows;
        (word >> (window as u32 * width) & ((1 << width) - 1)) as i64
    }
}

/// Field elements with signed digits.
///
/// Adding half a window to every window but the last, once, turns signed digits into plain ones less that half: no
/// carry runs from window to window.
pub(crate) struct FieldElements {
    /// Canonical integers plus the halves, 256 bits each, lowest word first.
    raised: Vec<[u64; 4]>,
    windows: Windows,
}

impl FieldElements {
    /// 32 bytes an element.
    pub fn new(elements: &[Fr]) -> Self {
        let windows = Windows::signed(elements.len());
        let halves = halves(&windows);
        let raised = elements.par_iter().with_min_len(1 << 10).map(|x| plus(&x.into_bigint().0, &halves));
        Self { raised: raised.collect(), windows }
    }
}

/// `2^(width - 1)` in every window but the last: below `2^(255 - width)`, so that the sum with an element fits.
fn halves(windows: &Windows) -> [u64; 4] {
    let mut halves = [0; 4];
    for window in 1..windows.count as u32 {
        let bit = window * windows.width - 1;
        halves[(bit / 64) as usize] |= 1 << (bit % 64);
    }
    halves
}

fn plus(a: &[u64; 4], b: &[u64; 4]) -> [u64; 4] {
    let mut carry = 0;
    std::array::from_fn(|word| {
        let sum = u128::from(a[word]) + u128::from(b[word]) + carry;
        carry = sum >> 64;
        sum as u64
    })
}

impl Scalars for FieldElements {
    fn rows(&self) -> usize {
        self.raised.len()
    }

    fn windows(&self) -> Windows {
        self.windows
    }

    #[inline(always)]
    fn digit(&self, row: usize, window: usize) -> i64 {
        let Windows { width, count, .. } = self.windows;
        let words = &self.raised[row];
        let bit = window * width as usize;
        let (word, shift) = (bit / 64, bit % 64);
        let high = words.get(word + 1).copied().unwrap_or(0);
        let pair = u128::from(words[word]) | u128::from(high) << 64;
        if window + 1 == count {
            return (pair >> shift) as i64;
        }
        ((pair >> shift) as u64 & ((1 << width) - 1)) as i64 - (1 << (width - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::{Field, One, Zero};

    fn value(scalars: &impl Scalars, row: usize) -> Fr {
        let Windows { count, width, buckets } = scalars.windows();
        (0..count).rev().fold(Fr::zero(), |sum, window| {
            let digit = scalars.digit(row, window);
            assert!(digit.unsigned_abs() as usize <= buckets, "digit {digit} of window {window}");
            sum * Fr::from(1u64 << width) + Fr::from(digit)
        })
    }

    #[test]
    fn digits_of_field_elements_weigh_the_element_at_every_width() {
        let half = -Fr::from(2u64).inverse().unwrap();
        let elements = [Fr::zero(), Fr::one(), -Fr::one(), half, half - Fr::one(), Fr::from(u64::MAX)];
        for width in 4..=WIDEST {
            let windows = Windows::signed_of_width(width);
            let raised = elements.iter().map(|x| plus(&x.into_bigint().0, &halves(&windows))).collect();
            let scalars = FieldElements { raised, windows };
            for (row, element) in elements.iter().enumerate() {
                assert_eq!(value(&scalars, row), *element, "width {width}, row {row}");
            }
            assert!((0..windows.count).all(|window| scalars.digit(0, window) == 0), "zero costs nothing");
        }
    }

    #[test]
    fn digits_of_integers_weigh_the_integer_at_every_size() {
        for bits in 1..=64 {
            let words = [0, 1, u64::MAX >> (64 - bits), 0x0123_4567_89ab_cdef & u64::MAX >> (64 - bits)];
            for rows in [1, 1 << 10, 1 << 22] {
                let scalars = Integers { words: &words, windows: Windows::unsigned(bits, rows) };
                for (row, word) in words.iter().enumerate() {
                    assert_eq!(value(&scalars, row), Fr::from(*word), "{bits} bits, {rows} rows");
                }
            }
        }
    }

    #[test]
    fn cells_of_22_bits_take_two_windows() {
        assert_eq!(Windows::unsigned(22, 1 << 20), Windows { count: 2, width: 11, buckets: 2047 });
    }
}
