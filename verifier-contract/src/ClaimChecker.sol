// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "./ICoprocessor.sol";
import {CircuitClass} from "./generated/CircuitClass.sol";
import {EvaluationClass} from "./generated/EvaluationClass.sol";
import {Bn254} from "./lib/Bn254.sol";
import {Layouts} from "./lib/Layouts.sol";
import {Segments} from "./lib/Segments.sol";

/// @title Checks what registrants claim about texts: all of it in range, layouts exact, segments that fit together.
/// @notice Stateless: what a `Coprocessor` asks before it records a claim. Reverts with errors of `ICoprocessor`.
contract ClaimChecker {
    uint256 private constant LINEAR_LAYOUTS = 2;
    /// Low bits of an entry: type nibbles, key kind 0.
    uint256 private constant LINK_TYPE = 6;

    /// @notice A linear program.
    function checkLinear(uint256 prog, uint256[6] calldata layouts, uint8 inputs, uint8 outputs)
        external
        pure
    {
        if (
            inputs == 0 || inputs > EvaluationClass.INPUT_SLOTS || outputs == 0
                || outputs > EvaluationClass.OUTPUT_SLOTS
        ) revert ICoprocessor.HandleCount(inputs, outputs);
        Layouts.check(layouts, LINEAR_LAYOUTS, uint256(inputs) + outputs, EvaluationClass.BLOCKS_PER_HANDLE);
        if (prog >= Bn254.R) revert ICoprocessor.ProgramDigestTooLarge(prog);
    }

    /// @notice A circuit that one proof covers.
    function checkCircuit(ICoprocessor.CircuitClaim calldata claim) external pure {
        checkClaim(claim);
    }

    /// @notice A circuit of several segments.
    /// @param layouts Entries of its inputs.
    /// @return digests `keccak256(abi.encode(SegmentClaim))` of the segments.
    function checkSegments(
        uint256[6] calldata layouts,
        uint8 inputs,
        ICoprocessor.SegmentClaim[] calldata segments
    ) external pure returns (bytes32[] memory digests) {
        uint256 count = segments.length;
        if (count < Segments.LEAST || count > Segments.MOST) {
            revert ICoprocessor.SegmentCount(count, Segments.LEAST, Segments.MOST);
        }
        checkCounts(inputs, segments[count - 1].claim.outputs);
        uint256[6] memory declared = layouts;
        Layouts.check(declared, Layouts.WORDS, inputs, CircuitClass.BLOCKS_PER_HANDLE);
        digests = new bytes32[](count);
        // Bit t: a segment reads segment t.
        uint256 read;
        for (uint256 s; s < count; ++s) {
            checkClaim(segments[s].claim);
            if (s != count - 1) checkLinkEntries(s, segments[s].claim);
            read |= checkSources(declared, inputs, segments, s);
            digests[s] = keccak256(abi.encode(segments[s]));
        }
        for (uint256 s; s < count - 1; ++s) {
            if ((read >> s) & 1 == 0) revert ICoprocessor.UnreadSegment(s);
        }
    }

    function checkClaim(ICoprocessor.CircuitClaim memory claim) private pure {
        (uint256 inputs, uint256 outputs) = (claim.inputs, claim.outputs);
        checkCounts(inputs, outputs);
        uint256 most = CircuitClass.BOOTSTRAPPING_SLOTS;
        if (claim.bootstrappings > most) {
            revert ICoprocessor.TooManyBootstrappings(claim.bootstrappings, most);
        }
        Layouts.check(claim.layouts, Layouts.WORDS, inputs + outputs, CircuitClass.BLOCKS_PER_HANDLE);
        uint256 blocks = Layouts.blocksOf(claim.layouts, inputs, outputs);
        most = CircuitClass.OUTPUT_ROWS;
        if (blocks > most) revert ICoprocessor.TooManyOutputBlocks(blocks, most);
    }

    function checkCounts(uint256 inputs, uint256 outputs) private pure {
        if (
            inputs == 0 || inputs > CircuitClass.INPUT_SLOTS || outputs == 0
                || outputs > CircuitClass.OUTPUT_SLOTS
        ) revert ICoprocessor.HandleCount(inputs, outputs);
    }

    /// The outputs of a segment other than the last are links.
    function checkLinkEntries(uint256 segment, ICoprocessor.CircuitClaim memory claim) private pure {
        (uint256 inputs, uint256 outputs) = (claim.inputs, claim.outputs);
        for (uint256 i; i < outputs; ++i) {
            uint256 entry = Layouts.entryOf(claim.layouts, inputs + i);
            if (entry & 0xff != LINK_TYPE) revert ICoprocessor.LinkEntry(segment, i, entry);
        }
    }

    /// Each input of a segment has a source before it, declared as the input is.
    /// @return read Bit t: some source is an output of segment t.
    function checkSources(
        uint256[6] memory layouts,
        uint256 inputs,
        ICoprocessor.SegmentClaim[] calldata segments,
        uint256 segment
    ) private pure returns (uint256 read) {
        ICoprocessor.CircuitClaim calldata claim = segments[segment].claim;
        uint16[] calldata sources = segments[segment].sources;
        if (sources.length != claim.inputs) {
            revert ICoprocessor.SourceCount(segment, sources.length, claim.inputs);
        }
        for (uint256 i; i < sources.length; ++i) {
            uint256 source = sources[i];
            uint256 expected;
            if (source < Segments.FIRST_LINK) {
                if (source >= inputs) revert ICoprocessor.UnknownSource(segment, i, source);
                expected = Layouts.entryOf(layouts, source);
            } else {
                (uint256 from, uint256 output) = Segments.linkOf(source);
                if (from >= segment || output >= segments[from].claim.outputs) {
                    revert ICoprocessor.UnknownSource(segment, i, source);
                }
                expected = claimedEntry(segments[from].claim, segments[from].claim.inputs + output);
                read |= 1 << from;
            }
            uint256 entry = claimedEntry(claim, i);
            if (entry != expected) revert ICoprocessor.SourceLayoutMismatch(segment, i, entry, expected);
        }
    }

    /// Entry `i` of a claim, inputs first, without copying the claim.
    function claimedEntry(ICoprocessor.CircuitClaim calldata claim, uint256 i)
        private
        pure
        returns (uint256)
    {
        return Layouts.entryIn(claim.layouts[i / Layouts.ENTRIES_PER_WORD], i);
    }
}
