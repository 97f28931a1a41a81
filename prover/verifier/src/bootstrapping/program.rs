//! The circuit as the proof sees it: layout words and a Poseidon digest (spec section 6).

use super::parameters::KEY_KINDS;
use super::shape::Shape;
use crate::transcript::Transcript;
use ark_bn254::Fr;
use ark_ff::Zero;
use trine_program::Declaration;
use trine_program::circuit::{BOXES, Circuit, Linear, Wire};
use trine_program::limits::MAX_TERMS;

/// Tag of the digest of circuits.
pub const PROGRAM_TAG: &str = "trine.program.circuit.1";
/// Entries of a layout word.
pub const ENTRIES_PER_LAYOUT: usize = 15;
/// Layout words.
pub const LAYOUT_WORDS: usize = 6;
/// Handles that layout words have room for.
pub const MAX_HANDLES: usize = LAYOUT_WORDS * ENTRIES_PER_LAYOUT;
/// Terms to a field element, 40 bits each.
pub const TERMS_PER_WORD: usize = 6;
/// Boxes to a field element, 64 bits each.
pub const BOXES_PER_WORD: usize = 3;

const _: () = assert!(KEY_KINDS == 2 && BOXES == 16);

/// Layout words: inputs, then outputs, 16 bits each: type (bits 0 to 5), key kind (6, 7), blocks - 1 (8 to 13).
pub fn layouts(circuit: &Circuit) -> [Fr; LAYOUT_WORDS] {
    let entries: Vec<u64> = circuit.inputs().iter().chain(circuit.outputs()).map(entry).collect();
    let mut words = [Fr::zero(); LAYOUT_WORDS];
    for (word, entries) in words.iter_mut().zip(entries.chunks(ENTRIES_PER_LAYOUT)) {
        *word = packed(entries.iter().copied(), 16);
    }
    words
}

fn entry(d: &Declaration) -> u64 {
    u64::from(d.value_type.code())
        | u64::from(d.key_kind.code()) << 6
        | (u64::from(d.blocks).saturating_sub(1)) << 8
}

/// `prog`: the digest of a circuit in its shape.
///
/// Absorbs shape and layouts; for each slot of bootstrappings its head, boxes and terms; for each row of outputs its head and
/// terms. Slots and rows are those of the class; unused ones are zeros.
pub fn digest(shape: &Shape, circuit: &Circuit) -> Fr {
    let mut transcript = Transcript::new(PROGRAM_TAG);
    transcript.absorb("shape", &shape.word());
    transcript.absorb_all("layout", &layouts(circuit));
    for slot in 0..1 << shape.parameters.max_log_bootstrappings {
        let words = circuit.bootstrappings().get(slot).map(|b| {
            let table = circuit.tables().get(b.table as usize);
            let boxes = table.map(|t| t.boxes).unwrap_or_default();
            let functions = table.map(|t| t.functions).unwrap_or_default();
            let mut words =
                vec![head(&b.input, 2 + u64::from(b.key_kind.code()) + (u64::from(functions) << 4))];
            words.extend(boxes.chunks(BOXES_PER_WORD).map(|boxes| packed(boxes.iter().copied(), 64)));
            words.extend(terms(&b.input));
            words
        });
        let length = 1 + BOXES.div_ceil(BOXES_PER_WORD) + MAX_TERMS.div_ceil(TERMS_PER_WORD);
        transcript.absorb_all("bootstrapping", &words.unwrap_or_else(|| vec![Fr::zero(); length]));
    }
    for row in 0..1 << shape.parameters.log_output_blocks {
        let words = circuit.rows().get(row).map(|linear| {
            let mut words = vec![head(linear, 2)];
            words.extend(terms(linear));
            words
        });
        let length = 1 + MAX_TERMS.div_ceil(TERMS_PER_WORD);
        transcript.absorb_all("row", &words.unwrap_or_else(|| vec![Fr::zero(); length]));
    }
    transcript.challenge("prog")
}

/// The constant, and above it what it belongs to: never zero, so that an unused place is none of these.
fn head(linear: &Linear, kind: u64) -> Fr {
    packed([linear.constant, kind], 64)
}

/// 40 bits a term: coefficient + 128 (8 bits), place (7 bits: block or function), source (24 bits: handle or bootstrapping), and
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
            coefficient | place << 8 | source << 15 | bootstrapped << 39
        })
        .collect();
    codes.resize(MAX_TERMS, 0);
    codes
}

fn terms(linear: &Linear) -> Vec<Fr> {
    term_codes(linear).chunks(TERMS_PER_WORD).map(|terms| packed(terms.iter().copied(), 40)).collect()
}

/// Words side by side, the first lowest.
fn packed(words: impl IntoIterator<Item = u64>, bits: usize) -> Fr {
    let base = super::claim::power_of_two(bits);
    let mut power = Fr::from(1u64);
    words.into_iter().fold(Fr::zero(), |sum, word| {
        let term = power * Fr::from(word);
        power *= base;
        sum + term
    })
}
