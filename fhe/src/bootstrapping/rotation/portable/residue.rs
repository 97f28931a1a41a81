//! Residues modulo p as integers in doubles, of either sign.
//!
//! All values are integers below 2^52, which doubles hold exactly. A product of two of them is the rounded product plus
//! its rounding error, and fused multiply-add gives that error exactly (the method of FLINT's `fft_small`). Doubles round
//! the same way on every machine, and no result depends on how: each is an integer equal modulo p to what it stands for,
//! and words are made from residues only at the end.
//!
//! Comments bound absolute values in multiples of p, which is near 2^48.54. The quotient of a product by p is rounded
//! with an error below its size times 2^-53: a product of `bound` times a factor below p / 2 comes out below
//! 0.5 + 0.023 bound.

use super::super::prime::Prime;

/// 1.5 2^52: added and taken away again, it rounds a double below 2^51 to an integer.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// A prime as doubles.
#[derive(Clone, Copy)]
pub struct Modulus {
    /// p.
    pub p: f64,
    /// 1 / p.
    inverse: f64,
}

/// A constant factor, |w| < p / 2, and w / p.
#[derive(Clone, Copy, Default)]
pub struct Factor {
    /// w.
    pub value: f64,
    /// w / p.
    pub quotient: f64,
}

impl Modulus {
    /// Of a prime.
    pub fn new(prime: Prime) -> Self {
        let p = prime.modulus as f64;
        Self { p, inverse: 1.0 / p }
    }

    /// `a w` modulo p, for a below 10 p: below 0.5 and 0.023 times the bound of a.
    #[inline(always)]
    pub fn multiply_by(self, a: f64, w: Factor) -> f64 {
        self.less_multiple(a, w.value, a.mul_add(w.quotient, ROUND) - ROUND)
    }

    /// `a b` modulo p, for a b below 5 p^2: below 1.
    #[inline(always)]
    pub fn multiply(self, a: f64, b: f64) -> f64 {
        self.less_multiple(a, b, (a * b).mul_add(self.inverse, ROUND) - ROUND)
    }

    /// `a b - q p`.
    #[inline(always)]
    fn less_multiple(self, a: f64, b: f64, q: f64) -> f64 {
        let product = a * b;
        let error = a.mul_add(b, -product);
        (-q).mul_add(self.p, product) + error
    }

    /// a modulo p, for a below 2^51 p: below 0.5 and the rounding error of the quotient.
    #[inline(always)]
    pub fn reduce(self, a: f64) -> f64 {
        let q = a.mul_add(self.inverse, ROUND) - ROUND;
        (-q).mul_add(self.p, a)
    }
}

impl Factor {
    /// Of a residue in [0, p).
    pub fn new(residue: u64, prime: Prime) -> Self {
        let p = prime.modulus;
        let value = if residue > p / 2 { residue as f64 - p as f64 } else { residue as f64 };
        Self { value, quotient: value / p as f64 }
    }
}

/// An unsigned integer below 2^52 as a double, by its bits: no instruction for the conversion is needed.
#[inline(always)]
pub fn from_unsigned(integer: u64) -> f64 {
    f64::from_bits(integer | TWO_TO_52) - f64::from_bits(TWO_TO_52)
}

/// An integer below 2^51 in a double, modulo 2^64.
#[inline(always)]
pub fn to_word(residue: f64) -> u64 {
    (residue + ROUND).to_bits().wrapping_sub(ROUND.to_bits())
}

/// The bits of 2^52.
const TWO_TO_52: u64 = 0x433 << 52;

#[cfg(test)]
mod tests {
    use super::super::super::prime::PRIMES;
    use super::*;

    #[test]
    fn conversions_are_exact() {
        for integer in [0, 1, (1 << 52) - 1, 1 << 51, 0x000a_5a5a_1234_5678 & ((1 << 52) - 1)] {
            assert_eq!(from_unsigned(integer), integer as f64);
        }
        for integer in [0i64, 1, -1, (1 << 51) - 1, 1 - (1 << 51), 1 << 50] {
            assert_eq!(to_word(integer as f64), integer as u64);
        }
    }

    #[test]
    fn products_are_congruent_and_within_their_bounds() {
        for prime in PRIMES {
            let (modulus, p) = (Modulus::new(prime), prime.modulus as i128);
            assert!(p < 1 << 49);
            let congruent = |a: f64, b: i128| (a as i128 - b).rem_euclid(p) == 0;
            let mut seed = prime.root;
            for _ in 0..100_000 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let w = (seed >> 12) % prime.modulus;
                let a = ((i128::from(seed.rotate_left(29)) * 20 * p) >> 64) - 10 * p;
                let product = modulus.multiply_by(a as f64, Factor::new(w, prime));
                assert!(congruent(product, a * i128::from(w)) && product.abs() < 0.73 * p as f64);
                let reduced = modulus.reduce(a as f64);
                assert!(congruent(reduced, a) && reduced.abs() <= 0.5 * p as f64);
                let b = i128::from(seed >> 3) % (p / 2);
                let product = modulus.multiply(a as f64, b as f64);
                assert!(congruent(product, a * b) && product.abs() < p as f64);
            }
        }
    }
}
