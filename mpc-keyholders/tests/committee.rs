//! Committees in process, with adversaries in them: what t malicious nodes may do, and what more than t may not.

#[path = "committee/cluster.rs"]
mod cluster;

use cluster::{Cluster, PLAINTEXTS, Verdict};
use std::collections::BTreeSet;
use trine_keyholder::adversary::Behaviour;
use trine_keyholder::protocol::committee::CommitteeSize;
use trine_keyholder::protocol::session::FaultKind;

fn culprits(verdict: &Verdict) -> BTreeSet<(u8, FaultKind)> {
    verdict.faults.iter().map(|f| (f.node.get(), f.kind)).collect()
}

#[test]
fn four_honest_nodes_release_and_sign_the_same_result() {
    let mut cluster = Cluster::new(CommitteeSize::FOUR, 1);
    let verdicts: Vec<Verdict> = (0..4).map(|n| cluster.release(n)).collect();
    for verdict in &verdicts {
        assert_eq!(verdict.plaintexts.as_deref(), Ok(&PLAINTEXTS[..]));
        assert_eq!(verdict.signature, verdicts[0].signature);
        assert!(verdict.signature.is_ok() && verdict.faults.is_empty());
    }
}

/// Larger committees run by the same code.
#[test]
fn seven_nodes_with_two_adversaries_release() {
    let mut cluster = Cluster::new(CommitteeSize::new(7, 2).unwrap(), 2);
    cluster.corrupt(0, Behaviour::Lying);
    cluster.corrupt(5, Behaviour::OneBit);
    let verdict = cluster.release(3);
    assert_eq!(verdict.plaintexts.as_deref(), Ok(&PLAINTEXTS[..]));
    assert!(verdict.signature.is_ok());
}

/// TR.C1, TR.D1, TR.D3, TR.S2: each malicious node alone is outlived and named by every honest node.
#[test]
fn one_adversary_of_each_kind_is_outlived_and_named() {
    use FaultKind as F;
    let expected = [
        (Behaviour::Silent, vec![F::Silent]),
        (Behaviour::Lying, vec![F::WrongShare, F::WrongSignatureShare]),
        (Behaviour::OneBit, vec![F::WrongShare]),
        (Behaviour::WrongLength, vec![F::BadMessage]),
        (Behaviour::StaleEpoch, vec![F::BadMessage]),
        (Behaviour::Replay, vec![F::BadMessage]),
        (Behaviour::Equivocating, vec![F::WrongShare]),
        (Behaviour::Substituting, vec![F::OtherSquashedDigest]),
    ];
    assert_eq!(expected.len(), Behaviour::ALL.len());
    let mut cluster = Cluster::new(CommitteeSize::FOUR, 3);
    for (behaviour, faults) in expected {
        for adversary in 0..4 {
            cluster.corrupt(adversary, behaviour);
            for honest in (0..4).filter(|n| *n != adversary) {
                let verdict = cluster.release(honest);
                assert_eq!(verdict.plaintexts.as_deref(), Ok(&PLAINTEXTS[..]), "{behaviour:?}");
                assert!(verdict.signature.is_ok(), "{behaviour:?}");
                let named = faults.iter().map(|f| (adversary, *f)).collect();
                assert_eq!(culprits(&verdict), named, "{behaviour:?}");
            }
            cluster.reform(adversary);
        }
    }
}

/// A fault with a signature behind it carries the evidence.
#[test]
fn a_wrong_share_is_kept_as_evidence_against_its_sender() {
    let mut cluster = Cluster::new(CommitteeSize::FOUR, 4);
    cluster.corrupt(2, Behaviour::Lying);
    let verdict = cluster.release(0);
    let fault = verdict.faults.iter().find(|f| f.kind == FaultKind::WrongShare).unwrap();
    let signed = cluster.read(&fault.evidence[0]).unwrap();
    assert_eq!(signed.message().node.get(), 2);
}

/// TR.D4: what an equivocating node tells two others contradicts itself, and proves its fault to anybody.
#[test]
fn equivocation_is_proved_by_two_messages_tr_d4() {
    let mut cluster = Cluster::new(CommitteeSize::FOUR, 5);
    cluster.corrupt(1, Behaviour::Equivocating);
    let [to_0, to_2] = [0, 2].map(|asker| cluster.share_told(1, asker));
    let (first, second) = (cluster.read(&to_0).unwrap(), cluster.read(&to_2).unwrap());
    assert!(first.contradicts(&second), "TR.D4");
    assert!(!first.contradicts(&first));
    cluster.reform(1);
    let honest = [0, 2].map(|asker| cluster.share_told(1, asker));
    assert_eq!(honest[0], honest[1]);
}

/// TR.C1: two nodes that lie independently are more than n = 4 outlives, and nothing comes out.
#[test]
fn two_lying_independently_release_nothing_tr_c1() {
    let mut cluster = Cluster::new(CommitteeSize::FOUR, 6);
    for (a, b) in [(0, 1), (0, 3), (1, 2), (2, 3)] {
        cluster.corrupt(a, Behaviour::Lying);
        cluster.corrupt(b, Behaviour::Lying);
        for honest in (0..4).filter(|n| *n != a && *n != b) {
            let verdict = cluster.release(honest);
            assert!(verdict.plaintexts.is_err(), "TR.C1: no majority");
            assert!(verdict.signature.is_err(), "no false signature");
        }
        cluster.reform(a);
        cluster.reform(b);
    }
}

/// Each subset of nodes down: up to t are outlived; more give no result and no signature, and a retry succeeds when
/// they are back.
#[test]
fn every_subset_of_nodes_down() {
    let mut cluster = Cluster::new(CommitteeSize::FOUR, 7);
    for down in 0u8..15 {
        let nodes: Vec<u8> = (0..4).filter(|n| down >> n & 1 == 1).collect();
        let up = (0..4).find(|n| !nodes.contains(n)).unwrap();
        nodes.iter().for_each(|n| cluster.corrupt(*n, Behaviour::Silent));
        let verdict = cluster.release(up);
        let outlived = nodes.len() <= 1;
        assert_eq!(verdict.plaintexts.is_ok(), outlived, "down: {nodes:?}");
        assert_eq!(verdict.signature.is_ok(), outlived);
        nodes.iter().for_each(|n| cluster.reform(*n));
        let retried = cluster.release(up);
        assert_eq!(retried.plaintexts.as_deref(), Ok(&PLAINTEXTS[..]));
    }
}

/// TR.S3: no share leaves a node before 2t + 1 nodes agree on the squashed ciphertext.
#[test]
fn two_substitutions_stop_every_share() {
    let mut cluster = Cluster::new(CommitteeSize::FOUR, 8);
    cluster.corrupt(0, Behaviour::Substituting);
    cluster.corrupt(1, Behaviour::Substituting);
    let verdict = cluster.release(2);
    assert_eq!(verdict.plaintexts.unwrap_err(), "SquashedDigestQuorum");
}

/// TR.M1: one request with two ciphertexts has two masks; one ciphertext has one share, whatever asks for it.
#[test]
fn masks_follow_the_ciphertext_and_not_the_request() {
    let mut cluster = Cluster::new(CommitteeSize::FOUR, 9);
    let first = cluster.share_of(0);
    assert_eq!(first, cluster.share_of(0));
    cluster.shift_body();
    let second = cluster.share_of(0);
    // Only a body changed, so that without masks both shares would be the same.
    assert!(first.chunks_exact(16).zip(second.chunks_exact(16)).all(|(a, b)| a != b));
}

/// TR.C2: a value whose padding bit is set is no result.
#[test]
fn a_set_padding_bit_is_refused_tr_c2() {
    let mut cluster = Cluster::new(CommitteeSize::FOUR, 10);
    cluster.set_padding();
    let verdict = cluster.release(1);
    assert!(verdict.plaintexts.unwrap_err().contains("padding bit"), "TR.C2");
    assert!(verdict.signature.is_err());
}

/// TR.K3: a node refuses what the dealer gave another, or gave it differently from its fellow members.
#[test]
fn nodes_check_what_they_were_dealt_tr_k3() {
    let cluster = Cluster::new(CommitteeSize::FOUR, 11);
    cluster.check_dealing();
}

/// Noise at its bound decodes with all masks on top, for every plaintext.
#[test]
fn every_plaintext_decodes_at_the_bound_of_the_noise() {
    for (seed, noise) in [(12, 1i128 << 69), (13, -(1i128 << 69)), (14, 0)] {
        let mut cluster = Cluster::with_noise(CommitteeSize::FOUR, seed, noise);
        assert_eq!(cluster.release(0).plaintexts.as_deref(), Ok(&PLAINTEXTS[..]));
    }
}
