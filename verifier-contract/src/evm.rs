//! An EVM in process: contract tests and gas figures without a node. Gas equals a node's under the same hard fork.

use crate::error::ContractError;
use alloy::primitives::{Address, Bytes, Log, U256};
use alloy::sol_types::{SolCall, SolConstructor};
use revm::context::{BlockEnv, CfgEnv, Context, Journal, TxEnv};
use revm::context_interface::result::{ExecutionResult, Output};
use revm::database::{CacheDB, EmptyDB};
use revm::primitives::TxKind;
use revm::primitives::hardfork::SpecId;
use revm::{ExecuteCommitEvm, ExecuteEvm, MainBuilder, MainContext, MainnetEvm};

type Database = CacheDB<EmptyDB>;

/// Gas limit of every transaction: below the ceiling of one transaction (EIP-7825).
pub const GAS_LIMIT: u64 = 16_000_000;
/// Hard fork: the first with EIP-2537 is Prague, this is the next.
const HARD_FORK: SpecId = SpecId::OSAKA;

/// A chain of one block at a time.
pub struct Evm {
    inner: MainnetEvm<Context<BlockEnv, TxEnv, CfgEnv, Database, Journal<Database>, ()>>,
    block: BlockEnv,
}

/// What a successful transaction leaves.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Returned data, or the code of a created contract.
    pub output: Bytes,
    /// Gas in the receipt, refunds taken off.
    pub gas: u64,
    /// Events.
    pub logs: Vec<Log>,
    /// Created contract.
    pub created: Option<Address>,
}

/// Why a transaction has no effect.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EvmError {
    /// The contract reverts.
    #[error(transparent)]
    Revert(#[from] ContractError),
    /// Execution stops otherwise: out of gas, invalid opcode.
    #[error("execution halts: {reason}")]
    Halt {
        /// As the EVM says it.
        reason: String,
    },
    /// The transaction is none.
    #[error("invalid transaction: {reason}")]
    Transaction {
        /// As the EVM says it.
        reason: String,
    },
    /// Returned data does not decode.
    #[error("returned data does not decode: {0}")]
    Output(String),
}

impl Evm {
    /// An empty chain with this id, at block 1.
    pub fn new(chain_id: u64) -> Self {
        let block = BlockEnv {
            number: U256::from(1),
            timestamp: U256::from(1),
            gas_limit: 4 * GAS_LIMIT,
            prevrandao: Some(U256::from(1).into()),
            ..BlockEnv::default()
        };
        let mut inner = Context::mainnet().with_db(Database::default()).with_block(block.clone());
        inner = inner.modify_cfg_chained(|cfg| {
            cfg.set_spec_and_mainnet_gas_params(HARD_FORK);
            cfg.chain_id = chain_id;
            cfg.disable_nonce_check = true;
        });
        Self { inner: inner.build_mainnet(), block }
    }

    /// Ends the block: the next one has another number, randomness and a timestamp `seconds` later.
    pub fn advance(&mut self, seconds: u64) {
        self.block.number += U256::from(1);
        self.block.timestamp += U256::from(seconds);
        self.block.prevrandao = Some(alloy::primitives::keccak256(self.block.number.to_be_bytes::<32>()));
        self.inner.set_block(self.block.clone());
    }

    /// Deploys bytecode with constructor arguments.
    pub fn deploy<C: SolConstructor>(
        &mut self,
        from: Address,
        bytecode: &Bytes,
        arguments: &C,
    ) -> Result<(Address, Receipt), EvmError> {
        let mut data = bytecode.to_vec();
        data.extend(arguments.abi_encode());
        self.deploy_bytes(from, data.into())
    }

    /// Deploys creation bytecode that already has its arguments.
    pub fn deploy_bytes(&mut self, from: Address, data: Bytes) -> Result<(Address, Receipt), EvmError> {
        let receipt = self.transact(from, TxKind::Create, data)?;
        let address =
            receipt.created.ok_or_else(|| EvmError::Output("no contract was created".to_owned()))?;
        Ok((address, receipt))
    }

    /// Sends a call that changes state.
    pub fn send<C: SolCall>(
        &mut self,
        from: Address,
        to: Address,
        call: &C,
    ) -> Result<(C::Return, Receipt), EvmError> {
        let receipt = self.send_bytes(from, to, call.abi_encode().into())?;
        let value =
            C::abi_decode_returns(&receipt.output).map_err(|error| EvmError::Output(error.to_string()))?;
        Ok((value, receipt))
    }

    /// Sends calldata as it is.
    pub fn send_bytes(&mut self, from: Address, to: Address, data: Bytes) -> Result<Receipt, EvmError> {
        self.transact(from, TxKind::Call(to), data)
    }

    fn transact(&mut self, from: Address, kind: TxKind, data: Bytes) -> Result<Receipt, EvmError> {
        let invalid = |reason: String| EvmError::Transaction { reason };
        let transaction = TxEnv::builder()
            .caller(from)
            .kind(kind)
            .data(data)
            .gas_limit(GAS_LIMIT)
            .chain_id(Some(self.inner.ctx.cfg.chain_id))
            .build()
            .map_err(|error| invalid(format!("{error:?}")))?;
        let result =
            self.inner.transact_commit(transaction).map_err(|error| invalid(format!("{error:?}")))?;
        let gas = result.tx_gas_used();
        match result {
            ExecutionResult::Success { logs, output, .. } => {
                let created = match &output {
                    Output::Create(_, address) => *address,
                    Output::Call(_) => None,
                };
                Ok(Receipt { output: output.into_data(), gas, logs, created })
            }
            ExecutionResult::Revert { output, .. } => Err(ContractError::decode(&output).into()),
            ExecutionResult::Halt { reason, .. } => Err(EvmError::Halt { reason: format!("{reason:?}") }),
        }
    }
}
