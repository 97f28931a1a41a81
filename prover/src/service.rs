//! The worker's gRPC service: `trine.prover.v1`.
//!
//! | module | holds |
//! | --- | --- |
//! | [`auth`] | the bearer token |
//! | [`wire`] | statements from messages; handles recomputed |
//! | [`intake`] | words that arrive in chunks |
//! | [`worker`] | one proof in both forms, from checked words to checked bytes |
//! | [`circuits`] | the same for circuits, under the evaluation key that is held |
//! | [`wrapped`] | proof bytes for the contracts |
//! | [`refusal`] | every refusal, with its name and its gRPC code |
//! | [`config`] | the configuration file of the binary |
//! | [`setups`] | reference string and key, by mode |
//! | [`server`] | the gRPC server with health and reflection |
//!
//! One proof at a time: it uses all cores. The worker keeps no state but the last evaluation key, which any client hands over
//! again where it is missing.

pub mod auth;
pub mod circuits;
pub mod config;
pub mod intake;
pub mod refusal;
pub mod server;
pub mod setups;
pub mod wire;
pub mod worker;
pub mod wrapped;

use auth::Token;
use circuits::CircuitWorker;
use circuits::key::HeldKey;
use circuits::proof::CircuitTask;
use circuits::statement::{is_circuit, key_message};
use circuits::upload::KeyUpload;
use intake::{Intake, Values};
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
use trine_verifier::Bytes32;
use worker::{OnProgress, Proved, Stage, Task, Worker};

/// Time within which a client sends all words: it holds the worker meanwhile.
const INTAKE_PATIENCE: Duration = Duration::from_secs(60);
/// Time within which a client sends all bytes of a key.
const KEY_PATIENCE: Duration = Duration::from_secs(600);
/// Events that wait for a slow reader.
const EVENT_BUFFER: usize = 32;

type Answers = Pin<Box<dyn Stream<Item = Result<pb::ProveResponse, Status>> + Send>>;
type Answer = Result<pb::ProveResponse, Status>;

/// The service. Clones share everything.
#[derive(Clone)]
pub struct Service {
    worker: Arc<Worker>,
    circuits: Option<Arc<CircuitWorker>>,
    token: Arc<Token>,
    busy: Arc<Semaphore>,
}

/// What is proved, of either kind.
enum Work {
    Linear(Task),
    Circuit(CircuitTask, Arc<HeldKey>),
}

/// A statement whose words are still to come.
enum Stated {
    Linear(trine_verifier::Statement),
    Circuit(trine_verifier::bootstrapping::Statement, Arc<HeldKey>),
}

impl Stated {
    fn intake(&self, words_per_block: usize) -> Intake {
        match self {
            Self::Linear(statement) => {
                let program = &statement.job.program;
                Intake::new(words_per_block, [(program.inputs(), program.outputs())])
            }
            Self::Circuit(statement, _) => {
                let circuits = statement.jobs.iter().map(|job| &job.circuit);
                Intake::new(words_per_block, circuits.map(|c| (c.inputs(), c.outputs())))
            }
        }
    }

    fn with_words(self, inputs: Values, outputs: Values) -> Work {
        match self {
            Self::Linear(statement) => Work::Linear(Task { statement, inputs, outputs }),
            Self::Circuit(statement, key) => Work::Circuit(CircuitTask { statement, inputs, outputs }, key),
        }
    }
}

impl Service {
    /// Serves one worker to those who show the token.
    pub fn new(worker: Worker, token: Token) -> Self {
        let busy = Arc::new(Semaphore::new(1));
        Self { worker: Arc::new(worker), circuits: None, token: Arc::new(token), busy }
    }

    /// Serves a worker for circuits beside it.
    pub fn with_circuits(self, circuits: CircuitWorker) -> Self {
        Self { circuits: Some(Arc::new(circuits)), ..self }
    }

    fn circuits(&self) -> Result<&Arc<CircuitWorker>, Refusal> {
        self.circuits.as_ref().ok_or(Refusal::NoCircuits)
    }

    /// Checks a statement of either kind before a word of it is read.
    fn stated(&self, message: &pb::Statement) -> Result<Stated, Refusal> {
        if !is_circuit(&message.program_text) {
            let statement = wire::statement(message, self.worker.class())?;
            self.worker.check_domain(&statement.domain)?;
            return Ok(Stated::Linear(statement));
        }
        let circuits = self.circuits()?;
        let statement = circuits::statement::statement(message, circuits.parameters())?;
        circuits.check_domain(&statement.domain)?;
        let key = circuits.key(&statement.domain.key_digest)?;
        Ok(Stated::Circuit(statement, key))
    }

    async fn receive(&self, messages: &mut Streaming<pb::ProveRequest>) -> Result<Work, Status> {
        let header = match messages.next().await.transpose()?.and_then(|m| m.part) {
            Some(pb::prove_request::Part::Header(header)) => header,
            _ => return Err(Refusal::Order { index: 0, expected: "a header" }.into()),
        };
        let statement = header.statement.ok_or(Refusal::Missing { field: "statement" })?;
        let stated = self.stated(&statement)?;
        let words_per_block = match (&stated, &self.circuits) {
            (Stated::Circuit(..), Some(circuits)) => circuits.parameters().n() + 1,
            _ => intake::words_per_block(self.worker.class()),
        };
        let mut intake = stated.intake(words_per_block);
        for index in 1.. {
            match messages.next().await.transpose()?.map(|m| m.part) {
                Some(Some(pb::prove_request::Part::Chunk(chunk))) => intake.take(&chunk)?,
                Some(_) => return Err(Refusal::Order { index, expected: "a chunk" }.into()),
                None => break,
            }
        }
        let (inputs, outputs) = intake.finish()?;
        Ok(stated.with_words(inputs, outputs))
    }

    /// Reads the bytes of a key, unless it is the one that is held.
    async fn receive_key(
        circuits: &CircuitWorker,
        messages: &mut Streaming<pb::PutKeyRequest>,
    ) -> Result<Received, Status> {
        let header = match messages.next().await.transpose()?.and_then(|m| m.part) {
            Some(pb::put_key_request::Part::Header(header)) => header,
            _ => return Err(Refusal::Order { index: 0, expected: "a header" }.into()),
        };
        let mut upload = KeyUpload::new(&header)?;
        if let Ok(held) = circuits.key(&upload.key_digest) {
            return Ok(Received::Held(held));
        }
        for index in 1.. {
            match messages.next().await.transpose()?.map(|m| m.part) {
                Some(Some(pb::put_key_request::Part::Chunk(chunk))) => upload.take(&chunk)?,
                Some(_) => return Err(Refusal::Order { index, expected: "a chunk" }.into()),
                None => break,
            }
        }
        let key_digest = upload.key_digest;
        Ok(Received::Bytes(key_digest, upload.finish()?))
    }

    fn prove_work(&self, work: Work, on_progress: OnProgress<'_>) -> Result<Proved, Refusal> {
        match work {
            Work::Linear(task) => self.worker.prove(task, on_progress),
            Work::Circuit(task, key) => self.circuits()?.prove(&key, task, on_progress),
        }
    }

    async fn answer(self, work: Work, sender: Sender<Answer>, permit: OwnedSemaphorePermit) {
        let events = sender.clone();
        let proved = tokio::task::spawn_blocking(move || {
            // Held until the proof has ended, cancelled or not.
            let _permit = permit;
            let mut told = None;
            self.prove_work(work, &mut |stage, permille| {
                if events.is_closed() {
                    return false;
                }
                if told.replace((stage, permille)) != Some((stage, permille)) {
                    let progress = pb::ProveProgress { stage: stage_code(stage).into(), permille };
                    let event = pb::prove_response::Event::Progress(progress);
                    // Progress is best effort: a full buffer drops it.
                    let _ = events.try_send(Ok(pb::ProveResponse { event: Some(event) }));
                }
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

/// What a `PutKey` call brings.
enum Received {
    Held(Arc<HeldKey>),
    Bytes(Bytes32, Vec<u8>),
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
        let work = tokio::time::timeout(INTAKE_PATIENCE, self.receive(&mut messages)).await;
        let work = work.map_err(|_| Refusal::Slow { seconds: INTAKE_PATIENCE.as_secs() })??;
        let (sender, receiver) = mpsc::channel(EVENT_BUFFER);
        tokio::spawn(self.clone().answer(work, sender, permit));
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn put_key(
        &self,
        request: Request<Streaming<pb::PutKeyRequest>>,
    ) -> Result<Response<pb::PutKeyResponse>, Status> {
        self.token.check(request.metadata())?;
        let circuits = self.circuits()?.clone();
        let permit = self.busy.clone().try_acquire_owned().map_err(|_| Refusal::Busy)?;
        let mut messages = request.into_inner();
        let received = tokio::time::timeout(KEY_PATIENCE, Self::receive_key(&circuits, &mut messages)).await;
        let key = match received.map_err(|_| Refusal::Slow { seconds: KEY_PATIENCE.as_secs() })?? {
            Received::Held(key) => key,
            Received::Bytes(named, bytes) => {
                let made = tokio::task::spawn_blocking(move || {
                    // Held until the key is, whether or not the client waits.
                    let _permit = permit;
                    circuits.put(&named, &bytes)
                });
                made.await.map_err(|e| Refusal::Task(e.to_string()))??
            }
        };
        let points = Some(key_message(key.commitments()));
        Ok(Response::new(pb::PutKeyResponse { points }))
    }

    async fn get_key(
        &self,
        request: Request<pb::GetKeyRequest>,
    ) -> Result<Response<pb::GetKeyResponse>, Status> {
        self.token.check(request.metadata())?;
        let digest = wire::fixed("key_digest", &request.get_ref().key_digest)?;
        let key = self.circuits()?.key(&digest)?;
        Ok(Response::new(pb::GetKeyResponse { points: Some(key_message(key.commitments())) }))
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
            circuits: self.circuits.as_deref().map(circuits_info),
        }))
    }
}

fn circuits_info(circuits: &CircuitWorker) -> pb::CircuitProverInfo {
    let (parameters, limits) = (circuits.parameters(), circuits.parameters().segment_limits());
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    pb::CircuitProverInfo {
        class_id: u32::from(parameters.id),
        max_bootstrappings: small(limits.bootstrappings.get()),
        max_inputs: small(limits.inputs),
        max_outputs: small(limits.outputs),
        verifier_hash: circuits.verifier_hash().to_vec(),
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
            // Who asks knows the jobs.
            batch: None,
        }),
        argument_ms: milliseconds(proved.argument_time),
        wrap_ms: milliseconds(proved.wrap_time),
    })
}
