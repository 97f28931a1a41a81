//! The reduction against the verifier and against dense sums.

use super::samples::Sample;
use super::*;
use ark_ff::One;
use std::time::Instant;
use trine_verifier::bootstrapping::checks::Checks;
use trine_verifier::bootstrapping::error::Rejection;
use trine_verifier::bootstrapping::parameters::Parameters;
use trine_verifier::bootstrapping::reduction::{ReductionEnd, verify_reduction};
use trine_verifier::opening::eq_table;

/// Parameter sets with numbers of bootstrappings, with and without a casting key.
fn samples() -> Vec<Sample> {
    let wide = Parameters {
        id: 203,
        log_n: 6,
        keyswitching: [Parameters::REDUCED_GADGETS.keyswitching[0]; 2],
        ..Parameters::REDUCED
    };
    vec![
        Sample::new(Parameters::REDUCED, 2, true, 1),
        Sample::new(Parameters::REDUCED, 8, false, 2),
        Sample::new(Parameters::REDUCED_GADGETS, 3, true, 3),
        Sample::new(wide, 5, true, 4),
    ]
}

fn transcript() -> Transcript {
    Transcript::new("trine.test.reduction")
}

fn prove(backend: Backend, sample: &Sample, claims: &[Claim]) -> Reduction {
    let polynomials = sample.polynomials();
    prove_reduction(backend, &sample.shape, &sample.circuit, claims, &polynomials, &mut transcript())
}

fn verify(sample: &Sample, claims: &[Claim], sent: &Reduction) -> Result<ReductionEnd, Rejection> {
    let (shape, circuit) = (&sample.shape, &sample.circuit);
    verify_reduction(shape, circuit, claims, &sent.rounds, &sent.values, &Checks::ALL, &mut transcript())
}

#[test]
fn the_verifier_accepts_and_values_are_those_of_the_polynomials() {
    for sample in samples() {
        let claims = sample.claims(5);
        let sent = prove(Backend::detect(), &sample, &claims);
        let weights = eq_table(&sent.point);
        let value = |f: &Vec<Fr>| f.iter().zip(&weights).map(|(cell, weight)| *cell * weight).sum();
        let values = sample.dense().iter().map(value).collect::<Vec<Fr>>();
        assert!(sent.values.len() < values.len(), "the sample uses every slot");
        let point = sent.point.clone();
        assert_eq!(verify(&sample, &claims, &sent), Ok(ReductionEnd { point, values }));
    }
}

#[test]
fn every_claim_by_itself_is_proved() {
    let sample = &samples()[0];
    for claim in sample.claims(6) {
        let claims = [claim];
        let sent = prove(Backend::detect(), sample, &claims);
        assert!(verify(sample, &claims, &sent).is_ok(), "{:?}", claims[0].check);
    }
}

#[test]
fn a_claim_off_by_one_is_rejected() {
    let sample = &samples()[2];
    let claims = sample.claims(7);
    for k in 0..claims.len() {
        let mut claims = claims.clone();
        claims[k].value += Fr::one();
        let sent = prove(Backend::detect(), sample, &claims);
        assert_eq!(verify(sample, &claims, &sent), Err(Rejection::Reduction), "{:?}", claims[k].check);
    }
}

#[test]
fn back_ends_agree() {
    for sample in samples() {
        let claims = sample.claims(8);
        let expected = prove(Backend::portable(), &sample, &claims);
        for backend in Backend::all() {
            assert_eq!(prove(backend, &sample, &claims), expected, "{backend:?}");
        }
    }
}

#[test]
fn no_column_is_shorter_than_a_line() {
    for parameters in [Parameters::PRODUCTION, Parameters::REDUCED, Parameters::REDUCED_GADGETS] {
        let shape = Shape::of(parameters, 1, vec![1], vec![1]).unwrap();
        for (column, place) in shape.columns() {
            assert!(place.variables >= parameters.log_n, "{column:?} of {}", parameters.id);
        }
    }
}

/// The fastest back end, and the one of all processors.
fn timed_backends() -> Vec<Backend> {
    let mut backends = vec![Backend::detect(), Backend::portable()];
    backends.dedup();
    backends
}

/// Claims have values of zero here: nothing is verified, and the prover does not look at them.
#[test]
#[ignore = "slow: columns of production size"]
fn seconds_at_production_size() {
    let sample = Sample::new(Parameters::PRODUCTION, 8, true, 9);
    let claims = sample.claims_of_zero(10);
    for backend in timed_backends() {
        let start = Instant::now();
        let sent = prove(backend, &sample, &claims);
        println!(
            "{backend:?}: {} polynomials reduced in {:.3} s",
            sent.values.len(),
            start.elapsed().as_secs_f64()
        );
    }
}
