//! What a client asks an engine for: a list over handles; and what it checks of the answer.

use crate::decryption::DevelopmentDecryption;
use crate::run::RunError;
use alloy::primitives::B256;
use trine::engine::EngineClient;
use trine::operations::operation_call;
use trine::phases::OpenPhase;
use trine_program::circuit::Circuit;
use trine_program::operation::Step;
use trine_program::{OperationList, lower};
use trine_proto::engine::v1 as pb;
use trine_proto::engine::v1::watch_job_response::Event;

/// An operation list over stored inputs.
pub struct Request<'a> {
    list: &'a OperationList,
    circuit: Circuit,
    key_digest: [u8; 32],
    handles: Vec<B256>,
}

/// Outputs of one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outputs {
    /// The job, in hexadecimal.
    pub job: String,
    /// Decrypted.
    pub values: Vec<u64>,
    /// Whether a proof covers all of them.
    pub proven: bool,
}

impl<'a> Request<'a> {
    /// Lowers the list: a client knows by itself what will be evaluated. One handle for each input.
    pub fn new(list: &'a OperationList, key_digest: [u8; 32], handles: Vec<B256>) -> Result<Self, RunError> {
        Ok(Self { list, circuit: lower(list)?, key_digest, handles })
    }

    /// The circuit that the engine must evaluate.
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// Operations of the list, constants not counted.
    pub fn operations(&self) -> usize {
        self.list.steps().iter().filter(|step| matches!(step, Step::Apply { .. })).count()
    }

    /// Submits a job, anew with each call, and follows it to its outputs.
    ///
    /// Errors: the engine is about to evaluate another list or circuit than the client's own; the job fails.
    pub async fn evaluate(&self, engine: &mut EngineClient, phase: &OpenPhase) -> Result<pb::Job, RunError> {
        let call = operation_call(self.list, &self.handles)?;
        let job = engine.submit_operations(&rand::random::<[u8; 16]>(), &self.key_digest, call).await?;
        identical("operation list", &job.program_id, &self.list.id().0)?;
        identical("circuit", &job.circuit_id, &self.circuit.id().0)?;
        let job = engine
            .watch(&job.job_id, |event| match event {
                Event::Job(job) => phase.step(job.state().as_str_name()),
                Event::Progress(p) => {
                    phase.step(&format!("{} of {} bootstrappings", p.bootstrappings_done, p.bootstrappings));
                }
            })
            .await?;
        if job.state() == pb::JobState::Evaluated {
            return Ok(job);
        }
        let reason = job.failure.as_ref().map(|f| format!("{}: {}", f.name, f.message));
        let reason = reason.unwrap_or_else(|| "it has no outputs".into());
        Err(RunError::Job { state: job.state().as_str_name(), reason })
    }

    /// Downloads and decrypts the outputs of a job.
    pub async fn outputs(
        &self,
        engine: &mut EngineClient,
        job: &pb::Job,
        decryption: &DevelopmentDecryption,
    ) -> Result<Outputs, RunError> {
        let declared = self.circuit.outputs();
        if job.outputs.len() != declared.len() {
            let what = format!("{} outputs, the circuit has {}", job.outputs.len(), declared.len());
            return Err(RunError::Output { output: job.outputs.len(), what });
        }
        let (mut values, mut proven) = (Vec::with_capacity(declared.len()), true);
        for (output, (told, declared)) in job.outputs.iter().zip(declared).enumerate() {
            let wrong = |what: &str| RunError::Output { output, what: what.into() };
            let record = told.record.as_ref().ok_or_else(|| wrong("no record"))?;
            let handle = B256::try_from(record.handle.as_slice()).map_err(|_| wrong("no handle"))?;
            let download = engine.download(&handle).await?;
            values.push(decryption.decrypt(declared.value_type, &download.words)?);
            proven &= download.info.proven;
        }
        Ok(Outputs { job: hex::encode(&job.job_id), values, proven })
    }
}

fn identical(what: &'static str, got: &[u8], expected: &[u8; 32]) -> Result<(), RunError> {
    if got == expected {
        return Ok(());
    }
    Err(RunError::Identifier { what, got: hex::encode(got), expected: hex::encode(expected) })
}
