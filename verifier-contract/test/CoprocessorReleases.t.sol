// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "../src/ICoprocessor.sol";
import {ProgramSpelling} from "./ProgramSpelling.sol";
import {StatementFixture} from "./StatementFixture.sol";

/// @title Which outputs of a request are released: decided once, by its consumer; each rule with the attack that it stops.
contract CoprocessorReleasesTest is StatementFixture {
    uint8 constant OUTPUTS = 3;
    uint8 constant BOOTSTRAPPINGS = 4;
    /// Type 6, key kind 0, 3 blocks.
    uint256 constant ENTRY = 6 | 2 << 8;
    address constant STRANGER = address(0xbad);

    bytes32 programRef;
    /// Of two requests for the same over the same.
    bytes32[2] requests;
    bytes32[OUTPUTS][2] outputs;

    constructor() {
        programRef = coprocessor.registerCircuit(TEXT, claim());
        for (uint256 i; i < 2; ++i) {
            coprocessor.registerCiphertext(address(this), key, 0, NIBBLES, 3, point(1 + i));
        }
        for (uint256 r; r < requests.length; ++r) {
            requests[r] = coprocessor.request(programRef, key, inputs());
            for (uint256 i; i < OUTPUTS; ++i) {
                outputs[r][i] = handleOf(point(9 + i), ENTRY, originOfOutput(requests[r], 0, i));
            }
            verifier.expect(publicValues(r), proof);
            coprocessor.fulfilCircuit(
                requests[r], points(1, KEY_POINTS), points(9, OUTPUTS), points(1, 2), words(), proof
            );
        }
    }

    function test_SomeOutputsAreReleased() external {
        bytes32[] memory named = list(outputs[0][0], outputs[0][2]);
        vm.expectEmit();
        emit ICoprocessor.ReleaseAllowed(requests[0], address(this), named);
        coprocessor.allowRelease(named);
        for (uint256 i; i < OUTPUTS; ++i) {
            assertTrue(coprocessor.isReleaseAllowed(outputs[0][i]) == (i != 1), "those that are named");
            assertTrue(coprocessor.handleRecord(outputs[0][i]).released == (i != 1), "in the record, too");
            assertTrue(!coprocessor.isReleaseAllowed(outputs[1][i]), "of this request alone");
        }
        // The other request's release is another decision.
        coprocessor.allowRelease(list(outputs[1][1]));
        assertTrue(coprocessor.isReleaseAllowed(outputs[1][1]), "of the other request");
    }

    function test_AllOutputsAreReleased() external {
        coprocessor.allowRelease(list(outputs[0][0], outputs[0][1], outputs[0][2]));
        for (uint256 i; i < OUTPUTS; ++i) {
            assertTrue(coprocessor.isReleaseAllowed(outputs[0][i]), "all");
        }
    }

    /// Keyholders that read the chain before and after would decrypt two sets.
    function test_TheSetIsFinal() external {
        coprocessor.allowRelease(list(outputs[0][1]));
        bytes memory decided =
            abi.encodeWithSelector(ICoprocessor.ReleaseAlreadyAllowed.selector, requests[0]);
        bytes32[][] memory later = new bytes32[][](4);
        later[0] = list(outputs[0][1]);
        later[1] = list(outputs[0][0]);
        later[2] = list(outputs[0][1], outputs[0][2]);
        later[3] = list(outputs[0][0], outputs[0][1], outputs[0][2]);
        for (uint256 i; i < later.length; ++i) {
            refuse(later[i], decided);
        }
        assertTrue(!coprocessor.isReleaseAllowed(outputs[0][0]), "the first stays encrypted");
        assertTrue(!coprocessor.isReleaseAllowed(outputs[0][2]), "and so does the last");
    }

    function test_NothingIsNoRelease() external {
        refuse(new bytes32[](0), abi.encodeWithSelector(ICoprocessor.NothingReleased.selector));
        // It decides nothing, either.
        coprocessor.allowRelease(list(outputs[0][0]));
    }

    function test_OutputsOfTwoRequests() external {
        bytes memory other = abi.encodeWithSelector(
            ICoprocessor.ReleaseOfAnotherRequest.selector, outputs[1][2], requests[1], requests[0]
        );
        refuse(list(outputs[0][0], outputs[1][2]), other);
        // Nor those of one that is decided behind those of one that is not.
        coprocessor.allowRelease(list(outputs[1][0]));
        refuse(list(outputs[0][0], outputs[1][2]), other);
        assertTrue(!coprocessor.isReleaseAllowed(outputs[0][0]), "nothing is recorded");
        assertTrue(!coprocessor.isReleaseAllowed(outputs[1][2]), "of either");
    }

    function test_OutputsStandInTheirOrder() external {
        bytes memory second = abi.encodeWithSelector(ICoprocessor.ReleaseOrder.selector, 1);
        refuse(list(outputs[0][1], outputs[0][0]), second);
        refuse(list(outputs[0][2], outputs[0][1]), second);
        // None stands twice.
        refuse(list(outputs[0][0], outputs[0][0]), second);
        bytes memory third = abi.encodeWithSelector(ICoprocessor.ReleaseOrder.selector, 2);
        refuse(list(outputs[0][0], outputs[0][2], outputs[0][1]), third);
        refuse(list(outputs[0][0], outputs[0][1], outputs[0][1]), third);
        assertTrue(!coprocessor.isReleaseAllowed(outputs[0][0]), "nothing is recorded");
        coprocessor.allowRelease(list(outputs[0][0], outputs[0][1]));
    }

    /// Nobody else decides in the consumer's place, so as to leave out what he wants.
    function test_ByAStranger() external {
        bytes memory stranger =
            abi.encodeWithSelector(ICoprocessor.NotConsumer.selector, outputs[0][0], STRANGER, address(this));
        vm.prank(STRANGER);
        refuse(list(outputs[0][0]), stranger);
        coprocessor.allowRelease(list(outputs[0][0]));
    }

    /// The first one's owner does not speak for the others.
    function test_AValueThatIsNotTheCallers() external {
        bytes32 foreign = coprocessor.registerCiphertext(STRANGER, key, 0, NIBBLES, 3, point(30));
        bytes memory stranger =
            abi.encodeWithSelector(ICoprocessor.NotConsumer.selector, foreign, address(this), STRANGER);
        refuse(list(outputs[0][0], foreign), stranger);
    }

    function test_WhatIsNoOutput() external {
        bytes memory notProven = abi.encodeWithSelector(ICoprocessor.NotProven.selector, inputs()[0]);
        refuse(list(inputs()[0]), notProven);
        refuse(list(outputs[0][0], inputs()[0]), notProven);
        bytes32 unknown = handleOf(point(12), ENTRY, originOfOutput(requests[0], 0, 3));
        bytes memory nothing = abi.encodeWithSelector(ICoprocessor.UnknownHandle.selector, unknown);
        refuse(list(unknown), nothing);
        refuse(list(outputs[0][0], unknown), nothing);
        assertTrue(!coprocessor.isReleaseAllowed(outputs[0][0]), "nothing is recorded");
    }

    /// The record of the request keeps its other parts.
    function test_TheRequestStaysAsItIs() external {
        bytes32 before = keccak256(abi.encode(coprocessor.requestRecord(requests[0])));
        coprocessor.allowRelease(list(outputs[0][0]));
        assertEq(keccak256(abi.encode(coprocessor.requestRecord(requests[0]))), before);
    }

    /// After any call either nothing is allowed, or an ascending, duplicate-free set of one request's outputs.
    function testFuzz_OneDecision(uint8[4] calldata picks, uint8 count) external {
        bytes32[] memory named = new bytes32[](count % 5);
        bool ascending = named.length != 0;
        for (uint256 i; i < named.length; ++i) {
            named[i] = outputs[(picks[i] / OUTPUTS) % 2][picks[i] % OUTPUTS];
            if (i == 0) continue;
            bool sameRequest = (picks[i] / OUTPUTS) % 2 == (picks[i - 1] / OUTPUTS) % 2;
            ascending = ascending && sameRequest && picks[i] % OUTPUTS > picks[i - 1] % OUTPUTS;
        }
        bool accepted;
        try coprocessor.allowRelease(named) {
            accepted = true;
        } catch {}
        assertTrue(accepted == ascending, "taken exactly if ascending");
        uint256 allowed;
        for (uint256 i; i < 2 * OUTPUTS; ++i) {
            if (coprocessor.isReleaseAllowed(outputs[i / OUTPUTS][i % OUTPUTS])) ++allowed;
        }
        assertEq(allowed, accepted ? named.length : 0);
    }

    function refuse(bytes32[] memory named, bytes memory revertData) private {
        vm.expectRevert(revertData);
        coprocessor.allowRelease(named);
    }

    function list(bytes32 a) private pure returns (bytes32[] memory named) {
        named = new bytes32[](1);
        named[0] = a;
    }

    function list(bytes32 a, bytes32 b) private pure returns (bytes32[] memory named) {
        named = new bytes32[](2);
        (named[0], named[1]) = (a, b);
    }

    function list(bytes32 a, bytes32 b, bytes32 c) private pure returns (bytes32[] memory named) {
        named = new bytes32[](3);
        (named[0], named[1], named[2]) = (a, b, c);
    }

    function inputs() private view returns (bytes32[] memory handles) {
        handles = new bytes32[](2);
        for (uint256 i; i < 2; ++i) {
            handles[i] = handleOf(point(1 + i), ENTRY, originOfInput());
        }
    }

    function publicValues(uint256 r) private view returns (bytes memory) {
        Stated[] memory jobs = new Stated[](1);
        (jobs[0].requestId, jobs[0].circuitId, jobs[0].claim) = (requests[r], keccak256(TEXT), claim());
        (jobs[0].words, jobs[0].inputs, jobs[0].outputs) = (words(), inputs(), new bytes32[](OUTPUTS));
        for (uint256 i; i < OUTPUTS; ++i) {
            jobs[0].outputs[i] = outputs[r][i];
        }
        (jobs[0].inputPoints, jobs[0].outputPoints) = (points(1, 2), points(9, OUTPUTS));
        return publicValues(jobs, points(1, KEY_POINTS));
    }

    function words() private pure returns (uint256[] memory) {
        return ProgramSpelling.words(BOOTSTRAPPINGS, 2, 3 * uint256(OUTPUTS), 0);
    }

    function claim() private pure returns (ICoprocessor.CircuitClaim memory made) {
        made.program = ProgramSpelling.digest(words());
        (made.bootstrappings, made.inputs, made.outputs) = (BOOTSTRAPPINGS, 2, OUTPUTS);
        for (uint256 i; i < 2 + uint256(OUTPUTS); ++i) {
            put(made.layouts, i, ENTRY);
        }
    }
}
