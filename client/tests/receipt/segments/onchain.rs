//! The same receipt against what a chain says about its segments and their registration.

use super::fixture::{CONSUMER, REQUEST, circuit, commitment, handle_record, keys, unproven};
use alloy::primitives::{Address, B256, U256, keccak256};
use ark_bn254::Fr;
use trine::chain::circuits::program_words;
use trine::chain::fulfilments::FulfilledJob;
use trine::facts::{FulfilmentFacts, ProgramFacts, SegmentFacts, VerifierFacts};
use trine::receipt::circuit::{VerifiedCircuit, VerifiedSegment};
use trine::receipt::comparison::{ChainFacts, OnChainError, compare};
use trine::receipt::file::{Receipt, ReceiptOrigin, ReceiptRecord};
use trine::receipt::{VerifiedInputs, VerifiedReceipt};
use trine_contract::bindings::ICoprocessor::{HandleRecord as ChainRecord, RequestRecord, SegmentedRecord};
use trine_contract::calldata::points;
use trine_keyholder::protocol::batch::PresentedBatch;
use trine_program::circuit::segments;
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::bootstrapping::program::Words;
use trine_verifier::bootstrapping::registration::{Registration, SegmentClaim};
use trine_verifier::bootstrapping::segment::segment_jobs;
use trine_verifier::bootstrapping::statement::{Job, PublicInputs};
use trine_verifier::opening::OpeningChallenges;
use trine_verifier::{Domain, NamedCommitment};

/// What a verifier would say of the receipt, if its proofs verified: comparisons with the chain do not look at them.
fn assumed(receipt: &Receipt) -> VerifiedReceipt {
    let circuit = circuit();
    let domain = Domain {
        chain_id: receipt.domain.chain_id,
        coprocessor: receipt.domain.coprocessor.into_array(),
        verifier_hash: receipt.domain.verifier_hash.0,
        srs_digest: receipt.domain.srs_digest.0,
        parameter_set_id: receipt.domain.parameter_set_id.0,
        key_digest: receipt.domain.key_digest.0,
    };
    let named = |records: &[ReceiptRecord]| -> Vec<NamedCommitment> {
        let of = |record: &ReceiptRecord| {
            let full = handle_record(&receipt.domain, record);
            NamedCommitment::new(&full, commitment(&record.commitment)).unwrap()
        };
        records.iter().map(of).collect()
    };
    let (inputs, outputs) = (named(&receipt.inputs), named(&receipt.outputs));
    let job = Job {
        request_id: REQUEST.0,
        salt: receipt.salt.0,
        segment: 0,
        circuit: circuit.clone(),
        inputs: inputs.clone(),
        outputs: outputs.clone(),
    };
    let list = segments(&circuit, &Parameters::PRODUCTION.segment_limits()).unwrap();
    let links = vec![vec![commitment(&receipt.earlier_segments[0].links[0])], vec![]];
    let jobs = segment_jobs(&domain, &job, &list, &links).unwrap();
    let zero = Fr::from(0u64);
    let opening = OpeningChallenges { rho: zero, r: zero, q: zero, z: zero, r_at_z: zero };
    let segment = |job: Job| VerifiedSegment {
        circuit: job.circuit.clone(),
        public: PublicInputs {
            stmt: zero,
            shape: zero,
            layouts: [zero; 6],
            program_at_z: zero,
            rounds: [zero; 4],
            opening,
        },
        inputs: job.inputs.clone(),
        outputs: job.outputs.clone(),
        words: Words::of(&job.circuit).unwrap(),
        jobs: vec![job],
        batch: PresentedBatch::default(),
    };
    let verified = VerifiedCircuit {
        keys: keys(receipt.key_points.as_ref().unwrap()),
        segments: jobs.into_iter().map(segment).collect(),
        circuit: circuit.clone(),
    };
    VerifiedReceipt {
        request_id: REQUEST.0,
        inputs,
        outputs,
        declared: circuit.outputs().to_vec(),
        public: VerifiedInputs::Circuit(Box::new(verified)),
    }
}

/// What a transaction names of a segment of the receipt.
fn job(receipt: &Receipt, circuit: &VerifiedCircuit, segment: usize) -> FulfilledJob {
    job_of(receipt.request_id, &circuit.segments[segment], segment)
}

fn job_of(request_id: B256, proven: &VerifiedSegment, segment: usize) -> FulfilledJob {
    let commitments = |values: &[NamedCommitment]| points(values.iter().map(|value| &value.commitment));
    FulfilledJob {
        request_id,
        segment: U256::from(segment),
        words: program_words(&proven.circuit).unwrap(),
        inputs: commitments(&proven.inputs),
        outputs: commitments(&proven.outputs),
    }
}

/// What an honest chain says.
fn honest() -> ChainFacts {
    let (receipt, _) = &unproven();
    let verified = assumed(receipt);
    let VerifiedInputs::Circuit(circuit) = &verified.public else { panic!("a circuit") };
    let registration = Registration::of(&Parameters::PRODUCTION, &circuit.circuit).unwrap();
    let Registration::Segments { layouts, inputs, segments } = registration else { panic!("two segments") };
    let digest = |point: &[B256; 2]| B256::from(commitment(point).digest());
    let words = |point: &[B256; 2]| point.map(|word| U256::from_be_bytes(word.0));
    let handles: Vec<B256> = receipt.inputs.iter().map(|r| r.handle).collect();
    let digests: Vec<B256> = receipt.inputs.iter().map(|r| digest(&r.commitment)).collect();
    let on_chain = |record: &ReceiptRecord| ChainRecord {
        state: if record.handle == receipt.outputs[0].handle { 2 } else { 1 },
        consumer: CONSUMER,
        released: false,
        keyDigest: receipt.domain.key_digest,
        keyKind: record.key_kind.code(),
        valueType: record.value_type.code(),
        blocks: record.blocks,
        commitmentDigest: digest(&record.commitment),
        registrant: match record.origin {
            ReceiptOrigin::Input { registrant, .. } => registrant,
            ReceiptOrigin::Output { .. } => Address::ZERO,
        },
        requestId: REQUEST,
        index: 0,
    };
    let links = &receipt.earlier_segments[0].links;
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
            state: 2,
            fulfilledAt: Default::default(),
            programRef: B256::repeat_byte(3),
            keyDigest: receipt.domain.key_digest,
            salt: receipt.salt,
            inputsHash: keccak256(handles.concat()),
            commitmentsHash: keccak256(digests.concat()),
        },
        program: ProgramFacts::Segmented(SegmentedRecord {
            programId: keccak256(receipt.program.as_bytes()),
            layouts: layouts.map(U256::from_be_bytes),
            inputs,
            outputs: 1,
            segments: segments.iter().map(|claim: &SegmentClaim| claim.digest().into()).collect(),
        }),
        requested: handles,
        segments: vec![SegmentFacts {
            segment: U256::ZERO,
            links_hash: keccak256(links.iter().map(digest).collect::<Vec<_>>().concat()),
            links: circuit.segments[0].outputs.iter().map(|link| link.handle.into()).collect(),
            points: links.iter().map(words).collect(),
            transaction: B256::repeat_byte(0xf0),
            block: 6,
            jobs: Some(vec![job(receipt, circuit, 0)]),
        }],
        fulfilment: FulfilmentFacts {
            outputs: vec![receipt.outputs[0].handle],
            points: vec![words(&receipt.outputs[0].commitment)],
            transaction: B256::repeat_byte(0xf1),
            block: 7,
            // Beside another request's.
            jobs: Some(vec![job_of(B256::ZERO, &circuit.segments[1], 1), job(receipt, circuit, 1)]),
        },
        inputs: receipt.inputs.iter().map(on_chain).collect(),
        outputs: receipt.outputs.iter().map(on_chain).collect(),
    }
}

fn on_chain_refusal(alter: impl FnOnce(&mut ChainFacts)) -> OnChainError {
    let mut facts = honest();
    alter(&mut facts);
    let (receipt, _) = unproven();
    compare(&receipt, &assumed(&receipt), &facts).unwrap_err()
}

#[test]
fn an_honest_chain_agrees_with_both_segments() {
    let (receipt, _) = unproven();
    compare(&receipt, &assumed(&receipt), &honest()).unwrap();
}

#[test]
fn segments_proven_otherwise_on_chain_are_refused() {
    let count = on_chain_refusal(|f| f.segments.clear());
    assert!(matches!(count, OnChainError::SegmentCount { got: 0, expected: 1 }), "{count}");
    for (alter, named) in [
        ((|s| s.segment += U256::from(1)) as fn(&mut SegmentFacts), "its place"),
        (|s| s.links[0] = B256::ZERO, "handles of links"),
        (|s| s.points[0][0] += U256::from(1), "commitments of links"),
        (|s| s.links_hash = B256::ZERO, "hash of links"),
        (|s| s.transaction = B256::ZERO, "its transaction"),
    ] {
        let error = on_chain_refusal(|f| alter(&mut f.segments[0]));
        assert!(matches!(error, OnChainError::Segment { segment: 0, field } if field == named), "{error}");
    }
}

#[test]
fn another_registration_is_refused() {
    for (alter, named) in [
        ((|p| p.programId = B256::ZERO) as fn(&mut SegmentedRecord), "id"),
        (|p| p.inputs += 1, "number of inputs"),
        (|p| p.outputs += 1, "number of outputs"),
        (|p| p.segments.truncate(1), "number of segments"),
        (|p| p.layouts[0] += U256::from(1), "a layout"),
        (|p| p.segments.swap(0, 1), "digest of a segment"),
    ] {
        let error = on_chain_refusal(|f| {
            let ProgramFacts::Segmented(program) = &mut f.program else { panic!("of segments") };
            alter(program);
        });
        assert!(matches!(error, OnChainError::Program { field, .. } if field == named), "{error}");
    }
}

/// The contract's records decide; a transaction that calls it says the same, or the receipt is of another one.
#[test]
fn a_transaction_names_the_job_with_its_program_and_values() {
    for (alter, segment, named) in [
        ((|f| f.segments[0].jobs = Some(vec![])) as fn(&mut ChainFacts), 0, "the job"),
        (|f| own(f).request_id = B256::ZERO, 1, "the job"),
        (|f| own(f).segment = U256::ZERO, 1, "the job"),
        (|f| own(f).words[0] += U256::from(1), 1, "the program"),
        (|f| own(f).words.swap(0, 1), 1, "the program"),
        (|f| own(f).inputs.swap(0, 1), 1, "an input"),
        (|f| own(f).outputs[0][0] += U256::from(1), 1, "an output"),
    ] {
        let error = on_chain_refusal(alter);
        assert!(
            matches!(error, OnChainError::Job { segment: s, field } if (s, field) == (segment, named)),
            "{error}"
        );
    }
    // Called by another contract: there is nothing to compare with.
    let (receipt, _) = unproven();
    let mut facts = honest();
    facts.segments[0].jobs = None;
    facts.fulfilment.jobs = None;
    compare(&receipt, &assumed(&receipt), &facts).unwrap();
}

/// The receipt's job in the transaction that fulfilled it.
fn own(facts: &mut ChainFacts) -> &mut FulfilledJob {
    &mut facts.fulfilment.jobs.as_mut().unwrap()[1]
}
