// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Coprocessor} from "../src/Coprocessor.sol";
import {ICoprocessor} from "../src/ICoprocessor.sol";
import {IProofVerifier} from "../src/IProofVerifier.sol";
import {IReleaseVerifier} from "../src/IReleaseVerifier.sol";
import {IVerifierGateway} from "../src/IVerifierGateway.sol";
import {Bn254} from "../src/lib/Bn254.sol";
import {Test} from "./Vm.sol";

/// @title Accepts exactly one pair of public values and proof.
contract ExpectingVerifier is IProofVerifier {
    bytes32 public constant VERIFIER_HASH = keccak256("verifier");
    bytes32 public constant SRS_DIGEST = keccak256("srs");
    bytes32 public constant PARAMETER_SET_ID = keccak256("parameters");
    uint8 public constant CLASS_ID = 1;
    bool public constant DEVELOPMENT = true;

    bytes32 public expected;

    error Rejected(bytes publicValues);

    function expect(bytes memory publicValues, bytes memory proof) external {
        expected = keccak256(abi.encode(publicValues, proof));
    }

    function verify(bytes calldata publicValues, bytes calldata proof) external view {
        if (keccak256(abi.encode(publicValues, proof)) != expected) revert Rejected(publicValues);
    }
}

/// @title The rules of the `Coprocessor`, each with the attack that it stops.
contract CoprocessorTest is Test {
    bytes32 constant KEY = keccak256("key");
    bytes constant TEXT = "trine linear 1\n";
    uint256 constant PROG = 12345;
    uint8 constant NIBBLES = 6;
    /// Type 6, key kind 0, 3 blocks.
    uint256 constant ENTRY = 6 | 2 << 8;
    address constant STRANGER = address(0xbad);

    ExpectingVerifier verifier = new ExpectingVerifier();
    Coprocessor coprocessor =
        new Coprocessor(verifier, IVerifierGateway(address(0)), IReleaseVerifier(address(0)));
    bytes32 programRef;
    /// Small multiples of the generator, made once: a cheat code meets the next call, a precompile's included.
    uint256[2][16] multiples;

    constructor() {
        Bn254.Sum memory sum;
        for (uint256 i = 1; i < multiples.length; ++i) {
            Bn254.addScaled(sum, Bn254.G1_X, Bn254.G1_Y, 1);
            multiples[i] = [sum.words[0], sum.words[1]];
        }
        coprocessor.registerKey(KEY, coprocessor.KEY_SCHEME());
        programRef = coprocessor.registerProgram(TEXT, PROG, entries(3), 0, 2, 1);
        vm.roll(7);
        vm.prevrandao(keccak256("randomness"));
    }

    function test_FulfilmentRecordsWhatWasProven() external {
        (bytes32 requestId, uint256[2][] memory inputs) = ask();
        uint256[2][] memory outputs = points(9, 1);
        bytes32 output = fulfil(requestId, inputs, outputs);

        ICoprocessor.HandleRecord memory value = coprocessor.handleRecord(output);
        assertTrue(value.state == ICoprocessor.HandleState.Proven, "proven");
        assertTrue(value.consumer == address(this) && value.registrant == address(0), "consumer");
        assertEq(value.requestId, requestId);
        assertEq(value.keyDigest, KEY);
        assertEq(uint256(value.blocks) << 16 | uint256(value.valueType) << 8 | value.keyKind, 3 << 16 | 6 << 8);
        assertTrue(
            coprocessor.requestRecord(requestId).state == ICoprocessor.RequestState.Fulfilled, "fulfilled"
        );
        assertEq(coprocessor.requestRecord(requestId).fulfilledAt, 7);
        assertTrue(!coprocessor.isReleaseAllowed(output), "not yet");
        coprocessor.allowRelease(one(output));
        assertTrue(coprocessor.isReleaseAllowed(output), "allowed");
    }

    function test_AnybodyMayFulfil() external {
        (bytes32 requestId, uint256[2][] memory inputs) = ask();
        uint256[2][] memory outputs = points(9, 1);
        verifier.expect(publicValues(requestId, inputs, outputs), "proof");
        vm.prank(STRANGER);
        coprocessor.fulfil(requestId, outputs, inputs, "proof");
    }

    function test_ReplayedFulfilment() external {
        (bytes32 requestId, uint256[2][] memory inputs) = ask();
        uint256[2][] memory outputs = points(9, 1);
        fulfil(requestId, inputs, outputs);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.AlreadyFulfilled.selector, requestId));
        coprocessor.fulfil(requestId, outputs, inputs, "proof");
        // Another proof, or other outputs, change nothing: replays are refused by request.
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.AlreadyFulfilled.selector, requestId));
        coprocessor.fulfil(requestId, points(10, 1), inputs, "malleated proof");
    }

    function test_ARejectedProofRecordsNothing() external {
        (bytes32 requestId, uint256[2][] memory inputs) = ask();
        vm.expectPartialRevert(ExpectingVerifier.Rejected.selector);
        coprocessor.fulfil(requestId, points(9, 1), inputs, "wrong");
        assertTrue(
            coprocessor.requestRecord(requestId).state == ICoprocessor.RequestState.Requested, "still open"
        );
    }

    function test_TheStatementNamesTheChain() external {
        (bytes32 requestId, uint256[2][] memory inputs) = ask();
        uint256[2][] memory outputs = points(9, 1);
        verifier.expect(publicValues(requestId, inputs, outputs), "proof");
        vm.chainId(block.chainid + 1);
        vm.expectPartialRevert(ExpectingVerifier.Rejected.selector);
        coprocessor.fulfil(requestId, outputs, inputs, "proof");
    }

    function test_OtherInputPointsThanRegistered() external {
        (bytes32 requestId, uint256[2][] memory inputs) = ask();
        (inputs[0], inputs[1]) = (inputs[1], inputs[0]);
        vm.expectPartialRevert(ICoprocessor.InputPointsMismatch.selector);
        coprocessor.fulfil(requestId, points(9, 1), inputs, "proof");
        inputs[0] = point(12);
        vm.expectPartialRevert(ICoprocessor.InputPointsMismatch.selector);
        coprocessor.fulfil(requestId, points(9, 1), inputs, "proof");
    }

    function test_CountsOfPoints() external {
        (bytes32 requestId, uint256[2][] memory inputs) = ask();
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.OutputCount.selector, 2, 1));
        coprocessor.fulfil(requestId, points(9, 2), inputs, "proof");
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.InputCount.selector, 3, 2));
        coprocessor.fulfil(requestId, points(9, 1), points(1, 3), "proof");
        uint256[2][] memory outputs = new uint256[2][](1);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.InvalidCommitment.selector, 0, 0));
        coprocessor.fulfil(requestId, outputs, inputs, "proof");
    }

    function test_AnUnknownRequest() external {
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.UnknownRequest.selector, bytes32(uint256(1))));
        coprocessor.fulfil(bytes32(uint256(1)), points(9, 1), points(1, 2), "proof");
    }

    function test_ReleaseByAStranger() external {
        (bytes32 requestId, uint256[2][] memory inputs) = ask();
        bytes32 output = fulfil(requestId, inputs, points(9, 1));
        vm.prank(STRANGER);
        vm.expectRevert(
            abi.encodeWithSelector(ICoprocessor.NotConsumer.selector, output, STRANGER, address(this))
        );
        coprocessor.allowRelease(one(output));
    }

    function test_ReleaseOfWhatWasNotProven() external {
        bytes32 ballot = register(1);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.NotProven.selector, ballot));
        coprocessor.allowRelease(one(ballot));
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.UnknownHandle.selector, bytes32(0)));
        coprocessor.allowRelease(one(bytes32(0)));
    }

    function test_ReleaseIsAllowedOnce() external {
        (bytes32 requestId, uint256[2][] memory inputs) = ask();
        bytes32 output = fulfil(requestId, inputs, points(9, 1));
        coprocessor.allowRelease(one(output));
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.ReleaseAlreadyAllowed.selector, requestId));
        coprocessor.allowRelease(one(output));
    }

    /// The identity of a registered ciphertext: the output has the same commitment and is still another value.
    function test_AnOutputWithTheCommitmentOfAnInput() external {
        (bytes32 requestId, uint256[2][] memory inputs) = ask();
        uint256[2][] memory outputs = new uint256[2][](1);
        outputs[0] = inputs[0];
        bytes32 output = fulfil(requestId, inputs, outputs);
        bytes32 ballot =
            handleOf(inputs[0], keccak256(abi.encode(tag("origin_input"), address(this), address(this))));
        assertTrue(output != ballot, "another handle");
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.NotProven.selector, ballot));
        coprocessor.allowRelease(one(ballot));
    }

    /// An output's commitment registered in advance gets another handle: the fulfilment is not blocked.
    function test_AnOutputRegisteredInAdvance() external {
        (bytes32 requestId, uint256[2][] memory inputs) = ask();
        vm.prank(STRANGER);
        bytes32 early = coprocessor.registerCiphertext(address(this), KEY, 0, NIBBLES, 3, point(9));
        bytes32 output = fulfil(requestId, inputs, points(9, 1));
        assertTrue(output != early, "another handle");
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.NotProven.selector, early));
        coprocessor.allowRelease(one(early));
    }

    function test_CiphertextsAreRegisteredOnce() external {
        bytes32 ballot = register(1);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.AlreadyRegistered.selector, ballot));
        this.register(1);
        // By somebody else it is another value, with another origin.
        vm.prank(STRANGER);
        bytes32 other = coprocessor.registerCiphertext(address(this), KEY, 0, NIBBLES, 3, point(1));
        assertTrue(other != ballot, "another handle");
        assertTrue(coprocessor.handleRecord(other).registrant == STRANGER, "registrant");
    }

    /// The same ciphertext under two handles would weigh twice in a sum.
    function test_TheSameCiphertextTwice() external {
        bytes32[] memory inputs = new bytes32[](2);
        inputs[0] = register(1);
        inputs[1] = inputs[0];
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.DuplicateInput.selector, 0, 1));
        coprocessor.request(programRef, KEY, inputs);
        vm.prank(STRANGER);
        inputs[1] = coprocessor.registerCiphertext(address(this), KEY, 0, NIBBLES, 3, point(1));
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.DuplicateInput.selector, 0, 1));
        coprocessor.request(programRef, KEY, inputs);
    }

    function test_ARequestOverValuesOfAnotherConsumer() external {
        bytes32[] memory inputs = new bytes32[](2);
        inputs[0] = register(1);
        inputs[1] = register(2);
        vm.prank(STRANGER);
        vm.expectRevert(
            abi.encodeWithSelector(ICoprocessor.NotConsumer.selector, inputs[0], STRANGER, address(this))
        );
        coprocessor.request(programRef, KEY, inputs);
    }

    function test_AValueUnderAnotherType() external {
        bytes32[] memory inputs = new bytes32[](2);
        inputs[0] = register(1);
        inputs[1] = coprocessor.registerCiphertext(address(this), KEY, 0, NIBBLES, 2, point(2));
        vm.expectRevert(
            abi.encodeWithSelector(ICoprocessor.LayoutMismatch.selector, 1, 6 | 1 << 8, ENTRY)
        );
        coprocessor.request(programRef, KEY, inputs);
        inputs[1] = coprocessor.registerCiphertext(address(this), KEY, 1, NIBBLES, 3, point(2));
        vm.expectRevert(
            abi.encodeWithSelector(ICoprocessor.LayoutMismatch.selector, 1, ENTRY | 1 << 6, ENTRY)
        );
        coprocessor.request(programRef, KEY, inputs);
        inputs[1] = coprocessor.registerCiphertext(address(this), KEY, 0, 2, 3, point(2));
        vm.expectRevert(
            abi.encodeWithSelector(ICoprocessor.LayoutMismatch.selector, 1, 2 | 2 << 8, ENTRY)
        );
        coprocessor.request(programRef, KEY, inputs);
    }

    function test_AValueUnderAnotherKey() external {
        bytes32 other = keccak256("other key");
        coprocessor.registerKey(other, coprocessor.KEY_SCHEME());
        bytes32[] memory inputs = new bytes32[](2);
        inputs[0] = register(1);
        inputs[1] = coprocessor.registerCiphertext(address(this), other, 0, NIBBLES, 3, point(2));
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.KeyMismatch.selector, inputs[1], other, KEY));
        coprocessor.request(programRef, KEY, inputs);
    }

    function test_UnknownNames() external {
        bytes32[] memory inputs = new bytes32[](2);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.UnknownHandle.selector, bytes32(0)));
        coprocessor.request(programRef, KEY, inputs);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.UnknownKey.selector, bytes32(0)));
        coprocessor.request(programRef, 0, inputs);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.UnknownProgram.selector, bytes32(0)));
        coprocessor.request(0, KEY, inputs);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.InputCount.selector, 1, 2));
        coprocessor.request(programRef, KEY, new bytes32[](1));
    }

    function test_RequestIdsDiffer() external {
        bytes32 first = coprocessor.nextRequestId(address(this));
        (bytes32 requestId,) = ask();
        assertEq(requestId, first);
        assertTrue(coprocessor.nextRequestId(address(this)) != first, "nonce");
        assertTrue(coprocessor.nextRequestId(STRANGER) != first, "consumer");
    }

    /// A wrong claim about a text is another program: it blocks nobody.
    function test_AWrongClaimBlocksNobody() external {
        vm.prank(STRANGER);
        bytes32 wrong = coprocessor.registerProgram("text", PROG + 1, entries(3), 0, 2, 1);
        bytes32 right = coprocessor.registerProgram("text", PROG, entries(3), 0, 2, 1);
        assertTrue(wrong != right, "two records");
        assertEq(coprocessor.programRecord(wrong).programId, coprocessor.programRecord(right).programId);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.ProgramAlreadyRegistered.selector, right));
        coprocessor.registerProgram("text", PROG, entries(3), 0, 2, 1);
    }

    function test_LayoutsAreExact() external {
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.LayoutEntry.selector, 2, 0));
        coprocessor.registerProgram(TEXT, PROG, entries(2), 0, 2, 1);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.LayoutEntry.selector, 3, ENTRY));
        coprocessor.registerProgram(TEXT, PROG, entries(4), 0, 2, 1);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.LayoutEntry.selector, 15, 6));
        coprocessor.registerProgram(TEXT, PROG, entries(3), 6, 2, 1);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.LayoutEntry.selector, 15, 1));
        coprocessor.registerProgram(TEXT, PROG, entries(3) | 1 << 240, 0, 2, 1);
        // Five blocks, and a job slot.
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.LayoutEntry.selector, 0, 6 | 4 << 8));
        coprocessor.registerProgram(TEXT, PROG, 6 | 4 << 8, 0, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.LayoutEntry.selector, 0, ENTRY | 1 << 14));
        coprocessor.registerProgram(TEXT, PROG, ENTRY | 1 << 14, 0, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.HandleCount.selector, 16, 1));
        coprocessor.registerProgram(TEXT, PROG, entries(15), 0, 16, 1);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.ProgramDigestTooLarge.selector, Bn254.R));
        coprocessor.registerProgram(TEXT, Bn254.R, entries(3), 0, 2, 1);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.ProgramTextLength.selector, 0, 65536));
        coprocessor.registerProgram("", PROG, entries(3), 0, 2, 1);
    }

    function test_KeysAreRegisteredOnceUnderTheKnownScheme() external {
        bytes32 scheme = coprocessor.KEY_SCHEME();
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.KeyAlreadyRegistered.selector, KEY));
        coprocessor.registerKey(KEY, scheme);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.UnknownKeyScheme.selector, bytes32(0)));
        coprocessor.registerKey(keccak256("other"), 0);
    }

    function test_MalformedCiphertexts() external {
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.InvalidCommitment.selector, 0, 0));
        coprocessor.registerCiphertext(address(this), KEY, 0, NIBBLES, 3, [uint256(0), 0]);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.InvalidCommitment.selector, 1, 3));
        coprocessor.registerCiphertext(address(this), KEY, 0, NIBBLES, 3, [uint256(1), 3]);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.InvalidCommitment.selector, 1 + Bn254.P, 2));
        coprocessor.registerCiphertext(address(this), KEY, 0, NIBBLES, 3, [1 + Bn254.P, 2]);
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.InvalidDeclaration.selector, 0, 6, 0));
        coprocessor.registerCiphertext(address(this), KEY, 0, NIBBLES, 0, point(1));
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.InvalidDeclaration.selector, 4, 6, 3));
        coprocessor.registerCiphertext(address(this), KEY, 4, NIBBLES, 3, point(1));
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.NoConsumer.selector));
        coprocessor.registerCiphertext(address(0), KEY, 0, NIBBLES, 3, point(1));
        vm.expectRevert(abi.encodeWithSelector(ICoprocessor.UnknownKey.selector, bytes32(0)));
        coprocessor.registerCiphertext(address(this), 0, 0, NIBBLES, 3, point(1));
    }

    /// Handles differ when anything that they bind differs.
    function testFuzz_HandlesBindTheirRecord(address consumer, address registrant, uint8 blocks, uint8 kind)
        external
    {
        vm.assume(consumer != address(0));
        blocks = uint8(bound(blocks, 1, 64));
        kind = uint8(bound(kind, 0, 3));
        vm.prank(registrant);
        bytes32 handle = coprocessor.registerCiphertext(consumer, KEY, kind, NIBBLES, blocks, point(5));
        bytes32 origin = keccak256(abi.encode(tag("origin_input"), registrant, consumer));
        bytes32 digest = keccak256(abi.encode(tag("commitment"), point(5)[0], point(5)[1]));
        bytes32 expected = keccak256(
            abi.encode(
                tag("handle"), block.chainid, coprocessor, KEY, uint256(kind), 6, uint256(blocks), origin, digest
            )
        );
        assertEq(handle, expected);
    }

    function register(uint256 seed) public returns (bytes32) {
        return coprocessor.registerCiphertext(address(this), KEY, 0, NIBBLES, 3, point(seed));
    }

    function ask() private returns (bytes32 requestId, uint256[2][] memory inputPoints) {
        bytes32[] memory inputs = new bytes32[](2);
        (inputs[0], inputs[1]) = (this.register(1), this.register(2));
        requestId = coprocessor.request(programRef, KEY, inputs);
        inputPoints = points(1, 2);
    }

    function fulfil(bytes32 requestId, uint256[2][] memory inputs, uint256[2][] memory outputs)
        private
        returns (bytes32)
    {
        verifier.expect(publicValues(requestId, inputs, outputs), "proof");
        coprocessor.fulfil(requestId, outputs, inputs, "proof");
        return outputHandle(requestId, outputs[0]);
    }

    function one(bytes32 handle) private pure returns (bytes32[] memory list) {
        list = new bytes32[](1);
        list[0] = handle;
    }

    /// `docs/spec/onchain.md`, written down once more.
    function publicValues(bytes32 requestId, uint256[2][] memory inputs, uint256[2][] memory outputs)
        private
        view
        returns (bytes memory)
    {
        bytes32 salt =
            keccak256(abi.encode(tag("salt"), block.prevrandao, blockhash(block.number - 1), requestId));
        bytes32 origin = keccak256(abi.encode(tag("origin_input"), address(this), address(this)));
        bytes32 ins = keccak256(abi.encodePacked(handleOf(inputs[0], origin), handleOf(inputs[1], origin)));
        bytes32 outs = keccak256(abi.encodePacked(outputHandle(requestId, outputs[0])));
        bytes32 job = keccak256(abi.encode(tag("job"), requestId, keccak256(TEXT), PROG, ins, outs, salt));
        bytes32 stmt = keccak256(
            abi.encode(
                tag("stmt"),
                block.chainid,
                coprocessor,
                verifier.VERIFIER_HASH(),
                verifier.SRS_DIGEST(),
                verifier.PARAMETER_SET_ID(),
                KEY,
                keccak256(abi.encodePacked(job))
            )
        );
        uint256 shape = 1 | 2 << 8 | 1 << 16;
        return abi.encode(uint256(stmt) % (1 << 253), shape, entries(3), uint256(0), PROG, inputs, outputs);
    }

    function outputHandle(bytes32 requestId, uint256[2] memory output) private view returns (bytes32) {
        return handleOf(output, keccak256(abi.encode(tag("origin_output"), requestId, 0, 0, 0)));
    }

    function handleOf(uint256[2] memory commitment, bytes32 origin) private view returns (bytes32) {
        bytes32 digest = keccak256(abi.encode(tag("commitment"), commitment[0], commitment[1]));
        return keccak256(abi.encode(tag("handle"), block.chainid, coprocessor, KEY, 0, 6, 3, origin, digest));
    }

    function tag(string memory name) private pure returns (bytes32) {
        return keccak256(bytes(string.concat("trine.v1.", name)));
    }

    function entries(uint256 count) private pure returns (uint256 word) {
        for (uint256 i; i < count; ++i) {
            word |= ENTRY << (16 * i);
        }
    }

    function points(uint256 first, uint256 count) private view returns (uint256[2][] memory list) {
        list = new uint256[2][](count);
        for (uint256 i; i < count; ++i) {
            list[i] = point(first + i);
        }
    }

    function point(uint256 scalar) private view returns (uint256[2] memory) {
        return multiples[scalar];
    }
}
