//! Tiles: how elements lie in blocks.
//!
//! A tile is `2^ROUNDS` blocks of eight elements. Bits of an index, from the lowest: block of the tile, lane, tile. Rounds of
//! a sumcheck bind the lowest bit first, and a node's children differ in the highest: neither moves elements between lanes.

use ark_bn254::Fr;
use trine_kernels::{Block, Kernel, LANES, Lanes, Scaled};

/// Variables that are bound inside a tile.
pub(super) const ROUNDS: usize = 5;
/// log2 of the lanes.
const LOG_LANES: usize = LANES.trailing_zeros() as usize;
/// log2 of the elements of a tile.
pub(super) const VARIABLES: usize = ROUNDS + LOG_LANES;
/// Blocks of a tile.
pub(super) const WIDTH: usize = 1 << ROUNDS;
/// Elements of a tile.
pub(super) const LENGTH: usize = 1 << VARIABLES;
/// Blocks of a tile of fractions: numerators, then denominators.
pub(super) const FRACTIONS: usize = 2 * WIDTH;

/// The eight values of a block of a tile, out of its elements in their order. `block` counts modulo [`WIDTH`], so that no
/// bound is left to check.
#[inline(always)]
pub(super) fn gather<T: Copy + Default>(elements: &[T; LENGTH], block: usize) -> [T; LANES] {
    let mut eight = [T::default(); LANES];
    for (lane, value) in eight.iter_mut().enumerate() {
        *value = elements[(lane << ROUNDS) | (block % WIDTH)];
    }
    eight
}

/// Numerators and denominators of tiles, from elements in their order; the length is a multiple of a tile's.
pub(super) struct Import<'a> {
    /// Numerators.
    pub(super) p: &'a [Fr],
    /// Denominators.
    pub(super) q: &'a [Fr],
    /// Tiles of fractions.
    pub(super) tiles: &'a mut [Block],
}

impl Kernel for Import<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let elements = self.p.as_chunks().0.iter().zip(self.q.as_chunks().0);
        for (tile, (p, q)) in self.tiles.chunks_exact_mut(FRACTIONS).zip(elements) {
            let (numerators, denominators) = tile.split_at_mut(WIDTH);
            for block in 0..WIDTH {
                L::from_elements(&gather(p, block)).store(&mut numerators[block]);
                L::from_elements(&gather(q, block)).store(&mut denominators[block]);
            }
        }
    }
}

/// Numerators and denominators that are left of tiles, in their order.
pub(super) struct Export<'a> {
    /// Tiles of fractions.
    pub(super) tiles: &'a [Block],
    /// Blocks from one tile to the next: denominators lie half of them after numerators.
    pub(super) stride: usize,
    /// Numerators that are left of a tile, in blocks.
    pub(super) width: usize,
    /// Numerators.
    pub(super) p: &'a mut [Fr],
    /// Denominators.
    pub(super) q: &'a mut [Fr],
}

impl Kernel for Export<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let (width, length) = (self.width, self.width * LANES);
        let elements = self.p.chunks_exact_mut(length).zip(self.q.chunks_exact_mut(length));
        for (tile, (p, q)) in self.tiles.chunks_exact(self.stride).zip(elements) {
            let (numerators, denominators) = tile.split_at(self.stride / 2);
            for block in 0..width {
                let values = L::load(&numerators[block]).elements();
                let below = L::load(&denominators[block]).elements();
                for lane in 0..LANES {
                    p[lane * width + block] = values[lane];
                    q[lane * width + block] = below[lane];
                }
            }
        }
    }
}

/// Eight times each element, one block an element: as elements, or as factors of integers.
pub(super) struct Broadcast<'a> {
    /// The elements.
    pub(super) elements: &'a [Fr],
    /// Whether they multiply integers.
    pub(super) scaled: bool,
}

impl Kernel for Broadcast<'_> {
    type Output = Vec<Block>;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Vec<Block> {
        let mut blocks = vec![Block::default(); self.elements.len()];
        for (block, element) in blocks.iter_mut().zip(self.elements) {
            match self.scaled {
                true => Scaled::<L>::splat(*element).store(block),
                false => L::splat(*element).store(block),
            }
        }
        blocks
    }
}
