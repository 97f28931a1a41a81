//! Records on disk: bincode behind one byte of version. Earlier versions are read for ever.

use super::StoreError;
use crate::domain::ciphertext::StoredOrigin;
use crate::domain::job::OutputRef;
use crate::domain::{
    AccessList, CiphertextRecord, ContentDigest, Job, JobFailure, JobId, JobState, KeyPoints, KeyRecord,
    NoiseRecord, PendingTransaction, ProofRecord, SegmentProof, Work,
};
use crate::store::IdempotencyRecord;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use trine_program::{KeyKind, ValueType};
use trine_verifier::Bytes32;

/// A kind of record.
pub trait Record: Serialize + DeserializeOwned {
    /// Its name, for messages.
    const WHAT: &'static str;
    /// Version that is written.
    const VERSION: u8 = 1;

    /// Reads an earlier version; `None` for one that never was.
    fn earlier(_version: u8, _record: &[u8]) -> Option<bincode::Result<Self>> {
        None
    }
}

impl Record for KeyRecord {
    const WHAT: &'static str = "key";
}

impl Record for ContentDigest {
    const WHAT: &'static str = "key alias";
}

impl Record for KeyPoints {
    const WHAT: &'static str = "key points";
}

/// The first version had no batches.
impl Record for ProofRecord {
    const WHAT: &'static str = "proof";
    const VERSION: u8 = 2;

    fn earlier(version: u8, record: &[u8]) -> Option<bincode::Result<Self>> {
        (version == 1).then(|| bincode::deserialize::<ProofRecord1>(record).map(Self::from))
    }
}

/// The first version had no batches.
impl Record for SegmentProof {
    const WHAT: &'static str = "proof of a segment";
    const VERSION: u8 = 2;

    fn earlier(version: u8, record: &[u8]) -> Option<bincode::Result<Self>> {
        (version == 1).then(|| bincode::deserialize::<SegmentProof1>(record).map(Self::from))
    }
}

impl Record for IdempotencyRecord {
    const WHAT: &'static str = "idempotency";
}

/// The job that answers a request.
impl Record for JobId {
    const WHAT: &'static str = "claim";
}

/// The second version had no outputs of later segments; the encoding of everything else is the same.
impl Record for CiphertextRecord {
    const WHAT: &'static str = "ciphertext";
    const VERSION: u8 = 3;

    fn earlier(version: u8, record: &[u8]) -> Option<bincode::Result<Self>> {
        match version {
            1 => Some(bincode::deserialize::<CiphertextRecord1>(record).map(Self::from)),
            2 => Some(bincode::deserialize(record)),
            _ => None,
        }
    }
}

/// The second version had no requested circuits; the encoding of everything else is the same.
impl Record for Job {
    const WHAT: &'static str = "job";
    const VERSION: u8 = 3;

    fn earlier(version: u8, record: &[u8]) -> Option<bincode::Result<Self>> {
        match version {
            1 => Some(bincode::deserialize::<Job1>(record).map(Self::from)),
            2 => Some(bincode::deserialize(record)),
            _ => None,
        }
    }
}

/// As it is stored.
pub fn encode<T: Record>(value: &T) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![T::VERSION];
    bincode::serialize_into(&mut bytes, value).map_err(|e| corrupt::<T>(e.to_string()))?;
    Ok(bytes)
}

/// From its stored bytes, of any version that there has been.
pub fn decode<T: Record>(bytes: &[u8]) -> Result<T, StoreError> {
    let Some((&version, record)) = bytes.split_first() else {
        return Err(corrupt::<T>("empty".into()));
    };
    let read =
        if version == T::VERSION { Some(bincode::deserialize(record)) } else { T::earlier(version, record) };
    let unknown = || corrupt::<T>(format!("version {version}, expected at most {}", T::VERSION));
    read.ok_or_else(unknown)?.map_err(|e| corrupt::<T>(e.to_string()))
}

fn corrupt<T: Record>(reason: String) -> StoreError {
    StoreError::Corrupt { what: T::WHAT, reason }
}

/// When each proof was of one job, or of one segment.
#[derive(Serialize, Deserialize)]
struct ProofRecord1 {
    inner: Vec<u8>,
    wrapped: Vec<u8>,
    public_inputs: Vec<Bytes32>,
    argument_ms: u64,
    wrap_ms: u64,
}

impl From<ProofRecord1> for ProofRecord {
    fn from(r: ProofRecord1) -> Self {
        Self {
            inner: r.inner,
            wrapped: r.wrapped,
            public_inputs: r.public_inputs,
            argument_ms: r.argument_ms,
            wrap_ms: r.wrap_ms,
            batch: Vec::new(),
        }
    }
}

/// A segment's proof of that time.
#[derive(Serialize, Deserialize)]
struct SegmentProof1 {
    proof: ProofRecord1,
    fulfil_tx: Option<Bytes32>,
}

impl From<SegmentProof1> for SegmentProof {
    fn from(r: SegmentProof1) -> Self {
        Self { proof: r.proof.into(), fulfil_tx: r.fulfil_tx }
    }
}

/// Before handles had a noise record.
#[derive(Serialize, Deserialize)]
struct CiphertextRecord1 {
    handle: Bytes32,
    key_digest: Bytes32,
    key_kind: KeyKind,
    value_type: ValueType,
    blocks: u8,
    origin: StoredOrigin,
    commitment: [Bytes32; 2],
    words_digest: Bytes32,
    words_bytes: u64,
    proven: bool,
    job: Option<JobId>,
    access: AccessList,
}

impl From<CiphertextRecord1> for CiphertextRecord {
    fn from(r: CiphertextRecord1) -> Self {
        let noise = match r.origin {
            StoredOrigin::Input { .. } => NoiseRecord::fresh(r.value_type),
            // Of a linear program whose noise nobody wrote down: no circuit takes it.
            StoredOrigin::Output { .. } | StoredOrigin::LaterOutput { .. } => {
                NoiseRecord { level: u8::MAX, ..NoiseRecord::fresh(ValueType::Nibbles) }
            }
        };
        Self {
            handle: r.handle,
            key_digest: r.key_digest,
            key_kind: r.key_kind,
            value_type: r.value_type,
            blocks: r.blocks,
            origin: r.origin,
            commitment: r.commitment,
            words_digest: r.words_digest,
            words_bytes: r.words_bytes,
            proven: r.proven,
            noise,
            job: r.job,
            access: r.access,
        }
    }
}

/// When every job was a linear program.
#[derive(Serialize, Deserialize)]
struct Job1 {
    id: JobId,
    state: JobState,
    revision: u64,
    owner: String,
    request_id: Bytes32,
    salt: Bytes32,
    program_id: Bytes32,
    key_digest: Bytes32,
    inputs: Vec<Bytes32>,
    outputs: Vec<OutputRef>,
    failure: Option<JobFailure>,
    pending: Option<PendingTransaction>,
    fulfil_tx: Option<Bytes32>,
    created_ms: u64,
    updated_ms: u64,
}

impl From<Job1> for Job {
    fn from(j: Job1) -> Self {
        Self {
            id: j.id,
            state: j.state,
            revision: j.revision,
            owner: j.owner,
            request_id: j.request_id,
            salt: j.salt,
            work: Work::Linear(j.program_id),
            key_digest: j.key_digest,
            inputs: j.inputs,
            outputs: j.outputs,
            failure: j.failure,
            pending: j.pending,
            fulfil_tx: j.fulfil_tx,
            created_ms: j.created_ms,
            updated_ms: j.updated_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::CircuitWork;

    fn stored(version: u8, record: &impl Serialize) -> Vec<u8> {
        let mut bytes = vec![version];
        bincode::serialize_into(&mut bytes, record).unwrap();
        bytes
    }

    fn ciphertext(origin: StoredOrigin) -> CiphertextRecord1 {
        CiphertextRecord1 {
            handle: [1; 32],
            key_digest: [2; 32],
            key_kind: KeyKind::Compute,
            value_type: ValueType::Uint8,
            blocks: 4,
            origin,
            commitment: [[3; 32]; 2],
            words_digest: [4; 32],
            words_bytes: 5,
            proven: true,
            job: Some(JobId([6; 16])),
            access: AccessList::owned_by("alice"),
        }
    }

    #[test]
    fn ciphertexts_of_the_first_version_are_fresh_uploads_or_inputs_of_no_circuit() {
        let upload = StoredOrigin::Input { registrant: [7; 20], consumer: [8; 20] };
        let read: CiphertextRecord = decode(&stored(1, &ciphertext(upload))).unwrap();
        assert_eq!((read.noise, read.words_bytes), (NoiseRecord::fresh(ValueType::Uint8), 5));
        assert_eq!((read.job, read.access.owner.as_str()), (Some(JobId([6; 16])), "alice"));
        let output = StoredOrigin::Output { request_id: [9; 32], index: 0 };
        let read: CiphertextRecord = decode(&stored(1, &ciphertext(output))).unwrap();
        assert_eq!(read.noise.level, u8::MAX);
        assert_eq!(decode::<CiphertextRecord>(&encode(&read).unwrap()).unwrap(), read);
        assert_eq!(decode::<CiphertextRecord>(&stored(2, &read)).unwrap(), read, "the second version");
        let later = StoredOrigin::LaterOutput { request_id: [9; 32], segment: 2, index: 0 };
        let read = CiphertextRecord { origin: later, ..read };
        assert_eq!(decode::<CiphertextRecord>(&encode(&read).unwrap()).unwrap(), read);
    }

    #[test]
    fn jobs_of_the_first_version_are_linear_programs() {
        let job = Job1 {
            id: JobId([1; 16]),
            state: JobState::Proving,
            revision: 4,
            owner: "alice".into(),
            request_id: [2; 32],
            salt: [3; 32],
            program_id: [4; 32],
            key_digest: [5; 32],
            inputs: vec![[6; 32]],
            outputs: vec![OutputRef { handle: [7; 32], words_digest: [8; 32] }],
            failure: None,
            pending: None,
            fulfil_tx: None,
            created_ms: 9,
            updated_ms: 10,
        };
        let read: Job = decode(&stored(1, &job)).unwrap();
        assert_eq!((read.work.clone(), read.revision), (Work::Linear([4; 32]), 4));
        assert_eq!((read.created_ms, read.updated_ms), (9, 10));
        assert_eq!(decode::<Job>(&encode(&read).unwrap()).unwrap(), read);
        let circuit = CircuitWork { submitted_id: [1; 32], circuit_id: [2; 32], bootstrappings: 3 };
        for (version, work) in [
            (2, Work::Linear([4; 32])),
            (2, Work::Circuit(circuit)),
            (3, Work::Circuit(circuit)),
            (3, Work::RequestedCircuit(circuit)),
        ] {
            let job = Job { work, ..read.clone() };
            assert_eq!(decode::<Job>(&stored(version, &job)).unwrap(), job, "version {version}");
        }
    }

    #[test]
    fn proofs_of_the_first_version_are_of_one_job_alone() {
        let old = || ProofRecord1 {
            inner: vec![1],
            wrapped: vec![2, 3],
            public_inputs: vec![[4; 32]],
            argument_ms: 5,
            wrap_ms: 6,
        };
        let read: ProofRecord = decode(&stored(1, &old())).unwrap();
        assert_eq!((read.inner.clone(), read.wrapped.clone(), read.wrap_ms), (vec![1], vec![2, 3], 6));
        assert!(!read.is_of_batch());
        let segment = SegmentProof1 { proof: old(), fulfil_tx: Some([7; 32]) };
        let segment: SegmentProof = decode(&stored(1, &segment)).unwrap();
        assert_eq!(segment, SegmentProof { proof: read.clone(), fulfil_tx: Some([7; 32]) });
        assert_eq!(decode::<SegmentProof>(&encode(&segment).unwrap()).unwrap(), segment);
        let batch = ProofRecord { batch: vec![JobId([8; 16]), JobId([9; 16])], ..read };
        assert_eq!(decode::<ProofRecord>(&encode(&batch).unwrap()).unwrap(), batch);
        assert!(decode::<ProofRecord>(&stored(3, &batch)).is_err());
    }

    #[test]
    fn unknown_versions_and_cut_records_are_corrupt() {
        for bytes in [vec![], vec![4, 0], vec![0, 0], vec![2], vec![3], vec![1, 5]] {
            assert!(
                matches!(decode::<Job>(&bytes), Err(StoreError::Corrupt { what: "job", .. })),
                "{bytes:?}"
            );
        }
    }
}
