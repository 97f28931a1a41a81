//! A circuit of three segments at reduced parameters, proven, and a store in which its job has its outputs and links.

use crate::case::{Case, commit_keys, key, random_keys, random_words};
use crate::circuits::{declaration, table};
use crate::plain::Prover;
use crate::proven::{JOB, KEY_BYTES, key_record, record, stored};
use ark_bn254::Fr;
use ark_ff::PrimeField;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::sync::{Arc, OnceLock};
use trine_engine::domain::CiphertextRecord;
use trine_engine::domain::ciphertext::StoredOrigin;
use trine_engine::setup::{CircuitSetup, Setup};
use trine_engine::store::{LinkPlace, Store, Write};
use trine_program::KeyKind;
use trine_program::circuit::{Bootstrapping, Circuit, Linear, Segment, Source, Term, Wire};
use trine_verifier::bootstrapping::segment::{ProvenSegment, job_segments, link_record, segment_jobs};
use trine_verifier::bootstrapping::statement::Job as StatedJob;
use trine_verifier::bootstrapping::{Batch, KeyCommitments, Parameters, Shape, Statement};
use trine_verifier::{Bytes32, Commitment, Domain, NamedCommitment, Origin};

/// Two bootstrappings to a segment.
pub const PARAMETERS: Parameters = Parameters { max_log_bootstrappings: 1, ..Parameters::REDUCED };
pub const SEGMENTS: usize = 3;

/// A proven job: statements of its segments, and their proofs.
pub struct Segmented {
    pub domain: Domain,
    pub keys: KeyCommitments,
    /// The whole circuit with its handles.
    pub job: StatedJob,
    pub list: Vec<Segment>,
    pub statements: Vec<Statement>,
    pub proven: Vec<ProvenSegment>,
}

pub fn segmented() -> &'static Segmented {
    static SEGMENTED: OnceLock<Segmented> = OnceLock::new();
    SEGMENTED.get_or_init(|| prove(circuit()))
}

fn random(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Five bootstrappings, each of the one before; the third reads the input again, and the output the first one and the last.
pub fn circuit() -> Circuit {
    let input = Wire::Input { handle: 0, block: 0 };
    let output = |index| Wire::Output { bootstrapping: index, function: 0 };
    let sum = |wires: &[Wire]| {
        let terms = wires.iter().map(|wire| Term { wire: *wire, coefficient: 1 });
        Linear { terms: terms.collect(), constant: 7 << 59 }
    };
    let inputs =
        [sum(&[input]), sum(&[output(0)]), sum(&[input, output(1)]), sum(&[output(2)]), sum(&[output(3)])];
    let list = inputs.map(|input| Bootstrapping { key_kind: KeyKind::Compute, table: 0, input });
    let declared = || vec![declaration(KeyKind::Compute, 1)];
    let rows = vec![sum(&[output(0), output(4)])];
    Circuit::new(declared(), declared(), vec![table(1, &mut random(61))], list.to_vec(), rows).unwrap()
}

/// A segment over input words, under the key of all segments.
fn case(segment: &Segment, inputs: Vec<Vec<u64>>) -> Case {
    let mut case = Case::new(PARAMETERS, segment.circuit.clone(), &mut random(62));
    case.keys = random_keys(&PARAMETERS, &mut random(63));
    case.commitments = commit_keys(&PARAMETERS, &case.keys);
    case.domain.key_digest = case.commitments.digest(&PARAMETERS);
    case.shape = Shape::new(PARAMETERS, &segment.circuit).unwrap();
    case.inputs = inputs;
    case
}

fn integers(words: &[Fr]) -> Vec<u64> {
    words.iter().map(|word| word.into_bigint().0[0]).collect()
}

fn commit(words: &[u64]) -> Commitment {
    Commitment::new(key().commit_words(words).unwrap()).unwrap()
}

fn prove(circuit: Circuit) -> Segmented {
    let input = random_words(&PARAMETERS, 1, &mut random(64));
    let mut job = StatedJob {
        request_id: [4; 32],
        salt: [5; 32],
        segment: 0,
        circuit: circuit.clone(),
        inputs: vec![],
        outputs: vec![],
    };
    let list = job_segments(&PARAMETERS, &job).unwrap();
    let links: Vec<usize> = list.iter().map(|segment| segment.links).collect();
    assert_eq!(links, [1, 1, 0]);
    assert_eq!(list[1].sources, [Source::Input(0), Source::Link { segment: 0, output: 0 }]);
    let link = |segment| Source::Link { segment, output: 0 };
    assert_eq!(list[2].sources, [link(0), link(1)]);

    // Words of the outputs of each segment; the cases that give them.
    let (mut words, mut cases) = (Vec::<Vec<Vec<u64>>>::new(), Vec::new());
    for segment in &list {
        let inputs = segment.sources.iter().map(|source| match *source {
            Source::Input(_) => input.clone(),
            Source::Link { segment, output } => words[segment as usize][usize::from(output)].clone(),
        });
        let case = case(segment, inputs.collect());
        let outputs = case.evaluate().outputs;
        words.push(outputs.iter().map(|words| integers(words)).collect());
        cases.push(case);
    }
    let domain = cases[0].domain;
    let origin = Origin::Input { registrant: [0; 20], consumer: [6; 20] };
    job.inputs = vec![cases[0].name(&circuit.inputs()[0], commit(&input), origin)];
    let output = commit(&words[SEGMENTS - 1][0]);
    let record = link_record(&domain, &job, SEGMENTS - 1, 0, &circuit.outputs()[0], &output);
    job.outputs = vec![NamedCommitment::new(&record, output).unwrap()];
    let links: Vec<Vec<Commitment>> = (list.iter().zip(&words))
        .map(|(segment, words)| words.iter().take(segment.links).map(|words| commit(words)).collect())
        .collect();
    let jobs = segment_jobs(&domain, &job, &list, &links).unwrap();
    let keys = cases[0].commitments.clone();
    let statements: Vec<Statement> =
        jobs.into_iter().map(|job| Statement::single(domain, keys.clone(), job)).collect();
    let proofs = cases.iter().zip(&statements).map(|(case, statement)| {
        Prover::honest(case, &case.evaluate()).prove_statement(statement.clone()).proof
    });
    let proven = links.into_iter().zip(proofs);
    let proven = proven.map(|(links, proof)| ProvenSegment { links, proof, batch: Batch::alone() }).collect();
    Segmented { domain, keys, job, list, statements, proven }
}

/// The setup of the job's domain.
pub fn setup() -> Arc<Setup> {
    let domain = &segmented().domain;
    Arc::new(Setup {
        chain_id: domain.chain_id,
        coprocessor: domain.coprocessor,
        verifier_hash: [9; 32],
        commitment_key: key().clone(),
        class: crate::fixture::CLASS,
        circuits: Some(CircuitSetup { verifier_hash: domain.verifier_hash, parameters: PARAMETERS }),
    })
}

/// Coordinates of the key's commitments.
pub fn key_points() -> Vec<[Bytes32; 2]> {
    segmented().keys.to_xy()
}

/// The place of the one link of a segment.
pub fn link_place(segment: u32) -> LinkPlace {
    LinkPlace { job: JOB, segment, output: 0 }
}

/// Stores key set, circuit, values, links and the job in EVALUATED.
pub fn store_job(store: &dyn Store) {
    let Segmented { domain, job: stated, .. } = segmented();
    store.put_piece(key_record().content, 0, &KEY_BYTES.concat()).unwrap();
    let circuit = &stated.circuit;
    let origin = StoredOrigin::Input { registrant: [0; 20], consumer: [6; 20] };
    let input = record(&domain.key_digest, &stated.inputs[0], &circuit.inputs()[0], origin);
    let origin = StoredOrigin::output(stated.request_id, SEGMENTS as u32 - 1, 0);
    let output = record(&domain.key_digest, &stated.outputs[0], &circuit.outputs()[0], origin);
    let mut writes = stored(&domain.key_digest, stated, vec![input], vec![output]);
    writes.extend(
        (0..SEGMENTS as u32 - 1)
            .map(|segment| Write::Link(link_place(segment), link(segment), vec![4, segment as u8])),
    );
    store.commit(writes).unwrap();
}

/// The record of the one link of a segment.
fn link(segment: u32) -> CiphertextRecord {
    let Segmented { domain, job, list, proven, .. } = segmented();
    let index = segment as usize;
    let declared = &list[index].circuit.outputs()[0];
    let commitment = proven[index].links[0];
    let named = link_record(domain, job, index, 0, declared, &commitment);
    let named = NamedCommitment::new(&named, commitment).unwrap();
    record(&domain.key_digest, &named, declared, StoredOrigin::output(job.request_id, segment, 0))
}
