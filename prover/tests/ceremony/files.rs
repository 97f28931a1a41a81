//! Transcripts and keys as bytes: what is written is read back, and nothing else is read.

use crate::fixture::{beacon, circuit, contributed, powers};
use ark_bn254::Fq2;
use ark_bn254::G2Affine;
use proptest::prelude::*;
use std::sync::OnceLock;
use trine_prover::ceremony::{CeremonyKey, DecodeError, Transcript, finalise};
use trine_verifier::digest::g2_words;

/// A closed ceremony of two and its key.
fn files() -> &'static (Transcript, Vec<u8>, Vec<u8>) {
    static FILES: OnceLock<(Transcript, Vec<u8>, Vec<u8>)> = OnceLock::new();
    FILES.get_or_init(|| {
        let mut transcript = contributed(&["Ada", "Grace"]);
        let key = finalise(&mut transcript, &circuit(3), powers(), beacon()).unwrap();
        let (bytes, key) = (transcript.to_bytes(), key.to_bytes());
        (transcript, bytes, key)
    })
}

/// The bytes with a change, and the digest at the end that belongs to them.
fn resealed(bytes: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut content = bytes[..bytes.len() - 32].to_vec();
    change(&mut content);
    let digest = blake3::hash(&content);
    content.extend(digest.as_bytes());
    content
}

fn refused(change: impl FnOnce(&mut Vec<u8>)) -> DecodeError {
    Transcript::from_bytes(&resealed(&files().1, change)).unwrap_err()
}

/// Magic, version, three digests, number of records.
const RECORDS: usize = 8 + 4 + 96 + 4;
/// Kind, length of the name, "Ada", hash before.
const DELTA_G1: usize = RECORDS + 2 + 3 + 32;

#[test]
fn what_is_written_is_read_back() {
    let (transcript, bytes, key) = files();
    assert!(Transcript::from_bytes(bytes).unwrap() == *transcript);
    assert_eq!(CeremonyKey::from_bytes(key).unwrap().to_bytes(), *key);
}

#[test]
fn each_part_of_the_form_is_checked_ce_f1() {
    assert!(matches!(refused(|b| b[0] ^= 1), DecodeError::Magic { .. }), "CE.F1");
    assert!(matches!(refused(|b| b[8] = 2), DecodeError::Version { got: 2, expected: 1 }));
    assert!(matches!(refused(|b| b[RECORDS - 4..RECORDS].fill(255)), DecodeError::RecordCount { .. }));
    assert!(matches!(refused(|b| b[RECORDS] = 3), DecodeError::Kind { index: 0, got: 3 }));
    assert!(matches!(refused(|b| b[RECORDS + 2] = b'\n'), DecodeError::Name { index: 0 }));
    assert!(matches!(refused(|b| b[RECORDS + 2] = 255), DecodeError::Name { index: 0 }));
    let points = (files().0.l_query.len() + files().0.h_query.len()) * 64;
    let counts = files().1.len() - 32 - points - 16;
    for at in [counts, counts + 7, counts + 8, counts + 15] {
        assert!(matches!(refused(|b| b[at] ^= 0x80), DecodeError::Length { .. }), "{at}");
    }
    // The last record is the beacon's; its iterations stand before the counts.
    assert!(matches!(refused(|b| b[counts - 1] = 1), DecodeError::Beacon { index: 2, .. }));
    assert!(matches!(refused(|b| b.push(0)), DecodeError::Length { .. }));
    assert!(matches!(Transcript::from_bytes(&files().2), Err(DecodeError::Magic { .. })));
    assert!(matches!(CeremonyKey::from_bytes(&files().1), Err(DecodeError::Magic { .. })));
}

#[test]
fn points_and_scalars_are_canonical_ce_f2() {
    assert!(
        matches!(refused(|b| b[DELTA_G1 + 63] ^= 1), DecodeError::Point { part: "delta in G1", index: 0 }),
        "CE.F2"
    );
    assert!(matches!(refused(|b| b[DELTA_G1] = 255), DecodeError::Point { part: "delta in G1", .. }));
    assert!(matches!(refused(|b| b[DELTA_G1..DELTA_G1 + 64].fill(0)), DecodeError::Point { .. }));
    let delta_g2 = DELTA_G1 + 64;
    assert!(matches!(refused(|b| b[delta_g2 + 127] ^= 1), DecodeError::Point { part: "delta in G2", .. }));
    assert!(matches!(refused(|b| b[delta_g2..delta_g2 + 128].fill(0)), DecodeError::Point { .. }));
    let outside = (1u64..)
        .filter_map(|x| G2Affine::get_point_from_x_unchecked(Fq2::from(x), false))
        .find(|point| !point.is_in_correct_subgroup_assuming_on_curve())
        .unwrap();
    let words = g2_words(&outside).concat();
    let error = refused(|b| b[delta_g2..delta_g2 + 128].copy_from_slice(&words));
    assert_eq!(error, DecodeError::Point { part: "delta in G2", index: 0 });
    let response = delta_g2 + 128 + 64;
    assert!(matches!(refused(|b| b[response] = 255), DecodeError::Scalar { part: "response", index: 0 }));
    let last = files().1.len() - 33;
    let index = files().0.h_query.len() - 1;
    assert_eq!(refused(|b| b[last] ^= 1), DecodeError::Point { part: "point of the query h", index });
}

#[test]
fn a_damaged_file_is_named_ce_f3() {
    for bytes in [&files().1, &files().2] {
        let mut damaged = bytes.clone();
        damaged[200] ^= 1;
        let refused = [Transcript::from_bytes(&damaged).err(), CeremonyKey::from_bytes(&damaged).err()];
        assert!(refused.contains(&Some(DecodeError::Damaged)), "CE.F3, not {refused:?}");
    }
}

#[test]
fn a_key_that_arkworks_does_not_read_is_refused_ce_f2() {
    let key = &files().2;
    let length = key.len() - 32;
    let cut = resealed(key, |b| b.truncate(length - 1));
    assert!(matches!(CeremonyKey::from_bytes(&cut), Err(DecodeError::Length { .. })));
    let longer = resealed(key, |b| b.push(0));
    assert!(matches!(CeremonyKey::from_bytes(&longer), Err(DecodeError::Length { .. })));
    // The last list of the key, said to be endless.
    let l_query = files().0.l_query.len();
    let at = length - 64 * l_query - 8;
    let endless = resealed(key, |b| b[at..at + 8].fill(255));
    assert!(matches!(CeremonyKey::from_bytes(&endless), Err(DecodeError::ProvingKey)));
    let shorter = resealed(key, |b| b[at] -= 1);
    assert!(matches!(CeremonyKey::from_bytes(&shorter), Err(DecodeError::ProvingKey)), "bytes are left");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hostile_bytes_never_panic(
        tail in proptest::collection::vec(any::<u8>(), 0..300),
        changes in proptest::collection::vec((12usize..1200, any::<u8>()), 1..8),
        cut in 0usize..2000,
    ) {
        for (head, file) in [(b"TRINECER\x01\0\0\0", &files().1), (b"TRINECPK\x01\0\0\0", &files().2)] {
            let random = resealed(&[&head[..], &tail, &[0; 32]].concat(), |_| ());
            prop_assert!(Transcript::from_bytes(&random).is_err());
            prop_assert!(CeremonyKey::from_bytes(&random).is_err());
            let changed = resealed(file, |b| changes.iter().for_each(|(at, byte)| b[*at] = *byte));
            let _ = (Transcript::from_bytes(&changed), CeremonyKey::from_bytes(&changed));
            let truncated = resealed(file, |b| b.truncate(cut));
            prop_assert!(Transcript::from_bytes(&truncated).is_err() && CeremonyKey::from_bytes(&truncated).is_err());
        }
    }
}
