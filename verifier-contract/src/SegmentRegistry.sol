// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "./ICoprocessor.sol";
import {ProgramRegistry} from "./ProgramRegistry.sol";
import {HandleLib} from "./lib/HandleLib.sol";

/// @title Circuits of several segments, by reference: the claims about all segments are part of the name.
/// @notice A segment is a circuit, and an output that a later one reads (a link) is a handle of type nibbles. Every segment but
/// the last is read by a later one, and is proven before it: when the last one is proven, all are.
abstract contract SegmentRegistry is ProgramRegistry {
    uint256 private constant LEAST_SEGMENTS = 2;
    /// A source has eight bits for one more than the segment.
    uint256 private constant MOST_SEGMENTS = 255;
    /// Below: an input of the request. From here on: outputs of segment 0, then of segment 1, and so on.
    uint256 internal constant FIRST_LINK = 256;
    /// Low bits of an entry: type nibbles, key kind 0.
    uint256 private constant LINK_TYPE = 6;

    /// `keccak256(abi.encode(SegmentClaim))` of the segments.
    mapping(bytes32 programRef => bytes32[]) private segmentDigests;

    /// @inheritdoc ICoprocessor
    function registerSegments(
        bytes calldata text,
        uint256[6] calldata layouts,
        uint8 inputs,
        SegmentClaim[] calldata segments
    ) external returns (bytes32 programRef) {
        uint256 count = segments.length;
        if (count < LEAST_SEGMENTS || count > MOST_SEGMENTS) {
            revert SegmentCount(count, LEAST_SEGMENTS, MOST_SEGMENTS);
        }
        uint8 outputs = segments[count - 1].claim.outputs;
        checkCounts(inputs, outputs);
        checkCircuitLayouts(layouts, inputs);
        bytes32[] memory digests = checkedSegments(layouts, inputs, segments);

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
        // The circuit has no digest of its own: proofs name its segments by theirs.
        storeCircuit(
            programRef, programId, ProgramKind.Segmented, CircuitClaim(0, layouts, 0, inputs, outputs)
        );
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

    /// The segment and the output that a source from `FIRST_LINK` on names.
    function linkOf(uint256 source) internal pure returns (uint256 segment, uint256 output) {
        return ((source >> 8) - 1, source & 0xff);
    }

    function checkedSegments(uint256[6] memory layouts, uint256 inputs, SegmentClaim[] calldata segments)
        private
        pure
        returns (bytes32[] memory digests)
    {
        uint256 last = segments.length - 1;
        digests = new bytes32[](last + 1);
        // Bit t: a segment reads segment t.
        uint256 read;
        for (uint256 s; s <= last; ++s) {
            checkClaim(segments[s].claim);
            if (s != last) checkLinkEntries(s, segments[s].claim);
            read |= checkSources(layouts, inputs, segments, s);
            digests[s] = keccak256(abi.encode(segments[s]));
        }
        for (uint256 s; s < last; ++s) {
            if ((read >> s) & 1 == 0) revert UnreadSegment(s);
        }
    }

    /// The outputs of a segment other than the last are links.
    function checkLinkEntries(uint256 segment, CircuitClaim calldata claim) private pure {
        (uint256 inputs, uint256 outputs) = (claim.inputs, claim.outputs);
        for (uint256 i; i < outputs; ++i) {
            uint256 entry = claimedEntry(claim, inputs + i);
            if (entry & 0xff != LINK_TYPE) revert LinkEntry(segment, i, entry);
        }
    }

    /// Each input of a segment has a source before it, declared as the input is.
    /// @return read Bit t: some source is an output of segment t.
    function checkSources(
        uint256[6] memory layouts,
        uint256 inputs,
        SegmentClaim[] calldata segments,
        uint256 segment
    ) private pure returns (uint256 read) {
        CircuitClaim calldata claim = segments[segment].claim;
        uint16[] calldata sources = segments[segment].sources;
        if (sources.length != claim.inputs) revert SourceCount(segment, sources.length, claim.inputs);
        for (uint256 i; i < sources.length; ++i) {
            uint256 source = sources[i];
            uint256 expected;
            if (source < FIRST_LINK) {
                if (source >= inputs) revert UnknownSource(segment, i, source);
                expected = entryOf(layouts, source);
            } else {
                (uint256 from, uint256 output) = linkOf(source);
                if (from >= segment || output >= segments[from].claim.outputs) {
                    revert UnknownSource(segment, i, source);
                }
                expected = claimedEntry(segments[from].claim, segments[from].claim.inputs + output);
                read |= 1 << from;
            }
            uint256 entry = claimedEntry(claim, i);
            if (entry != expected) revert SourceLayoutMismatch(segment, i, entry, expected);
        }
    }
}
