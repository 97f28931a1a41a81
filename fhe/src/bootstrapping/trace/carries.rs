//! Carries of the accumulator: how often 2^64 goes into the integer that a step computes.
//!
//! The integer is below 2^102 and known modulo 2^64. Its residue modulo one more prime, `p = 2^64 - 2^32 + 1`, gives the
//! rest: `carry = (residue - word) / 2^64 mod p`, centred. The blind rotation computes with other primes, so most wrong words
//! of an accumulator give a carry out of bounds (not all: modulo this prime `1 / 2^64 = -2^32`).

use super::super::modulus_switch::SUBSETS;
use super::super::rotation::RotationKey;
use crate::parameters::POLYNOMIAL_SIZE;

const P: u64 = 0xffff_ffff_0000_0001;
/// 2^64 modulo p.
const EPSILON: u64 = 0xffff_ffff;
/// A generator of the group modulo p.
const GENERATOR: u64 = 7;

type Residues = Box<[u64; POLYNOMIAL_SIZE]>;

/// Products modulo X^N + 1 and p.
pub struct Carries {
    /// Powers of a primitive 2N-th root of unity, exponents in bit-reversed order.
    roots: Residues,
    inverse_roots: Residues,
    /// 1/N.
    scale: u64,
    /// 1/2^64.
    shift: u64,
}

impl Carries {
    /// Tables of roots.
    pub fn new() -> Self {
        let root = power(GENERATOR, (P - 1) / (2 * POLYNOMIAL_SIZE as u64));
        Self {
            roots: powers(root),
            inverse_roots: powers(power(root, P - 2)),
            scale: power(POLYNOMIAL_SIZE as u64, P - 2),
            shift: power(EPSILON, P - 2),
        }
    }

    /// For both components c: the carries of `sum_u digits[u] * sum_b X^exponents[b] * key[group][b][u][c]` over the
    /// integers, which is congruent to `words[c]` modulo 2^64. Digits and carries are signed.
    pub fn of_step(
        &self,
        key: &RotationKey,
        group: usize,
        exponents: &[u16; SUBSETS],
        digits: [&[i32]; 2],
        words: [&[u64]; 2],
    ) -> [Vec<i64>; 2] {
        let digits = digits.map(|digits| {
            let mut residues = zero();
            for (to, digit) in residues.iter_mut().zip(digits) {
                *to = if *digit < 0 { P - u64::from(digit.unsigned_abs()) } else { *digit as u64 };
            }
            self.forward(&mut residues);
            residues
        });
        [0, 1].map(|c| {
            let mut product = zero();
            for (u, digits) in digits.iter().enumerate() {
                let mut combined = combine(key, group, exponents, u, c);
                self.forward(&mut combined);
                for (to, (a, b)) in product.iter_mut().zip(digits.iter().zip(combined.iter())) {
                    *to = add(*to, multiply(*a, *b));
                }
            }
            self.inverse(&mut product);
            product.iter().zip(words[c]).map(|(residue, word)| self.carry(*residue, *word)).collect()
        })
    }

    fn carry(&self, residue: u64, word: u64) -> i64 {
        let carry = multiply(subtract(residue, reduce(u128::from(word))), self.shift);
        if carry > P / 2 { -((P - carry) as i64) } else { carry as i64 }
    }

    /// Evaluation at the odd powers of the root.
    fn forward(&self, values: &mut [u64; POLYNOMIAL_SIZE]) {
        let mut half = POLYNOMIAL_SIZE / 2;
        let mut roots = 1;
        while half > 0 {
            for (block, root) in values.chunks_exact_mut(2 * half).zip(&self.roots[roots..]) {
                let (low, high) = block.split_at_mut(half);
                for (a, b) in low.iter_mut().zip(high) {
                    let product = multiply(*b, *root);
                    *b = subtract(*a, product);
                    *a = add(*a, product);
                }
            }
            half /= 2;
            roots *= 2;
        }
    }

    fn inverse(&self, values: &mut [u64; POLYNOMIAL_SIZE]) {
        let mut half = 1;
        let mut roots = POLYNOMIAL_SIZE / 2;
        while roots > 0 {
            for (block, root) in values.chunks_exact_mut(2 * half).zip(&self.inverse_roots[roots..]) {
                let (low, high) = block.split_at_mut(half);
                for (a, b) in low.iter_mut().zip(high) {
                    let difference = subtract(*a, *b);
                    *a = add(*a, *b);
                    *b = multiply(difference, *root);
                }
            }
            half *= 2;
            roots /= 2;
        }
        for value in values {
            *value = multiply(*value, self.scale);
        }
    }
}

/// The sum of the key's rotated polynomials modulo p: words are integers below 2^64, not residues modulo 2^64.
fn combine(key: &RotationKey, group: usize, exponents: &[u16; SUBSETS], u: usize, c: usize) -> Residues {
    let mut sums = vec![0u128; POLYNOMIAL_SIZE];
    for (subset, exponent) in exponents.iter().enumerate() {
        for (j, word) in key.words(group, subset, u, c).enumerate() {
            let at = (j + usize::from(*exponent)) % (2 * POLYNOMIAL_SIZE);
            let word = u128::from(word);
            if at < POLYNOMIAL_SIZE {
                sums[at] += word;
            } else {
                // A word is below 2p.
                sums[at - POLYNOMIAL_SIZE] += 2 * u128::from(P) - word;
            }
        }
    }
    let mut residues = zero();
    for (to, sum) in residues.iter_mut().zip(sums) {
        *to = reduce(sum);
    }
    residues
}

fn zero() -> Residues {
    Box::new([0; POLYNOMIAL_SIZE])
}

fn powers(root: u64) -> Residues {
    let bits = POLYNOMIAL_SIZE.trailing_zeros();
    let mut powers = zero();
    let mut value = 1;
    for exponent in 0..POLYNOMIAL_SIZE {
        powers[exponent.reverse_bits() >> (usize::BITS - bits)] = value;
        value = multiply(value, root);
    }
    powers
}

fn power(base: u64, exponent: u64) -> u64 {
    (0..u64::BITS).rev().fold(1, |value, bit| {
        let square = multiply(value, value);
        if exponent >> bit & 1 == 1 { multiply(square, base) } else { square }
    })
}

fn multiply(a: u64, b: u64) -> u64 {
    reduce(u128::from(a) * u128::from(b))
}

/// `2^64 = 2^32 - 1` and `2^96 = -1` modulo p.
fn reduce(value: u128) -> u64 {
    let (low, high) = (value as u64, (value >> 64) as u64);
    let (difference, borrowed) = low.overflowing_sub(high >> 32);
    let difference = if borrowed { difference.wrapping_sub(EPSILON) } else { difference };
    let (sum, carried) = difference.overflowing_add((high & EPSILON) * EPSILON);
    let sum = if carried { sum.wrapping_add(EPSILON) } else { sum };
    if sum >= P { sum - P } else { sum }
}

fn add(a: u64, b: u64) -> u64 {
    let (sum, carried) = a.overflowing_add(b);
    if carried || sum >= P { sum.wrapping_sub(P) } else { sum }
}

fn subtract(a: u64, b: u64) -> u64 {
    if a >= b { a - b } else { a.wrapping_sub(b).wrapping_add(P) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn products_are_those_of_the_schoolbook() {
        let carries = Carries::new();
        let (mut a, mut b) = (zero(), zero());
        for j in 0..POLYNOMIAL_SIZE {
            a[j] = reduce(u128::from((j as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            b[j] = if j % 500 == 3 { P - 1 - j as u64 } else { 0 };
        }
        let mut expected = zero();
        for (k, factor) in b.iter().enumerate().filter(|(_, factor)| **factor != 0) {
            for (j, value) in a.iter().enumerate() {
                let (at, product) = ((j + k) % POLYNOMIAL_SIZE, multiply(*value, *factor));
                let wraps = j + k >= POLYNOMIAL_SIZE;
                expected[at] =
                    if wraps { subtract(expected[at], product) } else { add(expected[at], product) };
            }
        }
        carries.forward(&mut a);
        carries.forward(&mut b);
        for (a, b) in a.iter_mut().zip(b.iter()) {
            *a = multiply(*a, *b);
        }
        carries.inverse(&mut a);
        assert_eq!(a, expected);
    }

    #[test]
    fn residues_at_the_edges() {
        let p = u128::from(P);
        for value in [0, 1, p - 1, p, p + 1, 2 * p - 1, u128::from(u64::MAX), p * p, u128::MAX, 1 << 96] {
            assert_eq!(u128::from(reduce(value)), value % p);
        }
    }

    proptest! {
        #[test]
        fn reduction_and_carries_are_exact(value: u128, word: u64, carry in -(1i64 << 38)..1 << 38) {
            let p = i128::from(P);
            prop_assert_eq!(u128::from(reduce(value)), value % u128::from(P));
            let integer = i128::from(word) + (i128::from(carry) << 64);
            let residue = integer.rem_euclid(p) as u64;
            prop_assert_eq!(Carries::new().carry(residue, word), carry);
        }
    }
}
