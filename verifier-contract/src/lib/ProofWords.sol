// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Bn254} from "./Bn254.sol";
import {HandleLib} from "./HandleLib.sol";

/// @title Public values and proofs as words: where they stand, and that they are canonical.
/// @dev A proof is the first four bytes of the verifier hash, then words: the Groth16 points, the points that the
/// contract folds, five challenges. Nothing that passes here makes a precompile burn its gas but a point B on the
/// twist outside the subgroup.
library ProofWords {
    /// Where a word stands.
    enum Part {
        PublicValues,
        Proof
    }

    // Words of every proof, after the selector.
    uint256 internal constant A = 0;
    uint256 internal constant B = 2;
    uint256 internal constant C = 6;
    uint256 internal constant POINTS = 8;
    /// Words after the points: `rho, r, q, z, R(z)`.
    uint256 internal constant CHALLENGE_WORDS = 5;
    /// Where z stands among them.
    uint256 internal constant Z = 3;

    /// The proof has another length than every proof of its class and shape.
    error ProofLength(uint256 got, uint256 expected);
    /// The proof names another verifier.
    error WrongVerifier(bytes4 got, bytes4 expected);
    /// The public values have another length than their counts say.
    error PublicValuesLength(uint256 got, uint256 expected);
    /// An offset or a count inside the public values is not that of the canonical encoding.
    error PublicValuesEncoding(uint256 word, uint256 got, uint256 expected);
    /// The class, or a count, is none that the verifying key serves.
    error UnknownShape(uint256 shape);
    /// The number of bootstrappings that `shape` has room for is not the least for so many words.
    error SlotCount(uint256 got, uint256 shape);
    /// More words of rows than the class has rows.
    error RowCount(uint256 got, uint256 most);
    /// A scalar is not below the order of the field.
    error ScalarTooLarge(Part part, uint256 word);
    /// A coordinate is not below the modulus.
    error CoordinateTooLarge(Part part, uint256 word);
    /// A point is not on its curve; infinity where no infinity may be counts as such.
    error PointNotOnCurve(Part part, uint256 word);

    /// @dev Length, selector, coordinates, curves, challenges of a proof with so many points. Only the Groth16
    /// points are never infinity.
    function checkProof(bytes calldata proof, bytes4 selector, uint256 points) internal pure {
        uint256 challenges = POINTS + 2 * points;
        uint256 length = 4 + 32 * (challenges + CHALLENGE_WORDS);
        if (proof.length != length) revert ProofLength(proof.length, length);
        if (bytes4(proof[:4]) != selector) revert WrongVerifier(bytes4(proof[:4]), selector);
        for (uint256 i; i < challenges; ++i) {
            if (wordOf(proof, i) >= Bn254.P) revert CoordinateTooLarge(Part.Proof, i);
        }
        checkProofPoint(proof, A, false);
        if (!Bn254.isOnTwist(wordOf(proof, B), wordOf(proof, B + 1), wordOf(proof, B + 2), wordOf(proof, B + 3)))
        {
            revert PointNotOnCurve(Part.Proof, B);
        }
        checkProofPoint(proof, C, false);
        for (uint256 i = POINTS; i < challenges; i += 2) {
            checkProofPoint(proof, i, true);
        }
        for (uint256 i = challenges; i < challenges + CHALLENGE_WORDS; ++i) {
            if (wordOf(proof, i) >= Bn254.R) revert ScalarTooLarge(Part.Proof, i);
        }
    }

    /// @dev `count` public values from a word on are scalars.
    function checkScalars(bytes calldata values, uint256 place, uint256 count) internal pure {
        for (uint256 i = place; i < place + count; ++i) {
            if (valueOf(values, i) >= Bn254.R) revert ScalarTooLarge(Part.PublicValues, i);
        }
    }

    /// @dev `count` points from a word on.
    function checkValuePoints(bytes calldata values, uint256 place, uint256 count, bool infinityAllowed)
        internal
        pure
    {
        for (uint256 end = place + 2 * count; place < end; place += 2) {
            (uint256 x, uint256 y) = (valueOf(values, place), valueOf(values, place + 1));
            if (x >= Bn254.P) revert CoordinateTooLarge(Part.PublicValues, place);
            if (y >= Bn254.P) revert CoordinateTooLarge(Part.PublicValues, place + 1);
            if (infinityAllowed && x == 0 && y == 0) continue;
            if (!Bn254.isOnCurve(x, y)) revert PointNotOnCurve(Part.PublicValues, place);
        }
    }

    /// @dev An offset or a count of the canonical encoding.
    function expect(bytes calldata values, uint256 place, uint256 expected) internal pure {
        uint256 got = valueOf(values, place);
        if (got != expected) revert PublicValuesEncoding(place, got, expected);
    }

    /// @dev Digest of commit round `round`, whose points stand from word `first` of the proof on.
    function roundDigest(bytes calldata proof, uint256 round, uint256 first, uint256 count)
        internal
        pure
        returns (uint256)
    {
        bytes calldata points = proof[4 + 32 * first:4 + 32 * (first + 2 * count)];
        return HandleLib.cut(keccak256(abi.encodePacked(HandleLib.TAG_ROUND, round, count, points)));
    }

    /// @dev Word of the public values; the length is checked before the first call.
    function valueOf(bytes calldata values, uint256 place) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(values.offset, shl(5, place)))
        }
    }

    /// @dev Word of the proof after its selector; the length is checked before the first call.
    function wordOf(bytes calldata proof, uint256 place) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(add(proof.offset, 4), shl(5, place)))
        }
    }

    function checkProofPoint(bytes calldata proof, uint256 place, bool infinityAllowed) private pure {
        (uint256 x, uint256 y) = (wordOf(proof, place), wordOf(proof, place + 1));
        if (infinityAllowed && x == 0 && y == 0) return;
        if (!Bn254.isOnCurve(x, y)) revert PointNotOnCurve(Part.Proof, place);
    }
}
