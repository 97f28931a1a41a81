// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EvaluationClass} from "../generated/EvaluationClass.sol";
import {GroupSide} from "./GroupSide.sol";
import {ProofWords} from "./ProofWords.sol";

/// @title The on-chain part of the proof of evaluation of linear programs: Groth16, and the group side (PE.K1).
/// @dev The circuit proves the field side and gives the challenges as public inputs; here the digests of the points
/// are recomputed, the points are folded with the challenges, and one pairing call checks both equations.
library EvaluationArgument {
    // Words of the public values; the first five are the first public inputs.
    uint256 private constant SHAPE = 1;
    uint256 private constant STATEMENT_WORDS = 5;
    uint256 private constant INPUTS_OFFSET = 5;
    uint256 private constant OUTPUTS_OFFSET = 6;
    uint256 private constant INPUTS_LENGTH = 7;
    uint256 private constant INPUTS = 8;

    /// Points of the proof: columns, folds, Q, W.
    uint256 private constant POINTS = EvaluationClass.COLUMNS + EvaluationClass.FOLDS + GroupSide.CLOSING_POINTS;
    /// Public input after the statement's. The second commit round of the class is empty, its digest zero.
    uint256 private constant D1 = 5;

    /// @dev Reverts unless the proof proves the public values under the key, whose selector is the verifier hash's.
    function check(
        uint256[] memory key,
        bytes4 selector,
        bytes calldata publicValues,
        bytes calldata proof
    ) internal view {
        (uint256 inputs, uint256 outputs) = checkPublicValues(publicValues);
        ProofWords.checkProof(proof, selector, POINTS);
        GroupSide.Check memory group = GroupSide.start(
            key, publicInputs(publicValues, proof), publicValues, proof, POINTS, EvaluationClass.FOLDS
        );
        // The point of an unused slot is left out, its power is not: an output keeps its power whatever the number of
        // inputs.
        uint256 columns = EvaluationClass.COLUMNS;
        GroupSide.foldProof(group, proof, ProofWords.POINTS, (1 << columns) - 1, columns);
        GroupSide.foldValues(group, publicValues, INPUTS, inputs);
        GroupSide.skip(group, EvaluationClass.INPUT_SLOTS - inputs);
        GroupSide.foldValues(group, publicValues, INPUTS + 2 * inputs + 1, outputs);
        GroupSide.finish(group, proof, EvaluationClass.FOLDS, EvaluationClass.ARITY_BITS);
    }

    /// Canonical `abi.encode`, counts as in `shape`, scalars and points canonical.
    function checkPublicValues(bytes calldata values) private pure returns (uint256 inputs, uint256 outputs) {
        uint256 shortest = 32 * (INPUTS + 1);
        if (values.length < shortest) revert ProofWords.PublicValuesLength(values.length, shortest);
        uint256 shape = ProofWords.valueOf(values, SHAPE);
        (inputs, outputs) = ((shape >> 8) & 0xff, (shape >> 16) & 0xff);
        bool known = shape & 0xff == EvaluationClass.CLASS_ID && shape >> 24 == 0 && inputs != 0
            && inputs <= EvaluationClass.INPUT_SLOTS && outputs != 0 && outputs <= EvaluationClass.OUTPUT_SLOTS;
        if (!known) revert ProofWords.UnknownShape(shape);

        uint256 length = shortest + 64 * (inputs + outputs);
        if (values.length != length) revert ProofWords.PublicValuesLength(values.length, length);
        uint256 outputsLength = INPUTS + 2 * inputs;
        ProofWords.expect(values, INPUTS_OFFSET, 32 * INPUTS_LENGTH);
        ProofWords.expect(values, OUTPUTS_OFFSET, 32 * outputsLength);
        ProofWords.expect(values, INPUTS_LENGTH, inputs);
        ProofWords.expect(values, outputsLength, outputs);

        ProofWords.checkScalars(values, 0, STATEMENT_WORDS);
        ProofWords.checkValuePoints(values, INPUTS, inputs, false);
        ProofWords.checkValuePoints(values, outputsLength + 1, outputs, false);
    }

    /// The vector of `docs/spec/proof-of-evaluation.md`, section 5, up to d2.
    function publicInputs(bytes calldata values, bytes calldata proof)
        private
        pure
        returns (uint256[] memory public_)
    {
        public_ = new uint256[](EvaluationClass.PUBLIC_INPUTS);
        for (uint256 i; i < STATEMENT_WORDS; ++i) {
            public_[i] = ProofWords.valueOf(values, i);
        }
        public_[D1] = ProofWords.roundDigest(proof, 1, ProofWords.POINTS, EvaluationClass.COLUMNS);
    }
}
