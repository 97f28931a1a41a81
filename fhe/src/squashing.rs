//! Noise squashing: proven words to a ciphertext modulo 2^128 with room to flood, by each keyholder itself.
//!
//! One block becomes one squashed block: its plaintext (two message and two carry bits) sits at bits 123 to 126, below
//! the padding bit. tfhe-rs packs two blocks into one only where carries are empty, which totals above 3 are not.
//!
//! The steps are those of tfhe-rs's `squash_ciphertext_noise` (keyswitch, centred modulus switch, blind rotation), called
//! one by one: the server key's own bootstrapping key then need not be loaded, and the noise of a block is bounded by its
//! tracked variance where tfhe-rs goes by a declared level of at most 5.
//!
//! tfhe-rs's 128-bit FFT is deterministic for one binary on one processor family, and may round differently elsewhere:
//! committee members run the same binary on the same kind of machine. Exact-integer squashing lifts that.

use crate::keys::{EvaluationKeys, KeyError};
use crate::noise::MAX_VARIANCE;
use crate::parameters::{PLAINTEXT_MODULUS, POLYNOMIAL_SIZE, SQUASHED_DIMENSION, SQUASHING_GLWE_DIMENSION};
use crate::words::{BlockWords, ValueWords};
use rayon::prelude::*;
use tfhe::core_crypto::prelude::{
    CiphertextModulus, ComputationBuffers, Fft128, Fourier128LweBootstrapKeyOwned, GlweCiphertextOwned,
    GlweDimension, LazyStandardModulusSwitchedLweCiphertext, LweCiphertext, LweDimension,
    LweKeyswitchKeyOwned, PolynomialSize, blind_rotate_f128_lwe_ciphertext_mem_optimized,
    blind_rotate_f128_lwe_ciphertext_mem_optimized_requirement, generate_programmable_bootstrap_glwe_lut,
    keyswitch_lwe_ciphertext, lwe_ciphertext_centered_binary_modulus_switch,
    par_convert_standard_lwe_bootstrap_key_to_fourier_128,
};
use tfhe::shortint::atomic_pattern::compressed::CompressedAtomicPatternServerKey;
use tfhe::shortint::noise_squashing::CompressedShortint128BootstrappingKey;
use tfhe::shortint::noise_squashing::atomic_pattern::compressed::CompressedAtomicPatternNoiseSquashingKey;
use tfhe::shortint::server_key::CompressedModulusSwitchConfiguration;

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

/// Keys that squashing takes, ready to use: 890 MB.
pub struct SquashingKey {
    /// From the big key to the small one, 75 MB.
    keyswitch: LweKeyswitchKeyOwned<u64>,
    /// In the Fourier domain, 815 MB.
    bootstrap: Fourier128LweBootstrapKeyOwned,
    /// The identity on plaintexts.
    accumulator: GlweCiphertextOwned<u128>,
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
    /// The padding bit of a decoded block is set.
    #[error("decoded value {got} has its padding bit set, expected below 16")]
    PaddingBit {
        /// The value.
        got: u8,
    },
}

impl SquashingKey {
    /// Loads evaluation keys and brings what squashing takes to the Fourier domain. Needs 2 GB while it works.
    pub fn from_bytes(evaluation_keys: &[u8]) -> Result<Self, SquashingError> {
        Ok(Self::new(EvaluationKeys::from_bytes(evaluation_keys)?)?)
    }

    /// Brings what squashing takes to the Fourier domain and drops the rest.
    pub fn new(keys: EvaluationKeys) -> Result<Self, KeyError> {
        let CompressedAtomicPatternServerKey::Standard(server) = keys.server.into_raw_parts().0 else {
            return Err(KeyError::ParameterSet { what: "server key" });
        };
        let keyswitch = server.into_raw_parts().0.as_view().par_decompress_into_lwe_keyswitch_key();

        let CompressedAtomicPatternNoiseSquashingKey::Standard(squashing) = keys.squashing.into_raw_parts().0
        else {
            return Err(KeyError::ParameterSet { what: "squashing key" });
        };
        let CompressedShortint128BootstrappingKey::Classic {
            bsk,
            modulus_switch_noise_reduction_key:
                CompressedModulusSwitchConfiguration::CenteredMeanNoiseReduction,
        } = squashing.into_raw_parts()
        else {
            return Err(KeyError::ParameterSet { what: "squashing key" });
        };
        let standard = bsk.as_view().par_decompress_into_lwe_bootstrap_key();
        drop(bsk);
        let mut bootstrap = Fourier128LweBootstrapKeyOwned::new(
            standard.input_lwe_dimension(),
            standard.glwe_size(),
            standard.polynomial_size(),
            standard.decomposition_base_log(),
            standard.decomposition_level_count(),
        );
        par_convert_standard_lwe_bootstrap_key_to_fourier_128(&standard, &mut bootstrap);
        Ok(Self { keyswitch, bootstrap, accumulator: identity() })
    }

    /// Squashes every block of a value whose noise variance (unit q^2) was tracked to be at most `variance`. The words of
    /// the result do not depend on the number of threads.
    ///
    /// Words alone carry no noise level: the caller states the variance that it recomputed from the program text, for
    /// instance by [`crate::noise::linear_variance`].
    pub fn squash(&self, value: &ValueWords, variance: f64) -> Result<Vec<SquashedBlock>, SquashingError> {
        if variance.is_nan() || variance > MAX_VARIANCE {
            return Err(SquashingError::Noise { variance, max: MAX_VARIANCE });
        }
        Ok(value.blocks().par_iter().map(|block| self.squash_block(block)).collect())
    }

    /// The block under the small key, switched to modulus 2N: what is rotated by.
    fn switch(&self, block: &BlockWords) -> LazyStandardModulusSwitchedLweCiphertext<u64, usize, Vec<u64>> {
        let block = LweCiphertext::from_container(block.words(), CiphertextModulus::new_native());
        let mut small =
            LweCiphertext::new(0u64, self.keyswitch.output_lwe_size(), CiphertextModulus::new_native());
        keyswitch_lwe_ciphertext(&self.keyswitch, &block, &mut small);
        let modulus = PolynomialSize(POLYNOMIAL_SIZE).to_blind_rotation_input_modulus_log();
        lwe_ciphertext_centered_binary_modulus_switch(small, modulus)
    }

    fn squash_block(&self, block: &BlockWords) -> SquashedBlock {
        let fft = Fft128::new(PolynomialSize(POLYNOMIAL_SIZE));
        let fft = fft.as_view();
        let scratch = blind_rotate_f128_lwe_ciphertext_mem_optimized_requirement::<u128>(
            self.bootstrap.glwe_size(),
            self.bootstrap.polynomial_size(),
            fft,
        );
        let mut buffers = ComputationBuffers::new();
        buffers.resize(scratch.unaligned_bytes_required());
        let size = LweDimension(SQUASHED_DIMENSION).to_lwe_size();
        let mut squashed = LweCiphertext::new(0u128, size, CiphertextModulus::new_native());
        blind_rotate_f128_lwe_ciphertext_mem_optimized(
            &self.switch(block),
            &mut squashed,
            &self.accumulator,
            &self.bootstrap,
            fft,
            buffers.stack(),
        );
        let mut mask = squashed.into_container();
        let body = mask.pop().expect("a squashed block has a body");
        SquashedBlock { mask, body }
    }
}

/// The accumulator of the identity on plaintexts 0 to 15.
fn identity() -> GlweCiphertextOwned<u128> {
    generate_programmable_bootstrap_glwe_lut(
        PolynomialSize(POLYNOMIAL_SIZE),
        GlweDimension(SQUASHING_GLWE_DIMENSION).to_glwe_size(),
        PLAINTEXT_MODULUS as usize,
        CiphertextModulus::new_native(),
        1u128 << SQUASHED_DELTA_BITS,
        |plaintext| plaintext,
    )
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
    if u64::from(value) < PLAINTEXT_MODULUS {
        Ok(value)
    } else {
        Err(SquashingError::PaddingBit { got: value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev_keys::{self, DevelopmentKeys};
    use crate::{encryption, keys, noise};
    use tfhe::core_crypto::prelude::ModulusSwitchedLweCiphertext;
    use tfhe::shortint::client_key::atomic_pattern::AtomicPatternClientKey;
    use trine_program::{Declaration, KeyKind, ValueType};

    #[test]
    fn the_nearest_step_is_decoded_and_the_padding_bit_refused() {
        let step = 1u128 << SQUASHED_DELTA_BITS;
        let near = (step / 2) - 1;
        for value in 0..16u8 {
            assert_eq!(decode(u128::from(value) * step + near).unwrap(), value);
            assert_eq!(decode((u128::from(value) * step).wrapping_sub(near)).unwrap(), value);
        }
        assert!(matches!(decode(16 * step), Err(SquashingError::PaddingBit { got: 16 })));
        assert!(matches!(decode(step.wrapping_neg()), Err(SquashingError::PaddingBit { got: 31 })));
    }

    /// Noise before the rotation decides whether squashing fails: it must be what the failure probability is derived from.
    #[test]
    fn noise_before_the_rotation_follows_the_formulas() {
        let set = DevelopmentKeys::load_or_generate(&dev_keys::cache_folder().unwrap(), &mut |_| {}).unwrap();
        let dealer = set.read_dealer().unwrap();
        let AtomicPatternClientKey::Standard(client) = &dealer.client().atomic_pattern else {
            panic!("standard")
        };
        let secret = client.small_lwe_secret_key();
        let public = keys::decode_public_key(&std::fs::read(&set.compact_public_key).unwrap()).unwrap();
        let key = SquashingKey::from_bytes(&std::fs::read(&set.server_key).unwrap()).unwrap();
        let declaration =
            Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: 64, degree: 3 };
        let (count, modulus, step) = (16, 2 * POLYNOMIAL_SIZE as i64, POLYNOMIAL_SIZE as i64 / 16);
        let mut errors = vec![];
        for _ in 0..count {
            let plaintexts: Vec<u64> = (0..64).map(|_| rand::random::<u64>() & 3).collect();
            let list = encryption::encrypt(&public, &declaration, &plaintexts).unwrap();
            let value = encryption::expand(&list, declaration).unwrap();
            errors.par_extend(value.blocks().par_iter().zip(&plaintexts).map(|(block, plaintext)| {
                let switched = key.switch(block);
                let dot: i64 = switched.mask().zip(secret.as_ref()).map(|(m, s)| m as i64 * *s as i64).sum();
                let error = switched.body() as i64 - dot - *plaintext as i64 * step;
                ((error + modulus / 2).rem_euclid(modulus) - modulus / 2) as f64
            }));
        }
        let samples = errors.len() as f64;
        let mean = errors.iter().sum::<f64>() / samples;
        let measured = errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / samples;
        let formula =
            (noise::keyswitch_variance() + noise::modulus_switch_variance()) * (modulus as f64).powi(2);
        // 1,024 samples: a measured variance deviates by 4.4 %.
        assert!(
            (measured / formula - 1.0).abs() < 0.18,
            "variance {measured}, formula {formula}, mean {mean}"
        );
        // Boxes of the accumulator are centred half a step below each multiple.
        assert!((mean + 0.5).abs() < 1.0, "mean {mean}");
    }

    #[test]
    fn digests_bind_order_and_every_word() {
        let block = |word: u128| SquashedBlock { mask: vec![word; SQUASHED_DIMENSION], body: word };
        let both = digest(&[block(1), block(2)]);
        assert_ne!(both, digest(&[block(2), block(1)]));
        let mut changed = block(2);
        changed.mask[SQUASHED_DIMENSION - 1] ^= 1 << 127;
        assert_ne!(both, digest(&[block(1), changed]));
        assert_eq!(block(1).to_bytes().len(), SQUASHED_BYTES);
    }
}
