// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PrivateTally} from "../examples/PrivateTally.sol";
import {Coprocessor} from "../src/Coprocessor.sol";
import {ICoprocessor} from "../src/ICoprocessor.sol";
import {IProofVerifier} from "../src/IProofVerifier.sol";
import {IReleaseVerifier} from "../src/IReleaseVerifier.sol";
import {IVerifierGateway} from "../src/IVerifierGateway.sol";
import {ReleaseVerifier} from "../src/ReleaseVerifier.sol";
import {Bn254} from "../src/lib/Bn254.sol";
import {BlsSigner} from "./BlsSigner.sol";
import {Test} from "./Vm.sol";

/// @title Accepts every proof: the proofs have tests of their own.
contract AcceptingVerifier is IProofVerifier {
    bytes32 public constant VERIFIER_HASH = keccak256("verifier");
    bytes32 public constant SRS_DIGEST = keccak256("srs");
    bytes32 public constant PARAMETER_SET_ID = keccak256("parameters");
    uint8 public constant CLASS_ID = 1;
    bool public constant DEVELOPMENT = true;

    function verify(bytes calldata, bytes calldata) external pure {}
}

/// @title A tally from ballots to totals, and everything that is not its order.
contract PrivateTallyTest is Test {
    event Result(uint256[] totals);

    uint256 constant SECRET = 0xabcdef;
    uint256 constant EPOCH = 1;
    uint64 constant DEADLINE = 1000;
    bytes32 constant KEY = keccak256("key");
    uint256 constant ENTRY = 6 | 2 << 8;
    address constant STRANGER = address(0xbad);

    Coprocessor coprocessor =
        new Coprocessor(new AcceptingVerifier(), IVerifierGateway(address(0)), IReleaseVerifier(address(0)));
    ReleaseVerifier release = new ReleaseVerifier(address(this));
    bytes32 programRef;
    PrivateTally tally;
    uint256[2][16] multiples;

    constructor() {
        coprocessor.registerKey(KEY, coprocessor.KEY_SCHEME());
        release.registerEpoch(EPOCH, BlsSigner.publicKey(SECRET), 3, 4);
        uint256 entries = ENTRY | ENTRY << 16 | ENTRY << 32;
        programRef = coprocessor.registerProgram("sum of two", 1, entries, 0, 2, 1);
        tally = new PrivateTally(coprocessor, release, programRef, KEY, 3, roll(), DEADLINE);
        Bn254.Sum memory sum;
        for (uint256 i = 1; i < multiples.length; ++i) {
            Bn254.addScaled(sum, Bn254.G1_X, Bn254.G1_Y, 1);
            multiples[i] = [sum.words[0], sum.words[1]];
        }
        vm.roll(5);
        vm.warp(DEADLINE - 10);
    }

    function test_FromBallotsToTotals() external {
        bytes32 output = proven();
        tally.allowResult(output);
        assertTrue(coprocessor.isReleaseAllowed(output), "allowed");
        (uint256[] memory totals, bytes memory signature) = signed(output, 3);
        vm.expectEmit();
        emit Result(totals);
        vm.prank(STRANGER);
        tally.acceptResult(EPOCH, totals, signature);
        assertTrue(tally.phase() == PrivateTally.Phase.Accepted, "accepted");
    }

    function test_TheResultIsAcceptedOnce() external {
        bytes32 output = proven();
        tally.allowResult(output);
        (uint256[] memory totals, bytes memory signature) = signed(output, 3);
        tally.acceptResult(EPOCH, totals, signature);
        wrongPhase(PrivateTally.Phase.Accepted, PrivateTally.Phase.Allowed);
        tally.acceptResult(EPOCH, totals, signature);
    }

    function test_OtherTotals() external {
        bytes32 output = proven();
        tally.allowResult(output);
        (uint256[] memory totals, bytes memory signature) = signed(output, 3);
        totals[0] += 1;
        vm.expectRevert(ReleaseVerifier.SignatureMismatch.selector);
        tally.acceptResult(EPOCH, totals, signature);
        assertTrue(tally.phase() == PrivateTally.Phase.Allowed, "not consumed by a failure");
    }

    function test_AnotherNumberOfTotals() external {
        bytes32 output = proven();
        tally.allowResult(output);
        (uint256[] memory totals, bytes memory signature) = signed(output, 4);
        vm.expectRevert(abi.encodeWithSelector(PrivateTally.TotalsCount.selector, 4, 3));
        tally.acceptResult(EPOCH, totals, signature);
    }

    function test_OneBallotForEachVoterOfTheRoll() external {
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(PrivateTally.MayNotVote.selector, STRANGER));
        tally.vote(multiples[1]);
        vote(0);
        address voter = roll()[0];
        vm.prank(voter);
        vm.expectRevert(abi.encodeWithSelector(PrivateTally.MayNotVote.selector, voter));
        tally.vote(multiples[2]);
    }

    /// A copied ballot would tell how its author voted, once the totals are known.
    function test_ACopiedBallot() external {
        bytes32 first = vote(0);
        vm.prank(roll()[1]);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.AlreadyRegistered.selector, first));
        tally.vote(multiples[1]);
    }

    function test_VotesAfterTheDeadline() external {
        vm.warp(DEADLINE + 1);
        vm.prank(roll()[0]);
        vm.expectRevert(abi.encodeWithSelector(PrivateTally.VotingEnded.selector, DEADLINE));
        tally.vote(multiples[1]);
    }

    function test_NoRequestBeforeAllBallots() external {
        vote(0);
        vm.warp(DEADLINE + 1);
        vm.expectRevert(abi.encodeWithSelector(PrivateTally.BallotsMissing.selector, 1, 2));
        tally.close();
    }

    function test_TheOrderOfPhases() external {
        wrongPhase(PrivateTally.Phase.Voting, PrivateTally.Phase.Requested);
        tally.allowResult(0);
        wrongPhase(PrivateTally.Phase.Voting, PrivateTally.Phase.Allowed);
        tally.acceptResult(EPOCH, new uint256[](3), "");
        vote(0);
        vote(1);
        tally.close();
        wrongPhase(PrivateTally.Phase.Requested, PrivateTally.Phase.Voting);
        tally.close();
        vm.prank(STRANGER);
        wrongPhase(PrivateTally.Phase.Requested, PrivateTally.Phase.Voting);
        tally.vote(multiples[1]);
        wrongPhase(PrivateTally.Phase.Requested, PrivateTally.Phase.Allowed);
        tally.acceptResult(EPOCH, new uint256[](3), "");
    }

    /// A ballot, or the output of another request, is not the result.
    function test_OnlyTheResultIsAllowed() external {
        bytes32 ballot = vote(0);
        vote(1);
        tally.close();
        vm.expectRevert(abi.encodeWithSelector(PrivateTally.NotTheResult.selector, ballot));
        tally.allowResult(ballot);

        bytes32[] memory inputs = new bytes32[](2);
        inputs[0] = coprocessor.registerCiphertext(address(this), KEY, 0, 6, 3, multiples[3]);
        inputs[1] = coprocessor.registerCiphertext(address(this), KEY, 0, 6, 3, multiples[4]);
        bytes32 requestId = coprocessor.request(programRef, KEY, inputs);
        bytes32 foreign = fulfil(requestId, 3, 4);
        vm.expectRevert(abi.encodeWithSelector(PrivateTally.NotTheResult.selector, foreign));
        tally.allowResult(foreign);
    }

    function test_TheProgramMustBeASumOfTheRoll() external {
        vm.expectRevert(PrivateTally.NoCandidates.selector);
        new PrivateTally(coprocessor, release, programRef, KEY, 0, roll(), DEADLINE);

        vm.expectRevert(abi.encodeWithSelector(PrivateTally.ProgramMismatch.selector, 2, 1, 0));
        new PrivateTally(coprocessor, release, programRef, KEY, 3, new address[](1), DEADLINE);
        address[] memory voters = roll();
        vm.expectRevert(abi.encodeWithSelector(PrivateTally.ProgramMismatch.selector, 2, 1, ENTRY));
        new PrivateTally(coprocessor, release, programRef, KEY, 4, voters, DEADLINE);
        voters[1] = voters[0];
        vm.expectRevert(abi.encodeWithSelector(PrivateTally.DuplicateVoter.selector, voters[0]));
        new PrivateTally(coprocessor, release, programRef, KEY, 3, voters, DEADLINE);
    }

    function roll() private pure returns (address[] memory voters) {
        voters = new address[](2);
        (voters[0], voters[1]) = (address(0x100), address(0x101));
    }

    function vote(uint256 voter) private returns (bytes32) {
        uint256[2] memory ballot = multiples[voter + 1];
        vm.prank(roll()[voter]);
        return tally.vote(ballot);
    }

    function proven() private returns (bytes32) {
        vote(0);
        vote(1);
        tally.close();
        return fulfil(tally.requestId(), 1, 2);
    }

    function fulfil(bytes32 requestId, uint256 first, uint256 second) private returns (bytes32) {
        uint256[2][] memory inputs = new uint256[2][](2);
        (inputs[0], inputs[1]) = (multiples[first], multiples[second]);
        uint256[2][] memory outputs = new uint256[2][](1);
        outputs[0] = multiples[9];
        coprocessor.fulfil(requestId, outputs, inputs, "");
        bytes32 digest =
            keccak256(abi.encode(keccak256("trine.v1.commitment"), multiples[9][0], multiples[9][1]));
        bytes32 origin = keccak256(abi.encode(keccak256("trine.v1.origin_output"), requestId, 0, 0, 0));
        return keccak256(
            abi.encode(keccak256("trine.v1.handle"), block.chainid, coprocessor, KEY, 0, 6, 3, origin, digest)
        );
    }

    function signed(bytes32 output, uint256 count)
        private
        view
        returns (uint256[] memory totals, bytes memory signature)
    {
        totals = new uint256[](count);
        totals[0] = 2;
        bytes32[] memory handles = new bytes32[](1);
        handles[0] = output;
        bytes32 digest = release.releaseDigest(EPOCH, tally.requestId(), handles, totals);
        signature = BlsSigner.sign(SECRET, digest, release.DOMAIN_TAG());
    }

    function wrongPhase(PrivateTally.Phase got, PrivateTally.Phase expected) private {
        vm.expectRevert(abi.encodeWithSelector(PrivateTally.WrongPhase.selector, got, expected));
    }
}
