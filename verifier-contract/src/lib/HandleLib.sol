// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Digests of `docs/spec/onchain.md`.
library HandleLib {
    bytes32 internal constant TAG_COMMITMENT = keccak256("trine.v1.commitment");
    bytes32 internal constant TAG_ORIGIN_INPUT = keccak256("trine.v1.origin_input");
    bytes32 internal constant TAG_ORIGIN_OUTPUT = keccak256("trine.v1.origin_output");
    bytes32 internal constant TAG_HANDLE = keccak256("trine.v1.handle");
    bytes32 internal constant TAG_PROGRAM = keccak256("trine.v1.program");
    bytes32 internal constant TAG_REQUEST = keccak256("trine.v1.request");
    bytes32 internal constant TAG_SALT = keccak256("trine.v1.salt");
    bytes32 internal constant TAG_JOB = keccak256("trine.v1.job");
    bytes32 internal constant TAG_STMT = keccak256("trine.v1.stmt");
    bytes32 internal constant TAG_CIRCUIT_PROGRAM = keccak256("trine.v1.circuit_program");
    bytes32 internal constant TAG_SEGMENTED_PROGRAM = keccak256("trine.v1.segmented_program");
    bytes32 internal constant TAG_CIRCUIT_JOB = keccak256("trine.v1.circuit_job");
    bytes32 internal constant TAG_CIRCUIT_STMT = keccak256("trine.v1.circuit_stmt");
    bytes32 internal constant TAG_EVALUATION_KEY = keccak256("trine.v1.evaluation_key");
    bytes32 internal constant TAG_ROUND = keccak256("trine.v1.round");
    bytes32 internal constant TAG_SRS = keccak256("trine.v1.srs");
    bytes32 internal constant TAG_VERIFIER = keccak256("trine.v1.verifier");
    bytes32 internal constant TAG_BATCH = keccak256("trine.v1.batch");

    /// @dev Digest of the commitment to a value's words, by affine coordinates.
    function commitmentDigest(uint256[2] calldata point) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_COMMITMENT, point[0], point[1]));
    }

    /// @dev Origin of a value that `registrant` registered for `consumer`.
    function originOfInput(address registrant, address consumer) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_ORIGIN_INPUT, registrant, consumer));
    }

    /// @dev Origin of output `index` of a segment of job 0, the only one while a request is one job.
    function originOfOutput(bytes32 request, uint256 segment, uint256 index) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG_ORIGIN_OUTPUT, request, uint256(0), segment, index));
    }

    /// @dev Handle of a value: everything that decides what it means.
    /// @param entry Layout entry: type (bits 0-5), key kind (6-7), blocks - 1 (8-13).
    function handle(bytes32 keyDigest, uint256 entry, bytes32 origin, bytes32 digest)
        internal
        view
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                TAG_HANDLE,
                block.chainid,
                address(this),
                keyDigest,
                (entry >> 6) & 3,
                entry & 63,
                ((entry >> 8) & 63) + 1,
                origin,
                digest
            )
        );
    }

    /// @dev Request number `nonce` of `consumer` at this contract.
    function requestDigest(address consumer, uint256 nonce) internal view returns (bytes32) {
        return keccak256(abi.encode(TAG_REQUEST, block.chainid, address(this), consumer, nonce));
    }

    /// @dev Drawn in the request's transaction, after the program was registered.
    function salt(bytes32 request) internal view returns (bytes32) {
        return keccak256(abi.encode(TAG_SALT, block.prevrandao, blockhash(block.number - 1), request));
    }

    /// @dev `stmt` of the jobs of a proof.
    /// @param tag That of the kind of program.
    /// @param jobsHash `keccak256(abi.encodePacked(...))` over their digests.
    function statement(
        bytes32 tag,
        bytes32 verifierHash,
        bytes32 srsDigest,
        bytes32 parameterSetId,
        bytes32 keyDigest,
        bytes32 jobsHash
    ) internal view returns (uint256) {
        return cut(
            keccak256(
                abi.encode(
                    tag,
                    block.chainid,
                    address(this),
                    verifierHash,
                    srsDigest,
                    parameterSetId,
                    keyDigest,
                    jobsHash
                )
            )
        );
    }

    /// @dev `keccak256(abi.encodePacked(words))`.
    function packed(bytes32[] memory words) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(words));
    }

    /// @dev Cuts a digest to 253 bits, below the order of the scalar field.
    function cut(bytes32 digest) internal pure returns (uint256) {
        return uint256(digest) & ((1 << 253) - 1);
    }
}
