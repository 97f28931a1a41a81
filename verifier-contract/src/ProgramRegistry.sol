// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICoprocessor} from "./ICoprocessor.sol";
import {ClaimChecker} from "./ClaimChecker.sol";
import {HandleLib} from "./lib/HandleLib.sol";
import {Layouts} from "./lib/Layouts.sol";

/// @title Linear programs and circuits, by reference: what is claimed about a text is part of its name.
abstract contract ProgramRegistry is ICoprocessor {
    /// Longest program text.
    uint256 public constant MAX_TEXT_BYTES = 64 * 1024;
    ClaimChecker internal immutable claimChecker = new ClaimChecker();

    /// A linear program has no further layouts. `digest` is `prog` of a linear program, the digest of a circuit's words.
    struct StoredProgram {
        bytes32 programId;
        bytes32 digest;
        uint240 layout0;
        uint8 inputs;
        uint8 outputs;
        uint240 layout1;
        ProgramKind kind;
        uint8 bootstrappings;
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
        CircuitClaim memory claim;
        (claim.program, claim.inputs, claim.outputs) = (bytes32(prog), inputs, outputs);
        (claim.layouts[0], claim.layouts[1]) = (layout0, layout1);
        claimChecker.checkLinear(prog, claim.layouts, inputs, outputs);
        bytes32 programId = checkedText(text);
        programRef =
            keccak256(abi.encode(HandleLib.TAG_PROGRAM, programId, prog, layout0, layout1, inputs, outputs));
        store(programRef, programId, ProgramKind.Linear, claim);
        emit ProgramRegistered(
            programRef, programId, msg.sender, text, prog, layout0, layout1, inputs, outputs
        );
    }

    /// @inheritdoc ICoprocessor
    function registerCircuit(bytes calldata text, CircuitClaim calldata claim)
        external
        returns (bytes32 programRef)
    {
        claimChecker.checkCircuit(claim);
        bytes32 programId = checkedText(text);
        programRef = keccak256(abi.encode(HandleLib.TAG_CIRCUIT_PROGRAM, programId, claim));
        store(programRef, programId, ProgramKind.Circuit, claim);
        emit CircuitRegistered(programRef, programId, msg.sender, text, claim);
    }

    /// @inheritdoc ICoprocessor
    function programKind(bytes32 programRef) external view returns (ProgramKind) {
        return knownProgram(programRef).kind;
    }

    /// @inheritdoc ICoprocessor
    function programRecord(bytes32 programRef) external view returns (ProgramRecord memory) {
        StoredProgram storage p = programOf(programRef, ProgramKind.Linear);
        return ProgramRecord(p.programId, uint256(p.digest), p.layout0, p.layout1, p.inputs, p.outputs);
    }

    /// @inheritdoc ICoprocessor
    function circuitRecord(bytes32 programRef) external view returns (CircuitRecord memory) {
        return circuitOf(programOf(programRef, ProgramKind.Circuit));
    }

    function circuitOf(StoredProgram storage p) internal view returns (CircuitRecord memory) {
        return CircuitRecord(
            p.programId, CircuitClaim(p.digest, layoutsOf(p), p.bootstrappings, p.inputs, p.outputs)
        );
    }

    /// Layout words; those that hold no handle are zero and not read.
    function layoutsOf(StoredProgram storage program) internal view returns (uint256[6] memory layouts) {
        (layouts[0], layouts[1]) = (program.layout0, program.layout1);
        uint256 handleCount = uint256(program.inputs) + program.outputs;
        for (uint256 i = 2; i * Layouts.ENTRIES_PER_WORD < handleCount; ++i) {
            layouts[i] = program.furtherLayouts[i - 2];
        }
    }

    function knownProgram(bytes32 programRef) internal view returns (StoredProgram storage program) {
        program = programs[programRef];
        if (program.inputs == 0) revert UnknownProgram(programRef);
    }

    function programOf(bytes32 programRef, ProgramKind kind)
        internal
        view
        returns (StoredProgram storage program)
    {
        program = knownProgram(programRef);
        if (program.kind != kind) revert ProgramKindMismatch(programRef, program.kind, kind);
    }

    function store(bytes32 programRef, bytes32 programId, ProgramKind kind, CircuitClaim memory claim)
        internal
    {
        StoredProgram storage stored = programs[programRef];
        if (stored.inputs != 0) revert ProgramAlreadyRegistered(programRef);
        uint256[6] memory layouts = claim.layouts;
        (stored.programId, stored.digest) = (programId, claim.program);
        (stored.layout0, stored.inputs, stored.outputs) = (uint240(layouts[0]), claim.inputs, claim.outputs);
        (stored.layout1, stored.kind, stored.bootstrappings) =
        (uint240(layouts[1]), kind, claim.bootstrappings);
        for (uint256 i = 2; i < Layouts.WORDS; ++i) {
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
}
