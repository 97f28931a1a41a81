//! The same tally with a real proof: argument, wrap, generated verifying key, production class.

use crate::chain::{Backend, Chain, STRANGER, error_name};
use alloy::sol_types::{SolCall, SolConstructor};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use std::path::PathBuf;
use trine_contract::EvaluationProof;
use trine_contract::bindings::EvaluationVerifier;
use trine_contract::verifying_key::DeployableKey;
use trine_program::LinearProgram;
use trine_prover::argument::prove;
use trine_prover::groth::{ProvingKey, development_key, prove_wrap};
use trine_prover::wrap::WrapWitness;
use trine_prover::{Mode, srs};
use trine_verifier::class::Class;
use trine_verifier::srs::CommitmentKey;
use trine_verifier::{Commitment, Statement};

const CLASS: Class = Class::SLICE;

struct Prover {
    srs: CommitmentKey,
    key: ProvingKey,
    ballots: Vec<Vec<u64>>,
}

impl Prover {
    fn new() -> Self {
        let cache = cache_folder();
        let srs = srs::load_or_generate(&cache, srs::DEVELOPMENT_LOG_POWERS, Mode::Development).unwrap();
        let key = development_key(&cache, &CLASS, Mode::Development).unwrap();
        Self { srs, key, ballots: vec![] }
    }

    /// Words that look like a ciphertext of three blocks.
    fn words(voter: usize) -> Vec<u64> {
        let stride = 1usize << CLASS.log_t();
        let mut state = voter as u64 + 1;
        (0..3 * stride)
            .map(|i| {
                state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
                if i % stride <= 1 << CLASS.log_n { state } else { 0 }
            })
            .collect()
    }
}

impl Backend for Prover {
    fn verifier_hash(&self) -> [u8; 32] {
        DeployableKey::new(&self.key.vk, self.srs.verifier(), CLASS).unwrap().verifier_hash()
    }

    fn srs_digest(&self) -> [u8; 32] {
        self.srs.verifier().digest()
    }

    fn verifier_artifact(&self) -> &'static str {
        include_str!("../../artifacts/EvaluationVerifier.json")
    }

    fn constructor_arguments(&self) -> Vec<u8> {
        EvaluationVerifier::constructorCall { acceptDevelopment: true }.abi_encode()
    }

    fn ballot(&mut self, voter: usize) -> Commitment {
        let words = Self::words(voter);
        let commitment = Commitment::new(self.srs.commit_words(&words).unwrap()).unwrap();
        self.ballots.push(words);
        commitment
    }

    fn output(&mut self, _program: &LinearProgram) -> Commitment {
        let length = self.ballots[0].len();
        let sum: Vec<u64> = (0..length)
            .map(|i| self.ballots.iter().fold(0u64, |sum, ballot| sum.wrapping_add(ballot[i])))
            .collect();
        Commitment::new(self.srs.commit_words(&sum).unwrap()).unwrap()
    }

    fn prove(&mut self, statement: &Statement) -> EvaluationProof {
        let inner = prove(&CLASS, &self.srs, statement, self.ballots.clone(), &mut |_| true).unwrap();
        let public = trine_verifier::verify(&CLASS, self.srs.verifier(), statement, &inner).unwrap();
        let matrix = statement.inputs(&CLASS).unwrap().matrix;
        let witness = WrapWitness { matrix, field: inner.field };
        let mut rng = ChaCha20Rng::from_seed([9; 32]);
        let wrapped = prove_wrap(&self.key, &CLASS, &public, &witness, &mut rng).unwrap();
        EvaluationProof::from_words(&wrapped.to_words(), inner.group, &public).unwrap()
    }
}

/// Folder of development keys, the same for every process.
fn cache_folder() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    set("TRINE_CACHE").unwrap_or_else(|| {
        set("HOME").unwrap_or_else(|| PathBuf::from(".")).join(".cache").join("trine").join("dev-keys")
    })
}

#[test]
fn a_real_proof_of_fifteen_ballots_is_accepted() {
    let mut chain = Chain::new(Prover::new(), 15);
    chain.cast_all();
    chain.close();
    let fulfil = chain.honest_fulfilment();

    // A wrong output is refused before the right one is accepted.
    let mut wrong = fulfil.clone();
    wrong.outputPoints[0] = wrong.inputPoints[0];
    assert_eq!(error_name(chain.send(STRANGER, chain.coprocessor, &wrong)), "PairingMismatch");

    let receipt = chain.send(STRANGER, chain.coprocessor, &fulfil).unwrap();
    let bytes = fulfil.abi_encode().len();
    println!("real: gas_fulfil {} calldata_bytes {bytes} proof_bytes {}", receipt.gas, fulfil.proof.len());
    assert!(receipt.gas <= 900_000, "gas_fulfil {}", receipt.gas);
}
