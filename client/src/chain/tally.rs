//! Tallies on chain: deployed, held, their results accepted.

use super::{Account, ChainError, event};
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::providers::DynProvider;
use alloy::rpc::types::TransactionReceipt;
use trine_contract::bindings::PrivateTally;
use trine_verifier::Commitment;

/// What a tally is held on.
#[derive(Clone, Debug)]
pub struct TallyPlan {
    /// The `Coprocessor`.
    pub coprocessor: Address,
    /// The `ReleaseVerifier`.
    pub release_verifier: Address,
    /// Reference of the program.
    pub program: B256,
    /// Digest of the key set.
    pub key_digest: B256,
    /// Candidates.
    pub candidates: u8,
    /// Who may vote.
    pub roll: Vec<Address>,
    /// Timestamp of the last block that takes ballots.
    pub deadline: u64,
}

impl Account {
    /// The tally at an address.
    pub fn tally(&self, address: Address) -> PrivateTally::PrivateTallyInstance<DynProvider> {
        PrivateTally::new(address, self.provider.clone())
    }

    /// Deploys a tally.
    pub async fn deploy_tally(&self, plan: &TallyPlan) -> Result<Address, ChainError> {
        let call = PrivateTally::deploy_builder(
            self.provider.clone(),
            plan.coprocessor,
            plan.release_verifier,
            plan.program,
            plan.key_digest,
            plan.candidates,
            plan.roll.clone(),
            plan.deadline,
        );
        let receipt = self.send("PrivateTally", call).await?;
        receipt
            .contract_address
            .ok_or(ChainError::NoEvent { call: "PrivateTally", transaction: receipt.transaction_hash })
    }

    /// Casts this account's ballot and returns its handle.
    pub async fn vote(&self, tally: Address, commitment: &Commitment) -> Result<B256, ChainError> {
        let contract = self.tally(tally);
        let call = contract.vote(commitment.xy().map(U256::from_be_bytes));
        let receipt = self.send("vote", call).await?;
        Ok(event::<PrivateTally::Voted>("vote", &receipt)?.ballot)
    }

    /// Ends a tally and returns its request.
    pub async fn close(&self, tally: Address) -> Result<B256, ChainError> {
        let receipt = self.send("close", self.tally(tally).close()).await?;
        Ok(event::<PrivateTally::Closed>("close", &receipt)?.requestId)
    }

    /// Lets the committee decrypt a tally's result.
    pub async fn allow_result(&self, tally: Address, handle: B256) -> Result<(), ChainError> {
        self.send("allowResult", self.tally(tally).allowResult(handle)).await.map(drop)
    }

    /// Hands a release to a tally; returns the receipt and the totals of the event.
    pub async fn accept_result(
        &self,
        tally: Address,
        epoch: u64,
        totals: &[u64],
        signature: Bytes,
    ) -> Result<(TransactionReceipt, Vec<u64>), ChainError> {
        let totals = totals.iter().map(|t| U256::from(*t)).collect();
        let contract = self.tally(tally);
        let call = contract.acceptResult(U256::from(epoch), totals, signature);
        let receipt = self.send("acceptResult", call).await?;
        let event: PrivateTally::Result = event("acceptResult", &receipt)?;
        let totals = event.totals.iter().map(|t| t.saturating_to()).collect();
        Ok((receipt, totals))
    }
}
