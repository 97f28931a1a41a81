//! The scene of an attack on a circuit: a cluster in which a workload has just been answered, and a stranger
//! with funds.

use super::insiders::Insiders;
use super::words::Spelled;
use crate::demo::clients::{self, Asked, Clients, Fulfilled};
use crate::demo::workload::Answered;
use alloy::primitives::{Address, B256, Bytes, keccak256};
use alloy::sol_types::{SolCall, SolError};
use anyhow::{Context, bail};
use trine::chain::circuits::{circuit_claim, program_words};
use trine::chain::{Account, ChainError, RegisteredProgram, call_error, commitment_points, event};
use trine::cluster::LocalCluster;
use trine::cluster::preparation::{Material, account};
use trine::phases::Phases;
use trine::receipt::verify::VerifiedInputs;
use trine_contract::bindings::Coprocessor;
use trine_contract::bindings::coprocessor::ICoprocessor::CircuitClaim;
use trine_contract::calldata::circuit::{CircuitWrapProof, key_points};
use trine_verifier::bootstrapping::{KeyCommitments, Parameters, Shape};

/// The message that fulfils a request for a circuit.
pub type Fulfilment = Coprocessor::fulfilCircuitCall;

/// Everything an attack can reach. Nothing of it is a secret of a node.
pub struct CircuitScene {
    /// Clients of the cluster.
    pub clients: Clients,
    /// Public keys and setups.
    pub material: Material,
    /// What has just succeeded.
    pub honest: Answered,
    /// An account that is no consumer of the workload, no owner.
    pub stranger: Account,
    /// The processes, when they are ours to stop.
    pub cluster: Option<LocalCluster>,
    /// What the owners of contracts have done so far.
    pub insiders: Insiders,
    /// Where the points of the honest proof stand.
    shape: Shape,
    /// The stranger's own registrations of the inputs' ciphertexts, for itself as the consumer.
    handles: Vec<B256>,
    /// A fulfilled request of the stranger that the committee has not released.
    unreleased: Option<Fulfilled>,
    /// A fulfilled request of the stranger of which one output is allowed, another one not.
    pub partly_allowed: Option<Fulfilled>,
}

impl CircuitScene {
    /// Sets the scene, and checks that the honest fulfilment passes where altered ones are tried.
    pub async fn new(
        clients: Clients,
        material: Material,
        honest: Answered,
        cluster: Option<LocalCluster>,
    ) -> anyhow::Result<Self> {
        let stranger = clients.account(account::STRANGER)?;
        let shape = Shape::new(Parameters::PRODUCTION, &honest.circuit)?;
        let scene = Self {
            clients,
            material,
            honest,
            stranger,
            cluster,
            insiders: Insiders::default(),
            shape,
            handles: Vec::new(),
            unreleased: None,
            partly_allowed: None,
        };
        // Taken apart and put together again, as altered ones are.
        let control = scene.with_proof(&scene.proof()?)?;
        if let Err(error) = scene.try_fulfil(&control).await {
            bail!("the honest fulfilment does not pass on the state before it: {error}");
        }
        Ok(scene)
    }

    /// Address of the `Coprocessor`.
    pub fn coprocessor(&self) -> Address {
        self.clients.file.chain.coprocessor
    }

    /// The contract, as the stranger calls it.
    pub fn contract(&self) -> Coprocessor::CoprocessorInstance<alloy::providers::DynProvider> {
        self.stranger.coprocessor(self.coprocessor())
    }

    /// Digest of the evaluation key.
    pub fn key_digest(&self) -> B256 {
        self.honest.key_digest
    }

    /// What is true of the honest circuit's text.
    pub fn claim(&self) -> anyhow::Result<CircuitClaim> {
        Ok(circuit_claim(&self.honest.circuit)?)
    }

    /// The honest claim with its words.
    pub fn spelled(&self) -> anyhow::Result<Spelled> {
        Ok(Spelled { claim: self.claim()?, words: program_words(&self.honest.circuit)? })
    }

    /// Commitments of the evaluation key.
    pub fn keys(&self) -> anyhow::Result<&KeyCommitments> {
        match &self.honest.fulfilled.verified.public {
            VerifiedInputs::Circuit(circuit) => Ok(&circuit.keys),
            VerifiedInputs::Linear(_) => bail!("the receipt is that of a linear program"),
        }
    }

    /// The honest fulfilment.
    pub fn fulfilment(&self) -> anyhow::Result<Fulfilment> {
        let fulfilled = &self.honest.fulfilled;
        Ok(Fulfilment {
            requestId: fulfilled.request_id,
            keyPoints: key_points(self.keys()?),
            outputPoints: commitment_points(fulfilled.verified.outputs.iter().map(|o| &o.commitment)),
            inputPoints: commitment_points(fulfilled.verified.inputs.iter().map(|i| &i.commitment)),
            words: program_words(&self.honest.circuit)?,
            proof: fulfilled.receipt.wrapped_proof.clone().context("no proof for the contract")?,
        })
    }

    /// The honest proof.
    pub fn proof(&self) -> anyhow::Result<CircuitWrapProof> {
        self.proof_of(&self.honest.fulfilled)
    }

    /// The proof of a fulfilled request for the honest circuit.
    pub fn proof_of(&self, fulfilled: &Fulfilled) -> anyhow::Result<CircuitWrapProof> {
        let bytes = fulfilled.receipt.wrapped_proof.as_ref().context("no proof for the contract")?;
        Ok(CircuitWrapProof::from_bytes(&self.shape, &self.verifier_hash().0, bytes)?)
    }

    /// The honest fulfilment with another proof.
    pub fn with_proof(&self, proof: &CircuitWrapProof) -> anyhow::Result<Fulfilment> {
        let bytes = proof.to_bytes(&self.shape, &self.verifier_hash().0)?;
        Ok(Fulfilment { proof: bytes.into(), ..self.fulfilment()? })
    }

    fn verifier_hash(&self) -> B256 {
        self.honest.fulfilled.receipt.domain.verifier_hash
    }

    /// Plays a fulfilment on the state before the honest one.
    pub async fn try_fulfil(&self, fulfilment: &Fulfilment) -> Result<Bytes, ChainError> {
        self.try_before("fulfilCircuit", fulfilment.abi_encode().into()).await
    }

    /// Plays a call of the contract on the state before the honest fulfilment.
    pub async fn try_before(&self, call: &'static str, input: Bytes) -> Result<Bytes, ChainError> {
        let before = self.honest.fulfilled.block.saturating_sub(1);
        self.stranger.call_at(call, self.coprocessor(), input, before).await
    }

    /// Sends a fulfilment as a transaction.
    pub async fn send_fulfil(&self, fulfilment: &Fulfilment) -> Result<B256, ChainError> {
        let (contract, message) = (self.contract(), fulfilment.clone());
        let call = contract.fulfilCircuit(
            message.requestId,
            message.keyPoints,
            message.outputPoints,
            message.inputPoints,
            message.words,
            message.proof,
        );
        Ok(self.stranger.send("fulfilCircuit", call).await?.transaction_hash)
    }

    /// Registers a text as a circuit on chain, with whatever is claimed about it. An attack before may have done so.
    pub async fn register(&self, text: &str, claim: CircuitClaim) -> Result<RegisteredProgram, ChainError> {
        let contract = self.contract();
        let call = contract.registerCircuit(text.as_bytes().to_vec().into(), claim);
        match self.stranger.send("registerCircuit", call).await {
            Ok(receipt) => {
                let event: Coprocessor::CircuitRegistered = event("registerCircuit", &receipt)?;
                Ok(RegisteredProgram { reference: event.programRef, id: event.programId })
            }
            Err(error) => match known_reference(&error) {
                Some(reference) => Ok(RegisteredProgram { reference, id: keccak256(text) }),
                None => Err(error),
            },
        }
    }

    /// The stranger's registrations of the inputs' ciphertexts, made once.
    pub async fn stranger_handles(&mut self) -> anyhow::Result<Vec<B256>> {
        if self.handles.is_empty() {
            let (key, address) = (self.key_digest(), self.stranger.address());
            for value in &self.honest.values {
                let declared = value.words.declaration();
                let (coprocessor, commitment) = (self.coprocessor(), &value.commitment);
                let handle = self
                    .stranger
                    .register_ciphertext(coprocessor, address, key, declared, commitment)
                    .await?;
                clients::upload(&mut self.clients, key, value, address, address, handle).await?;
                self.handles.push(handle);
            }
        }
        Ok(self.handles.clone())
    }

    /// Asks for a program under the evaluation key, as the stranger.
    pub async fn request(&self, program: B256, handles: &[B256]) -> Result<B256, ChainError> {
        self.stranger.request(self.coprocessor(), program, self.key_digest(), handles).await
    }

    /// A request of the stranger for the honest circuit over its own registrations, not answered.
    pub async fn open_request(&mut self) -> anyhow::Result<(B256, Vec<B256>)> {
        let handles = self.stranger_handles().await?;
        Ok((self.request(self.honest.registered.reference, &handles).await?, handles))
    }

    /// Registers a text under a claim, and requests it over the stranger's first registrations; not answered.
    pub async fn open_request_of(
        &mut self,
        text: &str,
        claim: CircuitClaim,
    ) -> anyhow::Result<(B256, Vec<B256>)> {
        let mut handles = self.stranger_handles().await?;
        handles.truncate(usize::from(claim.inputs));
        let registered = self.register(text, claim).await?;
        Ok((self.request(registered.reference, &handles).await?, handles))
    }

    /// Has the engine answer a request of the stranger. Its release is not allowed yet.
    pub async fn answer(
        &mut self,
        program: &RegisteredProgram,
        request_id: B256,
        handles: &[B256],
    ) -> anyhow::Result<Fulfilled> {
        let mut phases = Phases::start(true);
        let asked = Asked { program, key_digest: self.key_digest(), request_id, handles };
        clients::fulfil(&mut self.clients, &self.material, asked, &mut phases).await
    }

    /// A fulfilled request for the honest circuit that the committee has not released: the one kept, or a new
    /// one.
    pub async fn take_unreleased(&mut self) -> anyhow::Result<Fulfilled> {
        if let Some(fulfilled) = self.unreleased.take() {
            return Ok(fulfilled);
        }
        let (request, handles) = self.open_request().await?;
        let program = self.honest.registered;
        self.answer(&program, request, &handles).await
    }

    /// The same, whose release its consumer has not allowed.
    pub async fn take_unallowed(&mut self) -> anyhow::Result<Fulfilled> {
        let fulfilled = self.take_unreleased().await?;
        if !self.is_allowed(&fulfilled).await? {
            return Ok(fulfilled);
        }
        // Nothing is kept: another one.
        self.take_unreleased().await
    }

    /// The same, whose release is allowed.
    pub async fn take_allowed(&mut self) -> anyhow::Result<Fulfilled> {
        let fulfilled = self.take_unreleased().await?;
        if !self.is_allowed(&fulfilled).await? {
            self.allow(&fulfilled).await?;
        }
        Ok(fulfilled)
    }

    /// Keeps a request for the next attack: it is still not released.
    pub fn keep_unreleased(&mut self, fulfilled: Fulfilled) {
        self.unreleased = Some(fulfilled);
    }

    /// Allows the release of all outputs of a request of the stranger.
    pub async fn allow(&self, fulfilled: &Fulfilled) -> Result<(), ChainError> {
        self.stranger.allow_release(self.coprocessor(), &fulfilled.receipt.output_handles()).await
    }

    async fn is_allowed(&self, fulfilled: &Fulfilled) -> anyhow::Result<bool> {
        let output = fulfilled.receipt.outputs.first().context("the receipt has no output")?;
        let allowed = self.contract().isReleaseAllowed(output.handle).call().await;
        Ok(allowed.map_err(|e| call_error("isReleaseAllowed", e))?)
    }
}

/// The reference that `ProgramAlreadyRegistered` names.
pub fn known_reference(error: &ChainError) -> Option<B256> {
    let ChainError::Reverted { data, .. } = error else { return None };
    let known = Coprocessor::ProgramAlreadyRegistered::abi_decode(data).ok()?;
    Some(known.programRef)
}
