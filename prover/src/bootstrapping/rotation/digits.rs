//! D: the digits that each step multiplies, in the evaluation basis, by (u, step, bootstrapping).

use super::write_values;
use crate::bootstrapping::columns::Columns;
use trine_kernels::transform::{Coefficients, NegacyclicTransform};
use trine_kernels::{Block, LANES, Lanes};
use trine_program::circuit::{BOXES, Circuit};
use trine_verifier::bootstrapping::parameters::Parameters;
use trine_verifier::bootstrapping::shape::{Column, Family, Shape};

/// The columns of digits and the tables of the bootstrappings.
pub struct Digits<'a> {
    parameters: &'a Parameters,
    limbs: Vec<&'a [u32]>,
    /// By slot; slots past the last bootstrapping have none.
    tables: Vec<[u64; BOXES]>,
}

/// The polynomials of eight consecutive rows.
struct Group<'a> {
    /// Cells of each limb, polynomial by polynomial.
    limbs: Vec<&'a [u32]>,
    limb_bits: usize,
    log_n: usize,
    /// Half the digits' range in the rows that have digits, zero in the others.
    offsets: [i64; LANES],
    /// Boxes of the table, in the second row of step 0.
    boxes: Option<[u64; BOXES]>,
}

/// Row of the body of step 0 in the group that begins with the step.
const TABLE_ROW: usize = 1;

impl<'a> Digits<'a> {
    /// Digits as the columns have them.
    pub fn new(shape: &'a Shape, circuit: &Circuit, columns: &'a Columns) -> Self {
        let parameters = &shape.parameters;
        let limbs =
            (0..Family::Digit.limbs(parameters)).map(|k| columns.get(Column::Digit(k as u8))).collect();
        let table = |index: u32| circuit.tables().get(index as usize).map(|table| table.boxes);
        let tables = circuit.bootstrappings().iter().map(|b| table(b.table).unwrap_or_default()).collect();
        Self { parameters, limbs, tables }
    }

    /// Whether a group has a row of digits or of the table, or cells that are not zero.
    pub fn occurs_in(&self, group: usize) -> bool {
        let (step, _) = self.first_step(group);
        step <= self.parameters.output_step()
            || self.cells(group).iter().any(|limb| limb.iter().any(|cell| *cell != 0))
    }

    /// Writes the values of the eight polynomials of a group.
    pub fn write(&self, transform: &NegacyclicTransform, group: usize, values: &mut [Block]) {
        let p = self.parameters;
        let (first, slot) = self.first_step(group);
        let half = 1 << (p.base_bits - 1);
        let offsets = core::array::from_fn(|row| {
            let step = first + row / 2;
            if (1..=p.output_step()).contains(&step) { half } else { 0 }
        });
        let boxes = if first == 0 { self.tables.get(slot).copied() } else { None };
        let limbs = self.cells(group);
        let group = Group { limbs, limb_bits: p.limb_bits, log_n: p.log_n, offsets, boxes };
        write_values(transform, &group, values);
    }

    /// Step of the first row, and slot.
    fn first_step(&self, group: usize) -> (usize, usize) {
        let step = group * LANES / 2;
        (step % self.parameters.steps(), step / self.parameters.steps())
    }

    fn cells(&self, group: usize) -> Vec<&'a [u32]> {
        let length = LANES * self.parameters.n();
        self.limbs.iter().map(|limb| &limb[group * length..(group + 1) * length]).collect()
    }
}

impl Coefficients for Group<'_> {
    #[inline(always)]
    fn load<L: Lanes>(&self, exponent: usize) -> L {
        let mut digits = [0i64; LANES];
        for (digit, offset) in digits.iter_mut().zip(&self.offsets) {
            *digit = -offset;
        }
        for (k, limb) in self.limbs.iter().enumerate() {
            for (row, digit) in digits.iter_mut().enumerate() {
                *digit += i64::from(limb[(row << self.log_n) + exponent]) << (k * self.limb_bits);
            }
        }
        let digits = L::from_i64(&digits);
        let Some(boxes) = &self.boxes else { return digits };
        let mut table = [0; LANES];
        table[TABLE_ROW] = boxes[(exponent * BOXES) >> self.log_n];
        digits.add(L::from_u64(&table))
    }
}
