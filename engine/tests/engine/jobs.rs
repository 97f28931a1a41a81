//! Jobs from submission to their end.

use crate::doubles::{Conduct, OTHERS};
use crate::fixture::*;
use pb::JobState::*;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tonic::Code;
use trine_engine::service::limits::Limits;
use trine_proto::engine::v1 as pb;
use trine_prover::service::wire;
use trine_verifier::InnerProof;

const REQUEST: [u8; 32] = [0x77; 32];

async fn submit(client: &mut Client, request: pb::SubmitJobRequest) -> Vec<u8> {
    client.submit_job(request).await.unwrap().into_inner().job.unwrap().job_id
}

#[tokio::test]
async fn a_job_without_a_chain_ends_proven_with_a_receipt_that_verifies() {
    let engine = Engine::start(Mode::NoChain).await;
    let mut alice = engine.client(ALICE).await;
    let stored = store_inputs(&mut alice).await;
    let id = submit(&mut alice, stored.request(None)).await;
    let (states, job, _) = watch(&mut alice, &id).await;
    let order = [Accepted, Evaluating, Evaluated, Proving, Proven];
    let first = order.iter().position(|s| *s == states[0]).unwrap();
    assert_eq!(states, order[first..], "every state from the first one seen, in order");
    assert!(job.outputs[0].proven);

    // The words are those of the program, computed here.
    let output = job.outputs[0].record.clone().unwrap();
    let request = pb::DownloadCiphertextRequest { handle: output.handle.clone() };
    let mut stream = alice.download_ciphertext(request).await.unwrap().into_inner();
    let mut content = Vec::new();
    while let Some(message) = stream.message().await.unwrap() {
        if let Some(pb::download_ciphertext_response::Part::Chunk(c)) = message.part {
            content.extend(c.data);
        }
    }
    let (a, b) = (words(3), words(5));
    let mut expected: Vec<u64> =
        a.iter().zip(&b).map(|(a, b)| a.wrapping_mul(2).wrapping_sub(b.wrapping_mul(3))).collect();
    *expected.last_mut().unwrap() = expected.last().unwrap().wrapping_add(1 << 59);
    assert!(content == bytes(&expected));

    let answer = alice.get_receipt(pb::GetReceiptRequest { job_id: id.clone() }).await.unwrap();
    let receipt = answer.into_inner().receipt.unwrap();
    assert_eq!(receipt.output_words_digests, [blake3::hash(&content).as_bytes().to_vec()]);
    let statement = receipt.statement.unwrap();
    let proof = InnerProof::from_bytes(&CLASS, &receipt.proof.unwrap().inner).unwrap();
    let setup = setup();
    let srs = setup.commitment_key.verifier();
    let statement = wire::statement(&statement, &CLASS).unwrap();
    trine_verifier::verify(&CLASS, srs, &statement, &proof).unwrap();
    let mut other = statement;
    other.job.request_id[0] ^= 1;
    assert!(trine_verifier::verify(&CLASS, srs, &other, &proof).is_err());
    // The receipt is the owner's.
    let mut bob = engine.client(BOB).await;
    let error = bob.get_receipt(pb::GetReceiptRequest { job_id: id }).await.unwrap_err();
    assert_eq!(error.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_request_is_fulfilled_once_whoever_asks_how_often() {
    let engine = Engine::start(Mode::Chain).await;
    let chain = engine.chain.clone().unwrap();
    let mut alice = engine.client(ALICE).await;
    let stored = store_inputs(&mut alice).await;
    let unknown = alice.submit_job(stored.request(Some(REQUEST))).await.unwrap_err();
    assert_eq!((name(&unknown).as_str(), unknown.code()), ("UNKNOWN_REQUEST", Code::NotFound));
    chain.add(REQUEST, stored.facts());
    let id = submit(&mut alice, stored.request(Some(REQUEST))).await;
    assert_eq!(submit(&mut alice, stored.request(Some(REQUEST))).await, id, "same key, same job");
    let again = pb::SubmitJobRequest { idempotency_key: b"2".to_vec(), ..stored.request(Some(REQUEST)) };
    let error = alice.submit_job(again.clone()).await.unwrap_err();
    assert!(["REQUEST_TAKEN", "ALREADY_FULFILLED"].contains(&name(&error).as_str()), "{error:?}");
    let (states, job, _) = watch(&mut alice, &id).await;
    assert_eq!(states[states.len() - 2..], [Submitting, Fulfilled]);
    assert_eq!(job.fulfil_tx.len(), 32);
    assert_eq!((chain.executed(), chain.brought()), ((1, 0), vec![None]));
    assert_eq!(chain.last_signed().unwrap().key_points, None, "linear programs name no key");
    let error = alice.submit_job(again).await.unwrap_err();
    assert_eq!((name(&error).as_str(), error.code()), ("ALREADY_FULFILLED", Code::FailedPrecondition));
    // The salt is the chain's.
    let answer = alice.get_receipt(pb::GetReceiptRequest { job_id: id }).await.unwrap();
    assert_eq!(answer.into_inner().receipt.unwrap().statement.unwrap().salt, [0x5a; 32]);
}

#[tokio::test]
async fn work_that_differs_from_the_request_is_refused() {
    let engine = Engine::start(Mode::Chain).await;
    let mut alice = engine.client(ALICE).await;
    let stored = store_inputs(&mut alice).await;
    let mut facts = stored.facts();
    facts.inputs.swap(0, 1);
    engine.chain.as_ref().unwrap().add(REQUEST, facts);
    let error = alice.submit_job(stored.request(Some(REQUEST))).await.unwrap_err();
    assert_eq!((name(&error).as_str(), error.code()), ("REQUEST_MISMATCH", Code::FailedPrecondition));
    assert_eq!(name(&alice.submit_job(stored.request(None)).await.unwrap_err()), "REQUEST_ID");
    // Left out, it is the request's own.
    let request = pb::SubmitJobRequest { work: None, ..stored.request(Some(REQUEST)) };
    let job = alice.submit_job(request).await.unwrap().into_inner().job.unwrap();
    assert_eq!(job.inputs, [stored.inputs[1].to_vec(), stored.inputs[0].to_vec()]);
}

#[tokio::test]
async fn handles_that_do_not_fit_the_program_are_refused() {
    let engine = Engine::start(Mode::NoChain).await;
    let mut alice = engine.client(ALICE).await;
    let stored = store_inputs(&mut alice).await;
    let with = |program_id: Vec<u8>, inputs: Vec<Vec<u8>>| pb::SubmitJobRequest {
        work: Some(pb::submit_job_request::Work::Program(pb::ProgramCall { program_id, inputs })),
        ..stored.request(None)
    };
    let [a, b] = [stored.inputs[0].to_vec(), stored.inputs[1].to_vec()];
    let id = stored.program_id.to_vec();
    let content = bytes(&words(8));
    let casting = pb::CiphertextHeader { key_kind: 2, ..header(&stored.key_digest, content.len()) };
    let casting = upload(&mut alice, b"casting", casting, &content).await.unwrap().record.unwrap().handle;
    for (expected, request) in [
        ("INPUT_COUNT", with(id.clone(), vec![a.clone()])),
        ("NOT_FOUND", with(vec![1; 32], vec![a.clone(), b.clone()])),
        ("NOT_FOUND", with(id.clone(), vec![a.clone(), vec![1; 32]])),
        ("FIELD_LENGTH", with(id.clone(), vec![a.clone(), vec![1; 31]])),
        ("INPUT_MISMATCH", with(id, vec![a.clone(), casting])),
        ("FIELD_MISSING", pb::SubmitJobRequest { work: None, ..stored.request(None) }),
        ("NOT_FOUND", pb::SubmitJobRequest { key_digest: vec![9; 32], ..stored.request(None) }),
        ("REQUEST_ID", stored.request(Some(REQUEST))),
    ] {
        assert_eq!(name(&alice.submit_job(request).await.unwrap_err()), expected);
    }
    let operand = pb::Operand { source: Some(pb::operand::Source::Handle(a)), constant_type: 0 };
    let product = pb::Operation {
        code: pb::OperationCode::Mul.into(),
        operands: vec![operand],
        ..pb::Operation::default()
    };
    let list = pb::OperationList {
        operations: vec![product],
        outputs: vec![pb::OperationOutput { operation: 0, release: false }],
    };
    let request = pb::SubmitJobRequest {
        work: Some(pb::submit_job_request::Work::Operations(list)),
        ..stored.request(None)
    };
    let error = alice.submit_job(request).await.unwrap_err();
    assert_eq!(error.code(), Code::Unimplemented);
    assert!(error.message().contains("MUL"), "{}", error.message());
}

#[tokio::test]
async fn outages_are_waited_out() {
    let engine = Engine::start(Mode::Chain).await;
    let chain = engine.chain.clone().unwrap();
    let mut alice = engine.client(ALICE).await;
    let stored = store_inputs(&mut alice).await;
    chain.add(REQUEST, stored.facts());
    engine.prover.behave(&[Conduct::Unavailable, Conduct::Unavailable]);
    let id = submit(&mut alice, stored.request(Some(REQUEST))).await;
    chain.outages.store(3, Ordering::SeqCst);
    let (_, job, _) = watch(&mut alice, &id).await;
    assert_eq!(job.state(), Fulfilled);
    assert_eq!(chain.executed(), (1, 0));
}

#[tokio::test]
async fn a_proof_of_something_else_never_leaves_the_engine() {
    for (conduct, expected) in [
        (Conduct::OtherStatement, "PROOF_REJECTED"),
        (Conduct::OtherPoints, "PROOF_REJECTED"),
        (Conduct::Refuses, "PROVER_REFUSED"),
    ] {
        let engine = Engine::start(Mode::Chain).await;
        let chain = engine.chain.clone().unwrap();
        let mut alice = engine.client(ALICE).await;
        let stored = store_inputs(&mut alice).await;
        chain.add(REQUEST, stored.facts());
        engine.prover.behave(&[conduct]);
        let id = submit(&mut alice, stored.request(Some(REQUEST))).await;
        let (_, job, _) = watch(&mut alice, &id).await;
        assert_eq!(job.state(), Failed, "{conduct:?}");
        let failure = job.failure.unwrap();
        assert_eq!((failure.name.as_str(), failure.state()), (expected, Proving), "{conduct:?}");
        assert!(!job.outputs[0].proven);
        assert_eq!(chain.executed(), (0, 0));
        // The request is free again.
        let again = pb::SubmitJobRequest { idempotency_key: b"2".to_vec(), ..stored.request(Some(REQUEST)) };
        let id = submit(&mut alice, again).await;
        assert_eq!(watch(&mut alice, &id).await.1.state(), Fulfilled);
    }
}

#[tokio::test]
async fn a_request_that_another_fulfils_is_done() {
    let engine = Engine::start(Mode::Chain).await;
    let chain = engine.chain.clone().unwrap();
    let mut alice = engine.client(ALICE).await;
    let stored = store_inputs(&mut alice).await;
    chain.add(REQUEST, stored.facts());
    engine.prover.behave(&[Conduct::Unavailable; 20]);
    let id = submit(&mut alice, stored.request(Some(REQUEST))).await;
    chain.fulfil_by_another(REQUEST);
    let (states, job, _) = watch(&mut alice, &id).await;
    assert_eq!(job.state(), Fulfilled);
    assert!(!states.contains(&Submitting), "nothing is sent");
    assert_eq!(job.fulfil_tx, OTHERS);
    assert_eq!(chain.executed(), (0, 0));
}

#[tokio::test]
async fn a_cancelled_proof_is_dropped_and_nothing_follows() {
    let engine = Engine::start(Mode::Chain).await;
    let chain = engine.chain.clone().unwrap();
    let mut alice = engine.client(ALICE).await;
    let stored = store_inputs(&mut alice).await;
    chain.add(REQUEST, stored.facts());
    engine.prover.behave(&[Conduct::Hangs]);
    let id = submit(&mut alice, stored.request(Some(REQUEST))).await;
    while !engine.prover.hanging.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let cancel = |key: &[u8]| pb::CancelJobRequest { idempotency_key: key.to_vec(), job_id: id.clone() };
    let mut bob = engine.client(BOB).await;
    assert_eq!(bob.cancel_job(cancel(b"c")).await.unwrap_err().code(), Code::PermissionDenied);
    let answer = alice.cancel_job(cancel(b"c")).await.unwrap().into_inner();
    assert_eq!(answer.job.as_ref().unwrap().state(), Cancelled);
    assert_eq!(alice.cancel_job(cancel(b"c")).await.unwrap().into_inner(), answer, "same key, same answer");
    assert_eq!(name(&alice.cancel_job(cancel(b"d")).await.unwrap_err()), "NOT_CANCELLABLE");
    tokio::time::timeout(Duration::from_secs(5), async {
        while engine.prover.hanging.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("the proof is dropped");
    let (states, ..) = watch(&mut alice, &id).await;
    assert_eq!(states, [Cancelled]);
    assert_eq!(chain.executed(), (0, 0));
}

#[tokio::test]
async fn jobs_are_listed_newest_first_page_by_page_to_those_who_may() {
    let engine = Engine::start(Mode::NoChain).await;
    let mut alice = engine.client(ALICE).await;
    let stored = store_inputs(&mut alice).await;
    let mut ids = Vec::new();
    for key in 0..3u8 {
        let request = pb::SubmitJobRequest { idempotency_key: vec![b'l', key], ..stored.request(None) };
        ids.push(submit(&mut alice, request).await);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let page = |page_token: Vec<u8>, state| pb::ListJobsRequest { page_size: 2, page_token, state };
    let first = alice.list_jobs(page(vec![], 0)).await.unwrap().into_inner();
    let second = alice.list_jobs(page(first.next_page_token.clone(), 0)).await.unwrap().into_inner();
    let listed: Vec<_> = first.jobs.iter().chain(&second.jobs).map(|j| j.job_id.clone()).collect();
    ids.reverse();
    assert_eq!(listed, ids);
    assert!(second.next_page_token.is_empty());
    for id in &ids {
        watch(&mut alice, id).await;
    }
    let proven = alice.list_jobs(page(vec![], Proven.into())).await.unwrap().into_inner();
    assert_eq!(proven.jobs.len(), 2);
    let failed = alice.list_jobs(page(vec![], Failed.into())).await.unwrap().into_inner();
    assert!(failed.jobs.is_empty());
    let others = engine.client(BOB).await.list_jobs(page(vec![], 0)).await.unwrap().into_inner();
    assert!(others.jobs.is_empty());
    let all = engine.client(ROOT).await.list_jobs(page(vec![], 0)).await.unwrap().into_inner();
    assert_eq!(all.jobs.len(), 2);
    assert_eq!(name(&alice.list_jobs(page(vec![1; 5], 0)).await.unwrap_err()), "FIELD_LENGTH");
    let large = pb::ListJobsRequest { page_size: 101, ..page(vec![], 0) };
    assert_eq!(name(&alice.list_jobs(large).await.unwrap_err()), "FIELD_VALUE");
}

#[tokio::test]
async fn open_jobs_are_bounded() {
    let limits = Limits { max_open_jobs: 1, ..Limits::default() };
    let engine = Engine::start_limited(Mode::NoChain, limits).await;
    let mut alice = engine.client(ALICE).await;
    let stored = store_inputs(&mut alice).await;
    engine.prover.behave(&[Conduct::Hangs]);
    submit(&mut alice, stored.request(None)).await;
    let second = pb::SubmitJobRequest { idempotency_key: b"2".to_vec(), ..stored.request(None) };
    let error = alice.submit_job(second).await.unwrap_err();
    assert_eq!((name(&error).as_str(), error.code()), ("BUSY", Code::ResourceExhausted));
}
