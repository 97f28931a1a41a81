//! The worker's bytes of a proof are those that the contracts read, for both kinds of program.

#[expect(dead_code, reason = "the tests of the contracts use the rest")]
mod tiny;

use ark_bn254::Bn254;
use ark_groth16::Proof;
use tiny::TinySetup;
use tiny::circuit::{circuit, statement};
use trine_prover::groth::WrapProof;
use trine_prover::service::wrapped::{groth16_of, wrapped_bytes};
use trine_verifier::Bytes32;
use trine_verifier::digest::{g2_words, point_words};

const VERIFIER: Bytes32 = [0xa7; 32];

/// The Groth16 part as the worker has it.
fn wrap_proof(proof: &Proof<Bn254>) -> WrapProof {
    let [ax, ay] = point_words(&proof.a);
    let [bx1, bx0, by1, by0] = g2_words(&proof.b);
    let [cx, cy] = point_words(&proof.c);
    WrapProof::from_words(&[ax, ay, bx1, bx0, by1, by0, cx, cy]).unwrap()
}

#[test]
fn proofs_of_circuits_of_every_size() {
    let mut setup = TinySetup::for_circuits();
    for bootstrappings in [1, 2, 4, 8, 16] {
        let statement = statement(&mut setup, &circuit(bootstrappings, 2, 1), false);
        let (proof, _) = setup.prove_circuit(&statement);
        let groth16 = wrap_proof(&proof.groth16);
        let bytes = wrapped_bytes(&VERIFIER, &groth16, &proof.group, &proof.challenges);
        assert_eq!(bytes, proof.to_bytes(&statement.shape, &VERIFIER).unwrap(), "{bootstrappings}");
        assert_eq!(groth16_of(&bytes), Some(groth16));
    }
}

#[test]
fn proofs_of_linear_programs() {
    let mut setup = TinySetup::new();
    let statement = tiny::statement(&mut setup, 3, 1);
    let (proof, _) = setup.prove(&statement);
    let bytes = wrapped_bytes(&VERIFIER, &wrap_proof(&proof.groth16), &proof.group, &proof.challenges);
    assert_eq!(bytes, proof.to_bytes(&tiny::CLASS, &VERIFIER).unwrap());
    assert_eq!(groth16_of(&bytes[..4 + 7 * 32]), None, "a word too few");
}
