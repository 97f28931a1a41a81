//! The evaluation key: what bootstrapping reads, from tfhe-rs's compressed keys.

use super::keyswitch::KeyswitchKey;
use super::rotation::{Backend, RotationKey};
use crate::keys::{EvaluationKeys, KeyError, is_server_key};
use crate::parameters::{CASTING, CASTING_BASE_BITS, CASTING_LEVELS, GROUPS, POLYNOMIAL_SIZE};
use tfhe::conformance::ParameterSetConformant;
use tfhe::core_crypto::prelude::{
    CiphertextModulus, DecompositionBaseLog, DecompositionLevelCount, LweDimension,
    LweKeyswitchKeyConformanceParams,
};
use tfhe::shortint::CompressedServerKey;
use tfhe::shortint::atomic_pattern::compressed::CompressedAtomicPatternServerKey;
use tfhe::shortint::key_switching_key::{
    CompressedKeySwitchingKeyMaterial, KeySwitchingKeyConformanceParams,
    KeySwitchingKeyDestinationAtomicPattern,
};
use tfhe::shortint::server_key::ShortintCompressedBootstrappingKey;
use trine_program::KeyKind;

/// Bootstrapping key and keyswitching keys, in the layouts of one back end: 315 MB, and 60 MB with a casting key.
pub struct EvaluationKey {
    backend: Backend,
    rotation: RotationKey,
    compute: KeyswitchKey,
    casting: Option<KeyswitchKey>,
}

impl EvaluationKey {
    /// Reads evaluation keys and lays the server key out for this processor.
    pub fn from_bytes(evaluation_keys: &[u8]) -> Result<Self, KeyError> {
        Self::new(EvaluationKeys::from_bytes(evaluation_keys)?.server, Backend::detect())
    }

    /// Expands the seeded keys in the standard domain and lays them out for a back end. Needs 900 MB while it works.
    ///
    /// Error: a key of another parameter set.
    pub fn new(server: CompressedServerKey, backend: Backend) -> Result<Self, KeyError> {
        let other_set = |what| KeyError::ParameterSet { what };
        if !is_server_key(&server) {
            return Err(other_set("server key"));
        }
        let CompressedAtomicPatternServerKey::Standard(server) = server.into_raw_parts().0 else {
            return Err(other_set("server key"));
        };
        let (keyswitch, bootstrapping, _) = server.into_raw_parts();
        let ShortintCompressedBootstrappingKey::MultiBit { seeded_bsk, .. } = bootstrapping else {
            return Err(other_set("bootstrapping key"));
        };
        let words = seeded_bsk.par_decompress_into_lwe_multi_bit_bootstrap_key();
        let rotation =
            RotationKey::from_words(GROUPS, words.as_ref()).map_err(|_| other_set("bootstrapping key"))?;
        drop(words);
        let words = keyswitch.par_decompress_into_lwe_keyswitch_key();
        let compute = KeyswitchKey::from_words(backend, KeyKind::Compute, words.as_ref())
            .map_err(|_| other_set("keyswitching key"))?;
        Ok(Self { backend, rotation, compute, casting: None })
    }

    /// Adds the casting key, from ciphertexts under the key pair of [`crate::parameters::ENCRYPTION`] to the small key.
    ///
    /// Error: a key of another parameter set.
    pub fn with_casting(mut self, key: CompressedKeySwitchingKeyMaterial) -> Result<Self, KeyError> {
        let other_set = || KeyError::ParameterSet { what: "casting key" };
        if !key.is_conformant(&casting_conformance()) {
            return Err(other_set());
        }
        let words = key.into_raw_parts().0.par_decompress_into_lwe_keyswitch_key();
        let casting = KeyswitchKey::from_words(self.backend, KeyKind::Casting, words.as_ref());
        self.casting = Some(casting.map_err(|_| other_set())?);
        Ok(self)
    }

    /// The back end that the keys are laid out for.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// The bootstrapping key.
    pub fn rotation(&self) -> &RotationKey {
        &self.rotation
    }

    /// The keyswitching key of a kind of ciphertext; `None` without a casting key.
    pub fn keyswitch(&self, kind: KeyKind) -> Option<&KeyswitchKey> {
        match kind {
            KeyKind::Compute => Some(&self.compute),
            KeyKind::Casting => self.casting.as_ref(),
        }
    }
}

fn casting_conformance() -> KeySwitchingKeyConformanceParams {
    KeySwitchingKeyConformanceParams {
        keyswitch_key_conformance_params: LweKeyswitchKeyConformanceParams {
            decomp_base_log: DecompositionBaseLog(CASTING_BASE_BITS),
            decomp_level_count: DecompositionLevelCount(CASTING_LEVELS),
            output_lwe_size: crate::parameters::COMPUTE.lwe_dimension.to_lwe_size(),
            input_lwe_dimension: LweDimension(POLYNOMIAL_SIZE),
            ciphertext_modulus: CiphertextModulus::new_native(),
        },
        cast_rshift: 0,
        destination_key: CASTING.destination_key,
        destination_atomic_pattern: KeySwitchingKeyDestinationAtomicPattern::Standard,
    }
}
