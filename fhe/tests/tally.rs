//! Users encrypt with tfhe-rs's own types, the sum is exact, an unmodified client key decrypts it.

mod fixture;

use fixture::{Fixture, ballot};
use tfhe::shortint::noise_squashing::NoiseSquashingPrivateKey;
use tfhe::shortint::parameters::v1_8::{
    V1_8_PARAM_MESSAGE_1_CARRY_1_KS_PBS_TUNIFORM_2M128, V1_8_PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128,
};
use tfhe::shortint::{ClientKey, CompactPublicKey};
use trine_fhe::keys::{DealerKeys, KeyError};
use trine_fhe::noise::fresh_variance;
use trine_fhe::parameters::{self, DELTA};
use trine_fhe::{encryption, keys, linear};
use trine_program::{Declaration, LinearProgram};

#[test]
fn an_unmodified_client_key_decrypts_the_exact_sum() {
    let fixture = Fixture::load();
    let (total, expected) = fixture.tally();
    let decrypted: Vec<u64> = total
        .blocks()
        .iter()
        .map(|b| fixture.dealer.client().decrypt_message_and_carry(&b.to_shortint(15)))
        .collect();
    assert_eq!(decrypted, expected);
}

#[test]
fn a_list_expands_to_the_same_words_on_any_number_of_threads_without_a_key() {
    let fixture = Fixture::load();
    let list = encryption::encrypt(&fixture.public, &ballot(), &[1, 0, 1]).unwrap();
    let bytes = encryption::list_to_bytes(&list).unwrap();
    let expand_on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| encryption::expand(&encryption::list_from_bytes(&bytes).unwrap(), ballot()).unwrap())
    };
    let one = expand_on(1);
    assert_eq!(one, expand_on(2));
    let plain: Vec<u64> =
        one.blocks().iter().map(|b| fixture.dealer.client().decrypt(&b.to_shortint(1))).collect();
    assert_eq!(plain, [1, 0, 1]);
}

#[test]
fn hostile_lists_are_errors() {
    let fixture = Fixture::load();
    let list = encryption::encrypt(&fixture.public, &ballot(), &[1, 0, 1]).unwrap();
    let bytes = encryption::list_to_bytes(&list).unwrap();
    assert!(encryption::list_from_bytes(&[]).is_err());
    assert!(encryption::list_from_bytes(&bytes[..bytes.len() - 1]).is_err());
    assert!(encryption::list_from_bytes(&vec![0xff; 1 << 17]).is_err());
    // Every byte outside the words (they are free) either still reads as the same shape or is refused.
    for place in (0..bytes.len()).filter(|p| *p < 64 || *p + 64 > bytes.len()) {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << bit;
            if let Ok(list) = encryption::list_from_bytes(&changed) {
                assert_eq!(encryption::expand(&list, ballot()).map(|v| v.blocks().len()).ok(), Some(3));
            }
        }
    }
    let two = Declaration { blocks: 2, ..ballot() };
    assert!(encryption::expand(&list, two).is_err());
    assert!(encryption::encrypt(&fixture.public, &ballot(), &[2, 0, 0]).is_err());
}

/// Under one public key the error `e r` has the mean `sum(e) / 2`, since r is binary: each block has its own mean, and
/// three quarters of the predicted variance around it.
#[test]
fn fresh_noise_has_the_predicted_deviation() {
    let fixture = Fixture::load();
    let count = 600;
    let mut noises = [vec![], vec![], vec![]];
    for _ in 0..count {
        let value = fixture.encrypt([1, 0, 1]);
        for (noises, block) in noises.iter_mut().zip(value.blocks()) {
            let plain = fixture.dealer.client().decrypt_no_decode(&block.to_shortint(1)).0;
            let noise =
                plain.wrapping_sub((plain.wrapping_add(DELTA / 2) / DELTA).wrapping_mul(DELTA)) as i64;
            noises.push(noise as f64);
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let central = |values: &Vec<f64>| {
        let centre = mean(values);
        values.iter().map(|v| (v - centre).powi(2)).sum::<f64>() / (values.len() - 1) as f64
    };
    let measured = (noises.iter().map(central).sum::<f64>() / 3.0).sqrt();
    let whole = (fresh_variance() * 2f64.powi(128)).sqrt();
    let predicted = whole * 0.75f64.sqrt();
    // 1,800 samples: a measured deviation deviates by 1.7 %.
    assert!((measured / predicted - 1.0).abs() < 0.07, "measured {measured}, predicted {predicted}");
    for noises in &noises {
        assert!(mean(noises).abs() < 6.0 * whole / 2.0, "mean {}", mean(noises));
    }
}

#[test]
fn words_do_not_depend_on_the_number_of_threads() {
    let fixture = Fixture::load();
    let ballots: Vec<_> = (0..15u64).map(|v| fixture.encrypt([v & 1, v >> 1 & 1, v >> 2 & 1])).collect();
    let program = LinearProgram::sum(15, ballot(), 15).unwrap();
    let evaluate_on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| linear::evaluate(&program, &ballots).unwrap())
    };
    assert_eq!(evaluate_on(1), evaluate_on(2));
}

#[test]
fn hostile_public_keys_are_errors() {
    let fixture = Fixture::load();
    let bytes = std::fs::read(&fixture.set.compact_public_key).unwrap();
    assert!(keys::decode_public_key(&bytes[..bytes.len() - 1]).is_err());
    assert!(keys::decode_public_key(&[&bytes[..], &[0]].concat()).is_err());
    assert!(keys::decode_public_key(&vec![0xff; 1 << 17]).is_err());
    // The key words are free; whatever else still decodes has the shape of the parameter set.
    for place in (0..bytes.len()).filter(|p| *p < 64 || *p + 128 > bytes.len()) {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << bit;
            if let Ok(key) = keys::decode_public_key(&changed) {
                assert_eq!(key.parameters(), fixture.public.parameters());
                assert_eq!(key.size_elements(), fixture.public.size_elements());
            }
        }
    }
}

/// Development keys come from a public seed: every machine draws the same.
#[test]
fn development_keys_have_a_known_digest() {
    let digest = Fixture::load().set.key_digest().unwrap();
    let digest: String = digest.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(digest, "e48bcf9b2426ccfd96ded25eccc4ff4927ae95b36235f817d603c566b5d3396b");
}

#[test]
#[ignore = "slow: draws all keys anew"]
fn development_keys_are_drawn_alike() {
    let folder = tempfile::tempdir().unwrap();
    let drawn = trine_fhe::dev_keys::DevelopmentKeys::load_or_generate(folder.path(), &mut |_| {}).unwrap();
    assert!(!drawn.cached);
    assert_eq!(drawn.key_digest().unwrap(), Fixture::load().set.key_digest().unwrap());
    let dealer = |path: &std::path::Path| std::fs::read(path).unwrap();
    assert_eq!(dealer(&drawn.dealer), dealer(&Fixture::load().set.dealer));
}

#[test]
fn keys_of_another_parameter_set_are_refused() {
    let small = ClientKey::new(V1_8_PARAM_MESSAGE_1_CARRY_1_KS_PBS_TUNIFORM_2M128);
    let public = keys::encode("public key", &CompactPublicKey::new(&small)).unwrap();
    assert!(matches!(keys::decode_public_key(&public), Err(KeyError::ParameterSet { .. })));
    // Same big key and noise, another small key: the classic twin of the set.
    let twin = ClientKey::new(V1_8_PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128);
    let squashing = NoiseSquashingPrivateKey::new(parameters::SQUASHING);
    let dealer = keys::encode("dealer keys", &(&twin, &squashing)).unwrap();
    assert!(matches!(DealerKeys::from_bytes(&dealer), Err(KeyError::ParameterSet { what: "client key" })));
}
