//! The worker's gRPC service: `trine.prover.v1`.
//!
//! | module | holds |
//! | --- | --- |
//! | [`auth`] | the bearer token |
//! | [`wire`] | statements from messages; handles recomputed |
//! | [`intake`] | words that arrive in chunks |
//! | [`worker`] | one proof in both forms, from checked words to checked bytes |
//! | [`refusal`] | every refusal, with its name and its gRPC code |
//! | [`config`] | the configuration file of the binary |
//! | [`setups`] | reference string and key, by mode |
//! | [`server`] | the gRPC server with health and reflection |
//!
//! One proof at a time: it uses all cores. The worker keeps no state.

pub mod auth;
pub mod config;
pub mod intake;
pub mod refusal;
pub mod server;
pub mod setups;
pub mod wire;
pub mod worker;

use auth::Token;
use intake::Intake;
use refusal::Refusal;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{self, Sender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};
use trine_proto::prover::v1 as pb;
use trine_proto::prover::v1::prover_service_server::ProverService;
use worker::{Proved, Stage, Task, Worker};

/// Time within which a client sends all words: it holds the worker meanwhile.
const INTAKE_PATIENCE: Duration = Duration::from_secs(60);
/// Events that wait for a slow reader.
const EVENT_BUFFER: usize = 32;

type Answers = Pin<Box<dyn Stream<Item = Result<pb::ProveResponse, Status>> + Send>>;
type Answer = Result<pb::ProveResponse, Status>;

/// The service. Clones share everything.
#[derive(Clone)]
pub struct Service {
    worker: Arc<Worker>,
    token: Arc<Token>,
    busy: Arc<Semaphore>,
}

impl Service {
    /// Serves one worker to those who show the token.
    pub fn new(worker: Worker, token: Token) -> Self {
        Self { worker: Arc::new(worker), token: Arc::new(token), busy: Arc::new(Semaphore::new(1)) }
    }

    async fn receive(&self, messages: &mut Streaming<pb::ProveRequest>) -> Result<Task, Status> {
        let header = match messages.next().await.transpose()?.and_then(|m| m.part) {
            Some(pb::prove_request::Part::Header(header)) => header,
            _ => return Err(Refusal::Order { index: 0, expected: "a header" }.into()),
        };
        let statement = header.statement.ok_or(Refusal::Missing { field: "statement" })?;
        let statement = wire::statement(&statement, self.worker.class())?;
        self.worker.check_domain(&statement)?;
        let mut intake = Intake::new(self.worker.class(), &statement);
        for index in 1.. {
            match messages.next().await.transpose()?.map(|m| m.part) {
                Some(Some(pb::prove_request::Part::Chunk(chunk))) => intake.take(&chunk)?,
                Some(_) => return Err(Refusal::Order { index, expected: "a chunk" }.into()),
                None => break,
            }
        }
        let (inputs, outputs) = intake.finish()?;
        Ok(Task { statement, inputs, outputs })
    }

    async fn answer(self, task: Task, sender: Sender<Answer>, permit: OwnedSemaphorePermit) {
        let worker = self.worker.clone();
        let events = sender.clone();
        let proved = tokio::task::spawn_blocking(move || {
            // Held until the proof has ended, cancelled or not.
            let _permit = permit;
            worker.prove(task, &mut |stage, permille| {
                if events.is_closed() {
                    return false;
                }
                let progress = pb::ProveProgress { stage: stage_code(stage).into(), permille };
                let event = pb::prove_response::Event::Progress(progress);
                // Progress is best effort: a full buffer drops it.
                let _ = events.try_send(Ok(pb::ProveResponse { event: Some(event) }));
                true
            })
        });
        let answer = match proved.await {
            Ok(Ok(proved)) => Ok(pb::ProveResponse { event: Some(result(proved)) }),
            Ok(Err(refusal)) => Err(refusal.into()),
            Err(panic) => Err(Refusal::Task(panic.to_string()).into()),
        };
        // The client is gone: nobody wants the proof.
        let _ = sender.send(answer).await;
    }
}

#[tonic::async_trait]
impl ProverService for Service {
    type ProveStream = Answers;

    async fn prove(
        &self,
        request: Request<Streaming<pb::ProveRequest>>,
    ) -> Result<Response<Self::ProveStream>, Status> {
        self.token.check(request.metadata())?;
        let permit = self.busy.clone().try_acquire_owned().map_err(|_| Refusal::Busy)?;
        let mut messages = request.into_inner();
        let task = tokio::time::timeout(INTAKE_PATIENCE, self.receive(&mut messages)).await;
        let task = task.map_err(|_| Refusal::Slow { seconds: INTAKE_PATIENCE.as_secs() })??;
        let (sender, receiver) = mpsc::channel(EVENT_BUFFER);
        tokio::spawn(self.clone().answer(task, sender, permit));
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn get_prover_info(
        &self,
        _: Request<pb::GetProverInfoRequest>,
    ) -> Result<Response<pb::GetProverInfoResponse>, Status> {
        let (worker, class) = (&self.worker, self.worker.class());
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Ok(Response::new(pb::GetProverInfoResponse {
            class_id: u32::from(class.id),
            max_inputs: small(class.inputs),
            max_outputs: small(class.outputs()),
            max_blocks: small(class.blocks()),
            words_per_block: small(intake::words_per_block(class)),
            verifier_hash: worker.verifier_hash().to_vec(),
            srs_digest: worker.srs_digest().to_vec(),
            parameter_set_id: trine_verifier::statement::parameter_set_id().to_vec(),
            development: worker.is_development(),
            busy: self.busy.available_permits() == 0,
        }))
    }
}

fn stage_code(stage: Stage) -> pb::ProveStage {
    match stage {
        Stage::Checking => pb::ProveStage::Checking,
        Stage::Argument => pb::ProveStage::Argument,
        Stage::Verifying => pb::ProveStage::Verifying,
        Stage::Wrapping => pb::ProveStage::Wrapping,
        Stage::VerifyingWrap => pb::ProveStage::VerifyingWrap,
    }
}

fn result(proved: Proved) -> pb::prove_response::Event {
    let milliseconds = |d: Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
    pb::prove_response::Event::Result(pb::ProveResult {
        proof: Some(pb::EvaluationProof {
            inner: proved.inner,
            wrapped: proved.wrapped,
            public_inputs: proved.public_inputs.iter().map(|w| w.to_vec()).collect(),
        }),
        argument_ms: milliseconds(proved.argument_time),
        wrap_ms: milliseconds(proved.wrap_time),
    })
}
