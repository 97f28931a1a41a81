// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CircuitClass} from "../generated/CircuitClass.sol";
import {GroupSide} from "./GroupSide.sol";
import {ProofWords} from "./ProofWords.sol";

/// @title The on-chain part of the proof of bootstrapping: Groth16, and the group side (PE.K1).
/// @dev Polynomials are the slots of the class (`docs/spec/proof-of-bootstrapping.md`, section 3). Which of them a
/// proof has points for follows from `shape` and from nothing else.
library CircuitArgument {
    // Words of the public values; the first nine are the first public inputs.
    uint256 private constant SHAPE = 1;
    uint256 private constant STATEMENT_WORDS = 9;
    uint256 private constant KEYS_OFFSET = 9;
    uint256 private constant INPUTS_OFFSET = 10;
    uint256 private constant OUTPUTS_OFFSET = 11;
    uint256 private constant KEYS_LENGTH = 12;
    uint256 private constant KEYS = 13;
    uint256 private constant INPUTS_LENGTH = KEYS + 2 * CircuitClass.KEY_POINTS;
    uint256 private constant INPUTS = INPUTS_LENGTH + 1;

    // Public inputs after the statement's.
    uint256 private constant D1 = 9;
    uint256 private constant D2 = 10;

    /// What `shape` says.
    struct Shape {
        uint256 inputs;
        uint256 outputs;
        /// Bit k: slot k of the first round is used.
        uint256 columns;
        uint256 columnPoints;
        /// The same of the second round.
        uint256 rotation;
        uint256 rotationPoints;
    }

    /// @dev Reverts unless the proof proves the public values under the key, whose selector is the verifier hash's.
    function check(
        uint256[] memory key,
        bytes4 selector,
        bytes calldata publicValues,
        bytes calldata proof
    ) internal view {
        Shape memory shape = checkPublicValues(publicValues);
        uint256 points = shape.columnPoints + shape.rotationPoints + CircuitClass.FOLDS + GroupSide.CLOSING_POINTS;
        ProofWords.checkProof(proof, selector, points);
        GroupSide.Check memory group = GroupSide.start(
            key, publicInputs(publicValues, proof, shape), publicValues, proof, points, CircuitClass.FOLDS
        );
        uint256 rotation = ProofWords.POINTS + 2 * shape.columnPoints;
        GroupSide.foldProof(group, proof, ProofWords.POINTS, shape.columns, CircuitClass.FIRST_ROUND_SLOTS);
        GroupSide.foldProof(group, proof, rotation, shape.rotation, CircuitClass.SECOND_ROUND_SLOTS);
        GroupSide.foldValues(group, publicValues, KEYS, CircuitClass.KEY_POINTS);
        GroupSide.foldValues(group, publicValues, INPUTS, shape.inputs);
        GroupSide.skip(group, CircuitClass.INPUT_SLOTS - shape.inputs);
        GroupSide.foldValues(group, publicValues, INPUTS + 2 * shape.inputs + 1, shape.outputs);
        GroupSide.finish(group, proof, CircuitClass.FOLDS, CircuitClass.ARITY_BITS);
    }

    /// Canonical `abi.encode`, counts as in `shape`, scalars and points canonical. Points of keys may be infinity: a
    /// key without a casting key has its commitments there.
    function checkPublicValues(bytes calldata values) private pure returns (Shape memory shape) {
        uint256 shortest = 32 * (INPUTS + 1);
        if (values.length < shortest) revert ProofWords.PublicValuesLength(values.length, shortest);
        shape = shapeOf(ProofWords.valueOf(values, SHAPE));

        uint256 length = shortest + 64 * (shape.inputs + shape.outputs);
        if (values.length != length) revert ProofWords.PublicValuesLength(values.length, length);
        uint256 outputsLength = INPUTS + 2 * shape.inputs;
        ProofWords.expect(values, KEYS_OFFSET, 32 * KEYS_LENGTH);
        ProofWords.expect(values, INPUTS_OFFSET, 32 * INPUTS_LENGTH);
        ProofWords.expect(values, OUTPUTS_OFFSET, 32 * outputsLength);
        ProofWords.expect(values, KEYS_LENGTH, CircuitClass.KEY_POINTS);
        ProofWords.expect(values, INPUTS_LENGTH, shape.inputs);
        ProofWords.expect(values, outputsLength, shape.outputs);

        ProofWords.checkScalars(values, STATEMENT_WORDS);
        ProofWords.checkValuePoints(values, KEYS, CircuitClass.KEY_POINTS, true);
        ProofWords.checkValuePoints(values, INPUTS, shape.inputs, false);
        ProofWords.checkValuePoints(values, outputsLength + 1, shape.outputs, false);
    }

    function shapeOf(uint256 word) private pure returns (Shape memory shape) {
        uint256 logBootstrappings = (word >> 8) & 0xff;
        (shape.inputs, shape.outputs) = ((word >> 16) & 0xff, (word >> 24) & 0xff);
        bool known = word & 0xff == CircuitClass.CLASS_ID && word >> 32 == 0
            && logBootstrappings <= CircuitClass.MAX_LOG_BOOTSTRAPPINGS && shape.inputs != 0
            && shape.inputs <= CircuitClass.INPUT_SLOTS && shape.outputs != 0
            && shape.outputs <= CircuitClass.OUTPUT_SLOTS;
        if (!known) revert ProofWords.UnknownShape(word);
        uint256 bits = CircuitClass.BITS_PER_LOG * logBootstrappings;
        uint256 mask = (1 << CircuitClass.BITS_PER_LOG) - 1;
        shape.columns = (CircuitClass.FIRST_ROUND_USED >> bits) & mask;
        shape.rotation = (CircuitClass.SECOND_ROUND_USED >> bits) & mask;
        (shape.columnPoints, shape.rotationPoints) = (ones(shape.columns), ones(shape.rotation));
    }

    /// The vector of `docs/spec/proof-of-bootstrapping.md`, section 7, up to d2.
    function publicInputs(bytes calldata values, bytes calldata proof, Shape memory shape)
        private
        pure
        returns (uint256[] memory public_)
    {
        public_ = new uint256[](CircuitClass.PUBLIC_INPUTS);
        for (uint256 i; i < STATEMENT_WORDS; ++i) {
            public_[i] = ProofWords.valueOf(values, i);
        }
        uint256 rotation = ProofWords.POINTS + 2 * shape.columnPoints;
        public_[D1] = ProofWords.roundDigest(proof, 1, ProofWords.POINTS, shape.columnPoints);
        public_[D2] = ProofWords.roundDigest(proof, 2, rotation, shape.rotationPoints);
    }

    /// Number of bits that are set.
    function ones(uint256 bits) private pure returns (uint256 count) {
        for (; bits != 0; bits &= bits - 1) {
            ++count;
        }
    }
}
