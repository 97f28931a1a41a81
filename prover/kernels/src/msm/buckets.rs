//! Sums of lists of points, one list a bucket: sorted by bucket, then halved pair by pair until one point is left.
//!
//! Every step of a level is independent of the others, so a level is batches of additions; a list of any length costs
//! one addition a point.

use super::addition::{Addition, Operand};

/// A point that joins a bucket.
#[derive(Clone, Copy, Default)]
pub(crate) struct Entry {
    bucket: u32,
    term: Term,
}

impl Entry {
    /// The point at `index` (below 2^31), negated or not, joins `bucket`.
    pub fn new(bucket: usize, index: usize, negative: bool) -> Self {
        Self { bucket: bucket as u32, term: Term((index as u32) << 1 | u32::from(negative)) }
    }
}

/// Index of a point and, in the lowest bit, whether it is negated.
#[derive(Clone, Copy, Default)]
struct Term(u32);

impl Term {
    #[inline(always)]
    fn of<P>(self, points: &[P]) -> Operand<'_, P> {
        Operand { point: &points[(self.0 >> 1) as usize], negative: self.0 & 1 == 1 }
    }
}

/// What is left of a bucket's list: `length` points from `start` on.
#[derive(Clone, Copy)]
struct Run {
    bucket: u32,
    start: u32,
    length: u32,
}

/// One addition of a level: `source` and its successor become `target`.
#[derive(Clone, Copy)]
struct Step {
    source: u32,
    target: u32,
}

/// Reduces lists of points to their sums; reused from block to block for its room.
pub(crate) struct Reduction<A: Addition> {
    addition: A,
    ends: Vec<u32>,
    terms: Vec<Term>,
    runs: Vec<Run>,
    steps: Vec<Step>,
    /// Points of the first level that are still to be negated, once they are at hand.
    negated: Vec<u32>,
    level: Vec<A::Point>,
    next: Vec<A::Point>,
    sums: Vec<(u32, A::Point)>,
    scratch: A::Scratch,
}

impl<A: Addition> Reduction<A> {
    pub fn new(addition: A) -> Self {
        Self {
            addition,
            ends: Vec::new(),
            terms: Vec::new(),
            runs: Vec::new(),
            steps: Vec::new(),
            negated: Vec::new(),
            level: Vec::new(),
            next: Vec::new(),
            sums: Vec::new(),
            scratch: A::Scratch::default(),
        }
    }

    /// Adds to every bucket the points that the lists of entries name, fewer than 2^32 entries. The first of the buckets
    /// is number `first`.
    pub fn accumulate(
        &mut self,
        points: &[A::Point],
        entries: &[&[Entry]],
        first: usize,
        buckets: &mut [A::Point],
    ) {
        self.sort(entries, first, buckets.len());
        self.first_level(points);
        self.keep_finished();
        while !self.runs.is_empty() {
            self.halve();
            self.keep_finished();
        }
        self.merge(buckets);
    }

    /// Counting sort by bucket: `terms` in the order of buckets, a run for each bucket that has any.
    fn sort(&mut self, entries: &[&[Entry]], first: usize, buckets: usize) {
        self.ends.clear();
        self.ends.resize(buckets, 0);
        for list in entries {
            for entry in *list {
                self.ends[entry.bucket as usize - first] += 1;
            }
        }
        self.runs.clear();
        let mut start = 0;
        for (bucket, end) in self.ends.iter_mut().enumerate() {
            let length = std::mem::replace(end, start);
            if length > 0 {
                self.runs.push(Run { bucket: bucket as u32, start, length });
            }
            start += length;
        }
        // What is in `terms` beyond this is of an earlier block.
        if self.terms.len() < start as usize {
            self.terms.resize(start as usize, Term::default());
        }
        for list in entries {
            for entry in *list {
                let place = &mut self.ends[entry.bucket as usize - first];
                self.terms[*place as usize] = entry.term;
                *place += 1;
            }
        }
    }

    /// Plans a level: pairs from the front of every run, its runs afterwards; gives the odd ones (from, to).
    fn plan(&mut self, mut odd: impl FnMut(u32, u32)) -> usize {
        self.steps.clear();
        let mut target = 0;
        for run in &mut self.runs {
            let Run { start, length, .. } = *run;
            run.start = target;
            run.length = length.div_ceil(2);
            for pair in 0..length / 2 {
                self.steps.push(Step { source: start + 2 * pair, target: target + pair });
            }
            target += run.length;
            if length % 2 == 1 {
                odd(start + length - 1, target - 1);
            }
        }
        target as usize
    }

    /// From the sorted terms to sums of pairs.
    fn first_level(&mut self, points: &[A::Point]) {
        let mut odd = Vec::new();
        let length = self.plan(|from, to| odd.push((from, to)));
        let (terms, steps, level, negated) = (&self.terms, &self.steps, &mut self.level, &mut self.negated);
        make_room(level, length);
        for (from, to) in odd {
            let Operand { point, negative } = terms[from as usize].of(points);
            level[to as usize] = *point;
            if negative {
                negated.push(to);
            }
        }
        for index in negated.drain(..) {
            let point = &mut level[index as usize];
            *point = A::negate(point);
        }
        let operands = |k: usize| {
            let source = steps[k].source as usize;
            [terms[source].of(points), terms[source + 1].of(points)]
        };
        self.addition.add_all(&mut self.scratch, steps.len(), operands, |k, sum| {
            level[steps[k].target as usize] = sum
        });
    }

    /// From one level to one of half the length.
    fn halve(&mut self) {
        let mut odd = Vec::new();
        let length = self.plan(|from, to| odd.push((from, to)));
        let (steps, level, next) = (&self.steps, &self.level, &mut self.next);
        make_room(next, length);
        for (from, to) in odd {
            next[to as usize] = level[from as usize];
        }
        let operands = |k: usize| {
            let source = steps[k].source as usize;
            [Operand::plain(&level[source]), Operand::plain(&level[source + 1])]
        };
        self.addition
            .add_all(&mut self.scratch, steps.len(), operands, |k, sum| next[steps[k].target as usize] = sum);
        std::mem::swap(&mut self.level, &mut self.next);
    }

    /// Takes the runs of one point out of the level.
    fn keep_finished(&mut self) {
        let (level, sums) = (&self.level, &mut self.sums);
        self.runs.retain(|run| {
            if run.length == 1 {
                sums.push((run.bucket, level[run.start as usize]));
            }
            run.length > 1
        });
    }

    /// Adds the sums to the buckets.
    fn merge(&mut self, buckets: &mut [A::Point]) {
        self.sums.retain(|(bucket, sum)| {
            let bucket = &mut buckets[*bucket as usize];
            let first = A::is_infinity(bucket);
            if first {
                *bucket = *sum;
            }
            !first
        });
        let (sums, merged) = (&self.sums, &mut self.next);
        make_room(merged, sums.len());
        let operands = |k: usize| [Operand::plain(&buckets[sums[k].0 as usize]), Operand::plain(&sums[k].1)];
        self.addition.add_all(&mut self.scratch, sums.len(), operands, |k, sum| merged[k] = sum);
        for ((bucket, _), sum) in self.sums.drain(..).zip(merged.iter()) {
            buckets[bucket as usize] = *sum;
        }
    }
}

fn make_room<P: Copy + Default>(points: &mut Vec<P>, length: usize) {
    if points.len() < length {
        points.resize(length, P::default());
    }
}
