// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IReleaseVerifier} from "./IReleaseVerifier.sol";
import {Bls12381} from "./lib/Bls12381.sol";

/// @title Committee epochs, and their signatures under released plaintexts and under evaluation keys.
/// @notice The owner registers epochs and revokes them; a key, once registered, is never changed.
contract ReleaseVerifier is IReleaseVerifier {
    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant RELEASE_TYPE =
        keccak256("Release(uint256 epoch,bytes32 requestId,bytes32[] handles,bytes32 resultHash)");
    bytes32 private constant EVALUATION_KEY_TYPE =
        keccak256("EvaluationKey(uint256 epoch,bytes32 keyDigest,bytes32 contentDigest)");
    bytes32 private constant NAME = keccak256("Trine Release");
    bytes32 private constant VERSION = keccak256("1");
    /// Domain separation tag of the hash to G2.
    bytes public constant DOMAIN_TAG = "TRINE-V1-RELEASE-BLS12381G2_XMD:SHA-256_SSWU_RO_";

    /// A committee: its key, and how it shares it. `threshold` signers of `nodes` are needed.
    struct Epoch {
        bytes publicKey;
        uint16 threshold;
        uint16 nodes;
        bool revoked;
    }

    /// May register and revoke epochs.
    address public owner;
    /// Has been offered the ownership.
    address public pendingOwner;
    mapping(uint256 number => Epoch) private epochs;

    event OwnershipOffered(address indexed owner, address indexed pendingOwner);
    event OwnershipTransferred(address indexed previousOwner, address indexed owner);
    event EpochRegistered(uint256 indexed epoch, bytes publicKey, uint16 threshold, uint16 nodes);
    event EpochRevoked(uint256 indexed epoch);

    error NotOwner(address caller);
    error NotPendingOwner(address caller);
    error EpochAlreadyRegistered(uint256 epoch);
    error UnknownEpoch(uint256 epoch);
    error RevokedEpoch(uint256 epoch);
    error InvalidThreshold(uint16 threshold, uint16 nodes);
    error PublicKeyLength(uint256 got, uint256 expected);
    error PublicKeyIsInfinity();
    /// Not a canonical point of the subgroup of G1.
    error PublicKeyNotInGroup();
    error NothingReleased();
    error PlaintextTooLarge(uint256 index, uint256 plaintext);
    error SignatureLength(uint256 got, uint256 expected);
    error SignatureIsInfinity();
    /// Not a canonical point of the subgroup of G2.
    error SignatureNotInGroup();
    /// A point of the group, but not the committee's signature of this message.
    error SignatureMismatch();

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        _;
    }

    /// @param firstOwner Registers epochs.
    constructor(address firstOwner) {
        owner = firstOwner;
        emit OwnershipTransferred(address(0), firstOwner);
    }

    /// @notice Offers the ownership; it changes when the other accepts.
    function offerOwnership(address to) external onlyOwner {
        pendingOwner = to;
        emit OwnershipOffered(msg.sender, to);
    }

    /// @notice Accepts an offered ownership.
    function acceptOwnership() external {
        if (msg.sender != pendingOwner) revert NotPendingOwner(msg.sender);
        emit OwnershipTransferred(owner, msg.sender);
        owner = msg.sender;
        pendingOwner = address(0);
    }

    /// @notice Registers the key of a committee.
    /// @param publicKey Point of BLS12-381 G1 as in EIP-2537, 128 bytes.
    function registerEpoch(uint256 epoch, bytes calldata publicKey, uint16 threshold, uint16 nodes)
        external
        onlyOwner
    {
        if (epochs[epoch].nodes != 0) revert EpochAlreadyRegistered(epoch);
        if (threshold == 0 || threshold > nodes) revert InvalidThreshold(threshold, nodes);
        if (publicKey.length != Bls12381.G1_BYTES) {
            revert PublicKeyLength(publicKey.length, Bls12381.G1_BYTES);
        }
        if (Bls12381.isInfinity(publicKey)) revert PublicKeyIsInfinity();
        if (!Bls12381.isInG1(publicKey)) revert PublicKeyNotInGroup();
        epochs[epoch] = Epoch(publicKey, threshold, nodes, false);
        emit EpochRegistered(epoch, publicKey, threshold, nodes);
    }

    /// @notice Ends an epoch for ever, for instance after its key leaked.
    function revokeEpoch(uint256 epoch) external onlyOwner {
        knownEpoch(epoch).revoked = true;
        emit EpochRevoked(epoch);
    }

    /// @notice A registered epoch; reverts with `UnknownEpoch`.
    function epochRecord(uint256 epoch) external view returns (Epoch memory) {
        return knownEpoch(epoch);
    }

    /// @inheritdoc IReleaseVerifier
    function verifyRelease(
        uint256 epoch,
        bytes32 requestId,
        bytes32[] calldata handles,
        uint256[] calldata plaintexts,
        bytes calldata signature
    ) external view {
        if (handles.length == 0 || plaintexts.length == 0) revert NothingReleased();
        for (uint256 i; i < plaintexts.length; ++i) {
            if (plaintexts[i] > type(uint64).max) revert PlaintextTooLarge(i, plaintexts[i]);
        }
        checkSignature(epoch, releaseDigest(epoch, requestId, handles, plaintexts), signature);
    }

    /// @inheritdoc IReleaseVerifier
    function verifyEvaluationKey(
        uint256 epoch,
        bytes32 keyDigest,
        bytes32 contentDigest,
        bytes calldata signature
    ) external view {
        checkSignature(epoch, evaluationKeyDigest(epoch, keyDigest, contentDigest), signature);
    }

    /// @inheritdoc IReleaseVerifier
    function releaseDigest(
        uint256 epoch,
        bytes32 requestId,
        bytes32[] calldata handles,
        uint256[] calldata plaintexts
    ) public view returns (bytes32) {
        return typedDigest(
            keccak256(
                abi.encode(
                    RELEASE_TYPE,
                    epoch,
                    requestId,
                    keccak256(abi.encodePacked(handles)),
                    keccak256(abi.encodePacked(plaintexts))
                )
            )
        );
    }

    /// @inheritdoc IReleaseVerifier
    function evaluationKeyDigest(uint256 epoch, bytes32 keyDigest, bytes32 contentDigest)
        public
        view
        returns (bytes32)
    {
        return typedDigest(keccak256(abi.encode(EVALUATION_KEY_TYPE, epoch, keyDigest, contentDigest)));
    }

    /// The epoch is in force, and the point is its committee's signature of the digest.
    function checkSignature(uint256 epoch, bytes32 digest, bytes calldata signature) private view {
        Epoch storage committee = knownEpoch(epoch);
        if (committee.revoked) revert RevokedEpoch(epoch);
        if (signature.length != Bls12381.G2_BYTES) {
            revert SignatureLength(signature.length, Bls12381.G2_BYTES);
        }
        if (Bls12381.isInfinity(signature)) revert SignatureIsInfinity();
        bytes memory hashed = Bls12381.hashToG2(abi.encodePacked(digest), DOMAIN_TAG);
        (bool valid, bool equal) = Bls12381.pairingHolds(committee.publicKey, hashed, signature);
        if (!valid) revert SignatureNotInGroup();
        if (!equal) revert SignatureMismatch();
    }

    /// EIP-712: the struct's hash in this contract's domain.
    function typedDigest(bytes32 structHash) private view returns (bytes32) {
        bytes32 domain = keccak256(abi.encode(DOMAIN_TYPE, NAME, VERSION, block.chainid, address(this)));
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function knownEpoch(uint256 epoch) private view returns (Epoch storage committee) {
        committee = epochs[epoch];
        if (committee.nodes == 0) revert UnknownEpoch(epoch);
    }
}
