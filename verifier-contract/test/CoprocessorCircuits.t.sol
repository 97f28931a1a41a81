// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Coprocessor} from "../src/Coprocessor.sol";
import {ICoprocessor} from "../src/ICoprocessor.sol";
import {IReleaseVerifier} from "../src/IReleaseVerifier.sol";
import {IVerifierGateway} from "../src/IVerifierGateway.sol";
import {ExpectingVerifier} from "./Coprocessor.t.sol";
import {ProgramSpelling} from "./ProgramSpelling.sol";
import {StatementFixture} from "./StatementFixture.sol";

/// @title The rules of the `Coprocessor` for circuits, each with the attack that it stops.
contract CoprocessorCircuitsTest is StatementFixture {
    uint8 constant BOOTSTRAPPINGS = 7;
    /// Type 6, key kind 0, 3 blocks.
    uint256 constant ENTRY = 6 | 2 << 8;

    bytes32 programRef;

    constructor() {
        programRef = coprocessor.registerCircuit(TEXT, claim(2, 1));
    }

    function test_FulfilmentRecordsWhatWasProven() external {
        bytes32 requestId = ask();
        bytes32 output = fulfil(requestId);
        ICoprocessor.HandleRecord memory value = coprocessor.handleRecord(output);
        assertTrue(value.state == ICoprocessor.HandleState.Proven, "proven");
        assertTrue(value.consumer == address(this) && value.registrant == address(0), "consumer");
        assertEq(value.requestId, requestId);
        assertEq(value.keyDigest, key);
        bytes32[] memory released = new bytes32[](1);
        released[0] = output;
        coprocessor.allowRelease(released);
        assertTrue(coprocessor.isReleaseAllowed(output), "allowed");
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.AlreadyFulfilled.selector, requestId));
        coprocessor.fulfilCircuit(
            requestId, points(1, KEY_POINTS), points(9, 1), points(1, 2), words(), proof
        );
    }

    function test_TheReferenceIsAsTheSpecSays() external view {
        uint256[6] memory layouts;
        layouts[0] = entries(3);
        bytes32 program = keccak256(abi.encodePacked(words()));
        assertEq(
            programRef,
            keccak256(
                abi.encode(tag("circuit_program"), keccak256(TEXT), program, layouts, BOOTSTRAPPINGS, 2, 1)
            )
        );
        ICoprocessor.CircuitRecord memory stored = coprocessor.circuitRecord(programRef);
        assertEq(keccak256(abi.encode(stored)), keccak256(abi.encode(keccak256(TEXT), claim(2, 1))));
        assertTrue(coprocessor.programKind(programRef) == ICoprocessor.ProgramKind.Circuit, "kind");
    }

    function test_AnUnknownVerifier() external {
        bytes32 requestId = ask();
        bytes[3] memory proofs = [bytes("other"), bytes(""), bytes("ab")];
        for (uint256 i; i < proofs.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IVerifierGateway.UnknownVerifier.selector, bytes4(proofs[i]))
            );
            coprocessor.fulfilCircuit(
                requestId, points(1, KEY_POINTS), points(9, 1), points(1, 2), words(), proofs[i]
            );
        }
    }

    function test_ARejectedProofRecordsNothing() external {
        bytes32 requestId = ask();
        vm.expectPartialRevert(ExpectingVerifier.Rejected.selector);
        coprocessor.fulfilCircuit(
            requestId, points(1, KEY_POINTS), points(9, 1), points(1, 2), words(), proof
        );
        assertTrue(
            coprocessor.requestRecord(requestId).state == ICoprocessor.RequestState.Requested, "still open"
        );
    }

    function test_TheStatementNamesTheChain() external {
        bytes32 requestId = ask();
        verifier.expect(publicValues(requestId), proof);
        vm.chainId(block.chainid + 1);
        vm.expectPartialRevert(ExpectingVerifier.Rejected.selector);
        coprocessor.fulfilCircuit(
            requestId, points(1, KEY_POINTS), points(9, 1), points(1, 2), words(), proof
        );
    }

    function test_AnotherKey() external {
        bytes32 requestId = ask();
        uint256[2][] memory other = points(2, KEY_POINTS);
        vm.expectRevert(
            abi.encodeWithSelector(ICoprocessor.KeyPointsMismatch.selector, keyDigest(other), key)
        );
        coprocessor.fulfilCircuit(requestId, other, points(9, 1), points(1, 2), words(), proof);
        for (uint256 count = KEY_POINTS - 1; count < KEY_POINTS + 2; count += 2) {
            vm.expectRevert(abi.encodeWithSelector(ICoprocessor.KeyPointCount.selector, count, KEY_POINTS));
            coprocessor.fulfilCircuit(requestId, points(1, count), points(9, 1), points(1, 2), words(), proof);
        }
    }

    /// A digest that somebody claims under one scheme is free under the other, and is one key.
    function test_ADigestIsNotBlockedByAnotherScheme() external {
        bytes32 digest = keccak256("other");
        (bytes32 ofBytes, bytes32 committed) = (coprocessor.KEY_SCHEME(), coprocessor.COMMITTED_KEY_SCHEME());
        coprocessor.registerKey(digest, ofBytes);
        bytes32[] memory inputs = new bytes32[](2);
        inputs[0] = coprocessor.registerCiphertext(address(this), digest, 0, NIBBLES, 3, point(1));
        inputs[1] = coprocessor.registerCiphertext(address(this), digest, 0, NIBBLES, 3, point(2));
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.KeySchemeMissing.selector, digest, committed));
        coprocessor.request(programRef, digest, inputs);
        registerCommitted(digest);
        assertTrue(coprocessor.isKeyRegisteredUnder(digest, committed), "registered");
        assertTrue(coprocessor.isKeyRegisteredUnder(digest, ofBytes), "under both");
        coprocessor.request(programRef, digest, inputs);
    }

    function test_ProgramsOfAnotherKind() external {
        bytes32 linear = coprocessor.registerProgram(TEXT, 12345, entries(3), 0, 2, 1);
        assertTrue(linear != programRef, "another reference");
        vm.expectRevert(
            abi.encodeWithSelector(
                ICoprocessor.ProgramKindMismatch.selector,
                linear,
                ICoprocessor.ProgramKind.Linear,
                ICoprocessor.ProgramKind.Circuit
            )
        );
        coprocessor.circuitRecord(linear);

        bytes32 requestId = ask();
        vm.expectRevert(
            abi.encodeWithSelector(
                ICoprocessor.ProgramKindMismatch.selector,
                programRef,
                ICoprocessor.ProgramKind.Circuit,
                ICoprocessor.ProgramKind.Linear
            )
        );
        coprocessor.fulfil(requestId, points(9, 1), points(1, 2), proof);
        requestId = coprocessor.request(linear, key, registered());
        vm.expectPartialRevert(ICoprocessor.ProgramKindMismatch.selector);
        coprocessor.fulfilCircuit(
            requestId, points(1, KEY_POINTS), points(9, 1), points(1, 2), words(), proof
        );
    }

    function test_WithoutAGatewayNoCircuits() external {
        Coprocessor alone =
            new Coprocessor(verifier, IVerifierGateway(address(0)), IReleaseVerifier(address(0)));
        alone.registerKey(key, alone.KEY_SCHEME());
        bytes32 known = alone.registerCircuit(TEXT, claim(2, 1));
        vm.expectRevert(ICoprocessor.NoGateway.selector);
        alone.request(known, key, new bytes32[](2));
    }

    function test_CountsOfPoints() external {
        bytes32 requestId = ask();
        uint256[2][] memory keys = points(1, KEY_POINTS);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.OutputCount.selector, 2, 1));
        coprocessor.fulfilCircuit(requestId, keys, points(9, 2), points(1, 2), words(), proof);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.InputCount.selector, 3, 2));
        coprocessor.fulfilCircuit(requestId, keys, points(9, 1), points(1, 3), words(), proof);
        uint256[2][] memory inputs = points(1, 2);
        (inputs[0], inputs[1]) = (inputs[1], inputs[0]);
        vm.expectPartialRevert(ICoprocessor.InputPointsMismatch.selector);
        coprocessor.fulfilCircuit(requestId, keys, points(9, 1), inputs, words(), proof);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.InvalidCommitment.selector, 0, 0));
        coprocessor.fulfilCircuit(requestId, keys, new uint256[2][](1), points(1, 2), words(), proof);
    }

    /// All 80 handles of the class, in six words.
    function test_LayoutsHaveRoomForAllHandles() external {
        ICoprocessor.CircuitClaim memory largest = claim(64, 16);
        bytes32 known = coprocessor.registerCircuit(TEXT, largest);
        assertEq(
            keccak256(abi.encode(coprocessor.circuitRecord(known).claim)), keccak256(abi.encode(largest))
        );
        // An input's own entry decides, wherever it stands: here the last one's, in the fifth word.
        largest.layouts[4] ^= 1 << (16 * 3 + 8);
        known = coprocessor.registerCircuit(TEXT, largest);
        bytes32[] memory inputs = new bytes32[](64);
        for (uint256 i; i < 64; ++i) {
            inputs[i] = coprocessor.registerCiphertext(address(this), key, 0, NIBBLES, 3, point(1 + i));
        }
        vm.expectRevert(
            abi.encodeWithSelector(ICoprocessor.LayoutMismatch.selector, 63, ENTRY, ENTRY ^ 1 << 8)
        );
        coprocessor.request(known, key, inputs);
        largest.layouts[4] ^= 1 << (16 * 3 + 8);
        coprocessor.request(coprocessor.registerCircuit("again", largest), key, inputs);
    }

    function test_LayoutsAreExact() external {
        ICoprocessor.CircuitClaim memory bad = claim(2, 1);
        bad.layouts[0] = entries(2);
        refuse(bad, abi.encodeWithSelector(ICoprocessor.LayoutEntry.selector, 2, 0));
        bad.layouts[0] = entries(4);
        refuse(bad, abi.encodeWithSelector(ICoprocessor.LayoutEntry.selector, 3, ENTRY));
        for (uint256 word = 1; word < 6; ++word) {
            bad = claim(2, 1);
            bad.layouts[word] = 6;
            refuse(bad, abi.encodeWithSelector(ICoprocessor.LayoutEntry.selector, 15 * word, 6));
            bad.layouts[word] = 1 << 240;
            refuse(bad, abi.encodeWithSelector(ICoprocessor.LayoutEntry.selector, 15 * (word + 1), 1));
        }
        bad = claim(1, 1);
        bad.layouts[0] |= 1 << 14;
        refuse(bad, abi.encodeWithSelector(ICoprocessor.LayoutEntry.selector, 0, ENTRY | 1 << 14));
    }

    function test_ClaimsAreInRange() external {
        ICoprocessor.CircuitClaim memory bad = claim(2, 1);
        bad.bootstrappings = 17;
        refuse(bad, abi.encodeWithSelector(ICoprocessor.TooManyBootstrappings.selector, 17, 16));
        bad = claim(2, 3);
        // Two outputs of 64 blocks are as many as there are, a third has none left.
        bad.layouts[0] = entries(2) | (6 | 63 << 8) << 32 | (6 | 63 << 8) << 48 | 6 << 64;
        refuse(bad, abi.encodeWithSelector(ICoprocessor.TooManyOutputBlocks.selector, 129, 128));
        (bad.outputs, bad.layouts[0]) = (2, bad.layouts[0] & ((1 << 64) - 1));
        coprocessor.registerCircuit(TEXT, bad);
        bad = claim(65, 1);
        refuse(bad, abi.encodeWithSelector(ICoprocessor.HandleCount.selector, 65, 1));
        bad = claim(1, 17);
        refuse(bad, abi.encodeWithSelector(ICoprocessor.HandleCount.selector, 1, 17));
        bad = claim(2, 0);
        refuse(bad, abi.encodeWithSelector(ICoprocessor.HandleCount.selector, 2, 0));
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.ProgramTextLength.selector, 0, 65536));
        coprocessor.registerCircuit("", claim(2, 1));
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.ProgramAlreadyRegistered.selector, programRef));
        coprocessor.registerCircuit(TEXT, claim(2, 1));
    }

    /// Whatever the calldata, nothing is recorded without the verifier's consent.
    function testFuzz_HostileFulfilments(
        uint256[2][] calldata keyPoints,
        uint256[2][] calldata outputs,
        uint256[2][] calldata inputs,
        uint256[] calldata words_,
        bytes calldata bytes_
    ) external {
        bytes32 requestId = ask();
        uint256 before = gasleft();
        try coprocessor.fulfilCircuit{gas: 5_000_000}(requestId, keyPoints, outputs, inputs, words_, bytes_) {
            assertTrue(false, "accepted");
        } catch {}
        assertTrue(before - gasleft() < 1_000_000, "gas");
        assertTrue(
            coprocessor.requestRecord(requestId).state == ICoprocessor.RequestState.Requested, "still open"
        );
    }

    function refuse(ICoprocessor.CircuitClaim memory bad, bytes memory revertData) private {
        vm.expectRevert(revertData);
        coprocessor.registerCircuit(TEXT, bad);
    }

    function registered() private returns (bytes32[] memory inputs) {
        inputs = new bytes32[](2);
        for (uint256 i; i < 2; ++i) {
            inputs[i] = handleOf(point(1 + i), ENTRY, originOfInput());
            try coprocessor.handleRecord(inputs[i]) {}
            catch {
                coprocessor.registerCiphertext(address(this), key, 0, NIBBLES, 3, point(1 + i));
            }
        }
    }

    function ask() private returns (bytes32 requestId) {
        return coprocessor.request(programRef, key, registered());
    }

    function fulfil(bytes32 requestId) private returns (bytes32) {
        verifier.expect(publicValues(requestId), proof);
        coprocessor.fulfilCircuit(
            requestId, points(1, KEY_POINTS), points(9, 1), points(1, 2), words(), proof
        );
        return outputHandle(requestId);
    }

    function publicValues(bytes32 requestId) private view returns (bytes memory) {
        Stated[] memory jobs = new Stated[](1);
        (jobs[0].requestId, jobs[0].circuitId, jobs[0].claim) = (requestId, keccak256(TEXT), claim(2, 1));
        (jobs[0].words, jobs[0].inputs, jobs[0].outputs) = (words(), new bytes32[](2), new bytes32[](1));
        jobs[0].inputs[0] = handleOf(point(1), ENTRY, originOfInput());
        jobs[0].inputs[1] = handleOf(point(2), ENTRY, originOfInput());
        jobs[0].outputs[0] = outputHandle(requestId);
        (jobs[0].inputPoints, jobs[0].outputPoints) = (points(1, 2), points(9, 1));
        return publicValues(jobs, points(1, KEY_POINTS));
    }

    /// Of the program over two inputs with one output.
    function words() private pure returns (uint256[] memory) {
        return ProgramSpelling.words(BOOTSTRAPPINGS, 2, 3, 0);
    }

    function outputHandle(bytes32 requestId) private view returns (bytes32) {
        return handleOf(point(9), ENTRY, originOfOutput(requestId, 0, 0));
    }

    function claim(uint8 inputs, uint8 outputs) private pure returns (ICoprocessor.CircuitClaim memory made) {
        made.program = ProgramSpelling.digest(words());
        (made.bootstrappings, made.inputs, made.outputs) = (BOOTSTRAPPINGS, inputs, outputs);
        for (uint256 i; i < uint256(inputs) + outputs && i < 90; ++i) {
            made.layouts[i / 15] |= ENTRY << (16 * (i % 15));
        }
    }

    function entries(uint256 count) private pure returns (uint256 word) {
        for (uint256 i; i < count; ++i) {
            word |= ENTRY << (16 * i);
        }
    }
}
