//! Stored key sets and their digest.

use serde::{Deserialize, Serialize};
use trine_verifier::Bytes32;

/// Scheme tag of the key digest of `docs/spec/onchain.md`.
const SCHEME: &[u8] = b"trine.key.blake3.v1";

/// A stored key set. Its bytes are kept in pieces under [`Self::content`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Digest of both parts, scheme `trine.key.blake3.v1`.
    pub key_digest: Bytes32,
    /// Parameter set.
    pub parameter_set_id: Bytes32,
    /// Bytes of the compact public key, the first part of the content.
    pub compact_public_bytes: u64,
    /// Bytes of the compressed server key, the second part.
    pub compressed_server_bytes: u64,
    /// Where the pieces of the content are.
    pub content: ContentId,
}

/// Coordinates of the commitments of a key set, as a prover makes them: whose they are is in their digest, scheme
/// `trine.key.kzg.v1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPoints(pub Vec<[Bytes32; 2]>);

/// Digest of the content of a key set that is known by the digest of its commitments too, as the chain says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentDigest(pub Bytes32);

/// Names the pieces of one upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ContentId(pub [u8; 16]);

/// Bytes of every piece of a stored content but the last.
pub const PIECE_BYTES: usize = 1 << 20;

/// Digests a key set while it arrives.
pub struct KeyDigester {
    hasher: blake3::Hasher,
    /// Bytes of the current part that are still to come.
    rest: u64,
    /// Length of the part after it.
    next: Option<u64>,
}

impl KeyDigester {
    /// For parts of these lengths.
    pub fn new(compact_public_bytes: u64, compressed_server_bytes: u64) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(SCHEME).update(&compact_public_bytes.to_le_bytes());
        Self { hasher, rest: compact_public_bytes, next: Some(compressed_server_bytes) }
    }

    /// The next bytes of the content; bytes past its end are not read.
    pub fn update(&mut self, mut bytes: &[u8]) {
        loop {
            let here = usize::try_from(self.rest).map_or(bytes.len(), |rest| rest.min(bytes.len()));
            let (head, tail) = bytes.split_at(here);
            self.hasher.update(head);
            self.rest -= head.len() as u64;
            bytes = tail;
            match self.next {
                Some(length) if self.rest == 0 => {
                    self.hasher.update(&length.to_le_bytes());
                    (self.rest, self.next) = (length, None);
                }
                _ => return,
            }
        }
    }

    /// The digest of the bytes so far.
    pub fn finish(self) -> Bytes32 {
        self.hasher.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at_once(public: &[u8], server: &[u8]) -> Bytes32 {
        let mut bytes = SCHEME.to_vec();
        for part in [public, server] {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        blake3::hash(&bytes).into()
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_digest_of_the_spec(
            public in prop::collection::vec(any::<u8>(), 0..50),
            server in prop::collection::vec(any::<u8>(), 0..50),
            cut in 1usize..20,
        ) {
            let mut digester = KeyDigester::new(public.len() as u64, server.len() as u64);
            for piece in [public.clone(), server.clone()].concat().chunks(cut) {
                digester.update(piece);
            }
            if public.is_empty() && server.is_empty() {
                digester.update(&[]);
            }
            prop_assert_eq!(digester.finish(), at_once(&public, &server));
        }
    }
}
