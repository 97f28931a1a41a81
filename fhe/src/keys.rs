//! Keys of tfhe-rs: the dealer's, the public ones; their bytes and digest.

use crate::parameters::{COMPUTE, NAME, SQUASHING};
use bincode::Options;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tfhe::conformance::ParameterSetConformant;
use tfhe::shortint::ciphertext::MaxDegree;
use tfhe::shortint::client_key::atomic_pattern::AtomicPatternClientKey;
use tfhe::shortint::noise_squashing::{
    CompressedNoiseSquashingKey, NoiseSquashingKeyConformanceParams, NoiseSquashingPrivateKey,
};
use tfhe::shortint::parameters::{CompactPublicKeyEncryptionParameters, PBSParameters};
use tfhe::shortint::{
    AtomicPatternParameters, ClientKey, CompactPublicKey, CompressedServerKey, ShortintParameterSet,
};
use zeroize::{Zeroize, Zeroizing};

/// Longest encoded key that is read: evaluation keys take 392 MB.
pub const MAX_KEY_BYTES: u64 = 1 << 29;
/// Longest encoded public key that is read: one takes 33 kB.
pub const MAX_PUBLIC_KEY_BYTES: u64 = 1 << 16;

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
    #[error("{what} is not of the parameter set {NAME}")]
    ParameterSet {
        /// Which key.
        what: &'static str,
    },
}

/// Secret keys as a dealer makes them: whoever holds this reads everything. Neither `Clone` nor `Debug`; key words are
/// zeroised on drop.
pub struct DealerKeys {
    /// `None` only while dropping.
    secrets: Option<(ClientKey, NoiseSquashingPrivateKey)>,
}

/// Keys that work on ciphertexts: public, and named on chain by [`key_digest`].
pub struct EvaluationKeys {
    /// Keyswitching and bootstrapping keys, seeded, in the standard domain.
    pub server: CompressedServerKey,
    /// Bootstrapping key of the squashing layer, seeded.
    pub squashing: CompressedNoiseSquashingKey,
}

impl DealerKeys {
    /// Draws fresh secret keys from tfhe-rs's generator, which the operating system or the processor seeds.
    pub fn generate() -> Self {
        Self { secrets: Some((ClientKey::new(COMPUTE), NoiseSquashingPrivateKey::new(SQUASHING))) }
    }

    fn secrets(&self) -> &(ClientKey, NoiseSquashingPrivateKey) {
        self.secrets.as_ref().expect("secrets are taken on drop only")
    }

    /// Derives the key that users encrypt under.
    pub fn compact_public_key(&self) -> CompactPublicKey {
        CompactPublicKey::new(self.client())
    }

    /// Derives the evaluation keys: about twenty seconds on two cores.
    pub fn evaluation_keys(&self) -> EvaluationKeys {
        let (client, squashing) = self.secrets();
        EvaluationKeys {
            server: CompressedServerKey::new(client),
            squashing: CompressedNoiseSquashingKey::new(client, squashing),
        }
    }

    /// The unmodified tfhe-rs client key.
    pub fn client(&self) -> &ClientKey {
        &self.secrets().0
    }

    /// The secret of the squashing layer, 4096 words of 0 or 1: what the committee shares, and nothing else of the keys.
    pub fn squashing_secret(&self) -> Zeroizing<Vec<u64>> {
        let key = self.secrets().1.post_noise_squashing_lwe_secret_key();
        Zeroizing::new(key.as_ref().iter().map(|bit| *bit as u64).collect())
    }

    /// Bytes of both secret keys, to be kept by a dealer only.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        encode("dealer keys", self.secrets()).map(Zeroizing::new)
    }

    /// Reads the bytes of both secret keys and checks that they are of this parameter set.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let secrets = decode("dealer keys", bytes, MAX_KEY_BYTES)?;
        let keys = Self { secrets: Some(secrets) };
        let (client, squashing) = keys.secrets();
        if client.parameters() != ShortintParameterSet::from(COMPUTE) {
            return Err(KeyError::ParameterSet { what: "client key" });
        }
        if squashing.noise_squashing_parameters() != SQUASHING {
            return Err(KeyError::ParameterSet { what: "squashing secret" });
        }
        Ok(keys)
    }
}

impl Drop for DealerKeys {
    fn drop(&mut self) {
        let Some((client, squashing)) = self.secrets.take() else { return };
        squashing.into_raw_parts().0.as_mut().zeroize();
        if let AtomicPatternClientKey::Standard(keys) = client.atomic_pattern {
            let (mut big, mut small, ..) = keys.into_raw_parts();
            big.as_mut().zeroize();
            small.as_mut().zeroize();
        }
    }
}

impl EvaluationKeys {
    /// Bytes: the server key, then the squashing key.
    pub fn to_bytes(&self) -> Result<Vec<u8>, KeyError> {
        encode("evaluation keys", &(&self.server, &self.squashing))
    }

    /// Reads both keys and checks that every part of them is of this parameter set.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let (server, squashing): (CompressedServerKey, CompressedNoiseSquashingKey) =
            decode("evaluation keys", bytes, MAX_KEY_BYTES)?;
        if !is_server_key(&server) {
            return Err(KeyError::ParameterSet { what: "server key" });
        }
        let compute = AtomicPatternParameters::from(PBSParameters::from(COMPUTE));
        let expected = NoiseSquashingKeyConformanceParams::try_from((compute, SQUASHING));
        if !expected.is_ok_and(|expected| squashing.is_conformant(&expected)) {
            return Err(KeyError::ParameterSet { what: "squashing key" });
        }
        Ok(Self { server, squashing })
    }
}

/// Whether every part of a compressed server key is of this parameter set.
pub fn is_server_key(server: &CompressedServerKey) -> bool {
    let compute = AtomicPatternParameters::from(PBSParameters::from(COMPUTE));
    let degree = MaxDegree::from_msg_carry_modulus(COMPUTE.message_modulus, COMPUTE.carry_modulus);
    server.is_conformant(&(compute, degree))
}

/// Bytes of a key or a list in tfhe-rs's own serialization (bincode, integers of fixed length).
pub fn encode<T: Serialize>(what: &'static str, key: &T) -> Result<Vec<u8>, KeyError> {
    options(MAX_KEY_BYTES).serialize(key).map_err(|source| KeyError::Encoding { what, source })
}

/// Reads what takes all of `bytes`, which are at most `limit`. Fields are not checked against each other.
pub fn decode<T: DeserializeOwned>(what: &'static str, bytes: &[u8], limit: u64) -> Result<T, KeyError> {
    if bytes.len() as u64 > limit {
        let source = Box::new(bincode::ErrorKind::SizeLimit);
        return Err(KeyError::Encoding { what, source });
    }
    options(limit).deserialize(bytes).map_err(|source| KeyError::Encoding { what, source })
}

/// Reads a compact public key and checks that it is of this parameter set.
pub fn decode_public_key(bytes: &[u8]) -> Result<CompactPublicKey, KeyError> {
    let key: CompactPublicKey = decode("compact public key", bytes, MAX_PUBLIC_KEY_BYTES)?;
    let expected = CompactPublicKeyEncryptionParameters::try_from(COMPUTE);
    if expected.is_ok_and(|expected| key.is_conformant(&expected)) {
        Ok(key)
    } else {
        Err(KeyError::ParameterSet { what: "compact public key" })
    }
}

/// Digest that names a key set on chain: BLAKE3 over a scheme tag and the bytes of the compact public key and of the
/// evaluation keys, each preceded by its length as eight little-endian bytes (`docs/spec/onchain.md`).
///
/// The squashing key is inside: a keyholder that checks its files against the registered digest cannot be given another.
pub fn key_digest(compact_public_key: &[u8], evaluation_keys: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"trine.key.blake3.v1");
    for bytes in [compact_public_key, evaluation_keys] {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    hasher.finalize().into()
}

/// The encoding of every key and list: bincode, integers of fixed length, at most `limit` bytes. For readers of a part: bytes
/// of evaluation keys begin with the server key, which a third of them is.
pub fn options(limit: u64) -> impl Options {
    bincode::DefaultOptions::new().with_fixint_encoding().with_limit(limit)
}
