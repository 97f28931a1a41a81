//! Receipts from the engine's messages.

use super::file::{
    FORMAT, Receipt, ReceiptBatch, ReceiptDomain, ReceiptJob, ReceiptOrigin, ReceiptRecord, ReceiptSegment,
    Setup,
};
use alloy::primitives::{Address, B256, Bytes};
use trine_program::{KeyKind, ValueType};
use trine_proto::engine::v1 as engine;
use trine_proto::prover::v1 as prover;

/// Why a message is no receipt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A message inside it is absent.
    #[error("receipt message without {0}")]
    Missing(&'static str),
    /// A byte string of the wrong length.
    #[error("{field} of {got} bytes, expected {expected}")]
    Length {
        /// The field.
        field: &'static str,
        /// Bytes given.
        got: usize,
        /// Bytes expected.
        expected: usize,
    },
    /// A code that is not defined.
    #[error("{field} {code} is not defined")]
    Code {
        /// The field.
        field: &'static str,
        /// Code given.
        code: i64,
    },
    /// The program text is not UTF-8.
    #[error("program text is not UTF-8")]
    Text,
}

impl Receipt {
    /// From the engine's message. Shapes only: [`super::verify`](mod@super::verify) decides what holds.
    pub fn from_wire(message: &engine::Receipt, setup: Setup) -> Result<Self, WireError> {
        let statement = message.statement.as_ref().ok_or(WireError::Missing("statement"))?;
        let domain = statement.domain.as_ref().ok_or(WireError::Missing("domain"))?;
        let proof = message.proof.as_ref().ok_or(WireError::Missing("proof"))?;
        Ok(Self {
            format: FORMAT.into(),
            setup,
            domain: ReceiptDomain {
                chain_id: domain.chain_id,
                coprocessor: address("coprocessor", &domain.coprocessor)?,
                verifier_hash: word("verifier hash", &domain.verifier_hash)?,
                srs_digest: word("srs digest", &domain.srs_digest)?,
                parameter_set_id: word("parameter set id", &domain.parameter_set_id)?,
                key_digest: word("key digest", &domain.key_digest)?,
            },
            request_id: word("request id", &statement.request_id)?,
            salt: word("salt", &statement.salt)?,
            program: text(&statement.program_text)?,
            inputs: statement.inputs.iter().map(record).collect::<Result<_, _>>()?,
            outputs: statement.outputs.iter().map(record).collect::<Result<_, _>>()?,
            key_points: key_points(statement.key_points.as_ref())?,
            earlier_segments: message.earlier_segments.iter().map(segment).collect::<Result<_, _>>()?,
            inner_proof: proof.inner.clone().into(),
            batch: batch(proof)?,
            wrapped_proof: wrapped(proof),
            fulfil_tx: transaction(&message.fulfil_tx)?,
            release: None,
        })
    }
}

fn segment(message: &engine::EarlierSegment) -> Result<ReceiptSegment, WireError> {
    let proof = message.proof.as_ref().ok_or(WireError::Missing("proof of a segment"))?;
    let link = |message: &prover::Commitment| point("link x", "link y", &message.point);
    Ok(ReceiptSegment {
        links: message.links.iter().map(link).collect::<Result<_, _>>()?,
        inner_proof: proof.inner.clone().into(),
        batch: batch(proof)?,
        wrapped_proof: wrapped(proof),
        fulfil_tx: transaction(&message.fulfil_tx)?,
    })
}

/// What a proof covers beside its job; nothing where the message is unset.
fn batch(proof: &prover::EvaluationProof) -> Result<Option<ReceiptBatch>, WireError> {
    let Some(message) = &proof.batch else { return Ok(None) };
    let job = |job: &prover::CoveredJob| -> Result<ReceiptJob, WireError> {
        Ok(ReceiptJob {
            request_id: word("request id of another job", &job.request_id)?,
            salt: word("salt of another job", &job.salt)?,
            segment: job.segment,
            program: text(&job.program_text)?,
            inputs: job.inputs.iter().map(record).collect::<Result<_, _>>()?,
            outputs: job.outputs.iter().map(record).collect::<Result<_, _>>()?,
        })
    };
    let others = message.others.iter().map(job).collect::<Result<_, _>>()?;
    Ok(Some(ReceiptBatch { place: message.place, others }))
}

fn text(bytes: &[u8]) -> Result<String, WireError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| WireError::Text)
}

fn wrapped(proof: &prover::EvaluationProof) -> Option<Bytes> {
    (!proof.wrapped.is_empty()).then(|| proof.wrapped.clone().into())
}

fn transaction(bytes: &[u8]) -> Result<Option<B256>, WireError> {
    if bytes.is_empty() { Ok(None) } else { word("fulfil transaction", bytes).map(Some) }
}

/// Commitments of an evaluation key, where the message has any.
fn key_points(message: Option<&prover::EvaluationKeyPoints>) -> Result<Option<Vec<[B256; 2]>>, WireError> {
    let Some(message) = message else { return Ok(None) };
    let key_point = |bytes: &Vec<u8>| point("key point x", "key point y", bytes);
    message.points.iter().map(key_point).collect::<Result<_, _>>().map(Some)
}

/// A handle record of the wire.
pub fn record(message: &prover::HandleRecord) -> Result<ReceiptRecord, WireError> {
    let origin = match message.origin.as_ref().ok_or(WireError::Missing("origin"))? {
        prover::handle_record::Origin::Input(o) => ReceiptOrigin::Input {
            registrant: address("registrant", &o.registrant)?,
            consumer: address("consumer", &o.consumer)?,
        },
        prover::handle_record::Origin::Output(o) => ReceiptOrigin::Output {
            request_id: word("request id", &o.request_id)?,
            job: o.job,
            segment: o.segment,
            index: o.index,
        },
    };
    let commitment = &message.commitment.as_ref().ok_or(WireError::Missing("commitment"))?.point;
    let code = |field, code: i64| WireError::Code { field, code };
    Ok(ReceiptRecord {
        handle: word("handle", &message.handle)?,
        value_type: u8::try_from(message.value_type)
            .ok()
            .and_then(ValueType::from_code)
            .ok_or_else(|| code("value type", message.value_type.into()))?,
        // The wire's numbers are the chain's plus one.
        key_kind: u8::try_from(message.key_kind.wrapping_sub(1))
            .ok()
            .and_then(KeyKind::from_code)
            .ok_or_else(|| code("key kind", message.key_kind.into()))?,
        blocks: u8::try_from(message.blocks).map_err(|_| code("blocks", message.blocks.into()))?,
        origin,
        commitment: point("commitment x", "commitment y", commitment)?,
    })
}

fn point(x_field: &'static str, y_field: &'static str, bytes: &[u8]) -> Result<[B256; 2], WireError> {
    let (x, y) = bytes.split_at_checked(32).unwrap_or((bytes, &[]));
    Ok([word(x_field, x)?, word(y_field, y)?])
}

fn word(field: &'static str, bytes: &[u8]) -> Result<B256, WireError> {
    B256::try_from(bytes).map_err(|_| WireError::Length { field, got: bytes.len(), expected: 32 })
}

fn address(field: &'static str, bytes: &[u8]) -> Result<Address, WireError> {
    Address::try_from(bytes).map_err(|_| WireError::Length { field, got: bytes.len(), expected: 20 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_read_or_named() {
        let proof = prover::EvaluationProof { inner: vec![1, 2], ..Default::default() };
        let honest = engine::EarlierSegment {
            links: vec![prover::Commitment { point: [[3; 32], [4; 32]].concat() }],
            proof: Some(proof),
            fulfil_tx: vec![5; 32],
        };
        let read = segment(&honest).unwrap();
        assert_eq!(read.links, [[B256::repeat_byte(3), B256::repeat_byte(4)]]);
        assert_eq!((read.inner_proof.as_ref(), read.wrapped_proof), (&[1, 2][..], None));
        assert_eq!(read.fulfil_tx, Some(B256::repeat_byte(5)));

        let refusal = |alter: fn(&mut engine::EarlierSegment)| {
            let mut message = honest.clone();
            alter(&mut message);
            segment(&message).unwrap_err()
        };
        assert_eq!(refusal(|s| s.proof = None), WireError::Missing("proof of a segment"));
        let batch = |s: &mut engine::EarlierSegment, job: prover::CoveredJob| {
            s.proof.as_mut().unwrap().batch = Some(prover::Batch { place: 1, others: vec![job] });
        };
        let mut of_two = honest.clone();
        let job = || prover::CoveredJob { request_id: vec![6; 32], salt: vec![7; 32], ..Default::default() };
        batch(&mut of_two, job());
        let read = segment(&of_two).unwrap().batch.unwrap();
        assert_eq!((read.place, read.others.len()), (1, 1));
        assert_eq!(read.others[0].request_id, B256::repeat_byte(6));
        batch(&mut of_two, prover::CoveredJob { salt: vec![7; 31], ..job() });
        let short = segment(&of_two).unwrap_err();
        assert_eq!(short, WireError::Length { field: "salt of another job", got: 31, expected: 32 });
        batch(&mut of_two, prover::CoveredJob { program_text: vec![0xff], ..job() });
        assert_eq!(segment(&of_two).unwrap_err(), WireError::Text);
        let short = refusal(|s| s.links[0].point.truncate(63));
        assert_eq!(short, WireError::Length { field: "link y", got: 31, expected: 32 });
        let transaction = refusal(|s| s.fulfil_tx.truncate(31));
        assert_eq!(transaction, WireError::Length { field: "fulfil transaction", got: 31, expected: 32 });
    }
}
