// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Bn254} from "./Bn254.sol";
import {Groth16Key} from "./Groth16Key.sol";
import {HandleLib} from "./HandleLib.sol";
import {ProofWords} from "./ProofWords.sol";

/// @title Groth16 and the group side of the opening (PE.K1, PE.K2), in one pairing call, for every class of proofs.
/// @dev The last public inputs are `d3, d4, rho, r, q, z, R(z)`; the last points of a proof are folds, Q, R, W.
library GroupSide {
    /// Points of a proof after the folds: Q, R, W.
    uint256 internal constant CLOSING_POINTS = 3;

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
        /// Joins the equations, which are of pairings that are one: depends on every byte.
        uint256 weight;
        /// `weight * rho^k` of the next slot.
        uint256 power;
        /// `weight * B` and what else is paired with H, `docs/spec/onchain.md`.
        Bn254.Sum opening;
    }

    /// What is paired with the other powers of tau in G2.
    struct Quotient {
        Bn254.Sum tau;
        Bn254.Sum arity;
        Bn254.Sum beyond;
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
        check.folds = place - 2 * (folds + CLOSING_POINTS);
        publicInputs[count - RHO - 2] = ProofWords.roundDigest(proof, 3, check.folds, folds);
        publicInputs[count - RHO - 1] = ProofWords.roundDigest(proof, 4, check.folds + 2 * folds, 2);
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

    /// @dev Adds the opening, and reverts unless all equations hold.
    function finish(Check memory check, bytes calldata proof, uint256 folds, uint256 arityBits) internal view {
        uint256[] memory key = check.key;
        uint256[] memory publicInputs = check.publicInputs;
        foldFolds(check, proof, folds);
        Quotient memory quotient = foldClosing(check, proof, check.folds + 2 * folds, arityBits);

        Bn254.Sum memory statement;
        statement.words[0] = key[Groth16Key.IC];
        statement.words[1] = key[Groth16Key.IC + 1];
        for (uint256 i; i < publicInputs.length; ++i) {
            uint256 place = Groth16Key.IC + 2 * (i + 1);
            Bn254.addScaled(statement, key[place], key[place + 1], publicInputs[i]);
        }

        uint256[] memory words = new uint256[](48);
        putGroth16(words, key, proof, statement);
        putOpening(words, key, check.opening, quotient);
        if (!Bn254.pairingIsOne(words)) revert PairingMismatch();
    }

    /// `sum_l q^l [f_l]`, times the weight.
    function foldFolds(Check memory check, bytes calldata proof, uint256 folds) private view {
        uint256 q = check.publicInputs[check.publicInputs.length - Q_CHALLENGE];
        uint256 power = check.weight;
        for (uint256 place = check.folds; place < check.folds + 2 * folds; place += 2) {
            power = mulmod(power, q, Bn254.R);
            addPoint(check.opening, proof, place, power);
        }
    }

    /// Q, R and W from a word of the proof on. With weight `w`, U = r^s:
    /// - PE.K1, times w: `-R - U^2 Q` with H, `U Q` with tau H and tau^s H, `-Q` with tau^(s+1) H;
    /// - PE.K2, times w^2: `R - R(z) [1] + z W` with H, `-W` with tau H.
    function foldClosing(Check memory check, bytes calldata proof, uint256 place, uint256 arityBits)
        private
        view
        returns (Quotient memory quotient)
    {
        uint256[] memory publicInputs = check.publicInputs;
        Bn254.Sum memory sum = check.opening;
        (uint256 count, uint256 weight) = (publicInputs.length, check.weight);
        uint256 square = mulmod(weight, weight, Bn254.R);
        uint256 u = publicInputs[count - R_CHALLENGE];
        for (uint256 i; i < arityBits; ++i) {
            u = mulmod(u, u, Bn254.R);
        }
        uint256 middle = mulmod(weight, u, Bn254.R);
        addPoint(sum, proof, place, Bn254.R - mulmod(middle, u, Bn254.R));
        addPoint(quotient.arity, proof, place, middle);
        (quotient.tau.words[0], quotient.tau.words[1]) = (quotient.arity.words[0], quotient.arity.words[1]);
        addPoint(quotient.beyond, proof, place, Bn254.R - weight);

        addPoint(sum, proof, place + 2, addmod(square, Bn254.R - weight, Bn254.R));
        uint256 constantTerm = mulmod(square, Bn254.R - publicInputs[count - R_AT_Z], Bn254.R);
        Bn254.addScaled(sum, Bn254.G1_X, Bn254.G1_Y, constantTerm);
        addPoint(sum, proof, place + 4, mulmod(square, publicInputs[count - Z], Bn254.R));
        addPoint(quotient.tau, proof, place + 4, Bn254.R - square);
    }

    function addPoint(Bn254.Sum memory sum, bytes calldata proof, uint256 place, uint256 scalar) private view {
        Bn254.addScaled(sum, ProofWords.wordOf(proof, place), ProofWords.wordOf(proof, place + 1), scalar);
    }

    /// `e(-A, B) e(alpha, beta) e(statement, gamma) e(C, delta)`.
    function putGroth16(
        uint256[] memory words,
        uint256[] memory key,
        bytes calldata proof,
        Bn254.Sum memory statement
    ) private pure {
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
    }

    /// `e(opening, H)` and the three pairings with powers of tau in G2.
    function putOpening(
        uint256[] memory words,
        uint256[] memory key,
        Bn254.Sum memory opening,
        Quotient memory quotient
    ) private pure {
        (words[24], words[25]) = (opening.words[0], opening.words[1]);
        (words[26], words[27]) = (Bn254.G2_X_C1, Bn254.G2_X_C0);
        (words[28], words[29]) = (Bn254.G2_Y_C1, Bn254.G2_Y_C0);
        uint256 tau = Groth16Key.powersH(key);
        put(words, 30, quotient.tau.words[0], quotient.tau.words[1], key, tau);
        put(words, 36, quotient.arity.words[0], quotient.arity.words[1], key, tau + 4);
        put(words, 42, quotient.beyond.words[0], quotient.beyond.words[1], key, tau + 8);
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
