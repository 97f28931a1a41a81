//! Statements from messages. Each handle is recomputed from its record: a statement that names another is refused here.

use super::refusal::Refusal;
use trine_program::{Declaration, KeyKind, LinearProgram, ValueType};
use trine_proto::prover::v1 as pb;
use trine_verifier::{
    Bytes32, Class, Commitment, Domain, HandleRecord, Job, NamedCommitment, Origin, Statement,
};

/// A statement that fits its program and the class.
pub fn statement(message: &pb::Statement, class: &Class) -> Result<Statement, Refusal> {
    let program = LinearProgram::from_text(&message.program_text)?;
    if message.segment != 0 {
        let (got, expected) = (message.segment.to_string(), "0: a linear program has no segments".into());
        return Err(Refusal::Value { field: "segment", got, expected });
    }
    if !message.further_jobs.is_empty() {
        let got = message.further_jobs.len().to_string();
        let expected = "0: a linear program is proved alone".into();
        return Err(Refusal::Value { field: "number of further_jobs", got, expected });
    }
    let domain = domain(message.domain.as_ref().ok_or(Refusal::Missing { field: "domain" })?)?;
    let request_id = fixed("request_id", &message.request_id)?;
    let statement = Statement {
        domain,
        job: Job {
            request_id,
            salt: fixed("salt", &message.salt)?,
            inputs: values("input", &message.inputs, program.inputs(), &domain)?,
            outputs: values("output", &message.outputs, program.outputs(), &domain)?,
            program,
        },
    };
    check_origins(&request_id, 0, &message.outputs)?;
    statement.inputs(class)?;
    Ok(statement)
}

/// Outputs come from this segment of this request, in their order.
pub(super) fn check_origins(
    request_id: &Bytes32,
    segment: u32,
    outputs: &[pb::HandleRecord],
) -> Result<(), Refusal> {
    for (index, record) in outputs.iter().enumerate() {
        let expected = pb::OutputOrigin {
            request_id: request_id.to_vec(),
            job: 0,
            segment,
            index: u32::try_from(index).unwrap_or(u32::MAX),
        };
        if record.origin != Some(pb::handle_record::Origin::Output(expected)) {
            return Err(Refusal::Origin { index, segment });
        }
    }
    Ok(())
}

/// Handles of values, each recomputed from its record and compared with its declaration.
pub(super) fn values(
    what: &'static str,
    records: &[pb::HandleRecord],
    declared: &[Declaration],
    domain: &Domain,
) -> Result<Vec<NamedCommitment>, Refusal> {
    // A wrong number is refused with the numbers by `Statement::inputs`.
    records
        .iter()
        .enumerate()
        .map(|(index, message)| {
            let (record, commitment) = record(what, index, message, domain)?;
            if declared.get(index).is_some_and(|d| !record.matches(d)) {
                return Err(Refusal::Declaration { what, index });
            }
            let named = NamedCommitment::new(&record, commitment).map_err(|error| Refusal::Commitment {
                what,
                index,
                error,
            })?;
            let got = fixed::<32>("handle", &message.handle)?;
            if got != named.handle {
                let (got, expected) = (hex::encode(got), hex::encode(named.handle));
                return Err(Refusal::Handle { what, index, got, expected });
            }
            Ok(named)
        })
        .collect()
}

fn record(
    what: &'static str,
    index: usize,
    message: &pb::HandleRecord,
    domain: &Domain,
) -> Result<(HandleRecord, Commitment), Refusal> {
    let point = &message.commitment.as_ref().ok_or(Refusal::Missing { field: "commitment" })?.point;
    let [x, y]: [Bytes32; 2] = {
        let point: [u8; 64] = fixed("commitment.point", point)?;
        let (x, y) = point.split_at(32);
        [fixed("commitment x", x)?, fixed("commitment y", y)?]
    };
    let commitment =
        Commitment::from_xy(&x, &y).map_err(|error| Refusal::Commitment { what, index, error })?;
    let record = HandleRecord {
        chain_id: domain.chain_id,
        coprocessor: domain.coprocessor,
        key_digest: domain.key_digest,
        // The wire's numbers are the chain's plus one.
        key_kind: code("key_kind", message.key_kind.checked_sub(1), KeyKind::from_code)?,
        value_type: code("value_type", Some(message.value_type), ValueType::from_code)?,
        blocks: code("blocks", i32::try_from(message.blocks).ok(), Some)?,
        origin: origin(message.origin.as_ref().ok_or(Refusal::Missing { field: "origin" })?)?,
        commitment_digest: commitment.digest(),
    };
    Ok((record, commitment))
}

fn origin(message: &pb::handle_record::Origin) -> Result<Origin, Refusal> {
    Ok(match message {
        pb::handle_record::Origin::Input(o) => Origin::Input {
            registrant: fixed("registrant", &o.registrant)?,
            consumer: fixed("consumer", &o.consumer)?,
        },
        pb::handle_record::Origin::Output(o) => Origin::Output {
            request_id: fixed("origin.request_id", &o.request_id)?,
            job: o.job,
            segment: o.segment,
            index: o.index,
        },
    })
}

/// The domain.
pub(super) fn domain(message: &pb::Domain) -> Result<Domain, Refusal> {
    Ok(Domain {
        chain_id: message.chain_id,
        coprocessor: fixed("coprocessor", &message.coprocessor)?,
        verifier_hash: fixed("verifier_hash", &message.verifier_hash)?,
        srs_digest: fixed("srs_digest", &message.srs_digest)?,
        parameter_set_id: fixed("parameter_set_id", &message.parameter_set_id)?,
        key_digest: fixed("key_digest", &message.key_digest)?,
    })
}

/// A field of a fixed length.
pub(super) fn fixed<const LENGTH: usize>(field: &'static str, bytes: &[u8]) -> Result<[u8; LENGTH], Refusal> {
    bytes.try_into().map_err(|_| Refusal::Length { field, got: bytes.len(), expected: LENGTH })
}

fn code<T>(field: &'static str, value: Option<i32>, known: impl Fn(u8) -> Option<T>) -> Result<T, Refusal> {
    let code = value.and_then(|v| u8::try_from(v).ok());
    let wrong = || Refusal::Value {
        field,
        got: value.map_or("out of range".into(), |v| v.to_string()),
        expected: "a code that is defined".into(),
    };
    code.and_then(known).ok_or_else(wrong)
}
