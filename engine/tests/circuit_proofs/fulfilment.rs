//! From EVALUATED to FULFILLED, with a crash at every state on the way, and proofs of something else.

use crate::doubles::{Conduct, FakeChain, FakeCrash, FakeProver, Moment, Side};
use crate::fixture::{ALICE, Client, Engine, open, watch};
use crate::proven::{JOB, PARAMETERS, key_points, proven, setup, store_job};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tempfile::TempDir;
use trine_engine::chain::RequestFacts;
use trine_engine::circuit::Registered;
use trine_engine::domain::JobState;
use trine_engine::service::limits::Limits;
use trine_engine::store::Store;
use trine_proto::engine::v1 as pb;
use trine_prover::service::circuits::statement::statement;
use trine_verifier::Bytes32;
use trine_verifier::bootstrapping::program::Words;
use trine_verifier::bootstrapping::{CircuitProof, verify};

/// What outlives the process.
struct World {
    folder: TempDir,
    chain: Arc<FakeChain>,
    prover: Arc<FakeProver>,
}

impl World {
    fn new() -> Self {
        let (chain, prover) = (Arc::new(FakeChain::default()), Arc::new(FakeProver::new(setup())));
        *prover.circuit_proofs.lock().unwrap() = vec![proven().proof.clone()];
        *prover.key_points.lock().unwrap() = key_points();
        let job = &proven().statement.jobs[0];
        chain.add(
            job.request_id,
            RequestFacts {
                program_id: job.circuit.id().0,
                program: Registered::of(&PARAMETERS, &job.circuit).unwrap(),
                key_digest: proven().statement.domain.key_digest,
                salt: job.salt,
                inputs: job.inputs.iter().map(|i| i.handle).collect(),
                fulfilled: false,
            },
        );
        Self { folder: tempfile::tempdir().unwrap(), chain, prover }
    }

    async fn engine(&self, store: Arc<dyn Store>) -> Engine {
        let chain = Some(self.chain.clone());
        Engine::start_on(setup(), store, chain, self.prover.clone(), Limits::default()).await
    }

    /// A process in which the job stands in EVALUATED, run to its end.
    async fn ended(&self, salt: Bytes32) -> (Client, pb::Job) {
        let store = open(self.folder.path());
        store_job(store.as_ref(), salt);
        let engine = self.engine(store).await;
        let mut alice = engine.client(ALICE).await;
        let job = watch(&mut alice, &JOB.0).await.1;
        (alice, job)
    }
}

fn salt() -> Bytes32 {
    proven().statement.jobs[0].salt
}

#[tokio::test]
async fn a_circuit_is_proven_and_fulfilled_and_its_receipt_verifies() {
    let world = World::new();
    let (mut alice, job) = world.ended(salt()).await;
    assert_eq!(job.state(), pb::JobState::Fulfilled, "{:?}", job.failure);
    assert!(job.outputs.iter().all(|output| output.proven));
    assert_eq!(world.chain.executed(), (1, 0));
    assert_eq!(world.chain.brought(), [None]);
    let (stated, signed) = (&proven().statement.jobs[0], world.chain.last_signed().unwrap());
    let [sent] = &signed.jobs[..] else { panic!("{} jobs", signed.jobs.len()) };
    assert_eq!((signed.request_id, sent.request_id), (stated.request_id, stated.request_id));
    assert_eq!((&sent.segment, signed.key_points), (&None, Some(key_points())));
    assert_eq!(sent.words, Words::of(&stated.circuit).unwrap().to_words());
    let xy =
        |list: &[trine_verifier::NamedCommitment]| list.iter().map(|n| n.commitment.xy()).collect::<Vec<_>>();
    assert_eq!(sent.input_points, xy(&stated.inputs));
    assert_eq!(sent.output_points, xy(&stated.outputs));

    let answer = alice.get_receipt(pb::GetReceiptRequest { job_id: JOB.0.to_vec() }).await.unwrap();
    let receipt = answer.into_inner().receipt.unwrap();
    let proof = receipt.proof.unwrap();
    assert_eq!((signed.proof, proof.batch), (proof.wrapped, None), "alone");
    // From the receipt's bytes alone.
    let statement = statement(&receipt.statement.unwrap(), &PARAMETERS).unwrap();
    assert_eq!(statement, proven().statement);
    let shape = statement.inputs(&PARAMETERS).unwrap().shape;
    let inner = CircuitProof::from_bytes(&shape, &proof.inner).unwrap();
    let public = verify(&PARAMETERS, setup().commitment_key.verifier(), &statement, &inner).unwrap();
    assert_eq!(proof.public_inputs.len(), public.to_array().len());
}

#[tokio::test]
async fn proofs_and_keys_of_something_else_never_leave_the_engine() {
    type Change = fn(&World);
    let unchanged: Change = |_| {};
    let cases: [(&str, Bytes32, Change); 7] = [
        // The proof is of another salt than the job's.
        ("PROOF_REJECTED", [0xaa; 32], unchanged),
        ("PROOF_REJECTED", salt(), |w| w.prover.behave(&[Conduct::OtherPoints])),
        ("PROOF_REJECTED", salt(), |w| {
            let group = &mut w.prover.circuit_proofs.lock().unwrap()[0].group;
            group.columns.swap(0, 1);
        }),
        ("PROVER_REFUSED", salt(), |w| w.prover.behave(&[Conduct::Refuses])),
        // Points of another key, and of none.
        ("PROVER_REFUSED", salt(), |w| w.prover.key_points.lock().unwrap().reverse()),
        ("KEY_POINTS", salt(), |w| w.prover.key_points.lock().unwrap().truncate(1)),
        ("KEY_POINTS", salt(), |w| w.prover.key_points.lock().unwrap()[3][0] = [0xff; 32]),
    ];
    for (index, (expected, salt, change)) in cases.into_iter().enumerate() {
        let world = World::new();
        change(&world);
        let (mut alice, job) = world.ended(salt).await;
        assert_eq!(job.state(), pb::JobState::Failed, "case {index}");
        let failure = job.failure.unwrap();
        let found = (failure.name.as_str(), failure.state());
        assert_eq!(found, (expected, pb::JobState::Proving), "case {index}: {}", failure.message);
        assert!(job.outputs.iter().all(|output| !output.proven), "case {index}");
        assert_eq!(world.chain.executed(), (0, 0), "case {index}");
        let receipt = alice.get_receipt(pb::GetReceiptRequest { job_id: JOB.0.to_vec() }).await;
        assert_eq!(receipt.unwrap_err().code(), tonic::Code::NotFound, "case {index}");
    }
}

#[tokio::test]
async fn outages_are_waited_out() {
    let world = World::new();
    world.prover.behave(&[Conduct::Unavailable, Conduct::Unavailable]);
    world.chain.outages.store(2, Ordering::SeqCst);
    let (_, job) = world.ended(salt()).await;
    assert_eq!(job.state(), pb::JobState::Fulfilled, "{:?}", job.failure);
    assert_eq!(world.chain.executed(), (1, 0));
}

/// Runs a process to its death: every task of it is dropped where it stands.
pub fn process<T>(life: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let result = runtime.block_on(life);
    drop(runtime);
    result
}

#[test]
fn a_requested_circuit_survives_a_crash_at_every_state_and_is_fulfilled_once() {
    for state in [JobState::Proving, JobState::Proven, JobState::Submitting, JobState::Fulfilled] {
        for side in [Side::Before, Side::After] {
            let world = World::new();
            process(async {
                let store = open(world.folder.path());
                store_job(store.as_ref(), salt());
                let crash = Arc::new(FakeCrash::at(store, Moment::State(state, 1), side));
                let _engine = world.engine(crash.clone()).await;
                crash.died().await;
            });
            let job = process(async {
                let engine = world.engine(open(world.folder.path())).await;
                let mut alice = engine.client(ALICE).await;
                watch(&mut alice, &JOB.0).await.1
            });
            assert_eq!(job.state(), pb::JobState::Fulfilled, "{state:?} {side:?}: {:?}", job.failure);
            assert_eq!(world.chain.executed(), (1, 0), "{state:?} {side:?}");
        }
    }
}
