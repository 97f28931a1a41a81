//! The lines of mask and table: constant on each of the boxes of a line.

use super::lines::BoundPoint;
use super::weights::LineWeight;
use ark_bn254::Fr;
use ark_ff::{One, Zero};
use trine_program::circuit::{BOXES, Circuit};
use trine_verifier::bootstrapping::shape::{Column, Shape};

/// A public column.
#[derive(Clone, Copy)]
pub struct PublicLines<'a> {
    shape: &'a Shape,
    circuit: &'a Circuit,
    column: Column,
}

impl<'a> PublicLines<'a> {
    /// `column` is the mask or the table.
    pub fn new(shape: &'a Shape, circuit: &'a Circuit, column: Column) -> Self {
        Self { shape, circuit, column }
    }

    /// Sum of the lines, each with its weight.
    pub fn fold(&self, weights: &[LineWeight]) -> Vec<Fr> {
        let mut sums = [Fr::zero(); BOXES];
        for (line, weight) in weights {
            if let Some(boxes) = self.boxes(*line) {
                sums.iter_mut().zip(boxes).for_each(|(sum, value)| *sum += *weight * value);
            }
        }
        let size = self.shape.parameters.box_size();
        sums.iter().flat_map(|sum| std::iter::repeat_n(*sum, size)).collect()
    }

    /// Every line at the point.
    pub fn bind(&self, point: &BoundPoint) -> Vec<Fr> {
        let size = self.shape.parameters.box_size();
        let at_boxes: Vec<Fr> = point.equality().chunks(size).map(|weights| weights.iter().sum()).collect();
        let lines = 1usize << (self.shape.variables(self.column) - self.shape.parameters.log_n);
        let value =
            |boxes: [Fr; BOXES]| at_boxes.iter().zip(boxes).map(|(weight, value)| *weight * value).sum();
        (0..lines).map(|line| self.boxes(line).map_or(Fr::zero(), value)).collect()
    }

    /// Values of the boxes of a line; none for a line of zeros.
    fn boxes(&self, line: usize) -> Option<[Fr; BOXES]> {
        let p = &self.shape.parameters;
        let (u, step, slot) = (line & 1, line >> 1 & (p.steps() - 1), line >> (1 + p.log_steps));
        match self.column {
            Column::Mask => (1..=p.output_step()).contains(&step).then_some([Fr::one(); BOXES]),
            _ if (u, step) == (1, 0) => {
                let table = self.circuit.bootstrappings().get(slot)?.table;
                Some(self.circuit.tables().get(table as usize)?.boxes.map(Fr::from))
            }
            _ => None,
        }
    }
}
