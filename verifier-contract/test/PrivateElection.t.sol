// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PrivateElection} from "../examples/PrivateElection.sol";
import {Coprocessor} from "../src/Coprocessor.sol";
import {ICoprocessor} from "../src/ICoprocessor.sol";
import {ReleaseVerifier} from "../src/ReleaseVerifier.sol";
import {VerifierGateway} from "../src/VerifierGateway.sol";
import {Bn254} from "../src/lib/Bn254.sol";
import {BlsSigner} from "./BlsSigner.sol";
import {AcceptingVerifier} from "./PrivateTally.t.sol";
import {ProgramSpelling} from "./ProgramSpelling.sol";
import {Test} from "./Vm.sol";

/// @title An election from ballots to the winner, and everything that is not its order.
contract PrivateElectionTest is Test {
    event Elected(uint8 indexed winner);

    uint256 constant SECRET = 0xabcdef;
    uint256 constant EPOCH = 1;
    uint64 constant DEADLINE = 1000;
    uint8 constant CANDIDATES = 3;
    uint256 constant VOTERS = 2;
    uint256 constant INPUTS = 6;
    uint256 constant KEY_POINTS = 16;
    uint256 constant OUTPUT = 15;
    address constant STRANGER = address(0xbad);

    AcceptingVerifier verifier = new AcceptingVerifier();
    VerifierGateway gateway =
        new VerifierGateway(address(this), verifier.SRS_DIGEST(), verifier.PARAMETER_SET_ID(), true);
    ReleaseVerifier release = new ReleaseVerifier(address(this));
    Coprocessor coprocessor = new Coprocessor(new AcceptingVerifier(), gateway, release);
    bytes32 key;
    bytes32 programRef;
    PrivateElection election;
    uint256[2][17] multiples;

    constructor() {
        Bn254.Sum memory sum;
        for (uint256 i = 1; i < multiples.length; ++i) {
            Bn254.addScaled(sum, Bn254.G1_X, Bn254.G1_Y, 1);
            multiples[i] = [sum.words[0], sum.words[1]];
        }
        gateway.addVerifier(verifier);
        release.registerEpoch(EPOCH, BlsSigner.publicKey(SECRET), 3, 4);
        key = keyDigest(points(1, KEY_POINTS));
        bytes32 attested = release.evaluationKeyDigest(EPOCH, key, keccak256("bytes"));
        coprocessor.registerCommittedKey(
            key, keccak256("bytes"), EPOCH, BlsSigner.sign(SECRET, attested, release.DOMAIN_TAG())
        );
        programRef = coprocessor.registerCircuit("election", claim(uint8(INPUTS)));
        election = deploy(programRef, CANDIDATES, roll());
        vm.roll(5);
        vm.warp(DEADLINE - 10);
    }

    function test_FromBallotsToTheWinner() external {
        bytes32 output = proven();
        election.allowResult(output);
        assertTrue(coprocessor.isReleaseAllowed(output), "allowed");
        (uint256[] memory blocks, bytes memory signature) = signed(output, 2, 4);
        vm.expectEmit();
        emit Elected(2);
        vm.prank(STRANGER);
        election.acceptResult(EPOCH, blocks, signature);
        assertTrue(election.phase() == PrivateElection.Phase.Accepted, "accepted");
        assertEq(election.winner(), 2);
    }

    /// The circuit adds the ballots of each candidate: in another order it would elect somebody else.
    function test_InputsAreCandidateByCandidate() external {
        bytes32[] memory first = vote(0);
        bytes32[] memory second = vote(1);
        bytes32[] memory ballots = election.ballots();
        assertEq(ballots.length, INPUTS);
        for (uint256 i; i < CANDIDATES; ++i) {
            assertEq(ballots[i * VOTERS], first[i]);
            assertEq(ballots[i * VOTERS + 1], second[i]);
        }
        election.close();
        assertEq(
            coprocessor.requestRecord(election.requestId()).inputsHash, keccak256(abi.encodePacked(ballots))
        );
    }

    function test_TheResultIsAcceptedOnce() external {
        bytes32 output = proven();
        election.allowResult(output);
        (uint256[] memory blocks, bytes memory signature) = signed(output, 1, 4);
        election.acceptResult(EPOCH, blocks, signature);
        wrongPhase(PrivateElection.Phase.Accepted, PrivateElection.Phase.Allowed);
        election.acceptResult(EPOCH, blocks, signature);
    }

    function test_AnotherWinner() external {
        bytes32 output = proven();
        election.allowResult(output);
        (uint256[] memory blocks, bytes memory signature) = signed(output, 1, 4);
        blocks[0] = 2;
        vm.expectRevert(ReleaseVerifier.SignatureMismatch.selector);
        election.acceptResult(EPOCH, blocks, signature);
        assertTrue(election.phase() == PrivateElection.Phase.Allowed, "not consumed by a failure");
    }

    function test_AnotherNumberOfBlocks() external {
        bytes32 output = proven();
        election.allowResult(output);
        for (uint256 count = 3; count < 6; count += 2) {
            (uint256[] memory blocks, bytes memory signature) = signed(output, 1, count);
            vm.expectRevert(abi.encodeWithSelector(PrivateElection.WinnerBlockCount.selector, count, 4));
            election.acceptResult(EPOCH, blocks, signature);
        }
    }

    /// What the committee signed is no candidate: the circuit was another one than voters thought.
    function test_AWinnerWhoIsNoCandidate() external {
        bytes32 output = proven();
        election.allowResult(output);
        (uint256[] memory blocks, bytes memory signature) = signed(output, 3, 4);
        vm.expectRevert(abi.encodeWithSelector(PrivateElection.NoSuchCandidate.selector, 3, CANDIDATES));
        election.acceptResult(EPOCH, blocks, signature);
        blocks[0] = 0;
        blocks[3] = 4;
        signature = sign(output, blocks);
        vm.expectRevert(abi.encodeWithSelector(PrivateElection.NoSuchCandidate.selector, 256, CANDIDATES));
        election.acceptResult(EPOCH, blocks, signature);
        assertTrue(election.phase() == PrivateElection.Phase.Allowed, "not consumed by a failure");
    }

    /// A signature that the committee gave for an evaluation key elects nobody.
    function test_AnAttestationOfAKeyIsNoResult() external {
        bytes32 output = proven();
        election.allowResult(output);
        bytes32 digest = release.evaluationKeyDigest(EPOCH, election.requestId(), output);
        bytes memory signature = BlsSigner.sign(SECRET, digest, release.DOMAIN_TAG());
        vm.expectRevert(ReleaseVerifier.SignatureMismatch.selector);
        election.acceptResult(EPOCH, new uint256[](4), signature);
    }

    function test_OneBallotForEachVoterOfTheRoll() external {
        uint256[2][] memory ballot = points(1, CANDIDATES);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(PrivateElection.MayNotVote.selector, STRANGER));
        election.vote(ballot);
        vote(0);
        address voter = roll()[0];
        vm.prank(voter);
        vm.expectRevert(abi.encodeWithSelector(PrivateElection.MayNotVote.selector, voter));
        election.vote(points(7, CANDIDATES));
    }

    function test_ABallotHasOnePartForEachCandidate() external {
        for (uint256 count = CANDIDATES - 1; count < CANDIDATES + 2; count += 2) {
            uint256[2][] memory ballot = points(1, count);
            vm.prank(roll()[0]);
            vm.expectRevert(abi.encodeWithSelector(PrivateElection.BallotCount.selector, count, CANDIDATES));
            election.vote(ballot);
        }
        vote(0);
    }

    /// A copied ballot, also one for another candidate, or a part that counts for two.
    function test_ACopiedBallot() external {
        bytes32[] memory first = vote(0);
        uint256[2][] memory copy = points(3, CANDIDATES);
        vm.prank(roll()[1]);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.AlreadyRegistered.selector, first[2]));
        election.vote(copy);
        copy = points(4, CANDIDATES);
        copy[2] = copy[0];
        vm.prank(roll()[1]);
        vm.expectPartialRevert(ICoprocessor.AlreadyRegistered.selector);
        election.vote(copy);
        assertEq(election.cast(), 1);
    }

    function test_VotesAfterTheDeadline() external {
        vm.warp(DEADLINE + 1);
        uint256[2][] memory ballot = points(1, CANDIDATES);
        vm.prank(roll()[0]);
        vm.expectRevert(abi.encodeWithSelector(PrivateElection.VotingEnded.selector, DEADLINE));
        election.vote(ballot);
    }

    function test_NoRequestBeforeAllBallots() external {
        vote(0);
        vm.warp(DEADLINE + 1);
        vm.expectRevert(abi.encodeWithSelector(PrivateElection.BallotsMissing.selector, 1, 2));
        election.close();
    }

    function test_TheOrderOfPhases() external {
        wrongPhase(PrivateElection.Phase.Voting, PrivateElection.Phase.Requested);
        election.allowResult(0);
        wrongPhase(PrivateElection.Phase.Voting, PrivateElection.Phase.Allowed);
        election.acceptResult(EPOCH, new uint256[](4), "");
        vote(0);
        vote(1);
        election.close();
        wrongPhase(PrivateElection.Phase.Requested, PrivateElection.Phase.Voting);
        election.close();
        uint256[2][] memory ballot = points(1, CANDIDATES);
        vm.prank(STRANGER);
        wrongPhase(PrivateElection.Phase.Requested, PrivateElection.Phase.Voting);
        election.vote(ballot);
        wrongPhase(PrivateElection.Phase.Requested, PrivateElection.Phase.Allowed);
        election.acceptResult(EPOCH, new uint256[](4), "");
    }

    /// A ballot, or the output of another request, is not the result.
    function test_OnlyTheResultIsAllowed() external {
        bytes32 ballot = vote(0)[0];
        vote(1);
        election.close();
        vm.expectRevert(abi.encodeWithSelector(PrivateElection.NotTheResult.selector, ballot));
        election.allowResult(ballot);

        bytes32[] memory inputs = new bytes32[](INPUTS);
        for (uint256 i; i < INPUTS; ++i) {
            inputs[i] = coprocessor.registerCiphertext(address(this), key, 0, 1, 1, multiples[7 + i]);
        }
        bytes32 foreign = fulfil(coprocessor.request(programRef, key, inputs), 7);
        vm.expectRevert(abi.encodeWithSelector(PrivateElection.NotTheResult.selector, foreign));
        election.allowResult(foreign);
    }

    function test_TheProgramMustElectByThisRoll() external {
        vm.expectRevert(PrivateElection.NoCandidates.selector);
        deploy(programRef, 0, roll());
        vm.expectRevert(abi.encodeWithSelector(PrivateElection.RollTooLong.selector, 256));
        deploy(programRef, 1, new address[](256));
        vm.expectRevert(abi.encodeWithSelector(PrivateElection.ProgramMismatch.selector, INPUTS, 1, 0));
        deploy(programRef, 4, roll());
        address[] memory voters = roll();
        voters[1] = voters[0];
        vm.expectRevert(abi.encodeWithSelector(PrivateElection.DuplicateVoter.selector, voters[0]));
        deploy(programRef, CANDIDATES, voters);

        // Inputs of another type, under another key, an output of another type.
        uint256[3] memory places = [uint256(0), 5, 6];
        for (uint256 i; i < places.length; ++i) {
            ICoprocessor.CircuitClaim memory other = claim(uint8(INPUTS));
            other.layouts[0] ^= 1 << (16 * places[i] + 6);
            uint256 entry = (other.layouts[0] >> (16 * places[i])) & 0xffff;
            bytes32 known = coprocessor.registerCircuit("another", other);
            vm.expectRevert(abi.encodeWithSelector(PrivateElection.ProgramMismatch.selector, INPUTS, 1, entry));
            deploy(known, CANDIDATES, roll());
        }
        bytes32 linear = coprocessor.registerProgram("sum", 1, 1 | 1 << 16, 0, 1, 1);
        vm.expectPartialRevert(ICoprocessor.ProgramKindMismatch.selector);
        deploy(linear, 1, new address[](1));
    }

    function deploy(bytes32 program, uint8 candidateCount, address[] memory voters)
        private
        returns (PrivateElection)
    {
        return new PrivateElection(coprocessor, release, program, key, candidateCount, voters, DEADLINE);
    }

    function roll() private pure returns (address[] memory voters) {
        voters = new address[](VOTERS);
        (voters[0], voters[1]) = (address(0x100), address(0x101));
    }

    function vote(uint256 voter) private returns (bytes32[] memory) {
        uint256[2][] memory ballot = points(1 + voter * CANDIDATES, CANDIDATES);
        vm.prank(roll()[voter]);
        return election.vote(ballot);
    }

    function proven() private returns (bytes32) {
        vote(0);
        vote(1);
        election.close();
        // In the order of the circuit.
        uint256[2][] memory inputs = new uint256[2][](INPUTS);
        for (uint256 i; i < INPUTS; ++i) {
            inputs[i] = multiples[1 + i / VOTERS + (i % VOTERS) * CANDIDATES];
        }
        return fulfil(election.requestId(), inputs);
    }

    function fulfil(bytes32 requestId, uint256 first) private returns (bytes32) {
        return fulfil(requestId, points(first, INPUTS));
    }

    function fulfil(bytes32 requestId, uint256[2][] memory inputs) private returns (bytes32) {
        bytes memory proof = abi.encodePacked(bytes4(verifier.VERIFIER_HASH()));
        coprocessor.fulfilCircuit(requestId, points(1, KEY_POINTS), points(OUTPUT, 1), inputs, words(), proof);
        bytes32 digest = keccak256(
            abi.encode(keccak256("trine.v1.commitment"), multiples[OUTPUT][0], multiples[OUTPUT][1])
        );
        bytes32 origin = keccak256(abi.encode(keccak256("trine.v1.origin_output"), requestId, 0, 0, 0));
        return keccak256(
            abi.encode(keccak256("trine.v1.handle"), block.chainid, coprocessor, key, 0, 2, 4, origin, digest)
        );
    }

    function signed(bytes32 output, uint256 number, uint256 count)
        private
        view
        returns (uint256[] memory blocks, bytes memory signature)
    {
        blocks = new uint256[](count);
        blocks[0] = number;
        signature = sign(output, blocks);
    }

    function sign(bytes32 output, uint256[] memory blocks) private view returns (bytes memory) {
        bytes32[] memory handles = new bytes32[](1);
        handles[0] = output;
        bytes32 digest = release.releaseDigest(EPOCH, election.requestId(), handles, blocks);
        return BlsSigner.sign(SECRET, digest, release.DOMAIN_TAG());
    }

    function claim(uint8 inputs) private pure returns (ICoprocessor.CircuitClaim memory made) {
        made.program = ProgramSpelling.digest(words());
        (made.bootstrappings, made.inputs, made.outputs) = (16, inputs, 1);
        for (uint256 i; i <= inputs; ++i) {
            uint256 entry = i < inputs ? 1 : 2 | 3 << 8;
            made.layouts[i / 15] |= entry << (16 * (i % 15));
        }
    }

    /// Of a program with four blocks of output.
    function words() private pure returns (uint256[] memory) {
        return ProgramSpelling.words(16, INPUTS, 4, 0);
    }

    function keyDigest(uint256[2][] memory list) private pure returns (bytes32) {
        bytes memory words = abi.encode(keccak256("trine.v1.evaluation_key"), 1);
        for (uint256 i; i < list.length; ++i) {
            if (i == 0) words = bytes.concat(words, bytes32(uint256(8)));
            if (i == 8 || i == 12) words = bytes.concat(words, bytes32(uint256(4)));
            words = bytes.concat(words, abi.encode(list[i]));
        }
        return keccak256(words);
    }

    function points(uint256 first, uint256 count) private view returns (uint256[2][] memory list) {
        list = new uint256[2][](count);
        for (uint256 i; i < count; ++i) {
            list[i] = multiples[first + i];
        }
    }

    function wrongPhase(PrivateElection.Phase got, PrivateElection.Phase expected) private {
        vm.expectRevert(abi.encodeWithSelector(PrivateElection.WrongPhase.selector, got, expected));
    }
}
