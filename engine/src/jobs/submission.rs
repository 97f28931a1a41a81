//! PROVEN and SUBMITTING: transactions, each stored signed before it is sent.
//!
//! The transaction of a segment is signed once the chain holds all segments before it, whoever proved them: that they have
//! this job's links is checked, their transactions are kept for the receipt. The last one fulfils the request.
//!
//! The transaction of a batch names all of its jobs, whichever of them sends it; the others then find their requests fulfilled.
//! A job whose batch the chain refuses, and whose request is open, goes back to PROVING and is proved and sent by itself.

use super::announcements::JobProgress;
use super::pieces::Pieces;
use super::proving::segment_of;
use super::runner::JobRunner;
use super::steps::Next;
use crate::chain::{Chain, ChainError, Inclusion};
use crate::domain::{Job, JobState, ProofRecord, SegmentProof};
use crate::error::EngineError;
use crate::store::Write;
use trine_verifier::Bytes32;

impl JobRunner {
    /// Signs the next transaction. It is stored with the state, and only then sent.
    pub(super) async fn prepare(&self, job: &Job, chain: &dyn Chain) -> Result<Next, EngineError> {
        let pieces = Pieces::of(self, job)?;
        let fulfilled = chain.request(&job.request_id).await?.fulfilled;
        let mut writes = Vec::new();
        for piece in 0..pieces.last() {
            let stored = self.segment_proof(job, piece)?;
            if stored.fulfil_tx.is_some() {
                continue;
            }
            match self.proven_on_chain(job, &pieces, piece, chain).await? {
                Some(tx) => {
                    let proof = SegmentProof { fulfil_tx: Some(tx), ..stored };
                    writes.push(Write::SegmentProof(job.id, piece, proof));
                }
                None => return self.sign(job, &pieces, piece, &stored.proof, writes, chain).await,
            }
        }
        if fulfilled {
            return self.fulfilled(job, writes, chain).await;
        }
        self.sign(job, &pieces, pieces.last(), &self.last_proof(job)?, writes, chain).await
    }

    /// Sends the stored transaction; what follows depends on what became of it.
    pub(super) async fn submit(&self, job: &Job, chain: &dyn Chain) -> Result<Next, EngineError> {
        let pending = job.pending.as_ref();
        let pending = pending.ok_or_else(|| EngineError::Task("SUBMITTING without a transaction".into()))?;
        let pieces = Pieces::of(self, job)?;
        let of_batch = self.last_proof(job)?.is_of_batch();
        let hash = || hex::encode(pending.hash);
        match chain.send(pending).await? {
            // One of a batch succeeds also where somebody else was faster with one of its jobs.
            Inclusion::Succeeded if pieces.count() == 1 && !of_batch => {
                Ok(Next { fulfil_tx: Some(pending.hash), ..Next::plain(JobState::Fulfilled) })
            }
            Inclusion::Succeeded if !self.is_done(job, &pieces, chain).await? => {
                let why = format!("transaction {} is included, its effect is not there yet", hash());
                Err(ChainError::Unavailable(why).into())
            }
            Inclusion::Reverted if !self.is_done(job, &pieces, chain).await? => {
                if of_batch {
                    return Ok(self.out_of_batch(job, &format!("transaction {} fails", hash())));
                }
                Err(ChainError::Reverted(format!("a failure of transaction {}", hash())).into())
            }
            Inclusion::Succeeded | Inclusion::Superseded | Inclusion::Reverted => {
                self.prepare(job, chain).await
            }
        }
    }

    async fn sign(
        &self,
        job: &Job,
        pieces: &Pieces<'_>,
        piece: u32,
        proof: &ProofRecord,
        writes: Vec<Write>,
        chain: &dyn Chain,
    ) -> Result<Next, EngineError> {
        let of = pieces.count();
        if of > 1 {
            let (step, permille) = (segment_of(piece, of), 1000 * piece / of);
            self.tell(job, JobProgress { step, permille, bootstrappings_done: 0, bootstrappings: 0 });
        }
        match chain.sign(&pieces.fulfilment(piece, proof)?).await {
            Ok(pending) => Ok(Next { pending: Some(pending), writes, ..Next::plain(JobState::Submitting) }),
            Err(ChainError::AlreadyFulfilled { .. }) if of == 1 && !proof.is_of_batch() => {
                self.fulfilled(job, writes, chain).await
            }
            // Between the look at the chain and the simulation somebody else was faster: the next look sees it.
            Err(ChainError::AlreadyFulfilled { .. } | ChainError::Reverted(_))
                if self.is_done(job, pieces, chain).await? =>
            {
                Err(ChainError::Unavailable(format!("{} is proven meanwhile", segment_of(piece, of))).into())
            }
            Err(
                error @ (ChainError::AlreadyFulfilled { .. }
                | ChainError::Reverted(_)
                | ChainError::UnknownRequest { .. }),
            ) if proof.is_of_batch() => Ok(self.out_of_batch(job, &error.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    /// The job is proved and sent by itself. Its proof with others stays until it has another.
    fn out_of_batch(&self, job: &Job, why: &str) -> Next {
        tracing::warn!(job = %job.id, why, "the chain refuses its batch: it is proved by itself");
        self.waiting().set_apart(job.id);
        Next::plain(JobState::Proving)
    }

    fn last_proof(&self, job: &Job) -> Result<ProofRecord, EngineError> {
        let proof = self.parts().store.proof(job.id)?;
        proof.ok_or_else(|| EngineError::not_found("proof of job", &job.id.0))
    }

    /// Whether the chain holds what the job's next transaction would bring: its request's outputs, or the first segment whose
    /// transaction is not known here.
    async fn is_done(&self, job: &Job, pieces: &Pieces<'_>, chain: &dyn Chain) -> Result<bool, EngineError> {
        if chain.request(&job.request_id).await?.fulfilled {
            return Ok(true);
        }
        for piece in 0..pieces.last() {
            if self.segment_proof(job, piece)?.fulfil_tx.is_none() {
                return Ok(chain.proven_segment(&job.request_id, piece).await?.is_some());
            }
        }
        Ok(false)
    }

    /// The transaction that proved a segment on chain, if one did. Error: its links are not this job's. They are a function of
    /// circuit, key and inputs: one of the two is wrong.
    async fn proven_on_chain(
        &self,
        job: &Job,
        pieces: &Pieces<'_>,
        piece: u32,
        chain: &dyn Chain,
    ) -> Result<Option<Bytes32>, EngineError> {
        let Some(links) = chain.proven_segment(&job.request_id, piece).await? else { return Ok(None) };
        let own = pieces.links_hash(piece)?;
        if links != own {
            return Err(EngineError::LinksDiffer {
                request: hex::encode(job.request_id),
                segment: piece,
                got: hex::encode(own),
                expected: hex::encode(links),
            });
        }
        match chain.segment_fulfilment(&job.request_id, piece).await? {
            Some(tx) => Ok(Some(tx)),
            // A node may show the state before the event.
            None => {
                let why = format!("segment {piece} is proven, its event is not there yet");
                Err(ChainError::Unavailable(why).into())
            }
        }
    }

    /// The contract holds the outputs, whoever sent them: they are a function of program and inputs.
    async fn fulfilled(&self, job: &Job, writes: Vec<Write>, chain: &dyn Chain) -> Result<Next, EngineError> {
        match chain.fulfilment(&job.request_id).await? {
            Some(tx) => Ok(Next { fulfil_tx: Some(tx), writes, ..Next::plain(JobState::Fulfilled) }),
            // A node may show the state before the event.
            None => {
                Err(ChainError::Unavailable("the request is fulfilled, its event is not there yet".into())
                    .into())
            }
        }
    }

    fn segment_proof(&self, job: &Job, piece: u32) -> Result<SegmentProof, EngineError> {
        let proof = self.parts().store.segment_proof(job.id, piece)?;
        proof.ok_or_else(|| EngineError::not_found("proof of a segment of job", &job.id.0))
    }
}
