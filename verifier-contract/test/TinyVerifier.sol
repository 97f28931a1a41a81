// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProofVerifier} from "../src/IProofVerifier.sol";
import {EvaluationClass} from "../src/generated/EvaluationClass.sol";
import {EvaluationArgument} from "../src/lib/EvaluationArgument.sol";
import {Groth16Key} from "../src/lib/Groth16Key.sol";
import {TinyVerifyingKey} from "./generated/TinyVerifyingKey.sol";

/// @title The argument of the `EvaluationVerifier` under a key whose circuit accepts everything.
contract TinyVerifier is IProofVerifier {
    bytes32 public constant VERIFIER_HASH = TinyVerifyingKey.VERIFIER_HASH;
    bytes32 public constant SRS_DIGEST = TinyVerifyingKey.SRS_DIGEST;
    bytes32 public constant PARAMETER_SET_ID = EvaluationClass.PARAMETER_SET_ID;
    uint8 public constant CLASS_ID = EvaluationClass.CLASS_ID;
    bool public constant DEVELOPMENT = true;

    function verify(bytes calldata publicValues, bytes calldata proof) external view {
        EvaluationArgument.check(TinyVerifyingKey.load(), bytes4(VERIFIER_HASH), publicValues, proof);
    }

    /// @dev The checks of a key's words, as the constructor of the `EvaluationVerifier` makes them.
    function checkKey(uint256[] memory key, bool development) external view {
        Groth16Key.check(key, EvaluationClass.PUBLIC_INPUTS, development);
    }

    function hashes(uint256[] memory key) external pure returns (bytes32 verifierHash, bytes32 srsDigest) {
        srsDigest = Groth16Key.srsDigest(key, TinyVerifyingKey.MAX_POWERS);
        verifierHash = Groth16Key.verifierHash(key, srsDigest, PARAMETER_SET_ID, CLASS_ID);
    }
}
