//! Values against Horner's rule.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, FftField, Field, UniformRand};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

use super::*;
use crate::field::LANES;

#[test]
fn five_generates_and_is_arkworks_generator() {
    assert_eq!(Fr::GENERATOR, Fr::from(5u64));
    for log_size in 1..=27 {
        let w = root(1 << log_size).expect("sizes up to 2^27 have roots");
        assert_eq!(w.pow([1u64 << log_size]), -Fr::ONE);
    }
    assert_eq!(root(1 << 27), Ok(Fr::TWO_ADIC_ROOT_OF_UNITY));
}

#[test]
fn sizes_without_roots_are_refused() {
    for size in [0, 1, 3, 24, 1 << 28] {
        assert_eq!(root(size), Err(SizeError(size)));
        assert_eq!(NegacyclicTransform::new(Backend::portable(), size).err(), Some(SizeError(size)));
    }
}

fn horner(polynomial: impl DoubleEndedIterator<Item = Fr>, x: Fr) -> Fr {
    polynomial.rev().fold(Fr::ZERO, |value, coefficient| value * x + coefficient)
}

/// Eight polynomials: random, and in the last lane the largest coefficients.
fn coefficients(size: usize) -> Vec<Fr> {
    let mut random = ChaCha20Rng::seed_from_u64(size as u64);
    (0..size * LANES).map(|k| if k % LANES == 7 { -Fr::ONE } else { Fr::rand(&mut random) }).collect()
}

fn check(backend: Backend, size: usize, indices: impl Iterator<Item = usize>) {
    let transform = NegacyclicTransform::new(backend, size).expect("a size with roots");
    let coefficients = coefficients(size);
    let source = FieldVector::from_elements(backend, &coefficients);
    let mut in_place = source.clone();
    transform.transform8(in_place.blocks_mut());
    let mut elsewhere = FieldVector::zeroed(backend, coefficients.len());
    transform.values(source.blocks(), elsewhere.blocks_mut());
    let values = in_place.to_elements();
    assert_eq!(values, elsewhere.to_elements());
    let w = root(size).expect("a size with roots");
    for z in indices {
        let zeta = w.pow([2 * z as u64 + 1]);
        for lane in 0..LANES {
            let polynomial = (0..size).map(|j| coefficients[j * LANES + lane]);
            assert_eq!(values[z * LANES + lane], horner(polynomial, zeta), "{backend:?} {size} {z} {lane}");
        }
    }
}

#[test]
fn small_sizes_are_horner_everywhere() {
    for backend in Backend::all() {
        for log_size in 1..=9 {
            check(backend, 1 << log_size, 0..1 << log_size);
        }
    }
}

#[test]
fn the_size_of_production_is_horner() {
    for backend in Backend::all() {
        check(backend, 2048, [0, 1, 2, 511, 512, 1023, 1024, 1025, 1999, 2047].into_iter());
    }
}

/// All values determine the polynomial, so that a sum over them checks every one.
#[test]
fn values_of_production_sum_to_the_constant_coefficient() {
    for backend in Backend::all() {
        let transform = NegacyclicTransform::new(backend, 2048).expect("a size with roots");
        let coefficients = coefficients(2048);
        let mut blocks = FieldVector::from_elements(backend, &coefficients);
        transform.transform8(blocks.blocks_mut());
        let values = blocks.to_elements();
        for (lane, constant) in coefficients.iter().take(LANES).enumerate() {
            let sum: Fr = values.iter().skip(lane).step_by(LANES).sum();
            assert_eq!(sum, *constant * Fr::from(2048u64));
        }
    }
}
