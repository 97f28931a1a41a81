//! A receipt over random words, proven once for all tests.

use alloy::primitives::{Address, B256};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::sync::OnceLock;
use trine::receipt::file::{FORMAT, Receipt, ReceiptDomain, ReceiptOrigin, ReceiptRecord};
use trine::{ballot, setup};
use trine_prover::srs;
use trine_verifier::digest::{field_word, point_words};
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{
    Bytes32, Class, Commitment, Domain, HandleRecord, Job, NamedCommitment, Origin, Statement,
};

pub const VOTERS: usize = 12;
pub const REQUEST: Bytes32 = [9; 32];
pub const VERIFIER: Bytes32 = [8; 32];

pub struct Fixture {
    pub receipt: Receipt,
    pub trusted: Bytes32,
}

/// One proof over random words serves all tests.
pub fn fixture() -> &'static Fixture {
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
            list.push(NamedCommitment::new(&record, commitment).unwrap());
            records.push(receipt_record(&record, &commitment));
        }
        let proof = trine_prover::argument::prove(&class, &srs, &statement, inputs, &mut |_| true).unwrap();
        let public = trine_verifier::verify(&class, srs.verifier(), &statement, &proof).unwrap();
        let mut wrapped = VERIFIER[..4].to_vec();
        wrapped.extend_from_slice(&[1; 8 * 32]);
        let group = &proof.group;
        let closing = group.closing.to_array();
        let points = group.columns.iter().chain(&group.folds).chain(&closing);
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
            key_points: None,
            earlier_segments: vec![],
            inner_proof: proof.to_bytes(&class).into(),
            batch: None,
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

fn record(domain: &Domain, origin: Origin, commitment: &Commitment) -> HandleRecord {
    let declaration = ballot::declaration();
    HandleRecord {
        chain_id: domain.chain_id,
        coprocessor: domain.coprocessor,
        key_digest: domain.key_digest,
        key_kind: declaration.key_kind,
        value_type: declaration.value_type,
        blocks: declaration.blocks,
        origin,
        commitment_digest: commitment.digest(),
    }
}

fn receipt_record(record: &HandleRecord, commitment: &Commitment) -> ReceiptRecord {
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
}
