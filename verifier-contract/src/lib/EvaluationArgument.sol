// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EvaluationClass} from "../generated/EvaluationClass.sol";
import {Bn254} from "./Bn254.sol";
import {Groth16Key} from "./Groth16Key.sol";
import {HandleLib} from "./HandleLib.sol";

/// @title The on-chain part of the proof of evaluation: Groth16, and the group side of the opening (PE.K1).
/// @dev The circuit proves the field side and gives the challenges as public inputs; here the digests of the points
/// are recomputed, the points are folded with the challenges, and one pairing call checks both equations.
library EvaluationArgument {
    /// Where a word stands.
    enum Part {
        PublicValues,
        Proof
    }

    // Words of the public values.
    uint256 private constant STMT = 0;
    uint256 private constant SHAPE = 1;
    uint256 private constant PROG = 4;
    uint256 private constant INPUTS_OFFSET = 5;
    uint256 private constant OUTPUTS_OFFSET = 6;
    uint256 private constant INPUTS_LENGTH = 7;
    uint256 private constant INPUTS = 8;

    // Words of the proof, after the selector.
    uint256 private constant A = 0;
    uint256 private constant B = 2;
    uint256 private constant C = 6;
    uint256 private constant COLUMN_POINTS = 8;
    uint256 private constant FOLD_POINTS = COLUMN_POINTS + 2 * EvaluationClass.COLUMNS;
    uint256 private constant Q = FOLD_POINTS + 2 * EvaluationClass.FOLDS;
    uint256 private constant W = Q + 2;
    uint256 private constant CHALLENGES = W + 2;
    uint256 private constant PROOF_WORDS = CHALLENGES + 5;
    uint256 internal constant PROOF_BYTES = 4 + 32 * PROOF_WORDS;

    // Public inputs after the statement's.
    uint256 private constant D1 = 5;
    uint256 private constant D3 = 7;
    uint256 private constant D4 = 8;
    uint256 private constant RHO = 9;
    uint256 private constant R_CHALLENGE = 10;
    uint256 private constant Q_CHALLENGE = 11;
    uint256 private constant Z = 12;
    uint256 private constant R_AT_Z = 13;

    /// The proof has another length than every proof of the class.
    error ProofLength(uint256 got, uint256 expected);
    /// The proof names another verifier.
    error WrongVerifier(bytes4 got, bytes4 expected);
    /// The public values have another length than their counts say.
    error PublicValuesLength(uint256 got, uint256 expected);
    /// An offset or a count inside the public values is not that of the canonical encoding.
    error PublicValuesEncoding(uint256 word, uint256 got, uint256 expected);
    /// The class, or a count of handles, is none that the verifying key serves.
    error UnknownShape(uint256 shape);
    /// A scalar is not below the order of the field.
    error ScalarTooLarge(Part part, uint256 word);
    /// A coordinate is not below the modulus.
    error CoordinateTooLarge(Part part, uint256 word);
    /// A point is not on its curve; infinity where no infinity may be counts as such.
    error PointNotOnCurve(Part part, uint256 word);
    /// Groth16 or the opening: the pairing equation does not hold.
    error PairingMismatch();

    /// @dev Reverts unless the proof proves the public values under the key, whose selector is the verifier hash's.
    function check(
        uint256[] memory key,
        bytes4 selector,
        bytes calldata publicValues,
        bytes calldata proof
    ) internal view {
        (uint256 inputs, uint256 outputs) = checkPublicValues(publicValues);
        checkProof(proof, selector);
        uint256[14] memory public_ = publicInputs(publicValues, proof);
        // Both equations are of pairings that are one; a weight that depends on every byte joins them.
        uint256 weight =
            uint256(keccak256(abi.encode(HandleLib.TAG_BATCH, keccak256(publicValues), keccak256(proof))))
                % Bn254.R;

        Bn254.Sum memory statement;
        statement.words[0] = key[Groth16Key.IC];
        statement.words[1] = key[Groth16Key.IC + 1];
        for (uint256 i; i < EvaluationClass.PUBLIC_INPUTS; ++i) {
            uint256 place = Groth16Key.IC + 2 * (i + 1);
            Bn254.addScaled(statement, key[place], key[place + 1], public_[i]);
        }

        Bn254.Sum memory opening;
        foldCommitments(opening, public_[RHO], weight, publicValues, proof, inputs, outputs);
        foldOpening(opening, public_, weight, proof);

        Bn254.Sum memory witness;
        Bn254.addScaled(witness, wordOf(proof, W), Bn254.negate(wordOf(proof, W + 1)), weight);

        if (!Bn254.pairingIsOne(pairs(key, proof, statement, opening, witness))) revert PairingMismatch();
    }

    /// Canonical `abi.encode`, counts as in `shape`, scalars and points canonical.
    function checkPublicValues(bytes calldata values) private pure returns (uint256 inputs, uint256 outputs) {
        uint256 shortest = 32 * (INPUTS + 1);
        if (values.length < shortest) revert PublicValuesLength(values.length, shortest);
        uint256 shape = valueOf(values, SHAPE);
        (inputs, outputs) = ((shape >> 8) & 0xff, (shape >> 16) & 0xff);
        bool known = shape & 0xff == EvaluationClass.CLASS_ID && shape >> 24 == 0 && inputs != 0
            && inputs <= EvaluationClass.INPUT_SLOTS && outputs != 0 && outputs <= EvaluationClass.OUTPUT_SLOTS;
        if (!known) revert UnknownShape(shape);

        uint256 length = shortest + 64 * (inputs + outputs);
        if (values.length != length) revert PublicValuesLength(values.length, length);
        uint256 outputsLength = INPUTS + 2 * inputs;
        expect(values, INPUTS_OFFSET, 32 * INPUTS_LENGTH);
        expect(values, OUTPUTS_OFFSET, 32 * outputsLength);
        expect(values, INPUTS_LENGTH, inputs);
        expect(values, outputsLength, outputs);

        for (uint256 i = STMT; i <= PROG; ++i) {
            if (valueOf(values, i) >= Bn254.R) revert ScalarTooLarge(Part.PublicValues, i);
        }
        for (uint256 i; i < inputs; ++i) {
            checkValuePoint(values, INPUTS + 2 * i);
        }
        for (uint256 i; i < outputs; ++i) {
            checkValuePoint(values, outputsLength + 1 + 2 * i);
        }
    }

    /// Length, selector, coordinates, curves, challenges. Only the Groth16 points are never infinity.
    function checkProof(bytes calldata proof, bytes4 selector) private pure {
        if (proof.length != PROOF_BYTES) revert ProofLength(proof.length, PROOF_BYTES);
        if (bytes4(proof[:4]) != selector) revert WrongVerifier(bytes4(proof[:4]), selector);
        for (uint256 i; i < CHALLENGES; ++i) {
            if (wordOf(proof, i) >= Bn254.P) revert CoordinateTooLarge(Part.Proof, i);
        }
        checkProofPoint(proof, A, false);
        if (!Bn254.isOnTwist(wordOf(proof, B), wordOf(proof, B + 1), wordOf(proof, B + 2), wordOf(proof, B + 3)))
        {
            revert PointNotOnCurve(Part.Proof, B);
        }
        checkProofPoint(proof, C, false);
        for (uint256 i = COLUMN_POINTS; i < CHALLENGES; i += 2) {
            checkProofPoint(proof, i, true);
        }
        for (uint256 i = CHALLENGES; i < PROOF_WORDS; ++i) {
            if (wordOf(proof, i) >= Bn254.R) revert ScalarTooLarge(Part.Proof, i);
        }
    }

    /// The vector of `docs/spec/proof-of-evaluation.md`, section 5. The second commit round of the class is empty,
    /// its digest zero.
    function publicInputs(bytes calldata values, bytes calldata proof)
        private
        pure
        returns (uint256[14] memory public_)
    {
        for (uint256 i = STMT; i <= PROG; ++i) {
            public_[i] = valueOf(values, i);
        }
        public_[D1] = roundDigest(proof, 1, COLUMN_POINTS, EvaluationClass.COLUMNS);
        public_[D3] = roundDigest(proof, 3, FOLD_POINTS, EvaluationClass.FOLDS);
        public_[D4] = roundDigest(proof, 4, Q, 1);
        for (uint256 i; i < 5; ++i) {
            public_[RHO + i] = wordOf(proof, CHALLENGES + i);
        }
    }

    function roundDigest(bytes calldata proof, uint256 round, uint256 first, uint256 count)
        private
        pure
        returns (uint256)
    {
        bytes calldata points = proof[4 + 32 * first:4 + 32 * (first + 2 * count)];
        return HandleLib.cut(keccak256(abi.encodePacked(HandleLib.TAG_ROUND, round, count, points)));
    }

    /// `sum_k rho^k [F_k]`, times the weight: columns, all input slots, all output slots. The point of an unused
    /// slot is infinity and left out, its power is not: an output keeps its power whatever the number of inputs.
    function foldCommitments(
        Bn254.Sum memory sum,
        uint256 rho,
        uint256 weight,
        bytes calldata values,
        bytes calldata proof,
        uint256 inputs,
        uint256 outputs
    ) private view {
        uint256 power = weight;
        for (uint256 i; i < EvaluationClass.COLUMNS; ++i) {
            uint256 place = COLUMN_POINTS + 2 * i;
            Bn254.addScaled(sum, wordOf(proof, place), wordOf(proof, place + 1), power);
            power = mulmod(power, rho, Bn254.R);
        }
        for (uint256 i; i < EvaluationClass.INPUT_SLOTS; ++i) {
            if (i < inputs) {
                uint256 place = INPUTS + 2 * i;
                Bn254.addScaled(sum, valueOf(values, place), valueOf(values, place + 1), power);
            }
            power = mulmod(power, rho, Bn254.R);
        }
        for (uint256 i; i < outputs; ++i) {
            uint256 place = INPUTS + 2 * inputs + 1 + 2 * i;
            Bn254.addScaled(sum, valueOf(values, place), valueOf(values, place + 1), power);
            power = mulmod(power, rho, Bn254.R);
        }
    }

    /// `sum_l q^l [f_l] - R(z) [1] - Z(z) [Q] + z [W]`, times the weight, with `Z(z) = (z^s - U)(z - U)`, `U = r^s`.
    function foldOpening(
        Bn254.Sum memory sum,
        uint256[14] memory public_,
        uint256 weight,
        bytes calldata proof
    ) private view {
        uint256 power = weight;
        for (uint256 i; i < EvaluationClass.FOLDS; ++i) {
            power = mulmod(power, public_[Q_CHALLENGE], Bn254.R);
            uint256 place = FOLD_POINTS + 2 * i;
            Bn254.addScaled(sum, wordOf(proof, place), wordOf(proof, place + 1), power);
        }
        (uint256 z, uint256 u, uint256 zToArity) = (public_[Z], public_[R_CHALLENGE], public_[Z]);
        for (uint256 i; i < EvaluationClass.ARITY_BITS; ++i) {
            u = mulmod(u, u, Bn254.R);
            zToArity = mulmod(zToArity, zToArity, Bn254.R);
        }
        uint256 vanishing = mulmod(addmod(zToArity, Bn254.R - u, Bn254.R), addmod(z, Bn254.R - u, Bn254.R), Bn254.R);
        uint256 constantTerm = mulmod(weight, Bn254.R - public_[R_AT_Z], Bn254.R);
        Bn254.addScaled(sum, Bn254.G1_X, Bn254.G1_Y, constantTerm);
        uint256 quotientTerm = mulmod(weight, Bn254.R - vanishing, Bn254.R);
        Bn254.addScaled(sum, wordOf(proof, Q), wordOf(proof, Q + 1), quotientTerm);
        Bn254.addScaled(sum, wordOf(proof, W), wordOf(proof, W + 1), mulmod(weight, z, Bn254.R));
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
        (words[0], words[1]) = (wordOf(proof, A), Bn254.negate(wordOf(proof, A + 1)));
        for (uint256 i; i < 4; ++i) {
            words[2 + i] = wordOf(proof, B + i);
        }
        put(words, 6, key[Groth16Key.ALPHA], key[Groth16Key.ALPHA + 1], key, Groth16Key.BETA);
        put(words, 12, statement.words[0], statement.words[1], key, Groth16Key.GAMMA);
        put(words, 18, wordOf(proof, C), wordOf(proof, C + 1), key, Groth16Key.DELTA);
        (words[24], words[25]) = (opening.words[0], opening.words[1]);
        (words[26], words[27]) = (Bn254.G2_X_C1, Bn254.G2_X_C0);
        (words[28], words[29]) = (Bn254.G2_Y_C1, Bn254.G2_Y_C0);
        put(words, 30, witness.words[0], witness.words[1], key, Groth16Key.TAU_H);
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

    function checkValuePoint(bytes calldata values, uint256 place) private pure {
        (uint256 x, uint256 y) = (valueOf(values, place), valueOf(values, place + 1));
        if (x >= Bn254.P) revert CoordinateTooLarge(Part.PublicValues, place);
        if (y >= Bn254.P) revert CoordinateTooLarge(Part.PublicValues, place + 1);
        if (!Bn254.isOnCurve(x, y)) revert PointNotOnCurve(Part.PublicValues, place);
    }

    function checkProofPoint(bytes calldata proof, uint256 place, bool infinityAllowed) private pure {
        (uint256 x, uint256 y) = (wordOf(proof, place), wordOf(proof, place + 1));
        if (infinityAllowed && x == 0 && y == 0) return;
        if (!Bn254.isOnCurve(x, y)) revert PointNotOnCurve(Part.Proof, place);
    }

    function expect(bytes calldata values, uint256 place, uint256 expected) private pure {
        uint256 got = valueOf(values, place);
        if (got != expected) revert PublicValuesEncoding(place, got, expected);
    }

    /// Word of the public values; the length is checked before the first call.
    function valueOf(bytes calldata values, uint256 place) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(values.offset, shl(5, place)))
        }
    }

    /// Word of the proof after its selector; the length is checked before the first call.
    function wordOf(bytes calldata proof, uint256 place) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(add(proof.offset, 4), shl(5, place)))
        }
    }
}
