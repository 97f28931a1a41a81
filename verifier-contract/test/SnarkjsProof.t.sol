// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CircuitVerifier} from "../src/CircuitVerifier.sol";
import {Bn254} from "../src/lib/Bn254.sol";
import {GroupSide} from "../src/lib/GroupSide.sol";
import {WordEdits} from "./WordEdits.sol";
import {SnarkjsProof} from "./generated/SnarkjsProof.sol";

/// @title A key and a proof of snarkjs verify in the contract that verifies ours, under the rules of production.
contract SnarkjsProofTest is WordEdits {
    /// Words of the public values that are public inputs, and the words of the program.
    uint256 constant STATEMENT_WORDS = 8;
    uint256 constant SLOTS = 14;
    uint256 constant ROWS = SLOTS + 4;
    uint256 constant KEYS_LENGTH = ROWS + 5;

    CircuitVerifier verifier = new CircuitVerifier(SnarkjsProof.key(), SnarkjsProof.MAX_POWERS, false);

    function vector() private view returns (bytes memory values, bytes memory proof) {
        bytes memory words;
        (values, words) = SnarkjsProof.proof();
        proof = bytes.concat(bytes4(verifier.VERIFIER_HASH()), words);
    }

    function test_ItVerifies() external view {
        (bytes memory values, bytes memory proof) = vector();
        verifier.verify(values, proof);
    }

    function test_EveryPublicInputIsBound() external {
        (bytes memory values, bytes memory proof) = vector();
        for (uint256 i; i < KEYS_LENGTH; ++i) {
            // The counts in `shape`, offsets and counts of lists are bound by the encoding.
            if (i == 1 || i == ROWS - 1) continue;
            if (i == STATEMENT_WORDS) i = SLOTS;
            bytes memory changed = bytes.concat(values);
            setWord(changed, i, addmod(valueWord(values, i), 1, Bn254.R));
            vm.expectRevert(GroupSide.PairingMismatch.selector);
            verifier.verify(changed, proof);
        }
    }

    function test_EveryPointOfTheProofIsBound() external {
        (bytes memory values, bytes memory proof) = vector();
        for (uint256 i; i < 3; ++i) {
            // A, B, C: the negative of each is on its curve.
            bytes memory changed = bytes.concat(proof);
            uint256 first = i == 0 ? 1 : i == 1 ? 4 : 7;
            uint256 last = i == 1 ? 5 : first;
            for (uint256 place = first; place <= last; ++place) {
                setProofWord(changed, place, Bn254.P - proofWord(proof, place));
            }
            vm.expectRevert(GroupSide.PairingMismatch.selector);
            verifier.verify(values, changed);
        }
    }
}
