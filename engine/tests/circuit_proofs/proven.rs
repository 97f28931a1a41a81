//! A proven evaluation at reduced parameters, and a store in which its job has its outputs.

use crate::case::Case;
use crate::plain::Prover;
use std::sync::{Arc, OnceLock};
use trine_engine::domain::ciphertext::StoredOrigin;
use trine_engine::domain::job::OutputRef;
use trine_engine::domain::key::ContentId;
use trine_engine::domain::{
    AccessList, CiphertextRecord, CircuitWork, ContentDigest, Job, JobId, JobState, KeyRecord, NoiseRecord,
    Work,
};
use trine_engine::setup::{CircuitSetup, Setup};
use trine_engine::store::{Store, Write};
use trine_program::Declaration;
use trine_program::circuit::Circuit;
use trine_verifier::bootstrapping::statement::Job as StatedJob;
use trine_verifier::bootstrapping::{CircuitProof, Parameters, Statement};
use trine_verifier::{Bytes32, NamedCommitment};

pub const PARAMETERS: Parameters = Parameters::REDUCED;
pub const CONTENT: Bytes32 = [0xc0; 32];
pub const JOB: JobId = JobId([7; 16]);
/// Bytes of the two parts of the key set, in one piece.
pub const KEY_BYTES: [&[u8]; 2] = [&[1; 100], &[2; 300]];

/// Statement and proof.
pub struct Proven {
    pub statement: Statement,
    pub proof: CircuitProof,
}

pub fn proven() -> &'static Proven {
    static PROVEN: OnceLock<Proven> = OnceLock::new();
    PROVEN.get_or_init(|| {
        let case = Case::random(PARAMETERS, 2, 31);
        let proven = Prover::honest(&case, &case.evaluate()).prove();
        Proven { statement: proven.statement, proof: proven.proof }
    })
}

/// The setup of the case's domain.
pub fn setup() -> Arc<Setup> {
    let domain = &proven().statement.domain;
    Arc::new(Setup {
        chain_id: domain.chain_id,
        coprocessor: domain.coprocessor,
        verifier_hash: [9; 32],
        commitment_key: crate::case::key().clone(),
        class: crate::fixture::CLASS,
        circuits: Some(CircuitSetup { verifier_hash: domain.verifier_hash, parameters: PARAMETERS }),
    })
}

/// Coordinates of the key's commitments.
pub fn key_points() -> Vec<[Bytes32; 2]> {
    proven().statement.keys.to_xy()
}

pub fn key_record() -> KeyRecord {
    KeyRecord {
        key_digest: CONTENT,
        parameter_set_id: [4; 32],
        compact_public_bytes: KEY_BYTES[0].len() as u64,
        compressed_server_bytes: KEY_BYTES[1].len() as u64,
        content: ContentId([5; 16]),
    }
}

/// Stores key set, circuit, values and the job in EVALUATED, with this salt.
pub fn store_job(store: &dyn Store, salt: Bytes32) {
    let Statement { domain, jobs, .. } = &proven().statement;
    let stated = &jobs[0];
    let circuit = &stated.circuit;
    store.put_piece(key_record().content, 0, &KEY_BYTES.concat()).unwrap();
    let inputs = (0u8..).zip(&stated.inputs).zip(circuit.inputs()).map(|((index, named), d)| {
        let origin = StoredOrigin::Input { registrant: [index; 20], consumer: [6; 20] };
        record(&domain.key_digest, named, d, origin)
    });
    let outputs = (0u32..).zip(&stated.outputs).zip(circuit.outputs()).map(|((index, named), d)| {
        let origin = StoredOrigin::output(stated.request_id, 0, index);
        record(&domain.key_digest, named, d, origin)
    });
    let (inputs, outputs): (Vec<_>, Vec<_>) = (inputs.collect(), outputs.collect());
    let stated = StatedJob { salt, ..stated.clone() };
    store.commit(stored(&domain.key_digest, &stated, inputs, outputs)).unwrap();
}

/// Key set, circuit, values and [`JOB`] in EVALUATED.
pub fn stored(
    key_digest: &Bytes32,
    stated: &StatedJob,
    inputs: Vec<CiphertextRecord>,
    outputs: Vec<CiphertextRecord>,
) -> Vec<Write> {
    let job = evaluated(JOB, key_digest, stated, &inputs, &outputs);
    let mut writes = around(&job, &stated.circuit);
    writes.push(Write::Job(job));
    writes.extend(inputs.into_iter().chain(outputs).map(|record| Write::Ciphertext(record, vec![1, 2, 3])));
    writes
}

/// What stands beside a job and its values: key set, circuit, claim of the request.
pub fn around(job: &Job, circuit: &Circuit) -> Vec<Write> {
    vec![
        Write::Key(key_record()),
        Write::KeyAlias(job.key_digest, ContentDigest(CONTENT)),
        Write::Program(circuit.id().0, circuit.to_text()),
        Write::Claim(job.request_id, job.id),
    ]
}

/// A job in EVALUATED.
pub fn evaluated(
    id: JobId,
    key_digest: &Bytes32,
    stated: &StatedJob,
    inputs: &[CiphertextRecord],
    outputs: &[CiphertextRecord],
) -> Job {
    let circuit = &stated.circuit;
    let work = Work::RequestedCircuit(CircuitWork {
        submitted_id: circuit.id().0,
        circuit_id: circuit.id().0,
        bootstrappings: circuit.bootstrappings().len() as u32,
    });
    let refs = outputs.iter().map(|r| OutputRef { handle: r.handle, words_digest: r.words_digest });
    Job {
        id,
        state: JobState::Evaluated,
        revision: 1,
        owner: "alice".into(),
        request_id: stated.request_id,
        salt: stated.salt,
        work,
        key_digest: *key_digest,
        inputs: inputs.iter().map(|r| r.handle).collect(),
        outputs: refs.collect(),
        failure: None,
        pending: None,
        fulfil_tx: None,
        created_ms: 1,
        updated_ms: 1,
    }
}

/// A stored value of a job.
pub fn record(
    key_digest: &Bytes32,
    named: &NamedCommitment,
    d: &Declaration,
    origin: StoredOrigin,
) -> CiphertextRecord {
    CiphertextRecord {
        handle: named.handle,
        key_digest: *key_digest,
        key_kind: d.key_kind,
        value_type: d.value_type,
        blocks: d.blocks,
        origin,
        commitment: named.commitment.xy(),
        words_digest: [3; 32],
        words_bytes: 3,
        proven: false,
        noise: NoiseRecord::fresh(d.value_type),
        job: Some(JOB),
        access: AccessList::owned_by("alice"),
    }
}
