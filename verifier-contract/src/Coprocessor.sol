// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BatchComposer} from "./BatchComposer.sol";
import {ICoprocessor} from "./ICoprocessor.sol";
import {IProofVerifier} from "./IProofVerifier.sol";
import {IReleaseVerifier} from "./IReleaseVerifier.sol";
import {IVerifierGateway} from "./IVerifierGateway.sol";
import {ValueLedger} from "./ValueLedger.sol";
import {HandleLib} from "./lib/HandleLib.sol";
import {Layouts} from "./lib/Layouts.sol";
import {PackedPoints} from "./lib/PackedPoints.sol";
import {Segments} from "./lib/Segments.sol";

/// @title Programs, keys, ciphertexts, requests, and the provenance of every value.
/// @notice Holds no ciphertext: a handle names the commitment to one, with everything that decides what it means.
/// A value is either registered for one consumer or proven to be an output of one fulfilled request. Records are
/// written once. Nobody owns this contract; whoever relies on proofs of circuits trusts the owner of the gateway, and the
/// committees of the release verifier not to attest an evaluation key that is not theirs.
contract Coprocessor is ValueLedger {
    /// Verifier of proofs of linear programs, for ever.
    IProofVerifier public immutable verifier;
    bytes32 private immutable verifierHash;
    bytes32 private immutable srsDigest;
    bytes32 private immutable parameterSetId;
    uint8 private immutable classId;
    bytes32 private immutable circuitSrsDigest;
    bytes32 private immutable circuitParameterSetId;

    BatchComposer private immutable composer = new BatchComposer();

    /// A job of a proof of circuits, by the records of its request.
    struct CircuitJob {
        bytes32 requestId;
        uint256 segment;
        /// Neither fulfilled nor proven before: to be recorded.
        bool open;
        bool segmented;
        /// Its outputs are those of the request.
        bool last;
        uint32 key;
        bytes32 digest;
        Outputs outputs;
    }

    /// @param proofVerifier Verifier whose hash, reference string and parameter set every statement about a linear
    /// program names.
    /// @param verifierGateway Finds the verifiers of circuits; the zero address where circuits are not served.
    /// @param releaseContract Knows the committees that attest committed keys; the zero address where circuits are not
    /// served.
    constructor(
        IProofVerifier proofVerifier,
        IVerifierGateway verifierGateway,
        IReleaseVerifier releaseContract
    ) ValueLedger(verifierGateway, releaseContract) {
        verifier = proofVerifier;
        verifierHash = proofVerifier.VERIFIER_HASH();
        srsDigest = proofVerifier.SRS_DIGEST();
        parameterSetId = proofVerifier.PARAMETER_SET_ID();
        classId = proofVerifier.CLASS_ID();
        if (address(verifierGateway) != address(0)) {
            circuitSrsDigest = verifierGateway.SRS_DIGEST();
            circuitParameterSetId = verifierGateway.PARAMETER_SET_ID();
        }
    }

    /// @inheritdoc ICoprocessor
    function fulfil(
        bytes32 requestId,
        uint256[2][] calldata outputPoints,
        uint256[2][] calldata inputPoints,
        bytes calldata proof
    ) external {
        (StoredRequest storage asked, StoredProgram storage program) =
            openRequest(requestId, ProgramKind.Linear);
        (uint256 inputs, uint256[6] memory layouts) = (program.inputs, layoutsOf(program));
        checkInputPoints(asked, inputs, inputPoints);
        Outputs memory outputs = namedOutputs(
            requestId, 0, keyDigestOf(asked.key), layouts, inputs, program.outputs, outputPoints
        );

        bytes memory publicValues = abi.encode(
            linearStatement(requestId, asked, program, outputs.handles),
            uint256(classId) | uint256(program.inputs) << 8 | uint256(program.outputs) << 16,
            layouts[0],
            layouts[1],
            program.digest,
            inputPoints,
            outputPoints
        );
        verifier.verify(publicValues, proof);
        close(requestId, asked, layouts, inputs, outputs, outputPoints);
    }

    /// @inheritdoc ICoprocessor
    function fulfilCircuit(
        bytes32 requestId,
        uint256[2][] calldata keyPoints,
        uint256[2][] calldata outputPoints,
        uint256[2][] calldata inputPoints,
        uint256[] calldata words,
        bytes calldata proof
    ) external {
        (StoredRequest storage asked, StoredProgram storage program) =
            openRequest(requestId, ProgramKind.Circuit);
        CircuitJob[] memory jobs = new CircuitJob[](1);
        BatchComposer.Job[] memory parts = new BatchComposer.Job[](1);
        (jobs[0], parts[0]) = circuitJob(requestId, asked, program, words, outputPoints, inputPoints);
        verifyJobs(jobs, parts, keyPoints, proof);
        recordJob(jobs[0], parts[0].claim, outputPoints);
    }

    /// @inheritdoc ICoprocessor
    function fulfilJobs(JobProof[] calldata jobs, uint256[2][] calldata keyPoints, bytes calldata proof)
        external
    {
        uint256 count = jobs.length;
        if (count == 0) revert NoJob();
        CircuitJob[] memory records = new CircuitJob[](count);
        BatchComposer.Job[] memory parts = new BatchComposer.Job[](count);
        bool open;
        for (uint256 j; j < count; ++j) {
            (records[j], parts[j]) = jobOf(jobs[j]);
            for (uint256 i; i < j; ++i) {
                if (records[i].requestId == records[j].requestId && records[i].segment == records[j].segment) {
                    revert DuplicateJob(i, j);
                }
            }
            open = open || records[j].open;
        }
        if (!open) revertCovered(records[0]);
        verifyJobs(records, parts, keyPoints, proof);
        for (uint256 j; j < count; ++j) {
            if (records[j].open) recordJob(records[j], parts[j].claim, jobs[j].outputPoints);
        }
    }

    /// The job's request is open or fulfilled.
    function jobOf(JobProof calldata p)
        private
        view
        returns (CircuitJob memory job, BatchComposer.Job memory part)
    {
        StoredRequest storage asked = knownRequest(p.requestId);
        if (knownProgram(asked.programRef).kind == ProgramKind.Segmented) return segmentJob(p, asked);
        StoredProgram storage program = programOf(asked.programRef, ProgramKind.Circuit);
        if (p.segment != 0) revert UnknownSegment(p.segment, 1);
        return circuitJob(p.requestId, asked, program, p.words, p.outputPoints, p.inputPoints);
    }

    function circuitJob(
        bytes32 requestId,
        StoredRequest storage asked,
        StoredProgram storage program,
        uint256[] calldata words,
        uint256[2][] calldata outputPoints,
        uint256[2][] calldata inputPoints
    ) private view returns (CircuitJob memory job, BatchComposer.Job memory part) {
        CircuitRecord memory circuit = circuitOf(program);
        checkInputPoints(asked, circuit.claim.inputs, inputPoints);
        (job.requestId, job.open, job.last) = (requestId, isOpen(asked), true);
        part = partOf(circuit.claim, words, outputPoints, inputPoints);
        complete(job, asked, circuit.programId, circuit.claim, asked.inputsHash, outputPoints);
    }

    function segmentJob(JobProof calldata p, StoredRequest storage asked)
        private
        view
        returns (CircuitJob memory job, BatchComposer.Job memory part)
    {
        (job.requestId, job.segment, job.segmented) = (p.requestId, p.segment, true);
        job.last = checkSegment(asked.programRef, p.segment, p.claim);
        job.open = isOpen(asked) && outputsHashOf(p.requestId, p.segment) == 0;
        CircuitClaim memory claim = p.claim.claim;
        bytes32[] memory inputs = segmentInputs(asked, p, claim.layouts);
        part = partOf(claim, p.words, p.outputPoints, p.inputPoints);
        complete(job, asked, p.claim.circuitId, claim, HandleLib.packed(inputs), p.outputPoints);
    }

    function partOf(
        CircuitClaim memory claim,
        uint256[] calldata words,
        uint256[2][] calldata outputPoints,
        uint256[2][] calldata inputPoints
    ) private pure returns (BatchComposer.Job memory) {
        return BatchComposer.Job(
            claim, words, PackedPoints.bytesOf(inputPoints), PackedPoints.bytesOf(outputPoints)
        );
    }

    /// Key, outputs and digest of a job.
    function complete(
        CircuitJob memory job,
        StoredRequest storage asked,
        bytes32 circuitId,
        CircuitClaim memory claim,
        bytes32 inputsHash,
        uint256[2][] calldata outputPoints
    ) private view {
        job.key = asked.key;
        job.outputs = namedOutputs(
            job.requestId,
            job.segment,
            keyDigestOf(job.key),
            claim.layouts,
            claim.inputs,
            claim.outputs,
            outputPoints
        );
        job.digest = keccak256(
            abi.encode(
                HandleLib.TAG_CIRCUIT_JOB,
                job.requestId,
                job.segment,
                circuitId,
                claim.program,
                inputsHash,
                HandleLib.packed(job.outputs.handles),
                asked.salt
            )
        );
    }

    /// Handles of a segment's inputs, by its sources. Each point is the commitment of its source.
    function segmentInputs(StoredRequest storage asked, JobProof calldata p, uint256[6] memory layouts)
        private
        view
        returns (bytes32[] memory inputs)
    {
        bytes32 hash = HandleLib.packed(p.requestInputs);
        if (hash != asked.inputsHash) revert RequestInputsMismatch(hash, asked.inputsHash);
        if (p.links.length != p.segment) revert LinkListCount(p.links.length, p.segment);
        for (uint256 t; t < p.links.length; ++t) {
            if (p.links[t].length != 0) checkLinks(p.requestId, t, p.links[t]);
        }

        uint16[] calldata sources = p.claim.sources;
        if (p.inputPoints.length != sources.length) revert InputCount(p.inputPoints.length, sources.length);
        bytes32 keyDigest = keyDigestOf(asked.key);
        inputs = new bytes32[](sources.length);
        for (uint256 i; i < sources.length; ++i) {
            bytes32 expected;
            if (sources[i] < Segments.FIRST_LINK) {
                inputs[i] = p.requestInputs[sources[i]];
                expected = commitmentDigestOf(inputs[i]);
            } else {
                (uint256 t, uint256 o) = Segments.linkOf(sources[i]);
                if (o >= p.links[t].length) revert LinksMissing(i, t);
                expected = p.links[t][o];
                bytes32 origin = HandleLib.originOfOutput(p.requestId, t, o);
                inputs[i] = HandleLib.handle(keyDigest, Layouts.entryOf(layouts, i), origin, expected);
            }
            bytes32 digest = HandleLib.commitmentDigest(p.inputPoints[i]);
            if (digest != expected) revert InputPointMismatch(i, digest, expected);
        }
    }

    /// The jobs are proven, under one key.
    function verifyJobs(
        CircuitJob[] memory jobs,
        BatchComposer.Job[] memory parts,
        uint256[2][] calldata keyPoints,
        bytes calldata proof
    ) private view {
        uint32 key = jobs[0].key;
        bytes32 keyDigest = keyDigestOf(key);
        bytes32[] memory digests = new bytes32[](jobs.length);
        for (uint256 j; j < jobs.length; ++j) {
            if (jobs[j].key != key) revert JobKeyMismatch(j, keyDigestOf(jobs[j].key), keyDigest);
            digests[j] = jobs[j].digest;
        }
        IProofVerifier circuitVerifier = gateway.verifierOf(bytes4(proof));
        uint256 stmt = HandleLib.statement(
            HandleLib.TAG_CIRCUIT_STMT,
            circuitVerifier.VERIFIER_HASH(),
            circuitSrsDigest,
            circuitParameterSetId,
            keyDigest,
            HandleLib.packed(digests)
        );
        circuitVerifier.verify(composer.publicValues(stmt, keyDigest, keyPoints, parts), proof);
    }

    function recordJob(CircuitJob memory job, CircuitClaim memory claim, uint256[2][] calldata outputPoints)
        private
    {
        (bytes32 requestId, uint256 segment) = (job.requestId, job.segment);
        if (job.segmented) recordSegment(requestId, segment, job.outputs);
        if (job.last) {
            close(requestId, knownRequest(requestId), claim.layouts, claim.inputs, job.outputs, outputPoints);
        } else {
            emit SegmentProven(requestId, segment, msg.sender, job.outputs.handles, outputPoints);
        }
    }

    function revertCovered(CircuitJob memory job) private view {
        if (!isOpen(knownRequest(job.requestId))) revert AlreadyFulfilled(job.requestId);
        revert SegmentAlreadyProven(job.requestId, job.segment);
    }

    function linearStatement(
        bytes32 requestId,
        StoredRequest storage asked,
        StoredProgram storage program,
        bytes32[] memory outputs
    ) private view returns (uint256) {
        bytes32 job = keccak256(
            abi.encode(
                HandleLib.TAG_JOB,
                requestId,
                program.programId,
                program.digest,
                asked.inputsHash,
                HandleLib.packed(outputs),
                asked.salt
            )
        );
        return HandleLib.statement(
            HandleLib.TAG_STMT,
            verifierHash,
            srsDigest,
            parameterSetId,
            keyDigestOf(asked.key),
            keccak256(abi.encodePacked(job))
        );
    }
}
