//! Jobs: read, followed, listed, cancelled; receipts.

use super::idempotency::Attempt;
use super::{Answers, Service, wire};
use crate::domain::{CiphertextRecord, Job, JobId, Principal, ProofRecord, Role, SegmentProof};
use crate::error::EngineError;
use crate::jobs::pieces::Pieces;
use crate::jobs::{JobEvent, JobProgress};
use crate::prover::ProofTask;
use crate::store::{JobPosition, position};
use prost::Message;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use trine_proto::engine::v1 as pb;
use trine_proto::prover::v1 as prover;

/// Events that wait for a slow reader.
const WATCH_BUFFER: usize = 16;

impl Service {
    pub(super) fn job_message(&self, job: &Job) -> Result<pb::Job, EngineError> {
        let outputs = job.outputs.iter().map(|output| {
            let record = self.store().ciphertext(&output.handle)?;
            let record = record.ok_or_else(|| EngineError::not_found("ciphertext", &output.handle))?;
            Ok(pb::JobOutput {
                record: Some(wire::handle_record(&record)),
                words_digest: output.words_digest.to_vec(),
                proven: record.proven,
            })
        });
        let circuit = job.work.circuit();
        Ok(pb::Job {
            job_id: job.id.0.to_vec(),
            state: wire::job_state(job.state).into(),
            revision: job.revision,
            owner: job.owner.clone(),
            request_id: job.request_id.to_vec(),
            program_id: job.work.program_id().to_vec(),
            key_digest: job.key_digest.to_vec(),
            inputs: job.inputs.iter().map(|h| h.to_vec()).collect(),
            outputs: outputs.collect::<Result<_, EngineError>>()?,
            failure: job.failure.as_ref().map(wire::failure),
            fulfil_tx: job.fulfil_tx.map(|h| h.to_vec()).unwrap_or_default(),
            created_ms: job.created_ms,
            updated_ms: job.updated_ms,
            circuit_id: circuit.map(|work| work.circuit_id.to_vec()).unwrap_or_default(),
            bootstrappings: circuit.map_or(0, |work| work.bootstrappings),
        })
    }

    /// A job that the caller may read: its own, one whose outputs' lists let it, any for an operator.
    pub(super) fn readable_job(&self, reader: Option<&Principal>, id: &[u8]) -> Result<Job, EngineError> {
        let job = self.runner.job(wire::job_id(id)?)?;
        let own = reader.is_some_and(|r| r.role == Role::Operator || r.name == job.owner);
        // Without outputs there is no list yet: the job is its owner's.
        let listed = !job.outputs.is_empty()
            && job
                .outputs
                .iter()
                .map(|o| Ok(self.store().ciphertext(&o.handle)?.is_some_and(|r| r.access.may_read(reader))))
                .collect::<Result<Vec<_>, EngineError>>()?
                .into_iter()
                .all(|may| may);
        match reader {
            _ if own || listed => Ok(job),
            None => Err(EngineError::Unauthenticated),
            Some(p) => Err(EngineError::Forbidden { principal: p.name.clone(), action: "read this job" }),
        }
    }

    pub(super) fn follow_job(
        &self,
        reader: Option<&Principal>,
        id: &[u8],
    ) -> Result<Answers<pb::WatchJobResponse>, EngineError> {
        let id = self.readable_job(reader, id)?.id;
        // First the channel, then the store: nothing falls between.
        let events = self.runner.announcements().subscribe(id);
        let job = self.runner.job(id)?;
        let (sender, receiver) = mpsc::channel(WATCH_BUFFER);
        let service = self.clone();
        tokio::spawn(async move { service.forward(job, events, sender).await });
        Ok(Box::pin(ReceiverStream::new(receiver)))
    }

    /// Sends states, each once, and progress, until a final state or until the reader is gone.
    async fn forward(
        &self,
        mut job: Job,
        mut events: broadcast::Receiver<JobEvent>,
        sender: mpsc::Sender<Result<pb::WatchJobResponse, Status>>,
    ) {
        let id = job.id;
        let mut sent = 0;
        loop {
            if job.revision > sent {
                sent = job.revision;
                let message = self.job_message(&job).map_err(Status::from);
                let event = message
                    .map(|m| pb::WatchJobResponse { event: Some(pb::watch_job_response::Event::Job(m)) });
                if sender.send(event).await.is_err() || self.runner.is_final(&job) {
                    return;
                }
            }
            let next = tokio::select! {
                next = events.recv() => next,
                () = sender.closed() => return,
            };
            match next {
                Ok(JobEvent::State(state)) => job = *state,
                Ok(JobEvent::Progress(progress)) => {
                    // Best effort: a full buffer drops it.
                    let _ = sender.try_send(Ok(progress_message(progress)));
                }
                Err(RecvError::Lagged(_)) => match self.runner.job(id) {
                    Ok(stored) => job = stored,
                    Err(error) => {
                        let _ = sender.send(Err(error.into())).await;
                        return;
                    }
                },
                Err(RecvError::Closed) => return,
            }
        }
    }

    pub(super) fn job_page(
        &self,
        caller: &Principal,
        request: pb::ListJobsRequest,
    ) -> Result<pb::ListJobsResponse, EngineError> {
        let most = self.limits.max_page_size;
        let size = match usize::try_from(request.page_size) {
            Ok(0) => most,
            Ok(size) if size <= most => size,
            _ => {
                let (got, expected) = (request.page_size.to_string(), format!("0 to {most}"));
                return Err(EngineError::FieldValue { field: "page_size", got, expected });
            }
        };
        let state = wire::job_state_filter(request.state)?;
        let before = page_token(&request.page_token)?;
        let keep = |job: &Job| {
            let own = caller.role == Role::Operator || job.owner == caller.name;
            own && state.is_none_or(|s| s == job.state)
        };
        let jobs = self.store().jobs(before, size, &keep)?;
        let next_page_token = match jobs.last() {
            Some(last) if jobs.len() == size => position(last).to_vec(),
            _ => Vec::new(),
        };
        let jobs = jobs.iter().map(|j| self.job_message(j)).collect::<Result<_, _>>()?;
        Ok(pb::ListJobsResponse { jobs, next_page_token })
    }

    pub(super) fn stop_job(
        &self,
        caller: &Principal,
        request: pb::CancelJobRequest,
    ) -> Result<pb::CancelJobResponse, EngineError> {
        let key = wire::idempotency_key(&request.idempotency_key)?;
        let job = self.runner.job(wire::job_id(&request.job_id)?)?;
        if caller.role != Role::Operator && caller.name != job.owner {
            let action = "cancel this job";
            return Err(EngineError::Forbidden { principal: caller.name.clone(), action });
        }
        let attempt = Attempt::new(caller, key, "CancelJob", &[&request.encode_to_vec()]);
        if let Some(answer) = self.answered(&attempt)? {
            return Ok(answer);
        }
        let answer = |job: &Job| Ok(pb::CancelJobResponse { job: Some(self.job_message(job)?) });
        match self.runner.cancel(job.id, |job| Ok(vec![attempt.write(&answer(job)?)])) {
            Ok(job) => answer(&job),
            Err(EngineError::Store(error)) => {
                self.or_answered(&attempt, Err(error), pb::CancelJobResponse::default())
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn receipt(
        &self,
        reader: Option<&Principal>,
        id: &[u8],
    ) -> Result<pb::GetReceiptResponse, EngineError> {
        let job = self.readable_job(reader, id)?;
        let JobId(id) = job.id;
        let proof =
            self.store().proof(job.id)?.ok_or_else(|| EngineError::not_found("receipt of job", &id))?;
        let (statement, values) = self.runner.statement(&job)?;
        let task = ProofTask { statement, jobs: vec![values], words: Vec::new() };
        let earlier = self.earlier_segments(&job)?;
        let of_all = |time: fn(&ProofRecord) -> u64| {
            earlier.iter().map(|(_, segment)| &segment.proof).chain([&proof]).map(time).sum()
        };
        Ok(pb::GetReceiptResponse {
            receipt: Some(pb::Receipt {
                job_id: id.to_vec(),
                statement: Some(wire::statement(&task)),
                proof: Some(wire::proof(&proof, self.batch(&job, &proof)?)),
                output_words_digests: job.outputs.iter().map(|o| o.words_digest.to_vec()).collect(),
                fulfil_tx: job.fulfil_tx.map(|h| h.to_vec()).unwrap_or_default(),
                argument_ms: of_all(|proof| proof.argument_ms),
                wrap_ms: of_all(|proof| proof.wrap_ms),
                earlier_segments: earlier.iter().map(|(l, s)| wire::earlier_segment(l, s)).collect(),
            }),
        })
    }

    /// What the proof of a job covers beside it: the others' statements, whose outputs stay where their lists let them be read.
    fn batch(&self, job: &Job, proof: &ProofRecord) -> Result<Option<prover::Batch>, EngineError> {
        if !proof.is_of_batch() {
            return Ok(None);
        }
        let place = proof.batch.iter().position(|id| *id == job.id);
        let place = place.ok_or_else(|| EngineError::Task("a proof of other jobs".into()))?;
        let mut others = Vec::new();
        for id in proof.batch.iter().filter(|id| **id != job.id) {
            let (statement, values) = self.runner.statement(&self.runner.job(*id)?)?;
            others.extend(wire::covered_jobs(&statement, &[values]));
        }
        Ok(Some(prover::Batch { place: place as u32, others }))
    }

    /// Links and proofs of all segments but the last.
    fn earlier_segments(&self, job: &Job) -> Result<Vec<(Vec<CiphertextRecord>, SegmentProof)>, EngineError> {
        let pieces = Pieces::of(&self.runner, job)?;
        let segment = |piece| {
            let proof = self.store().segment_proof(job.id, piece)?;
            let missing = || EngineError::not_found("proof of a segment of job", &job.id.0);
            Ok((pieces.links(piece)?, proof.ok_or_else(missing)?))
        };
        (0..pieces.last()).map(segment).collect()
    }
}

fn progress_message(progress: JobProgress) -> pb::WatchJobResponse {
    let message = pb::JobProgress {
        step: progress.step,
        permille: progress.permille,
        bootstrappings_done: progress.bootstrappings_done,
        bootstrappings: progress.bootstrappings,
    };
    pb::WatchJobResponse { event: Some(pb::watch_job_response::Event::Progress(message)) }
}

fn page_token(bytes: &[u8]) -> Result<Option<JobPosition>, EngineError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let wrong = |_| EngineError::FieldLength { field: "page_token", got: bytes.len(), expected: "0 or 24" };
    bytes.try_into().map(Some).map_err(wrong)
}
