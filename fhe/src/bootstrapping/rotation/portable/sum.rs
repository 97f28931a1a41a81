//! The sum of the sixteen rotated polynomials of an operand.

use super::super::key::{Operand, SUBSETS};
use super::super::polynomial::Polynomial;

/// Words of the sum that are held while all subsets are added.
const WINDOW: usize = 32;

/// Writes sum over b of X^(exponents[b]) operand[b], plus 2^63 in each word.
#[inline(always)]
pub fn rotated_sum(operand: &Operand, exponents: &[u16; SUBSETS], sum: &mut Polynomial) {
    for (index, to) in sum.as_chunks_mut::<WINDOW>().0.iter_mut().enumerate() {
        let start = index * WINDOW;
        let mut words = *operand[0].unrotated::<WINDOW>(start);
        for b in 1..SUBSETS {
            let (window, negative) = operand[b].window::<WINDOW>(start, exponents[b]);
            let sign = u64::from(negative).wrapping_neg();
            for k in 0..WINDOW {
                words[k] = words[k].wrapping_add((window[k] ^ sign).wrapping_sub(sign));
            }
        }
        *to = words;
    }
}
