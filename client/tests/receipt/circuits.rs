//! Receipts of circuits: what is refused before the proof is looked at, and that a proof of nothing is refused.

use crate::fixture::fixture;
use alloy::primitives::{Address, B256};
use ark_bn254::{Fr, G1Affine};
use ark_ec::{AffineRepr, CurveGroup};
use trine::receipt::file::{FORMAT, Receipt, ReceiptDomain, ReceiptOrigin, ReceiptRecord};
use trine::receipt::{ReceiptError, verify};
use trine::setup;
use trine_program::Declaration;
use trine_program::circuit::Circuit;
use trine_programs::Workload;
use trine_programs::age_check::AgeCheck;
use trine_programs::tally::Tally;
use trine_programs::workload::Size;
use trine_prover::srs;
use trine_verifier::bootstrapping::key_points::KeyPointsError;
use trine_verifier::bootstrapping::proof::proof_bytes;
use trine_verifier::bootstrapping::statement::StatementError;
use trine_verifier::bootstrapping::{KeyCommitments, Parameters, Rejection, Shape};
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{Commitment, HandleRecord, Origin};

const REQUEST: B256 = B256::repeat_byte(9);

fn point(scalar: u64) -> G1Affine {
    (G1Affine::generator() * Fr::from(scalar)).into_affine()
}

fn keys() -> KeyCommitments {
    let points = |first: u64, count: u64| (first..first + count).map(point).collect::<Vec<_>>();
    KeyCommitments { bootstrapping: points(1, 8), keyswitching: [points(9, 4), points(13, 4)] }
}

/// A well-formed receipt whose proof is all zeros, and the digest that its reader trusts.
fn receipt() -> (Receipt, [u8; 32]) {
    let circuit = AgeCheck::sized(Size::Small).circuit().unwrap();
    let srs = *srs::development(16).unwrap().verifier();
    let domain = ReceiptDomain {
        chain_id: 31337,
        coprocessor: Address::repeat_byte(7),
        verifier_hash: B256::repeat_byte(8),
        srs_digest: srs.digest().into(),
        parameter_set_id: parameter_set_id().into(),
        key_digest: keys().digest(&Parameters::PRODUCTION).into(),
    };
    let inputs =
        records(&domain, circuit.inputs(), 100, |_| Origin::Input { registrant: [1; 20], consumer: [2; 20] });
    let outputs = records(&domain, circuit.outputs(), 200, |index| Origin::Output {
        request_id: REQUEST.0,
        job: 0,
        segment: 0,
        index,
    });
    let receipt = Receipt {
        format: FORMAT.into(),
        setup: setup::receipt_setup(&srs),
        domain,
        request_id: REQUEST,
        salt: B256::repeat_byte(5),
        program: circuit.to_text(),
        inputs,
        outputs,
        key_points: Some(keys().to_xy().iter().map(|xy| xy.map(B256::from)).collect()),
        earlier_segments: vec![],
        inner_proof: zeros(&circuit).into(),
        batch: None,
        wrapped_proof: None,
        fulfil_tx: None,
        release: None,
    };
    (receipt, srs.digest())
}

fn records(
    domain: &ReceiptDomain,
    declared: &[Declaration],
    first: u64,
    origin: impl Fn(u32) -> Origin,
) -> Vec<ReceiptRecord> {
    let record = |(index, declared): (usize, &Declaration)| {
        let commitment = Commitment::new(point(first + index as u64)).unwrap();
        let record = HandleRecord {
            chain_id: domain.chain_id,
            coprocessor: domain.coprocessor.into_array(),
            key_digest: domain.key_digest.0,
            key_kind: declared.key_kind,
            value_type: declared.value_type,
            blocks: declared.blocks,
            origin: origin(index as u32),
            commitment_digest: commitment.digest(),
        };
        ReceiptRecord {
            handle: record.handle().into(),
            value_type: record.value_type,
            key_kind: record.key_kind,
            blocks: record.blocks,
            origin: match record.origin {
                Origin::Input { registrant, consumer } => {
                    ReceiptOrigin::Input { registrant: registrant.into(), consumer: consumer.into() }
                }
                Origin::Output { request_id, job, segment, index } => {
                    ReceiptOrigin::Output { request_id: request_id.into(), job, segment, index }
                }
            },
            commitment: commitment.xy().map(B256::from),
        }
    };
    declared.iter().enumerate().map(record).collect()
}

/// A proof of the circuit's shape that decodes: points at infinity, scalars zero.
fn zeros(circuit: &Circuit) -> Vec<u8> {
    let shape = Shape::new(Parameters::PRODUCTION, circuit).unwrap();
    let header = [&b"TRPB"[..], &[2, shape.parameters.id, shape.log_bootstrappings as u8]].concat();
    let mut bytes = vec![0; proof_bytes(&shape)];
    bytes[..header.len()].copy_from_slice(&header);
    bytes
}

fn refusal(alter: impl FnOnce(&mut Receipt)) -> ReceiptError {
    let (mut receipt, trusted) = receipt();
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
fn commitments_of_another_key_are_refused() {
    assert_eq!(refusal(|r| r.key_points = None), ReceiptError::NoKeyPoints);
    let error = refusal(|r| r.key_points.as_mut().unwrap().truncate(15));
    assert_eq!(error, ReceiptError::KeyPoints(KeyPointsError::Count { got: 15, expected: 16 }));
    let error = refusal(|r| r.key_points.as_mut().unwrap()[3][1].0[31] ^= 1);
    assert_eq!(error, ReceiptError::KeyPoints(KeyPointsError::Point { index: 3 }));
    let error = refusal(|r| r.key_points.as_mut().unwrap().swap(0, 1));
    let ReceiptError::CircuitRejected { error: Rejection::Statement(StatementError::Key { .. }), .. } = error
    else {
        panic!("{error}")
    };
}

#[test]
fn an_altered_statement_is_refused() {
    assert!(matches!(refusal(|r| r.program.push(' ')), ReceiptError::Circuit(_)));
    let normal = Tally::sized(Size::Normal).circuit().unwrap().to_text();
    let several = refusal(|r| r.program = normal);
    assert!(matches!(several, ReceiptError::SegmentCount { got: 1, expected } if expected > 1), "{several}");
    assert!(matches!(refusal(|r| r.inputs.clear()), ReceiptError::RecordCount { what: "input", .. }));
    assert!(matches!(refusal(|r| r.outputs[0].blocks = 2), ReceiptError::Declaration { what: "output", .. }));
    assert!(matches!(refusal(|r| r.outputs.swap(0, 1)), ReceiptError::Origin { index: 0 }));
    assert!(matches!(refusal(|r| r.inputs[1].handle = B256::ZERO), ReceiptError::Handle { index: 1, .. }));
    assert!(matches!(refusal(|r| r.domain.srs_digest = B256::ZERO), ReceiptError::SrsDigest { .. }));
    assert!(matches!(
        refusal(|r| r.inner_proof = vec![0; 7].into()),
        ReceiptError::SegmentProof { segment: 0, .. }
    ));
}

/// Nobody would check them.
#[test]
fn a_linear_program_has_no_commitments_of_a_key() {
    let linear = fixture();
    let receipt = Receipt { key_points: receipt().0.key_points, ..linear.receipt.clone() };
    assert_eq!(verify(&receipt, &linear.trusted).unwrap_err(), ReceiptError::UncheckedKeyPoints);
}

#[test]
fn a_written_receipt_reads_back() {
    let (receipt, _) = receipt();
    assert_eq!(Receipt::from_json(receipt.to_json().unwrap().as_bytes()).unwrap(), receipt);
}
