// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "../src/ICoprocessor.sol";
import {CircuitFixture} from "./CircuitFixture.sol";
import {ProgramSpelling} from "./ProgramSpelling.sol";

/// @title The public values of a proof of several jobs, from what each job is: `docs/spec/onchain.md`, written down once more.
abstract contract StatementFixture is CircuitFixture {
    /// A job with its handles and points.
    struct Stated {
        bytes32 requestId;
        uint256 segment;
        bytes32 circuitId;
        ICoprocessor.CircuitClaim claim;
        uint256[] words;
        bytes32[] inputs;
        bytes32[] outputs;
        uint256[2][] inputPoints;
        uint256[2][] outputPoints;
    }

    /// Of the merged circuit.
    struct Merged {
        uint256 bootstrappings;
        uint256[6] layouts;
        uint256[] slots;
        uint256[] rows;
        uint256[2][] inputPoints;
        uint256[2][] outputPoints;
    }

    function publicValues(Stated[] memory jobs, uint256[2][] memory keyPoints)
        internal
        view
        returns (bytes memory)
    {
        bytes32[] memory digests = new bytes32[](jobs.length);
        for (uint256 j; j < jobs.length; ++j) {
            digests[j] = jobDigest(jobs[j]);
        }
        return mergedValues(statement(digests), jobs, keyPoints);
    }

    /// The same under any `stmt`.
    function mergedValues(uint256 stmt, Stated[] memory jobs, uint256[2][] memory keyPoints)
        internal
        pure
        returns (bytes memory)
    {
        Merged memory m = merged(jobs);
        uint256 log = 0;
        while (2 ** log < m.bootstrappings) ++log;
        uint256 shape = 1 | log << 8 | m.inputPoints.length << 16 | m.outputPoints.length << 24;
        return abi.encode(stmt, shape, m.layouts, m.slots, m.rows, keyPoints, m.inputPoints, m.outputPoints);
    }

    function jobDigest(Stated memory job) internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                tag("circuit_job"),
                job.requestId,
                job.segment,
                job.circuitId,
                job.claim.program,
                keccak256(abi.encodePacked(job.inputs)),
                keccak256(abi.encodePacked(job.outputs)),
                saltOf(job.requestId)
            )
        );
    }

    function merged(Stated[] memory jobs) private pure returns (Merged memory m) {
        (uint256 inputs, uint256 outputs, uint256 rows) = (0, 0, 0);
        for (uint256 j; j < jobs.length; ++j) {
            m.bootstrappings += jobs[j].claim.bootstrappings;
            rows += jobs[j].words.length - jobs[j].claim.bootstrappings;
            inputs += jobs[j].inputPoints.length;
            outputs += jobs[j].outputPoints.length;
        }
        (m.slots, m.rows) = (new uint256[](m.bootstrappings), new uint256[](rows));
        (m.inputPoints, m.outputPoints) = (new uint256[2][](inputs), new uint256[2][](outputs));
        uint256 slot;
        (inputs, outputs, rows) = (0, m.inputPoints.length, 0);
        for (uint256 j; j < jobs.length; ++j) {
            Stated memory job = jobs[j];
            (uint256 before, uint256 own) = (slot, job.claim.bootstrappings);
            for (uint256 i; i < own; ++i) {
                m.slots[slot++] =
                    ProgramSpelling.moved(job.words[i], ProgramSpelling.SLOT_TERMS, inputs, before);
            }
            for (uint256 i = own; i < job.words.length; ++i) {
                m.rows[rows++] =
                    ProgramSpelling.moved(job.words[i], ProgramSpelling.ROW_TERMS, inputs, before);
            }
            uint256 count = job.inputPoints.length;
            for (uint256 i; i < count; ++i) {
                m.inputPoints[inputs] = job.inputPoints[i];
                put(m.layouts, inputs++, entryOf(job.claim, i));
            }
            for (uint256 i; i < job.outputPoints.length; ++i) {
                m.outputPoints[outputs - m.inputPoints.length] = job.outputPoints[i];
                put(m.layouts, outputs++, entryOf(job.claim, count + i));
            }
        }
    }

    function put(uint256[6] memory layouts, uint256 i, uint256 entry) internal pure {
        layouts[i / 15] += entry * 2 ** (16 * (i % 15));
    }

    function entryOf(ICoprocessor.CircuitClaim memory claim, uint256 i) internal pure returns (uint256) {
        return (claim.layouts[i / 15] >> (16 * (i % 15))) & 0xffff;
    }
}
