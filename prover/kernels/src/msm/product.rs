//! The sum of scalars times points: digits to buckets, buckets to a point.

use super::addition::Addition;
use super::buckets::{Entry, Reduction};
use super::scalars::{Scalars, Windows};
use ark_bn254::G1Projective;
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, Zero};
use rayon::prelude::*;

/// Fewest rows of a block: its points (4 MiB) stay in a cache while they are gathered in the order of buckets.
const BLOCK_ROWS: usize = 1 << 16;

/// Rows of a block for each bucket at least: a block's sums join the buckets one by one.
const ROWS_PER_BUCKET: usize = 4;

/// Tasks for a thread, so that sparse windows do not leave threads idle.
const TASKS_PER_THREAD: usize = 4;

/// `sum_i scalar_i * point_i`; as many points as scalars at least.
pub(crate) fn multiply<A: Addition>(
    addition: A,
    points: &[A::Point],
    scalars: &impl Scalars,
) -> G1Projective {
    let (rows, windows) = (scalars.rows(), scalars.windows());
    let wanted = (TASKS_PER_THREAD * rayon::current_num_threads()).div_ceil(windows.count);
    let segments = wanted.min(rows.div_ceil(BLOCK_ROWS)).max(1);
    let length = rows.div_ceil(segments);
    let partial: Vec<Vec<A::Point>> = (0..windows.count * segments)
        .into_par_iter()
        .with_max_len(1)
        .map(|task| {
            let (window, start) = (task / segments, task % segments * length);
            fill(addition, points, scalars, window, start.min(rows)..(start + length).min(rows))
        })
        .collect();
    let sums: Vec<G1Projective> = partial
        .par_chunks(segments)
        .with_max_len(1)
        .map(|parts| weigh(addition, join(addition, parts)))
        .collect();
    sums.iter().rev().fold(G1Projective::zero(), |mut total, sum| {
        for _ in 0..windows.width {
            total.double_in_place();
        }
        total + sum
    })
}

/// Buckets of one window over a range of rows: bucket `k` sums the points whose digit is `k + 1` or, negated,
/// `-k - 1`.
fn fill<A: Addition>(
    addition: A,
    points: &[A::Point],
    scalars: &impl Scalars,
    window: usize,
    rows: std::ops::Range<usize>,
) -> Vec<A::Point> {
    let Windows { buckets, .. } = scalars.windows();
    let block = BLOCK_ROWS.max(ROWS_PER_BUCKET * buckets);
    let mut sums = vec![A::Point::default(); buckets];
    let mut reduction = Reduction::new(addition);
    let mut entries = Vec::with_capacity(block.min(rows.len()));
    for start in rows.clone().step_by(block) {
        entries.clear();
        for row in start..(start + block).min(rows.end) {
            let digit = scalars.digit(row, window);
            if digit != 0 {
                entries.push(Entry::new(digit.unsigned_abs() as usize - 1, row, digit < 0));
            }
        }
        reduction.accumulate(points, &entries, &mut sums);
    }
    sums
}

/// Adds the buckets of all segments of a window.
fn join<A: Addition>(addition: A, parts: &[Vec<A::Point>]) -> Vec<A::Point> {
    let Some((first, others)) = parts.split_first() else { return Vec::new() };
    let mut sums = first.clone();
    let mut reduction = Reduction::new(addition);
    for part in others {
        let entries: Vec<Entry> = finite::<A>(part).map(|bucket| Entry::new(bucket, bucket, false)).collect();
        reduction.accumulate(part, &entries, &mut sums);
    }
    sums
}

fn finite<A: Addition>(points: &[A::Point]) -> impl Iterator<Item = usize> + '_ {
    points.iter().enumerate().filter(|(_, point)| !A::is_infinity(point)).map(|(index, _)| index)
}

/// `sum_k (k + 1) * bucket_k`: with `k + 1 = stride * row + column`, the weighted sums of rows and columns.
fn weigh<A: Addition>(addition: A, buckets: Vec<A::Point>) -> G1Projective {
    let log_stride = buckets.len().max(1).ilog2().div_ceil(2);
    let stride = 1 << log_stride;
    let rows = buckets.len() / stride;
    let mut sums = vec![A::Point::default(); rows + stride - 1];
    let mut entries = Vec::with_capacity(2 * buckets.len());
    for bucket in finite::<A>(&buckets) {
        let (row, column) = ((bucket + 1) / stride, (bucket + 1) % stride);
        if row > 0 {
            entries.push(Entry::new(row - 1, bucket, false));
        }
        if column > 0 {
            entries.push(Entry::new(rows + column - 1, bucket, false));
        }
    }
    Reduction::new(addition).accumulate(&buckets, &entries, &mut sums);
    let (rows, columns) = sums.split_at(rows);
    let mut total = ladder::<A>(rows);
    for _ in 0..log_stride {
        total.double_in_place();
    }
    total + ladder::<A>(columns)
}

/// `sum_k (k + 1) * point_k`, one at a time.
fn ladder<A: Addition>(points: &[A::Point]) -> G1Projective {
    let (mut suffix, mut total) = (G1Projective::zero(), G1Projective::zero());
    for point in points.iter().rev() {
        let point = A::store(point);
        if !point.is_zero() {
            suffix += point;
        }
        total += suffix;
    }
    total
}
