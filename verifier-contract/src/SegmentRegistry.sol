// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "./ICoprocessor.sol";
import {ProgramRegistry} from "./ProgramRegistry.sol";
import {HandleLib} from "./lib/HandleLib.sol";

/// @title Circuits of several segments, by reference: the claims about all segments are part of the name.
/// @notice A segment is a circuit, and an output that a later one reads (a link) is a handle of type nibbles. Every segment but
/// the last is read by a later one, and is proven before it: when the last one is proven, all are.
abstract contract SegmentRegistry is ProgramRegistry {
    /// `keccak256(abi.encode(SegmentClaim))` of the segments.
    mapping(bytes32 programRef => bytes32[]) private segmentDigests;

    /// @inheritdoc ICoprocessor
    function registerSegments(
        bytes calldata text,
        uint256[6] calldata layouts,
        uint8 inputs,
        SegmentClaim[] calldata segments
    ) external returns (bytes32 programRef) {
        bytes32[] memory digests = claimChecker.checkSegments(layouts, inputs, segments);
        bytes32 programId = checkedText(text);
        programRef = keccak256(
            abi.encode(
                HandleLib.TAG_SEGMENTED_PROGRAM,
                programId,
                layouts,
                uint256(inputs),
                HandleLib.packed(digests)
            )
        );
        // The circuit has no words of its own: proofs name its segments by theirs.
        uint8 outputs = segments[segments.length - 1].claim.outputs;
        store(programRef, programId, ProgramKind.Segmented, CircuitClaim(0, layouts, 0, inputs, outputs));
        segmentDigests[programRef] = digests;
        emit SegmentsRegistered(programRef, programId, msg.sender, text, layouts, inputs, segments);
    }

    /// @inheritdoc ICoprocessor
    function segmentedRecord(bytes32 programRef) external view returns (SegmentedRecord memory) {
        StoredProgram storage p = programOf(programRef, ProgramKind.Segmented);
        return SegmentedRecord(p.programId, layoutsOf(p), p.inputs, p.outputs, segmentDigests[programRef]);
    }

    /// Whether a segment is the program's last. It is one of the program's, and the claim is the registered one.
    function checkSegment(bytes32 programRef, uint256 segment, SegmentClaim calldata claim)
        internal
        view
        returns (bool last)
    {
        bytes32[] storage digests = segmentDigests[programRef];
        uint256 count = digests.length;
        if (segment >= count) revert UnknownSegment(segment, count);
        (bytes32 digest, bytes32 expected) = (keccak256(abi.encode(claim)), digests[segment]);
        if (digest != expected) revert SegmentClaimMismatch(segment, digest, expected);
        return segment == count - 1;
    }
}
