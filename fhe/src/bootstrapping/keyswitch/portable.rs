//! The product of digits and key, row by row.

use super::SMALL_WORDS;

/// Rows that stay in the second-level cache while a batch passes over them.
const ROWS: usize = 32;

/// `sum_r digits[r] * words[r][m]` modulo 2^64, for every input.
pub fn product(words: &[u64], digits: &[Vec<i8>]) -> Vec<Vec<u64>> {
    let mut sums = vec![vec![0u64; SMALL_WORDS]; digits.len()];
    for (block, rows) in words.chunks(ROWS * SMALL_WORDS).enumerate() {
        for (sum, digits) in sums.iter_mut().zip(digits) {
            for (row, digit) in rows.chunks_exact(SMALL_WORDS).zip(&digits[block * ROWS..]) {
                add_multiple(sum, row, *digit);
            }
        }
    }
    sums
}

fn add_multiple(sum: &mut [u64], row: &[u64], digit: i8) {
    let digit = i64::from(digit) as u64;
    if digit != 0 {
        for (sum, word) in sum.iter_mut().zip(row) {
            *sum = sum.wrapping_add(digit.wrapping_mul(*word));
        }
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
