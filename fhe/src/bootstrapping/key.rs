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
        let rotation = rotation_key(words.as_ref())?;
        drop(words);
        let words = keyswitch.par_decompress_into_lwe_keyswitch_key();
        let compute = keyswitch_key(backend, KeyKind::Compute, words.as_ref())?;
        Ok(Self { backend, rotation, compute, casting: None })
    }

    /// From the words of tfhe-rs's expanded containers, as [`RotationKey::from_words`] and [`KeyswitchKey::from_words`] take
    /// them.
    ///
    /// Error: words of another number than the parameter set's keys have.
    pub fn from_words(
        backend: Backend,
        bootstrapping: &[u64],
        compute: &[u64],
        casting: Option<&[u64]>,
    ) -> Result<Self, KeyError> {
        let rotation = rotation_key(bootstrapping)?;
        let compute = keyswitch_key(backend, KeyKind::Compute, compute)?;
        let casting = casting.map(|words| keyswitch_key(backend, KeyKind::Casting, words)).transpose()?;
        Ok(Self { backend, rotation, compute, casting })
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
        self.casting = Some(keyswitch_key(self.backend, KeyKind::Casting, words.as_ref())?);
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

fn rotation_key(words: &[u64]) -> Result<RotationKey, KeyError> {
    RotationKey::from_words(GROUPS, words).map_err(|_| KeyError::ParameterSet { what: "bootstrapping key" })
}

fn keyswitch_key(backend: Backend, kind: KeyKind, words: &[u64]) -> Result<KeyswitchKey, KeyError> {
    let what = match kind {
        KeyKind::Compute => "keyswitching key",
        KeyKind::Casting => "casting key",
    };
    KeyswitchKey::from_words(backend, kind, words).map_err(|_| KeyError::ParameterSet { what })
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

#[cfg(test)]
mod tests {
    use super::super::keyswitch::{Decomposition, SMALL_WORDS};
    use super::*;

    #[test]
    fn words_of_another_number_name_their_key() {
        let bootstrapping = vec![0; GROUPS * 16 * 4 * POLYNOMIAL_SIZE];
        let [compute, casting] = [KeyKind::Compute, KeyKind::Casting]
            .map(|kind| vec![0; Decomposition::of(kind).rows() * SMALL_WORDS]);
        let refused = |bootstrapping: &[u64], compute: &[u64], casting: &[u64]| {
            let key = EvaluationKey::from_words(Backend::Portable, bootstrapping, compute, Some(casting));
            key.err().map(|error| error.to_string())
        };
        assert_eq!(refused(&bootstrapping, &compute, &casting), None);
        for (error, what) in [
            (refused(&bootstrapping[1..], &compute, &casting), "bootstrapping key"),
            (refused(&bootstrapping, &casting, &casting), "keyswitching key"),
            (refused(&bootstrapping, &compute, &compute), "casting key"),
        ] {
            assert!(error.unwrap().starts_with(what), "{what}");
        }
        let without = EvaluationKey::from_words(Backend::Portable, &bootstrapping, &compute, None).unwrap();
        assert!(without.keyswitch(KeyKind::Casting).is_none());
    }
}
