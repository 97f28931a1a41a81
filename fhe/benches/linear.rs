//! The linear slice at its size: fifteen ballots of three blocks.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::path::PathBuf;
use trine_fhe::dev_keys::{self, DevelopmentKeys};
use trine_fhe::noise::{fresh_variance, linear_variance};
use trine_fhe::squashing::SquashingKey;
use trine_fhe::{encryption, keys, linear};
use trine_program::{Declaration, KeyKind, LinearProgram, ValueType};

fn tally(criterion: &mut Criterion) {
    let cache = dev_keys::cache_folder().expect("a home folder");
    let set =
        DevelopmentKeys::load_or_generate(&cache, &mut |step| eprintln!("{step}")).expect("development keys");
    let read = |path: &PathBuf| std::fs::read(path).expect("key file");
    let public = keys::decode_public_key(&read(&set.compact_public_key)).expect("public key");
    let squashing = SquashingKey::from_bytes(&read(&set.server_key)).expect("evaluation keys");

    let ballot =
        Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: 3, degree: 1 };
    let encrypt = || encryption::encrypt(&public, &ballot, &[1, 0, 1]).expect("plaintexts fit");
    let bytes = encryption::list_to_bytes(&encrypt()).expect("a list encodes");
    let read_and_expand = || {
        let list = encryption::list_from_bytes(&bytes).expect("own bytes");
        encryption::expand(&list, ballot).expect("own list")
    };
    let program = LinearProgram::sum(15, ballot, 15).expect("a tally");
    let inputs: Vec<_> = (0..15).map(|_| encryption::expand(&encrypt(), ballot).expect("own list")).collect();
    let total = linear::evaluate(&program, &inputs).expect("declared inputs").remove(0);
    let variance = linear_variance(&program, fresh_variance());

    criterion.bench_function("encrypt 3 blocks", |b| b.iter(|| black_box(encrypt())));
    criterion.bench_function("read and expand 3 blocks", |b| b.iter(|| black_box(read_and_expand())));
    criterion.bench_function("sum 15 x 3 blocks", |b| {
        b.iter(|| linear::evaluate(black_box(&program), black_box(&inputs)).expect("declared inputs"))
    });
    let mut slow = criterion.benchmark_group("slow");
    slow.sample_size(10);
    slow.bench_function("squash 3 blocks", |b| {
        b.iter(|| squashing.squash(&total, variance).expect("low noise"))
    });
    slow.finish();
}

criterion_group!(benches, tally);
criterion_main!(benches);
