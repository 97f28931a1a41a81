//! The trace of one bootstrapping: the columns that a prover commits to.
//!
//! It is made again from the block, its table and the key; nothing of it is kept by the evaluator. Each row states an
//! identity between *integers* (`docs/spec/evaluator.md`, section 4): what is reduced modulo 2^64 is committed to as a
//! carry.

mod carries;

use super::evaluator::Request;
use super::extraction::Offset;
use super::key::EvaluationKey;
use super::keyswitch::{Decomposition, MAX_LEVELS, SmallWords};
use super::modulus_switch::{DROPPED_BITS, SUBSETS, members, switch};
use super::rotation::{Accumulator, Observer, blind_rotate_observed};
use super::table::{HALF_BOX, LookupTable};
use crate::parameters::{
    BLOCK_WORDS, BOOTSTRAPPING_BASE_BITS, GROUPING_FACTOR, GROUPS, LWE_DIMENSION, POLYNOMIAL_SIZE,
};
use carries::Carries;
use trine_program::KeyKind;

/// Steps that a column has room for.
pub const STEPS: usize = 256;
/// The row of the output. Row 0 is public: the table, rotated by the body. Rows 1 to G decompose what goes into each group.
pub const OUTPUT_STEP: usize = GROUPS + 1;
/// Rows of a step: both polynomials.
pub const STEP_ROWS: usize = 2 * POLYNOMIAL_SIZE;
/// Bits of the remainder of a bootstrapping digit.
pub const REMAINDER_BITS: usize = 64 - BOOTSTRAPPING_BASE_BITS;
/// Bound of a carry of the accumulator: `2 N` products of a digit of 2^21 and a sum of 16 words.
pub const MAX_CARRY: i64 = (2 * POLYNOMIAL_SIZE * SUBSETS) as i64 * (1 << (BOOTSTRAPPING_BASE_BITS - 1)) + 1;
/// Bound of the carries of keyswitch and modulus switch: one limb of 21 bits, half of it below zero.
pub const MAX_SWITCH_CARRY: i64 = 1 << 20;

/// Columns of one bootstrapping. Digits and carries are signed here; a prover adds its offsets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The key that the block is under.
    pub key: KeyKind,
    /// By mask word j.
    pub keyswitch: KeyswitchColumns,
    /// By step i and subset b, at `16 i + b`: all 256 steps.
    pub switch: SwitchColumns,
    /// By step i, polynomial u and coefficient j, at `4096 (i - 1) + 2048 u + j`: steps 1 to 231, all others are zero.
    pub rotation: RotationColumns,
}

/// EV.T1: `input[j] + half = 2^(64 - b L) * sum_l 2^(b l) digits[l] + remainder + 2^64 carry`, half of the step 2^(64 - b L).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyswitchColumns {
    /// Digits, the least significant first; zero past the last level.
    pub digits: Vec<[i8; MAX_LEVELS]>,
    /// In [0, 2^(64 - b L)). Its top bit is the inverse of the bit that resolves the tie of the decomposition.
    pub remainders: Vec<u64>,
    /// Within [`MAX_SWITCH_CARRY`].
    pub carries: Vec<i64>,
}

/// EV.T2: `sum_(m in b) ks[4 (i - 1) + m] + 2^51 = 2^52 exponent + remainder + 2^64 carry` for steps i of a group, in which `ks` is
/// the integer that the keyswitch gives before it is reduced; for step 0 and odd b the left side is
/// `2^51 - 1 - 64 * 2^52 - ks_body`. Every other left side is 2^51.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchColumns {
    /// Below 4096.
    pub exponents: Vec<u16>,
    /// Below 2^52.
    pub remainders: Vec<u64>,
    /// Within [`MAX_SWITCH_CARRY`].
    pub carries: Vec<i64>,
}

/// EV.T3: `acc[i][u][j] + 2^41 = 2^42 digit + remainder + 2^64 carry`, in which `acc[i]` is the integer polynomial that the step
/// before computes from its digits and the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotationColumns {
    /// In [-2^21, 2^21).
    pub digits: Vec<i32>,
    /// Below 2^42.
    pub remainders: Vec<u64>,
    /// Within [`MAX_CARRY`].
    pub carries: Vec<i64>,
}

/// Why there is no trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// The block needs the casting key.
    #[error("a block under the casting key, which the evaluation key has not")]
    NoCastingKey,
    /// Wrong number of integers.
    #[error("{got} integers of a block, expected {BLOCK_WORDS}")]
    Integers {
        /// Integers given.
        got: usize,
    },
    /// An integer is not the word of the block.
    #[error("integer {index} is {got}, not congruent to the word {expected:#x} of the block")]
    Word {
        /// Index of the word.
        index: usize,
        /// Integer given.
        got: i128,
        /// Word of the block.
        expected: u64,
    },
    /// A carry does not fit its column.
    #[error("{column}: carry {got} in row {row}, at most {max}")]
    Carry {
        /// The column.
        column: &'static str,
        /// Row in the column.
        row: usize,
        /// The carry.
        got: i64,
        /// Bound of its absolute value.
        max: i64,
    },
}

impl Trace {
    /// The trace of a bootstrapping whose input words are taken as integers below 2^64.
    pub fn new(key: &EvaluationKey, request: &Request<'_>) -> Result<Self, TraceError> {
        let integers: Vec<i128> = request.input.words().iter().map(|word| i128::from(*word)).collect();
        Self::of_integers(key, request, &integers)
    }

    /// The trace of a bootstrapping whose input was combined from wires and not yet reduced: `integers` are congruent to
    /// its words. A wire of an earlier bootstrapping is [`wire`](Self::wire).
    pub fn of_integers(
        key: &EvaluationKey,
        request: &Request<'_>,
        integers: &[i128],
    ) -> Result<Self, TraceError> {
        check_integers(request, integers)?;
        let keyswitch_key = key.keyswitch(request.key).ok_or(TraceError::NoCastingKey)?;
        let keyswitch = KeyswitchColumns::new(keyswitch_key.decomposition(), integers)?;
        let flat: Vec<i8> = keyswitch.rows(keyswitch_key.decomposition()).collect();
        let mut small: Vec<i128> = keyswitch_key.integer_product(&flat).iter().map(|sum| -sum).collect();
        small[LWE_DIMENSION] += integers[POLYNOMIAL_SIZE];
        let columns = SwitchColumns::new(&small)?;
        let rotation = RotationColumns::new(key, request.table, &small)?;
        Ok(Self { key: request.key, keyswitch, switch: columns, rotation })
    }

    /// EV.T4: the words of a wire as the integers that the argument takes them for: `2^42 digit + remainder - 2^41` of the output
    /// row, extracted at an offset.
    pub fn wire(&self, offset: Offset) -> Vec<i128> {
        let e = offset.get();
        let coefficient = |u: usize, j: usize| self.rotation.reduced(OUTPUT_STEP, u, j);
        let mask = (0..POLYNOMIAL_SIZE)
            .map(|j| if j <= e { coefficient(0, e - j) } else { -coefficient(0, POLYNOMIAL_SIZE + e - j) });
        mask.chain([coefficient(1, e)]).collect()
    }
}

fn check_integers(request: &Request<'_>, integers: &[i128]) -> Result<(), TraceError> {
    if integers.len() != BLOCK_WORDS {
        return Err(TraceError::Integers { got: integers.len() });
    }
    for (index, (integer, word)) in integers.iter().zip(request.input.words()).enumerate() {
        if *integer as u64 != *word {
            return Err(TraceError::Word { index, got: *integer, expected: *word });
        }
    }
    Ok(())
}

fn bounded(column: &'static str, row: usize, carry: i128, max: i64) -> Result<i64, TraceError> {
    let got = i64::try_from(carry).unwrap_or(if carry < 0 { i64::MIN } else { i64::MAX });
    if got.unsigned_abs() < max.unsigned_abs() {
        Ok(got)
    } else {
        Err(TraceError::Carry { column, row, got, max })
    }
}

impl KeyswitchColumns {
    fn new(decomposition: Decomposition, integers: &[i128]) -> Result<Self, TraceError> {
        let dropped = decomposition.dropped_bits();
        let mut columns = Self { digits: vec![], remainders: vec![], carries: vec![] };
        for (j, integer) in integers[..POLYNOMIAL_SIZE].iter().enumerate() {
            let digits = decomposition.digits(*integer as u64);
            let state = digits
                .iter()
                .rev()
                .fold(0i128, |state, digit| (state << decomposition.base_bits) + i128::from(*digit));
            let rest = integer + (1 << (dropped - 1)) - (state << dropped);
            let remainder = rest as u64 & ((1 << dropped) - 1);
            let carry = (rest - i128::from(remainder)) >> 64;
            columns.digits.push(digits);
            columns.remainders.push(remainder);
            columns.carries.push(bounded("keyswitch", j, carry, MAX_SWITCH_CARRY)?);
        }
        Ok(columns)
    }

    /// Digits row by row of the key.
    fn rows(&self, decomposition: Decomposition) -> impl Iterator<Item = i8> {
        self.digits.iter().flat_map(move |digits| digits.iter().take(decomposition.levels).copied())
    }
}

impl SwitchColumns {
    /// From the integers under the small key.
    fn new(small: &[i128]) -> Result<Self, TraceError> {
        let half = 1i128 << (DROPPED_BITS - 1);
        let mut columns = Self { exponents: vec![], remainders: vec![], carries: vec![] };
        for row in 0..STEPS * SUBSETS {
            let (step, subset) = (row / SUBSETS, row % SUBSETS);
            let left = match step {
                0 if subset % 2 == 1 => {
                    half - 1 - ((HALF_BOX as i128) << DROPPED_BITS) - small[LWE_DIMENSION]
                }
                1..=GROUPS => {
                    let group = &small[(step - 1) * GROUPING_FACTOR..];
                    half + members(subset).map(|word| group[word]).sum::<i128>()
                }
                _ => half,
            };
            columns.exponents.push((left as u64 >> DROPPED_BITS) as u16);
            columns.remainders.push(left as u64 & ((1 << DROPPED_BITS) - 1));
            columns.carries.push(bounded("modulus switch", row, left >> 64, MAX_SWITCH_CARRY)?);
        }
        Ok(columns)
    }
}

impl RotationColumns {
    fn new(key: &EvaluationKey, table: &LookupTable, small: &[i128]) -> Result<Self, TraceError> {
        let words: Vec<u64> = small.iter().map(|word| *word as u64).collect();
        let switched = switch(&SmallWords::new(words).expect("a keyswitch gives 921 words"));
        let initial = table.accumulator(switched.body);
        let mut columns = Self { digits: vec![], remainders: vec![], carries: vec![] };
        columns.push(&initial, initial_carries(table, switched.body))?;

        let mut steps = Recorder(Vec::with_capacity(GROUPS));
        let exponents = [switched.exponents];
        blind_rotate_observed(key.backend(), key.rotation(), &mut [initial], &exponents, &mut steps);
        let arithmetic = Carries::new();
        for (group, (accumulator, exponents)) in steps.0.iter().zip(&exponents[0].groups).enumerate() {
            let (mask, body) = columns.digits[group * STEP_ROWS..].split_at(POLYNOMIAL_SIZE);
            let words = [&accumulator.polynomials[0][..], &accumulator.polynomials[1][..]];
            let carries = arithmetic.of_step(key.rotation(), group, exponents, [mask, body], words);
            columns.push(accumulator, carries)?;
        }
        Ok(columns)
    }

    /// Rows of the next step, from its words and the carries of the integers that were reduced to them.
    fn push(&mut self, accumulator: &Accumulator, carries: [Vec<i64>; 2]) -> Result<(), TraceError> {
        for (polynomial, carries) in accumulator.polynomials.iter().zip(carries) {
            for (word, carry) in polynomial.iter().zip(carries) {
                let (digit, remainder, wrapped) = decompose(*word);
                let carry = bounded(
                    "rotation",
                    self.digits.len(),
                    i128::from(carry) + i128::from(wrapped),
                    MAX_CARRY + 1,
                )?;
                self.digits.push(digit);
                self.remainders.push(remainder);
                self.carries.push(carry);
            }
        }
        Ok(())
    }

    /// Row of step i, polynomial u, coefficient j; `None` for the public step and those past the output.
    pub fn row(&self, step: usize, u: usize, j: usize) -> Option<(i32, u64, i64)> {
        if !(1..=OUTPUT_STEP).contains(&step) || u > 1 || j >= POLYNOMIAL_SIZE {
            return None;
        }
        let row = (step - 1) * STEP_ROWS + u * POLYNOMIAL_SIZE + j;
        Some((self.digits[row], self.remainders[row], self.carries[row]))
    }

    /// `2^42 digit + remainder - 2^41`.
    fn reduced(&self, step: usize, u: usize, j: usize) -> i128 {
        let row = (step - 1) * STEP_ROWS + u * POLYNOMIAL_SIZE + j;
        (i128::from(self.digits[row]) << REMAINDER_BITS) + i128::from(self.remainders[row])
            - (1 << (REMAINDER_BITS - 1))
    }
}

/// `word + 2^41 = 2^42 digit + remainder + 2^64 carry`, digit in [-2^21, 2^21).
fn decompose(word: u64) -> (i32, u64, bool) {
    let shifted = i128::from(word) + (1 << (REMAINDER_BITS - 1));
    let digit = (shifted as u64 as i64 >> REMAINDER_BITS) as i32;
    let remainder = shifted as u64 & ((1 << REMAINDER_BITS) - 1);
    let carry = (shifted - (i128::from(digit) << REMAINDER_BITS) - i128::from(remainder)) >> 64;
    (digit, remainder, carry == 1)
}

/// Carries of the public step: its integers are words of the table or their negatives.
fn initial_carries(table: &LookupTable, body: u16) -> [Vec<i64>; 2] {
    let exponent = usize::from(LookupTable::exponent(body));
    let mut carries = [vec![0; POLYNOMIAL_SIZE], vec![0; POLYNOMIAL_SIZE]];
    for j in 0..POLYNOMIAL_SIZE {
        let at = (j + exponent) % (2 * POLYNOMIAL_SIZE);
        if at >= POLYNOMIAL_SIZE && table.word(j / super::table::BOX_SIZE) != 0 {
            carries[1][at - POLYNOMIAL_SIZE] = -1;
        }
    }
    carries
}

/// Keeps the accumulator after every step.
struct Recorder(Vec<Accumulator>);

impl Observer for Recorder {
    fn step(&mut self, _batch_index: usize, _group: usize, accumulator: &Accumulator) {
        self.0.push(accumulator.clone());
    }
}
