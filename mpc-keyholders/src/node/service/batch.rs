//! The other jobs of a proof, from the wire: lengths and counts before anything is read.

use super::{bytes32, commitment, malformed, refused};
use crate::protocol::batch::{BatchFault, PresentedBatch, PresentedHandle, PresentedJob};
use crate::protocol::refusal::Refusal;
use tonic::Status;
use trine_program::text::MAX_TEXT_BYTES;
use trine_program::{KeyKind, ValueType};
use trine_proto::prover::v1 as pb;
use trine_proto::prover::v1::handle_record::Origin as WireOrigin;
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::bootstrapping::batch::{BatchError, MAX_JOBS};
use trine_verifier::{Address, Origin};

/// What a segment's proof covers beside it; nothing where the message is unset.
pub(super) fn batch(segment: usize, message: Option<pb::Batch>) -> Result<PresentedBatch, Status> {
    let Some(pb::Batch { place, others }) = message else { return Ok(PresentedBatch::default()) };
    let got = others.len().saturating_add(1);
    if got > MAX_JOBS {
        let fault = BatchFault::List(BatchError::Jobs { got });
        return Err(refused(Refusal::Batch { segment, fault }));
    }
    let jobs = others.into_iter().enumerate();
    let others = jobs.map(|(job, message)| Reader { segment, job }.job(message));
    // A place beyond all jobs is refused with these (TR.A9).
    Ok(PresentedBatch { place: place as usize, others: others.collect::<Result<_, _>>()? })
}

/// Reads one job, and names it in what it refuses.
struct Reader {
    segment: usize,
    job: usize,
}

impl Reader {
    fn job(&self, message: pb::CoveredJob) -> Result<PresentedJob, Status> {
        let most = Parameters::PRODUCTION.segment_limits();
        for (what, got, most) in [
            ("bytes of text", message.program_text.len(), MAX_TEXT_BYTES),
            ("inputs", message.inputs.len(), most.inputs),
            ("outputs", message.outputs.len(), most.outputs),
        ] {
            if got > most {
                return Err(self.malformed(format!("{got} {what}, at most {most}")));
            }
        }
        Ok(PresentedJob {
            request_id: self.fixed("request_id", &message.request_id)?,
            salt: self.fixed("salt", &message.salt)?,
            segment: message.segment,
            program_text: message.program_text,
            inputs: message.inputs.iter().map(|record| self.handle(record)).collect::<Result<_, _>>()?,
            outputs: message.outputs.iter().map(|record| self.handle(record)).collect::<Result<_, _>>()?,
        })
    }

    fn handle(&self, message: &pb::HandleRecord) -> Result<PresentedHandle, Status> {
        let unset = |field: &str| self.malformed(format!("a record without {field}"));
        let unknown = |field: &str| self.malformed(format!("a record with an unknown {field}"));
        let code = |code: Option<i32>| code.and_then(|code| u8::try_from(code).ok());
        let point = message.commitment.as_ref().ok_or_else(|| unset("commitment"))?;
        Ok(PresentedHandle {
            handle: self.fixed("handle", &message.handle)?,
            // The wire's numbers are the chain's plus one.
            key_kind: code(message.key_kind.checked_sub(1))
                .and_then(KeyKind::from_code)
                .ok_or_else(|| unknown("key kind"))?,
            value_type: code(Some(message.value_type))
                .and_then(ValueType::from_code)
                .ok_or_else(|| unknown("type"))?,
            blocks: u8::try_from(message.blocks).map_err(|_| unknown("number of blocks"))?,
            origin: self.origin(message.origin.as_ref().ok_or_else(|| unset("origin"))?)?,
            commitment: commitment(&self.name("commitment"), point)?,
        })
    }

    fn origin(&self, message: &WireOrigin) -> Result<Origin, Status> {
        Ok(match message {
            WireOrigin::Input(origin) => Origin::Input {
                registrant: self.address("registrant", &origin.registrant)?,
                consumer: self.address("consumer", &origin.consumer)?,
            },
            WireOrigin::Output(origin) => Origin::Output {
                request_id: self.fixed("request_id of an origin", &origin.request_id)?,
                job: origin.job,
                segment: origin.segment,
                index: origin.index,
            },
        })
    }

    fn fixed(&self, field: &str, bytes: &[u8]) -> Result<[u8; 32], Status> {
        bytes32(&self.name(field), bytes)
    }

    fn address(&self, field: &str, bytes: &[u8]) -> Result<Address, Status> {
        let wrong = || self.malformed(format!("{field} of {} bytes, expected 20", bytes.len()));
        Address::try_from(bytes).map_err(|_| wrong())
    }

    fn malformed(&self, what: String) -> Status {
        malformed(self.name(&what))
    }

    fn name(&self, what: &str) -> String {
        format!("batch of segment {}, job {} of the others: {what}", self.segment, self.job)
    }
}
