//! What a chain says about one request: records, events, and the verdicts of its contracts. Read without an account.

use crate::chain::fulfilments::{FulfilledJob, jobs_of_call};
use crate::chain::{ChainError, call_error};
use alloy::consensus::Transaction;
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::rpc::types::{Log, TransactionReceipt};
use trine_contract::bindings::{
    Coprocessor, EvaluationVerifier, ICoprocessor, ReleaseVerifier, VerifierGateway,
};

/// `HandleState.Registered` of the contract.
pub const REGISTERED: u8 = 1;
/// `HandleState.Proven`.
pub const PROVEN: u8 = 2;
/// `ProgramKind.Circuit`.
const CIRCUIT: u8 = 1;
/// `ProgramKind.Segmented`.
const SEGMENTED: u8 = 2;
/// `RequestState.Fulfilled`.
pub const FULFILLED: u8 = 2;

/// Reads one `Coprocessor`.
#[derive(Clone, Debug)]
pub struct ChainReader {
    provider: DynProvider,
    coprocessor: Coprocessor::CoprocessorInstance<DynProvider>,
}

/// The verifier that a coprocessor asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifierFacts {
    /// Its address.
    pub address: Address,
    /// Hash of verifying key, SRS, parameter set and class.
    pub hash: B256,
    /// Digest of the SRS.
    pub srs_digest: B256,
    /// Hash of the parameter set's name.
    pub parameter_set_id: B256,
}

/// A registered program, by its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProgramFacts {
    /// A linear program.
    Linear(ICoprocessor::ProgramRecord),
    /// A circuit that one proof covers.
    Circuit(ICoprocessor::CircuitRecord),
    /// A circuit of several segments.
    Segmented(ICoprocessor::SegmentedRecord),
}

impl ProgramFacts {
    /// keccak-256 of the text.
    pub fn id(&self) -> B256 {
        match self {
            Self::Linear(program) => program.programId,
            Self::Circuit(program) => program.programId,
            Self::Segmented(program) => program.programId,
        }
    }
}

/// A segment before the last that is proven on chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentFacts {
    /// The segment.
    pub segment: U256,
    /// Hash of the digests of its links' commitments, from its record.
    pub links_hash: B256,
    /// Handles of its links, from the event `SegmentProven`.
    pub links: Vec<B256>,
    /// Their commitments.
    pub points: Vec<[U256; 2]>,
    /// Transaction of the event.
    pub transaction: B256,
    /// Its block.
    pub block: u64,
    /// Jobs that the transaction brings a proof of; `None` where it does not call the contract itself.
    pub jobs: Option<Vec<FulfilledJob>>,
}

/// The event `Fulfilled` of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FulfilmentFacts {
    /// Output handles.
    pub outputs: Vec<B256>,
    /// Their commitments.
    pub points: Vec<[U256; 2]>,
    /// Transaction of the event.
    pub transaction: B256,
    /// Its block.
    pub block: u64,
    /// Jobs that the transaction brings a proof of; `None` where it does not call the contract itself.
    pub jobs: Option<Vec<FulfilledJob>>,
}

/// A release to be checked by its contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRelease {
    /// Epoch of the committee.
    pub epoch: u64,
    /// The request.
    pub request_id: B256,
    /// Released handles.
    pub handles: Vec<B256>,
    /// Plaintext of each block of each handle.
    pub plaintexts: Vec<u64>,
    /// Signature, EIP-2537 encoding.
    pub signature: Bytes,
}

impl ChainReader {
    /// For the node at `url` and the `Coprocessor` at an address.
    pub fn new(url: &str, coprocessor: Address) -> Result<Self, ChainError> {
        let parsed = url.parse().map_err(|_| ChainError::Url { url: url.into() })?;
        let provider = ProviderBuilder::new().connect_http(parsed).erased();
        Ok(Self { coprocessor: Coprocessor::new(coprocessor, provider.clone()), provider })
    }

    /// EIP-155 chain id of the node.
    pub async fn chain_id(&self) -> Result<u64, ChainError> {
        self.provider.get_chain_id().await.map_err(|e| node("eth_chainId", e))
    }

    /// The verifier.
    pub async fn verifier(&self) -> Result<VerifierFacts, ChainError> {
        let call = |name| move |e| call_error(name, e);
        let address = self.coprocessor.verifier().call().await.map_err(call("verifier"))?;
        self.verifier_at(address).await
    }

    /// The gateway's verifier of circuits whose hash begins with the same four bytes; the caller compares the hash.
    pub async fn circuit_verifier(&self, hash: B256) -> Result<VerifierFacts, ChainError> {
        let call = |name| move |e| call_error(name, e);
        let gateway = self.coprocessor.gateway().call().await.map_err(call("gateway"))?;
        let gateway = VerifierGateway::new(gateway, self.provider.clone());
        let [a, b, c, d, ..] = hash.0;
        let found = gateway.verifierOf([a, b, c, d].into()).call().await;
        self.verifier_at(found.map_err(call("verifierOf"))?).await
    }

    /// Verifiers of both kinds of programs have one interface.
    async fn verifier_at(&self, address: Address) -> Result<VerifierFacts, ChainError> {
        let call = |name| move |e| call_error(name, e);
        let verifier = EvaluationVerifier::new(address, self.provider.clone());
        Ok(VerifierFacts {
            address,
            hash: verifier.VERIFIER_HASH().call().await.map_err(call("VERIFIER_HASH"))?,
            srs_digest: verifier.SRS_DIGEST().call().await.map_err(call("SRS_DIGEST"))?,
            parameter_set_id: verifier.PARAMETER_SET_ID().call().await.map_err(call("PARAMETER_SET_ID"))?,
        })
    }

    /// Whether a key set is registered.
    pub async fn is_key_registered(&self, digest: B256) -> Result<bool, ChainError> {
        let known = self.coprocessor.isKeyRegistered(digest).call().await;
        known.map_err(|e| call_error("isKeyRegistered", e))
    }

    /// Record of a request; reverts with `UnknownRequest`.
    pub async fn request(&self, id: B256) -> Result<ICoprocessor::RequestRecord, ChainError> {
        self.coprocessor.requestRecord(id).call().await.map_err(|e| call_error("requestRecord", e))
    }

    /// Record of a program; reverts with `UnknownProgram`.
    pub async fn program(&self, reference: B256) -> Result<ProgramFacts, ChainError> {
        let call = |name| move |e| call_error(name, e);
        let kind = self.coprocessor.programKind(reference).call().await.map_err(call("programKind"))?;
        Ok(match kind {
            CIRCUIT => {
                let record = self.coprocessor.circuitRecord(reference).call().await;
                ProgramFacts::Circuit(record.map_err(call("circuitRecord"))?)
            }
            SEGMENTED => {
                let record = self.coprocessor.segmentedRecord(reference).call().await;
                ProgramFacts::Segmented(record.map_err(call("segmentedRecord"))?)
            }
            _ => {
                let record = self.coprocessor.programRecord(reference).call().await;
                ProgramFacts::Linear(record.map_err(call("programRecord"))?)
            }
        })
    }

    /// Record of a value; reverts with `UnknownHandle`.
    pub async fn handle(&self, handle: B256) -> Result<ICoprocessor::HandleRecord, ChainError> {
        self.coprocessor.handleRecord(handle).call().await.map_err(|e| call_error("handleRecord", e))
    }

    /// Text of a program, from the event of its registration.
    pub async fn program_text(&self, reference: B256) -> Result<Bytes, ChainError> {
        const EVENT: &str = "ProgramRegistered";
        match self.program(reference).await? {
            ProgramFacts::Linear(_) => {}
            ProgramFacts::Circuit(_) => return self.circuit_text(reference).await,
            ProgramFacts::Segmented(_) => return self.segmented_text(reference).await,
        }
        let filter = self.coprocessor.ProgramRegistered_filter().topic1(reference).from_block(0);
        let found = filter.query().await.map_err(|e| call_error(EVENT, e))?;
        Ok(first(EVENT, reference, found)?.0.text)
    }

    async fn circuit_text(&self, reference: B256) -> Result<Bytes, ChainError> {
        const EVENT: &str = "CircuitRegistered";
        let filter = self.coprocessor.CircuitRegistered_filter().topic1(reference).from_block(0);
        let found = filter.query().await.map_err(|e| call_error(EVENT, e))?;
        Ok(first(EVENT, reference, found)?.0.text)
    }

    async fn segmented_text(&self, reference: B256) -> Result<Bytes, ChainError> {
        const EVENT: &str = "SegmentsRegistered";
        let filter = self.coprocessor.SegmentsRegistered_filter().topic1(reference).from_block(0);
        let found = filter.query().await.map_err(|e| call_error(EVENT, e))?;
        Ok(first(EVENT, reference, found)?.0.text)
    }

    /// Segments of a request that are proven one by one, in their order: all but the last.
    pub async fn proven_segments(&self, id: B256) -> Result<Vec<SegmentFacts>, ChainError> {
        const EVENT: &str = "SegmentProven";
        let filter = self.coprocessor.SegmentProven_filter().topic1(id).from_block(0);
        let mut found = filter.query().await.map_err(|e| call_error(EVENT, e))?;
        found.sort_by_key(|(event, _)| event.segment);
        let mut segments = Vec::with_capacity(found.len());
        for (event, log) in found {
            let links_hash = self.coprocessor.provenSegment(id, event.segment).call().await;
            let transaction = log.transaction_hash.unwrap_or_default();
            segments.push(SegmentFacts {
                segment: event.segment,
                links_hash: links_hash.map_err(|e| call_error("provenSegment", e))?,
                links: event.links,
                points: event.linkPoints,
                transaction,
                block: log.block_number.unwrap_or_default(),
                jobs: self.jobs_of(transaction).await?,
            });
        }
        Ok(segments)
    }

    /// Input handles of a request, from its event.
    pub async fn requested_inputs(&self, id: B256) -> Result<Vec<B256>, ChainError> {
        const EVENT: &str = "Requested";
        let filter = self.coprocessor.Requested_filter().topic1(id).from_block(0);
        let found = filter.query().await.map_err(|e| call_error(EVENT, e))?;
        Ok(first(EVENT, id, found)?.0.inputs)
    }

    /// The fulfilment of a request, from its event.
    pub async fn fulfilment(&self, id: B256) -> Result<FulfilmentFacts, ChainError> {
        const EVENT: &str = "Fulfilled";
        let filter = self.coprocessor.Fulfilled_filter().topic1(id).from_block(0);
        let found = filter.query().await.map_err(|e| call_error(EVENT, e))?;
        let (event, log) = first(EVENT, id, found)?;
        let transaction = log.transaction_hash.unwrap_or_default();
        Ok(FulfilmentFacts {
            outputs: event.outputs,
            points: event.outputPoints,
            transaction,
            block: log.block_number.unwrap_or_default(),
            jobs: self.jobs_of(transaction).await?,
        })
    }

    /// Jobs of circuits that a transaction brings a proof of, where it calls the contract itself.
    async fn jobs_of(&self, transaction: B256) -> Result<Option<Vec<FulfilledJob>>, ChainError> {
        const CALL: &str = "eth_getTransactionByHash";
        let found = self.provider.get_transaction_by_hash(transaction).await.map_err(|e| node(CALL, e))?;
        let found = found.ok_or_else(|| node(CALL, format!("no transaction {transaction}")))?;
        let own = found.inner.to() == Some(*self.coprocessor.address());
        Ok(own.then(|| jobs_of_call(found.inner.input())).flatten())
    }

    /// Has the verifier check a proof; a refusal is a named revert.
    pub async fn check_proof(
        &self,
        verifier: Address,
        public_values: Bytes,
        proof: Bytes,
    ) -> Result<(), ChainError> {
        let contract = EvaluationVerifier::new(verifier, self.provider.clone());
        contract.verify(public_values, proof).call().await.map(drop).map_err(|e| call_error("verify", e))
    }

    /// Has a release verifier check a signature; a refusal is a named revert.
    pub async fn check_release(&self, verifier: Address, release: &SignedRelease) -> Result<(), ChainError> {
        let contract = ReleaseVerifier::new(verifier, self.provider.clone());
        let call = contract.verifyRelease(
            U256::from(release.epoch),
            release.request_id,
            release.handles.clone(),
            release.plaintexts.iter().map(|p| U256::from(*p)).collect(),
            release.signature.clone(),
        );
        call.call().await.map(drop).map_err(|e| call_error("verifyRelease", e))
    }

    /// Receipt of an included transaction.
    pub async fn transaction(&self, hash: B256) -> Result<TransactionReceipt, ChainError> {
        const CALL: &str = "eth_getTransactionReceipt";
        let receipt = self.provider.get_transaction_receipt(hash).await.map_err(|e| node(CALL, e))?;
        receipt.ok_or_else(|| node(CALL, format!("no transaction {hash}")))
    }
}

fn node(call: &'static str, error: impl ToString) -> ChainError {
    ChainError::Node { call, reason: error.to_string() }
}

fn first<E>(event: &'static str, id: B256, found: Vec<(E, Log)>) -> Result<(E, Log), ChainError> {
    found.into_iter().next().ok_or_else(|| node(event, format!("no event of {id}")))
}
