//! Products of arkworks' words that wait for their reduction.

use ark_bn254::{Fr, FrConfig};
use ark_ff::{BigInt, MontConfig, PrimeField};

const P: [u64; 4] = Fr::MODULUS.0;

/// The top 32 bits of p, rounded up: what quotients are estimated with.
const TOP: u64 = (P[3] >> 32) + 1;

/// Products that a sum takes before its reduction.
pub(super) const MAX_PRODUCTS: usize = 128;

/// A sum of products, at most [`MAX_PRODUCTS`] of them: below `128 p^2 < 2^515`.
#[derive(Clone, Copy)]
pub(crate) struct Wide([u64; 9]);

impl Wide {
    /// A sum of no products.
    #[inline(always)]
    pub(super) const fn empty() -> Self {
        Self([0; 9])
    }

    /// Adds `a * b`.
    #[inline(always)]
    pub(super) fn accumulate(&mut self, a: Fr, b: Fr) {
        let (a, b) = (a.0.0, b.0.0);
        let mut product = [0; 8];
        for i in 0..4 {
            let mut carry = 0;
            for j in 0..4 {
                (product[i + j], carry) = a[i].carrying_mul_add(b[j], product[i + j], carry);
            }
            product[i + 4] = carry;
        }
        self.add(&product);
    }

    /// Adds `a * x`.
    #[inline(always)]
    pub(super) fn accumulate_word(&mut self, a: Fr, x: u64) {
        let mut product = [0; 5];
        let mut carry = 0;
        for j in 0..4 {
            (product[j], carry) = a.0.0[j].carrying_mul(x, carry);
        }
        product[4] = carry;
        self.add(&product);
    }

    #[inline(always)]
    fn add<const N: usize>(&mut self, words: &[u64; N]) {
        let mut carry = false;
        for k in 0..N {
            (self.0[k], carry) = self.0[k].carrying_add(words[k], carry);
        }
        for k in N..9 {
            (self.0[k], carry) = self.0[k].carrying_add(0, carry);
        }
    }

    /// The sum divided by `2^256` modulo p.
    ///
    /// Four multiples of p clear the low words: what is left is below `(128 p / 2^256 + 1) p < 26 p < 2^259`. Its
    /// quotient by p is estimated from the bits above `2^224`, with a divisor rounded up: the estimate is not above the
    /// quotient, and below it by less than `1 + 26 / 2^29 + 1 / 2^29`. One subtraction makes up for that.
    #[inline(always)]
    pub(super) fn reduce(self) -> Fr {
        let [a, b, c, d, e] = self.clear_low_words();
        let quotient = (e << 32 | d >> 32) / TOP;
        let mut rest = [a, b, c, d];
        let mut borrow = 0;
        for k in 0..4 {
            // word + (-quotient p), as a word and a carry that is at most 0
            let (low, high) = P[k].carrying_mul(quotient, borrow);
            let (word, under) = rest[k].overflowing_sub(low);
            rest[k] = word;
            borrow = high.wrapping_add(u64::from(under));
        }
        canonical(rest)
    }

    /// The sum of at most two products divided by `2^256` modulo p: below `(2 p / 2^256 + 1) p < 2 p` before the one
    /// subtraction.
    #[inline(always)]
    pub(super) fn reduce_pair(self) -> Fr {
        let [a, b, c, d, _] = self.clear_low_words();
        canonical([a, b, c, d])
    }

    /// `(self + m p) / 2^256` for the m that makes it an integer.
    #[inline(always)]
    fn clear_low_words(self) -> [u64; 5] {
        let mut t = self.0;
        let mut overflow = false;
        for i in 0..4 {
            let m = t[i].wrapping_mul(FrConfig::INV);
            let (_, mut carry) = m.carrying_mul_add(P[0], t[i], 0);
            for j in 1..4 {
                (t[i + j], carry) = m.carrying_mul_add(P[j], t[i + j], carry);
            }
            (t[i + 4], overflow) = t[i + 4].carrying_add(carry, overflow);
        }
        t[8] = t[8].wrapping_add(u64::from(overflow));
        [t[4], t[5], t[6], t[7], t[8]]
    }
}

/// `words` modulo p, for words below `2 p`.
#[inline(always)]
fn canonical(words: [u64; 4]) -> Fr {
    let mut difference = [0; 4];
    let mut borrow = false;
    for k in 0..4 {
        (difference[k], borrow) = words[k].borrowing_sub(P[k], borrow);
    }
    Fr::new_unchecked(BigInt(if borrow { words } else { difference }))
}
