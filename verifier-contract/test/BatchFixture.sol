// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "../src/ICoprocessor.sol";
import {ProgramSpelling} from "./ProgramSpelling.sol";
import {SegmentFixture} from "./SegmentFixture.sol";

/// @title Circuits of one proof each over the inputs of `SegmentFixture`, for proofs of several jobs.
abstract contract BatchFixture is SegmentFixture {
    uint256 internal constant CIRCUITS = 3;
    /// A circuit with the sizes of the first and another program.
    uint256 internal constant TWIN = 3;

    bytes32[4] internal references;

    constructor() {
        registerInputs();
        for (uint256 which; which < references.length; ++which) {
            references[which] = coprocessor.registerCircuit(text(which), circuitClaim(which));
        }
    }

    function text(uint256 which) internal pure returns (bytes memory) {
        return abi.encode("circuit", which);
    }

    /// The first two inputs, one output; the second input, two outputs; the input under the casting key and the first, one.
    function inputsOf(uint256 which) internal pure returns (uint256[] memory list) {
        list = new uint256[](which == 1 ? 1 : 2);
        if (which == 1) list[0] = 1;
        else (list[0], list[1]) = which == 2 ? (uint256(2), uint256(0)) : (uint256(0), uint256(1));
    }

    function circuitClaim(uint256 which) internal pure returns (ICoprocessor.CircuitClaim memory made) {
        uint256[3] memory declared = [INPUT_0, INPUT_1, INPUT_2];
        uint256[] memory inputs = inputsOf(which);
        made.program = ProgramSpelling.digest(circuitWords(which));
        made.bootstrappings = [3, 5, 2, 3][which];
        (made.inputs, made.outputs) = (uint8(inputs.length), which == 1 ? 2 : 1);
        for (uint256 i; i < inputs.length; ++i) {
            put(made.layouts, i, declared[inputs[i]]);
        }
        put(made.layouts, inputs.length, OUTPUT_0);
        if (which == 1) put(made.layouts, 2, OUTPUT_1);
    }

    function circuitWords(uint256 which) internal pure returns (uint256[] memory) {
        uint256 bootstrappings = [uint256(3), 5, 2, 3][which];
        return ProgramSpelling.words(bootstrappings, inputsOf(which).length, which == 1 ? 7 : 4, 10 + which);
    }

    function askFor(uint256 which) internal returns (bytes32) {
        uint256[] memory inputs = inputsOf(which);
        bytes32[] memory handles = new bytes32[](inputs.length);
        for (uint256 i; i < inputs.length; ++i) {
            handles[i] = inputHandles()[inputs[i]];
        }
        return coprocessor.request(references[which], key, handles);
    }

    /// What an honest prover sends for a request, with outputs from this point on.
    function honestCircuit(bytes32 requestId, uint256 which, uint256 firstPoint)
        internal
        view
        returns (ICoprocessor.JobProof memory p)
    {
        uint256[] memory inputs = inputsOf(which);
        (p.requestId, p.words) = (requestId, circuitWords(which));
        p.outputPoints = points(firstPoint, which == 1 ? 2 : 1);
        p.inputPoints = new uint256[2][](inputs.length);
        for (uint256 i; i < inputs.length; ++i) {
            p.inputPoints[i] = point(1 + inputs[i]);
        }
    }

    function statedCircuit(ICoprocessor.JobProof memory p, uint256 which)
        internal
        view
        returns (Stated memory job)
    {
        (job.requestId, job.circuitId, job.claim) = (p.requestId, keccak256(text(which)), circuitClaim(which));
        (job.words, job.inputPoints, job.outputPoints) = (p.words, p.inputPoints, p.outputPoints);
        uint256[] memory inputs = inputsOf(which);
        job.inputs = new bytes32[](inputs.length);
        for (uint256 i; i < inputs.length; ++i) {
            job.inputs[i] = inputHandles()[inputs[i]];
        }
        job.outputs = new bytes32[](p.outputPoints.length);
        for (uint256 i; i < job.outputs.length; ++i) {
            uint256 entry = entryOf(job.claim, inputs.length + i);
            job.outputs[i] = handleOf(p.outputPoints[i], entry, originOfOutput(p.requestId, 0, i));
        }
    }

    /// Asks for the first circuits.
    function askForAll(uint256 count)
        internal
        returns (ICoprocessor.JobProof[] memory jobs, Stated[] memory stated_)
    {
        (jobs, stated_) = (new ICoprocessor.JobProof[](count), new Stated[](count));
        for (uint256 j; j < count; ++j) {
            jobs[j] = honestCircuit(askFor(j), j, 30 + 4 * j);
            stated_[j] = statedCircuit(jobs[j], j);
        }
    }

    function expectBatch(Stated[] memory jobs) internal {
        verifier.expect(publicValues(jobs, points(1, KEY_POINTS)), proof);
    }

    function sendBatch(ICoprocessor.JobProof[] memory jobs) internal {
        coprocessor.fulfilJobs(jobs, points(1, KEY_POINTS), proof);
    }

    function refuseBatch(ICoprocessor.JobProof[] memory jobs, bytes memory revertData) internal {
        vm.expectRevert(revertData);
        sendBatch(jobs);
    }

    function isOpen(bytes32 requestId) internal view returns (bool) {
        return coprocessor.requestRecord(requestId).state == ICoprocessor.RequestState.Requested;
    }
}
