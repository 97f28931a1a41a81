// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "../ICoprocessor.sol";
import {CircuitClass} from "../generated/CircuitClass.sol";
import {HandleLib} from "./HandleLib.sol";

/// @title Commitments to the words of an evaluation key: bootstrapping, compute, casting key, chunk by chunk.
library KeyCommitments {
    /// @dev The key's digest under the scheme `trine.key.kzg.v1`: tag, parameter set, then for each of the three keys
    /// the count of its commitments and their coordinates.
    function digest(uint256[2][] calldata points) internal pure returns (bytes32) {
        uint256 expected = CircuitClass.KEY_POINTS;
        if (points.length != expected) revert ICoprocessor.KeyPointCount(points.length, expected);
        uint256[3] memory counts = [
            CircuitClass.BOOTSTRAPPING_KEY_POINTS,
            CircuitClass.COMPUTE_KEY_POINTS,
            CircuitClass.CASTING_KEY_POINTS
        ];
        uint256[] memory words = new uint256[](5 + 2 * CircuitClass.KEY_POINTS);
        words[0] = uint256(HandleLib.TAG_EVALUATION_KEY);
        words[1] = CircuitClass.CLASS_ID;
        (uint256 place, uint256 point) = (2, 0);
        for (uint256 key; key < 3; ++key) {
            words[place++] = counts[key];
            for (uint256 end = point + counts[key]; point < end; ++point) {
                words[place++] = points[point][0];
                words[place++] = points[point][1];
            }
        }
        return keccak256(abi.encodePacked(words));
    }

    /// @dev Whether some commitment of the casting key is not at infinity. `points` are as many as the class has.
    function hasCasting(uint256[2][] calldata points) internal pure returns (bool) {
        for (uint256 i = CircuitClass.KEY_POINTS - CircuitClass.CASTING_KEY_POINTS; i < points.length; ++i) {
            if (points[i][0] | points[i][1] != 0) return true;
        }
        return false;
    }
}
