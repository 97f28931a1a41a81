//! PB.I: one sumcheck reduces all linear claims to one point, prover's side.
//!
//! The cells of a column are lines of N: the lowest n = log2 N variables are the place in a line, those above number the
//! lines. A weight is a tensor of a vector over a line and one over the lines, so that the dense product of weights and
//! cells is never made:
//!
//! 1. for each vector over a line, the lines of all columns are summed with their weights: one pass over the cells;
//! 2. n rounds over vectors of N elements;
//! 3. each line is bound at the point of these rounds: another pass;
//! 4. the other rounds, over vectors of one element a line.
//!
//! | module | holds |
//! | --- | --- |
//! | `weights` | the weights of all claims, by column and by vector over a line |
//! | `lines` | sums of lines, lines bound at a point |
//! | `public` | the lines of mask and table |
//! | `rounds` | the sumcheck |

mod lines;
mod public;
mod rounds;
#[cfg(test)]
pub(super) mod samples;
#[cfg(test)]
mod tests;
mod weights;

use super::columns::Polynomials;
use ark_bn254::Fr;
use ark_ff::Zero;
use lines::{BoundPoint, Lines};
use rayon::prelude::*;
use rounds::Pair;
use trine_kernels::Backend;
use trine_program::circuit::Circuit;
use trine_verifier::Transcript;
use trine_verifier::bootstrapping::claim::Claim;
use trine_verifier::bootstrapping::shape::{Column, Shape};
use weights::Weights;

/// Rounds of the reduction, the point, and the polynomials' values there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reduction {
    /// `(s(0), leading coefficient)` of each round.
    pub rounds: Vec<[Fr; 2]>,
    /// `u`.
    pub point: Vec<Fr>,
    /// By used slot.
    pub values: Vec<Fr>,
}

/// Proves the claims over the polynomials of a circuit's proof: PB.I1 to PB.I3.
///
/// True of every parameter set, and needed: no column is shorter than a line.
pub fn prove_reduction(
    backend: Backend,
    shape: &Shape,
    circuit: &Circuit,
    claims: &[Claim],
    polynomials: &Polynomials<'_>,
    transcript: &mut Transcript,
) -> Reduction {
    // PB.I1
    let gamma = transcript.challenge("gamma");
    let sides =
        Sides { backend, shape, circuit, polynomials, weights: Weights::collect(shape, claims, gamma) };
    let mut reduction = Reduction::default();
    // PB.I2
    let mut low = sides.low();
    rounds::run(&mut low, shape.parameters.log_n, &mut reduction, transcript);
    let at_low: Vec<Fr> = low.iter().map(|pair| pair.weights[0]).collect();
    let mut high = sides.high(&reduction.point, &at_low);
    rounds::run(&mut high, shape.parameters.log_chunk - shape.parameters.log_n, &mut reduction, transcript);
    // PB.I3
    reduction.values = high.iter().take(shape.used().len()).map(|pair| pair.values[0]).collect();
    let values = shape.spread(&reduction.values, Fr::zero()).unwrap_or_default();
    transcript.absorb_all("I.value", &values);
    reduction
}

/// What is summed: values and weights.
struct Sides<'a> {
    backend: Backend,
    shape: &'a Shape,
    circuit: &'a Circuit,
    polynomials: &'a Polynomials<'a>,
    weights: Weights,
}

impl Sides<'_> {
    fn lines(&self, column: Column) -> Lines<'_> {
        Lines::new(self.backend, self.shape, self.circuit, self.polynomials, column)
    }

    /// One pair for each vector over a line: the vector, and the sum of the lines that it weights.
    fn low(&self) -> Vec<Pair> {
        let n = self.shape.parameters.log_n;
        let mut pairs: Vec<Pair> =
            self.weights.low_tables().map(|weights| Pair::over(weights, 1 << n)).collect();
        let sums: Vec<(usize, Vec<Fr>)> = self
            .weights
            .by_column()
            .par_iter()
            .map(|((column, low), high)| (*low, self.lines(*column).fold(high)))
            .collect();
        for (low, sum) in sums {
            pairs[low].values.iter_mut().zip(sum).for_each(|(to, from)| *to += from);
        }
        pairs
    }

    /// One pair for each used slot, then one for each chunk of mask and table; one element a line.
    fn high(&self, point: &[Fr], at_low: &[Fr]) -> Vec<Pair> {
        let p = &self.shape.parameters;
        let length = 1usize << (p.log_chunk - p.log_n);
        let mut pairs = vec![Pair::zeros(length); self.shape.used().len()];
        let first_lines = self.place_values(point, length, &mut pairs);
        for ((column, low), high) in self.weights.by_column() {
            let first = self.first_line(*column, length, first_lines);
            for (line, weight) in high {
                let line = first + line;
                pairs[line / length].weights[line % length] += at_low[*low] * weight;
            }
        }
        pairs
    }

    /// Binds the lines of all columns. Returns the first lines of mask and table, all used polynomials in a row.
    fn place_values(&self, point: &[Fr], length: usize, pairs: &mut Vec<Pair>) -> [usize; 2] {
        let point = BoundPoint::new(self.backend, point);
        let columns: Vec<Column> = self.shape.columns().iter().map(|(column, _)| *column).collect();
        let bound: Vec<Vec<Fr>> = columns.par_iter().map(|column| self.lines(*column).bind(&point)).collect();
        for (column, values) in columns.into_iter().zip(bound) {
            let first = self.first_line(column, length, [0; 2]);
            for (line, value) in (first..).zip(values) {
                pairs[line / length].values[line % length] = value;
            }
        }
        [Column::Mask, Column::Table].map(|column| {
            let first = pairs.len() * length;
            if self.weights.weigh(column) {
                // The part of a polynomial outside the column has no weight, so that any values do there: the same
                // ones again make the values' extension one of the lower variables alone.
                let lines = self.lines(column).bind(&point);
                let repeated: Vec<Fr> = lines.iter().copied().cycle().take(lines.len().max(length)).collect();
                pairs.extend(repeated.chunks(length).map(|values| Pair::of_values(values.to_vec())));
            }
            first
        })
    }

    fn first_line(&self, column: Column, length: usize, [mask, table]: [usize; 2]) -> usize {
        match column {
            Column::Mask => mask,
            Column::Table => table,
            _ => {
                let place = self.shape.place(column);
                // The chunks of a column are used slots in a row.
                let before = self.shape.used().partition_point(|slot| *slot < place.polynomial);
                before * length + (place.offset >> self.shape.parameters.log_n)
            }
        }
    }
}

impl Pair {
    fn over(weights: Vec<Fr>, length: usize) -> Self {
        Self { weights, values: vec![Fr::zero(); length] }
    }

    fn of_values(values: Vec<Fr>) -> Self {
        Self { weights: vec![Fr::zero(); values.len()], values }
    }

    fn zeros(length: usize) -> Self {
        Self::of_values(vec![Fr::zero(); length])
    }
}
