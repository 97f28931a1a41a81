//! Arithmetic on eight elements: the interface that kernels are written over.

use ark_bn254::Fr;

use super::Block;

/// Elements in one [`Block`] and in one value of a type that is [`Lanes`].
pub const LANES: usize = 8;

/// Eight elements of BN254's scalar field, in the form of one back end.
///
/// The operations are closed: every result is a valid operand of every operation. All of them act lane by lane,
/// and all are exact.
pub trait Lanes: Copy + Send + Sync + 'static {
    /// A sum of products before its reduction, see [`Self::accumulate`].
    type Sum: Copy + Send + Sync;

    /// Products that one [`Self::Sum`] takes at most before it is reduced, of elements and of integers together.
    /// [`Self::accumulate_u64`] counts as two.
    const MAX_PRODUCTS: usize;

    /// Eight zeros.
    fn zero() -> Self;

    /// Eight times `x`. Costs several multiplications: lift constants out of loops.
    fn splat(x: Fr) -> Self;

    /// The elements `x`, element `k` in lane `k`. Costs several multiplications.
    fn from_elements(x: &[Fr; LANES]) -> Self;

    /// The eight elements. Costs several multiplications.
    fn elements(self) -> [Fr; LANES];

    /// The elements stored in `from` by the same back end.
    fn load(from: &Block) -> Self;

    /// Eight times the element in lane `lane` of `from`, stored by the same back end: cheap, unlike [`Self::splat`].
    ///
    /// # Panics
    ///
    /// Where `lane` is not below [`LANES`].
    fn broadcast(from: &Block, lane: usize) -> Self;

    /// Stores the elements in `to`.
    fn store(self, to: &mut Block);

    /// `self + other`.
    fn add(self, other: Self) -> Self;

    /// `self - other`.
    fn sub(self, other: Self) -> Self;

    /// `-self`.
    #[inline(always)]
    fn neg(self) -> Self {
        Self::zero().sub(self)
    }

    /// `self * other`.
    fn mul(self, other: Self) -> Self;

    /// `a * b + c * d`, with one reduction.
    fn mul_add(a: Self, b: Self, c: Self, d: Self) -> Self;

    /// The integers `x` as elements.
    fn from_u32(x: &[u32; LANES]) -> Self;

    /// The integers `x` as elements.
    fn from_u64(x: &[u64; LANES]) -> Self;

    /// The integers `x` as elements, a negative one as `r` less its absolute value.
    fn from_i64(x: &[i64; LANES]) -> Self;

    /// Sum of the eight lanes.
    #[inline(always)]
    fn sum(self) -> Fr {
        self.elements().into_iter().sum()
    }

    /// A sum of no products.
    fn empty_sum() -> Self::Sum;

    /// Adds `a * b` to `sum`, without reduction.
    ///
    /// The caller reduces before it has added more than [`Self::MAX_PRODUCTS`]: beyond that the result is wrong.
    fn accumulate(sum: &mut Self::Sum, a: Self, b: Self);

    /// Adds `a * x` to `sum`, without reduction: several times cheaper than [`Self::accumulate`].
    fn accumulate_u32(sum: &mut Self::Sum, a: Scaled<Self>, x: &[u32; LANES]);

    /// The same of integers below `2^52`.
    fn accumulate_u52(sum: &mut Self::Sum, a: Scaled<Self>, x: &[u64; LANES]);

    /// Adds `a * x` to `sum`, without reduction. Counts as two products.
    fn accumulate_u64(sum: &mut Self::Sum, a: Scaled<Self>, x: &[u64; LANES]);

    /// The sum as elements.
    fn reduce(sum: Self::Sum) -> Self;

    /// The radix `R` of the form: elements rest as `x * R`, and the reduction of a sum divides by `R`.
    fn radix() -> Fr;
}

/// A factor for products with integers: `a * R` in place of `a`, where `R` is the radix of the form.
///
/// Integers enter a sum as they are, without the radix, so that their factor has to carry it. The type keeps such
/// factors from being taken for elements.
#[derive(Clone, Copy)]
pub struct Scaled<L>(pub(crate) L);

impl<L: Lanes> Scaled<L> {
    /// Eight times the factor `a`.
    #[inline(always)]
    pub fn splat(a: Fr) -> Self {
        Self(L::splat(a * L::radix()))
    }

    /// The factors `a`, factor `k` in lane `k`.
    #[inline(always)]
    pub fn from_elements(a: &[Fr; LANES]) -> Self {
        Self::from_lanes(L::from_elements(a))
    }

    /// The factors `a`.
    #[inline(always)]
    pub fn from_lanes(a: L) -> Self {
        Self(a.mul(L::splat(L::radix())))
    }

    /// The factors stored in `from` by [`Self::store`] on the same back end.
    #[inline(always)]
    pub fn load(from: &Block) -> Self {
        Self(L::load(from))
    }

    /// Stores the factors in `to`.
    #[inline(always)]
    pub fn store(self, to: &mut Block) {
        self.0.store(to);
    }
}
