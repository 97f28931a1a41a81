//! The two primes of the exact products, their roots of unity, and arithmetic modulo them for tables.
//!
//! A product of digits and key polynomials is an integer: it is computed modulo both primes and recombined. The result is
//! exact because the primes' product exceeds twice the largest absolute value ([`LARGEST_PRODUCT`]).

use super::digits::DIGIT_BITS;
use crate::parameters::POLYNOMIAL_SIZE;

/// A prime p = 1 modulo 2N below 2^52 / 11.
#[derive(Clone, Copy, Debug)]
pub struct Prime {
    /// p.
    pub modulus: u64,
    /// A primitive 2N-th root of unity.
    pub root: u64,
}

/// The two largest such primes.
///
/// Below 2^52 / 11, sums of eleven residues are exact in 52-bit integer lanes and in the 53 bits of a double.
pub const PRIMES: [Prime; 2] = [
    Prime { modulus: 409_418_147_934_209, root: 45_080_244_494_571 },
    Prime { modulus: 409_418_147_905_537, root: 307_956_016_379_665 },
];

/// 2 N 2^21 2^63: two polynomial products of digits by centred words, each a sum of N terms.
pub const LARGEST_PRODUCT: u128 = (2 * POLYNOMIAL_SIZE as u128) << (DIGIT_BITS - 1 + 63);

/// Levels of a transform: log2 N.
pub const LEVELS: u32 = POLYNOMIAL_SIZE.ilog2();

const _: () = {
    assert!(PRIMES[0].modulus as u128 * PRIMES[1].modulus as u128 > 2 * LARGEST_PRODUCT);
    let mut i = 0;
    while i < 2 {
        let p = PRIMES[i].modulus;
        assert!(p % (2 * POLYNOMIAL_SIZE as u64) == 1 && p * 11 < 1 << 52);
        assert!(PRIMES[i].power(PRIMES[i].root, POLYNOMIAL_SIZE as u64) == p - 1);
        i += 1;
    }
};

impl Prime {
    /// a b modulo p.
    pub const fn multiply(&self, a: u64, b: u64) -> u64 {
        (a as u128 * b as u128 % self.modulus as u128) as u64
    }

    /// base^exponent modulo p.
    pub const fn power(&self, base: u64, exponent: u64) -> u64 {
        let (mut square, mut rest, mut power) = (base % self.modulus, exponent, 1);
        while rest > 0 {
            if rest & 1 == 1 {
                power = self.multiply(power, square);
            }
            square = self.multiply(square, square);
            rest >>= 1;
        }
        power
    }

    /// The inverse of a nonzero residue.
    pub const fn inverse(&self, a: u64) -> u64 {
        self.power(a, self.modulus - 2)
    }

    /// Twiddle factors of a forward transform: at m + i, for the i-th of the m blocks of a level, the root to the power of
    /// the bit-reversed index.
    pub fn twiddles(&self) -> Vec<u64> {
        self.bit_reversed_powers(self.root)
    }

    /// Inverses of [`Self::twiddles`].
    pub fn inverse_twiddles(&self) -> Vec<u64> {
        self.bit_reversed_powers(self.inverse(self.root))
    }

    fn bit_reversed_powers(&self, root: u64) -> Vec<u64> {
        let mut powers = vec![1; POLYNOMIAL_SIZE];
        let mut power = 1;
        for k in 0..POLYNOMIAL_SIZE {
            powers[k.reverse_bits() >> (usize::BITS - LEVELS)] = power;
            power = self.multiply(power, root);
        }
        powers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_prime() {
        for Prime { modulus, .. } in PRIMES {
            let mut divisor = 3;
            while divisor * divisor <= modulus {
                assert_ne!(modulus % divisor, 0, "{divisor}");
                divisor += 2;
            }
        }
    }

    #[test]
    fn twiddles_and_their_inverses_cancel() {
        for prime in PRIMES {
            let (forward, backward) = (prime.twiddles(), prime.inverse_twiddles());
            assert!(forward.iter().zip(&backward).all(|(a, b)| prime.multiply(*a, *b) == 1));
            assert_eq!(prime.multiply(forward[1], forward[1]), prime.modulus - 1);
        }
    }
}
