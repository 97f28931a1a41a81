// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "../src/ICoprocessor.sol";
import {BatchFixture} from "./BatchFixture.sol";
import {ExpectingVerifier} from "./Coprocessor.t.sol";
import {ProgramSpelling} from "./ProgramSpelling.sol";

/// @title The rules of proofs of several jobs, each with the attack that it stops.
contract CoprocessorBatchesTest is BatchFixture {
    function test_TwoJobsAndThree() external {
        for (uint256 count = 2; count <= CIRCUITS; ++count) {
            (ICoprocessor.JobProof[] memory jobs, Stated[] memory stated_) = askForAll(count);
            expectBatch(stated_);
            for (uint256 j; j < count; ++j) {
                vm.expectEmit();
                emit ICoprocessor.Fulfilled(
                    jobs[j].requestId, address(this), address(this), stated_[j].outputs, jobs[j].outputPoints
                );
            }
            sendBatch(jobs);
            for (uint256 j; j < count; ++j) {
                assertTrue(!isOpen(jobs[j].requestId), "fulfilled");
                checkOutputs(stated_[j]);
            }
        }
    }

    /// A batch of one is the same statement as `fulfilCircuit` proves.
    function test_OneJob() external {
        (ICoprocessor.JobProof[] memory jobs, Stated[] memory stated_) = askForAll(1);
        expectBatch(stated_);
        sendBatch(jobs);
        checkOutputs(stated_[0]);
        (jobs, stated_) = askForAll(1);
        expectBatch(stated_);
        fulfilAlone(jobs[0]);
        checkOutputs(stated_[0]);
    }

    /// A segment beside a circuit, and the last one, which fulfils its request.
    function test_SegmentsBesideCircuits() external {
        bytes32 segmented = ask();
        for (uint256 s; s < SEGMENTS; ++s) {
            ICoprocessor.JobProof[] memory jobs = new ICoprocessor.JobProof[](2);
            Stated[] memory stated_ = new Stated[](2);
            (uint256 own, uint256 other) = (s % 2, 1 - s % 2);
            jobs[own] = honest(segmented, s, 0);
            jobs[other] = honestCircuit(askFor(s), s, 30 + 2 * s);
            (stated_[own], stated_[other]) = (stated(jobs[own]), statedCircuit(jobs[other], s));
            expectBatch(stated_);
            sendBatch(jobs);
            bytes32[] memory digests = digestsOf(jobs[own].outputPoints);
            assertEq(coprocessor.provenSegment(segmented, s), keccak256(abi.encodePacked(digests)));
            assertTrue(isOpen(segmented) == (s != LAST), "after the last segment");
            checkOutputs(stated_[other]);
        }
    }

    /// Segments of two requests, of which none reads the other.
    function test_SegmentsOfTwoRequests() external {
        ICoprocessor.JobProof[] memory jobs = new ICoprocessor.JobProof[](2);
        Stated[] memory stated_ = new Stated[](2);
        (bytes32 first, bytes32 second) = (ask(), ask());
        prove(second, 0, 20);
        (jobs[0], jobs[1]) = (honest(first, 0, 0), honest(second, 1, 20));
        (stated_[0], stated_[1]) = (stated(jobs[0]), stated(jobs[1]));
        expectBatch(stated_);
        sendBatch(jobs);
        assertTrue(coprocessor.provenSegment(first, 0) != 0, "first");
        assertTrue(coprocessor.provenSegment(second, 1) != 0, "second");
    }

    /// Beside what the verifier needs: one job of 3 bootstrappings, 2 inputs, 1 output; the same and one of 5, 1, 2.
    function test_GasOfTheContractsOwnPart() external {
        uint256[2] memory ceilings = [uint256(160_000), 350_000];
        for (uint256 count = 1; count < 3; ++count) {
            (ICoprocessor.JobProof[] memory jobs, Stated[] memory stated_) = askForAll(count);
            expectBatch(stated_);
            uint256[2][] memory keys = points(1, KEY_POINTS);
            bytes memory call = count == 1
                ? abi.encodeCall(
                    coprocessor.fulfilCircuit,
                    (jobs[0].requestId, keys, jobs[0].outputPoints, jobs[0].inputPoints, jobs[0].words, proof)
                )
                : abi.encodeCall(coprocessor.fulfilJobs, (jobs, keys, proof));
            uint256 before = gasleft();
            (bool taken,) = address(coprocessor).call(call);
            assertAtMost(before - gasleft(), ceilings[count - 1]);
            assertTrue(taken, "taken");
        }
    }

    function test_NoJob() external {
        refuseBatch(new ICoprocessor.JobProof[](0), abi.encodeWithSelector(ICoprocessor.NoJob.selector));
    }

    function test_ARejectedProofRecordsNothing() external {
        (ICoprocessor.JobProof[] memory jobs,) = askForAll(2);
        reject(jobs);
        assertTrue(isOpen(jobs[0].requestId) && isOpen(jobs[1].requestId), "open");
    }

    /// Two requests for one circuit whose outputs, or whole places, are exchanged.
    function test_OutputsAndOrderAreBound() external {
        ICoprocessor.JobProof[] memory jobs = twins(0);
        Stated[] memory stated_ = statedTwins(jobs, 0);
        expectBatch(stated_);
        (jobs[0].outputPoints, jobs[1].outputPoints) = (jobs[1].outputPoints, jobs[0].outputPoints);
        reject(jobs);
        (jobs[0].outputPoints, jobs[1].outputPoints) = (jobs[1].outputPoints, jobs[0].outputPoints);
        (jobs[0], jobs[1]) = (jobs[1], jobs[0]);
        reject(jobs);
        // One of the two alone is not what was proven.
        reject(alone(jobs[0]));
        (jobs[0], jobs[1]) = (jobs[1], jobs[0]);
        sendBatch(jobs);
    }

    function test_InputsOfTheOtherJob() external {
        (ICoprocessor.JobProof[] memory jobs,) = askForAll(3);
        (jobs[0].inputPoints, jobs[2].inputPoints) = (jobs[2].inputPoints, jobs[0].inputPoints);
        refuseBatch(
            jobs,
            abi.encodeWithSelector(
                ICoprocessor.InputPointsMismatch.selector,
                keccak256(abi.encodePacked(digestsOf(jobs[0].inputPoints))),
                keccak256(abi.encodePacked(digestsOf(points(1, 2))))
            )
        );
    }

    function test_WordsOfTheOtherJob() external {
        ICoprocessor.JobProof[] memory jobs = twins(TWIN);
        expectBatch(statedTwins(jobs, TWIN));
        (bytes32 first, bytes32 second) = (circuitClaim(0).program, circuitClaim(TWIN).program);
        assertTrue(first != second, "two programs of one size");
        (jobs[0].words, jobs[1].words) = (jobs[1].words, jobs[0].words);
        bytes4 mismatch = ICoprocessor.ProgramWordsMismatch.selector;
        refuseBatch(jobs, abi.encodeWithSelector(mismatch, 0, second, first));
        // One program twice.
        jobs[0].words = circuitWords(0);
        refuseBatch(jobs, abi.encodeWithSelector(mismatch, 1, first, second));
        jobs[1].words = circuitWords(TWIN);
        sendBatch(jobs);
    }

    /// A registrant may claim any words. Its program names what stands beside it, and is refused wherever it stands.
    function test_AProgramThatReachesANeighbour() external {
        for (uint256 change; change < 3; ++change) {
            uint256[] memory words = circuitWords(0);
            // The second bootstrapping reads a third input; itself; a row reads a fourth bootstrapping.
            uint256 place = change == 2 ? 5 : 1;
            uint256 at = change == 2 ? ProgramSpelling.ROW_TERMS : ProgramSpelling.SLOT_TERMS;
            uint256 source = [uint256(2), 1, 3][change];
            words[place] = ProgramSpelling.withTerm(
                words[place], at, 4, ProgramSpelling.term(129, 0, source, change != 0)
            );
            ICoprocessor.CircuitClaim memory claim = circuitClaim(0);
            claim.program = ProgramSpelling.digest(words);
            references[0] = coprocessor.registerCircuit("reaching", claim);
            for (uint256 j; j < 2; ++j) {
                ICoprocessor.JobProof[] memory jobs = new ICoprocessor.JobProof[](2);
                jobs[j] = honestCircuit(askFor(0), 0, 30);
                jobs[j].words = words;
                jobs[1 - j] = honestCircuit(askFor(1), 1, 34);
                refuseBatch(jobs, abi.encodeWithSelector(ICoprocessor.TermOutsideJob.selector, j, place));
            }
        }
    }

    function test_AJobThatIsFulfilledIsCoveredAndNotRecordedAgain() external {
        for (uint256 done; done < 2; ++done) {
            (ICoprocessor.JobProof[] memory jobs, Stated[] memory stated_) = askForAll(2);
            Stated[] memory first = new Stated[](1);
            first[0] = stated_[done];
            expectBatch(first);
            fulfilAlone(jobs[done]);
            // Its prover had other ciphertexts.
            jobs[done].outputPoints = points(40, jobs[done].outputPoints.length);
            stated_[done] = statedCircuit(jobs[done], done);
            expectBatch(stated_);
            sendBatch(jobs);
            assertTrue(!isOpen(jobs[1 - done].requestId), "fulfilled");
            checkOutputs(first[0]);
            for (uint256 i; i < stated_[done].outputs.length; ++i) {
                bytes32 handle = stated_[done].outputs[i];
                vm.expectRevert(abi.encodeWithSelector(ICoprocessor.UnknownHandle.selector, handle));
                coprocessor.handleRecord(handle);
            }
        }
    }

    function test_ACoveredJobKeepsItsBlock() external {
        (ICoprocessor.JobProof[] memory jobs, Stated[] memory stated_) = askForAll(2);
        bytes memory both = publicValues(stated_, points(1, KEY_POINTS));
        Stated[] memory first = new Stated[](1);
        first[0] = stated_[0];
        expectBatch(first);
        fulfilAlone(jobs[0]);
        vm.roll(8);
        verifier.expect(both, proof);
        sendBatch(jobs);
        assertEq(coprocessor.requestRecord(jobs[0].requestId).fulfilledAt, 7);
        assertEq(coprocessor.requestRecord(jobs[1].requestId).fulfilledAt, 8);
    }

    function test_ASegmentThatIsProvenIsCovered() external {
        bytes32 segmented = ask();
        prove(segmented, 0, 0);
        bytes32 links = coprocessor.provenSegment(segmented, 0);
        ICoprocessor.JobProof[] memory jobs = new ICoprocessor.JobProof[](2);
        Stated[] memory stated_ = new Stated[](2);
        // With other links than those that were proven, which stay.
        (jobs[0], jobs[1]) = (honest(segmented, 0, 20), honestCircuit(askFor(1), 1, 40));
        (stated_[0], stated_[1]) = (stated(jobs[0]), statedCircuit(jobs[1], 1));
        expectBatch(stated_);
        sendBatch(jobs);
        assertEq(coprocessor.provenSegment(segmented, 0), links);
        assertTrue(!isOpen(jobs[1].requestId), "fulfilled");
    }

    function test_NothingIsLeft() external {
        (ICoprocessor.JobProof[] memory jobs, Stated[] memory stated_) = askForAll(2);
        expectBatch(stated_);
        sendBatch(jobs);
        refuseBatch(jobs, abi.encodeWithSelector(ICoprocessor.AlreadyFulfilled.selector, jobs[0].requestId));
        bytes32 segmented = ask();
        prove(segmented, 0, 0);
        jobs[1] = honest(segmented, 0, 0);
        refuseBatch(jobs, abi.encodeWithSelector(ICoprocessor.AlreadyFulfilled.selector, jobs[0].requestId));
        (jobs[0], jobs[1]) = (jobs[1], jobs[0]);
        refuseBatch(jobs, abi.encodeWithSelector(ICoprocessor.SegmentAlreadyProven.selector, segmented, 0));
    }

    /// The points of a job that is only covered are in the statement: they are checked as the others'.
    function test_ACoveredJobIsChecked() external {
        (ICoprocessor.JobProof[] memory jobs, Stated[] memory stated_) = askForAll(2);
        Stated[] memory first = new Stated[](1);
        first[0] = stated_[0];
        expectBatch(first);
        fulfilAlone(jobs[0]);
        jobs[0].outputPoints[0] = [uint256(1), 3];
        refuseBatch(jobs, abi.encodeWithSelector(ICoprocessor.InvalidCommitment.selector, 1, 3));
        jobs[0].outputPoints = points(30, 2);
        refuseBatch(jobs, abi.encodeWithSelector(ICoprocessor.OutputCount.selector, 2, 1));
        jobs[0].outputPoints = points(30, 1);
        jobs[0].inputPoints = points(1, 3);
        refuseBatch(jobs, abi.encodeWithSelector(ICoprocessor.InputCount.selector, 3, 2));
        jobs[0].inputPoints = points(2, 2);
        vm.expectPartialRevert(ICoprocessor.InputPointsMismatch.selector);
        sendBatch(jobs);
        jobs[0].inputPoints = points(1, 2);
        jobs[0].words = circuitWords(TWIN);
        vm.expectPartialRevert(ICoprocessor.ProgramWordsMismatch.selector);
        sendBatch(jobs);
    }

    function test_TheSameJobTwice() external {
        (ICoprocessor.JobProof[] memory jobs,) = askForAll(3);
        jobs[2] = jobs[0];
        refuseBatch(jobs, abi.encodeWithSelector(ICoprocessor.DuplicateJob.selector, 0, 2));
        bytes32 segmented = ask();
        (jobs[1], jobs[2]) = (honest(segmented, 0, 0), honest(segmented, 0, 20));
        refuseBatch(jobs, abi.encodeWithSelector(ICoprocessor.DuplicateJob.selector, 1, 2));
        // Covered or not.
        prove(segmented, 0, 0);
        refuseBatch(jobs, abi.encodeWithSelector(ICoprocessor.DuplicateJob.selector, 1, 2));
    }

    function test_RequestsUnderTwoKeys() external {
        (ICoprocessor.JobProof[] memory jobs,) = askForAll(2);
        bytes32 first = key;
        key = keyDigest(points(2, KEY_POINTS));
        registerCommitted(key);
        registerInputs();
        jobs[1] = honestCircuit(askFor(1), 1, 34);
        refuseBatch(jobs, abi.encodeWithSelector(ICoprocessor.JobKeyMismatch.selector, 1, key, first));
        (jobs[0], jobs[1]) = (jobs[1], jobs[0]);
        refuseBatch(jobs, abi.encodeWithSelector(ICoprocessor.JobKeyMismatch.selector, 1, first, key));
    }

    function test_TheKeysPoints() external {
        (ICoprocessor.JobProof[] memory jobs,) = askForAll(3);
        uint256[2][] memory keys = points(2, KEY_POINTS);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.KeyPointsMismatch.selector, keyDigest(keys), key));
        coprocessor.fulfilJobs(jobs, keys, proof);
        keys = points(1, KEY_POINTS);
        for (uint256 i = 12; i < KEY_POINTS; ++i) {
            keys[i] = [uint256(0), 0];
        }
        key = keyDigest(keys);
        registerCommitted(key);
        registerInputs();
        (jobs,) = askForAll(3);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.NoCastingKey.selector, 2, 0));
        coprocessor.fulfilJobs(jobs, keys, proof);
    }

    /// Links are proven before: a segment waits for the transaction of those that it reads.
    function test_ALinkInsideTheBatch() external {
        bytes32 segmented = ask();
        ICoprocessor.JobProof[] memory jobs = new ICoprocessor.JobProof[](2);
        Stated[] memory stated_ = new Stated[](2);
        for (uint256 j; j < 2; ++j) {
            (jobs[j], jobs[1 - j]) = (honest(segmented, 0, 0), honest(segmented, 1, 0));
            (stated_[0], stated_[1]) = (stated(jobs[0]), stated(jobs[1]));
            expectBatch(stated_);
            refuseBatch(jobs, abi.encodeWithSelector(ICoprocessor.SegmentNotProven.selector, segmented, 0));
        }
    }

    function test_LargerThanAProof() external {
        ICoprocessor.JobProof[] memory jobs = new ICoprocessor.JobProof[](4);
        for (uint256 j; j < 4; ++j) {
            jobs[j] = honestCircuit(askFor(1), 1, 30 + 2 * j);
        }
        refuseBatch(jobs, abi.encodeWithSelector(ICoprocessor.TooManyBootstrappings.selector, 20, 16));
        jobs = new ICoprocessor.JobProof[](2);
        (jobs[0], jobs[1]) = (honest(ask(), 0, 0), honest(ask(), 0, 20));
        refuseBatch(jobs, abi.encodeWithSelector(ICoprocessor.TooManyOutputBlocks.selector, 130, 128));
    }

    function test_RequestsOfOtherKinds() external {
        (ICoprocessor.JobProof[] memory jobs,) = askForAll(2);
        jobs[1].segment = 1;
        refuseBatch(jobs, abi.encodeWithSelector(ICoprocessor.UnknownSegment.selector, 1, 1));
        bytes32 linear = coprocessor.registerProgram("sum", 1, INPUT_0 | 6 << 16, 0, 1, 1);
        bytes32[] memory inputs = new bytes32[](1);
        inputs[0] = inputHandles()[0];
        jobs[1].requestId = coprocessor.request(linear, key, inputs);
        refuseBatch(
            jobs,
            abi.encodeWithSelector(
                ICoprocessor.ProgramKindMismatch.selector,
                linear,
                ICoprocessor.ProgramKind.Linear,
                ICoprocessor.ProgramKind.Circuit
            )
        );
        jobs[1].requestId = bytes32(uint256(1));
        refuseBatch(jobs, abi.encodeWithSelector(ICoprocessor.UnknownRequest.selector, jobs[1].requestId));
    }

    /// Whatever the calldata, nothing is recorded without the verifier's consent.
    function testFuzz_HostileBatches(
        uint256[2][] calldata list,
        uint256[] calldata words,
        uint256 segment,
        uint256 mask
    ) external {
        (ICoprocessor.JobProof[] memory jobs,) = askForAll(2);
        for (uint256 j; j < 2; ++j) {
            uint256 change = mask >> (4 * j);
            if (change & 1 == 1) jobs[j].words = words;
            if (change & 2 == 2) jobs[j].outputPoints = list;
            if (change & 4 == 4) jobs[j].inputPoints = list;
            if (change & 8 == 8) jobs[j].segment = segment;
        }
        bytes memory call = abi.encodeCall(coprocessor.fulfilJobs, (jobs, points(1, KEY_POINTS), proof));
        uint256 before = gasleft();
        (bool taken,) = address(coprocessor).call{gas: 5_000_000}(call);
        assertAtMost(before - gasleft(), 1_000_000);
        assertTrue(!taken, "accepted");
        assertTrue(isOpen(jobs[0].requestId) && isOpen(jobs[1].requestId), "open");
    }

    /// Requests for two circuits of one size.
    function twins(uint256 second) private returns (ICoprocessor.JobProof[] memory jobs) {
        jobs = new ICoprocessor.JobProof[](2);
        jobs[0] = honestCircuit(askFor(0), 0, 30);
        jobs[1] = honestCircuit(askFor(second), second, 34);
    }

    function statedTwins(ICoprocessor.JobProof[] memory jobs, uint256 second)
        private
        view
        returns (Stated[] memory list)
    {
        list = new Stated[](2);
        (list[0], list[1]) = (statedCircuit(jobs[0], 0), statedCircuit(jobs[1], second));
    }

    function fulfilAlone(ICoprocessor.JobProof memory p) private {
        coprocessor.fulfilCircuit(
            p.requestId, points(1, KEY_POINTS), p.outputPoints, p.inputPoints, p.words, proof
        );
    }

    /// The contract's own checks pass, the verifier is shown other values than it expects.
    function reject(ICoprocessor.JobProof[] memory jobs) private {
        vm.expectPartialRevert(ExpectingVerifier.Rejected.selector);
        sendBatch(jobs);
    }

    /// The outputs of a fulfilled job are values of its request.
    function checkOutputs(Stated memory job) private view {
        for (uint256 i; i < job.outputs.length; ++i) {
            ICoprocessor.HandleRecord memory value = coprocessor.handleRecord(job.outputs[i]);
            assertTrue(value.state == ICoprocessor.HandleState.Proven, "proven");
            assertEq(value.requestId, job.requestId);
            assertEq(value.index, i);
            assertEq(value.commitmentDigest, commitmentDigest(job.outputPoints[i]));
        }
    }
}
