//! The wrap in the production class: witness check, synthesis, proof, loading the proving key.

#[path = "../tests/argument/case.rs"]
#[expect(dead_code, reason = "the tests of the argument use the rest")]
mod case;

use criterion::{Criterion, criterion_group, criterion_main};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::path::PathBuf;
use trine_prover::Mode;
use trine_prover::groth::{development_key, prove_wrap, verify_wrap};
use trine_prover::wrap::{WrapWitness, constraint_report, first_failure, structure};
use trine_verifier::transcript::ARGUMENT_TAG;
use trine_verifier::verify::{round_digests, verify_field};
use trine_verifier::{Class, Transcript};

fn cache() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/trine");
    std::env::var_os("TRINE_CACHE").map_or_else(home, PathBuf::from).join("dev-keys")
}

fn wrap(c: &mut Criterion) {
    let class = Class::SLICE;
    let case = case::case(class, 15, 1, 1);
    let proof = case.prove();
    let digests = case.statement.inputs(&class).unwrap();
    let rounds = round_digests(&class, &proof.group).unwrap();
    let mut transcript = Transcript::new(ARGUMENT_TAG);
    let public = verify_field(&class, &digests, &rounds, &proof.field, &mut transcript).unwrap();
    let witness = WrapWitness { matrix: digests.matrix, field: proof.field };
    println!("{:?}", constraint_report(&class));
    let key = development_key(&cache(), &class, Mode::Development).unwrap();
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let wrapped = prove_wrap(&key, &class, &public, &witness, &mut rng).unwrap();

    let mut group = c.benchmark_group("wrap");
    group.sample_size(10);
    group.bench_function("first failure", |b| b.iter(|| first_failure(&class, &public, &witness)));
    group.bench_function("synthesis", |b| b.iter(|| structure(&class)));
    group.bench_function("load key", |b| b.iter(|| development_key(&cache(), &class, Mode::Development)));
    group.bench_function("prove", |b| b.iter(|| prove_wrap(&key, &class, &public, &witness, &mut rng)));
    group.bench_function("verify", |b| b.iter(|| verify_wrap(&key.vk, &public, &wrapped)));
}

criterion_group!(benches, wrap);
criterion_main!(benches);
