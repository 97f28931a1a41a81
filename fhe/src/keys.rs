//! Keys of tfhe-rs: the client's, the public ones, the squashing layer's; their bytes and digest.

use crate::parameters::{COMPUTE, SQUASHED_DIMENSION, SQUASHING};
use bincode::Options;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tfhe::shortint::noise_squashing::{CompressedNoiseSquashingKey, NoiseSquashingPrivateKey};
use tfhe::shortint::{ClientKey, CompactPublicKey, CompressedServerKey};
use zeroize::Zeroizing;

/// Longest encoded key that is read: the squashing key has about 400 MB.
pub const MAX_KEY_BYTES: u64 = 1 << 30;
/// Longest encoded public key that is read.
pub const MAX_PUBLIC_KEY_BYTES: u64 = 1 << 20;

/// Why bytes are no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The bytes do not decode as the key they should be, or are longer than allowed.
    #[error("{what}: {source}")]
    Encoding {
        /// Which key.
        what: &'static str,
        /// Why.
        source: bincode::Error,
    },
    /// A key of another parameter set.
    #[error("{what} is not of the parameter set {}", crate::parameters::NAME)]
    ParameterSet {
        /// Which key.
        what: &'static str,
    },
}

/// Secret keys as a dealer makes them: whoever holds this reads everything. Neither `Clone` nor `Debug`.
///
/// tfhe-rs's own types hold the key words; they are dropped, not zeroised, since tfhe-rs offers no access to them.
pub struct DealerKeys {
    client: ClientKey,
    squashing: NoiseSquashingPrivateKey,
}

/// Public keys: for users, for engines, for keyholders.
pub struct PublicKeys {
    /// Users encrypt under it.
    pub compact: CompactPublicKey,
    /// Keyswitching and bootstrapping keys, seeded, in the standard domain.
    pub server: CompressedServerKey,
    /// Bootstrapping key of the squashing layer, seeded.
    pub squashing: CompressedNoiseSquashingKey,
}

impl DealerKeys {
    /// Draws fresh secret keys.
    pub fn generate() -> Self {
        Self { client: ClientKey::new(COMPUTE), squashing: NoiseSquashingPrivateKey::new(SQUASHING) }
    }

    /// Derives the public keys. The squashing key takes about half a minute on two cores.
    pub fn public_keys(&self) -> PublicKeys {
        PublicKeys {
            compact: CompactPublicKey::new(&self.client),
            server: CompressedServerKey::new(&self.client),
            squashing: CompressedNoiseSquashingKey::new(&self.client, &self.squashing),
        }
    }

    /// The unmodified tfhe-rs client key.
    pub fn client(&self) -> &ClientKey {
        &self.client
    }

    /// The secret of the squashing layer, bit by bit: what the committee shares, and nothing else of the keys.
    pub fn squashing_secret(&self) -> Zeroizing<Vec<u64>> {
        let key = self.squashing.post_noise_squashing_lwe_secret_key();
        Zeroizing::new(key.as_ref().iter().map(|bit| *bit as u64).collect())
    }

    /// Bytes of both secret keys, to be kept by a dealer only.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        encode("dealer keys", &(&self.client, &self.squashing)).map(Zeroizing::new)
    }

    /// Reads the bytes of both secret keys.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let (client, squashing): (ClientKey, NoiseSquashingPrivateKey) =
            decode("dealer keys", bytes, MAX_KEY_BYTES)?;
        let keys = Self { client, squashing };
        if keys.squashing_secret().len() != SQUASHED_DIMENSION {
            return Err(KeyError::ParameterSet { what: "squashing secret" });
        }
        Ok(keys)
    }
}

/// Bytes of a public key.
pub fn encode<T: Serialize>(what: &'static str, key: &T) -> Result<Vec<u8>, KeyError> {
    options(MAX_KEY_BYTES).serialize(key).map_err(|source| KeyError::Encoding { what, source })
}

/// Reads a key of at most `limit` bytes; nothing longer than the limit is allocated.
pub fn decode<T: DeserializeOwned>(what: &'static str, bytes: &[u8], limit: u64) -> Result<T, KeyError> {
    options(limit).deserialize(bytes).map_err(|source| KeyError::Encoding { what, source })
}

/// Reads a compact public key and checks that it is of this parameter set.
pub fn decode_public_key(bytes: &[u8]) -> Result<CompactPublicKey, KeyError> {
    let key: CompactPublicKey = decode("compact public key", bytes, MAX_PUBLIC_KEY_BYTES)?;
    let p = key.parameters();
    let expected = COMPUTE;
    let fits = p.encryption_lwe_dimension.0 == crate::parameters::POLYNOMIAL_SIZE
        && p.message_modulus == expected.message_modulus
        && p.carry_modulus == expected.carry_modulus
        && p.encryption_noise_distribution == expected.glwe_noise_distribution
        && key.size_elements() == 2 * crate::parameters::POLYNOMIAL_SIZE;
    if fits { Ok(key) } else { Err(KeyError::ParameterSet { what: "compact public key" }) }
}

/// Digest that names the evaluation key on chain: BLAKE3 over a scheme tag and both public keys, each preceded by its
/// length as eight little-endian bytes.
pub fn key_digest(compact_public_key: &[u8], server_key: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"trine.key.blake3.v1");
    for bytes in [compact_public_key, server_key] {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    hasher.finalize().into()
}

fn options(limit: u64) -> impl Options {
    bincode::DefaultOptions::new().with_fixint_encoding().with_limit(limit)
}
