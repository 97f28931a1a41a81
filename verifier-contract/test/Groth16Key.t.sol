// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Bn254} from "../src/lib/Bn254.sol";
import {Groth16Key} from "../src/lib/Groth16Key.sol";
import {TinyVerifier} from "./TinyVerifier.sol";
import {Test} from "./Vm.sol";
import {TinyVerifyingKey} from "./generated/TinyVerifyingKey.sol";

/// @title Verifying keys under which anybody forges are not deployed.
contract Groth16KeyTest is Test {
    TinyVerifier verifier = new TinyVerifier();

    function test_ADevelopmentKeyPasses() external view {
        verifier.checkKey(TinyVerifyingKey.load(), true);
    }

    function test_TheHashesAreThoseOfTheGenerator() external view {
        (bytes32 hash, bytes32 srs) = verifier.hashes(TinyVerifyingKey.load());
        assertEq(hash, TinyVerifyingKey.VERIFIER_HASH);
        assertEq(srs, TinyVerifyingKey.SRS_DIGEST);
    }

    function test_GammaIsDelta() external {
        uint256[] memory key = TinyVerifyingKey.load();
        copy(key, Groth16Key.GAMMA, Groth16Key.DELTA);
        refuse(key, true, abi.encodeWithSelector(Groth16Key.GammaIsDelta.selector));
    }

    function test_DeltaIsGenerator() external {
        uint256[] memory key = TinyVerifyingKey.load();
        setGenerator(key, Groth16Key.DELTA);
        refuse(key, true, abi.encodeWithSelector(Groth16Key.DeltaIsGenerator.selector));
    }

    /// The key of a ceremony without a contribution of phase 2: gamma and delta both the generator.
    function test_NoContribution() external {
        uint256[] memory key = TinyVerifyingKey.load();
        setGenerator(key, Groth16Key.GAMMA);
        setGenerator(key, Groth16Key.DELTA);
        refuse(key, false, abi.encodeWithSelector(Groth16Key.GammaIsDelta.selector));
    }

    function test_AnotherBasePointInProduction() external {
        refuse(TinyVerifyingKey.load(), false, abi.encodeWithSelector(Groth16Key.GammaIsNotGenerator.selector));
        uint256[] memory key = TinyVerifyingKey.load();
        setGenerator(key, Groth16Key.GAMMA);
        verifier.checkKey(key, false);
    }

    function test_TauIsOne() external {
        uint256[] memory key = TinyVerifyingKey.load();
        setGenerator(key, Groth16Key.powersH(key));
        refuse(key, true, abi.encodeWithSelector(Groth16Key.TauIsOne.selector));
    }

    function test_EveryPointIsChecked() external {
        uint256[] memory honest = TinyVerifyingKey.load();
        for (uint256 i; i < honest.length; ++i) {
            uint256[] memory key = TinyVerifyingKey.load();
            key[i] = key[i] + Bn254.P;
            vm.expectPartialRevert(Groth16Key.KeyPoint.selector);
            verifier.checkKey(key, true);
            key[i] = addmod(honest[i], 1, Bn254.P);
            vm.expectPartialRevert(Groth16Key.KeyPoint.selector);
            verifier.checkKey(key, true);
        }
    }

    function test_Length() external {
        refuse(new uint256[](55), true, abi.encodeWithSelector(Groth16Key.KeyLength.selector, 55, 56));
    }

    function refuse(uint256[] memory key, bool development, bytes memory revertData) private {
        vm.expectRevert(revertData);
        verifier.checkKey(key, development);
    }

    function copy(uint256[] memory key, uint256 from, uint256 to) private pure {
        for (uint256 i; i < 4; ++i) {
            key[to + i] = key[from + i];
        }
    }

    function setGenerator(uint256[] memory key, uint256 place) private pure {
        (key[place], key[place + 1]) = (Bn254.G2_X_C1, Bn254.G2_X_C0);
        (key[place + 2], key[place + 3]) = (Bn254.G2_Y_C1, Bn254.G2_Y_C0);
    }
}
