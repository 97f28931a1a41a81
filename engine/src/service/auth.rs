//! Bearer tokens to principals.

use crate::domain::{Principal, Role};
use crate::error::EngineError;
use subtle::{ConditionallySelectable, ConstantTimeEq};
use tonic::metadata::MetadataMap;

/// Metadata entry of the token.
pub const HEADER: &str = "authorization";
const SCHEME: &str = "Bearer ";

/// Fewest characters of a token: 128 bits in hexadecimal.
pub const MIN_TOKEN_CHARS: usize = 32;
/// Most characters of a token that are looked at.
const MAX_TOKEN_CHARS: usize = 512;
/// Most tokens of an engine.
const MAX_TOKENS: usize = 1024;

/// Why tokens are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Too short to be secret, or too long.
    #[error("token of {principal} has {got} characters, expected {MIN_TOKEN_CHARS} to {MAX_TOKEN_CHARS}")]
    Length {
        /// Whose token.
        principal: String,
        /// Its length.
        got: usize,
    },
    /// Two principals with one token or one name.
    #[error("{0} has the name or the token of another principal")]
    Duplicate(String),
    /// None, or too many.
    #[error("{0} tokens, expected 1 to {MAX_TOKENS}")]
    Count(usize),
}

/// The tokens of an engine, as digests.
pub struct Tokens(Vec<([u8; 32], Principal)>);

impl Tokens {
    /// From principals and their tokens.
    pub fn new(tokens: impl IntoIterator<Item = (Principal, String)>) -> Result<Self, TokenError> {
        let mut known: Vec<([u8; 32], Principal)> = Vec::new();
        for (principal, token) in tokens {
            let got = token.len();
            if !(MIN_TOKEN_CHARS..=MAX_TOKEN_CHARS).contains(&got) {
                return Err(TokenError::Length { principal: principal.name, got });
            }
            let digest = digest(&token);
            if known.iter().any(|(d, p)| *d == digest || p.name == principal.name) {
                return Err(TokenError::Duplicate(principal.name));
            }
            known.push((digest, principal));
        }
        if known.is_empty() || known.len() > MAX_TOKENS {
            return Err(TokenError::Count(known.len()));
        }
        Ok(Self(known))
    }

    /// Whose token the metadata carries.
    ///
    /// Digests are compared, all of them, each in constant time: the time tells neither token nor place.
    pub fn principal(&self, metadata: &MetadataMap) -> Result<Principal, EngineError> {
        let shown = metadata
            .get(HEADER)
            .and_then(|v| v.to_str().ok())
            .and_then(|v| v.strip_prefix(SCHEME))
            .filter(|token| token.len() <= MAX_TOKEN_CHARS)
            .ok_or(EngineError::Unauthenticated)?;
        let shown = digest(shown);
        let mut place = u32::MAX;
        for (index, (known, _)) in (0u32..).zip(&self.0) {
            place.conditional_assign(&index, known.ct_eq(&shown));
        }
        let found = usize::try_from(place).ok().and_then(|i| self.0.get(i));
        found.map(|(_, principal)| principal.clone()).ok_or(EngineError::Unauthenticated)
    }
}

fn digest(token: &str) -> [u8; 32] {
    blake3::hash(token.as_bytes()).into()
}

/// A principal of the configuration.
pub fn principal(name: &str, role: Role) -> Principal {
    Principal { name: name.into(), role }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> Tokens {
        let entry = |name: &str, c: &str| (principal(name, Role::User), c.repeat(MIN_TOKEN_CHARS));
        Tokens::new([entry("alice", "a"), entry("bob", "b")]).unwrap()
    }

    fn shown(value: &str) -> Result<String, EngineError> {
        let mut metadata = MetadataMap::new();
        metadata.insert(HEADER, value.parse().unwrap());
        tokens().principal(&metadata).map(|p| p.name)
    }

    #[test]
    fn only_whole_known_tokens_name_a_principal() {
        let (a, b) = ("a".repeat(32), "b".repeat(32));
        assert_eq!(shown(&format!("Bearer {a}")).unwrap(), "alice");
        assert_eq!(shown(&format!("Bearer {b}")).unwrap(), "bob");
        for wrong in [
            a.clone(),
            format!("bearer {a}"),
            format!("Bearer {}", &a[1..]),
            format!("Bearer {a}a"),
            "Bearer ".into(),
            format!("Bearer {}", "a".repeat(600)),
        ] {
            assert!(matches!(shown(&wrong), Err(EngineError::Unauthenticated)), "{wrong}");
        }
        assert!(matches!(tokens().principal(&MetadataMap::new()), Err(EngineError::Unauthenticated)));
    }

    #[test]
    fn guessable_and_shared_tokens_are_refused() {
        let new = |list: &[(&str, &str)]| {
            Tokens::new(list.iter().map(|(n, t)| (principal(n, Role::User), t.to_string()))).err()
        };
        let long = "t".repeat(32);
        assert_eq!(new(&[("a", "short")]), Some(TokenError::Length { principal: "a".into(), got: 5 }));
        assert_eq!(new(&[("a", &long), ("b", &long)]), Some(TokenError::Duplicate("b".into())));
        assert_eq!(new(&[]), Some(TokenError::Count(0)));
    }
}
