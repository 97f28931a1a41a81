//! The weights of all claims as sums of tensors: a vector over a line times one over the lines of a column.

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use std::collections::BTreeMap;
use trine_verifier::bootstrapping::claim::{Claim, Part};
use trine_verifier::bootstrapping::shape::{Column, Shape};
use trine_verifier::bootstrapping::weight::{Factor, Weight};

/// A line of a column and its weight. In a list of them each line comes once, in their order; the others weigh nothing.
pub type LineWeight = (usize, Fr);

/// The weights of all claims, batched.
pub struct Weights {
    /// Distinct vectors over a line, as factors.
    low: Vec<Vec<Factor>>,
    /// Weights of the lines, by column and index in `low`.
    by_column: Vec<((Column, usize), Vec<LineWeight>)>,
}

impl Weights {
    /// The weights of claim k times `gamma^k`, summed.
    pub fn collect(shape: &Shape, claims: &[Claim], gamma: Fr) -> Self {
        let mut collector = Collector { n: shape.parameters.log_n, low: vec![], sums: BTreeMap::new() };
        let mut power = Fr::one();
        for claim in claims {
            claim.parts.iter().for_each(|part| collector.add(part, power));
            power *= gamma;
        }
        let by_column = collector.sums.into_iter().map(|(key, sum)| (key, merge(sum))).collect();
        Self { low: collector.low, by_column }
    }

    /// The distinct vectors over a line.
    pub fn low_tables(&self) -> impl Iterator<Item = Vec<Fr>> {
        self.low.iter().map(|factors| Weight { scale: Fr::one(), factors: factors.clone() }.table())
    }

    /// Weights of the lines, by column and index of the vector over a line.
    pub fn by_column(&self) -> &[((Column, usize), Vec<LineWeight>)] {
        &self.by_column
    }

    /// Whether a claim names the column.
    pub fn weigh(&self, column: Column) -> bool {
        self.by_column.iter().any(|((of, _), _)| *of == column)
    }
}

/// Weights in the making.
struct Collector {
    /// Variables of a line.
    n: usize,
    low: Vec<Vec<Factor>>,
    sums: BTreeMap<(Column, usize), Vec<LineWeight>>,
}

impl Collector {
    fn add(&mut self, part: &Part, power: Fr) {
        for (low, high) in split(&part.weight.factors, self.n) {
            let low = self.index_of(low);
            let high = tensor(&high, power * part.weight.scale);
            for (column, coefficient) in part.columns.iter().filter(|(_, coefficient)| !coefficient.is_zero())
            {
                let scaled = high.iter().map(|(line, weight)| (*line, *weight * coefficient));
                self.sums.entry((*column, low)).or_default().extend(scaled);
            }
        }
    }

    fn index_of(&mut self, low: Vec<Factor>) -> usize {
        self.low.iter().position(|known| *known == low).unwrap_or_else(|| {
            self.low.push(low);
            self.low.len() - 1
        })
    }
}

/// A tensor of factors as a sum of tensors of those over the lowest `low` variables and those over the others.
///
/// A product that the boundary splits gives one tensor, any other factor one for each index that the variables above can
/// spell.
fn split(factors: &[Factor], low: usize) -> Vec<(Vec<Factor>, Vec<Factor>)> {
    let (mut below, mut used) = (vec![], 0);
    let mut rest = factors.iter();
    while used < low {
        let Some(factor) = rest.next() else { break };
        let (room, variables) = (low - used, factor.variables());
        used += variables;
        if variables > room {
            let above: Vec<Factor> = rest.cloned().collect();
            return cut(factor, room)
                .into_iter()
                .map(|(own, over)| (with(&below, [own]), with(&[over], above.clone())))
                .collect();
        }
        below.push(factor.clone());
    }
    debug_assert!(used >= low, "a weight of {used} variables, a line has {low}");
    vec![(below, rest.cloned().collect())]
}

/// One factor over more than `low` variables as a sum of tensors of two.
fn cut(factor: &Factor, low: usize) -> Vec<(Factor, Factor)> {
    if let Factor::Product(pairs) = factor {
        let (own, above) = pairs.split_at(low);
        return vec![(Factor::Product(own.to_vec()), Factor::Product(above.to_vec()))];
    }
    let above = factor.variables() - low;
    let table = factor.table();
    let slices = table.chunks(1 << low).enumerate();
    slices.map(|(index, slice)| (Factor::Public(slice.to_vec()), Factor::index(index, above))).collect()
}

fn with(first: &[Factor], then: impl IntoIterator<Item = Factor>) -> Vec<Factor> {
    first.iter().cloned().chain(then).collect()
}

/// The tensor of factors times a scale, without its zeros.
fn tensor(factors: &[Factor], scale: Fr) -> Vec<LineWeight> {
    let (mut sum, mut bits) = (vec![(0, scale)], 0);
    for factor in factors {
        let table = factor.table();
        let entries = table.iter().enumerate().filter(|(_, entry)| !entry.is_zero());
        sum = entries
            .flat_map(|(index, entry)| {
                sum.iter().map(move |(line, weight)| (line + (index << bits), *weight * entry))
            })
            .collect();
        bits += factor.variables();
    }
    sum
}

/// Sums the weights of each line.
fn merge(mut weights: Vec<LineWeight>) -> Vec<LineWeight> {
    weights.sort_by_key(|(line, _)| *line);
    weights.dedup_by(|(line, weight), (kept, sum)| {
        let same = line == kept;
        if same {
            *sum += *weight;
        }
        same
    });
    weights
}
