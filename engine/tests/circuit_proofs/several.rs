//! Jobs of one piece at reduced parameters, which may share a proof: their values, the writes that store them, and proofs of
//! whatever is stated of them.

use crate::case::{Case, commit_keys, key, random_keys, random_words};
use crate::circuits::{declaration, table};
use crate::plain::Prover;
use crate::proven::{around, evaluated, record};
use ark_bn254::Fr;
use ark_ff::PrimeField;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};
use trine_engine::chain::RequestFacts;
use trine_engine::circuit::Registered;
use trine_engine::domain::ciphertext::StoredOrigin;
use trine_engine::domain::{Job, JobId};
use trine_engine::setup::{CircuitSetup, Setup};
use trine_engine::store::Write;
use trine_program::KeyKind;
use trine_program::circuit::{Bootstrapping, Circuit, Linear, Term, Wire};
use trine_verifier::bootstrapping::statement::Job as StatedJob;
use trine_verifier::bootstrapping::{CircuitProof, KeyCommitments, Parameters, Shape, Statement};
use trine_verifier::{Bytes32, Commitment, Domain, Origin};

/// Room for three jobs, by their outputs, of eight bootstrappings together.
pub const PARAMETERS: Parameters = Parameters::REDUCED;
/// Seed of the key of each job, and its bootstrappings: the last but one is under a key of its own, the last fills a proof.
const JOBS: [(u64, u32); 6] = [(70, 1), (70, 1), (70, 1), (70, 2), (71, 1), (70, 8)];
/// Under another key than the others.
pub const OTHER_KEY: usize = 4;
/// Fills a proof.
pub const LARGE: usize = 5;

/// A job with the words of its input.
pub struct OneJob {
    seed: u64,
    input: Vec<u64>,
    pub stated: StatedJob,
}

pub static SEVERAL: LazyLock<Vec<OneJob>> = LazyLock::new(|| (0..JOBS.len()).map(one_job).collect());

fn random(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn commitments(seed: u64) -> KeyCommitments {
    static COMMITTED: Mutex<Option<HashMap<u64, KeyCommitments>>> = Mutex::new(None);
    let mut committed = COMMITTED.lock().unwrap();
    let make = || commit_keys(&PARAMETERS, &random_keys(&PARAMETERS, &mut random(seed)));
    committed.get_or_insert_default().entry(seed).or_insert_with(make).clone()
}

fn domain(seed: u64) -> Domain {
    Domain {
        chain_id: 31337,
        coprocessor: [1; 20],
        verifier_hash: [2; 32],
        srs_digest: key().verifier().digest(),
        parameter_set_id: trine_verifier::statement::parameter_set_id(),
        key_digest: commitments(seed).digest(&PARAMETERS),
    }
}

/// So many bootstrappings one after the other, with a table of the job's own.
fn circuit(index: usize, bootstrappings: u32) -> Circuit {
    let single = |wire| Linear { terms: vec![Term { wire, coefficient: 1 }], constant: 3 << 59 };
    let before = |bootstrapping: u32| match bootstrapping.checked_sub(1) {
        None => Wire::Input { handle: 0, block: 0 },
        Some(last) => Wire::Output { bootstrapping: last, function: 0 },
    };
    let list = (0..bootstrappings).map(|bootstrapping| Bootstrapping {
        key_kind: KeyKind::Compute,
        table: 0,
        input: single(before(bootstrapping)),
    });
    let declared = || vec![declaration(KeyKind::Compute, 1)];
    let tables = vec![table(1, &mut random(80 + index as u64))];
    Circuit::new(declared(), declared(), tables, list.collect(), vec![single(before(bootstrappings))])
        .unwrap()
}

/// A circuit over input words, under a key.
fn case(seed: u64, circuit: Circuit, inputs: Vec<Vec<u64>>) -> Case {
    let shape = Shape::new(PARAMETERS, &circuit).unwrap();
    let keys = random_keys(&PARAMETERS, &mut random(seed));
    let (commitments, domain) = (commitments(seed), domain(seed));
    Case { parameters: PARAMETERS, shape, circuit, keys, commitments, inputs, domain }
}

fn commit(words: &[u64]) -> Commitment {
    Commitment::new(key().commit_words(words).unwrap()).unwrap()
}

fn integers(words: &[Fr]) -> Vec<u64> {
    words.iter().map(|word| word.into_bigint().0[0]).collect()
}

fn one_job(index: usize) -> OneJob {
    let (seed, bootstrappings) = JOBS[index];
    let (circuit, place) = (circuit(index, bootstrappings), index as u8);
    let input = random_words(&PARAMETERS, 1, &mut random(90 + index as u64));
    let case = case(seed, circuit.clone(), vec![input.clone()]);
    let output = integers(&case.evaluate().outputs[0]);
    let request_id = [0x50 + place; 32];
    let name = |words: &[u64], origin| case.name(&circuit.inputs()[0], commit(words), origin);
    let inputs = vec![name(&input, Origin::Input { registrant: [place; 20], consumer: [6; 20] })];
    let outputs = vec![name(&output, Origin::Output { request_id, job: 0, segment: 0, index: 0 })];
    let stated = StatedJob { request_id, salt: [0x60 + place; 32], segment: 0, circuit, inputs, outputs };
    OneJob { seed, input, stated }
}

/// A proof of whatever is stated of these jobs, from the words that they have: of other jobs there is none.
pub fn prove(statement: &Statement) -> CircuitProof {
    static PROOFS: Mutex<Vec<(Statement, CircuitProof)>> = Mutex::new(Vec::new());
    let mut proofs = PROOFS.lock().unwrap();
    if let Some((_, proof)) = proofs.iter().find(|(stated, _)| stated == statement) {
        return proof.clone();
    }
    let jobs: Vec<&OneJob> = statement.jobs.iter().map(known).collect();
    let inputs = jobs.iter().map(|job| job.input.clone()).collect();
    let case = case(jobs[0].seed, statement.merged().unwrap(), inputs);
    assert_eq!((case.domain, &case.commitments), (statement.domain, &statement.keys), "one key for all");
    let proof = Prover::honest(&case, &case.evaluate()).prove_statement(statement.clone()).proof;
    proofs.push((statement.clone(), proof.clone()));
    proof
}

fn known(stated: &StatedJob) -> &'static OneJob {
    SEVERAL.iter().find(|job| job.stated == *stated).expect("a job as it is stored")
}

/// Requests of jobs, in their order.
pub fn requests(jobs: &[usize]) -> Vec<Bytes32> {
    jobs.iter().map(|index| SEVERAL[*index].stated.request_id).collect()
}

/// The setup of the jobs' domains.
pub fn setup() -> Arc<Setup> {
    let domain = domain(70);
    Arc::new(Setup {
        chain_id: domain.chain_id,
        coprocessor: domain.coprocessor,
        verifier_hash: [9; 32],
        commitment_key: key().clone(),
        class: crate::fixture::CLASS,
        circuits: Some(CircuitSetup { verifier_hash: domain.verifier_hash, parameters: PARAMETERS }),
    })
}

/// Commitments of the key of each job, by their digest.
pub fn key_points() -> HashMap<Bytes32, Vec<[Bytes32; 2]>> {
    JOBS.iter().map(|(seed, _)| (domain(*seed).key_digest, commitments(*seed).to_xy())).collect()
}

pub fn id(index: usize) -> JobId {
    JobId([0x10 + index as u8; 16])
}

/// What the chain holds of a job's request.
pub fn facts(index: usize) -> RequestFacts {
    let OneJob { seed, stated, .. } = &SEVERAL[index];
    RequestFacts {
        program_id: stated.circuit.id().0,
        program: Registered::of(&PARAMETERS, &stated.circuit).unwrap(),
        key_digest: domain(*seed).key_digest,
        salt: stated.salt,
        inputs: stated.inputs.iter().map(|input| input.handle).collect(),
        fulfilled: false,
    }
}

/// Words of input and output as they are stored: none that anything is evaluated on.
pub fn words(index: usize) -> [Vec<u8>; 2] {
    [vec![index as u8, 0], vec![index as u8, 1]]
}

/// A job in EVALUATED, and what stands beside it.
pub fn stored(index: usize) -> (Job, Vec<Write>) {
    let OneJob { seed, stated, .. } = &SEVERAL[index];
    let key_digest = domain(*seed).key_digest;
    let d = &stated.circuit.inputs()[0];
    let origin = StoredOrigin::Input { registrant: [index as u8; 20], consumer: [6; 20] };
    let inputs = vec![record(&key_digest, &stated.inputs[0], d, origin)];
    let origin = StoredOrigin::output(stated.request_id, 0, 0);
    let outputs = vec![record(&key_digest, &stated.outputs[0], d, origin)];
    let job = evaluated(id(index), &key_digest, stated, &inputs, &outputs);
    let mut writes = around(&job, &stated.circuit);
    let values = inputs.into_iter().chain(outputs).zip(words(index));
    writes.extend(values.map(|(record, words)| Write::Ciphertext(record, words)));
    (job, writes)
}

/// Handles of outputs.
pub fn outputs(index: usize) -> Vec<Bytes32> {
    SEVERAL[index].stated.outputs.iter().map(|output| output.handle).collect()
}
