//! A circuit of three segments under real keys: it is evaluated as a whole, and its links are the words that each segment gives
//! by itself.

use crate::circuits::{World, with_world};
use crate::fixture::ALICE;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use trine_engine::EngineError;
use trine_engine::circuit::KeyCache;
use trine_engine::circuit::evaluation::evaluate;
use trine_engine::domain::words::{decode, encode};
use trine_engine::domain::{CircuitWork, Job, JobId, JobState, Work};
use trine_engine::evaluation::{Evaluated, StoredValue};
use trine_engine::jobs::Parts;
use trine_engine::store::{Store, StoreError, Write};
use trine_fhe::ValueWords;
use trine_fhe::bootstrapping::Evaluator;
use trine_fhe::circuit::CircuitEvaluation;
use trine_program::circuit::{Bootstrapping, Circuit, Linear, Source, Table, Term, Wire, segments};
use trine_program::{Declaration, KeyKind, ValueType};
use trine_verifier::Origin;
use trine_verifier::bootstrapping::Parameters;

const BOOTSTRAPPINGS: u32 = 33;
const SEGMENTS: usize = 3;

/// Each bootstrapping reads the one before it; the output is the sum of the first and the last.
fn circuit() -> Circuit {
    let term = |wire| Term { wire, coefficient: 1 };
    let output = |bootstrapping| Wire::Output { bootstrapping, function: 0 };
    let before = |index: u32| match index.checked_sub(1) {
        None => Wire::Input { handle: 0, block: 0 },
        Some(last) => output(last),
    };
    let linear = |wires: &[Wire]| Linear { terms: wires.iter().map(|w| term(*w)).collect(), constant: 0 };
    let table = Table { functions: 1, boxes: std::array::from_fn(|i| (i as u64 % 2) << 59) };
    let list = (0..BOOTSTRAPPINGS).map(|index| Bootstrapping {
        key_kind: KeyKind::Compute,
        table: 0,
        input: linear(&[before(index)]),
    });
    let value =
        |value_type, degree| Declaration { value_type, key_kind: KeyKind::Compute, blocks: 1, degree };
    let (inputs, outputs) = (vec![value(ValueType::Bool, 1)], vec![value(ValueType::Nibbles, 2)]);
    let rows = vec![linear(&[output(0), output(BOOTSTRAPPINGS - 1)])];
    Circuit::new(inputs, outputs, vec![table], list.collect(), rows).unwrap()
}

/// A job that is being evaluated, in the store of the world.
fn job(world: &World, circuit: &Circuit, input: &[u8], id: u8) -> (Job, CircuitWork) {
    let circuit_id = circuit.id().0;
    let work = CircuitWork { submitted_id: circuit_id, circuit_id, bootstrappings: BOOTSTRAPPINGS };
    let job = Job {
        id: JobId([id; 16]),
        state: JobState::Evaluating,
        revision: 1,
        owner: ALICE.into(),
        request_id: [0x99; 32],
        salt: [1; 32],
        work: Work::RequestedCircuit(work),
        key_digest: world.key_digest,
        inputs: vec![input.try_into().unwrap()],
        outputs: vec![],
        failure: None,
        pending: None,
        fulfil_tx: None,
        created_ms: 1,
        updated_ms: 1,
    };
    let texts = Write::Program(circuit_id, circuit.to_text());
    world.store.commit(vec![texts, Write::Job(job.clone())]).unwrap();
    (job, work)
}

fn words(list: &[StoredValue]) -> Vec<&[u8]> {
    list.iter().map(|(_, words)| words.as_slice()).collect()
}

/// Each segment by itself, over the links of those before it.
fn by_themselves(circuit: &Circuit, input: ValueWords, evaluator: &Evaluator) -> Vec<Vec<ValueWords>> {
    let list = segments(circuit, &Parameters::PRODUCTION.segment_limits()).unwrap();
    assert_eq!(list.len(), SEGMENTS);
    assert_eq!(list[2].sources.len(), 2, "the last reads links of both");
    let mut outputs: Vec<Vec<ValueWords>> = Vec::new();
    for segment in list {
        let value = |source: &Source| match *source {
            Source::Input(_) => input.clone(),
            Source::Link { segment, output } => outputs[segment as usize][usize::from(output)].clone(),
        };
        let inputs = segment.sources.iter().map(value).collect();
        let mut evaluation = CircuitEvaluation::new(segment.circuit, inputs).unwrap();
        while evaluation.step(evaluator, NonZeroUsize::MIN).unwrap().is_some() {}
        outputs.push(evaluation.outputs().unwrap());
    }
    outputs
}

#[test]
fn links_are_the_words_of_the_segments_evaluated_by_themselves_also_after_a_restart() {
    with_world(async |world, mut alice| {
        let circuit = circuit();
        let handle = world.encrypt_under(&mut alice, &world.key_digest, ValueType::Bool, 1).await;
        let (job, work) = job(world, &circuit, &handle, 0x91);
        let checked = tokio::task::spawn_blocking(move || {
            let parts = Parts {
                store: world.store.clone(),
                setup: world.setup.clone(),
                chain: None,
                prover: world.chained.prover.clone(),
            };
            let keys = KeyCache::default();
            let stop = AtomicBool::new(false);
            // Stopped inside the second segment: what is on disk is all that the next evaluation has.
            let stopped = evaluate(&parts, &keys, &job, &work, &stop, &|done, _| {
                stop.store(done >= 20, Ordering::Relaxed);
            });
            assert!(
                matches!(stopped, Err(EngineError::Store(StoreError::NotEvaluating { .. }))),
                "{stopped:?}"
            );
            let first = std::cell::Cell::new(None);
            let Evaluated { outputs, links } =
                evaluate(&parts, &keys, &job, &work, &AtomicBool::new(false), &|done, _| {
                    first.set(first.get().or(Some(done)));
                })
                .unwrap();
            assert_eq!(first.get(), Some(20), "it goes on where it stood");

            let record = world.store.key(&world.key_digest).unwrap().unwrap();
            let key = keys.get(parts.store.as_ref(), &record).unwrap();
            let evaluator = Evaluator::new(key, NonZeroUsize::MIN);
            let input = world.store.words(&job.inputs[0]).unwrap().unwrap();
            let input = decode(circuit.inputs()[0], &input).unwrap();
            let expected = by_themselves(&circuit, input, &evaluator);
            for (segment, links) in links.iter().enumerate() {
                let own: Vec<Vec<u8>> = expected[segment].iter().map(encode).collect();
                let of_last = segment + 1 == SEGMENTS;
                assert!(words(if of_last { &outputs } else { links }) == own, "segment {segment}");
                assert_eq!(links.is_empty(), of_last);
            }
            assert_eq!(links.len(), SEGMENTS);

            // Names: each is an output of its segment, the job's own of the last.
            let origin = |(record, _): &StoredValue| record.origin.origin();
            let output = |segment| Origin::Output { request_id: [0x99; 32], job: 0, segment, index: 0 };
            let named: Vec<Origin> = links.iter().flatten().chain(&outputs).map(origin).collect();
            assert_eq!(named, [output(0), output(1), output(2)]);
            let blocks: Vec<u8> = links.iter().flatten().map(|(record, _)| record.blocks).collect();
            assert_eq!(blocks, [2, 1], "the first and the last wire of one segment, the last of the next");
            // The job ends: nothing waits for it.
            let failed = job.advance(JobState::Failed, 2).unwrap();
            world.store.commit(vec![Write::Job(failed)]).unwrap();
        });
        checked.await.unwrap();
    });
}
