// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title BN254 (alt_bn128) by the precompiles of EIP-196 and EIP-197.
/// @dev Points here are already checked: coordinates below P, on the curve. Only the subgroup of G2 is left to the
/// pairing precompile. (0, 0) is the point at infinity of G1.
library Bn254 {
    /// Modulus of coordinates.
    uint256 internal constant P = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;
    /// Order of the groups, modulus of scalars.
    uint256 internal constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
    /// Generator of G1.
    uint256 internal constant G1_X = 1;
    uint256 internal constant G1_Y = 2;
    /// Generator of G2, `x = X_C1 u + X_C0`.
    uint256 internal constant G2_X_C1 = 0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2;
    uint256 internal constant G2_X_C0 = 0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed;
    uint256 internal constant G2_Y_C1 = 0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b;
    uint256 internal constant G2_Y_C0 = 0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa;
    /// `3 / (9 + u)`, the constant of the twist.
    uint256 internal constant TWIST_B_C1 = 0x009713b03af0fed4cd2cafadeed8fdf4a74fa084e52d1852e4a2bd0685c315d2;
    uint256 internal constant TWIST_B_C0 = 0x2b149d40ceb8aaae81be18991be06ac3b5b4c5e559dbefa33267e6dc24a138e5;

    /// The precompile burns all gas that it is given on a point outside the subgroup. This is a ceiling on that
    /// loss, several times what six pairs cost today; it is not a price.
    uint256 internal constant PAIRING_GAS_CEILING = 1_500_000;

    /// A precompile did not answer: too little gas, or (pairing) a G2 point outside the subgroup.
    error PrecompileFailed(uint256 precompile);

    /// A sum of scaled points: `[sum.x, sum.y, term.x, term.y, scalar]`, laid out as the precompiles read it.
    struct Sum {
        uint256[5] words;
    }

    /// @dev Whether `y^2 = x^3 + 3`, for coordinates below P. The point at infinity is not on the curve.
    function isOnCurve(uint256 x, uint256 y) internal pure returns (bool) {
        return mulmod(y, y, P) == addmod(mulmod(mulmod(x, x, P), x, P), 3, P);
    }

    /// @dev Whether a point is on the twist, for coordinates below P: `y^2 = x^3 + 3 / (9 + u)`.
    function isOnTwist(uint256 xC1, uint256 xC0, uint256 yC1, uint256 yC0) internal pure returns (bool) {
        (uint256 squareC1, uint256 squareC0) = fp2Mul(xC1, xC0, xC1, xC0);
        (uint256 cubeC1, uint256 cubeC0) = fp2Mul(squareC1, squareC0, xC1, xC0);
        (squareC1, squareC0) = fp2Mul(yC1, yC0, yC1, yC0);
        return squareC1 == addmod(cubeC1, TWIST_B_C1, P) && squareC0 == addmod(cubeC0, TWIST_B_C0, P);
    }

    /// @dev Product in `Fp[u] / (u^2 + 1)`.
    function fp2Mul(uint256 aC1, uint256 aC0, uint256 bC1, uint256 bC0)
        internal
        pure
        returns (uint256 c1, uint256 c0)
    {
        c1 = addmod(mulmod(aC1, bC0, P), mulmod(aC0, bC1, P), P);
        c0 = addmod(mulmod(aC0, bC0, P), P - mulmod(aC1, bC1, P), P);
    }

    /// @dev `-y`: the second coordinate of the opposite point.
    function negate(uint256 y) internal pure returns (uint256) {
        return y == 0 ? 0 : P - y;
    }

    /// @dev `sum += scalar * (x, y)`. Free for a zero scalar and for the point at infinity.
    function addScaled(Sum memory sum, uint256 x, uint256 y, uint256 scalar) internal view {
        if (scalar == 0 || (x == 0 && y == 0)) return;
        uint256[5] memory words = sum.words;
        words[2] = x;
        words[3] = y;
        words[4] = scalar;
        uint256 failed;
        assembly ("memory-safe") {
            let term := add(words, 0x40)
            if gt(scalar, 1) {
                if iszero(staticcall(gas(), 7, term, 0x60, term, 0x40)) { failed := 7 }
            }
            if iszero(staticcall(gas(), 6, words, 0x80, words, 0x40)) { failed := 6 }
        }
        if (failed != 0) revert PrecompileFailed(failed);
    }

    /// @dev Whether the product of the pairings of `words.length / 6` pairs is one. A pair is G1 x, y, then G2
    /// x_c1, x_c0, y_c1, y_c0.
    function pairingIsOne(uint256[] memory words) internal view returns (bool) {
        uint256[1] memory answer;
        bool success;
        assembly ("memory-safe") {
            let limit := gas()
            if gt(limit, PAIRING_GAS_CEILING) { limit := PAIRING_GAS_CEILING }
            success := staticcall(limit, 8, add(words, 0x20), mul(mload(words), 0x20), answer, 0x20)
        }
        if (!success) revert PrecompileFailed(8);
        return answer[0] == 1;
    }
}
