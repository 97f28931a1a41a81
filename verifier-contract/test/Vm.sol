// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title The cheat codes of forge that these tests use.
interface Vm {
    function prank(address sender) external;
    function roll(uint256 blockNumber) external;
    function warp(uint256 timestamp) external;
    function chainId(uint256 id) external;
    function prevrandao(bytes32 value) external;
    function expectRevert(bytes calldata data) external;
    function expectRevert(bytes4 selector) external;
    function expectPartialRevert(bytes4 selector) external;
    function expectEmit() external;
    function assume(bool condition) external;
}

/// @title Base of the test contracts.
abstract contract Test {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error Unequal(uint256 got, uint256 expected);
    error NotTrue(string what);
    error TooLarge(uint256 got, uint256 most);

    function assertEq(uint256 got, uint256 expected) internal pure {
        if (got != expected) revert Unequal(got, expected);
    }

    function assertEq(bytes32 got, bytes32 expected) internal pure {
        assertEq(uint256(got), uint256(expected));
    }

    function assertTrue(bool condition, string memory what) internal pure {
        if (!condition) revert NotTrue(what);
    }

    function assertAtMost(uint256 got, uint256 most) internal pure {
        if (got > most) revert TooLarge(got, most);
    }

    function bound(uint256 value, uint256 least, uint256 most) internal pure returns (uint256) {
        return least + value % (most - least + 1);
    }
}
