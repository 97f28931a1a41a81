//! A circuit of three segments from EVALUATED to FULFILLED: proofs and transactions in order, a crash at every step on the way,
//! others' proofs of segments, and links that are not this job's.

use crate::doubles::{Conduct, FakeChain, FakeCrash, FakeProver, Moment, OTHERS, Side};
use crate::fixture::{ALICE, Client, Engine, open, watch};
use crate::fulfilment::process;
use crate::proven::JOB;
use crate::segmented::{PARAMETERS, SEGMENTS, key_points, link_place, segmented, setup, store_job};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tempfile::TempDir;
use trine_engine::chain::RequestFacts;
use trine_engine::circuit::Registered;
use trine_engine::domain::JobState;
use trine_engine::prover::ProofStatement;
use trine_engine::service::limits::Limits;
use trine_engine::store::Store;
use trine_proto::engine::v1 as pb;
use trine_verifier::bootstrapping::registration::Registration;
use trine_verifier::bootstrapping::segment::{JobRejection, ProvenSegment, verify_job};
use trine_verifier::bootstrapping::{Batch, CircuitProof, Shape};
use trine_verifier::digest::packed;
use trine_verifier::{Bytes32, Commitment};

const ALL: [Option<u32>; SEGMENTS] = [Some(0), Some(1), Some(2)];

/// What outlives the process.
struct World {
    folder: TempDir,
    chain: Arc<FakeChain>,
    prover: Arc<FakeProver>,
}

fn request() -> Bytes32 {
    segmented().job.request_id
}

/// Hash of the links of a segment, from its definition.
fn links_hash(segment: usize) -> Bytes32 {
    packed(&segmented().proven[segment].links.iter().map(Commitment::digest).collect::<Vec<_>>())
}

impl World {
    fn new() -> Self {
        let (chain, prover) = (Arc::new(FakeChain::default()), Arc::new(FakeProver::new(setup())));
        *prover.circuit_proofs.lock().unwrap() =
            segmented().proven.iter().map(|segment| segment.proof.clone()).collect();
        *prover.key_points.lock().unwrap() = key_points();
        let job = &segmented().job;
        let facts = RequestFacts {
            program_id: job.circuit.id().0,
            program: Registered::of(&PARAMETERS, &job.circuit).unwrap(),
            key_digest: segmented().domain.key_digest,
            salt: job.salt,
            inputs: job.inputs.iter().map(|i| i.handle).collect(),
            fulfilled: false,
        };
        chain.add(job.request_id, facts);
        Self { folder: tempfile::tempdir().unwrap(), chain, prover }
    }

    async fn engine(&self, store: Arc<dyn Store>) -> Engine {
        let chain = Some(self.chain.clone());
        Engine::start_on(setup(), store, chain, self.prover.clone(), Limits::default()).await
    }

    /// A process in which the job stands in EVALUATED, run to its end.
    async fn ended(&self) -> (Client, Vec<pb::JobState>, pb::Job) {
        let store = open(self.folder.path());
        store_job(store.as_ref());
        let engine = self.engine(store).await;
        let mut alice = engine.client(ALICE).await;
        let (states, job, _) = watch(&mut alice, &JOB.0).await;
        (alice, states, job)
    }

    async fn fulfilled(&self) -> (Client, pb::Receipt) {
        let (mut alice, _, job) = self.ended().await;
        assert_eq!(job.state(), pb::JobState::Fulfilled, "{:?}", job.failure);
        let receipt = receipt(&mut alice).await;
        (alice, receipt)
    }

    /// A process that dies at a moment.
    fn dies(&self, moment: Moment, side: Side) {
        process(async {
            let store = open(self.folder.path());
            store_job(store.as_ref());
            let crash = Arc::new(FakeCrash::at(store, moment, side));
            let _engine = self.engine(crash.clone()).await;
            crash.died().await;
        });
    }

    /// The process after it, run to the end of the job.
    fn goes_on(&self) -> (pb::Job, pb::Receipt) {
        process(async {
            let engine = self.engine(open(self.folder.path())).await;
            let mut alice = engine.client(ALICE).await;
            let job = watch(&mut alice, &JOB.0).await.1;
            assert_eq!(job.state(), pb::JobState::Fulfilled, "{:?}", job.failure);
            (job, receipt(&mut alice).await)
        })
    }

    fn proofs(&self) -> usize {
        self.prover.proofs.load(Ordering::SeqCst)
    }
}

async fn receipt(client: &mut Client) -> pb::Receipt {
    let answer = client.get_receipt(pb::GetReceiptRequest { job_id: JOB.0.to_vec() }).await.unwrap();
    answer.into_inner().receipt.unwrap()
}

/// The proofs of a receipt with their links, from its bytes alone.
fn proven_of(receipt: &pb::Receipt) -> Vec<ProvenSegment> {
    let shapes = segmented().list.iter().map(|s| Shape::new(PARAMETERS, &s.circuit).unwrap());
    let proofs = receipt.earlier_segments.iter().map(|e| e.proof.as_ref());
    let proofs = proofs.chain([receipt.proof.as_ref()]);
    let point = |c: &trine_proto::prover::v1::Commitment| {
        let (x, y) = c.point.split_at(32);
        Commitment::from_xy(x.try_into().unwrap(), y.try_into().unwrap()).unwrap()
    };
    let links = receipt.earlier_segments.iter().map(|e| e.links.iter().map(point).collect());
    let links = links.chain([vec![]]);
    shapes
        .zip(proofs)
        .zip(links)
        .map(|((shape, proof), links)| ProvenSegment {
            links,
            proof: CircuitProof::from_bytes(&shape, &proof.unwrap().inner).unwrap(),
            batch: Batch::alone(),
        })
        .collect()
}

fn assert_complete(receipt: &pb::Receipt) {
    let (fixture, setup) = (segmented(), setup());
    let proven = proven_of(receipt);
    assert_eq!(proven, fixture.proven);
    let srs = setup.commitment_key.verifier();
    verify_job(&PARAMETERS, srs, &fixture.domain, &fixture.keys, &fixture.job, &proven).unwrap();
    assert!(receipt.earlier_segments.iter().all(|e| e.fulfil_tx.len() == 32), "each has its transaction");
    assert_eq!(receipt.fulfil_tx.len(), 32);
}

#[tokio::test]
async fn segments_are_proven_and_sent_in_order_and_the_receipt_has_all_of_them() {
    let world = World::new();
    let (mut alice, states, job) = world.ended().await;
    assert_eq!(job.state(), pb::JobState::Fulfilled, "{:?}", job.failure);
    use pb::JobState::{Evaluated, Fulfilled, Proven, Proving, Submitting};
    let order = [Evaluated, Proving, Proven, Submitting, Submitting, Submitting, Fulfilled];
    assert_eq!(states, order[order.len() - states.len()..], "one transaction after the other");
    assert!(job.outputs.iter().all(|output| output.proven));
    assert_eq!((world.chain.executed(), world.chain.brought()), ((3, 0), ALL.to_vec()));

    // What was asked of the prover: the statements of the segments, with the words of links as they are kept.
    let tasks = world.prover.tasks.lock().unwrap().clone();
    assert_eq!(tasks.len(), SEGMENTS);
    for (task, expected) in tasks.iter().zip(&segmented().statements) {
        let ProofStatement::Circuit(statement) = &task.statement else { panic!("{:?}", task.statement) };
        assert_eq!(statement, expected);
    }
    let (value, link) = (vec![1, 2, 3], |segment| vec![4, segment]);
    assert_eq!(tasks[0].words, [value.clone(), link(0)]);
    assert_eq!(tasks[1].words, [value.clone(), link(0), link(1)]);
    assert_eq!(tasks[2].words, [link(0), link(1), value]);

    // What was signed last: the claim of the last segment, and the links that it reads.
    let signed = world.chain.last_signed().unwrap();
    let [sent] = &signed.jobs[..] else { panic!("{} jobs", signed.jobs.len()) };
    let part = sent.segment.as_ref().unwrap();
    let Registration::Segments { segments, .. } =
        Registration::of(&PARAMETERS, &segmented().job.circuit).unwrap()
    else {
        panic!("one segment")
    };
    assert_eq!((part.index, &part.claim), (2, &segments[2]));
    assert_eq!(part.request_inputs, [segmented().job.inputs[0].handle]);
    let links = |segment: usize| vec![segmented().proven[segment].links[0].digest()];
    assert_eq!(part.links, [links(0), links(1)]);
    let xy = |list: &[trine_verifier::NamedCommitment]| {
        list.iter().map(|named| named.commitment.xy()).collect::<Vec<_>>()
    };
    let last = &segmented().statements[2].jobs[0];
    assert_eq!((&sent.input_points, &sent.output_points), (&xy(&last.inputs), &xy(&last.outputs)));
    assert_eq!(signed.key_points.as_ref(), Some(&key_points()));

    let receipt = receipt(&mut alice).await;
    assert_complete(&receipt);
    assert_eq!(signed.proof, receipt.proof.as_ref().unwrap().wrapped);
    assert_eq!((receipt.argument_ms, receipt.wrap_ms), (3, 3), "of all segments together");
    let stated = receipt.statement.unwrap();
    assert_eq!((stated.segment, &stated.program_text), (0, &segmented().job.circuit.to_text().into_bytes()));
    let handles = |list: &[trine_proto::prover::v1::HandleRecord]| {
        list.iter().map(|r| r.handle.clone()).collect::<Vec<_>>()
    };
    let named =
        |list: &[trine_verifier::NamedCommitment]| list.iter().map(|n| n.handle.to_vec()).collect::<Vec<_>>();
    assert_eq!(handles(&stated.inputs), named(&segmented().job.inputs));
    assert_eq!(handles(&stated.outputs), named(&segmented().job.outputs));
    let Some(trine_proto::prover::v1::handle_record::Origin::Output(origin)) = &stated.outputs[0].origin
    else {
        panic!("{:?}", stated.outputs[0])
    };
    assert_eq!((origin.segment, origin.index), (2, 0));
}

#[tokio::test]
async fn a_receipt_with_other_links_convinces_nobody() {
    let (_, mut receipt) = World::new().fulfilled().await;
    let [first, second] = &mut receipt.earlier_segments[..] else { panic!("{SEGMENTS} segments") };
    std::mem::swap(&mut first.links, &mut second.links);
    let (fixture, setup, proven) = (segmented(), setup(), proven_of(&receipt));
    let srs = setup.commitment_key.verifier();
    let verdict = verify_job(&PARAMETERS, srs, &fixture.domain, &fixture.keys, &fixture.job, &proven);
    assert!(matches!(verdict, Err(JobRejection::Segment { segment: 0, .. })), "{verdict:?}");
}

#[test]
fn a_job_goes_on_at_the_first_missing_step_after_a_crash_at_any() {
    let state = |state| Moment::State(state, 1);
    let submitting = |times| Moment::State(JobState::Submitting, times);
    // The moment, and what a crash before its write costs: a proof again.
    let moments = [
        (state(JobState::Proving), 0),
        (Moment::SegmentProof(0), 1),
        (Moment::SegmentProof(1), 1),
        (state(JobState::Proven), 1),
        (submitting(1), 0),
        (submitting(2), 0),
        (submitting(3), 0),
        (state(JobState::Fulfilled), 0),
    ];
    for (moment, lost) in moments {
        for side in [Side::Before, Side::After] {
            let world = World::new();
            world.dies(moment, side);
            let (_, receipt) = world.goes_on();
            let lost = if side == Side::Before { lost } else { 0 };
            assert_eq!(world.proofs(), SEGMENTS + lost, "{moment:?} {side:?}");
            assert_eq!(world.chain.executed(), (SEGMENTS, 0), "{moment:?} {side:?}");
            assert_eq!(world.chain.brought(), ALL, "{moment:?} {side:?}");
            assert_complete(&receipt);
        }
    }
}

#[test]
fn a_transaction_of_a_segment_whose_nonce_is_gone_is_replaced_not_repeated() {
    let world = World::new();
    world.dies(Moment::State(JobState::Submitting, 2), Side::After);
    world.chain.use_nonce();
    assert_complete(&world.goes_on().1);
    assert_eq!((world.chain.executed(), world.chain.brought()), ((SEGMENTS, 0), ALL.to_vec()));
}

#[tokio::test]
async fn segments_that_another_has_proven_are_taken_over() {
    for taken in [vec![0], vec![1], vec![0, 1]] {
        let world = World::new();
        for segment in &taken {
            world.chain.prove_by_another(request(), *segment, links_hash(*segment as usize));
        }
        let (_, receipt) = world.fulfilled().await;
        let own: Vec<_> = ALL.into_iter().filter(|s| !taken.contains(&s.unwrap())).collect();
        assert_eq!((world.chain.executed(), world.chain.brought()), ((own.len(), 0), own), "{taken:?}");
        // The receipt needs no trust in the other's proof, and names its transaction.
        assert_complete(&receipt);
        for (index, segment) in (0u32..).zip(&receipt.earlier_segments) {
            assert_eq!(segment.fulfil_tx == OTHERS, taken.contains(&index), "{taken:?}");
        }
    }
}

#[tokio::test]
async fn another_who_is_faster_is_no_failure() {
    // Before the signature nothing is sent; after it the transaction reverts.
    for (faster, executed) in [(true, (2, 0)), (false, (3, 1))] {
        let world = World::new();
        let flag = if faster { &world.chain.faster } else { &world.chain.overtaken };
        flag.store(true, Ordering::SeqCst);
        let (_, receipt) = world.fulfilled().await;
        assert_complete(&receipt);
        assert_eq!(receipt.earlier_segments[0].fulfil_tx, OTHERS);
        assert_eq!((world.chain.executed(), world.chain.brought()), (executed, ALL[1..].to_vec()));
    }
}

#[tokio::test]
async fn a_request_that_another_fulfils_whole_is_done() {
    let world = World::new();
    for segment in 0..2 {
        world.chain.prove_by_another(request(), segment, links_hash(segment as usize));
    }
    world.chain.fulfil_by_another(request());
    let (_, receipt) = world.fulfilled().await;
    assert_complete(&receipt);
    assert_eq!((world.chain.executed(), receipt.fulfil_tx), ((0, 0), OTHERS.to_vec()));
}

#[tokio::test]
async fn links_on_chain_that_are_not_this_jobs_end_it() {
    for segment in 0..2 {
        let world = World::new();
        world.chain.prove_by_another(request(), segment, [0xbb; 32]);
        let (_, _, job) = world.ended().await;
        assert_eq!(job.state(), pb::JobState::Failed, "{segment}");
        let failure = job.failure.unwrap();
        assert_eq!(failure.name, "LINKS", "{}", failure.message);
        assert!(failure.message.contains(&hex::encode(links_hash(segment as usize))), "{}", failure.message);
        assert!(failure.message.contains(&format!("segment {segment} ")), "{}", failure.message);
        // What comes before it is sent; nothing of it, nothing after.
        assert_eq!(world.chain.brought(), ALL[..segment as usize]);
    }
}

#[tokio::test]
async fn a_segment_without_its_own_proof_is_never_sent() {
    type Change = fn(&World);
    let cases: [(&str, Change); 3] = [
        ("PROOF_REJECTED", |w| w.prover.circuit_proofs.lock().unwrap()[1].group.columns.swap(0, 1)),
        ("PROOF_REJECTED", |w| w.prover.behave(&[Conduct::Honest, Conduct::OtherPoints])),
        ("PROVER_REFUSED", |w| w.prover.behave(&[Conduct::Honest, Conduct::Honest, Conduct::Refuses])),
    ];
    for (index, (expected, change)) in cases.into_iter().enumerate() {
        let world = World::new();
        change(&world);
        let (mut alice, _, job) = world.ended().await;
        assert_eq!(job.state(), pb::JobState::Failed, "case {index}");
        let failure = job.failure.unwrap();
        let found = (failure.name.as_str(), failure.state());
        assert_eq!(found, (expected, pb::JobState::Proving), "case {index}: {}", failure.message);
        assert_eq!(world.chain.executed(), (0, 0), "case {index}");
        let receipt = alice.get_receipt(pb::GetReceiptRequest { job_id: JOB.0.to_vec() }).await;
        assert_eq!(receipt.unwrap_err().code(), tonic::Code::NotFound, "case {index}");
    }
}

#[tokio::test]
async fn outages_between_segments_are_waited_out() {
    let world = World::new();
    world.prover.behave(&[Conduct::Honest, Conduct::Unavailable, Conduct::Unavailable]);
    world.chain.outages.store(5, Ordering::SeqCst);
    let (_, receipt) = world.fulfilled().await;
    assert_complete(&receipt);
    assert_eq!((world.proofs(), world.chain.executed()), (SEGMENTS, (SEGMENTS, 0)));
}

#[test]
fn words_of_links_go_with_the_last_proof_and_their_records_stay() {
    let world = World::new();
    world.dies(Moment::State(JobState::Proven, 1), Side::Before);
    let store = open(world.folder.path());
    assert_eq!(store.link_words(link_place(1)).unwrap(), Some(vec![4, 1]), "another proof may need them");
    drop(store);
    world.goes_on();
    let store = open(world.folder.path());
    for segment in 0..2 {
        assert_eq!(store.link_words(link_place(segment)).unwrap(), None);
        assert!(store.link(link_place(segment)).unwrap().is_some());
        // No handle that a call names.
        let handle = store.link(link_place(segment)).unwrap().unwrap().handle;
        assert_eq!(store.ciphertext(&handle).unwrap(), None);
    }
}
