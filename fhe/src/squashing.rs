//! Noise squashing: proven words to a ciphertext modulo 2^128 with room to flood, by each keyholder itself.
//!
//! tfhe-rs's 128-bit FFT is deterministic for one binary on one processor family, and rounds differently elsewhere:
//! committee members run the same binary on the same kind of machine. Exact-integer squashing lifts that.

use crate::keys::{self, KeyError, MAX_KEY_BYTES};
use crate::parameters::{COMPUTE, SQUASHED_DIMENSION, nominal_variance};
use crate::words::ValueWords;
use rayon::prelude::*;
use tfhe::shortint::noise_squashing::{CompressedNoiseSquashingKey, NoiseSquashingKey};
use tfhe::shortint::{CompressedServerKey, ServerKey};

/// Step between plaintexts of a squashed block: `2^128 / 32`.
pub const SQUASHED_DELTA_BITS: u32 = 123;
/// Bytes of an encoded squashed block.
pub const SQUASHED_BYTES: usize = 16 * (SQUASHED_DIMENSION + 1);

/// One squashed block: an LWE ciphertext modulo 2^128 of dimension 4096.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SquashedBlock {
    /// Mask.
    pub mask: Vec<u128>,
    /// Body.
    pub body: u128,
}

/// Keys that squashing takes, in the Fourier domain: about 1 GB.
pub struct SquashingKey {
    server: ServerKey,
    squashing: NoiseSquashingKey,
}

/// Why words are not squashed or a block not decoded.
#[derive(Debug, thiserror::Error)]
pub enum SquashingError {
    /// A key does not decode.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The tracked noise exceeds what squashing may be given.
    #[error("noise variance {variance:e} q^2 of the value, at most {max:e} is squashed")]
    Noise {
        /// Tracked variance.
        variance: f64,
        /// Bound.
        max: f64,
    },
    /// tfhe-rs refused.
    #[error("squashing block {block}: {reason}")]
    Refused {
        /// Block.
        block: usize,
        /// What tfhe-rs said.
        reason: String,
    },
    /// The padding bit of a decoded block is set.
    #[error("decoded value {got} has its padding bit set, expected below 16")]
    PaddingBit {
        /// The value.
        got: u8,
    },
}

impl SquashingKey {
    /// Loads both seeded keys and brings them to the Fourier domain.
    pub fn from_bytes(server_key: &[u8], squashing_key: &[u8]) -> Result<Self, SquashingError> {
        let server: CompressedServerKey = keys::decode("server key", server_key, MAX_KEY_BYTES)?;
        let squashing: CompressedNoiseSquashingKey =
            keys::decode("squashing key", squashing_key, MAX_KEY_BYTES)?;
        Ok(Self::new(&server, &squashing))
    }

    /// Brings both seeded keys to the Fourier domain.
    pub fn new(server: &CompressedServerKey, squashing: &CompressedNoiseSquashingKey) -> Self {
        Self { server: server.decompress(), squashing: squashing.decompress() }
    }

    /// Squashes every block of a value whose noise variance (unit q^2) was tracked to be at most `variance`.
    ///
    /// Words alone carry no noise level: the caller states the variance that it recomputed from the program text; up to
    /// [`nominal_variance`] they count as noise level 1.
    pub fn squash(&self, value: &ValueWords, variance: f64) -> Result<Vec<SquashedBlock>, SquashingError> {
        let max = nominal_variance();
        if variance.is_nan() || variance > max {
            return Err(SquashingError::Noise { variance, max });
        }
        let degree = value.declaration().degree;
        value
            .blocks()
            .par_iter()
            .enumerate()
            .map(|(block, words)| {
                let squashed = self
                    .squashing
                    .checked_squash_ciphertext_noise(&words.to_shortint(degree), &self.server)
                    .map_err(|error| SquashingError::Refused { block, reason: error.to_string() })?;
                let (mask, body) = squashed.lwe_ciphertext().get_mask_and_body();
                Ok(SquashedBlock { mask: mask.as_ref().to_vec(), body: *body.data })
            })
            .collect()
    }
}

impl SquashedBlock {
    /// Canonical bytes: mask, then body, little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.mask.iter().chain([&self.body]).flat_map(|w| w.to_le_bytes()).collect()
    }
}

/// Digest of the squashed blocks of a value, in order: masks and signatures are bound to it.
pub fn digest(blocks: &[SquashedBlock]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"trine.squashed.v1");
    hasher.update(&(blocks.len() as u64).to_le_bytes());
    for block in blocks {
        hasher.update(&block.to_bytes());
    }
    hasher.finalize().into()
}

/// Decodes a phase `body - <mask, s>` (plus floods): the nearest multiple of 2^123, the padding bit checked.
pub fn decode(phase: u128) -> Result<u8, SquashingError> {
    let value = (phase.wrapping_add(1 << (SQUASHED_DELTA_BITS - 1)) >> SQUASHED_DELTA_BITS) as u8;
    let modulus = (COMPUTE.message_modulus.0 * COMPUTE.carry_modulus.0) as u8;
    if value < modulus { Ok(value) } else { Err(SquashingError::PaddingBit { got: value }) }
}
