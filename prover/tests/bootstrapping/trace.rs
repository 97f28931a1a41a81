//! Committed cells as field elements, and what else a prover takes from an evaluation.

use ark_bn254::Fr;
use ark_ff::Field;
use std::collections::BTreeMap;
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::bootstrapping::shape::{Column, Family, Shape};

/// Cells of the first round, column by column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cells {
    parameters: Parameters,
    columns: BTreeMap<Column, Vec<Fr>>,
}

impl Cells {
    /// Zeros in every column of the first round.
    pub fn zeros(shape: &Shape) -> Self {
        let columns = shape.first_round_columns().into_iter();
        let columns = columns.map(|column| (column, vec![Fr::default(); 1 << shape.variables(column)]));
        Self { parameters: shape.parameters, columns: columns.collect() }
    }

    pub fn get(&self, column: Column) -> &[Fr] {
        &self.columns[&column]
    }

    pub fn get_mut(&mut self, column: Column) -> &mut [Fr] {
        self.columns.get_mut(&column).unwrap()
    }

    /// Writes a value that its limbs can hold.
    pub fn put(&mut self, family: Family, row: usize, value: i128) {
        let width = self.parameters.limb_bits;
        let limbs = family.limbs(&self.parameters);
        assert!((0..1i128 << (width * limbs)).contains(&value), "{family:?} at {row}: {value}");
        for k in 0..limbs {
            let limb = (value >> (width * k)) as u64 & ((1 << width) - 1);
            self.get_mut(family.limb(k as u8))[row] = Fr::from(limb);
        }
    }

    /// Writes `numerator / 2^64` plus the offset; what is left of the division goes to the lowest limb as a field element.
    pub fn put_carry(&mut self, family: Family, row: usize, numerator: i128) {
        let offset = self.parameters.carry_offset(family.limbs(&self.parameters)) as i128;
        self.put(family, row, (numerator >> 64) + offset);
        let rest = Fr::from(numerator as u64);
        self.add(family, row, rest / Fr::from(2u64).pow([64]));
    }

    /// Adds a field element to the lowest limb.
    pub fn add(&mut self, family: Family, row: usize, value: Fr) {
        self.get_mut(family.limb(0))[row] += value;
    }
}

/// Polynomials of a step: `[mask, body]`.
pub type Pair = [Vec<i128>; 2];

/// An evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    pub cells: Cells,
    /// Digits that each step multiplies, by step and slot; the table at step 0.
    pub digits: Vec<Pair>,
    /// Combined keys `[u][c]` by step and slot.
    pub combined: Vec<[Pair; 2]>,
    /// Exponents of the rotations, by subset, step and slot.
    pub exponents: Vec<usize>,
    /// Digits that enter the keyswitch, by level, j and slot.
    pub product_digits: Vec<i64>,
    /// Words of the output handles.
    pub outputs: Vec<Vec<Fr>>,
}
