//! Commitments to 2^20 cells, words and field elements, beside arkworks' on the same points, and to 2^22 as a proof has them.

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::{CurveGroup, PrimeGroup, VariableBaseMSM};
use ark_ff::{AdditiveGroup, UniformRand};
use criterion::{Criterion, criterion_group, criterion_main};
use rand::Rng;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::hint::black_box;
use trine_kernels::Backend;
use trine_kernels::msm::{Bases, Pattern};

const ROWS: usize = 1 << 20;
/// Of a polynomial at production.
const MANY: usize = 1 << 22;

/// Multiples of a generator in geometric progression of ratio 3: as good as powers of a secret for timing.
fn powers(count: usize) -> Vec<G1Affine> {
    let mut power = G1Projective::generator();
    let mut points = Vec::with_capacity(count);
    for _ in 0..count {
        points.push(power);
        power = power.double() + power;
    }
    G1Projective::normalize_batch(&points)
}

fn commitments(criterion: &mut Criterion) {
    let mut rng = ChaCha20Rng::from_seed([7; 32]);
    let powers = powers(ROWS);
    let cells: Vec<u32> = (0..ROWS).map(|_| rng.gen_range(0..1 << 22)).collect();
    let words: Vec<u64> = (0..ROWS).map(|_| rng.r#gen()).collect();
    let scalars: Vec<Fr> = (0..ROWS).map(|_| Fr::rand(&mut rng)).collect();

    let mut group = criterion.benchmark_group("2^20");
    group.sample_size(10);
    for backend in [Backend::portable(), Backend::detect()] {
        let bases = Bases::new(backend, &powers);
        let name = |what: &str| format!("{what}/{backend:?}");
        group
            .bench_function(name("cells of 22 bits"), |b| b.iter(|| bases.commit_u32(black_box(&cells), 22)));
        group.bench_function(name("words"), |b| b.iter(|| bases.commit_u64(black_box(&words))));
        group.bench_function(name("elements"), |b| b.iter(|| bases.commit_field(black_box(&scalars))));
        if backend == Backend::detect() {
            break;
        }
    }
    group.bench_function("cells of 22 bits/arkworks", |b| {
        b.iter(|| G1Projective::msm_u32(&powers, black_box(&cells)).into_affine());
    });
    group.bench_function("words/arkworks", |b| {
        b.iter(|| G1Projective::msm_u64(&powers, black_box(&words)).into_affine());
    });
    group.bench_function("elements/arkworks", |b| {
        b.iter(|| G1Projective::msm_unchecked(&powers, black_box(&scalars)).into_affine());
    });
    group.finish();
}

fn polynomials(criterion: &mut Criterion) {
    let mut rng = ChaCha20Rng::from_seed([8; 32]);
    let bases = Bases::new(Backend::detect(), &powers(MANY));
    let cells: Vec<u32> = (0..MANY).map(|_| rng.gen_range(0..1 << 22)).collect();
    let near: Vec<u32> = cells.iter().map(|cell| (1 << 21) - (1 << 7) + cell % (1 << 8)).collect();
    let scalars: Vec<Fr> = (0..MANY).map(|_| Fr::rand(&mut rng)).collect();
    let all = Pattern { log_period: MANY.ilog2(), rows: 0..MANY };

    let mut group = criterion.benchmark_group("2^22");
    group.sample_size(10);
    group.bench_function("cells of 22 bits", |b| b.iter(|| bases.commit_u32(black_box(&cells), 22)));
    for (name, cells) in [("cells of 22 bits, centred", &cells), ("cells close to the centre", &near)] {
        group.bench_function(name, |b| {
            b.iter(|| bases.commit_centred_at(0, black_box(cells), 22, 1 << 21, &all));
        });
    }
    group.bench_function("elements", |b| b.iter(|| bases.commit_field(black_box(&scalars))));
    group.finish();
}

criterion_group!(benches, commitments, polynomials);
criterion_main!(benches);
