//! Blind rotation with the parameter set's 230 groups, for each backend: a batch on one thread, one alone, one alone on two
//! threads.

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use rand::{Rng, SeedableRng, rngs::StdRng};
use trine_fhe::bootstrapping::rotation::{
    Accumulator, Backend, Exponents, GROUPING, Polynomial, RotationKey, SUBSETS, blind_rotate,
    blind_rotate_split,
};
use trine_fhe::parameters::{LWE_DIMENSION, POLYNOMIAL_SIZE};

const GROUPS: usize = LWE_DIMENSION / GROUPING;
const BATCH: usize = 16;

fn rotation(criterion: &mut Criterion) {
    let mut rng = StdRng::seed_from_u64(3);
    let mut words = vec![0; GROUPS * SUBSETS * 4 * POLYNOMIAL_SIZE];
    rng.fill(&mut words[..]);
    let key = RotationKey::from_words(GROUPS, &words).expect("a key of this length");
    drop(words);
    let mut polynomial = || Polynomial::new(std::array::from_fn(|_| rng.r#gen()));
    let mut accumulators: Vec<_> =
        (0..BATCH).map(|_| Accumulator { polynomials: [polynomial(), polynomial()] }).collect();
    let mut group = || std::array::from_fn(|subset| if subset == 0 { 0 } else { rng.gen_range(0..4096) });
    let exponents: Vec<_> =
        (0..BATCH).map(|_| Exponents { groups: (0..GROUPS).map(|_| group()).collect() }).collect();

    for backend in Backend::available() {
        let mut benches = criterion.benchmark_group(format!("blind rotation, {backend:?}"));
        benches.sample_size(10).sampling_mode(SamplingMode::Flat);
        benches.throughput(Throughput::Elements(BATCH as u64));
        benches.bench_function("batch of 16", |b| {
            b.iter(|| blind_rotate(*backend, &key, &mut accumulators, &exponents))
        });
        benches.throughput(Throughput::Elements(1));
        benches.bench_function("alone", |b| {
            b.iter(|| blind_rotate(*backend, &key, &mut accumulators[..1], &exponents[..1]))
        });
        benches.bench_function("alone, split", |b| {
            b.iter(|| blind_rotate_split(*backend, &key, &mut accumulators[0], &exponents[0]))
        });
        benches.finish();
    }
}

criterion_group!(benches, rotation);
criterion_main!(benches);
