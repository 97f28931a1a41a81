//! The program as constraints (spec section 6): ranges, order, functions, Poseidon digest. All are PB.T1. Digest and words are
//! of the merged circuit: that no wire crosses from one job to another is for whoever names the words of each, the contract.
//!
//! What a word can spell in one way only, it spells so here: bits that no well-formed program sets have no variable. Nobody
//! vouches for a program, so that everything its evaluation relies on is enforced. That a term names a block or a function
//! that exists, under the key of its combination, is shown where terms are looked up ([`super::wires`]).

use super::class::{Class, FUNCTIONS};
use super::layout::Layout;
use crate::wrap::checks::Checks;
use crate::wrap::claim::horner;
use crate::wrap::transcript::TranscriptGadget;
use crate::wrap::wire::Wire;
use ark_bn254::Fr;
use ark_ff::Field;
use trine_program::circuit::{self, BOXES};
use trine_program::policy::DELTA;
use trine_program::value::MAX_BLOCKS;
use trine_verifier::bootstrapping::program::{
    BOOTSTRAPPED_AT, KIND_BITS, PLACE_AT, PROGRAM_TAG, SOURCE_AT, STEP_BITS, TERM_BITS, term_codes,
};

/// Spec id of all checks of a program.
pub const ID: &str = "PB.T1";
/// Bits of a coefficient.
const COEFFICIENT_BITS: usize = PLACE_AT;

// Places and sources of every class stand side by side in a term.
const _: () = assert!(MAX_BLOCKS as usize <= 1 << (SOURCE_AT - PLACE_AT));
const _: () = assert!(FUNCTIONS <= 1 << (SOURCE_AT - PLACE_AT) && BOOTSTRAPPED_AT + 1 == TERM_BITS);

/// A linear combination as numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Combination {
    /// Added to the body, in steps of the grid.
    pub constant: u64,
    /// Terms of [`TERM_BITS`] each, zero where there is none.
    pub terms: Vec<u64>,
}

/// A bootstrapping as numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bootstrapping {
    /// Zero for an unused slot, else 2 + key kind + 16 functions.
    pub kind: u64,
    /// Boxes of its table, in steps of the grid.
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

    /// Of a circuit on the grid that the class holds.
    pub fn new(class: &Class, circuit: &circuit::Circuit) -> Self {
        let mut program = Self::zero(class);
        let combination = |linear: &circuit::Linear| Combination {
            constant: linear.constant / DELTA,
            terms: term_codes(linear),
        };
        for (slot, b) in program.bootstrappings.iter_mut().zip(circuit.bootstrappings()) {
            if let Some(table) = circuit.tables().get(b.table as usize) {
                slot.kind = 2 + u64::from(b.key_kind.code()) + (u64::from(table.functions) << 4);
                slot.boxes = table.boxes.map(|word| word / DELTA);
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
        let words = self.combinations().map(|c| c.constant);
        let mut words = words.chain(self.bootstrappings.iter().flat_map(|slot| slot.boxes));
        self.bootstrappings.len() == class.slots()
            && self.rows.len() == class.rows()
            && words.all(|steps| steps >> STEP_BITS == 0)
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
    /// A word on the grid, below 2^64.
    pub constant: Wire,
    /// Its terms.
    pub terms: Vec<TermWires>,
    /// As its element spells it: constant and, for a slot, boxes; terms.
    packed: Wire,
}

/// A bootstrapping, zero where there is none.
pub struct SlotWires {
    /// Whether there is one.
    pub used: Wire,
    /// One for the casting key.
    pub kind: Wire,
    /// One-hot: entry k for k + 1 functions.
    pub functions: Vec<Wire>,
    /// Words on the grid, each below 2^64.
    pub boxes: Vec<Wire>,
    /// What is bootstrapped.
    pub input: CombinationWires,
}

/// The program's numbers, proven to be in range.
pub struct ProgramWires {
    /// By slot.
    pub slots: Vec<SlotWires>,
    /// By row.
    pub rows: Vec<CombinationWires>,
    /// `prog`: their digest.
    pub prog: Wire,
    /// What it digests: words of slots, then of rows.
    words: Vec<Wire>,
}

impl ProgramWires {
    /// `P(z)`: the words as coefficients.
    ///
    /// Binds them to the polynomial that a verifier evaluates only because `prog` has bound them before `z` was drawn.
    pub fn at(&self, checks: &mut Checks, z: &Wire) -> Wire {
        horner(checks, &self.words, z)
    }
}

/// The public inputs that describe the program.
pub struct ProgramInputs<'a> {
    /// `shape`.
    pub shape: &'a Wire,
    /// `layout_0 ..`.
    pub layouts: &'a [Wire],
}

/// PB.T1: the program fits its layout.
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
        .map(|(row, used)| combination(checks, class, used, row, &[]))
        .collect();
    check_count(checks, layout, &slots);
    checks.part("program: digest");
    let words = words(layout, &slots, &rows);
    let prog = digest(checks, inputs, &words, slots.len());
    ProgramWires { slots, rows, prog, words }
}

/// A number of steps of the grid.
fn steps(checks: &mut Checks, value: u64) -> Wire {
    Wire::packed(&checks.bits(ID, value, STEP_BITS), Fr::from(2u64))
}

fn slot(checks: &mut Checks, class: &Class, index: usize, slot: &Bootstrapping) -> SlotWires {
    let functions: Vec<Wire> = (1..=FUNCTIONS as u64).map(|k| checks.bit(ID, slot.kind >> 4 == k)).collect();
    let used = Wire::sum(&functions);
    checks.enforce_product(ID, &used, &used.complement(), &Wire::zero());
    let kind = checks.bit(ID, slot.kind & 1 == 1);
    checks.enforce_product(ID, &used.complement(), &kind, &Wire::zero());
    let boxes: Vec<Wire> = slot.boxes.iter().map(|value| steps(checks, *value)).collect();
    let input = combination(checks, class, &used, &slot.input, &boxes);
    for term in &input.terms {
        if let Some((bootstrapped, source)) = term.wire.split_last() {
            let late = at_least(checks, &source[class.place_bits()..], index);
            checks.enforce_product(ID, bootstrapped, &late, &Wire::zero());
        }
    }
    let boxes = boxes.iter().map(|steps| steps * Fr::from(DELTA)).collect();
    SlotWires { used, kind, functions, boxes, input }
}

/// A combination that is zero unless used, the boxes beside it likewise. The one of a slot names earlier slots alone.
fn combination(
    checks: &mut Checks,
    class: &Class,
    used: &Wire,
    combination: &Combination,
    boxes: &[Wire],
) -> CombinationWires {
    let constant = steps(checks, combination.constant);
    let terms: Vec<TermWires> = combination.terms.iter().map(|code| term(checks, class, *code)).collect();
    let two = Fr::from(2u64);
    let words = Wire::packed(std::iter::once(&constant).chain(boxes), two.pow([STEP_BITS as u64]));
    let above = two.pow([(STEP_BITS * (1 + boxes.len())) as u64]);
    let packed =
        words.plus(&Wire::packed(terms.iter().map(|term| &term.packed), two.pow([TERM_BITS as u64])), above);
    checks.enforce_product(ID, &used.complement(), &packed, &Wire::zero());
    CombinationWires { constant: &constant * Fr::from(DELTA), terms, packed }
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

/// The element of each slot, then of each row.
fn words(layout: &Layout, slots: &[SlotWires], rows: &[CombinationWires]) -> Vec<Wire> {
    let above = Fr::from(1u64 << KIND_BITS);
    let of_slots = slots.iter().map(|slot| {
        let functions = (1u64..).zip(&slot.functions);
        let functions = functions.fold(Wire::zero(), |sum, (k, bit)| sum.plus(bit, Fr::from(16 * k)));
        let kind = &(&slot.used * Fr::from(2u64)) + &(&slot.kind + &functions);
        kind.plus(&slot.input.packed, above)
    });
    let of_rows = rows.iter().zip(&layout.rows);
    let of_rows = of_rows.map(|(row, used)| (used * Fr::from(2u64)).plus(&row.packed, above));
    of_slots.chain(of_rows).collect()
}

/// `prog`: over shape, layouts, words of slots and rows.
fn digest(checks: &mut Checks, inputs: &ProgramInputs<'_>, words: &[Wire], slots: usize) -> Wire {
    let mut sponge = TranscriptGadget::new(PROGRAM_TAG);
    let (slots, rows) = words.split_at(slots.min(words.len()));
    sponge.absorb(checks, "shape", inputs.shape);
    sponge.absorb_all(checks, "layout", inputs.layouts);
    sponge.absorb_all(checks, "bootstrapping", slots);
    sponge.absorb_all(checks, "row", rows);
    sponge.challenge(checks, "prog")
}
