// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "./ICoprocessor.sol";
import {CircuitClass} from "./generated/CircuitClass.sol";
import {KeyCommitments} from "./lib/KeyCommitments.sol";
import {Layouts} from "./lib/Layouts.sol";
import {PackedPoints} from "./lib/PackedPoints.sol";
import {ProgramWords} from "./lib/ProgramWords.sol";

/// @title Puts the jobs of a proof together: the public values of the one circuit that they are merged into.
/// @notice Stateless: a `Coprocessor` says what its records have of each job. Reverts with errors of `ICoprocessor`.
/// @dev The merged circuit has the inputs of job 0, 1, .., their bootstrappings, their outputs, each in this order; the terms of a
/// job are moved by the inputs and bootstrappings before it. They name none but the job's own, or a job would read what
/// stands beside it.
contract BatchComposer {
    /// A job as the records have it. Points are coordinates, 64 bytes each, as many as the claim says.
    struct Job {
        ICoprocessor.CircuitClaim claim;
        uint256[] words;
        bytes inputPoints;
        bytes outputPoints;
    }

    /// Of all jobs together.
    struct Size {
        uint256 bootstrappings;
        uint256 inputs;
        uint256 outputs;
        uint256 rows;
    }

    /// Words of the public values before the offsets of their lists.
    uint256 private constant HEAD_WORDS = 8;
    /// Slots, rows, points of keys, inputs, outputs.
    uint256 private constant LISTS = 5;

    /// @notice What a verifier of circuits takes: `abi.encode(stmt, shape, layouts, slots, rows, keyPoints, inputPoints, outputPoints)`
    /// of the merged circuit.
    /// @param stmt Digest of the statement.
    /// @param keyDigest Of the evaluation key of all jobs, whose commitments the key points are.
    function publicValues(
        uint256 stmt,
        bytes32 keyDigest,
        uint256[2][] calldata keyPoints,
        Job[] calldata jobs
    ) external pure returns (bytes memory) {
        checkKey(keyDigest, keyPoints, jobs);
        (Size memory size, uint256[] memory rowCounts) = checkedSize(jobs);
        bytes memory programs = mergedWords(jobs, size, rowCounts);
        (bytes memory inputs, bytes memory outputs) = mergedPoints(jobs);
        bytes memory head =
            abi.encodePacked(stmt, shapeOf(size), mergedLayouts(jobs, size.inputs), offsetsOf(size));
        return bytes.concat(
            head,
            programs,
            bytes32(keyPoints.length),
            PackedPoints.bytesOf(keyPoints),
            bytes32(size.inputs),
            inputs,
            bytes32(size.outputs),
            outputs
        );
    }

    /// The points are the commitments of the key, which has what inputs under the casting key need.
    function checkKey(bytes32 expected, uint256[2][] calldata keyPoints, Job[] calldata jobs) private pure {
        bytes32 digest = KeyCommitments.digest(keyPoints);
        if (digest != expected) revert ICoprocessor.KeyPointsMismatch(digest, expected);
        if (KeyCommitments.hasCasting(keyPoints)) return;
        for (uint256 j; j < jobs.length; ++j) {
            (uint256[6] memory layouts, uint256 inputs) = (jobs[j].claim.layouts, jobs[j].claim.inputs);
            for (uint256 i; i < inputs; ++i) {
                if ((Layouts.entryOf(layouts, i) >> 6) & 3 != 0) revert ICoprocessor.NoCastingKey(j, i);
            }
        }
    }

    /// The jobs fit one proof. `rowCounts` are of each of them.
    function checkedSize(Job[] calldata jobs)
        private
        pure
        returns (Size memory size, uint256[] memory rowCounts)
    {
        rowCounts = new uint256[](jobs.length);
        for (uint256 j; j < jobs.length; ++j) {
            ICoprocessor.CircuitClaim calldata claim = jobs[j].claim;
            size.bootstrappings += claim.bootstrappings;
            size.inputs += claim.inputs;
            size.outputs += claim.outputs;
            rowCounts[j] = Layouts.blocksOf(claim.layouts, claim.inputs, claim.outputs);
            size.rows += rowCounts[j];
        }
        uint256 most = CircuitClass.BOOTSTRAPPING_SLOTS;
        if (size.bootstrappings > most) revert ICoprocessor.TooManyBootstrappings(size.bootstrappings, most);
        most = CircuitClass.INPUT_SLOTS;
        if (size.inputs > most) revert ICoprocessor.TooManyInputs(size.inputs, most);
        most = CircuitClass.OUTPUT_SLOTS;
        if (size.outputs > most) revert ICoprocessor.TooManyOutputs(size.outputs, most);
        most = CircuitClass.OUTPUT_ROWS;
        if (size.rows > most) revert ICoprocessor.TooManyOutputBlocks(size.rows, most);
    }

    /// Words of the bootstrappings of all jobs, then of their rows, as two lists with their counts.
    function mergedWords(Job[] calldata jobs, Size memory size, uint256[] memory rowCounts)
        private
        pure
        returns (bytes memory)
    {
        uint256[] memory slots = new uint256[](size.bootstrappings);
        uint256[] memory rows = new uint256[](size.rows);
        ProgramWords.Place memory place;
        uint256 rowsBefore;
        for (uint256 j; j < jobs.length; ++j) {
            uint256[] calldata words = jobs[j].words;
            uint256 bootstrappings = jobs[j].claim.bootstrappings;
            checkWords(j, words, bootstrappings + rowCounts[j], jobs[j].claim.program);
            (place.job, place.inputs) = (j, jobs[j].claim.inputs);
            for (uint256 i; i < bootstrappings; ++i) {
                slots[place.bootstrappingsBefore + i] = ProgramWords.movedSlot(words[i], i, place);
            }
            for (uint256 i = bootstrappings; i < words.length; ++i) {
                rows[rowsBefore++] = ProgramWords.movedRow(words[i], i, bootstrappings, place);
            }
            place.inputsBefore += place.inputs;
            place.bootstrappingsBefore += bootstrappings;
        }
        return abi.encodePacked(slots.length, slots, rows.length, rows);
    }

    /// The words are those of the claim.
    function checkWords(uint256 job, uint256[] calldata words, uint256 count, bytes32 program) private pure {
        if (words.length != count) revert ICoprocessor.ProgramWordCount(job, words.length, count);
        bytes32 digest = keccak256(abi.encodePacked(words));
        if (digest != program) revert ICoprocessor.ProgramWordsMismatch(job, digest, program);
    }

    /// Entries of the inputs of all jobs, then of their outputs.
    function mergedLayouts(Job[] calldata jobs, uint256 inputs)
        private
        pure
        returns (uint256[6] memory merged)
    {
        if (jobs.length == 1) return jobs[0].claim.layouts;
        (uint256 input, uint256 output) = (0, inputs);
        for (uint256 j; j < jobs.length; ++j) {
            uint256[6] memory layouts = jobs[j].claim.layouts;
            (uint256 first, uint256 end) = (jobs[j].claim.inputs, jobs[j].claim.outputs);
            end += first;
            for (uint256 i; i < end; ++i) {
                Layouts.put(merged, i < first ? input++ : output++, Layouts.entryOf(layouts, i));
            }
        }
    }

    function mergedPoints(Job[] calldata jobs)
        private
        pure
        returns (bytes memory inputs, bytes memory outputs)
    {
        for (uint256 j; j < jobs.length; ++j) {
            inputs = bytes.concat(inputs, jobs[j].inputPoints);
            outputs = bytes.concat(outputs, jobs[j].outputPoints);
        }
    }

    /// Class, log2 of the least number of slots that holds the bootstrappings, counts of handles.
    function shapeOf(Size memory size) private pure returns (uint256) {
        uint256 log;
        while (1 << log < size.bootstrappings) ++log;
        return CircuitClass.CLASS_ID | log << 8 | size.inputs << 16 | size.outputs << 24;
    }

    /// Where the five lists start, in bytes.
    function offsetsOf(Size memory size) private pure returns (uint256[5] memory offsets) {
        uint256[5] memory words = [
            HEAD_WORDS + LISTS, size.bootstrappings, size.rows, 2 * CircuitClass.KEY_POINTS, 2 * size.inputs
        ];
        uint256 place;
        for (uint256 i; i < LISTS; ++i) {
            // The count of a list stands before it.
            place += words[i] + (i == 0 ? 0 : 1);
            offsets[i] = 32 * place;
        }
    }
}
