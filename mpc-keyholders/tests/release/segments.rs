//! Circuits of several segments: one test for each thing that may be wrong between them, and their release by four nodes.
//!
//! What is refused before a proof is verified is tested with proofs of nothing; the rest with recorded ones that verify
//! together, once `record_two_segments` has made them.

use super::cluster::{Cluster, PLAINTEXTS};
use super::nodes::{refusal, release_at};
use super::proven::{Proven, REQUEST, proven};
use super::recorded::{chain_of, recorded, recorded_segments, unproven_segments};
use tonic::Code;
use trine_keyholder::node::release::Conduct;
use trine_keyholder::protocol::authorise::PresentedSegment;
use trine_keyholder::protocol::refusal::Refusal;
use trine_program::Circuit;
use trine_program::circuit::SegmentError;
use trine_proto::prover::v1::Commitment as WireCommitment;
use trine_verifier::Origin;
use trine_verifier::bootstrapping::registration::MAX_SEGMENTS;

const CONFIRMATIONS: u64 = 3;

fn refused(change: impl FnOnce(&mut Proven)) -> Refusal {
    of(unproven_segments(), change)
}

fn of(mut case: Proven, change: impl FnOnce(&mut Proven)) -> Refusal {
    change(&mut case);
    let rules = case.rules(CONFIRMATIONS);
    case.authorise(&rules).unwrap_err()
}

/// Names the output as one of another segment: a chain that agrees.
fn output_of_segment(case: &mut Proven, segment: u32) {
    let output = &mut case.facts.outputs[0];
    output.record.origin = Origin::Output { request_id: REQUEST, job: 0, segment, index: 0 };
    output.handle = output.record.handle();
}

#[test]
fn a_circuit_in_two_segments_is_authorised_by_both_proofs() {
    let case = recorded_segments();
    let handles = [case.facts.outputs[0].handle];
    let authorised = case.authorise(&recorded_segments().rules(CONFIRMATIONS)).unwrap();
    assert_eq!(authorised.handles(), handles);
}

#[test]
fn every_segment_is_presented_once_tr_a7() {
    let count = |got, expected| Refusal::SegmentCount { got, expected };
    let left_out = refused(|c| c.presented.earlier_segments.clear());
    assert_eq!((left_out.name(), &left_out), ("SegmentCount", &count(1, 2)), "TR.A7");
    let twice = refused(|c| c.presented.earlier_segments.push(c.presented.earlier_segments[0].clone()));
    assert_eq!(twice, count(3, 2));
    // Programs that are proven in one piece.
    let segment = || PresentedSegment { links: vec![], proof: vec![], batch: Default::default() };
    assert_eq!(of(recorded(), |c| c.presented.earlier_segments.push(segment())), count(2, 1));
    assert_eq!(of(proven(), |c| c.presented.earlier_segments.push(segment())), count(2, 1));
}

#[test]
fn a_segment_has_the_links_of_the_circuit_tr_a7() {
    let count = |got| Refusal::LinkCount { segment: 0, got, expected: 1 };
    let none = refused(|c| c.presented.earlier_segments[0].links.clear());
    assert_eq!((none.name(), &none), ("LinkCount", &count(0)), "TR.A7");
    let two = refused(|c| {
        let link = c.presented.inputs[0];
        c.presented.earlier_segments[0].links.push(link);
    });
    assert_eq!(two, count(2));
}

#[test]
fn outputs_are_those_of_the_last_segment_tr_a8() {
    let first = refused(|c| output_of_segment(c, 0));
    assert!(matches!(first, Refusal::HandleMismatch { index: 0, .. }), "TR.A8, not {first}");
    let beyond = refused(|c| output_of_segment(c, 2));
    assert!(matches!(beyond, Refusal::HandleMismatch { index: 0, .. }), "TR.A8, not {beyond}");
}

/// The refusal of another text, which is the registered one.
fn of_text(text: String) -> Refusal {
    refused(|c| {
        c.facts.program_id = Circuit::from_text(text.as_bytes()).unwrap().id().0;
        c.facts.program_text = text.into_bytes();
    })
}

fn replaced(text: String, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from:?}");
    text.replacen(from, to, 1)
}

/// The policy reads the whole text, whatever the segments are.
#[test]
fn the_policy_is_of_the_whole_text_tr_a5() {
    let with = |from: &str, to: &str| of_text(replaced(chain_of(32), from, to));
    let half_step = "0 288230376151711744 + 1*i1.0 + 1*b1.0";
    assert_eq!(with("0 0 + 1*i1.0 + 1*b1.0", half_step).name(), "ConstantOffGrid", "TR.A5");
    assert_eq!(with("1*i1.0 + 1*b29.0", "-1*i1.0 + -1*b29.0").name(), "PlaintextRange", "TR.A5");
    assert_eq!(with("row 0 + 1*b31.0", "row 0 + 1*i0.0").name(), "NotBootstrapped", "TR.A5");
    // Of three segments nothing reads the second.
    let uncut = of_text(replaced(chain_of(48), "1*i1.0 + 1*b31.0", "1*i1.0 + 1*b15.0"));
    assert_eq!(uncut.name(), "CircuitNotCut", "TR.A5");
    assert!(matches!(uncut, Refusal::Uncut(SegmentError::Unread { segment: 1, first: 16, last: 31 })));
}

#[test]
fn proofs_of_another_circuit_are_refused_tr_a7() {
    assert_eq!(of_text(chain_of(33)), Refusal::SegmentCount { got: 2, expected: 3 }, "TR.A7");
    assert_eq!(of_text(chain_of(16)), Refusal::SegmentCount { got: 2, expected: 1 }, "TR.A7");
}

/// Well-formed bytes that prove nothing, of the first segment.
#[test]
fn a_proof_of_nothing_is_refused_tr_a9() {
    let nothing = refused(|_| ());
    assert!(matches!(nothing, Refusal::CircuitProofInvalid { segment: 0, .. }), "TR.A9, not {nothing}");
    assert_eq!(nothing.name(), "ProofInvalid");
    assert!(nothing.to_string().starts_with("TR.A9: segment 0: "), "{nothing}");
}

#[test]
fn proofs_of_segments_are_bound_to_their_places_tr_a9() {
    let invalid = |what: &str, expected: usize, change: fn(&mut Proven)| {
        let refusal = of(recorded_segments(), change);
        let Refusal::CircuitProofInvalid { segment, .. } = &refusal else {
            panic!("TR.A9: {what}, not {refusal}")
        };
        assert_eq!((*segment, refusal.name()), (expected, "ProofInvalid"), "{what}");
    };
    invalid("swapped proofs", 0, |c| {
        std::mem::swap(&mut c.presented.earlier_segments[0].proof, &mut c.presented.proof);
    });
    invalid("the first for both", 1, |c| {
        c.presented.proof = c.presented.earlier_segments[0].proof.clone();
    });
    invalid("the second for both", 0, |c| {
        c.presented.earlier_segments[0].proof = c.presented.proof.clone();
    });
    invalid("another link", 0, |c| {
        c.presented.earlier_segments[0].links[0] = c.presented.inputs[0];
    });
    invalid("another salt", 0, |c| c.facts.salt[31] ^= 1);
    // Another function of the second segment, of the same shape.
    invalid("another text", 1, |c| {
        let text = replaced(chain_of(32), "1*i1.0 + 1*b29.0", "1*i1.0 + 1*b28.0");
        c.facts.program_id = Circuit::from_text(text.as_bytes()).unwrap().id().0;
        c.facts.program_text = text.into_bytes();
    });
    invalid("a scalar of the last", 1, |c| *c.presented.proof.last_mut().unwrap() ^= 1);
}

#[test]
fn malformed_proofs_are_named_by_their_segment_tr_a9() {
    let malformed = |change: fn(&mut Proven)| match refused(change) {
        Refusal::CircuitProofBytes { segment, .. } => segment,
        other => panic!("TR.A9, not {other}"),
    };
    assert_eq!(malformed(|c| c.presented.earlier_segments[0].proof.truncate(100)), 0);
    assert_eq!(malformed(|c| c.presented.earlier_segments[0].proof.push(0)), 0);
    assert_eq!(malformed(|c| c.presented.proof.clear()), 1);
    // A proof of one piece that verifies by itself is no proof of a segment of another shape.
    let piece = |c: &mut Proven| c.presented.proof = recorded().presented.proof;
    assert_eq!(malformed(piece), 1);
    assert_eq!(refused(piece).name(), "ProofMalformed");
}

#[tokio::test(flavor = "multi_thread")]
async fn four_nodes_release_a_circuit_in_two_segments() {
    let mut cluster = Cluster::of(50, recorded_segments()).await;
    for node in 0..4 {
        cluster.start(node, Conduct::Honest).await;
    }
    for answer in release_at(&cluster, &[0, 1, 2, 3], &cluster.request()).await {
        assert_eq!(answer.unwrap().values[0].blocks, [u32::from(PLAINTEXTS[0])]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_are_counted_before_they_are_read() {
    let mut cluster = Cluster::of(51, unproven_segments()).await;
    cluster.start(0, Conduct::Honest).await;
    let honest = cluster.request();
    let mut many = honest.clone();
    many.earlier_segments = vec![Default::default(); MAX_SEGMENTS];
    let mut long = honest.clone();
    long.earlier_segments[0].inner_proof = vec![0; (256 << 10) + 1];
    let mut links = honest.clone();
    links.earlier_segments[0].links = vec![WireCommitment::default(); 17];
    let mut point = honest.clone();
    point.earlier_segments[0].links[0].point.pop();
    let mut left_out = honest;
    left_out.earlier_segments.clear();
    for (request, name, message) in [
        (many, "MalformedRequest", "255 earlier segments, at most 254"),
        (long, "MalformedRequest", "inner_proof of segment 0 of 262145 bytes"),
        (links, "MalformedRequest", "17 links of segment 0, at most 16"),
        (point, "MalformedRequest", "segment 0, link 0 of 63 bytes"),
        (left_out, "SegmentCount", "TR.A7: proofs of 1 segments"),
    ] {
        let status = release_at(&cluster, &[0], &request).await.remove(0).unwrap_err();
        assert_eq!((status.code(), refusal(&status)), (Code::InvalidArgument, name), "{message}");
        assert!(status.message().contains(message), "{}", status.message());
    }
}
