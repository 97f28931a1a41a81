//! Nodes of the tree: node i of a layer is the sum of the fractions i and i + half of the layer below.

use super::fill::Constants;
use super::leaves::Leaves;
use super::tile::{self, Export, FRACTIONS, Import, WIDTH};
use super::triple::Triple;
use ark_bn254::Fr;
use rayon::prelude::*;
use trine_kernels::{Backend, Block, Buffer, Kernel, LANES, Lanes};

/// log2 of the nodes of the lowest stored layer, as long as no more than [`MOST_COMPUTED`] layers are below it.
const LARGEST_STORED: usize = 23;
/// Most layers that are computed from the leaves whenever they are needed, the leaves themselves included.
const MOST_COMPUTED: usize = 3;

/// Layers of a tree that are computed from the leaves whenever they are needed.
pub(super) fn computed(layers: usize) -> usize {
    layers.saturating_sub(LARGEST_STORED).clamp(1, MOST_COMPUTED)
}

/// Variables of a layer that are bound before its children, `below` layers above the bottom, are stored: as many as leave
/// no more than twice what the lowest stored layer takes.
pub(super) fn passes(leaves: &Leaves<'_>, below: usize) -> usize {
    let least = usize::from(below == 1);
    leaves.computed.saturating_sub(below).max(least)
}

/// Tiles that a task computes.
const TASK: usize = 16;

/// A stored layer.
pub(super) enum Nodes {
    /// At least two tiles of fractions.
    Tiles(Buffer<Block>),
    /// Fewer: numerators and denominators.
    Elements(Vec<Fr>, Vec<Fr>),
}

/// Stored layers, that of the root's children (two nodes) first.
pub(super) fn stored_layers(backend: Backend, leaves: &Leaves<'_>) -> Vec<Nodes> {
    let mut layers = vec![lowest_stored(backend, leaves)];
    let mut variables = leaves.layers.saturating_sub(leaves.computed);
    while let Some(next) = layers
        .last()
        .and_then(|layer| parents(backend, layer, leaves.uniform.layer(variables.saturating_sub(1))))
    {
        layers.push(next);
        variables = variables.saturating_sub(1);
    }
    layers.reverse();
    layers
}

impl Nodes {
    /// `p0, p1, q0, q1` of the first two nodes: the root's children in the layer of two.
    pub(super) fn first_children(&self) -> [Fr; 4] {
        match self {
            Self::Elements(p, q) => [p[0], p[1], q[0], q[1]],
            Self::Tiles(_) => unreachable!("tiles hold more than two nodes"),
        }
    }
}

fn lowest_stored(backend: Backend, leaves: &Leaves<'_>) -> Nodes {
    let variables = leaves.layers.saturating_sub(leaves.computed);
    if variables <= tile::VARIABLES {
        // So small that the leaves are stored.
        let (p, q) = (0..1usize << leaves.layers).map(|index| leaves.leaf(index)).unzip();
        return Nodes::Elements(p, q);
    }
    let mut tiles = zeros(FRACTIONS << (variables - tile::VARIABLES));
    let tasks = tiles.par_chunks_mut(TASK * FRACTIONS).enumerate();
    tasks.for_each(|(task, tiles)| backend.run(FromLeaves { leaves, variables, first: task * TASK, tiles }));
    Nodes::Tiles(tiles)
}

/// Blocks of zeros.
pub(super) fn zeros(blocks: usize) -> Buffer<Block> {
    Buffer::zeroed(blocks)
}

/// The layer above, with its uniform tiles; none above two nodes.
fn parents(backend: Backend, layer: &Nodes, uniform: &[bool]) -> Option<Nodes> {
    match layer {
        Nodes::Tiles(tiles) => {
            let mut above = zeros(tiles.len() / 2);
            let (first, second) = tiles.split_at(tiles.len() / 2);
            above
                .par_chunks_mut(TASK * FRACTIONS)
                .zip(first.par_chunks(TASK * FRACTIONS))
                .zip(second.par_chunks(TASK * FRACTIONS))
                .zip(uniform.par_chunks(TASK))
                .for_each(|(((above, first), second), uniform)| {
                    backend.run(Parents { above, first, second, uniform });
                });
            if above.len() > FRACTIONS {
                return Some(Nodes::Tiles(above));
            }
            let (p, q) = elements(backend, &above, FRACTIONS, WIDTH);
            Some(Nodes::Elements(p, q))
        }
        Nodes::Elements(p, q) if p.len() > 2 => {
            let half = p.len() / 2;
            let node = |i: usize| (p[i] * q[i + half] + p[i + half] * q[i], q[i] * q[i + half]);
            let (p, q) = (0..half).map(node).unzip();
            Some(Nodes::Elements(p, q))
        }
        Nodes::Elements(..) => None,
    }
}

/// Tiles of a layer out of elements.
pub(super) fn tiles(backend: Backend, p: &[Fr], q: &[Fr]) -> Buffer<Block> {
    let mut tiles = zeros(p.len() / tile::LENGTH * FRACTIONS);
    let tasks = tiles.par_chunks_mut(TASK * FRACTIONS);
    let elements = p.par_chunks(TASK * tile::LENGTH).zip(q.par_chunks(TASK * tile::LENGTH));
    tasks.zip(elements).for_each(|(tiles, (p, q))| backend.run(Import { p, q, tiles }));
    tiles
}

/// Numerators and denominators that are left of tiles: `width` blocks of each, a tile every `stride` blocks.
pub(super) fn elements(backend: Backend, tiles: &[Block], stride: usize, width: usize) -> (Vec<Fr>, Vec<Fr>) {
    let task = TASK * width * LANES;
    let length = tiles.len() / stride * width * LANES;
    let (mut p, mut q) = (vec![Fr::default(); length], vec![Fr::default(); length]);
    let elements = p.par_chunks_mut(task).zip(q.par_chunks_mut(task));
    let tasks = tiles.par_chunks(TASK * stride);
    tasks.zip(elements).for_each(|(tiles, (p, q))| backend.run(Export { tiles, stride, width, p, q }));
    (p, q)
}

/// Tiles of nodes of the layer of `2^variables` nodes, from `first` on.
struct FromLeaves<'a> {
    leaves: &'a Leaves<'a>,
    variables: usize,
    first: usize,
    tiles: &'a mut [Block],
}

impl Kernel for FromLeaves<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let constants = Constants::<L>::new(self.leaves.alpha, &[]);
        let mut scratch = Descendants::new(self.leaves, self.variables);
        for (tile, to) in (self.first..).zip(self.tiles.chunks_exact_mut(FRACTIONS)) {
            if let Some(node) = self.leaves.uniform_node(&constants, tile, self.variables) {
                fill_uniform(node, to);
            } else {
                scratch.fill([&constants; 2], tile, 1);
                to.copy_from_slice(&scratch.tiles[..FRACTIONS]);
            }
        }
    }
}

/// Leaves below one tile of a layer, and the nodes between them.
pub(super) struct Descendants<'a> {
    leaves: &'a Leaves<'a>,
    /// log2 of the tiles of the layer.
    log_tiles: usize,
    /// Tiles of fractions.
    pub(super) tiles: Vec<Block>,
}

impl<'a> Descendants<'a> {
    /// Space for the leaves below a tile of the layer of `2^variables` nodes.
    pub(super) fn new(leaves: &'a Leaves<'a>, variables: usize) -> Self {
        let tiles = vec![Block::default(); FRACTIONS << (leaves.layers - variables)];
        Self { leaves, log_tiles: variables - tile::VARIABLES, tiles }
    }

    /// Computes the `left` descendants of a tile: 1 for its own nodes, 2 for their children, in the order of the index.
    /// Leaves variables bound as the second of the constants tell.
    #[inline(always)]
    pub(super) fn fill<L: Lanes>(&mut self, constants: [&Constants<L>; 2], tile: usize, left: usize) {
        let [unbound, bound] = constants;
        let mut count = self.tiles.len() / FRACTIONS;
        if count == left {
            for (k, fractions) in self.tiles.chunks_exact_mut(FRACTIONS).enumerate() {
                self.leaves.fill(tile | k << self.log_tiles, bound, fractions);
            }
            return;
        }
        // Two layers above the leaves at once, where the nodes wanted are not below that; else one.
        let layers = if count == 2 * left { 1 } else { 2 };
        count >>= layers;
        let above = if layers == 1 { bound } else { unbound };
        let (nodes, space) = self.tiles.split_at_mut(count * FRACTIONS);
        let (other, space) = space.split_at_mut(FRACTIONS);
        for (k, fractions) in nodes.chunks_exact_mut(FRACTIONS).enumerate() {
            let first = tile | k << self.log_tiles;
            if let (2, Some(triple)) = (layers, Triple::of(self.leaves, first)) {
                triple.fill(&unbound.triple, fractions);
                continue;
            }
            // One place where pairs are filled, as all of it is inlined.
            for pair in 0..layers {
                let child = first | (pair * count) << self.log_tiles;
                let pairs = [child, child | (layers * count) << self.log_tiles];
                let (to, room) =
                    if pair == 0 { (&mut *fractions, &mut *other) } else { (&mut *other, &mut *space) };
                self.leaves.fill_pair(pairs, [unbound, above], to, room);
            }
            if layers == 2 {
                add_into::<L>(fractions, other);
            }
        }
        if layers == 1 {
            return;
        }
        while count > left {
            count /= 2;
            let (first, second) = self.tiles.split_at_mut(count * FRACTIONS);
            for (first, second) in first.chunks_exact_mut(FRACTIONS).zip(second.chunks_exact(FRACTIONS)) {
                add_into::<L>(first, second);
            }
        }
        for fractions in self.tiles.chunks_exact_mut(FRACTIONS).take(left) {
            bound.bind(fractions);
        }
    }
}

/// Adds the fractions of a tile to those of another.
#[inline(always)]
pub(super) fn add_into<L: Lanes>(first: &mut [Block], second: &[Block]) {
    for block in 0..WIDTH {
        let [p, q] = sum(fraction::<L>(first, block), fraction(second, block));
        p.store(&mut first[block]);
        q.store(&mut first[WIDTH + block]);
    }
}

/// Sums of the fractions of two layers' halves.
struct Parents<'a> {
    above: &'a mut [Block],
    first: &'a [Block],
    second: &'a [Block],
    uniform: &'a [bool],
}

impl Kernel for Parents<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let below = self.first.chunks_exact(FRACTIONS).zip(self.second.chunks_exact(FRACTIONS));
        let tiles = self.above.chunks_exact_mut(FRACTIONS).zip(below).zip(self.uniform);
        for ((above, (first, second)), uniform) in tiles {
            if *uniform {
                fill_uniform(sum(fraction::<L>(first, 0), fraction(second, 0)), above);
                continue;
            }
            for block in 0..WIDTH {
                let [p, q] = sum(fraction::<L>(first, block), fraction(second, block));
                p.store(&mut above[block]);
                q.store(&mut above[WIDTH + block]);
            }
        }
    }
}

/// Numerators and denominators of eight nodes of a tile.
#[inline(always)]
fn fraction<L: Lanes>(fractions: &[Block], block: usize) -> [L; 2] {
    [L::load(&fractions[block]), L::load(&fractions[WIDTH + block])]
}

/// The sum of two fractions, eight at a time.
#[inline(always)]
pub(super) fn sum<L: Lanes>([p0, q0]: [L; 2], [p1, q1]: [L; 2]) -> [L; 2] {
    [L::mul_add(p0, q1, p1, q0), q0.mul(q1)]
}

/// The same fraction for all nodes of a tile.
#[inline(always)]
pub(super) fn fill_uniform<L: Lanes>([p, q]: [L; 2], fractions: &mut [Block]) {
    let (numerators, denominators) = fractions.split_at_mut(fractions.len() / 2);
    for (numerator, denominator) in numerators.iter_mut().zip(denominators) {
        p.store(numerator);
        q.store(denominator);
    }
}
