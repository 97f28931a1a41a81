// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProofVerifier} from "./IProofVerifier.sol";
import {IVerifierGateway} from "./IVerifierGateway.sol";

/// @title Verifiers by the first four bytes of the proofs that they verify.
/// @notice The owner adds verifiers. An entry is made once: it is never changed and never removed. All verifiers are of
/// one reference string and one parameter set, so that what one has proven is an input for another.
/// @dev Whoever relies on a gateway trusts its owner not to add a verifier that accepts what is false.
contract VerifierGateway is IVerifierGateway {
    bytes32 public immutable SRS_DIGEST;
    bytes32 public immutable PARAMETER_SET_ID;
    /// Whether verifiers may be added whose setup has a known trapdoor.
    bool public immutable DEVELOPMENT;

    /// May add verifiers.
    address public owner;
    /// Has been offered the ownership.
    address public pendingOwner;
    mapping(bytes4 selector => IProofVerifier) private verifiers;

    event OwnershipOffered(address indexed owner, address indexed pendingOwner);
    event OwnershipTransferred(address indexed previousOwner, address indexed owner);
    event VerifierAdded(bytes4 indexed selector, address indexed verifier, bytes32 verifierHash);

    error NotOwner(address caller);
    error NotPendingOwner(address caller);
    /// There is a verifier of this selector, for ever.
    error VerifierAlreadyAdded(bytes4 selector, address verifier);
    /// No contract.
    error NotAContract(address verifier);
    /// Another reference string than that of the gateway.
    error SrsMismatch(bytes32 got, bytes32 expected);
    /// Another parameter set than that of the gateway.
    error ParameterSetMismatch(bytes32 got, bytes32 expected);
    /// A trapdoor of the verifier's setup is known, and the gateway is not one for development.
    error DevelopmentSetup();

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        _;
    }

    /// @param firstOwner Adds verifiers.
    /// @param srsDigest Digest of the reference string of all verifiers.
    /// @param parameterSetId Parameter set of all verifiers.
    /// @param acceptDevelopment Whether setups with a known trapdoor are accepted.
    constructor(address firstOwner, bytes32 srsDigest, bytes32 parameterSetId, bool acceptDevelopment) {
        (SRS_DIGEST, PARAMETER_SET_ID, DEVELOPMENT) = (srsDigest, parameterSetId, acceptDevelopment);
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

    /// @notice Adds a verifier under the first four bytes of its hash, for ever.
    function addVerifier(IProofVerifier verifier) external onlyOwner returns (bytes4 selector) {
        if (address(verifier).code.length == 0) revert NotAContract(address(verifier));
        (bytes32 srs, bytes32 set) = (verifier.SRS_DIGEST(), verifier.PARAMETER_SET_ID());
        if (srs != SRS_DIGEST) revert SrsMismatch(srs, SRS_DIGEST);
        if (set != PARAMETER_SET_ID) revert ParameterSetMismatch(set, PARAMETER_SET_ID);
        if (verifier.DEVELOPMENT() && !DEVELOPMENT) revert DevelopmentSetup();
        bytes32 hash = verifier.VERIFIER_HASH();
        selector = bytes4(hash);
        address known = address(verifiers[selector]);
        if (known != address(0)) revert VerifierAlreadyAdded(selector, known);
        verifiers[selector] = verifier;
        emit VerifierAdded(selector, address(verifier), hash);
    }

    /// @inheritdoc IVerifierGateway
    function verifierOf(bytes4 selector) external view returns (IProofVerifier verifier) {
        verifier = verifiers[selector];
        if (address(verifier) == address(0)) revert UnknownVerifier(selector);
    }
}
