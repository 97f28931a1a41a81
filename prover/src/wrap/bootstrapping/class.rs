//! What the circuit of a parameter set fixes: the slots of the polynomials, the widths of an index, the layouts of leaves.

use trine_program::circuit::BOXES;
use trine_program::limits::MAX_TERMS;
use trine_program::value::MAX_BLOCKS;
use trine_verifier::bootstrapping::lookup::{Block, blocks, layers};
use trine_verifier::bootstrapping::shape::{ShapeError, log2};
use trine_verifier::bootstrapping::{Checks, Parameters, Shape};

/// Bits of the function of a bootstrapping's wire.
pub const FUNCTION_BITS: usize = 3;
/// Most functions of a table.
pub const FUNCTIONS: usize = 1 << FUNCTION_BITS;

const _: () = assert!(FUNCTIONS == trine_program::circuit::MAX_FUNCTIONS as usize && BOXES == 16);

/// The largest shape of a parameter set, and what the smaller ones have in its place.
pub struct Class {
    /// The parameter set.
    pub parameters: Parameters,
    /// The shape of the most bootstrappings and handles: its places are those of every shape.
    pub shape: Shape,
    /// Blocks of leaves for every log P.
    pub leaves: Vec<Vec<Block>>,
    /// Bits of the number of blocks of a handle, less one.
    pub block_bits: usize,
    /// Terms of a linear combination.
    pub terms: usize,
}

impl Class {
    /// The class of a parameter set.
    pub fn new(parameters: &Parameters) -> Result<Self, ShapeError> {
        let shape = |log: usize| {
            let (inputs, outputs) = (vec![1; parameters.max_inputs], vec![1; parameters.max_outputs]);
            Shape::of(*parameters, 1 << log, inputs, outputs)
        };
        let most = parameters.max_log_bootstrappings;
        let leaves = (0..=most).map(|log| Ok(blocks(&shape(log)?, &Checks::ALL)));
        Ok(Self {
            parameters: *parameters,
            shape: shape(most)?,
            leaves: leaves.collect::<Result<_, ShapeError>>()?,
            terms: MAX_TERMS,
            block_bits: log2(usize::from(MAX_BLOCKS)).min(parameters.log_chunk - parameters.log_n - 1),
        })
    }

    /// Slots of bootstrappings.
    pub fn slots(&self) -> usize {
        1 << self.log_slots()
    }

    /// log2 of them.
    pub fn log_slots(&self) -> usize {
        self.parameters.max_log_bootstrappings
    }

    /// Rows of output blocks.
    pub fn rows(&self) -> usize {
        1 << self.parameters.log_output_blocks
    }

    /// Bits of the place of a wire: a block of a handle, or a function of a bootstrapping.
    pub fn place_bits(&self) -> usize {
        self.block_bits.max(FUNCTION_BITS)
    }

    /// Bits of the source of a wire: a handle, or a bootstrapping.
    pub fn source_bits(&self) -> usize {
        log2(self.parameters.max_inputs).max(self.log_slots())
    }

    /// Bits of a wire: place, source, and whether it is of a bootstrapping.
    pub fn wire_bits(&self) -> usize {
        self.place_bits() + self.source_bits() + 1
    }

    /// Layers of the look-up tree for a log P; of the largest shape for one beyond.
    pub fn layers(&self, log: usize) -> usize {
        self.leaves.get(log).or(self.leaves.last()).map_or(0, |blocks| layers(blocks))
    }

    /// Layers of the largest tree.
    pub fn most_layers(&self) -> usize {
        (0..=self.log_slots()).map(|log| self.layers(log)).max().unwrap_or_default()
    }

    /// First variable of the slot of a bootstrapping in the columns of accumulators: after j, u and step.
    pub fn accumulator_base(&self) -> usize {
        self.parameters.log_n + 1 + self.parameters.log_steps
    }
}
