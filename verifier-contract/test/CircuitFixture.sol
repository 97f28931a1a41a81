// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Coprocessor} from "../src/Coprocessor.sol";
import {ReleaseVerifier} from "../src/ReleaseVerifier.sol";
import {VerifierGateway} from "../src/VerifierGateway.sol";
import {Bn254} from "../src/lib/Bn254.sol";
import {BlsSigner} from "./BlsSigner.sol";
import {ExpectingVerifier} from "./Coprocessor.t.sol";
import {Test} from "./Vm.sol";

/// @title A coprocessor that serves circuits, a registered key, and the digests of `docs/spec/onchain.md` written down once more.
abstract contract CircuitFixture is Test {
    bytes internal constant TEXT = "trine circuit 1\n";
    uint8 internal constant NIBBLES = 6;
    uint256 internal constant KEY_POINTS = 16;
    uint256 private constant SECRET = 0x5eed;
    uint256 private constant EPOCH = 1;

    ExpectingVerifier verifier = new ExpectingVerifier();
    VerifierGateway gateway =
        new VerifierGateway(address(this), verifier.SRS_DIGEST(), verifier.PARAMETER_SET_ID(), true);
    ReleaseVerifier release = new ReleaseVerifier(address(this));
    Coprocessor coprocessor = new Coprocessor(new ExpectingVerifier(), gateway, release);
    bytes proof = abi.encodePacked(bytes4(verifier.VERIFIER_HASH()), "proof");
    bytes32 key;
    /// Small multiples of the generator, made once: a cheat code meets the next call, a precompile's included.
    uint256[2][65] private multiples;

    constructor() {
        Bn254.Sum memory sum;
        for (uint256 i = 1; i < multiples.length; ++i) {
            Bn254.addScaled(sum, Bn254.G1_X, Bn254.G1_Y, 1);
            multiples[i] = [sum.words[0], sum.words[1]];
        }
        gateway.addVerifier(verifier);
        key = keyDigest(points(1, KEY_POINTS));
        release.registerEpoch(EPOCH, BlsSigner.publicKey(SECRET), 3, 4);
        registerCommitted(key);
        vm.roll(7);
        vm.prevrandao(keccak256("randomness"));
    }

    function registerCommitted(bytes32 digest) internal {
        bytes32 content = keccak256(abi.encode("content", digest));
        bytes32 message = release.evaluationKeyDigest(EPOCH, digest, content);
        bytes memory signature = BlsSigner.sign(SECRET, message, release.DOMAIN_TAG());
        coprocessor.registerCommittedKey(digest, content, EPOCH, signature);
    }

    /// `stmt` of jobs under the key.
    function statement(bytes32[] memory jobs) internal view returns (uint256) {
        bytes32 stmt = keccak256(
            abi.encode(
                tag("circuit_stmt"),
                block.chainid,
                coprocessor,
                verifier.VERIFIER_HASH(),
                verifier.SRS_DIGEST(),
                verifier.PARAMETER_SET_ID(),
                key,
                keccak256(abi.encodePacked(jobs))
            )
        );
        return uint256(stmt) % (1 << 253);
    }

    /// Of a request in the current block.
    function saltOf(bytes32 requestId) internal view returns (bytes32) {
        return keccak256(abi.encode(tag("salt"), block.prevrandao, blockhash(block.number - 1), requestId));
    }

    function keyDigest(uint256[2][] memory list) internal pure returns (bytes32) {
        bytes memory words = abi.encode(tag("evaluation_key"), 1);
        for (uint256 i; i < list.length; ++i) {
            if (i == 0) words = bytes.concat(words, bytes32(uint256(8)));
            if (i == 8 || i == 12) words = bytes.concat(words, bytes32(uint256(4)));
            words = bytes.concat(words, abi.encode(list[i]));
        }
        return keccak256(words);
    }

    function originOfInput() internal view returns (bytes32) {
        return keccak256(abi.encode(tag("origin_input"), address(this), address(this)));
    }

    function originOfOutput(bytes32 requestId, uint256 segment, uint256 index)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(tag("origin_output"), requestId, 0, segment, index));
    }

    /// Handle of a value under the key, declared by its entry.
    function handleOf(uint256[2] memory commitment, uint256 entry, bytes32 origin)
        internal
        view
        returns (bytes32)
    {
        (uint256 kind, uint256 valueType, uint256 blocks) = ((entry >> 6) & 3, entry & 63, (entry >> 8) + 1);
        return keccak256(
            abi.encode(
                tag("handle"),
                block.chainid,
                coprocessor,
                key,
                kind,
                valueType,
                blocks,
                origin,
                commitmentDigest(commitment)
            )
        );
    }

    function commitmentDigest(uint256[2] memory commitment) internal pure returns (bytes32) {
        return keccak256(abi.encode(tag("commitment"), commitment[0], commitment[1]));
    }

    function tag(string memory name) internal pure returns (bytes32) {
        return keccak256(bytes(string.concat("trine.v1.", name)));
    }

    function points(uint256 first, uint256 count) internal view returns (uint256[2][] memory list) {
        list = new uint256[2][](count);
        for (uint256 i; i < count; ++i) {
            list[i] = point(first + i);
        }
    }

    function point(uint256 scalar) internal view returns (uint256[2] memory) {
        return multiples[scalar];
    }
}
