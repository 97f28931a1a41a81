//! Programs by their canonical text.

use super::idempotency::Attempt;
use super::{Service, wire};
use crate::domain::Principal;
use crate::error::EngineError;
use crate::store::Write;
use prost::Message;
use trine_program::LinearProgram;
use trine_proto::engine::v1 as pb;
use trine_verifier::program::ProgramMatrix;

impl Service {
    pub(super) fn store_program(
        &self,
        caller: &Principal,
        request: pb::RegisterProgramRequest,
    ) -> Result<pb::RegisterProgramResponse, EngineError> {
        let key = wire::idempotency_key(&request.idempotency_key)?;
        let program = LinearProgram::from_text(&request.text)?;
        ProgramMatrix::new(&self.setup().class, &program)?;
        let attempt = Attempt::new(caller, key, "RegisterProgram", &[&request.encode_to_vec()]);
        if let Some(answer) = self.answered(&attempt)? {
            return Ok(answer);
        }
        let id = program.id().0;
        let answer = pb::RegisterProgramResponse { program_id: id.to_vec() };
        self.commit_once(&attempt, vec![Write::Program(id, program.to_text())], answer)
    }

    pub(super) fn program_text(&self, id: &[u8]) -> Result<String, EngineError> {
        let id = wire::word("program_id", id)?;
        self.store().program(&id)?.ok_or_else(|| EngineError::not_found("program", &id))
    }
}
