// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Where the inputs of a segment come from.
library Segments {
    uint256 internal constant LEAST = 2;
    /// A source has eight bits for one more than the segment.
    uint256 internal constant MOST = 255;
    /// Below: an input of the request. From here on: outputs of segment 0, then of segment 1, and so on.
    uint256 internal constant FIRST_LINK = 256;

    /// @dev The segment and the output that a source from `FIRST_LINK` on names.
    function linkOf(uint256 source) internal pure returns (uint256 segment, uint256 output) {
        return ((source >> 8) - 1, source & 0xff);
    }
}
