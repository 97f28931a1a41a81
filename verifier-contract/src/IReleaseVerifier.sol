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

    /// @notice EIP-712 digest that the committee signs.
    function releaseDigest(
        uint256 epoch,
        bytes32 requestId,
        bytes32[] calldata handles,
        uint256[] calldata plaintexts
    ) external view returns (bytes32);
}
