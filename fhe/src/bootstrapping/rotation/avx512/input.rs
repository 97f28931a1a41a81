//! Words brought below 3 p, in the first pass of a forward transform.

use super::super::digits::{REMAINDER_BITS, ROUNDING};
use super::modulus::{Modulus, Multiples};
use super::vector::{Vector, add, add_low, high, low_52, splat};
use std::arch::x86_64::{_mm512_srai_epi64, _mm512_srli_epi64};

/// Digits of accumulator words, modulo a prime.
pub struct DigitInput {
    rounding: Vector,
    p: Vector,
}

/// Words that hold a centred value plus 2^63, modulo a prime.
pub struct CentredInput {
    radix: Vector,
    offset: Vector,
    multiples: Multiples,
}

/// floor(2^52 / p) of both primes.
const QUOTIENT: u64 = 11;

impl DigitInput {
    /// For a prime.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn new(modulus: &Modulus) -> Self {
        Self { rounding: splat(ROUNDING), p: splat(modulus.p) }
    }

    /// The digits, plus p: below 2.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn residues(&self, words: Vector) -> Vector {
        add(_mm512_srai_epi64::<{ REMAINDER_BITS }>(add(words, self.rounding)), self.p)
    }
}

impl CentredInput {
    /// For a prime.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn new(modulus: &Modulus) -> Self {
        // 2^63 = 2^11 2^52 is taken away again.
        let offset = splat(modulus.p - (modulus.radix << 11));
        Self { radix: splat(modulus.radix), offset, multiples: Multiples::of(modulus) }
    }

    /// The centred values: the low 52 bits less their quotient by p, and the high twelve times 2^52 mod p. Below 3.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub fn residues(&self, words: Vector) -> Vector {
        let quotient = high(words, splat(QUOTIENT));
        let folded = add_low(self.offset, _mm512_srli_epi64::<52>(words), self.radix);
        add(add_low(folded, quotient, self.multiples.minus_p), low_52(words))
    }
}
