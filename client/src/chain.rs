//! The chain as an application sees it: contracts deployed, programs registered, tallies held, results accepted.
//!
//! JSON-RPC through alloy. A revert is named before it is sent, by the estimate; a transaction that reverts all the same
//! is an error too.
//!
//! | module | holds |
//! | --- | --- |
//! | [`circuits`] | claims of circuits, committed keys, releases by an account |
//! | [`fulfilments`] | which jobs a transaction brings a proof of |
//! | [`election`] | the example consumer of a circuit |
//! | [`tally`] | the example consumer of a linear program |

pub mod circuits;
pub mod election;
pub mod fulfilments;
pub mod tally;

use alloy::consensus::Transaction;
use alloy::contract::{CallBuilder, CallDecoder, Error as CallError};
use alloy::eips::BlockId;
use alloy::network::EthereumWallet;
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::rpc::types::{Filter, TransactionReceipt, TransactionRequest};
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolEvent;
use std::time::Duration;
use trine_contract::ContractError;
use trine_contract::bindings::{Coprocessor, ReleaseVerifier};
use trine_contract::calldata::{points, scalar};
use trine_program::{Declaration, LinearProgram};
use trine_verifier::program::{ClassMismatch, ProgramMatrix};
use trine_verifier::{Class, Commitment};

pub use tally::TallyPlan;

/// Time between two looks for a receipt: a development chain mines at once.
const POLL: Duration = Duration::from_millis(40);
/// Longest wait for a receipt.
const PATIENCE: Duration = Duration::from_secs(60);
/// Scheme of the key digest.
const KEY_SCHEME: &str = "trine.key.blake3.v1";

/// Why a call to the chain has no result.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The address of the node is none.
    #[error("{url:?} is no address of a node")]
    Url {
        /// The text given.
        url: String,
    },
    /// The node does not answer, or refuses.
    #[error("{call}: node: {reason}")]
    Node {
        /// The call.
        call: &'static str,
        /// What fails.
        reason: String,
    },
    /// A contract reverts.
    #[error("{call}: {error}")]
    Reverted {
        /// The call.
        call: &'static str,
        /// The named error.
        error: ContractError,
        /// Revert data as received.
        data: Bytes,
    },
    /// A transaction was included and reverted.
    #[error("{call}: transaction {transaction} reverted")]
    Failed {
        /// The call.
        call: &'static str,
        /// The transaction.
        transaction: B256,
    },
    /// A transaction went through without the event that it should emit.
    #[error("{call}: transaction {transaction} without its event")]
    NoEvent {
        /// The call.
        call: &'static str,
        /// The transaction.
        transaction: B256,
    },
    /// The program does not fit the class.
    #[error("program: {0}")]
    Program(#[from] ClassMismatch),
    /// The circuit has no registration.
    #[error("circuit: {0}")]
    Circuit(#[from] trine_verifier::bootstrapping::registration::RegistrationError),
}

impl ChainError {
    /// Name of the revert, empty where there is none.
    pub fn revert_name(&self) -> &'static str {
        match self {
            Self::Reverted { error, .. } => error.name(),
            _ => "",
        }
    }
}

/// A node, and an account that signs.
#[derive(Clone)]
pub struct Account {
    provider: DynProvider,
    address: Address,
}

/// A program as the contract names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisteredProgram {
    /// Reference: digest of text and of what proofs name it by.
    pub reference: B256,
    /// keccak-256 of the text.
    pub id: B256,
}

impl Account {
    /// For a node at `url`.
    pub fn new(url: &str, signer: PrivateKeySigner) -> Result<Self, ChainError> {
        let address = signer.address();
        let parsed = url.parse().map_err(|_| ChainError::Url { url: url.into() })?;
        // Nonces from the node, each time: a counter kept here would run ahead with every refused estimate.
        let provider = ProviderBuilder::default()
            .with_gas_estimation()
            .with_simple_nonce_management()
            .fetch_chain_id()
            .wallet(EthereumWallet::from(signer))
            .connect_http(parsed)
            .erased();
        provider.client().set_poll_interval(POLL);
        Ok(Self { provider, address })
    }

    /// Address of the account.
    pub fn address(&self) -> Address {
        self.address
    }

    /// The node.
    pub fn provider(&self) -> &DynProvider {
        &self.provider
    }

    /// The `Coprocessor` at an address.
    pub fn coprocessor(&self, address: Address) -> Coprocessor::CoprocessorInstance<DynProvider> {
        Coprocessor::new(address, self.provider.clone())
    }

    /// The `ReleaseVerifier` at an address.
    pub fn release_verifier(
        &self,
        address: Address,
    ) -> ReleaseVerifier::ReleaseVerifierInstance<DynProvider> {
        ReleaseVerifier::new(address, self.provider.clone())
    }

    /// Sends a call and waits until it is included.
    pub async fn send<P: Provider, D: CallDecoder>(
        &self,
        call: &'static str,
        builder: CallBuilder<P, D>,
    ) -> Result<TransactionReceipt, ChainError> {
        let pending = builder.send().await.map_err(|e| call_error(call, e))?;
        let receipt = pending
            .with_timeout(Some(PATIENCE))
            .get_receipt()
            .await
            .map_err(|e| ChainError::Node { call, reason: e.to_string() })?;
        if receipt.status() {
            Ok(receipt)
        } else {
            Err(ChainError::Failed { call, transaction: receipt.transaction_hash })
        }
    }

    /// Registers the digest of a key set, unless it is there already.
    pub async fn register_key(&self, coprocessor: Address, digest: B256) -> Result<(), ChainError> {
        let contract = self.coprocessor(coprocessor);
        let known = contract.isKeyRegistered(digest).call().await;
        if !known.map_err(|e| call_error("isKeyRegistered", e))? {
            let scheme = alloy::primitives::keccak256(KEY_SCHEME);
            self.send("registerKey", contract.registerKey(digest, scheme)).await?;
        }
        Ok(())
    }

    /// Publishes a program with the digest and layouts that proofs name it by.
    pub async fn register_program(
        &self,
        coprocessor: Address,
        program: &LinearProgram,
    ) -> Result<RegisteredProgram, ChainError> {
        let matrix = ProgramMatrix::new(&Class::SLICE, program)?;
        let [layout_0, layout_1] = matrix.layouts.map(|l| scalar(&l));
        let contract = self.coprocessor(coprocessor);
        let call = contract.registerProgram(
            program.to_text().into_bytes().into(),
            scalar(&matrix.digest()),
            layout_0,
            layout_1,
            count(program.inputs()),
            count(program.outputs()),
        );
        let receipt = self.send("registerProgram", call).await?;
        let event: Coprocessor::ProgramRegistered = event("registerProgram", &receipt)?;
        Ok(RegisteredProgram { reference: event.programRef, id: event.programId })
    }

    /// Registers a ciphertext by this account for `consumer` and returns its handle.
    pub async fn register_ciphertext(
        &self,
        coprocessor: Address,
        consumer: Address,
        key_digest: B256,
        declaration: &Declaration,
        commitment: &Commitment,
    ) -> Result<B256, ChainError> {
        let contract = self.coprocessor(coprocessor);
        let call = contract.registerCiphertext(
            consumer,
            key_digest,
            declaration.key_kind.code(),
            declaration.value_type.code(),
            declaration.blocks,
            commitment.xy().map(U256::from_be_bytes),
        );
        let receipt = self.send("registerCiphertext", call).await?;
        Ok(event::<Coprocessor::CiphertextRegistered>("registerCiphertext", &receipt)?.handle)
    }

    /// Asks for a program over values of which this account is the consumer.
    pub async fn request(
        &self,
        coprocessor: Address,
        program: B256,
        key_digest: B256,
        inputs: &[B256],
    ) -> Result<B256, ChainError> {
        let contract = self.coprocessor(coprocessor);
        let call = contract.request(program, key_digest, inputs.to_vec());
        let receipt = self.send("request", call).await?;
        Ok(event::<Coprocessor::Requested>("request", &receipt)?.requestId)
    }

    /// Registers the key of a committee.
    pub async fn register_epoch(
        &self,
        release_verifier: Address,
        epoch: u64,
        public_key: Bytes,
        threshold: u16,
        nodes: u16,
    ) -> Result<(), ChainError> {
        let contract = self.release_verifier(release_verifier);
        let call = contract.registerEpoch(U256::from(epoch), public_key, threshold, nodes);
        self.send("registerEpoch", call).await?;
        Ok(())
    }

    /// The transaction that fulfilled a request, from the contract's event.
    pub async fn fulfilment(&self, coprocessor: Address, request_id: B256) -> Result<B256, ChainError> {
        const CALL: &str = "eth_getLogs";
        let node = |reason| ChainError::Node { call: CALL, reason };
        let filter = Filter::new()
            .address(coprocessor)
            .from_block(0)
            .event_signature(Coprocessor::Fulfilled::SIGNATURE_HASH)
            .topic1(request_id);
        let logs = self.provider.get_logs(&filter).await.map_err(|e| node(e.to_string()))?;
        let found = logs.first().and_then(|log| log.transaction_hash);
        found.ok_or_else(|| node(format!("request {request_id} is not fulfilled")))
    }

    /// The receipt of a transaction.
    pub async fn receipt(&self, transaction: B256) -> Result<TransactionReceipt, ChainError> {
        const CALL: &str = "eth_getTransactionReceipt";
        let node = |reason| ChainError::Node { call: CALL, reason };
        let receipt =
            self.provider.get_transaction_receipt(transaction).await.map_err(|e| node(e.to_string()))?;
        receipt.ok_or_else(|| node(format!("no transaction {transaction}")))
    }

    /// Bytes of a transaction's input.
    pub async fn input_bytes(&self, transaction: B256) -> Result<Bytes, ChainError> {
        const CALL: &str = "eth_getTransactionByHash";
        let node = |reason| ChainError::Node { call: CALL, reason };
        let found =
            self.provider.get_transaction_by_hash(transaction).await.map_err(|e| node(e.to_string()))?;
        let found = found.ok_or_else(|| node(format!("no transaction {transaction}")))?;
        Ok(found.inner.input().clone())
    }

    /// Runs a call against the state after `block` and returns what it returns or reverts with.
    pub async fn call_at(
        &self,
        call: &'static str,
        to: Address,
        input: Bytes,
        block: u64,
    ) -> Result<Bytes, ChainError> {
        let request = TransactionRequest::default().from(self.address).to(to).input(input.into());
        let result = self.provider.call(request).block(BlockId::number(block)).await;
        result.map_err(|e| call_error(call, CallError::TransportError(e)))
    }

    /// Number of the last block.
    pub async fn block_number(&self) -> Result<u64, ChainError> {
        let number = self.provider.get_block_number().await;
        number.map_err(|e| ChainError::Node { call: "eth_blockNumber", reason: e.to_string() })
    }

    /// Timestamp of the last block.
    pub async fn timestamp(&self) -> Result<u64, ChainError> {
        const CALL: &str = "eth_getBlockByNumber";
        let node = |reason| ChainError::Node { call: CALL, reason };
        let block = self.provider.get_block(BlockId::latest()).await.map_err(|e| node(e.to_string()))?;
        Ok(block.ok_or_else(|| node("no block".into()))?.header.timestamp)
    }
}

/// Calldata of `Coprocessor.fulfil`.
pub fn fulfil_input(
    request_id: B256,
    outputs: Vec<[U256; 2]>,
    inputs: Vec<[U256; 2]>,
    proof: Bytes,
) -> Bytes {
    use alloy::sol_types::SolCall;
    let call =
        Coprocessor::fulfilCall { requestId: request_id, outputPoints: outputs, inputPoints: inputs, proof };
    call.abi_encode().into()
}

/// Commitments as the contract takes them.
pub fn commitment_points<'a>(commitments: impl IntoIterator<Item = &'a Commitment>) -> Vec<[U256; 2]> {
    points(commitments)
}

/// The first event of its kind in a receipt.
pub fn event<E: SolEvent>(call: &'static str, receipt: &TransactionReceipt) -> Result<E, ChainError> {
    receipt
        .logs()
        .iter()
        .find_map(|log| E::decode_log(&log.inner).ok())
        .map(|log| log.data)
        .ok_or(ChainError::NoEvent { call, transaction: receipt.transaction_hash })
}

/// Names the error of a call.
pub fn call_error(call: &'static str, error: CallError) -> ChainError {
    match error.as_revert_data() {
        Some(data) => ChainError::Reverted { call, error: ContractError::decode(&data), data },
        None => ChainError::Node { call, reason: error.to_string() },
    }
}

fn count(declarations: &[Declaration]) -> u8 {
    u8::try_from(declarations.len()).unwrap_or(u8::MAX)
}
