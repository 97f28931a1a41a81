//! A contributor that knows its factor and proves what it likes, written from the spec and not from the code.

use crate::fixture::new_transcript;
use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::PrimeField;
use trine_prover::ceremony::{Knowledge, Record, Step, Transcript};
use trine_verifier::digest::{g2_words, point_words};

/// CE.R3.
fn challenge(record: &Record, before: G1Affine, commitment: G1Affine) -> Fr {
    let mut bytes = b"trine.ceremony.challenge.v1".to_vec();
    bytes.extend(record.previous);
    bytes.extend((record.name.len() as u64).to_le_bytes());
    bytes.extend(record.name.as_bytes());
    bytes.extend(point_words(&before).concat());
    bytes.extend(point_words(&record.delta_g1).concat());
    bytes.extend(g2_words(&record.delta_g2).concat());
    bytes.extend(point_words(&commitment).concat());
    let mut wide = [0; 64];
    blake3::Hasher::new().update(&bytes).finalize_xof().fill(&mut wide);
    Fr::from_le_bytes_mod_order(&wide)
}

/// Signs the record as it stands, for a factor from `before`.
pub fn prove(record: &mut Record, before: G1Affine, factor: Fr) {
    let nonce = Fr::from(123_456_789u64);
    let commitment = (before * nonce).into_affine();
    let response = nonce + challenge(record, before, commitment) * factor;
    record.step = Step::Contribution(Knowledge { commitment, response });
}

/// A record on top of a transcript: deltas multiplied by factors, which may differ, and a proof for the first.
pub fn record(transcript: &Transcript, name: &str, factor_g1: Fr, factor_g2: Fr) -> Record {
    let last = transcript.records.last();
    let before = last.map_or(G1Affine::generator(), |r| r.delta_g1);
    let before_g2 = last.map_or(G2Affine::generator(), |r| r.delta_g2);
    let mut record = Record {
        name: name.into(),
        previous: last.map_or_else(|| transcript.head.hash(), Record::hash),
        delta_g1: (before * factor_g1).into_affine(),
        delta_g2: (before_g2 * factor_g2).into_affine(),
        step: Step::Contribution(Knowledge { commitment: before, response: Fr::from(0u64) }),
    };
    prove(&mut record, before, factor_g1);
    record
}

/// A transcript with one contribution of a known factor, its queries divided as they should be.
pub fn of_known_factor(factor: Fr) -> Transcript {
    use ark_ff::Field;
    let mut transcript = new_transcript();
    let record = record(&transcript, "known", factor, factor);
    transcript.records.push(record);
    let inverse = factor.inverse().unwrap();
    for query in [&mut transcript.l_query, &mut transcript.h_query] {
        query.iter_mut().for_each(|point| *point = (*point * inverse).into_affine());
    }
    transcript
}
