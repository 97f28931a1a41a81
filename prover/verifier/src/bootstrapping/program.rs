//! The circuit as the proof sees it: layout words and a Poseidon digest (spec section 6).

use super::parameters::{KEY_KINDS, Parameters};
use super::shape::Shape;
use crate::Bytes32;
use crate::digest::{field_word, packed};
use crate::transcript::Transcript;
use ark_bn254::Fr;
use ark_ff::{Field, Zero};
use trine_program::Declaration;
use trine_program::circuit::{BOXES, Bootstrapping, Circuit, Linear, Wire};
use trine_program::limits::MAX_TERMS;
use trine_program::policy::DELTA;

/// Tag of the digest of circuits.
pub const PROGRAM_TAG: &str = "trine.program.circuit.2";
/// Entries of a layout word.
pub const ENTRIES_PER_LAYOUT: usize = 15;
/// Layout words.
pub const LAYOUT_WORDS: usize = 6;
/// Handles that layout words have room for.
pub const MAX_HANDLES: usize = LAYOUT_WORDS * ENTRIES_PER_LAYOUT;
/// Bits of what a combination belongs to.
pub const KIND_BITS: usize = 10;
/// Bits of a constant or box, in steps of the grid.
pub const STEP_BITS: usize = 5;
/// Bits of a term.
pub const TERM_BITS: usize = 23;
/// Where the parts of a term stand: place, source, and whether it is of a bootstrapping. Lowest are eight bits of the
/// coefficient.
pub const PLACE_AT: usize = 8;
/// See [`PLACE_AT`].
pub const SOURCE_AT: usize = 15;
/// See [`PLACE_AT`].
pub const BOOTSTRAPPED_AT: usize = 22;

const _: () = assert!(KEY_KINDS == 2 && BOXES == 16 && DELTA == 1 << (64 - STEP_BITS));
const _: () = assert!(KIND_BITS + STEP_BITS * (1 + BOXES) + TERM_BITS * MAX_TERMS <= 253);
const _: () = assert!(MAX_HANDLES <= 1 << (BOOTSTRAPPED_AT - SOURCE_AT));

/// A circuit with a word between two steps of the grid, which no digest spells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} of {place} {index} is {word}, not a multiple of 2^59")]
pub struct OffGrid {
    /// "constant", or "box".
    pub what: &'static str,
    /// "bootstrapping", or "row".
    pub place: &'static str,
    /// Index of the bootstrapping or row.
    pub index: usize,
    /// The word.
    pub word: u64,
}

/// Layout words: inputs, then outputs, 16 bits each: type (bits 0 to 5), key kind (6, 7), blocks - 1 (8 to 13).
pub fn layouts(circuit: &Circuit) -> [Fr; LAYOUT_WORDS] {
    layouts_of(circuit.inputs().iter().chain(circuit.outputs()))
}

/// Layout words of handles; of those beyond the last entry there is no trace.
pub fn layouts_of<'a>(handles: impl IntoIterator<Item = &'a Declaration>) -> [Fr; LAYOUT_WORDS] {
    let entries: Vec<u64> = handles.into_iter().map(entry).collect();
    let mut words = [Fr::zero(); LAYOUT_WORDS];
    for (word, entries) in words.iter_mut().zip(entries.chunks(ENTRIES_PER_LAYOUT)) {
        *word = side_by_side(entries.iter().copied(), 16);
    }
    words
}

fn entry(d: &Declaration) -> u64 {
    u64::from(d.value_type.code())
        | u64::from(d.key_kind.code()) << 6
        | (u64::from(d.blocks).saturating_sub(1)) << 8
}

/// The words of a program: one element for each bootstrapping and each row. What it is, its constant, the boxes of a
/// bootstrapping, its terms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Of the bootstrappings.
    pub slots: Vec<Fr>,
    /// Of the rows.
    pub rows: Vec<Fr>,
}

impl Words {
    /// Of a circuit on the grid.
    pub fn of(circuit: &Circuit) -> Result<Self, OffGrid> {
        let slots =
            circuit.bootstrappings().iter().enumerate().map(|(index, b)| slot_word(circuit, index, b));
        let rows = circuit.rows().iter().enumerate();
        let rows = rows.map(|(index, linear)| Place { place: "row", index }.word(linear, 2, &[]));
        Ok(Self { slots: slots.collect::<Result<_, _>>()?, rows: rows.collect::<Result<_, _>>()? })
    }

    /// As 32-byte words, bootstrappings first: what the contract takes.
    pub fn to_words(&self) -> Vec<Bytes32> {
        self.slots.iter().chain(&self.rows).map(field_word).collect()
    }

    /// `program`: what registrations and job digests on chain name the program by.
    pub fn digest(&self) -> Bytes32 {
        packed(&self.to_words())
    }

    /// `P(z)`, which the contract recomputes from the words of all jobs. Rows begin at the power of the class's slots.
    pub fn at(&self, parameters: &Parameters, z: &Fr) -> Fr {
        let evaluated = |words: &[Fr]| words.iter().rev().fold(Fr::zero(), |sum, word| sum * z + word);
        evaluated(&self.slots) + evaluated(&self.rows) * z.pow([1 << parameters.max_log_bootstrappings])
    }
}

/// `prog`: the digest of a circuit in its shape.
///
/// Absorbs shape and layouts, then the words of as many slots and rows as the class has; unused ones are zero.
pub fn digest(shape: &Shape, layouts: &[Fr; LAYOUT_WORDS], words: &Words) -> Fr {
    let mut transcript = Transcript::new(PROGRAM_TAG);
    transcript.absorb("shape", &shape.word());
    transcript.absorb_all("layout", layouts);
    let filled = |words: &[Fr], log: usize| {
        let mut words = words.to_vec();
        words.resize(1 << log, Fr::zero());
        words
    };
    transcript.absorb_all("bootstrapping", &filled(&words.slots, shape.parameters.max_log_bootstrappings));
    transcript.absorb_all("row", &filled(&words.rows, shape.parameters.log_output_blocks));
    transcript.challenge("prog")
}

fn slot_word(circuit: &Circuit, index: usize, bootstrapping: &Bootstrapping) -> Result<Fr, OffGrid> {
    let table = circuit.tables().get(bootstrapping.table as usize);
    let boxes = table.map(|t| t.boxes).unwrap_or_default();
    let functions = table.map(|t| t.functions).unwrap_or_default();
    let kind = 2 + u64::from(bootstrapping.key_kind.code()) + (u64::from(functions) << 4);
    Place { place: "bootstrapping", index }.word(&bootstrapping.input, kind, &boxes)
}

/// What a combination belongs to.
struct Place {
    place: &'static str,
    index: usize,
}

impl Place {
    /// The element of a combination. Its kind is never zero, so that an unused place is none of these.
    fn word(&self, linear: &Linear, kind: u64, boxes: &[u64]) -> Result<Fr, OffGrid> {
        let mut fields = vec![(kind, KIND_BITS), (self.steps("constant", linear.constant)?, STEP_BITS)];
        for word in boxes {
            fields.push((self.steps("box", *word)?, STEP_BITS));
        }
        fields.extend(term_codes(linear).into_iter().map(|code| (code, TERM_BITS)));
        Ok(spelled(fields))
    }

    fn steps(&self, what: &'static str, word: u64) -> Result<u64, OffGrid> {
        let Self { place, index } = *self;
        if word.is_multiple_of(DELTA) { Ok(word / DELTA) } else { Err(OffGrid { what, place, index, word }) }
    }
}

/// 23 bits a term: coefficient + 128 (8 bits), place (7 bits: block or function), source (7 bits: handle or bootstrapping), and
/// the top bit for bootstrappings. As many as a combination has at most; absent terms are zero.
pub fn term_codes(linear: &Linear) -> Vec<u64> {
    let mut codes: Vec<u64> = linear
        .terms
        .iter()
        .map(|term| {
            let (bootstrapped, source, place) = match term.wire {
                Wire::Input { handle, block } => (0u64, u64::from(handle), u64::from(block)),
                Wire::Output { bootstrapping, function } => {
                    (1, u64::from(bootstrapping), u64::from(function))
                }
            };
            let coefficient = (i64::from(term.coefficient) + 128) as u64;
            coefficient | place << PLACE_AT | source << SOURCE_AT | bootstrapped << BOOTSTRAPPED_AT
        })
        .collect();
    codes.resize(MAX_TERMS, 0);
    codes
}

/// Words of one width side by side, the first lowest.
fn side_by_side(words: impl IntoIterator<Item = u64>, bits: usize) -> Fr {
    spelled(words.into_iter().map(|word| (word, bits)))
}

/// Words and their widths side by side, the first lowest.
fn spelled(words: impl IntoIterator<Item = (u64, usize)>) -> Fr {
    let mut power = Fr::from(1u64);
    words.into_iter().fold(Fr::zero(), |sum, (word, bits)| {
        let term = power * Fr::from(word);
        power *= super::claim::power_of_two(bits);
        sum + term
    })
}
