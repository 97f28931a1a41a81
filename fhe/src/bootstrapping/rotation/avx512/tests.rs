//! Transforms against evaluation, and recombination against integers.

use super::super::digits::digit;
use super::super::evaluation::{assert_roots, assert_values, edge_words};
use super::super::prime::LARGEST_PRODUCT;
use super::*;
use crate::parameters::POLYNOMIAL_SIZE;

/// Residues of a spectrum, each asserted to be below `bound` p.
#[target_feature(enable = "avx512f")]
fn residues(spectrum: &Spectrum, bound: u64, p: u64) -> Vec<u64> {
    let mut polynomial = Polynomial::zero();
    for (words, vector) in vectors_mut(&mut polynomial).iter_mut().zip(spectrum.0) {
        vector::store(words, vector::low_52(vector));
    }
    assert!(polynomial.iter().all(|word| *word < bound * p));
    polynomial.iter().map(|word| word % p).collect()
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn transform_words(modulus: &Modulus, words: &Polynomial) -> Spectrum {
    let (input, mut spectrum) = (CentredInput::new(modulus), Spectrum::zero());
    let words = vectors(words);
    transform::forward::<false>(modulus, |k| input.residues(vector::load(&words[k])), &mut spectrum);
    spectrum
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn check_transforms(moduli: &[Modulus; 2]) {
    for (prime, modulus) in PRIMES.into_iter().zip(moduli) {
        let mut x = Polynomial::new([1 << 63; POLYNOMIAL_SIZE]);
        x[1] += 1;
        let roots = residues(&transform_words(modulus, &x), 10, modulus.p);
        assert_roots(prime, &roots);
        for words in edge_words().into_iter().map(Polynomial::new) {
            let spectrum = transform_words(modulus, &words);
            let values = residues(&spectrum, 10, modulus.p);
            let centred: Vec<i64> = words.iter().map(|word| (word ^ 1 << 63) as i64).collect();
            assert_values(prime, &centred, 1, &roots, &values);

            // Five subtracted from what is above: the inverse transform takes residues below five.
            let five = vector::splat(5 * modulus.p);
            let mut back = Spectrum::zero();
            for (to, vector) in back.0.iter_mut().zip(spectrum.0) {
                *to = vector::reduce_once(vector, five);
            }
            transform::inverse(modulus, &mut back);
            for (value, centred) in residues(&back, 5, modulus.p).iter().zip(&centred) {
                let coefficient = i128::from(*centred).rem_euclid(i128::from(modulus.p)) as u64;
                assert_eq!(*value, prime.multiply(coefficient, POLYNOMIAL_SIZE as u64));
            }

            let mut spectra = [Spectrum::zero(), Spectrum::zero()];
            transform_digits(moduli, &words, &mut spectra);
            let index = usize::from(prime.modulus != PRIMES[0].modulus);
            let values = residues(&spectra[index], 2, modulus.p);
            let digits: Vec<i64> = words.iter().map(|word| digit(*word)).collect();
            assert_values(prime, &digits, modulus.scale[0], &roots, &values);
        }
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn check_recombination(moduli: &[Modulus; 2]) {
    let recombination = Recombination::new(moduli);
    let largest = LARGEST_PRODUCT as i128;
    for value in [0, 1, -1, largest, -largest, largest - 1, 1 - largest, 1 << 64, -1 << 63, 3 << 90] {
        let [r0, r1] = [0, 1].map(|i| value.rem_euclid(i128::from(moduli[i].p)) as u64);
        for (k0, k1) in (0..5).flat_map(|k0| (0..5).map(move |k1| (k0, k1))) {
            let a0 = vector::splat((r0 + k0 * moduli[0].p) | 0x123 << 52);
            let a1 = vector::splat((r1 + k1 * moduli[1].p) | 0xabc << 52);
            let mut words = [0; LANES];
            vector::store(&mut words, recombination.recombine(a0, a1));
            assert_eq!(words, [value as u64; LANES], "{value} {k0} {k1}");
        }
    }
}

#[test]
#[expect(unsafe_code, reason = "the processor was found to have what the callee uses")]
fn spectra_are_values_at_the_roots_and_transform_back() {
    if let Some(kernels) = Avx512::detect() {
        unsafe { check_transforms(kernels.moduli) }
    }
}

#[test]
#[expect(unsafe_code, reason = "the processor was found to have what the callee uses")]
fn any_representatives_recombine() {
    if let Some(kernels) = Avx512::detect() {
        unsafe { check_recombination(kernels.moduli) }
    }
}
