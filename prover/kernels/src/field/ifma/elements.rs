//! Eight elements of one field in five limbs each.

use core::marker::PhantomData;

use super::{
    Modulus, Register, Step, Words,
    modulus::{LIMBS, limbs},
};

const LOW_52: u64 = (1 << 52) - 1;

/// Eight elements: limb `j` of all of them in `limbs[j]`. The bounds of its operations are in the module's table.
#[derive(Clone, Copy)]
pub(crate) struct Elements<W, M> {
    pub(super) limbs: [W; LIMBS],
    modulus: PhantomData<M>,
}

impl<W: Register, M: Modulus> Elements<W, M> {
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

    /// `self * other / 2^260` modulo p, see [`Self::mul`].
    #[inline(always)]
    fn product(self, other: Self) -> Self {
        let [a, b, c, d, e] = self.limbs;
        let mut t = [W::splat(0); LIMBS + 1];
        // Written out, as compilers leave a loop of so much work rolled.
        t = other.add_row(t, a).clear_early();
        t = other.add_row(t, b).clear_early();
        t = other.add_row(t, c).clear_early();
        t = other.add_row(t, d).clear();
        t = other.add_row(t, e).clear();
        let [a, b, c, d, e, _] = t;
        Self::from_limbs([a, b, c, d, e]).normalise()
    }

    /// `t + a * self`.
    #[inline(always)]
    fn add_row(self, t: [W; LIMBS + 1], a: W) -> Row<W, M> {
        let mut row = Row::new(t);
        for j in 0..LIMBS {
            row.limbs[j] = row.limbs[j].add_low(a, self.limbs[j]);
        }
        for j in 0..LIMBS {
            row.limbs[j + 1] = row.limbs[j + 1].add_high(a, self.limbs[j]);
        }
        row
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
}

impl<W: Words, M: Modulus> Elements<W, M> {
    /// Product, in Montgomery's form: `self * other / 2^260`.
    ///
    /// Row `i` adds `self_i * other` and a multiple of p that clears the lowest limb, then drops that limb: see [`Row`]. The
    /// multiples sum to less than `(1 + 2^-52) 2^260 p`, so that the result is below `(A B / 84 + 1) p` and a `2^-52` of p. No
    /// limb overflows: between its birth and its drop a limb takes at most four halves of products below `2^52` a row, in at
    /// most six rows, and a carry below `2^12`.
    #[inline(always)]
    pub(crate) fn mul(self, other: Self) -> Self {
        let mut product = Self::zero();
        W::call(Product { left: &self, right: &other, product: &mut product });
        product
    }

    #[inline(always)]
    pub(super) fn part(&self, k: usize) -> Elements<W::Part, M> {
        let mut part = Elements::zero();
        for j in 0..LIMBS {
            part.limbs[j] = self.limbs[j].part(k);
        }
        part
    }

    #[inline(always)]
    pub(super) fn set_part(&mut self, k: usize, part: Elements<W::Part, M>) {
        for j in 0..LIMBS {
            self.limbs[j].set_part(k, part.limbs[j]);
        }
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

    /// Writes the limbs as they are.
    #[inline(always)]
    pub(crate) fn save(&self, rows: &mut [[u64; 8]; LIMBS]) {
        for j in 0..LIMBS {
            self.limbs[j].store(&mut rows[j]);
        }
    }

    /// Limbs as [`Self::save`] wrote them.
    #[inline(always)]
    pub(crate) fn saved(rows: &[[u64; 8]; LIMBS]) -> Self {
        let mut elements = Self::zero();
        for j in 0..LIMBS {
            elements.limbs[j] = W::load(&rows[j]);
        }
        elements
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

/// A sum whose lowest limb is about to be cleared and dropped.
pub(super) struct Row<W, M> {
    pub(super) limbs: [W; LIMBS + 2],
    modulus: PhantomData<M>,
}

impl<W: Register, M: Modulus> Row<W, M> {
    #[inline(always)]
    pub(super) fn new([a, b, c, d, e, f]: [W; LIMBS + 1]) -> Self {
        Self { limbs: [a, b, c, d, e, f, W::splat(0)], modulus: PhantomData }
    }

    /// The sum plus `m p`, divided by `2^52`, for the m below `2^52` that makes it an integer.
    #[inline(always)]
    pub(super) fn clear(self) -> [W; LIMBS + 1] {
        let mut t = self.limbs;
        let m = t[0].low(W::splat(M::INVERSE));
        for j in 0..LIMBS {
            t[j] = t[j].add_low(m, W::splat(M::LIMBS[j]));
        }
        for j in 0..LIMBS {
            t[j + 1] = t[j + 1].add_high(m, W::splat(M::LIMBS[j]));
        }
        let [t0, t1, t2, t3, t4, t5, t6] = t;
        [t1.add(t0.shift_right_signed::<52>()), t2, t3, t4, t5, t6]
    }

    /// The sum plus `m INVERSE p`, divided by `2^52`, for its lowest limb m: a shorter way, and a multiple up to `2^52`
    /// times larger, which two rows of [`Self::clear`] above it make small.
    #[inline(always)]
    pub(super) fn clear_early(self) -> [W; LIMBS + 1] {
        let [t0, t1, t2, t3, t4, t5, t6] = self.limbs;
        let m = t0.and(W::splat(LOW_52));
        let mut t = [t1.add(t0.shift_right_signed::<52>()), t2, t3, t4, t5, t6];
        for j in 0..LIMBS {
            t[j] = t[j].add_low(m, W::splat(M::MULTIPLIER[j]));
        }
        for j in 0..LIMBS {
            t[j + 1] = t[j + 1].add_high(m, W::splat(M::MULTIPLIER[j]));
        }
        t
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
        for k in 0..W::PARTS {
            let product = self.left.part(k).product(self.right.part(k));
            self.product.set_part(k, product);
        }
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
