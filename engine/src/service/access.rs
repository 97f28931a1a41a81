//! Access lists.

use super::idempotency::Attempt;
use super::limits::{MAX_READER_CHARS, MAX_READERS};
use super::{Service, wire};
use crate::domain::{AccessList, Principal};
use crate::error::EngineError;
use crate::store::Write;
use prost::Message;
use trine_proto::engine::v1 as pb;

impl Service {
    pub(super) fn change_access(
        &self,
        caller: &Principal,
        request: pb::SetAccessRequest,
    ) -> Result<pb::SetAccessResponse, EngineError> {
        let key = wire::idempotency_key(&request.idempotency_key)?;
        if request.readers.len() > MAX_READERS {
            let (got, expected) = (request.readers.len().to_string(), format!("at most {MAX_READERS}"));
            return Err(EngineError::FieldValue { field: "readers", got, expected });
        }
        if let Some(name) =
            request.readers.iter().find(|n| n.is_empty() || n.chars().count() > MAX_READER_CHARS)
        {
            let expected = "1 to 64 characters";
            return Err(EngineError::FieldLength { field: "reader", got: name.len(), expected });
        }
        let record = self.readable(Some(caller), &request.handle)?;
        if !record.access.may_change(caller) {
            let action = "change the access list of this ciphertext";
            return Err(EngineError::Forbidden { principal: caller.name.clone(), action });
        }
        let attempt = Attempt::new(caller, key, "SetAccess", &[&request.encode_to_vec()]);
        if let Some(answer) = self.answered(&attempt)? {
            return Ok(answer);
        }
        let access = AccessList {
            readers: request.readers,
            public: request.public,
            owner: record.access.owner.clone(),
        };
        let answer = pb::SetAccessResponse { access: Some(wire::access_list(&access)) };
        self.commit_once(&attempt, vec![Write::Access(record.handle, access)], answer)
    }
}
