// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReleaseVerifier} from "../src/ReleaseVerifier.sol";
import {Bls12381} from "../src/lib/Bls12381.sol";
import {BlsSigner} from "./BlsSigner.sol";
import {Test} from "./Vm.sol";

/// @title Releases under the committee's signature, and under no other.
contract ReleaseVerifierTest is Test {
    uint256 constant SECRET = 0x1234567890abcdef;
    uint256 constant EPOCH = 3;
    bytes32 constant REQUEST = keccak256("request");
    address constant STRANGER = address(0xbad);

    ReleaseVerifier release = new ReleaseVerifier(address(this));
    bytes32[] handles;
    uint256[] plaintexts;
    bytes signature;

    constructor() {
        release.registerEpoch(EPOCH, BlsSigner.publicKey(SECRET), 3, 4);
        handles.push(keccak256("handle"));
        plaintexts.push(7);
        plaintexts.push(0);
        plaintexts.push(5);
        signature = BlsSigner.sign(SECRET, digest(EPOCH), release.DOMAIN_TAG());
    }

    /// RFC 9380, appendix J.10.1.
    function test_HashToG2IsTheStandards() external view {
        bytes memory tag = "QUUX-V01-CS02-with-BLS12381G2_XMD:SHA-256_SSWU_RO_";
        assertEq(
            keccak256(Bls12381.hashToG2("", tag)),
            keccak256(
                abi.encodePacked(
                    coordinate(hex"0141ebfbdca40eb85b87142e130ab689c673cf60f1a3e98d69335266f30d9b8d4ac44c1038e9dcdd5393faf5c41fb78a"),
                    coordinate(hex"05cb8437535e20ecffaef7752baddf98034139c38452458baeefab379ba13dff5bf5dd71b72418717047f5b0f37da03d"),
                    coordinate(hex"0503921d7f6a12805e72940b963c0cf3471c7b2a524950ca195d11062ee75ec076daf2d4bc358c4b190c0c98064fdd92"),
                    coordinate(hex"12424ac32561493f3fe3c260708a12b7c620e7be00099a974e259ddc7d1f6395c3c811cdd19f1e8dbf3e9ecfdcbab8d6")
                )
            )
        );
        assertEq(
            keccak256(Bls12381.hashToG2("abc", tag)),
            keccak256(
                abi.encodePacked(
                    coordinate(hex"02c2d18e033b960562aae3cab37a27ce00d80ccd5ba4b7fe0e7a210245129dbec7780ccc7954725f4168aff2787776e6"),
                    coordinate(hex"139cddbccdc5e91b9623efd38c49f81a6f83f175e80b06fc374de9eb4b41dfe4ca3a230ed250fbe3a2acf73a41177fd8"),
                    coordinate(hex"1787327b68159716a37440985269cf584bcb1e621d3a7202be6ea05c4cfe244aeb197642555a0645fb87bf7466b2ba48"),
                    coordinate(hex"00aa65dae3c8d732d10ecd2c50f8a1baf3001578f71c694e03866e9f3d49ac1e1ce70dd94a733534f106d4cec0eddd16")
                )
            )
        );
    }

    function test_TheCommitteesSignatureIsAccepted() external view {
        release.verifyRelease(EPOCH, REQUEST, handles, plaintexts, signature);
    }

    function test_AnotherMessage() external {
        refuse(EPOCH, keccak256("other"), signature, ReleaseVerifier.SignatureMismatch.selector);
        plaintexts[1] = 1;
        refuse(EPOCH, REQUEST, signature, ReleaseVerifier.SignatureMismatch.selector);
        plaintexts[1] = 0;
        handles.push(keccak256("another"));
        refuse(EPOCH, REQUEST, signature, ReleaseVerifier.SignatureMismatch.selector);
        handles.pop();
        vm.chainId(block.chainid + 1);
        refuse(EPOCH, REQUEST, signature, ReleaseVerifier.SignatureMismatch.selector);
    }

    /// The same committee in another epoch signs another message.
    function test_AnotherEpoch() external {
        release.registerEpoch(EPOCH + 1, BlsSigner.publicKey(SECRET), 3, 4);
        refuse(EPOCH + 1, REQUEST, signature, ReleaseVerifier.SignatureMismatch.selector);
        vm.expectRevert(abi.encodeWithSelector(ReleaseVerifier.UnknownEpoch.selector, 9));
        release.verifyRelease(9, REQUEST, handles, plaintexts, signature);
    }

    function test_AnotherContract() external {
        ReleaseVerifier other = new ReleaseVerifier(address(this));
        other.registerEpoch(EPOCH, BlsSigner.publicKey(SECRET), 3, 4);
        vm.expectRevert(ReleaseVerifier.SignatureMismatch.selector);
        other.verifyRelease(EPOCH, REQUEST, handles, plaintexts, signature);
    }

    function test_AnotherSigner() external {
        bytes memory forged = BlsSigner.sign(SECRET + 1, digest(EPOCH), release.DOMAIN_TAG());
        refuse(EPOCH, REQUEST, forged, ReleaseVerifier.SignatureMismatch.selector);
    }

    function test_ARevokedEpoch() external {
        release.revokeEpoch(EPOCH);
        vm.expectRevert(abi.encodeWithSelector(ReleaseVerifier.RevokedEpoch.selector, EPOCH));
        release.verifyRelease(EPOCH, REQUEST, handles, plaintexts, signature);
    }

    function test_MalformedSignatures() external {
        vm.expectRevert(abi.encodeWithSelector(ReleaseVerifier.SignatureLength.selector, 257, 256));
        release.verifyRelease(EPOCH, REQUEST, handles, plaintexts, bytes.concat(signature, hex"00"));
        refuse(EPOCH, REQUEST, new bytes(256), ReleaseVerifier.SignatureIsInfinity.selector);
        bytes memory changed = bytes.concat(signature);
        changed[63] ^= 0x01; // off the curve
        refuse(EPOCH, REQUEST, changed, ReleaseVerifier.SignatureNotInGroup.selector);
        changed = bytes.concat(signature);
        changed[0] = 0x01; // the first 16 bytes of a coordinate are zero
        refuse(EPOCH, REQUEST, changed, ReleaseVerifier.SignatureNotInGroup.selector);
    }

    /// On the curve, outside the subgroup: x = 2.
    function test_SignatureOutsideTheSubgroup() external {
        refuse(EPOCH, REQUEST, OUTSIDE_G2, ReleaseVerifier.SignatureNotInGroup.selector);
    }

    function test_MalformedPublicKeys() external {
        bytes memory key = BlsSigner.publicKey(SECRET);
        vm.expectRevert(abi.encodeWithSelector(ReleaseVerifier.PublicKeyLength.selector, 127, 128));
        release.registerEpoch(4, new bytes(127), 3, 4);
        vm.expectRevert(ReleaseVerifier.PublicKeyIsInfinity.selector);
        release.registerEpoch(4, new bytes(128), 3, 4);
        key[127] ^= 0x01;
        vm.expectRevert(ReleaseVerifier.PublicKeyNotInGroup.selector);
        release.registerEpoch(4, key, 3, 4);
        // On the curve, outside the subgroup: (0, 2).
        key = new bytes(128);
        key[127] = 0x02;
        vm.expectRevert(ReleaseVerifier.PublicKeyNotInGroup.selector);
        release.registerEpoch(4, key, 3, 4);
    }

    function test_EpochsAreRegisteredOnceByTheOwner() external {
        bytes memory key = BlsSigner.publicKey(SECRET + 1);
        vm.expectRevert(abi.encodeWithSelector(ReleaseVerifier.EpochAlreadyRegistered.selector, EPOCH));
        release.registerEpoch(EPOCH, key, 3, 4);
        vm.expectRevert(abi.encodeWithSelector(ReleaseVerifier.InvalidThreshold.selector, 5, 4));
        release.registerEpoch(4, key, 5, 4);
        vm.expectRevert(abi.encodeWithSelector(ReleaseVerifier.InvalidThreshold.selector, 0, 4));
        release.registerEpoch(4, key, 0, 4);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(ReleaseVerifier.NotOwner.selector, STRANGER));
        release.registerEpoch(4, key, 3, 4);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(ReleaseVerifier.NotOwner.selector, STRANGER));
        release.revokeEpoch(EPOCH);
    }

    function test_OwnershipChangesInTwoSteps() external {
        release.offerOwnership(STRANGER);
        assertTrue(release.owner() == address(this), "not yet");
        vm.expectRevert(abi.encodeWithSelector(ReleaseVerifier.NotPendingOwner.selector, address(this)));
        release.acceptOwnership();
        vm.prank(STRANGER);
        release.acceptOwnership();
        assertTrue(release.owner() == STRANGER, "accepted");
        vm.expectRevert(abi.encodeWithSelector(ReleaseVerifier.NotOwner.selector, address(this)));
        release.offerOwnership(address(this));
    }

    function test_PlaintextsAreWords() external {
        plaintexts[2] = 1 << 64;
        vm.expectRevert(abi.encodeWithSelector(ReleaseVerifier.PlaintextTooLarge.selector, 2, 1 << 64));
        release.verifyRelease(EPOCH, REQUEST, handles, plaintexts, signature);
        vm.expectRevert(ReleaseVerifier.NothingReleased.selector);
        release.verifyRelease(EPOCH, REQUEST, new bytes32[](0), plaintexts, signature);
    }

    function testFuzz_EveryReleaseHasItsSignature(bytes32 requestId, uint64 a, uint64 b) external {
        plaintexts[0] = a;
        plaintexts[1] = b;
        bytes32 message = release.releaseDigest(EPOCH, requestId, handles, plaintexts);
        bytes memory own = BlsSigner.sign(SECRET, message, release.DOMAIN_TAG());
        release.verifyRelease(EPOCH, requestId, handles, plaintexts, own);
        plaintexts[2] += 1;
        refuse(EPOCH, requestId, own, ReleaseVerifier.SignatureMismatch.selector);
    }

    function testFuzz_NoByteOfTheSignatureIsFree(uint256 place, uint8 flip) external {
        vm.assume(flip != 0);
        place = bound(place, 0, 255);
        signature[place] = signature[place] ^ bytes1(flip);
        try release.verifyRelease(EPOCH, REQUEST, handles, plaintexts, signature) {
            revert("accepted");
        } catch {}
    }

    function refuse(uint256 epoch, bytes32 requestId, bytes memory with, bytes4 selector) private {
        vm.expectRevert(selector);
        release.verifyRelease(epoch, requestId, handles, plaintexts, with);
    }

    /// The digest by EIP-712, written down once more.
    function digest(uint256 epoch) private view returns (bytes32) {
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
                keccak256("Release(uint256 epoch,bytes32 requestId,bytes32[] handles,bytes32 resultHash)"),
                epoch,
                REQUEST,
                keccak256(abi.encodePacked(handles)),
                keccak256(abi.encodePacked(plaintexts))
            )
        );
        return keccak256(abi.encodePacked("\x19\x01", domain, message));
    }

    function coordinate(bytes memory bytes48) private pure returns (bytes memory) {
        return abi.encodePacked(bytes16(0), bytes48);
    }

    bytes constant OUTSIDE_G2 = hex"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000002000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000018c6b864ae17dc9da64203ffefb966306425a7bc6aeb7c75247438372716284a4173830420cd476ba1a365b95bfcec3800000000000000000000000000000000172e93db764a8400a7d5071b6b6f5de0da2f0f4a063119abca014006b7c40a2cfe291a1924e65db0d6d0fcfbf3bf3d5c";
}
