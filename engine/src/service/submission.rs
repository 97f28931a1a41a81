//! Jobs are checked against program, ciphertexts and chain before they are stored.

use super::idempotency::Attempt;
use super::operations::{OperationCall, code_name, operation_call};
use super::programs::is_circuit;
use super::requests::{Asked, ProgramCall};
use super::{Service, wire};
use crate::circuit::CircuitRefusal;
use crate::circuit::admission::{admit, admit_circuit};
use crate::domain::{CiphertextRecord, CircuitWork, Job, JobId, JobState, Principal, Work};
use crate::error::EngineError;
use crate::jobs::runner::now_ms;
use crate::store::Write;
use prost::Message;
use trine_program::LinearProgram;
use trine_program::circuit::Circuit;
use trine_program::limits::MAX_INPUTS;
use trine_proto::engine::v1 as pb;
use trine_verifier::Bytes32;

/// What is submitted.
#[derive(Debug)]
enum Submitted<'a> {
    Program(ProgramCall),
    Operations(&'a pb::OperationList),
}

/// A circuit over handles, checked.
struct CircuitCall {
    /// Identifier of what was submitted.
    submitted_id: Bytes32,
    circuit: Circuit,
    inputs: Vec<CiphertextRecord>,
}

impl Service {
    pub(super) async fn accept_job(
        &self,
        caller: &Principal,
        request: pb::SubmitJobRequest,
    ) -> Result<pb::SubmitJobResponse, EngineError> {
        let key = wire::idempotency_key(&request.idempotency_key)?;
        let submitted = request.work.as_ref().map(submitted).transpose()?;
        let key_digest = wire::word("key_digest", &request.key_digest)?;
        let attempt = Attempt::new(caller, key, "SubmitJob", &[&request.encode_to_vec()]);
        if let Some(answer) = self.answered(&attempt)? {
            return Ok(answer);
        }
        self.key_set(&key_digest).await?;
        let request_id = &request.request_id;
        let (job, mut writes) = match submitted {
            Some(Submitted::Operations(list)) => {
                self.operations_job(caller, request_id, key_digest, list).await?
            }
            Some(Submitted::Program(call)) => {
                (self.program_job(caller, request_id, key_digest, Some(call)).await?, Vec::new())
            }
            None => (self.program_job(caller, request_id, key_digest, None).await?, Vec::new()),
        };
        self.check_room()?;
        let answer = pb::SubmitJobResponse { job: Some(self.job_message(&job)?) };
        writes.extend([Write::Claim(job.request_id, job.id), attempt.write(&answer)]);
        let started = self.runner.start(job, writes);
        self.or_answered(&attempt, started, answer)
    }

    async fn program_job(
        &self,
        caller: &Principal,
        request_id: &[u8],
        key_digest: Bytes32,
        call: Option<ProgramCall>,
    ) -> Result<Job, EngineError> {
        let asked = self.asked(request_id, &key_digest).await?;
        let call = asked.call(call)?;
        let text = self.store().program(&call.program_id)?;
        let text = text.ok_or_else(|| EngineError::not_found("program", &call.program_id))?;
        if is_circuit(text.as_bytes()) {
            return self.circuit_job(caller, &asked, key_digest, &call, text).await;
        }
        asked.check_linear()?;
        let program = LinearProgram::from_text(text.as_bytes())?;
        self.check_inputs(caller, &key_digest, &call.inputs, &program)?;
        let job = new_job(caller, Work::Linear(call.program_id), key_digest, call.inputs);
        Ok(answering(job, &asked))
    }

    /// A stored circuit over handles.
    async fn circuit_job(
        &self,
        caller: &Principal,
        asked: &Asked,
        key_digest: Bytes32,
        call: &ProgramCall,
        text: String,
    ) -> Result<Job, EngineError> {
        let inputs = call.inputs.iter().enumerate();
        let inputs = inputs.map(|(index, handle)| self.input(caller, &key_digest, index, handle));
        let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
        let submitted_id = call.program_id;
        let (request, setup) = (asked.clone(), self.runner.parts().setup.clone());
        let admitted = self.admitted(move || {
            let circuit = Circuit::from_text(text.as_bytes()).map_err(CircuitRefusal::Text)?;
            admit_circuit(&circuit, &inputs)?;
            request.check_circuit(&setup, &circuit)?;
            Ok(CircuitCall { submitted_id, circuit, inputs })
        });
        let call = admitted.await?;
        let job = new_circuit_job(caller, asked.facts.is_some(), key_digest, &call);
        Ok(answering(job, asked))
    }

    /// Lowers and checks a list; the job, and both texts. With a request the circuit must be the request's.
    async fn operations_job(
        &self,
        caller: &Principal,
        request_id: &[u8],
        key_digest: Bytes32,
        list: &pb::OperationList,
    ) -> Result<(Job, Vec<Write>), EngineError> {
        let asked =
            if request_id.is_empty() { None } else { Some(self.asked(request_id, &key_digest).await?) };
        let mut index = 0;
        let call: OperationCall = operation_call(list, |handle| {
            let record = self.input(caller, &key_digest, index, handle)?;
            index += 1;
            Ok(record)
        })?;
        let list = call.list.to_text();
        let (request, setup) = (asked.clone(), self.runner.parts().setup.clone());
        let admitted = self.admitted(move || {
            let circuit = admit(&call)?;
            if let Some(request) = request {
                request.check_program("circuit of the operations", &circuit.id().0)?;
                request.check_circuit(&setup, &circuit)?;
            }
            Ok(CircuitCall { submitted_id: call.list.id().0, circuit, inputs: call.inputs })
        });
        let call = admitted.await?;
        let (submitted_id, circuit_id) = (call.submitted_id, call.circuit.id().0);
        let mut job = new_circuit_job(caller, asked.is_some(), key_digest, &call);
        if let Some(asked) = &asked {
            asked.check_inputs(&job.inputs)?;
            job = answering(job, asked);
        }
        let texts =
            vec![Write::Program(submitted_id, list), Write::Program(circuit_id, call.circuit.to_text())];
        Ok((job, texts))
    }

    /// Checks a circuit away from the reactor, one at a time: a large one takes seconds of a processor.
    async fn admitted(
        &self,
        check: impl FnOnce() -> Result<CircuitCall, EngineError> + Send + 'static,
    ) -> Result<CircuitCall, EngineError> {
        let _permit = self.admissions.acquire().await;
        self.check_room()?;
        tokio::task::spawn_blocking(check).await.map_err(|e| EngineError::Task(e.to_string()))?
    }

    /// An input that the caller may read, of the job's key set.
    fn input(
        &self,
        caller: &Principal,
        key_digest: &Bytes32,
        index: usize,
        handle: &Bytes32,
    ) -> Result<CiphertextRecord, EngineError> {
        let record = self.readable(Some(caller), handle)?;
        if record.key_digest != *key_digest {
            return Err(EngineError::InputMismatch { index, field: "key set" });
        }
        Ok(record)
    }

    /// Each input is stored, readable by the caller, of the job's key set and of the declared type.
    fn check_inputs(
        &self,
        caller: &Principal,
        key_digest: &Bytes32,
        inputs: &[Bytes32],
        program: &LinearProgram,
    ) -> Result<(), EngineError> {
        let declared = program.inputs();
        if inputs.len() != declared.len() {
            return Err(EngineError::InputCount { got: inputs.len(), expected: declared.len() });
        }
        for (index, (handle, declaration)) in inputs.iter().zip(declared).enumerate() {
            if !self.input(caller, key_digest, index, handle)?.matches(declaration) {
                return Err(EngineError::InputMismatch {
                    index,
                    field: "key kind, type or number of blocks",
                });
            }
        }
        Ok(())
    }

    fn check_room(&self) -> Result<(), EngineError> {
        let most = self.limits.max_open_jobs;
        let open = self.store().open_jobs(self.runner.parts().chain.is_some())?.len();
        if open < most { Ok(()) } else { Err(EngineError::Busy { what: "open jobs", most }) }
    }
}

/// A job of a request of the engine's own draw.
fn new_job(caller: &Principal, work: Work, key_digest: Bytes32, inputs: Vec<Bytes32>) -> Job {
    let now = now_ms();
    Job {
        id: JobId(rand::random()),
        state: JobState::Accepted,
        revision: 1,
        owner: caller.name.clone(),
        request_id: rand::random(),
        salt: rand::random(),
        work,
        key_digest,
        inputs,
        outputs: Vec::new(),
        failure: None,
        pending: None,
        fulfil_tx: None,
        created_ms: now,
        updated_ms: now,
    }
}

/// The job of a circuit, proved where it answers a request on chain.
fn new_circuit_job(caller: &Principal, requested: bool, key_digest: Bytes32, call: &CircuitCall) -> Job {
    let work = CircuitWork {
        submitted_id: call.submitted_id,
        circuit_id: call.circuit.id().0,
        bootstrappings: call.circuit.bootstrappings().len() as u32,
    };
    let work = if requested { Work::RequestedCircuit(work) } else { Work::Circuit(work) };
    let inputs = call.inputs.iter().map(|record| record.handle).collect();
    new_job(caller, work, key_digest, inputs)
}

/// The job, as the answer to a request.
fn answering(job: Job, asked: &Asked) -> Job {
    Job { request_id: asked.request_id, salt: asked.salt, ..job }
}

fn submitted(work: &pb::submit_job_request::Work) -> Result<Submitted<'_>, EngineError> {
    match work {
        pb::submit_job_request::Work::Program(call) => {
            program_call(&call.program_id, &call.inputs).map(Submitted::Program)
        }
        pb::submit_job_request::Work::Operations(list) => {
            let is_program = |o: &pb::Operation| o.code() == pb::OperationCode::LinearProgram;
            match list.operations.iter().find(|o| is_program(o)) {
                Some(operation) => linear_operation(list, operation).map(Submitted::Program),
                None => Ok(Submitted::Operations(list)),
            }
        }
    }
}

fn program_call(program_id: &[u8], inputs: &[impl AsRef<[u8]>]) -> Result<ProgramCall, EngineError> {
    if inputs.is_empty() || inputs.len() > MAX_INPUTS {
        let (got, expected) = (inputs.len().to_string(), format!("1 to {MAX_INPUTS}"));
        return Err(EngineError::FieldValue { field: "inputs", got, expected });
    }
    Ok(ProgramCall {
        program_id: wire::word("program_id", program_id)?,
        inputs: inputs.iter().map(|h| wire::word("input", h.as_ref())).collect::<Result<_, _>>()?,
    })
}

/// A linear program spelt as an operation, which is the only one of its list.
fn linear_operation(list: &pb::OperationList, operation: &pb::Operation) -> Result<ProgramCall, EngineError> {
    let unimplemented = |name: &str| EngineError::OperationUnimplemented { name: name.into() };
    if list.operations.len() > 1 || !list.outputs.is_empty() {
        let name = code_name(operation.code)?;
        return Err(unimplemented(&format!("{name} among others, or with outputs of its own choice")));
    }
    let handles = operation.operands.iter().map(|operand| match &operand.source {
        Some(pb::operand::Source::Handle(handle)) => Ok(handle.as_slice()),
        Some(_) => Err(unimplemented("LINEAR_PROGRAM of an operand that is no handle")),
        None => Err(EngineError::FieldMissing { field: "operand.source" }),
    });
    program_call(&operation.program_id, &handles.collect::<Result<Vec<_>, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(code: i32) -> pb::Operation {
        let source = Some(pb::operand::Source::Handle(vec![7; 32]));
        let operands = vec![pb::Operand { source, constant_type: 0 }];
        pb::Operation { code, operands, program_id: vec![9; 32], result: 0 }
    }

    fn list(operations: Vec<pb::Operation>) -> pb::submit_job_request::Work {
        pb::submit_job_request::Work::Operations(pb::OperationList { operations, outputs: vec![] })
    }

    #[test]
    fn a_program_runs_by_either_spelling_and_alone() {
        let call = ProgramCall { program_id: [9; 32], inputs: vec![[7; 32]] };
        let spelt = list(vec![operation(1)]);
        assert!(matches!(submitted(&spelt).unwrap(), Submitted::Program(c) if c == call));
        assert_eq!(program_call(&[9; 32], &[[7; 32]]).unwrap(), call);
        for operations in [vec![operation(1), operation(2)], vec![operation(12), operation(1)]] {
            let refused = submitted(&list(operations)).unwrap_err();
            assert!(matches!(refused, EngineError::OperationUnimplemented { .. }), "{refused}");
        }
        assert!(matches!(submitted(&list(vec![operation(12)])).unwrap(), Submitted::Operations(_)));
        assert!(matches!(
            program_call(&[9; 31], &[[7; 32]]),
            Err(EngineError::FieldLength { field: "program_id", .. })
        ));
        assert!(matches!(
            program_call(&[9; 32], &vec![[7; 32]; 65]),
            Err(EngineError::FieldValue { field: "inputs", .. })
        ));
    }
}
