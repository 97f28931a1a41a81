//! The bearer token.

use super::refusal::Refusal;
use subtle::ConstantTimeEq;
use tonic::metadata::MetadataMap;

const HEADER: &str = "authorization";
const SCHEME: &str = "Bearer ";
/// Fewest characters: 128 bits in hexadecimal.
pub const MIN_TOKEN_CHARS: usize = 32;
/// Most characters that are looked at.
const MAX_TOKEN_CHARS: usize = 512;

/// The token of a prover, as a digest.
pub struct Token([u8; 32]);

/// A token that can be guessed, or that is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("token of {got} characters, expected {MIN_TOKEN_CHARS} to {MAX_TOKEN_CHARS}")]
pub struct TokenLength {
    got: usize,
}

impl Token {
    /// From the token.
    pub fn new(token: &str) -> Result<Self, TokenLength> {
        let got = token.len();
        if (MIN_TOKEN_CHARS..=MAX_TOKEN_CHARS).contains(&got) {
            Ok(Self(digest(token)))
        } else {
            Err(TokenLength { got })
        }
    }

    /// Compares digests in constant time.
    pub fn check(&self, metadata: &MetadataMap) -> Result<(), Refusal> {
        let shown = metadata.get(HEADER).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix(SCHEME));
        let shown = shown.filter(|token| token.len() <= MAX_TOKEN_CHARS).ok_or(Refusal::Unauthenticated)?;
        if bool::from(digest(shown).ct_eq(&self.0)) { Ok(()) } else { Err(Refusal::Unauthenticated) }
    }
}

fn digest(token: &str) -> [u8; 32] {
    blake3::hash(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_passes() {
        let token = Token::new(&"a".repeat(32)).unwrap();
        let check = |value: &str| {
            let mut metadata = MetadataMap::new();
            metadata.insert(HEADER, value.parse().unwrap());
            token.check(&metadata).is_ok()
        };
        assert!(check(&format!("Bearer {}", "a".repeat(32))));
        for wrong in ["Bearer ", "Bearer aaaa", &"a".repeat(32), &format!("Bearer {}", "a".repeat(33))] {
            assert!(!check(wrong), "{wrong}");
        }
        assert!(token.check(&MetadataMap::new()).is_err());
        assert_eq!(Token::new("short").err(), Some(TokenLength { got: 5 }));
    }
}
