//! Statements about circuits from messages. Handles are recomputed from their records, key points are compared with the
//! digest that the domain names, and the circuit must be one segment.
//!
//! A segment of a larger circuit is stated like a circuit: the text is its own, its links are among inputs and outputs, and
//! `Statement.segment` is its place in the job, to which its outputs' origins belong.

use crate::service::refusal::Refusal;
use crate::service::wire::{check_origins, domain, fixed, values};
use trine_program::circuit::text::HEADER;
use trine_program::circuit::{Circuit, segments};
use trine_proto::prover::v1 as pb;
use trine_verifier::Bytes32;
use trine_verifier::bootstrapping::registration::MAX_SEGMENTS;
use trine_verifier::bootstrapping::statement::Job;
use trine_verifier::bootstrapping::{KeyCommitments, Parameters, Statement};

/// Whether a program text is a circuit's, by its first line.
pub fn is_circuit(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n').next() == Some(HEADER.as_bytes())
}

/// A statement that fits its circuit and the parameter set.
pub fn statement(message: &pb::Statement, parameters: &Parameters) -> Result<Statement, Refusal> {
    let circuit = Circuit::from_text(&message.program_text)?;
    check_segments(parameters, &circuit)?;
    let domain = domain(message.domain.as_ref().ok_or(Refusal::Missing { field: "domain" })?)?;
    let points = message.key_points.as_ref().ok_or(Refusal::Missing { field: "key_points" })?;
    let keys = key_points(parameters, points)?;
    let request_id = fixed("request_id", &message.request_id)?;
    let segment = segment(message.segment)?;
    let job = Job {
        request_id,
        salt: fixed("salt", &message.salt)?,
        segment,
        inputs: values("input", &message.inputs, circuit.inputs(), &domain)?,
        outputs: values("output", &message.outputs, circuit.outputs(), &domain)?,
        circuit,
    };
    check_origins(&request_id, segment, &message.outputs)?;
    check_links(&request_id, segment, &message.inputs)?;
    let statement = Statement { domain, keys, job };
    statement.inputs(parameters)?;
    Ok(statement)
}

/// Place of a segment in its job.
fn segment(got: u32) -> Result<u32, Refusal> {
    if (got as usize) < MAX_SEGMENTS {
        return Ok(got);
    }
    let expected = format!("less than {MAX_SEGMENTS}");
    Err(Refusal::Value { field: "segment", got: got.to_string(), expected })
}

/// What this request itself makes enters a segment from an earlier one.
fn check_links(request_id: &Bytes32, segment: u32, inputs: &[pb::HandleRecord]) -> Result<(), Refusal> {
    for (index, record) in inputs.iter().enumerate() {
        if let Some(pb::handle_record::Origin::Output(origin)) = &record.origin
            && origin.request_id == request_id
            && origin.segment >= segment
        {
            return Err(Refusal::LinkOrder { index, got: origin.segment, segment });
        }
    }
    Ok(())
}

/// A proof for the contract is of one segment.
fn check_segments(parameters: &Parameters, circuit: &Circuit) -> Result<(), Refusal> {
    let got = segments(circuit, &parameters.segment_limits())?.len();
    let bootstrappings = circuit.bootstrappings().len();
    if got == 1 { Ok(()) } else { Err(Refusal::Segments { got, bootstrappings }) }
}

/// Commitments of a key from their message.
pub fn key_points(
    parameters: &Parameters,
    message: &pb::EvaluationKeyPoints,
) -> Result<KeyCommitments, Refusal> {
    let [bootstrapping, compute, casting] = KeyCommitments::chunks(parameters).map_err(key_shape)?;
    let (got, expected) = (message.points.len(), bootstrapping + compute + casting);
    if got != expected {
        let (got, expected) = (got.to_string(), expected.to_string());
        return Err(Refusal::Value { field: "number of key_points", got, expected });
    }
    let points = message.points.iter().map(|point| {
        let point: [u8; 64] = fixed("key_points.point", point)?;
        let (x, y) = point.split_at(32);
        Ok([fixed("key point x", x)?, fixed("key point y", y)?])
    });
    let points = points.collect::<Result<Vec<[Bytes32; 2]>, Refusal>>()?;
    Ok(KeyCommitments::from_xy(parameters, &points)?)
}

fn key_shape(error: trine_verifier::bootstrapping::shape::ShapeError) -> Refusal {
    Refusal::KeyPoints(error.into())
}

/// Commitments of a key as they travel.
pub fn key_message(keys: &KeyCommitments) -> pb::EvaluationKeyPoints {
    pb::EvaluationKeyPoints { points: keys.to_xy().iter().map(|xy| xy.concat()).collect() }
}
