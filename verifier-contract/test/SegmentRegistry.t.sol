// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "../src/ICoprocessor.sol";
import {SegmentFixture} from "./SegmentFixture.sol";

/// @title The rules of registering segments, each with the claim that it refuses.
contract SegmentRegistryTest is SegmentFixture {
    function test_TheReferenceIsAsTheSpecSays() external view {
        ICoprocessor.SegmentClaim[] memory list = claims();
        bytes32[] memory digests = new bytes32[](SEGMENTS);
        for (uint256 i; i < SEGMENTS; ++i) {
            digests[i] = keccak256(abi.encode(list[i]));
        }
        bytes32 packed = keccak256(abi.encodePacked(digests));
        assertEq(
            programRef,
            keccak256(abi.encode(tag("segmented_program"), keccak256(TEXT), inputLayouts(), INPUTS, packed))
        );
        ICoprocessor.SegmentedRecord memory stored = coprocessor.segmentedRecord(programRef);
        ICoprocessor.SegmentedRecord memory expected =
            ICoprocessor.SegmentedRecord(keccak256(TEXT), inputLayouts(), INPUTS, 2, digests);
        assertEq(keccak256(abi.encode(stored)), keccak256(abi.encode(expected)));
        assertTrue(coprocessor.programKind(programRef) == ICoprocessor.ProgramKind.Segmented, "kind");
    }

    function test_TheEventHasTextAndClaims() external {
        bytes memory text = "another text";
        ICoprocessor.SegmentClaim[] memory list = claims();
        bytes32[] memory digests = coprocessor.segmentedRecord(programRef).segments;
        bytes32 expected = keccak256(
            abi.encode(
                tag("segmented_program"),
                keccak256(text),
                inputLayouts(),
                INPUTS,
                keccak256(abi.encodePacked(digests))
            )
        );
        vm.expectEmit();
        emit ICoprocessor.SegmentsRegistered(
            expected, keccak256(text), address(this), text, inputLayouts(), INPUTS, list
        );
        coprocessor.registerSegments(text, inputLayouts(), INPUTS, list);
    }

    function test_EveryPartIsInTheReference() external {
        bytes32[] memory references = new bytes32[](9);
        for (uint256 i; i < references.length; ++i) {
            ICoprocessor.SegmentClaim[] memory list = claims();
            uint256[6] memory layouts = inputLayouts();
            uint8 inputs = INPUTS;
            if (i == 1) list[0].circuitId = ~list[0].circuitId;
            if (i == 2) list[1].claim.program = ~list[1].claim.program;
            if (i == 3) list[2].claim.bootstrappings += 1;
            if (i == 4) list[2].claim.layouts[0] ^= 1 << (16 * 4 + 8);
            if (i == 5) list[0].sources[0] = list[0].sources[1];
            if (i == 5) list[0].claim.layouts[0] = list[0].claim.layouts[0] ^ INPUT_0 ^ INPUT_1;
            if (i == 6) (layouts[0], inputs) = (layouts[0] | INPUT_0 << 48, INPUTS + 1);
            if (i == 7) list = withoutTheSecond();
            if (i == 8) {
                (list[2].claim.outputs, list[2].claim.layouts[0]) =
                (1, list[2].claim.layouts[0] & ~uint256(0xffff << 64));
            }
            if (i == 0) references[i] = programRef;
            else references[i] = coprocessor.registerSegments(TEXT, layouts, inputs, list);
            for (uint256 j; j < i; ++j) {
                assertTrue(references[j] != references[i], "another reference");
            }
        }
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.ProgramAlreadyRegistered.selector, programRef));
        coprocessor.registerSegments(TEXT, inputLayouts(), INPUTS, claims());
    }

    function test_TextsAreInRange() external {
        bytes[2] memory texts = [bytes(""), new bytes(65537)];
        for (uint256 i; i < 2; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(ICoprocessor.ProgramTextLength.selector, texts[i].length, 65536)
            );
            coprocessor.registerSegments(texts[i], inputLayouts(), INPUTS, claims());
        }
    }

    function test_CountsOfSegments() external {
        uint256[4] memory counts = [uint256(0), 1, 256, 1000];
        for (uint256 i; i < counts.length; ++i) {
            ICoprocessor.SegmentClaim[] memory list = chainOf(counts[i]);
            refuseClaims(list, abi.encodeWithSelector(ICoprocessor.SegmentCount.selector, counts[i], 2, 255));
        }
        coprocessor.registerSegments(TEXT, inputLayouts(), INPUTS, chainOf(2));
        bytes memory call =
            abi.encodeCall(coprocessor.registerSegments, (TEXT, inputLayouts(), INPUTS, chainOf(255)));
        uint256 before = gasleft();
        (bool taken, bytes memory most) = address(coprocessor).call(call);
        assertAtMost(before - gasleft(), 10_000_000);
        assertTrue(taken, "255 segments");
        assertEq(coprocessor.segmentedRecord(abi.decode(most, (bytes32))).segments.length, 255);
    }

    /// Each segment's claim is checked as that of a circuit.
    function test_ClaimsAreInRange() external {
        for (uint256 s; s < SEGMENTS; ++s) {
            ICoprocessor.SegmentClaim[] memory bad = claims();
            bad[s].claim.bootstrappings = 17;
            refuseClaims(bad, abi.encodeWithSelector(ICoprocessor.TooManyBootstrappings.selector, 17, 16));
            bad = claims();
            (uint8 inputs, uint8 outputs) = (bad[s].claim.inputs, bad[s].claim.outputs);
            bad[s].claim.inputs = 65;
            refuseClaims(bad, abi.encodeWithSelector(ICoprocessor.HandleCount.selector, 65, outputs));
            (bad[s].claim.inputs, bad[s].claim.outputs) = (inputs, 17);
            refuseClaims(bad, abi.encodeWithSelector(ICoprocessor.HandleCount.selector, inputs, 17));
            bad[s].claim.outputs = 0;
            refuseClaims(bad, abi.encodeWithSelector(ICoprocessor.HandleCount.selector, inputs, 0));
            bad = claims();
            bad[s].claim.layouts[5] = 1 << 240;
            refuseClaims(bad, abi.encodeWithSelector(ICoprocessor.LayoutEntry.selector, 90, 1));
            bad[s].claim.layouts[5] = 6;
            refuseClaims(bad, abi.encodeWithSelector(ICoprocessor.LayoutEntry.selector, 75, 6));
            // Three outputs of 64 blocks.
            bad = claims();
            bad[s].claim.outputs = 3;
            bad[s].claim.layouts[0] &= (1 << (16 * inputs)) - 1;
            for (uint256 i; i < 3; ++i) {
                put(bad[s].claim.layouts, inputs + i, LINK_01);
            }
            refuseClaims(bad, abi.encodeWithSelector(ICoprocessor.TooManyOutputBlocks.selector, 192, 128));
        }
    }

    function test_LayoutsAreThoseOfTheInputs() external {
        uint256[6] memory layouts = inputLayouts();
        layouts[0] |= OUTPUT_0 << 48;
        refuseLayouts(layouts, INPUTS, abi.encodeWithSelector(ICoprocessor.LayoutEntry.selector, 3, OUTPUT_0));
        layouts = inputLayouts();
        refuseLayouts(layouts, 4, abi.encodeWithSelector(ICoprocessor.LayoutEntry.selector, 3, 0));
        refuseLayouts(layouts, 2, abi.encodeWithSelector(ICoprocessor.LayoutEntry.selector, 2, INPUT_2));
        layouts[5] = 1 << 240;
        refuseLayouts(layouts, INPUTS, abi.encodeWithSelector(ICoprocessor.LayoutEntry.selector, 90, 1));
        layouts = inputLayouts();
        refuseLayouts(layouts, 0, abi.encodeWithSelector(ICoprocessor.HandleCount.selector, 0, 2));
        refuseLayouts(layouts, 65, abi.encodeWithSelector(ICoprocessor.HandleCount.selector, 65, 2));
    }

    function test_OneSourceForEachInput() external {
        ICoprocessor.SegmentClaim[] memory bad = claims();
        bad[1].sources = new uint16[](0);
        refuseClaims(bad, abi.encodeWithSelector(ICoprocessor.SourceCount.selector, 1, 0, 2));
        bad[1].sources = sourcesOf(1, link(0, 1), 1);
        refuseClaims(bad, abi.encodeWithSelector(ICoprocessor.SourceCount.selector, 1, 3, 2));
        bad = claims();
        bad[2].sources = sourcesOf(2, link(0, 0));
        refuseClaims(bad, abi.encodeWithSelector(ICoprocessor.SourceCount.selector, 2, 2, 3));
    }

    function test_SourcesComeBefore() external {
        // Inputs that are none, outputs that are none, the segment itself, later ones, ones that are none.
        uint16[8] memory unknown =
            [uint16(3), 255, link(0, 2), link(0, 255), link(1, 0), link(2, 0), link(3, 0), link(254, 0)];
        for (uint256 i; i < unknown.length; ++i) {
            ICoprocessor.SegmentClaim[] memory bad = claims();
            bad[1].sources[1] = unknown[i];
            refuseClaims(bad, abi.encodeWithSelector(ICoprocessor.UnknownSource.selector, 1, 1, unknown[i]));
        }
        ICoprocessor.SegmentClaim[] memory first = claims();
        first[0].sources[0] = link(0, 0);
        refuseClaims(first, abi.encodeWithSelector(ICoprocessor.UnknownSource.selector, 0, 0, 256));
    }

    function test_InputsAreDeclaredAsTheirSources() external {
        ICoprocessor.SegmentClaim[] memory bad = claims();
        bad[0].sources[1] = 0;
        refuseClaims(bad, mismatch(0, 1, INPUT_1, INPUT_0));
        bad = claims();
        bad[2].sources[1] = link(0, 1);
        refuseClaims(bad, mismatch(2, 1, LINK_00, LINK_01));
        // Each part of the declaration: type, key kind, blocks.
        for (uint256 bit; bit < 3; ++bit) {
            uint256 change = [uint256(1), 1 << 6, 1 << 8][bit];
            bad = claims();
            bad[2].claim.layouts[0] ^= change << 32;
            refuseClaims(bad, mismatch(2, 2, LINK_10 ^ change, LINK_10));
            bad = claims();
            bad[1].claim.layouts[0] ^= change;
            refuseClaims(bad, mismatch(1, 0, INPUT_1 ^ change, INPUT_1));
        }
    }

    function test_LinksAreNibblesUnderTheComputeKey() external {
        for (uint256 bit; bit < 8; ++bit) {
            uint256 changed = LINK_10 ^ (1 << bit);
            ICoprocessor.SegmentClaim[] memory bad = claims();
            bad[1].claim.layouts[0] ^= (1 << bit) << 32;
            bad[2].claim.layouts[0] ^= (1 << bit) << 32;
            refuseClaims(bad, abi.encodeWithSelector(ICoprocessor.LinkEntry.selector, 1, 0, changed));
        }
        ICoprocessor.SegmentClaim[] memory second = claims();
        second[0].claim.layouts[0] ^= 1 << 48;
        refuseClaims(second, abi.encodeWithSelector(ICoprocessor.LinkEntry.selector, 0, 1, LINK_01 ^ 1));
    }

    /// Without this a request could be fulfilled while a segment is not proven.
    function test_EverySegmentIsRead() external {
        ICoprocessor.SegmentClaim[] memory bad = claims();
        bad[2].sources[2] = link(0, 0);
        bad[2].claim.layouts[0] ^= (LINK_10 ^ LINK_00) << 32;
        refuseClaims(bad, abi.encodeWithSelector(ICoprocessor.UnreadSegment.selector, 1));
        bad = claims();
        bad[1].sources[1] = 0;
        bad[1].claim.layouts[0] ^= (LINK_01 ^ INPUT_0) << 16;
        bad[2].sources[1] = link(1, 0);
        bad[2].claim.layouts[0] ^= (LINK_00 ^ LINK_10) << 16;
        refuseClaims(bad, abi.encodeWithSelector(ICoprocessor.UnreadSegment.selector, 0));
    }

    function test_RecordsOfOtherKinds() external {
        bytes4 selector = ICoprocessor.ProgramKindMismatch.selector;
        (ICoprocessor.ProgramKind circuit, ICoprocessor.ProgramKind segmented) =
            (ICoprocessor.ProgramKind.Circuit, ICoprocessor.ProgramKind.Segmented);
        bytes32 whole = coprocessor.registerCircuit(TEXT, claims()[0].claim);
        vm.expectRevert(abi.encodeWithSelector(selector, whole, circuit, segmented));
        coprocessor.segmentedRecord(whole);
        vm.expectRevert(abi.encodeWithSelector(selector, programRef, segmented, circuit));
        coprocessor.circuitRecord(programRef);
        vm.expectRevert(
            abi.encodeWithSelector(selector, programRef, segmented, ICoprocessor.ProgramKind.Linear)
        );
        coprocessor.programRecord(programRef);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.UnknownProgram.selector, bytes32(0)));
        coprocessor.segmentedRecord(0);
    }

    /// Any sources of the last segment: taken exactly when each names something before it, declared alike, and no segment is
    /// left unread.
    function testFuzz_Sources(uint16[3] calldata words, uint256[3] calldata picks) external {
        uint16[10] memory likely = [uint16(0), 1, 2, 256, 257, 512, 512, 512, 3, 258];
        ICoprocessor.SegmentClaim[] memory list = claims();
        bytes memory refusal;
        bool secondIsRead;
        for (uint256 i; i < 3; ++i) {
            uint16 source = picks[i] % 11 == 10 ? words[i] : likely[picks[i] % 11];
            list[2].sources[i] = source;
            uint256 declared = declaredAs(source);
            if (declared != 0 && picks[i] >> 253 != 0) {
                list[2].claim.layouts[0] &= ~(uint256(0xffff) << (16 * i));
                list[2].claim.layouts[0] |= declared << (16 * i);
            }
            uint256 entry = entryOf(list[2].claim, i);
            secondIsRead = secondIsRead || source == 512;
            if (refusal.length != 0 || declared == entry) continue;
            refusal = declared == 0
                ? abi.encodeWithSelector(ICoprocessor.UnknownSource.selector, 2, i, source)
                : mismatch(2, i, entry, declared);
        }
        if (refusal.length == 0 && !secondIsRead) {
            refusal = abi.encodeWithSelector(ICoprocessor.UnreadSegment.selector, 1);
        }
        if (refusal.length != 0) vm.expectRevert(refusal);
        coprocessor.registerSegments("fuzzed", inputLayouts(), INPUTS, list);
    }

    /// Entry of what a source of the last segment names; zero if it names nothing.
    function declaredAs(uint16 source) private pure returns (uint256) {
        if (source == 0) return INPUT_0;
        if (source == 1) return INPUT_1;
        if (source == 2) return INPUT_2;
        if (source == 256) return LINK_00;
        if (source == 257) return LINK_01;
        return source == 512 ? LINK_10 : 0;
    }

    function mismatch(uint256 s, uint256 input, uint256 got, uint256 expected)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(ICoprocessor.SourceLayoutMismatch.selector, s, input, got, expected);
    }

    function refuseClaims(ICoprocessor.SegmentClaim[] memory bad, bytes memory revertData) private {
        vm.expectRevert(revertData);
        coprocessor.registerSegments(TEXT, inputLayouts(), INPUTS, bad);
    }

    function refuseLayouts(uint256[6] memory layouts, uint8 inputs, bytes memory revertData) private {
        vm.expectRevert(revertData);
        coprocessor.registerSegments(TEXT, layouts, inputs, claims());
    }

    /// The last reads the first.
    function withoutTheSecond() private pure returns (ICoprocessor.SegmentClaim[] memory list) {
        list = new ICoprocessor.SegmentClaim[](2);
        (list[0], list[1]) = (claims()[0], claims()[2]);
        list[1].sources = sourcesOf(2, link(0, 0), link(0, 0));
        list[1].claim.layouts[0] ^= (LINK_10 ^ LINK_00) << 32;
    }

    /// Segments of which each reads the one before it.
    function chainOf(uint256 count) private pure returns (ICoprocessor.SegmentClaim[] memory list) {
        list = new ICoprocessor.SegmentClaim[](count);
        for (uint256 s; s < count; ++s) {
            list[s].circuitId = bytes32(s);
            list[s].claim.layouts[0] = (s == 0 ? INPUT_0 : LINK_00) | LINK_00 << 16;
            (list[s].claim.inputs, list[s].claim.outputs) = (1, 1);
            list[s].sources = new uint16[](1);
            if (s != 0) list[s].sources[0] = uint16(s << 8);
        }
    }
}
