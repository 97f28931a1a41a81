//! Scalars cut into digits: window `w` of width `c` weighs `2^(c w)`.

use ark_bn254::Fr;
use ark_ff::PrimeField;
use rayon::prelude::*;
use std::ops::Range;

/// Widest window.
const WIDEST: u32 = 22;
/// What a bucket costs in any case, in additions.
const EMPTY_BUCKET: f64 = 1.0 / 16.0;

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
    /// What random digits cost, in additions: each but the first of its bucket is added to it, and every filled bucket to
    /// a row and to a column. An empty one is but looked at.
    fn cost(&self, rows: usize) -> u64 {
        let (rows, buckets) = (rows as f64, self.buckets as f64);
        let filled = buckets * (1.0 - (-rows / buckets).exp());
        (self.count as f64 * (rows + filled + EMPTY_BUCKET * buckets)) as u64
    }

    /// Digits as they are, for integers up to `largest` of which `rows` are not zero.
    fn plain(largest: u64, rows: usize) -> Self {
        let bits = (u64::BITS - largest.leading_zeros()).max(1);
        (1..=bits)
            .map(|count| (count, bits.div_ceil(count)))
            .filter(|(_, width)| *width <= WIDEST)
            .map(|(count, width)| {
                let buckets = if count == 1 { largest.max(1) as usize } else { (1 << width) - 1 };
                Self { count: count as usize, width, buckets }
            })
            .min_by_key(|windows| windows.cost(rows))
            .unwrap_or(Self { count: bits as usize, width: 1, buckets: 1 })
    }

    /// The digit of an integer.
    #[inline(always)]
    fn digit_of(&self, integer: u64, window: usize) -> i64 {
        (integer >> (window as u32 * self.width) & ((1 << self.width) - 1)) as i64
    }

    /// Digits from `-2^(width - 1)` to `2^(width - 1)`, for field elements.
    fn signed(rows: usize) -> Self {
        (4..=WIDEST)
            .map(Self::signed_of_width)
            .min_by_key(|windows| windows.cost(rows))
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
        let largest = words.iter().fold(0, |largest, word| largest.max((*word).into()));
        let rows = words.iter().filter(|word| (**word).into() != 0).count();
        Self { words, windows: Windows::plain(largest, rows) }
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
        self.windows.digit_of(self.words[row].into(), window)
    }
}

/// Rows that lie in one range of every period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// log2 of the rows of a period.
    pub log_period: u32,
    /// Those of its rows that are meant.
    pub rows: Range<usize>,
}

impl Pattern {
    #[inline(always)]
    fn holds(&self, row: usize) -> bool {
        self.rows.contains(&(row & ((1 << self.log_period) - 1)))
    }
}

/// One in the rows of a pattern, zero elsewhere.
pub(crate) struct Ones<'a> {
    pub length: usize,
    pub pattern: &'a Pattern,
}

impl Scalars for Ones<'_> {
    fn rows(&self) -> usize {
        self.length
    }

    fn windows(&self) -> Windows {
        Windows { count: 1, width: 1, buckets: 1 }
    }

    #[inline(always)]
    fn digit(&self, row: usize, _: usize) -> i64 {
        i64::from(self.pattern.holds(row))
    }
}

/// Cells less a centre in the rows of a pattern. The digits are those of the difference's size, with its sign: half as
/// many buckets as those of the cells, and far fewer where cells lie close to the centre.
pub(crate) struct Centred<'a> {
    cells: &'a [u32],
    centre: u32,
    pattern: &'a Pattern,
    windows: Windows,
}

impl<'a> Centred<'a> {
    /// The windows are those of the largest difference.
    pub fn new(cells: &'a [u32], centre: u32, pattern: &'a Pattern) -> Self {
        let mut centred = Self { cells, centre, pattern, windows: Windows::plain(1, 0) };
        let sizes = (0..cells.len()).into_par_iter().with_min_len(1 << 12);
        let sizes =
            sizes.map(|row| centred.difference(row).unsigned_abs()).map(|size| (size, u64::from(size != 0)));
        let (largest, rows) = sizes.reduce(|| (0, 0), |a, b| (a.0.max(b.0), a.1 + b.1));
        centred.windows = Windows::plain(largest, rows as usize);
        centred
    }

    #[inline(always)]
    fn difference(&self, row: usize) -> i64 {
        let centre = if self.pattern.holds(row) { self.centre } else { 0 };
        i64::from(self.cells[row]) - i64::from(centre)
    }
}

impl Scalars for Centred<'_> {
    fn rows(&self) -> usize {
        self.cells.len()
    }

    fn windows(&self) -> Windows {
        self.windows
    }

    #[inline(always)]
    fn digit(&self, row: usize, window: usize) -> i64 {
        let difference = self.difference(row);
        difference.signum() * self.windows.digit_of(difference.unsigned_abs(), window)
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
                let scalars =
                    Integers { words: &words, windows: Windows::plain(u64::MAX >> (64 - bits), rows) };
                for (row, word) in words.iter().enumerate() {
                    assert_eq!(value(&scalars, row), Fr::from(*word), "{bits} bits, {rows} rows");
                }
            }
        }
    }

    #[test]
    fn centred_cells_are_the_cells_less_the_centre_where_the_pattern_holds() {
        let cells = [7, 0, 1 << 21, (1 << 22) - 1, 9];
        let pattern = Pattern { log_period: 2, rows: 1..4 };
        let scalars = Centred::new(&cells, 1 << 21, &pattern);
        for (row, cell) in cells.iter().enumerate() {
            let centre = if row % 4 == 0 { 0 } else { 1u64 << 21 };
            assert_eq!(value(&scalars, row), Fr::from(*cell) - Fr::from(centre), "row {row}");
        }
    }

    #[test]
    fn a_window_is_as_wide_as_its_rows_fill() {
        let largest = (1 << 22) - 1;
        assert_eq!(Windows::plain(largest, 1 << 16), Windows { count: 2, width: 11, buckets: 2047 });
        assert_eq!(
            Windows::plain(largest, 1 << 22),
            Windows { count: 1, width: 22, buckets: largest as usize }
        );
    }
}
