//! The program as constraints (spec section 5): ranges, layouts, declared blocks, Poseidon digest. All are PE.T1.

use super::checks::Checks;
use super::claim::{eq_table, inner_product};
use super::transcript::TranscriptGadget;
use super::wire::Wire;
use ark_bn254::Fr;
use ark_ff::PrimeField;
use trine_verifier::class::Class;
use trine_verifier::program::{BYTES_PER_WORD, ENTRIES_PER_LAYOUT, LAYOUT_WORDS, ProgramMatrix};
use trine_verifier::transcript::PROGRAM_TAG;

const ID: &str = "PE.T1";
/// Bits of an entry below the block count: type code, key kind.
const BLOCKS_AT: usize = 8;
/// The bits of the key kind.
const KEY_KIND: std::ops::Range<usize> = 6..8;

/// The program's numbers, proven to be in range, declared, and those of `prog`.
pub struct ProgramWires {
    /// `coefficients[row][place]`, signed.
    pub coefficients: Vec<Vec<Wire>>,
    /// One for each row.
    pub constants: Vec<Wire>,
}

/// The public inputs that describe the program.
pub struct ProgramInputs<'a> {
    /// `shape`.
    pub shape: &'a Wire,
    /// `layout_0`, `layout_1`.
    pub layouts: &'a [Wire],
    /// `prog`.
    pub prog: &'a Wire,
}

/// PE.T1: the matrix is well formed, agrees with shape and layouts, and digests to `prog`.
pub fn program(
    checks: &mut Checks,
    class: &Class,
    inputs: &ProgramInputs<'_>,
    matrix: &ProgramMatrix,
) -> ProgramWires {
    let counts = counts(checks, class, inputs.shape);
    let entries = entries(checks, class, inputs.layouts);
    check_entries(checks, &counts, &entries);
    let (places, rows) = declared(checks, class, &counts, &entries);

    let bytes = bytes(checks, class, matrix);
    let constants = constants(checks, class, matrix);
    let offset = Wire::constant(Fr::from(128u64));
    let coefficients: Vec<Vec<Wire>> =
        bytes.iter().map(|row| row.iter().map(|byte| byte - &offset).collect()).collect();
    check_declared(checks, &coefficients, &constants, &places, &rows);

    digest(checks, inputs, &bytes, &constants);
    ProgramWires { coefficients, constants }
}

/// Numbers of inputs and outputs, one-hot: entry k stands for k + 1.
struct Counts {
    inputs: Vec<Wire>,
    outputs: Vec<Wire>,
}

impl Counts {
    /// Whether there are more than `index` inputs.
    fn input_used(&self, index: usize) -> Wire {
        Wire::sum(self.inputs.iter().skip(index))
    }

    /// Whether there are more than `index` outputs.
    fn output_used(&self, index: usize) -> Wire {
        Wire::sum(self.outputs.iter().skip(index))
    }
}

fn counts(checks: &mut Checks, class: &Class, shape: &Wire) -> Counts {
    let word = low_limb(&shape.value());
    let mut one_hot = |count: u64, most: usize| -> Vec<Wire> {
        let bits: Vec<Wire> = (1..=most as u64).map(|k| checks.bit(ID, k == count)).collect();
        checks.enforce_equal(ID, &Wire::sum(&bits), &Wire::one());
        bits
    };
    let inputs = one_hot(word >> 8 & 0xff, class.inputs);
    let outputs = one_hot(word >> 16 & 0xff, class.outputs());
    let number = |bits: &[Wire]| {
        bits.iter().enumerate().fold(Wire::zero(), |sum, (k, bit)| sum.plus(bit, Fr::from(k as u64 + 1)))
    };
    let expected = Wire::constant(Fr::from(u64::from(class.id)))
        .plus(&number(&inputs), Fr::from(1u64 << 8))
        .plus(&number(&outputs), Fr::from(1u64 << 16));
    checks.enforce_equal(ID, shape, &expected);
    Counts { inputs, outputs }
}

/// Entries of the layout words as bits. Bits that no entry of the class has (blocks beyond a slot, job slot) have no
/// variable: an entry with one of them set has no witness.
fn entries(checks: &mut Checks, class: &Class, layouts: &[Wire]) -> Vec<Vec<Wire>> {
    let width = BLOCKS_AT + class.log_blocks;
    let mut all = vec![];
    for word in layouts {
        let limbs = word.value().into_bigint().0;
        let entry = |i: usize| limbs.get(i / 4).copied().unwrap_or(0) >> (16 * (i % 4)) & 0xffff;
        let bits: Vec<Vec<Wire>> =
            (0..ENTRIES_PER_LAYOUT).map(|i| checks.bits(ID, entry(i), width)).collect();
        let packed: Vec<Wire> = bits.iter().map(|b| Wire::packed(b, Fr::from(2u64))).collect();
        checks.enforce_equal(ID, word, &Wire::packed(&packed, Fr::from(1u64 << 16)));
        all.extend(bits);
    }
    all
}

/// Entries are nonzero for exactly the used places, and all of one key kind.
fn check_entries(checks: &mut Checks, counts: &Counts, entries: &[Vec<Wire>]) {
    // Place p is used if some i <= p is the number of inputs and p - i is a used output, or if p is an input.
    let outputs: Vec<Wire> = (0..counts.outputs.len()).map(|s| counts.output_used(s)).collect();
    let ends: Vec<Vec<Wire>> = counts
        .inputs
        .iter()
        .map(|is| outputs.iter().map(|used| checks.product(is, used)).collect())
        .collect();
    let used: Vec<Wire> = (0..entries.len())
        .map(|place| {
            let outputs = ends.iter().enumerate().filter_map(|(k, row)| row.get(place.checked_sub(k + 1)?));
            &counts.input_used(place) + &Wire::sum(outputs)
        })
        .collect();
    for (place, (entry, used)) in entries.iter().zip(&used).enumerate() {
        let word = Wire::packed(entry, Fr::from(2u64));
        let inverse = checks.witness(ark_ff::Field::inverse(&word.value()).unwrap_or_default());
        checks.enforce_product(ID, &word, &inverse, used);
        checks.enforce_product(ID, &word, &used.complement(), &Wire::zero());
        if place > 0 {
            for bit in KEY_KIND {
                checks.enforce_product(ID, used, &entries[0][bit], &entry[bit]);
            }
        }
    }
}

/// Which blocks the layouts declare: of input places (input-major), of rows (output-major).
fn declared(
    checks: &mut Checks,
    class: &Class,
    counts: &Counts,
    entries: &[Vec<Wire>],
) -> (Vec<Wire>, Vec<Wire>) {
    let block_bits = |entry: &Vec<Wire>| entry[BLOCKS_AT..BLOCKS_AT + class.log_blocks].to_vec();
    let mut places = vec![];
    for (index, entry) in entries.iter().enumerate().take(class.inputs) {
        places.extend(blocks_up_to(checks, &block_bits(entry), counts.input_used(index)));
    }
    let mut rows = vec![];
    for slot in 0..class.outputs() {
        // The entry of output `slot` follows the inputs: its place is the number of inputs plus the slot.
        let candidates: Vec<Vec<Wire>> =
            (1..=class.inputs).map(|inputs| block_bits(&entries[inputs + slot])).collect();
        let bits: Vec<Wire> = (0..class.log_blocks)
            .map(|bit| inner_product(checks, &counts.inputs, candidates.iter().map(|c| &c[bit])))
            .collect();
        rows.extend(blocks_up_to(checks, &bits, counts.output_used(slot)));
    }
    (places, rows)
}

/// For each block of a slot whether the handle has it, given the bits of `blocks - 1`.
///
/// The entry of an unused slot is zero: beyond block 0 its bits answer for themselves.
fn blocks_up_to(checks: &mut Checks, bits: &[Wire], used: Wire) -> Vec<Wire> {
    let table = eq_table(checks, bits);
    let beyond: Vec<Wire> = (1..table.len()).map(|block| Wire::sum(&table[block..])).collect();
    std::iter::once(used).chain(beyond).collect()
}

/// Coefficients as unsigned bytes in `[1, 255]`.
fn bytes(checks: &mut Checks, class: &Class, matrix: &ProgramMatrix) -> Vec<Vec<Wire>> {
    let cell = |row: usize, place: usize| -> i8 {
        matrix.coefficients.get(row).and_then(|r| r.get(place)).copied().unwrap_or_default()
    };
    (0..class.outputs() * class.blocks())
        .map(|row| {
            (0..class.inputs * class.blocks())
                .map(|place| {
                    let value = (i16::from(cell(row, place)) + 128) as u64;
                    let bits = checks.bits(ID, value, 8);
                    let byte = Wire::packed(&bits, Fr::from(2u64));
                    checks.enforce_nonzero(ID, &byte);
                    byte
                })
                .collect()
        })
        .collect()
}

/// Constants below 2^64.
fn constants(checks: &mut Checks, class: &Class, matrix: &ProgramMatrix) -> Vec<Wire> {
    (0..class.outputs() * class.blocks())
        .map(|row| {
            let value = matrix.constants.get(row).copied().unwrap_or_default();
            let bits = checks.bits(ID, value, 64);
            Wire::packed(&bits, Fr::from(2u64))
        })
        .collect()
}

/// Zero coefficients on places, zero rows and constants on rows that are not declared.
///
/// Signed digits below 128 in base 256 sum to zero only if all are zero; 30 of them stay below the modulus.
fn check_declared(
    checks: &mut Checks,
    coefficients: &[Vec<Wire>],
    constants: &[Wire],
    places: &[Wire],
    rows: &[Wire],
) {
    let base = Fr::from(256u64);
    for (place, declared) in places.iter().enumerate() {
        let column: Vec<&Wire> = coefficients.iter().map(|row| &row[place]).collect();
        for digits in column.chunks(BYTES_PER_WORD) {
            let packed = Wire::packed(digits.iter().copied(), base);
            checks.enforce_product(ID, &declared.complement(), &packed, &Wire::zero());
        }
    }
    for ((row, constant), declared) in coefficients.iter().zip(constants).zip(rows) {
        let absent = declared.complement();
        for digits in row.chunks(BYTES_PER_WORD) {
            checks.enforce_product(ID, &absent, &Wire::packed(digits, base), &Wire::zero());
        }
        checks.enforce_product(ID, &absent, constant, &Wire::zero());
    }
}

/// `prog`: over shape, layouts, and for each row its coefficient words and constant.
fn digest(checks: &mut Checks, inputs: &ProgramInputs<'_>, bytes: &[Vec<Wire>], constants: &[Wire]) {
    debug_assert_eq!(inputs.layouts.len(), LAYOUT_WORDS);
    let mut sponge = TranscriptGadget::new(PROGRAM_TAG);
    sponge.absorb(checks, "shape", inputs.shape);
    sponge.absorb_all(checks, "layout", inputs.layouts);
    let padding = Wire::constant(Fr::from(128u64));
    for (row, constant) in bytes.iter().zip(constants) {
        for chunk in row.chunks(BYTES_PER_WORD) {
            let padded = chunk.iter().chain(std::iter::repeat(&padding)).take(BYTES_PER_WORD);
            sponge.absorb(checks, "coefficients", &Wire::packed(padded, Fr::from(256u64)));
        }
        sponge.absorb(checks, "constant", constant);
    }
    let prog = sponge.challenge(checks, "prog");
    checks.enforce_equal(ID, &prog, inputs.prog);
}

fn low_limb(value: &Fr) -> u64 {
    value.into_bigint().0.first().copied().unwrap_or_default()
}
