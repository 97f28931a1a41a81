// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title What consumers see of the `ReleaseVerifier`.
interface IReleaseVerifier {
    /// @notice Reverts with a named error unless the committee of `epoch` signed these plaintexts.
    /// @param handles Released values, in order.
    /// @param plaintexts Their blocks one after the other, each below 2^64. How many belong to which handle is in
    /// the handles' records: the caller compares the number with what it asked for.
    /// @param signature Point of BLS12-381 G2 as in EIP-2537, 256 bytes.
    function verifyRelease(
        uint256 epoch,
        bytes32 requestId,
        bytes32[] calldata handles,
        uint256[] calldata plaintexts,
        bytes calldata signature
    ) external view;

    /// @notice Reverts with a named error unless the committee of `epoch` signed that the evaluation key with these
    /// commitments has these bytes.
    /// @param keyDigest Digest of the commitments, scheme `trine.key.kzg.v1`.
    /// @param contentDigest Digest of the bytes, scheme `trine.key.blake3.v1`.
    /// @param signature Point of BLS12-381 G2 as in EIP-2537, 256 bytes.
    function verifyEvaluationKey(
        uint256 epoch,
        bytes32 keyDigest,
        bytes32 contentDigest,
        bytes calldata signature
    ) external view;

    /// @notice EIP-712 digest that the committee signs under an evaluation key.
    function evaluationKeyDigest(uint256 epoch, bytes32 keyDigest, bytes32 contentDigest)
        external
        view
        returns (bytes32);

    /// @notice EIP-712 digest that the committee signs under a release.
    function releaseDigest(
        uint256 epoch,
        bytes32 requestId,
        bytes32[] calldata handles,
        uint256[] calldata plaintexts
    ) external view returns (bytes32);
}
