//! The program as constraints (spec section 6): ranges, order, functions, Poseidon digest. All are PB.T1.
//!
//! What a word can spell in one way only, it spells so here: bits that no well-formed program sets have no variable. Nobody
//! vouches for a program, so that everything its evaluation relies on is enforced. That a term names a block or a function
//! that exists, under the key of its combination, is shown where terms are looked up ([`super::wires`]).

use super::class::{Class, FUNCTIONS};
use super::layout::Layout;
use crate::wrap::checks::Checks;
use crate::wrap::transcript::TranscriptGadget;
use crate::wrap::wire::Wire;
use ark_bn254::Fr;
use ark_ff::Field;
use trine_program::circuit::{self, BOXES};
use trine_verifier::bootstrapping::program::{BOXES_PER_WORD, PROGRAM_TAG, TERMS_PER_WORD, term_codes};

/// Spec id of all checks of a program.
pub const ID: &str = "PB.T1";
/// Bits of a coefficient, and of a constant or box.
const COEFFICIENT_BITS: usize = 8;
const WORD_BITS: usize = 64;
/// Where the parts of a term stand.
const PLACE_AT: usize = 8;
const SOURCE_AT: usize = 15;
const BOOTSTRAPPED_AT: usize = 39;

/// A linear combination as numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Combination {
    /// Added to the body.
    pub constant: u64,
    /// Terms of 40 bits each, zero where there is none.
    pub terms: Vec<u64>,
}

/// A bootstrapping as numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bootstrapping {
    /// Zero for an unused slot, else 2 + key kind + 16 functions.
    pub kind: u64,
    /// Boxes of its table.
    pub boxes: [u64; BOXES],
    /// Its input.
    pub input: Combination,
}

/// A program as numbers, every slot and row of the class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// By slot.
    pub bootstrappings: Vec<Bootstrapping>,
    /// By row.
    pub rows: Vec<Combination>,
}

impl Program {
    /// All zero.
    pub fn zero(class: &Class) -> Self {
        let combination = Combination { constant: 0, terms: vec![0; class.terms] };
        let slot = Bootstrapping { input: combination.clone(), ..Default::default() };
        Self { bootstrappings: vec![slot; class.slots()], rows: vec![combination; class.rows()] }
    }

    /// Of a circuit that the class holds.
    pub fn new(class: &Class, circuit: &circuit::Circuit) -> Self {
        let mut program = Self::zero(class);
        let combination =
            |linear: &circuit::Linear| Combination { constant: linear.constant, terms: term_codes(linear) };
        for (slot, b) in program.bootstrappings.iter_mut().zip(circuit.bootstrappings()) {
            if let Some(table) = circuit.tables().get(b.table as usize) {
                slot.kind = 2 + u64::from(b.key_kind.code()) + (u64::from(table.functions) << 4);
                slot.boxes = table.boxes;
            }
            slot.input = combination(&b.input);
        }
        for (row, linear) in program.rows.iter_mut().zip(circuit.rows()) {
            *row = combination(linear);
        }
        program
    }

    /// Whether slots, rows and terms are as many as the class has, and set no bits that have no variable.
    pub fn fits(&self, class: &Class) -> bool {
        let ones = |bits: usize, at: usize| ((1u64 << bits) - 1) << at;
        let spelled = ones(COEFFICIENT_BITS, 0)
            | ones(class.place_bits(), PLACE_AT)
            | ones(class.source_bits(), SOURCE_AT)
            | ones(1, BOOTSTRAPPED_AT);
        let kind =
            |kind: u64| kind == 0 || (kind >> 1 & 7 == 1 && (1..=FUNCTIONS as u64).contains(&(kind >> 4)));
        self.bootstrappings.len() == class.slots()
            && self.rows.len() == class.rows()
            && self.bootstrappings.iter().all(|slot| kind(slot.kind))
            && self.combinations().all(|c| c.terms.len() == class.terms)
            && self.combinations().flat_map(|c| &c.terms).all(|code| code & !spelled == 0)
    }

    /// Inputs of the bootstrappings, then rows.
    pub fn combinations(&self) -> impl Iterator<Item = &Combination> {
        self.bootstrappings.iter().map(|b| &b.input).chain(&self.rows)
    }
}

/// A term, zero where there is none.
pub struct TermWires {
    /// Whether there is one.
    pub used: Wire,
    /// Signed.
    pub coefficient: Wire,
    /// Bits of the wire: place, source, whether it is of a bootstrapping.
    pub wire: Vec<Wire>,
    packed: Wire,
}

/// A linear combination.
pub struct CombinationWires {
    /// Below 2^64.
    pub constant: Wire,
    /// Its terms.
    pub terms: Vec<TermWires>,
}

/// A bootstrapping, zero where there is none.
pub struct SlotWires {
    /// Whether there is one.
    pub used: Wire,
    /// One for the casting key.
    pub kind: Wire,
    /// One-hot: entry k for k + 1 functions.
    pub functions: Vec<Wire>,
    /// Each below 2^64.
    pub boxes: Vec<Wire>,
    /// What is bootstrapped.
    pub input: CombinationWires,
}

/// The program's numbers, proven to be in range and those of `prog`.
pub struct ProgramWires {
    /// By slot.
    pub slots: Vec<SlotWires>,
    /// By row.
    pub rows: Vec<CombinationWires>,
}

/// The public inputs that describe the program.
pub struct ProgramInputs<'a> {
    /// `shape`.
    pub shape: &'a Wire,
    /// `layout_0 ..`.
    pub layouts: &'a [Wire],
    /// `prog`.
    pub prog: &'a Wire,
}

/// PB.T1: the program fits its layout and digests to `prog`.
pub fn program(
    checks: &mut Checks,
    class: &Class,
    inputs: &ProgramInputs<'_>,
    layout: &Layout,
    program: &Program,
) -> ProgramWires {
    checks.part("program: numbers");
    let slots: Vec<SlotWires> =
        program.bootstrappings.iter().enumerate().map(|(index, b)| slot(checks, class, index, b)).collect();
    let rows: Vec<CombinationWires> = program
        .rows
        .iter()
        .zip(&layout.rows)
        .map(|(row, used)| combination(checks, class, used, row, None))
        .collect();
    check_count(checks, layout, &slots);
    checks.part("program: digest");
    digest(checks, inputs, layout, &slots, &rows);
    ProgramWires { slots, rows }
}

fn word(checks: &mut Checks, value: u64) -> Wire {
    Wire::packed(&checks.bits(ID, value, WORD_BITS), Fr::from(2u64))
}

fn slot(checks: &mut Checks, class: &Class, index: usize, slot: &Bootstrapping) -> SlotWires {
    let functions: Vec<Wire> = (1..=FUNCTIONS as u64).map(|k| checks.bit(ID, slot.kind >> 4 == k)).collect();
    let used = Wire::sum(&functions);
    checks.enforce_product(ID, &used, &used.complement(), &Wire::zero());
    let kind = checks.bit(ID, slot.kind & 1 == 1);
    let absent = used.complement();
    checks.enforce_product(ID, &absent, &kind, &Wire::zero());
    let boxes: Vec<Wire> = slot.boxes.iter().map(|value| word(checks, *value)).collect();
    for words in boxes.chunks(BOXES_PER_WORD) {
        checks.enforce_product(ID, &absent, &packed_boxes(words), &Wire::zero());
    }
    let input = combination(checks, class, &used, &slot.input, Some(index));
    SlotWires { used, kind, functions, boxes, input }
}

/// A combination that is zero unless used; the one of a slot names earlier slots alone.
fn combination(
    checks: &mut Checks,
    class: &Class,
    used: &Wire,
    combination: &Combination,
    slot: Option<usize>,
) -> CombinationWires {
    let constant = word(checks, combination.constant);
    let absent = used.complement();
    checks.enforce_product(ID, &absent, &constant, &Wire::zero());
    let terms: Vec<TermWires> = combination.terms.iter().map(|code| term(checks, class, *code)).collect();
    for words in terms.chunks(TERMS_PER_WORD) {
        checks.enforce_product(ID, &absent, &packed_terms(words), &Wire::zero());
    }
    for term in &terms {
        if let (Some(slot), Some((bootstrapped, source))) = (slot, term.wire.split_last()) {
            let source = &source[class.place_bits()..];
            let late = at_least(checks, source, slot);
            checks.enforce_product(ID, bootstrapped, &late, &Wire::zero());
        }
    }
    CombinationWires { constant, terms }
}

/// Whether the number that bits spell is at least the bound.
fn at_least(checks: &mut Checks, bits: &[Wire], bound: usize) -> Wire {
    bits.iter().enumerate().fold(Wire::one(), |enough, (k, bit)| {
        let both = checks.product(bit, &enough);
        if bound >> k & 1 == 1 { both } else { &(bit + &enough) - &both }
    })
}

/// A term whose coefficient is from -127 to 127 and not zero, or zero as a whole.
fn term(checks: &mut Checks, class: &Class, code: u64) -> TermWires {
    let byte = Wire::packed(&checks.bits(ID, code, COEFFICIENT_BITS), Fr::from(2u64));
    let place = checks.bits(ID, code >> PLACE_AT, class.place_bits());
    let source = checks.bits(ID, code >> SOURCE_AT, class.source_bits());
    let bootstrapped = checks.bit(ID, code >> BOOTSTRAPPED_AT & 1 == 1);
    let offset = Fr::from(1u64 << (COEFFICIENT_BITS - 1));
    // Zero exactly for the bytes 0 (no term) and 128 (coefficient zero), which is refused.
    let proper = checks.product(&byte, &(&byte - &Wire::constant(offset)));
    let inverse = checks.witness(proper.value().inverse().unwrap_or_default());
    let used = checks.product(&proper, &inverse);
    checks.enforce_product(ID, &used, &proper, &proper);
    let rest = Wire::packed(&place, Fr::from(2u64))
        .plus(&Wire::packed(&source, Fr::from(2u64)), Fr::from(1u64 << (SOURCE_AT - PLACE_AT)))
        .plus(&bootstrapped, Fr::from(1u64 << (BOOTSTRAPPED_AT - PLACE_AT)));
    let packed = byte.plus(&rest, Fr::from(1u64 << PLACE_AT));
    checks.enforce_product(ID, &used.complement(), &packed, &Wire::zero());
    let wire = place.into_iter().chain(source).chain([bootstrapped]).collect();
    TermWires { coefficient: byte.plus(&used, -offset), used, wire, packed }
}

/// Slots are used from the first on, and log P is the least that holds them.
fn check_count(checks: &mut Checks, layout: &Layout, slots: &[SlotWires]) {
    for (lower, upper) in slots.iter().zip(slots.iter().skip(1)) {
        checks.enforce_product(ID, &upper.used, &lower.used.complement(), &Wire::zero());
    }
    for (log, flag) in layout.log_slots.iter().enumerate() {
        if let Some(beyond) = slots.get(1 << log) {
            checks.enforce_product(ID, flag, &beyond.used, &Wire::zero());
        }
        if let (1.., Some(needed)) = (log, slots.get(1 << log >> 1)) {
            checks.enforce_product(ID, flag, &needed.used.complement(), &Wire::zero());
        }
    }
}

fn packed_boxes(boxes: &[Wire]) -> Wire {
    Wire::packed(boxes, Fr::from(2u64).pow([WORD_BITS as u64]))
}

fn packed_terms(terms: &[TermWires]) -> Wire {
    Wire::packed(terms.iter().map(|term| &term.packed), Fr::from(1u64 << 40))
}

/// `prog`: over shape, layouts, slots and rows.
fn digest(
    checks: &mut Checks,
    inputs: &ProgramInputs<'_>,
    layout: &Layout,
    slots: &[SlotWires],
    rows: &[CombinationWires],
) {
    let mut sponge = TranscriptGadget::new(PROGRAM_TAG);
    let modulus = Fr::from(2u64).pow([WORD_BITS as u64]);
    sponge.absorb(checks, "shape", inputs.shape);
    sponge.absorb_all(checks, "layout", inputs.layouts);
    for slot in slots {
        let functions = (1u64..).zip(&slot.functions);
        let functions = functions.fold(Wire::zero(), |sum, (k, bit)| sum.plus(bit, Fr::from(16 * k)));
        let kind = &(&slot.used * Fr::from(2u64)) + &(&slot.kind + &functions);
        sponge.absorb(checks, "bootstrapping", &slot.input.constant.plus(&kind, modulus));
        for boxes in slot.boxes.chunks(BOXES_PER_WORD) {
            sponge.absorb(checks, "bootstrapping", &packed_boxes(boxes));
        }
        absorb_terms(checks, &mut sponge, "bootstrapping", &slot.input);
    }
    for (row, used) in rows.iter().zip(&layout.rows) {
        sponge.absorb(checks, "row", &row.constant.plus(used, modulus + modulus));
        absorb_terms(checks, &mut sponge, "row", row);
    }
    let prog = sponge.challenge(checks, "prog");
    checks.enforce_equal(ID, &prog, inputs.prog);
}

fn absorb_terms(
    checks: &mut Checks,
    sponge: &mut TranscriptGadget,
    label: &'static str,
    combination: &CombinationWires,
) {
    for terms in combination.terms.chunks(TERMS_PER_WORD) {
        sponge.absorb(checks, label, &packed_terms(terms));
    }
}
