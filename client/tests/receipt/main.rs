//! Receipts: what is written reads back and verifies from the file alone; every altered field is refused by name.

mod batch;
mod circuits;
mod fixture;
mod onchain;
mod segments;

use alloy::primitives::{Address, B256, Bytes};
use fixture::{REQUEST, fixture};
use trine::receipt::file::{FORMAT, Receipt, ReceiptFileError, ReceiptOrigin, ReceiptRelease};
use trine::receipt::{ReceiptError, verify};
use trine_prover::srs;
use trine_verifier::digest::point_words;

fn refusal(alter: impl FnOnce(&mut Receipt)) -> ReceiptError {
    let fixture = fixture();
    let mut receipt = fixture.receipt.clone();
    alter(&mut receipt);
    verify(&receipt, &fixture.trusted).unwrap_err()
}

#[test]
fn a_written_receipt_verifies_from_its_file() {
    let fixture = fixture();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("receipt.json");
    fixture.receipt.write(&path).unwrap();
    let read = Receipt::read(&path).unwrap();
    assert_eq!(read, fixture.receipt);
    let verified = verify(&read, &fixture.trusted).unwrap();
    assert_eq!(verified.request_id, REQUEST);
    let without = Receipt { wrapped_proof: None, ..read };
    assert!(verify(&without, &fixture.trusted).is_ok());
}

#[test]
fn another_anchor_is_refused() {
    assert!(matches!(verify(&fixture().receipt, &[1; 32]), Err(ReceiptError::Untrusted { .. })));
    let other_tau = srs::development(16).unwrap().powers()[1];
    assert!(matches!(
        refusal(|r| r.setup.powers_h[0][0] = point_words(&other_tau)[0].into()),
        ReceiptError::Setup(_)
    ));
    assert!(matches!(refusal(|r| r.setup.max_powers += 1), ReceiptError::SrsDigest { .. }));
    assert!(matches!(refusal(|r| r.domain.srs_digest = B256::ZERO), ReceiptError::SrsDigest { .. }));
    assert!(matches!(refusal(|r| r.domain.parameter_set_id = B256::ZERO), ReceiptError::ParameterSet { .. }));
}

#[test]
fn an_altered_statement_is_refused() {
    assert!(matches!(refusal(|r| r.program.push(' ')), ReceiptError::Program(_)));
    assert!(matches!(
        refusal(|r| r.inputs.truncate(r.inputs.len() - 1)),
        ReceiptError::RecordCount { what: "input", .. }
    ));
    assert!(matches!(refusal(|r| r.outputs.clear()), ReceiptError::RecordCount { what: "output", .. }));
    assert!(matches!(
        refusal(|r| r.inputs[3].blocks = 2),
        ReceiptError::Declaration { what: "input", index: 3 }
    ));
    assert!(matches!(
        refusal(|r| r.inputs[0].commitment = [B256::ZERO; 2]),
        ReceiptError::Commitment { what: "input", index: 0, .. }
    ));
    assert!(matches!(
        refusal(|r| r.inputs[2].handle = B256::ZERO),
        ReceiptError::Handle { what: "input", index: 2, .. }
    ));
    assert!(matches!(refusal(|r| r.domain.chain_id = 1), ReceiptError::Handle { .. }));
    assert!(matches!(refusal(|r| r.domain.key_digest = B256::ZERO), ReceiptError::Handle { .. }));
    assert!(matches!(refusal(|r| r.request_id = B256::ZERO), ReceiptError::Origin { index: 0 }));
    assert!(matches!(refusal(|r| r.inputs.swap(0, 1)), ReceiptError::Rejected(_)));
    assert!(matches!(refusal(|r| r.salt = B256::ZERO), ReceiptError::Rejected(_)));
}

#[test]
fn an_output_cannot_pass_for_a_registered_value() {
    let forged = |r: &mut Receipt| {
        r.outputs[0].origin =
            ReceiptOrigin::Input { registrant: Address::ZERO, consumer: Address::repeat_byte(4) };
    };
    assert!(matches!(refusal(forged), ReceiptError::Handle { what: "output", .. }));
}

#[test]
fn an_altered_proof_is_refused() {
    let flipped = |bytes: &Bytes, at: usize| {
        let mut bytes = bytes.to_vec();
        bytes[at] ^= 1;
        Bytes::from(bytes)
    };
    assert!(matches!(refusal(|r| r.inner_proof = Bytes::new()), ReceiptError::Proof(_)));
    let last = fixture().receipt.inner_proof.len() - 1;
    assert!(matches!(refusal(|r| r.inner_proof = flipped(&r.inner_proof, last)), ReceiptError::Rejected(_)));
    let wrapped = fixture().receipt.wrapped_proof.clone().unwrap();
    for (at, part) in [(0, "verifier hash"), (wrapped.len() - 1, "group side"), (4 + 8 * 32, "group side")] {
        let error = refusal(|r| r.wrapped_proof = Some(flipped(&wrapped, at)));
        assert_eq!(error, ReceiptError::Wrapped { segment: 0, field: part });
    }
    let short = refusal(|r| r.wrapped_proof = Some(wrapped.slice(..wrapped.len() - 1)));
    assert_eq!(short, ReceiptError::Wrapped { segment: 0, field: "length" });
}

#[test]
fn hostile_files_are_errors() {
    let json = fixture().receipt.to_json().unwrap();
    for hostile in ["", "{}", "[]", "null", &"[".repeat(100_000), &json[..json.len() - 1]] {
        assert!(matches!(Receipt::from_json(hostile.as_bytes()), Err(ReceiptFileError::Json(_))));
    }
    let unknown = json.replacen('{', "{\"promise\": 1,", 1);
    assert!(matches!(Receipt::from_json(unknown.as_bytes()), Err(ReceiptFileError::Json(_))));
    let other = json.replace(FORMAT, "trine.receipt.v9");
    assert!(matches!(Receipt::from_json(other.as_bytes()), Err(ReceiptFileError::Format { .. })));
    let long = vec![b' '; trine::receipt::file::MAX_RECEIPT_BYTES as usize + 1];
    assert!(matches!(Receipt::from_json(&long), Err(ReceiptFileError::Length { .. })));
}

#[test]
fn a_release_travels_with_the_receipt() {
    let release = ReceiptRelease {
        release_verifier: Address::repeat_byte(3),
        epoch: 1,
        handles: vec![B256::repeat_byte(2)],
        plaintexts: vec![4, 4, 4],
        signature: vec![1; 256].into(),
        release_tx: Some(B256::repeat_byte(1)),
    };
    let receipt = Receipt { release: Some(release), ..fixture().receipt.clone() };
    assert_eq!(Receipt::from_json(receipt.to_json().unwrap().as_bytes()).unwrap(), receipt);
}
