//! A store that dies.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use trine_engine::domain::key::ContentId;
use trine_engine::domain::{
    CiphertextRecord, Job, JobId, JobState, KeyPoints, KeyRecord, ProofRecord, SegmentProof,
};
use trine_engine::store::{IdempotencyRecord, JobPosition, LinkPlace, RocksStore, Store, StoreError, Write};
use trine_verifier::Bytes32;

/// On which side of the disk the process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The state is lost, its effects outside are not.
    Before,
    /// The state is on disk, nobody has heard of it.
    After,
}

/// What the process dies around the write of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A job state, the so many-th time from 1.
    State(JobState, usize),
    /// The first write of the proof of a segment before the last.
    SegmentProof(u32),
    /// The first write of the proof of a batch.
    BatchProof,
}

impl Moment {
    fn is(&self, write: &Write) -> bool {
        match (self, write) {
            (Self::State(state, _), Write::Job(job)) => job.state == *state,
            (Self::SegmentProof(own), Write::SegmentProof(_, segment, _)) => segment == own,
            (Self::BatchProof, Write::Proof(_, proof)) => proof.is_of_batch(),
            _ => false,
        }
    }

    fn times(&self) -> usize {
        match self {
            Self::State(_, times) => *times,
            Self::SegmentProof(_) | Self::BatchProof => 1,
        }
    }
}

/// A store that fails once around a write, and from then on: the process is dead.
pub struct FakeCrash {
    inner: Arc<RocksStore>,
    moment: Moment,
    side: Side,
    /// Writes of the moment's kind so far.
    seen: AtomicUsize,
    dead: AtomicBool,
}

impl FakeCrash {
    pub fn at(inner: Arc<RocksStore>, moment: Moment, side: Side) -> Self {
        Self { inner, moment, side, seen: AtomicUsize::new(0), dead: AtomicBool::new(false) }
    }

    pub async fn died(&self) {
        while !self.dead.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn alive<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if self.dead.load(Ordering::SeqCst) {
            return Err(StoreError::Corrupt { what: "process", reason: "dead".into() });
        }
        result
    }
}

impl Store for FakeCrash {
    fn commit(&self, batch: Vec<Write>) -> Result<(), StoreError> {
        self.alive(Ok(()))?;
        let is_of_kind = batch.iter().any(|write| self.moment.is(write));
        if !is_of_kind || self.seen.fetch_add(1, Ordering::SeqCst) + 1 != self.moment.times() {
            return self.inner.commit(batch);
        }
        if self.side == Side::After {
            self.inner.commit(batch)?;
        }
        self.dead.store(true, Ordering::SeqCst);
        self.alive(Ok(()))
    }

    fn put_piece(&self, content: ContentId, index: u32, data: &[u8]) -> Result<(), StoreError> {
        self.alive(self.inner.put_piece(content, index, data))
    }
    fn piece(&self, content: ContentId, index: u32) -> Result<Option<Vec<u8>>, StoreError> {
        self.alive(self.inner.piece(content, index))
    }
    fn delete_pieces(&self, content: ContentId) -> Result<(), StoreError> {
        self.alive(self.inner.delete_pieces(content))
    }
    fn key(&self, digest: &Bytes32) -> Result<Option<KeyRecord>, StoreError> {
        self.alive(self.inner.key(digest))
    }
    fn key_points(&self, digest: &Bytes32) -> Result<Option<KeyPoints>, StoreError> {
        self.alive(self.inner.key_points(digest))
    }
    fn ciphertext(&self, handle: &Bytes32) -> Result<Option<CiphertextRecord>, StoreError> {
        self.alive(self.inner.ciphertext(handle))
    }
    fn words(&self, handle: &Bytes32) -> Result<Option<Vec<u8>>, StoreError> {
        self.alive(self.inner.words(handle))
    }
    fn program(&self, id: &Bytes32) -> Result<Option<String>, StoreError> {
        self.alive(self.inner.program(id))
    }
    fn job(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        self.alive(self.inner.job(id))
    }
    fn proof(&self, id: JobId) -> Result<Option<ProofRecord>, StoreError> {
        self.alive(self.inner.proof(id))
    }
    fn link(&self, place: LinkPlace) -> Result<Option<CiphertextRecord>, StoreError> {
        self.alive(self.inner.link(place))
    }
    fn link_words(&self, place: LinkPlace) -> Result<Option<Vec<u8>>, StoreError> {
        self.alive(self.inner.link_words(place))
    }
    fn segment_proof(&self, id: JobId, segment: u32) -> Result<Option<SegmentProof>, StoreError> {
        self.alive(self.inner.segment_proof(id, segment))
    }
    fn wires(
        &self,
        job: JobId,
        each: &mut dyn FnMut(u32, Vec<u8>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.alive(self.inner.wires(job, each))
    }
    fn idempotency(&self, key: &Bytes32) -> Result<Option<IdempotencyRecord>, StoreError> {
        self.alive(self.inner.idempotency(key))
    }
    fn jobs(
        &self,
        before: Option<JobPosition>,
        limit: usize,
        keep: &dyn Fn(&Job) -> bool,
    ) -> Result<Vec<Job>, StoreError> {
        self.alive(self.inner.jobs(before, limit, keep))
    }
    fn open_jobs(&self, chain: bool) -> Result<Vec<Job>, StoreError> {
        self.alive(self.inner.open_jobs(chain))
    }
}
