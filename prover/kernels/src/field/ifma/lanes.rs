//! The scalar field's elements as lanes.
//!
//! Every operation takes and returns normal values below `9/8 p`:
//!
//! - a product is below `(1 + 81/64 / 84) p < 1.02 p`, two under one reduction below `1.04 p`;
//! - a sum is below `9/4 p` with limbs of at least 0, a difference plus `2 p` between `7/8 p` and `25/8 p` with limbs
//!   between `-2^52` and `3 * 2^52`: `fold` takes both, and leaves less than `1.03 p`;
//! - 128 products are reduced to less than `(1 + 128 * 81/64 / 84) p < 3 p`, and folded to less than `1.03 p`;
//! - integers are reduced to less than `(1 + 2^-60) p`: their sum before is below `2^67 p`.

use ark_bn254::Fr;
use ark_ff::{MontFp, PrimeField};

use super::{
    Elements, Modulus, ScalarField, WideSum, Words,
    modulus::{limbs, power_of_two},
    sum,
};
use crate::field::{Block, LANES, Lanes, Scaled};

/// `2^260`, the radix of the form.
const RADIX: Fr = MontFp!("14061026562560008108437677537395418214257145015302139760672192454242160607148");

/// `-2^63 * 2^520` modulo r: what an integer of 64 bits with its sign flipped lacks.
const MINUS_HALF: [u64; 5] = limbs(negative(power_of_two(583, Fr::MODULUS.0)));

const fn negative(x: [u64; 4]) -> [u64; 4] {
    let mut difference = [0; 4];
    let mut borrow = false;
    let mut k = 0;
    while k < 4 {
        let (partial, first) = Fr::MODULUS.0[k].overflowing_sub(x[k]);
        let (word, second) = partial.overflowing_sub(borrow as u64);
        difference[k] = word;
        borrow = first | second;
        k += 1;
    }
    difference
}

impl<W: Words> Lanes for Elements<W, ScalarField> {
    type Sum = WideSum<W, ScalarField>;

    const MAX_PRODUCTS: usize = sum::MAX_PRODUCTS;

    #[inline(always)]
    fn zero() -> Self {
        Elements::zero()
    }

    #[inline(always)]
    fn splat(x: Fr) -> Self {
        Elements::splat(x)
    }

    #[inline(always)]
    fn from_elements(x: &[Fr; LANES]) -> Self {
        Elements::from_arkworks(x)
    }

    #[inline(always)]
    fn elements(self) -> [Fr; LANES] {
        self.to_arkworks()
    }

    #[inline(always)]
    fn load(from: &Block) -> Self {
        let [a, b, c, d] = from.rows();
        Elements::unpack([W::load(a), W::load(b), W::load(c), W::load(d)])
    }

    #[inline(always)]
    fn broadcast(from: &Block, lane: usize) -> Self {
        let [a, b, c, d] = from.rows();
        Self::constant(limbs([a[lane], b[lane], c[lane], d[lane]]))
    }

    #[inline(always)]
    fn store(self, to: &mut Block) {
        let packed = self.pack();
        let rows = to.rows_mut();
        for j in 0..4 {
            packed[j].store(&mut rows[j]);
        }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.add_raw(other).fold()
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.sub_raw::<2>(other).fold()
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Elements::mul(self, other)
    }

    #[inline(always)]
    fn mul_add(a: Self, b: Self, c: Self, d: Self) -> Self {
        WideSum::reduced_pair(&[a, b, c, d])
    }

    #[inline(always)]
    fn from_u32(x: &[u32; LANES]) -> Self {
        let mut sum = WideSum::empty();
        sum.accumulate_limb(0, Self::constant(ScalarField::FROM_INTEGER), widen(x));
        sum.reduce()
    }

    #[inline(always)]
    fn from_u64(x: &[u64; LANES]) -> Self {
        let mut sum = WideSum::empty();
        sum.accumulate_word(Self::constant(ScalarField::FROM_INTEGER), W::load(x));
        sum.reduce()
    }

    #[inline(always)]
    fn from_i64(x: &[i64; LANES]) -> Self {
        let mut flipped = [0; LANES];
        for k in 0..LANES {
            flipped[k] = x[k].cast_unsigned() ^ 1 << 63;
        }
        let mut sum = WideSum::of_constant(MINUS_HALF);
        sum.accumulate_word(Self::constant(ScalarField::FROM_INTEGER), W::load(&flipped));
        sum.reduce()
    }

    #[inline(always)]
    fn empty_sum() -> Self::Sum {
        WideSum::empty()
    }

    #[inline(always)]
    fn accumulate(sum: &mut Self::Sum, a: Self, b: Self) {
        sum.accumulate(a, b);
    }

    #[inline(always)]
    fn accumulate_u32(sum: &mut Self::Sum, a: Scaled<Self>, x: &[u32; LANES]) {
        sum.accumulate_limb(0, a.0, widen(x));
    }

    #[inline(always)]
    fn accumulate_u52(sum: &mut Self::Sum, a: Scaled<Self>, x: &[u64; LANES]) {
        sum.accumulate_limb(0, a.0, W::load(x));
    }

    #[inline(always)]
    fn accumulate_u64(sum: &mut Self::Sum, a: Scaled<Self>, x: &[u64; LANES]) {
        sum.accumulate_word(a.0, W::load(x));
    }

    #[inline(always)]
    fn reduce(sum: Self::Sum) -> Self {
        sum.reduce().fold()
    }

    #[inline(always)]
    fn radix() -> Fr {
        RADIX
    }
}

/// Words of the integers.
#[inline(always)]
fn widen<W: Words>(x: &[u32; LANES]) -> W {
    let mut words = [0; LANES];
    for k in 0..LANES {
        words[k] = u64::from(x[k]);
    }
    W::load(&words)
}
