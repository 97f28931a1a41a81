//! A recorded proof of bootstrapping under the development keys, with the facts that a chain would hold about it.
//!
//! `cargo test --release -p trine-keyholder --test release record -- --ignored` makes it again (a minute, 5 GB), whenever
//! the argument, the opening or the reference string changes.

use super::proven::{CONSUMER, Proven, REQUEST};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use trine_fhe::dev_keys::{self, DevelopmentKeys};
use trine_fhe::words::ValueWords;
use trine_fhe::{encryption, keys};
use trine_kernels::Backend;
use trine_kernels::msm::Bases;
use trine_key_commitment::{KeyName, KeyWords, commit_keys, load_or_make};
use trine_keyholder::protocol::authorise::{ChainFacts, ChainHandle, Presented};
use trine_keyholder::protocol::evaluation::CommittedKey;
use trine_program::{Circuit, Declaration};
use trine_prover::Mode;
use trine_prover::bootstrapping::job::JobProver;
use trine_prover::bootstrapping::{Prover, Unattended};
use trine_verifier::bootstrapping::statement::Job;
use trine_verifier::bootstrapping::{KeyCommitments, Parameters, Shape};
use trine_verifier::digest::{point_from_words, point_words};
use trine_verifier::srs::VerifierSrs;
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{Commitment, Domain, HandleRecord, NamedCommitment, Origin};

/// Whether two bits are both set: the smallest circuit that may be released.
pub const CIRCUIT: &str = "trine circuit 1
input bool compute 1 degree 1
input bool compute 1 degree 1
output bool compute 1 degree 1
table 1 0 0 576460752303423488 0 0 0 0 0 0 0 0 0 0 0 0 0
bootstrap compute 0 0 + 1*i0.0 + 1*i1.0
row 0 + 1*b0.0
";
/// Hash of the verifier of circuits.
pub const CIRCUIT_VERIFIER: [u8; 32] = [0x0c; 32];
const SALT: [u8; 32] = [5; 32];
const LOG_POWERS: usize = Parameters::PRODUCTION.log_chunk;
/// Powers that a value of one block is committed to with.
const LOG_BLOCK_POWERS: usize = 12;

/// What is recorded beside the output's words and the proof.
#[derive(Serialize, Deserialize)]
struct Record {
    /// Commitments of the evaluation key, x then y.
    key_points: Vec<String>,
    /// Commitments of the inputs, x then y.
    inputs: Vec<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/circuit")
}

/// The domain of circuits of a record.
fn domain(srs: &VerifierSrs, key: &CommittedKey) -> Domain {
    Domain {
        chain_id: 31337,
        coprocessor: [1; 20],
        verifier_hash: CIRCUIT_VERIFIER,
        srs_digest: srs.digest(),
        parameter_set_id: parameter_set_id(),
        key_digest: *key.digest(),
    }
}

fn record(domain: &Domain, declared: &Declaration, origin: Origin, commitment: &Commitment) -> HandleRecord {
    HandleRecord {
        chain_id: domain.chain_id,
        coprocessor: domain.coprocessor,
        key_digest: domain.key_digest,
        key_kind: declared.key_kind,
        value_type: declared.value_type,
        blocks: declared.blocks,
        origin,
        commitment_digest: commitment.digest(),
    }
}

fn input_record(
    domain: &Domain,
    declared: &Declaration,
    index: usize,
    commitment: &Commitment,
) -> HandleRecord {
    let origin = Origin::Input { registrant: [index as u8 + 1; 20], consumer: CONSUMER };
    record(domain, declared, origin, commitment)
}

fn words_of(hex: &str) -> [[u8; 32]; 2] {
    let bytes = hex::decode(hex).unwrap();
    let (x, y) = bytes.split_at(32);
    [x.try_into().unwrap(), y.try_into().unwrap()]
}

/// The recorded proof with everything that an honest chain and client say about it. Read once for all tests.
pub fn recorded() -> Proven {
    static RECORDED: OnceLock<Proven> = OnceLock::new();
    RECORDED.get_or_init(read_record).clone()
}

fn read_record() -> Proven {
    let read = |name: &str| std::fs::read(folder().join(name)).unwrap();
    let recorded: Record = serde_json::from_slice(&read("record.json")).unwrap();
    let circuit = Circuit::from_text(CIRCUIT.as_bytes()).unwrap();
    // A prefix of the string that the proof was made under.
    let key = trine_prover::srs::development(LOG_BLOCK_POWERS).unwrap();
    let verifier = *key.verifier();

    let points: Vec<_> = recorded
        .key_points
        .iter()
        .map(|point| {
            let [x, y] = words_of(point);
            point_from_words(&x, &y).unwrap()
        })
        .collect();
    let keyswitching = [points[8..12].to_vec(), points[12..].to_vec()];
    let evaluation_key =
        CommittedKey::new(KeyCommitments { bootstrapping: points[..8].to_vec(), keyswitching });
    let domain = domain(&verifier, &evaluation_key);
    let chain_handle = |record: HandleRecord, proven| ChainHandle {
        handle: record.handle(),
        record,
        proven,
        released: proven,
        consumer: CONSUMER,
    };
    let inputs: Vec<Commitment> = recorded
        .inputs
        .iter()
        .map(|point| {
            let [x, y] = words_of(point);
            Commitment::from_xy(&x, &y).unwrap()
        })
        .collect();
    let named = inputs.iter().zip(circuit.inputs()).enumerate();
    let output = ValueWords::from_bytes(&read("output.bin")).unwrap();
    let commitment = Commitment::new(key.commit_words(&output.commitment_words()).unwrap()).unwrap();
    let origin = Origin::Output { request_id: REQUEST, job: 0, segment: 0, index: 0 };
    let output_record = record(&domain, output.declaration(), origin, &commitment);
    Proven {
        facts: ChainFacts {
            domain,
            consumer: CONSUMER,
            head: 100,
            fulfilled_at: Some(98),
            program_id: circuit.id().0,
            program_text: CIRCUIT.into(),
            salt: SALT,
            inputs: named.map(|(i, (c, d))| chain_handle(input_record(&domain, d, i, c), false)).collect(),
            outputs: vec![chain_handle(output_record, true)],
        },
        presented: Presented { request_id: REQUEST, proof: read("proof.bin"), inputs, outputs: vec![output] },
        key,
        // Linear programs: another verifier, and the digest of the key's bytes.
        domain: Domain { verifier_hash: [2; 32], key_digest: [3; 32], ..domain },
        circuit_verifier_hash: Some(CIRCUIT_VERIFIER),
        evaluation_key: Some(evaluation_key),
    }
}

#[test]
#[ignore = "slow: records a proof under the development keys (a minute, 5 GB)"]
fn record_a_proof() {
    let cache = dev_keys::cache_folder().expect("a home folder");
    let set = DevelopmentKeys::load_or_generate(&cache, &mut |step| eprintln!("{step}")).unwrap();
    let key_bytes = std::fs::read(&set.server_key).unwrap();
    let evaluation_key = trine_fhe::bootstrapping::EvaluationKey::from_bytes(&key_bytes).unwrap();
    let words = KeyWords::new(&evaluation_key);
    let srs = trine_prover::srs::load_or_generate(&cache, LOG_POWERS, Mode::Development).unwrap();
    let backend = Backend::detect();
    let bases = Bases::new(backend, srs.powers());
    let parameters = Parameters::PRODUCTION;
    let name = KeyName::new(&key_bytes, parameters, srs.verifier().digest());
    let commitments = load_or_make(&cache, &name, || commit_keys(&bases, &parameters, &words)).unwrap();
    let key = CommittedKey::new(commitments.clone());
    let domain = domain(srs.verifier(), &key);

    let circuit = Circuit::from_text(CIRCUIT.as_bytes()).unwrap();
    let public = keys::decode_public_key(&std::fs::read(&set.compact_public_key).unwrap()).unwrap();
    let encrypted = |declared: &Declaration, bit: u64| {
        encryption::expand(&encryption::encrypt(&public, declared, &[bit]).unwrap(), *declared).unwrap()
    };
    let values: Vec<_> = circuit.inputs().iter().zip([1, 1]).map(|(d, bit)| encrypted(d, bit)).collect();
    let commit =
        |value: &ValueWords| Commitment::new(bases.commit_u64(&value.commitment_words()).unwrap()).unwrap();
    let inputs = values.iter().enumerate().map(|(index, value)| {
        let commitment = commit(value);
        let record = input_record(&domain, value.declaration(), index, &commitment);
        NamedCommitment::new(&record, commitment).unwrap()
    });
    let job = Job {
        request_id: REQUEST,
        salt: SALT,
        segment: 0,
        circuit: circuit.clone(),
        inputs: inputs.collect(),
        outputs: vec![],
    };
    let prover = JobProver {
        prover: Prover { backend, bases: &bases, keys: &words },
        evaluation_key: &evaluation_key,
        commitments: &commitments,
        srs: srs.verifier(),
        domain,
    };
    let proven = prover.prove(job, &values, &mut Unattended).unwrap();

    let point = |[x, y]: [[u8; 32]; 2]| hex::encode([x, y].concat());
    let recorded = Record {
        key_points: commitments.points().iter().map(|p| point(point_words(p))).collect(),
        inputs: proven.job.inputs.iter().map(|input| point(input.commitment.xy())).collect(),
    };
    let shape = Shape::new(parameters, &circuit).unwrap();
    std::fs::create_dir_all(folder()).unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder().join(name), bytes).unwrap();
    write("record.json", format!("{}\n", serde_json::to_string_pretty(&recorded).unwrap()).as_bytes());
    write("output.bin", &proven.outputs[0].to_bytes());
    write("proof.bin", &proven.segments[0].proof.to_bytes(&shape));
}
