//! The scene of an attack on a batch: a cluster in which jobs have been proved together, and a stranger with funds.

use crate::attacks::circuit::scene::known_reference;
use crate::demo::clients::Clients;
use crate::demo::workload::Answered;
use alloy::primitives::{Address, B256, Bytes, U256};
use anyhow::{Context, bail};
use trine::chain::fulfilments::JobsMessage;
use trine::chain::{Account, ChainError, event};
use trine::cluster::LocalCluster;
use trine::cluster::preparation::account;
use trine_contract::bindings::Coprocessor;
use trine_contract::bindings::coprocessor::ICoprocessor::{CircuitClaim, JobProof};

const REGISTER: &str = "registerCircuit";

/// Everything an attack can reach. Nothing of it is a secret of a node.
pub struct BatchScene {
    clients: Clients,
    /// The jobs of the honest batch, in its order.
    pub jobs: Vec<Answered>,
    /// An account that is no consumer of any of them.
    pub stranger: Account,
    /// The processes, when they are ours.
    _cluster: Option<LocalCluster>,
    /// The honest message.
    honest: JobsMessage,
    /// Block of its transaction.
    block: u64,
    /// The stranger's own registrations of the first job's ciphertexts, for itself as the consumer.
    handles: Vec<B256>,
}

impl BatchScene {
    /// Sets the scene around the first transaction that brought several jobs, and checks that it passes where altered ones
    /// are tried.
    pub async fn new(
        clients: Clients,
        answered: Vec<Answered>,
        cluster: Option<LocalCluster>,
    ) -> anyhow::Result<Self> {
        let stranger = clients.account(account::STRANGER)?;
        let (honest, block) = shared(&answered)?;
        let mut left = answered;
        let mut jobs = Vec::with_capacity(honest.jobs.len());
        for job in &honest.jobs {
            let own = left.iter().position(|answered| answered.fulfilled.request_id == job.requestId);
            jobs.push(left.swap_remove(own.context("the batch has a job of somebody else")?));
        }
        let scene = Self { clients, jobs, stranger, _cluster: cluster, honest, block, handles: Vec::new() };
        // Taken apart and put together again, as altered ones are.
        if let Err(error) = scene.try_before(scene.message()).await {
            bail!("the honest batch does not pass on the state before it: {error}");
        }
        Ok(scene)
    }

    fn coprocessor(&self) -> Address {
        self.clients.file.chain.coprocessor
    }

    /// The honest message.
    pub fn message(&self) -> JobsMessage {
        self.honest.clone()
    }

    /// Plays a message on the state before the honest one.
    pub async fn try_before(&self, message: JobsMessage) -> Result<Bytes, ChainError> {
        self.try_at("fulfilJobs", message.encode(), self.block.saturating_sub(1)).await
    }

    /// Plays a message on the state as it is, in which the honest jobs are fulfilled.
    pub async fn try_now(&self, message: JobsMessage) -> anyhow::Result<Result<Bytes, ChainError>> {
        let head = self.stranger.block_number().await?;
        Ok(self.try_at("fulfilJobs", message.encode(), head).await)
    }

    /// Plays a call of the contract on the state before the honest message.
    pub async fn try_call_before(&self, call: &'static str, input: Bytes) -> Result<Bytes, ChainError> {
        self.try_at(call, input, self.block.saturating_sub(1)).await
    }

    async fn try_at(&self, call: &'static str, input: Bytes, block: u64) -> Result<Bytes, ChainError> {
        self.stranger.call_at(call, self.coprocessor(), input, block).await
    }

    /// A request of the stranger for the first job's circuit over its own registrations of the same ciphertexts, not answered;
    /// as a job of a message.
    pub async fn open_job(&mut self) -> anyhow::Result<JobProof> {
        let reference = self.first()?.registered.reference;
        self.requested(reference).await
    }

    /// The same for the first job's text under another claim.
    pub async fn open_job_of_claim(&mut self, claim: CircuitClaim) -> anyhow::Result<JobProof> {
        let text: Bytes = self.first()?.circuit.to_text().into_bytes().into();
        let contract = self.stranger.coprocessor(self.coprocessor());
        let reference = match self.stranger.send(REGISTER, contract.registerCircuit(text, claim)).await {
            Ok(receipt) => event::<Coprocessor::CircuitRegistered>(REGISTER, &receipt)?.programRef,
            // An attack on this cluster has done so before.
            Err(error) => known_reference(&error).ok_or(error)?,
        };
        self.requested(reference).await
    }

    /// The first job of the batch.
    pub fn first(&self) -> anyhow::Result<&Answered> {
        self.jobs.first().context("no jobs")
    }

    async fn requested(&mut self, program: B256) -> anyhow::Result<JobProof> {
        let handles = self.stranger_handles().await?;
        let key = self.first()?.key_digest;
        let request = self.stranger.request(self.coprocessor(), program, key, &handles).await?;
        let honest = self.honest.jobs.first().context("no jobs")?;
        Ok(JobProof { requestId: request, segment: U256::ZERO, ..honest.clone() })
    }

    /// The stranger's registrations of the first job's ciphertexts, made once. The engine need not know them.
    async fn stranger_handles(&mut self) -> anyhow::Result<Vec<B256>> {
        if self.handles.is_empty() {
            let (coprocessor, own) = (self.coprocessor(), self.stranger.address());
            let first = self.jobs.first().context("no jobs")?;
            for value in &first.values {
                let (key, declared) = (first.key_digest, value.words.declaration());
                let registered =
                    self.stranger.register_ciphertext(coprocessor, own, key, declared, &value.commitment);
                self.handles.push(registered.await?);
            }
        }
        Ok(self.handles.clone())
    }
}

/// The first message that brought more than one job, and its block.
fn shared(answered: &[Answered]) -> anyhow::Result<(JobsMessage, u64)> {
    for job in answered {
        let Some(message) = JobsMessage::decode(&job.fulfilled.input) else { continue };
        if message.jobs.len() > 1 {
            return Ok((message, job.fulfilled.block));
        }
    }
    bail!(
        "no two of the {} jobs were proved together, as it happens when each is done before the next one waits: with more \
         jobs some do",
        answered.len()
    )
}
