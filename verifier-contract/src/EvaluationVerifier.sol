// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProofVerifier} from "./IProofVerifier.sol";
import {EvaluationClass} from "./generated/EvaluationClass.sol";
import {VerifyingKey} from "./generated/VerifyingKey.sol";
import {EvaluationArgument} from "./lib/EvaluationArgument.sol";
import {Groth16Key} from "./lib/Groth16Key.sol";

/// @title Verifier of proofs of evaluation under the generated verifying key.
/// @notice Stateless, ownerless, without an upgrade: another key is another contract.
contract EvaluationVerifier is IProofVerifier {
    bytes32 public constant VERIFIER_HASH = VerifyingKey.VERIFIER_HASH;
    bytes32 public constant SRS_DIGEST = VerifyingKey.SRS_DIGEST;
    bytes32 public constant PARAMETER_SET_ID = EvaluationClass.PARAMETER_SET_ID;
    uint8 public constant CLASS_ID = EvaluationClass.CLASS_ID;
    bool public constant DEVELOPMENT = VerifyingKey.DEVELOPMENT;

    /// The trapdoor of this setup is known, and the deployer did not say that this is meant.
    error DevelopmentSetup();
    /// The generated hash is not that of the generated key.
    error VerifierHashMismatch(bytes32 got, bytes32 expected);
    /// The generated digest is not that of the generated reference string.
    error SrsDigestMismatch(bytes32 got, bytes32 expected);

    /// @param acceptDevelopment Whether a setup with a known trapdoor may be deployed.
    constructor(bool acceptDevelopment) {
        if (DEVELOPMENT && !acceptDevelopment) revert DevelopmentSetup();
        uint256[] memory key = VerifyingKey.load();
        Groth16Key.check(key, EvaluationClass.PUBLIC_INPUTS, DEVELOPMENT);
        bytes32 srs = Groth16Key.srsDigest(key, VerifyingKey.MAX_POWERS);
        if (srs != SRS_DIGEST) revert SrsDigestMismatch(SRS_DIGEST, srs);
        bytes32 hash = Groth16Key.verifierHash(key, srs, PARAMETER_SET_ID, CLASS_ID);
        if (hash != VERIFIER_HASH) revert VerifierHashMismatch(VERIFIER_HASH, hash);
    }

    /// @inheritdoc IProofVerifier
    function verify(bytes calldata publicValues, bytes calldata proof) external view {
        EvaluationArgument.check(VerifyingKey.load(), bytes4(VERIFIER_HASH), publicValues, proof);
    }
}
