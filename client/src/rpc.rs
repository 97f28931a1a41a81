//! gRPC as all services of Trine speak it: bearer tokens on calls, named errors in answers.

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Code, Request, Status};

/// Metadata entries that name an error: of engine and prover, of keyholders.
pub const ERROR_NAMES: [&str; 2] = ["trine-error", "trine-refusal"];

/// Why a call to a service has no result.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RpcError {
    /// No connection.
    #[error("{service}: no connection to {endpoint}: {reason}")]
    Connection {
        /// The service.
        service: &'static str,
        /// Its address.
        endpoint: String,
        /// What fails.
        reason: String,
    },
    /// The token holds characters that no header takes.
    #[error("{service}: the token is not printable ASCII")]
    Token {
        /// The service.
        service: &'static str,
    },
    /// The service refuses.
    #[error("{service}.{call}: {code:?}: {message}")]
    Refused {
        /// The service.
        service: &'static str,
        /// The call.
        call: &'static str,
        /// gRPC status code.
        code: Code,
        /// Name of the error, empty when the service gave none.
        name: String,
        /// Message of the service.
        message: String,
    },
    /// The service answers something that the protocol does not allow.
    #[error("{service}.{call}: answer has {what}")]
    Answer {
        /// The service.
        service: &'static str,
        /// The call.
        call: &'static str,
        /// What is wrong.
        what: String,
    },
}

impl RpcError {
    /// From the status of a call.
    pub fn refused(service: &'static str, call: &'static str, status: &Status) -> Self {
        let entry = |key: &&str| status.metadata().get(*key).and_then(|v| v.to_str().ok());
        let named = ERROR_NAMES.iter().find_map(entry);
        let name = named.map_or_else(|| leading_name(status.message()), str::to_string);
        Self::Refused { service, call, code: status.code(), name, message: status.message().into() }
    }

    /// Name of the error as the service gave it.
    pub fn name(&self) -> &str {
        match self {
            Self::Refused { name, .. } => name,
            _ => "",
        }
    }

    /// Whether the same call may succeed later (the retry rule of the protos).
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Connection { .. } => true,
            Self::Refused { code, .. } => {
                matches!(code, Code::Unavailable | Code::ResourceExhausted | Code::NotFound)
            }
            _ => false,
        }
    }
}

/// `NAME` of a message `NAME: words`, where it looks like one.
fn leading_name(message: &str) -> String {
    let name = message.split(':').next().unwrap_or_default();
    let shaped = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if shaped { name.into() } else { String::new() }
}

/// Adds `authorization: Bearer TOKEN` to every call.
#[derive(Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Bearer {
    /// For one token.
    pub fn new(service: &'static str, token: &str) -> Result<Self, RpcError> {
        let mut value: MetadataValue<Ascii> =
            format!("Bearer {token}").parse().map_err(|_| RpcError::Token { service })?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_keep_their_name() {
        let by_message = Status::invalid_argument("CHUNK_OFFSET: chunk at byte 5, expected 0");
        assert_eq!(RpcError::refused("engine", "UploadCiphertext", &by_message).name(), "CHUNK_OFFSET");
        for entry in ERROR_NAMES {
            let mut by_metadata = Status::permission_denied("not yours");
            by_metadata.metadata_mut().insert(entry, "ACCESS".parse().unwrap());
            assert_eq!(RpcError::refused("engine", "GetJob", &by_metadata).name(), "ACCESS");
        }
        let unnamed = Status::internal("no name here: none");
        assert_eq!(RpcError::refused("engine", "GetJob", &unnamed).name(), "");
    }

    #[test]
    fn only_the_codes_of_the_protos_are_retried() {
        for (status, retried) in [
            (Status::unavailable(""), true),
            (Status::resource_exhausted(""), true),
            (Status::not_found(""), true),
            (Status::internal(""), false),
            (Status::deadline_exceeded(""), false),
        ] {
            assert_eq!(RpcError::refused("engine", "GetJob", &status).is_retryable(), retried);
        }
    }

    #[test]
    fn a_token_with_a_line_feed_is_refused() {
        assert!(Bearer::new("engine", "a\nb").is_err());
    }
}
