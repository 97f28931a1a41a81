//! Inputs under the key pair of tfhe-rs's zero-knowledge public-key encryption, cast to the small key on entry.

use crate::keys::{block, dealer, decrypt, evaluation_key, request, secrets, server, words};
use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock};
use tfhe::core_crypto::prelude::{CiphertextModulus, LweCiphertext, keyswitch_lwe_ciphertext};
use tfhe::shortint::key_switching_key::{CompressedKeySwitchingKey, CompressedKeySwitchingKeyMaterial};
use tfhe::shortint::parameters::ShortintKeySwitchingParameters;
use tfhe::shortint::parameters::v1_8::V1_8_PARAM_MULTI_BIT_GROUP_2_MESSAGE_1_CARRY_1_KS_PBS_GAUSSIAN_2M128 as OTHER;
use tfhe::shortint::public_key::CompactPrivateKey;
use tfhe::shortint::{ClientKey, CompactPublicKey, CompressedServerKey};
use trine_fhe::BlockWords;
use trine_fhe::bootstrapping::keyswitch::KeyswitchKey;
use trine_fhe::bootstrapping::rotation::Backend;
use trine_fhe::bootstrapping::trace::{MAX_SWITCH_CARRY, Trace};
use trine_fhe::bootstrapping::{EvaluationKey, Evaluator, LookupTable, Request};
use trine_fhe::parameters::{BLOCK_WORDS, CASTING, COMPUTE, ENCRYPTION, POLYNOMIAL_SIZE};
use trine_program::KeyKind;

struct Pair {
    public: CompactPublicKey,
    material: CompressedKeySwitchingKeyMaterial,
    evaluation: Arc<EvaluationKey>,
}

static PAIR: LazyLock<Pair> = LazyLock::new(|| {
    let private = CompactPrivateKey::new(ENCRYPTION);
    let material = material(&private, CASTING);
    let key = EvaluationKey::new(server().clone(), Backend::detect()).unwrap();
    Pair {
        public: CompactPublicKey::new(&private),
        evaluation: Arc::new(key.with_casting(material.clone()).unwrap()),
        material,
    }
});

fn material(
    private: &CompactPrivateKey<Vec<u64>>,
    parameters: ShortintKeySwitchingParameters,
) -> CompressedKeySwitchingKeyMaterial {
    let key = CompressedKeySwitchingKey::new((private, None), (dealer().client(), server()), parameters);
    key.into_raw_parts().0
}

/// Blocks of a compact list, by copying coefficients.
fn encrypt(plaintexts: &[u64]) -> Vec<BlockWords> {
    let list = PAIR.public.encrypt_slice_with_modulus(plaintexts, 16);
    let blocks = list.ct_list.expand_into_lwe_ciphertext_list();
    blocks.as_ref().chunks_exact(BLOCK_WORDS).map(|w| BlockWords::new(w.to_vec()).unwrap()).collect()
}

#[test]
fn every_plaintext_is_cast_through_a_table_in_a_batch_of_both_kinds() {
    let table = LookupTable::from_function(|x| (3 * x + 1) % 16).unwrap();
    let plaintexts: Vec<u64> = (0..16).collect();
    let cast = encrypt(&plaintexts);
    let compute: Vec<BlockWords> = plaintexts.iter().map(|m| block(&format!("both {m}"), *m)).collect();
    let requests: Vec<Request<'_>> = cast
        .iter()
        .zip(&compute)
        .flat_map(|(cast, compute)| {
            [Request { key: KeyKind::Casting, ..request(cast, &table) }, request(compute, &table)]
        })
        .collect();
    let evaluator = Evaluator::new(PAIR.evaluation.clone(), NonZeroUsize::new(2).unwrap());
    for (index, output) in evaluator.evaluate(&requests).unwrap().iter().enumerate() {
        assert_eq!(decrypt(&output[0]), (3 * (index as u64 / 2) + 1) % 16, "request {index}");
    }
}

#[test]
fn every_word_of_the_casting_keyswitch_is_that_of_tfhe_rs() {
    let theirs = PAIR.material.clone().into_raw_parts().0.par_decompress_into_lwe_keyswitch_key();
    let tie = 1u64 << 63;
    let edges = [tie, tie - (1 << 47), tie - (1 << 47) - 1, tie + (1 << 47), 0, u64::MAX, 1 << 47, 8 << 48];
    let crafted = (0..BLOCK_WORDS).map(|j| edges[(j + j / 11) % edges.len()]).collect();
    let blocks: Vec<BlockWords> = (0..20)
        .map(|i| words(&format!("casting {i}"), BLOCK_WORDS))
        .chain([crafted])
        .map(|words| BlockWords::new(words).unwrap())
        .collect();
    for backend in Backend::available() {
        let ours = KeyswitchKey::from_words(*backend, KeyKind::Casting, theirs.as_ref()).unwrap();
        let switched = ours.switch(&blocks.iter().collect::<Vec<_>>());
        for (block, switched) in blocks.iter().zip(switched) {
            let input = LweCiphertext::from_container(block.words(), CiphertextModulus::new_native());
            let mut output =
                LweCiphertext::new(0u64, theirs.output_lwe_size(), CiphertextModulus::new_native());
            keyswitch_lwe_ciphertext(&theirs, &input, &mut output);
            assert!(switched.words() == output.as_ref(), "{backend:?}");
        }
    }
}

#[test]
fn casting_digits_and_remainders_have_their_own_ranges() {
    let table = LookupTable::from_function(|x| x).unwrap();
    let input = &encrypt(&[3])[0];
    let request = Request { key: KeyKind::Casting, ..request(input, &table) };
    let trace = Trace::new(&PAIR.evaluation, &request).unwrap();
    let columns = &trace.keyswitch;
    for (j, word) in input.words()[..POLYNOMIAL_SIZE].iter().enumerate() {
        let digits = columns.digits[j];
        assert!(digits[..4].iter().all(|d| (-8..=8).contains(d)) && digits[4] == 0);
        assert!(columns.remainders[j] < 1 << 48 && columns.carries[j].abs() < MAX_SWITCH_CARRY);
        let state: i128 = digits.iter().enumerate().map(|(l, d)| i128::from(*d) << (4 * l)).sum();
        let right =
            (state << 48) + i128::from(columns.remainders[j]) + (i128::from(columns.carries[j]) << 64);
        assert_eq!(i128::from(*word) + (1 << 47), right, "mask word {j}");
    }
    let evaluator = Evaluator::new(PAIR.evaluation.clone(), NonZeroUsize::MIN);
    let output = evaluator.evaluate(&[request]).unwrap().remove(0);
    let wire = trace.wire(table.offsets().next().unwrap());
    assert!(wire.iter().map(|w| *w as u64).eq(output[0].words().iter().copied()));
}

#[test]
fn keys_of_another_set_are_named() {
    let private = CompactPrivateKey::new(ENCRYPTION);
    let compute_levels = ShortintKeySwitchingParameters {
        ks_base_log: COMPUTE.ks_base_log,
        ks_level: COMPUTE.ks_level,
        ..CASTING
    };
    let key = EvaluationKey::new(server().clone(), Backend::Portable).unwrap();
    let error = key.with_casting(material(&private, compute_levels)).err().unwrap();
    assert!(error.to_string().starts_with("casting key is not of the parameter set"), "{error}");
    let other = CompressedServerKey::new(&ClientKey::new(OTHER));
    let error = EvaluationKey::new(other, Backend::detect()).err().unwrap();
    assert!(error.to_string().starts_with("server key is not of the parameter set"), "{error}");
}

#[test]
fn the_casting_key_of_one_pair_reads_no_compute_block() {
    assert!(evaluation_key(Backend::detect()).keyswitch(KeyKind::Casting).is_none());
    let table = LookupTable::from_function(|x| x).unwrap();
    let block = block("wrong key", 9);
    let evaluator = Evaluator::new(PAIR.evaluation.clone(), NonZeroUsize::MIN);
    let right = evaluator.evaluate(&[request(&block, &table)]).unwrap();
    let wrong = evaluator.evaluate(&[Request { key: KeyKind::Casting, ..request(&block, &table) }]).unwrap();
    assert_ne!(right, wrong);
    assert_eq!(secrets().large_lwe_secret_key().as_ref().len(), POLYNOMIAL_SIZE);
}
