//! The other jobs of a receipt's proofs, as keyholders take them and the native verifier reads them.

use super::error::ReceiptError;
use super::file::{ReceiptBatch, ReceiptJob, ReceiptRecord};
use super::verify::origin;
use trine_keyholder::protocol::batch::{BatchFault, PresentedBatch, PresentedHandle, PresentedJob};
use trine_verifier::Commitment;
use trine_verifier::bootstrapping::batch::{BatchError, MAX_JOBS};

/// The jobs beside a segment's; none where the receipt names none. Their number is checked before any is read.
pub(super) fn presented(
    segment: usize,
    batch: Option<&ReceiptBatch>,
) -> Result<PresentedBatch, ReceiptError> {
    let Some(ReceiptBatch { place, others }) = batch else { return Ok(PresentedBatch::default()) };
    let got = others.len().saturating_add(1);
    if got > MAX_JOBS {
        let fault = BatchFault::List(BatchError::Jobs { got });
        return Err(ReceiptError::Batch { segment, fault });
    }
    let jobs = others.iter().enumerate().map(|(job, other)| Reader { segment, job }.job(other));
    Ok(PresentedBatch { place: *place as usize, others: jobs.collect::<Result<_, _>>()? })
}

/// Reads one job, and names it in what it refuses.
struct Reader {
    segment: usize,
    job: usize,
}

impl Reader {
    fn job(&self, job: &ReceiptJob) -> Result<PresentedJob, ReceiptError> {
        let handles = |what, records: &[ReceiptRecord]| -> Result<Vec<PresentedHandle>, ReceiptError> {
            let records = records.iter().enumerate();
            records.map(|(index, record)| self.handle(what, index, record)).collect()
        };
        Ok(PresentedJob {
            request_id: job.request_id.0,
            salt: job.salt.0,
            segment: job.segment,
            program_text: job.program.clone().into_bytes(),
            inputs: handles("input", &job.inputs)?,
            outputs: handles("output", &job.outputs)?,
        })
    }

    fn handle(
        &self,
        what: &'static str,
        index: usize,
        record: &ReceiptRecord,
    ) -> Result<PresentedHandle, ReceiptError> {
        let Self { segment, job } = *self;
        let [x, y] = &record.commitment;
        let commitment = Commitment::from_xy(&x.0, &y.0).map_err(|error| ReceiptError::BatchCommitment {
            segment,
            job,
            what,
            index,
            error,
        })?;
        Ok(PresentedHandle {
            handle: record.handle.0,
            key_kind: record.key_kind,
            value_type: record.value_type,
            blocks: record.blocks,
            origin: origin(&record.origin),
            commitment,
        })
    }
}
