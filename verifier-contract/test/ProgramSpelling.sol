// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Words of programs and how a job's are moved, term by term: `docs/spec/onchain.md`, written down once more.
library ProgramSpelling {
    uint256 internal constant SLOT_TERMS = 95;
    uint256 internal constant ROW_TERMS = 15;
    uint256 internal constant TERMS = 6;
    uint256 internal constant TERM_BITS = 23;

    /// A term with a coefficient byte, of which 0 is unused.
    function term(uint256 coefficient, uint256 place, uint256 source, bool bootstrapped)
        internal
        pure
        returns (uint256)
    {
        return coefficient | place << 8 | source << 15 | (bootstrapped ? 1 << 22 : 0);
    }

    /// The word with another term.
    function withTerm(uint256 word, uint256 termsAt, uint256 index, uint256 code)
        internal
        pure
        returns (uint256)
    {
        uint256 at = termsAt + TERM_BITS * index;
        return (word & ~(uint256(0x7fffff) << at)) | code << at;
    }

    function termOf(uint256 word, uint256 termsAt, uint256 index) internal pure returns (uint256) {
        return (word >> (termsAt + TERM_BITS * index)) & 0x7fffff;
    }

    /// Words of a program: each bootstrapping reads the last input and the bootstrapping before it, each row the last
    /// bootstrapping and the first input. Programs differ by `seed`.
    function words(uint256 bootstrappings, uint256 inputs, uint256 rows, uint256 seed)
        internal
        pure
        returns (uint256[] memory list)
    {
        list = new uint256[](bootstrappings + rows);
        for (uint256 i; i < bootstrappings; ++i) {
            // A kind with one function, boxes and constant of any bits.
            uint256 word = 18 | (uint256(keccak256(abi.encode(seed, i))) >> 171) << 10;
            word = withTerm(word, SLOT_TERMS, 0, term(129, 5, inputs - 1, false));
            word = withTerm(word, SLOT_TERMS, 1, 0);
            for (uint256 t = 2; t < TERMS; ++t) {
                word = withTerm(word, SLOT_TERMS, t, i == 0 || t != 3 ? 0 : term(255, 1, i - 1, true));
            }
            list[i] = word;
        }
        for (uint256 i; i < rows; ++i) {
            uint256 word = 2 | (seed % 32) << 10;
            if (bootstrappings != 0) {
                word = withTerm(word, ROW_TERMS, 0, term(129, 0, bootstrappings - 1, true));
            }
            list[bootstrappings + i] = withTerm(word, ROW_TERMS, 5, term(1, i % 128, 0, false));
        }
    }

    function digest(uint256[] memory list) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(list));
    }

    /// The word with its sources behind so many inputs and bootstrappings.
    function moved(uint256 word, uint256 termsAt, uint256 inputsBefore, uint256 bootstrappingsBefore)
        internal
        pure
        returns (uint256)
    {
        for (uint256 t; t < TERMS; ++t) {
            uint256 code = termOf(word, termsAt, t);
            if (code & 0xff == 0) continue;
            uint256 source = (code >> 15) & 0x7f;
            source += code >> 22 == 1 ? bootstrappingsBefore : inputsBefore;
            word = withTerm(word, termsAt, t, (code & ~uint256(0x7f << 15)) | source << 15);
        }
        return word;
    }
}
