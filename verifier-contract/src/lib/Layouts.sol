// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "../ICoprocessor.sol";

/// @title Layout words: how handles are declared, 15 entries of 16 bits to a word, inputs before outputs.
/// @dev An entry is type (bits 0-5), key kind (6-7), blocks - 1 (8-13).
library Layouts {
    /// Words of a circuit.
    uint256 internal constant WORDS = 6;
    uint256 internal constant ENTRIES_PER_WORD = 15;
    uint256 private constant ENTRY_BITS = 16;

    /// @dev Entry of handle `i`.
    function entryOf(uint256[6] memory layouts, uint256 i) internal pure returns (uint256) {
        return entryIn(layouts[i / ENTRIES_PER_WORD], i);
    }

    /// @dev Entry of handle `i` from the word that it is in.
    function entryIn(uint256 word, uint256 i) internal pure returns (uint256) {
        return (word >> (ENTRY_BITS * (i % ENTRIES_PER_WORD))) & 0xffff;
    }

    /// @dev Adds the entry of handle `i`, which has none yet.
    function put(uint256[6] memory layouts, uint256 i, uint256 entry) internal pure {
        layouts[i / ENTRIES_PER_WORD] |= entry << (ENTRY_BITS * (i % ENTRIES_PER_WORD));
    }

    /// @dev Blocks of the handles from `first` on; their entries are checked.
    function blocksOf(uint256[6] memory layouts, uint256 first, uint256 count)
        internal
        pure
        returns (uint256 blocks)
    {
        for (uint256 i = first; i < first + count; ++i) {
            blocks += (entryOf(layouts, i) >> 8) + 1;
        }
    }

    /// @dev The entries in use are those of the inputs, then those of the outputs; each is a declaration that a slot of
    /// the class holds; the others are zero.
    function check(uint256[6] memory layouts, uint256 words, uint256 handleCount, uint256 blocks)
        internal
        pure
    {
        for (uint256 word; word < words; ++word) {
            uint256 rest = layouts[word];
            uint256 i = word * ENTRIES_PER_WORD;
            uint256 end = i + ENTRIES_PER_WORD;
            for (; i < end && i < handleCount; ++i) {
                uint256 entry = rest & 0xffff;
                if (entry & 63 == 0 || entry >> 8 >= blocks) revert ICoprocessor.LayoutEntry(i, entry);
                rest >>= ENTRY_BITS;
            }
            for (; rest != 0; ++i) {
                uint256 entry = rest & 0xffff;
                if (entry != 0) revert ICoprocessor.LayoutEntry(i, entry);
                rest >>= ENTRY_BITS;
            }
        }
    }
}
