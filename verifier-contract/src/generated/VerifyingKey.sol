// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;
library VerifyingKey {
    bytes32 internal constant VERIFIER_HASH = 0;
    bytes32 internal constant SRS_DIGEST = 0;
    bool internal constant DEVELOPMENT = true;
    uint256 internal constant MAX_POWERS = 1;
    function load() internal pure returns (uint256[] memory key) { key = new uint256[](48); }
}
