//! A small circuit, the powers of a snarkjs file, and ceremonies over both.

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::Field;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::io::Cursor;
use std::sync::OnceLock;
use trine_prover::Mode;
use trine_prover::ceremony::{Beacon, Entropy, Powers, Transcript, initial_key};
use trine_prover::groth::ProvingKey;
use trine_prover::srs::ptau::phase_one::{self, PhaseOne};
use trine_prover::wrap::checks::Checks;
use trine_prover::wrap::wire::Wire;

pub const SNARKJS: &[u8] = include_bytes!("../../testdata/powers_of_tau_6.ptau");
/// log2 of the domain of [`circuit`].
pub const LOG: u32 = 6;

/// `x^3 + x + 5 = y` for public y, and multiples of x, so that a variable has a long column.
pub fn circuit(x: u64) -> Checks {
    let x = Fr::from(x);
    let mut checks = Checks::recording(&[x * x * x + x + Fr::from(5u64)]);
    let y = checks.public_wires().remove(0);
    let x = checks.witness(x);
    let square = checks.product(&x, &x);
    let cube = checks.product(&square, &x);
    let sum = &(&cube + &x) + &Wire::constant(Fr::from(5u64));
    checks.enforce_equal("sum", &sum, &y);
    for i in 2..26u64 {
        let multiple = checks.witness(x.value() * Fr::from(i));
        checks.enforce_product("multiple", &(&x * Fr::from(i)), &Wire::one(), &multiple);
        if i <= 10 {
            checks.enforce_product("zero", &Wire::zero(), &multiple, &Wire::zero());
            checks.product(&multiple, &(&Wire::one() - &x));
        }
    }
    checks
}

pub fn points() -> PhaseOne {
    phase_one::read(Cursor::new(SNARKJS), LOG).unwrap()
}

pub fn powers() -> &'static Powers {
    static POWERS: OnceLock<Powers> = OnceLock::new();
    POWERS.get_or_init(|| Powers::new(points(), Mode::Production).unwrap())
}

/// The powers of known secrets.
pub fn points_of(log: u32, [tau, alpha, beta]: [Fr; 3]) -> PhaseOne {
    let size = 1u64 << log;
    let g1 = |factor: Fr, count: u64| {
        let power = |i| (G1Affine::generator() * (factor * tau.pow([i]))).into_affine();
        (0..count).map(power).collect()
    };
    PhaseOne {
        log,
        tau_g1: g1(Fr::ONE, 2 * size - 1),
        tau_g2: (0..size).map(|i| (G2Affine::generator() * tau.pow([i])).into_affine()).collect(),
        alpha_tau_g1: g1(alpha, size),
        beta_tau_g1: g1(beta, size),
        beta_g2: (G2Affine::generator() * beta).into_affine(),
    }
}

/// The initial key, computed once.
pub fn initial() -> &'static ProvingKey {
    static KEY: OnceLock<ProvingKey> = OnceLock::new();
    KEY.get_or_init(|| initial_key(&circuit(3), powers()).unwrap())
}

pub fn new_transcript() -> Transcript {
    Transcript::new(circuit(3).circuit_digest(), *powers().digest(), initial())
}

pub fn entropy(seed: u8) -> Entropy {
    Entropy::gather(&mut ChaCha20Rng::from_seed([seed; 32]), "text of a contributor")
}

/// A transcript with contributions of these names.
pub fn contributed(names: &[&str]) -> Transcript {
    let mut transcript = new_transcript();
    for (seed, name) in names.iter().enumerate() {
        transcript.contribute(name, entropy(seed as u8)).unwrap();
    }
    transcript
}

pub fn beacon() -> Beacon {
    Beacon::new(b"hash of a block that was mined afterwards".to_vec(), 1 << 10).unwrap()
}
