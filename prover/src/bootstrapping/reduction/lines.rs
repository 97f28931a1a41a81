//! Lines of cells: sums of them with weights, and each of them bound at a point.

use super::super::columns::{Cells, Polynomials};
use super::public::PublicLines;
use super::weights::LineWeight;
use ark_bn254::Fr;
use ark_ff::Zero;
use rayon::prelude::*;
use std::borrow::Cow;
use trine_kernels::{Backend, Block, Kernel, LANES, Lanes, Scaled};
use trine_program::circuit::Circuit;
use trine_verifier::bootstrapping::shape::{Column, Shape};
use trine_verifier::opening::eq_table;

/// Cells of one task: enough to make its fixed costs small, few enough for many tasks.
const TASK_CELLS: usize = 1 << 19;
/// Blocks of a line whose sums are held in the first-level cache.
const TILE: usize = 16;
/// Lines that are added to a sum while it is in registers.
const GROUP: usize = 8;

/// The lines of one column.
pub struct Lines<'a> {
    backend: Backend,
    /// Cells of a line.
    width: usize,
    content: Content<'a>,
}

enum Content<'a> {
    Cells(Cells<'a>),
    Public(PublicLines<'a>),
}

impl<'a> Lines<'a> {
    /// The lines of a committed or public column.
    pub fn new(
        backend: Backend,
        shape: &'a Shape,
        circuit: &'a Circuit,
        polynomials: &'a Polynomials<'a>,
        column: Column,
    ) -> Self {
        let content = match column {
            Column::Mask | Column::Table => Content::Public(PublicLines::new(shape, circuit, column)),
            _ => Content::Cells(polynomials.cells(column)),
        };
        Self { backend, width: 1 << shape.parameters.log_n, content }
    }

    /// Sum of the lines, each with its weight.
    pub fn fold(&self, weights: &[LineWeight]) -> Vec<Fr> {
        match self.content {
            Content::Public(lines) => lines.fold(weights),
            Content::Cells(Cells::Small(cells)) => self.fold_integers(cells, weights),
            Content::Cells(Cells::Words(words)) => self.fold_integers(words, weights),
            Content::Cells(Cells::Elements(elements)) => self.fold_elements(elements, weights),
        }
    }

    /// Every line at the point. Lines of zeros at the end may be left out.
    pub fn bind(&self, point: &BoundPoint) -> Vec<Fr> {
        match self.content {
            Content::Public(lines) => lines.bind(point),
            Content::Cells(Cells::Small(cells)) => self.bind_integers(cells, point),
            Content::Cells(Cells::Words(words)) => self.bind_integers(words, point),
            Content::Cells(Cells::Elements(elements)) => elements
                .par_chunks(self.width)
                .map(|line| line.iter().zip(point.equality()).map(|(value, weight)| *value * weight).sum())
                .collect(),
        }
    }

    fn fold_integers<T: Integer>(&self, cells: &[T], weights: &[LineWeight]) -> Vec<Fr> {
        let cells = whole_lines(cells, self.width);
        let lines = cells.len() / self.width;
        let used = weights.partition_point(|(line, _)| *line < lines);
        weights[..used]
            .par_chunks((TASK_CELLS / self.width).max(1))
            .map(|weights| self.backend.run(Fold { cells: &cells, width: self.width, weights }))
            .reduce_with(add)
            .unwrap_or_else(|| vec![Fr::zero(); self.width])
    }

    fn fold_elements(&self, elements: &[Fr], weights: &[LineWeight]) -> Vec<Fr> {
        let mut sum = vec![Fr::zero(); self.width];
        for (line, weight) in weights {
            let cells = elements.chunks(self.width).nth(*line).unwrap_or_default();
            sum.iter_mut().zip(cells).for_each(|(sum, cell)| *sum += *weight * cell);
        }
        sum
    }

    fn bind_integers<T: Integer>(&self, cells: &[T], point: &BoundPoint) -> Vec<Fr> {
        whole_lines(cells, self.width)
            .par_chunks(TASK_CELLS.max(self.width))
            .flat_map_iter(|cells| {
                self.backend.run(Bind { cells, width: self.width, weights: &point.scaled })
            })
            .collect()
    }
}

fn add(mut sum: Vec<Fr>, other: Vec<Fr>) -> Vec<Fr> {
    sum.iter_mut().zip(other).for_each(|(sum, other)| *sum += other);
    sum
}

/// The cells with zeros up to the end of the last line.
fn whole_lines<T: Integer>(cells: &[T], width: usize) -> Cow<'_, [T]> {
    let length = cells.len().next_multiple_of(width);
    if length == cells.len() {
        return Cow::Borrowed(cells);
    }
    let mut padded = cells.to_vec();
    padded.resize(length, T::default());
    Cow::Owned(padded)
}

/// Equality with a point over the variables of a line.
pub struct BoundPoint {
    equality: Vec<Fr>,
    /// The same as factors of integers in the form of the back end.
    scaled: Vec<Block>,
}

impl BoundPoint {
    /// The table of a point.
    pub fn new(backend: Backend, point: &[Fr]) -> Self {
        let equality = eq_table(point);
        let scaled = backend.run(Scale(&equality));
        Self { equality, scaled }
    }

    /// Its elements.
    pub fn equality(&self) -> &[Fr] {
        &self.equality
    }
}

/// Brings elements, a multiple of [`LANES`], into the form of factors of integers.
struct Scale<'a>(&'a [Fr]);

impl Kernel for Scale<'_> {
    type Output = Vec<Block>;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Vec<Block> {
        let eights = self.0.as_chunks::<LANES>().0;
        let mut blocks = vec![Block::default(); eights.len()];
        for (eight, block) in eights.iter().zip(&mut blocks) {
            Scaled::<L>::from_elements(eight).store(block);
        }
        blocks
    }
}

/// Cells and words.
pub trait Integer: Copy + Default + Send + Sync {
    /// Adds factor times integer, lane by lane. Counts as two products at most.
    fn accumulate<L: Lanes>(sum: &mut L::Sum, factor: Scaled<L>, integers: &[Self; LANES]);
}

impl Integer for u32 {
    #[inline(always)]
    fn accumulate<L: Lanes>(sum: &mut L::Sum, factor: Scaled<L>, integers: &[Self; LANES]) {
        L::accumulate_u32(sum, factor, integers);
    }
}

impl Integer for u64 {
    #[inline(always)]
    fn accumulate<L: Lanes>(sum: &mut L::Sum, factor: Scaled<L>, integers: &[Self; LANES]) {
        L::accumulate_u64(sum, factor, integers);
    }
}

/// Sum of lines of `width` cells, each with its weight.
struct Fold<'a, T> {
    cells: &'a [T],
    width: usize,
    weights: &'a [LineWeight],
}

impl<T: Integer> Kernel for Fold<'_, T> {
    type Output = Vec<Fr>;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Vec<Fr> {
        let mut totals = vec![L::zero(); self.width / LANES];
        for weights in self.weights.chunks(L::MAX_PRODUCTS / 2) {
            let mut lines: Vec<(&[[T; LANES]], Scaled<L>)> = Vec::with_capacity(weights.len());
            for (line, weight) in weights {
                let cells = &self.cells[line * self.width..][..self.width];
                lines.push((cells.as_chunks::<LANES>().0, Scaled::splat(*weight)));
            }
            for (tile, totals) in totals.chunks_mut(TILE).enumerate() {
                add_tile::<L, T>(totals, &lines, tile * TILE);
            }
        }
        let mut elements = Vec::with_capacity(self.width);
        for total in totals {
            elements.extend(total.elements());
        }
        elements
    }
}

/// Adds the blocks from `first` on of all lines.
#[inline(always)]
fn add_tile<L: Lanes, T: Integer>(totals: &mut [L], lines: &[(&[[T; LANES]], Scaled<L>)], first: usize) {
    let mut sums = [L::empty_sum(); TILE];
    for group in lines.chunks(GROUP) {
        for (k, held) in sums.iter_mut().enumerate().take(totals.len()) {
            let mut sum = *held;
            for (cells, weight) in group {
                T::accumulate(&mut sum, *weight, &cells[first + k]);
            }
            *held = sum;
        }
    }
    for (total, sum) in totals.iter_mut().zip(sums) {
        *total = total.add(L::reduce(sum));
    }
}

/// Products of each line with the weights.
struct Bind<'a, T> {
    cells: &'a [T],
    width: usize,
    weights: &'a [Block],
}

impl<T: Integer> Kernel for Bind<'_, T> {
    type Output = Vec<Fr>;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Vec<Fr> {
        let mut values = Vec::with_capacity(self.cells.len() / self.width);
        let most = L::MAX_PRODUCTS / 2;
        for line in self.cells.chunks_exact(self.width) {
            let mut total = L::zero();
            for (cells, weights) in line.as_chunks::<LANES>().0.chunks(most).zip(self.weights.chunks(most)) {
                let mut sum = L::empty_sum();
                for (cells, weight) in cells.iter().zip(weights) {
                    T::accumulate(&mut sum, Scaled::<L>::load(weight), cells);
                }
                total = total.add(L::reduce(sum));
            }
            values.push(total.sum());
        }
        values
    }
}
