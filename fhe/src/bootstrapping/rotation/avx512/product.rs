//! Products of spectra, and recombination of the residues of both primes.

use super::super::prime::{LARGEST_PRODUCT, PRIMES};
use super::modulus::{Modulus, Multiples, with_quotient};
use super::transform::Spectrum;
use super::vector::{
    Factor, Vector, add, add_high, add_low, high, low, low_52, reduce_once, splat, subtract,
};
use std::arch::x86_64::{_mm512_mullo_epi64, _mm512_srli_epi64};

/// a[0] b[0] + a[1] b[1] over 2^52 by Montgomery's reduction, for a below 2 and b below 10: below 5.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn multiply_add(modulus: &Modulus, a: [Vector; 2], b: [Vector; 2]) -> Vector {
    let p = splat(modulus.p);
    let lower = add_low(low(a[0], b[0]), a[1], b[1]);
    let upper = add_high(high(a[0], b[0]), a[1], b[1]);
    // The multiple q p that clears the low 52 bits of the sum.
    let q = low(lower, splat(modulus.minus_inverse));
    let carry = _mm512_srli_epi64::<52>(add_low(lower, q, p));
    add(add_high(upper, q, p), carry)
}

/// The products of both rows, added: residues below 5.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn multiply(
    modulus: &Modulus,
    digits: [&Spectrum; 2],
    sums: &[Box<Spectrum>; 2],
    product: &mut Spectrum,
) {
    for (k, product) in product.0.iter_mut().enumerate() {
        let (digits, sums) = ([digits[0].0[k], digits[1].0[k]], [sums[0].0[k], sums[1].0[k]]);
        *product = multiply_add(modulus, digits, sums);
    }
}

/// Garner's recombination modulo 2^64 of an integer V, |V| <= 2^96, from its residues.
///
/// V = a + p0 h with a its residue modulo p0, in any representative, and h = (V - a) / p0. |V| is below p0 p1 / 2 by a
/// twentieth, so h + (p1 - 1) / 2 is in [0, p1) whatever the representative, and is computed as such.
pub struct Recombination {
    inverse: Factor,
    offset: Vector,
    multiples: Multiples,
    p0: Vector,
    shift: Vector,
}

const P0: u64 = PRIMES[0].modulus;
const P1: u64 = PRIMES[1].modulus;
/// 1 / p0 modulo p1.
const INVERSE_P0: [u64; 2] = with_quotient(PRIMES[1].inverse(P0), P1);
/// Added to h.
const HALF: u64 = P1 / 2;
/// Added to the difference of two residues below 5: keeps it positive, and adds [`HALF`] to h.
const OFFSET: u64 = 5 * P1 + PRIMES[1].multiply(HALF, P0);

const _: () = {
    assert!(OFFSET >= 5 * P0 && OFFSET + 5 * P1 < 1 << 52);
    // |h| <= |V| / p0 + 5 stays below HALF.
    assert!(LARGEST_PRODUCT + 5 * (P0 as u128) < HALF as u128 * P0 as u128);
};

impl Recombination {
    /// Constants.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn new(moduli: &[Modulus; 2]) -> Self {
        Self {
            inverse: Factor::splat(INVERSE_P0),
            offset: splat(OFFSET),
            multiples: Multiples::of(&moduli[1]),
            p0: splat(P0),
            shift: splat(HALF.wrapping_mul(P0)),
        }
    }

    /// V modulo 2^64 from its residues modulo p0 and p1, below 5 with arbitrary bits above 52.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub fn recombine(&self, a0: Vector, a1: Vector) -> Vector {
        let a0 = low_52(a0);
        let difference = subtract(add(a1, self.offset), a0);
        let h = self.inverse.multiply(difference, self.multiples.minus_p);
        let h = reduce_once(h, self.multiples.times(1));
        subtract(add(a0, _mm512_mullo_epi64(h, self.p0)), self.shift)
    }
}
