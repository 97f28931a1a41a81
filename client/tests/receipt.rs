//! Receipts: what is written reads back and verifies from the file alone; every altered field is refused by name.

use alloy::primitives::{Address, B256, Bytes};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::sync::OnceLock;
use trine::receipt::file::{
    FORMAT, Receipt, ReceiptDomain, ReceiptFileError, ReceiptOrigin, ReceiptRecord, ReceiptRelease,
};
use trine::receipt::{ReceiptError, verify};
use trine::{ballot, setup};
use trine_prover::srs;
use trine_verifier::digest::{field_word, point_words};
use trine_verifier::statement::{NamedCommitment, parameter_set_id};
use trine_verifier::{Bytes32, Class, Commitment, Domain, HandleRecord, Job, Origin, Statement};

const VOTERS: usize = 12;
const REQUEST: Bytes32 = [9; 32];
const VERIFIER: Bytes32 = [8; 32];

struct Fixture {
    receipt: Receipt,
    trusted: Bytes32,
}

/// One proof over random words serves all tests.
fn fixture() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(|| {
        let class = Class::SLICE;
        let srs = srs::development(class.log_chunk).unwrap();
        let program = ballot::tally(VOTERS).unwrap();
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let inputs: Vec<Vec<u64>> = (0..VOTERS).map(|_| random_words(&mut rng)).collect();
        let mut total = vec![0u64; inputs[0].len()];
        for value in &inputs {
            total.iter_mut().zip(value).for_each(|(t, w)| *t = t.wrapping_add(*w));
        }
        let mut statement = Statement {
            domain: Domain {
                chain_id: 31337,
                coprocessor: [7; 20],
                verifier_hash: VERIFIER,
                srs_digest: srs.verifier().digest(),
                parameter_set_id: parameter_set_id(),
                key_digest: [6; 32],
            },
            job: Job { request_id: REQUEST, salt: [5; 32], program, inputs: vec![], outputs: vec![] },
        };
        let mut records = Vec::new();
        for (index, words) in inputs.iter().chain([&total]).enumerate() {
            let commitment = Commitment::new(srs.commit_words(words).unwrap()).unwrap();
            let origin = if index < VOTERS {
                Origin::Input { registrant: [index as u8; 20], consumer: [4; 20] }
            } else {
                Origin::Output { request_id: REQUEST, job: 0, segment: 0, index: 0 }
            };
            let record = record(&statement.domain, origin, &commitment);
            let list = if index < VOTERS { &mut statement.job.inputs } else { &mut statement.job.outputs };
            list.push(NamedCommitment { handle: record.handle.0, commitment });
            records.push(record);
        }
        let proof = trine_prover::argument::prove(&class, &srs, &statement, inputs, &mut |_| true).unwrap();
        let public = trine_verifier::verify(&class, srs.verifier(), &statement, &proof).unwrap();
        let mut wrapped = VERIFIER[..4].to_vec();
        wrapped.extend_from_slice(&[1; 8 * 32]);
        let group = &proof.group;
        let points = group.columns.iter().chain(&group.folds).chain([&group.quotient, &group.witness]);
        wrapped.extend(points.flat_map(point_words).flatten());
        let challenges = [public.rho, public.r, public.q, public.z, public.r_at_z];
        wrapped.extend(challenges.iter().flat_map(field_word));
        let outputs = records.split_off(VOTERS);
        let receipt = Receipt {
            format: FORMAT.into(),
            setup: setup::receipt_setup(srs.verifier()),
            domain: ReceiptDomain {
                chain_id: 31337,
                coprocessor: Address::repeat_byte(7),
                verifier_hash: VERIFIER.into(),
                srs_digest: srs.verifier().digest().into(),
                parameter_set_id: parameter_set_id().into(),
                key_digest: B256::repeat_byte(6),
            },
            request_id: REQUEST.into(),
            salt: B256::repeat_byte(5),
            program: statement.job.program.to_text(),
            inputs: records,
            outputs,
            inner_proof: proof.to_bytes(&class).into(),
            wrapped_proof: Some(wrapped.into()),
            fulfil_tx: None,
            release: None,
        };
        Fixture { receipt, trusted: srs.verifier().digest() }
    })
}

/// Three blocks in the layout of a commitment: zeros above each body.
fn random_words(rng: &mut ChaCha20Rng) -> Vec<u64> {
    (0..3 * 4096).map(|i| if i % 4096 <= 2048 { rng.next_u64() } else { 0 }).collect()
}

fn record(domain: &Domain, origin: Origin, commitment: &Commitment) -> ReceiptRecord {
    let declaration = ballot::declaration();
    let full = HandleRecord {
        chain_id: domain.chain_id,
        coprocessor: domain.coprocessor,
        key_digest: domain.key_digest,
        key_kind: declaration.key_kind,
        value_type: declaration.value_type,
        blocks: declaration.blocks,
        origin,
        commitment_digest: commitment.digest(),
    };
    ReceiptRecord {
        handle: full.handle().into(),
        value_type: declaration.value_type,
        key_kind: declaration.key_kind,
        blocks: declaration.blocks,
        origin: match origin {
            Origin::Input { registrant, consumer } => {
                ReceiptOrigin::Input { registrant: registrant.into(), consumer: consumer.into() }
            }
            Origin::Output { request_id, job, segment, index } => {
                ReceiptOrigin::Output { request_id: request_id.into(), job, segment, index }
            }
        },
        commitment: commitment.xy().map(B256::from),
    }
}

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
    assert_eq!(verified.statement.job.request_id, REQUEST);
    let without = Receipt { wrapped_proof: None, ..read };
    assert!(verify(&without, &fixture.trusted).is_ok());
}

#[test]
fn another_anchor_is_refused() {
    assert!(matches!(verify(&fixture().receipt, &[1; 32]), Err(ReceiptError::Untrusted { .. })));
    let other_tau = srs::development(16).unwrap().powers()[1];
    assert!(matches!(
        refusal(|r| r.setup.tau_h[0] = point_words(&other_tau)[0].into()),
        ReceiptError::Setup(_)
    ));
    assert!(matches!(refusal(|r| r.setup.max_powers += 1), ReceiptError::SrsDigest { .. }));
    assert!(matches!(refusal(|r| r.domain.srs_digest = B256::ZERO), ReceiptError::SrsDigest { .. }));
    assert!(matches!(refusal(|r| r.domain.parameter_set_id = B256::ZERO), ReceiptError::ParameterSet { .. }));
}

#[test]
fn an_altered_statement_is_refused() {
    assert!(matches!(refusal(|r| r.program.push(' ')), ReceiptError::Program(_)));
    assert!(matches!(refusal(|r| r.inputs.truncate(r.inputs.len() - 1)), ReceiptError::RecordCount { what: "input", .. }));
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
        assert_eq!(error, ReceiptError::Wrapped { field: part });
    }
    let short = refusal(|r| r.wrapped_proof = Some(wrapped.slice(..wrapped.len() - 1)));
    assert_eq!(short, ReceiptError::Wrapped { field: "length" });
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
