//! PROVING: one proof after the other, each checked and on disk before the next one is asked for.

use super::announcements::{JobEvent, JobProgress};
use super::pieces::Pieces;
use super::runner::JobRunner;
use super::steps::Next;
use crate::circuit::{self, CircuitRefusal};
use crate::domain::{Job, JobState, KeyPoints, ProofRecord, SegmentProof};
use crate::error::EngineError;
use crate::evaluation;
use crate::prover::{OnProgress, ProofProgress, ProofStatement, ProofTask, ProverError, ServerKey};
use crate::setup::Setup;
use crate::store::Write;
use trine_verifier::bootstrapping::KeyCommitments;

impl JobRunner {
    /// Has every piece of a job proved that has no proof on disk.
    pub(super) async fn prove(&self, job: &Job) -> Result<Next, EngineError> {
        let pieces = Pieces::of(self, job)?;
        if pieces.count() == 1 && job.work.circuit().is_some() {
            return self.prove_whole_circuit(job, &pieces).await;
        }
        let store = &self.parts().store;
        for piece in 0..pieces.last() {
            if store.segment_proof(job.id, piece)?.is_none() {
                let proof = self.prove_piece(job, &pieces, piece).await?;
                let proof = SegmentProof { proof, fulfil_tx: None };
                store.commit(vec![Write::SegmentProof(job.id, piece, proof)])?;
                tracing::info!(job = %job.id, segment = piece, of = pieces.count(), "segment proven");
            }
        }
        let proof = self.prove_piece(job, &pieces, pieces.last()).await?;
        Ok(proven(job, vec![Write::Proof(job.id, proof)]))
    }

    /// The proof of a piece, checked. The worker is another job's between two pieces.
    async fn prove_piece(
        &self,
        job: &Job,
        pieces: &Pieces<'_>,
        piece: u32,
    ) -> Result<ProofRecord, EngineError> {
        let _permit = self.proofs().acquire().await;
        self.prove_with_worker(job, pieces, piece).await
    }

    /// The same for whoever has the worker.
    pub(super) async fn prove_with_worker(
        &self,
        job: &Job,
        pieces: &Pieces<'_>,
        piece: u32,
    ) -> Result<ProofRecord, EngineError> {
        if job.work.circuit().is_some() {
            self.hand_key_over(job).await?;
        }
        let tell = |p: ProofProgress| self.tell(job, proof_progress(&p, piece, pieces.count()));
        self.checked_proof(pieces.task(piece)?, &tell).await
    }

    /// What the prover makes of a task, once it is checked.
    pub(super) async fn checked_proof(
        &self,
        task: ProofTask,
        tell: OnProgress<'_>,
    ) -> Result<ProofRecord, EngineError> {
        let statement = task.statement.clone();
        let proof = self.parts().prover.prove(task, tell).await?;
        let setup = self.parts().setup.clone();
        let checked =
            tokio::task::spawn_blocking(move || check_proof(&setup, &statement, &proof).map(|()| proof));
        checked.await.map_err(|e| EngineError::Task(e.to_string()))?
    }

    /// Makes sure that the prover holds the job's key set, and keeps its commitments: statements name them.
    pub(super) async fn hand_key_over(&self, job: &Job) -> Result<(), EngineError> {
        let parts = self.parts();
        let record = parts.store.key(&job.key_digest)?;
        let record = record.ok_or_else(|| EngineError::not_found("key", &job.key_digest))?;
        let key = ServerKey { key_digest: job.key_digest, record, store: parts.store.clone() };
        let points = parts.prover.key_points(&key).await?;
        let parameters = circuit::statement::circuits(&parts.setup)?.parameters;
        let commitments = KeyCommitments::from_xy(&parameters, &points).map_err(CircuitRefusal::from)?;
        let (got, expected) = (commitments.digest(&parameters), job.key_digest);
        if got != expected {
            let (got, expected) = (hex::encode(got), hex::encode(expected));
            return Err(ProverError::Answer(format!("points of the key {got}, asked for {expected}")).into());
        }
        Ok(parts.store.commit(vec![Write::KeyPoints(job.key_digest, KeyPoints(points))])?)
    }

    pub(super) fn tell(&self, job: &Job, progress: JobProgress) {
        self.announcements().tell(job.id, JobEvent::Progress(progress));
    }
}

/// PROVEN, with what is written beside the outputs' marks.
pub(super) fn proven(job: &Job, mut writes: Vec<Write>) -> Next {
    writes.extend(job.outputs.iter().map(|output| Write::MarkProven(output.handle)));
    Next { writes, ..Next::plain(JobState::Proven) }
}

/// Progress of one proof as that of all.
pub(super) fn proof_progress(p: &ProofProgress, piece: u32, of: u32) -> JobProgress {
    let step = if of == 1 { p.step.clone() } else { format!("{}: {}", segment_of(piece, of), p.step) };
    let permille = (u64::from(piece) * 1000 + u64::from(p.permille.min(1000))) / u64::from(of);
    JobProgress { step, permille: permille as u32, bootstrappings_done: 0, bootstrappings: 0 }
}

/// A segment, for people, who count from 1.
pub(super) fn segment_of(piece: u32, of: u32) -> String {
    format!("segment {} of {of}", piece + 1)
}

/// Verifies what a prover made before it is stored.
fn check_proof(setup: &Setup, statement: &ProofStatement, proof: &ProofRecord) -> Result<(), EngineError> {
    match statement {
        ProofStatement::Linear(statement) => evaluation::check_proof(setup, statement, proof),
        ProofStatement::Circuit(statement) => {
            circuit::statement::check_circuit_proof(setup, statement, proof)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_of_a_segment_is_a_part_of_the_whole() {
        let p = |permille| ProofProgress { step: "argument".into(), permille };
        let told = |permille, piece, of| {
            let told = proof_progress(&p(permille), piece, of);
            (told.step, told.permille)
        };
        assert_eq!(told(500, 0, 1), ("argument".into(), 500));
        assert_eq!(told(0, 1, 3), ("segment 2 of 3: argument".into(), 333));
        assert_eq!(told(2000, 2, 3), ("segment 3 of 3: argument".into(), 1000));
    }
}
