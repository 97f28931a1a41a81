// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProofVerifier} from "./IProofVerifier.sol";
import {CircuitClass} from "./generated/CircuitClass.sol";
import {CircuitArgument} from "./lib/CircuitArgument.sol";
import {Groth16Key} from "./lib/Groth16Key.sol";

/// @title Verifier of proofs of circuits of bootstrappings, under the verifying key that it is deployed with.
/// @notice Stateless, ownerless, without an upgrade: another key is another contract. The key lies as the code of a
/// contract of its own, so that one bytecode serves the keys of tests, of development and of a ceremony.
contract CircuitVerifier is IProofVerifier {
    bytes32 public constant PARAMETER_SET_ID = CircuitClass.PARAMETER_SET_ID;
    uint8 public constant CLASS_ID = CircuitClass.CLASS_ID;
    bytes32 public immutable VERIFIER_HASH;
    bytes32 public immutable SRS_DIGEST;
    bool public immutable DEVELOPMENT;

    uint256 private constant KEY_WORDS = Groth16Key.IC + 2 * (CircuitClass.PUBLIC_INPUTS + 1) + Groth16Key.POWERS_WORDS;

    /// Holds a STOP, then the words of the key.
    address public immutable keyCode;

    /// The contract of the key was not created.
    error KeyNotStored();

    /// @param key Words in the order of `Groth16Key`.
    /// @param maxPowers Powers of tau that the reference string has.
    /// @param development Whether somebody knows a trapdoor of the setup. A key on other base points than the standard
    /// ones is refused unless this is said.
    constructor(uint256[] memory key, uint256 maxPowers, bool development) {
        Groth16Key.check(key, CircuitClass.PUBLIC_INPUTS, development);
        SRS_DIGEST = Groth16Key.srsDigest(key, maxPowers);
        VERIFIER_HASH = Groth16Key.verifierHash(key, SRS_DIGEST, PARAMETER_SET_ID, CLASS_ID);
        DEVELOPMENT = development;
        keyCode = store(key);
    }

    /// @inheritdoc IProofVerifier
    function verify(bytes calldata publicValues, bytes calldata proof) external view {
        CircuitArgument.check(load(), bytes4(VERIFIER_HASH), publicValues, proof);
    }

    /// Init code of ten bytes: PUSH2 length, DUP1, PUSH1 10, RETURNDATASIZE (0), CODECOPY, RETURNDATASIZE, RETURN.
    function store(uint256[] memory key) private returns (address created) {
        uint16 length = uint16(1 + 32 * key.length);
        bytes memory code = abi.encodePacked(hex"61", length, hex"80600a3d393df3", hex"00", key);
        assembly ("memory-safe") {
            created := create(0, add(code, 0x20), mload(code))
        }
        if (created == address(0)) revert KeyNotStored();
    }

    function load() private view returns (uint256[] memory key) {
        key = new uint256[](KEY_WORDS);
        address from = keyCode;
        assembly ("memory-safe") {
            extcodecopy(from, add(key, 0x20), 1, mul(mload(key), 0x20))
        }
    }
}
