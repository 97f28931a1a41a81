// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CircuitVerifier} from "../src/CircuitVerifier.sol";
import {Bn254} from "../src/lib/Bn254.sol";
import {Groth16Key} from "../src/lib/Groth16Key.sol";
import {GroupSide} from "../src/lib/GroupSide.sol";
import {ProofWords} from "../src/lib/ProofWords.sol";
import {WordEdits} from "./WordEdits.sol";
import {TinyCircuitProof} from "./generated/TinyCircuitProof.sol";
import {TinyCircuitVerifyingKey} from "./generated/TinyCircuitVerifyingKey.sol";

/// @title Every word of proofs of circuits and of their public values is bound; each malformed word has its error.
contract CircuitArgumentTest is WordEdits {
    ProofWords.Part constant VALUES = ProofWords.Part.PublicValues;
    ProofWords.Part constant PROOF = ProofWords.Part.Proof;
    // Words of the public values.
    uint256 constant SHAPE = 1;
    uint256 constant STATEMENT_WORDS = 8;
    uint256 constant SLOTS_LENGTH = 13;
    uint256 constant SLOTS = 14;
    // Of `eight`, which has 6 rows.
    uint256 constant ROWS_LENGTH = SLOTS + 8;
    uint256 constant ROWS = ROWS_LENGTH + 1;
    uint256 constant KEYS_LENGTH = ROWS + 6;
    uint256 constant KEYS = KEYS_LENGTH + 1;
    uint256 constant INPUTS_LENGTH = KEYS + 32;
    uint256 constant INPUTS = INPUTS_LENGTH + 1;
    // Words of the proof `eight`: 12 columns, one v, 5 folds, Q, R, W.
    uint256 constant POINTS = 8;
    uint256 constant ROTATION = POINTS + 2 * 12;
    uint256 constant FOLDS = ROTATION + 2;
    uint256 constant CHALLENGES = FOLDS + 2 * 8;
    uint256 constant PROOF_WORDS = CHALLENGES + 5;
    uint256 constant EIGHT = 1 | 3 << 8 | 12 << 16 | 2 << 24;

    CircuitVerifier verifier =
        new CircuitVerifier(TinyCircuitVerifyingKey.load(), TinyCircuitVerifyingKey.MAX_POWERS, true);

    function test_HonestProofsVerify() external view {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        assertEq(values.length, 32 * (INPUTS + 24 + 1 + 4));
        assertEq(proof.length, 4 + 32 * PROOF_WORDS);
        verifier.verify(values, proof);
        (values, proof) = TinyCircuitProof.full();
        verifier.verify(values, proof);
        // Key points at infinity: no casting key.
        (values, proof) = TinyCircuitProof.least();
        // One slot, three rows.
        assertEq(valueWord(values, SLOTS + 1 + 4 + 1 + 31), 0);
        verifier.verify(values, proof);
    }

    function test_TheVerifierHashesItsKey() external view {
        assertEq(verifier.VERIFIER_HASH(), TinyCircuitVerifyingKey.VERIFIER_HASH);
        assertEq(verifier.SRS_DIGEST(), TinyCircuitVerifyingKey.SRS_DIGEST);
        assertTrue(verifier.DEVELOPMENT(), "development");
    }

    function test_ForgeableKeysAreNotDeployed() external {
        uint256[] memory key = TinyCircuitVerifyingKey.load();
        vm.expectRevert(Groth16Key.GammaIsNotGenerator.selector);
        new CircuitVerifier(key, 1, false);
        for (uint256 i; i < 4; ++i) {
            key[Groth16Key.DELTA + i] = key[Groth16Key.GAMMA + i];
        }
        vm.expectRevert(Groth16Key.GammaIsDelta.selector);
        new CircuitVerifier(key, 1, true);
        key = TinyCircuitVerifyingKey.load();
        key[Groth16Key.IC + 36] = addmod(key[Groth16Key.IC + 36], 1, Bn254.P);
        vm.expectRevert(abi.encodeWithSelector(Groth16Key.KeyPoint.selector, Groth16Key.IC + 36));
        new CircuitVerifier(key, 1, true);
        vm.expectRevert(abi.encodeWithSelector(Groth16Key.KeyLength.selector, 48, 64));
        new CircuitVerifier(new uint256[](48), 1, true);
    }

    function test_EveryChallengeIsBound() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        for (uint256 i = CHALLENGES; i < PROOF_WORDS; ++i) {
            bytes memory changed = bytes.concat(proof);
            setProofWord(changed, i, addmod(proofWord(proof, i), 1, Bn254.R));
            rejects(values, changed);
        }
    }

    /// Another point, the opposite one, infinity.
    function test_EveryPointOfTheProofIsBound() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        for (uint256 i = POINTS; i < CHALLENGES; i += 2) {
            bytes memory changed = bytes.concat(proof);
            setProofWord(changed, i, Bn254.G1_X);
            setProofWord(changed, i + 1, Bn254.G1_Y);
            rejects(values, changed);
            setProofWord(changed, i, proofWord(proof, i));
            setProofWord(changed, i + 1, Bn254.P - proofWord(proof, i + 1));
            rejects(values, changed);
            setProofWord(changed, i, 0);
            setProofWord(changed, i + 1, 0);
            rejects(values, changed);
        }
    }

    function test_EveryGroth16PointIsBound() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        for (uint256 i; i < POINTS; i += 6) {
            bytes memory changed = bytes.concat(proof);
            setProofWord(changed, i, Bn254.G1_X);
            setProofWord(changed, i + 1, Bn254.G1_Y);
            rejects(values, changed);
        }
        setProofWord(proof, 2, Bn254.G2_X_C1);
        setProofWord(proof, 3, Bn254.G2_X_C0);
        setProofWord(proof, 4, Bn254.G2_Y_C1);
        setProofWord(proof, 5, Bn254.G2_Y_C0);
        rejects(values, proof);
    }

    function test_EveryStatementWordIsBound() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        for (uint256 i; i < STATEMENT_WORDS; ++i) {
            if (i == SHAPE) continue; // decides lengths: its own tests
            bytes memory changed = bytes.concat(values);
            setWord(changed, i, addmod(valueWord(values, i), 1, Bn254.R));
            rejects(changed, proof);
        }
    }

    function test_EveryWordOfTheProgramIsBound() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        for (uint256 i = SLOTS; i < KEYS_LENGTH; ++i) {
            if (i == ROWS_LENGTH) continue;
            bytes memory changed = bytes.concat(values);
            setWord(changed, i, valueWord(values, i) ^ 1);
            rejects(changed, proof);
        }
    }

    /// The words are the same, their powers are not.
    function test_WordsOfTheProgramKeepTheirPlaces() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        // Two slots, a slot and a row change places.
        for (uint256 other = SLOTS + 7; other <= ROWS; other += 2) {
            bytes memory changed = bytes.concat(values);
            setWord(changed, SLOTS, valueWord(values, other));
            setWord(changed, other, valueWord(values, SLOTS));
            rejects(changed, proof);
        }
        // The last slot as the first row, the first row as the last slot.
        bytes memory fewer = bytes.concat(values);
        setWord(fewer, SLOTS_LENGTH, 7);
        setWord(fewer, 9, valueWord(values, 9) - 32);
        setWord(fewer, ROWS_LENGTH - 1, 7);
        setWord(fewer, ROWS_LENGTH, valueWord(values, ROWS_LENGTH - 1));
        rejects(fewer, proof);
    }

    /// A row more than the class has; words that are zero are no other program, but another encoding.
    function test_CountsOfWords() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        bytes memory changed = bytes.concat(values);
        setWord(changed, ROWS_LENGTH, 129);
        vm.expectRevert(abi.encodeWithSelector(ProofWords.RowCount.selector, 129, 128));
        verifier.verify(changed, proof);
        setWord(changed, ROWS_LENGTH, 5);
        vm.expectRevert(
            abi.encodeWithSelector(ProofWords.PublicValuesLength.selector, values.length, values.length - 32)
        );
        verifier.verify(changed, proof);
        uint256[4] memory counts = [uint256(0), 4, 9, type(uint256).max];
        for (uint256 i; i < counts.length; ++i) {
            changed = bytes.concat(values);
            setWord(changed, SLOTS_LENGTH, counts[i]);
            vm.expectRevert(abi.encodeWithSelector(ProofWords.SlotCount.selector, counts[i], EIGHT));
            verifier.verify(changed, proof);
        }
    }

    function test_EveryKeyPointIsBound() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        for (uint256 i = KEYS; i < INPUTS_LENGTH; i += 2) {
            bytes memory changed = bytes.concat(values);
            setWord(changed, i, Bn254.G1_X);
            setWord(changed, i + 1, Bn254.G1_Y);
            rejects(changed, proof);
            setWord(changed, i, 0);
            setWord(changed, i + 1, 0);
            rejects(changed, proof);
        }
    }

    function test_EveryHandlePointIsBound() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        for (uint256 i = INPUTS; i < values.length / 32; i += 2) {
            if (i == INPUTS + 24) ++i; // the count of outputs
            bytes memory changed = bytes.concat(values);
            setWord(changed, i, Bn254.G1_X);
            setWord(changed, i + 1, Bn254.G1_Y);
            rejects(changed, proof);
        }
    }

    /// A handle moved by one place: the points are the same, their powers are not.
    function test_SwappedHandlesAreRejected() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        bytes memory changed = bytes.concat(values);
        swapPoints(changed, INPUTS, INPUTS + 2);
        rejects(changed, proof);
        // The last key and the first input; the last input and the first output.
        changed = bytes.concat(values);
        swapPoints(changed, INPUTS_LENGTH - 2, INPUTS);
        rejects(changed, proof);
        changed = bytes.concat(values);
        swapPoints(changed, INPUTS + 22, INPUTS + 25);
        rejects(changed, proof);
    }

    /// A chunk counted as a handle: v leaves the proof and becomes an input, before the others or after them.
    function test_AChunkIsNoHandle() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        bytes memory chunk = slice(proof, 4 + 32 * ROTATION, 64);
        bytes memory before = slice(values, 0, 32 * INPUTS);
        bytes memory inputs = slice(values, 32 * INPUTS, 24 * 32);
        bytes memory rest = slice(values, 32 * (INPUTS + 24), 5 * 32);
        setWord(before, SHAPE, 1 | 3 << 8 | 13 << 16 | 2 << 24);
        setWord(before, 12, 32 * (INPUTS + 26));
        setWord(before, INPUTS_LENGTH, 13);
        bytes memory first = bytes.concat(before, chunk, inputs, rest);
        bytes memory last = bytes.concat(before, inputs, chunk, rest);
        bytes memory shorter =
            bytes.concat(slice(proof, 0, 4 + 32 * ROTATION), slice(proof, 4 + 32 * FOLDS, 32 * 21));
        uint256 length = 4 + 32 * PROOF_WORDS;
        vm.expectRevert(abi.encodeWithSelector(ProofWords.ProofLength.selector, length - 64, length));
        verifier.verify(first, shorter);
        // With as many points as the shape has.
        rejects(first, proof);
        rejects(last, proof);
    }

    /// A smaller number of bootstrappings: fewer points, or as many.
    function test_AnotherNumberOfBootstrappings() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        uint256 length = proof.length;
        for (uint256 i; i < 2; ++i) {
            bytes memory other = bytes.concat(values);
            uint256 shape = i == 0 ? EIGHT - (1 << 8) : EIGHT + (1 << 8);
            setWord(other, SHAPE, shape);
            vm.expectRevert(abi.encodeWithSelector(ProofWords.SlotCount.selector, 8, shape));
            verifier.verify(other, proof);
            other = withSlots(other, i == 0 ? 4 : 9);
            uint256 expected = i == 0 ? length - 64 * 5 : length + 64 * 10;
            vm.expectRevert(abi.encodeWithSelector(ProofWords.ProofLength.selector, length, expected));
            verifier.verify(other, proof);
        }

        (values, proof) = TinyCircuitProof.least();
        for (uint256 log = 1; log < 3; ++log) {
            bytes memory other = withSlots(values, 1 << log);
            setWord(other, SHAPE, 1 | log << 8 | 1 << 16 | 1 << 24);
            rejects(other, proof);
        }
    }

    function test_UnknownShapes() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        uint256[7] memory shapes = [
            EIGHT + 1,
            1 | 5 << 8 | 12 << 16 | 2 << 24,
            1 | 3 << 8 | 65 << 16 | 2 << 24,
            1 | 3 << 8 | 12 << 16 | 17 << 24,
            1 | 3 << 8 | 2 << 24,
            1 | 3 << 8 | 12 << 16,
            EIGHT | 1 << 32
        ];
        for (uint256 i; i < shapes.length; ++i) {
            setWord(values, SHAPE, shapes[i]);
            vm.expectRevert(abi.encodeWithSelector(ProofWords.UnknownShape.selector, shapes[i]));
            verifier.verify(values, proof);
        }
    }

    /// Offsets and counts are those of the one encoding.
    function test_TheEncodingIsCanonical() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        uint256[8] memory places = [uint256(8), 9, 10, 11, 12, KEYS_LENGTH, INPUTS_LENGTH, INPUTS + 24];
        for (uint256 i; i < places.length; ++i) {
            uint256 right = valueWord(values, places[i]);
            bytes memory changed = bytes.concat(values);
            setWord(changed, places[i], right + 32);
            vm.expectRevert(
                abi.encodeWithSelector(ProofWords.PublicValuesEncoding.selector, places[i], right + 32, right)
            );
            verifier.verify(changed, proof);
        }
    }

    function test_LengthsAreExact() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        (uint256 length, uint256 valuesLength) = (proof.length, values.length);
        vm.expectRevert(abi.encodeWithSelector(ProofWords.ProofLength.selector, length + 1, length));
        verifier.verify(values, bytes.concat(proof, hex"00"));
        vm.expectRevert(abi.encodeWithSelector(ProofWords.ProofLength.selector, 0, length));
        verifier.verify(values, "");
        bytes4 lengthError = ProofWords.PublicValuesLength.selector;
        vm.expectRevert(abi.encodeWithSelector(lengthError, valuesLength + 32, valuesLength));
        verifier.verify(bytes.concat(values, bytes32(0)), proof);
        vm.expectRevert(abi.encodeWithSelector(lengthError, 0, 32 * 50));
        verifier.verify("", proof);
    }

    function test_TheSelectorIsTheVerifiers() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        bytes4 selector = bytes4(verifier.VERIFIER_HASH());
        proof[3] ^= 0x01;
        vm.expectRevert(
            abi.encodeWithSelector(ProofWords.WrongVerifier.selector, selector ^ bytes4(uint32(1)), selector)
        );
        verifier.verify(values, proof);
    }

    function test_ScalarsAreCanonical() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        for (uint256 i; i < KEYS_LENGTH; ++i) {
            if (i == STATEMENT_WORDS) i = SLOTS; // offsets and a count
            if (i == SHAPE || i == ROWS_LENGTH) continue;
            bytes memory changed = bytes.concat(values);
            setWord(changed, i, valueWord(values, i) + Bn254.R);
            vm.expectRevert(abi.encodeWithSelector(ProofWords.ScalarTooLarge.selector, VALUES, i));
            verifier.verify(changed, proof);
        }
        for (uint256 i = CHALLENGES; i < PROOF_WORDS; ++i) {
            bytes memory changed = bytes.concat(proof);
            setProofWord(changed, i, proofWord(proof, i) + Bn254.R);
            vm.expectRevert(abi.encodeWithSelector(ProofWords.ScalarTooLarge.selector, PROOF, i));
            verifier.verify(values, changed);
        }
    }

    function test_CoordinatesAreCanonical() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        for (uint256 i; i < CHALLENGES; ++i) {
            bytes memory changed = bytes.concat(proof);
            setProofWord(changed, i, proofWord(proof, i) + Bn254.P);
            vm.expectRevert(abi.encodeWithSelector(ProofWords.CoordinateTooLarge.selector, PROOF, i));
            verifier.verify(values, changed);
        }
        uint256[3] memory places = [KEYS, INPUTS, INPUTS + 25];
        for (uint256 i; i < 6; ++i) {
            uint256 place = places[i / 2] + (i & 1);
            bytes memory changed = bytes.concat(values);
            setWord(changed, place, valueWord(values, place) + Bn254.P);
            vm.expectRevert(abi.encodeWithSelector(ProofWords.CoordinateTooLarge.selector, VALUES, place));
            verifier.verify(changed, proof);
        }
    }

    /// Off the curve the precompiles burn what they are given: the contract looks first.
    function test_PointsOffTheCurve() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        for (uint256 i; i < CHALLENGES; i += i == 2 ? 4 : 2) {
            bytes memory changed = bytes.concat(proof);
            setProofWord(changed, i, addmod(proofWord(proof, i), 1, Bn254.P));
            vm.expectRevert(abi.encodeWithSelector(ProofWords.PointNotOnCurve.selector, PROOF, i));
            uint256 before = gasleft();
            verifier.verify(values, changed);
            assertTrue(before - gasleft() < 130_000, "gas");
        }
        uint256[3] memory places = [KEYS, INPUTS, INPUTS + 25];
        for (uint256 i; i < 3; ++i) {
            bytes memory changed = bytes.concat(values);
            setWord(changed, places[i], addmod(valueWord(values, places[i]), 1, Bn254.P));
            vm.expectRevert(abi.encodeWithSelector(ProofWords.PointNotOnCurve.selector, VALUES, places[i]));
            verifier.verify(changed, proof);
        }
    }

    function test_G2PointOutsideTheSubgroup() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        (uint256 yC1, uint256 yC0) = twistPointAtOne();
        setProofWord(proof, 2, 0);
        setProofWord(proof, 3, TWIST_X);
        setProofWord(proof, 4, yC1);
        setProofWord(proof, 5, yC0);
        vm.expectRevert(abi.encodeWithSelector(Bn254.PrecompileFailed.selector, 8));
        verifier.verify{gas: 10_000_000}(values, proof);
    }

    /// Keys may have points at infinity; handles and Groth16 may not.
    function test_InfinityIsNoHandleAndNoGroth16Point() external {
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        uint256[2] memory places = [INPUTS, INPUTS + 25];
        for (uint256 i; i < 2; ++i) {
            bytes memory changed = bytes.concat(values);
            setWord(changed, places[i], 0);
            setWord(changed, places[i] + 1, 0);
            vm.expectRevert(abi.encodeWithSelector(ProofWords.PointNotOnCurve.selector, VALUES, places[i]));
            verifier.verify(changed, proof);
        }
        for (uint256 i; i < 8; i += 6) {
            bytes memory changed = bytes.concat(proof);
            setProofWord(changed, i, 0);
            setProofWord(changed, i + 1, 0);
            vm.expectRevert(abi.encodeWithSelector(ProofWords.PointNotOnCurve.selector, PROOF, i));
            verifier.verify(values, changed);
        }
    }

    function testFuzz_NoByteOfTheProofIsFree(uint256 place, uint8 flip) external {
        vm.assume(flip != 0);
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        place = bound(place, 0, proof.length - 1);
        proof[place] = proof[place] ^ bytes1(flip);
        assertTrue(!accepts(values, proof), "accepted");
    }

    function testFuzz_NoByteOfTheValuesIsFree(uint256 place, uint8 flip) external {
        vm.assume(flip != 0);
        (bytes memory values, bytes memory proof) = TinyCircuitProof.eight();
        place = bound(place, 0, values.length - 1);
        values[place] = values[place] ^ bytes1(flip);
        assertTrue(!accepts(values, proof), "accepted");
    }

    /// Hostile bytes revert, whatever they are, and cost at most the reading of them.
    function testFuzz_HostileBytes(bytes calldata values, bytes calldata proof) external view {
        uint256 before = gasleft();
        assertTrue(!accepts(values, proof), "accepted");
        assertTrue(before - gasleft() < 100_000, "gas");
    }

    function accepts(bytes memory values, bytes memory proof) private view returns (bool) {
        try verifier.verify{gas: 5_000_000}(values, proof) {
            return true;
        } catch {
            return false;
        }
    }

    function rejects(bytes memory values, bytes memory proof) private {
        vm.expectRevert(GroupSide.PairingMismatch.selector);
        verifier.verify(values, proof);
    }

    function swapPoints(bytes memory values, uint256 a, uint256 b) private pure {
        for (uint256 i; i < 2; ++i) {
            uint256 first = valueWord(values, a + i);
            setWord(values, a + i, valueWord(values, b + i));
            setWord(values, b + i, first);
        }
    }

    /// The values with another number of slots, new ones zero.
    function withSlots(bytes memory values, uint256 count) private pure returns (bytes memory) {
        uint256 slots = valueWord(values, SLOTS_LENGTH);
        bytes memory head = slice(values, 0, 32 * (SLOTS + (slots < count ? slots : count)));
        if (count > slots) head = bytes.concat(head, new bytes(32 * (count - slots)));
        for (uint256 i = 9; i < SLOTS_LENGTH; ++i) {
            setWord(head, i, valueWord(values, i) + 32 * count - 32 * slots);
        }
        setWord(head, SLOTS_LENGTH, count);
        uint256 rest = 32 * (SLOTS + slots);
        return bytes.concat(head, slice(values, rest, values.length - rest));
    }

    function slice(bytes memory from, uint256 start, uint256 length)
        private
        pure
        returns (bytes memory part)
    {
        part = new bytes(length);
        for (uint256 i; i < length; ++i) {
            part[i] = from[start + i];
        }
    }
}
