//! Recorded proofs of bootstrapping under the development keys, with the facts that a chain would hold about them: of a
//! circuit that one proof covers, and of one in two segments.
//!
//! `cargo test --release -p trine-keyholder --test release record -- --ignored` makes them again (some minutes, 5 GB),
//! whenever the argument, the opening or the reference string changes.

use super::proven::{CONSUMER, Proven, REQUEST};
use super::workshop::Workshop;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use trine_fhe::words::ValueWords;
use trine_keyholder::protocol::authorise::{ChainFacts, ChainHandle, Presented, PresentedSegment};
use trine_keyholder::protocol::batch::PresentedBatch;
use trine_keyholder::protocol::evaluation::CommittedKey;
use trine_program::circuit::{Segment, segments};
use trine_program::{Circuit, Declaration};
use trine_prover::bootstrapping::Unattended;
use trine_prover::bootstrapping::job::JobProver;
use trine_verifier::bootstrapping::proof::proof_bytes;
use trine_verifier::bootstrapping::statement::Job;
use trine_verifier::bootstrapping::{KeyCommitments, Parameters, Shape};
use trine_verifier::digest::point_from_words;
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
pub const SALT: [u8; 32] = [5; 32];
/// Powers that a value of one block is committed to with.
const LOG_BLOCK_POWERS: usize = 12;

/// What is recorded beside the output's words and the proof.
#[derive(Serialize, Deserialize)]
pub struct Record {
    /// Commitments of the evaluation key, x then y.
    pub key_points: Vec<String>,
    /// Commitments of the inputs, x then y.
    pub inputs: Vec<String>,
    /// Commitments of the links of all segments but the last, x then y.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Vec<String>>,
    /// Of a batch the other jobs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherRecord>,
}

/// Commitments of another job of a batch, x then y.
#[derive(Serialize, Deserialize)]
pub struct OtherRecord {
    /// Of its inputs.
    pub inputs: Vec<String>,
    /// Of its output.
    pub output: String,
}

/// Text and folder of a record.
pub struct Recording {
    pub name: &'static str,
    pub text: String,
}

impl Recording {
    fn one_piece() -> Self {
        Self { name: "circuit", text: CIRCUIT.into() }
    }

    /// The same bit again and again, with the second input: a chain of as many bootstrappings as two proofs cover.
    fn two_segments() -> Self {
        Self { name: "segments", text: chain_of(2 << Parameters::PRODUCTION.max_log_bootstrappings) }
    }

    pub fn circuit(&self) -> Circuit {
        Circuit::from_text(self.text.as_bytes()).unwrap()
    }

    fn segments(&self) -> Vec<Segment> {
        segments(&self.circuit(), &Parameters::PRODUCTION.segment_limits()).unwrap()
    }

    pub fn path(&self, file: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(self.name).join(file)
    }

    /// Everything but proofs.
    pub fn write(&self, record: &Record, output: &ValueWords) {
        std::fs::create_dir_all(self.path("")).unwrap();
        let json = format!("{}\n", serde_json::to_string_pretty(record).unwrap());
        std::fs::write(self.path("record.json"), json).unwrap();
        std::fs::write(self.path("output.bin"), output.to_bytes()).unwrap();
    }

    pub fn read(&self, file: &str) -> Vec<u8> {
        let path = self.path(file);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

/// [`CIRCUIT`] with so many bootstrappings, each of the one before it.
pub fn chain_of(bootstrappings: usize) -> String {
    let last = bootstrappings - 1;
    let steps = (0..last).map(|before| format!("bootstrap compute 0 0 + 1*i1.0 + 1*b{before}.0\n"));
    CIRCUIT.replace("row 0 + 1*b0.0\n", &format!("{}row 0 + 1*b{last}.0\n", steps.collect::<String>()))
}

/// File of a segment's proof: the last or only one is `proof.bin`.
fn proof_file(segment: usize, segments: usize) -> String {
    if segment + 1 == segments { "proof.bin".into() } else { format!("proof-{segment}.bin") }
}

/// The domain of circuits of a record.
pub fn domain(srs: &VerifierSrs, key: &CommittedKey) -> Domain {
    Domain {
        chain_id: 31337,
        coprocessor: [1; 20],
        verifier_hash: CIRCUIT_VERIFIER,
        srs_digest: srs.digest(),
        parameter_set_id: parameter_set_id(),
        key_digest: *key.digest(),
    }
}

pub fn record(
    domain: &Domain,
    declared: &Declaration,
    origin: Origin,
    commitment: &Commitment,
) -> HandleRecord {
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

pub fn input_record(
    domain: &Domain,
    declared: &Declaration,
    index: usize,
    commitment: &Commitment,
) -> HandleRecord {
    let origin = Origin::Input { registrant: [index as u8 + 1; 20], consumer: CONSUMER };
    record(domain, declared, origin, commitment)
}

pub fn commitment_of(hex: &str) -> Commitment {
    let [x, y] = words_of(hex);
    Commitment::from_xy(&x, &y).unwrap()
}

/// A commitment, x then y.
pub fn point(commitment: &Commitment) -> String {
    hex::encode(commitment.xy().concat())
}

fn words_of(hex: &str) -> [[u8; 32]; 2] {
    let bytes = hex::decode(hex).unwrap();
    let (x, y) = bytes.split_at(32);
    [x.try_into().unwrap(), y.try_into().unwrap()]
}

/// The recorded proof of one piece with everything that an honest chain and client say about it. Read once for all tests.
pub fn recorded() -> Proven {
    static RECORDED: OnceLock<Proven> = OnceLock::new();
    RECORDED.get_or_init(|| read_record(&Recording::one_piece())).clone()
}

/// The same of a circuit in two segments.
pub fn recorded_segments() -> Proven {
    static RECORDED: OnceLock<Proven> = OnceLock::new();
    RECORDED.get_or_init(|| read_record(&Recording::two_segments())).clone()
}

/// The facts of a circuit in two segments with proofs of nothing: they are read, and do not verify.
pub fn unproven_segments() -> Proven {
    let recording = Recording::two_segments();
    let mut case = recorded();
    case.facts.program_id = recording.circuit().id().0;
    case.facts.program_text = recording.text.clone().into_bytes();
    let output = &mut case.facts.outputs[0];
    output.record.origin = Origin::Output { request_id: REQUEST, job: 0, segment: 1, index: 0 };
    output.handle = output.record.handle();
    let [first, second] = &recording.segments()[..] else { panic!("two segments") };
    let links = vec![case.presented.inputs[1]];
    case.presented.earlier_segments =
        vec![PresentedSegment { links, proof: proof_of_nothing(&first.circuit), batch: alone() }];
    case.presented.proof = proof_of_nothing(&second.circuit);
    case
}

fn alone() -> PresentedBatch {
    PresentedBatch::default()
}

/// Bytes of the length and header of a circuit's proofs: points at infinity, scalars zero.
pub fn proof_of_nothing(circuit: &Circuit) -> Vec<u8> {
    let shape = Shape::new(Parameters::PRODUCTION, circuit).unwrap();
    let header = [&b"TRPB"[..], &[2, shape.parameters.id, shape.log_bootstrappings as u8]].concat();
    let mut bytes = vec![0; proof_bytes(&shape)];
    bytes[..header.len()].copy_from_slice(&header);
    bytes
}

fn read_key(points: &[String]) -> CommittedKey {
    let point = |point: &String| {
        let [x, y] = words_of(point);
        point_from_words(&x, &y).unwrap()
    };
    let points: Vec<_> = points.iter().map(point).collect();
    let keyswitching = [points[8..12].to_vec(), points[12..].to_vec()];
    CommittedKey::new(KeyCommitments { bootstrapping: points[..8].to_vec(), keyswitching })
}

pub fn read_record(recording: &Recording) -> Proven {
    let recorded: Record = serde_json::from_slice(&recording.read("record.json")).unwrap();
    let (circuit, count) = (recording.circuit(), recording.segments().len());
    // A prefix of the string that the proof was made under.
    let key = trine_prover::srs::development(LOG_BLOCK_POWERS).unwrap();
    let evaluation_key = read_key(&recorded.key_points);
    let domain = domain(key.verifier(), &evaluation_key);
    let chain_handle = |record: HandleRecord, proven| ChainHandle {
        handle: record.handle(),
        record,
        proven,
        released: proven,
        consumer: CONSUMER,
    };
    let inputs: Vec<Commitment> = recorded.inputs.iter().map(|point| commitment_of(point)).collect();
    let named = inputs.iter().zip(circuit.inputs()).enumerate();
    let output = ValueWords::from_bytes(&recording.read("output.bin")).unwrap();
    let commitment = Commitment::new(key.commit_words(&output.commitment_words()).unwrap()).unwrap();
    let origin = Origin::Output { request_id: REQUEST, job: 0, segment: count as u32 - 1, index: 0 };
    let output_record = record(&domain, output.declaration(), origin, &commitment);
    let earlier_segments = recorded.links.iter().enumerate().map(|(segment, links)| PresentedSegment {
        links: links.iter().map(|point| commitment_of(point)).collect(),
        proof: recording.read(&proof_file(segment, count)),
        batch: alone(),
    });
    Proven {
        facts: ChainFacts {
            domain,
            consumer: CONSUMER,
            head: 100,
            fulfilled_at: Some(98),
            program_id: circuit.id().0,
            program_text: recording.text.clone().into_bytes(),
            salt: SALT,
            inputs: named.map(|(i, (c, d))| chain_handle(input_record(&domain, d, i, c), false)).collect(),
            outputs: vec![chain_handle(output_record, true)],
        },
        presented: Presented {
            request_id: REQUEST,
            earlier_segments: earlier_segments.collect(),
            proof: recording.read("proof.bin"),
            batch: alone(),
            inputs,
            outputs: vec![output],
        },
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
    write_record(&Recording::one_piece());
}

#[test]
#[ignore = "slow: records two proofs under the development keys (some minutes, 5 GB)"]
fn record_two_segments() {
    write_record(&Recording::two_segments());
}

fn write_record(recording: &Recording) {
    let workshop = Workshop::open();
    let domain = workshop.domain();
    let circuit = recording.circuit();
    let values: Vec<_> =
        circuit.inputs().iter().zip([1, 1]).map(|(d, bit)| workshop.encrypted(d, bit)).collect();
    let inputs = values.iter().enumerate().map(|(index, value)| {
        let commitment = workshop.commit(&value.commitment_words());
        let record = input_record(&domain, value.declaration(), index, &commitment);
        NamedCommitment::new(&record, commitment).unwrap()
    });
    let job = Job {
        request_id: REQUEST,
        salt: SALT,
        segment: 0,
        circuit,
        inputs: inputs.collect(),
        outputs: vec![],
    };
    let prover = JobProver {
        prover: workshop.prover(),
        evaluation_key: &workshop.evaluation_key,
        commitments: &workshop.commitments,
        srs: workshop.srs.verifier(),
        domain,
    };
    let proven = prover.prove(job, &values, &mut Unattended).unwrap();

    let (list, count) = (recording.segments(), proven.segments.len());
    let earlier = proven.segments[..count - 1].iter();
    let recorded = Record {
        key_points: workshop.key_points(),
        inputs: proven.job.inputs.iter().map(|input| point(&input.commitment)).collect(),
        links: earlier.map(|segment| segment.links.iter().map(point).collect()).collect(),
        others: vec![],
    };
    recording.write(&recorded, &proven.outputs[0]);
    for (index, (cut, proven)) in list.iter().zip(&proven.segments).enumerate() {
        let shape = Shape::new(Parameters::PRODUCTION, &cut.circuit).unwrap();
        let proof = proven.proof.to_bytes(&shape);
        std::fs::write(recording.path(&proof_file(index, count)), proof).unwrap();
    }
}
