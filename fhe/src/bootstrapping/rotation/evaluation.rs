//! What a transform means, for tests: the values of a polynomial at the roots of X^N + 1.

use super::prime::Prime;
use crate::parameters::POLYNOMIAL_SIZE;

/// Words at the edges of their range, and others.
pub fn edge_words() -> Vec<[u64; POLYNOMIAL_SIZE]> {
    let mixed = |j: usize| (j as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (j as u64) << 40;
    let boundary = (1u64 << 63) - (1 << 41);
    [0, 1, u64::MAX, 1 << 63, (1 << 63) - 1, boundary, boundary - 1]
        .map(|word| [word; POLYNOMIAL_SIZE])
        .into_iter()
        .chain([std::array::from_fn(mixed)])
        .collect()
}

/// Asserts that the spectrum of X holds every root of X^N + 1 modulo p once.
pub fn assert_roots(prime: Prime, spectrum_of_x: &[u64]) {
    let minus_one = prime.modulus - 1;
    assert!(spectrum_of_x.iter().all(|root| prime.power(*root, POLYNOMIAL_SIZE as u64) == minus_one));
    let mut sorted = spectrum_of_x.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), POLYNOMIAL_SIZE);
}

/// Asserts that values are `scale` times those of a polynomial at roots, at some of them in every part.
pub fn assert_values(prime: Prime, coefficients: &[i64], scale: u64, roots: &[u64], values: &[u64]) {
    let p = prime.modulus;
    for slot in (0..POLYNOMIAL_SIZE).step_by(37) {
        let value = coefficients.iter().rev().fold(0, |value, coefficient| {
            let coefficient = i128::from(*coefficient).rem_euclid(i128::from(p)) as u64;
            (prime.multiply(value, roots[slot]) + coefficient) % p
        });
        assert_eq!(values[slot], prime.multiply(value, scale), "slot {slot}");
    }
}
