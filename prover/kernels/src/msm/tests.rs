//! Against arkworks: random, sparse and extreme scalars; bases that repeat, cancel, are infinite or in progression.

use super::{Bases, MsmError, Pattern};
use crate::Backend;
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup, VariableBaseMSM};
use ark_ff::{One, UniformRand, Zero};
use proptest::prelude::*;
use rand::Rng;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

fn random_points(count: usize) -> Vec<G1Affine> {
    let mut rng = rng(1);
    let points: Vec<_> = (0..count).map(|_| G1Projective::rand(&mut rng)).collect();
    G1Projective::normalize_batch(&points)
}

/// B, 2B, 3B, ...
fn progression(count: usize) -> Vec<G1Affine> {
    let step = G1Projective::generator() * Fr::from(5u64);
    let points: Vec<_> = std::iter::successors(Some(step), |point| Some(*point + step)).take(count).collect();
    G1Projective::normalize_batch(&points)
}

/// Points that meet in every way that an addition treats apart, `count` of each kind.
fn families(count: usize) -> Vec<(&'static str, Vec<G1Affine>)> {
    let random = random_points(count);
    let alternating = |first: G1Affine, second: G1Affine| [first, second].into_iter().cycle().take(count);
    let with_infinity =
        |(index, point): (usize, &G1Affine)| if index % 3 == 1 { G1Affine::zero() } else { *point };
    vec![
        ("random", random.clone()),
        ("one point", vec![G1Affine::generator(); count]),
        ("point and negative", alternating(G1Affine::generator(), -G1Affine::generator()).collect()),
        ("progression", progression(count)),
        ("infinity", vec![G1Affine::zero(); count]),
        ("infinity between", random.iter().enumerate().map(with_infinity).collect()),
        ("point and infinity", alternating(G1Affine::generator(), G1Affine::zero()).collect()),
    ]
}

const LENGTHS: [usize; 8] = [0, 1, 2, 7, 8, 9, 100, 1000];

fn cells_of_every_kind(count: usize, bits: u32) -> Vec<(&'static str, Vec<u32>)> {
    let mut rng = rng(2);
    let largest = u32::MAX >> (32 - bits);
    let random: Vec<u32> = (0..count).map(|_| rng.r#gen::<u32>() & largest).collect();
    let sparse =
        (0..count).map(|_| if rng.gen_ratio(1, 50) { rng.r#gen::<u32>() & largest } else { 0 }).collect();
    vec![
        ("random", random),
        ("sparse", sparse),
        ("zero", vec![0; count]),
        ("one", vec![1; count]),
        ("largest", vec![largest; count]),
        ("boolean", (0..count).map(|_| rng.gen_range(0..2)).collect()),
    ]
}

#[test]
fn cells_commit_as_in_arkworks() {
    for count in LENGTHS {
        for (bases_kind, points) in families(count) {
            let prepared: Vec<Bases> =
                Backend::all().into_iter().map(|back_end| Bases::new(back_end, &points)).collect();
            for bits in [1, 7, 16, 21, 22, 32] {
                for (kind, cells) in cells_of_every_kind(count, bits) {
                    let expected = G1Projective::msm_u32(&points, &cells).into_affine();
                    for bases in &prepared {
                        let got = bases.commit_u32(&cells, bits).unwrap();
                        assert_eq!(got, expected, "{count} {kind} cells of {bits} bits on {bases_kind}");
                    }
                }
            }
        }
    }
}

#[test]
fn words_and_elements_commit_as_in_arkworks() {
    let mut rng = rng(3);
    for count in LENGTHS {
        let words: Vec<u64> = (0..count).map(|_| rng.r#gen()).collect();
        let elements: Vec<Fr> = (0..count).map(|_| Fr::rand(&mut rng)).collect();
        for (kind, points) in families(count) {
            for backend in Backend::all() {
                let bases = Bases::new(backend, &points);
                for words in [&words, &vec![u64::MAX; count], &vec![0; count]] {
                    let expected = G1Projective::msm_u64(&points, words).into_affine();
                    assert_eq!(bases.commit_u64(words).unwrap(), expected, "{count} words on {kind}");
                }
                for elements in [&elements, &vec![-Fr::one(); count], &vec![Fr::zero(); count]] {
                    let expected = G1Projective::msm_unchecked(&points, elements).into_affine();
                    assert_eq!(bases.commit_field(elements).unwrap(), expected, "{count} elements on {kind}");
                }
            }
        }
    }
}

/// More rows than a block, so that buckets are carried from block to block and joined between segments.
#[test]
fn many_blocks_commit_as_in_arkworks() {
    let count = 300_001;
    let mut rng = rng(4);
    let points = progression(count);
    let cells: Vec<u32> = (0..count).map(|_| rng.gen_range(0..1 << 22)).collect();
    let constant = vec![12_345; count];
    for backend in [Backend::portable(), Backend::detect()] {
        let bases = Bases::new(backend, &points);
        for cells in [&cells, &constant] {
            let expected = G1Projective::msm_u32(&points, cells).into_affine();
            assert_eq!(bases.commit_u32(cells, 22).unwrap(), expected);
        }
        let words: Vec<u64> = cells.iter().map(|cell| u64::from(*cell) << 40 | 77).collect();
        assert_eq!(bases.commit_u64(&words).unwrap(), G1Projective::msm_u64(&points, &words).into_affine());
        let elements: Vec<Fr> = words.iter().map(|word| -Fr::from(*word)).collect();
        let expected = G1Projective::msm_unchecked(&points, &elements).into_affine();
        assert_eq!(bases.commit_field(&elements).unwrap(), expected);
    }
}

/// The pattern may or may not hold for the cells: the sum is that of the cells.
#[test]
fn centred_cells_commit_as_others() {
    let count = 140_000;
    let mut rng = rng(6);
    let points = progression(count + 5);
    let pattern = Pattern { log_period: 12, rows: 16..4000 };
    let spread: Vec<u32> = (0..count).map(|_| rng.gen_range(0..1 << 22)).collect();
    let near = spread.iter().map(|cell| (1 << 21) - 100 + cell % 200).collect();
    let patterned = (0..count)
        .map(|row| if pattern.rows.contains(&(row % (1 << pattern.log_period))) { spread[row] } else { 0 });
    let lists = [patterned.collect(), spread.clone(), near, vec![1 << 21; count], vec![0; count]];
    for backend in [Backend::portable(), Backend::detect()] {
        let bases = Bases::new(backend, &points);
        for (kind, cells) in lists.iter().enumerate() {
            let expected = bases.commit_u32_at(5, cells, 22).unwrap();
            for centre in [0, 1 << 21, u32::MAX] {
                let got = bases.commit_centred_at(5, cells, 22, centre, &pattern).unwrap();
                assert_eq!(got, expected, "list {kind}, centre {centre}");
            }
        }
        let refused = MsmError::Cell { index: 0, cell: 1 << 21, bits: 21 };
        assert_eq!(bases.commit_centred_at(0, &lists[3], 21, 0, &pattern), Err(refused));
    }
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let points = progression(70_000);
    let cells: Vec<u32> = (0..70_000).map(|row| row * 59 % (1 << 22)).collect();
    let elements: Vec<Fr> = cells.iter().map(|cell| -Fr::from(*cell)).collect();
    for backend in Backend::all() {
        let bases = Bases::new(backend, &points);
        let commit = || (bases.commit_u32(&cells, 22).unwrap(), bases.commit_field(&elements).unwrap());
        let on =
            |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(commit);
        assert_eq!(on(1), on(5));
    }
}

#[test]
fn parts_of_a_commitment_add_up() {
    let points = random_points(1000);
    let mut rng = rng(5);
    let cells: Vec<u32> = (0..1000).map(|_| rng.gen_range(0..1 << 22)).collect();
    let words: Vec<u64> = cells.iter().map(|cell| u64::from(*cell) << 30).collect();
    let elements: Vec<Fr> = cells.iter().map(|cell| -Fr::from(*cell)).collect();
    for backend in Backend::all() {
        let bases = Bases::new(backend, &points);
        let (head, tail) = cells.split_at(333);
        let parts = bases.commit_u32_at(0, head, 22).unwrap() + bases.commit_u32_at(333, tail, 22).unwrap();
        assert_eq!(parts, bases.commit_u32(&cells, 22).unwrap());
        let (head, tail) = words.split_at(333);
        let parts = bases.commit_u64_at(0, head).unwrap() + bases.commit_u64_at(333, tail).unwrap();
        assert_eq!(parts, bases.commit_u64(&words).unwrap());
        let (head, tail) = elements.split_at(333);
        let parts = bases.commit_field_at(0, head).unwrap() + bases.commit_field_at(333, tail).unwrap();
        assert_eq!(parts, bases.commit_field(&elements).unwrap());
    }
}

#[test]
fn what_has_no_sum_is_refused() {
    for backend in Backend::all() {
        let bases = Bases::new(backend, &random_points(8));
        let too_long = |offset, length| MsmError::TooLong { offset, length, powers: 8 };
        assert_eq!(bases.commit_u32(&[1; 9], 22), Err(too_long(0, 9)));
        assert_eq!(bases.commit_u32_at(5, &[1; 4], 22), Err(too_long(5, 4)));
        assert_eq!(bases.commit_u64_at(usize::MAX, &[1]), Err(too_long(usize::MAX, 1)));
        assert_eq!(bases.commit_field(&[Fr::one(); 9]), Err(too_long(0, 9)));
        assert_eq!(bases.commit_u32(&[1], 0), Err(MsmError::Bits { bits: 0 }));
        assert_eq!(bases.commit_u32(&[1], 33), Err(MsmError::Bits { bits: 33 }));
        let refused = Err(MsmError::Cell { index: 1, cell: 1 << 22, bits: 22 });
        assert_eq!(bases.commit_u32(&[0, 1 << 22], 22), refused);
        assert!(bases.commit_u32(&[u32::MAX; 8], 32).is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Bases are small multiples of the generator, so that sums meet in buckets all the time.
    #[test]
    fn related_bases_commit_as_in_arkworks(
        rows in prop::collection::vec((-3i64..4, 0u32..1 << 22, -5i64..6), 0..200),
        bits in 22u32..33,
    ) {
        let points: Vec<G1Projective> =
            rows.iter().map(|(multiple, _, _)| G1Projective::generator() * Fr::from(*multiple)).collect();
        let points = G1Projective::normalize_batch(&points);
        let cells: Vec<u32> = rows.iter().map(|(_, cell, _)| *cell % 9 * (cell >> 11)).collect();
        let elements: Vec<Fr> = rows.iter().map(|(_, _, element)| Fr::from(*element)).collect();
        for backend in Backend::all() {
            let bases = Bases::new(backend, &points);
            let expected = G1Projective::msm_u32(&points, &cells).into_affine();
            prop_assert_eq!(bases.commit_u32(&cells, bits).unwrap(), expected);
            let expected = G1Projective::msm_unchecked(&points, &elements).into_affine();
            prop_assert_eq!(bases.commit_field(&elements).unwrap(), expected);
        }
    }
}
