//! Sums of products that wait for their reduction.

use core::marker::PhantomData;

use super::{Elements, Modulus, Register, Step, Words, each_part, elements::Row, modulus::LIMBS};

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

impl<W: Register, M: Modulus> WideSum<W, M> {
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

    #[inline(always)]
    fn add_product(&mut self, a: Elements<W, M>, b: Elements<W, M>) {
        // Written out, as compilers leave a loop of so much work rolled.
        self.accumulate_limb(0, a, b.limbs[0]);
        self.accumulate_limb(1, a, b.limbs[1]);
        self.accumulate_limb(2, a, b.limbs[2]);
        self.accumulate_limb(3, a, b.limbs[3]);
        self.accumulate_limb(4, a, b.limbs[4]);
    }

    /// Row `i` adds a multiple of p that clears limb `i`.
    #[inline(always)]
    fn divided(self) -> Elements<W, M> {
        let [t0, t1, t2, t3, t4, t5, t6, t7, t8, t9] = self.limbs;
        let t = Row::<W, M>::new([t0, t1, t2, t3, t4, t5]).clear_early();
        let t = Self::next_row(t, t6).clear_early();
        let t = Self::next_row(t, t7).clear_early();
        let t = Self::next_row(t, t8).clear();
        let [a, b, c, d, e, _] = Self::next_row(t, t9).clear();
        Elements::from_limbs([a, b, c, d, e]).normalise()
    }

    /// A row of what the one before left, and one more limb of the sum.
    #[inline(always)]
    fn next_row([a, b, c, d, e, f]: [W; LIMBS + 1], limb: W) -> Row<W, M> {
        Row::new([a, b, c, d, e, f.add(limb)])
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
}

impl<W: Words, M: Modulus> WideSum<W, M> {
    /// Adds `a * b`, both normal.
    #[inline(always)]
    pub(crate) fn accumulate(&mut self, a: Elements<W, M>, b: Elements<W, M>) {
        W::call(Accumulation { sum: self, left: &a, right: &b });
    }

    /// `a * b + c * d`, all normal, divided by `2^260` modulo p.
    #[inline(always)]
    pub(super) fn reduced_pair(factors: &[Elements<W, M>; 4]) -> Elements<W, M> {
        let mut reduced = Elements::zero();
        W::call(PairReduction { factors, reduced: &mut reduced });
        reduced
    }

    /// Adds `a * x` for integers of 64 bits.
    #[inline(always)]
    pub(super) fn accumulate_word(&mut self, a: Elements<W, M>, x: W) {
        W::call(WordAccumulation { sum: self, factor: &a, x });
    }

    /// The sum divided by `2^260` modulo p.
    #[inline(always)]
    pub(crate) fn reduce(self) -> Elements<W, M> {
        let mut reduced = Elements::zero();
        W::call(Reduction { sum: &self, reduced: &mut reduced });
        reduced
    }

    #[inline(always)]
    fn part(&self, k: usize) -> WideSum<W::Part, M> {
        let mut part = WideSum::empty();
        for j in 0..2 * LIMBS {
            part.limbs[j] = self.limbs[j].part(k);
        }
        part
    }

    #[inline(always)]
    fn set_part(&mut self, k: usize, part: WideSum<W::Part, M>) {
        for j in 0..2 * LIMBS {
            self.limbs[j].set_part(k, part.limbs[j]);
        }
    }
}

/// [`WideSum::accumulate`].
struct Accumulation<'a, W, M> {
    sum: &'a mut WideSum<W, M>,
    left: &'a Elements<W, M>,
    right: &'a Elements<W, M>,
}

impl<W: Words, M: Modulus> Step for Accumulation<'_, W, M> {
    #[inline(always)]
    fn run(self) {
        each_part!(W, K, {
            let mut sum = self.sum.part(K);
            sum.add_product(self.left.part(K), self.right.part(K));
            self.sum.set_part(K, sum);
        });
    }
}

/// [`WideSum::accumulate_word`].
struct WordAccumulation<'a, W, M> {
    sum: &'a mut WideSum<W, M>,
    factor: &'a Elements<W, M>,
    x: W,
}

impl<W: Words, M: Modulus> Step for WordAccumulation<'_, W, M> {
    #[inline(always)]
    fn run(self) {
        each_part!(W, K, {
            let (mut sum, factor, x) = (self.sum.part(K), self.factor.part(K), self.x.part(K));
            sum.accumulate_limb(0, factor, x.and(W::Part::splat((1 << 52) - 1)));
            sum.accumulate_limb(1, factor, x.shift_right::<52>());
            self.sum.set_part(K, sum);
        });
    }
}

/// [`WideSum::reduce`].
struct Reduction<'a, W, M> {
    sum: &'a WideSum<W, M>,
    reduced: &'a mut Elements<W, M>,
}

impl<W: Words, M: Modulus> Step for Reduction<'_, W, M> {
    #[inline(always)]
    fn run(self) {
        each_part!(W, K, {
            self.reduced.set_part(K, self.sum.part(K).divided());
        });
    }
}

/// [`WideSum::reduced_pair`].
struct PairReduction<'a, W, M> {
    factors: &'a [Elements<W, M>; 4],
    reduced: &'a mut Elements<W, M>,
}

impl<W: Words, M: Modulus> Step for PairReduction<'_, W, M> {
    #[inline(always)]
    fn run(self) {
        let [a, b, c, d] = self.factors;
        each_part!(W, K, {
            let mut sum = WideSum::empty();
            sum.add_product(a.part(K), b.part(K));
            sum.add_product(c.part(K), d.part(K));
            self.reduced.set_part(K, sum.divided());
        });
    }
}
