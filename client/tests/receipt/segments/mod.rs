//! Receipts of a circuit in two segments, and every way in which they are refused.
//!
//! What is refused before a proof is verified is tested with proofs of nothing; the rest with the two proofs that the
//! keyholders' tests record.

pub mod fixture;
mod onchain;

use alloy::primitives::B256;
use fixture::{REQUEST, circuit, record, recorded, unproven};
use trine::keyholders::Presentation;
use trine::receipt::file::{Receipt, ReceiptOrigin};
use trine::receipt::{ReceiptError, VerifiedInputs, verify};
use trine_verifier::bootstrapping::Rejection;

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
