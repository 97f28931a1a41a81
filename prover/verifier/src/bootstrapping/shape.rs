//! The shape of a proof: which columns there are, how long they are, and in which polynomial each of them lies.
//!
//! A column of at least `2^m` rows is cut into chunks, one polynomial each. Shorter ones share polynomials: each lies at a
//! multiple of its length, so that its rows are the rows of the polynomial whose upper index bits spell one number.

use super::parameters::{KEY_KINDS, Parameters, SUBSETS};
use ark_bn254::Fr;
use trine_program::Declaration;
use trine_program::circuit::Circuit;

/// A column. Limbs are numbered from the lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Column {
    /// Bootstrapping digit plus half its range, by (j, u, step, bootstrapping).
    Digit(u8),
    /// Remainder of the bootstrapping digit.
    Remainder(u8),
    /// Carry of the accumulator plus its offset.
    Carry(u8),
    /// Exponent of the rotation, by (subset, step, bootstrapping).
    Exponent,
    /// Remainder of the modulus switch.
    SwitchRemainder(u8),
    /// Carry of the modulus switch plus its offset.
    SwitchCarry(u8),
    /// Keyswitch digit of a level, the least significant level first, plus the digits' offset, by (j, bootstrapping).
    KeyswitchDigit(u8),
    /// Top bit of the keyswitch remainder: the inverse of the bit that resolves ties.
    Tie,
    /// The other bits of the keyswitch remainder.
    KeyswitchRemainder(u8),
    /// Carry of the keyswitch input plus its offset.
    KeyswitchCarry(u8),
    /// Output words, by (t, output block).
    Word(u8),
    /// Carry of the output words plus its offset.
    WordCarry(u8),
    /// How often each value of the range table is looked up.
    RangeMultiplicity,
    /// How often each decomposition of a keyswitching key is looked up.
    KeyswitchMultiplicity(u8),
    /// How often each exponent is looked up.
    ExponentMultiplicity,
    /// `v`: `W_x[exponent]`, committed in the second round.
    Rotation,
    /// Words of the bootstrapping key, by (j, c, u, subset, step).
    BootstrappingKey,
    /// Words of a keyswitching key, by (k, step, level, j): word `4 (step - 1) + k`, the body at step 0.
    KeyswitchingKey(u8),
    /// Words of an input handle.
    Input(u8),
    /// Words of an output handle.
    Output(u8),
    /// Public: 1 in the rows of steps 1 to G + 1, in the layout of [`Column::Digit`].
    Mask,
    /// Public: the boxes of the tables, as digits of step 0.
    Table,
}

/// The families of range-checked columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// [`Column::Digit`].
    Digit,
    /// [`Column::Remainder`].
    Remainder,
    /// [`Column::Carry`].
    Carry,
    /// [`Column::SwitchRemainder`].
    SwitchRemainder,
    /// [`Column::SwitchCarry`].
    SwitchCarry,
    /// [`Column::KeyswitchRemainder`].
    KeyswitchRemainder,
    /// [`Column::KeyswitchCarry`].
    KeyswitchCarry,
    /// [`Column::Word`].
    Word,
    /// [`Column::WordCarry`].
    WordCarry,
}

impl Family {
    /// All families, in the order of their columns.
    pub const ALL: [Self; 9] = [
        Self::Digit,
        Self::Remainder,
        Self::Carry,
        Self::SwitchRemainder,
        Self::SwitchCarry,
        Self::KeyswitchRemainder,
        Self::KeyswitchCarry,
        Self::Word,
        Self::WordCarry,
    ];

    /// The column of a limb.
    pub const fn limb(self, k: u8) -> Column {
        match self {
            Self::Digit => Column::Digit(k),
            Self::Remainder => Column::Remainder(k),
            Self::Carry => Column::Carry(k),
            Self::SwitchRemainder => Column::SwitchRemainder(k),
            Self::SwitchCarry => Column::SwitchCarry(k),
            Self::KeyswitchRemainder => Column::KeyswitchRemainder(k),
            Self::KeyswitchCarry => Column::KeyswitchCarry(k),
            Self::Word => Column::Word(k),
            Self::WordCarry => Column::WordCarry(k),
        }
    }

    /// Whether the family is a carry: any range that the identities leave room for is sound.
    pub const fn is_carry(self) -> bool {
        matches!(self, Self::Carry | Self::SwitchCarry | Self::KeyswitchCarry | Self::WordCarry)
    }

    /// Bits of the values under the compute and under the casting key: the range that look-ups enforce.
    pub const fn bits(self, p: &Parameters) -> [usize; KEY_KINDS] {
        let [compute, casting] = p.keyswitching;
        let bits = match self {
            Self::Digit => p.base_bits,
            Self::Remainder => p.remainder_bits(),
            Self::Carry => p.limb_bits * p.accumulator_carry_limbs(),
            Self::SwitchRemainder => p.switch_bits(),
            Self::SwitchCarry => p.limb_bits * p.switch_carry_limbs(),
            Self::KeyswitchRemainder => return [compute.remainder_bits(), casting.remainder_bits()],
            Self::KeyswitchCarry | Self::WordCarry => p.limb_bits * p.combination_carry_limbs(),
            Self::Word => 64,
        };
        [bits, bits]
    }

    /// Limbs of the family: enough for the wider of the two ranges.
    pub const fn limbs(self, p: &Parameters) -> usize {
        let [compute, casting] = self.bits(p);
        (if compute > casting { compute } else { casting }).div_ceil(p.limb_bits)
    }

    /// How far each limb is shifted for its second look-up, under either key: 0 where the limb has full width.
    ///
    /// A limb of fewer bits than the table's is looked up twice, the second time shifted up by the difference.
    pub const fn shifts(self, p: &Parameters, limb: usize) -> [usize; KEY_KINDS] {
        let [compute, casting] = self.bits(p);
        [narrow(compute, limb, p.limb_bits), narrow(casting, limb, p.limb_bits)]
    }
}

/// Bits that limb `limb` of a value of `bits` bits lacks to the full width.
const fn narrow(bits: usize, limb: usize, width: usize) -> usize {
    width.saturating_sub(bits.saturating_sub(limb * width))
}

/// Where a column lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The polynomial of its first chunk.
    pub polynomial: usize,
    /// First row inside that polynomial; a multiple of the column's length, zero for columns of chunks.
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
    first_round: usize,
    second_round: usize,
    keys: usize,
    polynomials: usize,
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
        let most = 1usize << parameters.max_log_bootstrappings;
        if bootstrappings > most {
            return Err(ShapeError::Bootstrappings { got: bootstrappings, most });
        }
        let most = 1usize << parameters.log_chunk.saturating_sub(parameters.log_n + 1);
        if let Some(got) = inputs.iter().chain(&outputs).find(|blocks| **blocks > most) {
            return Err(ShapeError::Blocks { got: *got, most });
        }
        let mut shape = Self {
            parameters,
            log_bootstrappings: log2(bootstrappings),
            inputs,
            outputs,
            columns: vec![],
            first_round: 0,
            second_round: 0,
            keys: 0,
            polynomials: 0,
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

    /// log2 of the rows of output blocks.
    pub fn log_output_blocks(&self) -> usize {
        log2(self.output_blocks())
    }

    /// log2 of the rows of a column.
    pub fn variables(&self, column: Column) -> usize {
        let (p, slots) = (&self.parameters, self.log_bootstrappings);
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
            Column::Word(_) | Column::WordCarry(_) => p.log_n + 1 + self.log_output_blocks(),
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

    /// Opened polynomials.
    pub fn polynomials(&self) -> usize {
        self.polynomials
    }

    /// Points of the first commit round.
    pub fn first_round_points(&self) -> usize {
        self.first_round
    }

    /// Points of the second commit round: [`Column::Rotation`].
    pub fn second_round_points(&self) -> usize {
        self.second_round
    }

    /// Points of the keys: bootstrapping, compute, casting.
    pub fn key_points(&self) -> usize {
        self.keys
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
        columns.sort_by_key(|column| std::cmp::Reverse(self.variables(*column)));
        self.lay_round(&columns);
        self.first_round = self.polynomials;
        self.lay_round(&[Column::Rotation]);
        self.second_round = self.polynomials - self.first_round;
        let before = self.polynomials;
        for column in [Column::BootstrappingKey, Column::KeyswitchingKey(0), Column::KeyswitchingKey(1)] {
            self.lay_round(&[column]);
        }
        self.keys = self.polynomials - before;
        let inputs = (0..self.inputs.len()).map(|h| Column::Input(h as u8));
        let outputs = (0..self.outputs.len()).map(|h| Column::Output(h as u8));
        for column in inputs.chain(outputs).collect::<Vec<Column>>() {
            self.lay_round(&[column]);
        }
    }

    /// Places columns, longest first, from the next polynomial on.
    fn lay_round(&mut self, columns: &[Column]) {
        let chunk = 1usize << self.parameters.log_chunk;
        let mut used = 0usize;
        for column in columns {
            let variables = self.variables(*column);
            let length = 1usize << variables;
            let place =
                Place { polynomial: self.polynomials + used / chunk, offset: used % chunk, variables };
            self.columns.push((*column, place));
            used += length;
        }
        self.polynomials += used.div_ceil(chunk);
    }
}

/// Bits of the indices below `count`; 0 for none.
pub fn log2(count: usize) -> usize {
    count.next_power_of_two().trailing_zeros() as usize
}
