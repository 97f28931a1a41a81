//! Comparison of a receipt with what the chain says: no I/O.

use super::circuit::VerifiedSegment;
use super::file::{Receipt, ReceiptOrigin, ReceiptRecord, ReceiptRelease};
use super::registered::compare_program;
use super::verify::{VerifiedInputs, VerifiedReceipt};
use crate::chain::ChainError;
use crate::chain::circuits::program_words;
use crate::chain::fulfilments::FulfilledJob;
use crate::facts::{
    FULFILLED, FulfilmentFacts, PROVEN, ProgramFacts, REGISTERED, SegmentFacts, VerifierFacts,
};
use alloy::primitives::{B256, U256, keccak256};
use trine_contract::bindings::ICoprocessor::{HandleRecord, RequestRecord};
use trine_contract::calldata::points;
use trine_verifier::NamedCommitment;
use trine_verifier::bootstrapping::registration::RegistrationError;

/// What the chain says about the request of a receipt.
#[derive(Clone, Debug)]
pub struct ChainFacts {
    /// EIP-155 chain id of the node.
    pub chain_id: u64,
    /// Verifier of the coprocessor, or the gateway's of a circuit.
    pub verifier: VerifierFacts,
    /// The request.
    pub request: RequestRecord,
    /// Its program.
    pub program: ProgramFacts,
    /// Input handles of the event `Requested`.
    pub requested: Vec<B256>,
    /// Segments that are proven one by one: of a circuit of several all but the last.
    pub segments: Vec<SegmentFacts>,
    /// The event `Fulfilled`.
    pub fulfilment: FulfilmentFacts,
    /// Records of the receipt's inputs.
    pub inputs: Vec<HandleRecord>,
    /// Records of the receipt's outputs.
    pub outputs: Vec<HandleRecord>,
}

/// Why a receipt is not what the chain holds. One variant for each check, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum OnChainError {
    /// The chain does not answer, or a contract refuses.
    #[error("chain: {0}")]
    Chain(#[from] ChainError),
    /// The receipt is about another request.
    #[error("receipt of request {got}, expected {expected}")]
    RequestId {
        /// In the receipt.
        got: B256,
        /// Asked for.
        expected: B256,
    },
    /// The node is on another chain.
    #[error("chain {got}, the receipt is for chain {expected}")]
    ChainId {
        /// Of the node.
        got: u64,
        /// In the receipt.
        expected: u64,
    },
    /// Another verifier, reference string or parameter set.
    #[error("{field} of the verifier is {got}, in the receipt {expected}")]
    Verifier {
        /// The field.
        field: &'static str,
        /// On chain.
        got: B256,
        /// In the receipt.
        expected: B256,
    },
    /// Nobody has fulfilled the request.
    #[error("the request is not fulfilled")]
    NotFulfilled,
    /// The request has another key, salt or list of inputs.
    #[error("{field} of the request is {got}, in the receipt {expected}")]
    Request {
        /// The field.
        field: &'static str,
        /// On chain.
        got: B256,
        /// In the receipt.
        expected: B256,
    },
    /// The request is for another program.
    #[error("{field} of the program is {got}, by the receipt's text {expected}")]
    Program {
        /// The field.
        field: &'static str,
        /// On chain.
        got: B256,
        /// From the receipt's text.
        expected: B256,
    },
    /// The request is for a program of the other kind.
    #[error("the request is for a program of another kind than the receipt's")]
    ProgramKind,
    /// The circuit has no registration.
    #[error("registration: {0}")]
    Registration(#[from] RegistrationError),
    /// Another number of segments is proven.
    #[error("{got} segments before the last are proven, in the receipt are {expected}")]
    SegmentCount {
        /// On chain.
        got: usize,
        /// In the receipt.
        expected: usize,
    },
    /// A segment is proven otherwise.
    #[error("segment {segment}: {field} on chain differ from the receipt's")]
    Segment {
        /// The segment.
        segment: usize,
        /// What differs.
        field: &'static str,
    },
    /// The event `Requested` lists other inputs.
    #[error("the event Requested lists other inputs than the receipt")]
    RequestedInputs,
    /// A value is recorded otherwise.
    #[error("{what} {index}: {field} differs from the record on chain")]
    Record {
        /// "input" or "output".
        what: &'static str,
        /// Which of them.
        index: usize,
        /// The field.
        field: &'static str,
    },
    /// The event `Fulfilled` lists other outputs.
    #[error("the event Fulfilled lists other {what} than the receipt")]
    FulfilledOutputs {
        /// "handles" or "commitments".
        what: &'static str,
    },
    /// The request was fulfilled by another transaction.
    #[error("fulfilled by transaction {got}, the receipt names {expected}")]
    FulfilTransaction {
        /// On chain.
        got: B256,
        /// In the receipt.
        expected: B256,
    },
    /// The transaction does not name the job, or names another program or other values for it.
    #[error("segment {segment}: {field} in the transaction differs from the receipt's")]
    Job {
        /// The segment; 0 of a circuit that one proof covers.
        segment: usize,
        /// What differs.
        field: &'static str,
    },
    /// A released handle is no output of the request, or does not stand behind those before it.
    #[error("released handle {handle}, number {index}, is no output of the request behind those before it")]
    ReleasedHandle {
        /// The handle.
        handle: B256,
        /// Its place among the released ones.
        index: usize,
    },
    /// A release of nothing.
    #[error("no handle is released")]
    NothingReleased,
    /// The consumer has allowed the release of an output that is not released: the committee signs all of them.
    #[error("the release of {handle} is allowed on chain, and the committee's answer is not about it")]
    ReleaseIncomplete {
        /// The handle.
        handle: B256,
    },
    /// The consumer has not allowed the release.
    #[error("the release of {handle} is not allowed on chain")]
    NotAllowed {
        /// The handle.
        handle: B256,
    },
    /// The transaction of the release reverted, came before the fulfilment, or went to another contract.
    #[error("release transaction {transaction}: {reason}")]
    ReleaseTransaction {
        /// The transaction.
        transaction: B256,
        /// What is wrong.
        reason: &'static str,
    },
}

/// Compares statement, records and events.
pub fn compare(
    receipt: &Receipt,
    verified: &VerifiedReceipt,
    facts: &ChainFacts,
) -> Result<(), OnChainError> {
    let domain = &receipt.domain;
    if facts.chain_id != domain.chain_id {
        return Err(OnChainError::ChainId { got: facts.chain_id, expected: domain.chain_id });
    }
    for (field, got, expected) in [
        ("hash", facts.verifier.hash, domain.verifier_hash),
        ("SRS digest", facts.verifier.srs_digest, domain.srs_digest),
        ("parameter set id", facts.verifier.parameter_set_id, domain.parameter_set_id),
    ] {
        if got != expected {
            return Err(OnChainError::Verifier { field, got, expected });
        }
    }
    compare_request(receipt, verified, facts)?;
    compare_program(receipt, verified, facts)?;
    for (what, named, records, of_chain) in [
        ("input", &verified.inputs, &receipt.inputs, &facts.inputs),
        ("output", &verified.outputs, &receipt.outputs, &facts.outputs),
    ] {
        for (index, ((record, on_chain), named)) in records.iter().zip(of_chain).zip(named).enumerate() {
            let differing = differing_field(record, on_chain).or_else(|| {
                let digest = B256::from(named.commitment.digest());
                [
                    ("consumer", on_chain.consumer == facts.request.consumer),
                    ("key", on_chain.keyDigest == domain.key_digest),
                    ("commitment", on_chain.commitmentDigest == digest),
                ]
                .iter()
                .find_map(|(field, same)| (!same).then_some(*field))
            });
            if let Some(field) = differing {
                return Err(OnChainError::Record { what, index, field });
            }
        }
    }
    compare_segments(receipt, verified, &facts.segments)?;
    compare_jobs(receipt, verified, facts)?;
    compare_fulfilment(receipt, verified, &facts.fulfilment)
}

fn compare_request(
    receipt: &Receipt,
    verified: &VerifiedReceipt,
    facts: &ChainFacts,
) -> Result<(), OnChainError> {
    let request = &facts.request;
    if request.state != FULFILLED {
        return Err(OnChainError::NotFulfilled);
    }
    let handles: Vec<B256> = receipt.inputs.iter().map(|r| r.handle).collect();
    let digests: Vec<B256> = verified.inputs.iter().map(|i| i.commitment.digest().into()).collect();
    for (field, got, expected) in [
        ("key", request.keyDigest, receipt.domain.key_digest),
        ("salt", request.salt, receipt.salt),
        ("hash of the inputs", request.inputsHash, packed(&handles)),
        ("hash of the commitments", request.commitmentsHash, packed(&digests)),
    ] {
        if got != expected {
            return Err(OnChainError::Request { field, got, expected });
        }
    }
    if facts.requested == handles { Ok(()) } else { Err(OnChainError::RequestedInputs) }
}

/// Links as the contract knows them are those of the receipt, which the proofs are about.
fn compare_segments(
    receipt: &Receipt,
    verified: &VerifiedReceipt,
    on_chain: &[SegmentFacts],
) -> Result<(), OnChainError> {
    let (got, expected) = (on_chain.len(), receipt.earlier_segments.len());
    if got != expected {
        return Err(OnChainError::SegmentCount { got, expected });
    }
    let VerifiedInputs::Circuit(circuit) = &verified.public else { return Ok(()) };
    let own = receipt.earlier_segments.iter().zip(&circuit.segments);
    for (segment, (facts, (given, proven))) in on_chain.iter().zip(own).enumerate() {
        let transaction = given.fulfil_tx.is_none_or(|own| own == facts.transaction);
        let differing = differing_links(segment, facts, proven);
        if let Some(field) = differing.or_else(|| (!transaction).then_some("its transaction")) {
            return Err(OnChainError::Segment { segment, field });
        }
    }
    Ok(())
}

fn differing_links(segment: usize, facts: &SegmentFacts, proven: &VerifiedSegment) -> Option<&'static str> {
    let commitments = || proven.outputs.iter().map(|link: &NamedCommitment| &link.commitment);
    let digests: Vec<B256> = commitments().map(|commitment| commitment.digest().into()).collect();
    let fields = [
        ("its place", facts.segment == U256::from(segment)),
        ("handles of links", facts.links.iter().eq(proven.outputs.iter().map(|link| &link.handle))),
        ("commitments of links", facts.points == points(commitments())),
        ("hash of links", facts.links_hash == packed(&digests)),
    ];
    fields.iter().find_map(|(field, same)| (!same).then_some(*field))
}

/// Transactions that call the contract name the receipt's job among theirs, with its program and its values.
///
/// That the contract took them so is in its records and events; where another contract called it, these are all there is.
fn compare_jobs(
    receipt: &Receipt,
    verified: &VerifiedReceipt,
    facts: &ChainFacts,
) -> Result<(), OnChainError> {
    let VerifiedInputs::Circuit(circuit) = &verified.public else { return Ok(()) };
    let transactions = facts.segments.iter().map(|segment| &segment.jobs).chain([&facts.fulfilment.jobs]);
    for (segment, (jobs, proven)) in transactions.zip(&circuit.segments).enumerate() {
        let Some(jobs) = jobs else { continue };
        let own = (receipt.request_id, U256::from(segment));
        let named = jobs.iter().find(|job| (job.request_id, job.segment) == own);
        let differing = match named {
            None => Some("the job"),
            Some(job) => differing_part(job, proven)?,
        };
        if let Some(field) = differing {
            return Err(OnChainError::Job { segment, field });
        }
    }
    Ok(())
}

fn differing_part(
    job: &FulfilledJob,
    proven: &VerifiedSegment,
) -> Result<Option<&'static str>, RegistrationError> {
    let commitments = |values: &[NamedCommitment]| points(values.iter().map(|value| &value.commitment));
    let parts = [
        ("the program", job.words == program_words(&proven.circuit)?),
        ("an input", job.inputs == commitments(&proven.inputs)),
        ("an output", job.outputs == commitments(&proven.outputs)),
    ];
    Ok(parts.iter().find_map(|(field, same)| (!same).then_some(*field)))
}

/// The first field in which a record of the receipt differs from the chain's.
fn differing_field(record: &ReceiptRecord, on_chain: &HandleRecord) -> Option<&'static str> {
    let origin = match record.origin {
        ReceiptOrigin::Input { registrant, consumer } => {
            on_chain.state == REGISTERED && (on_chain.registrant, on_chain.consumer) == (registrant, consumer)
        }
        // The contract keeps no segment: the handle, which the record is found by, is of this one.
        ReceiptOrigin::Output { request_id, job, index, .. } => {
            on_chain.state == PROVEN
                && on_chain.requestId == request_id
                && (job, index) == (0, on_chain.index.into())
        }
    };
    let fields = [
        ("origin", origin),
        ("key kind", on_chain.keyKind == record.key_kind.code()),
        ("type", on_chain.valueType == record.value_type.code()),
        ("blocks", on_chain.blocks == record.blocks),
    ];
    fields.iter().find_map(|(field, same)| (!same).then_some(*field))
}

fn compare_fulfilment(
    receipt: &Receipt,
    verified: &VerifiedReceipt,
    fulfilment: &FulfilmentFacts,
) -> Result<(), OnChainError> {
    if !fulfilment.outputs.iter().eq(receipt.outputs.iter().map(|o| &o.handle)) {
        return Err(OnChainError::FulfilledOutputs { what: "handles" });
    }
    let outputs = verified.outputs.iter().map(|o| &o.commitment);
    if fulfilment.points != points(outputs) {
        return Err(OnChainError::FulfilledOutputs { what: "commitments" });
    }
    match receipt.fulfil_tx {
        Some(expected) if expected != fulfilment.transaction => {
            Err(OnChainError::FulfilTransaction { got: fulfilment.transaction, expected })
        }
        _ => Ok(()),
    }
}

/// Released handles are outputs of the request, in order: those whose release their consumer allows, and no others.
pub fn compare_release(
    receipt: &Receipt,
    release: &ReceiptRelease,
    facts: &ChainFacts,
) -> Result<(), OnChainError> {
    if release.handles.is_empty() {
        return Err(OnChainError::NothingReleased);
    }
    let mut outputs = receipt.outputs.iter().zip(&facts.outputs);
    for (index, handle) in release.handles.iter().copied().enumerate() {
        let found = outputs.find(|(record, _)| record.handle == handle);
        let (_, on_chain) = found.ok_or(OnChainError::ReleasedHandle { handle, index })?;
        if !on_chain.released {
            return Err(OnChainError::NotAllowed { handle });
        }
    }
    let mut allowed = receipt.outputs.iter().zip(&facts.outputs).filter(|(_, on_chain)| on_chain.released);
    match allowed.find(|(record, _)| !release.handles.contains(&record.handle)) {
        Some((record, _)) => Err(OnChainError::ReleaseIncomplete { handle: record.handle }),
        None => Ok(()),
    }
}

/// `keccak256(abi.encodePacked(words))`.
fn packed(words: &[B256]) -> B256 {
    keccak256(words.concat())
}
