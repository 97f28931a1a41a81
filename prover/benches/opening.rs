//! Commitments and the opening at the sizes of the production class.

use ark_bn254::Fr;
use ark_ff::UniformRand;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use trine_prover::{opening, srs};
use trine_verifier::opening::{field_side, group_side};
use trine_verifier::srs::CommitmentKey;
use trine_verifier::{Class, Transcript, digest};

fn benches(c: &mut Criterion) {
    let class = Class::SLICE;
    let m = class.log_chunk;
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let key = srs::development(m).expect("a development SRS");

    let limbs: Vec<u32> = (0..1 << m).map(|_| rng.next_u32() & 0xffff).collect();
    c.bench_function("commit 2^16 limbs of 16 bits", |b| b.iter(|| key.commit_small(&limbs)));
    let words: Vec<u64> = (0..1 << 14).map(|_| rng.next_u64()).collect();
    c.bench_function("commit 2^14 words of 64 bits", |b| b.iter(|| key.commit_words(&words)));
    let scalars: Vec<Fr> = (0..1 << m).map(|_| Fr::rand(&mut rng)).collect();
    c.bench_function("commit 2^16 scalars", |b| b.iter(|| key.commit_fr(&scalars)));

    let polynomials: Vec<Vec<Fr>> = (0..class.polynomials())
        .map(|k| match k < class.first_input() {
            true => limbs.iter().map(|limb| Fr::from(*limb)).collect(),
            false => words.iter().map(|word| Fr::from(*word)).collect(),
        })
        .collect();
    let point: Vec<Fr> = (0..m).map(|_| Fr::rand(&mut rng)).collect();
    let fresh = || Transcript::new("trine.bench.opening");
    c.bench_function("open 25 polynomials of 2^16", |b| {
        b.iter_batched(
            fresh,
            |mut transcript| opening::open(&key, m, &polynomials, &point, &mut transcript),
            BatchSize::SmallInput,
        )
    });

    let table = trine_verifier::opening::eq_table(&point);
    let values: Vec<Fr> =
        polynomials.iter().map(|f| f.iter().zip(&table).map(|(c, e)| *c * e).sum()).collect();
    let commitments: Vec<_> =
        polynomials.iter().map(|f| key.commit_fr(f).expect("the key is long enough")).collect();
    let sent = opening::open(&key, m, &polynomials, &point, &mut fresh()).expect("the key is long enough");
    c.bench_function("verify that opening", |b| {
        b.iter(|| {
            let (d3, d4) = (digest::round(3, &sent.folds), sent.closing.digest());
            let challenges = field_side(m, &point, &values, d3, d4, &sent.proof, &mut fresh())?;
            group_side(key.verifier(), &commitments, &sent.folds, &sent.closing, &challenges)
        })
    });

    c.bench_function("generate the SRS of 2^16 powers", |b| b.iter(|| srs::development(m)));
    let bytes = key.to_bytes();
    c.bench_function("read and check the SRS of 2^16 powers", |b| {
        b.iter(|| CommitmentKey::from_bytes(&bytes))
    });
}

criterion_group! {
    name = opening_benches;
    config = Criterion::default().sample_size(10);
    targets = benches
}
criterion_main!(opening_benches);
