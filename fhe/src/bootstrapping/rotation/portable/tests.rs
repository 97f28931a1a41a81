//! Transforms against evaluation, and recombination against integers.

use super::super::digits::digit;
use super::super::evaluation::{assert_roots, assert_values, edge_words};
use super::super::prime::{LARGEST_PRODUCT, Prime};
use super::*;
use crate::parameters::POLYNOMIAL_SIZE;

/// Residues in [0, p), each asserted to be below `bound` p in absolute value.
fn residues(rows: &Rows, bound: f64, prime: Prime) -> Vec<u64> {
    let p = prime.modulus as f64;
    let value = |double: &f64| {
        assert!(double.abs() < bound * p && double.fract() == 0.0);
        (*double as i64).rem_euclid(prime.modulus as i64) as u64
    };
    rows.as_flattened().iter().map(value).collect()
}

#[test]
fn spectra_are_values_at_the_roots_and_transform_back() {
    let tables = Portable::detect().tables;
    for (index, (prime, transform)) in PRIMES.into_iter().zip(&tables.transforms).enumerate() {
        let mut x = [[0.0; LANES]; ROWS];
        x[0][1] = 1.0;
        transform.forward::<false>(&mut x);
        let roots = residues(&x, 7.0, prime);
        assert_roots(prime, &roots);
        for words in edge_words().into_iter().map(Polynomial::new) {
            let mut rows = [[0.0; LANES]; ROWS];
            words::centred(transform.modulus, &words, &mut rows);
            let centred: Vec<i64> = words.iter().map(|word| (word ^ 1 << 63) as i64).collect();
            let input = residues(&rows, 0.6, prime);
            for (residue, centred) in input.iter().zip(&centred) {
                assert_eq!(
                    u128::from(*residue),
                    i128::from(*centred).rem_euclid(prime.modulus.into()) as u128
                );
            }
            transform.forward::<false>(&mut rows);
            assert_values(prime, &centred, 1, &roots, &residues(&rows, 7.0, prime));

            // The inverse transform takes residues below two.
            for value in rows.as_flattened_mut() {
                *value = transform.modulus.reduce(*value);
            }
            transform.inverse(&mut rows);
            for (value, input) in residues(&rows, 1.5, prime).iter().zip(&input) {
                assert_eq!(*value, prime.multiply(*input, POLYNOMIAL_SIZE as u64));
            }

            let mut spectra = [Residues::zero(), Residues::zero()];
            transform_digits(tables, &words, &mut spectra);
            let digits: Vec<i64> = words.iter().map(|word| digit(*word)).collect();
            let scale = prime.inverse(POLYNOMIAL_SIZE as u64);
            assert_values(prime, &digits, scale, &roots, &residues(&spectra[index].0, 0.7, prime));
        }
    }
}

#[test]
fn any_representatives_recombine() {
    let tables = Portable::detect().tables;
    let largest = LARGEST_PRODUCT as i128;
    for value in [0, 1, -1, largest, -largest, largest - 1, 1 - largest, 1 << 64, -1 << 63, 3 << 90] {
        // Representatives in (-1.5 p, 1.5 p).
        let representatives = PRIMES.map(|prime| {
            let residue = value.rem_euclid(prime.modulus.into()) as f64;
            let p = prime.modulus as f64;
            [residue - p, residue, if residue < p / 2.0 { residue + p } else { residue - 2.0 * p }]
        });
        for (a0, a1) in
            representatives[0].iter().flat_map(|a0| representatives[1].iter().map(move |a1| (a0, a1)))
        {
            let (rows, mut words) = ([*a0, *a1].map(|a| [[a; LANES]; ROWS]), Polynomial::zero());
            let modulus = tables.transforms[1].modulus;
            words::recombine(modulus, tables.inverse_p0, [&rows[0], &rows[1]], &mut words);
            assert!(words.iter().all(|word| *word == value as u64), "{value} {a0} {a1}");
        }
    }
}
