//! The chain over JSON-RPC, through alloy.

use super::calls::{fulfil_call, registered_circuit, registered_segments};
use super::committed_keys::CommittedKeys;
use super::{Chain, ChainError, Fulfilment, Inclusion, RequestFacts};
use crate::circuit::Registered;
use crate::domain::PendingTransaction;
use alloy::contract::Error as CallError;
use alloy::eips::eip2718::Encodable2718;
use alloy::network::{EthereumWallet, NetworkTransactionBuilder, TransactionBuilder};
use alloy::primitives::{Address, B256, U256};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::rpc::types::{Filter, TransactionRequest};
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolEvent;
use alloy::transports::{RpcError, TransportErrorKind};
use std::time::{Duration, Instant};
use trine_contract::ContractError;
use trine_contract::bindings::Coprocessor;
use trine_verifier::Bytes32;

/// Gas beyond the estimate, in percent: the estimate is exact on the state of one block.
const GAS_MARGIN_PERCENT: u64 = 20;

/// Looks for a receipt, once the account is past the nonce, until a transaction counts as superseded.
const LOOKS_UNTIL_SUPERSEDED: u32 = 10;
/// `RequestState.Fulfilled` of the contract.
const FULFILLED: u8 = 2;
/// `ProgramKind.Linear` of the contract.
const LINEAR: u8 = 0;
/// `ProgramKind.Circuit`.
const CIRCUIT: u8 = 1;
/// `ProgramKind.Segmented`.
const SEGMENTED: u8 = 2;

/// A node, the contract, and the account that pays.
pub struct RpcChain {
    provider: DynProvider,
    wallet: EthereumWallet,
    account: Address,
    settings: RpcSettings,
}

/// How the node is used.
#[derive(Clone, Copy, Debug)]
pub struct RpcSettings {
    /// Chain id that the node must have.
    pub chain_id: u64,
    /// Coprocessor contract.
    pub coprocessor: Address,
    /// Block from which events are searched: that of the deployment.
    pub from_block: u64,
    /// Time between two looks for a receipt.
    pub poll: Duration,
    /// Time after which the wait for a receipt starts over with sending.
    pub patience: Duration,
}

impl RpcChain {
    /// For a node at `url`. Nothing is sent yet.
    pub fn new(url: &str, signer: PrivateKeySigner, settings: RpcSettings) -> Result<Self, ChainError> {
        let url = url.parse().map_err(|e| ChainError::Answer(format!("address of the node: {e}")))?;
        let account = signer.address();
        // Without fillers: nonce, gas and fees are asked for in `sign`, the nonce last. One that a refused estimate had
        // taken would be a gap, behind which every later transaction of the account waits.
        let provider = ProviderBuilder::default().connect_http(url).erased();
        Ok(Self { provider, wallet: EthereumWallet::from(signer), account, settings })
    }

    /// Compares the chain id of the node.
    pub async fn check(&self) -> Result<(), ChainError> {
        let got = self.provider.get_chain_id().await.map_err(unavailable)?;
        let expected = self.settings.chain_id;
        if got == expected { Ok(()) } else { Err(ChainError::ChainId { got, expected }) }
    }

    fn contract(&self) -> Coprocessor::CoprocessorInstance<DynProvider> {
        Coprocessor::new(self.settings.coprocessor, self.provider.clone())
    }

    /// Identifier of a program, and what the contract holds of it.
    async fn program(
        &self,
        request_id: &Bytes32,
        reference: B256,
    ) -> Result<(Bytes32, Registered), ChainError> {
        let contract = self.contract();
        let failed = |e| refused(request_id, e);
        match contract.programKind(reference).call().await.map_err(failed)? {
            LINEAR => {
                let record = contract.programRecord(reference).call().await.map_err(failed)?;
                Ok((record.programId.0, Registered::Linear))
            }
            CIRCUIT => {
                let record = contract.circuitRecord(reference).call().await.map_err(failed)?;
                Ok((record.programId.0, registered_circuit(record.claim)))
            }
            SEGMENTED => {
                let record = contract.segmentedRecord(reference).call().await.map_err(failed)?;
                Ok((record.programId.0, registered_segments(record)))
            }
            kind => Err(ChainError::Answer(format!("kind {kind} of program {reference} is none of 0 to 2"))),
        }
    }

    async fn event<E: SolEvent>(
        &self,
        request_id: &Bytes32,
    ) -> Result<Option<(E, Option<B256>)>, ChainError> {
        self.first_event(self.events::<E>(request_id)).await
    }

    /// Events of one kind about a request.
    fn events<E: SolEvent>(&self, request_id: &Bytes32) -> Filter {
        Filter::new()
            .address(self.settings.coprocessor)
            .from_block(self.settings.from_block)
            .event_signature(E::SIGNATURE_HASH)
            .topic1(B256::from(*request_id))
    }

    async fn first_event<E: SolEvent>(
        &self,
        filter: Filter,
    ) -> Result<Option<(E, Option<B256>)>, ChainError> {
        let logs = self.provider.get_logs(&filter).await.map_err(unavailable)?;
        let Some(log) = logs.first() else { return Ok(None) };
        let event = E::decode_log(&log.inner).map_err(|e| ChainError::Answer(format!("event: {e}")))?;
        Ok(Some((event.data, log.transaction_hash)))
    }

    async fn succeeded(&self, hash: B256) -> Result<Option<bool>, ChainError> {
        let receipt = self.provider.get_transaction_receipt(hash).await.map_err(unavailable)?;
        Ok(receipt.map(|r| r.status()))
    }
}

#[tonic::async_trait]
impl Chain for RpcChain {
    async fn request(&self, request_id: &Bytes32) -> Result<RequestFacts, ChainError> {
        let contract = self.contract();
        let id = B256::from(*request_id);
        let record = contract.requestRecord(id).call().await.map_err(|e| refused(request_id, e))?;
        let (program_id, program) = self.program(request_id, record.programRef).await?;
        let Some((event, _)) = self.event::<Coprocessor::Requested>(request_id).await? else {
            return Err(ChainError::Answer(format!(
                "request {id} is on chain, its event is not found from block {}",
                self.settings.from_block
            )));
        };
        Ok(RequestFacts {
            program_id,
            program,
            key_digest: record.keyDigest.0,
            salt: record.salt.0,
            inputs: event.inputs.iter().map(|h| h.0).collect(),
            fulfilled: record.state == FULFILLED,
        })
    }

    async fn content_of(&self, key_digest: &Bytes32) -> Result<Option<Bytes32>, ChainError> {
        let contract = CommittedKeys::new(self.settings.coprocessor, self.provider.clone());
        let content = contract.contentOf(B256::from(*key_digest)).call().await;
        let content = content.map_err(|e| refused(key_digest, e))?;
        Ok((!content.is_zero()).then_some(content.0))
    }

    async fn fulfilment(&self, request_id: &Bytes32) -> Result<Option<Bytes32>, ChainError> {
        let event = self.event::<Coprocessor::Fulfilled>(request_id).await?;
        Ok(event.and_then(|(_, transaction)| transaction).map(|hash| hash.0))
    }

    async fn proven_segment(
        &self,
        request_id: &Bytes32,
        segment: u32,
    ) -> Result<Option<Bytes32>, ChainError> {
        let contract = self.contract();
        let links = contract.provenSegment(B256::from(*request_id), U256::from(segment));
        let links = links.call().await.map_err(|e| refused(request_id, e))?;
        Ok((!links.is_zero()).then_some(links.0))
    }

    async fn segment_fulfilment(
        &self,
        request_id: &Bytes32,
        segment: u32,
    ) -> Result<Option<Bytes32>, ChainError> {
        let filter = self.events::<Coprocessor::SegmentProven>(request_id).topic2(U256::from(segment));
        let event = self.first_event::<Coprocessor::SegmentProven>(filter).await?;
        Ok(event.and_then(|(_, transaction)| transaction).map(|hash| hash.0))
    }

    async fn sign(&self, fulfilment: &Fulfilment) -> Result<PendingTransaction, ChainError> {
        self.check().await?;
        let request = TransactionRequest::default()
            .with_from(self.account)
            .with_to(self.settings.coprocessor)
            .with_chain_id(self.settings.chain_id)
            .with_input(fulfil_call(fulfilment));
        let gas = self.provider.estimate_gas(request.clone()).await;
        let gas = gas.map_err(|e| refused(&fulfilment.request_id, CallError::TransportError(e)))?;
        let fees = self.provider.estimate_eip1559_fees().await.map_err(unavailable)?;
        let nonce = self.provider.get_transaction_count(self.account).pending().await.map_err(unavailable)?;
        let envelope = request
            .with_nonce(nonce)
            .with_gas_limit(gas + gas * GAS_MARGIN_PERCENT / 100)
            .with_max_fee_per_gas(fees.max_fee_per_gas)
            .with_max_priority_fee_per_gas(fees.max_priority_fee_per_gas)
            .build(&self.wallet)
            .await
            .map_err(|e| ChainError::Signing(e.to_string()))?;
        Ok(PendingTransaction { hash: envelope.tx_hash().0, nonce, raw: envelope.encoded_2718() })
    }

    async fn send(&self, transaction: &PendingTransaction) -> Result<Inclusion, ChainError> {
        let hash = B256::from(transaction.hash);
        let included = |success| if success { Inclusion::Succeeded } else { Inclusion::Reverted };
        if let Some(success) = self.succeeded(hash).await? {
            return Ok(included(success));
        }
        // A node that knows the transaction, or whose account is past the nonce, refuses it: the receipt decides.
        let refusal = match self.provider.send_raw_transaction(&transaction.raw).await {
            Ok(_) => None,
            Err(RpcError::ErrorResp(answer)) => Some(answer.to_string()),
            Err(error) => return Err(unavailable(error)),
        };
        let (start, mut looks_without_receipt) = (Instant::now(), 0);
        while start.elapsed() < self.settings.patience {
            if let Some(success) = self.succeeded(hash).await? {
                return Ok(included(success));
            }
            let next = self.provider.get_transaction_count(self.account).await.map_err(unavailable)?;
            // A node may count the transaction before it shows the receipt: only a lasting absence means another one.
            looks_without_receipt = if next > transaction.nonce { looks_without_receipt + 1 } else { 0 };
            if looks_without_receipt == LOOKS_UNTIL_SUPERSEDED {
                return Ok(Inclusion::Superseded);
            }
            tokio::time::sleep(self.settings.poll).await;
        }
        let refusal = refusal.map_or(String::new(), |r| format!("; the node answered {r}"));
        Err(ChainError::Unavailable(format!(
            "no receipt of {hash} after {:?}{refusal}",
            self.settings.patience
        )))
    }
}

fn unavailable(error: RpcError<TransportErrorKind>) -> ChainError {
    ChainError::Unavailable(error.to_string())
}

/// Names the revert of a call.
fn refused(request_id: &Bytes32, error: CallError) -> ChainError {
    let request = hex::encode(request_id);
    if let Some(data) = error.as_revert_data() {
        let revert = ContractError::decode(&data);
        return match revert.name() {
            "UnknownRequest" => ChainError::UnknownRequest { request },
            "AlreadyFulfilled" => ChainError::AlreadyFulfilled { request },
            _ => ChainError::Reverted(revert.to_string()),
        };
    }
    match error {
        CallError::TransportError(RpcError::ErrorResp(answer)) => ChainError::Reverted(answer.to_string()),
        CallError::TransportError(e) => unavailable(e),
        CallError::ZeroData(..) => ChainError::Answer("no contract at the configured address".into()),
        other => ChainError::Answer(other.to_string()),
    }
}
