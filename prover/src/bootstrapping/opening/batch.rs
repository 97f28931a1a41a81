//! `f_0 = sum_k rho^k F_k`, each coefficient summed over the polynomials before it is reduced.

use super::super::columns::{Cells, Polynomials};
use ark_bn254::Fr;
use ark_ff::{One, Zero};
use rayon::prelude::*;
use trine_kernels::{Backend, Kernel, LANES, Lanes, Scaled};
use trine_verifier::bootstrapping::shape::Shape;

/// Coefficients that one task works on.
const TASK: usize = 1 << 12;
/// Eights of coefficients whose sums are held in the first-level cache.
const TILE: usize = 16;

/// The batched polynomial, `2^m` coefficients.
pub fn batch(backend: Backend, shape: &Shape, polynomials: &Polynomials<'_>, rho: Fr) -> Vec<Fr> {
    let sources = sources(shape, polynomials, rho);
    let mut sum = vec![Fr::zero(); 1 << shape.parameters.log_chunk];
    sum.par_chunks_mut(TASK).enumerate().for_each(|(task, sum)| {
        let range = task * TASK..task * TASK + sum.len();
        let parts = sources.iter().filter_map(|source| source.within(range.start, range.end)).collect();
        backend.run(Combine { parts, sum });
    });
    sum
}

/// Cells of one polynomial from a coefficient on, and the polynomial's factor.
#[derive(Clone, Copy)]
struct Source<'a> {
    factor: Fr,
    first: usize,
    cells: Cells<'a>,
}

fn sources<'a>(shape: &Shape, polynomials: &Polynomials<'a>, rho: Fr) -> Vec<Source<'a>> {
    let length = 1usize << shape.parameters.log_chunk;
    let powers: Vec<Fr> = std::iter::successors(Some(Fr::one()), |power| Some(*power * rho))
        .take(shape.polynomials())
        .collect();
    let mut sources = vec![];
    for (column, place) in shape.columns() {
        let cells = polynomials.cells(*column);
        for (chunk, factor) in powers.iter().skip(place.polynomial).enumerate() {
            let cells = part(cells, chunk * length, (chunk + 1) * length);
            if count(cells) == 0 {
                break;
            }
            sources.push(Source { factor: *factor, first: place.offset, cells });
        }
    }
    sources
}

impl<'a> Source<'a> {
    /// The source from `start` to `end`, its place counted from `start`; none if it has no cells there.
    fn within(&self, start: usize, end: usize) -> Option<Self> {
        let cells = part(self.cells, start.saturating_sub(self.first), end.saturating_sub(self.first));
        let first = self.first.max(start) - start;
        (count(cells) > 0).then_some(Self { factor: self.factor, first, cells })
    }
}

/// Cells from `start` to `end`, as far as there are.
fn part(cells: Cells<'_>, start: usize, end: usize) -> Cells<'_> {
    fn slice<T>(all: &[T], start: usize, end: usize) -> &[T] {
        &all[start.min(all.len())..end.min(all.len())]
    }
    match cells {
        Cells::Small(all) => Cells::Small(slice(all, start, end)),
        Cells::Words(all) => Cells::Words(slice(all, start, end)),
        Cells::Elements(all) => Cells::Elements(slice(all, start, end)),
    }
}

fn count(cells: Cells<'_>) -> usize {
    match cells {
        Cells::Small(all) => all.len(),
        Cells::Words(all) => all.len(),
        Cells::Elements(all) => all.len(),
    }
}

/// Sum of sources, each times its factor. They begin at multiples of [`LANES`].
struct Combine<'a, 'b> {
    parts: Vec<Source<'a>>,
    sum: &'b mut [Fr],
}

impl Kernel for Combine<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let mut totals = vec![L::zero(); self.sum.len().div_ceil(LANES)];
        for parts in self.parts.chunks(L::MAX_PRODUCTS / 2) {
            for (tile, totals) in totals.chunks_mut(TILE).enumerate() {
                add_tile(totals, parts, tile * TILE * LANES);
            }
        }
        for (to, total) in self.sum.chunks_mut(LANES).zip(totals) {
            to.copy_from_slice(&total.elements()[..to.len()]);
        }
    }
}

/// Adds the coefficients of all sources from `start` on.
#[inline(always)]
fn add_tile<L: Lanes>(totals: &mut [L], parts: &[Source<'_>], start: usize) {
    let mut sums = [L::empty_sum(); TILE];
    for part in parts {
        let Some(part) = part.within(start, start + totals.len() * LANES) else { continue };
        let sums = &mut sums[part.first / LANES..];
        match part.cells {
            Cells::Small(cells) => {
                let factor = Scaled::splat(part.factor);
                for (sum, eight) in sums.iter_mut().zip(cells.chunks(LANES)) {
                    L::accumulate_u32(sum, factor, &whole(eight));
                }
            }
            Cells::Words(words) => {
                let factor = Scaled::splat(part.factor);
                for (sum, eight) in sums.iter_mut().zip(words.chunks(LANES)) {
                    L::accumulate_u64(sum, factor, &whole(eight));
                }
            }
            Cells::Elements(elements) => {
                let factor = L::splat(part.factor);
                for (sum, eight) in sums.iter_mut().zip(elements.chunks(LANES)) {
                    L::accumulate(sum, factor, L::from_elements(&whole(eight)));
                }
            }
        }
    }
    for (total, sum) in totals.iter_mut().zip(sums) {
        *total = total.add(L::reduce(sum));
    }
}

/// Eight cells, zeros after the last.
#[inline(always)]
fn whole<T: Copy + Default>(cells: &[T]) -> [T; LANES] {
    if let Ok(eight) = cells.try_into() {
        return eight;
    }
    let mut eight = [T::default(); LANES];
    eight[..cells.len()].copy_from_slice(cells);
    eight
}
