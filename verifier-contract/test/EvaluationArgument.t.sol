// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Bn254} from "../src/lib/Bn254.sol";
import {GroupSide} from "../src/lib/GroupSide.sol";
import {ProofWords} from "../src/lib/ProofWords.sol";
import {TinyVerifier} from "./TinyVerifier.sol";
import {WordEdits} from "./WordEdits.sol";
import {TinyProof} from "./generated/TinyProof.sol";

/// @title Every word of proof and public values is bound; each malformed word has its error.
contract EvaluationArgumentTest is WordEdits {
    ProofWords.Part constant VALUES = ProofWords.Part.PublicValues;
    ProofWords.Part constant PROOF = ProofWords.Part.Proof;
    uint256 constant PROOF_WORDS = 37;
    uint256 constant CHALLENGES = 32;

    TinyVerifier verifier = new TinyVerifier();

    function test_HonestProofsVerify() external view {
        (bytes memory values, bytes memory proof) = TinyProof.full();
        verifier.verify(values, proof);
        (values, proof) = TinyProof.tally();
        verifier.verify(values, proof);
        (values, proof) = TinyProof.least();
        verifier.verify(values, proof);
    }

    /// Everything that can be changed without leaving the canonical form ends in the pairing.
    function test_EveryChallengeIsBound() external {
        (bytes memory values, bytes memory proof) = TinyProof.full();
        for (uint256 i = CHALLENGES; i < PROOF_WORDS; ++i) {
            bytes memory changed = bytes.concat(proof);
            uint256 word = proofWord(proof, i);
            setProofWord(changed, i, addmod(word, 1, Bn254.R));
            vm.expectRevert(GroupSide.PairingMismatch.selector);
            verifier.verify(values, changed);
        }
    }

    function test_EveryPointIsBound() external {
        (bytes memory values, bytes memory proof) = TinyProof.full();
        for (uint256 i; i < CHALLENGES; i += i == 2 ? 4 : 2) {
            bytes memory changed = bytes.concat(proof);
            if (i == 2) {
                setProofWord(changed, 2, Bn254.G2_X_C1);
                setProofWord(changed, 3, Bn254.G2_X_C0);
                setProofWord(changed, 4, Bn254.G2_Y_C1);
                setProofWord(changed, 5, Bn254.G2_Y_C0);
            } else {
                setProofWord(changed, i, Bn254.G1_X);
                setProofWord(changed, i + 1, Bn254.G1_Y);
            }
            vm.expectRevert(GroupSide.PairingMismatch.selector);
            verifier.verify(values, changed);
        }
    }

    function test_OppositePointsAreBound() external {
        (bytes memory values, bytes memory proof) = TinyProof.tally();
        for (uint256 i = 8; i < CHALLENGES; i += 2) {
            bytes memory changed = bytes.concat(proof);
            setProofWord(changed, i + 1, Bn254.P - proofWord(proof, i + 1));
            vm.expectRevert(GroupSide.PairingMismatch.selector);
            verifier.verify(values, changed);
        }
    }

    function test_EveryStatementWordIsBound() external {
        (bytes memory values, bytes memory proof) = TinyProof.full();
        for (uint256 i; i < 5; ++i) {
            if (i == 1) continue; // shape decides lengths: its own test
            bytes memory changed = bytes.concat(values);
            setWord(changed, i, addmod(valueWord(values, i), 1, Bn254.R));
            vm.expectRevert(GroupSide.PairingMismatch.selector);
            verifier.verify(changed, proof);
        }
    }

    function test_EveryHandlePointIsBound() external {
        (bytes memory values, bytes memory proof) = TinyProof.full();
        for (uint256 i = 8; i < values.length / 32; i += 2) {
            if (i == 38) ++i; // the count of outputs
            bytes memory changed = bytes.concat(values);
            setWord(changed, i, Bn254.G1_X);
            setWord(changed, i + 1, Bn254.G1_Y);
            vm.expectRevert(GroupSide.PairingMismatch.selector);
            verifier.verify(changed, proof);
        }
    }

    /// A handle moved by one place: the points are the same, their powers are not.
    function test_SwappedHandlesAreRejected() external {
        (bytes memory values, bytes memory proof) = TinyProof.tally();
        for (uint256 word; word < 2; ++word) {
            uint256 first = valueWord(values, 8 + word);
            setWord(values, 8 + word, valueWord(values, 10 + word));
            setWord(values, 10 + word, first);
        }
        vm.expectRevert(GroupSide.PairingMismatch.selector);
        verifier.verify(values, proof);
    }

    /// The last input passed off as the first output of a smaller shape.
    function test_SmallerShapeIsRejected() external {
        (bytes memory values, bytes memory proof) = TinyProof.tally();
        setWord(values, 1, 1 | 11 << 8 | 2 << 16);
        vm.expectRevert(
            abi.encodeWithSelector(ProofWords.PublicValuesEncoding.selector, 6, 0x400, 0x3c0)
        );
        verifier.verify(values, proof);

        // And with an encoding that agrees.
        uint256 x = valueWord(values, 30);
        uint256 y = valueWord(values, 31);
        setWord(values, 6, 0x3c0);
        setWord(values, 7, 11);
        setWord(values, 30, 2);
        setWord(values, 31, x);
        setWord(values, 32, y);
        vm.expectRevert(GroupSide.PairingMismatch.selector);
        verifier.verify(values, proof);
    }

    function test_UnknownShapes() external {
        (bytes memory values, bytes memory proof) = TinyProof.full();
        uint256[6] memory shapes = [uint256(2) | 15 << 8 | 4 << 16, 1 | 16 << 8 | 4 << 16, 1 | 15 << 8 | 5 << 16,
            1 | 4 << 16, 1 | 15 << 8, 1 | 15 << 8 | 4 << 16 | 1 << 24];
        for (uint256 i; i < shapes.length; ++i) {
            setWord(values, 1, shapes[i]);
            vm.expectRevert(abi.encodeWithSelector(ProofWords.UnknownShape.selector, shapes[i]));
            verifier.verify(values, proof);
        }
    }

    function test_LengthsAreExact() external {
        (bytes memory values, bytes memory proof) = TinyProof.tally();
        vm.expectRevert(abi.encodeWithSelector(ProofWords.ProofLength.selector, 1189, 1188));
        verifier.verify(values, bytes.concat(proof, hex"00"));
        vm.expectRevert(abi.encodeWithSelector(ProofWords.ProofLength.selector, 0, 1188));
        verifier.verify(values, "");
        uint256 length = values.length;
        vm.expectRevert(
            abi.encodeWithSelector(ProofWords.PublicValuesLength.selector, length + 32, length)
        );
        verifier.verify(bytes.concat(values, bytes32(0)), proof);
        vm.expectRevert(abi.encodeWithSelector(ProofWords.PublicValuesLength.selector, 0, 288));
        verifier.verify("", proof);
    }

    function test_TheSelectorIsTheVerifiers() external {
        (bytes memory values, bytes memory proof) = TinyProof.tally();
        bytes4 selector = bytes4(verifier.VERIFIER_HASH());
        proof[3] ^= 0x01;
        vm.expectRevert(
            abi.encodeWithSelector(
                ProofWords.WrongVerifier.selector, selector ^ bytes4(uint32(1)), selector
            )
        );
        verifier.verify(values, proof);
    }

    /// A public input raised by the field's modulus.
    function test_ScalarsAreCanonical() external {
        (bytes memory values, bytes memory proof) = TinyProof.tally();
        for (uint256 i; i < 5; ++i) {
            if (i == 1) continue; // far from canonical: UnknownShape
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
        (bytes memory values, bytes memory proof) = TinyProof.tally();
        for (uint256 i; i < CHALLENGES; ++i) {
            bytes memory changed = bytes.concat(proof);
            setProofWord(changed, i, proofWord(proof, i) + Bn254.P);
            vm.expectRevert(abi.encodeWithSelector(ProofWords.CoordinateTooLarge.selector, PROOF, i));
            verifier.verify(values, changed);
        }
        for (uint256 i = 8; i < 10; ++i) {
            bytes memory changed = bytes.concat(values);
            setWord(changed, i, valueWord(values, i) + Bn254.P);
            vm.expectRevert(abi.encodeWithSelector(ProofWords.CoordinateTooLarge.selector, VALUES, i));
            verifier.verify(changed, proof);
        }
    }

    /// Off the curve the precompiles burn what they are given: the contract looks first.
    function test_PointsOffTheCurve() external {
        (bytes memory values, bytes memory proof) = TinyProof.tally();
        for (uint256 i; i < CHALLENGES; i += i == 2 ? 4 : 2) {
            bytes memory changed = bytes.concat(proof);
            setProofWord(changed, i, addmod(proofWord(proof, i), 1, Bn254.P));
            vm.expectRevert(abi.encodeWithSelector(ProofWords.PointNotOnCurve.selector, PROOF, i));
            uint256 before = gasleft();
            verifier.verify(values, changed);
            assertTrue(before - gasleft() < 100_000, "gas");
        }
        bytes memory moved = bytes.concat(values);
        setWord(moved, 8, addmod(valueWord(values, 8), 1, Bn254.P));
        vm.expectRevert(abi.encodeWithSelector(ProofWords.PointNotOnCurve.selector, VALUES, 8));
        verifier.verify(moved, proof);
    }

    /// On the twist, outside the subgroup: the pairing precompile refuses it, and burns no more than the ceiling.
    function test_G2PointOutsideTheSubgroup() external {
        (bytes memory values, bytes memory proof) = TinyProof.tally();
        (uint256 yC1, uint256 yC0) = twistPointAtOne();
        setProofWord(proof, 2, 0);
        setProofWord(proof, 3, TWIST_X);
        setProofWord(proof, 4, yC1);
        setProofWord(proof, 5, yC0);
        vm.expectRevert(abi.encodeWithSelector(Bn254.PrecompileFailed.selector, 8));
        verifier.verify{gas: 10_000_000}(values, proof);
    }

    function test_InfinityIsNoHandleAndNoGroth16Point() external {
        (bytes memory values, bytes memory proof) = TinyProof.tally();
        bytes memory changed = bytes.concat(values);
        setWord(changed, 8, 0);
        setWord(changed, 9, 0);
        vm.expectRevert(abi.encodeWithSelector(ProofWords.PointNotOnCurve.selector, VALUES, 8));
        verifier.verify(changed, proof);
        for (uint256 i; i < 8; i += 6) {
            changed = bytes.concat(proof);
            setProofWord(changed, i, 0);
            setProofWord(changed, i + 1, 0);
            vm.expectRevert(abi.encodeWithSelector(ProofWords.PointNotOnCurve.selector, PROOF, i));
            verifier.verify(values, changed);
        }
    }

    /// Columns and folds may be infinity (a zero limb column); swapped for it they are still bound.
    function test_InfinityColumnsAreBound() external {
        (bytes memory values, bytes memory proof) = TinyProof.tally();
        for (uint256 i = 8; i < CHALLENGES; i += 2) {
            bytes memory changed = bytes.concat(proof);
            setProofWord(changed, i, 0);
            setProofWord(changed, i + 1, 0);
            vm.expectRevert(GroupSide.PairingMismatch.selector);
            verifier.verify(values, changed);
        }
    }

    /// Groth16 proofs are malleable: (-A, -B, C) verifies too. Replays are therefore refused by request.
    function test_MalleatedProofVerifies() external view {
        (bytes memory values, bytes memory proof) = TinyProof.tally();
        setProofWord(proof, 1, Bn254.P - proofWord(proof, 1));
        setProofWord(proof, 4, Bn254.P - proofWord(proof, 4));
        setProofWord(proof, 5, Bn254.P - proofWord(proof, 5));
        verifier.verify(values, proof);
    }

    /// No byte of the proof is free.
    function testFuzz_NoByteOfTheProofIsFree(uint256 place, uint8 flip) external {
        vm.assume(flip != 0);
        (bytes memory values, bytes memory proof) = TinyProof.tally();
        place = bound(place, 0, proof.length - 1);
        proof[place] = proof[place] ^ bytes1(flip);
        assertTrue(!accepts(values, proof), "accepted");
    }

    /// No byte of the public values is free.
    function testFuzz_NoByteOfTheValuesIsFree(uint256 place, uint8 flip) external {
        vm.assume(flip != 0);
        (bytes memory values, bytes memory proof) = TinyProof.tally();
        place = bound(place, 0, values.length - 1);
        values[place] = values[place] ^ bytes1(flip);
        assertTrue(!accepts(values, proof), "accepted");
    }

    /// Hostile bytes revert, whatever they are.
    function testFuzz_HostileBytes(bytes calldata values, bytes calldata proof) external view {
        assertTrue(!accepts(values, proof), "accepted");
    }

    function accepts(bytes memory values, bytes memory proof) private view returns (bool) {
        try verifier.verify{gas: 5_000_000}(values, proof) {
            return true;
        } catch {
            return false;
        }
    }
}
