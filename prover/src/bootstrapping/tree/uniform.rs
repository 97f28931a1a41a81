//! Tiles below which all leaves of a kind are equal: rows that no step uses, slots that no bootstrapping fills, padding.
//!
//! Nodes of such a tile are equal, and so is whatever they are bound to: one of them stands for the tile. In a round it gives
//! its own product and no slope, as the weights of a tile's blocks sum to 1.

use super::fill::{Constants, TileCells};
use super::leaves::Leaves;
use super::nodes::sum;
use super::tile::VARIABLES;
use rayon::prelude::*;
use trine_kernels::{LANES, Lanes};

/// By tile, for each layer that has tiles: whether all that is below it is uniform.
#[derive(Default)]
pub(super) struct Uniform {
    /// The leaves first.
    layers: Vec<Vec<bool>>,
    /// log2 of the leaves.
    variables: usize,
}

impl Uniform {
    /// Of the leaves. Which tiles are uniform is read from the cells, whatever put them there.
    pub(super) fn of(leaves: &Leaves<'_>) -> Self {
        let tiles = (1usize << leaves.layers) >> VARIABLES;
        let lowest = (0..tiles).into_par_iter().map(|tile| UniformLeaf::of(leaves, tile).is_some()).collect();
        let mut layers: Vec<Vec<bool>> = vec![lowest];
        while let Some(below) = layers.last().filter(|below| below.len() > 1) {
            let (first, second) = below.split_at(below.len() / 2);
            let above = first.iter().zip(second).map(|(a, b)| *a && *b).collect();
            layers.push(above);
        }
        Self { layers, variables: leaves.layers }
    }

    /// The tiles of the layer of `2^variables` nodes; none where that is less than one.
    pub(super) fn layer(&self, variables: usize) -> &[bool] {
        let below = self.variables.checked_sub(variables);
        below.and_then(|k| self.layers.get(k)).map_or(&[], Vec::as_slice)
    }
}

/// The leaves of a uniform tile.
#[derive(Clone, Copy)]
enum UniformLeaf {
    /// `0 / 1`.
    Padding,
    /// `1 / (alpha - x)`.
    Cell(u32),
}

impl UniformLeaf {
    fn of(leaves: &Leaves<'_>, tile: usize) -> Option<Self> {
        let first = tile << VARIABLES;
        match leaves.cells_of_tile(first) {
            Some(cells) => cells.uniform().map(Self::Cell),
            None => leaves.is_padding(first).then_some(Self::Padding),
        }
    }
}

impl TileCells<'_> {
    /// What all cells of the tile are, if they are equal.
    pub(super) fn uniform(self) -> Option<u32> {
        let [first, ..] = *self.cells;
        // Without a branch, so that many are compared at a time.
        let different = self.cells.iter().fold(0, |different, cell| different | (cell ^ first));
        (different == 0).then_some(first << self.shift)
    }
}

impl Leaves<'_> {
    /// The fraction of every node of a tile of the layer of `2^variables` nodes; none where the tile is not uniform.
    #[inline(always)]
    pub(super) fn uniform_node<L: Lanes>(
        &self,
        constants: &Constants<L>,
        tile: usize,
        variables: usize,
    ) -> Option<[L; 2]> {
        let log_tiles = variables - VARIABLES;
        let mut total = None;
        for k in 0..1usize << (self.layers - variables) {
            let leaf = match UniformLeaf::of(self, tile | k << log_tiles)? {
                UniformLeaf::Padding => continue,
                UniformLeaf::Cell(x) => [constants.one, constants.alpha.sub(L::from_u32(&[x; LANES]))],
            };
            total = Some(match total {
                Some(others) => sum(others, leaf),
                None => leaf,
            });
        }
        Some(match total {
            Some(total) => total,
            None => [constants.zero, constants.one],
        })
    }
}
