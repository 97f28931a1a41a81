//! The key from the exponents is the key from the secrets, and the finished key proves and verifies.

use crate::fixture::{LOG, beacon, circuit, contributed, initial, new_transcript, points_of, powers};
use crate::forger;
use ark_bn254::{Bn254, Fr, G1Projective, G2Projective};
use ark_ec::PrimeGroup;
use ark_ff::{Field, UniformRand};
use ark_groth16::{Groth16, prepare_verifying_key};
use ark_relations::gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, SynthesisError};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use trine_prover::Mode;
use trine_prover::ceremony::initial::log_domain;
use trine_prover::ceremony::{CeremonyError, Powers, finalise, initial_key, verify};
use trine_prover::groth::ProvingKey;
use trine_prover::wrap::checks::Checks;

struct Recorded(Checks);

impl ConstraintSynthesizer<Fr> for Recorded {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        self.0.replay(&cs)
    }
}

/// A proof of the circuit at x = 7 under the key, and whether it verifies for its own public input and for another.
fn proves(key: &ProvingKey) -> [bool; 2] {
    let witness = circuit(7);
    assert!(witness.is_satisfied());
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let proof = Groth16::<Bn254>::create_proof_with_reduction_and_matrices(
        key,
        Fr::rand(&mut rng),
        Fr::rand(&mut rng),
        witness.matrices(),
        witness.instance_variables(),
        witness.constraints(),
        &witness.assignment(),
    )
    .unwrap();
    let prepared = prepare_verifying_key(&key.vk);
    let public = witness.assignment()[1];
    [public, public + Fr::ONE].map(|y| Groth16::<Bn254>::verify_proof(&prepared, &proof, &[y]).unwrap())
}

/// arkworks draws tau from its generator: with a seeded one, the powers of the same tau can be made.
#[test]
fn the_initial_key_is_that_of_arkworks_for_the_same_secrets() {
    let rng = || ChaCha20Rng::from_seed([21; 32]);
    let [tau, alpha, beta] = [Fr::rand(&mut rng()), Fr::from(1234u64), Fr::from(98765u64)];
    let expected = Groth16::<Bn254>::generate_parameters_with_qap(
        Recorded(circuit(3)),
        alpha,
        beta,
        Fr::ONE,
        Fr::ONE,
        G1Projective::generator(),
        G2Projective::generator(),
        &mut rng(),
    )
    .unwrap();
    let powers = Powers::new(points_of(LOG, [tau, alpha, beta]), Mode::Production).unwrap();
    assert_eq!(log_domain(&circuit(3)), LOG);
    assert!(initial_key(&circuit(3), &powers).unwrap() == expected);
}

#[test]
fn the_finished_key_proves_and_verifies() {
    let mut transcript = contributed(&["Ada", "Grace", "Emmy"]);
    let key = finalise(&mut transcript, &circuit(3), powers(), beacon()).unwrap();
    assert_eq!(proves(&key.key), [true, false]);
    assert_eq!(key.records.len(), 4);
    key.check(&circuit(3)).unwrap();
    key.check_against(&transcript, &circuit(3), powers()).unwrap();
    let verified = verify(&transcript, &circuit(3), powers()).unwrap();
    assert!(verified.key == key.key);
    assert_eq!((verified.chain.contributions, verified.chain.closed), (3, true));
}

/// Each contribution makes another key, all of which prove: delta cancels out.
#[test]
fn every_key_on_the_way_proves() {
    assert_eq!(proves(initial()), [true, false]);
    for names in [&["Ada"][..], &["Ada", "Grace"]] {
        let verified = verify(&contributed(names), &circuit(3), powers()).unwrap();
        assert_eq!(verified.chain.contributions, names.len());
        assert!(!verified.chain.closed);
        assert!(verified.key != *initial());
        assert_eq!(proves(&verified.key), [true, false]);
    }
}

/// The spec, read a second time, gives records that are accepted.
#[test]
fn a_record_made_from_the_spec_is_accepted() {
    let factor = Fr::from(424_242u64);
    let transcript = forger::of_known_factor(factor);
    let verified = verify(&transcript, &circuit(3), powers()).unwrap();
    assert_eq!(proves(&verified.key), [true, false]);
}

#[test]
fn contributions_differ_by_entropy_text_and_place() {
    use crate::fixture::entropy;
    use trine_prover::ceremony::Entropy;
    let rng = || ChaCha20Rng::from_seed([3; 32]);
    let delta = |entropy: Entropy| {
        let mut transcript = new_transcript();
        transcript.contribute("Ada", entropy).unwrap();
        transcript.records[0].delta_g1
    };
    let one = delta(Entropy::gather(&mut rng(), "one"));
    assert_eq!(one, delta(Entropy::gather(&mut rng(), "one")));
    assert_ne!(one, delta(Entropy::gather(&mut rng(), "two")), "the text counts");
    assert_ne!(one, delta(entropy(4)), "the drawn bytes count");
    // The same entropy twice: another factor, and another nonce, at the second place.
    let mut transcript = new_transcript();
    transcript.contribute("Ada", entropy(1)).unwrap();
    transcript.contribute("Ada", entropy(1)).unwrap();
    verify(&transcript, &circuit(3), powers()).unwrap();
}

#[test]
fn powers_for_another_domain_are_refused_ce_p1() {
    let powers = Powers::new(points_of(3, [5u64, 6, 7].map(Fr::from)), Mode::Production).unwrap();
    let refused = initial_key(&circuit(3), &powers).unwrap_err();
    assert_eq!(refused, CeremonyError::Domain { needed: 6, got: 3 }, "CE.P1");
    let values_only = Checks::values(&[Fr::ONE]);
    assert_eq!(initial_key(&values_only, &powers).unwrap_err(), CeremonyError::NotRecorded);
}
