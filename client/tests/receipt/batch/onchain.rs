//! The same receipt against what a chain says about its circuit and the transaction that brought several jobs.

use super::unproven;
use crate::segments::fixture::{CONSUMER, REQUEST, commitment, handle_record, keys};
use alloy::primitives::{Address, B256, U256, keccak256};
use ark_bn254::Fr;
use trine::chain::circuits::{circuit_claim, program_words};
use trine::chain::fulfilments::FulfilledJob;
use trine::facts::{FULFILLED, FulfilmentFacts, PROVEN, ProgramFacts, REGISTERED, VerifierFacts};
use trine::receipt::circuit::{VerifiedCircuit, VerifiedSegment};
use trine::receipt::comparison::{ChainFacts, OnChainError, compare};
use trine::receipt::file::{Receipt, ReceiptOrigin, ReceiptRecord};
use trine::receipt::{VerifiedInputs, VerifiedReceipt};
use trine_contract::bindings::ICoprocessor::{CircuitRecord, HandleRecord, RequestRecord};
use trine_keyholder::protocol::batch::PresentedBatch;
use trine_program::circuit::Circuit;
use trine_verifier::NamedCommitment;
use trine_verifier::bootstrapping::program::Words;
use trine_verifier::bootstrapping::statement::PublicInputs;
use trine_verifier::opening::OpeningChallenges;

fn circuit(receipt: &Receipt) -> Circuit {
    Circuit::from_text(receipt.program.as_bytes()).unwrap()
}

fn named(receipt: &Receipt, records: &[ReceiptRecord]) -> Vec<NamedCommitment> {
    let of = |record: &ReceiptRecord| {
        let full = handle_record(&receipt.domain, record);
        NamedCommitment::new(&full, commitment(&record.commitment)).unwrap()
    };
    records.iter().map(of).collect()
}

/// What a verifier would say of the receipt, if its proof verified: comparisons with the chain do not look at it.
fn assumed(receipt: &Receipt) -> VerifiedReceipt {
    let (circuit, zero) = (circuit(receipt), Fr::from(0u64));
    let (inputs, outputs) = (named(receipt, &receipt.inputs), named(receipt, &receipt.outputs));
    let segment = VerifiedSegment {
        circuit: circuit.clone(),
        public: PublicInputs {
            stmt: zero,
            shape: zero,
            layouts: [zero; 6],
            program_at_z: zero,
            rounds: [zero; 4],
            opening: OpeningChallenges { rho: zero, r: zero, q: zero, z: zero, r_at_z: zero },
        },
        inputs: inputs.clone(),
        outputs: outputs.clone(),
        jobs: vec![],
        words: Words::default(),
        batch: PresentedBatch::default(),
    };
    let keys = keys(receipt.key_points.as_ref().unwrap());
    let declared = circuit.outputs().to_vec();
    let verified = VerifiedCircuit { circuit, keys, segments: vec![segment] };
    let public = VerifiedInputs::Circuit(Box::new(verified));
    VerifiedReceipt { request_id: REQUEST.0, inputs, outputs, declared, public }
}

fn words(record: &ReceiptRecord) -> [U256; 2] {
    record.commitment.map(|word| U256::from_be_bytes(word.0))
}

fn on_chain(receipt: &Receipt, record: &ReceiptRecord) -> HandleRecord {
    let (state, registrant, request) = match record.origin {
        ReceiptOrigin::Input { registrant, .. } => (REGISTERED, registrant, B256::ZERO),
        ReceiptOrigin::Output { request_id, .. } => (PROVEN, Address::ZERO, request_id),
    };
    HandleRecord {
        state,
        consumer: CONSUMER,
        released: false,
        keyDigest: receipt.domain.key_digest,
        keyKind: record.key_kind.code(),
        valueType: record.value_type.code(),
        blocks: record.blocks,
        commitmentDigest: commitment(&record.commitment).digest().into(),
        registrant,
        requestId: request,
        index: 0,
    }
}

/// What an honest transaction names: another job, then the receipt's.
fn jobs(receipt: &Receipt) -> Vec<FulfilledJob> {
    let own = FulfilledJob {
        request_id: REQUEST,
        segment: U256::ZERO,
        words: program_words(&circuit(receipt)).unwrap(),
        inputs: receipt.inputs.iter().map(words).collect(),
        outputs: receipt.outputs.iter().map(words).collect(),
    };
    let other = FulfilledJob { request_id: B256::repeat_byte(6), outputs: vec![], ..own.clone() };
    vec![other, own]
}

/// What an honest chain says.
fn honest() -> ChainFacts {
    let (receipt, _) = &unproven();
    let handles: Vec<B256> = receipt.inputs.iter().map(|record| record.handle).collect();
    let digests: Vec<B256> =
        receipt.inputs.iter().map(|record| commitment(&record.commitment).digest().into()).collect();
    ChainFacts {
        chain_id: receipt.domain.chain_id,
        verifier: VerifierFacts {
            address: Address::repeat_byte(2),
            hash: receipt.domain.verifier_hash,
            srs_digest: receipt.domain.srs_digest,
            parameter_set_id: receipt.domain.parameter_set_id,
        },
        request: RequestRecord {
            consumer: CONSUMER,
            state: FULFILLED,
            fulfilledAt: Default::default(),
            programRef: B256::repeat_byte(3),
            keyDigest: receipt.domain.key_digest,
            salt: receipt.salt,
            inputsHash: keccak256(handles.concat()),
            commitmentsHash: keccak256(digests.concat()),
        },
        program: ProgramFacts::Circuit(CircuitRecord {
            programId: keccak256(receipt.program.as_bytes()),
            claim: circuit_claim(&circuit(receipt)).unwrap(),
        }),
        requested: handles,
        segments: vec![],
        fulfilment: FulfilmentFacts {
            outputs: receipt.outputs.iter().map(|record| record.handle).collect(),
            points: receipt.outputs.iter().map(words).collect(),
            transaction: B256::repeat_byte(9),
            block: 7,
            jobs: Some(jobs(receipt)),
        },
        inputs: receipt.inputs.iter().map(|record| on_chain(receipt, record)).collect(),
        outputs: receipt.outputs.iter().map(|record| on_chain(receipt, record)).collect(),
    }
}

fn refusal(alter: impl FnOnce(&mut ChainFacts)) -> OnChainError {
    let (mut facts, (receipt, _)) = (honest(), unproven());
    alter(&mut facts);
    compare(&receipt, &assumed(&receipt), &facts).unwrap_err()
}

#[test]
fn an_honest_chain_agrees_with_one_job_of_several() {
    let (receipt, _) = unproven();
    compare(&receipt, &assumed(&receipt), &honest()).unwrap();
}

/// Of the claim everything follows from the text.
#[test]
fn another_claim_is_refused() {
    for (alter, named) in [
        ((|p| p.programId = B256::ZERO) as fn(&mut CircuitRecord), "id"),
        (|p| p.claim.program = B256::ZERO, "digest of its words"),
        (|p| p.claim.bootstrappings += 1, "number of bootstrappings"),
        (|p| p.claim.inputs += 1, "number of inputs"),
        (|p| p.claim.outputs += 1, "number of outputs"),
        (|p| p.claim.layouts[0] += U256::from(1), "a layout"),
        (|p| p.claim.layouts[5] = U256::from(1), "a layout"),
    ] {
        let error = refusal(|f| {
            let ProgramFacts::Circuit(program) = &mut f.program else { panic!("a circuit") };
            alter(program);
        });
        assert!(matches!(error, OnChainError::Program { field, .. } if field == named), "{named}: {error}");
    }
}

#[test]
fn a_transaction_without_the_job_is_refused() {
    for (alter, named) in [
        ((|jobs| drop(jobs.pop())) as fn(&mut Vec<FulfilledJob>), "the job"),
        (|jobs| jobs[1].segment = U256::from(1), "the job"),
        (|jobs| jobs[1].words[0] ^= U256::from(1), "the program"),
        (|jobs| jobs[1].inputs.swap(0, 1), "an input"),
        (|jobs| jobs[1].outputs.clear(), "an output"),
    ] {
        let error = refusal(|f| alter(f.fulfilment.jobs.as_mut().unwrap()));
        assert!(
            matches!(error, OnChainError::Job { segment: 0, field } if field == named),
            "{named}: {error}"
        );
    }
}
