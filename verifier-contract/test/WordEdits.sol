// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Bn254} from "../src/lib/Bn254.sol";
import {Test} from "./Vm.sol";

/// @title Reads and changes words of proofs and public values, for tests of what binds them.
abstract contract WordEdits is Test {
    uint256 internal constant TWIST_X = 1;

    /// A square root of `1 + 3 / (9 + u)` in Fp2, by the norm.
    function twistPointAtOne() internal pure returns (uint256 c1, uint256 c0) {
        uint256 a0 = addmod(Bn254.TWIST_B_C0, TWIST_X, Bn254.P);
        uint256 a1 = Bn254.TWIST_B_C1;
        uint256 norm = root(addmod(mulmod(a0, a0, Bn254.P), mulmod(a1, a1, Bn254.P), Bn254.P));
        uint256 half = (Bn254.P + 1) / 2;
        uint256 square = mulmod(addmod(a0, norm, Bn254.P), half, Bn254.P);
        c0 = root(square);
        if (mulmod(c0, c0, Bn254.P) != square) {
            square = mulmod(addmod(a0, Bn254.P - norm, Bn254.P), half, Bn254.P);
            c0 = root(square);
        }
        c1 = mulmod(mulmod(a1, half, Bn254.P), power(c0, Bn254.P - 2), Bn254.P);
        assertTrue(Bn254.isOnTwist(0, TWIST_X, c1, c0), "on the twist");
    }

    function root(uint256 value) internal pure returns (uint256) {
        return power(value, (Bn254.P + 1) / 4);
    }

    function power(uint256 base, uint256 exponent) internal pure returns (uint256 result) {
        result = 1;
        for (; exponent != 0; exponent >>= 1) {
            if (exponent & 1 == 1) result = mulmod(result, base, Bn254.P);
            base = mulmod(base, base, Bn254.P);
        }
    }

    function proofWord(bytes memory proof, uint256 i) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(proof, 36), mul(i, 32)))
        }
    }

    function setProofWord(bytes memory proof, uint256 i, uint256 word) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(proof, 36), mul(i, 32)), word)
        }
    }

    function valueWord(bytes memory values, uint256 i) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(values, 32), mul(i, 32)))
        }
    }

    function setWord(bytes memory values, uint256 i, uint256 word) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(values, 32), mul(i, 32)), word)
        }
    }
}
