//! Jobs that wait for the prover at the same time: one proof and one transaction, and nothing that is wrong with one of them is
//! another's failure.

mod world;

use crate::doubles::Conduct::{Dies, Hangs, Refuses, Unavailable, Waits};
use crate::doubles::{FakeCrash, Moment, OTHERS, Side};
use crate::fixture::{ALICE, open};
use crate::fulfilment::process;
use crate::several::{LARGE, OTHER_KEY, id, outputs, prove, requests, words};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use trine_proto::engine::v1 as pb;
use trine_verifier::bootstrapping::batch::MAX_JOBS;
use trine_verifier::bootstrapping::{CircuitProof, Statement};
use world::{Waiting, World, start, until, verified};

#[tokio::test]
async fn jobs_that_wait_together_share_a_proof_and_a_transaction() {
    let world = World::new();
    let mut waiting = world.waiting(&[1, 2, 3], &[]).await;
    waiting.free().await;
    let transactions = waiting.fulfilled(&[1, 2, 3]).await;
    world.assert_stated(&[&[1, 2, 3]]);
    assert_eq!((world.prover.proofs.load(Ordering::SeqCst), world.chain.executed()), (1, (1, 0)));
    assert!(transactions.iter().all(|tx| *tx == transactions[0]), "one for all");
    // Words of each job's input and output, job by job.
    let sent = world.prover.tasks.lock().unwrap()[1].words.clone();
    assert_eq!(sent, [1, 2, 3].map(words).concat());
    let signed = world.chain.last_signed().unwrap();
    let named: Vec<_> = signed.jobs.iter().map(|job| job.request_id).collect();
    assert_eq!(named, requests(&[1, 2, 3]), "in the order of the statement");

    waiting.assert_receipts(&[1, 2, 3], 3).await;
    for (place, index) in [1, 2, 3].into_iter().enumerate() {
        let receipt = waiting.receipt(index).await.unwrap();
        let (stated, _) = verified(&receipt, 0);
        let own: Vec<_> = stated.jobs[place].outputs.iter().map(|output| output.handle).collect();
        assert_eq!(own, outputs(index), "the job stands in its place");
        let (_, verdict) = verified(&receipt, 1);
        assert!(verdict.is_err(), "the same jobs in another order");
        assert_eq!(receipt.proof.unwrap().wrapped, signed.proof);
    }
}

#[tokio::test]
async fn what_is_under_another_key_or_does_not_fit_waits_for_its_own_proof() {
    let world = World::new();
    let mut waiting = world.waiting(&[1, LARGE, OTHER_KEY, 3], &[]).await;
    waiting.free().await;
    let transactions = waiting.fulfilled(&[1, 3, LARGE, OTHER_KEY]).await;
    world.assert_stated(&[&[1, 3], &[LARGE], &[OTHER_KEY]]);
    assert_eq!(world.chain.executed(), (3, 0));
    assert!(transactions[0] == transactions[1] && transactions[2] != transactions[3]);
    waiting.assert_receipts(&[1, 3], 2).await;
    waiting.assert_receipts(&[LARGE, OTHER_KEY], 1).await;
}

#[tokio::test]
async fn with_one_job_to_a_proof_each_has_its_own() {
    let world = World::new();
    let mut waiting = world.waiting_on(open(world.folder.path()), &[1, 2, 3], &[], 1).await;
    waiting.free().await;
    waiting.fulfilled(&[1, 2, 3]).await;
    world.assert_stated(&[&[1], &[2], &[3]]);
    assert_eq!(world.chain.executed(), (3, 0));
    waiting.assert_receipts(&[1, 2, 3], 1).await;
}

/// The second job makes every proof wrong.
fn spoilt(statement: &Statement) -> CircuitProof {
    let mut proof = prove(statement);
    if statement.jobs.iter().any(|job| job.request_id == requests(&[2])[0]) {
        proof.group.columns.swap(0, 1);
    }
    proof
}

#[tokio::test]
async fn a_job_that_spoils_the_proof_fails_alone() {
    let world = World::new();
    *world.prover.make_proof.lock().unwrap() = Some(spoilt);
    let mut waiting = world.waiting(&[1, 2, 3], &[]).await;
    waiting.free().await;
    waiting.fulfilled(&[1, 3]).await;
    let failure = waiting.failure(2).await;
    assert_eq!((failure.name.as_str(), failure.state()), ("PROOF_REJECTED", pb::JobState::Proving));
    world.assert_stated(&[&[1, 2, 3], &[1], &[2], &[3]]);
    assert_eq!(world.chain.executed(), (2, 0));
    waiting.assert_receipts(&[1, 3], 1).await;
    assert_eq!(waiting.receipt(2).await.unwrap_err().code(), tonic::Code::NotFound);
}

#[tokio::test]
async fn jobs_that_the_prover_refuses_together_are_proved_one_by_one() {
    let world = World::new();
    let mut waiting = world.waiting(&[1, 2, 3], &[Refuses]).await;
    waiting.free().await;
    waiting.fulfilled(&[1, 2, 3]).await;
    world.assert_stated(&[&[1, 2, 3], &[1], &[2], &[3]]);
    assert_eq!(world.chain.executed(), (3, 0));
}

#[tokio::test]
async fn a_prover_that_is_gone_for_a_while_is_asked_for_the_same_again() {
    let world = World::new();
    let mut waiting = world.waiting(&[1, 2, 3], &[Unavailable, Dies, Unavailable, Dies]).await;
    waiting.free().await;
    waiting.fulfilled(&[1, 2, 3]).await;
    world.assert_stated(&[[1, 2, 3].as_slice(); 5]);
    assert_eq!(world.chain.executed(), (1, 0));
}

/// A batch keeps the worker from everybody else: jobs that may be what the prover is gone of go by themselves.
#[tokio::test]
async fn a_prover_that_does_not_come_back_is_asked_for_each_job() {
    let world = World::new();
    let mut waiting = world.waiting(&[1, 2], &[Unavailable; 8]).await;
    waiting.free().await;
    waiting.fulfilled(&[1, 2]).await;
    let mut stated = vec![[1, 2].as_slice(); 8];
    stated.extend([[1].as_slice(), &[2]]);
    world.assert_stated(&stated);
}

#[tokio::test]
async fn jobs_of_which_the_prover_dies_are_proved_one_by_one() {
    let world = World::new();
    let mut waiting = world.waiting(&[1, 2, 3], &[Dies, Dies, Dies]).await;
    waiting.free().await;
    waiting.fulfilled(&[1, 2, 3]).await;
    let together = [1, 2, 3].as_slice();
    world.assert_stated(&[together, together, together, &[1], &[2], &[3]]);
    assert_eq!(world.chain.executed(), (3, 0));
}

#[tokio::test]
async fn a_job_that_is_cancelled_while_it_waits_is_not_proved() {
    let world = World::new();
    let mut waiting = world.waiting(&[1, 2, 3], &[]).await;
    waiting.cancelled(2).await;
    until(|| waiting.engine.runner.waiting_jobs() == 2).await;
    waiting.free().await;
    waiting.fulfilled(&[1, 3]).await;
    world.assert_stated(&[&[1, 3]]);
    assert_eq!(waiting.ended(2).await.state(), pb::JobState::Cancelled);
}

#[tokio::test]
async fn jobs_that_are_cancelled_while_they_are_proved_leave_the_others_untouched() {
    // The job that has the prover, and one that it took along.
    for cancelled in [1, 2] {
        let world = World::new();
        let mut waiting = world.waiting(&[1, 2, 3], &[Waits]).await;
        waiting.free().await;
        until(|| world.is_held(2)).await;
        assert_eq!(waiting.cancelled(cancelled).await.state(), pb::JobState::Cancelled);
        world.prover.release();
        waiting.fulfilled(&[3 - cancelled, 3]).await;
        world.assert_stated(&[&[1, 2, 3]]);
        waiting.assert_receipts(&[3 - cancelled, 3], 3).await;
        assert_eq!(waiting.receipt(cancelled).await.unwrap_err().code(), tonic::Code::NotFound);
        // The proof is of all three, and so is the transaction.
        assert_eq!(world.chain.executed(), (1, 0));
        assert_eq!(world.chain.last_signed().unwrap().jobs.len(), 3);
    }
}

#[tokio::test]
async fn a_proof_that_no_job_waits_for_any_more_is_given_up() {
    let world = World::new();
    let mut waiting = world.waiting(&[1, 2], &[Hangs]).await;
    waiting.free().await;
    until(|| world.is_held(2)).await;
    waiting.cancelled(1).await;
    waiting.cancelled(2).await;
    until(|| !world.prover.hanging.load(Ordering::SeqCst)).await;
    start(&waiting.engine, 3);
    waiting.fulfilled(&[3]).await;
    world.assert_stated(&[&[1, 2], &[3]]);
}

#[test]
fn a_crash_around_the_proof_of_a_batch_costs_that_proof_or_nothing() {
    for side in [Side::Before, Side::After] {
        let world = World::new();
        process(async {
            let crash = Arc::new(FakeCrash::at(open(world.folder.path()), Moment::BatchProof, side));
            let mut waiting = world.waiting_on(crash.clone(), &[1, 2, 3], &[], MAX_JOBS).await;
            waiting.free().await;
            crash.died().await;
        });
        process(async {
            let engine = world.engine(open(world.folder.path()), MAX_JOBS).await;
            let alice = engine.client(ALICE).await;
            let mut waiting = Waiting { engine, alice };
            waiting.fulfilled(&[1, 2, 3]).await;
            if side == Side::After {
                waiting.assert_receipts(&[1, 2, 3], 3).await;
            }
        });
        let proofs = world.prover.proofs.load(Ordering::SeqCst);
        match side {
            Side::Before => assert!(proofs > 1, "proved again"),
            Side::After => assert_eq!((proofs, world.chain.executed()), (1, (1, 0))),
        }
        assert_eq!(world.chain.executed().1, 0, "{side:?}");
    }
}

#[tokio::test]
async fn a_request_that_another_fulfils_meanwhile_stalls_nobody() {
    let world = World::new();
    let mut waiting = world.waiting(&[1, 2, 3], &[Waits]).await;
    waiting.free().await;
    until(|| world.is_held(2)).await;
    world.chain.fulfil_by_another(requests(&[2])[0]);
    world.prover.release();
    let transactions = waiting.fulfilled(&[1, 2, 3]).await;
    assert_eq!((&transactions[0], &transactions[1]), (&transactions[2], &OTHERS.to_vec()));
    assert_ne!(transactions[0], OTHERS);
    assert_eq!((world.chain.executed(), world.chain.brought().len()), ((1, 0), 2));
}

#[tokio::test]
async fn another_who_is_faster_with_the_first_job_is_no_failure() {
    for faster in [true, false] {
        let world = World::new();
        let mut waiting = world.waiting(&[1, 2, 3], &[]).await;
        let flag = if faster { &world.chain.faster } else { &world.chain.overtaken };
        flag.store(true, Ordering::SeqCst);
        waiting.free().await;
        let transactions = waiting.fulfilled(&[1, 2, 3]).await;
        assert_eq!(transactions[0], OTHERS, "{faster}");
        assert!(transactions[1] == transactions[2] && transactions[1] != OTHERS, "{faster}");
        assert_eq!(world.chain.executed(), (1, 0), "{faster}");
    }
}

#[tokio::test]
async fn a_batch_that_the_chain_refuses_is_sent_job_by_job() {
    // Before the signature nothing is sent; after it the transaction reverts.
    for (breaks_late, executed) in [(false, (2, 0)), (true, (3, 1))] {
        let world = World::new();
        let mut waiting = world.waiting(&[1, 2, 3], &[]).await;
        let broken = requests(&[2])[0];
        if breaks_late {
            *world.chain.breaking.lock().unwrap() = Some(broken);
        } else {
            world.chain.break_request(broken);
        }
        let watched = pb::WatchJobRequest { job_id: id(1).0.to_vec() };
        let mut first = waiting.alice.watch_job(watched).await.unwrap().into_inner();
        waiting.free().await;
        waiting.fulfilled(&[1, 3]).await;
        let failure = waiting.failure(2).await;
        assert_eq!((failure.name.as_str(), failure.state()), ("CHAIN_REFUSED", pb::JobState::Proven));
        assert_eq!(world.chain.executed(), executed);
        // A proof of its own in place of the one with others.
        waiting.assert_receipts(&[1, 3], 1).await;
        assert_eq!(world.chain.last_signed().unwrap().jobs.len(), 1);
        assert_eq!(world.stated().len(), 5, "the blocker, the batch, and three by themselves");
        let mut proven = 0;
        while let Some(message) = first.message().await.unwrap() {
            if let Some(pb::watch_job_response::Event::Job(job)) = message.event {
                proven += usize::from(job.state() == pb::JobState::Proven);
            }
        }
        assert_eq!(proven, 2, "with the others, then by itself");
    }
}
