//! Transcripts that somebody has touched: each check is the only one that stops its attack.

use crate::fixture::{beacon, circuit, contributed, entropy, new_transcript, points_of, powers};
use crate::forger;
use ark_bn254::{Fr, G1Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::Field;
use trine_prover::Mode;
use trine_prover::ceremony::record::BEACON_ITERATIONS;
use trine_prover::ceremony::{
    Beacon, CeremonyError, Knowledge, Powers, Record, Step, Transcript, initial_key, verify,
};

fn refusal(transcript: &Transcript) -> CeremonyError {
    verify(transcript, &circuit(3), powers()).unwrap_err()
}

/// Refusal of a transcript of three contributors that somebody has touched.
fn touched(change: impl FnOnce(&mut Transcript)) -> CeremonyError {
    let mut transcript = contributed(&["Ada", "Grace", "Emmy"]);
    verify(&transcript, &circuit(3), powers()).unwrap();
    change(&mut transcript);
    refusal(&transcript)
}

fn knowledge(record: &mut Record) -> &mut Knowledge {
    match &mut record.step {
        Step::Contribution(knowledge) => knowledge,
        Step::Beacon(_) => panic!("not a contribution"),
    }
}

#[test]
fn another_circuit_is_refused_ce_v1() {
    let mut other = circuit(3);
    let wire = other.witness(Fr::ONE);
    other.enforce_product("extra", &wire, &wire, &wire);
    let refused = verify(&contributed(&["Ada"]), &other, powers()).unwrap_err();
    assert!(matches!(refused, CeremonyError::OtherCircuit { .. }), "CE.V1, not {refused}");
}

#[test]
fn other_powers_are_refused_ce_v2() {
    let other = Powers::new(points_of(6, [5u64, 6, 7].map(Fr::from)), Mode::Production).unwrap();
    let refused = verify(&contributed(&["Ada"]), &circuit(3), &other).unwrap_err();
    assert!(matches!(refused, CeremonyError::OtherPowers { .. }), "CE.V2, not {refused}");
}

/// A ceremony that starts at a key which whoever began it could have chosen.
#[test]
fn another_initial_key_is_refused_ce_v3() {
    let mut key = initial_key(&circuit(3), powers()).unwrap();
    key.vk.gamma_abc_g1.swap(0, 1);
    let mut transcript = Transcript::new(circuit(3).circuit_digest(), *powers().digest(), &key);
    transcript.contribute("Ada", entropy(1)).unwrap();
    let refused = refusal(&transcript);
    assert!(matches!(refused, CeremonyError::OtherInitialKey { .. }), "CE.V3, not {refused}");
}

#[test]
fn another_number_of_points_is_refused_ce_v4() {
    let what = |change: fn(&mut Transcript)| match touched(change) {
        CeremonyError::QueryCount { what, .. } => what,
        other => panic!("CE.V4, not {other}"),
    };
    assert_eq!(what(|t| t.l_query.truncate(1)), "l");
    assert_eq!(what(|t| t.h_query.push(G1Affine::generator())), "h");
}

#[test]
fn queries_that_delta_does_not_divide_are_refused_ce_v5() {
    let what = |change: fn(&mut Transcript)| match touched(change) {
        CeremonyError::Query { what } => what,
        other => panic!("CE.V5, not {other}"),
    };
    assert_eq!(what(|t| t.l_query[1] = G1Affine::generator()), "l");
    assert_eq!(what(|t| t.l_query.swap(1, 2)), "l");
    assert_eq!(what(|t| t.h_query[62] = -t.h_query[62]), "h");
    assert_eq!(what(|t| t.h_query[0] = G1Affine::zero()), "h");
    // Contributed to, but the queries are those of before.
    let stale = new_transcript();
    assert!(matches!(touched(|t| t.l_query = stale.l_query), CeremonyError::Query { what: "l" }));
    // Two errors that would cancel out under equal weights.
    let cancelling = touched(|t| {
        let shift = G1Affine::generator();
        t.h_query[3] = (t.h_query[3] + shift).into_affine();
        t.h_query[4] = (t.h_query[4] - shift).into_affine();
    });
    assert_eq!(cancelling, CeremonyError::Query { what: "h" });
}

#[test]
fn a_record_that_is_moved_or_left_out_is_refused_ce_c1() {
    let index = |change: fn(&mut Transcript)| match touched(change) {
        CeremonyError::Chain { index, .. } => index,
        other => panic!("CE.C1, not {other}"),
    };
    assert_eq!(index(|t| drop(t.records.remove(0))), 0);
    assert_eq!(index(|t| drop(t.records.remove(1))), 1);
    assert_eq!(index(|t| t.records.swap(1, 2)), 1);
    assert_eq!(index(|t| t.records[1].previous[0] ^= 1), 1);
    // The last contributor, dropped: the chain holds, but the queries tell.
    assert_eq!(touched(|t| drop(t.records.pop())), CeremonyError::Query { what: "l" });
    let other_head = touched(|t| t.head.initial_key[0] ^= 1);
    assert!(matches!(other_head, CeremonyError::Chain { index: 0, .. }));
}

#[test]
fn a_factor_of_one_is_refused_ce_c3() {
    let mut transcript = contributed(&["Ada"]);
    let record = forger::record(&transcript, "Eve", Fr::ONE, Fr::ONE);
    transcript.records.push(record);
    assert_eq!(refusal(&transcript), CeremonyError::Identity { index: 1 }, "CE.C3");
    let mut transcript = new_transcript();
    let record = forger::record(&transcript, "Eve", Fr::ONE, Fr::ONE);
    transcript.records.push(record);
    assert_eq!(refusal(&transcript), CeremonyError::Identity { index: 0 });
}

/// Two colluding contributors lead back to delta = 1, where gamma stands.
#[test]
fn delta_equal_to_gamma_is_refused_ce_c4() {
    let factor = Fr::from(77u64);
    let mut transcript = forger::of_known_factor(factor);
    let inverse = factor.inverse().unwrap();
    let record = forger::record(&transcript, "Eve", inverse, inverse);
    transcript.records.push(record);
    let start = new_transcript();
    (transcript.l_query, transcript.h_query) = (start.l_query, start.h_query);
    assert_eq!(refusal(&transcript), CeremonyError::GammaIsDelta { index: 1 }, "CE.C4");
}

#[test]
fn a_contribution_without_its_own_proof_is_refused_ce_c5() {
    let index = |change: fn(&mut Transcript)| match touched(change) {
        CeremonyError::Knowledge { index } => index,
        other => panic!("CE.C5, not {other}"),
    };
    // No proof, half a proof.
    assert_eq!(
        index(|t| {
            *knowledge(&mut t.records[2]) =
                Knowledge { commitment: G1Affine::generator(), response: Fr::from(0u64) };
        }),
        2
    );
    assert_eq!(index(|t| knowledge(&mut t.records[2]).response += Fr::ONE), 2);
    // Another's proof, and a proof under another name.
    assert_eq!(index(|t| t.records[2].step = t.records[1].step.clone()), 2);
    assert_eq!(index(|t| t.records[2].name = "Eve".into()), 2);
    assert_eq!(index(|t| t.records[0].name = "Eve".into()), 0);
    // Another's whole contribution, put on top again.
    assert_eq!(
        index(|t| {
            let mut replay = t.records[0].clone();
            replay.previous = t.records[2].hash();
            t.records.push(replay);
        }),
        3
    );
    // Another delta under the same proof.
    assert_eq!(index(|t| t.records[2].delta_g1 = -t.records[2].delta_g1), 2);
    assert_eq!(index(|t| t.records[2].delta_g2 = -t.records[2].delta_g2), 2);
}

#[test]
fn deltas_of_two_factors_are_refused_ce_c7() {
    let mut transcript = contributed(&["Ada"]);
    let record = forger::record(&transcript, "Eve", Fr::from(5u64), Fr::from(6u64));
    transcript.records.push(record);
    assert_eq!(refusal(&transcript), CeremonyError::DeltaRatio { index: 1 }, "CE.C7");
}

fn closed() -> Transcript {
    let mut transcript = contributed(&["Ada", "Grace"]);
    transcript.close(beacon()).unwrap();
    verify(&transcript, &circuit(3), powers()).unwrap();
    transcript
}

#[test]
fn a_beacon_that_does_not_give_its_factor_is_refused_ce_c6() {
    for change in [(|b| b.iterations += 1) as fn(&mut Beacon), |b| b.bytes.push(0), |b| b.bytes[0] ^= 1] {
        let mut transcript = closed();
        if let Step::Beacon(beacon) = &mut transcript.records[2].step {
            change(beacon);
        }
        assert_eq!(refusal(&transcript), CeremonyError::Beacon { index: 2 }, "CE.C6");
    }
    // A factor of the last contributor's choice, called a beacon.
    let mut transcript = contributed(&["Ada", "Grace"]);
    let mut record = forger::record(&transcript, "beacon", Fr::from(5u64), Fr::from(5u64));
    record.step = Step::Beacon(beacon());
    transcript.records.push(record);
    assert_eq!(refusal(&transcript), CeremonyError::Beacon { index: 2 });
}

#[test]
fn nothing_follows_the_beacon_ce_c2() {
    let mut transcript = closed();
    let expected = CeremonyError::AfterBeacon { index: 3 };
    assert_eq!(transcript.contribute("Eve", entropy(9)), Err(expected.clone()), "CE.C2");
    assert_eq!(transcript.close(beacon()), Err(expected.clone()));
    let record = forger::record(&transcript, "Eve", Fr::from(5u64), Fr::from(5u64));
    transcript.records.push(record);
    assert_eq!(refusal(&transcript), expected);
}

#[test]
fn a_broken_chain_is_not_contributed_to() {
    let mut transcript = contributed(&["Ada", "Grace"]);
    transcript.records.swap(0, 1);
    let refused = transcript.contribute("Emmy", entropy(1)).unwrap_err();
    assert!(matches!(refused, CeremonyError::Chain { index: 0, .. }), "{refused}");
    assert_eq!(transcript.records.len(), 2, "nothing is added");
}

#[test]
fn names_and_beacons_have_bounds() {
    let mut transcript = new_transcript();
    for name in ["", &"x".repeat(65), "two\nlines"] {
        let refused = transcript.contribute(name, entropy(1)).unwrap_err();
        assert!(
            matches!(refused, CeremonyError::Name { bytes, max: 64 } if bytes == name.len()),
            "{refused}"
        );
    }
    assert_eq!(transcript.close(beacon()), Err(CeremonyError::NoContribution), "its factor is public");
    let [least, most] = BEACON_ITERATIONS;
    for (bytes, iterations) in [(0, least), (1025, least), (1, least - 1), (1, most + 1)] {
        assert!(matches!(
            Beacon::new(vec![7; bytes], iterations),
            Err(CeremonyError::BeaconSize { bytes: b, iterations: i, .. }) if b == bytes && i == iterations
        ));
    }
}
