//! From words to residues and back.

use super::super::digits::{DIGIT_BITS, REMAINDER_BITS, ROUNDING};
use super::super::polynomial::Polynomial;
use super::super::prime::{LARGEST_PRODUCT, PRIMES};
use super::residue::{Factor, Modulus, from_unsigned, to_word};
use super::transform::Rows;

/// Digits of the words of an accumulator.
#[inline(always)]
pub fn digits(polynomial: &Polynomial, rows: &mut Rows) {
    // d + 2^21 is not negative.
    const CENTRE: u64 = 1 << 63;
    const LEAST: f64 = (1u64 << (DIGIT_BITS - 1)) as f64;
    for (to, word) in rows.as_flattened_mut().iter_mut().zip(polynomial.iter()) {
        *to = from_unsigned(word.wrapping_add(ROUNDING.wrapping_add(CENTRE)) >> REMAINDER_BITS) - LEAST;
    }
}

/// Words that hold a centred value plus 2^63, modulo a prime: below 0.6.
#[inline(always)]
pub fn centred(modulus: Modulus, polynomial: &Polynomial, rows: &mut Rows) {
    const HALF: f64 = 4_294_967_296.0;
    for (to, word) in rows.as_flattened_mut().iter_mut().zip(polynomial.iter()) {
        let upper = (from_unsigned(word >> 32) - HALF / 2.0) * HALF;
        *to = modulus.reduce(upper) + from_unsigned(word & 0xffff_ffff);
    }
}

const P0: u64 = PRIMES[0].modulus;
const P1: u64 = PRIMES[1].modulus;

/// |h| + 2 is below 0.49 p1, so it is told from its neighbours 0.51 p1 away.
const _: () = assert!((LARGEST_PRODUCT + 2 * P0 as u128) * 100 < P0 as u128 * P1 as u128 * 49);

/// Garner's recombination modulo 2^64 of integers V, |V| <= 2^96, from residues below 1.5 modulo both primes.
///
/// V = a + p0 h with a its residue modulo p0, in any representative, and h = (V - a) / p0 the residue of its class modulo
/// p1 that is least in absolute value.
#[inline(always)]
pub fn recombine(modulus: Modulus, inverse_p0: Factor, residues: [&Rows; 2], output: &mut Polynomial) {
    let [a0, a1] = residues.map(|rows| rows.as_flattened());
    for ((to, a0), a1) in output.iter_mut().zip(a0).zip(a1) {
        let h = modulus.reduce(modulus.multiply_by(a1 - a0, inverse_p0));
        *to = to_word(*a0).wrapping_add(to_word(h).wrapping_mul(P0));
    }
}
