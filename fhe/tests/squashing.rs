//! Squashing keeps totals, removes noise, and gives the same words on every run.

mod fixture;

use fixture::{Fixture, ballot};
use std::process::Command;
use tfhe::shortint::ciphertext::NoiseLevel;
use trine_fhe::ValueWords;
use trine_fhe::keys::EvaluationKeys;
use trine_fhe::noise::{
    SQUASHED_ERROR_BITS, fresh_variance, linear_variance, squashed_deviation_of_exact_products,
};
use trine_fhe::squashing::{self, SQUASHED_DELTA_BITS, SquashedBlock, SquashingError, SquashingKey};
use trine_program::LinearProgram;

/// Where the parent of [`child_squashes`] put the value.
const VALUE: &str = "TRINE_TEST_SQUASHED_VALUE";

fn key(fixture: &Fixture) -> SquashingKey {
    SquashingKey::from_bytes(&std::fs::read(&fixture.set.server_key).unwrap()).unwrap()
}

fn variance() -> f64 {
    linear_variance(&LinearProgram::sum(15, ballot(), 15).unwrap(), fresh_variance())
}

/// `body - <mask, s>`: what the committee computes together.
fn phase(block: &SquashedBlock, secret: &[u64]) -> u128 {
    let terms = block.mask.iter().zip(secret).map(|(m, s)| m.wrapping_mul(u128::from(*s)));
    terms.fold(block.body, u128::wrapping_sub)
}

/// The error of a phase, given its plaintext.
fn error(phase: u128, plaintext: u64) -> f64 {
    phase.wrapping_sub(u128::from(plaintext) << SQUASHED_DELTA_BITS) as i128 as f64
}

#[test]
fn squashed_totals_decode_and_every_run_gives_the_same_words() {
    let fixture = Fixture::load();
    let started = std::time::Instant::now();
    let key = key(&fixture);
    eprintln!(
        "loading the squashing key: {:?}, {} MB resident, {} MB at its peak",
        started.elapsed(),
        memory("VmRSS"),
        memory("VmHWM")
    );
    let (total, expected) = fixture.tally();
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let started = std::time::Instant::now();
        let squashed = pool.install(|| key.squash(&total, variance()).unwrap());
        eprintln!("squashing {} blocks on {threads} threads: {:?}", squashed.len(), started.elapsed());
        squashed
    };
    let squashed = on(2);
    let secret = fixture.dealer.squashing_secret();
    for (block, expected) in squashed.iter().zip(&expected) {
        let phase = phase(block, &secret);
        assert_eq!(u64::from(squashing::decode(phase).unwrap()), *expected);
        assert!(error(phase, *expected).abs() < 2f64.powi(SQUASHED_ERROR_BITS));
    }
    let digest = squashing::digest(&squashed);
    assert_eq!(digest, squashing::digest(&on(1)));
    assert!(matches!(key.squash(&total, 1.0), Err(SquashingError::Noise { .. })));
    assert!(matches!(key.squash(&total, f64::NAN), Err(SquashingError::Noise { .. })));

    drop(key);
    assert_eq!(digest_in_another_process(&total), hex(&digest));
}

fn digest_in_another_process(value: &ValueWords) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("value");
    std::fs::write(&path, value.to_bytes()).unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_squashes", "--ignored", "--nocapture"])
        .env(VALUE, &path)
        .env("RAYON_NUM_THREADS", "1")
        .output()
        .unwrap();
    let output = String::from_utf8(child.stdout).unwrap();
    let digest =
        output.lines().find_map(|line| line.split_once("digest ")).map(|(_, digest)| digest.to_owned());
    digest.unwrap_or_else(|| panic!("child: {output} {}", String::from_utf8_lossy(&child.stderr)))
}

#[test]
#[ignore = "runs as a child of squashed_totals_decode_and_every_run_gives_the_same_words"]
fn child_squashes() {
    let Some(path) = std::env::var_os(VALUE) else { return };
    let value = ValueWords::from_bytes(&std::fs::read(path).unwrap()).unwrap();
    let squashed = key(&Fixture::load()).squash(&value, variance()).unwrap();
    println!("digest {}", hex(&squashing::digest(&squashed)));
}

/// The steps taken one by one are tfhe-rs's own, word for word.
#[test]
fn squashing_is_that_of_tfhe_rs() {
    let fixture = Fixture::load();
    let total = fixture.tally().0;
    let ours = key(&fixture).squash(&total, variance()).unwrap().swap_remove(0);
    let keys = EvaluationKeys::from_bytes(&std::fs::read(&fixture.set.server_key).unwrap()).unwrap();
    let (server, squashing) = (keys.server.decompress(), keys.squashing.decompress());
    let mut block = total.blocks()[0].to_shortint(15);
    let theirs = squashing.checked_squash_ciphertext_noise(&block, &server).unwrap();
    let (mask, body) = theirs.lwe_ciphertext().get_mask_and_body();
    assert_eq!(mask.as_ref(), ours.mask);
    assert_eq!(*body.data, ours.body);
    // Fifteen added ballots under the level that tfhe-rs itself would declare are refused there.
    block.set_noise_level_to_nominal();
    let mut sum = block.clone();
    for _ in 0..5 {
        server.unchecked_add_assign(&mut sum, &block);
    }
    assert!(sum.noise_level() > NoiseLevel::NOMINAL);
    assert!(squashing.checked_squash_ciphertext_noise(&sum, &server).is_err());
}

fn measure_squashed_noise(values: usize) -> f64 {
    let fixture = Fixture::load();
    let key = key(&fixture);
    let secret = fixture.dealer.squashing_secret();
    let mut squares = vec![];
    for _ in 0..values {
        let (total, expected) = fixture.tally();
        for (block, expected) in key.squash(&total, variance()).unwrap().iter().zip(expected) {
            let error = error(phase(block, &secret), expected);
            assert!(error.abs() < 2f64.powi(SQUASHED_ERROR_BITS), "error 2^{:.1}", error.abs().log2());
            squares.push(error * error);
        }
    }
    let deviation = (squares.iter().sum::<f64>() / squares.len() as f64).sqrt();
    let formula = squashed_deviation_of_exact_products();
    eprintln!(
        "{} blocks: deviation 2^{:.2}, formula 2^{:.2}",
        squares.len(),
        deviation.log2(),
        formula.log2()
    );
    deviation / formula
}

#[test]
fn squashed_noise_follows_the_formula() {
    // 24 samples: a measured deviation deviates by 14 %.
    let ratio = measure_squashed_noise(8);
    assert!((0.5..1.5).contains(&ratio), "{ratio}");
}

#[test]
#[ignore = "slow: ten minutes on two cores"]
fn squashed_noise_of_two_thousand_blocks_follows_the_formula() {
    // 2,001 samples: a measured deviation deviates by 1.6 %.
    let ratio = measure_squashed_noise(667);
    assert!((0.94..1.06).contains(&ratio), "{ratio}");
}

/// A figure of this process in MB, as Linux gives it.
fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kb| kb / 1024)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
