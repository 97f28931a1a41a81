//! Elections on chain: deployed, held, their results accepted.

use super::{Account, ChainError, call_error, event};
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::providers::DynProvider;
use alloy::rpc::types::TransactionReceipt;
use trine_contract::bindings::PrivateElection;
use trine_contract::calldata::points;
use trine_verifier::Commitment;

/// What an election is held on.
#[derive(Clone, Debug)]
pub struct ElectionPlan {
    /// The `Coprocessor`.
    pub coprocessor: Address,
    /// The `ReleaseVerifier`.
    pub release_verifier: Address,
    /// Reference of the circuit.
    pub circuit: B256,
    /// Digest of the committed evaluation key.
    pub key_digest: B256,
    /// Candidates.
    pub candidates: u8,
    /// Who may vote.
    pub roll: Vec<Address>,
    /// Timestamp of the last block that takes ballots.
    pub deadline: u64,
}

impl Account {
    /// The election at an address.
    pub fn election(&self, address: Address) -> PrivateElection::PrivateElectionInstance<DynProvider> {
        PrivateElection::new(address, self.provider().clone())
    }

    /// Deploys an election.
    pub async fn deploy_election(&self, plan: &ElectionPlan) -> Result<Address, ChainError> {
        const CALL: &str = "PrivateElection";
        let call = PrivateElection::deploy_builder(
            self.provider().clone(),
            plan.coprocessor,
            plan.release_verifier,
            plan.circuit,
            plan.key_digest,
            plan.candidates,
            plan.roll.clone(),
            plan.deadline,
        );
        let receipt = self.send(CALL, call).await?;
        let transaction = receipt.transaction_hash;
        receipt.contract_address.ok_or(ChainError::NoEvent { call: CALL, transaction })
    }

    /// Casts this account's ballot, one commitment for each candidate; returns its handles and the gas.
    pub async fn cast(
        &self,
        election: Address,
        ballot: &[Commitment],
    ) -> Result<(Vec<B256>, u64), ChainError> {
        let contract = self.election(election);
        let receipt = self.send("vote", contract.vote(points(ballot))).await?;
        Ok((event::<PrivateElection::Voted>("vote", &receipt)?.ballots, receipt.gas_used))
    }

    /// Ends an election; returns its request and the gas.
    pub async fn close_election(&self, election: Address) -> Result<(B256, u64), ChainError> {
        let receipt = self.send("close", self.election(election).close()).await?;
        Ok((event::<PrivateElection::Closed>("close", &receipt)?.requestId, receipt.gas_used))
    }

    /// Handles of the ballots, in the order of the circuit.
    pub async fn ballots(&self, election: Address) -> Result<Vec<B256>, ChainError> {
        self.election(election).ballots().call().await.map_err(|e| call_error("ballots", e))
    }

    /// Lets the committee decrypt the winner.
    pub async fn allow_winner(&self, election: Address, handle: B256) -> Result<(), ChainError> {
        self.send("allowResult", self.election(election).allowResult(handle)).await.map(drop)
    }

    /// Hands a release to an election; returns the receipt and the winner of the event.
    pub async fn accept_winner(
        &self,
        election: Address,
        epoch: u64,
        blocks: &[u64],
        signature: Bytes,
    ) -> Result<(TransactionReceipt, u8), ChainError> {
        let blocks = blocks.iter().map(|block| U256::from(*block)).collect();
        let contract = self.election(election);
        let call = contract.acceptResult(U256::from(epoch), blocks, signature);
        let receipt = self.send("acceptResult", call).await?;
        let event: PrivateElection::Elected = event("acceptResult", &receipt)?;
        Ok((receipt, event.winner))
    }
}
