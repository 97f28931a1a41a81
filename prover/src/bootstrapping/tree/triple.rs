//! The second layer above cells, where three of the four leaves below a node are cells and the last is `0 / 1`, as it is of most
//! nodes: limbs fill six of eight blocks of the largest trees.
//!
//! With the elementary symmetric polynomials `e1, e2, e3` of the cells x, y, z the node is
//! `p = 3 alpha^2 - 2 alpha e1 + e2` and `q = alpha^3 - alpha^2 e1 + alpha e2 - e3`: what is summed is integers. In the first round
//! of the sumcheck over such nodes `t(0)` is the sum of `p + lambda q`. The children are of x and z, and of y alone: with
//! differences d along the round's variable, `s = x + z` and `m = x z`, the leading coefficient is the sum of
//! `(1 + lambda alpha) ds dy - lambda dy dm`.

use super::fill::TileCells;
use super::leaves::Leaves;
use super::tile::{VARIABLES, WIDTH};
use super::tiled::Equality;
use ark_bn254::Fr;
use ark_ff::One;
use rayon::prelude::*;
use trine_kernels::{Backend, Block, Kernel, LANES, Lanes, Scaled};

/// Bits of a cell: integers here have room by this bound, and are not checked in each lane.
const BITS: u32 = 22;
/// Where `x y` is split before it is multiplied by z, so that both parts stay below `2^52`.
const SPLIT_PRODUCT: u32 = 30;
/// Where `dm` is split before it is multiplied by dy.
const SPLIT_SLOPE: u32 = 24;
/// What is added to products of slopes, which are smaller in size, to make them positive.
const OFFSETS: [u32; 3] = [46, 47, 44];

/// Three tiles of cells below a tile of nodes.
#[derive(Clone, Copy)]
pub(super) struct Triple<'a>([TileCells<'a>; 3]);

impl<'a> Triple<'a> {
    /// Below a tile of the second layer above the leaves; none where other leaves are there.
    pub(super) fn of(leaves: &'a Leaves<'_>, tile: usize) -> Option<Self> {
        let quarter = leaves.layers.checked_sub(2)?;
        let first = tile << VARIABLES;
        if !leaves.is_padding(first | 3 << quarter) {
            return None;
        }
        let x = leaves.cells_of_tile(first)?;
        let y = leaves.cells_of_tile(first | 1 << quarter)?;
        let z = leaves.cells_of_tile(first | 2 << quarter)?;
        (x.bits.max(y.bits).max(z.bits) <= BITS).then_some(Self([x, y, z]))
    }

    /// The nodes.
    #[inline(always)]
    pub(super) fn fill<L: Lanes>(self, c: &TripleConstants<L>, fractions: &mut [Block]) {
        for block in 0..WIDTH {
            let eight = Eight::load(self, block);
            let (mut p, mut q) = (L::empty_sum(), L::empty_sum());
            let [e1, e2, low, high] = [eight.sum(), eight.products(), eight.product(0), eight.product(1)];
            L::accumulate_u52(&mut p, c.minus_two_alpha, &e1);
            L::accumulate_u52(&mut p, c.one, &e2);
            L::accumulate_u52(&mut q, c.minus_alpha_squared, &e1);
            L::accumulate_u52(&mut q, c.alpha, &e2);
            L::accumulate_u52(&mut q, c.minus_one, &low);
            L::accumulate_u52(&mut q, c.minus_split, &high);
            c.numerator.add(L::reduce(p)).store(&mut fractions[block]);
            c.denominator.add(L::reduce(q)).store(&mut fractions[WIDTH + block]);
        }
    }
}

/// Constants of nodes, in the form of a back end.
pub(super) struct TripleConstants<L> {
    one: Scaled<L>,
    minus_one: Scaled<L>,
    minus_split: Scaled<L>,
    alpha: Scaled<L>,
    minus_two_alpha: Scaled<L>,
    minus_alpha_squared: Scaled<L>,
    /// `3 alpha^2`.
    numerator: L,
    /// `alpha^3`.
    denominator: L,
}

impl<L: Lanes> TripleConstants<L> {
    #[inline(always)]
    pub(super) fn new(alpha: Fr) -> Self {
        let squared = alpha * alpha;
        Self {
            one: Scaled::splat(Fr::one()),
            minus_one: Scaled::splat(-Fr::one()),
            minus_split: Scaled::splat(-Fr::from(1u64 << SPLIT_PRODUCT)),
            alpha: Scaled::splat(alpha),
            minus_two_alpha: Scaled::splat(-(alpha + alpha)),
            minus_alpha_squared: Scaled::splat(-squared),
            numerator: L::splat(squared + squared + squared),
            denominator: L::splat(squared * alpha),
        }
    }
}

/// Eight cells of each tile.
#[derive(Clone, Copy)]
struct Eight([[u32; LANES]; 3]);

impl Eight {
    #[inline(always)]
    fn load(triple: Triple<'_>, block: usize) -> Self {
        let [x, y, z] = triple.0;
        Self([x.shifted(block), y.shifted(block), z.shifted(block)])
    }

    /// `e1`.
    #[inline(always)]
    fn sum(&self) -> [u64; LANES] {
        let [x, y, z] = &self.0;
        let mut sum = [0; LANES];
        for lane in 0..LANES {
            sum[lane] = u64::from(x[lane].wrapping_add(y[lane]).wrapping_add(z[lane]));
        }
        sum
    }

    /// `e2`.
    #[inline(always)]
    fn products(&self) -> [u64; LANES] {
        let [x, y, z] = &self.0;
        let mut sum = [0; LANES];
        for lane in 0..LANES {
            // x y + (x + y) z
            let both = x[lane].wrapping_add(y[lane]);
            sum[lane] = multiplied(x[lane], y[lane]).wrapping_add(multiplied(both, z[lane]));
        }
        sum
    }

    /// Part 0 or 1 of `e3`, split by [`SPLIT_PRODUCT`].
    #[inline(always)]
    fn product(&self, part: usize) -> [u64; LANES] {
        let [x, y, z] = &self.0;
        let mut product = [0; LANES];
        for lane in 0..LANES {
            let xy = multiplied(x[lane], y[lane]);
            let half = if part == 0 { xy & ((1 << SPLIT_PRODUCT) - 1) } else { xy >> SPLIT_PRODUCT };
            product[lane] = multiplied(half as u32, z[lane]);
        }
        product
    }

    /// Products of differences, from these cells to others, plus the offsets: `ds dy`; `dy` times the low and the high part of
    /// `dm`.
    #[inline(always)]
    fn slopes(&self, to: &Self) -> [[u64; LANES]; 3] {
        let ([x, y, z], [u, v, w]) = (&self.0, &to.0);
        let mut slopes = [[0; LANES]; 3];
        for lane in 0..LANES {
            let dy = v[lane].wrapping_sub(y[lane]).cast_signed();
            let ds = u[lane].wrapping_add(w[lane]).wrapping_sub(x[lane].wrapping_add(z[lane])).cast_signed();
            // Between 0 and 2^45, of a difference that is below 2^44 in size.
            let dm = multiplied(u[lane], w[lane])
                .wrapping_sub(multiplied(x[lane], z[lane]))
                .wrapping_add(1 << (2 * BITS));
            let low = (dm & ((1 << SPLIT_SLOPE) - 1)) as i32;
            let high = ((dm >> SPLIT_SLOPE) as i32).wrapping_sub(1 << (2 * BITS - SPLIT_SLOPE));
            slopes[0][lane] = raised(ds, dy, OFFSETS[0]);
            slopes[1][lane] = raised(dy, low, OFFSETS[1]);
            slopes[2][lane] = raised(dy, high, OFFSETS[2]);
        }
        slopes
    }
}

#[inline(always)]
fn multiplied(x: u32, y: u32) -> u64 {
    u64::from(x).wrapping_mul(u64::from(y))
}

/// `x y + 2^offset`.
#[inline(always)]
fn raised(x: i32, y: i32, offset: u32) -> u64 {
    i64::from(x).wrapping_mul(i64::from(y)).wrapping_add(1 << offset).cast_unsigned()
}

/// `t(0)` and the leading coefficient of the first round over the nodes of the second layer that are of triples.
pub(super) fn first_round(backend: Backend, leaves: &Leaves<'_>, lambda: Fr, equality: &Equality) -> [Fr; 2] {
    let task = |(task, weight): (usize, &Fr)| {
        let first = task * equality.task();
        backend.run(TriplePass { leaves, lambda, first, equality }).map(|sum| sum * weight)
    };
    let add = |a: [Fr; 2], b: [Fr; 2]| [a[0] + b[0], a[1] + b[1]];
    equality.outer.par_iter().enumerate().map(task).reduce(Default::default, add)
}

struct TriplePass<'a> {
    leaves: &'a Leaves<'a>,
    lambda: Fr,
    /// First tile.
    first: usize,
    equality: &'a Equality,
}

impl Kernel for TriplePass<'_> {
    type Output = [Fr; 2];

    #[inline(always)]
    fn run<L: Lanes>(self) -> [Fr; 2] {
        let constants = RoundConstants::<L>::new(self.leaves.alpha, self.lambda);
        let mut sums = [L::empty_sum(); 2];
        for (k, weight) in self.equality.inner.blocks().iter().enumerate() {
            if let Some(triple) = Triple::of(self.leaves, self.first + k) {
                let [at_zero, leading] = constants.sums(triple, &self.equality.low_scaled);
                let weight = L::load(weight);
                L::accumulate(&mut sums[0], at_zero, weight);
                L::accumulate(&mut sums[1], leading, weight);
            }
        }
        [L::reduce(sums[0]).sum(), L::reduce(sums[1]).sum()]
    }
}

/// Constants of the round, in the form of a back end.
struct RoundConstants<L> {
    /// `lambda`.
    lambda: L,
    /// `1 + lambda alpha`.
    linear: L,
    /// `2 alpha + lambda alpha^2`.
    quadratic: L,
    /// `3 alpha^2 + lambda alpha^3`.
    constant: L,
    split_product: L,
    split_slope: L,
    /// Of products of slopes: the weights of a tile's blocks sum to 1.
    offsets: [L; 3],
}

impl<L: Lanes> RoundConstants<L> {
    #[inline(always)]
    fn new(alpha: Fr, lambda: Fr) -> Self {
        let squared = alpha * alpha;
        let [a, b, c] = OFFSETS;
        let power = |exponent: u32| Fr::from(1u64 << exponent);
        Self {
            lambda: L::splat(lambda),
            linear: L::splat(Fr::one() + lambda * alpha),
            quadratic: L::splat(alpha + alpha + lambda * squared),
            constant: L::splat(squared + squared + squared + lambda * squared * alpha),
            split_product: L::splat(power(SPLIT_PRODUCT)),
            split_slope: L::splat(power(SPLIT_SLOPE)),
            offsets: [L::splat(power(a)), L::splat(power(b)), L::splat(power(c))],
        }
    }

    #[inline(always)]
    fn sums(&self, triple: Triple<'_>, low: &[Block]) -> [L; 2] {
        let mut symmetric = [L::empty_sum(); 4];
        let mut slopes = [L::empty_sum(); 3];
        for (y, weight) in low.iter().enumerate() {
            let weight = Scaled::load(weight);
            let (even, odd) = (Eight::load(triple, 2 * y), Eight::load(triple, 2 * y + 1));
            L::accumulate_u52(&mut symmetric[0], weight, &even.sum());
            L::accumulate_u52(&mut symmetric[1], weight, &even.products());
            L::accumulate_u52(&mut symmetric[2], weight, &even.product(0));
            L::accumulate_u52(&mut symmetric[3], weight, &even.product(1));
            let products = even.slopes(&odd);
            for k in 0..3 {
                L::accumulate_u52(&mut slopes[k], weight, &products[k]);
            }
        }
        let [e1, e2] = [L::reduce(symmetric[0]), L::reduce(symmetric[1])];
        let e3 = L::reduce(symmetric[2]).add(self.split_product.mul(L::reduce(symmetric[3])));
        let at_zero =
            self.constant.add(self.linear.mul(e2)).sub(self.quadratic.mul(e1)).sub(self.lambda.mul(e3));
        let ds_dy = L::reduce(slopes[0]).sub(self.offsets[0]);
        let low = L::reduce(slopes[1]).sub(self.offsets[1]);
        let high = L::reduce(slopes[2]).sub(self.offsets[2]);
        let dy_dm = low.add(self.split_slope.mul(high));
        [at_zero, self.linear.mul(ds_dy).sub(self.lambda.mul(dy_dm))]
    }
}
