// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "./ICoprocessor.sol";
import {IProofVerifier} from "./IProofVerifier.sol";
import {IReleaseVerifier} from "./IReleaseVerifier.sol";
import {IVerifierGateway} from "./IVerifierGateway.sol";
import {ValueLedger} from "./ValueLedger.sol";
import {CircuitClass} from "./generated/CircuitClass.sol";
import {HandleLib} from "./lib/HandleLib.sol";
import {KeyCommitments} from "./lib/KeyCommitments.sol";

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

    /// What a proof of a circuit is about, beside its points.
    struct CircuitJob {
        bytes32 requestId;
        uint256 segment;
        bytes32 circuitId;
        CircuitClaim claim;
        bytes32 keyDigest;
        bytes32 inputsHash;
        bytes32 salt;
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
            program.prog,
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
        bytes calldata proof
    ) external {
        (StoredRequest storage asked, StoredProgram storage program) =
            openRequest(requestId, ProgramKind.Circuit);
        CircuitRecord memory circuit = circuitOf(program);
        checkInputPoints(asked, circuit.claim.inputs, inputPoints);
        CircuitJob memory job = jobOf(requestId, 0, asked, circuit.programId, circuit.claim, asked.inputsHash);
        Outputs memory outputs = verifyJob(job, keyPoints, outputPoints, inputPoints, proof);
        close(requestId, asked, circuit.claim.layouts, circuit.claim.inputs, outputs, outputPoints);
    }

    /// @inheritdoc ICoprocessor
    function fulfilSegment(SegmentProof calldata p) external {
        (StoredRequest storage asked,) = openRequest(p.requestId, ProgramKind.Segmented);
        bool last = checkSegment(asked.programRef, p.segment, p.claim);
        if (outputsHashOf(p.requestId, p.segment) != 0) revert SegmentAlreadyProven(p.requestId, p.segment);
        CircuitClaim memory claim = p.claim.claim;
        bytes32[] memory inputs = segmentInputs(asked, p, claim.layouts);
        CircuitJob memory job =
            jobOf(p.requestId, p.segment, asked, p.claim.circuitId, claim, HandleLib.packed(inputs));
        Outputs memory outputs = verifyJob(job, p.keyPoints, p.outputPoints, p.inputPoints, p.proof);
        recordSegment(p.requestId, p.segment, outputs);
        if (last) {
            close(p.requestId, asked, claim.layouts, claim.inputs, outputs, p.outputPoints);
        } else {
            emit SegmentProven(p.requestId, p.segment, msg.sender, outputs.handles, p.outputPoints);
        }
    }

    /// Handles of a segment's inputs, by its sources. Each point is the commitment of its source.
    function segmentInputs(StoredRequest storage asked, SegmentProof calldata p, uint256[6] memory layouts)
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
            if (sources[i] < FIRST_LINK) {
                inputs[i] = p.requestInputs[sources[i]];
                expected = commitmentDigestOf(inputs[i]);
            } else {
                (uint256 t, uint256 o) = linkOf(sources[i]);
                if (o >= p.links[t].length) revert LinksMissing(i, t);
                expected = p.links[t][o];
                bytes32 origin = HandleLib.originOfOutput(p.requestId, t, o);
                inputs[i] = HandleLib.handle(keyDigest, entryOf(layouts, i), origin, expected);
            }
            bytes32 digest = HandleLib.commitmentDigest(p.inputPoints[i]);
            if (digest != expected) revert InputPointMismatch(i, digest, expected);
        }
    }

    function jobOf(
        bytes32 requestId,
        uint256 segment,
        StoredRequest storage asked,
        bytes32 circuitId,
        CircuitClaim memory claim,
        bytes32 inputsHash
    ) private view returns (CircuitJob memory) {
        return CircuitJob(
            requestId, segment, circuitId, claim, keyDigestOf(asked.key), inputsHash, asked.salt
        );
    }

    /// The outputs of a job, proven.
    function verifyJob(
        CircuitJob memory job,
        uint256[2][] calldata keyPoints,
        uint256[2][] calldata outputPoints,
        uint256[2][] calldata inputPoints,
        bytes calldata proof
    ) private view returns (Outputs memory outputs) {
        CircuitClaim memory claim = job.claim;
        checkKeyPoints(job, keyPoints);
        outputs = namedOutputs(
            job.requestId,
            job.segment,
            job.keyDigest,
            claim.layouts,
            claim.inputs,
            claim.outputs,
            outputPoints
        );

        IProofVerifier circuitVerifier = gateway.verifierOf(bytes4(proof));
        bytes memory publicValues = abi.encode(
            circuitStatement(job, HandleLib.packed(outputs.handles), circuitVerifier.VERIFIER_HASH()),
            uint256(CircuitClass.CLASS_ID) | uint256(claim.logBootstrappings) << 8 | uint256(claim.inputs)
                << 16 | uint256(claim.outputs) << 24,
            claim.layouts,
            claim.prog,
            keyPoints,
            inputPoints,
            outputPoints
        );
        circuitVerifier.verify(publicValues, proof);
    }

    /// The points are the commitments of the request's key, which has what inputs under the casting key need.
    function checkKeyPoints(CircuitJob memory job, uint256[2][] calldata keyPoints) private pure {
        bytes32 digest = KeyCommitments.digest(keyPoints);
        if (digest != job.keyDigest) revert KeyPointsMismatch(digest, job.keyDigest);
        if (KeyCommitments.hasCasting(keyPoints)) return;
        for (uint256 i; i < job.claim.inputs; ++i) {
            if ((entryOf(job.claim.layouts, i) >> 6) & 3 != 0) revert NoCastingKey(i);
        }
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
                program.prog,
                asked.inputsHash,
                HandleLib.packed(outputs),
                asked.salt
            )
        );
        return HandleLib.statement(
            HandleLib.TAG_STMT, verifierHash, srsDigest, parameterSetId, keyDigestOf(asked.key), job
        );
    }

    function circuitStatement(CircuitJob memory job, bytes32 outputsHash, bytes32 circuitVerifierHash)
        private
        view
        returns (uint256)
    {
        bytes32 digest = keccak256(
            abi.encode(
                HandleLib.TAG_CIRCUIT_JOB,
                job.requestId,
                job.segment,
                job.circuitId,
                job.claim.prog,
                job.inputsHash,
                outputsHash,
                job.salt
            )
        );
        return HandleLib.statement(
            HandleLib.TAG_CIRCUIT_STMT,
            circuitVerifierHash,
            circuitSrsDigest,
            circuitParameterSetId,
            job.keyDigest,
            digest
        );
    }
}
