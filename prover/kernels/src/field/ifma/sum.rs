//! Sums of products that wait for their reduction.

use core::marker::PhantomData;

use super::{Elements, Modulus, Words, modulus::LIMBS};

/// Products that a sum takes: their value stays below `4 p` after reduction where factors are below `9/8 p`.
pub(crate) const MAX_PRODUCTS: usize = 128;

/// A sum of products in ten limbs.
///
/// No limb overflows: a product adds at most five low and five high halves below `2^52` to a limb, 128 of them less
/// than `2^62.4`, and the reduction adds less than one more product and carries below `2^12`.
#[derive(Clone, Copy)]
pub(crate) struct WideSum<W, M> {
    limbs: [W; 2 * LIMBS],
    modulus: PhantomData<M>,
}

impl<W: Words, M: Modulus> WideSum<W, M> {
    /// A sum of no products.
    #[inline(always)]
    pub(crate) fn empty() -> Self {
        Self { limbs: [W::splat(0); 2 * LIMBS], modulus: PhantomData }
    }

    /// The integer `value` below p, which the reduction divides by `2^260` as it does products.
    #[inline(always)]
    pub(super) fn of_constant(value: [u64; LIMBS]) -> Self {
        let mut sum = Self::empty();
        for j in 0..LIMBS {
            sum.limbs[j] = W::splat(value[j]);
        }
        sum
    }

    /// Adds `a * b`, both normal.
    #[inline(always)]
    pub(crate) fn accumulate(&mut self, a: Elements<W, M>, b: Elements<W, M>) {
        for i in 0..LIMBS {
            self.accumulate_limb(i, a, b.limbs[i]);
        }
    }

    /// Adds `a * 2^(52 i) x` for integers x below `2^52`.
    #[inline(always)]
    pub(super) fn accumulate_limb(&mut self, i: usize, a: Elements<W, M>, x: W) {
        for j in 0..LIMBS {
            self.limbs[i + j] = self.limbs[i + j].add_low(a.limbs[j], x);
        }
        for j in 0..LIMBS {
            self.limbs[i + j + 1] = self.limbs[i + j + 1].add_high(a.limbs[j], x);
        }
    }

    /// Adds `a * x` for integers of 64 bits.
    #[inline(always)]
    pub(super) fn accumulate_word(&mut self, a: Elements<W, M>, x: W) {
        // IFMA reads the low 52 bits of x by itself.
        self.accumulate_limb(0, a, x);
        self.accumulate_limb(1, a, x.shift_right::<52>());
    }

    /// The sum divided by `2^260` modulo p: row `i` adds the multiple of p that clears limb `i`.
    #[inline(always)]
    pub(crate) fn reduce(self) -> Elements<W, M> {
        let mut t = self.limbs;
        for i in 0..LIMBS {
            let m = W::splat(0).add_low(t[i], W::splat(M::INVERSE));
            for j in 0..LIMBS {
                t[i + j] = t[i + j].add_low(m, W::splat(M::LIMBS[j]));
            }
            t[i + 1] = t[i + 1].add(t[i].shift_right::<52>());
            for j in 0..LIMBS {
                t[i + j + 1] = t[i + j + 1].add_high(m, W::splat(M::LIMBS[j]));
            }
        }
        Elements::from_limbs([t[5], t[6], t[7], t[8], t[9]]).normalise()
    }
}
