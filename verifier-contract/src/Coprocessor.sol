// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EvaluationClass} from "./generated/EvaluationClass.sol";
import {ICoprocessor} from "./ICoprocessor.sol";
import {IProofVerifier} from "./IProofVerifier.sol";
import {Bn254} from "./lib/Bn254.sol";
import {HandleLib} from "./lib/HandleLib.sol";

/// @title Programs, keys, ciphertexts, requests, and the provenance of every value.
/// @notice Holds no ciphertext: a handle names the commitment to one, with everything that decides what it means.
/// A value is either registered for one consumer or proven to be an output of one fulfilled request. Records are
/// written once. Nobody owns this contract.
contract Coprocessor is ICoprocessor {
    /// Digest scheme of evaluation keys: the only one known.
    bytes32 public constant KEY_SCHEME = keccak256("trine.key.blake3.v1");
    /// Longest program text.
    uint256 public constant MAX_TEXT_BYTES = 64 * 1024;

    uint256 private constant ENTRIES_PER_LAYOUT = 15;
    uint256 private constant ENTRY_BITS = 16;

    /// Verifier of proofs of evaluation, for ever.
    IProofVerifier public immutable verifier;
    bytes32 private immutable verifierHash;
    bytes32 private immutable srsDigest;
    bytes32 private immutable parameterSetId;
    uint8 private immutable classId;

    struct StoredProgram {
        bytes32 programId;
        uint256 prog;
        uint240 layout0;
        uint8 inputs;
        uint8 outputs;
        uint240 layout1;
    }

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

    /// Key digests; numbers of keys start at 1.
    bytes32[] private keys;
    mapping(bytes32 digest => uint32 number) private keyNumbers;
    mapping(bytes32 programRef => StoredProgram) private programs;
    mapping(bytes32 handle => StoredHandle) private handles;
    mapping(bytes32 requestId => StoredRequest) private requests;
    mapping(address consumer => uint256) private nonces;

    /// @param proofVerifier Verifier whose hash, reference string and parameter set every statement names.
    constructor(IProofVerifier proofVerifier) {
        verifier = proofVerifier;
        verifierHash = proofVerifier.VERIFIER_HASH();
        srsDigest = proofVerifier.SRS_DIGEST();
        parameterSetId = proofVerifier.PARAMETER_SET_ID();
        classId = proofVerifier.CLASS_ID();
        // Number 0 means: not registered.
        keys.push();
    }

    /// @inheritdoc ICoprocessor
    function registerKey(bytes32 keyDigest, bytes32 scheme) external {
        if (scheme != KEY_SCHEME) revert UnknownKeyScheme(scheme, KEY_SCHEME);
        if (keyNumbers[keyDigest] != 0) revert KeyAlreadyRegistered(keyDigest);
        keyNumbers[keyDigest] = uint32(keys.length);
        keys.push(keyDigest);
        emit KeyRegistered(keyDigest, scheme, msg.sender);
    }

    /// @inheritdoc ICoprocessor
    function registerProgram(
        bytes calldata text,
        uint256 prog,
        uint256 layout0,
        uint256 layout1,
        uint8 inputs,
        uint8 outputs
    ) external returns (bytes32 programRef) {
        if (text.length == 0 || text.length > MAX_TEXT_BYTES) {
            revert ProgramTextLength(text.length, MAX_TEXT_BYTES);
        }
        if (prog >= Bn254.R) revert ProgramDigestTooLarge(prog);
        checkLayout(layout0, layout1, inputs, outputs);

        bytes32 programId = keccak256(text);
        programRef =
            keccak256(abi.encode(HandleLib.TAG_PROGRAM, programId, prog, layout0, layout1, inputs, outputs));
        if (programs[programRef].inputs != 0) revert ProgramAlreadyRegistered(programRef);
        programs[programRef] =
            StoredProgram(programId, prog, uint240(layout0), inputs, outputs, uint240(layout1));
        emit ProgramRegistered(programRef, programId, msg.sender, text, prog, layout0, layout1, inputs, outputs);
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
        if (inputs.length != program.inputs) revert InputCount(inputs.length, program.inputs);

        bytes32[] memory digests = new bytes32[](inputs.length);
        (uint256 layout0, uint256 layout1) = (program.layout0, program.layout1);
        for (uint256 i; i < inputs.length; ++i) {
            StoredHandle storage input = knownHandle(inputs[i]);
            if (input.consumer != msg.sender) revert NotConsumer(inputs[i], msg.sender, input.consumer);
            if (input.key != key) revert KeyMismatch(inputs[i], keys[input.key], keyDigest);
            uint256 entry = entryOf(layout0, layout1, i);
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
        StoredRequest storage asked = knownRequest(requestId);
        if (asked.state != RequestState.Requested) revert AlreadyFulfilled(requestId);
        StoredProgram storage program = programs[asked.programRef];
        checkInputPoints(asked, program, inputPoints);
        bytes32[] memory outputs = recordOutputs(requestId, asked, program, outputPoints);

        bytes memory publicValues = abi.encode(
            statementDigest(requestId, asked, program, outputs),
            uint256(classId) | uint256(program.inputs) << 8 | uint256(program.outputs) << 16,
            uint256(program.layout0),
            uint256(program.layout1),
            program.prog,
            inputPoints,
            outputPoints
        );
        verifier.verify(publicValues, proof);

        asked.state = RequestState.Fulfilled;
        asked.fulfilledAt = uint48(block.number);
        emit Fulfilled(requestId, asked.consumer, msg.sender, outputs, outputPoints);
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
    function isKeyRegistered(bytes32 keyDigest) external view returns (bool) {
        return keyNumbers[keyDigest] != 0;
    }

    /// @inheritdoc ICoprocessor
    function nextRequestId(address consumer) external view returns (bytes32) {
        return HandleLib.requestDigest(consumer, nonces[consumer]);
    }

    /// @inheritdoc ICoprocessor
    function programRecord(bytes32 programRef) external view returns (ProgramRecord memory) {
        StoredProgram storage p = knownProgram(programRef);
        return ProgramRecord(p.programId, p.prog, p.layout0, p.layout1, p.inputs, p.outputs);
    }

    /// @inheritdoc ICoprocessor
    function requestRecord(bytes32 requestId) external view returns (RequestRecord memory) {
        StoredRequest storage r = knownRequest(requestId);
        return RequestRecord(
            r.consumer, r.state, r.fulfilledAt, r.programRef, keys[r.key], r.salt, r.inputsHash, r.commitmentsHash
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
            keyDigest: keys[h.key],
            keyKind: uint8((entry >> 6) & 3),
            valueType: uint8(entry & 63),
            blocks: uint8(((entry >> 8) & 63) + 1),
            commitmentDigest: h.commitmentDigest,
            registrant: proven ? address(0) : address(uint160(uint256(h.origin))),
            requestId: proven ? h.origin : bytes32(0),
            index: h.index
        });
    }

    /// The entries in use are those of the inputs, then those of the outputs; each is a declaration that a slot of
    /// the class holds; the others are zero.
    function checkLayout(uint256 layout0, uint256 layout1, uint256 inputs, uint256 outputs) private pure {
        if (
            inputs == 0 || inputs > EvaluationClass.INPUT_SLOTS || outputs == 0
                || outputs > EvaluationClass.OUTPUT_SLOTS
        ) revert HandleCount(inputs, outputs);
        for (uint256 i; i < 2 * ENTRIES_PER_LAYOUT; ++i) {
            uint256 entry = entryOf(layout0, layout1, i);
            bool declared = entry & 63 != 0 && entry >> 8 < EvaluationClass.BLOCKS_PER_HANDLE;
            if (i < inputs + outputs ? !declared : entry != 0) revert LayoutEntry(i, entry);
        }
        uint256 bits = ENTRY_BITS * ENTRIES_PER_LAYOUT;
        if (layout0 >> bits != 0) revert LayoutEntry(ENTRIES_PER_LAYOUT, layout0 >> bits);
        if (layout1 >> bits != 0) revert LayoutEntry(2 * ENTRIES_PER_LAYOUT, layout1 >> bits);
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

    function recordOutputs(
        bytes32 requestId,
        StoredRequest storage asked,
        StoredProgram storage program,
        uint256[2][] calldata outputPoints
    ) private returns (bytes32[] memory outputs) {
        uint256 count = program.outputs;
        if (outputPoints.length != count) revert OutputCount(outputPoints.length, count);
        outputs = new bytes32[](count);
        uint32 key = asked.key;
        (uint256 first, uint256 layout0, uint256 layout1) = (program.inputs, program.layout0, program.layout1);
        for (uint256 i; i < count; ++i) {
            checkPoint(outputPoints[i]);
            uint256 entry = entryOf(layout0, layout1, first + i);
            bytes32 digest = HandleLib.commitmentDigest(outputPoints[i]);
            bytes32 origin = HandleLib.originOfOutput(requestId, i);
            bytes32 handle = HandleLib.handle(keys[key], entry, origin, digest);
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

    function statementDigest(
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
        return HandleLib.cut(
            keccak256(
                abi.encode(
                    HandleLib.TAG_STMT,
                    block.chainid,
                    address(this),
                    verifierHash,
                    srsDigest,
                    parameterSetId,
                    keys[asked.key],
                    keccak256(abi.encodePacked(job))
                )
            )
        );
    }

    function record(bytes32 handle, StoredHandle memory value) private {
        if (handles[handle].state != HandleState.Unknown) revert AlreadyRegistered(handle);
        handles[handle] = value;
    }

    function entryOf(uint256 layout0, uint256 layout1, uint256 i) private pure returns (uint256) {
        return i < ENTRIES_PER_LAYOUT
            ? (layout0 >> (ENTRY_BITS * i)) & 0xffff
            : (layout1 >> (ENTRY_BITS * (i - ENTRIES_PER_LAYOUT))) & 0xffff;
    }

    function knownKey(bytes32 keyDigest) private view returns (uint32 number) {
        number = keyNumbers[keyDigest];
        if (number == 0) revert UnknownKey(keyDigest);
    }

    function knownProgram(bytes32 programRef) private view returns (StoredProgram storage program) {
        program = programs[programRef];
        if (program.inputs == 0) revert UnknownProgram(programRef);
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
