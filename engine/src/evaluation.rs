//! From words to handles, from a job to its outputs and its statement, from a proof to trust in it.

use crate::domain::ciphertext::StoredOrigin;
use crate::domain::words;
use crate::domain::{AccessList, CiphertextRecord, Job, NoiseRecord, ProofRecord};
use crate::error::EngineError;
use crate::setup::Setup;
use trine_contract::EvaluationProof;
use trine_fhe::ValueWords;
use trine_program::LinearProgram;
use trine_verifier::digest::field_word;
use trine_verifier::proof::InnerProof;
use trine_verifier::{Bytes32, Commitment, NamedCommitment, Statement};

/// A record with its canonical words.
pub type StoredValue = (CiphertextRecord, Vec<u8>);

/// What an evaluation leaves.
#[derive(Debug, Default)]
pub struct Evaluated {
    /// Outputs of the job.
    pub outputs: Vec<StoredValue>,
    /// Links of each segment of a job of several; none of the last one.
    pub links: Vec<Vec<StoredValue>>,
}

/// What is known of a value beside its words.
#[derive(Clone, Debug)]
pub struct ValueFacts {
    /// Key set.
    pub key_digest: Bytes32,
    /// Origin.
    pub origin: StoredOrigin,
    /// Noise and range.
    pub noise: NoiseRecord,
    /// Who may read it.
    pub access: AccessList,
}

/// Names a value: commits to its words and digests the record. Takes tens of milliseconds.
pub fn name_value(setup: &Setup, value: &ValueWords, facts: ValueFacts) -> Result<StoredValue, EngineError> {
    let declaration = value.declaration();
    let point = setup.commitment_key.commit_words(&value.commitment_words())?;
    let bytes = words::encode(value);
    let mut record = CiphertextRecord {
        handle: [0; 32],
        key_digest: facts.key_digest,
        key_kind: declaration.key_kind,
        value_type: declaration.value_type,
        blocks: declaration.blocks,
        origin: facts.origin,
        commitment: Commitment::new(point)?.xy(),
        words_digest: words::digest(&bytes),
        words_bytes: bytes.len() as u64,
        proven: false,
        noise: facts.noise,
        job: None,
        access: facts.access,
    };
    record.handle = record.handle_record(setup.chain_id, setup.coprocessor)?.handle();
    Ok((record, bytes))
}

/// Evaluates a job's program on the words of its inputs and names the outputs. The same job gives the same handles.
pub fn evaluate(
    setup: &Setup,
    job: &Job,
    program: &LinearProgram,
    inputs: &[StoredValue],
) -> Result<Vec<StoredValue>, EngineError> {
    if inputs.len() != program.inputs().len() {
        return Err(EngineError::InputCount { got: inputs.len(), expected: program.inputs().len() });
    }
    let values = inputs
        .iter()
        .zip(program.inputs())
        .map(|((_, bytes), declaration)| words::decode(*declaration, bytes))
        .collect::<Result<Vec<_>, _>>()?;
    let noise: Vec<_> = inputs.iter().map(|(record, _)| record.noise).collect();
    let noise = NoiseRecord::of_linear(program, &noise);
    name_outputs(setup, job, 0, &trine_fhe::linear::evaluate(program, &values)?, &noise)
}

/// Names the outputs of a job, which are its last segment's: values and noise in the same order.
pub fn name_outputs(
    setup: &Setup,
    job: &Job,
    segment: u32,
    values: &[ValueWords],
    noise: &[NoiseRecord],
) -> Result<Vec<StoredValue>, EngineError> {
    values
        .iter()
        .zip(noise)
        .zip(0u32..)
        .map(|((value, noise), index)| {
            let facts = ValueFacts {
                key_digest: job.key_digest,
                origin: StoredOrigin::output(job.request_id, segment, index),
                noise: *noise,
                access: AccessList::owned_by(&job.owner),
            };
            let (record, bytes) = name_value(setup, value, facts)?;
            Ok((CiphertextRecord { job: Some(job.id), ..record }, bytes))
        })
        .collect()
}

/// Names the links of each segment of a job. They are operands of no other job: no circuit takes their level.
pub fn name_links(
    setup: &Setup,
    job: &Job,
    links: &[Vec<ValueWords>],
) -> Result<Vec<Vec<StoredValue>>, EngineError> {
    let of_segment = |(segment, values): (u32, &Vec<ValueWords>)| {
        let noise = values.iter().map(|v| NoiseRecord::of_no_operand(v.declaration().degree));
        name_outputs(setup, job, segment, values, &noise.collect::<Vec<_>>())
    };
    (0u32..).zip(links).map(of_segment).collect()
}

/// Records as statements name them.
pub fn named(setup: &Setup, records: &[CiphertextRecord]) -> Result<Vec<NamedCommitment>, EngineError> {
    let named = records.iter().map(|r| {
        let record = r.handle_record(setup.chain_id, setup.coprocessor)?;
        Ok(NamedCommitment::new(&record, r.point()?)?)
    });
    named.collect()
}

/// What a proof of the job states.
pub fn statement(
    setup: &Setup,
    job: &Job,
    program: LinearProgram,
    inputs: &[CiphertextRecord],
    outputs: &[CiphertextRecord],
) -> Result<Statement, EngineError> {
    Ok(Statement {
        domain: setup.domain(job.key_digest),
        job: trine_verifier::Job {
            request_id: job.request_id,
            salt: job.salt,
            program,
            inputs: named(setup, inputs)?,
            outputs: named(setup, outputs)?,
        },
    })
}

/// Verifies the inner proof, and that both forms are proofs of this statement for this verifier with the same points.
///
/// The Groth16 part is the contract's to verify: the transaction is simulated before it is signed.
pub fn check_proof(setup: &Setup, statement: &Statement, proof: &ProofRecord) -> Result<(), EngineError> {
    let rejected = |reason: String| EngineError::ProofRejected(reason);
    let class = &setup.class;
    let inner = InnerProof::from_bytes(class, &proof.inner).map_err(|e| rejected(format!("inner: {e}")))?;
    let public = trine_verifier::verify(class, setup.commitment_key.verifier(), statement, &inner)
        .map_err(|e| rejected(format!("inner: {e}")))?;
    if !public.to_array().iter().map(field_word).eq(proof.public_inputs.iter().copied()) {
        return Err(rejected("public inputs are not those of the inner proof".into()));
    }
    let wrapped = EvaluationProof::from_bytes(class, &setup.verifier_hash, &proof.wrapped)
        .map_err(|e| rejected(format!("wrapped: {e}")))?;
    let challenges = [public.rho, public.r, public.q, public.z, public.r_at_z];
    if wrapped.group != inner.group || wrapped.challenges != challenges {
        return Err(rejected("wrapped: points or challenges are not those of the inner proof".into()));
    }
    Ok(())
}
