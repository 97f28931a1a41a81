//! The scene of an attack: a running cluster in which the honest path has just succeeded, and a stranger with funds.

use super::fulfilment::Fulfilment;
use crate::demo::clients::{self, Asked, Clients, Fulfilled};
use crate::demo::honest::Honest;
use alloy::primitives::{Address, B256, Bytes, U256};
use anyhow::{Context, bail};
use trine::chain::{Account, ChainError, RegisteredProgram, fulfil_input};
use trine::cluster::LocalCluster;
use trine::cluster::preparation::{Material, account};
use trine::phases::Phases;
use trine_program::LinearProgram;

/// Everything an attack can reach. Nothing of it is a secret of a node.
pub struct Scene {
    /// Clients of the cluster.
    pub clients: Clients,
    /// Public keys and setups.
    pub material: Material,
    /// What has just succeeded.
    pub honest: Honest,
    /// An account that is no voter, no consumer of the tally, no owner.
    pub stranger: Account,
    /// The processes, when they are ours to stop.
    pub cluster: Option<LocalCluster>,
    /// The stranger's own registrations of the ballots' ciphertexts, for itself as the consumer.
    handles: Vec<B256>,
    /// A fulfilled and allowed request that nobody has asked the committee about yet.
    unreleased: Option<Fulfilled>,
}

impl Scene {
    /// Sets the scene, and checks that the honest fulfilment passes where altered ones are tried.
    pub async fn new(
        clients: Clients,
        material: Material,
        honest: Honest,
        cluster: Option<LocalCluster>,
    ) -> anyhow::Result<Self> {
        let stranger = clients.account(account::STRANGER)?;
        let scene =
            Self { clients, material, honest, stranger, cluster, handles: Vec::new(), unreleased: None };
        let control = scene.fulfilment();
        if let Err(error) = scene.try_fulfil(&control).await {
            bail!("the honest fulfilment does not pass on the state before it: {error}");
        }
        Ok(scene)
    }

    /// Address of the `Coprocessor`.
    pub fn coprocessor(&self) -> Address {
        self.clients.file.chain.coprocessor
    }

    /// The honest fulfilment.
    pub fn fulfilment(&self) -> Fulfilment {
        let fulfilled = &self.honest.fulfilled;
        Fulfilment {
            request_id: fulfilled.request_id.0,
            outputs: fulfilled.verified.outputs.iter().map(|o| o.commitment.xy()).collect(),
            proof: fulfilled.receipt.wrapped_proof.clone().unwrap_or_default().to_vec(),
        }
    }

    /// Commitments of the honest inputs as the contract takes them.
    pub fn input_points(&self) -> Vec<[U256; 2]> {
        trine::chain::commitment_points(self.honest.values.iter().map(|v| &v.commitment))
    }

    fn input(&self, fulfilment: &Fulfilment, inputs: Vec<[U256; 2]>) -> Bytes {
        let outputs = fulfilment.outputs.iter().map(|p| p.map(U256::from_be_bytes)).collect();
        fulfil_input(fulfilment.request_id.into(), outputs, inputs, fulfilment.proof.clone().into())
    }

    /// Plays a fulfilment of the honest request on the state before it was fulfilled.
    pub async fn try_fulfil(&self, fulfilment: &Fulfilment) -> Result<Bytes, ChainError> {
        let input = self.input(fulfilment, self.input_points());
        let before = self.honest.fulfilled.block.saturating_sub(1);
        self.stranger.call_at("fulfil", self.coprocessor(), input, before).await
    }

    /// Sends a fulfilment as a transaction, with the first `inputs` commitments of the honest inputs.
    pub async fn send_fulfil(&self, fulfilment: &Fulfilment, inputs: usize) -> Result<B256, ChainError> {
        let contract = self.stranger.coprocessor(self.coprocessor());
        let points = self.input_points().into_iter().take(inputs).collect();
        let outputs = fulfilment.outputs.iter().map(|p| p.map(U256::from_be_bytes)).collect();
        let call =
            contract.fulfil(fulfilment.request_id.into(), outputs, points, fulfilment.proof.clone().into());
        Ok(self.stranger.send("fulfil", call).await?.transaction_hash)
    }

    /// The stranger's registrations of the ballots' ciphertexts, made once.
    pub async fn stranger_handles(&mut self) -> anyhow::Result<Vec<B256>> {
        if self.handles.is_empty() {
            let (coprocessor, key) = (self.coprocessor(), self.material.key_digest);
            let address = self.stranger.address();
            for value in &self.honest.values {
                let declaration = value.words.declaration();
                let handle = self
                    .stranger
                    .register_ciphertext(coprocessor, address, key, declaration, &value.commitment)
                    .await?;
                clients::upload(&mut self.clients, key, value, address, address, handle).await?;
                self.handles.push(handle);
            }
        }
        Ok(self.handles.clone())
    }

    /// A request of the stranger for the honest tally over its own registrations, not answered.
    pub async fn open_request(&mut self) -> anyhow::Result<(B256, Vec<B256>)> {
        let handles = self.stranger_handles().await?;
        let (coprocessor, key) = (self.coprocessor(), self.material.key_digest);
        let program = self.honest.registered.reference;
        Ok((self.stranger.request(coprocessor, program, key, &handles).await?, handles))
    }

    /// Has the engine answer a request of the stranger, and allows its release.
    pub async fn answer(
        &mut self,
        program: &RegisteredProgram,
        request_id: B256,
        handles: &[B256],
    ) -> anyhow::Result<Fulfilled> {
        let mut phases = Phases::start(true);
        let asked = Asked { program, key_digest: self.material.key_digest, request_id, handles };
        let fulfilled = clients::fulfil(&mut self.clients, &self.material, asked, &mut phases).await?;
        self.stranger.allow_release(self.coprocessor(), &fulfilled.receipt.output_handles()).await?;
        Ok(fulfilled)
    }

    /// Registers, requests and has proved a program over the stranger's first registrations; release allowed.
    pub async fn proven(&mut self, program: &LinearProgram) -> anyhow::Result<Fulfilled> {
        let handles = self.stranger_handles().await?;
        let inputs = handles.get(..program.inputs().len()).context("fewer ballots than inputs")?.to_vec();
        let stranger = self.stranger.clone();
        let registered = clients::register_program(&mut self.clients, &stranger, program).await?;
        let (coprocessor, key) = (self.coprocessor(), self.material.key_digest);
        let request = self.stranger.request(coprocessor, registered.reference, key, &inputs).await?;
        self.answer(&registered, request, &inputs).await
    }

    /// A fulfilled and allowed request that the committee has not released: the last one kept, or a new one.
    pub async fn take_unreleased(&mut self) -> anyhow::Result<Fulfilled> {
        if let Some(fulfilled) = self.unreleased.take() {
            return Ok(fulfilled);
        }
        let (request, handles) = self.open_request().await?;
        let program = self.honest.registered;
        self.answer(&program, request, &handles).await
    }

    /// Keeps a request for the next attack: it is still not released.
    pub fn keep_unreleased(&mut self, fulfilled: Fulfilled) {
        self.unreleased = Some(fulfilled);
    }
}
