//! Measured noise against the formulas that the failure probability is derived from.

use crate::keys::{block, evaluation_key, evaluator, phase, request, secrets};
use trine_fhe::BlockWords;
use trine_fhe::bootstrapping::LookupTable;
use trine_fhe::bootstrapping::modulus_switch::switch;
use trine_fhe::bootstrapping::rotation::Backend;
use trine_fhe::noise::{bootstrapping_variance, keyswitch_variance, multi_bit_switch_variance};
use trine_fhe::parameters::{DELTA, GROUPING_FACTOR, POLYNOMIAL_SIZE};
use trine_program::KeyKind;

/// Deviation and mean of the output errors, unit q.
fn output_noise(count: u64) -> (f64, f64) {
    let table = LookupTable::from_function(|x| (7 * x + 3) % 16).unwrap();
    let evaluator = evaluator(2);
    let mut errors = Vec::new();
    for start in (0..count).step_by(250) {
        let plaintexts: Vec<u64> = (start..count.min(start + 250)).map(|i| i * 5 % 16).collect();
        let blocks: Vec<BlockWords> =
            plaintexts.iter().enumerate().map(|(i, m)| block(&format!("noise {start} {i}"), *m)).collect();
        let requests: Vec<_> = blocks.iter().map(|b| request(b, &table)).collect();
        for (output, m) in evaluator.evaluate(&requests).unwrap().iter().zip(plaintexts) {
            let expected = u64::from(table.boxes()[m as usize]) * DELTA;
            let error = phase(&output[0], secrets().large_lwe_secret_key()).wrapping_sub(expected);
            errors.push(error as i64 as f64 / 2f64.powi(64));
        }
    }
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    let variance = errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / errors.len() as f64;
    (variance.sqrt(), mean)
}

fn assert_as_predicted(count: u64) {
    let (measured, mean) = output_noise(count);
    let predicted = bootstrapping_variance().sqrt();
    eprintln!(
        "{count} bootstrappings: deviation 2^{:.4}, predicted 2^{:.4}, ratio {:.4}, mean {:.4} deviations",
        measured.log2() + 64.0,
        predicted.log2() + 64.0,
        measured / predicted,
        mean / predicted
    );
    assert!((measured / predicted - 1.0).abs() < 0.05);
    assert!((mean / predicted).abs() < 5.0 / (count as f64).sqrt());
}

/// The deviation of 2,000 samples is itself known to 1.6 %.
#[test]
fn output_noise_has_the_predicted_deviation() {
    assert_as_predicted(2_000);
}

#[test]
#[ignore = "slow: ten thousand bootstrappings"]
fn output_noise_of_ten_thousand_has_the_predicted_deviation() {
    assert_as_predicted(10_000);
}

/// The error that decides whether a bootstrapping reads the right box: keyswitch and modulus switch together.
#[test]
fn noise_before_the_rotation_follows_the_formulas() {
    let (count, modulus) = (2_000u64, 2 * POLYNOMIAL_SIZE as i64);
    let key = evaluation_key(Backend::detect());
    let secret = secrets().small_lwe_secret_key();
    let mut errors = Vec::new();
    for start in (0..count).step_by(100) {
        let blocks: Vec<BlockWords> =
            (start..start + 100).map(|i| block(&format!("switch {i}"), i % 16)).collect();
        let small = key.keyswitch(KeyKind::Compute).unwrap().switch(&blocks.iter().collect::<Vec<_>>());
        for (small, i) in small.iter().zip(start..) {
            let switched = switch(small);
            let groups = secret.as_ref().chunks_exact(GROUPING_FACTOR).zip(&switched.exponents.groups);
            let sum: i64 = groups
                .map(|(bits, exponents)| {
                    let subset = bits.iter().fold(0, |subset, bit| 2 * subset + *bit as usize);
                    i64::from(exponents[subset])
                })
                .sum();
            let plaintext = (i % 16) as i64 * (modulus / 32);
            let error = i64::from(switched.body) - sum - plaintext;
            errors.push(((error + modulus / 2).rem_euclid(modulus) - modulus / 2) as f64 / modulus as f64);
        }
    }
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    let measured = errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / errors.len() as f64;
    let formula = keyswitch_variance() + multi_bit_switch_variance();
    eprintln!("variance {measured:e}, formula {formula:e}, mean {mean:e}");
    // 2,000 samples: a measured variance deviates by 3.2 %.
    assert!((measured / formula - 1.0).abs() < 0.13);
    assert!(mean.abs() < 0.5 / modulus as f64);
}
