//! Jobs are checked against program, ciphertexts and chain before they are stored.

use super::idempotency::Attempt;
use super::limits::MAX_OPERATIONS;
use super::{Service, wire};
use crate::chain::RequestFacts;
use crate::domain::{Job, JobId, JobState, Principal};
use crate::error::EngineError;
use crate::jobs::runner::now_ms;
use crate::store::Write;
use prost::Message;
use trine_program::LinearProgram;
use trine_program::linear::MAX_INPUTS;
use trine_proto::engine::v1 as pb;
use trine_verifier::Bytes32;

/// A program over handles.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Work {
    program_id: Bytes32,
    inputs: Vec<Bytes32>,
}

/// What a job is about, once chain and submission agree.
struct Task {
    request_id: Bytes32,
    salt: Bytes32,
    key_digest: Bytes32,
    work: Work,
}

impl Service {
    pub(super) async fn accept_job(
        &self,
        caller: &Principal,
        request: pb::SubmitJobRequest,
    ) -> Result<pb::SubmitJobResponse, EngineError> {
        let key = wire::idempotency_key(&request.idempotency_key)?;
        let work = request.work.as_ref().map(work).transpose()?;
        let key_digest = wire::word("key_digest", &request.key_digest)?;
        let attempt = Attempt::new(caller, key, "SubmitJob", &[&request.encode_to_vec()]);
        if let Some(answer) = self.answered(&attempt)? {
            return Ok(answer);
        }
        if self.store().key(&key_digest)?.is_none() {
            return Err(EngineError::not_found("key", &key_digest));
        }
        let task = self.task(&request.request_id, key_digest, work).await?;
        let program = self.runner.program(&task.work.program_id)?;
        self.check_inputs(caller, &task, &program)?;
        self.check_room()?;
        let job = new_job(caller, task);
        let answer = pb::SubmitJobResponse { job: Some(self.job_message(&job)?) };
        let writes = vec![Write::Claim(job.request_id, job.id), attempt.write(&answer)];
        let started = self.runner.start(job, writes);
        self.or_answered(&attempt, started, answer)
    }

    async fn task(
        &self,
        request_id: &[u8],
        key_digest: Bytes32,
        work: Option<Work>,
    ) -> Result<Task, EngineError> {
        let Some(chain) = &self.runner.parts().chain else {
            if !request_id.is_empty() {
                return Err(EngineError::RequestId(
                    "this engine runs without a chain: request_id must be empty",
                ));
            }
            let work = work.ok_or(EngineError::FieldMissing { field: "work" })?;
            // Without a chain the engine draws what the chain would.
            return Ok(Task { request_id: rand::random(), salt: rand::random(), key_digest, work });
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
        check_request(&request_id, &facts, &key_digest, work.as_ref())?;
        let work = Work { program_id: facts.program_id, inputs: facts.inputs };
        Ok(Task { request_id, salt: facts.salt, key_digest, work })
    }

    /// Each input is stored, readable by the caller, of the job's key set and of the declared type.
    fn check_inputs(
        &self,
        caller: &Principal,
        task: &Task,
        program: &LinearProgram,
    ) -> Result<(), EngineError> {
        let (inputs, declared) = (&task.work.inputs, program.inputs());
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

fn new_job(caller: &Principal, task: Task) -> Job {
    let now = now_ms();
    Job {
        id: JobId(rand::random()),
        state: JobState::Accepted,
        revision: 1,
        owner: caller.name.clone(),
        request_id: task.request_id,
        salt: task.salt,
        program_id: task.work.program_id,
        key_digest: task.key_digest,
        inputs: task.work.inputs,
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
    work: Option<&Work>,
) -> Result<(), EngineError> {
    let differs = |field, got: String, expected: String| {
        Err(EngineError::RequestMismatch { request: hex::encode(request_id), field, got, expected })
    };
    if *key_digest != facts.key_digest {
        return differs("key set", hex::encode(key_digest), hex::encode(facts.key_digest));
    }
    let Some(work) = work else { return Ok(()) };
    if work.program_id != facts.program_id {
        return differs("program", hex::encode(work.program_id), hex::encode(facts.program_id));
    }
    if work.inputs != facts.inputs {
        let list = |inputs: &[Bytes32]| inputs.iter().map(hex::encode).collect::<Vec<_>>().join(",");
        return differs("inputs", list(&work.inputs), list(&facts.inputs));
    }
    Ok(())
}

fn work(work: &pb::submit_job_request::Work) -> Result<Work, EngineError> {
    match work {
        pb::submit_job_request::Work::Program(call) => program_call(&call.program_id, &call.inputs),
        pb::submit_job_request::Work::Operations(list) => operations(&list.operations),
    }
}

fn program_call(program_id: &[u8], inputs: &[impl AsRef<[u8]>]) -> Result<Work, EngineError> {
    if inputs.is_empty() || inputs.len() > MAX_INPUTS {
        let (got, expected) = (inputs.len().to_string(), format!("1 to {MAX_INPUTS}"));
        return Err(EngineError::FieldValue { field: "inputs", got, expected });
    }
    Ok(Work {
        program_id: wire::word("program_id", program_id)?,
        inputs: inputs.iter().map(|h| wire::word("input", h.as_ref())).collect::<Result<_, _>>()?,
    })
}

fn operations(operations: &[pb::Operation]) -> Result<Work, EngineError> {
    if operations.is_empty() || operations.len() > MAX_OPERATIONS {
        let (got, expected) = (operations.len().to_string(), format!("1 to {MAX_OPERATIONS}"));
        return Err(EngineError::FieldValue { field: "operations", got, expected });
    }
    for operation in operations {
        match pb::OperationCode::try_from(operation.code) {
            Ok(pb::OperationCode::LinearProgram) => {}
            Ok(pb::OperationCode::Unspecified) | Err(_) => {
                let (got, expected) = (operation.code.to_string(), "1 to 16".to_string());
                return Err(EngineError::FieldValue { field: "operation.code", got, expected });
            }
            Ok(other) => {
                let name = other.as_str_name().trim_start_matches("OPERATION_CODE_").to_string();
                return Err(EngineError::OperationUnimplemented { name });
            }
        }
    }
    let [operation] = operations else {
        let name = format!("a list of {} programs", operations.len());
        return Err(EngineError::OperationUnimplemented { name });
    };
    let handles = operation.operands.iter().map(|operand| match &operand.source {
        Some(pb::operand::Source::Handle(handle)) => Ok(handle.as_slice()),
        Some(_) => Err(EngineError::OperationUnimplemented { name: "an operand that is no handle".into() }),
        None => Err(EngineError::FieldMissing { field: "operand.source" }),
    });
    program_call(&operation.program_id, &handles.collect::<Result<Vec<_>, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(code: i32) -> pb::Operation {
        let source = Some(pb::operand::Source::Handle(vec![7; 32]));
        pb::Operation { code, operands: vec![pb::Operand { source }], program_id: vec![9; 32] }
    }

    #[test]
    fn a_program_runs_by_either_spelling_and_others_are_refused_by_name() {
        let work = Work { program_id: [9; 32], inputs: vec![[7; 32]] };
        assert_eq!(operations(&[operation(1)]).unwrap(), work);
        assert_eq!(program_call(&[9; 32], &[[7; 32]]).unwrap(), work);
        let name = |list: &[pb::Operation]| match operations(list) {
            Err(EngineError::OperationUnimplemented { name }) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(name(&[operation(12)]), "LT");
        assert_eq!(name(&[operation(1), operation(2)]), "ADD");
        assert_eq!(name(&[operation(1), operation(1)]), "a list of 2 programs");
        for code in [0, 17, -1] {
            assert!(matches!(operations(&[operation(code)]), Err(EngineError::FieldValue { .. })), "{code}");
        }
        assert!(matches!(operations(&[]), Err(EngineError::FieldValue { .. })));
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
        let work = Work { program_id: [1; 32], inputs: facts.inputs.clone() };
        let field = |key: [u8; 32], work: &Work| match check_request(&[0; 32], &facts, &key, Some(work)) {
            Err(EngineError::RequestMismatch { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert!(check_request(&[0; 32], &facts, &[2; 32], Some(&work)).is_ok());
        assert!(check_request(&[0; 32], &facts, &[2; 32], None).is_ok());
        assert_eq!(field([9; 32], &work), "key set");
        assert_eq!(field([2; 32], &Work { program_id: [9; 32], ..work.clone() }), "program");
        let swapped = Work { inputs: vec![[5; 32], [4; 32]], ..work };
        assert_eq!(field([2; 32], &swapped), "inputs");
    }
}
