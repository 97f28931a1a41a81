// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "./ICoprocessor.sol";
import {CircuitClass} from "./generated/CircuitClass.sol";
import {EvaluationClass} from "./generated/EvaluationClass.sol";
import {Bn254} from "./lib/Bn254.sol";
import {HandleLib} from "./lib/HandleLib.sol";

/// @title Linear programs and circuits, by reference: what is claimed about a text is part of its name.
abstract contract ProgramRegistry is ICoprocessor {
    /// Longest program text.
    uint256 public constant MAX_TEXT_BYTES = 64 * 1024;

    uint256 private constant ENTRIES_PER_LAYOUT = 15;
    uint256 private constant ENTRY_BITS = 16;
    uint256 private constant LINEAR_LAYOUTS = 2;
    uint256 private constant CIRCUIT_LAYOUTS = 6;

    /// A linear program has no further layouts.
    struct StoredProgram {
        bytes32 programId;
        uint256 prog;
        uint240 layout0;
        uint8 inputs;
        uint8 outputs;
        uint240 layout1;
        ProgramKind kind;
        uint8 logBootstrappings;
        uint256[4] furtherLayouts;
    }

    mapping(bytes32 programRef => StoredProgram) private programs;

    /// @inheritdoc ICoprocessor
    function registerProgram(
        bytes calldata text,
        uint256 prog,
        uint256 layout0,
        uint256 layout1,
        uint8 inputs,
        uint8 outputs
    ) external returns (bytes32 programRef) {
        if (
            inputs == 0 || inputs > EvaluationClass.INPUT_SLOTS || outputs == 0
                || outputs > EvaluationClass.OUTPUT_SLOTS
        ) revert HandleCount(inputs, outputs);
        uint256[6] memory layouts;
        (layouts[0], layouts[1]) = (layout0, layout1);
        checkLayouts(layouts, LINEAR_LAYOUTS, uint256(inputs) + outputs, EvaluationClass.BLOCKS_PER_HANDLE);

        checkDigest(prog);
        bytes32 programId = checkedText(text);
        programRef =
            keccak256(abi.encode(HandleLib.TAG_PROGRAM, programId, prog, layout0, layout1, inputs, outputs));
        StoredProgram storage stored = freshProgram(programRef);
        (stored.programId, stored.prog) = (programId, prog);
        (stored.layout0, stored.inputs, stored.outputs) = (uint240(layout0), inputs, outputs);
        (stored.layout1, stored.kind, stored.logBootstrappings) = (uint240(layout1), ProgramKind.Linear, 0);
        emit ProgramRegistered(programRef, programId, msg.sender, text, prog, layout0, layout1, inputs, outputs);
    }

    /// @inheritdoc ICoprocessor
    function registerCircuit(bytes calldata text, CircuitClaim calldata claim)
        external
        returns (bytes32 programRef)
    {
        checkClaim(claim);
        bytes32 programId = checkedText(text);
        programRef = keccak256(abi.encode(HandleLib.TAG_CIRCUIT_PROGRAM, programId, claim));
        storeCircuit(programRef, programId, ProgramKind.Circuit, claim);
        emit CircuitRegistered(programRef, programId, msg.sender, text, claim);
    }

    /// @inheritdoc ICoprocessor
    function programKind(bytes32 programRef) external view returns (ProgramKind) {
        return knownProgram(programRef).kind;
    }

    /// @inheritdoc ICoprocessor
    function programRecord(bytes32 programRef) external view returns (ProgramRecord memory) {
        StoredProgram storage p = programOf(programRef, ProgramKind.Linear);
        return ProgramRecord(p.programId, p.prog, p.layout0, p.layout1, p.inputs, p.outputs);
    }

    /// @inheritdoc ICoprocessor
    function circuitRecord(bytes32 programRef) external view returns (CircuitRecord memory) {
        return circuitOf(programOf(programRef, ProgramKind.Circuit));
    }

    function circuitOf(StoredProgram storage p) internal view returns (CircuitRecord memory) {
        return CircuitRecord(
            p.programId, CircuitClaim(p.prog, layoutsOf(p), p.logBootstrappings, p.inputs, p.outputs)
        );
    }

    /// Layout words; those that hold no handle are zero and not read.
    function layoutsOf(StoredProgram storage program) internal view returns (uint256[6] memory layouts) {
        (layouts[0], layouts[1]) = (program.layout0, program.layout1);
        uint256 handleCount = uint256(program.inputs) + program.outputs;
        for (uint256 i = 2; i * ENTRIES_PER_LAYOUT < handleCount; ++i) {
            layouts[i] = program.furtherLayouts[i - 2];
        }
    }

    function entryOf(uint256[6] memory layouts, uint256 i) internal pure returns (uint256) {
        return entryIn(layouts[i / ENTRIES_PER_LAYOUT], i);
    }

    /// Entry `i` of a claim, inputs first.
    function claimedEntry(CircuitClaim calldata claim, uint256 i) internal pure returns (uint256) {
        return entryIn(claim.layouts[i / ENTRIES_PER_LAYOUT], i);
    }

    /// Entry `i` from the word that it is in.
    function entryIn(uint256 word, uint256 i) private pure returns (uint256) {
        return (word >> (ENTRY_BITS * (i % ENTRIES_PER_LAYOUT))) & 0xffff;
    }

    function knownProgram(bytes32 programRef) internal view returns (StoredProgram storage program) {
        program = programs[programRef];
        if (program.inputs == 0) revert UnknownProgram(programRef);
    }

    function programOf(bytes32 programRef, ProgramKind kind) internal view returns (StoredProgram storage program) {
        program = knownProgram(programRef);
        if (program.kind != kind) revert ProgramKindMismatch(programRef, program.kind, kind);
    }

    /// What a claim says of a circuit that one proof covers: all of it in range, its layouts exact.
    function checkClaim(CircuitClaim calldata claim) internal pure {
        checkCounts(claim.inputs, claim.outputs);
        uint256 most = CircuitClass.MAX_LOG_BOOTSTRAPPINGS;
        if (claim.logBootstrappings > most) revert TooManyBootstrappings(claim.logBootstrappings, most);
        checkCircuitLayouts(claim.layouts, uint256(claim.inputs) + claim.outputs);
        checkDigest(claim.prog);
    }

    function checkCounts(uint8 inputs, uint8 outputs) internal pure {
        if (
            inputs == 0 || inputs > CircuitClass.INPUT_SLOTS || outputs == 0
                || outputs > CircuitClass.OUTPUT_SLOTS
        ) revert HandleCount(inputs, outputs);
    }

    function checkCircuitLayouts(uint256[6] memory layouts, uint256 handleCount) internal pure {
        checkLayouts(layouts, CIRCUIT_LAYOUTS, handleCount, CircuitClass.BLOCKS_PER_HANDLE);
    }

    function storeCircuit(bytes32 programRef, bytes32 programId, ProgramKind kind, CircuitClaim memory claim)
        internal
    {
        StoredProgram storage stored = freshProgram(programRef);
        uint256[6] memory layouts = claim.layouts;
        (stored.programId, stored.prog) = (programId, claim.prog);
        (stored.layout0, stored.inputs, stored.outputs) = (uint240(layouts[0]), claim.inputs, claim.outputs);
        (stored.layout1, stored.kind, stored.logBootstrappings) =
            (uint240(layouts[1]), kind, claim.logBootstrappings);
        for (uint256 i = 2; i < CIRCUIT_LAYOUTS; ++i) {
            if (layouts[i] != 0) stored.furtherLayouts[i - 2] = layouts[i];
        }
    }

    /// The program id of a text, whose length is in range.
    function checkedText(bytes calldata text) internal pure returns (bytes32) {
        if (text.length == 0 || text.length > MAX_TEXT_BYTES) {
            revert ProgramTextLength(text.length, MAX_TEXT_BYTES);
        }
        return keccak256(text);
    }

    function freshProgram(bytes32 programRef) private view returns (StoredProgram storage program) {
        program = programs[programRef];
        if (program.inputs != 0) revert ProgramAlreadyRegistered(programRef);
    }

    function checkDigest(uint256 prog) private pure {
        if (prog >= Bn254.R) revert ProgramDigestTooLarge(prog);
    }

    /// The entries in use are those of the inputs, then those of the outputs; each is a declaration that a slot of
    /// the class holds; the others are zero.
    function checkLayouts(uint256[6] memory layouts, uint256 words, uint256 handleCount, uint256 blocks)
        private
        pure
    {
        for (uint256 word; word < words; ++word) {
            uint256 rest = layouts[word];
            uint256 i = word * ENTRIES_PER_LAYOUT;
            uint256 end = i + ENTRIES_PER_LAYOUT;
            for (; i < end && i < handleCount; ++i) {
                uint256 entry = rest & 0xffff;
                if (entry & 63 == 0 || entry >> 8 >= blocks) revert LayoutEntry(i, entry);
                rest >>= ENTRY_BITS;
            }
            for (; rest != 0; ++i) {
                uint256 entry = rest & 0xffff;
                if (entry != 0) revert LayoutEntry(i, entry);
                rest >>= ENTRY_BITS;
            }
        }
    }
}
