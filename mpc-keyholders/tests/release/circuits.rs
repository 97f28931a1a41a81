//! Circuits: what each honest node refuses by itself, one test for each check, and their release by four nodes.
//!
//! The proof is a recorded one that verifies, so that every refusal is of its own check.

use super::cluster::{Cluster, PLAINTEXTS};
use super::nodes::{refusal, release_at};
use super::proven::{Proven, REQUEST};
use super::recorded::{CIRCUIT, recorded};
use tonic::Code;
use trine_fhe::words::ValueWords;
use trine_keyholder::node::release::Conduct;
use trine_keyholder::protocol::attest::{CommitteeKey, KeyAnswer, KeyAttestation, ReleaseDomain};
use trine_keyholder::protocol::authorise::ReleaseRules;
use trine_keyholder::protocol::committee::CommitteeSize;
use trine_keyholder::protocol::evaluation::CommittedKey;
use trine_keyholder::protocol::refusal::Refusal;
use trine_program::{Circuit, KeyKind};
use trine_proto::keyholder::v1::{AttestKeyRequest, AttestKeyResponse, GetCommitteeRequest};
use trine_verifier::{Commitment, Origin};

const CONFIRMATIONS: u64 = 3;

fn refused(change: impl FnOnce(&mut Proven)) -> Refusal {
    let mut case = recorded();
    change(&mut case);
    let rules = case.rules(CONFIRMATIONS);
    case.authorise(&rules).unwrap_err()
}

/// Names every value anew after its record, the domain, the request or the words have changed: a chain that agrees.
pub fn rename(case: &mut Proven) {
    let (domain, request_id) = (case.facts.domain, case.presented.request_id);
    for (index, output) in case.facts.outputs.iter_mut().enumerate() {
        let words = case.presented.outputs[index].commitment_words();
        let commitment = Commitment::new(case.key.commit_words(&words).unwrap()).unwrap();
        output.record.commitment_digest = commitment.digest();
        output.record.origin = Origin::Output { request_id, job: 0, segment: 0, index: index as u32 };
    }
    for handle in case.facts.inputs.iter_mut().chain(&mut case.facts.outputs) {
        handle.record.chain_id = domain.chain_id;
        handle.record.coprocessor = domain.coprocessor;
        handle.record.key_digest = domain.key_digest;
        handle.handle = handle.record.handle();
    }
}

#[test]
fn a_proven_circuit_is_authorised_outside_development_mode_too() {
    let case = recorded();
    let handles = [case.facts.outputs[0].handle];
    let rules = ReleaseRules { development: None, ..case.rules(CONFIRMATIONS) };
    let authorised = case.authorise(&rules).unwrap();
    assert_eq!(authorised.handles(), handles);
    let variance = trine_fhe::noise::bootstrapping_variance();
    assert_eq!(authorised.variance(), variance);
    assert!(variance < trine_fhe::noise::MAX_VARIANCE);
}

#[test]
fn finality_and_permission_are_asked_of_circuits_tr_a1_tr_a2_tr_a6() {
    assert_eq!(refused(|c| c.facts.fulfilled_at = None), Refusal::NotFulfilled, "TR.A1");
    assert_eq!(refused(|c| c.facts.head = 99).name(), "NotFinal", "TR.A2");
    let refusal = refused(|c| c.facts.outputs[0].released = false);
    assert_eq!(refusal, Refusal::ReleaseNotAllowed, "TR.A6");
}

#[test]
fn another_domain_is_refused_tr_a3() {
    let field = |change: fn(&mut Proven)| match refused(change) {
        Refusal::Domain { field, .. } => field,
        other => panic!("TR.A3, not {other}"),
    };
    assert_eq!(field(|c| c.facts.domain.chain_id = 1), "chain");
    assert_eq!(field(|c| c.facts.domain.coprocessor = [9; 20]), "contract");
    // Not the gateway's, or not this node's: that of linear programs is no verifier of circuits.
    assert_eq!(field(|c| c.facts.domain.verifier_hash = [0; 32]), "verifier hash");
    assert_eq!(field(|c| c.facts.domain.verifier_hash = c.domain.verifier_hash), "verifier hash");
    assert_eq!(field(|c| c.circuit_verifier_hash = Some([9; 32])), "verifier hash");
    assert_eq!(field(|c| c.facts.domain.srs_digest = [9; 32]), "SRS digest");
    assert_eq!(field(|c| c.facts.domain.parameter_set_id = [9; 32]), "parameter set");
    // Circuits run under the digest of the commitments, and of no others than this node's.
    assert_eq!(field(|c| c.facts.domain.key_digest = c.domain.key_digest), "key digest");
    assert_eq!(field(|c| c.facts.domain.key_digest = [9; 32]), "key digest");
}

#[test]
fn a_node_without_what_circuits_need_refuses_them_tr_a3() {
    let unserved = refused(|c| c.circuit_verifier_hash = None);
    assert_eq!((unserved.name(), &unserved), ("CircuitsNotServed", &Refusal::CircuitsNotServed), "TR.A3");
    let uncommitted = refused(|c| c.evaluation_key = None);
    assert_eq!((uncommitted.name(), &uncommitted), ("KeyNotCommitted", &Refusal::KeyNotCommitted));
}

/// Refusal of a circuit with one part replaced; its text is the registered one.
fn of_circuit(from: &str, to: &str) -> Refusal {
    assert!(CIRCUIT.contains(from), "{from:?}");
    of_text(CIRCUIT.replacen(from, to, 1))
}

fn of_text(text: String) -> Refusal {
    refused(|c| {
        c.facts.program_id = Circuit::from_text(text.as_bytes()).unwrap().id().0;
        c.facts.program_text = text.into_bytes();
    })
}

#[test]
fn the_text_of_a_circuit_is_the_registered_one_tr_a4() {
    let other = refused(|c| c.facts.program_id[0] ^= 1);
    assert_eq!(other.name(), "ProgramTextMismatch", "TR.A4");
    assert_eq!(refused(|c| c.facts.program_text.push(b' ')).name(), "ProgramMalformed");
}

/// The policy is recomputed from the text, whatever was proved.
#[test]
fn circuits_that_may_not_be_released_are_refused_tr_a5() {
    let half_step = "288230376151711744";
    let name = |from: &str, to: &str| of_circuit(from, to).name();
    assert_eq!(name("compute 0 0 +", &format!("compute 0 {half_step} +")), "ConstantOffGrid", "TR.A5");
    assert_eq!(name("0 0 576460752303423488", &format!("0 0 {half_step}")), "TableOffGrid");
    assert_eq!(name("row 0 + 1*b0.0", "row 0 + 1*i0.0"), "NotBootstrapped");
    assert_eq!(name("row 0 + 1*b0.0", &format!("row {half_step} + 1*b0.0")), "ConstantOffGrid");
    assert_eq!(name("1*i0.0 + 1*i1.0", "5*i0.0 + 1*i1.0"), "NoiseLevel");
    assert_eq!(name("1*i0.0 + 1*i1.0", "1*i0.0 + -1*i1.0"), "PlaintextRange");
    assert_eq!(name("0 0 576460752303423488", "0 0 1152921504606846976"), "DegreeUnderstated");
    assert_eq!(name("input bool compute 1", "input nibbles compute 1"), "RecordMismatch");
}

/// Results of other requests do not enter a released circuit, nor do inputs count as outputs.
#[test]
fn provenance_is_asked_of_circuits_tr_a7() {
    let computed = refused(|c| {
        let input = &mut c.facts.inputs[1];
        input.record.origin = Origin::Output { request_id: [7; 32], job: 0, segment: 0, index: 0 };
        input.handle = input.record.handle();
    });
    let Refusal::Record { what: "input", index: 1, fault } = computed else {
        panic!("TR.A7, not {computed}")
    };
    assert!(fault.contains("computed value"), "{fault}");
    let fault = |change: fn(&mut Proven)| match refused(change) {
        Refusal::Record { what, index, fault } => (what, index, fault),
        other => panic!("TR.A7, not {other}"),
    };
    assert_eq!(fault(|c| c.facts.inputs[1].handle[0] ^= 1), ("input", 1, "does not give its handle"));
    let elsewhere = fault(|c| {
        let input = &mut c.facts.inputs[0];
        input.record.key_digest = c.domain.key_digest;
        input.handle = input.record.handle();
    });
    assert_eq!(elsewhere, ("input", 0, "is of another chain, contract or key than the request"));
    let stranger = fault(|c| c.facts.inputs[0].consumer = [9; 20]);
    assert_eq!(stranger, ("input", 0, "is of another consumer than the request"));
    assert_eq!(fault(|c| c.facts.outputs[0].proven = false), ("output", 0, "is not marked as proven"));
    let stranger = fault(|c| c.facts.outputs[0].consumer = [9; 20]);
    assert_eq!(stranger, ("output", 0, "is of another consumer than the request"));
    let kind = fault(|c| c.facts.outputs[0].record.key_kind = KeyKind::Casting);
    assert_eq!(kind, ("output", 0, "is not what the program declares"));
    assert_eq!(refused(|c| c.presented.inputs.swap(0, 1)), Refusal::InputCommitment { index: 0 });
    let count = |change: fn(&mut Proven)| refused(change).name();
    assert_eq!(count(|c| c.facts.inputs.truncate(1)), "HandleCount");
    assert_eq!(count(|c| c.facts.outputs.clear()), "HandleCount");
    assert_eq!(count(|c| c.presented.inputs.truncate(1)), "HandleCount");
    assert_eq!(count(|c| c.presented.outputs.clear()), "HandleCount");
}

fn flip_a_word(case: &mut Proven) {
    let value = &case.presented.outputs[0];
    let mut blocks = value.blocks().to_vec();
    blocks[0].words_mut()[77] ^= 1;
    case.presented.outputs[0] = ValueWords::new(*value.declaration(), blocks).unwrap();
}

#[test]
fn words_under_another_handle_are_refused_tr_a8() {
    let flipped = refused(flip_a_word);
    assert!(matches!(flipped, Refusal::HandleMismatch { index: 0, .. }), "TR.A8, not {flipped}");
    let declared = refused(|c| {
        let value = &c.presented.outputs[0];
        let mut declaration = *value.declaration();
        declaration.degree = 2;
        c.presented.outputs[0] = ValueWords::new(declaration, value.blocks().to_vec()).unwrap();
    });
    assert_eq!(declared, Refusal::Declaration { index: 0 });
}

/// A proof that verifies, of something else: a chain that agrees with everything does not help.
#[test]
fn a_proof_of_something_else_is_refused_tr_a9() {
    let invalid = |what: &str, change: fn(&mut Proven)| {
        let refusal = refused(|c| {
            change(c);
            rename(c);
        });
        assert!(
            matches!(refusal, Refusal::CircuitProofInvalid { segment: 0, .. }),
            "TR.A9: {what}, not {refusal}"
        );
        assert_eq!(refusal.name(), "ProofInvalid");
    };
    invalid("another request", |c| c.presented.request_id = [9; 32]);
    invalid("another salt", |c| c.facts.salt[31] ^= 1);
    invalid("other outputs", flip_a_word);
    invalid("inputs in another order", |c| {
        c.facts.inputs.swap(0, 1);
        c.presented.inputs.swap(0, 1);
    });
    invalid("other inputs", |c| {
        let commitment = c.presented.inputs[1];
        c.presented.inputs[0] = commitment;
        c.facts.inputs[0].record.commitment_digest = commitment.digest();
    });
    invalid("another verifier", |c| {
        c.facts.domain.verifier_hash = [9; 32];
        c.circuit_verifier_hash = Some([9; 32]);
    });
    invalid("another contract", |c| {
        c.facts.domain.coprocessor = [9; 20];
        c.domain.coprocessor = [9; 20];
    });
    invalid("another key", |c| {
        let mut commitments = c.evaluation_key.take().unwrap().commitments().clone();
        commitments.bootstrapping.swap(0, 1);
        let key = CommittedKey::new(commitments);
        c.facts.domain.key_digest = *key.digest();
        c.evaluation_key = Some(key);
    });
    // Another function of the same inputs, as releasable as the proven one.
    let other = of_circuit("0 0 576460752303423488 0", "0 576460752303423488 0 0");
    assert!(matches!(other, Refusal::CircuitProofInvalid { segment: 0, .. }), "TR.A9, not {other}");
    // The proof of a linear program is none of a circuit.
    let linear = refused(|c| c.presented.proof = super::proven::proven().presented.proof);
    assert_eq!(linear.name(), "ProofMalformed");
}

/// Bytes of the header: magic, version, parameter set, slots.
const HEADER: usize = 7;
/// Points of a proof of one bootstrapping: 7 columns, 1 of the rotation, 5 folds, quotient, remainder, witness.
const POINTS: usize = 16;

#[test]
fn tampered_proofs_are_refused_tr_a9() {
    let name = |change: &dyn Fn(&mut Vec<u8>)| refused(|c| change(&mut c.presented.proof)).name();
    for at in 0..HEADER {
        assert_eq!(name(&|proof| proof[at] ^= 1), "ProofMalformed", "TR.A9: byte {at}");
    }
    assert_eq!(name(&|proof| proof.truncate(100)), "ProofMalformed");
    assert_eq!(name(&Vec::clear), "ProofMalformed");
    assert_eq!(name(&|proof| proof.push(0)), "ProofMalformed");
    // Points off the curve, and points of the curve that are others.
    for point in 0..POINTS {
        let at = HEADER + 64 * point;
        assert_eq!(name(&|proof| proof[at + 63] ^= 1), "ProofMalformed", "point {point}");
        assert_eq!(name(&|proof| proof[at..at + 64].fill(0)), "ProofInvalid", "point {point}");
    }
    // Scalars: every thirteenth, the first and the last; not below the order, and others.
    let scalars = (recorded().presented.proof.len() - HEADER) / 32 - 2 * POINTS;
    for scalar in (0..scalars).step_by(13).chain([scalars - 1]) {
        let at = HEADER + 64 * POINTS + 32 * scalar;
        assert_eq!(name(&|proof| proof[at..at + 32].fill(0xff)), "ProofMalformed", "scalar {scalar}");
        assert_eq!(name(&|proof| proof[at + 31] ^= 1), "ProofInvalid", "scalar {scalar}");
    }
}

/// A key has two digests. Linear programs run under either, if the node knows the commitments.
#[test]
fn a_linear_program_is_served_under_both_digests_of_the_key_tr_a3() {
    let mut case = super::proven::proven();
    let key = recorded().evaluation_key.unwrap();
    case.facts.domain.key_digest = *key.digest();
    rename(&mut case);
    let rules = case.rules(CONFIRMATIONS);
    let unknown = case.clone().authorise(&rules).unwrap_err();
    assert!(matches!(unknown, Refusal::Domain { field: "key digest", .. }), "TR.A3, not {unknown}");
    // With the commitments known, what is left is that the proof is of the other digest.
    case.evaluation_key = Some(key);
    assert_eq!(case.authorise(&rules).unwrap_err().name(), "ProofInvalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn four_nodes_release_a_circuit_over_mtls() {
    let mut cluster = Cluster::of(40, recorded()).await;
    for node in 0..4 {
        cluster.start(node, Conduct::Honest).await;
    }
    let answers = release_at(&cluster, &[0, 1, 2, 3], &cluster.request()).await;
    let first = answers[0].as_ref().unwrap().clone();
    for answer in &answers {
        let answer = answer.as_ref().unwrap();
        assert_eq!(answer.values.len(), 1);
        assert_eq!(answer.values[0].blocks, [u32::from(PLAINTEXTS[0])]);
        assert_eq!(answer.signature, first.signature);
        assert!(answer.faults.is_empty(), "{:?}", answer.faults);
    }
    for node in 0..4 {
        let storage = &cluster.node(node).parts().storage;
        assert_eq!(storage.budget().unwrap().spent(), 1, "one block is charged");
        assert!(storage.result(&REQUEST).unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_circuits_are_named_on_the_wire() {
    let mut uncommitted = recorded();
    uncommitted.evaluation_key = None;
    let mut cluster = Cluster::of(41, uncommitted).await;
    cluster.start(0, Conduct::Honest).await;
    let status = release_at(&cluster, &[0], &cluster.request()).await.remove(0).unwrap_err();
    assert_eq!((status.code(), refusal(&status)), (Code::FailedPrecondition, "TooFewPowers"));
    assert!(status.message().starts_with("TR.K4"), "{}", status.message());
    let status = cluster.client(0).await.attest_key(AttestKeyRequest {}).await.unwrap_err();
    assert_eq!((status.code(), refusal(&status)), (Code::FailedPrecondition, "TooFewPowers"));
    cluster.stop(0).await;
    drop(cluster);

    let mut cluster = Cluster::of(42, recorded()).await;
    cluster.start(0, Conduct::Honest).await;
    let mut tampered = cluster.request();
    *tampered.inner_proof.last_mut().unwrap() ^= 1;
    let status = release_at(&cluster, &[0], &tampered).await.remove(0).unwrap_err();
    assert_eq!((status.code(), refusal(&status)), (Code::InvalidArgument, "ProofInvalid"));
    assert!(status.message().starts_with("TR.A9"));
}

fn answer(size: CommitteeSize, response: AttestKeyResponse) -> KeyAnswer {
    KeyAnswer {
        node: size.node(response.node as u8).unwrap(),
        attestation: KeyAttestation {
            epoch: response.epoch,
            key_digest: response.key_digest.try_into().unwrap(),
            content_digest: response.content_digest.try_into().unwrap(),
        },
        share: response.signature_share,
    }
}

/// A client collects attestations of the evaluation key and combines them, one of them false.
#[tokio::test(flavor = "multi_thread")]
async fn four_nodes_attest_their_evaluation_key_tr_k5() {
    let case = recorded();
    let (key, content_digest) = (case.evaluation_key.clone().unwrap(), case.domain.key_digest);
    let mut cluster = Cluster::of(43, case).await;
    let size = CommitteeSize::FOUR;
    let mut answers = Vec::new();
    for node in 0..4 {
        cluster.start(node, Conduct::Honest).await;
        let response = cluster.client(node).await.attest_key(AttestKeyRequest {}).await.unwrap().into_inner();
        let points: Vec<_> = response.points.clone().unwrap().points;
        assert_eq!((points.len(), points[0].len()), (16, 64));
        answers.push(answer(size, response));
    }
    let committee = cluster.client(0).await.get_committee(GetCommitteeRequest {}).await.unwrap().into_inner();
    let committee_key = CommitteeKey::from_bytes(size, &committee.committee_key).unwrap();
    assert_eq!(committee_key.public_key_eip2537().unwrap().to_vec(), committee.public_key);
    let domain = ReleaseDomain { chain_id: committee.chain_id, verifying_contract: [8; 20] };

    let expected = KeyAttestation { epoch: 1, key_digest: *key.digest(), content_digest };
    let attested = committee_key.combine_attestation(domain, &answers).unwrap();
    assert_eq!(attested.attestation, expected, "TR.K5");
    assert!(attested.faults.is_empty());
    answers[2].attestation.key_digest = [9; 32];
    let attested = committee_key.combine_attestation(domain, &answers).unwrap();
    assert_eq!((attested.attestation, attested.signature.signers()), (expected, &[0u8, 1, 3][..]));
    assert_eq!(attested.faults.len(), 1);
}
