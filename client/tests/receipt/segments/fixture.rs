//! A receipt of a circuit in two segments, from proofs of nothing or from recorded ones.

use alloy::primitives::{Address, B256};
use ark_bn254::{Fr, G1Affine};
use ark_ec::{AffineRepr, CurveGroup};
use serde::Deserialize;
use std::path::Path;
use trine::receipt::file::{FORMAT, Receipt, ReceiptDomain, ReceiptOrigin, ReceiptRecord, ReceiptSegment};
use trine::setup;
use trine_fhe::words::ValueWords;
use trine_program::Declaration;
use trine_program::circuit::{Circuit, Segment, segments};
use trine_prover::srs;
use trine_verifier::bootstrapping::proof::proof_bytes;
use trine_verifier::bootstrapping::{KeyCommitments, Parameters, Shape};
use trine_verifier::digest::point_words;
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{Commitment, HandleRecord, Origin};

pub const REQUEST: B256 = B256::repeat_byte(4);
pub const CONSUMER: Address = Address::repeat_byte(0xcc);
/// Powers that a value of one block is committed to with.
pub const LOG_BLOCK_POWERS: usize = 12;
pub const CIRCUIT: &str = "trine circuit 1
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

pub fn point(hex: &str) -> [B256; 2] {
    let bytes = hex::decode(hex).unwrap();
    [B256::from_slice(&bytes[..32]), B256::from_slice(&bytes[32..])]
}

pub fn commitment([x, y]: &[B256; 2]) -> Commitment {
    Commitment::from_xy(&x.0, &y.0).unwrap()
}

/// Each of the one before it: as many as two proofs cover.
pub fn circuit() -> Circuit {
    let last = (2 << Parameters::PRODUCTION.max_log_bootstrappings) - 1;
    let steps = (0..last).map(|before| format!("bootstrap compute 0 0 + 1*i1.0 + 1*b{before}.0\n"));
    let text = format!("{CIRCUIT}{}row 0 + 1*b{last}.0\n", steps.collect::<String>());
    Circuit::from_text(text.as_bytes()).unwrap()
}

pub fn record(
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
pub fn handle_record(domain: &ReceiptDomain, record: &ReceiptRecord) -> HandleRecord {
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

pub fn keys(points: &[[B256; 2]]) -> KeyCommitments {
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
            batch: None,
            wrapped_proof: None,
            fulfil_tx: Some(B256::repeat_byte(0xf0)),
        }],
        inner_proof: second.into(),
        batch: None,
        wrapped_proof: None,
        fulfil_tx: Some(B256::repeat_byte(0xf1)),
        release: None,
        domain,
    };
    (receipt, srs.digest())
}

/// A point of the curve, another one for each scalar.
pub fn some_point(scalar: u64) -> [B256; 2] {
    let point = (G1Affine::generator() * Fr::from(scalar)).into_affine();
    point_words(&point).map(B256::from)
}

/// Well-formed, with proofs of nothing: points at infinity, scalars zero.
pub fn unproven() -> (Receipt, [u8; 32]) {
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

/// What the keyholders' tests have recorded (`mpc-keyholders/tests/release/recorded.rs`).
pub fn recorded() -> (Receipt, [u8; 32]) {
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
