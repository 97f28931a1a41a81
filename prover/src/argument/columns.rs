//! Committed columns of a linear evaluation (spec section 4).

use trine_verifier::class::{Class, Slot};
use trine_verifier::program::ProgramMatrix;

/// Limbs, carries and multiplicities, one cell a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// `ow_0 ..`, then `kapo`; `2^n` rows each.
    pub cells: Vec<Vec<u32>>,
    /// How often each value of the table is looked up; `2^w` rows.
    pub multiplicities: Vec<u32>,
}

impl Columns {
    /// Evaluates the program exactly and decomposes every output word.
    ///
    /// `inputs[slot]` holds the words of an input in the layout of spec section 2; missing slots and words are zero.
    pub fn evaluate(class: &Class, matrix: &ProgramMatrix, inputs: &[Vec<u64>]) -> Self {
        let stride = 1usize << class.log_t();
        let rows = 1usize << class.log_rows();
        let mut cells = vec![vec![0u32; rows]; class.columns()];
        let limb_mask = (1u64 << class.limb_bits) - 1;
        for row in 0..rows {
            let (o, t) = (row / stride, row % stride);
            let mut sum = if t == 1 << class.log_n { i128::from(matrix.constants[o]) } else { 0 };
            for (place, coefficient) in matrix.coefficients[o].iter().enumerate() {
                if *coefficient == 0 {
                    continue;
                }
                let (input, block) = (place / class.blocks(), place % class.blocks());
                let word = inputs.get(input).and_then(|w| w.get(block * stride + t)).copied().unwrap_or(0);
                sum += i128::from(*coefficient) * i128::from(word);
            }
            let word = sum as u64;
            for (k, column) in cells.iter_mut().take(class.limbs()).enumerate() {
                column[row] = (word >> (k * class.limb_bits) & limb_mask) as u32;
            }
            // word - sum = 2^64 (kapo - OFF); bounded by the class, so the cell fits a limb.
            let carry = (i128::from(word) - sum) >> 64;
            cells[class.carry_column()][row] = (carry + i128::from(class.carry_offset())) as u32;
        }
        let multiplicities = multiplicities(class, &cells);
        Self { cells, multiplicities }
    }

    /// The words that the limbs of an output slot spell, in the layout of spec section 2.
    pub fn output_words(&self, class: &Class, slot: usize) -> Vec<u64> {
        let length = 1usize << (class.log_t() + class.log_blocks);
        (slot * length..(slot + 1) * length)
            .map(|row| {
                (0..class.limbs()).fold(0, |w, k| w | u64::from(self.cells[k][row]) << (k * class.limb_bits))
            })
            .collect()
    }
}

/// Counts the look-ups of all slots of the range tree. Cells outside the table are not counted: no multiplicity helps them.
pub fn multiplicities(class: &Class, cells: &[Vec<u32>]) -> Vec<u32> {
    let mut counts = vec![0u32; 1 << class.limb_bits];
    for slot in class.slots() {
        if let Slot::Cells { column, shift } = slot {
            for cell in &cells[column] {
                if let Some(count) = counts.get_mut((u64::from(*cell) << shift) as usize) {
                    *count += 1;
                }
            }
        }
    }
    counts
}
