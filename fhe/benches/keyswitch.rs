//! The keyswitch of a batch by both back ends, beside tfhe-rs's.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use tfhe::core_crypto::prelude::{
    CiphertextModulus, DecompositionBaseLog, DecompositionLevelCount, LweCiphertext, LweKeyswitchKey,
    LweSize, keyswitch_lwe_ciphertext,
};
use trine_fhe::BlockWords;
use trine_fhe::bootstrapping::keyswitch::{KeyswitchKey, SMALL_WORDS};
use trine_fhe::bootstrapping::modulus_switch::switch;
use trine_fhe::bootstrapping::rotation::Backend;
use trine_fhe::parameters::{BLOCK_WORDS, KEYSWITCH_BASE_BITS, KEYSWITCH_LEVELS, POLYNOMIAL_SIZE};
use trine_program::KeyKind;

/// Times do not depend on the words.
fn words(count: usize) -> Vec<u64> {
    (0..count as u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (i << 7)).collect()
}

fn keyswitch(criterion: &mut Criterion) {
    let key_words = words(POLYNOMIAL_SIZE * KEYSWITCH_LEVELS * SMALL_WORDS);
    let block = BlockWords::new(words(BLOCK_WORDS)).expect("a block");
    let mut group = criterion.benchmark_group("keyswitch");
    for backend in Backend::available() {
        let key = KeyswitchKey::from_words(*backend, KeyKind::Compute, &key_words).expect("a key");
        for batch in [1, 2, 8, 16, 32] {
            let blocks = vec![&block; batch];
            group.throughput(Throughput::Elements(batch as u64));
            group.bench_function(BenchmarkId::new(format!("{backend:?}"), batch), |b| {
                b.iter(|| key.switch(black_box(&blocks)))
            });
        }
    }
    let theirs = LweKeyswitchKey::from_container(
        &key_words[..],
        DecompositionBaseLog(KEYSWITCH_BASE_BITS),
        DecompositionLevelCount(KEYSWITCH_LEVELS),
        LweSize(SMALL_WORDS),
        CiphertextModulus::new_native(),
    );
    let input = LweCiphertext::from_container(block.words(), CiphertextModulus::new_native());
    group.throughput(Throughput::Elements(1));
    group.bench_function(BenchmarkId::new("tfhe-rs", 1), |b| {
        b.iter(|| {
            let mut output = LweCiphertext::new(0u64, LweSize(SMALL_WORDS), CiphertextModulus::new_native());
            keyswitch_lwe_ciphertext(&theirs, black_box(&input), &mut output);
            output
        })
    });
    group.finish();

    let key = KeyswitchKey::from_words(Backend::Portable, KeyKind::Compute, &key_words).expect("a key");
    let small = key.switch(&[&block]).remove(0);
    criterion.bench_function("modulus switch", |b| b.iter(|| switch(black_box(&small))));
}

criterion_group!(benches, keyswitch);
criterion_main!(benches);
