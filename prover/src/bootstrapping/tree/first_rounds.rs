//! The first two rounds of the lowest layer, from the integers of the cells, in one pass.
//!
//! Of two cells x and y, `q0 + q1 + lambda q0 q1 = 2 alpha + lambda alpha^2 - (1 + lambda alpha) (x + y) + lambda x y`: what
//! is summed is integers. The leading coefficient is `lambda dx dy`, d the difference along the round's variable. Where the
//! first variable is bound at r, both are polynomials of degree 2 in r, of which the values at 0 and 1 and the leading
//! coefficient are sums over integers too.

use super::fill::TileCells;
use super::leaves::Leaves;
use super::tile::VARIABLES;
use super::tiled::Equality;
use ark_bn254::Fr;
use ark_ff::One;
use rayon::prelude::*;
use trine_kernels::{Backend, Block, Kernel, LANES, Lanes, Scaled};

/// What is added to products of differences, which are above `-2^62`, to make them positive.
const OFFSET: i64 = 1 << 62;
/// Sums of a pass: two of the first round, and two polynomials of degree 2 of the second.
const SUMS: usize = 8;

/// The share of cells in the first two rounds.
#[derive(Clone, Copy, Default)]
pub(super) struct FirstRounds([Fr; SUMS]);

impl FirstRounds {
    /// Sums over the layer above the leaves, given the equalities of its first two rounds.
    pub(super) fn sum(backend: Backend, leaves: &Leaves<'_>, lambda: Fr, equalities: [&Equality; 2]) -> Self {
        let task = |(task, weight): (usize, &Fr)| {
            let first = task * equalities[0].task();
            backend.run(CellPass { leaves, lambda, first, equalities }).map(|sum| sum * weight)
        };
        let add = |a: [Fr; SUMS], b: [Fr; SUMS]| std::array::from_fn(|k| a[k] + b[k]);
        Self(equalities[0].outer.par_iter().enumerate().map(task).reduce(Default::default, add))
    }

    /// The share of one round alone.
    pub(super) fn of_one([at_zero, leading]: [Fr; 2]) -> Self {
        let mut sums = [Fr::default(); SUMS];
        (sums[0], sums[1]) = (at_zero, leading);
        Self(sums)
    }

    /// `t(0)` and the leading coefficient of the round after `bound`, which is empty or the first challenge.
    pub(super) fn round(&self, bound: &[Fr]) -> [Fr; 2] {
        let [at_zero, leading, a0, a1, a2, b0, b1, b2] = self.0;
        match bound.first() {
            None => [at_zero, leading],
            Some(r) => [[a0, a1, a2], [b0, b1, b2]].map(|[f0, f1, f2]| f0 + *r * (f1 - f0 - f2 + *r * f2)),
        }
    }
}

/// The leaves of a tile's children, where [`FirstRounds`] covers the tile.
pub(super) enum CellTile<'a> {
    /// Two cells to a node.
    Pair(TileCells<'a>, TileCells<'a>),
    /// A cell and `0 / 1`.
    Single(TileCells<'a>),
}

impl<'a> CellTile<'a> {
    /// The tile of the layer of `2^variables` nodes, one above the leaves; none where it holds other leaves.
    pub(super) fn of(leaves: &'a Leaves<'_>, tile: usize, variables: usize) -> Option<Self> {
        let first = tile << VARIABLES;
        let second = first | 1 << variables;
        let x = leaves.cells_of_tile(first)?;
        match leaves.cells_of_tile(second) {
            Some(y) => Some(Self::Pair(x, y)),
            None => leaves.is_padding(second).then_some(Self::Single(x)),
        }
    }
}

struct CellPass<'a> {
    leaves: &'a Leaves<'a>,
    lambda: Fr,
    /// First tile.
    first: usize,
    equalities: [&'a Equality; 2],
}

impl Kernel for CellPass<'_> {
    type Output = [Fr; SUMS];

    #[inline(always)]
    fn run<L: Lanes>(self) -> [Fr; SUMS] {
        let constants = Constants::<L>::new(self.leaves.alpha, self.lambda);
        let [low, next] = self.equalities.map(|equality| equality.low_scaled.as_slice());
        let mut sums = [L::empty_sum(); SUMS];
        for (k, weight) in self.equalities[0].inner.blocks().iter().enumerate() {
            let values = match CellTile::of(self.leaves, self.first + k, self.leaves.layers - 1) {
                Some(CellTile::Pair(x, y)) => constants.pair(x, y, low, next),
                Some(CellTile::Single(x)) => constants.single(x, low, next),
                None => continue,
            };
            let weight = L::load(weight);
            for j in 0..SUMS {
                L::accumulate(&mut sums[j], values[j], weight);
            }
        }
        let mut totals = [Fr::default(); SUMS];
        for j in 0..SUMS {
            totals[j] = L::reduce(sums[j]).sum();
        }
        totals
    }
}

/// Constants in the form of a back end.
struct Constants<L> {
    zero: L,
    /// `lambda`.
    lambda: L,
    /// `1 + lambda alpha`.
    linear: L,
    /// `2 alpha + lambda alpha^2`.
    constant: L,
    /// `-2^62`.
    offset: L,
}

impl<L: Lanes> Constants<L> {
    #[inline(always)]
    fn new(alpha: Fr, lambda: Fr) -> Self {
        Self {
            zero: L::zero(),
            lambda: L::splat(lambda),
            linear: L::splat(Fr::one() + lambda * alpha),
            constant: L::splat(alpha + alpha + lambda * alpha * alpha),
            offset: L::splat(-Fr::from(OFFSET)),
        }
    }

    /// Sums of a tile of equal nodes: they have no slopes.
    #[inline(always)]
    fn uniform(&self, node: L) -> [L; SUMS] {
        let mut values = [self.zero; SUMS];
        for k in [0, 2, 3] {
            values[k] = node;
        }
        values
    }

    /// Sums of a tile of pairs. The weights of its blocks sum to 1 in either round.
    #[inline(always)]
    fn pair(&self, x: TileCells<'_>, y: TileCells<'_>, low: &[Block], next: &[Block]) -> [L; SUMS] {
        if let (Some(x), Some(y)) = (x.uniform(), y.uniform()) {
            // Both are below 2^30.
            let sum = L::from_u32(&[x.wrapping_add(y); LANES]);
            let product = L::from_u64(&[u64::from(x).wrapping_mul(u64::from(y)); LANES]);
            return self.uniform(self.constant.add(self.lambda.mul(product).sub(self.linear.mul(sum))));
        }
        // x + y in the first round, at 0 and at 1 in the second; x y likewise; dx dy in the first, at 0, 1 and leading.
        let mut sums = [L::empty_sum(); 3];
        let mut products = [L::empty_sum(); 3];
        let mut slopes = [L::empty_sum(); 5];
        for (y4, weight) in next.iter().enumerate() {
            let x = Four::load(x, y4);
            let y = Four::load(y, y4);
            let (even, odd) = (Scaled::load(&low[2 * y4]), Scaled::load(&low[2 * y4 + 1]));
            let weight = Scaled::load(weight);
            for (sum, scale, k) in [(0, even, 0), (0, odd, 2), (1, weight, 0), (2, weight, 1)] {
                L::accumulate_u32(&mut sums[sum], scale, &x.sum(&y, k));
                L::accumulate_u64(&mut products[sum], scale, &x.product(&y, k));
            }
            let along_first = x.slopes(&y, [0, 1]);
            L::accumulate_u64(&mut slopes[0], even, &along_first);
            L::accumulate_u64(&mut slopes[0], odd, &x.slopes(&y, [2, 3]));
            L::accumulate_u64(&mut slopes[1], weight, &along_first);
            L::accumulate_u64(&mut slopes[2], weight, &x.slopes(&y, [0, 2]));
            L::accumulate_u64(&mut slopes[3], weight, &x.slopes(&y, [1, 3]));
            L::accumulate_u64(&mut slopes[4], weight, &x.mixed(&y));
        }
        let mut values = [self.zero; SUMS];
        for (value, k) in [(0, 0), (2, 1), (3, 2)] {
            let (sum, product) = (L::reduce(sums[k]), L::reduce(products[k]));
            values[value] = self.constant.add(self.lambda.mul(product).sub(self.linear.mul(sum)));
        }
        for (value, k) in [(1, 0), (4, 1), (5, 2), (6, 3), (7, 4)] {
            values[value] = self.lambda.mul(L::reduce(slopes[k]).add(self.offset));
        }
        values
    }

    /// Sums of a tile of cells beside `0 / 1`: `1 + lambda (alpha - x)`.
    #[inline(always)]
    fn single(&self, x: TileCells<'_>, low: &[Block], next: &[Block]) -> [L; SUMS] {
        if let Some(x) = x.uniform() {
            return self.uniform(self.linear.sub(self.lambda.mul(L::from_u32(&[x; LANES]))));
        }
        let mut sums = [L::empty_sum(); 3];
        for (y4, weight) in next.iter().enumerate() {
            let x = Four::load(x, y4);
            let weight = Scaled::load(weight);
            L::accumulate_u32(&mut sums[0], Scaled::load(&low[2 * y4]), &x.0[0]);
            L::accumulate_u32(&mut sums[0], Scaled::load(&low[2 * y4 + 1]), &x.0[2]);
            L::accumulate_u32(&mut sums[1], weight, &x.0[0]);
            L::accumulate_u32(&mut sums[2], weight, &x.0[1]);
        }
        let mut values = [self.zero; SUMS];
        for (value, k) in [(0, 0), (2, 1), (3, 2)] {
            values[value] = self.linear.sub(self.lambda.mul(L::reduce(sums[k])));
        }
        values
    }
}

/// `x y` plus the offset, for factors above `-2^31` and below `2^31`.
#[inline(always)]
fn raised(x: i32, y: i32) -> u64 {
    i64::from(x).wrapping_mul(i64::from(y)).wrapping_add(OFFSET).cast_unsigned()
}

/// Four cells below 2^30, eight times: by the bits of the first two variables. Integers have room by these bounds; checks in
/// each lane would keep the compiler from working on eight at a time.
#[derive(Clone, Copy)]
struct Four([[u32; LANES]; 4]);

impl Four {
    #[inline(always)]
    fn load(cells: TileCells<'_>, block: usize) -> Self {
        let mut four = [[0; LANES]; 4];
        for (k, eight) in four.iter_mut().enumerate() {
            *eight = cells.shifted(4 * block + k);
        }
        Self(four)
    }

    /// `x + y`.
    #[inline(always)]
    fn sum(&self, other: &Self, k: usize) -> [u32; LANES] {
        let mut sum = [0; LANES];
        for (lane, sum) in sum.iter_mut().enumerate() {
            *sum = self.0[k][lane].wrapping_add(other.0[k][lane]);
        }
        sum
    }

    /// `x y`.
    #[inline(always)]
    fn product(&self, other: &Self, k: usize) -> [u64; LANES] {
        let mut product = [0; LANES];
        for (lane, product) in product.iter_mut().enumerate() {
            *product = u64::from(self.0[k][lane]).wrapping_mul(u64::from(other.0[k][lane]));
        }
        product
    }

    /// Above `-2^30`, below `2^30`.
    #[inline(always)]
    fn difference(&self, [from, to]: [usize; 2], lane: usize) -> i32 {
        self.0[to][lane].wrapping_sub(self.0[from][lane]).cast_signed()
    }

    /// `dx dy` plus the offset.
    #[inline(always)]
    fn slopes(&self, other: &Self, along: [usize; 2]) -> [u64; LANES] {
        let mut slopes = [0; LANES];
        for (lane, to) in slopes.iter_mut().enumerate() {
            *to = raised(self.difference(along, lane), other.difference(along, lane));
        }
        slopes
    }

    /// The product of the differences of differences, plus the offset.
    #[inline(always)]
    fn mixed(&self, other: &Self) -> [u64; LANES] {
        let mut mixed = [0; LANES];
        for (lane, to) in mixed.iter_mut().enumerate() {
            let x = self.difference([1, 3], lane).wrapping_sub(self.difference([0, 2], lane));
            let y = other.difference([1, 3], lane).wrapping_sub(other.difference([0, 2], lane));
            *to = raised(x, y);
        }
        mixed
    }
}
