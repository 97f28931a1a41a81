// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CircuitClass} from "../generated/CircuitClass.sol";
import {Bn254} from "./Bn254.sol";
import {GroupSide} from "./GroupSide.sol";
import {ProofWords} from "./ProofWords.sol";

/// @title The on-chain part of the proof of bootstrapping: Groth16, and the group side (PE.K1).
/// @dev The public values have the words of the program; the proof names them by their value at its challenge z, `P(z)`.
/// Polynomials are the slots of the class (`docs/spec/proof-of-bootstrapping.md`, section 3). Which of them a
/// proof has points for follows from `shape` and from nothing else.
library CircuitArgument {
    // Words of the public values before their lists; the first eight are the first public inputs.
    uint256 private constant SHAPE = 1;
    uint256 private constant STATEMENT_WORDS = 8;
    uint256 private constant SLOTS_OFFSET = 8;
    uint256 private constant ROWS_OFFSET = 9;
    uint256 private constant KEYS_OFFSET = 10;
    uint256 private constant INPUTS_OFFSET = 11;
    uint256 private constant OUTPUTS_OFFSET = 12;
    /// Count of slots; the lists follow, each after its count.
    uint256 private constant LISTS = 13;
    uint256 private constant LIST_COUNTS = 5;

    // Public inputs after the statement's.
    uint256 private constant PROGRAM_AT_Z = 8;
    uint256 private constant D1 = 9;
    uint256 private constant D2 = 10;

    /// What `shape` says, and where the lists of the public values start.
    struct Shape {
        uint256 inputs;
        uint256 outputs;
        /// Bit k: slot k of the first round is used.
        uint256 columns;
        uint256 columnPoints;
        /// The same of the second round.
        uint256 rotation;
        uint256 rotationPoints;
        /// Words of the program: of bootstrappings, of rows.
        uint256 slots;
        uint256 rows;
        /// First words of the lists of points.
        uint256 keyPlace;
        uint256 inputPlace;
        uint256 outputPlace;
    }

    /// @dev Reverts unless the proof proves the public values under the key, whose selector is the verifier hash's.
    function check(
        uint256[] memory key,
        bytes4 selector,
        bytes calldata publicValues,
        bytes calldata proof
    ) internal view {
        Shape memory shape = checkPublicValues(publicValues);
        uint256 points = pointsOf(shape);
        ProofWords.checkProof(proof, selector, points);
        GroupSide.Check memory group = GroupSide.start(
            key, publicInputs(publicValues, proof, shape), publicValues, proof, points, CircuitClass.FOLDS
        );
        uint256 rotation = ProofWords.POINTS + 2 * shape.columnPoints;
        GroupSide.foldProof(group, proof, ProofWords.POINTS, shape.columns, CircuitClass.FIRST_ROUND_SLOTS);
        GroupSide.foldProof(group, proof, rotation, shape.rotation, CircuitClass.SECOND_ROUND_SLOTS);
        GroupSide.foldValues(group, publicValues, shape.keyPlace, CircuitClass.KEY_POINTS);
        GroupSide.foldValues(group, publicValues, shape.inputPlace, shape.inputs);
        GroupSide.skip(group, CircuitClass.INPUT_SLOTS - shape.inputs);
        GroupSide.foldValues(group, publicValues, shape.outputPlace, shape.outputs);
        GroupSide.finish(group, proof, CircuitClass.FOLDS, CircuitClass.ARITY_BITS);
    }

    /// Canonical `abi.encode`, counts as in `shape`, scalars and points canonical. Points of keys may be infinity: a
    /// key without a casting key has its commitments there.
    function checkPublicValues(bytes calldata values) private pure returns (Shape memory shape) {
        uint256 shortest = 32 * (LISTS + LIST_COUNTS + 2 * CircuitClass.KEY_POINTS);
        if (values.length < shortest) revert ProofWords.PublicValuesLength(values.length, shortest);
        uint256 word = ProofWords.valueOf(values, SHAPE);
        shape = shapeOf(word);
        // At most as many slots as the class has: the count of rows is within the shortest values.
        shape.slots = ProofWords.valueOf(values, LISTS);
        if (!isLeastLog((word >> 8) & 0xff, shape.slots)) revert ProofWords.SlotCount(shape.slots, word);
        uint256 rowPlace = LISTS + shape.slots + 2;
        shape.rows = ProofWords.valueOf(values, rowPlace - 1);
        if (shape.rows > CircuitClass.OUTPUT_ROWS) revert ProofWords.RowCount(shape.rows, CircuitClass.OUTPUT_ROWS);
        shape.keyPlace = rowPlace + shape.rows + 1;
        shape.inputPlace = shape.keyPlace + 2 * CircuitClass.KEY_POINTS + 1;
        shape.outputPlace = shape.inputPlace + 2 * shape.inputs + 1;

        uint256 length = 32 * (shape.outputPlace + 2 * shape.outputs);
        if (values.length != length) revert ProofWords.PublicValuesLength(values.length, length);
        ProofWords.expect(values, SLOTS_OFFSET, 32 * LISTS);
        ProofWords.expect(values, ROWS_OFFSET, 32 * (rowPlace - 1));
        expectPoints(values, KEYS_OFFSET, shape.keyPlace, CircuitClass.KEY_POINTS);
        expectPoints(values, INPUTS_OFFSET, shape.inputPlace, shape.inputs);
        expectPoints(values, OUTPUTS_OFFSET, shape.outputPlace, shape.outputs);

        ProofWords.checkScalars(values, 0, STATEMENT_WORDS);
        ProofWords.checkScalars(values, LISTS + 1, shape.slots);
        ProofWords.checkScalars(values, rowPlace, shape.rows);
        ProofWords.checkValuePoints(values, shape.keyPlace, CircuitClass.KEY_POINTS, true);
        ProofWords.checkValuePoints(values, shape.inputPlace, shape.inputs, false);
        ProofWords.checkValuePoints(values, shape.outputPlace, shape.outputs, false);
    }

    /// Offset and count of a list whose first word stands at `place`.
    function expectPoints(bytes calldata values, uint256 offset, uint256 place, uint256 count) private pure {
        ProofWords.expect(values, offset, 32 * (place - 1));
        ProofWords.expect(values, place - 1, count);
    }

    /// Whether 2^log is the least power that is not below `count`; that of none is 1.
    function isLeastLog(uint256 log, uint256 count) private pure returns (bool) {
        return count <= 1 << log && (log == 0 || count > 1 << (log - 1));
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

    /// Points of a proof that are folded.
    function pointsOf(Shape memory shape) private pure returns (uint256) {
        return shape.columnPoints + shape.rotationPoints + CircuitClass.FOLDS + GroupSide.CLOSING_POINTS;
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
        public_[PROGRAM_AT_Z] = programAt(
            values, shape, ProofWords.wordOf(proof, ProofWords.POINTS + 2 * pointsOf(shape) + ProofWords.Z)
        );
        uint256 rotation = ProofWords.POINTS + 2 * shape.columnPoints;
        public_[D1] = ProofWords.roundDigest(proof, 1, ProofWords.POINTS, shape.columnPoints);
        public_[D2] = ProofWords.roundDigest(proof, 2, rotation, shape.rotationPoints);
    }

    /// PB.T3: `P(z)`, slots at the powers from 0 on, rows at those from the number of slots of the class on.
    function programAt(bytes calldata values, Shape memory shape, uint256 z) private pure returns (uint256) {
        uint256 power = z;
        for (uint256 slots = 1; slots < CircuitClass.BOOTSTRAPPING_SLOTS; slots *= 2) {
            power = mulmod(power, power, Bn254.R);
        }
        uint256 slotPlace = LISTS + 1;
        uint256 rows = evaluated(values, slotPlace + shape.slots + 1, shape.rows, z);
        return addmod(evaluated(values, slotPlace, shape.slots, z), mulmod(power, rows, Bn254.R), Bn254.R);
    }

    /// `sum_i z^i w_i` over words of the public values.
    function evaluated(bytes calldata values, uint256 place, uint256 count, uint256 z)
        private
        pure
        returns (uint256 sum)
    {
        for (uint256 i = place + count; i > place; --i) {
            sum = addmod(mulmod(sum, z, Bn254.R), ProofWords.valueOf(values, i - 1), Bn254.R);
        }
    }

    /// Number of bits that are set.
    function ones(uint256 bits) private pure returns (uint256 count) {
        for (; bits != 0; bits &= bits - 1) {
            ++count;
        }
    }
}
