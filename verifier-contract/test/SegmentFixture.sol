// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "../src/ICoprocessor.sol";
import {ProgramSpelling} from "./ProgramSpelling.sol";
import {StatementFixture} from "./StatementFixture.sol";

/// @title A circuit of three inputs in three segments.
/// @notice The first reads inputs 0 and 1 and makes two links; the second reads input 1 and a link of the first and makes one;
/// the last reads input 2 and a link of each, and makes the two outputs.
abstract contract SegmentFixture is StatementFixture {
    uint256 internal constant SEGMENTS = 3;
    uint256 internal constant LAST = SEGMENTS - 1;
    uint8 internal constant INPUTS = 3;
    /// Of the first segment; each later one has half of them.
    uint8 internal constant BOOTSTRAPPINGS = 8;
    /// Nibbles, an integer, and nibbles under the casting key.
    uint256 internal constant INPUT_0 = 6 | 2 << 8;
    uint256 internal constant INPUT_1 = 2 | 3 << 8;
    uint256 internal constant INPUT_2 = 6 | 1 << 6 | 1 << 8;
    /// Links of one block and of 64.
    uint256 internal constant LINK_00 = 6;
    uint256 internal constant LINK_01 = 6 | 63 << 8;
    uint256 internal constant LINK_10 = 6 | 4 << 8;
    uint256 internal constant OUTPUT_0 = 2 | 3 << 8;
    uint256 internal constant OUTPUT_1 = 6 | 1 << 6 | 2 << 8;

    bytes32 programRef;

    constructor() {
        programRef = coprocessor.registerSegments(TEXT, inputLayouts(), INPUTS, claims());
    }

    function inputLayouts() internal pure returns (uint256[6] memory layouts) {
        layouts[0] = INPUT_0 | INPUT_1 << 16 | INPUT_2 << 32;
    }

    function claims() internal pure returns (ICoprocessor.SegmentClaim[] memory list) {
        list = new ICoprocessor.SegmentClaim[](SEGMENTS);
        list[0] = segment(0, INPUT_0 | INPUT_1 << 16 | LINK_00 << 32 | LINK_01 << 48, 2);
        list[0].sources = sourcesOf(0, 1);
        list[1] = segment(1, INPUT_1 | LINK_01 << 16 | LINK_10 << 32, 1);
        list[1].sources = sourcesOf(1, link(0, 1));
        uint256 entries = INPUT_2 | LINK_00 << 16 | LINK_10 << 32 | OUTPUT_0 << 48 | OUTPUT_1 << 64;
        list[2] = segment(2, entries, 2);
        list[2].sources = sourcesOf(2, link(0, 0), link(1, 0));
    }

    /// Inputs are added with the sources.
    function segment(uint256 index, uint256 entries, uint8 outputs)
        private
        pure
        returns (ICoprocessor.SegmentClaim memory made)
    {
        made.circuitId = keccak256(abi.encode("segment", index));
        (made.claim.program, made.claim.layouts[0]) = (ProgramSpelling.digest(wordsOf(index)), entries);
        (made.claim.bootstrappings, made.claim.outputs) = (BOOTSTRAPPINGS >> uint8(index), outputs);
        made.claim.inputs = index == LAST ? 3 : 2;
    }

    /// Words of a segment's program: of its bootstrappings, and a row for each block of its outputs.
    function wordsOf(uint256 index) internal pure returns (uint256[] memory) {
        uint256 rows = [uint256(65), 5, 7][index];
        return ProgramSpelling.words(BOOTSTRAPPINGS >> index, index == LAST ? 3 : 2, rows, index);
    }

    function link(uint256 from, uint256 output) internal pure returns (uint16) {
        return uint16((1 + from) << 8 | output);
    }

    function sourcesOf(uint16 first, uint16 second) internal pure returns (uint16[] memory list) {
        list = new uint16[](2);
        (list[0], list[1]) = (first, second);
    }

    function sourcesOf(uint16 first, uint16 second, uint16 third)
        internal
        pure
        returns (uint16[] memory list)
    {
        list = new uint16[](3);
        (list[0], list[1], list[2]) = (first, second, third);
    }

    /// The input has its index, and one more is its point.
    function inputHandles() internal view returns (bytes32[] memory handles) {
        uint256[3] memory declared = [INPUT_0, INPUT_1, INPUT_2];
        handles = new bytes32[](INPUTS);
        for (uint256 i; i < INPUTS; ++i) {
            handles[i] = handleOf(point(1 + i), declared[i], originOfInput());
        }
    }

    function registerInputs() internal {
        coprocessor.registerCiphertext(address(this), key, 0, 6, 3, point(1));
        coprocessor.registerCiphertext(address(this), key, 0, 2, 4, point(2));
        coprocessor.registerCiphertext(address(this), key, 1, 6, 2, point(3));
    }

    function ask() internal returns (bytes32 requestId) {
        return coprocessor.request(programRef, key, inputHandles());
    }

    /// Where the points of a segment's outputs start among the multiples. Requests differ by `shift`.
    function firstOutput(uint256 index, uint256 shift) internal pure returns (uint256) {
        return 10 + 4 * index + shift;
    }

    function digestsOf(uint256[2][] memory list) internal pure returns (bytes32[] memory digests) {
        digests = new bytes32[](list.length);
        for (uint256 i; i < list.length; ++i) {
            digests[i] = commitmentDigest(list[i]);
        }
    }

    /// What an honest prover sends for a segment.
    function honest(bytes32 requestId, uint256 index, uint256 shift)
        internal
        view
        returns (ICoprocessor.JobProof memory p)
    {
        ICoprocessor.SegmentClaim[] memory list = claims();
        (p.requestId, p.segment, p.claim) = (requestId, index, list[index]);
        p.requestInputs = inputHandles();
        p.links = new bytes32[][](index);
        p.words = wordsOf(index);
        p.outputPoints = points(firstOutput(index, shift), p.claim.claim.outputs);
        p.inputPoints = new uint256[2][](p.claim.sources.length);
        for (uint256 i; i < p.claim.sources.length; ++i) {
            uint256 source = p.claim.sources[i];
            if (source < 256) {
                p.inputPoints[i] = point(1 + source);
                continue;
            }
            (uint256 from, uint256 output) = (source / 256 - 1, source % 256);
            p.inputPoints[i] = point(firstOutput(from, shift) + output);
            p.links[from] = digestsOf(points(firstOutput(from, shift), list[from].claim.outputs));
        }
    }

    /// The public values of a segment's proof, from what the prover sends.
    function publicValues(ICoprocessor.JobProof memory p) internal view returns (bytes memory) {
        Stated[] memory jobs = new Stated[](1);
        jobs[0] = stated(p);
        return publicValues(jobs, points(1, KEY_POINTS));
    }

    /// What a segment's proof is about.
    function stated(ICoprocessor.JobProof memory p) internal view returns (Stated memory) {
        ICoprocessor.CircuitClaim memory claim = p.claim.claim;
        bytes32[] memory handles = new bytes32[](claim.inputs);
        for (uint256 i; i < handles.length; ++i) {
            uint256 source = p.claim.sources[i];
            bytes32 origin = originOfOutput(p.requestId, source / 256 - (source < 256 ? 0 : 1), source % 256);
            handles[i] = source < 256
                ? p.requestInputs[source]
                : handleOf(p.inputPoints[i], entryOf(claim, i), origin);
        }
        return Stated(
            p.requestId,
            p.segment,
            p.claim.circuitId,
            claim,
            p.words,
            handles,
            outputHandles(p),
            p.inputPoints,
            p.outputPoints
        );
    }

    function outputHandles(ICoprocessor.JobProof memory p) internal view returns (bytes32[] memory handles) {
        handles = new bytes32[](p.outputPoints.length);
        for (uint256 i; i < handles.length; ++i) {
            bytes32 origin = originOfOutput(p.requestId, p.segment, i);
            handles[i] = handleOf(p.outputPoints[i], entryOf(p.claim.claim, p.claim.claim.inputs + i), origin);
        }
    }

    function alone(ICoprocessor.JobProof memory p)
        internal
        pure
        returns (ICoprocessor.JobProof[] memory jobs)
    {
        jobs = new ICoprocessor.JobProof[](1);
        jobs[0] = p;
    }

    /// Sends a proof of a segment alone, whatever the verifier expects.
    function send(ICoprocessor.JobProof memory p) internal {
        coprocessor.fulfilJobs(alone(p), points(1, KEY_POINTS), proof);
    }

    function prove(bytes32 requestId, uint256 index, uint256 shift) internal {
        ICoprocessor.JobProof memory p = honest(requestId, index, shift);
        verifier.expect(publicValues(p), proof);
        send(p);
    }

    /// A proof that the verifier would take is refused for a reason of the contract's own.
    function refuse(ICoprocessor.JobProof memory p, bytes memory revertData) internal {
        verifier.expect(publicValues(p), proof);
        vm.expectRevert(revertData);
        send(p);
    }
}
