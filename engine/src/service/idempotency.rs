//! The same request again gets the same answer and has no second effect.

use super::Service;
use crate::domain::Principal;
use crate::error::EngineError;
use crate::store::{IdempotencyRecord, StoreError, Write};
use prost::Message;
use trine_verifier::Bytes32;

/// One use of an idempotency key.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Digest of principal and key.
    place: Bytes32,
    /// Digest of call and request.
    request: Bytes32,
    /// The key, for messages.
    key: String,
}

impl Attempt {
    /// Of a caller's `key` for `call` with a request of these bytes.
    pub fn new(caller: &Principal, key: &[u8], call: &'static str, request: &[&[u8]]) -> Self {
        Self {
            place: digest("trine.engine.idempotency.key", &[caller.name.as_bytes(), key]),
            request: digest(call, request),
            key: hex::encode(key),
        }
    }

    /// What is stored with the effect.
    pub fn write(&self, answer: &impl Message) -> Write {
        let record = IdempotencyRecord { request: self.request, answer: answer.encode_to_vec() };
        Write::Idempotency(self.place, record)
    }
}

/// Parts are told apart by their lengths.
fn digest(label: &'static str, parts: &[&[u8]]) -> Bytes32 {
    let mut hasher = blake3::Hasher::new_derive_key(label);
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
    hasher.finalize().into()
}

impl Service {
    /// The answer to an earlier attempt with the same request. Another request under the key is refused.
    pub(super) fn answered<T: Message + Default>(&self, attempt: &Attempt) -> Result<Option<T>, EngineError> {
        let Some(record) = self.store().idempotency(&attempt.place)? else { return Ok(None) };
        if record.request != attempt.request {
            return Err(EngineError::IdempotencyKeyReused { key: attempt.key.clone() });
        }
        let corrupt = |e: prost::DecodeError| StoreError::Corrupt { what: "answer", reason: e.to_string() };
        Ok(Some(T::decode(record.answer.as_slice()).map_err(corrupt)?))
    }

    /// Commits an effect with its answer; where the same attempt came first, its answer is given.
    pub(super) fn commit_once<T: Message + Default>(
        &self,
        attempt: &Attempt,
        mut writes: Vec<Write>,
        answer: T,
    ) -> Result<T, EngineError> {
        writes.push(attempt.write(&answer));
        let committed = self.store().commit(writes);
        self.or_answered(attempt, committed, answer)
    }

    /// The answer of what was committed, or of the same attempt that came first.
    pub(super) fn or_answered<T: Message + Default>(
        &self,
        attempt: &Attempt,
        committed: Result<(), StoreError>,
        answer: T,
    ) -> Result<T, EngineError> {
        match committed {
            Ok(()) => Ok(answer),
            Err(StoreError::IdempotencyKey) => {
                let first = self.answered(attempt)?;
                first.ok_or_else(|| EngineError::Task("an idempotency key is used without an answer".into()))
            }
            Err(StoreError::Claimed { request, job }) => {
                Err(EngineError::RequestTaken { request: hex::encode(request), job: job.to_string() })
            }
            Err(error) => Err(error.into()),
        }
    }
}
