//! Steps PB.I1 to PB.I3: one sumcheck reduces all linear claims to one point.
//!
//! Every polynomial is opened at one full-size point of m variables. A column that shares its polynomial with others has the
//! upper bits of its rows pinned; one of several chunks has its upper variables spelled by the chunk.

use super::checks::{Check, Checks};
use super::claim::{Claim, Part};
use super::error::Rejection;
use super::parameters::LOG_BOXES;
use super::shape::{Column, Shape};
use super::sumcheck::verify_quadratic;
use super::weight::index::below;
use super::weight::{Factor, Weight};
use crate::claim::eq_index;
use crate::opening::eq_table;
use crate::transcript::Transcript;
use ark_bn254::Fr;
use ark_ff::{One, Zero};
use std::borrow::Cow;
use trine_program::circuit::Circuit;

/// Where the reduction ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReductionEnd {
    /// The point, m variables.
    pub point: Vec<Fr>,
    /// Values of the polynomials of all slots there.
    pub values: Vec<Fr>,
}

/// PB.I1 to PB.I3. `values` are those of the used slots; those of the others are zero.
pub fn verify_reduction(
    shape: &Shape,
    circuit: &Circuit,
    claims: &[Claim],
    rounds: &[[Fr; 2]],
    values: &[Fr],
    checks: &Checks,
    transcript: &mut Transcript,
) -> Result<ReductionEnd, Rejection> {
    let (got, expected) = (rounds.len(), shape.parameters.log_chunk);
    if got != expected {
        return Err(Rejection::Shape { what: "reduction rounds", got, expected });
    }
    let (got, expected) = (values.len(), shape.used().len());
    let values =
        shape.spread(values, Fr::zero()).ok_or(Rejection::Shape { what: "values", got, expected })?;
    let gamma = transcript.challenge("gamma");
    let total: Fr = claims.iter().rev().fold(Fr::zero(), |sum, claim| sum * gamma + claim.value);
    let (point, left) = verify_quadratic(total, rounds, "I.round", "u", transcript);
    transcript.absorb_all("I.value", &values);
    let weights = polynomial_weights(shape, circuit, claims, gamma, &point);
    let expected: Fr = weights.public
        + weights.polynomials.iter().zip(&values).map(|(weight, value)| *weight * value).sum::<Fr>();
    if checks.makes(Check::Reduction) && expected != left {
        return Err(Rejection::Reduction);
    }
    Ok(ReductionEnd { point, values })
}

/// Weights of all claims at the reduction point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolynomialWeights {
    /// By polynomial.
    pub polynomials: Vec<Fr>,
    /// Weights of public columns times their values.
    pub public: Fr,
}

/// Sums the weights of each polynomial over all claims, batched by powers of gamma.
pub fn polynomial_weights(
    shape: &Shape,
    circuit: &Circuit,
    claims: &[Claim],
    gamma: Fr,
    point: &[Fr],
) -> PolynomialWeights {
    let mut weights =
        PolynomialWeights { polynomials: vec![Fr::zero(); shape.polynomials()], public: Fr::zero() };
    let mut power = Fr::one();
    for claim in claims {
        for part in &claim.parts {
            weights.add(shape, circuit, part, power, point);
        }
        power *= gamma;
    }
    weights
}

impl PolynomialWeights {
    fn add(&mut self, shape: &Shape, circuit: &Circuit, part: &Part, power: Fr, point: &[Fr]) {
        let at_chunks = chunk_weights(&part.weight, point);
        for (column, coefficient) in &part.columns {
            let scale = power * coefficient;
            match column {
                Column::Mask | Column::Table => {
                    for (chunk, weight) in at_chunks.iter().enumerate() {
                        self.public += scale * weight * public_value(shape, circuit, *column, chunk, point);
                    }
                }
                _ => self.add_column(shape, *column, scale, &at_chunks, part.weight.variables(), point),
            }
        }
    }

    fn add_column(
        &mut self,
        shape: &Shape,
        column: Column,
        scale: Fr,
        at_chunks: &[Fr],
        variables: usize,
        point: &[Fr],
    ) {
        let place = shape.place(column);
        // Variables above the column's own spell its place in the polynomial.
        let above =
            point.get(variables..).map_or(Fr::one(), |above| eq_index(above, place.offset >> variables));
        for (chunk, weight) in at_chunks.iter().enumerate() {
            if let Some(sum) = self.polynomials.get_mut(place.polynomial + chunk) {
                *sum += scale * weight * above;
            }
        }
    }
}

/// A weight at the point's lowest variables, for each chunk that the variables above the point's spell.
pub fn chunk_weights(weight: &Weight, point: &[Fr]) -> Vec<Fr> {
    let mut values = vec![weight.scale];
    let mut used = 0;
    for factor in &weight.factors {
        let variables = factor.variables();
        let below = point.len().saturating_sub(used).min(variables);
        let at = point.get(used..used + below).unwrap_or_default();
        if below == variables {
            let value = factor.evaluate(at);
            values.iter_mut().for_each(|v| *v *= value);
        } else {
            values = (0..1usize << (variables - below))
                .flat_map(|high| {
                    let value = restricted(factor, below, high).evaluate(at);
                    values.iter().map(move |v| *v * value).collect::<Vec<Fr>>()
                })
                .collect();
        }
        used += variables;
    }
    values
}

fn restricted(factor: &Factor, low: usize, high: usize) -> Cow<'_, Factor> {
    // Factors that cannot be split never reach the boundary: `Parameters::check` keeps j, u and step below it.
    factor.restrict_high(low, high).map_or(Cow::Owned(Factor::Public(vec![])), Cow::Owned)
}

/// Extension of a public column's chunk at the point.
pub fn public_value(shape: &Shape, circuit: &Circuit, column: Column, chunk: usize, point: &[Fr]) -> Fr {
    let p = &shape.parameters;
    let variables = shape.variables(column);
    let above: Fr = point.iter().skip(variables).map(|x| Fr::one() - x).product();
    let (word, rest) = point.split_at(p.log_n.min(point.len()));
    let Some((u, rest)) = rest.split_first() else { return Fr::zero() };
    let (step, rest) = rest.split_at(p.log_steps.min(rest.len()));
    let first_step = eq_index(step, 0);
    if column == Column::Mask {
        return above * (below(step, p.groups + 2) - first_step);
    }
    let slot = rest.get(..shape.log_bootstrappings.min(rest.len())).unwrap_or_default();
    let boxes = eq_table(word.get(p.log_n - LOG_BOXES..).unwrap_or_default());
    let slots = eq_table(slot);
    let tables = circuit.bootstrappings().iter().skip(chunk * slots.len()).take(slots.len());
    let sum: Fr = tables
        .zip(&slots)
        .map(|(b, weight)| {
            let words = circuit.tables().get(b.table as usize).map(|t| t.boxes).unwrap_or_default();
            let value: Fr = words.iter().zip(&boxes).map(|(word, weight)| *weight * Fr::from(*word)).sum();
            value * weight
        })
        .sum();
    above * first_step * u * sum
}
