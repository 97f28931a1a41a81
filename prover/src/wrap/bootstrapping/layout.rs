//! Shape and layout words as constraints (spec section 6): which slots, handles, blocks and rows a proof has.

use super::class::Class;
use crate::wrap::checks::Checks;
use crate::wrap::claim::inner_product;
use crate::wrap::wire::Wire;
use ark_bn254::Fr;
use ark_ff::{Field, PrimeField};
use trine_verifier::bootstrapping::program::ENTRIES_PER_LAYOUT;

const ID: &str = "PB.T1";
/// Bits of an entry: the type, and where key kind and blocks stand.
const TYPE_BITS: usize = 3;
const KIND_AT: usize = 6;
const BLOCKS_AT: usize = 8;

/// A handle as its layout entry declares it; all zero if the shape does not have it.
#[derive(Clone)]
pub struct Handle {
    /// Whether the shape has it.
    pub used: Wire,
    /// One for the casting key.
    pub kind: Wire,
    /// Bits of the number of blocks, less one.
    pub blocks: Vec<Wire>,
}

impl Handle {
    /// Number of blocks.
    fn count(&self) -> Wire {
        &Wire::packed(&self.blocks, Fr::from(2u64)) + &self.used
    }
}

/// What shape and layout words say.
pub struct Layout {
    /// One-hot: log P.
    pub log_slots: Vec<Wire>,
    /// Entry i: whether log P is above i, so that variable i of a slot counts.
    pub active: Vec<Wire>,
    /// One-hot: entry k for k + 1 output handles.
    pub output_count: Vec<Wire>,
    /// Input handles.
    pub inputs: Vec<Handle>,
    /// Output handles.
    pub outputs: Vec<Handle>,
    /// Bits of the first row of each output handle; zero if the shape does not have it.
    pub first_rows: Vec<Vec<Wire>>,
    /// Whether there are so many rows.
    pub rows: Vec<Wire>,
}

/// PB.T1: the shape and the layout words agree, and are those of the class.
pub fn layout(checks: &mut Checks, class: &Class, shape: &Wire, layouts: &[Wire]) -> Layout {
    let p = &class.parameters;
    let word = shape.value().into_bigint().0[0];
    let byte = |at: u32| (word >> at & 0xff) as usize;
    let log_slots = checks.one_hot(ID, Some(byte(8)), class.log_slots() + 1);
    let input_count = checks.one_hot(ID, byte(16).checked_sub(1), p.max_inputs);
    let output_count = checks.one_hot(ID, byte(24).checked_sub(1), p.max_outputs);
    let [log, inputs, outputs] = [number(&log_slots, 0), number(&input_count, 1), number(&output_count, 1)];
    let expected = Wire::constant(Fr::from(u64::from(p.id)))
        .plus(&log, Fr::from(1u64 << 8))
        .plus(&inputs, Fr::from(1u64 << 16))
        .plus(&outputs, Fr::from(1u64 << 24));
    checks.enforce_equal(ID, shape, &expected);

    let entries = entries(checks, class, layouts);
    // Handles are the first entries: one-hot of their number.
    let handles = checks.one_hot(ID, (byte(16) + byte(24)).checked_sub(1), entries.len());
    checks.enforce_equal(ID, &number(&handles, 1), &(&inputs + &outputs));
    let input_used = beyond(&input_count);
    for (entry, used) in entries.iter().zip(beyond(&handles)) {
        entry.check(checks, &used);
    }
    let inputs: Vec<Handle> =
        entries.iter().zip(input_used).map(|(entry, used)| entry.as_input(checks, used)).collect();
    let outputs: Vec<Handle> = beyond(&output_count)
        .into_iter()
        .enumerate()
        .map(|(output, used)| {
            // The entry of an output follows those of the inputs: its place is their number plus its index.
            let candidates = entries.iter().skip(1 + output).map(|entry| &entry.content);
            let content = inner_product(checks, &input_count, candidates);
            output_handle(checks, class, used, &content)
        })
        .collect();
    let (first_rows, rows) = rows(checks, class, &outputs);
    let active = beyond(&log_slots).into_iter().skip(1).collect();
    Layout { log_slots, active, output_count, inputs, outputs, first_rows, rows }
}

/// The number that a one-hot list spells, entry 0 standing for `first`.
fn number(one_hot: &[Wire], first: u64) -> Wire {
    (first..).zip(one_hot).fold(Wire::zero(), |sum, (k, bit)| sum.plus(bit, Fr::from(k)))
}

/// Entry k: whether the one is at k or above.
fn beyond(one_hot: &[Wire]) -> Vec<Wire> {
    let mut sums: Vec<Wire> = one_hot
        .iter()
        .rev()
        .scan(Wire::zero(), |sum, bit| {
            *sum = &*sum + bit;
            Some(sum.clone())
        })
        .collect();
    sums.reverse();
    sums
}

/// An entry of a layout word. What no entry of the class has, has no variable.
struct Entry {
    /// Bits of the type.
    value_type: Vec<Wire>,
    /// Key kind, and twice the number of blocks less one.
    content: Wire,
    kind: Wire,
    blocks: Vec<Wire>,
}

/// Entries of as many places as the class has handles.
fn entries(checks: &mut Checks, class: &Class, layouts: &[Wire]) -> Vec<Entry> {
    let places = class.parameters.max_inputs + class.parameters.max_outputs;
    let mut all: Vec<Entry> = vec![];
    for word in layouts {
        let limbs = word.value().into_bigint().0;
        let value = |i: usize| limbs.get(i / 4).copied().unwrap_or(0) >> (16 * (i % 4)) & 0xffff;
        let mut packed = vec![];
        for i in 0..ENTRIES_PER_LAYOUT.min(places - all.len()) {
            let (entry, spelled) = Entry::new(checks, class, value(i));
            packed.push(spelled);
            all.push(entry);
        }
        checks.enforce_equal(ID, word, &Wire::packed(&packed, Fr::from(1u64 << 16)));
    }
    all
}

impl Entry {
    fn new(checks: &mut Checks, class: &Class, value: u64) -> (Self, Wire) {
        let value_type = checks.bits(ID, value, TYPE_BITS);
        let kind = checks.bit(ID, value >> KIND_AT & 1 == 1);
        let blocks = checks.bits(ID, value >> BLOCKS_AT, class.block_bits);
        let count = Wire::packed(&blocks, Fr::from(2u64));
        let spelled = Wire::packed(&value_type, Fr::from(2u64))
            .plus(&kind, Fr::from(1u64 << KIND_AT))
            .plus(&count, Fr::from(1u64 << BLOCKS_AT));
        let content = kind.plus(&count, Fr::from(2u64));
        (Self { value_type, content, kind, blocks }, spelled)
    }

    /// A used entry has a type from 1 to 6, an unused one is zero.
    fn check(&self, checks: &mut Checks, used: &Wire) {
        let code = Wire::packed(&self.value_type, Fr::from(2u64));
        let inverse = checks.witness(code.value().inverse().unwrap_or_default());
        checks.enforce_product(ID, &code, &inverse, used);
        checks.enforce_product(ID, &used.complement(), &(&code + &self.content), &Wire::zero());
        let [low, middle, high] = [&self.value_type[0], &self.value_type[1], &self.value_type[2]];
        let both = checks.product(low, middle);
        checks.enforce_product(ID, &both, high, &Wire::zero());
    }

    /// As an input: all zero where the entry is an output's.
    fn as_input(&self, checks: &mut Checks, used: Wire) -> Handle {
        let kind = checks.product(&used, &self.kind);
        let blocks = self.blocks.iter().map(|bit| checks.product(&used, bit)).collect();
        Handle { used, kind, blocks }
    }
}

/// The handle of an entry's content, which is zero for one that the shape does not have.
fn output_handle(checks: &mut Checks, class: &Class, used: Wire, content: &Wire) -> Handle {
    let value = content.value().into_bigint().0[0];
    let kind = checks.bit(ID, value & 1 == 1);
    let blocks = checks.bits(ID, value >> 1, class.block_bits);
    let spelled = kind.plus(&Wire::packed(&blocks, Fr::from(2u64)), Fr::from(2u64));
    checks.enforce_equal(ID, &spelled, content);
    Handle { used, kind, blocks }
}

/// First row of each output handle in bits, and which rows are used.
fn rows(checks: &mut Checks, class: &Class, outputs: &[Handle]) -> (Vec<Vec<Wire>>, Vec<Wire>) {
    let mut before = Wire::zero();
    let mut first_rows = vec![];
    for handle in outputs {
        let first = checks.product(&handle.used, &before);
        let value = first.value().into_bigint().0[0];
        let bits = checks.bits(ID, value, class.parameters.log_output_blocks);
        checks.enforce_equal(ID, &Wire::packed(&bits, Fr::from(2u64)), &first);
        first_rows.push(bits);
        before = &before + &handle.count();
    }
    let total = before.value().into_bigint().0[0] as usize;
    let last = checks.one_hot(ID, total.checked_sub(1), class.rows());
    checks.enforce_equal(ID, &number(&last, 1), &before);
    (first_rows, beyond(&last))
}
