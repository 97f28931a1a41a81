// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "./ICoprocessor.sol";
import {IReleaseVerifier} from "./IReleaseVerifier.sol";

/// @title Evaluation keys by their digests, of bytes and of commitments.
abstract contract KeyRegistry is ICoprocessor {
    /// Digest scheme of evaluation keys: of their bytes.
    bytes32 public constant KEY_SCHEME = keccak256("trine.key.blake3.v1");
    /// Digest scheme of evaluation keys: of the commitments to their words.
    bytes32 public constant COMMITTED_KEY_SCHEME = keccak256("trine.key.kzg.v1");
    /// Verifies what committees attest of committed keys; none where circuits are not served.
    IReleaseVerifier public immutable releaseVerifier;

    /// Under which schemes a digest is registered. Numbers start at 1. `content` is the digest of the bytes of a committed
    /// key.
    struct StoredKey {
        uint32 number;
        bool bytesScheme;
        bool committedScheme;
        bytes32 content;
    }

    /// Key digests by their numbers.
    bytes32[] private keys;
    mapping(bytes32 digest => StoredKey) private keyRecords;

    /// @param releaseContract Knows the committees that attest committed keys; the zero address where circuits are not
    /// served.
    constructor(IReleaseVerifier releaseContract) {
        releaseVerifier = releaseContract;
        // Number 0 means: not registered.
        keys.push();
    }

    /// @inheritdoc ICoprocessor
    function registerKey(bytes32 keyDigest, bytes32 scheme) external {
        if (scheme != KEY_SCHEME) revert UnknownKeyScheme(scheme);
        StoredKey storage stored = keyRecords[keyDigest];
        if (stored.bytesScheme) revert KeyAlreadyRegistered(keyDigest);
        number(stored, keyDigest);
        stored.bytesScheme = true;
        emit KeyRegistered(keyDigest, scheme, msg.sender);
    }

    /// @inheritdoc ICoprocessor
    function registerCommittedKey(
        bytes32 keyDigest,
        bytes32 contentDigest,
        uint256 epoch,
        bytes calldata signature
    ) external {
        if (address(releaseVerifier) == address(0)) revert NoReleaseVerifier();
        StoredKey storage stored = keyRecords[keyDigest];
        if (stored.committedScheme) {
            bytes32 known = stored.content;
            if (contentDigest != known) revert KeyContentMismatch(keyDigest, contentDigest, known);
            revert KeyAlreadyRegistered(keyDigest);
        }
        if (contentDigest == 0) revert NoKeyContent(keyDigest);
        releaseVerifier.verifyEvaluationKey(epoch, keyDigest, contentDigest, signature);
        // A claim under the scheme of bytes, which anybody may make, does not block this one.
        number(stored, keyDigest);
        (stored.committedScheme, stored.content) = (true, contentDigest);
        emit CommittedKeyRegistered(keyDigest, contentDigest, epoch, msg.sender);
    }

    /// @inheritdoc ICoprocessor
    function isKeyRegistered(bytes32 keyDigest) external view returns (bool) {
        return keyRecords[keyDigest].number != 0;
    }

    /// @inheritdoc ICoprocessor
    function isKeyRegisteredUnder(bytes32 keyDigest, bytes32 scheme) external view returns (bool) {
        return isUnder(keyRecords[keyDigest], scheme);
    }

    /// @inheritdoc ICoprocessor
    function contentOf(bytes32 keyDigest) external view returns (bytes32) {
        StoredKey storage stored = keyRecords[keyDigest];
        if (stored.committedScheme) return stored.content;
        return stored.bytesScheme ? keyDigest : bytes32(0);
    }

    function keyDigestOf(uint32 known) internal view returns (bytes32) {
        return keys[known];
    }

    function isCommitted(bytes32 keyDigest) internal view returns (bool) {
        return keyRecords[keyDigest].committedScheme;
    }

    /// A digest is one key whatever its schemes.
    function number(StoredKey storage stored, bytes32 keyDigest) private {
        if (stored.number != 0) return;
        stored.number = uint32(keys.length);
        keys.push(keyDigest);
    }

    function isUnder(StoredKey storage stored, bytes32 scheme) private view returns (bool) {
        if (scheme == KEY_SCHEME) return stored.bytesScheme;
        if (scheme == COMMITTED_KEY_SCHEME) return stored.committedScheme;
        revert UnknownKeyScheme(scheme);
    }

    function knownKey(bytes32 keyDigest) internal view returns (uint32 known) {
        known = keyRecords[keyDigest].number;
        if (known == 0) revert UnknownKey(keyDigest);
    }
}
