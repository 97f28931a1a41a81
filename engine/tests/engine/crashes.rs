//! The process dies around each state, on both sides of the disk; a new one ends the job, and nothing is done twice on
//! chain.

use crate::doubles::{FakeChain, FakeCrash, FakeProver, Moment, Side};
use crate::fixture::*;
use std::future::Future;
use std::sync::Arc;
use tempfile::TempDir;
use trine_engine::domain::{JobId, JobState};
use trine_engine::service::limits::Limits;
use trine_engine::store::{Store, Write};
use trine_proto::engine::v1 as pb;

const REQUEST: [u8; 32] = [0x77; 32];

const STATES: [JobState; 7] = [
    JobState::Accepted,
    JobState::Evaluating,
    JobState::Evaluated,
    JobState::Proving,
    JobState::Proven,
    JobState::Submitting,
    JobState::Fulfilled,
];

/// What outlives the process.
struct World {
    folder: TempDir,
    chain: Arc<FakeChain>,
    prover: Arc<FakeProver>,
}

impl World {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            chain: Arc::default(),
            prover: Arc::new(FakeProver::new(setup())),
        }
    }

    async fn engine(&self, store: Arc<dyn Store>) -> Engine {
        Engine::start_with(store, Some(self.chain.clone()), self.prover.clone(), Limits::default()).await
    }

    /// A process that accepts one job and dies at `state`. Whether the client got an answer.
    fn dying_process(&self, state: JobState, side: Side) -> (Stored, bool) {
        process(async {
            let crash = Arc::new(FakeCrash::at(open(self.folder.path()), Moment::State(state, 1), side));
            let engine = self.engine(crash.clone()).await;
            let mut alice = engine.client(ALICE).await;
            let stored = store_inputs(&mut alice).await;
            self.chain.add(REQUEST, stored.facts());
            let answered = alice.submit_job(stored.request(Some(REQUEST))).await.is_ok();
            crash.died().await;
            (stored, answered)
        })
    }

    /// A process to which the client, which knows nothing of the crash, sends the same request again.
    fn next_process(&self, stored: &Stored) -> (pb::Job, usize) {
        process(async {
            let engine = self.engine(open(self.folder.path())).await;
            let mut alice = engine.client(ALICE).await;
            let answer = alice.submit_job(stored.request(Some(REQUEST))).await.unwrap().into_inner();
            let (_, job, _) = watch(&mut alice, &answer.job.unwrap().job_id).await;
            let all = alice.list_jobs(pb::ListJobsRequest::default()).await.unwrap().into_inner();
            (job, all.jobs.len())
        })
    }
}

/// Runs a process to its death: every task of it is dropped where it stands.
fn process<T>(life: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let result = runtime.block_on(life);
    drop(runtime);
    result
}

#[test]
fn a_job_survives_a_crash_at_every_state_and_is_fulfilled_once() {
    for state in STATES {
        for side in [Side::Before, Side::After] {
            let world = World::new();
            let (stored, answered) = world.dying_process(state, side);
            assert_eq!(answered, state != JobState::Accepted, "{state:?} {side:?}");
            let (job, jobs) = world.next_process(&stored);
            assert_eq!(job.state(), pb::JobState::Fulfilled, "{state:?} {side:?}: {:?}", job.failure);
            assert_eq!(world.chain.executed(), (1, 0), "{state:?} {side:?}");
            assert_eq!(jobs, 1, "{state:?} {side:?}");
        }
    }
}

#[test]
fn a_transaction_whose_nonce_is_gone_is_replaced_not_repeated() {
    let world = World::new();
    let (stored, _) = world.dying_process(JobState::Submitting, Side::After);
    // While the engine is down its account is used elsewhere.
    world.chain.use_nonce();
    let (job, _) = world.next_process(&stored);
    assert_eq!(job.state(), pb::JobState::Fulfilled);
    assert_eq!(world.chain.executed(), (1, 0));
}

#[test]
fn an_upload_of_a_key_that_a_crash_cut_off_leaves_nothing() {
    use trine_engine::domain::KeyRecord;
    use trine_engine::domain::key::ContentId;
    let folder = tempfile::tempdir().unwrap();
    let (whole, cut) = (ContentId([1; 16]), ContentId([2; 16]));
    let store = open(folder.path());
    for content in [whole, cut] {
        for index in 0..3 {
            store.put_piece(content, index, &[index as u8; 10]).unwrap();
        }
    }
    let record = KeyRecord {
        key_digest: [3; 32],
        parameter_set_id: [4; 32],
        compact_public_bytes: 10,
        compressed_server_bytes: 20,
        content: whole,
    };
    store.commit(vec![Write::Key(record)]).unwrap();
    drop(store);
    let store = open(folder.path());
    assert_eq!(store.piece(whole, 2).unwrap(), Some(vec![2; 10]));
    assert_eq!(store.piece(cut, 0).unwrap(), None);
    assert!(store.job(JobId([0; 16])).unwrap().is_none());
}

#[test]
fn a_batch_is_refused_whole_when_one_change_came_too_late() {
    use trine_engine::store::{IdempotencyRecord, StoreError};
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let used = |answer| Write::Idempotency([1; 32], IdempotencyRecord { request: [2; 32], answer });
    store.commit(vec![used(vec![1])]).unwrap();
    let late = vec![Write::Program([5; 32], "text".into()), used(vec![2])];
    assert!(matches!(store.commit(late), Err(StoreError::IdempotencyKey)));
    assert_eq!(store.program(&[5; 32]).unwrap(), None);
    assert_eq!(store.idempotency(&[1; 32]).unwrap().unwrap().answer, [1]);
}
