// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "../src/ICoprocessor.sol";
import {IReleaseVerifier} from "../src/IReleaseVerifier.sol";

/// @title A tally of encrypted ballots; only the totals are ever decrypted.
/// @notice Everything that decides what is computed and released is fixed in the constructor, before the first
/// ballot: program, key, electoral roll, deadline. The program adds exactly as many ballots as the roll has voters,
/// so a tally ends only when all have voted; after the deadline without all ballots nothing is ever requested.
/// @dev The roll stops an attacker who fills all seats but one with ballots that it knows. It does not stop copied
/// ballots in re-randomised form, or ballots outside 0 and 1: those need proofs of the inputs (`docs/threat-model.md`).
contract PrivateTally {
    enum Phase {
        Voting,
        Requested,
        Allowed,
        Accepted
    }

    /// Ballots and totals: counters of 0 to 15, one to a block, under the compute key.
    uint8 public constant VALUE_TYPE = 6;
    uint8 public constant KEY_KIND = 0;

    ICoprocessor public immutable coprocessor;
    IReleaseVerifier public immutable releaseVerifier;
    bytes32 public immutable programRef;
    bytes32 public immutable keyDigest;
    uint64 public immutable deadline;
    uint8 public immutable candidates;
    uint8 public immutable voters;

    Phase public phase;
    bytes32 public requestId;
    bytes32 public resultHandle;
    bytes32[] private ballotHandles;
    mapping(address voter => bool) public mayVote;

    event Voted(address indexed voter, bytes32 indexed ballot);
    event Closed(bytes32 indexed requestId);
    event ResultAllowed(bytes32 indexed handle);
    event Result(uint256[] totals);

    error NoCandidates();
    error ProgramMismatch(uint256 inputs, uint256 outputs, uint256 entry);
    error DuplicateVoter(address voter);
    error MayNotVote(address caller);
    error VotingEnded(uint64 deadline);
    error WrongPhase(Phase got, Phase expected);
    error BallotsMissing(uint256 cast, uint256 expected);
    error NotTheResult(bytes32 handle);
    error TotalsCount(uint256 got, uint256 expected);

    /// @param program Reference of a program that adds one ballot of each voter: `roll.length` inputs, one output,
    /// all of `candidateCount` counters.
    /// @param roll Those who may vote, once each.
    /// @param lastVote Timestamp of the last block that takes ballots.
    constructor(
        ICoprocessor coprocessorContract,
        IReleaseVerifier releaseContract,
        bytes32 program,
        bytes32 key,
        uint8 candidateCount,
        address[] memory roll,
        uint64 lastVote
    ) {
        if (candidateCount == 0) revert NoCandidates();
        checkProgram(coprocessorContract.programRecord(program), roll.length, candidateCount);
        coprocessor = coprocessorContract;
        releaseVerifier = releaseContract;
        programRef = program;
        keyDigest = key;
        candidates = candidateCount;
        voters = uint8(roll.length);
        deadline = lastVote;
        for (uint256 i; i < roll.length; ++i) {
            if (mayVote[roll[i]]) revert DuplicateVoter(roll[i]);
            mayVote[roll[i]] = true;
        }
    }

    /// @notice Casts the ballot of the caller: the commitment to its ciphertext.
    /// @dev The same ciphertext twice is refused by the coprocessor (`AlreadyRegistered`).
    function vote(uint256[2] calldata point) external returns (bytes32 ballot) {
        expectPhase(Phase.Voting);
        if (block.timestamp > deadline) revert VotingEnded(deadline);
        if (!mayVote[msg.sender]) revert MayNotVote(msg.sender);
        mayVote[msg.sender] = false;
        ballot = coprocessor.registerCiphertext(
            address(this), keyDigest, KEY_KIND, VALUE_TYPE, candidates, point
        );
        ballotHandles.push(ballot);
        emit Voted(msg.sender, ballot);
    }

    /// @notice Requests the sum of all ballots. Anybody may, once all are cast.
    function close() external {
        expectPhase(Phase.Voting);
        if (ballotHandles.length != voters) revert BallotsMissing(ballotHandles.length, voters);
        phase = Phase.Requested;
        requestId = coprocessor.request(programRef, keyDigest, ballotHandles);
        emit Closed(requestId);
    }

    /// @notice Allows the committee to decrypt the totals, and nothing else. Anybody may, after the fulfilment.
    /// @param handle The output of this tally's request, from the coprocessor's event `Fulfilled`.
    function allowResult(bytes32 handle) external {
        expectPhase(Phase.Requested);
        ICoprocessor.HandleRecord memory value = coprocessor.handleRecord(handle);
        bool result = value.state == ICoprocessor.HandleState.Proven && value.requestId == requestId
            && value.index == 0 && value.consumer == address(this);
        if (!result) revert NotTheResult(handle);
        phase = Phase.Allowed;
        resultHandle = handle;
        coprocessor.allowRelease(resultHandles());
        emit ResultAllowed(handle);
    }

    /// @notice Accepts the totals under the committee's signature. Anybody may, once.
    function acceptResult(uint256 epoch, uint256[] calldata totals, bytes calldata signature) external {
        expectPhase(Phase.Allowed);
        if (totals.length != candidates) revert TotalsCount(totals.length, candidates);
        phase = Phase.Accepted;
        releaseVerifier.verifyRelease(epoch, requestId, resultHandles(), totals, signature);
        emit Result(totals);
    }

    /// @notice Handles of the ballots, in the order of the program's inputs.
    function ballots() external view returns (bytes32[] memory) {
        return ballotHandles;
    }

    function resultHandles() private view returns (bytes32[] memory handles) {
        handles = new bytes32[](1);
        handles[0] = resultHandle;
    }

    function expectPhase(Phase expected) private view {
        if (phase != expected) revert WrongPhase(phase, expected);
    }

    function checkProgram(ICoprocessor.ProgramRecord memory program, uint256 count, uint8 counters)
        private
        pure
    {
        uint256 expected = uint256(VALUE_TYPE) | uint256(KEY_KIND) << 6 | (uint256(counters) - 1) << 8;
        if (program.inputs != count || program.outputs != 1) {
            revert ProgramMismatch(program.inputs, program.outputs, 0);
        }
        for (uint256 i; i <= count; ++i) {
            uint256 entry = i < 15 ? (program.layout0 >> (16 * i)) & 0xffff : program.layout1 & 0xffff;
            if (entry != expected) revert ProgramMismatch(program.inputs, program.outputs, entry);
        }
    }
}
