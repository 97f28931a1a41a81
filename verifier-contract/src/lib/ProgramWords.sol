// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "../ICoprocessor.sol";

/// @title Words of a program: one for each bootstrapping, one for each row (`docs/spec/proof-of-bootstrapping.md`, section 6).
/// @dev A word ends in six terms, lanes of 23 bits: coefficient + 128 (bits 0-7), place (8-14), source (15-21), whether the source
/// is a bootstrapping (22). All lanes are checked and moved at once: `ONES` has bit 0 of each lane, and no sum below leaves
/// its lane.
library ProgramWords {
    /// Bits of a bootstrapping's word and where its terms start.
    uint256 internal constant SLOT_BITS = 233;
    uint256 private constant SLOT_TERMS_AT = 95;
    /// The same of a row's.
    uint256 internal constant ROW_BITS = 153;
    uint256 private constant ROW_TERMS_AT = 15;

    uint256 private constant LANE_BITS = 23;
    uint256 private constant ONES = 1 | 1 << LANE_BITS | 1 << 2 * LANE_BITS | 1 << 3 * LANE_BITS | 1
        << 4 * LANE_BITS | 1 << 5 * LANE_BITS;
    uint256 private constant COEFFICIENTS = 0xff * ONES;
    uint256 private constant LANE = (1 << LANE_BITS) - 1;
    uint256 private constant SOURCE_AT = 15;
    uint256 private constant SOURCES = 0x7f * ONES;
    uint256 private constant BOOTSTRAPPED_AT = 22;
    uint256 private constant SOURCE_END = 0x80;

    /// What a job has, and what stands before it in the merged program.
    struct Place {
        uint256 job;
        uint256 inputs;
        uint256 inputsBefore;
        uint256 bootstrappingsBefore;
    }

    /// @dev The word of the job's bootstrapping `slot`, moved to its place. Its terms name inputs of the job and
    /// bootstrappings of the job before it.
    function movedSlot(uint256 word, uint256 slot, Place memory place) internal pure returns (uint256) {
        return moved(word, slot, SLOT_BITS, SLOT_TERMS_AT, slot, place);
    }

    /// @dev The word of a row, `index` among the job's words. Its terms name inputs and bootstrappings of the job.
    function movedRow(uint256 word, uint256 index, uint256 bootstrappings, Place memory place)
        internal
        pure
        returns (uint256)
    {
        return moved(word, index, ROW_BITS, ROW_TERMS_AT, bootstrappings, place);
    }

    /// A word of more bits could be another one modulo the order of the field, which the proof takes it by: the terms that are
    /// read here would not be those that are proven.
    function moved(
        uint256 word,
        uint256 index,
        uint256 bits,
        uint256 termsAt,
        uint256 bootstrappings,
        Place memory place
    ) private pure returns (uint256) {
        if (word >> bits != 0) {
            revert ICoprocessor.ProgramWordTooLarge(place.job, index, bits);
        }
        uint256 terms = word >> termsAt;
        uint256 bootstrapped = checkedTerms(terms, index, bootstrappings, place);
        // Used terms that are not bootstrapped.
        uint256 ofInputs = usedLanes(terms) ^ bootstrapped;
        // A source ends below the inputs or the bootstrappings of all jobs, at most 64: it keeps to its seven bits.
        uint256 shift = ofInputs * place.inputsBefore + bootstrapped * place.bootstrappingsBefore;
        return word + (shift << (termsAt + SOURCE_AT));
    }

    /// An unused lane is zero. A source S is below its bound B exactly if bit 7 of `S + 128 - B` is not set; the sum is below 256.
    /// A lane that is zero passes: a job has an input.
    /// @return bootstrapped Bit 0 of each lane whose source is a bootstrapping.
    function checkedTerms(uint256 terms, uint256 index, uint256 bootstrappings, Place memory place)
        private
        pure
        returns (uint256 bootstrapped)
    {
        if (terms & ~(usedLanes(terms) * LANE) != 0) {
            revert ICoprocessor.UnusedTermNotZero(place.job, index);
        }
        bootstrapped = (terms >> BOOTSTRAPPED_AT) & ONES;
        uint256 room = (ONES ^ bootstrapped) * (SOURCE_END - place.inputs) + bootstrapped
            * (SOURCE_END - bootstrappings);
        uint256 beyond = (((terms >> SOURCE_AT) & SOURCES) + room) & (SOURCE_END * ONES);
        if (beyond != 0) revert ICoprocessor.TermOutsideJob(place.job, index);
    }

    /// Bit 0 of each lane whose coefficient byte C is not zero: bit 8 of `C + 255`.
    function usedLanes(uint256 terms) private pure returns (uint256) {
        return (((terms & COEFFICIENTS) + COEFFICIENTS) >> 8) & ONES;
    }
}
