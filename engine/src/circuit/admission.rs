//! Lowering, and the checks that a circuit passes before its job exists.

use crate::domain::{CiphertextRecord, NoiseRecord};
use crate::error::EngineError;
use crate::service::operations::OperationCall;
use trine_fhe::circuit::wires::most_live_blocks;
use trine_fhe::circuit::{needs_casting, noise_model};
use trine_program::circuit::{Circuit, Violation, admissible};
use trine_program::lowering::lower;

/// Most blocks of wires that a circuit holds at once: 268 MB.
pub const MAX_LIVE_BLOCKS: usize = 1 << 14;
/// Longest circuit text: `GetProgram` returns it in one message.
pub const MAX_CIRCUIT_TEXT_BYTES: usize = 3 << 20;

/// Lowers a list and checks that its circuit may run on the handles.
///
/// Errors: what the lowering or the predicate refuses, a circuit too large for this engine, handles under another key.
pub fn admit(call: &OperationCall) -> Result<Circuit, EngineError> {
    let circuit = lower(&call.list)?;
    admit_circuit(&circuit, &call.inputs)?;
    Ok(circuit)
}

/// Checks that a circuit may run on the handles, in their order, and that this engine holds it.
pub fn admit_circuit(circuit: &Circuit, inputs: &[CiphertextRecord]) -> Result<(), EngineError> {
    if needs_casting(circuit) {
        return Err(EngineError::OperationUnimplemented { name: "an operand under the casting key".into() });
    }
    output_noise(circuit, inputs)?;
    check_size(circuit)
}

/// A circuit's text must fit an answer, its wires the memory.
pub fn check_size(circuit: &Circuit) -> Result<(), EngineError> {
    let text = circuit.to_text().len();
    let live = most_live_blocks(circuit);
    for (what, got, most) in
        [("bytes of text", text, MAX_CIRCUIT_TEXT_BYTES), ("blocks of wires at once", live, MAX_LIVE_BLOCKS)]
    {
        if got > most {
            return Err(EngineError::CircuitSize { what, got, most });
        }
    }
    Ok(())
}

/// Noise of each output of a circuit that may run on these handles. Error: the violation, where it may not.
pub fn output_noise(circuit: &Circuit, inputs: &[CiphertextRecord]) -> Result<Vec<NoiseRecord>, EngineError> {
    let records: Vec<_> = inputs.iter().map(|r| r.noise.handle_record(&r.declaration())).collect();
    let outputs = admissible(circuit, &records, &noise_model())?;
    Ok(outputs.iter().map(|o| NoiseRecord::of_output(&o.record)).collect())
}

/// Name of a violation, for clients.
pub fn violation_name(violation: &Violation) -> &'static str {
    match violation {
        Violation::RecordCount { .. } => "INPUT_COUNT",
        Violation::RecordMismatch { .. } => "INPUT_MISMATCH",
        Violation::InputDegree { .. } => "INPUT_DEGREE",
        Violation::InputNoise { .. } => "INPUT_NOISE",
        Violation::ConstantOffGrid { .. } | Violation::TableOffGrid { .. } => "OFF_GRID",
        Violation::NoiseLevel { .. } => "NOISE_LEVEL",
        Violation::Variance { .. } => "NOISE_VARIANCE",
        Violation::Padding { .. } | Violation::Domain { .. } => "PLAINTEXT_RANGE",
        Violation::DegreeUnderstated { .. } => "OUTPUT_DEGREE",
    }
}
