//! Receipts of a circuit in two segments, and every way in which they are refused.
//!
//! What is refused before a proof is verified is tested with proofs of nothing; the rest with the two proofs that the
//! keyholders' tests record.

use alloy::primitives::{Address, B256, U256, keccak256};
use ark_bn254::{Fr, G1Affine};
use ark_ec::{AffineRepr, CurveGroup};
use serde::Deserialize;
use std::path::Path;
use trine::facts::{FulfilmentFacts, ProgramFacts, SegmentFacts, VerifierFacts};
use trine::keyholders::Presentation;
use trine::receipt::circuit::{VerifiedCircuit, VerifiedSegment};
use trine::receipt::comparison::{ChainFacts, OnChainError, compare};
use trine::receipt::file::{FORMAT, Receipt, ReceiptDomain, ReceiptOrigin, ReceiptRecord, ReceiptSegment};
use trine::receipt::{ReceiptError, VerifiedInputs, VerifiedReceipt, verify};
use trine::setup;
use trine_contract::bindings::ICoprocessor::{HandleRecord as ChainRecord, RequestRecord, SegmentedRecord};
use trine_fhe::words::ValueWords;
use trine_program::Declaration;
use trine_program::circuit::{Circuit, Segment, segments};
use trine_prover::srs;
use trine_verifier::bootstrapping::proof::proof_bytes;
use trine_verifier::bootstrapping::registration::{Registration, SegmentClaim};
use trine_verifier::bootstrapping::segment::segment_jobs;
use trine_verifier::bootstrapping::statement::{Job, PublicInputs};
use trine_verifier::bootstrapping::{KeyCommitments, Parameters, Rejection, Shape};
use trine_verifier::digest::point_words;
use trine_verifier::opening::OpeningChallenges;
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{Commitment, Domain, HandleRecord, NamedCommitment, Origin};

const REQUEST: B256 = B256::repeat_byte(4);
const CONSUMER: Address = Address::repeat_byte(0xcc);
/// Powers that a value of one block is committed to with.
const LOG_BLOCK_POWERS: usize = 12;
const CIRCUIT: &str = "trine circuit 1
input bool compute 1 degree 1
input bool compute 1 degree 1
output bool compute 1 degree 1
table 1 0 0 576460752303423488 0 0 0 0 0 0 0 0 0 0 0 0 0
bootstrap compute 0 0 + 1*i0.0 + 1*i1.0
";

/// Points of the recorded request.
#[derive(Deserialize)]
struct Record {
    key_points: Vec<String>,
    inputs: Vec<String>,
    links: Vec<Vec<String>>,
}

fn read(file: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mpc-keyholders/testdata/segments");
    std::fs::read(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn point(hex: &str) -> [B256; 2] {
    let bytes = hex::decode(hex).unwrap();
    [B256::from_slice(&bytes[..32]), B256::from_slice(&bytes[32..])]
}

fn commitment([x, y]: &[B256; 2]) -> Commitment {
    Commitment::from_xy(&x.0, &y.0).unwrap()
}

/// Each of the one before it: as many as two proofs cover.
fn circuit() -> Circuit {
    let last = (2 << Parameters::PRODUCTION.max_log_bootstrappings) - 1;
    let steps = (0..last).map(|before| format!("bootstrap compute 0 0 + 1*i1.0 + 1*b{before}.0\n"));
    let text = format!("{CIRCUIT}{}row 0 + 1*b{last}.0\n", steps.collect::<String>());
    Circuit::from_text(text.as_bytes()).unwrap()
}

fn record(
    domain: &ReceiptDomain,
    declared: &Declaration,
    origin: ReceiptOrigin,
    point: [B256; 2],
) -> ReceiptRecord {
    let mut record = ReceiptRecord {
        handle: B256::ZERO,
        value_type: declared.value_type,
        key_kind: declared.key_kind,
        blocks: declared.blocks,
        origin,
        commitment: point,
    };
    record.handle = handle_record(domain, &record).handle().into();
    record
}

/// Everything that the handle of a receipt's record is the digest of.
fn handle_record(domain: &ReceiptDomain, record: &ReceiptRecord) -> HandleRecord {
    HandleRecord {
        chain_id: domain.chain_id,
        coprocessor: domain.coprocessor.into_array(),
        key_digest: domain.key_digest.0,
        key_kind: record.key_kind,
        value_type: record.value_type,
        blocks: record.blocks,
        origin: match record.origin {
            ReceiptOrigin::Input { registrant, consumer } => {
                Origin::Input { registrant: registrant.into_array(), consumer: consumer.into_array() }
            }
            ReceiptOrigin::Output { request_id, job, segment, index } => {
                Origin::Output { request_id: request_id.0, job, segment, index }
            }
        },
        commitment_digest: commitment(&record.commitment).digest(),
    }
}

fn keys(points: &[[B256; 2]]) -> KeyCommitments {
    let words: Vec<_> = points.iter().map(|[x, y]| [x.0, y.0]).collect();
    KeyCommitments::from_xy(&Parameters::PRODUCTION, &words).unwrap()
}

/// What a receipt is made of, beside the circuit.
struct Parts {
    key_points: Vec<[B256; 2]>,
    inputs: Vec<[B256; 2]>,
    output: [B256; 2],
    link: [B256; 2],
    proofs: [Vec<u8>; 2],
}

/// The receipt, and the digest that its reader trusts.
fn receipt_of(parts: Parts) -> (Receipt, [u8; 32]) {
    let circuit = circuit();
    let srs = *srs::development(LOG_BLOCK_POWERS).unwrap().verifier();
    let domain = ReceiptDomain {
        chain_id: 31337,
        coprocessor: Address::repeat_byte(1),
        verifier_hash: B256::repeat_byte(0x0c),
        srs_digest: srs.digest().into(),
        parameter_set_id: parameter_set_id().into(),
        key_digest: keys(&parts.key_points).digest(&Parameters::PRODUCTION).into(),
    };
    let inputs = circuit.inputs().iter().zip(&parts.inputs).enumerate();
    let inputs = inputs.map(|(index, (declared, point))| {
        let registrant = Address::repeat_byte(index as u8 + 1);
        record(&domain, declared, ReceiptOrigin::Input { registrant, consumer: CONSUMER }, *point)
    });
    let origin = ReceiptOrigin::Output { request_id: REQUEST, job: 0, segment: 1, index: 0 };
    let [first, second] = parts.proofs;
    let receipt = Receipt {
        format: FORMAT.into(),
        setup: setup::receipt_setup(&srs),
        request_id: REQUEST,
        salt: B256::repeat_byte(5),
        program: circuit.to_text(),
        inputs: inputs.collect(),
        outputs: vec![record(&domain, &circuit.outputs()[0], origin, parts.output)],
        key_points: Some(parts.key_points),
        earlier_segments: vec![ReceiptSegment {
            links: vec![parts.link],
            inner_proof: first.into(),
            wrapped_proof: None,
            fulfil_tx: Some(B256::repeat_byte(0xf0)),
        }],
        inner_proof: second.into(),
        wrapped_proof: None,
        fulfil_tx: Some(B256::repeat_byte(0xf1)),
        release: None,
        domain,
    };
    (receipt, srs.digest())
}

/// A point of the curve, another one for each scalar.
fn some_point(scalar: u64) -> [B256; 2] {
    let point = (G1Affine::generator() * Fr::from(scalar)).into_affine();
    point_words(&point).map(B256::from)
}

/// Well-formed, with proofs of nothing: points at infinity, scalars zero.
fn unproven() -> (Receipt, [u8; 32]) {
    let list = segments(&circuit(), &Parameters::PRODUCTION.segment_limits()).unwrap();
    let [first, second] = &list[..] else { panic!("two segments") };
    let nothing = |segment: &Segment| {
        let shape = Shape::new(Parameters::PRODUCTION, &segment.circuit).unwrap();
        let header = [&b"TRPB"[..], &[2, shape.parameters.id, shape.log_bootstrappings as u8]].concat();
        let mut bytes = vec![0; proof_bytes(&shape)];
        bytes[..header.len()].copy_from_slice(&header);
        bytes
    };
    receipt_of(Parts {
        key_points: (1..17).map(some_point).collect(),
        inputs: vec![some_point(100), some_point(101)],
        output: some_point(200),
        link: some_point(300),
        proofs: [nothing(first), nothing(second)],
    })
}

/// What the keyholders' tests have recorded (`mpc-keyholders/tests/release/recorded.rs`). Only for tests that are ignored
/// until they have.
fn recorded() -> (Receipt, [u8; 32]) {
    let record: Record = serde_json::from_slice(&read("record.json")).unwrap();
    let output = ValueWords::from_bytes(&read("output.bin")).unwrap();
    let srs = srs::development(LOG_BLOCK_POWERS).unwrap();
    let committed = Commitment::new(srs.commit_words(&output.commitment_words()).unwrap()).unwrap();
    receipt_of(Parts {
        key_points: record.key_points.iter().map(|hex| point(hex)).collect(),
        inputs: record.inputs.iter().map(|hex| point(hex)).collect(),
        output: committed.xy().map(B256::from),
        link: point(&record.links[0][0]),
        proofs: [read("proof-0.bin"), read("proof.bin")],
    })
}

fn refusal(alter: impl FnOnce(&mut Receipt)) -> ReceiptError {
    refusal_of(unproven(), alter)
}

fn refusal_of((mut receipt, trusted): (Receipt, [u8; 32]), alter: impl FnOnce(&mut Receipt)) -> ReceiptError {
    alter(&mut receipt);
    verify(&receipt, &trusted).unwrap_err()
}

#[test]
fn a_proof_of_nothing_is_refused() {
    let error = refusal(|_| ());
    let ReceiptError::CircuitRejected { segment: 0, error } = error else { panic!("{error}") };
    assert!(!matches!(error, Rejection::Statement(_)), "the statement is well formed: {error}");
}

#[test]
fn a_written_receipt_reads_back() {
    let (receipt, _) = unproven();
    assert_eq!(Receipt::from_json(receipt.to_json().unwrap().as_bytes()).unwrap(), receipt);
}

#[test]
#[ignore = "slow: takes two proofs, which `record_two_segments` of the keyholders makes first (some minutes, 5 GB)"]
fn both_proofs_verify_together_and_are_presented() {
    let (receipt, trusted) = recorded();
    let verified = verify(&receipt, &trusted).unwrap();
    let VerifiedInputs::Circuit(circuit) = &verified.public else { panic!("a circuit") };
    let [first, second] = circuit.segments.as_slice() else { panic!("two segments") };
    assert_eq!((&second.inputs[1], &second.outputs), (&first.outputs[0], &verified.outputs));
    assert_eq!(verified.public_values().len(), 2);
    let presentation = Presentation::of(&receipt, &verified, vec![]);
    assert_eq!(presentation.earlier_segments.len(), 1);
    assert_eq!(presentation.earlier_segments[0].links, [first.outputs[0].commitment]);
    assert_eq!(presentation.earlier_segments[0].inner_proof, receipt.earlier_segments[0].inner_proof);
}

#[test]
fn a_segment_left_out_or_added_is_refused() {
    let left_out = refusal(|r| r.earlier_segments.clear());
    assert_eq!(left_out, ReceiptError::SegmentCount { got: 1, expected: 2 });
    let twice = refusal(|r| r.earlier_segments.push(r.earlier_segments[0].clone()));
    assert_eq!(twice, ReceiptError::SegmentCount { got: 3, expected: 2 });
    let unlinked = refusal(|r| r.earlier_segments[0].links.clear());
    assert_eq!(unlinked, ReceiptError::LinkCount { segment: 0, got: 0, expected: 1 });
}

/// Nobody would check it.
#[test]
fn a_linear_program_has_no_segments() {
    let linear = crate::fixture::fixture();
    let earlier_segments = unproven().0.earlier_segments;
    let receipt = Receipt { earlier_segments, ..linear.receipt.clone() };
    assert_eq!(verify(&receipt, &linear.trusted).unwrap_err(), ReceiptError::UncheckedSegments { got: 1 });
}

#[test]
fn malformed_segments_are_refused_by_their_number() {
    let no_point = refusal(|r| r.earlier_segments[0].links[0][1].0[31] ^= 1);
    assert!(matches!(no_point, ReceiptError::Link { segment: 0, index: 0, .. }), "{no_point}");
    let short = refusal(|r| r.earlier_segments[0].inner_proof = vec![0; 7].into());
    assert!(matches!(short, ReceiptError::SegmentProof { segment: 0, .. }), "{short}");
    // The outputs of the first segment are links.
    let first = refusal(|r| {
        let origin = ReceiptOrigin::Output { request_id: REQUEST, job: 0, segment: 0, index: 0 };
        r.outputs[0] = record(&r.domain, &circuit().outputs()[0], origin, r.outputs[0].commitment);
    });
    assert_eq!(first, ReceiptError::Origin { index: 0 });
}

#[test]
#[ignore = "slow: takes two proofs, which `record_two_segments` of the keyholders makes first (some minutes, 5 GB)"]
fn swapped_and_altered_segments_are_refused_by_their_number() {
    let rejected = |what: &str, expected: usize, alter: fn(&mut Receipt)| {
        let error = refusal_of(recorded(), alter);
        let ReceiptError::CircuitRejected { segment, .. } = error else { panic!("{what}: {error}") };
        assert_eq!(segment, expected, "{what}");
    };
    rejected("swapped", 0, |r| std::mem::swap(&mut r.inner_proof, &mut r.earlier_segments[0].inner_proof));
    rejected("the first twice", 1, |r| r.inner_proof = r.earlier_segments[0].inner_proof.clone());
    rejected("another link", 0, |r| r.earlier_segments[0].links[0] = r.inputs[0].commitment);
    rejected("another salt", 0, |r| r.salt = B256::ZERO);
    let malformed = |r: &mut Receipt| r.inner_proof = vec![0; 7].into();
    let short = refusal_of(recorded(), malformed);
    assert!(matches!(short, ReceiptError::SegmentProof { segment: 1, .. }), "{short}");
    let wrapped = refusal_of(recorded(), |r| r.earlier_segments[0].wrapped_proof = Some(vec![0; 7].into()));
    assert_eq!(wrapped, ReceiptError::Wrapped { segment: 0, field: "length" });
}

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
        public: PublicInputs {
            stmt: zero,
            shape: zero,
            layouts: [zero; 6],
            prog: zero,
            rounds: [zero; 4],
            opening,
        },
        inputs: job.inputs,
        outputs: job.outputs,
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
        }],
        fulfilment: FulfilmentFacts {
            outputs: vec![receipt.outputs[0].handle],
            points: vec![words(&receipt.outputs[0].commitment)],
            transaction: B256::repeat_byte(0xf1),
            block: 7,
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
