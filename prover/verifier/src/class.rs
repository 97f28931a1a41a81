//! Classes: every constant that fixes the shape of a proof, and what follows from it.

use crate::program::{ENTRIES_PER_LAYOUT, LAYOUT_WORDS};
use ark_bn254::Fr;
use ark_ff::{Field, One};

/// log2 of the arity of the opening's folds.
pub const ARITY_BITS: usize = 4;
/// Handles that the layout words can describe.
const LAYOUT_ENTRIES: usize = ENTRIES_PER_LAYOUT * LAYOUT_WORDS;

/// Shape of a proof. One wrap circuit and one verifying key serve all programs of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// Identifier, in `shape` and in the verifier hash.
    pub id: u8,
    /// log2 of the polynomial size N.
    pub log_n: usize,
    /// Bits of the block index inside a handle.
    pub log_blocks: usize,
    /// Input slots.
    pub inputs: usize,
    /// Bits of the output slot.
    pub log_outputs: usize,
    /// Limb width `w`: log2 of the range table.
    pub limb_bits: usize,
    /// `m`: variables of every opened polynomial, log2 of the chunk length.
    pub log_chunk: usize,
    /// Whether multiplicities are committed in the second round.
    pub second_round: bool,
}

/// A slot of the range tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Cells of column `column`, shifted up by `shift` bits.
    Cells {
        /// Index of the column.
        column: usize,
        /// Shift in bits; nonzero for the second look-up of a narrow top limb.
        shift: usize,
    },
    /// The table with its multiplicities.
    Table,
}

/// Why a set of constants is no class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClassError {
    /// A handle does not fit one chunk.
    #[error("a handle has 2^{handle} words, a chunk only 2^{chunk}")]
    HandleTooLong {
        /// log2 of the handle's words.
        handle: usize,
        /// log2 of the chunk.
        chunk: usize,
    },
    /// The carry does not fit one limb.
    #[error("linear combinations reach {bits} bits above 2^64, a carry limb holds {limb}")]
    CarryTooSmall {
        /// Bits of the largest combination above 2^64, with sign.
        bits: usize,
        /// Limb width.
        limb: usize,
    },
    /// Something outside what the code supports.
    #[error("{what} is {got}, expected {expected}")]
    Range {
        /// The constant.
        what: &'static str,
        /// Its value.
        got: usize,
        /// What is supported.
        expected: &'static str,
    },
}

impl Class {
    /// The production class of linear programs: 15 inputs, 4 outputs, 16-bit limbs, chunks of 2^16.
    pub const SLICE: Self = Self {
        id: 1,
        log_n: 11,
        log_blocks: 2,
        inputs: 15,
        log_outputs: 2,
        limb_bits: 16,
        log_chunk: 16,
        second_round: false,
    };
    /// Reduced: 2^10-row chunks, several to a column and to the table, second commit round not empty. Tests only.
    pub const REDUCED_CHUNKS: Self = Self {
        id: 201,
        log_n: 8,
        log_blocks: 1,
        inputs: 3,
        log_outputs: 2,
        limb_bits: 12,
        log_chunk: 10,
        second_round: true,
    };
    /// Reduced: small enough for thousands of proofs in a test. Tests only.
    pub const REDUCED_TINY: Self = Self {
        id: 202,
        log_n: 3,
        log_blocks: 1,
        inputs: 3,
        log_outputs: 1,
        limb_bits: 11,
        log_chunk: 11,
        second_round: false,
    };
    /// Limbs of 21 bits as the proof of bootstrapping uses them, otherwise reduced. Tests only.
    pub const LIMB_21: Self = Self {
        id: 203,
        log_n: 6,
        log_blocks: 1,
        inputs: 3,
        log_outputs: 1,
        limb_bits: 21,
        log_chunk: 18,
        second_round: false,
    };

    /// Checks the constants and the integer bounds of spec section 3.
    pub const fn check(&self) -> Result<(), ClassError> {
        if self.log_t() + self.log_blocks > self.log_chunk {
            return Err(ClassError::HandleTooLong {
                handle: self.log_t() + self.log_blocks,
                chunk: self.log_chunk,
            });
        }
        if self.limb_bits < 8 || self.limb_bits > 24 {
            return Err(ClassError::Range { what: "limb_bits", got: self.limb_bits, expected: "8 to 24" });
        }
        if self.log_chunk > 26 || self.log_rows() > 30 {
            return Err(ClassError::Range {
                what: "log_chunk",
                got: self.log_chunk,
                expected: "at most 26, rows at most 2^30",
            });
        }
        if self.inputs == 0 || self.inputs + self.outputs() > LAYOUT_ENTRIES {
            return Err(ClassError::Range {
                what: "inputs and outputs",
                got: self.inputs + self.outputs(),
                expected: "an input, and no more than the layout words have entries",
            });
        }
        // |combination| < (127 * inputs * 2^lb + 1) * 2^64 must stay below OFF * 2^64.
        let most = 127 * (self.inputs << self.log_blocks) + 1;
        if most >= 1 << (self.limb_bits - 1) {
            let bits = usize::BITS as usize - most.leading_zeros() as usize + 1;
            return Err(ClassError::CarryTooSmall { bits, limb: self.limb_bits });
        }
        // 64 + w + 1 <= 89 bits < 253: identity G holds over the integers.
        Ok(())
    }

    /// Variables of a word index inside a block.
    pub const fn log_t(&self) -> usize {
        self.log_n + 1
    }

    /// `n`: variables of a row index.
    pub const fn log_rows(&self) -> usize {
        self.log_t() + self.log_blocks + self.log_outputs
    }

    /// Output slots.
    pub const fn outputs(&self) -> usize {
        1 << self.log_outputs
    }

    /// Blocks of a slot.
    pub const fn blocks(&self) -> usize {
        1 << self.log_blocks
    }

    /// Limbs of a word.
    pub const fn limbs(&self) -> usize {
        64usize.div_ceil(self.limb_bits)
    }

    /// Bits of the top limb.
    pub const fn top_bits(&self) -> usize {
        64 - self.limb_bits * (self.limbs() - 1)
    }

    /// Columns that are looked up: limbs, then the carry.
    pub const fn columns(&self) -> usize {
        self.limbs() + 1
    }

    /// Index of the carry column.
    pub const fn carry_column(&self) -> usize {
        self.limbs()
    }

    /// log2 of the chunks of a column.
    pub const fn log_column_chunks(&self) -> usize {
        self.log_rows().saturating_sub(self.log_chunk)
    }

    /// log2 of the chunks of the multiplicities.
    pub const fn log_table_chunks(&self) -> usize {
        self.limb_bits.saturating_sub(self.log_chunk)
    }

    /// Polynomials that hold limbs and carries.
    pub const fn column_polynomials(&self) -> usize {
        self.columns() << self.log_column_chunks()
    }

    /// Polynomials that hold multiplicities.
    pub const fn table_polynomials(&self) -> usize {
        1 << self.log_table_chunks()
    }

    /// Index of the first multiplicity polynomial.
    pub const fn first_table(&self) -> usize {
        self.column_polynomials()
    }

    /// Index of the first input polynomial.
    pub const fn first_input(&self) -> usize {
        self.first_table() + self.table_polynomials()
    }

    /// Index of the first output polynomial.
    pub const fn first_output(&self) -> usize {
        self.first_input() + self.inputs
    }

    /// `K`: all opened polynomials.
    pub const fn polynomials(&self) -> usize {
        self.first_output() + self.outputs()
    }

    /// Points of the first commit round.
    pub const fn first_round_points(&self) -> usize {
        if self.second_round { self.column_polynomials() } else { self.first_input() }
    }

    /// Points of the second commit round.
    pub const fn second_round_points(&self) -> usize {
        self.first_input() - self.first_round_points()
    }

    /// `R`: variables of a slot of the range tree.
    pub const fn log_slot(&self) -> usize {
        if self.log_rows() > self.limb_bits { self.log_rows() } else { self.limb_bits }
    }

    /// Slots of the range tree in use, in order.
    pub fn slots(&self) -> Vec<Slot> {
        let mut slots: Vec<Slot> = (0..self.limbs()).map(|column| Slot::Cells { column, shift: 0 }).collect();
        if self.top_bits() < self.limb_bits {
            slots.push(Slot::Cells { column: self.limbs() - 1, shift: self.limb_bits - self.top_bits() });
        }
        slots.push(Slot::Cells { column: self.carry_column(), shift: 0 });
        slots.push(Slot::Table);
        slots
    }

    /// `S`: log2 of the padded number of slots.
    pub fn log_slots(&self) -> usize {
        self.slots().len().next_power_of_two().trailing_zeros() as usize
    }

    /// `D`: layers of the range tree.
    pub fn layers(&self) -> usize {
        self.log_slot() + self.log_slots()
    }

    /// `OFF`: the carry's offset.
    pub const fn carry_offset(&self) -> u64 {
        1 << (self.limb_bits - 1)
    }

    /// Levels of the opening (folds of arity 16), of which all but the first are committed.
    pub const fn levels(&self) -> usize {
        self.log_chunk.div_ceil(ARITY_BITS)
    }

    /// Linear claims: G, multiplicities, cells, one for each output slot.
    pub const fn claims(&self) -> usize {
        3 + self.outputs()
    }

    /// `2^64` as a field element.
    pub fn word_modulus() -> Fr {
        Fr::from(2u64).pow([64])
    }

    /// Weight of limb `k` in a word: `2^(w k)`.
    pub fn limb_weight(&self, k: usize) -> Fr {
        (0..k).fold(Fr::one(), |a, _| a * Fr::from(1u64 << self.limb_bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_hold_their_bounds() {
        for class in [Class::SLICE, Class::REDUCED_CHUNKS, Class::REDUCED_TINY, Class::LIMB_21] {
            assert_eq!(class.check(), Ok(()), "{class:?}");
        }
        assert_eq!(Class::SLICE.polynomials(), 25);
        assert_eq!(Class::SLICE.layers(), 19);
        let narrow = Class { limb_bits: 8, ..Class::SLICE };
        assert!(matches!(narrow.check(), Err(ClassError::CarryTooSmall { .. })));
        let long = Class { log_chunk: 13, ..Class::SLICE };
        assert!(matches!(long.check(), Err(ClassError::HandleTooLong { .. })));
        let wide = Class { inputs: 27, ..Class::SLICE };
        assert!(matches!(wide.check(), Err(ClassError::Range { what: "inputs and outputs", got: 31, .. })));
    }
}
