//! Circuits by their text, keys by the digest of their commitments, requests on chain for circuits: accepted or refused by
//! name, and handed to the prover.

use crate::circuits::{download, earlier, follow, handle, list, operation, with_world};
use crate::doubles::{FakeChain, FakeProver};
use crate::fixture::*;
use pb::JobState::{Accepted, Cancelled, Evaluated, Evaluating, Proving};
use pb::OperationCode::Not;
use pb::submit_job_request::Work;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tonic::Code;
use trine_engine::chain::RequestFacts;
use trine_engine::circuit::{Registered, SegmentedRecord};
use trine_engine::prover::ProofStatement;
use trine_engine::service::limits::Limits;
use trine_engine::setup::{CircuitSetup, Setup};
use trine_program::circuit::{Bootstrapping, Circuit, Linear, Table, Term, Wire};
use trine_program::{Declaration, KeyKind, ValueType};
use trine_proto::engine::v1 as pb;
use trine_verifier::Bytes32;
use trine_verifier::bootstrapping::registration::CircuitClaim;
use trine_verifier::bootstrapping::{KeyCommitments, Parameters};

const REQUEST: Bytes32 = [0x77; 32];
const PARAMETERS: Parameters = Parameters::PRODUCTION;

/// Digest of commitments that are all at infinity.
pub fn key_digest() -> Bytes32 {
    KeyCommitments::from_xy(&PARAMETERS, &[[[0; 32]; 2]; 16]).unwrap().digest(&PARAMETERS)
}

/// An engine that has proofs of circuits made, over a chain.
async fn start() -> (Engine, Arc<FakeChain>) {
    let circuits = Some(CircuitSetup { verifier_hash: [8; 32], parameters: PARAMETERS });
    let setup = Arc::new(Setup { circuits, ..(*setup()).clone() });
    let folder = tempfile::tempdir().unwrap();
    let chain = Arc::new(FakeChain::default());
    let prover = Arc::new(FakeProver::new(setup.clone()));
    let store = open(folder.path());
    let engine = Engine::start_on(setup, store, Some(chain.clone()), prover, Limits::default()).await;
    (engine.keeping(folder), chain)
}

fn single(wire: Wire) -> Linear {
    Linear { terms: vec![Term { wire, coefficient: 1 }], constant: 0 }
}

/// Bootstrappings of one input, one after the other.
fn circuit(bootstrappings: u32, key_kind: KeyKind) -> Circuit {
    let value =
        |key_kind, degree| Declaration { value_type: ValueType::Nibbles, key_kind, blocks: 1, degree };
    let before = |index: u32| match index.checked_sub(1) {
        None => Wire::Input { handle: 0, block: 0 },
        Some(last) => Wire::Output { bootstrapping: last, function: 0 },
    };
    let table = Table { functions: 1, boxes: std::array::from_fn(|i| (i as u64 % 4) << 59) };
    let kind = |index: u32| if index == 0 { key_kind } else { KeyKind::Compute };
    let list = (0..bootstrappings).map(|index| Bootstrapping {
        key_kind: kind(index),
        table: 0,
        input: single(before(index)),
    });
    let (inputs, outputs) = (vec![value(key_kind, 3)], vec![value(KeyKind::Compute, 3)]);
    Circuit::new(inputs, outputs, vec![table], list.collect(), vec![single(before(bootstrappings))]).unwrap()
}

/// Thirty-three bootstrappings of the input, of which only the last is read: the first segment would prove nothing.
fn unread() -> Circuit {
    let whole = circuit(1, KeyKind::Compute);
    let list = vec![whole.bootstrappings()[0].clone(); 33];
    let rows = vec![single(Wire::Output { bootstrapping: 32, function: 0 })];
    let (inputs, outputs) = (whole.inputs().to_vec(), whole.outputs().to_vec());
    Circuit::new(inputs, outputs, whole.tables().to_vec(), list, rows).unwrap()
}

async fn register(client: &mut Client, text: &[u8]) -> Result<Bytes32, tonic::Status> {
    let key = blake3::hash(text).as_bytes()[..16].to_vec();
    let request = pb::RegisterProgramRequest { idempotency_key: key, text: text.to_vec() };
    Ok(client.register_program(request).await?.into_inner().program_id.try_into().unwrap())
}

/// A value of one block under the commitments' digest.
async fn value(client: &mut Client, seed: u64, key_kind: i32) -> Bytes32 {
    let content = bytes(&words(seed));
    let header = pb::CiphertextHeader { key_kind, ..header(&key_digest(), content.len()) };
    let info = upload(client, &seed.to_be_bytes(), header, &content).await.unwrap();
    info.record.unwrap().handle.try_into().unwrap()
}

fn facts(circuit: &Circuit, inputs: Vec<Bytes32>) -> RequestFacts {
    RequestFacts {
        program_id: circuit.id().0,
        program: Registered::of(&PARAMETERS, circuit).unwrap_or(Registered::Linear),
        key_digest: key_digest(),
        salt: [0x5a; 32],
        inputs,
        fulfilled: false,
    }
}

fn request(key: &[u8]) -> pb::SubmitJobRequest {
    pb::SubmitJobRequest {
        idempotency_key: key.to_vec(),
        request_id: REQUEST.to_vec(),
        key_digest: key_digest().to_vec(),
        work: None,
    }
}

async fn refusal(client: &mut Client, request: pb::SubmitJobRequest) -> (String, Code) {
    let error = client.submit_job(request).await.unwrap_err();
    (name(&error), error.code())
}

#[tokio::test]
async fn circuits_are_stored_by_their_canonical_text() {
    let (engine, _) = start().await;
    let mut alice = engine.client(ALICE).await;
    let circuit = circuit(2, KeyKind::Compute);
    let text = circuit.to_text();
    assert_eq!(register(&mut alice, text.as_bytes()).await.unwrap(), circuit.id().0);
    let stored = pb::GetProgramRequest { program_id: circuit.id().0.to_vec() };
    assert_eq!(alice.get_program(stored).await.unwrap().into_inner().text, text.as_bytes());

    // Many wires of one level, all read at the end of it.
    let table = Table { functions: 2, boxes: std::array::from_fn(|i| (i as u64 % 8) << 59) };
    let input = single(Wire::Input { handle: 0, block: 0 });
    let list = vec![Bootstrapping { key_kind: KeyKind::Compute, table: 0, input: input.clone() }; 8200];
    let value = Declaration { degree: 3, ..declaration(3) };
    let wide = Circuit::new(vec![value], vec![value], vec![table], list, vec![input]).unwrap().to_text();
    for (expected, text) in [
        ("PROGRAM_TEXT", format!("{text} ")),
        ("PROGRAM_TEXT", text.replace("input nibbles", "input  nibbles")),
        ("PROGRAM_TEXT", text.lines().take(3).collect::<Vec<_>>().join("\n")),
        ("PROGRAM_TEXT", "trine circuit 1\n".into()),
        ("PROGRAM_TEXT", "trine circuit 1".into()),
        ("PROGRAM_TEXT", "trine circuit 2\n".into()),
        ("PROGRAM_TEXT", text.replace("i0.0", "i9.0")),
        ("CIRCUIT_SIZE", wide),
    ] {
        let error = register(&mut alice, text.as_bytes()).await.unwrap_err();
        let cut: String = text.chars().take(60).collect();
        assert_eq!((name(&error).as_str(), error.code()), (expected, Code::InvalidArgument), "{cut}");
    }
}

#[tokio::test]
async fn a_key_is_found_by_the_digest_of_its_commitments_once_the_chain_knows_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let chain = Arc::new(FakeChain::default());
    let prover = Arc::new(FakeProver::new(setup()));
    let (content, request) = {
        let engine =
            Engine::start_with(store.clone(), Some(chain.clone()), prover.clone(), Limits::default());
        let engine = engine.await;
        let mut alice = engine.client(ALICE).await;
        let content = put_key(&mut alice).await;
        let request = pb::GetKeyRequest { key_digest: key_digest().to_vec() };
        let unknown = alice.get_key(request.clone()).await.unwrap_err();
        assert_eq!(unknown.code(), Code::NotFound);
        // Attested, but of a content that is not here.
        chain.attest(key_digest(), [1; 32]);
        assert_eq!(alice.get_key(request.clone()).await.unwrap_err().code(), Code::NotFound);
        chain.attest(key_digest(), content);
        let key = alice.get_key(request.clone()).await.unwrap().into_inner().key.unwrap();
        assert_eq!(key.key_digest, content, "the content is named");
        let bytes = words(3);
        let header = header(&key_digest(), 8 * bytes.len());
        let info = upload(&mut alice, b"value", header, &super::fixture::bytes(&bytes)).await.unwrap();
        assert_eq!(info.key_digest, key_digest(), "handles name the digest that was given");
        (content, request)
    };
    // Remembered: an engine without a chain finds it too, by either digest, with all its bytes.
    let engine = Engine::start_with(store, None, prover, Limits::default()).await;
    let mut anybody = engine.stranger().await;
    let key = anybody.get_key(request).await.unwrap().into_inner().key.unwrap();
    assert_eq!(key.key_digest, content);
    let part = pb::KeyPart::CompressedServer.into();
    let download = pb::DownloadKeyRequest { key_digest: key_digest().to_vec(), part };
    let mut stream = anybody.download_key(download).await.unwrap().into_inner();
    let mut server = Vec::new();
    while let Some(message) = stream.message().await.unwrap() {
        let chunk = message.chunk.unwrap();
        assert_eq!(chunk.offset, server.len() as u64);
        server.extend(chunk.data);
    }
    assert!(server == key_parts().1);
}

#[tokio::test]
async fn requests_for_circuits_are_checked_against_text_claim_and_handles() {
    let (engine, chain) = start().await;
    let mut alice = engine.client(ALICE).await;
    let content = put_key(&mut alice).await;
    chain.attest(key_digest(), content);
    let circuit_of = |bootstrappings| circuit(bootstrappings, KeyKind::Compute);
    let (small, large, unread) = (circuit_of(2), circuit_of(33), unread());
    for circuit in [&small, &large, &unread, &circuit(1, KeyKind::Casting)] {
        register(&mut alice, circuit.to_text().as_bytes()).await.unwrap();
    }
    let linear = register(&mut alice, program().to_text().as_bytes()).await.unwrap();
    let input = value(&mut alice, 3, 1).await;
    let (other, casting) = (value(&mut alice, 4, 1).await, value(&mut alice, 5, 2).await);
    let whole = facts(&small, vec![input]);
    let claimed = |change: fn(&mut CircuitClaim)| {
        let mut facts = whole.clone();
        let Registered::Circuit(claim) = &mut facts.program else { panic!("{:?}", facts.program) };
        change(claim);
        facts
    };
    let segmented = facts(&large, vec![input]);
    let recorded = |change: fn(&mut SegmentedRecord)| {
        let mut facts = segmented.clone();
        let Registered::Segments(record) = &mut facts.program else { panic!("{:?}", facts.program) };
        change(record);
        facts
    };
    let unregistered = circuit_of(3);
    let cases = [
        ("REQUEST_MISMATCH", claimed(|c| c.program[31] ^= 1)),
        ("REQUEST_MISMATCH", claimed(|c| c.layouts[0][31] ^= 1)),
        ("REQUEST_MISMATCH", claimed(|c| c.bootstrappings += 1)),
        ("REQUEST_MISMATCH", claimed(|c| c.inputs += 1)),
        ("REQUEST_MISMATCH", claimed(|c| c.outputs += 1)),
        // The chain holds the text as another kind of program.
        ("REQUEST_MISMATCH", RequestFacts { program: Registered::Linear, ..whole.clone() }),
        ("REQUEST_MISMATCH", RequestFacts { program: segmented.program.clone(), ..whole.clone() }),
        ("REQUEST_MISMATCH", RequestFacts { program: whole.program.clone(), ..segmented.clone() }),
        ("REQUEST_MISMATCH", recorded(|r| r.layouts[0][31] ^= 1)),
        ("REQUEST_MISMATCH", recorded(|r| r.inputs += 1)),
        ("REQUEST_MISMATCH", recorded(|r| r.outputs += 1)),
        // One segment left out, two exchanged, one whose claim is another.
        ("REQUEST_MISMATCH", recorded(|r| _ = r.segments.remove(1))),
        ("REQUEST_MISMATCH", recorded(|r| r.segments.swap(0, 1))),
        ("REQUEST_MISMATCH", recorded(|r| r.segments[2][31] ^= 1)),
        ("REQUEST_MISMATCH", RequestFacts { program_id: linear, ..whole.clone() }),
        ("REQUEST_MISMATCH", RequestFacts { key_digest: content, ..whole.clone() }),
        ("NOT_FOUND", facts(&unregistered, vec![input])),
        ("NOT_FOUND", RequestFacts { inputs: vec![[1; 32]], ..whole.clone() }),
        ("INPUT_COUNT", RequestFacts { inputs: vec![input, other], ..whole.clone() }),
        ("INPUT_MISMATCH", RequestFacts { inputs: vec![casting], ..whole.clone() }),
        ("SEGMENTS", facts(&unread, vec![input])),
        ("OPERATION_UNIMPLEMENTED", facts(&circuit(1, KeyKind::Casting), vec![casting])),
        ("ALREADY_FULFILLED", RequestFacts { fulfilled: true, ..whole.clone() }),
    ];
    for (index, (expected, facts)) in cases.into_iter().enumerate() {
        chain.add(REQUEST, facts);
        let (name, _) = refusal(&mut alice, request(b"refused")).await;
        assert_eq!(name, expected, "case {index}");
    }
    // What is submitted beside the request must agree with it.
    chain.add(REQUEST, whole);
    let call = |program_id: Bytes32, input: Bytes32| {
        let call = pb::ProgramCall { program_id: program_id.to_vec(), inputs: vec![input.to_vec()] };
        pb::SubmitJobRequest { work: Some(Work::Program(call)), ..request(b"call") }
    };
    for wrong in [call(linear, input), call(large.id().0, input), call(small.id().0, other)] {
        assert_eq!(refusal(&mut alice, wrong).await.0, "REQUEST_MISMATCH");
    }
    let unknown = pb::SubmitJobRequest { request_id: vec![1; 32], ..request(b"unknown") };
    assert_eq!(refusal(&mut alice, unknown).await, ("UNKNOWN_REQUEST".to_string(), Code::NotFound));

    // A circuit of several segments is accepted like any other.
    chain.add([0x78; 32], segmented);
    let job = pb::SubmitJobRequest { request_id: vec![0x78; 32], ..request(b"segmented") };
    let job = alice.submit_job(job).await.unwrap().into_inner().job.unwrap();
    assert_eq!((job.circuit_id, job.bootstrappings), (large.id().0.to_vec(), 33));

    // It is accepted as it is: a job with the chain's salt and the circuit's bootstrappings.
    let job = alice.submit_job(call(small.id().0, input)).await.unwrap().into_inner().job.unwrap();
    assert_eq!((job.request_id, job.bootstrappings), (REQUEST.to_vec(), 2));
    assert_eq!((job.circuit_id, job.program_id), (small.id().0.to_vec(), small.id().0.to_vec()));
}

#[tokio::test]
async fn an_engine_without_a_verifier_of_circuits_says_so() {
    let engine = Engine::start(Mode::Chain).await;
    let chain = engine.chain.clone().unwrap();
    let mut alice = engine.client(ALICE).await;
    let content = put_key(&mut alice).await;
    chain.attest(key_digest(), content);
    let circuit = circuit(1, KeyKind::Compute);
    register(&mut alice, circuit.to_text().as_bytes()).await.unwrap();
    let input = value(&mut alice, 3, 1).await;
    chain.add(REQUEST, facts(&circuit, vec![input]));
    let refused = refusal(&mut alice, request(b"job")).await;
    assert_eq!(refused, ("NO_CIRCUITS".to_string(), Code::FailedPrecondition));
    let info = alice.get_info(pb::GetInfoRequest {}).await.unwrap().into_inner();
    assert!(info.circuit_verifier_hash.is_empty());
    let (engine, _) = start().await;
    let info = engine.stranger().await.get_info(pb::GetInfoRequest {}).await.unwrap().into_inner();
    assert_eq!(info.circuit_verifier_hash, [8; 32]);
}

/// A list that answers a request: evaluated under the alias of the key, its noise recorded, handed to the prover with the
/// chain's salt.
#[test]
fn a_request_for_a_circuit_goes_on_to_the_prover() {
    with_world(async |world, _| {
        let chain = world.chained.chain.clone().unwrap();
        let committed = key_digest();
        chain.attest(committed, world.key_digest);
        let mut alice = world.chained.client(ALICE).await;
        let flag = world.encrypt_under(&mut alice, &committed, ValueType::Bool, 1).await;
        let other = world.encrypt_under(&mut alice, &committed, ValueType::Bool, 0).await;
        let words = download(&mut alice, &flag).await;
        let not = list(vec![operation(Not, vec![handle(&flag)])], &[0]);
        let submit = |key: u8, request_id: Vec<u8>, list: &pb::OperationList| pb::SubmitJobRequest {
            idempotency_key: vec![b'r', key],
            request_id,
            key_digest: committed.to_vec(),
            work: Some(pb::submit_job_request::Work::Operations(list.clone())),
        };
        // Without a request it ends EVALUATED, as ever; its circuit is what is registered on chain.
        let job = alice.submit_job(submit(1, vec![], &not)).await.unwrap().into_inner().job.unwrap();
        let (_, _, evaluated) = follow(&mut alice, &job.job_id).await;
        assert_eq!(evaluated.state(), Evaluated, "{:?}", evaluated.failure);
        let text = pb::GetProgramRequest { program_id: job.circuit_id.clone() };
        let text = alice.get_program(text).await.unwrap().into_inner().text;
        let circuit = Circuit::from_text(&text).unwrap();
        let facts = RequestFacts {
            program_id: circuit.id().0,
            program: Registered::of(&PARAMETERS, &circuit).unwrap(),
            key_digest: committed,
            salt: [0x5a; 32],
            inputs: vec![flag.as_slice().try_into().unwrap()],
            fulfilled: false,
        };
        chain.add(REQUEST, facts);
        // Other operations, or other inputs, are another answer.
        let more = list(vec![operation(Not, vec![handle(&flag)]), operation(Not, vec![earlier(0)])], &[1]);
        let elsewhere = list(vec![operation(Not, vec![handle(&other)])], &[0]);
        for (key, list) in [(2, &more), (3, &elsewhere)] {
            let error = alice.submit_job(submit(key, REQUEST.to_vec(), list)).await.unwrap_err();
            assert_eq!(name(&error), "REQUEST_MISMATCH");
        }

        let job =
            alice.submit_job(submit(4, REQUEST.to_vec(), &not)).await.unwrap().into_inner().job.unwrap();
        assert_eq!(
            (job.circuit_id.as_slice(), job.request_id.as_slice()),
            (&circuit.id().0[..], &REQUEST[..])
        );
        let watch = pb::WatchJobRequest { job_id: job.job_id.clone() };
        let mut stream = alice.watch_job(watch).await.unwrap().into_inner();
        let mut states = Vec::new();
        let proving = loop {
            let message = stream.message().await.unwrap().expect("the job goes on to the prover");
            let Some(pb::watch_job_response::Event::Job(job)) = message.event else { continue };
            states.push(job.state());
            assert_eq!(job.failure, None);
            if job.state() == Proving {
                break job;
            }
        };
        let order = [Accepted, Evaluating, Evaluated, Proving];
        let first = order.iter().position(|s| *s == states[0]).unwrap();
        assert_eq!(states, order[first..]);
        let output = &proving.outputs[0];
        assert_eq!(
            output.words_digest, evaluated.outputs[0].words_digest,
            "the words are a function of the inputs"
        );
        assert!(!output.proven);
        assert_eq!(world.decrypt(&mut alice, output).await, 0);

        let prover = &world.chained.prover;
        while !prover.hanging.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let task = prover.tasks.lock().unwrap().last().cloned().unwrap();
        let ProofStatement::Circuit(statement) = &task.statement else { panic!("{:?}", task.statement) };
        let [stated] = &statement.jobs[..] else { panic!("{} jobs", statement.jobs.len()) };
        assert_eq!((stated.request_id, stated.salt), (REQUEST, [0x5a; 32]));
        assert_eq!((statement.domain.key_digest, statement.domain.verifier_hash), (committed, [8; 32]));
        assert_eq!(stated.circuit, circuit);
        assert!(task.words[0] == bytes(&words), "the words of the input as they were stored");
        assert_eq!(blake3::hash(&task.words[1]).as_bytes().as_slice(), output.words_digest);
        statement.inputs(&PARAMETERS).unwrap();

        // Outputs of a request are operands like others: their noise is recorded.
        let record = output.record.clone().unwrap().handle;
        let next = list(vec![operation(Not, vec![handle(&record)])], &[0]);
        let next = alice.submit_job(submit(5, vec![], &next)).await.unwrap().into_inner().job.unwrap();
        assert_eq!(follow(&mut alice, &next.job_id).await.2.state(), Evaluated);
        let cancel = pb::CancelJobRequest { idempotency_key: b"proof".to_vec(), job_id: job.job_id };
        let cancelled = alice.cancel_job(cancel).await.unwrap().into_inner().job.unwrap();
        assert_eq!(cancelled.state(), Cancelled, "a circuit that is proved can be cancelled");
    });
}
