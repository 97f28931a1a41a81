//! Steps PB.A1 to PB.B1: every step's accumulator is the external product of the step before.
//!
//! In the evaluation basis a negacyclic product is pointwise. At a random point `(z, u, i, p)` the accumulator that row
//! `i + 1` decomposes equals the sum over z', u', i', p' of digits of row i' times combined key of step i'.

use super::checks::Check;
use super::claim::{Claim, Part, digit, unreduced};
use super::shape::{Column, Shape};
use super::slot::draw_slot;
use super::weight::index::shift;
use super::weight::{Factor, Weight};
use crate::claim::eq;
use crate::transcript::Transcript;
use ark_bn254::Fr;
use ark_ff::One;

/// A point over the rows of an accumulator's column, evaluation index z in place of the coefficient j.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccumulatorPoint {
    /// Evaluation index.
    pub z: Vec<Fr>,
    /// Polynomial: mask or body.
    pub u: Fr,
    /// Step.
    pub step: Vec<Fr>,
    /// Slot of the bootstrapping.
    pub slot: Vec<Fr>,
}

impl AccumulatorPoint {
    /// PB.A1: draws the point.
    pub fn draw(shape: &Shape, transcript: &mut Transcript) -> Self {
        let p = &shape.parameters;
        Self {
            z: transcript.challenges("r", p.log_n),
            u: transcript.challenge("r"),
            step: transcript.challenges("r", p.log_steps),
            slot: draw_slot(shape, "r", transcript),
        }
    }

    /// From the end of the accumulator's sumcheck: z, then u, step and slot.
    pub fn from_parts(shape: &Shape, z: Vec<Fr>, outer: &[Fr]) -> Option<Self> {
        let (u, rest) = outer.split_first()?;
        let (step, slot) = rest.split_at_checked(shape.parameters.log_steps)?;
        Some(Self { z, u: *u, step: step.to_vec(), slot: slot.to_vec() })
    }

    /// `W_z` over j, equality over the rest.
    pub fn weight(&self) -> Weight {
        let factors = vec![
            Factor::Evaluation(self.z.clone()),
            Factor::eq(&[self.u]),
            Factor::eq(&self.step),
            Factor::eq(&self.slot),
        ];
        Weight { scale: Fr::one(), factors }
    }
}

/// PB.A2: the accumulator in the evaluation basis at the point is `value`.
pub fn accumulator_claim(shape: &Shape, r: &AccumulatorPoint, value: Fr) -> Claim {
    let part = Part { weight: r.weight(), columns: unreduced(shape) };
    Claim { check: Check::Accumulator, parts: vec![part], value }
}

/// PB.A4: `w~` of the accumulator's sumcheck: a row's accumulator comes from the step before, and both polynomials of the
/// digits enter.
pub fn outer_weight(r: &AccumulatorPoint, s: &AccumulatorPoint) -> Fr {
    shift(&r.step, &s.step) * eq(&r.slot, &s.slot)
}

/// PB.B1: `D~(s)` from the digits; the table's boxes are the digits of step 0.
pub fn digits_claim(shape: &Shape, s: &AccumulatorPoint, value: Fr) -> Claim {
    let mut columns = digit(shape, Fr::one());
    columns.push((Column::Table, Fr::one()));
    Claim { check: Check::Digits, parts: vec![Part { weight: s.weight(), columns }], value }
}
