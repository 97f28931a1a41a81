//! What a node reads on chain by itself, over JSON-RPC from a node that it trusts.
//!
//! Finality rule: a fulfilment is final when the configured number of blocks, its own included, stands on it. The
//! consumer's permission to release is read at that depth, too, so that neither can be reorganised away afterwards
//! within the rule. The contract takes it once for a request, with all outputs that are released: a node that sees any of
//! them sees all, and every node the same.

use super::config::{ChainConfig, ConfigError, hex_field};
use crate::protocol::authorise::{ChainFacts, ChainHandle};
use alloy::eips::BlockId;
use alloy::primitives::{Address, B256, FixedBytes};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use std::future::Future;
use std::pin::Pin;
use trine_contract::bindings::coprocessor::Coprocessor::CoprocessorInstance;
use trine_contract::bindings::verifier_gateway::VerifierGateway::VerifierGatewayInstance;
use trine_contract::bindings::{Coprocessor, EvaluationVerifier, ICoprocessor, VerifierGateway};
use trine_program::{KeyKind, ValueType};
use trine_verifier::{Bytes32, Domain, HandleRecord, Origin};

/// A future of a trait that is used behind a pointer.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Reads the facts about a request.
pub trait ChainReader: Send + Sync {
    /// All that [`crate::protocol::authorise`] needs.
    fn facts<'a>(&'a self, request_id: &'a Bytes32) -> BoxFuture<'a, Result<ChainFacts, ChainError>>;
}

/// Why the chain tells nothing.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The node does not answer, or not as a node does.
    #[error("chain: {what}: {reason}")]
    Rpc {
        /// What was asked.
        what: &'static str,
        /// What went wrong.
        reason: String,
    },
    /// The contract knows no such request.
    #[error("chain: no request {request_id}")]
    UnknownRequest {
        /// The request.
        request_id: String,
    },
    /// Another chain than configured.
    #[error("chain: the node follows chain {got}, expected {expected}")]
    ChainId {
        /// Its chain.
        got: u64,
        /// Configured.
        expected: u64,
    },
    /// A record or event that does not fit the others.
    #[error("chain: {what} {fault}")]
    Inconsistent {
        /// The record or event.
        what: &'static str,
        /// What is wrong.
        fault: String,
    },
}

fn rpc<E: std::fmt::Display>(what: &'static str) -> impl FnOnce(E) -> ChainError {
    move |error| ChainError::Rpc { what, reason: error.to_string() }
}

/// Chain and contract over JSON-RPC.
pub struct RpcChain {
    provider: DynProvider,
    coprocessor: CoprocessorInstance<DynProvider>,
    chain_id: u64,
    /// Hash of the verifier of circuits that this node accepts.
    circuit_verifier_hash: Option<Bytes32>,
    confirmations: u64,
    from_block: u64,
}

/// A program as the chain has it.
struct Registered {
    id: Bytes32,
    text: Vec<u8>,
    domain: Domain,
    /// The segment that its outputs are of.
    last_segment: u32,
}

impl RpcChain {
    /// Nothing is asked yet.
    pub fn new(config: &ChainConfig) -> Result<Self, ConfigError> {
        let url = config.rpc_url.parse().map_err(|_| ConfigError::Field {
            field: "chain.rpc_url",
            got: config.rpc_url.clone(),
            expected: "a URL".into(),
        })?;
        let provider = ProviderBuilder::new().connect_http(url).erased();
        let address = Address::from(hex_field::<20>("chain.coprocessor", &config.coprocessor)?);
        Ok(Self {
            coprocessor: CoprocessorInstance::new(address, provider.clone()),
            provider,
            chain_id: config.chain_id,
            circuit_verifier_hash: config
                .circuit_verifier_hash
                .as_deref()
                .map(|hash| hex_field("chain.circuit_verifier_hash", hash))
                .transpose()?,
            confirmations: config.confirmations,
            from_block: config.from_block,
        })
    }

    async fn read(&self, request_id: &Bytes32) -> Result<ChainFacts, ChainError> {
        let id = B256::from(*request_id);
        let chain_id = self.provider.get_chain_id().await.map_err(rpc("chain id"))?;
        if chain_id != self.chain_id {
            return Err(ChainError::ChainId { got: chain_id, expected: self.chain_id });
        }
        let head = self.provider.get_block_number().await.map_err(rpc("block number"))?;
        let request = self.coprocessor.requestRecord(id).call().await.map_err(|error| {
            if error.as_decoded_error::<Coprocessor::UnknownRequest>().is_some() {
                ChainError::UnknownRequest { request_id: hex::encode(request_id) }
            } else {
                rpc("request record")(error)
            }
        })?;
        let fulfilled = request.state == FULFILLED;
        let fulfilled_at = fulfilled.then(|| request.fulfilledAt.to::<u64>());
        let Registered { id: program_id, text: program_text, domain, last_segment } =
            self.program(request.programRef, request.keyDigest.0).await?;
        let inputs = self.requested(id).await?;
        let outputs = if fulfilled { self.fulfilled(id).await? } else { Vec::new() };
        let final_block = (head + 1).saturating_sub(self.confirmations);
        let is_final = fulfilled_at.is_some_and(|at| at <= final_block);
        let allowed_at = if is_final { Some(self.block_hash(final_block).await?) } else { None };
        Ok(ChainFacts {
            domain,
            consumer: request.consumer.into_array(),
            head,
            fulfilled_at,
            program_id,
            program_text,
            salt: request.salt.0,
            // Of a computed input the contract keeps no segment. It is refused whatever it is of (TR.A7).
            inputs: self.handles(&domain, inputs, 0, None).await?,
            outputs: self.handles(&domain, outputs, last_segment, allowed_at).await?,
        })
    }

    /// Record and text of the program, of any kind, and the domain that the contract has proofs of it verified in.
    async fn program(&self, program_ref: B256, key_digest: Bytes32) -> Result<Registered, ChainError> {
        let kind = self.coprocessor.programKind(program_ref).call().await.map_err(rpc("program kind"))?;
        if kind == CIRCUIT {
            let record =
                self.coprocessor.circuitRecord(program_ref).call().await.map_err(rpc("circuit record"))?;
            let text = self.circuit_text(program_ref).await?;
            let domain = self.circuit_domain(key_digest).await?;
            return Ok(Registered { id: record.programId.0, text, domain, last_segment: 0 });
        }
        if kind == SEGMENTED {
            return self.segmented(program_ref, key_digest).await;
        }
        let record =
            self.coprocessor.programRecord(program_ref).call().await.map_err(rpc("program record"))?;
        let text = self.program_text(program_ref).await?;
        let domain = self.linear_domain(key_digest).await?;
        Ok(Registered { id: record.programId.0, text, domain, last_segment: 0 })
    }

    /// A circuit of several segments. What is claimed about these is nobody's word here: the node cuts the text itself.
    async fn segmented(&self, program_ref: B256, key_digest: Bytes32) -> Result<Registered, ChainError> {
        let record =
            self.coprocessor.segmentedRecord(program_ref).call().await.map_err(rpc("segmented record"))?;
        let events = self
            .coprocessor
            .SegmentsRegistered_filter()
            .topic1(program_ref)
            .from_block(self.from_block)
            .query()
            .await
            .map_err(rpc("SegmentsRegistered events"))?;
        let (event, _) = one("SegmentsRegistered event", events)?;
        Ok(Registered {
            id: record.programId.0,
            text: event.text.to_vec(),
            domain: self.circuit_domain(key_digest).await?,
            last_segment: u32::try_from(record.segments.len().saturating_sub(1)).unwrap_or(u32::MAX),
        })
    }

    /// Verifier of linear programs, setup and parameter set that the contract is bound to.
    async fn linear_domain(&self, key_digest: Bytes32) -> Result<Domain, ChainError> {
        let address = self.coprocessor.verifier().call().await.map_err(rpc("verifier address"))?;
        let verifier = EvaluationVerifier::new(address, self.provider.clone());
        Ok(Domain {
            chain_id: self.chain_id,
            coprocessor: self.coprocessor.address().into_array(),
            verifier_hash: verifier.VERIFIER_HASH().call().await.map_err(rpc("verifier hash"))?.0,
            srs_digest: verifier.SRS_DIGEST().call().await.map_err(rpc("SRS digest"))?.0,
            parameter_set_id: verifier.PARAMETER_SET_ID().call().await.map_err(rpc("parameter set"))?.0,
            key_digest,
        })
    }

    /// The same for circuits. Which verifier of its gateway the contract took is not recorded, and need not be: this node
    /// verifies by itself, under the hash that it is configured for. Here is whether the gateway knows that one; zero if not.
    async fn circuit_domain(&self, key_digest: Bytes32) -> Result<Domain, ChainError> {
        let address = self.coprocessor.gateway().call().await.map_err(rpc("gateway address"))?;
        let gateway = VerifierGateway::new(address, self.provider.clone());
        Ok(Domain {
            chain_id: self.chain_id,
            coprocessor: self.coprocessor.address().into_array(),
            verifier_hash: match self.circuit_verifier_hash {
                Some([a, b, c, d, ..]) => self.hash_behind(&gateway, [a, b, c, d].into()).await?,
                None => Bytes32::default(),
            },
            srs_digest: gateway.SRS_DIGEST().call().await.map_err(rpc("SRS digest"))?.0,
            parameter_set_id: gateway.PARAMETER_SET_ID().call().await.map_err(rpc("parameter set"))?.0,
            key_digest,
        })
    }

    /// Hash of the verifier that a gateway has for a selector; zero where it has none.
    async fn hash_behind(
        &self,
        gateway: &VerifierGatewayInstance<DynProvider>,
        selector: FixedBytes<4>,
    ) -> Result<Bytes32, ChainError> {
        let address = match gateway.verifierOf(selector).call().await {
            Ok(address) => address,
            Err(error) if error.as_decoded_error::<VerifierGateway::UnknownVerifier>().is_some() => {
                return Ok(Bytes32::default());
            }
            Err(error) => return Err(rpc("verifier of circuits")(error)),
        };
        let verifier = EvaluationVerifier::new(address, self.provider.clone());
        Ok(verifier.VERIFIER_HASH().call().await.map_err(rpc("verifier hash"))?.0)
    }

    async fn program_text(&self, program_ref: B256) -> Result<Vec<u8>, ChainError> {
        let events = self
            .coprocessor
            .ProgramRegistered_filter()
            .topic1(program_ref)
            .from_block(self.from_block)
            .query()
            .await
            .map_err(rpc("ProgramRegistered events"))?;
        let (event, _) = one("ProgramRegistered event", events)?;
        Ok(event.text.to_vec())
    }

    async fn circuit_text(&self, program_ref: B256) -> Result<Vec<u8>, ChainError> {
        let events = self
            .coprocessor
            .CircuitRegistered_filter()
            .topic1(program_ref)
            .from_block(self.from_block)
            .query()
            .await
            .map_err(rpc("CircuitRegistered events"))?;
        let (event, _) = one("CircuitRegistered event", events)?;
        Ok(event.text.to_vec())
    }

    async fn requested(&self, id: B256) -> Result<Vec<B256>, ChainError> {
        let events = self
            .coprocessor
            .Requested_filter()
            .topic1(id)
            .from_block(self.from_block)
            .query()
            .await
            .map_err(rpc("Requested events"))?;
        Ok(one("Requested event", events)?.0.inputs)
    }

    async fn fulfilled(&self, id: B256) -> Result<Vec<B256>, ChainError> {
        let events = self
            .coprocessor
            .Fulfilled_filter()
            .topic1(id)
            .from_block(self.from_block)
            .query()
            .await
            .map_err(rpc("Fulfilled events"))?;
        Ok(one("Fulfilled event", events)?.0.outputs)
    }

    /// Names a block for several questions: the answers of two forks under one number would be a choice that nobody made.
    async fn block_hash(&self, number: u64) -> Result<B256, ChainError> {
        let block = self.provider.get_block_by_number(number.into()).await.map_err(rpc("final block"))?;
        let fault = format!("{number} is not there, though the chain is longer");
        Ok(block.ok_or(ChainError::Inconsistent { what: "final block", fault })?.header.hash)
    }

    /// Records of handles, computed ones of this segment; whether their release is allowed in block `allowed_at`, where there is a
    /// final one.
    async fn handles(
        &self,
        domain: &Domain,
        handles: Vec<B256>,
        segment: u32,
        allowed_at: Option<B256>,
    ) -> Result<Vec<ChainHandle>, ChainError> {
        let mut records = Vec::with_capacity(handles.len());
        for handle in handles {
            let record = self.coprocessor.handleRecord(handle).call().await.map_err(rpc("handle record"))?;
            let released = match allowed_at {
                None => false,
                Some(block) => self
                    .coprocessor
                    .isReleaseAllowed(handle)
                    .block(BlockId::hash(block))
                    .call()
                    .await
                    .map_err(rpc("release permission"))?,
            };
            records.push(ChainHandle { released, ..chain_handle(domain, handle.0, segment, &record)? });
        }
        Ok(records)
    }
}

impl ChainReader for RpcChain {
    fn facts<'a>(&'a self, request_id: &'a Bytes32) -> BoxFuture<'a, Result<ChainFacts, ChainError>> {
        Box::pin(self.read(request_id))
    }
}

/// `ProgramKind.Circuit`.
const CIRCUIT: u8 = 1;
/// `ProgramKind.Segmented`.
const SEGMENTED: u8 = 2;
/// `RequestState.Fulfilled`.
const FULFILLED: u8 = 2;
/// `HandleState.Proven`.
const PROVEN: u8 = 2;

fn chain_handle(
    domain: &Domain,
    handle: Bytes32,
    segment: u32,
    record: &ICoprocessor::HandleRecord,
) -> Result<ChainHandle, ChainError> {
    let unknown = |field: &str, code: u8| ChainError::Inconsistent {
        what: "handle record",
        fault: format!("has the {field} {code}, which is unknown"),
    };
    let proven = record.state == PROVEN;
    let origin = if proven {
        let index = u32::from(record.index);
        Origin::Output { request_id: record.requestId.0, job: 0, segment, index }
    } else {
        Origin::Input { registrant: record.registrant.into_array(), consumer: record.consumer.into_array() }
    };
    Ok(ChainHandle {
        handle,
        record: HandleRecord {
            chain_id: domain.chain_id,
            coprocessor: domain.coprocessor,
            key_digest: record.keyDigest.0,
            key_kind: KeyKind::from_code(record.keyKind)
                .ok_or_else(|| unknown("key kind", record.keyKind))?,
            value_type: ValueType::from_code(record.valueType)
                .ok_or_else(|| unknown("type", record.valueType))?,
            blocks: record.blocks,
            origin,
            commitment_digest: record.commitmentDigest.0,
        },
        proven,
        released: false,
        consumer: record.consumer.into_array(),
    })
}

/// Written once by the contract, so one event there must be.
fn one<T>(what: &'static str, events: Vec<T>) -> Result<T, ChainError> {
    let got = events.len();
    match <[T; 1]>::try_from(events) {
        Ok([event]) => Ok(event),
        Err(_) => Err(ChainError::Inconsistent { what, fault: format!("found {got} times, expected once") }),
    }
}
