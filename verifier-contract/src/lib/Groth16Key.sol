// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Bn254} from "./Bn254.sol";
import {HandleLib} from "./HandleLib.sol";

/// @title A Groth16 verifying key with the verifier's part of the reference string, as words.
/// @dev Words: alpha (x, y), then beta, gamma, delta (each x_c1, x_c0, y_c1, y_c0), then the IC points (x, y), then
/// tau H (x_c1, x_c0, y_c1, y_c0). There is one IC point more than public inputs.
library Groth16Key {
    uint256 internal constant ALPHA = 0;
    uint256 internal constant BETA = 2;
    uint256 internal constant GAMMA = 6;
    uint256 internal constant DELTA = 10;
    uint256 internal constant IC = 14;

    /// A key has the wrong number of words.
    error KeyLength(uint256 got, uint256 expected);
    /// A coordinate not below the modulus, or a point off its curve.
    error KeyPoint(uint256 word);
    /// A point outside the subgroup of G2.
    error KeySubgroup();
    /// Gamma and delta are equal: anybody can forge.
    error GammaIsDelta();
    /// Delta is the generator: the key has no contribution of phase 2, anybody can forge.
    error DeltaIsGenerator();
    /// The key of a ceremony stands on the standard generators, its gamma is the generator. On another base point
    /// the two checks above would say nothing.
    error GammaIsNotGenerator();
    /// Tau is one: `tau H` is the generator.
    error TauIsOne();

    /// Words of `tau H, tau^s H, tau^(s+1) H`, s the arity of the opening.
    uint256 internal constant POWERS_WORDS = 12;

    /// @dev First word of the powers of tau, the last points.
    function powersH(uint256[] memory key) internal pure returns (uint256) {
        return key.length - POWERS_WORDS;
    }

    /// @dev Refuses keys under which anybody can forge. `development` keys come from a generator that draws its own
    /// base points, so for them `GammaIsNotGenerator` is not checked; production keys must pass it.
    function check(uint256[] memory key, uint256 publicInputs, bool development) internal view {
        uint256 words = IC + 2 * (publicInputs + 1) + POWERS_WORDS;
        if (key.length != words) revert KeyLength(key.length, words);
        checkG1(key, ALPHA);
        for (uint256 i = IC; i < powersH(key); i += 2) {
            checkG1(key, i);
        }
        checkG2(key, BETA);
        checkG2(key, GAMMA);
        checkG2(key, DELTA);
        for (uint256 i = powersH(key); i < key.length; i += 4) {
            checkG2(key, i);
        }
        checkSubgroups(key);
        if (same(key, GAMMA, DELTA)) revert GammaIsDelta();
        if (isGenerator(key, DELTA)) revert DeltaIsGenerator();
        if (isGenerator(key, powersH(key))) revert TauIsOne();
        if (!development && !isGenerator(key, GAMMA)) revert GammaIsNotGenerator();
    }

    /// @dev `keccak256` of the verifying key's bytes: the words with the number of IC points before them.
    function digest(uint256[] memory key) internal pure returns (bytes32) {
        uint256 end = powersH(key);
        uint256[] memory words = new uint256[](end + 1);
        for (uint256 i; i < IC; ++i) {
            words[i] = key[i];
        }
        words[IC] = (end - IC) / 2;
        for (uint256 i = IC; i < end; ++i) {
            words[i + 1] = key[i];
        }
        return keccak256(abi.encodePacked(words));
    }

    /// @dev Digest of the reference string.
    function srsDigest(uint256[] memory key, uint256 maxPowers) internal pure returns (bytes32) {
        uint256[] memory words = new uint256[](POWERS_WORDS);
        for (uint256 i; i < POWERS_WORDS; ++i) {
            words[i] = key[powersH(key) + i];
        }
        // Words one after the other, as `abi.encode` puts them.
        return keccak256(
            abi.encodePacked(HandleLib.TAG_SRS, Bn254.G1_X, Bn254.G1_Y, words, maxPowers)
        );
    }

    /// @dev Digest of everything that decides which proofs are accepted.
    function verifierHash(uint256[] memory key, bytes32 srs, bytes32 parameterSetId, uint8 classId)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode(HandleLib.TAG_VERIFIER, digest(key), srs, parameterSetId, uint256(classId))
        );
    }

    function checkG1(uint256[] memory key, uint256 place) private pure {
        (uint256 x, uint256 y) = (key[place], key[place + 1]);
        if (x >= Bn254.P || y >= Bn254.P || !Bn254.isOnCurve(x, y)) revert KeyPoint(place);
    }

    function checkG2(uint256[] memory key, uint256 place) private pure {
        for (uint256 i; i < 4; ++i) {
            if (key[place + i] >= Bn254.P) revert KeyPoint(place + i);
        }
        if (!Bn254.isOnTwist(key[place], key[place + 1], key[place + 2], key[place + 3])) revert KeyPoint(place);
    }

    /// The pairing precompile checks the subgroup; paired with infinity the product is one.
    function checkSubgroups(uint256[] memory key) private view {
        uint256[] memory pairs = new uint256[](36);
        uint256 powers = powersH(key);
        uint256[6] memory places = [BETA, GAMMA, DELTA, powers, powers + 4, powers + 8];
        for (uint256 i; i < 6; ++i) {
            for (uint256 j; j < 4; ++j) {
                pairs[6 * i + 2 + j] = key[places[i] + j];
            }
        }
        uint256 success;
        uint256 limit = Bn254.PAIRING_GAS_CEILING;
        assembly ("memory-safe") {
            success := staticcall(limit, 8, add(pairs, 0x20), 0x480, 0x00, 0x20)
        }
        if (success == 0) revert KeySubgroup();
    }

    function same(uint256[] memory key, uint256 a, uint256 b) private pure returns (bool) {
        return key[a] == key[b] && key[a + 1] == key[b + 1] && key[a + 2] == key[b + 2]
            && key[a + 3] == key[b + 3];
    }

    function isGenerator(uint256[] memory key, uint256 place) private pure returns (bool) {
        return key[place] == Bn254.G2_X_C1 && key[place + 1] == Bn254.G2_X_C0 && key[place + 2] == Bn254.G2_Y_C1
            && key[place + 3] == Bn254.G2_Y_C0;
    }
}
