//! Jobs are checked against program, ciphertexts and chain before they are stored.

use super::idempotency::Attempt;
use super::operations::{OperationCall, code_name, operation_call};
use super::{Service, wire};
use crate::chain::RequestFacts;
use crate::circuit::admission::admit;
use crate::domain::{CircuitWork, Job, JobId, JobState, Principal, Work};
use crate::error::EngineError;
use crate::jobs::runner::now_ms;
use crate::store::Write;
use prost::Message;
use trine_program::LinearProgram;
use trine_program::linear::MAX_INPUTS;
use trine_proto::engine::v1 as pb;
use trine_verifier::Bytes32;

/// What is submitted.
#[derive(Debug)]
enum Submitted<'a> {
    Program(ProgramCall),
    Operations(&'a pb::OperationList),
}

/// A linear program over handles.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ProgramCall {
    program_id: Bytes32,
    inputs: Vec<Bytes32>,
}

/// What a linear program is evaluated for, once chain and submission agree.
struct Task {
    request_id: Bytes32,
    salt: Bytes32,
    key_digest: Bytes32,
    call: ProgramCall,
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
        if self.store().key(&key_digest)?.is_none() {
            return Err(EngineError::not_found("key", &key_digest));
        }
        let (job, mut writes) = match submitted {
            Some(Submitted::Operations(list)) => {
                if !request.request_id.is_empty() {
                    return Err(EngineError::RequestId(
                        "operations answer no request on chain yet: request_id must be empty",
                    ));
                }
                self.operations_job(caller, key_digest, list).await?
            }
            Some(Submitted::Program(call)) => {
                (self.program_job(caller, &request.request_id, key_digest, Some(call)).await?, Vec::new())
            }
            None => (self.program_job(caller, &request.request_id, key_digest, None).await?, Vec::new()),
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
        let task = self.task(request_id, key_digest, call).await?;
        let program = self.runner.program(&task.call.program_id)?;
        self.check_inputs(caller, &task, &program)?;
        let Task { request_id, salt, key_digest, call } = task;
        let mut job = new_job(caller, Work::Linear(call.program_id), key_digest, call.inputs);
        (job.request_id, job.salt) = (request_id, salt);
        Ok(job)
    }

    /// Lowers and checks a list; the job, and both texts.
    async fn operations_job(
        &self,
        caller: &Principal,
        key_digest: Bytes32,
        list: &pb::OperationList,
    ) -> Result<(Job, Vec<Write>), EngineError> {
        let mut index = 0;
        let call: OperationCall = operation_call(list, |handle| {
            let record = self.readable(Some(caller), handle)?;
            if record.key_digest != key_digest {
                return Err(EngineError::InputMismatch { index, field: "key set" });
            }
            index += 1;
            Ok(record)
        })?;
        // Lowering a large list takes seconds of a processor.
        let _permit = self.admissions.acquire().await;
        self.check_room()?;
        let admitted = tokio::task::spawn_blocking(move || admit(&call).map(|circuit| (call, circuit)));
        let (call, circuit) = admitted.await.map_err(|e| EngineError::Task(e.to_string()))??;
        let (operations_id, circuit_id) = (call.list.id().0, circuit.id().0);
        let bootstrappings = circuit.bootstrappings().len() as u32;
        let work = Work::Circuit(CircuitWork { operations_id, circuit_id, bootstrappings });
        let inputs = call.inputs.iter().map(|record| record.handle).collect();
        let texts = vec![
            Write::Program(operations_id, call.list.to_text()),
            Write::Program(circuit_id, circuit.to_text()),
        ];
        Ok((new_job(caller, work, key_digest, inputs), texts))
    }

    async fn task(
        &self,
        request_id: &[u8],
        key_digest: Bytes32,
        call: Option<ProgramCall>,
    ) -> Result<Task, EngineError> {
        let Some(chain) = &self.runner.parts().chain else {
            if !request_id.is_empty() {
                return Err(EngineError::RequestId(
                    "this engine runs without a chain: request_id must be empty",
                ));
            }
            let call = call.ok_or(EngineError::FieldMissing { field: "work" })?;
            // Without a chain the engine draws what the chain would.
            return Ok(Task { request_id: rand::random(), salt: rand::random(), key_digest, call });
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
        check_request(&request_id, &facts, &key_digest, call.as_ref())?;
        let call = ProgramCall { program_id: facts.program_id, inputs: facts.inputs };
        Ok(Task { request_id, salt: facts.salt, key_digest, call })
    }

    /// Each input is stored, readable by the caller, of the job's key set and of the declared type.
    fn check_inputs(
        &self,
        caller: &Principal,
        task: &Task,
        program: &LinearProgram,
    ) -> Result<(), EngineError> {
        let (inputs, declared) = (&task.call.inputs, program.inputs());
        if inputs.len() != declared.len() {
            return Err(EngineError::InputCount { got: inputs.len(), expected: declared.len() });
        }
        for (index, (handle, declaration)) in inputs.iter().zip(declared).enumerate() {
            let record = self.readable(Some(caller), handle)?;
            if record.key_digest != task.key_digest {
                return Err(EngineError::InputMismatch { index, field: "key set" });
            }
            if !record.matches(declaration) {
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

/// What is submitted must be what the chain says: the proof will be of the latter.
fn check_request(
    request_id: &Bytes32,
    facts: &RequestFacts,
    key_digest: &Bytes32,
    call: Option<&ProgramCall>,
) -> Result<(), EngineError> {
    let differs = |field, got: String, expected: String| {
        Err(EngineError::RequestMismatch { request: hex::encode(request_id), field, got, expected })
    };
    if *key_digest != facts.key_digest {
        return differs("key set", hex::encode(key_digest), hex::encode(facts.key_digest));
    }
    let Some(call) = call else { return Ok(()) };
    if call.program_id != facts.program_id {
        return differs("program", hex::encode(call.program_id), hex::encode(facts.program_id));
    }
    if call.inputs != facts.inputs {
        let list = |inputs: &[Bytes32]| inputs.iter().map(hex::encode).collect::<Vec<_>>().join(",");
        return differs("inputs", list(&call.inputs), list(&facts.inputs));
    }
    Ok(())
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
            program_call(&[9; 32], &vec![[7; 32]; 16]),
            Err(EngineError::FieldValue { field: "inputs", .. })
        ));
    }

    #[test]
    fn the_chain_decides_what_is_computed() {
        let facts = RequestFacts {
            program_id: [1; 32],
            key_digest: [2; 32],
            salt: [3; 32],
            inputs: vec![[4; 32], [5; 32]],
            fulfilled: false,
        };
        let call = ProgramCall { program_id: [1; 32], inputs: facts.inputs.clone() };
        let field =
            |key: [u8; 32], call: &ProgramCall| match check_request(&[0; 32], &facts, &key, Some(call)) {
                Err(EngineError::RequestMismatch { field, .. }) => field,
                other => panic!("{other:?}"),
            };
        assert!(check_request(&[0; 32], &facts, &[2; 32], Some(&call)).is_ok());
        assert!(check_request(&[0; 32], &facts, &[2; 32], None).is_ok());
        assert_eq!(field([9; 32], &call), "key set");
        assert_eq!(field([2; 32], &ProgramCall { program_id: [9; 32], ..call.clone() }), "program");
        let swapped = ProgramCall { inputs: vec![[5; 32], [4; 32]], ..call };
        assert_eq!(field([2; 32], &swapped), "inputs");
    }
}
