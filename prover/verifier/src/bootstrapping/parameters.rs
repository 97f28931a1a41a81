//! Parameter sets of the argument, and the integer bounds derived from them.

use super::program::MAX_HANDLES;
use std::num::NonZeroUsize;
use trine_program::circuit::{BOXES, SegmentLimits};
use trine_program::limits::MAX_TERMS;

/// g: mask words that a step of a blind rotation takes. Four everywhere: the sum over subsets is a sum over `2^g` keys.
pub const GROUPING: usize = 4;
/// log2 of g.
pub const LOG_GROUPING: usize = 2;
/// Subsets of a group.
pub const SUBSETS: usize = 1 << GROUPING;
/// Keyswitching keys: compute, casting.
pub const KEY_KINDS: usize = 2;
/// log2 of the boxes of a lookup table.
pub const LOG_BOXES: usize = BOXES.trailing_zeros() as usize;
/// Sum of the absolute coefficients of a linear combination.
const MAX_WEIGHT: u128 = 127 * MAX_TERMS as u128;
/// Bits that no side of an identity reaches; the field has 253.
const SAFE_BITS: u32 = 180;

/// Gadget decomposition of a keyswitch: base 2^b, L levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gadget {
    /// b.
    pub base_bits: usize,
    /// L.
    pub levels: usize,
}

impl Gadget {
    /// Bits of the decomposed state.
    pub const fn state_bits(self) -> usize {
        self.base_bits * self.levels
    }

    /// Bits below it.
    pub const fn dropped_bits(self) -> usize {
        64 - self.state_bits()
    }

    /// Bits of the remainder without its top bit, which is the column of ties.
    pub const fn remainder_bits(self) -> usize {
        self.dropped_bits() - 1
    }
}

/// The class of a proof: everything about the evaluation that fixes its shape but the circuit's counts, and the most of
/// those.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Parameters {
    /// Identifier, in `shape`.
    pub id: u8,
    /// log2 of the polynomial size N.
    pub log_n: usize,
    /// G: groups of the small key, n = 4 G.
    pub groups: usize,
    /// log2 of the rows of steps, of which G + 2 are used.
    pub log_steps: usize,
    /// Base 2^b of the bootstrapping decomposition, which has one level.
    pub base_bits: usize,
    /// Keyswitch from the compute key, and from the casting key.
    pub keyswitching: [Gadget; KEY_KINDS],
    /// w: limb width, log2 of the range table.
    pub limb_bits: usize,
    /// m: variables of every opened polynomial, log2 of the chunk length.
    pub log_chunk: usize,
    /// log2 of the most bootstrappings of a proof.
    pub max_log_bootstrappings: usize,
    /// Most input handles of a proof.
    pub max_inputs: usize,
    /// Most output handles of a proof.
    pub max_outputs: usize,
    /// log2 of the rows of output blocks, the same in every proof.
    pub log_output_blocks: usize,
}

/// Why a set of constants is no parameter set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is {got}, expected {min} to {max}")]
pub struct ParametersError {
    /// The constant.
    pub what: &'static str,
    /// Its value.
    pub got: usize,
    /// Least.
    pub min: usize,
    /// Most.
    pub max: usize,
}

impl Parameters {
    /// tfhe-rs's multi-bit set of grouping factor 4 with two message and two carry bits.
    pub const PRODUCTION: Self = Self {
        id: 1,
        log_n: 11,
        groups: 230,
        log_steps: 8,
        base_bits: 22,
        keyswitching: [Gadget { base_bits: 3, levels: 5 }, Gadget { base_bits: 4, levels: 4 }],
        limb_bits: 22,
        log_chunk: 22,
        max_log_bootstrappings: 4,
        max_inputs: 64,
        max_outputs: 16,
        log_output_blocks: 7,
    };
    /// Reduced: N = 32, two groups, limbs of 11 bits, several chunks to a column. Tests only.
    pub const REDUCED: Self = Self {
        id: 201,
        log_n: 5,
        groups: 2,
        log_steps: 2,
        base_bits: 22,
        keyswitching: [Gadget { base_bits: 2, levels: 2 }, Gadget { base_bits: 3, levels: 2 }],
        limb_bits: 11,
        log_chunk: 10,
        max_log_bootstrappings: 3,
        max_inputs: 4,
        max_outputs: 3,
        log_output_blocks: 2,
    };
    /// Reduced with spare steps and the gadgets of production. Tests only.
    pub const REDUCED_GADGETS: Self = Self {
        id: 202,
        log_n: 5,
        groups: 3,
        log_steps: 3,
        base_bits: 22,
        keyswitching: [Gadget { base_bits: 3, levels: 5 }, Gadget { base_bits: 4, levels: 4 }],
        limb_bits: 11,
        log_chunk: 12,
        max_log_bootstrappings: 2,
        max_inputs: 4,
        max_outputs: 3,
        log_output_blocks: 3,
    };

    /// Checks the constants and the bounds (spec section 4): where this holds, every identity holds over the integers.
    pub fn check(&self) -> Result<(), ParametersError> {
        let ranges = [
            ("log_n", self.log_n, LOG_BOXES + 1, 14),
            ("groups", self.groups, 1, (1 << self.log_steps) - 2),
            ("base_bits", self.base_bits, 2, 31),
            ("compute base", self.keyswitching[0].base_bits, 2, 4),
            ("casting base", self.keyswitching[1].base_bits, 2, 4),
            ("compute state", self.keyswitching[0].state_bits(), 2, 20),
            ("casting state", self.keyswitching[1].state_bits(), 2, 20),
            ("limb_bits", self.limb_bits, 8, 24),
            ("log_chunk", self.log_chunk, self.log_n + 1 + self.log_steps, 26),
            ("max_log_bootstrappings", self.max_log_bootstrappings, 0, 10),
            ("max_inputs", self.max_inputs, 1, MAX_HANDLES),
            ("max_outputs", self.max_outputs, 1, MAX_HANDLES),
            ("handles", self.max_inputs + self.max_outputs, 2, MAX_HANDLES),
            ("log_output_blocks", self.log_output_blocks, 0, 10),
            ("bits of an identity", self.identity_bits() as usize, 0, SAFE_BITS as usize),
        ];
        match ranges.into_iter().find(|(_, got, min, max)| got < min || got > max) {
            Some((what, got, min, max)) => Err(ParametersError { what, got, min, max }),
            None => Ok(()),
        }
    }

    /// What a segment of a job may have at most.
    pub fn segment_limits(&self) -> SegmentLimits {
        SegmentLimits {
            bootstrappings: NonZeroUsize::MIN.saturating_add((1 << self.max_log_bootstrappings) - 1),
            inputs: self.max_inputs,
            outputs: self.max_outputs,
            blocks: 1 << self.log_output_blocks,
        }
    }

    /// N.
    pub const fn n(&self) -> usize {
        1 << self.log_n
    }

    /// n: mask words under the small key.
    pub const fn small_dimension(&self) -> usize {
        GROUPING * self.groups
    }

    /// Rows of steps.
    pub const fn steps(&self) -> usize {
        1 << self.log_steps
    }

    /// The step whose input is the output of the rotation: G + 1.
    pub const fn output_step(&self) -> usize {
        self.groups + 1
    }

    /// Coefficients of a box.
    pub const fn box_size(&self) -> usize {
        self.n() / BOXES
    }

    /// h: half a box.
    pub const fn half_box(&self) -> usize {
        self.box_size() / 2
    }

    /// Most levels of the two gadgets.
    pub const fn max_levels(&self) -> usize {
        let [a, b] = self.keyswitching;
        if a.levels > b.levels { a.levels } else { b.levels }
    }

    /// log2 of the rows of levels of a keyswitching key.
    pub const fn log_levels(&self) -> usize {
        self.max_levels().next_power_of_two().trailing_zeros() as usize
    }

    /// Offset of committed keyswitch digits, the same for both keys: half the larger base.
    pub const fn digit_offset(&self) -> u64 {
        let [a, b] = self.keyswitching;
        1 << (const_max(a.base_bits, b.base_bits) - 1)
    }

    /// Bits of the remainder of a bootstrapping digit.
    pub const fn remainder_bits(&self) -> usize {
        64 - self.base_bits
    }

    /// Bits of the remainder of the modulus switch.
    pub const fn switch_bits(&self) -> usize {
        63 - self.log_n
    }

    /// Bits of the exponents of a rotation: exponents are below 2N.
    pub const fn exponent_bits(&self) -> usize {
        self.log_n + 1
    }

    /// Bound of the coefficients of the accumulator, in units of 2^64: `2 N * 2^(b-1)` products of a digit with a sum of
    /// 2^g words, and one for the offset of the decomposition.
    pub const fn accumulator_bound(&self) -> u128 {
        ((2 * self.n() * SUBSETS) as u128 * (1 << (self.base_bits - 1))) + 1
    }

    /// Bound of an unreduced linear combination with its constant, in units of 2^64.
    pub const fn combination_bound(&self) -> u128 {
        MAX_WEIGHT + 2
    }

    /// Bound of the sums of the modulus switch, in units of 2^64.
    pub const fn switch_bound(&self) -> u128 {
        let [a, b] = self.keyswitching;
        let most = const_max(a.levels << (a.base_bits - 1), b.levels << (b.base_bits - 1)) as u128;
        (GROUPING * self.n()) as u128 * most + self.combination_bound() + 2
    }

    /// Limbs of a carry whose absolute value is at most `bound`.
    const fn carry_limbs(&self, bound: u128) -> usize {
        let bits = (u128::BITS - bound.leading_zeros() + 1) as usize;
        bits.div_ceil(self.limb_bits)
    }

    /// Limbs of the carry of the accumulator.
    pub const fn accumulator_carry_limbs(&self) -> usize {
        self.carry_limbs(self.accumulator_bound())
    }

    /// Limbs of the carry of the modulus switch.
    pub const fn switch_carry_limbs(&self) -> usize {
        self.carry_limbs(self.switch_bound())
    }

    /// Limbs of the carries of a linear combination: keyswitch inputs and outputs.
    pub const fn combination_carry_limbs(&self) -> usize {
        self.carry_limbs(self.combination_bound())
    }

    /// Offset of a carry of so many limbs: half its range.
    pub const fn carry_offset(&self, limbs: usize) -> u128 {
        1 << (self.limb_bits * limbs - 1)
    }

    /// Bits that no side of an identity exceeds: the largest carry, shifted by 64, and one for the sum.
    pub const fn identity_bits(&self) -> u32 {
        let limbs = const_max(
            self.accumulator_carry_limbs(),
            const_max(self.switch_carry_limbs(), self.combination_carry_limbs()),
        );
        (self.limb_bits * limbs + 64 + 2) as u32
    }
}

const fn const_max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_sets_hold_their_bounds() {
        for set in [Parameters::PRODUCTION, Parameters::REDUCED, Parameters::REDUCED_GADGETS] {
            assert_eq!(set.check(), Ok(()), "{set:?}");
        }
        let production = Parameters::PRODUCTION;
        assert_eq!(production.accumulator_bound().ilog2(), 37);
        assert_eq!(
            [
                production.accumulator_carry_limbs(),
                production.switch_carry_limbs(),
                production.combination_carry_limbs()
            ],
            [2, 1, 1]
        );
        // Every wire of a segment may be a link.
        let wires = usize::from(trine_program::circuit::MAX_FUNCTIONS) << production.max_log_bootstrappings;
        assert_eq!(production.segment_limits().blocks, wires);
        let wide = Parameters { groups: 255, ..production };
        assert_eq!(wide.check().map_err(|e| e.what), Err("groups"));
        let handles = Parameters { max_inputs: 75, ..production };
        assert_eq!(handles.check().map_err(|e| (e.what, e.got)), Err(("handles", 91)));
        let short = Parameters { log_chunk: 19, ..production };
        assert_eq!(short.check().map_err(|e| e.what), Err("log_chunk"));
    }
}
