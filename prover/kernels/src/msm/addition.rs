//! Batches of affine additions: what a back end gives to the multi-scalar multiplication.

use ark_bn254::G1Affine;

/// A point of a table, as it is or negated.
#[derive(Clone, Copy)]
pub(crate) struct Operand<'a, P> {
    pub point: &'a P,
    pub negative: bool,
}

impl<'a, P> Operand<'a, P> {
    pub fn plain(point: &'a P) -> Self {
        Self { point, negative: false }
    }
}

/// Affine additions on BN254 G1 by one back end, many with one inversion.
pub(crate) trait Addition: Copy + Send + Sync {
    /// An affine point in the form of the back end; the default is the point at infinity.
    type Point: Copy + Default + Send + Sync;
    /// Room for one batch, reused.
    type Scratch: Default + Send;

    /// Additions that share an inversion: the room of a batch stays within the second-level cache.
    const BATCH: usize = 1024;

    fn load(point: &G1Affine) -> Self::Point;
    fn store(point: &Self::Point) -> G1Affine;
    fn negate(point: &Self::Point) -> Self::Point;
    fn is_infinity(point: &Self::Point) -> bool;

    /// Gives `store` the sum of every pair `operands(k)`, `k < count`, at most [`Self::BATCH`] of them.
    ///
    /// Complete: doublings, sums at infinity and operands at infinity are exact. All operands are read before the
    /// first sum is given; `store` may get a sum more than once, the same each time.
    fn add_batch<'a>(
        self,
        scratch: &mut Self::Scratch,
        count: usize,
        operands: impl Fn(usize) -> [Operand<'a, Self::Point>; 2],
        store: impl FnMut(usize, Self::Point),
    ) where
        Self::Point: 'a;

    /// [`Self::add_batch`] for any number of pairs.
    fn add_all<'a>(
        self,
        scratch: &mut Self::Scratch,
        count: usize,
        operands: impl Fn(usize) -> [Operand<'a, Self::Point>; 2],
        mut store: impl FnMut(usize, Self::Point),
    ) where
        Self::Point: 'a,
    {
        for start in (0..count).step_by(Self::BATCH) {
            let batch = Self::BATCH.min(count - start);
            self.add_batch(scratch, batch, |k| operands(start + k), |k, sum| store(start + k, sum));
        }
    }
}
