//! Receipts of a circuit in two segments: two recorded proofs that verify together, and every way in which they do not.

use alloy::primitives::{Address, B256, U256, keccak256};
use serde::Deserialize;
use std::path::Path;
use std::sync::OnceLock;
use trine::facts::{FulfilmentFacts, ProgramFacts, SegmentFacts, VerifierFacts};
use trine::keyholders::Presentation;
use trine::receipt::comparison::{ChainFacts, OnChainError, compare};
use trine::receipt::file::{FORMAT, Receipt, ReceiptDomain, ReceiptOrigin, ReceiptRecord, ReceiptSegment};
use trine::receipt::{ReceiptError, VerifiedInputs, VerifiedReceipt, verify};
use trine::setup;
use trine_contract::bindings::ICoprocessor::{HandleRecord as ChainRecord, RequestRecord, SegmentedRecord};
use trine_fhe::words::ValueWords;
use trine_program::Declaration;
use trine_program::circuit::Circuit;
use trine_prover::srs;
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::bootstrapping::registration::{Registration, SegmentClaim};
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{Commitment, HandleRecord, Origin};

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

/// What the keyholders' tests have recorded (`mpc-keyholders/tests/release/recorded.rs`): both prove the same request.
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
    let record = HandleRecord {
        chain_id: domain.chain_id,
        coprocessor: domain.coprocessor.into_array(),
        key_digest: domain.key_digest.0,
        key_kind: declared.key_kind,
        value_type: declared.value_type,
        blocks: declared.blocks,
        origin: match origin {
            ReceiptOrigin::Input { registrant, consumer } => {
                Origin::Input { registrant: registrant.into_array(), consumer: consumer.into_array() }
            }
            ReceiptOrigin::Output { request_id, job, segment, index } => {
                Origin::Output { request_id: request_id.0, job, segment, index }
            }
        },
        commitment_digest: commitment(&point).digest(),
    };
    ReceiptRecord {
        handle: record.handle().into(),
        value_type: record.value_type,
        key_kind: record.key_kind,
        blocks: record.blocks,
        origin,
        commitment: point,
    }
}

fn key_digest(points: &[[B256; 2]]) -> B256 {
    let words: Vec<_> = points.iter().map(|[x, y]| [x.0, y.0]).collect();
    let parameters = Parameters::PRODUCTION;
    trine_verifier::bootstrapping::KeyCommitments::from_xy(&parameters, &words)
        .unwrap()
        .digest(&parameters)
        .into()
}

/// The receipt of the recorded proofs, and the digest that its reader trusts. Read once for all tests.
fn recorded() -> &'static (Receipt, [u8; 32]) {
    static RECORDED: OnceLock<(Receipt, [u8; 32])> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let recorded: Record = serde_json::from_slice(&read("record.json")).unwrap();
        let circuit = circuit();
        let srs = srs::development(LOG_BLOCK_POWERS).unwrap();
        let key_points: Vec<_> = recorded.key_points.iter().map(|hex| point(hex)).collect();
        let domain = ReceiptDomain {
            chain_id: 31337,
            coprocessor: Address::repeat_byte(1),
            verifier_hash: B256::repeat_byte(0x0c),
            srs_digest: srs.verifier().digest().into(),
            parameter_set_id: parameter_set_id().into(),
            key_digest: key_digest(&key_points),
        };
        let named = circuit.inputs().iter().zip(&recorded.inputs).enumerate();
        let inputs = named.map(|(index, (declared, hex))| {
            let registrant = Address::repeat_byte(index as u8 + 1);
            let origin = ReceiptOrigin::Input { registrant, consumer: CONSUMER };
            record(&domain, declared, origin, point(hex))
        });
        let output = ValueWords::from_bytes(&read("output.bin")).unwrap();
        let committed = Commitment::new(srs.commit_words(&output.commitment_words()).unwrap()).unwrap();
        let origin = ReceiptOrigin::Output { request_id: REQUEST, job: 0, segment: 1, index: 0 };
        let receipt = Receipt {
            format: FORMAT.into(),
            setup: setup::receipt_setup(srs.verifier()),
            request_id: REQUEST,
            salt: B256::repeat_byte(5),
            program: circuit.to_text(),
            inputs: inputs.collect(),
            outputs: vec![record(&domain, output.declaration(), origin, committed.xy().map(B256::from))],
            key_points: Some(key_points),
            earlier_segments: vec![ReceiptSegment {
                links: recorded.links[0].iter().map(|hex| point(hex)).collect(),
                inner_proof: read("proof-0.bin").into(),
                wrapped_proof: None,
                fulfil_tx: Some(B256::repeat_byte(0xf0)),
            }],
            inner_proof: read("proof.bin").into(),
            wrapped_proof: None,
            fulfil_tx: Some(B256::repeat_byte(0xf1)),
            release: None,
            domain,
        };
        (receipt, srs.verifier().digest())
    })
}

fn verified() -> VerifiedReceipt {
    let (receipt, trusted) = recorded();
    verify(receipt, trusted).unwrap()
}

fn refusal(alter: impl FnOnce(&mut Receipt)) -> ReceiptError {
    let (receipt, trusted) = recorded();
    let mut receipt = receipt.clone();
    alter(&mut receipt);
    verify(&receipt, trusted).unwrap_err()
}

#[test]
fn both_proofs_verify_together_and_a_written_receipt_reads_back() {
    let verified = verified();
    let VerifiedInputs::Circuit(circuit) = &verified.public else { panic!("a circuit") };
    let [first, second] = circuit.segments.as_slice() else { panic!("two segments") };
    assert_eq!((&second.inputs[1], &second.outputs), (&first.outputs[0], &verified.outputs));
    assert_eq!(verified.public_values().len(), 2);
    let (receipt, _) = recorded();
    assert_eq!(&Receipt::from_json(receipt.to_json().unwrap().as_bytes()).unwrap(), receipt);
    let presentation = Presentation::of(receipt, &verified, vec![]);
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
    let earlier_segments = recorded().0.earlier_segments.clone();
    let receipt = Receipt { earlier_segments, ..linear.receipt.clone() };
    assert_eq!(verify(&receipt, &linear.trusted).unwrap_err(), ReceiptError::UncheckedSegments { got: 1 });
}

#[test]
fn swapped_and_altered_segments_are_refused_by_their_number() {
    let rejected = |what: &str, expected: usize, alter: fn(&mut Receipt)| {
        let error = refusal(alter);
        let ReceiptError::CircuitRejected { segment, .. } = error else { panic!("{what}: {error}") };
        assert_eq!(segment, expected, "{what}");
    };
    rejected("swapped", 0, |r| std::mem::swap(&mut r.inner_proof, &mut r.earlier_segments[0].inner_proof));
    rejected("the first twice", 1, |r| r.inner_proof = r.earlier_segments[0].inner_proof.clone());
    rejected("another link", 0, |r| r.earlier_segments[0].links[0] = r.inputs[0].commitment);
    rejected("another salt", 0, |r| r.salt = B256::ZERO);
    let no_point = refusal(|r| r.earlier_segments[0].links[0][1].0[31] ^= 1);
    assert!(matches!(no_point, ReceiptError::Link { segment: 0, index: 0, .. }), "{no_point}");
    let short = refusal(|r| r.earlier_segments[0].inner_proof = vec![0; 7].into());
    assert!(matches!(short, ReceiptError::SegmentProof { segment: 0, .. }), "{short}");
    let wrapped = refusal(|r| r.earlier_segments[0].wrapped_proof = Some(vec![0; 7].into()));
    assert_eq!(wrapped, ReceiptError::Wrapped { segment: 0, field: "length" });
    // The outputs of the first segment are links.
    let first = refusal(|r| {
        r.outputs[0].origin = ReceiptOrigin::Output { request_id: REQUEST, job: 0, segment: 0, index: 0 };
        let declared = circuit().outputs()[0];
        r.outputs[0] = record(&r.domain, &declared, r.outputs[0].origin.clone(), r.outputs[0].commitment);
    });
    assert_eq!(first, ReceiptError::Origin { index: 0 });
}

/// What an honest chain says.
fn honest() -> ChainFacts {
    let (receipt, verified) = (&recorded().0, verified());
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
    compare(&recorded().0, &verified(), &facts).unwrap_err()
}

#[test]
fn an_honest_chain_agrees_with_both_segments() {
    compare(&recorded().0, &verified(), &honest()).unwrap();
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
