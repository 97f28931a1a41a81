//! Digits of one window, sorted coarsely, and the tasks that their buckets are filled in.
//!
//! Digits of size `row * columns + column` lie in a grid. Entries are sorted by row alone, segment by segment of the
//! scalars; a task takes a few rows' entries out of all segments, so that its buckets stay within a cache however many
//! buckets there are. A row that holds most of the entries, as the only row of a narrow window does, is shared by
//! several tasks: what they give are sums, which add up.

use super::buckets::Entry;
use super::scalars::Scalars;
use rayon::prelude::*;
use std::ops::Range;

/// Scalars of a segment.
const SEGMENT: usize = 1 << 16;
/// Entries of a task.
const TASK: usize = 1 << 14;
/// Most columns, as a power of two.
const LOG_COLUMNS: u32 = 11;

/// Sizes of digits, by row and column.
#[derive(Clone, Copy)]
pub(crate) struct Grid {
    pub log_columns: u32,
    pub rows: usize,
}

impl Grid {
    /// For sizes from 1 to `buckets`.
    pub fn new(buckets: usize) -> Self {
        let log_columns = LOG_COLUMNS.min(buckets.max(1).ilog2() + 1);
        Self { log_columns, rows: (buckets >> log_columns) + 1 }
    }

    pub fn columns(self) -> usize {
        1 << self.log_columns
    }

    fn row(self, size: usize) -> usize {
        size >> self.log_columns
    }
}

/// Entries of one segment in the order of rows; their buckets are the sizes of the digits.
struct Segment {
    entries: Vec<Entry>,
    /// Where each row ends.
    ends: Vec<u32>,
}

impl Segment {
    fn new(scalars: &impl Scalars, window: usize, rows: Range<usize>, grid: Grid) -> Self {
        let digits = || {
            let digits = rows.clone().map(|index| (index, scalars.digit(index, window)));
            digits
                .filter(|(_, digit)| *digit != 0)
                .map(|(index, digit)| (index, digit, digit.unsigned_abs() as usize))
        };
        let mut ends = vec![0; grid.rows];
        for (_, _, size) in digits() {
            ends[grid.row(size)] += 1;
        }
        let mut count = 0;
        for end in &mut ends {
            count += std::mem::replace(end, count);
        }
        let mut entries = vec![Entry::default(); count as usize];
        for (index, digit, size) in digits() {
            let place = &mut ends[grid.row(size)];
            entries[*place as usize] = Entry::new(size, index, digit < 0);
            *place += 1;
        }
        Self { entries, ends }
    }

    fn rows(&self, rows: &Range<usize>) -> &[Entry] {
        let start = rows.start.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.entries[start as usize..self.ends[rows.end - 1] as usize]
    }
}

/// All digits of a window.
pub(crate) struct Partition {
    pub grid: Grid,
    segments: Vec<Segment>,
}

/// Entries whose buckets are filled at once.
#[derive(Clone)]
pub(crate) struct Task {
    /// Rows of the grid.
    pub rows: Range<usize>,
    segments: Range<usize>,
}

impl Partition {
    pub fn new(scalars: &impl Scalars, window: usize) -> Self {
        let (rows, grid) = (scalars.rows(), Grid::new(scalars.windows().buckets));
        let segment =
            |k: usize| Segment::new(scalars, window, k * SEGMENT..rows.min((k + 1) * SEGMENT), grid);
        let segments = (0..rows.div_ceil(SEGMENT)).into_par_iter().with_max_len(1).map(segment).collect();
        Self { grid, segments }
    }

    /// What there is to do.
    pub fn tasks(&self) -> Vec<Task> {
        let mut tasks = vec![];
        let mut start = 0;
        while start < self.grid.rows {
            let (mut end, mut entries) = (start, 0);
            while end < self.grid.rows && entries < TASK {
                entries +=
                    self.segments.iter().map(|segment| segment.rows(&(end..end + 1)).len()).sum::<usize>();
                end += 1;
            }
            if entries > 0 {
                let length = (self.segments.len() * TASK).div_ceil(entries).clamp(1, self.segments.len());
                for first in (0..self.segments.len()).step_by(length) {
                    let segments = first..self.segments.len().min(first + length);
                    tasks.push(Task { rows: start..end, segments });
                }
            }
            start = end;
        }
        tasks
    }

    /// The entries of a task, in several lists.
    pub fn entries(&self, task: &Task) -> Vec<&[Entry]> {
        self.segments[task.segments.clone()].iter().map(|segment| segment.rows(&task.rows)).collect()
    }
}
