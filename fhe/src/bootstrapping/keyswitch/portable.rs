//! The product of digits and key, row by row, for any processor.

use super::SMALL_WORDS;

/// Rows that stay in the second-level cache while a batch passes over them.
const ROWS: usize = 32;

/// `sum_r digits[r] * words[r][m]` modulo 2^64, for every input.
///
/// Rows with a digit of the same size are added up first and multiplied once: processors without a 64-bit vector multiply
/// add much faster.
pub fn product(words: &[u64], digits: &[Vec<i8>]) -> Vec<Vec<u64>> {
    let mut by_size: Vec<Sums> = digits.iter().map(|_| Sums::default()).collect();
    for (block, rows) in words.chunks(ROWS * SMALL_WORDS).enumerate() {
        for (sums, digits) in by_size.iter_mut().zip(digits) {
            for (row, digit) in rows.chunks_exact(SMALL_WORDS).zip(&digits[block * ROWS..]) {
                sums.add(row, *digit);
            }
        }
    }
    by_size.into_iter().map(Sums::weigh).collect()
}

/// Sums of rows by the absolute value of their digit.
#[derive(Default)]
struct Sums(Vec<Vec<u64>>);

impl Sums {
    fn add(&mut self, row: &[u64], digit: i8) {
        let size = usize::from(digit.unsigned_abs());
        if size > self.0.len() {
            self.0.resize(size, vec![0; SMALL_WORDS]);
        }
        match digit.signum() {
            1 => self.0[size - 1].iter_mut().zip(row).for_each(|(sum, word)| *sum = sum.wrapping_add(*word)),
            -1 => self.0[size - 1].iter_mut().zip(row).for_each(|(sum, word)| *sum = sum.wrapping_sub(*word)),
            _ => {}
        }
    }

    fn weigh(self) -> Vec<u64> {
        let mut total = vec![0u64; SMALL_WORDS];
        for (size, sums) in (1u64..).zip(self.0) {
            for (total, sum) in total.iter_mut().zip(sums) {
                *total = total.wrapping_add(size.wrapping_mul(sum));
            }
        }
        total
    }
}

/// The same sums as integers, of one input.
pub fn integer_product(words: &[u64], digits: &[i8]) -> Vec<i128> {
    let mut sums = vec![0i128; SMALL_WORDS];
    for (row, digit) in words.chunks_exact(SMALL_WORDS).zip(digits) {
        for (sum, word) in sums.iter_mut().zip(row) {
            *sum += i128::from(*digit) * i128::from(*word);
        }
    }
    sums
}
