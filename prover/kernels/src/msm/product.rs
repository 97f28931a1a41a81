//! The sum of scalars times points: digits to buckets, buckets to a point.

use super::addition::Addition;
use super::buckets::{Entry, Reduction};
use super::partition::{Grid, Partition, Task};
use super::scalars::{Scalars, Windows};
use ark_bn254::G1Projective;
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, Zero};
use rayon::prelude::*;

/// Groups of tasks for a thread. Each has sums of its own.
const GROUPS_PER_THREAD: usize = 4;

/// `sum_i scalar_i * point_i`; as many points as scalars at least.
pub(crate) fn multiply<A: Addition>(
    addition: A,
    points: &[A::Point],
    scalars: &impl Scalars,
) -> G1Projective {
    let Windows { count, width, .. } = scalars.windows();
    let windows = (0..count).into_par_iter().with_max_len(1);
    let sums: Vec<G1Projective> =
        windows.map(|window| sum_of_window(addition, points, scalars, window)).collect();
    sums.iter().rev().fold(G1Projective::zero(), |mut total, sum| {
        for _ in 0..width {
            total.double_in_place();
        }
        total + sum
    })
}

/// `sum_i digit_i * point_i`.
fn sum_of_window<A: Addition>(
    addition: A,
    points: &[A::Point],
    scalars: &impl Scalars,
    window: usize,
) -> G1Projective {
    let partition = Partition::new(scalars, window);
    let tasks = partition.tasks();
    let length = tasks.len().div_ceil(GROUPS_PER_THREAD * rayon::current_num_threads()).max(1);
    let groups = tasks.par_chunks(length).with_max_len(1);
    let parts: Vec<Vec<A::Point>> = groups
        .map(|tasks| {
            let mut sums = Sums::new(addition, partition.grid);
            for task in tasks {
                sums.add(points, &partition, task);
            }
            sums.sums
        })
        .collect();
    let mut rows = join(addition, &parts);
    let columns = rows.split_off(rows.len().min(partition.grid.rows - 1));
    let mut total = weigh(addition, rows);
    for _ in 0..partition.grid.log_columns {
        total.double_in_place();
    }
    total + weigh(addition, columns)
}

/// Sums of rows and of columns of buckets. Row and column 0 weigh nothing.
struct Sums<A: Addition> {
    grid: Grid,
    reduction: Reduction<A>,
    /// Of a task.
    buckets: Vec<A::Point>,
    entries: Vec<Entry>,
    /// Of rows from 1 on, then of columns from 1 on.
    sums: Vec<A::Point>,
}

impl<A: Addition> Sums<A> {
    fn new(addition: A, grid: Grid) -> Self {
        let sums = vec![A::Point::default(); grid.rows - 1 + grid.columns() - 1];
        Self { grid, reduction: Reduction::new(addition), buckets: vec![], entries: vec![], sums }
    }

    fn add(&mut self, points: &[A::Point], partition: &Partition, task: &Task) {
        let Self { grid, reduction, buckets, entries, sums } = self;
        buckets.clear();
        buckets.resize(task.rows.len() << grid.log_columns, A::Point::default());
        let first = task.rows.start << grid.log_columns;
        reduction.accumulate(points, &partition.entries(task), first, buckets);
        entries.clear();
        for bucket in finite::<A>(buckets) {
            let (row, column) = ((first + bucket) >> grid.log_columns, bucket & (grid.columns() - 1));
            if row > 0 {
                entries.push(Entry::new(row - 1, bucket, false));
            }
            if column > 0 {
                entries.push(Entry::new(grid.rows - 1 + column - 1, bucket, false));
            }
        }
        reduction.accumulate(buckets, &[entries], 0, sums);
    }
}

/// Adds lists of sums.
fn join<A: Addition>(addition: A, parts: &[Vec<A::Point>]) -> Vec<A::Point> {
    let Some((first, others)) = parts.split_first() else { return Vec::new() };
    let mut sums = first.clone();
    let mut reduction = Reduction::new(addition);
    for part in others {
        let entries: Vec<Entry> = finite::<A>(part).map(|bucket| Entry::new(bucket, bucket, false)).collect();
        reduction.accumulate(part, &[&entries], 0, &mut sums);
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
    Reduction::new(addition).accumulate(&buckets, &[&entries], 0, &mut sums);
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
