//! Every small workload proven natively at the production parameters, and its outputs beside the model.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use trine::phases::Phases;
use trine::proving::DevelopmentProver;
use trine_fhe::{BlockWords, ValueWords};
use trine_programs::Size;
use trine_programs::workload::all;
use trine_prover::bootstrapping::Unattended;

const SEED: u64 = 12;

/// The plaintext under tfhe-rs's client key, two bits a block, the least significant first.
fn decrypted(prover: &DevelopmentProver, value: &ValueWords) -> u64 {
    let plaintext = |block: &BlockWords| prover.client().decrypt_message_and_carry(&block.to_shortint(15));
    value.blocks().iter().rev().fold(0, |sum, block| (sum << 2) + plaintext(block))
}

#[test]
#[ignore = "slow: seven proofs at the production parameters"]
fn small_workloads_are_proven() {
    let mut phases = Phases::start(true);
    let prover = DevelopmentProver::load_or_make(false, &mut phases).unwrap();
    for workload in all(Size::Small) {
        let circuit = workload.circuit().unwrap();
        let inputs = workload.draw(&mut ChaCha20Rng::seed_from_u64(SEED));
        let value = |(declared, plaintext): (&trine_program::Declaration, &u64)| {
            let block = |b: u8| {
                let encrypted = prover.client().encrypt(plaintext >> (2 * b) & 3);
                BlockWords::from_shortint(&encrypted).unwrap()
            };
            ValueWords::new(*declared, (0..declared.blocks).map(block).collect()).unwrap()
        };
        let values: Vec<ValueWords> = circuit.inputs().iter().zip(&inputs).map(value).collect();
        let job = prover.job(&circuit, &values).unwrap();
        let proven = prover.prove(job, &values, &mut Unattended).unwrap();
        prover.verify(&proven).unwrap();
        let outputs: Vec<u64> = proven.outputs.iter().map(|value| decrypted(&prover, value)).collect();
        assert_eq!(outputs, workload.model(&inputs), "{}", workload.name());
        println!(
            "{}: {} bootstrappings in {} segments",
            workload.name(),
            circuit.bootstrappings().len(),
            proven.segments.len()
        );
    }
}
