//! Receipts whose proof covers further jobs, and every way in which these are refused.
//!
//! What is refused before a proof is verified is tested with a proof of nothing; the rest with the proof of three jobs that
//! the keyholders' tests record.

mod onchain;

use crate::segments::fixture::{
    CIRCUIT, CONSUMER, LOG_BLOCK_POWERS, REQUEST, commitment, keys, point, record, some_point,
};
use alloy::primitives::{Address, B256};
use serde::Deserialize;
use std::path::Path;
use trine::keyholders::Presentation;
use trine::receipt::file::{FORMAT, Receipt, ReceiptBatch, ReceiptDomain, ReceiptJob, ReceiptOrigin};
use trine::receipt::{ReceiptError, VerifiedInputs, verify};
use trine::setup;
use trine_fhe::words::ValueWords;
use trine_keyholder::protocol::batch::BatchFault;
use trine_program::circuit::{Circuit, merge};
use trine_prover::srs;
use trine_verifier::Commitment;
use trine_verifier::bootstrapping::batch::BatchError;
use trine_verifier::bootstrapping::proof::proof_bytes;
use trine_verifier::bootstrapping::statement::StatementError;
use trine_verifier::bootstrapping::{Parameters, Rejection, Shape};
use trine_verifier::statement::parameter_set_id;

/// Place of the receipt's own job.
const PLACE: usize = 1;

/// Points of the recorded request and of the others.
#[derive(Deserialize)]
struct Record {
    key_points: Vec<String>,
    inputs: Vec<String>,
    others: Vec<OtherRecord>,
}

#[derive(Deserialize)]
struct OtherRecord {
    inputs: Vec<String>,
    output: String,
}

/// What a receipt is made of: points of each job, in the order of the proof, and the proof.
struct Parts {
    key_points: Vec<[B256; 2]>,
    jobs: [([[B256; 2]; 2], [B256; 2]); 3],
    proof: Vec<u8>,
}

fn text() -> String {
    format!("{CIRCUIT}row 0 + 1*b0.0\n")
}

/// Whether exactly one of two bits is set, where [`text`] says whether both are.
fn other_text() -> String {
    text().replace("0 0 576460752303423488 0", "0 576460752303423488 0 0")
}

fn circuit(text: &str) -> Circuit {
    Circuit::from_text(text.as_bytes()).unwrap()
}

/// One of the others.
fn other(domain: &ReceiptDomain, index: usize, (inputs, output): ([[B256; 2]; 2], [B256; 2])) -> ReceiptJob {
    let program = if index == 0 { text() } else { other_text() };
    let (circuit, request_id) = (circuit(&program), B256::repeat_byte(6 + index as u8));
    let inputs = circuit.inputs().iter().zip(inputs).enumerate().map(|(place, (declared, point))| {
        let registrant = Address::repeat_byte(0x20 + (2 * index + place) as u8);
        let origin = ReceiptOrigin::Input { registrant, consumer: Address::repeat_byte(0xdd) };
        record(domain, declared, origin, point)
    });
    let origin = ReceiptOrigin::Output { request_id, job: 0, segment: 0, index: 0 };
    ReceiptJob {
        request_id,
        salt: B256::repeat_byte(8),
        segment: 0,
        inputs: inputs.collect(),
        outputs: vec![record(domain, &circuit.outputs()[0], origin, output)],
        program,
    }
}

/// The receipt, and the digest that its reader trusts.
fn receipt_of(parts: Parts) -> (Receipt, [u8; 32]) {
    let circuit = circuit(&text());
    let srs = *srs::development(LOG_BLOCK_POWERS).unwrap().verifier();
    let domain = ReceiptDomain {
        chain_id: 31337,
        coprocessor: Address::repeat_byte(1),
        verifier_hash: B256::repeat_byte(0x0c),
        srs_digest: srs.digest().into(),
        parameter_set_id: parameter_set_id().into(),
        key_digest: keys(&parts.key_points).digest(&Parameters::PRODUCTION).into(),
    };
    let [before, (inputs, output), after] = parts.jobs;
    let inputs = circuit.inputs().iter().zip(inputs).enumerate().map(|(index, (declared, point))| {
        let registrant = Address::repeat_byte(index as u8 + 1);
        record(&domain, declared, ReceiptOrigin::Input { registrant, consumer: CONSUMER }, point)
    });
    let origin = ReceiptOrigin::Output { request_id: REQUEST, job: 0, segment: 0, index: 0 };
    let receipt = Receipt {
        format: FORMAT.into(),
        setup: setup::receipt_setup(&srs),
        request_id: REQUEST,
        salt: B256::repeat_byte(5),
        program: circuit.to_text(),
        inputs: inputs.collect(),
        outputs: vec![record(&domain, &circuit.outputs()[0], origin, output)],
        key_points: Some(parts.key_points),
        earlier_segments: vec![],
        inner_proof: parts.proof.into(),
        batch: Some(ReceiptBatch {
            place: PLACE as u32,
            others: vec![other(&domain, 0, before), other(&domain, 1, after)],
        }),
        wrapped_proof: None,
        fulfil_tx: None,
        release: None,
        domain,
    };
    (receipt, srs.digest())
}

/// A proof of nothing of these circuits together: points at infinity, scalars zero.
fn nothing(texts: &[String]) -> Vec<u8> {
    let circuits: Vec<Circuit> = texts.iter().map(|text| circuit(text)).collect();
    let merged = merge(&circuits.iter().collect::<Vec<_>>()).unwrap();
    let shape = Shape::new(Parameters::PRODUCTION, &merged).unwrap();
    let header = [&b"TRPB"[..], &[2, shape.parameters.id, shape.log_bootstrappings as u8]].concat();
    let mut bytes = vec![0; proof_bytes(&shape)];
    bytes[..header.len()].copy_from_slice(&header);
    bytes
}

fn unproven() -> (Receipt, [u8; 32]) {
    let job = |first: u64| ([some_point(first), some_point(first + 1)], some_point(first + 2));
    receipt_of(Parts {
        key_points: (1..17).map(some_point).collect(),
        jobs: [job(100), job(200), job(300)],
        proof: nothing(&[text(), text(), other_text()]),
    })
}

fn read(file: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mpc-keyholders/testdata/batch");
    std::fs::read(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// What the keyholders' tests have recorded (`mpc-keyholders/tests/release/recorded_batch.rs`).
fn recorded() -> (Receipt, [u8; 32]) {
    let recorded: Record = serde_json::from_slice(&read("record.json")).unwrap();
    let output = ValueWords::from_bytes(&read("output.bin")).unwrap();
    let powers = srs::development(LOG_BLOCK_POWERS).unwrap();
    let output = Commitment::new(powers.commit_words(&output.commitment_words()).unwrap()).unwrap();
    let two = |points: &[String]| [point(&points[0]), point(&points[1])];
    let [before, after] = &recorded.others[..] else { panic!("two others") };
    receipt_of(Parts {
        key_points: recorded.key_points.iter().map(|hex| point(hex)).collect(),
        jobs: [
            (two(&before.inputs), point(&before.output)),
            (two(&recorded.inputs), output.xy().map(B256::from)),
            (two(&after.inputs), point(&after.output)),
        ],
        proof: read("proof.bin"),
    })
}

fn refusal_of((mut receipt, trusted): (Receipt, [u8; 32]), alter: impl FnOnce(&mut Receipt)) -> ReceiptError {
    alter(&mut receipt);
    verify(&receipt, &trusted).unwrap_err()
}

fn refusal(alter: impl FnOnce(&mut Receipt)) -> ReceiptError {
    refusal_of(unproven(), alter)
}

fn batch(receipt: &mut Receipt) -> &mut ReceiptBatch {
    receipt.batch.as_mut().unwrap()
}

#[test]
fn a_job_verifies_by_the_proof_of_its_batch_and_presents_the_others() {
    let (receipt, trusted) = recorded();
    assert_eq!(receipt.jobs(), [3]);
    let verified = verify(&receipt, &trusted).unwrap();
    let VerifiedInputs::Circuit(circuit) = &verified.public else { panic!("a circuit") };
    let [only] = circuit.segments.as_slice() else { panic!("one segment") };
    assert_eq!((only.jobs.len(), only.jobs[PLACE].request_id), (3, REQUEST.0));
    assert_eq!((&verified.inputs, &verified.outputs), (&only.jobs[PLACE].inputs, &only.jobs[PLACE].outputs));
    let presentation = Presentation::of(&receipt, &verified, vec![]);
    assert_eq!((presentation.batch.place, presentation.batch.others.len()), (PLACE, 2));
    assert_eq!(presentation.batch.others[1].program_text, other_text().into_bytes());
}

#[test]
fn a_written_receipt_reads_back_and_one_without_a_batch_is_of_one_job() {
    let (receipt, _) = unproven();
    let json = receipt.to_json().unwrap();
    assert_eq!(Receipt::from_json(json.as_bytes()).unwrap(), receipt);
    let alone = Receipt { batch: None, ..receipt };
    let json = alone.to_json().unwrap();
    assert!(!json.contains("batch"), "as it was before there were batches");
    assert_eq!(Receipt::from_json(json.as_bytes()).unwrap().jobs(), [1]);
    let unknown = json.replacen("\"salt\"", "\"batches\": 1, \"salt\"", 1);
    assert!(Receipt::from_json(unknown.as_bytes()).is_err(), "nothing is read that is not checked");
}

/// Each is well formed, and nothing that the proof is about.
#[test]
fn a_proof_of_other_jobs_is_refused() {
    let rejected = |what: &str, alter: fn(&mut Receipt)| {
        let error = refusal_of(recorded(), alter);
        assert!(matches!(error, ReceiptError::CircuitRejected { segment: 0, .. }), "{what}: {error}");
    };
    rejected("the first place", |r| batch(r).place = 0);
    rejected("the last place", |r| batch(r).place = 2);
    rejected("others exchanged", |r| batch(r).others.swap(0, 1));
    rejected("another text", |r| batch(r).others[0].program = other_text());
    rejected("another request", |r| batch(r).others[0].request_id = B256::ZERO);
    rejected("another salt", |r| batch(r).others[1].salt = B256::ZERO);
    rejected("another segment", |r| batch(r).others[1].segment = 1);
    rejected("inputs exchanged", |r| batch(r).others[1].inputs.swap(0, 1));
    rejected("another own salt", |r| r.salt = B256::ZERO);
    for alter in [(|r| drop(batch(r).others.pop())) as fn(&mut Receipt), |r| r.batch = None] {
        let error = refusal_of(recorded(), alter);
        let other = matches!(error, ReceiptError::SegmentProof { .. } | ReceiptError::CircuitRejected { .. });
        assert!(other, "a job left out: {error}");
    }
}

#[test]
fn the_own_job_is_not_among_the_others() {
    let error = refusal(|r| {
        let own = ReceiptJob {
            request_id: r.request_id,
            salt: r.salt,
            segment: 0,
            program: r.program.clone(),
            inputs: r.inputs.clone(),
            outputs: r.outputs.clone(),
        };
        batch(r).others[0] = own;
    });
    let ReceiptError::CircuitRejected { error: Rejection::Statement(error), .. } = error else {
        panic!("{error}")
    };
    assert!(matches!(error, StatementError::RepeatedHandle { index: 1 }), "{error}");
}

#[test]
fn malformed_batches_are_refused_by_name() {
    let fault = |alter: fn(&mut Receipt)| match refusal(alter) {
        ReceiptError::Batch { segment: 0, fault } => fault,
        other => panic!("{other}"),
    };
    let many = fault(|r| {
        let first = batch(r).others[0].clone();
        batch(r).others = vec![first; 16];
    });
    assert_eq!(many, BatchFault::List(BatchError::Jobs { got: 17 }));
    assert_eq!(fault(|r| batch(r).place = 3), BatchFault::List(BatchError::Place { place: 3, jobs: 3 }));
    assert!(matches!(fault(|r| batch(r).others[1].program.push(' ')), BatchFault::Text { job: 1, .. }));
    let count = fault(|r| batch(r).others[1].outputs.clear());
    assert_eq!(count, BatchFault::Count { job: 1, what: "outputs", got: 0, expected: 1 });
    let handle = fault(|r| batch(r).others[0].inputs[1].handle = B256::ZERO);
    assert!(matches!(handle, BatchFault::Handle { job: 0, what: "input", index: 1, .. }), "{handle}");
    let no_point = refusal(|r| batch(r).others[0].outputs[0].commitment[1].0[31] ^= 1);
    assert!(
        matches!(
            no_point,
            ReceiptError::BatchCommitment { segment: 0, job: 0, what: "output", index: 0, .. }
        ),
        "{no_point}"
    );
    let nothing = refusal(|_| ());
    assert!(matches!(nothing, ReceiptError::CircuitRejected { segment: 0, .. }), "{nothing}");
    let (receipt, _) = unproven();
    assert_ne!(commitment(&receipt.inputs[0].commitment), commitment(&receipt.inputs[1].commitment));
}

/// Nobody would check them.
#[test]
fn a_linear_program_has_no_further_jobs() {
    let linear = crate::fixture::fixture();
    let receipt = Receipt { batch: unproven().0.batch, ..linear.receipt.clone() };
    assert_eq!(verify(&receipt, &linear.trusted).unwrap_err(), ReceiptError::UncheckedBatch);
}
