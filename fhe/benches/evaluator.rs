//! Keyswitch, bootstrapping and extraction with real keys: one alone, and batches over threads.

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Arc;
use trine_fhe::BlockWords;
use trine_fhe::bootstrapping::rotation::Backend;
use trine_fhe::bootstrapping::trace::Trace;
use trine_fhe::bootstrapping::{EvaluationKey, Evaluator, LookupTable, Request};
use trine_fhe::dev_keys::{self, DevelopmentKeys};
use trine_fhe::keys::EvaluationKeys;
use trine_fhe::parameters::BLOCK_WORDS;
use trine_program::KeyKind;

fn evaluator(criterion: &mut Criterion) {
    let cache = dev_keys::cache_folder().expect("a home folder");
    let set =
        DevelopmentKeys::load_or_generate(&cache, &mut |step| eprintln!("{step}")).expect("development keys");
    let bytes = std::fs::read(&set.server_key).expect("key file");
    let server = EvaluationKeys::from_bytes(&bytes).expect("evaluation keys").server;
    drop(bytes);
    // Times do not depend on the words.
    let word = |i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (i << 7);
    let block = BlockWords::new((0..BLOCK_WORDS as u64).map(word).collect()).expect("a block");
    let table = LookupTable::from_function(|x| x).expect("a table");
    let request = Request { input: &block, key: KeyKind::Compute, table: &table };

    for backend in Backend::available().iter().rev() {
        let key = Arc::new(EvaluationKey::new(server.clone(), *backend).expect("a server key"));
        let mut group = criterion.benchmark_group(format!("bootstrapping {backend:?}"));
        group.sample_size(10).sampling_mode(SamplingMode::Flat);
        for (threads, count) in [(1, 1), (2, 1), (1, 16), (1, 32), (2, 32), (2, 64)] {
            let evaluator = Evaluator::new(key.clone(), NonZeroUsize::new(threads).expect("not zero"));
            let requests = vec![request; count];
            group.throughput(Throughput::Elements(count as u64));
            group.bench_function(BenchmarkId::new(format!("{threads} threads"), count), |b| {
                b.iter(|| evaluator.evaluate(black_box(&requests)).expect("a compute key"))
            });
        }
        group.throughput(Throughput::Elements(1));
        group.bench_function("trace", |b| b.iter(|| Trace::new(&key, black_box(&request)).expect("a trace")));
        group.finish();
    }
}

criterion_group!(benches, evaluator);
criterion_main!(benches);
