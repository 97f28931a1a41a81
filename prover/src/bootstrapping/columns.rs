//! What the polynomials of a proof hold: committed columns, words of keys and handles.

use ark_bn254::Fr;
use std::collections::BTreeMap;
use trine_verifier::bootstrapping::shape::{Column, Shape};

/// Committed cells of the first round, column by column, each as long as its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns(BTreeMap<Column, Vec<u32>>);

/// Words of an evaluation key, laid out as the key's columns: each as long as its rows, zeros in the padding.
pub struct KeyWords {
    /// By (j, c, u, subset, step).
    pub bootstrapping: Vec<u64>,
    /// By (k, step, level, j), compute and casting key; empty for a key without one.
    pub keyswitching: [Vec<u64>; 2],
}

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
