//! Messages to domain types and back. Lengths and codes are checked here and nowhere else.

use super::limits::MAX_IDEMPOTENCY_KEY_BYTES;
use crate::domain::ciphertext::StoredOrigin;
use crate::domain::{
    AccessList, CiphertextRecord, JobFailure, JobId, JobState, KeyRecord, ProofRecord, SegmentProof,
};
use crate::error::EngineError;
use crate::prover::{JobValues, ProofStatement, ProofTask};
use trine_program::{Declaration, KeyKind, ValueType};
use trine_proto::engine::v1 as pb;
use trine_proto::prover::v1 as prover;
use trine_verifier::{Address, Bytes32};

/// A digest, handle or identifier.
pub fn word(field: &'static str, bytes: &[u8]) -> Result<Bytes32, EngineError> {
    let wrong = |_| EngineError::FieldLength { field, got: bytes.len(), expected: "32" };
    bytes.try_into().map_err(wrong)
}

/// An address.
pub fn address(field: &'static str, bytes: &[u8]) -> Result<Address, EngineError> {
    let wrong = |_| EngineError::FieldLength { field, got: bytes.len(), expected: "20" };
    bytes.try_into().map_err(wrong)
}

/// The identifier of a job.
pub fn job_id(bytes: &[u8]) -> Result<JobId, EngineError> {
    let wrong = |_| EngineError::FieldLength { field: "job_id", got: bytes.len(), expected: "16" };
    bytes.try_into().map(JobId).map_err(wrong)
}

/// An idempotency key.
pub fn idempotency_key(bytes: &[u8]) -> Result<&[u8], EngineError> {
    let got = bytes.len();
    if (1..=MAX_IDEMPOTENCY_KEY_BYTES).contains(&got) {
        Ok(bytes)
    } else {
        Err(EngineError::FieldLength { field: "idempotency_key", got, expected: "1 to 64" })
    }
}

/// A type code. The numbers are those on chain.
pub fn value_type(code: i32) -> Result<ValueType, EngineError> {
    u8::try_from(code).ok().and_then(ValueType::from_code).ok_or_else(|| EngineError::FieldValue {
        field: "value_type",
        got: code.to_string(),
        expected: "1 to 6".into(),
    })
}

/// A key kind. The wire's numbers are the chain's plus one, so that an absent one is refused.
pub fn key_kind(code: i32) -> Result<KeyKind, EngineError> {
    let known = code.checked_sub(1).and_then(|c| u8::try_from(c).ok()).and_then(KeyKind::from_code);
    known.ok_or_else(|| EngineError::FieldValue {
        field: "key_kind",
        got: code.to_string(),
        expected: "1 (compute) or 2 (casting)".into(),
    })
}

/// Degree of a value whose program is not known yet: the largest that a block holds.
const UNDECLARED_DEGREE: u8 = 15;

/// What an upload declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadHeader {
    /// Key set.
    pub key_digest: Bytes32,
    /// Type, key and blocks.
    pub declaration: Declaration,
    /// Who registers it.
    pub registrant: Address,
    /// For whom.
    pub consumer: Address,
    /// Encoding of the content.
    pub encoding: pb::CiphertextEncoding,
    /// Its length.
    pub content_bytes: u64,
}

impl TryFrom<&pb::CiphertextHeader> for UploadHeader {
    type Error = EngineError;

    fn try_from(header: &pb::CiphertextHeader) -> Result<Self, EngineError> {
        let value_type = value_type(header.value_type)?;
        let wrong = |expected: String| EngineError::FieldValue {
            field: "blocks",
            got: header.blocks.to_string(),
            expected,
        };
        let most = trine_program::value::MAX_BLOCKS;
        let blocks = u8::try_from(header.blocks).ok().filter(|b| (1..=most).contains(b));
        let blocks = blocks.ok_or_else(|| wrong(format!("1 to {most}")))?;
        if let Some(fixed) = value_type.fixed_blocks().filter(|fixed| *fixed != blocks) {
            return Err(wrong(format!("{fixed} for {}", value_type.name())));
        }
        if header.encoding() == pb::CiphertextEncoding::Unspecified {
            return Err(EngineError::FieldValue {
                field: "encoding",
                got: header.encoding.to_string(),
                expected: "1 (words) or 2 (compact list)".into(),
            });
        }
        let key_kind = key_kind(header.key_kind)?;
        Ok(Self {
            key_digest: word("key_digest", &header.key_digest)?,
            declaration: Declaration { value_type, key_kind, blocks, degree: UNDECLARED_DEGREE },
            registrant: address("registrant", &header.registrant)?,
            consumer: address("consumer", &header.consumer)?,
            encoding: header.encoding(),
            content_bytes: header.content_bytes,
        })
    }
}

/// State of a job.
pub fn job_state(state: JobState) -> pb::JobState {
    match state {
        JobState::Accepted => pb::JobState::Accepted,
        JobState::Evaluating => pb::JobState::Evaluating,
        JobState::Evaluated => pb::JobState::Evaluated,
        JobState::Proving => pb::JobState::Proving,
        JobState::Proven => pb::JobState::Proven,
        JobState::Submitting => pb::JobState::Submitting,
        JobState::Fulfilled => pb::JobState::Fulfilled,
        JobState::Failed => pb::JobState::Failed,
        JobState::Cancelled => pb::JobState::Cancelled,
    }
}

/// A filter of states: `None` keeps all.
pub fn job_state_filter(code: i32) -> Result<Option<JobState>, EngineError> {
    if code == i32::from(pb::JobState::Unspecified) {
        return Ok(None);
    }
    let known = JobState::ALL.into_iter().find(|s| i32::from(job_state(*s)) == code);
    known.map(Some).ok_or_else(|| EngineError::FieldValue {
        field: "state",
        got: code.to_string(),
        expected: "0 to 9".into(),
    })
}

/// A handle record.
pub fn handle_record(record: &CiphertextRecord) -> prover::HandleRecord {
    use prover::handle_record::Origin;
    let origin = match record.origin {
        StoredOrigin::Input { registrant, consumer } => Origin::Input(prover::InputOrigin {
            registrant: registrant.to_vec(),
            consumer: consumer.to_vec(),
        }),
        StoredOrigin::Output { request_id, index } => output_origin(&request_id, 0, index),
        StoredOrigin::LaterOutput { request_id, segment, index } => {
            output_origin(&request_id, segment, index)
        }
    };
    prover::HandleRecord {
        handle: record.handle.to_vec(),
        key_kind: i32::from(record.key_kind.code()) + 1,
        value_type: i32::from(record.value_type.code()),
        blocks: u32::from(record.blocks),
        origin: Some(origin),
        commitment: Some(commitment(record)),
    }
}

fn output_origin(request_id: &Bytes32, segment: u32, index: u32) -> prover::handle_record::Origin {
    let request_id = request_id.to_vec();
    prover::handle_record::Origin::Output(prover::OutputOrigin { request_id, job: 0, segment, index })
}

/// A commitment.
fn commitment(record: &CiphertextRecord) -> prover::Commitment {
    prover::Commitment { point: record.commitment.concat() }
}

/// A statement with the records of its handles.
pub fn statement(task: &ProofTask) -> prover::Statement {
    let domain = task.statement.domain();
    let mut jobs = covered_jobs(&task.statement, &task.jobs).into_iter();
    let own = jobs.next().unwrap_or_default();
    prover::Statement {
        domain: Some(prover::Domain {
            chain_id: domain.chain_id,
            coprocessor: domain.coprocessor.to_vec(),
            verifier_hash: domain.verifier_hash.to_vec(),
            srs_digest: domain.srs_digest.to_vec(),
            parameter_set_id: domain.parameter_set_id.to_vec(),
            key_digest: domain.key_digest.to_vec(),
        }),
        request_id: own.request_id,
        salt: own.salt,
        program_text: own.program_text,
        inputs: own.inputs,
        outputs: own.outputs,
        key_points: task.statement.keys().map(|keys| key_points(&keys.to_xy())),
        segment: own.segment,
        further_jobs: jobs.collect(),
    }
}

/// The jobs of a statement with the records of their handles.
pub fn covered_jobs(statement: &ProofStatement, values: &[JobValues]) -> Vec<prover::CoveredJob> {
    let covered = |request_id: &Bytes32, salt: &Bytes32, text: String, segment, values: &JobValues| {
        prover::CoveredJob {
            request_id: request_id.to_vec(),
            salt: salt.to_vec(),
            program_text: text.into_bytes(),
            inputs: values.inputs.iter().map(handle_record).collect(),
            outputs: values.outputs.iter().map(handle_record).collect(),
            segment,
        }
    };
    match statement {
        ProofStatement::Linear(statement) => {
            let job = &statement.job;
            let text = || job.program.to_text();
            values.iter().take(1).map(|v| covered(&job.request_id, &job.salt, text(), 0, v)).collect()
        }
        ProofStatement::Circuit(statement) => {
            let jobs = statement.jobs.iter().zip(values);
            let jobs = jobs.map(|(job, values)| {
                covered(&job.request_id, &job.salt, job.circuit.to_text(), job.segment, values)
            });
            jobs.collect()
        }
    }
}

/// Commitments of an evaluation key.
fn key_points(points: &[[Bytes32; 2]]) -> prover::EvaluationKeyPoints {
    prover::EvaluationKeyPoints { points: points.iter().map(|xy| xy.concat()).collect() }
}

/// A proof, with what else it covers.
pub fn proof(proof: &ProofRecord, batch: Option<prover::Batch>) -> prover::EvaluationProof {
    prover::EvaluationProof {
        inner: proof.inner.clone(),
        wrapped: proof.wrapped.clone(),
        public_inputs: proof.public_inputs.iter().map(|w| w.to_vec()).collect(),
        batch,
    }
}

/// A segment before the last, with its links.
pub fn earlier_segment(links: &[CiphertextRecord], segment: &SegmentProof) -> pb::EarlierSegment {
    pb::EarlierSegment {
        links: links.iter().map(commitment).collect(),
        // A segment is proved alone.
        proof: Some(proof(&segment.proof, None)),
        fulfil_tx: segment.fulfil_tx.map(|h| h.to_vec()).unwrap_or_default(),
    }
}

/// A ciphertext.
pub fn ciphertext_info(record: &CiphertextRecord) -> pb::CiphertextInfo {
    pb::CiphertextInfo {
        record: Some(handle_record(record)),
        key_digest: record.key_digest.to_vec(),
        words_digest: record.words_digest.to_vec(),
        proven: record.proven,
        job_id: record.job.map(|j| j.0.to_vec()).unwrap_or_default(),
        words_bytes: record.words_bytes,
    }
}

/// A key set.
pub fn key_info(record: &KeyRecord) -> pb::KeyInfo {
    pb::KeyInfo {
        key_digest: record.key_digest.to_vec(),
        parameter_set_id: record.parameter_set_id.to_vec(),
        compact_public_bytes: record.compact_public_bytes,
        compressed_server_bytes: record.compressed_server_bytes,
    }
}

/// An access list.
pub fn access_list(access: &AccessList) -> pb::AccessList {
    pb::AccessList { owner: access.owner.clone(), readers: access.readers.clone(), public: access.public }
}

/// A failure.
pub fn failure(failure: &JobFailure) -> pb::JobFailure {
    pb::JobFailure {
        name: failure.name.clone(),
        message: failure.message.clone(),
        state: job_state(failure.state).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> pb::CiphertextHeader {
        pb::CiphertextHeader {
            key_digest: vec![1; 32],
            key_kind: 1,
            value_type: 6,
            blocks: 3,
            registrant: vec![2; 20],
            consumer: vec![3; 20],
            encoding: 1,
            content_bytes: 1,
        }
    }

    #[test]
    fn each_field_of_an_upload_is_checked() {
        assert!(UploadHeader::try_from(&header()).is_ok());
        let refused = |change: fn(&mut pb::CiphertextHeader)| {
            let mut h = header();
            change(&mut h);
            match UploadHeader::try_from(&h) {
                Err(EngineError::FieldLength { field, .. } | EngineError::FieldValue { field, .. }) => field,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(refused(|h| h.key_digest.truncate(31)), "key_digest");
        assert_eq!(refused(|h| h.key_kind = 0), "key_kind");
        assert_eq!(refused(|h| h.key_kind = i32::MIN), "key_kind");
        assert_eq!(refused(|h| h.key_kind = 3), "key_kind");
        assert_eq!(refused(|h| h.value_type = 0), "value_type");
        assert_eq!(refused(|h| h.value_type = 262), "value_type");
        assert_eq!(refused(|h| h.blocks = 0), "blocks");
        assert_eq!(refused(|h| h.blocks = 65), "blocks");
        assert_eq!(refused(|h| h.blocks = 259), "blocks");
        assert_eq!(refused(|h| h.value_type = 2), "blocks");
        assert_eq!(refused(|h| h.registrant.push(0)), "registrant");
        assert_eq!(refused(|h| h.consumer.clear()), "consumer");
        assert_eq!(refused(|h| h.encoding = 7), "encoding");
    }

    #[test]
    fn states_and_messages_name_each_other() {
        for state in JobState::ALL {
            assert_eq!(job_state_filter(job_state(state).into()).unwrap(), Some(state));
            assert_eq!(job_state(state).as_str_name(), format!("JOB_STATE_{}", state.name()));
        }
        assert_eq!(job_state_filter(0).unwrap(), None);
        assert!(job_state_filter(10).is_err());
    }
}
