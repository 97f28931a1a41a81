// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Verifier of one kind of proof under one verifying key and one reference string.
interface IProofVerifier {
    /// @notice Reverts with a named error unless `proof` proves `publicValues`; returns nothing.
    /// @dev A verifier that returns a bool invites callers to ignore it, and breaks gas estimation.
    /// @param publicValues `abi.encode` of the statement's public inputs and of the points that it names, as the kind
    /// of proof has them (`docs/spec/onchain.md`).
    /// @param proof First four bytes of `VERIFIER_HASH`, then words as `docs/spec/onchain.md` lists them.
    function verify(bytes calldata publicValues, bytes calldata proof) external view;

    /// @notice Digest of verifying key, reference string, parameter set and class.
    function VERIFIER_HASH() external view returns (bytes32);

    /// @notice Digest of the reference string under which values are committed to.
    function SRS_DIGEST() external view returns (bytes32);

    /// @notice Parameter set of the encryption scheme.
    function PARAMETER_SET_ID() external view returns (bytes32);

    /// @notice Class of the proofs: bits 0 to 7 of `shape`.
    function CLASS_ID() external view returns (uint8);

    /// @notice Whether somebody knows the trapdoor of the setup. Accept nothing from it in production.
    function DEVELOPMENT() external view returns (bool);
}
