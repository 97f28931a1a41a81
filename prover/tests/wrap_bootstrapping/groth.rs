//! Groth16 over the circuit at reduced parameters: one key proves every shape.

use crate::honest::all;
use ark_bn254::Fr;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use trine_prover::groth::{WrapError, prove_bootstrapping_wrap, setup, verify_public};
use trine_prover::wrap::bootstrapping::structure;

#[test]
fn one_key_proves_every_shape() {
    let honest = all();
    let key = setup::generate(structure(&honest[0].class)).unwrap();
    let mut random = ChaCha20Rng::from_seed([7; 32]);
    for honest in [&honest[0], &honest[4]] {
        let witness = honest.witness(&honest.field).unwrap();
        let proof =
            prove_bootstrapping_wrap(&key, &honest.class, &honest.public, &witness, &mut random).unwrap();
        let mut public = honest.public.to_array();
        assert!(verify_public(&key.vk, &public, &proof));
        public[0] += Fr::from(1u64);
        assert!(!verify_public(&key.vk, &public, &proof));
    }
    let honest = &honest[1];
    let mut witness = honest.witness(&honest.field).unwrap();
    witness.field.values[0] += Fr::from(1u64);
    let refused = prove_bootstrapping_wrap(&key, &honest.class, &honest.public, &witness, &mut random);
    assert_eq!(refused, Err(WrapError::Check { id: "PB.I3" }));
}
