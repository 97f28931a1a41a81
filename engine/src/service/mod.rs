//! `trine.engine.v1`: authentication, limits, conversion between messages and domain types.
//!
//! | module | holds |
//! | --- | --- |
//! | [`auth`] | bearer tokens to principals |
//! | [`limits`] | sizes that are accepted |
//! | [`wire`] | messages to domain types and back |
//! | [`upload`] | contents that arrive in chunks |
//! | [`idempotency`] | the same request again gets the same answer |
//! | [`operations`] | operation lists as they travel |
//! | [`keys`], [`ciphertexts`], [`access`], [`programs`], [`submission`], [`jobs`] | the calls |
//! | [`requests`] | what a job and its request on chain agree on |
//! | [`server`] | the gRPC server with health and reflection |

pub mod access;
pub mod auth;
pub mod ciphertexts;
pub mod idempotency;
pub mod jobs;
pub mod keys;
pub mod limits;
pub mod operations;
pub mod programs;
pub mod requests;
pub mod server;
pub mod submission;
pub mod upload;
pub mod wire;

use crate::domain::Principal;
use crate::error::EngineError;
use crate::jobs::JobRunner;
use crate::setup::Setup;
use crate::store::Store;
use auth::Tokens;
use limits::Limits;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};
use trine_proto::engine::v1 as pb;
use trine_proto::engine::v1::engine_service_server::EngineService;

/// A stream of answers.
pub type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The service. Clones share everything.
#[derive(Clone)]
pub struct Service {
    runner: JobRunner,
    tokens: Arc<Tokens>,
    limits: Limits,
    uploads: Arc<Semaphore>,
    /// One operation list is lowered at a time.
    admissions: Arc<Semaphore>,
    /// One digest of a key is looked up on chain at a time: reads of keys need no token.
    lookups: Arc<Semaphore>,
}

impl Service {
    /// Serves over a runner's store, setup and chain.
    pub fn new(runner: JobRunner, tokens: Tokens, limits: Limits) -> Self {
        let uploads = Arc::new(Semaphore::new(limits.max_uploads));
        let (admissions, lookups) = (Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(1)));
        Self { runner, tokens: Arc::new(tokens), limits, uploads, admissions, lookups }
    }

    fn store(&self) -> &dyn Store {
        self.runner.parts().store.as_ref()
    }

    fn setup(&self) -> &Arc<Setup> {
        &self.runner.parts().setup
    }

    /// The caller of a mutating call.
    fn caller<T>(&self, request: &Request<T>) -> Result<Principal, EngineError> {
        self.tokens.principal(request.metadata())
    }

    /// The caller of a read that may be public. A wrong token is refused all the same.
    fn reader<T>(&self, request: &Request<T>) -> Result<Option<Principal>, EngineError> {
        let shown = request.metadata().contains_key(auth::HEADER);
        if shown { self.caller(request).map(Some) } else { Ok(None) }
    }

    fn upload_permit(&self) -> Result<OwnedSemaphorePermit, EngineError> {
        let busy = |_| EngineError::Busy { what: "uploads", most: self.limits.max_uploads };
        self.uploads.clone().try_acquire_owned().map_err(busy)
    }

    fn info(&self) -> pb::GetInfoResponse {
        let setup = self.setup();
        let domain = setup.domain([0; 32]);
        pb::GetInfoResponse {
            chain_id: domain.chain_id,
            coprocessor: domain.coprocessor.to_vec(),
            verifier_hash: domain.verifier_hash.to_vec(),
            srs_digest: domain.srs_digest.to_vec(),
            parameter_set_id: domain.parameter_set_id.to_vec(),
            chain: self.runner.parts().chain.is_some(),
            development: setup.is_development(),
            limits: Some(self.limits.message(setup.max_blocks())),
            operations: operations::codes(),
            words_per_block: trine_fhe::parameters::BLOCK_WORDS as u32,
            circuit_verifier_hash: setup.circuits.map(|c| c.verifier_hash.to_vec()).unwrap_or_default(),
        }
    }
}

#[tonic::async_trait]
impl EngineService for Service {
    type DownloadKeyStream = Answers<pb::DownloadKeyResponse>;
    type DownloadCiphertextStream = Answers<pb::DownloadCiphertextResponse>;
    type WatchJobStream = Answers<pb::WatchJobResponse>;

    async fn get_info(
        &self,
        _: Request<pb::GetInfoRequest>,
    ) -> Result<Response<pb::GetInfoResponse>, Status> {
        Ok(Response::new(self.info()))
    }

    async fn put_key(
        &self,
        request: Request<Streaming<pb::PutKeyRequest>>,
    ) -> Result<Response<pb::PutKeyResponse>, Status> {
        let caller = self.caller(&request)?;
        Ok(Response::new(self.store_key(&caller, request.into_inner()).await?))
    }

    async fn get_key(
        &self,
        request: Request<pb::GetKeyRequest>,
    ) -> Result<Response<pb::GetKeyResponse>, Status> {
        let record = self.key(&request.get_ref().key_digest).await?;
        Ok(Response::new(pb::GetKeyResponse { key: Some(wire::key_info(&record)) }))
    }

    async fn download_key(
        &self,
        request: Request<pb::DownloadKeyRequest>,
    ) -> Result<Response<Self::DownloadKeyStream>, Status> {
        Ok(Response::new(self.key_chunks(request.into_inner()).await?))
    }

    async fn upload_ciphertext(
        &self,
        request: Request<Streaming<pb::UploadCiphertextRequest>>,
    ) -> Result<Response<pb::UploadCiphertextResponse>, Status> {
        let caller = self.caller(&request)?;
        Ok(Response::new(self.store_ciphertext(&caller, request.into_inner()).await?))
    }

    async fn download_ciphertext(
        &self,
        request: Request<pb::DownloadCiphertextRequest>,
    ) -> Result<Response<Self::DownloadCiphertextStream>, Status> {
        let reader = self.reader(&request)?;
        Ok(Response::new(self.ciphertext_chunks(reader.as_ref(), &request.get_ref().handle)?))
    }

    async fn get_access(
        &self,
        request: Request<pb::GetAccessRequest>,
    ) -> Result<Response<pb::GetAccessResponse>, Status> {
        let reader = self.reader(&request)?;
        let record = self.readable(reader.as_ref(), &request.get_ref().handle)?;
        Ok(Response::new(pb::GetAccessResponse { access: Some(wire::access_list(&record.access)) }))
    }

    async fn set_access(
        &self,
        request: Request<pb::SetAccessRequest>,
    ) -> Result<Response<pb::SetAccessResponse>, Status> {
        let caller = self.caller(&request)?;
        Ok(Response::new(self.change_access(&caller, request.into_inner())?))
    }

    async fn register_program(
        &self,
        request: Request<pb::RegisterProgramRequest>,
    ) -> Result<Response<pb::RegisterProgramResponse>, Status> {
        let caller = self.caller(&request)?;
        Ok(Response::new(self.store_program(&caller, request.into_inner())?))
    }

    async fn get_program(
        &self,
        request: Request<pb::GetProgramRequest>,
    ) -> Result<Response<pb::GetProgramResponse>, Status> {
        let text = self.program_text(&request.get_ref().program_id)?;
        Ok(Response::new(pb::GetProgramResponse { text: text.into_bytes() }))
    }

    async fn submit_job(
        &self,
        request: Request<pb::SubmitJobRequest>,
    ) -> Result<Response<pb::SubmitJobResponse>, Status> {
        let caller = self.caller(&request)?;
        Ok(Response::new(self.accept_job(&caller, request.into_inner()).await?))
    }

    async fn get_job(
        &self,
        request: Request<pb::GetJobRequest>,
    ) -> Result<Response<pb::GetJobResponse>, Status> {
        let reader = self.reader(&request)?;
        let job = self.readable_job(reader.as_ref(), &request.get_ref().job_id)?;
        Ok(Response::new(pb::GetJobResponse { job: Some(self.job_message(&job)?) }))
    }

    async fn watch_job(
        &self,
        request: Request<pb::WatchJobRequest>,
    ) -> Result<Response<Self::WatchJobStream>, Status> {
        let reader = self.reader(&request)?;
        Ok(Response::new(self.follow_job(reader.as_ref(), &request.get_ref().job_id)?))
    }

    async fn list_jobs(
        &self,
        request: Request<pb::ListJobsRequest>,
    ) -> Result<Response<pb::ListJobsResponse>, Status> {
        let caller = self.caller(&request)?;
        Ok(Response::new(self.job_page(&caller, request.into_inner())?))
    }

    async fn cancel_job(
        &self,
        request: Request<pb::CancelJobRequest>,
    ) -> Result<Response<pb::CancelJobResponse>, Status> {
        let caller = self.caller(&request)?;
        Ok(Response::new(self.stop_job(&caller, request.into_inner())?))
    }

    async fn get_receipt(
        &self,
        request: Request<pb::GetReceiptRequest>,
    ) -> Result<Response<pb::GetReceiptResponse>, Status> {
        let reader = self.reader(&request)?;
        Ok(Response::new(self.receipt(reader.as_ref(), &request.get_ref().job_id)?))
    }
}
