//! Blind rotation against its definition in integers, by every way of computing.

use super::batch::{self, Kernels};
use super::digits::digit;
use super::*;
use crate::parameters::POLYNOMIAL_SIZE;
use rayon::prelude::*;

const N: usize = POLYNOMIAL_SIZE;
/// Groups of the parameter set.
const GROUPS: usize = crate::parameters::LWE_DIMENSION / GROUPING;
/// Rotations at which windows begin, end or wrap.
const EDGES: [u16; 15] = [0, 1, 63, 64, 65, 127, 1984, 2047, 2048, 2049, 2111, 2112, 2113, 4032, 4095];

/// Words from a seed, by BLAKE3's extendable output.
fn words(seed: &str, count: usize) -> Vec<u64> {
    let mut bytes = vec![0; 8 * count];
    blake3::Hasher::new().update(seed.as_bytes()).finalize_xof().fill(&mut bytes);
    bytes.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)).collect()
}

/// The words of a key of random words in tfhe-rs's order.
fn key_words(groups: usize) -> Vec<u64> {
    (0..groups)
        .into_par_iter()
        .flat_map_iter(|group| words(&format!("key {group}"), SUBSETS * 4 * N))
        .collect()
}

/// A batch: the first is rotated by edges and begins with words at the boundaries of digits.
fn batch(size: usize, groups: usize) -> (Vec<Accumulator>, Vec<Exponents>) {
    let boundary = (1u64 << 63) - (1 << 41);
    let edges = [0, u64::MAX, 1 << 63, boundary, boundary - 1, boundary + 1, (1 << 41) - 1, 1 << 41];
    let accumulators = (0..size).map(|index| {
        let mut words = words(&format!("accumulator {index}"), 2 * N);
        if index == 0 {
            words.iter_mut().zip(edges.iter().cycle()).for_each(|(word, edge)| *word = *edge);
        }
        let polynomial = |words: &[u64]| Polynomial::new(words.try_into().unwrap());
        Accumulator { polynomials: [polynomial(&words[..N]), polynomial(&words[N..])] }
    });
    let exponents = (0..size).map(|index| {
        let words = words(&format!("exponents {index}"), groups * SUBSETS);
        let groups = words.as_chunks::<SUBSETS>().0.iter().map(|words| {
            let mut exponents = words.map(|word| word as u16 % 4096);
            if index == 0 {
                exponents[1..].copy_from_slice(&EDGES);
            }
            exponents[0] = 0;
            exponents
        });
        Exponents { groups: groups.collect() }
    });
    (accumulators.collect(), exponents.collect())
}

/// One step by its definition, with the key in tfhe-rs's order.
fn step_by_definition(
    key: &[u64],
    group: usize,
    exponents: &[u16; SUBSETS],
    acc: &Accumulator,
) -> Accumulator {
    let component = |c: usize| {
        let mut long = vec![0u64; 2 * N];
        for u in 0..2 {
            let mut sum = vec![0u64; N];
            for (b, exponent) in exponents.iter().enumerate() {
                let start = ((group * SUBSETS + b) * 4 + 2 * u + c) * N;
                for (j, word) in key[start..start + N].iter().enumerate() {
                    let place = (j + usize::from(*exponent)) % (2 * N);
                    let signed = if place < N { *word } else { word.wrapping_neg() };
                    sum[place % N] = sum[place % N].wrapping_add(signed);
                }
            }
            for (i, word) in acc.polynomials[u].iter().enumerate() {
                let digit = digit(*word) as u64;
                for (to, word) in long[i..i + N].iter_mut().zip(&sum) {
                    *to = to.wrapping_add(digit.wrapping_mul(*word));
                }
            }
        }
        Polynomial::new(std::array::from_fn(|j| long[j].wrapping_sub(long[j + N])))
    };
    Accumulator { polynomials: [component(0), component(1)] }
}

/// Compares every step of a batch with the definition.
struct Definition<'a> {
    key: &'a [u64],
    exponents: &'a [Exponents],
    expected: Vec<Accumulator>,
    steps: usize,
}

impl Observer for Definition<'_> {
    fn step(&mut self, batch_index: usize, group: usize, accumulator: &Accumulator) {
        let exponents = &self.exponents[batch_index].groups[group];
        let expected = step_by_definition(self.key, group, exponents, &self.expected[batch_index]);
        assert!(expected == *accumulator, "accumulator {batch_index} after group {group}");
        self.expected[batch_index] = expected;
        self.steps += 1;
    }
}

fn assert_every_step(kernels: &impl Kernels, size: usize, groups: usize) {
    let words = key_words(groups);
    let key = RotationKey::from_words(groups, &words).unwrap();
    let (mut accumulators, exponents) = batch(size, groups);
    let mut definition =
        Definition { key: &words, exponents: &exponents, expected: accumulators.clone(), steps: 0 };
    batch::rotate(kernels, &key, &mut accumulators, &exponents, &mut definition);
    assert_eq!(definition.steps, size * groups);
}

#[test]
fn portable_steps_are_those_of_the_definition() {
    assert_every_step(&portable::Portable::detect(), 3, 4);
}

#[test]
fn portable_steps_without_fused_instructions_are_those_of_the_definition() {
    assert_every_step(&portable::Portable::baseline(), 1, 1);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn avx512_steps_are_those_of_the_definition() {
    if let Some(kernels) = avx512::Avx512::detect() {
        assert_every_step(&kernels, 3, 4);
    }
}

/// The largest product: all digits -2^21, all centred words -2^63, signs of X^N aside.
#[test]
fn the_largest_products_are_exact() {
    let mut words = vec![0; SUBSETS * 4 * N];
    words[..4 * N].fill(1 << 63);
    let key = RotationKey::from_words(1, &words).unwrap();
    let boundary = (1u64 << 63) - (1 << 41);
    for negated_from in [0, 1, 1024, 2047, 2048] {
        // Positive digits are one short of the negative ones.
        let polynomial = || Polynomial::new(std::array::from_fn(|j| boundary - u64::from(j >= negated_from)));
        let start = Accumulator { polynomials: [polynomial(), polynomial()] };
        let exponents = Exponents { groups: vec![[0; SUBSETS]] };
        let expected = step_by_definition(&words, 0, &exponents.groups[0], &start);
        for backend in Backend::available() {
            let mut accumulators = [start.clone()];
            blind_rotate(*backend, &key, &mut accumulators, std::slice::from_ref(&exponents));
            assert!(accumulators[0] == expected, "{backend:?} {negated_from}");
        }
    }
}

fn assert_all_ways_agree(groups: usize, sizes: &[usize]) {
    let key = RotationKey::from_words(groups, &key_words(groups)).unwrap();
    let (start, exponents) = batch(*sizes.iter().max().unwrap(), groups);
    let mut expected: Option<Vec<Accumulator>> = None;
    for backend in Backend::available() {
        for size in sizes {
            let mut accumulators = start[..*size].to_vec();
            blind_rotate(*backend, &key, &mut accumulators, &exponents[..*size]);
            let expected = expected.get_or_insert_with(|| {
                let mut all = start.clone();
                all.par_iter_mut().zip(&exponents).for_each(|(accumulator, exponents)| {
                    blind_rotate_split(*backend, &key, accumulator, exponents);
                });
                all
            });
            assert!(accumulators == expected[..*size], "{backend:?}, batch of {size}");
        }
        let mut alone = start[0].clone();
        blind_rotate_split(*backend, &key, &mut alone, &exponents[0]);
        assert!(Some(&alone) == expected.as_ref().map(|all| &all[0]), "{backend:?}, split");
    }
}

#[test]
fn backends_batch_sizes_and_threads_agree() {
    assert_all_ways_agree(8, &[33, 16, 8, 3, 1]);
}

#[test]
#[ignore = "slow: a key of 242 MB"]
fn backends_agree_over_all_groups() {
    assert_all_ways_agree(GROUPS, &[3, 1]);
}

#[test]
fn words_are_known() {
    let key = RotationKey::from_words(8, &key_words(8)).unwrap();
    let (start, exponents) = batch(2, 8);
    for backend in Backend::available() {
        let mut accumulators = start.clone();
        blind_rotate(*backend, &key, &mut accumulators, &exponents);
        let mut hasher = blake3::Hasher::new();
        for word in accumulators.iter().flat_map(|a| &a.polynomials).flat_map(|p| p.iter()) {
            hasher.update(&word.to_le_bytes());
        }
        assert_eq!(
            hasher.finalize().to_hex().as_str(),
            "52cd96c350fe84443fb86f73bf492ecbab51dcb41703ea30d2a56be72cd62a27",
            "{backend:?}"
        );
    }
}
