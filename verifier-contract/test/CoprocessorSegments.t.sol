// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Coprocessor} from "../src/Coprocessor.sol";
import {ICoprocessor} from "../src/ICoprocessor.sol";
import {IReleaseVerifier} from "../src/IReleaseVerifier.sol";
import {IVerifierGateway} from "../src/IVerifierGateway.sol";
import {ExpectingVerifier} from "./Coprocessor.t.sol";
import {SegmentFixture} from "./SegmentFixture.sol";

/// @title The rules of proving segments, each with the attack that it stops.
contract CoprocessorSegmentsTest is SegmentFixture {
    constructor() {
        registerInputs();
    }

    function test_TheLastOfThreeSegmentsFulfils() external {
        bytes32 requestId = ask();
        // The salt is that of the request's block.
        bytes[SEGMENTS] memory values;
        for (uint256 s; s < SEGMENTS; ++s) {
            values[s] = publicValues(honest(requestId, s, 0));
        }
        for (uint256 s; s < SEGMENTS; ++s) {
            vm.roll(8 + s);
            assertEq(coprocessor.provenSegment(requestId, s), 0);
            assertTrue(
                coprocessor.requestRecord(requestId).state == ICoprocessor.RequestState.Requested, "open"
            );
            verifier.expect(values[s], proof);
            send(honest(requestId, s, 0));
        }
        ICoprocessor.RequestRecord memory asked = coprocessor.requestRecord(requestId);
        assertTrue(asked.state == ICoprocessor.RequestState.Fulfilled && asked.fulfilledAt == 10, "fulfilled");

        bytes32[] memory outputs = outputHandles(honest(requestId, LAST, 0));
        for (uint256 i; i < outputs.length; ++i) {
            ICoprocessor.HandleRecord memory value = coprocessor.handleRecord(outputs[i]);
            assertTrue(value.state == ICoprocessor.HandleState.Proven, "proven");
            assertTrue(value.consumer == address(this) && value.registrant == address(0), "consumer");
            assertEq(value.requestId, requestId);
            assertEq(value.index, i);
            assertEq(value.keyDigest, key);
            assertEq(
                uint256(value.valueType) | uint256(value.keyKind) << 6 | uint256(value.blocks - 1) << 8,
                i == 0 ? OUTPUT_0 : OUTPUT_1
            );
        }
        coprocessor.allowRelease(outputs);
        for (uint256 s; s < SEGMENTS; ++s) {
            ICoprocessor.JobProof memory again = honest(requestId, s, 0);
            vm.expectRevert(abi.encodeWithSelector(ICoprocessor.AlreadyFulfilled.selector, requestId));
            send(again);
        }
    }

    function test_EventsNameLinksAndOutputs() external {
        bytes32 requestId = ask();
        for (uint256 s; s < SEGMENTS; ++s) {
            ICoprocessor.JobProof memory p = honest(requestId, s, 0);
            verifier.expect(publicValues(p), proof);
            vm.expectEmit();
            if (s == LAST) {
                emit ICoprocessor.Fulfilled(
                    requestId, address(this), address(this), outputHandles(p), p.outputPoints
                );
            } else {
                emit ICoprocessor.SegmentProven(requestId, s, address(this), outputHandles(p), p.outputPoints);
            }
            send(p);
            bytes32[] memory digests = digestsOf(p.outputPoints);
            assertEq(coprocessor.provenSegment(requestId, s), keccak256(abi.encodePacked(digests)));
        }
    }

    function test_ALinkIsNoValue() external {
        bytes32 requestId = ask();
        prove(requestId, 0, 0);
        bytes32[] memory inputs = inputHandles();
        inputs[0] = outputHandles(honest(requestId, 0, 0))[0];
        bytes memory unknown = abi.encodeWithSelector(ICoprocessor.UnknownHandle.selector, inputs[0]);
        vm.expectRevert(unknown);
        coprocessor.handleRecord(inputs[0]);
        bytes32[] memory links = new bytes32[](1);
        links[0] = inputs[0];
        vm.expectRevert(unknown);
        coprocessor.allowRelease(links);
        vm.expectRevert(unknown);
        coprocessor.request(programRef, key, inputs);
        assertTrue(!coprocessor.isReleaseAllowed(inputs[0]), "not released");
    }

    function test_TheLastSegmentBeforeTheOthers() external {
        bytes32 requestId = ask();
        ICoprocessor.JobProof memory p = honest(requestId, LAST, 0);
        refuse(p, abi.encodeWithSelector(ICoprocessor.SegmentNotProven.selector, requestId, 0));
        p.links = new bytes32[][](LAST);
        refuse(p, abi.encodeWithSelector(ICoprocessor.LinksMissing.selector, 1, 0));
    }

    function test_ASegmentLeftOut() external {
        bytes32 requestId = ask();
        prove(requestId, 0, 0);
        ICoprocessor.JobProof memory p = honest(requestId, LAST, 0);
        refuse(p, abi.encodeWithSelector(ICoprocessor.SegmentNotProven.selector, requestId, 1));
        p.links[1] = new bytes32[](0);
        refuse(p, abi.encodeWithSelector(ICoprocessor.LinksMissing.selector, 2, 1));
    }

    function test_ASegmentTwice() external {
        bytes32 requestId = ask();
        prove(requestId, 0, 0);
        bytes memory twice = abi.encodeWithSelector(ICoprocessor.SegmentAlreadyProven.selector, requestId, 0);
        refuse(honest(requestId, 0, 0), twice);
        // With other links it would replace what later segments read.
        refuse(honest(requestId, 0, 20), twice);
        prove(requestId, 1, 0);
        prove(requestId, LAST, 0);
    }

    function test_ALinksPointReplaced() external {
        bytes32 requestId = ask();
        prove(requestId, 0, 0);
        ICoprocessor.JobProof memory p = honest(requestId, 1, 0);
        p.inputPoints[1] = point(60);
        bytes32 digest = commitmentDigest(point(60));
        bytes32 proven = p.links[0][1];
        refuse(p, abi.encodeWithSelector(ICoprocessor.InputPointMismatch.selector, 1, digest, proven));
        p.links[0][1] = digest;
        refuse(p, linksMismatch(p.links[0], digestsOf(points(10, 2))));
        // Nor in the place of another link, nor with one more.
        p.links[0] = digestsOf(points(10, 3));
        p.inputPoints[1] = point(11);
        refuse(p, linksMismatch(p.links[0], digestsOf(points(10, 2))));
        (p.links[0][0], p.links[0][1]) = (p.links[0][1], p.links[0][0]);
        p.inputPoints[1] = point(10);
        refuse(p, linksMismatch(p.links[0], digestsOf(points(10, 2))));
    }

    function test_LinksOfAnotherRequest() external {
        (bytes32 first, bytes32 second) = (ask(), ask());
        prove(first, 0, 0);
        ICoprocessor.JobProof memory p = honest(second, 1, 0);
        refuse(p, abi.encodeWithSelector(ICoprocessor.SegmentNotProven.selector, second, 0));
        prove(second, 0, 20);
        refuse(p, linksMismatch(p.links[0], digestsOf(points(30, 2))));
        prove(second, 1, 20);
        // A link that both proved is another handle in each.
        ICoprocessor.JobProof memory own = honest(first, 1, 0);
        bytes memory others = publicValues(own);
        own.requestId = second;
        assertTrue(keccak256(others) != keccak256(publicValues(own)), "another statement");
    }

    function test_APointOfAnotherInput() external {
        bytes32 requestId = ask();
        ICoprocessor.JobProof memory p = honest(requestId, 0, 0);
        p.inputPoints[0] = point(2);
        (bytes32 got, bytes32 expected) = (commitmentDigest(point(2)), commitmentDigest(point(1)));
        refuse(p, abi.encodeWithSelector(ICoprocessor.InputPointMismatch.selector, 0, got, expected));
    }

    function test_InputsOfAnotherRequest() external {
        bytes32 requestId = ask();
        bytes32 expected = keccak256(abi.encodePacked(inputHandles()));
        for (uint256 change; change < 3; ++change) {
            ICoprocessor.JobProof memory p = honest(requestId, 0, 0);
            if (change == 0) {
                (p.requestInputs[0], p.requestInputs[1]) = (p.requestInputs[1], p.requestInputs[0]);
            }
            if (change == 1) p.requestInputs[2] = bytes32(0);
            if (change == 2) p.requestInputs = new bytes32[](4);
            bytes32 got = keccak256(abi.encodePacked(p.requestInputs));
            refuse(p, abi.encodeWithSelector(ICoprocessor.RequestInputsMismatch.selector, got, expected));
        }
    }

    /// Every part of a claim is under its digest.
    function test_ClaimsOfOtherSegments() external {
        bytes32 requestId = ask();
        bytes32 expected = keccak256(abi.encode(claims()[0]));
        for (uint256 change; change < 8; ++change) {
            ICoprocessor.JobProof memory p = honest(requestId, 0, 0);
            if (change == 0) p.claim = claims()[1];
            if (change == 1) p.claim.circuitId = ~p.claim.circuitId;
            if (change == 2) p.claim.claim.program = ~p.claim.claim.program;
            if (change == 3) p.claim.claim.layouts[5] = 1;
            if (change == 4) p.claim.claim.bootstrappings = 0;
            if (change == 5) p.claim.claim.inputs = 1;
            if (change == 6) p.claim.claim.outputs = 1;
            if (change == 7) p.claim.sources[0] = 1;
            bytes32 got = keccak256(abi.encode(p.claim));
            vm.expectRevert(
                abi.encodeWithSelector(ICoprocessor.SegmentClaimMismatch.selector, 0, got, expected)
            );
            send(p);
        }
    }

    function test_SegmentsThatTheProgramHasNot() external {
        ICoprocessor.JobProof memory p = honest(ask(), 0, 0);
        uint256[2] memory unknown = [SEGMENTS, type(uint256).max];
        for (uint256 i; i < 2; ++i) {
            p.segment = unknown[i];
            refuse(p, abi.encodeWithSelector(ICoprocessor.UnknownSegment.selector, unknown[i], SEGMENTS));
        }
        // A segment under another's number has another claim.
        (p.segment, p.links) = (1, new bytes32[][](1));
        (bytes32 got, bytes32 expected) = (keccak256(abi.encode(p.claim)), keccak256(abi.encode(claims()[1])));
        refuse(p, abi.encodeWithSelector(ICoprocessor.SegmentClaimMismatch.selector, 1, got, expected));
    }

    function test_CountsOfLinksAndPoints() external {
        bytes32 requestId = ask();
        ICoprocessor.JobProof memory p = honest(requestId, 0, 0);
        p.links = new bytes32[][](1);
        refuse(p, abi.encodeWithSelector(ICoprocessor.LinkListCount.selector, 1, 0));
        p = honest(requestId, 1, 0);
        p.links = new bytes32[][](0);
        refuse(p, abi.encodeWithSelector(ICoprocessor.LinkListCount.selector, 0, 1));
        for (uint256 count = 1; count < 4; count += 2) {
            p = honest(requestId, 0, 0);
            p.outputPoints = points(10, count);
            bytes memory counts = abi.encodeWithSelector(ICoprocessor.OutputCount.selector, count, 2);
            vm.expectRevert(counts);
            send(p);
            p = honest(requestId, 0, 0);
            p.inputPoints = points(1, count);
            vm.expectRevert(abi.encodeWithSelector(ICoprocessor.InputCount.selector, count, 2));
            send(p);
        }
        p = honest(requestId, 0, 0);
        p.outputPoints[1] = [uint256(1), 3];
        refuse(p, abi.encodeWithSelector(ICoprocessor.InvalidCommitment.selector, 1, 3));
        p.outputPoints[1] = [uint256(0), 0];
        refuse(p, abi.encodeWithSelector(ICoprocessor.InvalidCommitment.selector, 0, 0));
    }

    function test_AnotherKey() external {
        ICoprocessor.JobProof[] memory jobs = alone(honest(ask(), 0, 0));
        uint256[2][] memory keys = points(2, KEY_POINTS);
        bytes32 other = keyDigest(keys);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.KeyPointsMismatch.selector, other, key));
        coprocessor.fulfilJobs(jobs, keys, proof);
        keys = points(1, KEY_POINTS - 1);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.KeyPointCount.selector, 15, KEY_POINTS));
        coprocessor.fulfilJobs(jobs, keys, proof);
    }

    /// A segment whose inputs are not under the casting key needs none.
    function test_WithoutACastingKey() external {
        uint256[2][] memory keys = points(1, KEY_POINTS);
        for (uint256 i = 12; i < KEY_POINTS; ++i) {
            keys[i] = [uint256(0), 0];
        }
        key = keyDigest(keys);
        registerCommitted(key);
        registerInputs();
        bytes32 requestId = ask();
        for (uint256 s; s < SEGMENTS; ++s) {
            Stated[] memory jobs = new Stated[](1);
            jobs[0] = stated(honest(requestId, s, 0));
            verifier.expect(publicValues(jobs, keys), proof);
            ICoprocessor.JobProof[] memory sent = alone(honest(requestId, s, 0));
            if (s == LAST) vm.expectRevert(abi.encodeWithSelector(ICoprocessor.NoCastingKey.selector, 0, 0));
            coprocessor.fulfilJobs(sent, keys, proof);
        }
    }

    function test_ARejectedProofRecordsNothing() external {
        bytes32 requestId = ask();
        ICoprocessor.JobProof memory p = honest(requestId, 0, 0);
        vm.expectPartialRevert(ExpectingVerifier.Rejected.selector);
        send(p);
        assertEq(coprocessor.provenSegment(requestId, 0), 0);
        ICoprocessor.JobProof[] memory jobs = alone(p);
        uint256[2][] memory keys = points(1, KEY_POINTS);
        vm.expectRevert(abi.encodeWithSelector(IVerifierGateway.UnknownVerifier.selector, bytes4("othe")));
        coprocessor.fulfilJobs(jobs, keys, "other");
    }

    function test_ProgramsOfAnotherKind() external {
        bytes4 selector = ICoprocessor.ProgramKindMismatch.selector;
        (
            ICoprocessor.ProgramKind linear,
            ICoprocessor.ProgramKind circuit,
            ICoprocessor.ProgramKind segmented
        ) = (
            ICoprocessor.ProgramKind.Linear,
            ICoprocessor.ProgramKind.Circuit,
            ICoprocessor.ProgramKind.Segmented
        );
        bytes32 requestId = ask();
        vm.expectRevert(abi.encodeWithSelector(selector, programRef, segmented, linear));
        coprocessor.fulfil(requestId, points(9, 2), points(1, 3), proof);
        vm.expectRevert(abi.encodeWithSelector(selector, programRef, segmented, circuit));
        coprocessor.fulfilCircuit(
            requestId, points(1, KEY_POINTS), points(9, 2), points(1, 3), new uint256[](0), proof
        );

        bytes32[] memory inputs = new bytes32[](2);
        (inputs[0], inputs[1]) = (inputHandles()[0], inputHandles()[1]);
        bytes32 whole = coprocessor.registerCircuit(TEXT, claims()[0].claim);
        ICoprocessor.JobProof memory p = honest(coprocessor.request(whole, key, inputs), 1, 0);
        refuse(p, abi.encodeWithSelector(ICoprocessor.UnknownSegment.selector, 1, 1));
        p.requestId = bytes32(uint256(1));
        refuse(p, abi.encodeWithSelector(ICoprocessor.UnknownRequest.selector, p.requestId));
    }

    function test_RequestsAreCheckedAgainstTheInputs() external {
        bytes32[] memory inputs = inputHandles();
        (inputs[0], inputs[1]) = (inputs[1], inputs[0]);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.LayoutMismatch.selector, 0, INPUT_1, INPUT_0));
        coprocessor.request(programRef, key, inputs);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.InputCount.selector, 2, 3));
        coprocessor.request(programRef, key, new bytes32[](2));
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.UnknownKey.selector, bytes32(0)));
        coprocessor.request(programRef, 0, inputs);

        (bytes32 ofBytes, bytes32 committed) = (coprocessor.KEY_SCHEME(), coprocessor.COMMITTED_KEY_SCHEME());
        coprocessor.registerKey(bytes32(uint256(1)), ofBytes);
        vm.expectRevert(
            abi.encodeWithSelector(ICoprocessor.KeySchemeMissing.selector, bytes32(uint256(1)), committed)
        );
        coprocessor.request(programRef, bytes32(uint256(1)), inputs);

        Coprocessor alone =
            new Coprocessor(verifier, IVerifierGateway(address(0)), IReleaseVerifier(address(0)));
        alone.registerKey(key, ofBytes);
        bytes32 known = alone.registerSegments(TEXT, inputLayouts(), INPUTS, claims());
        vm.expectRevert(ICoprocessor.NoGateway.selector);
        alone.request(known, key, inputs);
    }

    /// Whatever the calldata, nothing is recorded without the verifier's consent.
    function testFuzz_HostileFulfilments(ICoprocessor.JobProof memory p, bool honestClaim) external {
        p.requestId = ask();
        prove(p.requestId, 0, 0);
        p.segment = bound(p.segment, 0, SEGMENTS);
        if (honestClaim && p.segment < SEGMENTS) {
            ICoprocessor.JobProof memory like = honest(p.requestId, p.segment, 0);
            (p.claim, p.requestInputs) = (like.claim, like.requestInputs);
            if (p.links.length & 1 == 0) p.links = like.links;
        }
        bytes memory call = abi.encodeCall(coprocessor.fulfilJobs, (alone(p), points(1, KEY_POINTS), proof));
        uint256 before = gasleft();
        (bool taken,) = address(coprocessor).call{gas: 5_000_000}(call);
        assertAtMost(before - gasleft(), 1_000_000);
        assertTrue(!taken, "accepted");
        assertEq(coprocessor.provenSegment(p.requestId, 1), 0);
    }

    function linksMismatch(bytes32[] memory got, bytes32[] memory expected)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            ICoprocessor.LinksMismatch.selector,
            0,
            keccak256(abi.encodePacked(got)),
            keccak256(abi.encodePacked(expected))
        );
    }
}
