//! The opening against the verifier, and against the one that takes field elements.

use super::super::reduction::samples::{Sample, random};
use super::*;
use crate::{opening as dense, srs};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::sync::OnceLock;
use std::time::Instant;
use trine_verifier::bootstrapping::parameters::Parameters;
use trine_verifier::opening::{field_side, group_side};
use trine_verifier::srs::CommitmentKey;

fn key() -> &'static CommitmentKey {
    static KEY: OnceLock<CommitmentKey> = OnceLock::new();
    KEY.get_or_init(|| srs::development(13).unwrap())
}

/// A transcript that has absorbed the point and the values there.
fn transcript(point: &[Fr], values: &[Fr]) -> Transcript {
    let mut transcript = Transcript::new("trine.test.opening");
    transcript.absorb_all("u", point);
    transcript.absorb_all("v", values);
    transcript
}

fn assert_opens(sample: &Sample, backend: Backend) {
    let m = sample.shape.parameters.log_chunk;
    let point = random(m, &mut ChaCha20Rng::seed_from_u64(m as u64));
    let polynomials = sample.dense();
    let weights = eq_table(&point);
    let value = |f: &Vec<Fr>| f.iter().zip(&weights).map(|(coefficient, weight)| *coefficient * weight).sum();
    let values: Vec<Fr> = polynomials.iter().map(value).collect();
    let before = || transcript(&point, &values);

    let bases = Bases::new(backend, key().powers());
    let sent = open(backend, &bases, &sample.shape, &sample.polynomials(), &point, &mut before()).unwrap();

    let (d3, d4) = (digest::round(3, &sent.folds), sent.closing.digest());
    let challenges = field_side(m, &point, &values, d3, d4, &sent.proof, &mut before()).unwrap();
    let commitments: Vec<G1Affine> = polynomials.iter().map(|f| key().commit_fr(f).unwrap()).collect();
    let srs = key().verifier();
    group_side(srs, &commitments, &sent.folds, &sent.closing, &challenges).unwrap();

    let expected = dense::open(key(), m, &polynomials, &point, &mut before()).unwrap();
    assert_eq!(sent.proof, expected.proof);
    assert_eq!((sent.folds, sent.closing), (expected.folds, expected.closing));
}

#[test]
fn the_verifier_accepts_and_openings_are_those_of_field_elements() {
    for log_chunk in 9..=13 {
        let parameters = Parameters { log_chunk, ..Parameters::REDUCED };
        assert_opens(&Sample::new(parameters, 4, log_chunk % 2 == 0, log_chunk as u64), Backend::detect());
    }
}

#[test]
fn all_back_ends_open() {
    let sample = Sample::new(Parameters::REDUCED, 8, true, 1);
    for backend in Backend::all() {
        assert_opens(&sample, backend);
    }
}

#[test]
fn fewer_powers_than_coefficients_are_refused() {
    let sample = Sample::new(Parameters::REDUCED, 2, true, 2);
    let backend = Backend::detect();
    let bases = Bases::new(backend, &key().powers()[..1000]);
    let point = vec![Fr::from(2u64); sample.shape.parameters.log_chunk];
    let refused =
        open(backend, &bases, &sample.shape, &sample.polynomials(), &point, &mut transcript(&point, &[]));
    assert!(matches!(refused, Err(MsmError::TooLong { length: 1024, powers: 1000, .. })));
}

/// Long enough for several tasks, and one that ends in the middle of a row.
#[test]
fn long_polynomials_are_evaluated_and_divided() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let (f, x) = (random(3 * TASK + 5, &mut rng), random(2, &mut rng));
    let horner =
        |f: &[Fr], x: Fr| f.iter().rev().fold(Fr::from(0u64), |sum, coefficient| sum * x + coefficient);
    assert_eq!(evaluate(&f, x[0]), horner(&f, x[0]));
    for e in [1, ARITY] {
        let residues = residues(&f, e, x[0]);
        let mut quotient = f.clone();
        divide(&mut quotient, e, x[0]);
        let power = x[1].pow([e as u64]);
        assert_eq!(horner(&quotient, x[1]) * (power - x[0]) + horner(&residues, x[1]), horner(&f, x[1]));
        assert!(quotient[f.len() - e..].iter().all(|coefficient| *coefficient == Fr::from(0u64)));
    }
}

/// The fastest back end, and the one of all processors.
fn timed_backends() -> Vec<Backend> {
    let mut backends = vec![Backend::detect(), Backend::portable()];
    backends.dedup();
    backends
}

#[test]
#[ignore = "slow: 2^22 coefficients"]
fn seconds_at_production_size() {
    let sample = Sample::new(Parameters::PRODUCTION, 8, true, 4);
    let m = sample.shape.parameters.log_chunk;
    let point = random(m, &mut ChaCha20Rng::seed_from_u64(5));
    let powers: Vec<G1Affine> = key().powers().iter().copied().cycle().take(1 << m).collect();
    for backend in timed_backends() {
        let bases = Bases::new(backend, &powers);
        let start = Instant::now();
        batch(backend, &sample.shape, &sample.polynomials(), point[0]);
        println!("{backend:?}: batched in {:.3} s", start.elapsed().as_secs_f64());
        let start = Instant::now();
        let polynomials = sample.polynomials();
        open(backend, &bases, &sample.shape, &polynomials, &point, &mut transcript(&point, &[])).unwrap();
        println!("{backend:?}: opened in {:.3} s", start.elapsed().as_secs_f64());
    }
}
