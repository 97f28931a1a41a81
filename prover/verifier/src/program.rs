//! The program as the argument sees it: a dense matrix, layout words, a Poseidon digest (spec section 5).

use crate::class::Class;
use crate::transcript::{PROGRAM_TAG, Transcript};
use ark_bn254::Fr;
use ark_ff::PrimeField;
use trine_program::{Declaration, LinearProgram};

/// Coefficients to a field element.
pub const BYTES_PER_WORD: usize = 30;
/// Entries of a layout word.
pub const ENTRIES_PER_LAYOUT: usize = 15;
/// Layout words.
pub const LAYOUT_WORDS: usize = 2;

/// Why a program does not run in a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClassMismatch {
    /// More handles than slots.
    #[error("program has {got} {what}, the class takes {max}")]
    Handles {
        /// "inputs" or "outputs".
        what: &'static str,
        /// Handles of the program.
        got: usize,
        /// Slots of the class.
        max: usize,
    },
    /// A handle with more blocks than a slot.
    #[error("a handle has {got} blocks, a slot of the class {max}")]
    Blocks {
        /// Blocks of the handle.
        got: usize,
        /// Blocks of a slot.
        max: usize,
    },
}

/// Dense form of a linear program in a class: rows by output slot and block, places by input slot and block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramMatrix {
    /// `coefficients[row][place]`.
    pub coefficients: Vec<Vec<i8>>,
    /// One for each row.
    pub constants: Vec<u64>,
    /// Layout words: inputs, then outputs.
    pub layouts: [Fr; LAYOUT_WORDS],
    /// The `shape` word.
    pub shape: Fr,
}

impl ProgramMatrix {
    /// Lays a program out in the slots of a class.
    pub fn new(class: &Class, program: &LinearProgram) -> Result<Self, ClassMismatch> {
        let (inputs, outputs) = (program.inputs(), program.outputs());
        for (what, list, max) in [("inputs", inputs, class.inputs), ("outputs", outputs, class.outputs())] {
            if list.len() > max {
                return Err(ClassMismatch::Handles { what, got: list.len(), max });
            }
            if let Some(d) = list.iter().find(|d| usize::from(d.blocks) > class.blocks()) {
                return Err(ClassMismatch::Blocks { got: usize::from(d.blocks), max: class.blocks() });
            }
        }
        let places = class.inputs * class.blocks();
        let mut coefficients = vec![vec![0i8; places]; class.outputs() * class.blocks()];
        let mut constants = vec![0u64; class.outputs() * class.blocks()];
        for (slot, rows) in program.rows_by_output().enumerate() {
            for (block, row) in rows.iter().enumerate() {
                let index = slot * class.blocks() + block;
                if let (Some(to), Some(constant)) = (coefficients.get_mut(index), constants.get_mut(index)) {
                    *constant = row.constant;
                    for term in &row.terms {
                        let place = usize::from(term.input) * class.blocks() + usize::from(term.block);
                        if let Some(cell) = to.get_mut(place) {
                            *cell = term.coefficient;
                        }
                    }
                }
            }
        }
        Ok(Self {
            coefficients,
            constants,
            layouts: layouts(inputs, outputs),
            shape: shape(class, inputs, outputs),
        })
    }

    /// Coefficient words of a row: bytes `coefficient + 128`, [`BYTES_PER_WORD`] to a word, padded with 128.
    pub fn packed_row(row: &[i8]) -> Vec<Fr> {
        row.chunks(BYTES_PER_WORD)
            .map(|chunk| {
                let mut bytes = [128u8; BYTES_PER_WORD];
                for (byte, c) in bytes.iter_mut().zip(chunk) {
                    *byte = (i16::from(*c) + 128) as u8;
                }
                Fr::from_le_bytes_mod_order(&bytes)
            })
            .collect()
    }

    /// `prog`: Poseidon digest over shape, layouts, coefficient words and constants.
    pub fn digest(&self) -> Fr {
        let mut sponge = Transcript::new(PROGRAM_TAG);
        sponge.absorb("shape", &self.shape);
        sponge.absorb_all("layout", &self.layouts);
        for (row, constant) in self.coefficients.iter().zip(&self.constants) {
            sponge.absorb_all("coefficients", &Self::packed_row(row));
            sponge.absorb("constant", &Fr::from(*constant));
        }
        sponge.challenge("prog")
    }
}

/// `prog` of a program in a class.
pub fn program_digest(class: &Class, program: &LinearProgram) -> Result<Fr, ClassMismatch> {
    Ok(ProgramMatrix::new(class, program)?.digest())
}

/// The `shape` word: class id, number of inputs, number of outputs.
pub fn shape(class: &Class, inputs: &[Declaration], outputs: &[Declaration]) -> Fr {
    Fr::from(u64::from(class.id) | (inputs.len() as u64) << 8 | (outputs.len() as u64) << 16)
}

/// The layout words: entries of 16 bits, inputs then outputs. Entries past the last word do not occur in a class.
pub fn layouts(inputs: &[Declaration], outputs: &[Declaration]) -> [Fr; LAYOUT_WORDS] {
    let mut bytes = [[0u8; 2 * ENTRIES_PER_LAYOUT]; LAYOUT_WORDS];
    let pairs = bytes.iter_mut().flat_map(|word| word.chunks_exact_mut(2));
    for (pair, declaration) in pairs.zip(inputs.iter().chain(outputs)) {
        pair.copy_from_slice(&declaration.layout_entry(0).to_le_bytes());
    }
    bytes.map(|word| Fr::from_le_bytes_mod_order(&word))
}
