//! The first round of the lowest layer, from the integers of the cells.
//!
//! Of two cells x and y, `q0 + q1 + lambda q0 q1 = 2 alpha + lambda alpha^2 - (1 + lambda alpha) (x + y) + lambda x y`: sums
//! over it are sums of integers. The leading coefficient is `lambda (x' - x) (y' - y)`.

use super::fill::TileCells;
use super::leaves::Leaves;
use ark_bn254::Fr;
use ark_ff::One;
use trine_kernels::{Block, LANES, Lanes, Scaled};

/// What is added to products of differences, which are above `-2^62`, to make them positive.
const OFFSET: i64 = 1 << 62;

/// Constants in the form of a back end.
pub(super) struct FirstRound<L> {
    /// `lambda`.
    lambda: L,
    /// `1 + lambda alpha`.
    linear: L,
    /// `2 alpha + lambda alpha^2`.
    constant: L,
    /// `-2^62`.
    offset: L,
}

impl<L: Lanes> FirstRound<L> {
    #[inline(always)]
    pub(super) fn new(alpha: Fr, lambda: Fr) -> Self {
        Self {
            lambda: L::splat(lambda),
            linear: L::splat(Fr::one() + lambda * alpha),
            constant: L::splat(alpha + alpha + lambda * alpha * alpha),
            offset: L::splat(-Fr::from(OFFSET)),
        }
    }

    /// `t(0)` and the leading coefficient of a tile, given the first leaf of each of its halves of children and the weights
    /// of its blocks, which sum to 1; none where the leaves are neither small cells nor padding.
    #[inline(always)]
    pub(super) fn evaluate(
        &self,
        leaves: &Leaves<'_>,
        [first, second]: [usize; 2],
        low: &[Block],
    ) -> Option<[L; 2]> {
        let x = leaves.cells_of_tile(first)?;
        match leaves.cells_of_tile(second) {
            Some(y) => Some(self.pair(x, y, low)),
            None => leaves.is_padding(second).then(|| self.alone(x, low)),
        }
    }

    #[inline(always)]
    fn pair(&self, x: TileCells<'_>, y: TileCells<'_>, low: &[Block]) -> [L; 2] {
        let (mut sums, mut products, mut leading) = (L::empty_sum(), L::empty_sum(), L::empty_sum());
        for (block, weight) in low.iter().enumerate() {
            let weight = Scaled::load(weight);
            let (x0, x1) = (x.shifted(2 * block), x.shifted(2 * block + 1));
            let (y0, y1) = (y.shifted(2 * block), y.shifted(2 * block + 1));
            let (mut sum, mut product, mut slope) = ([0; LANES], [0; LANES], [0; LANES]);
            for k in 0..LANES {
                sum[k] = x0[k] + y0[k];
                product[k] = u64::from(x0[k]) * u64::from(y0[k]);
                let rise = (i64::from(x1[k]) - i64::from(x0[k])) * (i64::from(y1[k]) - i64::from(y0[k]));
                slope[k] = (rise + OFFSET).cast_unsigned();
            }
            L::accumulate_u32(&mut sums, weight, &sum);
            L::accumulate_u64(&mut products, weight, &product);
            L::accumulate_u64(&mut leading, weight, &slope);
        }
        let (sums, products) = (L::reduce(sums), L::reduce(products));
        let varying = L::mul_add(self.lambda, products, self.linear.neg(), sums);
        [self.constant.add(varying), self.lambda.mul(L::reduce(leading).add(self.offset))]
    }

    /// Cells beside `0 / 1`: `1 + lambda (alpha - x)`.
    #[inline(always)]
    fn alone(&self, x: TileCells<'_>, low: &[Block]) -> [L; 2] {
        let mut sums = L::empty_sum();
        for (block, weight) in low.iter().enumerate() {
            L::accumulate_u32(&mut sums, Scaled::load(weight), &x.shifted(2 * block));
        }
        [self.linear.sub(self.lambda.mul(L::reduce(sums))), L::zero()]
    }
}
