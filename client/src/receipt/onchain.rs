//! A receipt against the chain: what the proof says must be what the contracts hold.

use super::circuit::is_circuit;
use super::comparison::{ChainFacts, OnChainError, compare, compare_release};
use super::file::{Receipt, ReceiptRelease};
use super::verify::VerifiedReceipt;
use crate::facts::{ChainReader, FULFILLED, SignedRelease};
use alloy::primitives::{Address, B256};

/// What a receipt was found to agree with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnChainVerdict {
    /// Block of the fulfilment.
    pub fulfilled_in_block: u64,
    /// Consumer of the outputs.
    pub consumer: Address,
    /// The contract's verifier accepted the wrapped proofs of the file; false where one is not in the file.
    pub proof_checked: bool,
    /// The release was checked; false where the file has none.
    pub release_checked: bool,
}

/// Compares a natively verified receipt with the chain, and has its contracts check proof and release again.
///
/// `reader` must read the coprocessor that the caller trusts; what the file says about it is compared.
pub async fn verify_on_chain(
    receipt: &Receipt,
    verified: &VerifiedReceipt,
    request_id: B256,
    reader: &ChainReader,
) -> Result<OnChainVerdict, OnChainError> {
    if receipt.request_id != request_id {
        return Err(OnChainError::RequestId { got: receipt.request_id, expected: request_id });
    }
    let facts = ChainFacts::read(reader, receipt).await?;
    compare(receipt, verified, &facts)?;
    let mut proof_checked = true;
    for (values, (_, wrapped)) in verified.public_values().into_iter().zip(receipt.proofs()) {
        match wrapped {
            Some(proof) => reader.check_proof(facts.verifier.address, values.into(), proof.clone()).await?,
            None => proof_checked = false,
        }
    }
    if let Some(release) = &receipt.release {
        check_release(receipt, release, &facts, reader).await?;
    }
    Ok(OnChainVerdict {
        fulfilled_in_block: facts.fulfilment.block,
        consumer: facts.request.consumer,
        proof_checked,
        release_checked: receipt.release.is_some(),
    })
}

impl ChainFacts {
    /// Reads everything that [`compare`] looks at.
    pub async fn read(reader: &ChainReader, receipt: &Receipt) -> Result<Self, OnChainError> {
        let id = receipt.request_id;
        let chain_id = reader.chain_id().await?;
        let request = reader.request(id).await?;
        if request.state != FULFILLED {
            return Err(OnChainError::NotFulfilled);
        }
        let mut records = Vec::with_capacity(receipt.inputs.len() + receipt.outputs.len());
        for record in receipt.inputs.iter().chain(&receipt.outputs) {
            records.push(reader.handle(record.handle).await?);
        }
        let outputs = records.split_off(receipt.inputs.len());
        Ok(Self {
            chain_id,
            verifier: match is_circuit(&receipt.program) {
                false => reader.verifier().await?,
                true => reader.circuit_verifier(receipt.domain.verifier_hash).await?,
            },
            program: reader.program(request.programRef).await?,
            request,
            requested: reader.requested_inputs(id).await?,
            segments: reader.proven_segments(id).await?,
            fulfilment: reader.fulfilment(id).await?,
            inputs: records,
            outputs,
        })
    }
}

async fn check_release(
    receipt: &Receipt,
    release: &ReceiptRelease,
    facts: &ChainFacts,
    reader: &ChainReader,
) -> Result<(), OnChainError> {
    compare_release(receipt, release, facts)?;
    let signed = SignedRelease {
        epoch: release.epoch,
        request_id: receipt.request_id,
        handles: release.handles.clone(),
        plaintexts: release.plaintexts.clone(),
        signature: release.signature.clone(),
    };
    reader.check_release(release.release_verifier, &signed).await?;
    let Some(transaction) = release.release_tx else { return Ok(()) };
    let included = reader.transaction(transaction).await?;
    let refuse = |reason| Err(OnChainError::ReleaseTransaction { transaction, reason });
    if !included.status() {
        return refuse("it reverted");
    }
    if included.to != Some(facts.request.consumer) {
        return refuse("it does not call the consumer");
    }
    if included.block_number.unwrap_or_default() < facts.fulfilment.block {
        return refuse("it was included before the fulfilment");
    }
    Ok(())
}
