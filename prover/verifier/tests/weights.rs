//! Closed forms of the proof of bootstrapping against dense sums over their tables, at random points.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, BigInteger, Field, One, PrimeField, UniformRand, Zero};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use trine_verifier::bootstrapping::parameters::Gadget;
use trine_verifier::bootstrapping::weight::evaluation::{Bilinear, root};
use trine_verifier::bootstrapping::weight::{
    Factor, Weight, below, exponent_extension, exponent_table, exponent_value, identity, shift,
};
use trine_verifier::claim::eq_index;

/// log2 of the polynomial sizes: N = 8, 32, 2048.
const SIZES: [usize; 3] = [3, 5, 11];

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn random(count: usize, rng: &mut ChaCha20Rng) -> Vec<Fr> {
    (0..count).map(|_| Fr::rand(rng)).collect()
}

/// Extension of a dense vector: variables bound from the highest down.
fn dense(mut vector: Vec<Fr>, point: &[Fr]) -> Fr {
    assert_eq!(vector.len(), 1 << point.len());
    for x in point.iter().rev() {
        let high = vector.split_off(vector.len() / 2);
        vector.iter_mut().zip(high).for_each(|(low, high)| *low += *x * (high - *low));
    }
    vector[0]
}

fn assert_closed_form(factor: &Factor, rng: &mut ChaCha20Rng) {
    let table = factor.table();
    assert_eq!(table.len(), 1 << factor.variables(), "{factor:?}");
    for _ in 0..3 {
        let point = random(factor.variables(), rng);
        assert_eq!(factor.evaluate(&point), dense(table.clone(), &point), "{factor:?}");
    }
    for (index, entry) in table.iter().enumerate() {
        assert_eq!(factor.entry(index), *entry, "{factor:?} {index}");
    }
    assert_eq!(factor.entry(table.len()), Fr::zero());
}

/// `W_x[a]` by its definition.
fn evaluation_by_definition(x: &[Fr], a: usize) -> Fr {
    let w = root(x.len());
    (0..1 << x.len()).map(|z| eq_index(x, z) * w.pow([((2 * z + 1) * a) as u64])).sum()
}

/// A factor of each kind over `n` variables, Switch over two more.
fn factors(n: usize, rng: &mut ChaCha20Rng) -> Vec<Factor> {
    let offset = rng.gen_range(1..(1 << n) - 1);
    vec![
        Factor::eq(&random(n, rng)),
        Factor::index(offset, n),
        Factor::ones(n),
        Factor::Product((0..n).map(|_| [Fr::rand(rng), Fr::rand(rng)]).collect()),
        Factor::Public(random(1 << n, rng)),
        Factor::Public(random((1 << n) - 3, rng)),
        Factor::Evaluation(random(n, rng)),
        Factor::Extraction { point: random(n, rng), offset: 0 },
        Factor::Extraction { point: random(n, rng), offset },
        Factor::Extraction { point: random(n, rng), offset: (1 << n) - 1 },
        Factor::Switch { subset: random(4, rng), group: random(n, rng) },
    ]
}

#[test]
fn factors_evaluate_as_their_tables_do() {
    let mut rng = rng(1);
    for n in SIZES {
        factors(n, &mut rng).iter().for_each(|factor| assert_closed_form(factor, &mut rng));
    }
    for factor in [
        Factor::ones(0),
        Factor::Public(vec![]),
        Factor::Public(vec![Fr::from(7)]),
        Factor::Evaluation(vec![]),
    ] {
        assert_closed_form(&factor, &mut rng);
    }
}

#[test]
fn tables_hold_what_they_are_defined_to_hold() {
    let mut rng = rng(2);
    for n in [3, 5] {
        let size = 1usize << n;
        let x = random(n, &mut rng);
        let index = rng.gen_range(0..size);
        let at = |factor: Factor, m: usize| factor.table()[m];
        for m in 0..size {
            assert_eq!(at(Factor::eq(&x), m), eq_index(&x, m));
            assert_eq!(at(Factor::index(index, n), m), Fr::from(m == index));
            assert_eq!(at(Factor::ones(n), m), Fr::one());
            assert_eq!(at(Factor::Evaluation(x.clone()), m), evaluation_by_definition(&x, m));
        }
    }
}

#[test]
fn extraction_is_the_adjoint_of_the_signed_reversal() {
    let mut rng = rng(3);
    for n in SIZES {
        let size = 1usize << n;
        let (point, accumulator) = (random(n, &mut rng), random(size, &mut rng));
        for offset in [0, 1, size / 2 - 1, size - 1, rng.gen_range(0..size)] {
            let extracted: Vec<Fr> = (0..size)
                .map(|j| if j <= offset { accumulator[offset - j] } else { -accumulator[size + offset - j] })
                .collect();
            let weights = Factor::Extraction { point: point.clone(), offset }.table();
            let sum: Fr = weights.iter().zip(&accumulator).map(|(w, a)| *w * a).sum();
            assert_eq!(sum, dense(extracted, &point), "N = {size}, offset {offset}");
        }
    }
}

#[test]
fn switch_weights_words_as_the_sum_over_subsets_does() {
    let mut rng = rng(4);
    let (subset, group) = (random(4, &mut rng), random(3, &mut rng));
    let table = Factor::Switch { subset: subset.clone(), group: group.clone() }.table();
    for i in 0..8usize {
        for k in 0..4usize {
            let sign = if i == 0 { -Fr::one() } else { Fr::one() };
            assert_eq!(table[4 * i + k], sign * eq_index(&group, i) * subset[3 - k], "group {i}, word {k}");
        }
    }
}

/// The root has order 2N and is the power of five that the spec names.
#[test]
fn the_root_is_a_power_of_five() {
    for n in [0, 3, 5, 11, 27] {
        let mut exponent = Fr::MODULUS;
        exponent.sub_with_borrow(&1u64.into());
        (0..=n).for_each(|_| exponent.div2());
        assert_eq!(root(n), Fr::from(5u64).pow(exponent), "n = {n}");
        assert_eq!(root(n).pow([1 << n]), -Fr::one(), "n = {n}");
    }
}

#[test]
fn exponents_reach_twice_the_size() {
    let mut rng = rng(5);
    for n in SIZES {
        let (size, x) = (1usize << n, random(n, &mut rng));
        let table = exponent_table(&x);
        assert_eq!(table.len(), 2 * size);
        for (a, entry) in table.iter().enumerate() {
            assert_eq!(exponent_value(&x, a as u64), *entry);
        }
        for a in [0, 1, size - 1, size, size + 1, 2 * size - 1] {
            assert_eq!(table[a], evaluation_by_definition(&x, a), "N = {size}, exponent {a}");
        }
        let y = random(n + 1, &mut rng);
        assert_eq!(exponent_extension(&x, &y), dense(table, &y));
    }
}

#[test]
fn the_bilinear_form_is_the_extension() {
    let mut rng = rng(6);
    for n in [0, 1, 2, 3, 4, 5, 10, 11] {
        let (x, y) = (random(n, &mut rng), random(n, &mut rng));
        let Bilinear { left, right } = Bilinear::new(&x, &y);
        assert_eq!((left.len(), right.len()), (1 << (n / 2), 1 << n.div_ceil(2)));
        let w = root(n);
        let form: Fr = (0u64..)
            .zip(&left)
            .map(|(j, l)| *l * (0u64..).zip(&right).map(|(z, r)| *r * w.pow([2 * z * j])).sum::<Fr>())
            .sum();
        assert_eq!(form, dense(Factor::Evaluation(x.clone()).table(), &y), "n = {n}");
        assert_eq!(form, exponent_extension(&x, &y), "n = {n}");
    }
}

#[test]
fn relations_of_indices_evaluate_as_their_tables_do() {
    let mut rng = rng(7);
    for n in SIZES {
        let size = 1usize << n;
        let (r, s) = (random(n, &mut rng), random(n, &mut rng));
        let sum: Fr = (0..size - 1).map(|i| eq_index(&s, i) * eq_index(&r, i + 1)).sum();
        assert_eq!(shift(&r, &s), sum, "shift, N = {size}");
        let indices = (0..size).map(|i| Fr::from(i as u64)).collect();
        assert_eq!(identity(&s), dense(indices, &s), "identity, N = {size}");
        for bound in [0, 1, 5, size / 2, size - 1, size, size + 1, usize::MAX] {
            let indicator = (0..size).map(|i| Fr::from(i < bound)).collect();
            assert_eq!(below(&s, bound), dense(indicator, &s), "[i < {bound}], N = {size}");
        }
    }
    assert_eq!(
        [shift(&[], &[]), below(&[], 0), below(&[], 1), identity(&[])],
        [Fr::ZERO, Fr::ZERO, Fr::ONE, Fr::ZERO]
    );
}

/// Shift has no wrap-around: the last index has no successor, the first is none.
#[test]
fn shift_at_indices_is_the_successor() {
    let point = |index: usize| (0..3).map(|k| Fr::from((index >> k & 1) as u64)).collect::<Vec<_>>();
    for i in 0..8 {
        for j in 0..8 {
            assert_eq!(shift(&point(j), &point(i)), Fr::from(j == i + 1), "{i} to {j}");
        }
    }
}

fn weight(rng: &mut ChaCha20Rng) -> Weight {
    let product = |n: usize, rng: &mut ChaCha20Rng| (0..n).map(|_| [Fr::rand(rng), Fr::rand(rng)]).collect();
    Weight {
        scale: Fr::rand(rng),
        factors: vec![
            Factor::Evaluation(random(3, rng)),
            Factor::Product(product(2, rng)),
            Factor::Public(random(7, rng)),
            Factor::Public(random(1, rng)),
            Factor::Extraction { point: random(2, rng), offset: 1 },
            Factor::index(2, 2),
        ],
    }
}

#[test]
fn weights_evaluate_as_their_tables_do() {
    let mut rng = rng(8);
    let weight = weight(&mut rng);
    assert_eq!(weight.variables(), 12);
    let point = random(12, &mut rng);
    assert_eq!(weight.evaluate(&point), dense(weight.table(), &point));
    // Lowest variables first, by hand.
    let entry = |k: usize, index: usize| weight.factors[k].table()[index];
    let index = 5 | 1 << 3 | 6 << 5 | 3 << 8 | 2 << 10;
    let product =
        [(0, 5), (1, 1), (2, 6), (3, 0), (4, 3), (5, 2)].map(|(k, i)| entry(k, i)).iter().product::<Fr>();
    assert_eq!(weight.table()[index], weight.scale * product);
}

#[test]
fn restricted_factors_are_slices_of_tables() {
    let mut rng = rng(9);
    for n in SIZES {
        for factor in factors(n, &mut rng) {
            let (table, variables) = (factor.table(), factor.variables());
            let splits = matches!(factor, Factor::Product(_) | Factor::Public(_));
            for low in 0..=variables {
                let above = variables - low;
                for index in [0, (1 << above) - 1, rng.gen_range(0..1 << above)] {
                    let restricted = factor.restrict_high(low, index);
                    if splits || low == 0 || above == 0 {
                        let slice = &table[index << low..(index + 1) << low];
                        assert_eq!(restricted.unwrap().table(), slice, "{factor:?} {low} {index}");
                    } else {
                        assert_eq!(restricted, None);
                    }
                }
                assert_eq!(factor.restrict_high(low, 1 << above), None);
            }
            assert_eq!(factor.restrict_high(variables + 1, 0), None);
        }
    }
}

#[test]
fn restricted_weights_are_slices_of_tables() {
    let mut rng = rng(10);
    let weight = weight(&mut rng);
    let table = weight.table();
    for low in 0..=12usize {
        let inside = matches!(low, 1 | 2 | 9);
        for index in 0..1usize << (12 - low) {
            let restricted = weight.restrict_high(low, index);
            if inside {
                assert_eq!(restricted, None, "{low}");
            } else {
                let restricted = restricted.unwrap();
                assert_eq!(restricted.variables(), low);
                assert_eq!(restricted.table(), &table[index << low..(index + 1) << low], "{low} {index}");
            }
        }
        assert_eq!(weight.restrict_high(low, 1 << (12 - low)), None);
    }
    assert_eq!(weight.restrict_high(13, 0), None);
    assert_eq!(weight.restrict_high(12, usize::MAX), None);
}

const GADGETS: [Gadget; 7] = [
    Gadget { base_bits: 3, levels: 5 },
    Gadget { base_bits: 4, levels: 4 },
    Gadget { base_bits: 2, levels: 2 },
    Gadget { base_bits: 3, levels: 2 },
    Gadget { base_bits: 2, levels: 1 },
    Gadget { base_bits: 1, levels: 4 },
    Gadget { base_bits: 2, levels: 5 },
];

/// tfhe-rs 1.8's `SignedDecomposer` on a word, in its own terms: `init_decomposer_state` and `decompose_one_level`.
fn tfhe_rs_digits(gadget: Gadget, word: u64) -> Vec<i64> {
    let bits = gadget.state_bits();
    let dropped = 64 - bits;
    let rounding = word >> (dropped - 1) & 1;
    let state = ((word >> dropped) + rounding) & (u64::MAX >> dropped);
    let balance = ((state.wrapping_sub(1) | (rounding << (bits - 1))) & state) >> (bits - 1);
    let mut state = state.wrapping_sub(balance << bits) as i64;
    let mask = (1i64 << gadget.base_bits) - 1;
    (0..gadget.levels)
        .map(|_| {
            let residue = state & mask;
            state >>= gadget.base_bits;
            let carry = ((residue.wrapping_sub(1) | state) & residue) >> (gadget.base_bits - 1);
            state += carry;
            residue - (carry << gadget.base_bits)
        })
        .collect()
}

/// Every row of the table against the words that lead to it.
#[test]
fn rows_hold_the_digits_of_the_evaluator() {
    let mut rng = rng(11);
    for gadget in GADGETS {
        let (bits, dropped) = (gadget.state_bits(), gadget.dropped_bits());
        for index in 0..1usize << gadget.table_variables() {
            let (state, top) = (index as u64 & ((1 << bits) - 1), index as u64 >> bits);
            let half = 1u64 << (dropped - 1);
            for rest in [0, half - 1, rng.gen_range(0..half)] {
                let word = (state << dropped | top << (dropped - 1) | rest).wrapping_sub(half);
                assert_eq!(gadget.digits(index), tfhe_rs_digits(gadget, word), "{gadget:?} {word:#018x}");
            }
        }
    }
}

/// The digits recompose to the state, and reach both ends of their range.
#[test]
fn digits_recompose_to_the_state() {
    for gadget in GADGETS {
        let (bits, half) = (gadget.state_bits(), 1i64 << (gadget.base_bits - 1));
        for index in 0..1usize << gadget.table_variables() {
            let digits = gadget.digits(index);
            assert_eq!(digits.len(), gadget.levels);
            assert!(digits.iter().all(|digit| (-half..=half).contains(digit)));
            let sum = digits.iter().rev().fold(0, |sum, digit| (sum << gadget.base_bits) + digit);
            assert_eq!(sum & ((1 << bits) - 1), (index & ((1 << bits) - 1)) as i64, "{gadget:?} {index}");
        }
    }
}

#[test]
fn the_tie_bit_resolves_the_tie_alone() {
    let gadget = Gadget { base_bits: 3, levels: 5 };
    assert_eq!(gadget.digits(1 << 14), [0, 0, 0, 0, -4]);
    assert_eq!(gadget.digits(1 << 14 | 1 << 15), [0, 0, 0, 0, 4]);
    for gadget in GADGETS {
        let bits = gadget.state_bits();
        let differing: Vec<usize> = (0..1 << bits)
            .filter(|state| gadget.digits(*state) != gadget.digits(state | 1 << bits))
            .collect();
        assert_eq!(differing, [1 << (bits - 1)], "{gadget:?}");
    }
}

#[test]
fn columns_extend_as_their_tables_do() {
    let mut rng = rng(12);
    for gadget in GADGETS {
        let rows: Vec<Vec<i64>> =
            (0..1 << gadget.table_variables()).map(|index| gadget.digits(index)).collect();
        for _ in 0..2 {
            let point = random(gadget.table_variables(), &mut rng);
            let extensions = gadget.digit_extensions(&point);
            assert_eq!(extensions.len(), gadget.levels);
            for (level, extension) in extensions.iter().enumerate() {
                let column = rows.iter().map(|digits| Fr::from(digits[level])).collect();
                assert_eq!(*extension, dense(column, &point), "{gadget:?}, level {level}");
            }
        }
    }
}
