// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "./ICoprocessor.sol";
import {IProofVerifier} from "./IProofVerifier.sol";
import {IReleaseVerifier} from "./IReleaseVerifier.sol";
import {IVerifierGateway} from "./IVerifierGateway.sol";
import {KeyRegistry} from "./KeyRegistry.sol";
import {ProgramRegistry} from "./ProgramRegistry.sol";
import {CircuitClass} from "./generated/CircuitClass.sol";
import {Bn254} from "./lib/Bn254.sol";
import {HandleLib} from "./lib/HandleLib.sol";
import {KeyCommitments} from "./lib/KeyCommitments.sol";

/// @title Programs, keys, ciphertexts, requests, and the provenance of every value.
/// @notice Holds no ciphertext: a handle names the commitment to one, with everything that decides what it means.
/// A value is either registered for one consumer or proven to be an output of one fulfilled request. Records are
/// written once. Nobody owns this contract; whoever relies on proofs of circuits trusts the owner of the gateway, and the
/// committees of the release verifier not to attest an evaluation key that is not theirs.
contract Coprocessor is ProgramRegistry, KeyRegistry {
    /// Verifier of proofs of linear programs, for ever.
    IProofVerifier public immutable verifier;
    /// Verifiers of proofs of circuits; none where circuits are not served.
    IVerifierGateway public immutable gateway;
    bytes32 private immutable verifierHash;
    bytes32 private immutable srsDigest;
    bytes32 private immutable parameterSetId;
    uint8 private immutable classId;
    bytes32 private immutable circuitSrsDigest;
    bytes32 private immutable circuitParameterSetId;

    /// One word, then two more. `origin` is the registrant of an input, the request of an output.
    struct StoredHandle {
        address consumer;
        uint16 entry;
        uint32 key;
        uint8 index;
        HandleState state;
        bool released;
        bytes32 commitmentDigest;
        bytes32 origin;
    }

    struct StoredRequest {
        address consumer;
        uint32 key;
        RequestState state;
        uint48 fulfilledAt;
        bytes32 programRef;
        bytes32 salt;
        bytes32 inputsHash;
        bytes32 commitmentsHash;
    }

    mapping(bytes32 handle => StoredHandle) private handles;
    mapping(bytes32 requestId => StoredRequest) private requests;
    mapping(address consumer => uint256) private nonces;

    /// @param proofVerifier Verifier whose hash, reference string and parameter set every statement about a linear
    /// program names.
    /// @param verifierGateway Finds the verifiers of circuits; the zero address where circuits are not served.
    /// @param releaseContract Knows the committees that attest committed keys; the zero address where circuits are not
    /// served.
    constructor(
        IProofVerifier proofVerifier,
        IVerifierGateway verifierGateway,
        IReleaseVerifier releaseContract
    ) KeyRegistry(releaseContract) {
        verifier = proofVerifier;
        verifierHash = proofVerifier.VERIFIER_HASH();
        srsDigest = proofVerifier.SRS_DIGEST();
        parameterSetId = proofVerifier.PARAMETER_SET_ID();
        classId = proofVerifier.CLASS_ID();
        gateway = verifierGateway;
        if (address(verifierGateway) != address(0)) {
            circuitSrsDigest = verifierGateway.SRS_DIGEST();
            circuitParameterSetId = verifierGateway.PARAMETER_SET_ID();
        }
    }

    /// @inheritdoc ICoprocessor
    function registerCiphertext(
        address consumer,
        bytes32 keyDigest,
        uint8 keyKind,
        uint8 valueType,
        uint8 blocks,
        uint256[2] calldata point
    ) external returns (bytes32 handle) {
        uint32 key = knownKey(keyDigest);
        if (valueType == 0 || valueType > 63 || keyKind > 3 || blocks == 0 || blocks > 64) {
            revert InvalidDeclaration(keyKind, valueType, blocks);
        }
        if (consumer == address(0)) revert NoConsumer();
        checkPoint(point);

        uint16 entry = uint16(uint256(valueType) | uint256(keyKind) << 6 | uint256(blocks - 1) << 8);
        bytes32 digest = HandleLib.commitmentDigest(point);
        handle = HandleLib.handle(keyDigest, entry, HandleLib.originOfInput(msg.sender, consumer), digest);
        record(
            handle,
            StoredHandle(
                consumer,
                entry,
                key,
                0,
                HandleState.Registered,
                false,
                digest,
                bytes32(uint256(uint160(msg.sender)))
            )
        );
        emit CiphertextRegistered(handle, consumer, msg.sender, keyDigest, keyKind, valueType, blocks, point);
    }

    /// @inheritdoc ICoprocessor
    function request(bytes32 programRef, bytes32 keyDigest, bytes32[] calldata inputs)
        external
        returns (bytes32 requestId)
    {
        StoredProgram storage program = knownProgram(programRef);
        uint32 key = knownKey(keyDigest);
        if (program.kind == ProgramKind.Circuit) {
            if (address(gateway) == address(0)) revert NoGateway();
            if (!isCommitted(keyDigest)) {
                revert KeySchemeMissing(keyDigest, COMMITTED_KEY_SCHEME);
            }
        }
        if (inputs.length != program.inputs) revert InputCount(inputs.length, program.inputs);

        bytes32[] memory digests = new bytes32[](inputs.length);
        uint256[6] memory layouts = layoutsOf(program);
        for (uint256 i; i < inputs.length; ++i) {
            StoredHandle storage input = knownHandle(inputs[i]);
            if (input.consumer != msg.sender) revert NotConsumer(inputs[i], msg.sender, input.consumer);
            if (input.key != key) revert KeyMismatch(inputs[i], keyDigestOf(input.key), keyDigest);
            uint256 entry = entryOf(layouts, i);
            if (input.entry != entry) revert LayoutMismatch(i, input.entry, entry);
            digests[i] = input.commitmentDigest;
            // One value under two handles would weigh twice: a "sum" of it with itself is a multiple of one
            // owner's value.
            for (uint256 j; j < i; ++j) {
                if (digests[j] == digests[i]) revert DuplicateInput(j, i);
            }
        }

        requestId = HandleLib.requestDigest(msg.sender, nonces[msg.sender]++);
        bytes32 salt = HandleLib.salt(requestId);
        requests[requestId] = StoredRequest(
            msg.sender,
            key,
            RequestState.Requested,
            0,
            programRef,
            salt,
            HandleLib.packed(inputs),
            HandleLib.packed(digests)
        );
        emit Requested(requestId, msg.sender, programRef, keyDigest, salt, inputs);
    }

    /// @inheritdoc ICoprocessor
    function fulfil(
        bytes32 requestId,
        uint256[2][] calldata outputPoints,
        uint256[2][] calldata inputPoints,
        bytes calldata proof
    ) external {
        (StoredRequest storage asked, StoredProgram storage program) = openRequest(requestId, ProgramKind.Linear);
        checkInputPoints(asked, program, inputPoints);
        bytes32[] memory outputs = recordOutputs(requestId, asked, program, layoutsOf(program), outputPoints);

        bytes memory publicValues = abi.encode(
            linearStatement(requestId, asked, program, outputs),
            uint256(classId) | uint256(program.inputs) << 8 | uint256(program.outputs) << 16,
            uint256(program.layout0),
            uint256(program.layout1),
            program.prog,
            inputPoints,
            outputPoints
        );
        verifier.verify(publicValues, proof);
        close(requestId, asked, outputs, outputPoints);
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
        uint256[6] memory layouts = layoutsOf(program);
        checkInputPoints(asked, program, inputPoints);
        checkKeyPoints(asked, program, layouts, keyPoints);
        bytes32[] memory outputs = recordOutputs(requestId, asked, program, layouts, outputPoints);

        IProofVerifier circuitVerifier = gateway.verifierOf(bytes4(proof));
        bytes memory publicValues = abi.encode(
            circuitStatement(requestId, asked, program, outputs, circuitVerifier.VERIFIER_HASH()),
            uint256(CircuitClass.CLASS_ID) | uint256(program.logBootstrappings) << 8
                | uint256(program.inputs) << 16 | uint256(program.outputs) << 24,
            layouts,
            program.prog,
            keyPoints,
            inputPoints,
            outputPoints
        );
        circuitVerifier.verify(publicValues, proof);
        close(requestId, asked, outputs, outputPoints);
    }

    /// @inheritdoc ICoprocessor
    function allowRelease(bytes32 handle) external {
        StoredHandle storage stored = knownHandle(handle);
        if (stored.consumer != msg.sender) revert NotConsumer(handle, msg.sender, stored.consumer);
        if (stored.state != HandleState.Proven) revert NotProven(handle);
        if (stored.released) revert ReleaseAlreadyAllowed(handle);
        stored.released = true;
        emit ReleaseAllowed(handle, msg.sender, stored.origin);
    }

    /// @inheritdoc ICoprocessor
    function isReleaseAllowed(bytes32 handle) external view returns (bool) {
        return handles[handle].released;
    }

    /// @inheritdoc ICoprocessor
    function nextRequestId(address consumer) external view returns (bytes32) {
        return HandleLib.requestDigest(consumer, nonces[consumer]);
    }

    /// @inheritdoc ICoprocessor
    function requestRecord(bytes32 requestId) external view returns (RequestRecord memory) {
        StoredRequest storage r = knownRequest(requestId);
        return RequestRecord(
            r.consumer, r.state, r.fulfilledAt, r.programRef, keyDigestOf(r.key), r.salt, r.inputsHash, r.commitmentsHash
        );
    }

    /// @inheritdoc ICoprocessor
    function handleRecord(bytes32 handle) external view returns (HandleRecord memory) {
        StoredHandle storage h = knownHandle(handle);
        uint256 entry = h.entry;
        bool proven = h.state == HandleState.Proven;
        return HandleRecord({
            state: h.state,
            consumer: h.consumer,
            released: h.released,
            keyDigest: keyDigestOf(h.key),
            keyKind: uint8((entry >> 6) & 3),
            valueType: uint8(entry & 63),
            blocks: uint8(((entry >> 8) & 63) + 1),
            commitmentDigest: h.commitmentDigest,
            registrant: proven ? address(0) : address(uint160(uint256(h.origin))),
            requestId: proven ? h.origin : bytes32(0),
            index: h.index
        });
    }

    function checkPoint(uint256[2] calldata point) private pure {
        if (point[0] >= Bn254.P || point[1] >= Bn254.P || !Bn254.isOnCurve(point[0], point[1])) {
            revert InvalidCommitment(point[0], point[1]);
        }
    }

    /// The points are those whose digests the records of the inputs held when the request was made.
    function checkInputPoints(
        StoredRequest storage asked,
        StoredProgram storage program,
        uint256[2][] calldata inputPoints
    ) private view {
        if (inputPoints.length != program.inputs) revert InputCount(inputPoints.length, program.inputs);
        bytes32[] memory digests = new bytes32[](inputPoints.length);
        for (uint256 i; i < inputPoints.length; ++i) {
            digests[i] = HandleLib.commitmentDigest(inputPoints[i]);
        }
        bytes32 hash = HandleLib.packed(digests);
        if (hash != asked.commitmentsHash) revert InputPointsMismatch(hash, asked.commitmentsHash);
    }

    /// The points are the commitments of the request's key, which has what inputs under the casting key need.
    function checkKeyPoints(
        StoredRequest storage asked,
        StoredProgram storage program,
        uint256[6] memory layouts,
        uint256[2][] calldata keyPoints
    ) private view {
        (bytes32 digest, bytes32 expected) = (KeyCommitments.digest(keyPoints), keyDigestOf(asked.key));
        if (digest != expected) revert KeyPointsMismatch(digest, expected);
        if (KeyCommitments.hasCasting(keyPoints)) return;
        uint256 count = program.inputs;
        for (uint256 i; i < count; ++i) {
            if ((entryOf(layouts, i) >> 6) & 3 != 0) revert NoCastingKey(i);
        }
    }

    function recordOutputs(
        bytes32 requestId,
        StoredRequest storage asked,
        StoredProgram storage program,
        uint256[6] memory layouts,
        uint256[2][] calldata outputPoints
    ) private returns (bytes32[] memory outputs) {
        uint256 count = program.outputs;
        if (outputPoints.length != count) revert OutputCount(outputPoints.length, count);
        outputs = new bytes32[](count);
        uint32 key = asked.key;
        uint256 first = program.inputs;
        for (uint256 i; i < count; ++i) {
            checkPoint(outputPoints[i]);
            uint256 entry = entryOf(layouts, first + i);
            bytes32 digest = HandleLib.commitmentDigest(outputPoints[i]);
            bytes32 origin = HandleLib.originOfOutput(requestId, i);
            bytes32 handle = HandleLib.handle(keyDigestOf(key), entry, origin, digest);
            record(
                handle,
                StoredHandle(
                    asked.consumer,
                    uint16(entry),
                    key,
                    uint8(i),
                    HandleState.Proven,
                    false,
                    digest,
                    requestId
                )
            );
            outputs[i] = handle;
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

    /// Segment 0: a request is a job of one piece.
    function circuitStatement(
        bytes32 requestId,
        StoredRequest storage asked,
        StoredProgram storage program,
        bytes32[] memory outputs,
        bytes32 circuitVerifierHash
    ) private view returns (uint256) {
        bytes32 job = keccak256(
            abi.encode(
                HandleLib.TAG_CIRCUIT_JOB,
                requestId,
                uint256(0),
                program.programId,
                program.prog,
                asked.inputsHash,
                HandleLib.packed(outputs),
                asked.salt
            )
        );
        return HandleLib.statement(
            HandleLib.TAG_CIRCUIT_STMT,
            circuitVerifierHash,
            circuitSrsDigest,
            circuitParameterSetId,
            keyDigestOf(asked.key),
            job
        );
    }

    function close(
        bytes32 requestId,
        StoredRequest storage asked,
        bytes32[] memory outputs,
        uint256[2][] calldata outputPoints
    ) private {
        asked.state = RequestState.Fulfilled;
        asked.fulfilledAt = uint48(block.number);
        emit Fulfilled(requestId, asked.consumer, msg.sender, outputs, outputPoints);
    }

    function record(bytes32 handle, StoredHandle memory value) private {
        if (handles[handle].state != HandleState.Unknown) revert AlreadyRegistered(handle);
        handles[handle] = value;
    }

    function openRequest(bytes32 requestId, ProgramKind kind)
        private
        view
        returns (StoredRequest storage asked, StoredProgram storage program)
    {
        asked = knownRequest(requestId);
        if (asked.state != RequestState.Requested) revert AlreadyFulfilled(requestId);
        program = programOf(asked.programRef, kind);
    }

    function knownHandle(bytes32 handle) private view returns (StoredHandle storage stored) {
        stored = handles[handle];
        if (stored.state == HandleState.Unknown) revert UnknownHandle(handle);
    }

    function knownRequest(bytes32 requestId) private view returns (StoredRequest storage asked) {
        asked = requests[requestId];
        if (asked.state == RequestState.Unknown) revert UnknownRequest(requestId);
    }
}
