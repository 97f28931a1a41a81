// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Lists of points as bytes.
library PackedPoints {
    /// @dev The coordinates of a list of calldata, 64 bytes a point, where they stand: its bounds are checked when the list is
    /// decoded.
    function bytesOf(uint256[2][] calldata points) internal pure returns (bytes calldata packed) {
        assembly ("memory-safe") {
            packed.offset := points.offset
            packed.length := shl(6, points.length)
        }
    }
}
