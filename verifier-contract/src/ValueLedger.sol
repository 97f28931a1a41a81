// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "./ICoprocessor.sol";
import {IReleaseVerifier} from "./IReleaseVerifier.sol";
import {IVerifierGateway} from "./IVerifierGateway.sol";
import {KeyRegistry} from "./KeyRegistry.sol";
import {SegmentRegistry} from "./SegmentRegistry.sol";
import {Bn254} from "./lib/Bn254.sol";
import {HandleLib} from "./lib/HandleLib.sol";
import {Layouts} from "./lib/Layouts.sol";

/// @title Ciphertexts, requests, and the provenance of every value.
/// @notice A value is either registered for one consumer or an output of one fulfilled request. Records are written once.
abstract contract ValueLedger is SegmentRegistry, KeyRegistry {
    /// Verifiers of proofs of circuits; none where circuits are not served.
    IVerifierGateway public immutable gateway;

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

    /// `released` says that the consumer has named the outputs that the committee decrypts.
    struct StoredRequest {
        address consumer;
        uint32 key;
        RequestState state;
        bool released;
        uint48 fulfilledAt;
        bytes32 programRef;
        bytes32 salt;
        bytes32 inputsHash;
        bytes32 commitmentsHash;
    }

    /// Outputs of a request, in the order of the program.
    struct Outputs {
        bytes32[] handles;
        bytes32[] digests;
    }

    mapping(bytes32 handle => StoredHandle) private handles;
    mapping(bytes32 requestId => StoredRequest) private requests;
    mapping(address consumer => uint256) private nonces;
    /// Hash of the commitment digests of the outputs of each proven segment.
    mapping(bytes32 requestId => mapping(uint256 segment => bytes32)) private provenOutputs;

    /// @param verifierGateway Finds the verifiers of circuits; the zero address where circuits are not served.
    /// @param releaseContract Knows the committees that attest committed keys; the zero address where circuits are not
    /// served.
    constructor(IVerifierGateway verifierGateway, IReleaseVerifier releaseContract)
        KeyRegistry(releaseContract)
    {
        gateway = verifierGateway;
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
        if (program.kind != ProgramKind.Linear) {
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
            uint256 entry = Layouts.entryOf(layouts, i);
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
            false,
            0,
            programRef,
            salt,
            HandleLib.packed(inputs),
            HandleLib.packed(digests)
        );
        emit Requested(requestId, msg.sender, programRef, keyDigest, salt, inputs);
    }

    /// @inheritdoc ICoprocessor
    function allowRelease(bytes32[] calldata outputs) external {
        if (outputs.length == 0) revert NothingReleased();
        bytes32 requestId = ownedOutput(outputs[0]).origin;
        StoredRequest storage asked = requests[requestId];
        if (asked.released) revert ReleaseAlreadyAllowed(requestId);
        asked.released = true;
        uint256 least;
        for (uint256 i; i < outputs.length; ++i) {
            StoredHandle storage stored = ownedOutput(outputs[i]);
            if (stored.origin != requestId) {
                revert ReleaseOfAnotherRequest(outputs[i], stored.origin, requestId);
            }
            if (stored.index < least) revert ReleaseOrder(i);
            least = uint256(stored.index) + 1;
            stored.released = true;
        }
        emit ReleaseAllowed(requestId, msg.sender, outputs);
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
            r.consumer,
            r.state,
            r.fulfilledAt,
            r.programRef,
            keyDigestOf(r.key),
            r.salt,
            r.inputsHash,
            r.commitmentsHash
        );
    }

    /// @inheritdoc ICoprocessor
    function provenSegment(bytes32 requestId, uint256 segment) external view returns (bytes32 linksHash) {
        return outputsHashOf(requestId, segment);
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

    /// The points are those whose digests the records of the inputs held when the request was made.
    function checkInputPoints(StoredRequest storage asked, uint256 count, uint256[2][] calldata inputPoints)
        internal
        view
    {
        if (inputPoints.length != count) revert InputCount(inputPoints.length, count);
        bytes32[] memory digests = new bytes32[](inputPoints.length);
        for (uint256 i; i < inputPoints.length; ++i) {
            digests[i] = HandleLib.commitmentDigest(inputPoints[i]);
        }
        bytes32 hash = HandleLib.packed(digests);
        if (hash != asked.commitmentsHash) revert InputPointsMismatch(hash, asked.commitmentsHash);
    }

    /// Handles and commitment digests of the outputs of one proof, whose entries stand from `first` on.
    function namedOutputs(
        bytes32 requestId,
        uint256 segment,
        bytes32 keyDigest,
        uint256[6] memory layouts,
        uint256 first,
        uint256 count,
        uint256[2][] calldata outputPoints
    ) internal view returns (Outputs memory outputs) {
        if (outputPoints.length != count) {
            revert OutputCount(outputPoints.length, count);
        }
        outputs = Outputs(new bytes32[](count), new bytes32[](count));
        for (uint256 i; i < count; ++i) {
            checkPoint(outputPoints[i]);
            bytes32 digest = HandleLib.commitmentDigest(outputPoints[i]);
            bytes32 origin = HandleLib.originOfOutput(requestId, segment, i);
            outputs.handles[i] = HandleLib.handle(keyDigest, Layouts.entryOf(layouts, first + i), origin, digest);
            outputs.digests[i] = digest;
        }
    }

    /// Records the outputs of a request, whose entries stand from `first` on, and that it is fulfilled.
    function close(
        bytes32 requestId,
        StoredRequest storage asked,
        uint256[6] memory layouts,
        uint256 first,
        Outputs memory outputs,
        uint256[2][] calldata outputPoints
    ) internal {
        (address consumer, uint32 key) = (asked.consumer, asked.key);
        for (uint256 i; i < outputs.handles.length; ++i) {
            StoredHandle memory value = StoredHandle({
                consumer: consumer,
                entry: uint16(Layouts.entryOf(layouts, first + i)),
                key: key,
                index: uint8(i),
                state: HandleState.Proven,
                released: false,
                commitmentDigest: outputs.digests[i],
                origin: requestId
            });
            record(outputs.handles[i], value);
        }
        asked.state = RequestState.Fulfilled;
        asked.fulfilledAt = uint48(block.number);
        emit Fulfilled(requestId, consumer, msg.sender, outputs.handles, outputPoints);
    }

    /// Zero for a segment that is not proven.
    function outputsHashOf(bytes32 requestId, uint256 segment) internal view returns (bytes32) {
        return provenOutputs[requestId][segment];
    }

    function recordSegment(bytes32 requestId, uint256 segment, Outputs memory outputs) internal {
        provenOutputs[requestId][segment] = HandleLib.packed(outputs.digests);
    }

    /// The links are the outputs of a proven segment.
    function checkLinks(bytes32 requestId, uint256 segment, bytes32[] calldata links) internal view {
        (bytes32 hash, bytes32 expected) = (HandleLib.packed(links), outputsHashOf(requestId, segment));
        if (expected == 0) revert SegmentNotProven(requestId, segment);
        if (hash != expected) revert LinksMismatch(segment, hash, expected);
    }

    function commitmentDigestOf(bytes32 handle) internal view returns (bytes32) {
        return knownHandle(handle).commitmentDigest;
    }

    function openRequest(bytes32 requestId, ProgramKind kind)
        internal
        view
        returns (StoredRequest storage asked, StoredProgram storage program)
    {
        asked = knownRequest(requestId);
        if (!isOpen(asked)) revert AlreadyFulfilled(requestId);
        program = programOf(asked.programRef, kind);
    }

    function isOpen(StoredRequest storage asked) internal view returns (bool) {
        return asked.state == RequestState.Requested;
    }

    function checkPoint(uint256[2] calldata point) private pure {
        if (point[0] >= Bn254.P || point[1] >= Bn254.P || !Bn254.isOnCurve(point[0], point[1])) {
            revert InvalidCommitment(point[0], point[1]);
        }
    }

    function record(bytes32 handle, StoredHandle memory value) private {
        if (handles[handle].state != HandleState.Unknown) revert AlreadyRegistered(handle);
        handles[handle] = value;
    }

    /// A proven value of which the caller is the consumer.
    function ownedOutput(bytes32 handle) private view returns (StoredHandle storage stored) {
        stored = knownHandle(handle);
        if (stored.consumer != msg.sender) revert NotConsumer(handle, msg.sender, stored.consumer);
        if (stored.state != HandleState.Proven) revert NotProven(handle);
    }

    function knownHandle(bytes32 handle) private view returns (StoredHandle storage stored) {
        stored = handles[handle];
        if (stored.state == HandleState.Unknown) revert UnknownHandle(handle);
    }

    function knownRequest(bytes32 requestId) internal view returns (StoredRequest storage asked) {
        asked = requests[requestId];
        if (asked.state == RequestState.Unknown) revert UnknownRequest(requestId);
    }
}
