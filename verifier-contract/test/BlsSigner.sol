// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Bls12381} from "../src/lib/Bls12381.sol";

/// @title Signs in a test, by the precompiles.
library BlsSigner {
    bytes constant G1 =
        hex"0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1";

    function publicKey(uint256 secret) internal view returns (bytes memory) {
        return multiply(address(0x0c), G1, secret);
    }

    function sign(uint256 secret, bytes32 digest, bytes memory domainTag) internal view returns (bytes memory) {
        return multiply(address(0x0e), Bls12381.hashToG2(abi.encodePacked(digest), domainTag), secret);
    }

    function multiply(address precompile, bytes memory point, uint256 scalar)
        private
        view
        returns (bytes memory)
    {
        (bool success, bytes memory result) = precompile.staticcall(abi.encodePacked(point, scalar));
        require(success);
        return result;
    }
}
