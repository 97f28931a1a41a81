//! The sum of the sixteen rotated polynomials of an operand.

use super::super::key::{Operand, SUBSETS};
use super::super::polynomial::Polynomial;
use super::vector::load_half;
use std::arch::x86_64::*;

/// Words of the sum that are held in registers while all subsets are added.
const WINDOW: usize = 64;
/// Half vectors of a window. An unaligned half vector crosses a cache line every other time, a whole one always.
const HALVES: usize = WINDOW / 4;

/// Writes sum over b of X^(exponents[b]) operand[b], plus 2^63 in each word.
#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
pub fn rotated_sum(operand: &Operand, exponents: &[u16; SUBSETS], sum: &mut Polynomial) {
    for (index, sum) in sum.as_chunks_mut::<WINDOW>().0.iter_mut().enumerate() {
        let start = index * WINDOW;
        let mut r = load_window(operand[0].unrotated(start));
        let mut negated = 0;
        for b in 1..SUBSETS {
            let (window, negative) = operand[b].window::<WINDOW>(start, exponents[b]);
            // -x is the complement of x plus one; the ones are added together.
            negated += i64::from(negative);
            let sign = _mm256_set1_epi64x(-i64::from(negative));
            let words = load_window(window);
            for k in 0..HALVES {
                r[k] = _mm256_add_epi64(r[k], _mm256_xor_si256(words[k], sign));
            }
        }
        let negated = _mm256_set1_epi64x(negated);
        for (words, r) in sum.as_chunks_mut::<4>().0.iter_mut().zip(r) {
            super::vector::store_half(words, _mm256_add_epi64(r, negated));
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn load_window(words: &[u64; WINDOW]) -> [__m256i; HALVES] {
    let words = words.as_chunks::<4>().0;
    let mut halves = [_mm256_setzero_si256(); HALVES];
    for k in 0..HALVES {
        halves[k] = load_half(&words[k]);
    }
    halves
}
