// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProofVerifier} from "./IProofVerifier.sol";

/// @title Verifiers by the first four bytes of the proofs that they verify.
interface IVerifierGateway {
    /// No verifier has this selector.
    error UnknownVerifier(bytes4 selector);

    /// @notice The verifier of proofs that begin with `selector`; reverts with `UnknownVerifier`. The answer for a
    /// known selector never changes.
    function verifierOf(bytes4 selector) external view returns (IProofVerifier);

    /// @notice Digest of the reference string of all verifiers here.
    function SRS_DIGEST() external view returns (bytes32);

    /// @notice Parameter set of all verifiers here.
    function PARAMETER_SET_ID() external view returns (bytes32);
}
