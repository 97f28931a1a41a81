//! Honest proofs of random circuits verify.

use crate::case::{Case, key};
use crate::plain::Prover;
use proptest::prelude::*;
use trine_verifier::bootstrapping::proof::proof_bytes;
use trine_verifier::bootstrapping::{CircuitProof, Parameters, verify};

fn accept(parameters: Parameters, bootstrappings: usize, seed: u64) {
    let case = Case::random(parameters, bootstrappings, seed);
    let trace = case.evaluate();
    let proven = Prover::honest(&case, &trace).prove();
    assert_eq!(proven.false_claims, []);
    let bytes = proven.proof.to_bytes(&case.shape);
    assert_eq!(bytes.len(), proof_bytes(&case.shape));
    assert_eq!(CircuitProof::from_bytes(&case.shape, &bytes).as_ref(), Ok(&proven.proof));
    let verified = verify(&parameters, key().verifier(), &proven.statement, &proven.proof);
    assert!(verified.is_ok(), "{parameters:?}, {bootstrappings} bootstrappings, seed {seed}: {verified:?}");
}

#[test]
fn every_number_of_bootstrappings_has_a_proof() {
    for bootstrappings in 0..=8 {
        accept(Parameters::REDUCED, bootstrappings, 1);
    }
    for bootstrappings in 0..=4 {
        accept(Parameters::REDUCED_GADGETS, bootstrappings, 2);
    }
}

#[test]
fn a_proof_may_use_every_slot() {
    let full = |seed: &u64| {
        let shape = Case::random(Parameters::REDUCED, 8, *seed).shape;
        shape.used().len() == shape.polynomials()
    };
    accept(Parameters::REDUCED, 8, (1..).find(full).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn random_circuits_have_proofs(bootstrappings in 1usize..=8, gadgets: bool, seed: u64) {
        let (parameters, most) =
            if gadgets { (Parameters::REDUCED_GADGETS, 4) } else { (Parameters::REDUCED, 8) };
        accept(parameters, bootstrappings.min(most), seed);
    }
}
