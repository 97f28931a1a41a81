//! What a job and its request on chain agree on: the proof will be of the latter.

use super::{Service, wire};
use crate::chain::RequestFacts;
use crate::circuit::Registered;
use crate::circuit::statement::circuits;
use crate::error::EngineError;
use crate::setup::Setup;
use trine_program::circuit::Circuit;
use trine_verifier::Bytes32;

/// A program over handles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramCall {
    /// Its identifier.
    pub program_id: Bytes32,
    /// Handles in the order of its inputs.
    pub inputs: Vec<Bytes32>,
}

/// What a job answers.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The request: the chain's, or without a chain the engine's own draw.
    pub request_id: Bytes32,
    /// Salt, of the same origin.
    pub salt: Bytes32,
    /// What the chain says.
    pub facts: Option<RequestFacts>,
}

impl Service {
    /// The request that a program call answers. Its key set must be the one submitted.
    pub(super) async fn asked(&self, request_id: &[u8], key_digest: &Bytes32) -> Result<Asked, EngineError> {
        let Some(chain) = &self.runner.parts().chain else {
            if !request_id.is_empty() {
                return Err(EngineError::RequestId(
                    "this engine runs without a chain: request_id must be empty",
                ));
            }
            // Without a chain the engine draws what the chain would.
            return Ok(Asked { request_id: rand::random(), salt: rand::random(), facts: None });
        };
        if request_id.is_empty() {
            return Err(EngineError::RequestId(
                "this engine answers requests on chain: request_id is missing",
            ));
        }
        let request_id = wire::word("request_id", request_id)?;
        let facts = chain.request(&request_id).await?;
        if facts.fulfilled {
            return Err(EngineError::AlreadyFulfilled { request: hex::encode(request_id) });
        }
        let asked = Asked { request_id, salt: facts.salt, facts: Some(facts) };
        asked.check_key(key_digest)?;
        Ok(asked)
    }
}

impl Asked {
    /// The call that is answered: the request's own, with which a submitted one must agree.
    pub fn call(&self, submitted: Option<ProgramCall>) -> Result<ProgramCall, EngineError> {
        let Some(facts) = &self.facts else {
            return submitted.ok_or(EngineError::FieldMissing { field: "work" });
        };
        if let Some(call) = submitted {
            self.check_program("program", &call.program_id)?;
            self.check_inputs(&call.inputs)?;
        }
        Ok(ProgramCall { program_id: facts.program_id, inputs: facts.inputs.clone() })
    }

    /// The program must be the request's.
    pub fn check_program(&self, field: &'static str, program_id: &Bytes32) -> Result<(), EngineError> {
        let Some(facts) = &self.facts else { return Ok(()) };
        if *program_id == facts.program_id {
            return Ok(());
        }
        Err(self.differs(field, hex::encode(program_id), hex::encode(facts.program_id)))
    }

    /// The inputs must be the request's, in their order.
    pub fn check_inputs(&self, inputs: &[Bytes32]) -> Result<(), EngineError> {
        let Some(facts) = &self.facts else { return Ok(()) };
        if inputs == facts.inputs {
            return Ok(());
        }
        let list = |inputs: &[Bytes32]| inputs.iter().map(hex::encode).collect::<Vec<_>>().join(",");
        Err(self.differs("inputs", list(inputs), list(&facts.inputs)))
    }

    /// The request is for a linear program, as its text is.
    pub fn check_linear(&self) -> Result<(), EngineError> {
        self.check_registered(&Registered::Linear)
    }

    /// The request is for this circuit: the chain says of it, and of each segment where one proof does not cover it, what its
    /// text says.
    pub fn check_circuit(&self, setup: &Setup, circuit: &Circuit) -> Result<(), EngineError> {
        if self.facts.is_none() {
            return Ok(());
        }
        self.check_registered(&Registered::of(&circuits(setup)?.parameters, circuit)?)
    }

    fn check_registered(&self, text: &Registered) -> Result<(), EngineError> {
        let Some(facts) = &self.facts else { return Ok(()) };
        match text.difference(&facts.program) {
            Some((field, there, here)) => Err(self.differs(field, here, there)),
            None => Ok(()),
        }
    }

    fn check_key(&self, key_digest: &Bytes32) -> Result<(), EngineError> {
        match &self.facts {
            Some(facts) if *key_digest != facts.key_digest => {
                Err(self.differs("key set", hex::encode(key_digest), hex::encode(facts.key_digest)))
            }
            _ => Ok(()),
        }
    }

    fn differs(&self, field: &'static str, got: String, expected: String) -> EngineError {
        EngineError::RequestMismatch { request: hex::encode(self.request_id), field, got, expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circuit::SegmentedRecord;

    fn asked() -> Asked {
        let facts = RequestFacts {
            program_id: [1; 32],
            program: Registered::Linear,
            key_digest: [2; 32],
            salt: [3; 32],
            inputs: vec![[4; 32], [5; 32]],
            fulfilled: false,
        };
        Asked { request_id: [0; 32], salt: facts.salt, facts: Some(facts) }
    }

    fn field<T: std::fmt::Debug>(result: Result<T, EngineError>) -> &'static str {
        match result {
            Err(EngineError::RequestMismatch { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_chain_decides_what_is_computed() {
        let asked = asked();
        let call = ProgramCall { program_id: [1; 32], inputs: vec![[4; 32], [5; 32]] };
        assert_eq!(asked.call(Some(call.clone())).unwrap(), call);
        assert_eq!(asked.call(None).unwrap(), call);
        assert!(asked.check_key(&[2; 32]).is_ok());
        assert_eq!(field(asked.check_key(&[9; 32])), "key set");
        assert_eq!(field(asked.call(Some(ProgramCall { program_id: [9; 32], ..call.clone() }))), "program");
        let swapped = ProgramCall { inputs: vec![[5; 32], [4; 32]], ..call };
        assert_eq!(field(asked.call(Some(swapped))), "inputs");
    }

    #[test]
    fn the_kind_of_the_program_is_the_chains() {
        let mut asked = asked();
        assert!(asked.check_linear().is_ok());
        asked.facts.as_mut().unwrap().program = Registered::Segments(SegmentedRecord {
            layouts: [[0; 32]; trine_verifier::bootstrapping::program::LAYOUT_WORDS],
            inputs: 1,
            outputs: 1,
            segments: vec![[1; 32], [2; 32]],
        });
        assert_eq!(field(asked.check_linear()), "kind of the program");
        let without_chain = Asked { facts: None, ..asked };
        assert!(without_chain.check_linear().is_ok());
        assert!(matches!(without_chain.call(None), Err(EngineError::FieldMissing { field: "work" })));
    }
}
