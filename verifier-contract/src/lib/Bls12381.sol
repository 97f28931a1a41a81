// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title BLS12-381 by the precompiles of EIP-2537: hash to G2 (RFC 9380), pairings.
/// @dev A coordinate is 64 bytes big-endian, the first 16 zero. G1: x, y. G2: x_c0, x_c1, y_c0, y_c1 (EIP-2537 has
/// c0 first, EIP-197 of BN254 has c1 first). All-zero bytes are the point at infinity.
library Bls12381 {
    uint256 internal constant G1_BYTES = 128;
    uint256 internal constant G2_BYTES = 256;

    uint256 private constant MODEXP = 0x05;
    uint256 private constant G1_MSM = 0x0c;
    uint256 private constant G2_ADD = 0x0d;
    uint256 private constant PAIRING = 0x0f;
    uint256 private constant MAP_FP2_TO_G2 = 0x11;
    /// Precompiles burn all gas that they are given on an invalid point. This is a ceiling on that loss, several
    /// times what two pairs cost today; it is not a price.
    uint256 private constant GAS_CEILING = 1_000_000;

    /// The modulus of coordinates: 381 bits, 48 bytes.
    bytes private constant MODULUS =
        hex"1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";
    /// The opposite of the generator of G1.
    bytes private constant NEGATIVE_GENERATOR =
        hex"0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb00000000000000000000000000000000114d1d6855d545a8aa7d76c8cf2e21f267816aef1db507c96655b9d5caac42364e6f38ba0ecb751bad54dcd6b939c2ca";

    /// A precompile that only gets values made here did not answer: too little gas.
    error PrecompileFailed(uint256 precompile);
    /// `DST` of RFC 9380 is at most 255 bytes here.
    error DomainTagLength(uint256 got);

    /// @dev Whether `point` is a canonical encoding of a point in the subgroup of G1, infinity included.
    function isInG1(bytes memory point) internal view returns (bool success) {
        if (point.length != G1_BYTES) return false;
        // The multi-scalar multiplication checks the subgroup, the addition does not.
        (success,) = precompile(G1_MSM, abi.encodePacked(point, uint256(1)), G1_BYTES);
    }

    /// @dev Whether all bytes are zero.
    function isInfinity(bytes memory point) internal pure returns (bool) {
        for (uint256 i = 32; i <= point.length; i += 32) {
            uint256 word;
            assembly ("memory-safe") {
                word := mload(add(point, i))
            }
            if (word != 0) return false;
        }
        return true;
    }

    /// @dev Whether `e(publicKey, hashed) = e(g1, signature)`. `valid` is false when the precompile refuses an
    /// encoding, a curve or a subgroup.
    function pairingHolds(bytes memory publicKey, bytes memory hashed, bytes memory signature)
        internal
        view
        returns (bool valid, bool equal)
    {
        bytes memory answer;
        (valid, answer) =
            precompile(PAIRING, abi.encodePacked(publicKey, hashed, NEGATIVE_GENERATOR, signature), 32);
        equal = valid && uint256(bytes32(answer)) == 1;
    }

    /// @dev `hash_to_curve` of RFC 9380, suite BLS12381G2_XMD:SHA-256_SSWU_RO_. The mapping precompile clears the
    /// cofactor of each term, which is linear: the sum is the suite's.
    function hashToG2(bytes memory message, bytes memory domainTag) internal view returns (bytes memory) {
        bytes memory uniform = expandMessage(message, domainTag);
        bytes memory first = mapToG2(uniform, 0);
        bytes memory second = mapToG2(uniform, 128);
        (bool success, bytes memory sum) = precompile(G2_ADD, abi.encodePacked(first, second), G2_BYTES);
        if (!success) revert PrecompileFailed(G2_ADD);
        return sum;
    }

    /// @dev `expand_message_xmd` of RFC 9380 section 5.3.1 with SHA-256, to 256 bytes: 8 blocks.
    function expandMessage(bytes memory message, bytes memory domainTag)
        internal
        pure
        returns (bytes memory uniform)
    {
        if (domainTag.length > 255) revert DomainTagLength(domainTag.length);
        bytes memory tagged = abi.encodePacked(domainTag, uint8(domainTag.length));
        bytes memory zeroBlock = new bytes(64);
        bytes32 first = sha256(abi.encodePacked(zeroBlock, message, uint16(256), uint8(0), tagged));
        bytes32 last;
        for (uint256 i = 1; i <= 8; ++i) {
            last = sha256(abi.encodePacked(first ^ last, uint8(i), tagged));
            uniform = abi.encodePacked(uniform, last);
        }
    }

    /// Maps the 128 bytes at `from` (two integers, reduced to a coordinate each) to a point of the subgroup.
    function mapToG2(bytes memory uniform, uint256 from) private view returns (bytes memory) {
        bytes memory element = abi.encodePacked(reduce(uniform, from), reduce(uniform, from + 64));
        (bool success, bytes memory point) = precompile(MAP_FP2_TO_G2, element, G2_BYTES);
        if (!success) revert PrecompileFailed(MAP_FP2_TO_G2);
        return point;
    }

    /// The 64-byte integer at `from` modulo the modulus, as a coordinate of 64 bytes.
    function reduce(bytes memory uniform, uint256 from) private view returns (bytes memory) {
        bytes32 high;
        bytes32 low;
        assembly ("memory-safe") {
            let start := add(add(uniform, 0x20), from)
            high := mload(start)
            low := mload(add(start, 0x20))
        }
        // Length of base, exponent, modulus; base, exponent, modulus.
        bytes memory call =
            abi.encodePacked(uint256(64), uint256(1), uint256(48), high, low, uint8(1), MODULUS);
        (bool success, bytes memory reduced) = precompile(MODEXP, call, 48);
        if (!success) revert PrecompileFailed(MODEXP);
        return abi.encodePacked(bytes16(0), reduced);
    }

    function precompile(uint256 target, bytes memory input, uint256 outputBytes)
        private
        view
        returns (bool success, bytes memory output)
    {
        output = new bytes(outputBytes);
        assembly ("memory-safe") {
            let limit := gas()
            if gt(limit, GAS_CEILING) { limit := GAS_CEILING }
            success := staticcall(limit, target, add(input, 0x20), mload(input), add(output, 0x20), outputBytes)
            // Where there is no precompile, a call succeeds and answers nothing.
            success := and(success, eq(returndatasize(), outputBytes))
        }
    }
}
