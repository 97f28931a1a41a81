//! The store in RocksDB: keys as `layout` says, records as [`record`](super::record) says.

use super::layout::{
    CIPHERTEXTS, FAMILIES, IDEMPOTENCY, JOBS, KEYS, LINKS, PROGRAMS, PROOFS, WIRES, indexed, link_key,
    piece_key, tagged,
};
use super::record::{Record, decode, encode};
use super::{IdempotencyRecord, JobPosition, LinkPlace, Store, StoreError, Write, position};
use crate::domain::key::ContentId;
use crate::domain::{
    CiphertextRecord, ContentDigest, Job, JobId, JobState, KeyPoints, KeyRecord, ProofRecord, SegmentProof,
};
use rocksdb::{
    ColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType, Direction, IteratorMode, Options,
    WriteBatch, WriteOptions,
};
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use trine_verifier::Bytes32;

/// The store of one engine. The folder is locked: one process at a time.
pub struct RocksStore {
    db: DB,
    /// Held from the checks of a batch to its write.
    commits: Mutex<()>,
}

impl RocksStore {
    /// Opens or makes the store, and forgets the pieces of uploads that a crash cut off.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let mut options = Options::default();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        options.set_compression_type(DBCompressionType::None);
        let families = FAMILIES.map(|name| {
            let mut options = Options::default();
            // Ciphertexts and keys are uniform bytes: only texts and records compress.
            let compress = matches!(name, PROGRAMS | JOBS | IDEMPOTENCY);
            options.set_compression_type(if compress {
                DBCompressionType::Zstd
            } else {
                DBCompressionType::None
            });
            ColumnFamilyDescriptor::new(name, options)
        });
        let db = DB::open_cf_descriptors(&options, folder, families)?;
        let store = Self { db, commits: Mutex::new(()) };
        store.forget_orphans()?;
        Ok(store)
    }

    fn family(&self, name: &'static str) -> Result<&ColumnFamily, StoreError> {
        let missing = || StoreError::Corrupt { what: name, reason: "no such column family".into() };
        self.db.cf_handle(name).ok_or_else(missing)
    }

    fn get(&self, family: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.db.get_cf(self.family(family)?, key)?)
    }

    fn record<T: Record>(&self, family: &'static str, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.get(family, key)?.map(|bytes| decode(&bytes)).transpose()
    }

    fn forget_orphans(&self) -> Result<(), StoreError> {
        let family = self.family(KEYS)?;
        let mut named = HashSet::new();
        let mut pieces = HashSet::new();
        for entry in self.db.iterator_cf(family, IteratorMode::Start) {
            let (key, value) = entry?;
            match key.split_first() {
                Some((b'r', _)) => {
                    named.insert(decode::<KeyRecord>(&value)?.content);
                }
                Some((b'p', rest)) => {
                    if let Some(id) = rest.first_chunk::<16>() {
                        pieces.insert(ContentId(*id));
                    }
                }
                _ => {}
            }
        }
        pieces.difference(&named).try_for_each(|content| self.delete_pieces(*content))
    }

    fn check(&self, write: &Write) -> Result<(), StoreError> {
        match write {
            Write::Job(job) => {
                let stored = self.job(job.id)?.map_or(0, |stored| stored.revision);
                if job.revision != stored + 1 {
                    return Err(StoreError::Revision { job: job.id, stored, to: job.revision });
                }
            }
            Write::Idempotency(key, _) if self.get(IDEMPOTENCY, key)?.is_some() => {
                return Err(StoreError::IdempotencyKey);
            }
            Write::Claim(request, job) => {
                let holder = self.record::<JobId>(JOBS, &tagged(b'q', request))?;
                let holder = holder.map(|id| self.job(id)).transpose()?.flatten();
                let lives = |j: &Job| !matches!(j.state, JobState::Failed | JobState::Cancelled);
                if let Some(other) = holder.filter(|j| j.id != *job && lives(j)) {
                    return Err(StoreError::Claimed { request: *request, job: other.id });
                }
            }
            Write::Wires(wires) => {
                let state = self.job(wires.job)?.map(|job| job.state);
                if state != Some(JobState::Evaluating) {
                    return Err(StoreError::NotEvaluating { job: wires.job });
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn stage(&self, batch: &mut WriteBatch, write: Write) -> Result<(), StoreError> {
        match write {
            Write::Key(r) => batch.put_cf(self.family(KEYS)?, tagged(b'r', &r.key_digest), encode(&r)?),
            Write::KeyAlias(digest, content) => {
                batch.put_cf(self.family(KEYS)?, tagged(b'a', &digest), encode(&content)?);
            }
            Write::KeyPoints(digest, points) => {
                batch.put_cf(self.family(KEYS)?, tagged(b'c', &digest), encode(&points)?);
            }
            Write::Ciphertext(r, words) => {
                let family = self.family(CIPHERTEXTS)?;
                batch.put_cf(family, tagged(b'w', &r.handle), words);
                batch.put_cf(family, tagged(b'r', &r.handle), encode(&r)?);
            }
            Write::Access(handle, access) => {
                let changed = CiphertextRecord { access, ..self.known(&handle)? };
                batch.put_cf(self.family(CIPHERTEXTS)?, tagged(b'r', &handle), encode(&changed)?);
            }
            Write::MarkProven(handle) => {
                let changed = CiphertextRecord { proven: true, ..self.known(&handle)? };
                batch.put_cf(self.family(CIPHERTEXTS)?, tagged(b'r', &handle), encode(&changed)?);
            }
            Write::Program(id, text) => batch.put_cf(self.family(PROGRAMS)?, id, text),
            Write::Job(job) => {
                let family = self.family(JOBS)?;
                batch.put_cf(family, tagged(b'j', &job.id.0), encode(&job)?);
                batch.put_cf(family, tagged(b't', &position(&job)), []);
                if job.work.circuit().is_some() && !job.state.is_before_outputs() {
                    self.forget_wires(batch, job.id)?;
                }
                if job.work.circuit().is_some() && job.state.is_after_proofs() {
                    self.forget_link_words(batch, job.id)?;
                }
                // Proven is an end only without a chain, which the index does not know.
                if job.is_final(true) {
                    batch.delete_cf(family, tagged(b'o', &job.id.0));
                } else {
                    batch.put_cf(family, tagged(b'o', &job.id.0), []);
                }
            }
            Write::Wires(wires) => {
                let family = self.family(WIRES)?;
                for index in wires.dropped {
                    batch.put_cf(family, indexed(wires.job, index), []);
                }
                for (index, words) in wires.kept {
                    batch.put_cf(family, indexed(wires.job, index), words);
                }
            }
            Write::Proof(id, proof) => batch.put_cf(self.family(PROOFS)?, id.0, encode(&proof)?),
            Write::Link(place, r, words) => {
                let family = self.family(LINKS)?;
                batch.put_cf(family, link_key(b'w', place), words);
                batch.put_cf(family, link_key(b'r', place), encode(&r)?);
            }
            Write::SegmentProof(id, segment, proof) => {
                batch.put_cf(self.family(PROOFS)?, indexed(id, segment), encode(&proof)?);
            }
            Write::Idempotency(key, r) => {
                batch.put_cf(self.family(IDEMPOTENCY)?, key, encode(&r)?);
            }
            Write::Claim(request, job) => {
                batch.put_cf(self.family(JOBS)?, tagged(b'q', &request), encode(&job)?);
            }
        }
        Ok(())
    }

    fn forget_wires(&self, batch: &mut WriteBatch, job: JobId) -> Result<(), StoreError> {
        let family = self.family(WIRES)?;
        batch.delete_range_cf(family, indexed(job, 0), indexed(job, u32::MAX));
        Ok(())
    }

    fn forget_link_words(&self, batch: &mut WriteBatch, job: JobId) -> Result<(), StoreError> {
        let place = |segment| LinkPlace { job, segment, output: 0 };
        batch.delete_range_cf(self.family(LINKS)?, link_key(b'w', place(0)), link_key(b'w', place(u32::MAX)));
        Ok(())
    }

    /// The stored record that a batch changes.
    fn known(&self, handle: &Bytes32) -> Result<CiphertextRecord, StoreError> {
        let missing = || StoreError::Corrupt { what: "ciphertext", reason: "the record is gone".into() };
        self.ciphertext(handle)?.ok_or_else(missing)
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        // The mutex guards no data: a panic while it was held left nothing half done.
        self.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keys of one tag in a direction, without the tag.
    fn tagged_keys(
        &self,
        family: &'static str,
        from: &[u8],
        direction: Direction,
    ) -> Result<impl Iterator<Item = Result<Vec<u8>, StoreError>>, StoreError> {
        let tag = from.first().copied();
        let entries = self.db.iterator_cf(self.family(family)?, IteratorMode::From(from, direction));
        Ok(entries.map_while(move |entry| match entry {
            Ok((key, _)) => match key.split_first() {
                Some((t, rest)) if Some(*t) == tag => Some(Ok(rest.to_vec())),
                _ => None,
            },
            Err(error) => Some(Err(error.into())),
        }))
    }
}

impl Store for RocksStore {
    fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let _one_at_a_time = self.lock();
        let mut batch = WriteBatch::default();
        for write in writes {
            self.check(&write)?;
            self.stage(&mut batch, write)?;
        }
        let mut durable = WriteOptions::default();
        durable.set_sync(true);
        Ok(self.db.write_opt(batch, &durable)?)
    }

    fn put_piece(&self, content: ContentId, index: u32, data: &[u8]) -> Result<(), StoreError> {
        Ok(self.db.put_cf(self.family(KEYS)?, piece_key(content, index), data)?)
    }

    fn piece(&self, content: ContentId, index: u32) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(KEYS, &piece_key(content, index))
    }

    fn delete_pieces(&self, content: ContentId) -> Result<(), StoreError> {
        let (from, to) = (piece_key(content, 0), piece_key(content, u32::MAX));
        let mut batch = WriteBatch::default();
        batch.delete_range_cf(self.family(KEYS)?, from, to);
        Ok(self.db.write(batch)?)
    }

    fn key(&self, digest: &Bytes32) -> Result<Option<KeyRecord>, StoreError> {
        if let Some(record) = self.record(KEYS, &tagged(b'r', digest))? {
            return Ok(Some(record));
        }
        match self.record::<ContentDigest>(KEYS, &tagged(b'a', digest))? {
            Some(ContentDigest(content)) => self.record(KEYS, &tagged(b'r', &content)),
            None => Ok(None),
        }
    }

    fn key_points(&self, digest: &Bytes32) -> Result<Option<KeyPoints>, StoreError> {
        self.record(KEYS, &tagged(b'c', digest))
    }

    fn ciphertext(&self, handle: &Bytes32) -> Result<Option<CiphertextRecord>, StoreError> {
        self.record(CIPHERTEXTS, &tagged(b'r', handle))
    }

    fn words(&self, handle: &Bytes32) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(CIPHERTEXTS, &tagged(b'w', handle))
    }

    fn program(&self, id: &Bytes32) -> Result<Option<String>, StoreError> {
        let corrupt = |_| StoreError::Corrupt { what: "program", reason: "not UTF-8".into() };
        self.get(PROGRAMS, id)?.map(|text| String::from_utf8(text).map_err(corrupt)).transpose()
    }

    fn job(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        self.record(JOBS, &tagged(b'j', &id.0))
    }

    fn proof(&self, id: JobId) -> Result<Option<ProofRecord>, StoreError> {
        self.record(PROOFS, &id.0)
    }

    fn link(&self, place: LinkPlace) -> Result<Option<CiphertextRecord>, StoreError> {
        self.record(LINKS, &link_key(b'r', place))
    }

    fn link_words(&self, place: LinkPlace) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(LINKS, &link_key(b'w', place))
    }

    fn segment_proof(&self, id: JobId, segment: u32) -> Result<Option<SegmentProof>, StoreError> {
        self.record(PROOFS, &indexed(id, segment))
    }

    fn wires(
        &self,
        job: JobId,
        each: &mut dyn FnMut(u32, Vec<u8>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let from = indexed(job, 0);
        let entries = self.db.iterator_cf(self.family(WIRES)?, IteratorMode::From(&from, Direction::Forward));
        for entry in entries {
            let (key, words) = entry?;
            let Some((id, index)) = key.split_at_checked(job.0.len()) else { break };
            if id != job.0 {
                break;
            }
            let wrong =
                |_| StoreError::Corrupt { what: "wire", reason: format!("key of {} bytes", key.len()) };
            each(u32::from_be_bytes(index.try_into().map_err(wrong)?), words.into_vec())?;
        }
        Ok(())
    }

    fn idempotency(&self, key: &Bytes32) -> Result<Option<IdempotencyRecord>, StoreError> {
        self.record(IDEMPOTENCY, key)
    }

    fn jobs(
        &self,
        before: Option<JobPosition>,
        limit: usize,
        keep: &dyn Fn(&Job) -> bool,
    ) -> Result<Vec<Job>, StoreError> {
        let from = tagged(b't', &before.unwrap_or([0xff; 24]));
        let mut found = Vec::new();
        for entry in self.tagged_keys(JOBS, &from, Direction::Reverse)? {
            let place = entry?;
            if found.len() == limit {
                break;
            }
            // The page before ended with `before` itself.
            if before.is_some_and(|b| place == b) {
                continue;
            }
            if let Some(id) = place.last_chunk::<16>()
                && let Some(job) = self.job(JobId(*id))?
                && keep(&job)
            {
                found.push(job);
            }
        }
        Ok(found)
    }

    fn open_jobs(&self, chain: bool) -> Result<Vec<Job>, StoreError> {
        let mut open = Vec::new();
        for entry in self.tagged_keys(JOBS, b"o", Direction::Forward)? {
            if let Some(id) = entry?.first_chunk::<16>()
                && let Some(job) = self.job(JobId(*id))?
                && !job.is_final(chain)
            {
                open.push(job);
            }
        }
        Ok(open)
    }
}
