//! The scene of an attack on segments: a cluster in which a workload of several has just been answered, and a stranger with
//! funds.

use crate::demo::clients::{Clients, Included};
use crate::demo::workload::{Answered, register_values};
use alloy::primitives::{Address, B256, Bytes, U256};
use anyhow::{Context, anyhow, bail};
use trine::chain::fulfilments::JobsMessage;
use trine::chain::{Account, ChainError};
use trine::cluster::LocalCluster;
use trine::cluster::preparation::account;
use trine::facts::ChainReader;
use trine::phases::Phases;
use trine_contract::bindings::coprocessor::ICoprocessor::JobProof;

/// A message that proves one segment, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentMessage {
    /// The segment.
    pub job: JobProof,
    /// Commitments of the evaluation key.
    pub key_points: Vec<[U256; 2]>,
    /// The proof.
    pub proof: Bytes,
}

/// Everything an attack can reach. Nothing of it is a secret of a node.
pub struct SegmentScene {
    clients: Clients,
    /// What has just succeeded.
    pub honest: Answered,
    /// An account that is no consumer of the workload.
    pub stranger: Account,
    /// The processes, when they are ours.
    _cluster: Option<LocalCluster>,
    /// The honest transactions that are taken apart: of each segment, in order.
    segments: Vec<Included>,
}

impl SegmentScene {
    /// Sets the scene, and checks that each honest transaction passes where altered ones are tried.
    pub async fn new(
        clients: Clients,
        honest: Answered,
        cluster: Option<LocalCluster>,
    ) -> anyhow::Result<Self> {
        let stranger = clients.account(account::STRANGER)?;
        let fulfilled = &honest.fulfilled;
        let last = Included {
            transaction: fulfilled.fulfil_tx,
            block: fulfilled.block,
            gas: fulfilled.gas,
            input: fulfilled.input.clone(),
        };
        let segments = fulfilled.earlier.iter().cloned().chain([last]).collect();
        let scene = Self { clients, honest, stranger, _cluster: cluster, segments };
        for segment in 0..scene.segments.len() {
            // Taken apart and put together again, as altered ones are.
            let control = scene.message(segment)?;
            if let Err(error) = scene.try_before(segment, control).await {
                bail!("honest segment {segment} does not pass on the state before it: {error}");
            }
        }
        Ok(scene)
    }

    /// Address of the `Coprocessor`.
    pub fn coprocessor(&self) -> Address {
        self.clients.file.chain.coprocessor
    }

    /// Reads the chain.
    pub fn reader(&self) -> Result<ChainReader, ChainError> {
        ChainReader::new(&self.clients.file.chain.rpc_url, self.coprocessor())
    }

    /// Index of the last segment.
    pub fn last(&self) -> usize {
        self.segments.len().saturating_sub(1)
    }

    /// The honest message that proved a segment, and no other job.
    pub fn message(&self, segment: usize) -> anyhow::Result<SegmentMessage> {
        let call =
            JobsMessage::decode(&self.included(segment)?.input).context("another call than fulfilJobs")?;
        let got = call.jobs.len();
        let [job] = <[JobProof; 1]>::try_from(call.jobs)
            .map_err(|_| anyhow!("segment {segment} is one of {got} jobs of a proof"))?;
        Ok(SegmentMessage { job, key_points: call.key_points, proof: call.proof })
    }

    /// Block in which a segment was proven.
    pub fn block(&self, segment: usize) -> anyhow::Result<u64> {
        Ok(self.included(segment)?.block)
    }

    fn included(&self, segment: usize) -> anyhow::Result<&Included> {
        self.segments.get(segment).with_context(|| format!("no segment {segment}"))
    }

    /// Plays a message on the state before the honest one of a segment.
    pub async fn try_before(&self, segment: usize, message: SegmentMessage) -> Result<Bytes, ChainError> {
        let block = self.segments.get(segment).map_or(0, |included| included.block);
        self.try_at(block.saturating_sub(1), message).await
    }

    /// Plays a message on the state after a block.
    pub async fn try_at(&self, block: u64, message: SegmentMessage) -> Result<Bytes, ChainError> {
        let SegmentMessage { job, key_points, proof } = message;
        let input = JobsMessage { jobs: vec![job], key_points, proof }.encode();
        self.stranger.call_at("fulfilJobs", self.coprocessor(), input, block).await
    }

    /// A request of the stranger for the honest circuit over its own registrations of the same ciphertexts, not answered.
    pub async fn open_request(&mut self) -> anyhow::Result<(B256, Vec<B256>)> {
        let phases = Phases::start(true);
        let phase = phases.open("register");
        let (key, values) = (self.honest.key_digest, &self.honest.values);
        let handles = register_values(&mut self.clients, &self.stranger, key, values, &phase).await?;
        let program = self.honest.registered.reference;
        Ok((self.stranger.request(self.coprocessor(), program, key, &handles).await?, handles))
    }
}
