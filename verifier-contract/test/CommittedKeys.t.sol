// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Coprocessor} from "../src/Coprocessor.sol";
import {ICoprocessor} from "../src/ICoprocessor.sol";
import {IReleaseVerifier} from "../src/IReleaseVerifier.sol";
import {IVerifierGateway} from "../src/IVerifierGateway.sol";
import {ReleaseVerifier} from "../src/ReleaseVerifier.sol";
import {BlsSigner} from "./BlsSigner.sol";
import {ExpectingVerifier} from "./Coprocessor.t.sol";
import {Test} from "./Vm.sol";

/// @title Evaluation keys under the committee's signature, and under no other.
contract CommittedKeysTest is Test {
    event CommittedKeyRegistered(
        bytes32 indexed keyDigest, bytes32 indexed contentDigest, uint256 epoch, address registrant
    );

    uint256 constant SECRET = 0xc0ffee;
    uint256 constant EPOCH = 3;
    bytes32 constant KEY = keccak256("commitments");
    bytes32 constant CONTENT = keccak256("bytes");
    address constant STRANGER = address(0xbad);

    ReleaseVerifier release = new ReleaseVerifier(address(this));
    Coprocessor coprocessor =
        new Coprocessor(new ExpectingVerifier(), IVerifierGateway(address(0)), release);
    bytes32 ofBytes = coprocessor.KEY_SCHEME();
    bytes32 committed = coprocessor.COMMITTED_KEY_SCHEME();
    bytes signature;

    constructor() {
        release.registerEpoch(EPOCH, BlsSigner.publicKey(SECRET), 3, 4);
        signature = sign(SECRET, digest(EPOCH, KEY, CONTENT));
    }

    function test_AnAttestedKeyIsRegisteredByAnybody() external {
        assertEq(coprocessor.contentOf(KEY), bytes32(0));
        vm.expectEmit();
        emit CommittedKeyRegistered(KEY, CONTENT, EPOCH, STRANGER);
        vm.prank(STRANGER);
        coprocessor.registerCommittedKey(KEY, CONTENT, EPOCH, signature);
        assertEq(coprocessor.contentOf(KEY), CONTENT);
        assertTrue(coprocessor.isKeyRegistered(KEY), "registered");
        assertTrue(coprocessor.isKeyRegisteredUnder(KEY, committed), "committed");
        assertTrue(!coprocessor.isKeyRegisteredUnder(KEY, ofBytes), "not a digest of bytes");
        assertTrue(!coprocessor.isKeyRegistered(CONTENT), "the bytes are no key of their own");
    }

    function test_TheDigestIsThatOfEip712() external view {
        assertEq(release.evaluationKeyDigest(EPOCH, KEY, CONTENT), digest(EPOCH, KEY, CONTENT));
    }

    function test_AReplayChangesNothing() external {
        coprocessor.registerCommittedKey(KEY, CONTENT, EPOCH, signature);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.KeyAlreadyRegistered.selector, KEY));
        coprocessor.registerCommittedKey(KEY, CONTENT, EPOCH, signature);
        assertEq(coprocessor.contentOf(KEY), CONTENT);
    }

    /// Even the committee's own signature does not change what a digest stands for.
    function test_OtherContentForAKnownKey() external {
        coprocessor.registerCommittedKey(KEY, CONTENT, EPOCH, signature);
        bytes32 other = keccak256("other bytes");
        bytes memory signed = sign(SECRET, digest(EPOCH, KEY, other));
        vm.expectRevert(
            abi.encodeWithSelector(ICoprocessor.KeyContentMismatch.selector, KEY, other, CONTENT)
        );
        coprocessor.registerCommittedKey(KEY, other, EPOCH, signed);
        assertEq(coprocessor.contentOf(KEY), CONTENT);
    }

    function test_AnotherMessage() external {
        bytes4 mismatch = ReleaseVerifier.SignatureMismatch.selector;
        refuse(keccak256("other"), CONTENT, EPOCH, signature, mismatch);
        refuse(KEY, keccak256("other"), EPOCH, signature, mismatch);
        refuse(CONTENT, KEY, EPOCH, signature, mismatch);
        release.registerEpoch(EPOCH + 1, BlsSigner.publicKey(SECRET), 3, 4);
        refuse(KEY, CONTENT, EPOCH + 1, signature, mismatch);
        vm.chainId(block.chainid + 1);
        refuse(KEY, CONTENT, EPOCH, signature, mismatch);
    }

    function test_AnotherSigner() external {
        bytes memory forged = sign(SECRET + 1, digest(EPOCH, KEY, CONTENT));
        refuse(KEY, CONTENT, EPOCH, forged, ReleaseVerifier.SignatureMismatch.selector);
    }

    function test_AnotherReleaseVerifier() external {
        ReleaseVerifier other = new ReleaseVerifier(address(this));
        other.registerEpoch(EPOCH, BlsSigner.publicKey(SECRET), 3, 4);
        Coprocessor beside = new Coprocessor(new ExpectingVerifier(), IVerifierGateway(address(0)), other);
        vm.expectRevert(ReleaseVerifier.SignatureMismatch.selector);
        beside.registerCommittedKey(KEY, CONTENT, EPOCH, signature);
    }

    function test_EpochsThatMayNotSign() external {
        vm.expectRevert(abi.encodeWithSelector(ReleaseVerifier.UnknownEpoch.selector, 9));
        coprocessor.registerCommittedKey(KEY, CONTENT, 9, signature);
        release.revokeEpoch(EPOCH);
        vm.expectRevert(abi.encodeWithSelector(ReleaseVerifier.RevokedEpoch.selector, EPOCH));
        coprocessor.registerCommittedKey(KEY, CONTENT, EPOCH, signature);
    }

    function test_MalformedSignatures() external {
        vm.expectRevert(abi.encodeWithSelector(ReleaseVerifier.SignatureLength.selector, 0, 256));
        coprocessor.registerCommittedKey(KEY, CONTENT, EPOCH, "");
        vm.expectRevert(abi.encodeWithSelector(ReleaseVerifier.SignatureLength.selector, 257, 256));
        coprocessor.registerCommittedKey(KEY, CONTENT, EPOCH, bytes.concat(signature, hex"00"));
        refuse(KEY, CONTENT, EPOCH, new bytes(256), ReleaseVerifier.SignatureIsInfinity.selector);
        bytes memory changed = bytes.concat(signature);
        changed[63] ^= 0x01; // off the curve
        refuse(KEY, CONTENT, EPOCH, changed, ReleaseVerifier.SignatureNotInGroup.selector);
    }

    /// The words of a release are those of an attestation: only the type in the digest tells them apart.
    function test_ASignatureOfAReleaseAttestsNoKey() external {
        bytes32[] memory handles = new bytes32[](1);
        handles[0] = CONTENT;
        uint256[] memory plaintexts = new uint256[](1);
        bytes memory released = sign(SECRET, release.releaseDigest(EPOCH, KEY, handles, plaintexts));
        release.verifyRelease(EPOCH, KEY, handles, plaintexts, released);
        refuse(KEY, CONTENT, EPOCH, released, ReleaseVerifier.SignatureMismatch.selector);
        refuse(
            KEY, keccak256(abi.encodePacked(handles)), EPOCH, released, ReleaseVerifier.SignatureMismatch.selector
        );
    }

    function test_AnAttestationReleasesNothing() external {
        bytes32[] memory handles = new bytes32[](1);
        handles[0] = CONTENT;
        vm.expectRevert(ReleaseVerifier.SignatureMismatch.selector);
        release.verifyRelease(EPOCH, KEY, handles, new uint256[](1), signature);
    }

    /// Anybody may claim a digest as one of bytes; that neither blocks the committee's word nor outweighs it.
    function test_AClaimOfBytesDoesNotSquatACommittedDigest() external {
        vm.prank(STRANGER);
        coprocessor.registerKey(KEY, ofBytes);
        assertEq(coprocessor.contentOf(KEY), KEY);
        assertTrue(!coprocessor.isKeyRegisteredUnder(KEY, committed), "not committed");
        coprocessor.registerCommittedKey(KEY, CONTENT, EPOCH, signature);
        assertEq(coprocessor.contentOf(KEY), CONTENT);

        bytes32 second = keccak256("second");
        coprocessor.registerCommittedKey(second, CONTENT, EPOCH, sign(SECRET, digest(EPOCH, second, CONTENT)));
        vm.prank(STRANGER);
        coprocessor.registerKey(second, ofBytes);
        assertEq(coprocessor.contentOf(second), CONTENT);
    }

    function test_WithoutASignatureNoCommittedKey() external {
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.UnknownKeyScheme.selector, committed));
        coprocessor.registerKey(KEY, committed);
        assertTrue(!coprocessor.isKeyRegistered(KEY), "nothing recorded");
    }

    function test_ZeroIsNoContent() external {
        bytes memory signed = sign(SECRET, digest(EPOCH, KEY, 0));
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.NoKeyContent.selector, KEY));
        coprocessor.registerCommittedKey(KEY, 0, EPOCH, signed);
    }

    function test_WithoutAReleaseVerifierNoCommittedKey() external {
        Coprocessor alone = new Coprocessor(
            new ExpectingVerifier(), IVerifierGateway(address(0)), IReleaseVerifier(address(0))
        );
        vm.expectRevert(ICoprocessor.NoReleaseVerifier.selector);
        alone.registerCommittedKey(KEY, CONTENT, EPOCH, signature);
    }

    function testFuzz_EveryKeyHasItsSignature(bytes32 key, bytes32 content, bytes32 other) external {
        vm.assume(content != 0 && other != content);
        bytes memory own = sign(SECRET, release.evaluationKeyDigest(EPOCH, key, content));
        vm.expectRevert(
            other == 0
                ? abi.encodeWithSelector(ICoprocessor.NoKeyContent.selector, key)
                : abi.encodeWithSelector(ReleaseVerifier.SignatureMismatch.selector)
        );
        coprocessor.registerCommittedKey(key, other, EPOCH, own);
        coprocessor.registerCommittedKey(key, content, EPOCH, own);
        assertEq(coprocessor.contentOf(key), content);
    }

    function testFuzz_NoByteOfTheSignatureIsFree(uint256 place, uint8 flip) external {
        vm.assume(flip != 0);
        place = bound(place, 0, 255);
        signature[place] = signature[place] ^ bytes1(flip);
        try coprocessor.registerCommittedKey(KEY, CONTENT, EPOCH, signature) {
            revert("accepted");
        } catch {}
        assertTrue(!coprocessor.isKeyRegistered(KEY), "nothing recorded");
    }

    function refuse(bytes32 key, bytes32 content, uint256 epoch, bytes memory with, bytes4 selector) private {
        vm.expectRevert(selector);
        coprocessor.registerCommittedKey(key, content, epoch, with);
        assertTrue(!coprocessor.isKeyRegistered(key), "nothing recorded");
    }

    function sign(uint256 secret, bytes32 message) private view returns (bytes memory) {
        return BlsSigner.sign(secret, message, release.DOMAIN_TAG());
    }

    /// The digest by EIP-712, written down once more.
    function digest(uint256 epoch, bytes32 key, bytes32 content) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Trine Release"),
                keccak256("1"),
                block.chainid,
                release
            )
        );
        bytes32 message = keccak256(
            abi.encode(
                keccak256("EvaluationKey(uint256 epoch,bytes32 keyDigest,bytes32 contentDigest)"), epoch, key, content
            )
        );
        return keccak256(abi.encodePacked("\x19\x01", domain, message));
    }
}
