//! What a proof of a circuit states, and trust in it.

use super::refusal::CircuitRefusal;
use crate::domain::{Job, ProofRecord};
use crate::error::EngineError;
use crate::evaluation::named;
use crate::prover::JobValues;
use crate::setup::{CircuitSetup, Setup};
use trine_contract::calldata::circuit::CircuitWrapProof;
use trine_program::circuit::{Circuit, Segment, segments};
use trine_verifier::bootstrapping::registration::RegistrationError;
use trine_verifier::bootstrapping::{CircuitProof, KeyCommitments, Statement, statement, verify};
use trine_verifier::digest::field_word;

/// Where proofs of circuits count. Error: this engine has none made.
pub fn circuits(setup: &Setup) -> Result<&CircuitSetup, CircuitRefusal> {
    setup.circuits.as_ref().ok_or(CircuitRefusal::Unproven)
}

/// Segments of a job's circuit: one where a single proof covers it, none where no proof is made.
pub fn job_segments(setup: &Setup, job: &Job, circuit: &Circuit) -> Result<Vec<Segment>, CircuitRefusal> {
    if !job.work.is_proved() {
        return Ok(Vec::new());
    }
    let limits = circuits(setup)?.parameters.segment_limits();
    Ok(segments(circuit, &limits).map_err(RegistrationError::from)?)
}

/// What a proof of the job, or of a segment of it, states, under the key set that the commitments name.
///
/// Of a receipt: the whole circuit, as if it were one segment.
pub fn circuit_statement(
    setup: &Setup,
    job: &Job,
    segment: u32,
    circuit: Circuit,
    keys: KeyCommitments,
    values: &JobValues,
) -> Result<Statement, EngineError> {
    let stated = statement::Job {
        request_id: job.request_id,
        salt: job.salt,
        segment,
        circuit,
        inputs: named(setup, &values.inputs)?,
        outputs: named(setup, &values.outputs)?,
    };
    Ok(Statement::single(setup.circuit_domain(circuits(setup)?, job.key_digest), keys, stated))
}

/// Verifies the native proof, and that both forms are proofs of this statement for this verifier with the same points.
///
/// The Groth16 part is the contract's to verify: the transaction is simulated before it is signed.
pub fn check_circuit_proof(
    setup: &Setup,
    statement: &Statement,
    proof: &ProofRecord,
) -> Result<(), EngineError> {
    let rejected =
        |form: &str, error: &dyn std::fmt::Display| EngineError::ProofRejected(format!("{form}: {error}"));
    let CircuitSetup { verifier_hash, parameters } = circuits(setup)?;
    let shape = statement.inputs(parameters).map_err(|e| rejected("statement", &e))?.shape;
    let inner = CircuitProof::from_bytes(&shape, &proof.inner).map_err(|e| rejected("inner", &e))?;
    let srs = setup.commitment_key.verifier();
    let public = verify(parameters, srs, statement, &inner).map_err(|e| rejected("inner", &e))?;
    if !public.to_array().iter().map(field_word).eq(proof.public_inputs.iter().copied()) {
        return Err(rejected("inner", &"public inputs are not those of the proof"));
    }
    let wrapped = CircuitWrapProof::from_bytes(&shape, verifier_hash, &proof.wrapped)
        .map_err(|e| rejected("wrapped", &e))?;
    let opening = &public.opening;
    let challenges = [opening.rho, opening.r, opening.q, opening.z, opening.r_at_z];
    if wrapped.group != inner.group || wrapped.challenges != challenges {
        return Err(rejected("wrapped", &"points or challenges are not those of the inner proof"));
    }
    Ok(())
}
