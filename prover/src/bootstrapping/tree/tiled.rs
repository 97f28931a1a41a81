//! Rounds of a layer's sumcheck on tiles: binding a variable and summing the next round in one pass.
//!
//! The children of a layer lie in two halves, `p0, q0` and `P1, q1`. Variables are bound in place, inside each tile.

use super::fill::Constants;
use super::first_rounds::{CellTile, FirstRounds};
use super::leaves::Leaves;
use super::nodes::{Descendants, fill_uniform};
use super::tile::{Broadcast, FRACTIONS, VARIABLES, WIDTH};
use super::triple::{self, Triple};
use ark_bn254::Fr;
use rayon::prelude::*;
use trine_kernels::{Backend, Block, Buffer, FieldVector, Kernel, LANES, Lanes};
use trine_verifier::opening::eq_table;

/// log2 of the most tiles of a task.
const LOG_TASK: usize = 5;
/// log2 of the tasks that a pass is cut into at least, where there are as many tiles.
const LOG_TASKS: usize = 4;

/// What a pass does before it sums.
#[derive(Clone, Copy)]
pub(super) enum Step {
    /// Puts `p1 + lambda q1` in the place of `p1`.
    Combine(Fr),
    /// Binds the lowest variable.
    Fold(Fr),
    /// Nothing.
    Keep,
}

/// The equality of a round, as a product over the blocks of a tile, the tiles of a task with their lanes, and the tasks.
pub(super) struct Equality {
    low: Vec<Block>,
    /// The same, as factors of integers.
    pub(super) low_scaled: Vec<Block>,
    pub(super) inner: FieldVector,
    pub(super) outer: Vec<Fr>,
}

impl Equality {
    /// The round of the first of the variables `rest`, in tiles of `width` blocks.
    pub(super) fn new(backend: Backend, rest: &[Fr], width: usize) -> Self {
        let (low, above) = rest.split_at(width.trailing_zeros() as usize);
        let log_lanes = LANES.trailing_zeros() as usize;
        let log_tiles = above.len() - log_lanes;
        let log_task = log_tiles.saturating_sub(LOG_TASKS).min(LOG_TASK);
        let (inner, outer) = above.split_at(log_lanes + log_task);
        let low = eq_table(&low[1..]);
        Self {
            low: backend.run(Broadcast { elements: &low, scaled: false }),
            low_scaled: backend.run(Broadcast { elements: &low, scaled: true }),
            inner: FieldVector::from_elements(backend, &eq_table(inner)),
            outer: eq_table(outer),
        }
    }

    /// Tiles of a task.
    pub(super) fn task(&self) -> usize {
        self.inner.blocks().len()
    }
}

/// Tiles of a task, of the first and of the second half of the children.
type Task<'a> = (&'a mut [Block], &'a mut [Block]);

/// The children: tiles of fractions, and how many blocks of each tile are left.
pub(super) struct Halves<'a> {
    /// `p0, q0` of all tiles, then `P1, q1`.
    pub(super) tiles: Buffer<Block>,
    /// Blocks from one tile to the next: denominators lie half of them after numerators.
    pub(super) stride: usize,
    /// Numerators that are left of a tile, in blocks.
    pub(super) width: usize,
    /// By tile of a half, whether those of both halves are uniform; empty where that is not known.
    pub(super) uniform: &'a [bool],
}

impl Halves<'_> {
    /// One pass over all tiles. Returns `t(0)` and the leading coefficient, given the equality of the next round.
    pub(super) fn pass(&mut self, backend: Backend, step: Step, equality: &Equality) -> [Fr; 2] {
        let Self { stride, width, uniform, .. } = *self;
        let chunk = equality.task() * stride;
        let half = self.tiles.len() / 2;
        let (first, second) = self.tiles.split_at_mut(half);
        let tasks = first.par_chunks_mut(chunk).zip(second.par_chunks_mut(chunk)).zip(&equality.outer);
        let run = |(task, ((first, second), weight)): (usize, (Task<'_>, &Fr))| {
            let uniform = uniform.get(task * equality.task()..).unwrap_or_default();
            backend
                .run(Pass { first, second, stride, width, step, equality, uniform })
                .map(|sum| sum * weight)
        };
        let sums = tasks.enumerate().map(run).reduce(Default::default, add);
        self.width = step.width(width);
        sums
    }

    /// Binds the last variable inside the tiles.
    pub(super) fn fold_last(&mut self, backend: Backend, challenge: Fr) {
        let stride = self.stride;
        let tasks = self.tiles.par_chunks_mut(stride << LOG_TASK);
        tasks.for_each(|tiles| backend.run(FoldLast { tiles, stride, challenge }));
        self.width = 1;
    }
}

impl Step {
    /// Blocks of a tile after the step.
    pub(super) fn width(self, before: usize) -> usize {
        match self {
            Self::Combine(_) | Self::Keep => before,
            Self::Fold(_) => before / 2,
        }
    }
}

fn add(a: [Fr; 2], b: [Fr; 2]) -> [Fr; 2] {
    [a[0] + b[0], a[1] + b[1]]
}

struct Pass<'a> {
    first: &'a mut [Block],
    second: &'a mut [Block],
    stride: usize,
    width: usize,
    step: Step,
    equality: &'a Equality,
    uniform: &'a [bool],
}

impl Kernel for Pass<'_> {
    type Output = [Fr; 2];

    #[inline(always)]
    fn run<L: Lanes>(self) -> [Fr; 2] {
        let challenge = match self.step {
            Step::Combine(x) | Step::Fold(x) => L::splat(x),
            Step::Keep => L::zero(),
        };
        let mut sums = Sums::<L>::empty();
        let tiles = self.first.chunks_exact_mut(self.stride).zip(self.second.chunks_exact_mut(self.stride));
        for (k, ((first, second), weight)) in tiles.zip(self.equality.inner.blocks()).enumerate() {
            if self.uniform.get(k) == Some(&true) {
                if let Step::Combine(_) = self.step {
                    let [p, q] = [L::load(&second[0]), L::load(&second[self.stride / 2])];
                    fill_uniform([p.add(challenge.mul(q)), q], second);
                }
                sums.add([Children::load(first, second, 0).node(), L::zero()], L::load(weight));
                continue;
            }
            match self.step {
                Step::Combine(_) => combine(second, self.width, challenge),
                Step::Fold(_) => {
                    fold(first, self.width, challenge);
                    fold(second, self.width, challenge);
                }
                Step::Keep => {}
            }
            sums.add(evaluate::<L>(first, second, &self.equality.low), L::load(weight));
        }
        sums.total()
    }
}

struct FoldLast<'a> {
    tiles: &'a mut [Block],
    stride: usize,
    challenge: Fr,
}

impl Kernel for FoldLast<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let challenge = L::splat(self.challenge);
        for fractions in self.tiles.chunks_exact_mut(self.stride) {
            fold(fractions, 2, challenge);
        }
    }
}

/// Rounds on children that are computed from the leaves: in each pass anew, until they have been bound often enough to be
/// stored.
pub(super) struct Virtual<'a> {
    /// The leaves.
    pub(super) leaves: &'a Leaves<'a>,
    /// log2 of the nodes of the layer, half of its children.
    pub(super) variables: usize,
    /// `P1 = p1 + lambda q1`.
    pub(super) lambda: Fr,
}

impl Virtual<'_> {
    /// What cells give to the first rounds: to two of them where the children are leaves, to one where they are nodes above two
    /// leaves.
    pub(super) fn first_rounds(&self, backend: Backend, rest: &[Fr]) -> FirstRounds {
        let layers = self.leaves.layers - self.variables;
        if layers > 2 {
            return FirstRounds::default();
        }
        let first = Equality::new(backend, rest, WIDTH);
        if layers == 2 {
            return FirstRounds::of_one(triple::first_round(backend, self.leaves, self.lambda, &first));
        }
        let second = Equality::new(backend, &rest[1..], WIDTH / 2);
        FirstRounds::sum(backend, self.leaves, self.lambda, [&first, &second])
    }

    /// The sums of the round after `bound`, given what cells give to it.
    pub(super) fn pass(
        &self,
        backend: Backend,
        bound: &[Fr],
        equality: &Equality,
        first_rounds: &FirstRounds,
    ) -> [Fr; 2] {
        let run = |(task, weight): (usize, &Fr)| {
            let first = task * equality.task();
            backend
                .run(VirtualPass { children: self, bound, first, equality, store: None })
                .map(|sum| sum * weight)
        };
        let others = equality.outer.par_iter().enumerate().map(run).reduce(Default::default, add);
        add(others, first_rounds.round(bound))
    }

    /// Whether [`Self::first_rounds`] has the tile's share of the round after so many.
    fn is_covered(&self, tile: usize, bound: usize) -> bool {
        match (self.leaves.layers - self.variables, bound) {
            (1, 0 | 1) => CellTile::of(self.leaves, tile, self.variables).is_some(),
            (2, 0) => Triple::of(self.leaves, tile).is_some(),
            _ => false,
        }
    }

    /// The same, and the children bound.
    pub(super) fn store(&self, backend: Backend, bound: &[Fr], equality: &Equality) -> ([Fr; 2], Halves<'_>) {
        let (width, stride) = (WIDTH >> bound.len(), FRACTIONS >> bound.len());
        let half = stride << (self.variables - VARIABLES);
        let mut tiles = super::nodes::zeros(2 * half);
        let (first, second) = tiles.split_at_mut(half);
        let chunk = equality.task() * stride;
        let tasks = first.par_chunks_mut(chunk).zip(second.par_chunks_mut(chunk)).zip(&equality.outer);
        let run = |(task, (store, weight)): (usize, (Task<'_>, &Fr))| {
            let first = task * equality.task();
            let pass = VirtualPass { children: self, bound, first, equality, store: Some(store) };
            backend.run(pass).map(|sum| sum * weight)
        };
        let sums = tasks.enumerate().map(run).reduce(Default::default, add);
        let uniform = self.leaves.uniform.layer(self.variables);
        (sums, Halves { tiles, stride, width, uniform })
    }
}

struct VirtualPass<'a> {
    children: &'a Virtual<'a>,
    bound: &'a [Fr],
    /// First tile.
    first: usize,
    equality: &'a Equality,
    store: Option<Task<'a>>,
}

impl Kernel for VirtualPass<'_> {
    type Output = [Fr; 2];

    #[inline(always)]
    fn run<L: Lanes>(mut self) -> [Fr; 2] {
        let Virtual { leaves, variables, lambda } = *self.children;
        let lambda = L::splat(lambda);
        let unbound = Constants::<L>::new(leaves.alpha, &[]);
        let bound = Constants::<L>::new(leaves.alpha, self.bound);
        let width = WIDTH >> self.bound.len();
        let uniform = leaves.uniform.layer(variables);
        let mut descendants = Descendants::new(leaves, variables);
        let mut sums = Sums::<L>::empty();
        for (k, weight) in self.equality.inner.blocks().iter().enumerate() {
            let tile = self.first + k;
            if self.store.is_none() && self.children.is_covered(tile, self.bound.len()) {
                continue;
            }
            if uniform[tile] {
                let other = tile | 1 << (variables - VARIABLES);
                let first = leaves.uniform_node(&unbound, tile, variables + 1);
                let second = leaves.uniform_node(&unbound, other, variables + 1);
                if let (Some([p0, q0]), Some([p1, q1])) = (first, second) {
                    let children = Children([p0, q0, p1.add(lambda.mul(q1)), q1]);
                    sums.add([children.node(), L::zero()], L::load(weight));
                    if let Some((first_tiles, second_tiles)) = &mut self.store {
                        let stride = FRACTIONS >> self.bound.len();
                        let place = k * stride..(k + 1) * stride;
                        let Children([p0, q0, p1, q1]) = children;
                        fill_uniform([p0, q0], &mut first_tiles[place.clone()]);
                        fill_uniform([p1, q1], &mut second_tiles[place]);
                    }
                    continue;
                }
            }
            descendants.fill([&unbound, &bound], tile, 2);
            let (first, rest) = descendants.tiles.split_at_mut(FRACTIONS);
            let second = &mut rest[..FRACTIONS];
            combine(second, width, lambda);
            sums.add(evaluate::<L>(first, second, &self.equality.low), L::load(weight));
            if let Some((first_tiles, second_tiles)) = &mut self.store {
                let stride = FRACTIONS >> self.bound.len();
                let place = k * stride..(k + 1) * stride;
                keep(first, &mut first_tiles[place.clone()]);
                keep(second, &mut second_tiles[place]);
            }
        }
        sums.total()
    }
}

/// Sums over the tiles of a task.
struct Sums<L: Lanes>([L::Sum; 2]);

impl<L: Lanes> Sums<L> {
    #[inline(always)]
    fn empty() -> Self {
        Self([L::empty_sum(); 2])
    }

    /// Adds those of one tile: at most `2^LOG_TASK` times.
    #[inline(always)]
    fn add(&mut self, [at_zero, leading]: [L; 2], weight: L) {
        L::accumulate(&mut self.0[0], at_zero, weight);
        L::accumulate(&mut self.0[1], leading, weight);
    }

    #[inline(always)]
    fn total(self) -> [Fr; 2] {
        let [at_zero, leading] = self.0;
        [L::reduce(at_zero).sum(), L::reduce(leading).sum()]
    }
}

/// Copies what is left of a tile.
#[inline(always)]
fn keep(fractions: &[Block], to: &mut [Block]) {
    let (p, q) = to.split_at_mut(to.len() / 2);
    p.copy_from_slice(&fractions[..p.len()]);
    q.copy_from_slice(&fractions[WIDTH..WIDTH + q.len()]);
}

/// `P1` in the place of `p1`.
#[inline(always)]
fn combine<L: Lanes>(second: &mut [Block], width: usize, lambda: L) {
    let (p, q) = second.split_at_mut(second.len() / 2);
    for (p, q) in p[..width].iter_mut().zip(q) {
        L::load(p).add(lambda.mul(L::load(q))).store(p);
    }
}

/// Binds the lowest variable of numerators and denominators, of which there are `width` blocks each.
#[inline(always)]
pub(super) fn fold<L: Lanes>(fractions: &mut [Block], width: usize, challenge: L) {
    for start in [0, fractions.len() / 2] {
        let vector = &mut fractions[start..start + width];
        for y in 0..width / 2 {
            let (low, high) = (L::load(&vector[2 * y]), L::load(&vector[2 * y + 1]));
            low.add(challenge.mul(high.sub(low))).store(&mut vector[y]);
        }
    }
}

/// `p0, q0, P1, q1` of eight nodes.
#[derive(Clone, Copy)]
struct Children<L>([L; 4]);

impl<L: Lanes> Children<L> {
    #[inline(always)]
    fn load(first: &[Block], second: &[Block], block: usize) -> Self {
        Self([
            L::load(&first[block]),
            L::load(&first[first.len() / 2 + block]),
            L::load(&second[block]),
            L::load(&second[second.len() / 2 + block]),
        ])
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Self([a.sub(e), b.sub(f), c.sub(g), d.sub(h)])
    }

    /// `p0 q1 + P1 q0`.
    #[inline(always)]
    fn node(self) -> L {
        let [p0, q0, p1, q1] = self.0;
        L::mul_add(p0, q1, p1, q0)
    }
}

/// `t(0)` and the leading coefficient of one tile, without the equality of lanes and tile.
#[inline(always)]
fn evaluate<L: Lanes>(first: &[Block], second: &[Block], low: &[Block]) -> [L; 2] {
    let (mut at_zero, mut leading) = (L::empty_sum(), L::empty_sum());
    for (y, weight) in low.iter().enumerate() {
        let weight = L::load(weight);
        let children = Children::<L>::load(first, second, 2 * y);
        L::accumulate(&mut at_zero, weight, children.node());
        let slope = Children::<L>::load(first, second, 2 * y + 1).sub(children);
        L::accumulate(&mut leading, weight, slope.node());
    }
    [L::reduce(at_zero), L::reduce(leading)]
}
