//! The sum of the sixteen rotated polynomials of an operand.

use super::super::key::{Operand, SUBSETS};
use super::super::polynomial::Polynomial;
use super::vector::{Vector, add, load, prefetch, splat, store, zero};
use crate::parameters::POLYNOMIAL_SIZE;
use std::arch::x86_64::_mm512_xor_si512;

/// Words of the sum that are held in registers while all subsets are added.
const WINDOW: usize = 64;
/// Vectors of a window.
const VECTORS: usize = WINDOW / 8;

/// Writes sum over b of X^(exponents[b]) operand[b], plus 2^63 in each word.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn rotated_sum(operand: &Operand, exponents: &[u16; SUBSETS], sum: &mut Polynomial) {
    for (index, sum) in sum.as_chunks_mut::<WINDOW>().0.iter_mut().enumerate() {
        let start = index * WINDOW;
        let mut r = load_window(operand[0].unrotated(start));
        let mut negated = 0;
        for b in 1..SUBSETS {
            let (window, negative) = operand[b].window::<WINDOW>(start, exponents[b]);
            let (next, _) = operand[b].window::<WINDOW>((start + WINDOW) % POLYNOMIAL_SIZE, exponents[b]);
            // -x is the complement of x plus one; the ones are added together.
            negated += u64::from(negative);
            let sign = splat(u64::from(negative).wrapping_neg());
            let words = load_window(window);
            for k in 0..VECTORS {
                prefetch(&next[8 * k]);
                r[k] = add(r[k], _mm512_xor_si512(words[k], sign));
            }
        }
        let negated = splat(negated);
        for (words, r) in sum.as_chunks_mut::<8>().0.iter_mut().zip(r) {
            store(words, add(r, negated));
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_window(words: &[u64; WINDOW]) -> [Vector; VECTORS] {
    let words = words.as_chunks::<8>().0;
    let mut vectors = [zero(); VECTORS];
    for k in 0..VECTORS {
        vectors[k] = load(&words[k]);
    }
    vectors
}
