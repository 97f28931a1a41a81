// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "../src/ICoprocessor.sol";
import {IReleaseVerifier} from "../src/IReleaseVerifier.sol";

/// @title An election of which only the winner is ever decrypted: no total, no ballot.
/// @notice Everything that decides what is computed and released is fixed in the constructor, before the first ballot:
/// circuit, key, electoral roll, deadline. A ballot is one encrypted bool for each candidate. The circuit takes the
/// ballots of the whole roll, so an election ends only when all have voted; after the deadline without all ballots
/// nothing is ever requested.
/// @dev The roll stops an attacker who fills all seats but one with ballots that it knows. It does not stop copied
/// ballots in re-randomised form, ballots outside 0 and 1, or ballots for several candidates: those need proofs of the
/// inputs (`docs/threat-model.md`). The constructor reads what is claimed about the circuit; who votes recomputes the
/// claim from the text, and reads there which candidate wins.
contract PrivateElection {
    enum Phase {
        Voting,
        Requested,
        Allowed,
        Accepted
    }

    /// A ballot's part for one candidate: a bool of one block under the compute key.
    uint8 public constant BALLOT_TYPE = 1;
    uint8 public constant KEY_KIND = 0;
    /// The winner: an unsigned integer of 8 bits, two bits a block, under the compute key.
    uint8 public constant WINNER_TYPE = 2;
    uint256 public constant WINNER_BLOCKS = 4;

    uint256 private constant BALLOT_ENTRY = uint256(BALLOT_TYPE) | uint256(KEY_KIND) << 6;
    uint256 private constant WINNER_ENTRY =
        uint256(WINNER_TYPE) | uint256(KEY_KIND) << 6 | (WINNER_BLOCKS - 1) << 8;
    uint256 private constant ENTRIES_PER_LAYOUT = 15;

    ICoprocessor public immutable coprocessor;
    IReleaseVerifier public immutable releaseVerifier;
    bytes32 public immutable programRef;
    bytes32 public immutable keyDigest;
    uint64 public immutable deadline;
    uint8 public immutable candidates;
    uint8 public immutable voters;

    Phase public phase;
    /// Voters who have cast their ballots.
    uint8 public cast;
    /// Number of the winner, from 0, once the phase is `Accepted`.
    uint8 public winner;
    bytes32 public requestId;
    bytes32 public resultHandle;
    /// Candidate by candidate, and of each in the order in which voters came.
    bytes32[] private ballotHandles;
    mapping(address voter => bool) public mayVote;

    event Voted(address indexed voter, bytes32[] ballots);
    event Closed(bytes32 indexed requestId);
    event ResultAllowed(bytes32 indexed handle);
    event Elected(uint8 indexed winner);

    error NoCandidates();
    error RollTooLong(uint256 voters);
    error ProgramMismatch(uint256 inputs, uint256 outputs, uint256 entry);
    error DuplicateVoter(address voter);
    error MayNotVote(address caller);
    error VotingEnded(uint64 deadline);
    error BallotCount(uint256 got, uint256 expected);
    error WrongPhase(Phase got, Phase expected);
    error BallotsMissing(uint256 cast, uint256 expected);
    error NotTheResult(bytes32 handle);
    error WinnerBlockCount(uint256 got, uint256 expected);
    error NoSuchCandidate(uint256 winner, uint256 candidates);

    /// @param program Reference of a circuit over one bool of each voter for each candidate, candidate by candidate,
    /// whose one output is the winner's number as an unsigned integer of 8 bits.
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
        if (roll.length > type(uint8).max) revert RollTooLong(roll.length);
        uint256 count = roll.length * candidateCount;
        checkProgram(coprocessorContract.circuitRecord(program).claim, count);
        coprocessor = coprocessorContract;
        releaseVerifier = releaseContract;
        programRef = program;
        keyDigest = key;
        candidates = candidateCount;
        voters = uint8(roll.length);
        deadline = lastVote;
        ballotHandles = new bytes32[](count);
        for (uint256 i; i < roll.length; ++i) {
            if (mayVote[roll[i]]) revert DuplicateVoter(roll[i]);
            mayVote[roll[i]] = true;
        }
    }

    /// @notice Casts the ballot of the caller: the commitments to its ciphertexts, one for each candidate.
    /// @dev The same ciphertext twice, in one ballot or in two, is refused by the coprocessor (`AlreadyRegistered`).
    function vote(uint256[2][] calldata points) external returns (bytes32[] memory handles) {
        expectPhase(Phase.Voting);
        if (block.timestamp > deadline) revert VotingEnded(deadline);
        if (!mayVote[msg.sender]) revert MayNotVote(msg.sender);
        if (points.length != candidates) revert BallotCount(points.length, candidates);
        mayVote[msg.sender] = false;
        uint256 seat = cast++;
        handles = new bytes32[](points.length);
        for (uint256 i; i < points.length; ++i) {
            bytes32 handle =
                coprocessor.registerCiphertext(address(this), keyDigest, KEY_KIND, BALLOT_TYPE, 1, points[i]);
            handles[i] = handle;
            ballotHandles[i * voters + seat] = handle;
        }
        emit Voted(msg.sender, handles);
    }

    /// @notice Requests the election over all ballots. Anybody may, once all are cast.
    function close() external {
        expectPhase(Phase.Voting);
        if (cast != voters) revert BallotsMissing(cast, voters);
        phase = Phase.Requested;
        requestId = coprocessor.request(programRef, keyDigest, ballotHandles);
        emit Closed(requestId);
    }

    /// @notice Allows the committee to decrypt the winner, and nothing else. Anybody may, after the fulfilment.
    /// @param handle The output of this election's request, from the coprocessor's event `Fulfilled`.
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

    /// @notice Accepts the winner under the committee's signature. Anybody may, once.
    /// @param blocks The winner's number, two bits a block, the least significant first.
    function acceptResult(uint256 epoch, uint256[] calldata blocks, bytes calldata signature) external {
        expectPhase(Phase.Allowed);
        if (blocks.length != WINNER_BLOCKS) revert WinnerBlockCount(blocks.length, WINNER_BLOCKS);
        phase = Phase.Accepted;
        releaseVerifier.verifyRelease(epoch, requestId, resultHandles(), blocks, signature);
        uint256 elected;
        for (uint256 i; i < WINNER_BLOCKS; ++i) {
            elected += blocks[i] << (2 * i);
        }
        if (elected >= candidates) revert NoSuchCandidate(elected, candidates);
        winner = uint8(elected);
        emit Elected(winner);
    }

    /// @notice Handles of the ballots, in the order of the circuit's inputs; zero for those that are not cast.
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

    function checkProgram(ICoprocessor.CircuitClaim memory claim, uint256 count) private pure {
        if (claim.inputs != count || claim.outputs != 1) {
            revert ProgramMismatch(claim.inputs, claim.outputs, 0);
        }
        for (uint256 i; i <= count; ++i) {
            uint256 entry = (claim.layouts[i / ENTRIES_PER_LAYOUT] >> (16 * (i % ENTRIES_PER_LAYOUT))) & 0xffff;
            if (entry != (i < count ? BALLOT_ENTRY : WINNER_ENTRY)) {
                revert ProgramMismatch(claim.inputs, claim.outputs, entry);
            }
        }
    }
}
