// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Bn254} from "./Bn254.sol";
import {Groth16Key} from "./Groth16Key.sol";
import {HandleLib} from "./HandleLib.sol";
import {ProofWords} from "./ProofWords.sol";

/// @title Groth16 and the group side of the opening (PE.K1), in one pairing call, for every class of proofs.
/// @dev The last public inputs are `d3, d4, rho, r, q, z, R(z)`; the last points of a proof are folds, Q, W.
library GroupSide {
    // Places of public inputs, from the end.
    uint256 private constant RHO = 5;
    uint256 private constant R_CHALLENGE = 4;
    uint256 private constant Q_CHALLENGE = 3;
    uint256 private constant Z = 2;
    uint256 private constant R_AT_Z = 1;

    /// Groth16 or the opening: the pairing equation does not hold.
    error PairingMismatch();

    /// The proof that is checked, and the sums that are built up.
    struct Check {
        uint256[] key;
        uint256[] publicInputs;
        /// First word of the folds in the proof.
        uint256 folds;
        /// Joins both equations, which are of pairings that are one: depends on every byte.
        uint256 weight;
        /// `weight * rho^k` of the next slot.
        uint256 power;
        /// `weight * L`, `docs/spec/onchain.md`.
        Bn254.Sum opening;
    }

    /// @dev Starts with slot 0 and an empty sum. `publicInputs` gets the challenges from the proof; those before d3
    /// are in it.
    function start(
        uint256[] memory key,
        uint256[] memory publicInputs,
        bytes calldata publicValues,
        bytes calldata proof,
        uint256 points,
        uint256 folds
    ) internal pure returns (Check memory check) {
        uint256 count = publicInputs.length;
        uint256 place = ProofWords.POINTS + 2 * points;
        for (uint256 i; i < ProofWords.CHALLENGE_WORDS; ++i) {
            publicInputs[count - RHO + i] = ProofWords.wordOf(proof, place + i);
        }
        check.folds = place - 2 * (folds + 2);
        publicInputs[count - RHO - 2] = ProofWords.roundDigest(proof, 3, check.folds, folds);
        publicInputs[count - RHO - 1] = ProofWords.roundDigest(proof, 4, place - 4, 1);
        check.key = key;
        check.publicInputs = publicInputs;
        check.weight = uint256(
            keccak256(abi.encode(HandleLib.TAG_BATCH, keccak256(publicValues), keccak256(proof)))
        ) % Bn254.R;
        check.power = check.weight;
    }

    /// @dev `count` slots from words of the public values on.
    function foldValues(Check memory check, bytes calldata values, uint256 place, uint256 count) internal view {
        uint256 rho = check.publicInputs[check.publicInputs.length - RHO];
        uint256 power = check.power;
        for (uint256 end = place + 2 * count; place < end; place += 2) {
            Bn254.addScaled(
                check.opening, ProofWords.valueOf(values, place), ProofWords.valueOf(values, place + 1), power
            );
            power = mulmod(power, rho, Bn254.R);
        }
        check.power = power;
    }

    /// @dev The slots whose bits are set in `used`, of `slots` ones, from words of the proof on. The power of an
    /// unused slot is skipped, never given to another.
    function foldProof(Check memory check, bytes calldata proof, uint256 place, uint256 used, uint256 slots)
        internal
        view
    {
        uint256 rho = check.publicInputs[check.publicInputs.length - RHO];
        uint256 power = check.power;
        for (uint256 slot; slot < slots; ++slot) {
            if ((used >> slot) & 1 == 1) {
                Bn254.addScaled(
                    check.opening, ProofWords.wordOf(proof, place), ProofWords.wordOf(proof, place + 1), power
                );
                place += 2;
            }
            power = mulmod(power, rho, Bn254.R);
        }
        check.power = power;
    }

    /// @dev `count` unused slots: their points are infinity and left out, their powers are not.
    function skip(Check memory check, uint256 count) internal pure {
        uint256 rho = check.publicInputs[check.publicInputs.length - RHO];
        uint256 power = check.power;
        for (; count != 0; count >>= 1) {
            if (count & 1 == 1) power = mulmod(power, rho, Bn254.R);
            rho = mulmod(rho, rho, Bn254.R);
        }
        check.power = power;
    }

    /// @dev Adds the opening, and reverts unless both equations hold.
    function finish(Check memory check, bytes calldata proof, uint256 folds, uint256 arityBits) internal view {
        uint256[] memory key = check.key;
        uint256[] memory publicInputs = check.publicInputs;
        foldOpening(check, proof, folds, arityBits);

        Bn254.Sum memory statement;
        statement.words[0] = key[Groth16Key.IC];
        statement.words[1] = key[Groth16Key.IC + 1];
        for (uint256 i; i < publicInputs.length; ++i) {
            uint256 place = Groth16Key.IC + 2 * (i + 1);
            Bn254.addScaled(statement, key[place], key[place + 1], publicInputs[i]);
        }

        Bn254.Sum memory witness;
        uint256 w = check.folds + 2 * folds + 2;
        uint256 y = Bn254.negate(ProofWords.wordOf(proof, w + 1));
        Bn254.addScaled(witness, ProofWords.wordOf(proof, w), y, check.weight);

        if (!Bn254.pairingIsOne(pairs(key, proof, statement, check.opening, witness))) revert PairingMismatch();
    }

    /// `sum_l q^l [f_l] - R(z) [1] - Z(z) [Q] + z [W]`, times the weight, with `Z(z) = (z^s - U)(z - U)`, `U = r^s`.
    function foldOpening(Check memory check, bytes calldata proof, uint256 folds, uint256 arityBits)
        private
        view
    {
        uint256[] memory publicInputs = check.publicInputs;
        Bn254.Sum memory sum = check.opening;
        (uint256 count, uint256 weight, uint256 place) = (publicInputs.length, check.weight, check.folds);
        uint256 power = weight;
        for (uint256 i; i < folds; ++i) {
            power = mulmod(power, publicInputs[count - Q_CHALLENGE], Bn254.R);
            Bn254.addScaled(sum, ProofWords.wordOf(proof, place), ProofWords.wordOf(proof, place + 1), power);
            place += 2;
        }
        (uint256 z, uint256 u) = (publicInputs[count - Z], publicInputs[count - R_CHALLENGE]);
        uint256 zToArity = z;
        for (uint256 i; i < arityBits; ++i) {
            u = mulmod(u, u, Bn254.R);
            zToArity = mulmod(zToArity, zToArity, Bn254.R);
        }
        uint256 vanishing = mulmod(addmod(zToArity, Bn254.R - u, Bn254.R), addmod(z, Bn254.R - u, Bn254.R), Bn254.R);
        uint256 constantTerm = mulmod(weight, Bn254.R - publicInputs[count - R_AT_Z], Bn254.R);
        Bn254.addScaled(sum, Bn254.G1_X, Bn254.G1_Y, constantTerm);
        uint256 quotientTerm = mulmod(weight, Bn254.R - vanishing, Bn254.R);
        Bn254.addScaled(sum, ProofWords.wordOf(proof, place), ProofWords.wordOf(proof, place + 1), quotientTerm);
        (uint256 x, uint256 y) = (ProofWords.wordOf(proof, place + 2), ProofWords.wordOf(proof, place + 3));
        Bn254.addScaled(sum, x, y, mulmod(weight, z, Bn254.R));
    }

    /// `e(-A, B) e(alpha, beta) e(statement, gamma) e(C, delta) e(opening, H) e(-weight W, tau H)`.
    function pairs(
        uint256[] memory key,
        bytes calldata proof,
        Bn254.Sum memory statement,
        Bn254.Sum memory opening,
        Bn254.Sum memory witness
    ) private pure returns (uint256[] memory words) {
        words = new uint256[](36);
        words[0] = ProofWords.wordOf(proof, ProofWords.A);
        words[1] = Bn254.negate(ProofWords.wordOf(proof, ProofWords.A + 1));
        for (uint256 i; i < 4; ++i) {
            words[2 + i] = ProofWords.wordOf(proof, ProofWords.B + i);
        }
        put(words, 6, key[Groth16Key.ALPHA], key[Groth16Key.ALPHA + 1], key, Groth16Key.BETA);
        put(words, 12, statement.words[0], statement.words[1], key, Groth16Key.GAMMA);
        (uint256 x, uint256 y) =
            (ProofWords.wordOf(proof, ProofWords.C), ProofWords.wordOf(proof, ProofWords.C + 1));
        put(words, 18, x, y, key, Groth16Key.DELTA);
        (words[24], words[25]) = (opening.words[0], opening.words[1]);
        (words[26], words[27]) = (Bn254.G2_X_C1, Bn254.G2_X_C0);
        (words[28], words[29]) = (Bn254.G2_Y_C1, Bn254.G2_Y_C0);
        put(words, 30, witness.words[0], witness.words[1], key, Groth16Key.tauH(key));
    }

    function put(uint256[] memory words, uint256 place, uint256 x, uint256 y, uint256[] memory key, uint256 g2)
        private
        pure
    {
        (words[place], words[place + 1]) = (x, y);
        for (uint256 i; i < 4; ++i) {
            words[place + 2 + i] = key[g2 + i];
        }
    }
}
