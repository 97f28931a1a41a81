// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProofVerifier} from "../src/IProofVerifier.sol";
import {IVerifierGateway} from "../src/IVerifierGateway.sol";
import {VerifierGateway} from "../src/VerifierGateway.sol";
import {Test} from "./Vm.sol";

/// @title A verifier of any name.
contract NamedVerifier is IProofVerifier {
    bytes32 public VERIFIER_HASH;
    bytes32 public SRS_DIGEST;
    bytes32 public PARAMETER_SET_ID;
    uint8 public constant CLASS_ID = 1;
    bool public DEVELOPMENT;

    constructor(bytes32 hash, bytes32 srs, bytes32 set, bool development) {
        (VERIFIER_HASH, SRS_DIGEST, PARAMETER_SET_ID, DEVELOPMENT) = (hash, srs, set, development);
    }

    function verify(bytes calldata, bytes calldata) external view {}
}

/// @title Entries are made by the owner, once, and never change.
contract VerifierGatewayTest is Test {
    bytes32 constant HASH = keccak256("verifier");
    bytes32 constant SRS = keccak256("srs");
    bytes32 constant SET = keccak256("parameters");
    address constant STRANGER = address(0xbad);

    VerifierGateway gateway = new VerifierGateway(address(this), SRS, SET, false);
    NamedVerifier verifier = new NamedVerifier(HASH, SRS, SET, false);

    function test_AVerifierIsFoundByTheFirstBytesOfItsHash() external {
        bytes4 selector = gateway.addVerifier(verifier);
        assertEq(bytes32(selector), bytes32(bytes4(HASH)));
        assertTrue(address(gateway.verifierOf(selector)) == address(verifier), "found");
    }

    function test_AnUnknownSelector() external {
        vm.expectRevert(abi.encodeWithSelector(IVerifierGateway.UnknownVerifier.selector, bytes4(HASH)));
        gateway.verifierOf(bytes4(HASH));
    }

    /// Not by the same verifier, not by another with the same first bytes, not by a later owner.
    function test_AnEntryIsForEver() external {
        bytes4 selector = gateway.addVerifier(verifier);
        bytes memory taken = abi.encodeWithSelector(
            VerifierGateway.VerifierAlreadyAdded.selector, selector, address(verifier)
        );
        vm.expectRevert(taken);
        gateway.addVerifier(verifier);
        NamedVerifier other = new NamedVerifier(HASH ^ bytes32(uint256(1)), SRS, SET, false);
        vm.expectRevert(taken);
        gateway.addVerifier(other);
        gateway.offerOwnership(STRANGER);
        vm.prank(STRANGER);
        gateway.acceptOwnership();
        vm.prank(STRANGER);
        vm.expectRevert(taken);
        gateway.addVerifier(other);
        assertTrue(address(gateway.verifierOf(selector)) == address(verifier), "unchanged");
    }

    function test_OnlyTheOwnerAdds() external {
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(VerifierGateway.NotOwner.selector, STRANGER));
        gateway.addVerifier(verifier);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(VerifierGateway.NotOwner.selector, STRANGER));
        gateway.offerOwnership(STRANGER);
    }

    function test_OwnershipChangesInTwoSteps() external {
        gateway.offerOwnership(STRANGER);
        assertTrue(gateway.owner() == address(this), "not yet");
        vm.expectRevert(abi.encodeWithSelector(VerifierGateway.NotPendingOwner.selector, address(this)));
        gateway.acceptOwnership();
        vm.prank(STRANGER);
        gateway.acceptOwnership();
        assertTrue(gateway.owner() == STRANGER && gateway.pendingOwner() == address(0), "changed");
        vm.expectRevert(abi.encodeWithSelector(VerifierGateway.NotOwner.selector, address(this)));
        gateway.addVerifier(verifier);
    }

    /// What one verifier has proven is an input for another: all are of one reference string and parameter set.
    function test_VerifiersOfAnotherSetup() external {
        bytes32 other = keccak256("other");
        NamedVerifier bad = new NamedVerifier(HASH, other, SET, false);
        vm.expectRevert(abi.encodeWithSelector(VerifierGateway.SrsMismatch.selector, other, SRS));
        gateway.addVerifier(bad);
        bad = new NamedVerifier(HASH, SRS, other, false);
        vm.expectRevert(abi.encodeWithSelector(VerifierGateway.ParameterSetMismatch.selector, other, SET));
        gateway.addVerifier(bad);
        bad = new NamedVerifier(HASH, SRS, SET, true);
        vm.expectRevert(VerifierGateway.DevelopmentSetup.selector);
        gateway.addVerifier(bad);
        new VerifierGateway(address(this), SRS, SET, true).addVerifier(bad);
        vm.expectRevert(abi.encodeWithSelector(VerifierGateway.NotAContract.selector, STRANGER));
        gateway.addVerifier(IProofVerifier(STRANGER));
    }
}
