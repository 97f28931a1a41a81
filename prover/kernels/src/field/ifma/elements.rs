//! Eight elements of one field in five limbs each.

use core::marker::PhantomData;

use super::{
    Modulus, Step, Words,
    modulus::{LIMBS, limbs},
};

const LOW_52: u64 = (1 << 52) - 1;

/// Eight elements: limb `j` of all of them in `limbs[j]`. The bounds of its operations are in the module's table.
#[derive(Clone, Copy)]
pub(crate) struct Elements<W, M> {
    pub(super) limbs: [W; LIMBS],
    modulus: PhantomData<M>,
}

impl<W: Words, M: Modulus> Elements<W, M> {
    #[inline(always)]
    pub(super) fn from_limbs(limbs: [W; LIMBS]) -> Self {
        Self { limbs, modulus: PhantomData }
    }

    /// Eight times the integer of these limbs.
    #[inline(always)]
    pub(super) fn constant(limbs: [u64; LIMBS]) -> Self {
        let mut lanes = [W::splat(0); LIMBS];
        for j in 0..LIMBS {
            lanes[j] = W::splat(limbs[j]);
        }
        Self::from_limbs(lanes)
    }

    /// Eight zeros.
    #[inline(always)]
    pub(crate) fn zero() -> Self {
        Self::from_limbs([W::splat(0); LIMBS])
    }

    /// Limb `j` of `factor * p`, not normal.
    #[inline(always)]
    fn multiple(factor: u64, j: usize) -> W {
        W::splat(factor.wrapping_mul(M::LIMBS[j]))
    }

    /// Product, in Montgomery's form: `self * other / 2^260`.
    ///
    /// Row `i` adds `self_i * other` and the multiple `m` of p that clears the lowest limb, then drops that limb. The
    /// result is `(self * other + sum_i m_i 2^(52 i) p) / 2^260`, and the multiples sum to less than `2^260`:
    /// below `A B p^2 / 2^260 + p < (A B / 84 + 1) p`. No limb overflows: between its birth and its drop a limb takes at
    /// most four halves of products below `2^52` a row, in at most five rows, and a carry below `2^12`.
    #[inline(always)]
    pub(crate) fn mul(self, other: Self) -> Self {
        let mut product = Self::zero();
        W::call(Product { left: &self, right: &other, product: &mut product });
        product
    }

    /// `(t + a * other + m p) / 2^52` for the m that makes it an integer.
    #[inline(always)]
    fn row([t0, t1, t2, t3, t4]: [W; LIMBS], a: W, other: Self) -> [W; LIMBS] {
        let mut t = [t0, t1, t2, t3, t4, W::splat(0)];
        for j in 0..LIMBS {
            t[j] = t[j].add_low(a, other.limbs[j]);
        }
        let m = t[0].low(W::splat(M::INVERSE));
        for j in 0..LIMBS {
            t[j + 1] = t[j + 1].add_high(a, other.limbs[j]);
        }
        for j in 0..LIMBS {
            t[j] = t[j].add_low(m, Self::multiple(1, j));
        }
        for j in 0..LIMBS {
            t[j + 1] = t[j + 1].add_high(m, Self::multiple(1, j));
        }
        [t[1].add(t[0].shift_right_signed::<52>()), t[2], t[3], t[4], t[5]]
    }

    /// Propagates carries.
    #[inline(always)]
    pub(crate) fn normalise(mut self) -> Self {
        let low = W::splat(LOW_52);
        for j in 0..LIMBS - 1 {
            self.limbs[j + 1] = self.limbs[j + 1].add(self.limbs[j].shift_right_signed::<52>());
            self.limbs[j] = self.limbs[j].and(low);
        }
        self
    }

    /// `self + other`, not normal.
    #[inline(always)]
    pub(crate) fn add_raw(mut self, other: Self) -> Self {
        for j in 0..LIMBS {
            self.limbs[j] = self.limbs[j].add(other.limbs[j]);
        }
        self
    }

    /// `self - other + K p`, not normal.
    #[inline(always)]
    pub(crate) fn sub_raw<const K: u64>(mut self, other: Self) -> Self {
        for j in 0..LIMBS {
            self.limbs[j] = self.limbs[j].sub(other.limbs[j]).add(Self::multiple(K, j));
        }
        self
    }

    /// Subtracts as many p as the top limb tells.
    ///
    /// `q = floor(84 floor(h / 2^20) / 2^32)` for the top limb h, about `84 h / 2^52`, against the quotient `v / p = 84.6 (v / 2^208) / 2^52` of the
    /// value v. Limbs of at least 0 make `h <= v / 2^208`, hence `q <= v / p`. With limbs of either sign below `2^54`,
    /// `h <= v / 2^208 + 5`, and `q <= v / p` still, as 84 is below 84.6 by 0.7 % and `v >= p / 2` is more than `2^46`
    /// in units of the top limb. What is left is below `1 + 0.0077 v / p + 2^-40` times p, for `v < 8 p` below
    /// `1.07 p`.
    #[inline(always)]
    pub(crate) fn fold(mut self) -> Self {
        W::call(Fold(&mut self));
        self
    }

    /// Subtracts p where the value is at least that.
    #[inline(always)]
    pub(crate) fn canonical(self) -> Self {
        let mut difference = self;
        for j in 0..LIMBS {
            difference.limbs[j] = self.limbs[j].sub(Self::multiple(1, j));
        }
        let difference = difference.normalise();
        difference.select(difference.limbs[LIMBS - 1].negative(), self)
    }

    /// The lanes of `other` where `mask` has a bit, those of `self` elsewhere.
    #[inline(always)]
    pub(crate) fn select(mut self, mask: u8, other: Self) -> Self {
        for j in 0..LIMBS {
            self.limbs[j] = self.limbs[j].select(mask, other.limbs[j]);
        }
        self
    }

    /// One bit a lane: whether the value is 0 modulo p. The value is normal and below `2 p`.
    #[inline(always)]
    pub(crate) fn is_zero(self) -> u8 {
        let [a, b, c, d, e] = self.canonical().limbs;
        !W::splat(0).sub(a.or(b).or(c).or(d).or(e)).negative()
    }

    /// Four words from five limbs.
    #[inline(always)]
    pub(crate) fn pack(self) -> [W; 4] {
        let [a, b, c, d, e] = self.limbs;
        [
            a.or(b.shift_left::<52>()),
            b.shift_right::<12>().or(c.shift_left::<40>()),
            c.shift_right::<24>().or(d.shift_left::<28>()),
            d.shift_right::<36>().or(e.shift_left::<16>()),
        ]
    }

    /// Five limbs from four words of any value below `2^256`: normal.
    #[inline(always)]
    pub(crate) fn unpack([a, b, c, d]: [W; 4]) -> Self {
        let low = W::splat(LOW_52);
        Self::from_limbs([
            a.and(low),
            a.shift_right::<52>().or(b.shift_left::<12>()).and(low),
            b.shift_right::<40>().or(c.shift_left::<24>()).and(low),
            c.shift_right::<28>().or(d.shift_left::<36>()).and(low),
            d.shift_right::<16>(),
        ])
    }

    /// Elements of arkworks in this form: normal, below `1.02 p`.
    #[inline(always)]
    pub(crate) fn from_arkworks(elements: &[M::Element; 8]) -> Self {
        let mut words = [[0; 8]; 4];
        for k in 0..8 {
            let element = M::words(&elements[k]);
            for j in 0..4 {
                words[j][k] = element[j];
            }
        }
        let [a, b, c, d] = &words;
        Self::unpack([W::load(a), W::load(b), W::load(c), W::load(d)]).mul(Self::constant(M::FROM_ARKWORKS))
    }

    /// The element in all lanes: normal, below `1.02 p`.
    #[inline(always)]
    pub(crate) fn splat(element: M::Element) -> Self {
        Self::constant(limbs(M::words(&element))).mul(Self::constant(M::FROM_ARKWORKS))
    }

    /// The elements in arkworks' form, of normal values below `84 p`.
    #[inline(always)]
    pub(crate) fn to_arkworks(self) -> [M::Element; 8] {
        let packed = self.mul(Self::constant(M::TO_ARKWORKS)).canonical().pack();
        let mut words = [[0; 8]; 4];
        for j in 0..4 {
            packed[j].store(&mut words[j]);
        }
        let mut elements = [M::Element::default(); 8];
        for k in 0..8 {
            elements[k] = M::from_words([words[0][k], words[1][k], words[2][k], words[3][k]]);
        }
        elements
    }
}

/// [`Elements::mul`].
struct Product<'a, W, M> {
    left: &'a Elements<W, M>,
    right: &'a Elements<W, M>,
    product: &'a mut Elements<W, M>,
}

impl<W: Words, M: Modulus> Step for Product<'_, W, M> {
    #[inline(always)]
    fn run(self) {
        let [a, b, c, d, e] = self.left.limbs;
        let right = *self.right;
        // Written out, as compilers leave a loop of so much work rolled.
        let t = Elements::row([W::splat(0); LIMBS], a, right);
        let t = Elements::row(t, b, right);
        let t = Elements::row(t, c, right);
        let t = Elements::row(t, d, right);
        let t = Elements::row(t, e, right);
        *self.product = Elements::from_limbs(t).normalise();
    }
}

/// [`Elements::fold`] in place.
struct Fold<'a, W, M>(&'a mut Elements<W, M>);

impl<W: Words, M: Modulus> Step for Fold<'_, W, M> {
    #[inline(always)]
    fn run(self) {
        let mut limbs = self.0.limbs;
        let quotient = limbs[LIMBS - 1].shift_right::<20>().multiply_32(W::splat(84)).shift_right::<32>();
        for j in 0..LIMBS {
            limbs[j] = limbs[j].sub(quotient.lookup(&M::MULTIPLES[j]));
        }
        *self.0 = Elements::from_limbs(limbs).normalise();
    }
}
