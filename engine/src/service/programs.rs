//! Programs by their canonical text.

use super::idempotency::Attempt;
use super::{Service, wire};
use crate::circuit::CircuitRefusal;
use crate::circuit::admission::check_size;
use crate::domain::Principal;
use crate::error::EngineError;
use crate::store::Write;
use prost::Message;
use trine_program::LinearProgram;
use trine_program::circuit::Circuit;
use trine_program::circuit::text::HEADER;
use trine_proto::engine::v1 as pb;
use trine_verifier::Bytes32;
use trine_verifier::program::ProgramMatrix;

/// Whether a program text is a circuit's, by its first line.
pub(super) fn is_circuit(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n').next() == Some(HEADER.as_bytes())
}

impl Service {
    pub(super) fn store_program(
        &self,
        caller: &Principal,
        request: pb::RegisterProgramRequest,
    ) -> Result<pb::RegisterProgramResponse, EngineError> {
        let key = wire::idempotency_key(&request.idempotency_key)?;
        let (id, text) = self.program_of(&request.text)?;
        let attempt = Attempt::new(caller, key, "RegisterProgram", &[&request.encode_to_vec()]);
        if let Some(answer) = self.answered(&attempt)? {
            return Ok(answer);
        }
        let answer = pb::RegisterProgramResponse { program_id: id.to_vec() };
        self.commit_once(&attempt, vec![Write::Program(id, text)], answer)
    }

    /// Identifier and canonical text of a linear program that the class takes, or of a circuit that this engine holds.
    fn program_of(&self, text: &[u8]) -> Result<(Bytes32, String), EngineError> {
        if is_circuit(text) {
            let circuit = Circuit::from_text(text).map_err(CircuitRefusal::Text)?;
            check_size(&circuit)?;
            return Ok((circuit.id().0, circuit.to_text()));
        }
        let program = LinearProgram::from_text(text)?;
        ProgramMatrix::new(&self.setup().class, &program)?;
        Ok((program.id().0, program.to_text()))
    }

    pub(super) fn program_text(&self, id: &[u8]) -> Result<String, EngineError> {
        let id = wire::word("program_id", id)?;
        self.store().program(&id)?.ok_or_else(|| EngineError::not_found("program", &id))
    }
}
