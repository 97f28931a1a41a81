//! The parameter set, in one place.
//!
//! tfhe-rs's multi-bit set of grouping factor 4 with two message and two carry bits; failure probability 2^-134.3 as
//! tfhe-rs states it. Its GPU twin has the same numbers. What they mean for noise is in [`crate::noise`].

use tfhe::shortint::parameters::v1_8::key_switching::p_fail_2_minus_128::ks_pbs_gpu::V1_8_PARAM_MULTI_BIT_GROUP_4_KEYSWITCH_PKE_TO_SMALL_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128;
use tfhe::shortint::parameters::v1_8::{
    V1_8_NOISE_SQUASHING_PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128,
    V1_8_PARAM_MULTI_BIT_GROUP_4_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128,
    V1_8_PARAM_PKE_TO_SMALL_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128_ZKV2,
};
use tfhe::shortint::parameters::{
    CompactPublicKeyEncryptionParameters, MultiBitPBSParameters, NoiseSquashingParameters,
    ShortintKeySwitchingParameters,
};
use trine_program::DevelopmentPolicy;

/// Name of the parameter set; its keccak-256 is the parameter set id on chain.
pub const NAME: &str = "V1_8_PARAM_MULTI_BIT_GROUP_4_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128";
/// The parameter set of computation.
pub const COMPUTE: MultiBitPBSParameters =
    V1_8_PARAM_MULTI_BIT_GROUP_4_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128;
/// Noise squashing: the classic set, four times faster to generate than the multi-bit one and twice as fast to run.
///
/// tfhe-rs publishes it for the classic compute set of small dimension 918; [`crate::noise::squashing_failure_log2`]
/// derives its failure probability under this one.
pub const SQUASHING: NoiseSquashingParameters =
    V1_8_NOISE_SQUASHING_PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128;
/// Public-key encryption with zero-knowledge proofs: a key pair of its own, of the same dimension as the big key.
pub const ENCRYPTION: CompactPublicKeyEncryptionParameters =
    V1_8_PARAM_PKE_TO_SMALL_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128_ZKV2;
/// The casting keyswitch: from the key pair of [`ENCRYPTION`] straight to the small key.
pub const CASTING: ShortintKeySwitchingParameters =
    V1_8_PARAM_MULTI_BIT_GROUP_4_KEYSWITCH_PKE_TO_SMALL_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128;

/// N: polynomial size, and mask words of a ciphertext under the big key (k = 1).
pub const POLYNOMIAL_SIZE: usize = 2048;
/// n: mask words under the small key.
pub const LWE_DIMENSION: usize = 920;
/// Words of a ciphertext block: mask and body.
pub const BLOCK_WORDS: usize = POLYNOMIAL_SIZE + 1;
/// Words that a block takes in a commitment: twice the polynomial size.
pub const BLOCK_STRIDE: usize = 2 * POLYNOMIAL_SIZE;
/// Step between two plaintexts of a block: two message bits, two carry bits and the padding bit from the top.
pub const DELTA: u64 = 1 << 59;
/// Plaintexts of a block: 0 to 15 below the padding bit.
pub const PLAINTEXT_MODULUS: u64 = 16;
/// b of the TUniform distribution of the big key: values in [-2^b, 2^b].
pub const GLWE_TUNIFORM_BITS: u32 = 17;
/// b of the TUniform distribution of the small key.
pub const LWE_TUNIFORM_BITS: u32 = 45;
/// Base 2^b of the keyswitch decomposition.
pub const KEYSWITCH_BASE_BITS: usize = 3;
/// Levels of the keyswitch decomposition.
pub const KEYSWITCH_LEVELS: usize = 5;
/// Base 2^b of the casting decomposition.
pub const CASTING_BASE_BITS: usize = 4;
/// Levels of the casting decomposition.
pub const CASTING_LEVELS: usize = 4;
/// g: mask words that one step of a blind rotation takes.
pub const GROUPING_FACTOR: usize = 4;
/// G: steps of a blind rotation.
pub const GROUPS: usize = LWE_DIMENSION / GROUPING_FACTOR;
/// Base 2^b of the bootstrapping decomposition, which has one level.
pub const BOOTSTRAPPING_BASE_BITS: usize = 22;

/// k of the squashing set.
pub const SQUASHING_GLWE_DIMENSION: usize = 2;
/// b of the TUniform distribution of the squashing key.
pub const SQUASHING_TUNIFORM_BITS: u32 = 30;
/// Base 2^b of the squashing decomposition.
pub const SQUASHING_BASE_BITS: usize = 24;
/// Levels of the squashing decomposition.
pub const SQUASHING_LEVELS: usize = 3;
/// Mask words of a squashed block: k N of the squashing set.
pub const SQUASHED_DIMENSION: usize = SQUASHING_GLWE_DIMENSION * POLYNOMIAL_SIZE;

/// The development policy for this parameter set, for linear programs: fresh inputs, and noise that squashing removes with failure probability
/// at most 2^-128 a block. Derived at [`crate::noise::MAX_VARIANCE`].
pub fn development_policy() -> DevelopmentPolicy {
    DevelopmentPolicy {
        fresh_variance: crate::noise::fresh_variance(),
        max_variance: crate::noise::MAX_VARIANCE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tfhe::core_crypto::prelude::DynamicDistribution;
    use tfhe::shortint::EncryptionKeyChoice;
    use tfhe::shortint::parameters::ModulusSwitchType;

    #[test]
    fn constants_are_those_of_the_set() {
        assert_eq!(COMPUTE.polynomial_size.0, POLYNOMIAL_SIZE);
        assert_eq!(COMPUTE.glwe_dimension.0, 1);
        assert_eq!(COMPUTE.lwe_dimension.0, LWE_DIMENSION);
        assert_eq!(COMPUTE.glwe_noise_distribution, DynamicDistribution::new_t_uniform(GLWE_TUNIFORM_BITS));
        assert_eq!(COMPUTE.lwe_noise_distribution, DynamicDistribution::new_t_uniform(LWE_TUNIFORM_BITS));
        assert_eq!((COMPUTE.ks_base_log.0, COMPUTE.ks_level.0), (KEYSWITCH_BASE_BITS, KEYSWITCH_LEVELS));
        assert_eq!(
            (COMPUTE.pbs_base_log.0, COMPUTE.pbs_level.0, COMPUTE.grouping_factor.0),
            (BOOTSTRAPPING_BASE_BITS, 1, GROUPING_FACTOR)
        );
        assert_eq!(GROUPS * GROUPING_FACTOR, LWE_DIMENSION);
        assert_eq!(COMPUTE.message_modulus.0 * COMPUTE.carry_modulus.0, PLAINTEXT_MODULUS);
        assert_eq!(DELTA, trine_program::policy::DELTA);
        assert!(COMPUTE.ciphertext_modulus.is_native_modulus());
    }

    #[test]
    fn casting_constants_are_those_of_the_proven_public_key() {
        assert_eq!((CASTING.ks_base_log.0, CASTING.ks_level.0), (CASTING_BASE_BITS, CASTING_LEVELS));
        assert_eq!(CASTING.destination_key, EncryptionKeyChoice::Small);
        assert_eq!(ENCRYPTION.encryption_lwe_dimension.0, POLYNOMIAL_SIZE);
        assert_eq!(
            ENCRYPTION.encryption_noise_distribution,
            DynamicDistribution::new_t_uniform(GLWE_TUNIFORM_BITS)
        );
        assert_eq!(
            (ENCRYPTION.message_modulus, ENCRYPTION.carry_modulus),
            (COMPUTE.message_modulus, COMPUTE.carry_modulus)
        );
    }

    #[test]
    fn squashing_constants_are_those_of_the_classic_set() {
        let NoiseSquashingParameters::Classic(set) = SQUASHING else { panic!("not the classic set") };
        assert_eq!(set.glwe_dimension.0, SQUASHING_GLWE_DIMENSION);
        assert_eq!(set.polynomial_size.0, POLYNOMIAL_SIZE);
        assert_eq!(set.glwe_noise_distribution, DynamicDistribution::new_t_uniform(SQUASHING_TUNIFORM_BITS));
        assert_eq!(
            (set.decomp_base_log.0, set.decomp_level_count.0),
            (SQUASHING_BASE_BITS, SQUASHING_LEVELS)
        );
        assert_eq!(set.message_modulus.0 * set.carry_modulus.0, PLAINTEXT_MODULUS);
        assert!(set.ciphertext_modulus.is_native_modulus());
        // The standard switch would fail with probability 2^-75 where the centred one has 2^-140.
        assert!(matches!(
            set.modulus_switch_noise_reduction_params,
            ModulusSwitchType::CenteredMeanNoiseReduction
        ));
    }
}
