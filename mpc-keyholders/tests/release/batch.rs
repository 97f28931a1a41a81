//! Proofs of several jobs: what a node refuses about the others, and that it releases its own job alone.
//!
//! What is refused before a proof is verified is tested with a proof of nothing; the rest with a recorded one of three jobs,
//! once `record_a_batch` has made it.

use super::cluster::{Cluster, PLAINTEXTS};
use super::nodes::{refusal, release_at};
use super::proven::{Proven, REQUEST, proven};
use super::recorded::{SALT, unproven_segments};
use super::recorded_batch::{
    PLACE, other, other_function, proof_of_nothing_of, recorded_batch, unproven_batch,
};
use tonic::Code;
use trine_keyholder::node::release::Conduct;
use trine_keyholder::protocol::batch::{BatchFault, MAX_OTHERS, PresentedHandle, PresentedJob};
use trine_keyholder::protocol::refusal::Refusal;
use trine_proto::prover::v1 as pb;
use trine_verifier::bootstrapping::Rejection;
use trine_verifier::bootstrapping::batch::BatchError;
use trine_verifier::bootstrapping::statement::StatementError;

const CONFIRMATIONS: u64 = 3;

fn of(mut case: Proven, change: impl FnOnce(&mut Proven)) -> Refusal {
    change(&mut case);
    let rules = case.rules(CONFIRMATIONS);
    case.authorise(&rules).unwrap_err()
}

/// The fault of a batch, in segment 0.
fn fault(change: impl FnOnce(&mut Proven)) -> BatchFault {
    match of(unproven_batch(), change) {
        Refusal::Batch { segment: 0, fault } => fault,
        other => panic!("TR.A9, not {other}"),
    }
}

/// The job whose release is asked, as one of the others.
fn own(case: &Proven) -> PresentedJob {
    let handles = |handles: &[trine_keyholder::protocol::authorise::ChainHandle], commitments: &[_]| {
        let pairs = handles.iter().zip(commitments);
        let named = pairs.map(|(handle, commitment)| PresentedHandle {
            handle: handle.handle,
            key_kind: handle.record.key_kind,
            value_type: handle.record.value_type,
            blocks: handle.record.blocks,
            origin: handle.record.origin,
            commitment: *commitment,
        });
        named.collect()
    };
    let words = case.presented.outputs[0].commitment_words();
    let output = trine_verifier::Commitment::new(case.key.commit_words(&words).unwrap()).unwrap();
    PresentedJob {
        request_id: REQUEST,
        salt: SALT,
        segment: 0,
        program_text: case.facts.program_text.clone(),
        inputs: handles(&case.facts.inputs, &case.presented.inputs),
        outputs: handles(&case.facts.outputs, &[output]),
    }
}

#[test]
fn a_job_is_authorised_by_the_proof_of_its_batch() {
    let case = recorded_batch();
    let handles = [case.facts.outputs[0].handle];
    let authorised = case.authorise(&recorded_batch().rules(CONFIRMATIONS)).unwrap();
    assert_eq!(authorised.handles(), handles, "the own job's, of the others none");
}

/// Each is well formed, and nothing that the proof is about.
#[test]
fn a_proof_of_other_jobs_is_refused_tr_a9() {
    let invalid = |what: &str, change: fn(&mut Proven)| {
        let refusal = of(recorded_batch(), change);
        assert!(
            matches!(refusal, Refusal::CircuitProofInvalid { segment: 0, .. }),
            "TR.A9: {what}: {refusal}"
        );
        assert_eq!(refusal.name(), "ProofInvalid", "{what}");
    };
    invalid("the first place", |c| c.presented.batch.place = 0);
    invalid("the last place", |c| c.presented.batch.place = 2);
    invalid("others exchanged", |c| c.presented.batch.others.swap(0, 1));
    invalid("another text", |c| {
        c.presented.batch.others[0].program_text = other_function().into_bytes();
    });
    invalid("another request", |c| c.presented.batch.others[0].request_id[0] ^= 1);
    invalid("another salt", |c| c.presented.batch.others[1].salt[0] ^= 1);
    invalid("another segment", |c| c.presented.batch.others[1].segment = 1);
    invalid("inputs exchanged", |c| c.presented.batch.others[1].inputs.swap(0, 1));
    invalid("outputs exchanged", |c| {
        let [first, second] = &mut c.presented.batch.others[..] else { panic!("two others") };
        std::mem::swap(&mut first.outputs, &mut second.outputs);
    });
    invalid("one of the others twice", |c| {
        let first = c.presented.batch.others[0].clone();
        c.presented.batch.others[1] = first;
    });
    // The own job's part of the statement is the chain's.
    invalid("another own salt", |c| c.facts.salt[31] ^= 1);
}

/// Of another number of jobs the proof has another length, or another statement.
#[test]
fn a_job_added_or_left_out_is_refused_tr_a9() {
    let name = |change: fn(&mut Proven)| of(recorded_batch(), change).name();
    let refused = ["ProofMalformed", "ProofInvalid"];
    let added = name(|c| {
        let (domain, inputs) = (c.facts.domain, c.presented.inputs.clone());
        let mut job = other(&domain, 0, &inputs, inputs[1]);
        job.request_id = [9; 32];
        c.presented.batch.others.push(job);
    });
    assert!(refused.contains(&added), "TR.A9: {added}");
    let last = name(|c| drop(c.presented.batch.others.pop()));
    assert!(refused.contains(&last), "TR.A9: {last}");
    let alone = name(|c| c.presented.batch = Default::default());
    assert!(refused.contains(&alone), "TR.A9: {alone}");
}

#[test]
fn a_proof_of_one_job_is_none_of_several_tr_a9() {
    let mut alone = super::recorded::recorded();
    alone.presented.batch = unproven_batch().presented.batch;
    let refusal = of(alone, |_| ());
    assert_eq!(refusal.name(), "ProofMalformed", "TR.A9: {refusal}");
}

/// Nothing would tell which of the two the output is of.
#[test]
fn the_own_job_is_not_among_the_others_tr_a9() {
    let repeated = of(unproven_batch(), |c| {
        c.presented.batch.others[0] = own(c);
        c.presented.proof = proof_of_nothing_of(&c.presented.batch);
    });
    let Refusal::CircuitProofInvalid { segment: 0, error: Rejection::Statement(error) } = repeated else {
        panic!("TR.A9, not {repeated}")
    };
    assert!(matches!(error, StatementError::RepeatedHandle { index: 1 }), "{error}");
}

#[test]
fn a_proof_of_nothing_is_refused_tr_a9() {
    let nothing = of(unproven_batch(), |_| ());
    assert!(matches!(nothing, Refusal::CircuitProofInvalid { segment: 0, .. }), "TR.A9, not {nothing}");
}

#[test]
fn more_jobs_than_a_proof_covers_are_refused_tr_a9() {
    let many = fault(|c| {
        let first = c.presented.batch.others[0].clone();
        c.presented.batch.others = vec![first; MAX_OTHERS + 1];
    });
    assert_eq!((many.name(), &many), ("BatchTooLarge", &BatchError::Jobs { got: 17 }.into()), "TR.A9");
    // As many as there may be, of more inputs than a circuit has.
    let wide = fault(|c| {
        let text = wide_text(20);
        let mut job = c.presented.batch.others[0].clone();
        job.inputs = vec![job.inputs[0].clone(); 20];
        job.program_text = text.into_bytes();
        c.presented.batch.others = vec![job; MAX_OTHERS];
    });
    assert!(matches!(wide, BatchFault::Merged(_)), "{wide}");
}

/// As many inputs as said, of which two are read.
fn wide_text(inputs: usize) -> String {
    let line = "input bool compute 1 degree 1\n";
    super::recorded::CIRCUIT.replacen(&line.repeat(2), &line.repeat(inputs), 1)
}

#[test]
fn a_place_behind_a_gap_is_refused_tr_a9() {
    let beyond = fault(|c| c.presented.batch.place = 3);
    let expected: BatchFault = BatchError::Place { place: 3, jobs: 3 }.into();
    assert_eq!((beyond.name(), &beyond), ("BatchPlace", &expected), "TR.A9");
    assert_eq!(fault(|c| c.presented.batch.place = usize::MAX).name(), "BatchPlace");
    assert_eq!(PLACE, 1, "the others stand on both sides");
}

#[test]
fn malformed_jobs_are_refused_by_their_number_tr_a9() {
    let text = fault(|c| c.presented.batch.others[1].program_text.push(b' '));
    assert!(matches!(text, BatchFault::Text { job: 1, .. }), "{text}");
    let inputs = fault(|c| c.presented.batch.others[1].inputs.truncate(1));
    let count = |what, got, expected| BatchFault::Count { job: 1, what, got, expected };
    assert_eq!(inputs, count("inputs", 1, 2));
    assert_eq!(fault(|c| c.presented.batch.others[1].outputs.clear()), count("outputs", 0, 1));
    for (change, what, index) in [
        ((|j| j.inputs[1].handle[0] ^= 1) as fn(&mut PresentedJob), "input", 1),
        (|j| j.outputs[0].blocks = 2, "output", 0),
        (|j| j.inputs[0].commitment = j.inputs[1].commitment, "input", 0),
        (|j| j.inputs[0].origin = j.outputs[0].origin, "input", 0),
    ] {
        let handle = fault(|c| change(&mut c.presented.batch.others[1]));
        let BatchFault::Handle { job: 1, what: of, index: at, .. } = &handle else { panic!("{handle}") };
        assert_eq!((*of, *at, handle.name()), (what, index, "BatchMalformed"), "{handle}");
    }
}

/// A linear program has a proof of its own kind, of one job.
#[test]
fn nothing_stands_beside_a_linear_program_tr_a9() {
    let beside = of(proven(), |c| c.presented.batch.others = unproven_batch().presented.batch.others);
    assert!(
        matches!(&beside, Refusal::Batch { segment: 0, fault: BatchFault::Linear { got: 2 } }),
        "{beside}"
    );
    assert_eq!(of(proven(), |c| c.presented.batch.place = 1).name(), "BatchMalformed");
}

#[test]
fn each_segment_has_its_own_batch_tr_a9() {
    let first = of(unproven_segments(), |c| c.presented.earlier_segments[0].batch.place = 1);
    assert!(matches!(&first, Refusal::Batch { segment: 0, .. }), "{first}");
    let last = of(unproven_segments(), |c| c.presented.batch.place = 1);
    assert!(matches!(&last, Refusal::Batch { segment: 1, .. }), "{last}");
    // Sixteen bootstrappings leave no room for another job.
    let full = of(unproven_segments(), |c| {
        c.presented.batch = unproven_batch().presented.batch;
    });
    let Refusal::CircuitProofInvalid { segment: 1, error } = &full else { panic!("{full}") };
    assert!(matches!(error, Rejection::Statement(StatementError::Shape(_))), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn four_nodes_release_one_job_of_a_batch() {
    let mut cluster = Cluster::of(60, recorded_batch()).await;
    for node in 0..4 {
        cluster.start(node, Conduct::Honest).await;
    }
    for answer in release_at(&cluster, &[0, 1, 2, 3], &cluster.request()).await {
        let answer = answer.unwrap();
        assert_eq!(answer.values.len(), 1, "of the others nothing");
        assert_eq!(answer.values[0].blocks, [u32::from(PLAINTEXTS[0])]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_counted_before_they_are_read() {
    let mut cluster = Cluster::of(61, unproven_batch()).await;
    cluster.start(0, Conduct::Honest).await;
    let honest = cluster.request();
    let with = |change: fn(&mut pb::Batch)| {
        let mut request = honest.clone();
        change(request.batch.as_mut().unwrap());
        request
    };
    let malformed = "MalformedRequest";
    for (request, name, message) in [
        (
            with(|b| b.others = vec![Default::default(); 16]),
            "BatchTooLarge",
            "a proof of 17 jobs, at most 16",
        ),
        (with(|b| b.place = 3), "BatchPlace", "place 3 of 3"),
        (with(|b| b.others[1].program_text = vec![b'x'; (64 << 10) + 1]), malformed, "65537 bytes of text"),
        (with(|b| b.others[0].inputs = vec![Default::default(); 65]), malformed, "65 inputs, at most 64"),
        (with(|b| b.others[0].outputs = vec![Default::default(); 17]), malformed, "17 outputs, at most 16"),
        (with(|b| b.others[0].salt.clear()), malformed, "job 0 of the others: salt of 0 bytes"),
        (with(|b| b.others[1].request_id.push(0)), malformed, "job 1 of the others: request_id of 33 bytes"),
        (with(|b| b.others[0].inputs[0].commitment = None), malformed, "a record without commitment"),
        (with(|b| b.others[0].inputs[0].origin = None), malformed, "a record without origin"),
        (with(|b| b.others[0].inputs[0].key_kind = i32::MIN), malformed, "an unknown key kind"),
        (with(|b| b.others[0].inputs[0].value_type = 7), malformed, "an unknown type"),
        (with(|b| b.others[0].inputs[0].blocks = 256), malformed, "an unknown number of blocks"),
        (with(|b| b.others[1].outputs[0].handle[0] ^= 1), "BatchMalformed", "job 1 of the others, output 0"),
    ] {
        let status = release_at(&cluster, &[0], &request).await.remove(0).unwrap_err();
        assert_eq!((status.code(), refusal(&status)), (Code::InvalidArgument, name), "{message}");
        assert!(status.message().contains(message), "{}", status.message());
    }
}
