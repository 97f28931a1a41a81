//! What the polynomials of a proof hold: committed columns, words of keys and handles.

use ark_bn254::Fr;
use std::collections::BTreeMap;
pub use trine_key_commitment::KeyWords;
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::bootstrapping::shape::{Column, Family, Shape};

/// Committed cells of the first round, column by column, each as long as its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns(BTreeMap<Column, Vec<u32>>);

/// The rows of a column. Rows past the end are zero.
#[derive(Clone, Copy, Debug)]
pub enum Cells<'a> {
    /// Committed cells.
    Small(&'a [u32]),
    /// Words of keys and handles.
    Words(&'a [u64]),
    /// Powers of the rotation.
    Elements(&'a [Fr]),
}

/// Everything that is committed to, by column.
pub struct Polynomials<'a> {
    /// First round.
    pub columns: &'a Columns,
    /// Second round: `v`.
    pub rotation: &'a [Fr],
    /// The evaluation key.
    pub keys: &'a KeyWords,
    /// Words of the input handles.
    pub inputs: &'a [Vec<u64>],
    /// Words of the output handles.
    pub outputs: &'a [Vec<u64>],
}

impl Columns {
    /// Zeros in every column of the first round.
    pub fn zeros(shape: &Shape) -> Self {
        let columns = shape.first_round_columns().into_iter();
        Self(columns.map(|column| (column, vec![0; 1 << shape.variables(column)])).collect())
    }

    /// The cells of a column; none for a column that is not of the first round.
    pub fn get(&self, column: Column) -> &[u32] {
        self.0.get(&column).map(Vec::as_slice).unwrap_or_default()
    }

    /// The cells of a column, to be written.
    pub fn get_mut(&mut self, column: Column) -> &mut [u32] {
        self.0.get_mut(&column).map(Vec::as_mut_slice).unwrap_or_default()
    }

    /// Writes the limbs of a family's values, from its first row on.
    pub fn write(
        &mut self,
        parameters: &Parameters,
        family: Family,
        values: impl Iterator<Item = u64> + Clone,
    ) {
        for k in 0..family.limbs(parameters) {
            write_limb(self.get_mut(family.limb(k as u8)), parameters, k, values.clone());
        }
    }

    /// What belongs to each slot of bootstrappings, so that slots can be written side by side.
    pub fn slots(&mut self, shape: &Shape) -> Vec<Slot<'_>> {
        let mut slots: Vec<Slot<'_>> = (0..shape.bootstrappings()).map(|_| Slot::default()).collect();
        for (column, cells) in self.0.iter_mut().filter(|(column, _)| is_of_slots(**column)) {
            let rows = cells.len() >> shape.log_bootstrappings;
            for (slot, cells) in slots.iter_mut().zip(cells.chunks_exact_mut(rows.max(1))) {
                slot.0.insert(*column, cells);
            }
        }
        slots
    }
}

/// The rows of one slot of bootstrappings, in all columns that have rows for slots.
#[derive(Debug, Default)]
pub struct Slot<'a>(BTreeMap<Column, &'a mut [u32]>);

impl Slot<'_> {
    /// The cells of a column; none for a column without rows for slots.
    pub fn get_mut(&mut self, column: Column) -> &mut [u32] {
        self.0.get_mut(&column).map(|cells| &mut **cells).unwrap_or_default()
    }

    /// Writes the limbs of a family's values, from row `first` on.
    pub fn write(
        &mut self,
        parameters: &Parameters,
        family: Family,
        first: usize,
        values: impl Iterator<Item = u64> + Clone,
    ) {
        for k in 0..family.limbs(parameters) {
            let cells = self.get_mut(family.limb(k as u8));
            write_limb(cells.get_mut(first..).unwrap_or_default(), parameters, k, values.clone());
        }
    }
}

fn write_limb(cells: &mut [u32], parameters: &Parameters, k: usize, values: impl Iterator<Item = u64>) {
    let (shift, mask) = (parameters.limb_bits * k, (1u64 << parameters.limb_bits) - 1);
    for (cell, value) in cells.iter_mut().zip(values) {
        *cell = (value >> shift & mask) as u32;
    }
}

/// Columns whose highest index bits name the slot of a bootstrapping.
fn is_of_slots(column: Column) -> bool {
    match column {
        Column::Digit(_)
        | Column::Remainder(_)
        | Column::Carry(_)
        | Column::Exponent
        | Column::SwitchRemainder(_)
        | Column::SwitchCarry(_)
        | Column::KeyswitchDigit(_)
        | Column::Tie
        | Column::KeyswitchRemainder(_)
        | Column::KeyswitchCarry(_) => true,
        Column::Word(_)
        | Column::WordCarry(_)
        | Column::RangeMultiplicity
        | Column::KeyswitchMultiplicity(_)
        | Column::ExponentMultiplicity
        | Column::Rotation
        | Column::BootstrappingKey
        | Column::KeyswitchingKey(_)
        | Column::Input(_)
        | Column::Output(_)
        | Column::Mask
        | Column::Table => false,
    }
}

impl<'a> Polynomials<'a> {
    /// The rows of a column that lies in a polynomial.
    pub fn cells(&self, column: Column) -> Cells<'a> {
        let handle = |list: &'a [Vec<u64>], h: u8| {
            Cells::Words(list.get(usize::from(h)).map(Vec::as_slice).unwrap_or_default())
        };
        match column {
            Column::Rotation => Cells::Elements(self.rotation),
            Column::BootstrappingKey => Cells::Words(&self.keys.bootstrapping),
            Column::KeyswitchingKey(kind) => Cells::Words(&self.keys.keyswitching[usize::from(kind)]),
            Column::Input(h) => handle(self.inputs, h),
            Column::Output(h) => handle(self.outputs, h),
            _ => Cells::Small(self.columns.get(column)),
        }
    }
}
