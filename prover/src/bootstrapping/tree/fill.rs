//! Tiles of leaves, and of the nodes just above them, with variables bound: from the integers of the columns.
//!
//! Binding is linear: with `e_k` the weights of the bound variables, a bound denominator of cells is
//! `alpha - sum_k e_k x_k`. Of two such, x and y, the node above is
//! `p = 2 alpha - sum_k e_k (x_k + y_k)` and `q = alpha^2 - alpha sum_k e_k (x_k + y_k) + sum_k e_k x_k y_k`.

use super::leaves::{Kind, Leaves, SMALL_BITS};
use super::tile::{self, FRACTIONS, WIDTH, gather};
use super::tiled::fold;
use super::triple::TripleConstants;
use ark_bn254::Fr;
use ark_ff::One;
use trine_kernels::{Block, LANES, Lanes, Scaled};
use trine_verifier::opening::eq_table;

/// Most variables that are bound.
pub(super) const MOST_BOUND: usize = 2;

/// The variables that are bound, and constants, in the form of a back end.
pub(super) struct Constants<L> {
    challenges: [L; MOST_BOUND],
    bound: usize,
    /// `e_k`.
    plus: [Scaled<L>; 1 << MOST_BOUND],
    /// `-e_k`.
    minus: [Scaled<L>; 1 << MOST_BOUND],
    /// `-alpha e_k`.
    minus_alpha: [Scaled<L>; 1 << MOST_BOUND],
    pub(super) zero: L,
    pub(super) one: L,
    pub(super) alpha: L,
    alpha_doubled: L,
    alpha_squared: L,
    /// Of nodes two layers above the leaves.
    pub(super) triple: TripleConstants<L>,
}

impl<L: Lanes> Constants<L> {
    /// With the challenges of the variables that are bound.
    #[inline(always)]
    pub(super) fn new(alpha: Fr, bound: &[Fr]) -> Self {
        let mut constants = Self {
            challenges: [L::zero(); MOST_BOUND],
            bound: bound.len(),
            plus: [Scaled::splat(Fr::default()); 1 << MOST_BOUND],
            minus: [Scaled::splat(Fr::default()); 1 << MOST_BOUND],
            minus_alpha: [Scaled::splat(Fr::default()); 1 << MOST_BOUND],
            zero: L::zero(),
            one: L::splat(Fr::one()),
            alpha: L::splat(alpha),
            alpha_doubled: L::splat(alpha + alpha),
            alpha_squared: L::splat(alpha * alpha),
            triple: TripleConstants::new(alpha),
        };
        for (k, challenge) in bound.iter().enumerate() {
            constants.challenges[k] = L::splat(*challenge);
        }
        for (k, weight) in eq_table(bound).into_iter().enumerate() {
            constants.plus[k] = Scaled::splat(weight);
            constants.minus[k] = Scaled::splat(-weight);
            constants.minus_alpha[k] = Scaled::splat(-weight * alpha);
        }
        constants
    }

    /// Elements that are bound to one.
    #[inline(always)]
    fn count(&self) -> usize {
        1 << self.bound
    }

    /// Binds elements that are not bound yet.
    #[inline(always)]
    pub(super) fn bind(&self, fractions: &mut [Block]) {
        for k in 0..self.bound {
            fold(fractions, WIDTH >> k, self.challenges[k]);
        }
    }
}

/// Cells of a tile whose shifted values are below `2^30`.
#[derive(Clone, Copy)]
pub(super) struct TileCells<'a> {
    /// One tile of them.
    pub(super) cells: &'a [u32; tile::LENGTH],
    /// How far they are shifted up.
    pub(super) shift: u32,
    /// Bits that the shifted cells of the column have at most.
    pub(super) bits: u32,
}

impl TileCells<'_> {
    #[inline(always)]
    pub(super) fn shifted(self, block: usize) -> [u32; LANES] {
        let mut eight = gather(self.cells, block);
        for x in &mut eight {
            *x = x.wrapping_shl(self.shift);
        }
        eight
    }
}

impl Leaves<'_> {
    /// Bound leaves of a tile.
    #[inline(always)]
    pub(super) fn fill<L: Lanes>(&self, tile: usize, c: &Constants<L>, fractions: &mut [Block]) {
        let (p, q) = fractions.split_at_mut(WIDTH);
        let (p, q) = (&mut p[..WIDTH >> c.bound], &mut q[..WIDTH >> c.bound]);
        let first = tile << tile::VARIABLES;
        let Some((kind, row)) = self.kind_of_tile(first) else {
            match self.is_padding(first) {
                true => fill_constant(c.zero, c.one, p, q),
                false => {
                    self.fill_elements::<L>(first, fractions);
                    c.bind(fractions);
                }
            }
            return;
        };
        match kind {
            Kind::Cells { bits: ..=SMALL_BITS, .. } => {
                if let Some(cells) = self.cells_of_tile(first) {
                    fill_cells(cells, c, p, q);
                }
            }
            Kind::Cells { cells, shift, .. } => {
                let scale = L::splat(Fr::from(1u64 << shift));
                let cells = chunk(cells, row);
                for (y, (p, q)) in p.iter_mut().zip(q).enumerate() {
                    c.one.store(p);
                    c.alpha.add(scale.mul(weighted(&c.minus[..c.count()], cells, y))).store(q);
                }
            }
            Kind::Range(multiplicities) => {
                let counts = chunk(multiplicities, row);
                for (y, (p, q)) in p.iter_mut().zip(q).enumerate() {
                    weighted(&c.minus[..c.count()], counts, y).store(p);
                    c.alpha.add(weighted_indices(&c.minus[..c.count()], row, y)).store(q);
                }
            }
            Kind::Dense { .. } => {
                self.fill_elements::<L>(first, fractions);
                c.bind(fractions);
            }
        }
    }

    /// Bound nodes of the layer above the leaves, below whose tile the leaves of two tiles lie; `other` is space for a tile.
    #[inline(always)]
    pub(super) fn fill_pair<L: Lanes>(
        &self,
        tiles: [usize; 2],
        [unbound, bound]: [&Constants<L>; 2],
        fractions: &mut [Block],
        other: &mut [Block],
    ) {
        let [first, second] = tiles.map(|tile| tile << tile::VARIABLES);
        if let (Some(x), Some(y)) = (self.cells_of_tile(first), self.cells_of_tile(second)) {
            fill_sums(x, y, bound, fractions);
        } else if self.is_padding(second) {
            self.fill(tiles[0], bound, fractions);
        } else {
            self.fill(tiles[0], unbound, fractions);
            self.fill(tiles[1], unbound, other);
            super::nodes::add_into::<L>(fractions, other);
            bound.bind(fractions);
        }
    }

    /// Leaves of a tile, not bound, one by one.
    #[inline(always)]
    fn fill_elements<L: Lanes>(&self, first: usize, fractions: &mut [Block]) {
        let mut numerators = [Fr::default(); tile::LENGTH];
        let mut denominators = [Fr::default(); tile::LENGTH];
        for (k, (p, q)) in numerators.iter_mut().zip(&mut denominators).enumerate() {
            (*p, *q) = self.leaf(first + k);
        }
        for block in 0..WIDTH {
            L::from_elements(&gather(&numerators, block)).store(&mut fractions[block]);
            L::from_elements(&gather(&denominators, block)).store(&mut fractions[WIDTH + block]);
        }
    }
}

/// The tile that begins in a row.
#[inline(always)]
fn chunk(column: &[u32], row: usize) -> &[u32; tile::LENGTH] {
    column[row..].first_chunk().expect("a block of whole tiles")
}

/// Small cells.
#[inline(always)]
fn fill_cells<L: Lanes>(cells: TileCells<'_>, c: &Constants<L>, p: &mut [Block], q: &mut [Block]) {
    for (y, (p, q)) in p.iter_mut().zip(q).enumerate() {
        let mut sum = L::empty_sum();
        for k in 0..c.count() {
            L::accumulate_u32(&mut sum, c.minus[k], &cells.shifted(y << c.bound | k));
        }
        c.one.store(p);
        c.alpha.add(L::reduce(sum)).store(q);
    }
}

/// Nodes above two tiles of cells.
#[inline(always)]
fn fill_sums<L: Lanes>(
    first: TileCells<'_>,
    second: TileCells<'_>,
    c: &Constants<L>,
    fractions: &mut [Block],
) {
    debug_assert_eq!(fractions.len(), FRACTIONS);
    for y in 0..WIDTH >> c.bound {
        let (mut p, mut q) = (L::empty_sum(), L::empty_sum());
        for k in 0..c.count() {
            let block = y << c.bound | k;
            let (a, b) = (first.shifted(block), second.shifted(block));
            let (mut sum, mut product) = ([0; LANES], [0; LANES]);
            for lane in 0..LANES {
                // Both are below 2^30. A check in each lane would keep the compiler from doing eight at a time.
                sum[lane] = a[lane].wrapping_add(b[lane]);
                product[lane] = u64::from(a[lane]).wrapping_mul(u64::from(b[lane]));
            }
            L::accumulate_u32(&mut p, c.minus[k], &sum);
            L::accumulate_u32(&mut q, c.minus_alpha[k], &sum);
            L::accumulate_u64(&mut q, c.plus[k], &product);
        }
        c.alpha_doubled.add(L::reduce(p)).store(&mut fractions[y]);
        c.alpha_squared.add(L::reduce(q)).store(&mut fractions[WIDTH + y]);
    }
}

/// `sum_k weight_k x_k` over the elements that are bound to those of block `y`.
#[inline(always)]
fn weighted<L: Lanes>(weights: &[Scaled<L>], x: &[u32; tile::LENGTH], y: usize) -> L {
    let mut sum = L::empty_sum();
    for (k, weight) in weights.iter().enumerate() {
        L::accumulate_u32(&mut sum, *weight, &gather(x, y * weights.len() + k));
    }
    L::reduce(sum)
}

/// The same of consecutive integers, the first of the tile being `row`.
#[inline(always)]
fn weighted_indices<L: Lanes>(weights: &[Scaled<L>], row: usize, y: usize) -> L {
    let mut sum = L::empty_sum();
    for (k, weight) in weights.iter().enumerate() {
        let mut indices = [0; LANES];
        for (lane, index) in indices.iter_mut().enumerate() {
            *index = row.wrapping_add(lane << tile::ROUNDS | (y * weights.len() + k)) as u32;
        }
        L::accumulate_u32(&mut sum, *weight, &indices);
    }
    L::reduce(sum)
}

#[inline(always)]
fn fill_constant<L: Lanes>(numerator: L, denominator: L, p: &mut [Block], q: &mut [Block]) {
    for (p, q) in p.iter_mut().zip(q) {
        numerator.store(p);
        denominator.store(q);
    }
}
