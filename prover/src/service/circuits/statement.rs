//! Statements about circuits from messages. Handles are recomputed from their records, key points are compared with the
//! digest that the domain names, and each circuit must be one segment.
//!
//! A segment of a larger circuit is stated like a circuit: the text is its own, its links are among inputs and outputs, and
//! `Statement.segment` is its place in the job, to which its outputs' origins belong.
//!
//! Further jobs are stated like the first. All of them together must be within one proof.

use crate::service::refusal::Refusal;
use crate::service::wire::{check_origins, domain, fixed, values};
use trine_program::circuit::text::HEADER;
use trine_program::circuit::{Circuit, segments};
use trine_proto::prover::v1 as pb;
use trine_verifier::bootstrapping::batch::{MAX_JOBS, Size};
use trine_verifier::bootstrapping::registration::MAX_SEGMENTS;
use trine_verifier::bootstrapping::statement::Job;
use trine_verifier::bootstrapping::{KeyCommitments, Parameters, Statement};
use trine_verifier::{Bytes32, Domain};

/// Whether a program text is a circuit's, by its first line.
pub fn is_circuit(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n').next() == Some(HEADER.as_bytes())
}

/// A statement that fits its circuits and the parameter set.
pub fn statement(message: &pb::Statement, parameters: &Parameters) -> Result<Statement, Refusal> {
    check_number(message)?;
    let domain = domain(message.domain.as_ref().ok_or(Refusal::Missing { field: "domain" })?)?;
    let points = message.key_points.as_ref().ok_or(Refusal::Missing { field: "key_points" })?;
    let first = StatedJob::from(message).read(parameters, &domain)?;
    let keys = key_points(parameters, points)?;
    let further = (1..).zip(&message.further_jobs).map(|(place, stated)| {
        let job = StatedJob::from(stated).read(parameters, &domain);
        job.map_err(|refusal| Refusal::FurtherJob { place, refusal: Box::new(refusal) })
    });
    let jobs = std::iter::once(Ok(first)).chain(further).collect::<Result<Vec<_>, _>>()?;
    check_size(parameters, &jobs)?;
    let statement = Statement { domain, keys, jobs };
    statement.inputs(parameters)?;
    Ok(statement)
}

/// Before any of them is read.
fn check_number(message: &pb::Statement) -> Result<(), Refusal> {
    let got = message.further_jobs.len() + 1;
    if got <= MAX_JOBS { Ok(()) } else { Err(Refusal::Jobs { got, most: MAX_JOBS }) }
}

/// Each job fits a proof of its own; so must all of them.
fn check_size(parameters: &Parameters, jobs: &[Job]) -> Result<(), Refusal> {
    let sizes = jobs.iter().map(|job| Size::of(&job.circuit));
    let got = sizes.fold(Size::default(), |all, size| all.and(&size));
    if got.fits(parameters) { Ok(()) } else { Err(Refusal::Together { got }) }
}

/// What a statement says of one job, the first or a further one.
struct StatedJob<'a> {
    request_id: &'a [u8],
    salt: &'a [u8],
    program_text: &'a [u8],
    inputs: &'a [pb::HandleRecord],
    outputs: &'a [pb::HandleRecord],
    segment: u32,
}

impl<'a> From<&'a pb::Statement> for StatedJob<'a> {
    fn from(message: &'a pb::Statement) -> Self {
        Self {
            request_id: &message.request_id,
            salt: &message.salt,
            program_text: &message.program_text,
            inputs: &message.inputs,
            outputs: &message.outputs,
            segment: message.segment,
        }
    }
}

impl<'a> From<&'a pb::CoveredJob> for StatedJob<'a> {
    fn from(message: &'a pb::CoveredJob) -> Self {
        Self {
            request_id: &message.request_id,
            salt: &message.salt,
            program_text: &message.program_text,
            inputs: &message.inputs,
            outputs: &message.outputs,
            segment: message.segment,
        }
    }
}

impl StatedJob<'_> {
    fn read(&self, parameters: &Parameters, domain: &Domain) -> Result<Job, Refusal> {
        let circuit = Circuit::from_text(self.program_text)?;
        check_segments(parameters, &circuit)?;
        let request_id = fixed("request_id", self.request_id)?;
        let segment = segment(self.segment)?;
        let job = Job {
            request_id,
            salt: fixed("salt", self.salt)?,
            segment,
            inputs: values("input", self.inputs, circuit.inputs(), domain)?,
            outputs: values("output", self.outputs, circuit.outputs(), domain)?,
            circuit,
        };
        check_origins(&request_id, segment, self.outputs)?;
        check_links(&request_id, segment, self.inputs)?;
        Ok(job)
    }
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
