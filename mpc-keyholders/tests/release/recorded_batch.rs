//! A recorded proof of three jobs: the one whose release is asked in the middle, of two others nobody asks.

use super::proven::{Proven, REQUEST};
use super::recorded::{
    CIRCUIT, OtherRecord, Record, Recording, SALT, commitment_of, input_record, point, proof_of_nothing,
    read_record, record, recorded,
};
use super::workshop::Workshop;
use std::sync::OnceLock;
use trine_fhe::parameters::BLOCK_WORDS;
use trine_fhe::words::{BlockWords, ValueWords};
use trine_keyholder::protocol::batch::{PresentedBatch, PresentedHandle, PresentedJob};
use trine_program::Declaration;
use trine_program::circuit::{Circuit, merge};
use trine_prover::bootstrapping::{Partial, Unattended, Witness};
use trine_verifier::bootstrapping::statement::Job;
use trine_verifier::bootstrapping::{Parameters, Shape, verify};
use trine_verifier::{Commitment, Domain, NamedCommitment, Origin};

/// Place of the own job.
pub const PLACE: usize = 1;
/// Bits of the inputs, job by job.
const BITS: [[u64; 2]; 3] = [[1, 0], [1, 1], [0, 1]];

/// Whether exactly one of two bits is set: of the same shape as the circuit of the other two.
pub fn other_function() -> String {
    CIRCUIT.replace("0 0 576460752303423488 0", "0 576460752303423488 0 0")
}

/// Text of each of the others.
fn text(index: usize) -> String {
    if index == 0 { CIRCUIT.into() } else { other_function() }
}

fn circuit(text: &str) -> Circuit {
    Circuit::from_text(text.as_bytes()).unwrap()
}

fn handle(
    domain: &Domain,
    declared: &Declaration,
    origin: Origin,
    commitment: Commitment,
) -> PresentedHandle {
    let record = record(domain, declared, origin, &commitment);
    PresentedHandle {
        handle: record.handle(),
        key_kind: record.key_kind,
        value_type: record.value_type,
        blocks: record.blocks,
        origin,
        commitment,
    }
}

/// One of the others.
pub fn other(domain: &Domain, index: usize, inputs: &[Commitment], output: Commitment) -> PresentedJob {
    let (request_id, text) = ([6 + index as u8; 32], text(index));
    let circuit = circuit(&text);
    let inputs = circuit.inputs().iter().zip(inputs).enumerate().map(|(place, (declared, commitment))| {
        let registrant = [0x20 + (2 * index + place) as u8; 20];
        handle(domain, declared, Origin::Input { registrant, consumer: [0xdd; 20] }, *commitment)
    });
    let origin = Origin::Output { request_id, job: 0, segment: 0, index: 0 };
    PresentedJob {
        request_id,
        salt: [8; 32],
        segment: 0,
        inputs: inputs.collect(),
        outputs: vec![handle(domain, &circuit.outputs()[0], origin, output)],
        program_text: text.into_bytes(),
    }
}

fn recording() -> Recording {
    Recording { name: "batch", text: CIRCUIT.into() }
}

/// The recorded proof with everything that an honest chain and client say about it. Read once for all tests.
pub fn recorded_batch() -> Proven {
    static RECORDED: OnceLock<Proven> = OnceLock::new();
    RECORDED.get_or_init(read).clone()
}

fn read() -> Proven {
    let mut case = read_record(&recording());
    let recorded: Record = serde_json::from_slice(&recording().read("record.json")).unwrap();
    let others = recorded.others.iter().enumerate().map(|(index, recorded)| {
        let inputs: Vec<_> = recorded.inputs.iter().map(|point| commitment_of(point)).collect();
        other(&case.facts.domain, index, &inputs, commitment_of(&recorded.output))
    });
    case.presented.batch = PresentedBatch { place: PLACE, others: others.collect() };
    case
}

/// The facts of the recorded circuit between two others, with a proof of nothing: it is read, and does not verify.
pub fn unproven_batch() -> Proven {
    let mut case = recorded();
    let (domain, inputs) = (case.facts.domain, case.presented.inputs.clone());
    let others = (0..2).map(|index| other(&domain, index, &inputs, inputs[0])).collect();
    case.presented.batch = PresentedBatch { place: PLACE, others };
    case.presented.proof = proof_of_nothing_of(&case.presented.batch);
    case
}

/// A proof of nothing of the recorded circuit among these.
pub fn proof_of_nothing_of(batch: &PresentedBatch) -> Vec<u8> {
    let mut circuits: Vec<Circuit> =
        batch.others.iter().map(|job| Circuit::from_text(&job.program_text).unwrap()).collect();
    circuits.insert(batch.place, circuit(CIRCUIT));
    proof_of_nothing(&merge(&circuits.iter().collect::<Vec<_>>()).unwrap())
}

#[test]
#[ignore = "slow: records a proof of three jobs under the development keys (a minute, 5 GB)"]
fn record_a_batch() {
    let workshop = Workshop::open();
    let domain = workshop.domain();
    let own = circuit(CIRCUIT);
    let circuits = [circuit(&text(0)), own.clone(), circuit(&text(1))];
    let values: Vec<ValueWords> =
        BITS.concat().iter().map(|bit| workshop.encrypted(&own.inputs()[0], *bit)).collect();
    let inputs: Vec<Commitment> =
        values.iter().map(|value| workshop.commit(&value.commitment_words())).collect();
    let merged = merge(&circuits.iter().collect::<Vec<_>>()).unwrap();
    let witness = Witness::new(&merged, &values, &workshop.evaluation_key).unwrap();
    let outputs: Vec<Commitment> = witness.outputs.iter().map(|words| workshop.commit(words)).collect();

    let presented = PresentedBatch {
        place: PLACE,
        others: vec![
            other(&domain, 0, &inputs[..2], outputs[0]),
            other(&domain, 1, &inputs[4..], outputs[2]),
        ],
    };
    let named = |record, commitment| NamedCommitment::new(&record, commitment).unwrap();
    let own_inputs = inputs[2..4].iter().zip(own.inputs()).enumerate();
    let origin = Origin::Output { request_id: REQUEST, job: 0, segment: 0, index: 0 };
    let output = record(&domain, &own.outputs()[0], origin, &outputs[PLACE]);
    let job = Job {
        request_id: REQUEST,
        salt: SALT,
        segment: 0,
        inputs: own_inputs.map(|(i, (c, d))| named(input_record(&domain, d, i, c), *c)).collect(),
        outputs: vec![named(output, outputs[PLACE])],
        circuit: own.clone(),
    };
    let batch = presented.read(&domain).unwrap();
    let statement = batch.statement(domain, workshop.commitments.clone(), job).unwrap();
    let parameters = Parameters::PRODUCTION;
    let digests = statement.inputs(&parameters).unwrap();
    let prover = workshop.prover();
    let proof = prover.prove(&digests, &witness, Partial::default(), &mut Unattended).unwrap();
    verify(&parameters, workshop.srs.verifier(), &statement, &proof).unwrap();

    let block = BlockWords::new(witness.outputs[PLACE][..BLOCK_WORDS].to_vec()).unwrap();
    let output = ValueWords::new(own.outputs()[0], vec![block]).unwrap();
    let points = |commitments: &[Commitment]| commitments.iter().map(point).collect();
    let recorded = Record {
        key_points: workshop.key_points(),
        inputs: points(&inputs[2..4]),
        links: vec![],
        others: vec![
            OtherRecord { inputs: points(&inputs[..2]), output: point(&outputs[0]) },
            OtherRecord { inputs: points(&inputs[4..]), output: point(&outputs[2]) },
        ],
    };
    recording().write(&recorded, &output);
    let shape = Shape::new(parameters, &merged).unwrap();
    std::fs::write(recording().path("proof.bin"), proof.to_bytes(&shape)).unwrap();
}
