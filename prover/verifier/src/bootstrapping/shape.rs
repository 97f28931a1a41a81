//! The shape of a proof: which columns there are, how long they are, and in which polynomial each of them lies.
//!
//! Polynomials are the slots of the class, the same for every shape: a column lies where it would lie at the most
//! bootstrappings of a proof. One that then has at least `2^m` rows has slots of its own, one for each chunk, used from the
//! first on; shorter ones share polynomials: each lies at a multiple of its longest length, so that its rows are the rows of
//! the polynomial whose upper index bits spell one number. Which slots are used follows from the shape; the others hold
//! zero.

use super::parameters::{Parameters, SUBSETS};
use ark_bn254::Fr;
use std::ops::Range;
use trine_program::Declaration;
use trine_program::circuit::Circuit;

pub use super::column::{Column, Family};

/// Where a column lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The polynomial of its first chunk.
    pub polynomial: usize,
    /// First row inside that polynomial; a multiple of the column's longest length, zero for columns of chunks.
    pub offset: usize,
    /// log2 of its rows.
    pub variables: usize,
}

/// Why a circuit has no proof of one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// More bootstrappings than one proof takes.
    #[error("circuit has {got} bootstrappings, one proof takes {most}: split it into segments")]
    Bootstrappings {
        /// Bootstrappings of the circuit.
        got: usize,
        /// Most of one proof.
        most: usize,
    },
    /// More handles than one proof takes.
    #[error("circuit has {got} {what}, one proof takes {most}")]
    Handles {
        /// "inputs" or "outputs".
        what: &'static str,
        /// Handles of the circuit.
        got: usize,
        /// Most of one proof.
        most: usize,
    },
    /// More output blocks than there are rows for.
    #[error("circuit has {got} output blocks, one proof takes {most}")]
    OutputBlocks {
        /// Output blocks of all handles.
        got: usize,
        /// Rows of output blocks.
        most: usize,
    },
    /// A handle longer than a chunk.
    #[error("a handle has {got} blocks, one polynomial holds {most}")]
    Blocks {
        /// Blocks of the handle.
        got: usize,
        /// Blocks of a polynomial.
        most: usize,
    },
}

/// The shape of a proof: parameters and counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The parameter set.
    pub parameters: Parameters,
    /// log2 of the slots of bootstrappings.
    pub log_bootstrappings: usize,
    /// Blocks of each input handle.
    pub inputs: Vec<usize>,
    /// Blocks of each output handle.
    pub outputs: Vec<usize>,
    columns: Vec<(Column, Place)>,
    /// Slots in their order, those of a round in a row.
    first_round: Range<usize>,
    second_round: Range<usize>,
    keys: Range<usize>,
    polynomials: usize,
    /// Slots that hold something, ascending.
    used: Vec<usize>,
}

impl Shape {
    /// The shape of the proofs of a circuit.
    pub fn new(parameters: Parameters, circuit: &Circuit) -> Result<Self, ShapeError> {
        let blocks = |list: &[Declaration]| list.iter().map(|d| usize::from(d.blocks)).collect();
        Self::of(
            parameters,
            circuit.bootstrappings().len(),
            blocks(circuit.inputs()),
            blocks(circuit.outputs()),
        )
    }

    /// The shape for counts.
    pub fn of(
        parameters: Parameters,
        bootstrappings: usize,
        inputs: Vec<usize>,
        outputs: Vec<usize>,
    ) -> Result<Self, ShapeError> {
        check_counts(&parameters, bootstrappings, &inputs, &outputs)?;
        let mut shape = Self {
            parameters,
            log_bootstrappings: log2(bootstrappings),
            inputs,
            outputs,
            columns: vec![],
            first_round: 0..0,
            second_round: 0..0,
            keys: 0..0,
            polynomials: 0,
            used: vec![],
        };
        shape.lay_out();
        Ok(shape)
    }

    /// Slots of bootstrappings.
    pub fn bootstrappings(&self) -> usize {
        1 << self.log_bootstrappings
    }

    /// Output blocks of all handles.
    pub fn output_blocks(&self) -> usize {
        self.outputs.iter().sum()
    }

    /// Index of the first output block of a handle.
    pub fn first_output_block(&self, handle: usize) -> usize {
        self.outputs.iter().take(handle).sum()
    }

    /// log2 of the rows of a column.
    pub fn variables(&self, column: Column) -> usize {
        self.variables_for(column, self.log_bootstrappings)
    }

    /// log2 of the rows that a column's place has room for: its own at the most bootstrappings of a proof.
    pub fn most_variables(&self, column: Column) -> usize {
        self.variables_for(column, self.parameters.max_log_bootstrappings)
    }

    fn variables_for(&self, column: Column, slots: usize) -> usize {
        let p = &self.parameters;
        let handle =
            |list: &[usize], h: u8| p.log_n + 1 + log2(list.get(usize::from(h)).copied().unwrap_or_default());
        match column {
            Column::Digit(_) | Column::Remainder(_) | Column::Carry(_) | Column::Mask | Column::Table => {
                p.log_n + 1 + p.log_steps + slots
            }
            Column::Exponent | Column::SwitchRemainder(_) | Column::SwitchCarry(_) | Column::Rotation => {
                SUBSETS.trailing_zeros() as usize + p.log_steps + slots
            }
            Column::KeyswitchDigit(_)
            | Column::Tie
            | Column::KeyswitchRemainder(_)
            | Column::KeyswitchCarry(_) => p.log_n + slots,
            Column::Word(_) | Column::WordCarry(_) => p.log_n + 1 + p.log_output_blocks,
            Column::RangeMultiplicity => p.limb_bits,
            Column::KeyswitchMultiplicity(kind) => {
                p.keyswitching.get(usize::from(kind)).map_or(0, |g| g.state_bits() + 1)
            }
            Column::ExponentMultiplicity => p.exponent_bits(),
            Column::BootstrappingKey => p.log_n + 2 + SUBSETS.trailing_zeros() as usize + p.log_steps,
            Column::KeyswitchingKey(_) => {
                super::parameters::LOG_GROUPING + p.log_steps + p.log_levels() + p.log_n
            }
            Column::Input(h) => handle(&self.inputs, h),
            Column::Output(h) => handle(&self.outputs, h),
        }
    }

    /// Committed columns of the first round, in the order of their commitment.
    pub fn first_round_columns(&self) -> Vec<Column> {
        let p = &self.parameters;
        let limbs = |family: Family| (0..family.limbs(p)).map(move |k| family.limb(k as u8));
        let mut columns: Vec<Column> = Family::ALL.into_iter().flat_map(limbs).collect();
        columns.push(Column::Exponent);
        columns.extend((0..p.max_levels()).map(|l| Column::KeyswitchDigit(l as u8)));
        columns.push(Column::Tie);
        columns.push(Column::RangeMultiplicity);
        columns.extend([Column::KeyswitchMultiplicity(0), Column::KeyswitchMultiplicity(1)]);
        columns.push(Column::ExponentMultiplicity);
        columns
    }

    /// Where a column lies; public columns lie in no polynomial and have the place of their own first chunk.
    pub fn place(&self, column: Column) -> Place {
        let found = self.columns.iter().find(|(c, _)| *c == column).map(|(_, place)| *place);
        found.unwrap_or(Place { polynomial: usize::MAX, offset: 0, variables: self.variables(column) })
    }

    /// Columns that lie in polynomials, with their places.
    pub fn columns(&self) -> &[(Column, Place)] {
        &self.columns
    }

    /// log2 of the chunks of a column.
    pub fn log_chunks(&self, column: Column) -> usize {
        self.variables(column).saturating_sub(self.parameters.log_chunk)
    }

    /// Opened polynomials: the slots of the class, used or not.
    pub fn polynomials(&self) -> usize {
        self.polynomials
    }

    /// Slots that hold something, ascending. Points and values of a proof are theirs.
    pub fn used(&self) -> &[usize] {
        &self.used
    }

    /// What each slot holds, from what the used ones hold and what an unused one does; `None` for another number.
    pub fn spread<T: Clone>(&self, of_used: &[T], unused: T) -> Option<Vec<T>> {
        let mut all = vec![unused; self.polynomials];
        for (slot, value) in self.used.iter().zip(of_used) {
            all.get_mut(*slot)?.clone_from(value);
        }
        (of_used.len() == self.used.len()).then_some(all)
    }

    /// Used slots of the first commit round: their commitments are its points.
    pub fn first_round(&self) -> &[usize] {
        self.used_within(&self.first_round)
    }

    /// Used slots of the second commit round: [`Column::Rotation`].
    pub fn second_round(&self) -> &[usize] {
        self.used_within(&self.second_round)
    }

    /// Slots of the keys: bootstrapping, compute, casting.
    pub fn keys(&self) -> &[usize] {
        self.used_within(&self.keys)
    }

    fn used_within(&self, slots: &Range<usize>) -> &[usize] {
        let before = |end: usize| self.used.partition_point(|slot| *slot < end);
        self.used.get(before(slots.start)..before(slots.end)).unwrap_or_default()
    }

    /// Levels of the opening.
    pub fn levels(&self) -> usize {
        self.parameters.log_chunk.div_ceil(crate::class::ARITY_BITS)
    }

    /// The word `shape`: parameter set (bits 0 to 7), log2 of the slots of bootstrappings (8 to 15), inputs (16 to 23),
    /// outputs (24 to 31).
    pub fn word(&self) -> Fr {
        let counts = [self.log_bootstrappings, self.inputs.len(), self.outputs.len()];
        let word = counts.iter().rev().fold(0u64, |word, count| word << 8 | *count as u64);
        Fr::from(word << 8 | u64::from(self.parameters.id))
    }

    fn lay_out(&mut self) {
        let mut columns = self.first_round_columns();
        // Longest first: a column then begins at a multiple of its length.
        columns.sort_by_key(|column| std::cmp::Reverse(self.most_variables(*column)));
        self.first_round = self.lay_round(&columns);
        self.second_round = self.lay_round(&[Column::Rotation]);
        let before = self.polynomials;
        for column in [Column::BootstrappingKey, Column::KeyswitchingKey(0), Column::KeyswitchingKey(1)] {
            self.lay_round(&[column]);
        }
        self.keys = before..self.polynomials;
        self.lay_handles(self.inputs.len(), self.parameters.max_inputs, Column::Input);
        self.lay_handles(self.outputs.len(), self.parameters.max_outputs, Column::Output);
        self.used.dedup();
    }

    /// Places columns, longest first, from the next slot on, and takes the slots that they need at most.
    fn lay_round(&mut self, columns: &[Column]) -> Range<usize> {
        let (first, chunk) = (self.polynomials, 1usize << self.parameters.log_chunk);
        let mut taken = 0usize;
        for column in columns {
            let variables = self.variables(*column);
            let place = Place { polynomial: first + taken / chunk, offset: taken % chunk, variables };
            self.columns.push((*column, place));
            self.used.extend((place.polynomial..).take(1 << self.log_chunks(*column)));
            taken += 1 << self.most_variables(*column);
        }
        self.polynomials += taken.div_ceil(chunk);
        first..self.polynomials
    }

    /// One slot a handle, as many as the class has.
    fn lay_handles(&mut self, handles: usize, most: usize, column: fn(u8) -> Column) {
        let first = self.polynomials;
        for handle in 0..handles {
            self.lay_round(&[column(handle as u8)]);
        }
        self.polynomials = first + most;
    }
}

fn check_counts(
    parameters: &Parameters,
    bootstrappings: usize,
    inputs: &[usize],
    outputs: &[usize],
) -> Result<(), ShapeError> {
    let most = 1usize << parameters.max_log_bootstrappings;
    if bootstrappings > most {
        return Err(ShapeError::Bootstrappings { got: bootstrappings, most });
    }
    for (what, got, most) in
        [("inputs", inputs.len(), parameters.max_inputs), ("outputs", outputs.len(), parameters.max_outputs)]
    {
        if got > most {
            return Err(ShapeError::Handles { what, got, most });
        }
    }
    let most = 1usize << parameters.log_chunk.saturating_sub(parameters.log_n + 1);
    if let Some(got) = inputs.iter().chain(outputs).find(|blocks| **blocks > most) {
        return Err(ShapeError::Blocks { got: *got, most });
    }
    let (got, most) = (outputs.iter().sum(), 1usize << parameters.log_output_blocks);
    if got > most { Err(ShapeError::OutputBlocks { got, most }) } else { Ok(()) }
}

/// Bits of the indices below `count`; 0 for none.
pub fn log2(count: usize) -> usize {
    count.next_power_of_two().trailing_zeros() as usize
}
