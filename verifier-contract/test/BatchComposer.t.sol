// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BatchComposer} from "../src/BatchComposer.sol";
import {ICoprocessor} from "../src/ICoprocessor.sol";
import {Bn254} from "../src/lib/Bn254.sol";
import {ProgramSpelling} from "./ProgramSpelling.sol";
import {StatementFixture} from "./StatementFixture.sol";

/// @title Words of programs, their masks, and sizes of batches, each with what is refused.
contract BatchComposerTest is StatementFixture {
    uint256 constant SLOT_TERMS = ProgramSpelling.SLOT_TERMS;
    uint256 constant ROW_TERMS = ProgramSpelling.ROW_TERMS;
    /// Type nibbles, two blocks.
    uint256 constant ENTRY = 6 | 1 << 8;
    uint256 constant STMT = 77;

    BatchComposer composer = new BatchComposer();

    /// Sizes of the jobs that tests change: bootstrappings, inputs, outputs.
    function two() private view returns (Stated[] memory jobs) {
        jobs = new Stated[](2);
        (jobs[0], jobs[1]) = (job(3, 2, 1, 0), job(5, 4, 2, 1));
    }

    function test_TheMergedCircuitIsAsTheSpecSays() external view {
        for (uint256 count = 1; count < 4; ++count) {
            Stated[] memory jobs = new Stated[](count);
            for (uint256 j; j < count; ++j) {
                jobs[j] = job(5 - j, 7 + j, 1 + j, j);
            }
            checkComposed(jobs);
        }
    }

    /// All that a proof has room for: one job, and sixteen.
    function test_TheLargestBatches() external view {
        Stated[] memory jobs = new Stated[](1);
        jobs[0] = job(16, 64, 16, 0);
        checkComposed(jobs);
        jobs = new Stated[](16);
        for (uint256 j; j < 16; ++j) {
            jobs[j] = job(1, 4, 1, j);
        }
        checkComposed(jobs);
    }

    /// Without a bootstrapping there is one slot, and no word of it.
    function test_ProgramsWithoutBootstrappings() external view {
        Stated[] memory jobs = new Stated[](2);
        (jobs[0], jobs[1]) = (job(0, 1, 1, 0), job(0, 2, 1, 1));
        checkComposed(jobs);
        jobs[1] = job(1, 2, 1, 1);
        checkComposed(jobs);
    }

    function test_TheShapeIsTheLeast() external view {
        uint8[7] memory logs = [0, 0, 1, 2, 2, 3, 3];
        for (uint256 bootstrappings; bootstrappings < logs.length; ++bootstrappings) {
            Stated[] memory jobs = new Stated[](1);
            jobs[0] = job(bootstrappings, 1, 1, 0);
            bytes memory values = compose(jobs);
            assertEq(wordOf(values, 1), 1 | uint256(logs[bootstrappings]) << 8 | 1 << 16 | 1 << 24);
        }
    }

    function test_CountsOfWords() external {
        for (uint256 j; j < 2; ++j) {
            Stated[] memory jobs = two();
            uint256[] memory words = jobs[j].words;
            uint256[] memory longer = new uint256[](words.length + 1);
            for (uint256 i; i < words.length; ++i) {
                longer[i] = words[i];
            }
            setWords(jobs[j], longer);
            refuse(
                jobs,
                abi.encodeWithSelector(
                    ICoprocessor.ProgramWordCount.selector, j, words.length + 1, words.length
                )
            );
            setWords(jobs[j], new uint256[](0));
            refuse(jobs, abi.encodeWithSelector(ICoprocessor.ProgramWordCount.selector, j, 0, words.length));
        }
    }

    function test_OtherWordsThanClaimed() external {
        Stated[] memory jobs = two();
        bytes32 program = jobs[1].claim.program;
        for (uint256 i; i < jobs[1].words.length; ++i) {
            jobs = two();
            jobs[1].words[i] ^= 1 << 10;
            bytes32 got = ProgramSpelling.digest(jobs[1].words);
            refuse(jobs, abi.encodeWithSelector(ICoprocessor.ProgramWordsMismatch.selector, 1, got, program));
        }
        // Two words of one program change places.
        jobs = two();
        (jobs[1].words[0], jobs[1].words[1]) = (jobs[1].words[1], jobs[1].words[0]);
        bytes32 swapped = ProgramSpelling.digest(jobs[1].words);
        refuse(jobs, abi.encodeWithSelector(ICoprocessor.ProgramWordsMismatch.selector, 1, swapped, program));
    }

    /// A word and the order of the field: the proof takes both for one, the masks would read other terms.
    function test_AWordOfOtherTermsModuloTheOrder() external {
        uint256[2] memory places = [uint256(0), 5];
        for (uint256 i; i < 2; ++i) {
            Stated[] memory jobs = two();
            jobs[1].words[places[i]] += Bn254.R;
            setWords(jobs[1], jobs[1].words);
            refuse(jobs, tooLarge(1, places[i], i == 0 ? 233 : 153));
        }
    }

    function test_BitsBeyondAWord() external {
        for (uint256 bit = 153; bit < 256; ++bit) {
            Stated[] memory jobs = two();
            uint256 slot = jobs[1].words[1];
            jobs[1].words[1] |= 1 << bit;
            setWords(jobs[1], jobs[1].words);
            if (bit >= 233) refuse(jobs, tooLarge(1, 1, 233));
            jobs[1].words[1] = slot;
            // The last row.
            jobs[1].words[8] |= 1 << bit;
            setWords(jobs[1], jobs[1].words);
            refuse(jobs, tooLarge(1, 8, 153));
        }
    }

    /// The first job's inputs and bootstrappings stand before the second's, the second's behind the first's.
    function test_TermsThatReachANeighbour() external {
        for (uint256 lane; lane < 6; ++lane) {
            for (uint256 j; j < 2; ++j) {
                (uint256 slots, uint256 inputs) = j == 0 ? (3, 2) : (5, 4);
                // Slots reach earlier bootstrappings only.
                for (uint256 slot; slot < slots; ++slot) {
                    checkBound(j, slot, SLOT_TERMS, lane, slot, true);
                    checkBound(j, slot, SLOT_TERMS, lane, inputs, false);
                }
                for (uint256 row = slots; row < slots + (j == 0 ? 2 : 4); ++row) {
                    checkBound(j, row, ROW_TERMS, lane, slots, true);
                    checkBound(j, row, ROW_TERMS, lane, inputs, false);
                }
            }
        }
    }

    /// Without a bootstrapping no term names one.
    function test_NoBootstrappingToName() external {
        Stated[] memory jobs = two();
        jobs[1] = job(0, 1, 1, 1);
        setTerm(jobs[1], 0, ROW_TERMS, 2, ProgramSpelling.term(1, 0, 0, true));
        refuse(jobs, abi.encodeWithSelector(ICoprocessor.TermOutsideJob.selector, 1, 0));
    }

    /// A term without a coefficient is no term, and has no source that could be left unmoved.
    function test_UnusedTermsAreZero() external {
        for (uint256 bit = 8; bit < 23; ++bit) {
            for (uint256 lane; lane < 6; ++lane) {
                Stated[] memory jobs = two();
                setTerm(jobs[1], 1, SLOT_TERMS, lane, 1 << bit);
                refuse(jobs, abi.encodeWithSelector(ICoprocessor.UnusedTermNotZero.selector, 1, 1));
                jobs = two();
                setTerm(jobs[1], 6, ROW_TERMS, lane, 1 << bit);
                refuse(jobs, abi.encodeWithSelector(ICoprocessor.UnusedTermNotZero.selector, 1, 6));
            }
        }
    }

    function test_TooLargeInEachDimension() external {
        Stated[] memory jobs = new Stated[](2);
        (jobs[0], jobs[1]) = (job(9, 1, 1, 0), job(8, 1, 1, 1));
        refuse(jobs, abi.encodeWithSelector(ICoprocessor.TooManyBootstrappings.selector, 17, 16));
        (jobs[0], jobs[1]) = (job(1, 33, 1, 0), job(1, 32, 1, 1));
        refuse(jobs, abi.encodeWithSelector(ICoprocessor.TooManyInputs.selector, 65, 64));
        (jobs[0], jobs[1]) = (job(1, 1, 9, 0), job(1, 1, 8, 1));
        refuse(jobs, abi.encodeWithSelector(ICoprocessor.TooManyOutputs.selector, 17, 16));
        (jobs[0], jobs[1]) = (wide(2), wide(1));
        refuse(jobs, abi.encodeWithSelector(ICoprocessor.TooManyOutputBlocks.selector, 192, 128));
        (jobs[0], jobs[1]) = (wide(1), wide(1));
        checkComposed(jobs);
    }

    /// Of whichever job; the others need none.
    function test_InputsUnderTheCastingKey() external {
        Stated[] memory jobs = two();
        jobs[1].claim.layouts[0] |= 1 << (16 * 2 + 6);
        checkComposed(jobs);
        uint256[2][] memory keys = points(1, KEY_POINTS);
        for (uint256 i = 12; i < KEY_POINTS; ++i) {
            keys[i] = [uint256(0), 0];
        }
        bytes32 digest = keyDigest(keys);
        BatchComposer.Job[] memory parts = partsOf(jobs);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.NoCastingKey.selector, 1, 2));
        composer.publicValues(STMT, digest, keys, parts);
        parts = partsOf(two());
        composer.publicValues(STMT, digest, keys, parts);
    }

    /// Any words: refused exactly when a term is, else moved as term by term.
    function testFuzz_MovedWords(uint256[6][2] calldata codes, uint256 sizes, bool small) external {
        Stated[] memory jobs = new Stated[](2);
        jobs[0] = job(sizes % 9, 1 + (sizes >> 8) % 32, 1, 0);
        (uint256 slots, uint256 inputs) = (1 + (sizes >> 16) % 7, 1 + (sizes >> 24) % 32);
        jobs[1] = job(slots, inputs, 1, 1);
        bytes memory refusal;
        for (uint256 w; w < 2; ++w) {
            (uint256 index, uint256 termsAt) = w == 0 ? (slots - 1, SLOT_TERMS) : (slots, ROW_TERMS);
            uint256 bootstrappings = w == 0 ? slots - 1 : slots;
            uint256 unused;
            uint256 outside;
            for (uint256 t; t < 6; ++t) {
                uint256 code = codes[w][t] & 0x7fffff;
                if (small) code &= ~uint256(0x60 << 15);
                if (codes[w][t] >> 252 == 0) code = 0;
                setTerm(jobs[1], index, termsAt, t, code);
                if (code & 0xff == 0 && code != 0) unused = 1;
                if ((code >> 15) & 0x7f >= (code >> 22 == 1 ? bootstrappings : inputs)) outside = 1;
            }
            if (refusal.length != 0 || unused + outside == 0) continue;
            refusal = abi.encodeWithSelector(
                unused == 1 ? ICoprocessor.UnusedTermNotZero.selector : ICoprocessor.TermOutsideJob.selector,
                1,
                index
            );
        }
        if (refusal.length != 0) refuse(jobs, refusal);
        else checkComposed(jobs);
    }

    /// The least source that is refused, and the greatest that is not.
    function checkBound(
        uint256 j,
        uint256 word,
        uint256 termsAt,
        uint256 lane,
        uint256 least,
        bool bootstrapped
    ) private {
        uint256[3] memory sources = [least, least + 1, 127];
        for (uint256 i; i < 3; ++i) {
            Stated[] memory jobs = two();
            setTerm(jobs[j], word, termsAt, lane, ProgramSpelling.term(255, 127, sources[i], bootstrapped));
            refuse(jobs, abi.encodeWithSelector(ICoprocessor.TermOutsideJob.selector, j, word));
        }
        if (least == 0) return;
        Stated[] memory taken = two();
        setTerm(taken[j], word, termsAt, lane, ProgramSpelling.term(255, 127, least - 1, bootstrapped));
        checkComposed(taken);
    }

    function checkComposed(Stated[] memory jobs) private view {
        bytes memory expected = mergedValues(STMT, jobs, points(1, KEY_POINTS));
        assertEq(keccak256(compose(jobs)), keccak256(expected));
    }

    function compose(Stated[] memory jobs) private view returns (bytes memory) {
        return composer.publicValues(STMT, key, points(1, KEY_POINTS), partsOf(jobs));
    }

    function refuse(Stated[] memory jobs, bytes memory revertData) private {
        BatchComposer.Job[] memory parts = partsOf(jobs);
        uint256[2][] memory keys = points(1, KEY_POINTS);
        vm.expectRevert(revertData);
        composer.publicValues(STMT, key, keys, parts);
    }

    function partsOf(Stated[] memory jobs) private pure returns (BatchComposer.Job[] memory parts) {
        parts = new BatchComposer.Job[](jobs.length);
        for (uint256 j; j < jobs.length; ++j) {
            parts[j] = BatchComposer.Job(
                jobs[j].claim, jobs[j].words, flat(jobs[j].inputPoints), flat(jobs[j].outputPoints)
            );
        }
    }

    function flat(uint256[2][] memory list) private pure returns (bytes memory bytes_) {
        for (uint256 i; i < list.length; ++i) {
            bytes_ = bytes.concat(bytes_, abi.encode(list[i]));
        }
    }

    /// A job whose handles have two blocks; its entries differ by `seed`.
    function job(uint256 bootstrappings, uint256 inputs, uint256 outputs, uint256 seed)
        private
        view
        returns (Stated memory made)
    {
        made.words = ProgramSpelling.words(bootstrappings, inputs, 2 * outputs, seed);
        made.claim.program = ProgramSpelling.digest(made.words);
        (made.claim.bootstrappings, made.claim.inputs) = (uint8(bootstrappings), uint8(inputs));
        made.claim.outputs = uint8(outputs);
        for (uint256 i; i < inputs + outputs; ++i) {
            // Types from 1 on, in some order.
            put(made.claim.layouts, i, (ENTRY & ~uint256(63)) | (1 + (i + seed) % 6));
        }
        (made.inputPoints, made.outputPoints) = (points(1, inputs), points(17 + seed, outputs));
    }

    /// Outputs of 64 blocks.
    function wide(uint256 outputs) private view returns (Stated memory made) {
        made = job(1, 1, outputs, 0);
        setWords(made, ProgramSpelling.words(1, 1, 64 * outputs, 0));
        for (uint256 i = 1; i <= outputs; ++i) {
            put(made.claim.layouts, i, 62 << 8);
        }
    }

    function setWords(Stated memory made, uint256[] memory words) private pure {
        made.words = words;
        made.claim.program = ProgramSpelling.digest(words);
    }

    function setTerm(Stated memory made, uint256 word, uint256 termsAt, uint256 lane, uint256 code)
        private
        pure
    {
        made.words[word] = ProgramSpelling.withTerm(made.words[word], termsAt, lane, code);
        setWords(made, made.words);
    }

    function tooLarge(uint256 j, uint256 word, uint256 bits) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ICoprocessor.ProgramWordTooLarge.selector, j, word, bits);
    }

    function wordOf(bytes memory values, uint256 i) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(values, 32), mul(i, 32)))
        }
    }
}
