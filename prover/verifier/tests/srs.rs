//! The reference string: digest, commitments, and a file format that refuses whatever is not one tau's powers.

use ark_bn254::{Fq, Fq2, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{BigInteger, Field, PrimeField, UniformRand};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use sha3::{Digest, Keccak256};
use trine_verifier::srs::{CommitmentKey, SrsError, VerifierSrs};

const HEADER: usize = 416;

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(7)
}

fn powers(tau: Fr, count: u64) -> Vec<G1Affine> {
    (0..count).map(|i| (G1Projective::generator() * tau.pow([i])).into_affine()).collect()
}

fn verifier(tau: Fr, most: u64) -> VerifierSrs {
    VerifierSrs::of_known_tau(tau, most).unwrap()
}

fn key(count: u64) -> CommitmentKey {
    let tau = Fr::rand(&mut rng());
    CommitmentKey::new(powers(tau, count), verifier(tau, count)).unwrap()
}

#[test]
fn digest_is_keccak_of_the_words_on_chain() {
    let srs = verifier(Fr::from(5u64), 1 << 16);
    let word = |x: &Fq| x.into_bigint().to_bytes_be();
    let mut bytes = Keccak256::digest(b"trine.v1.srs").to_vec();
    bytes.extend([Fq::from(1u64), Fq::from(2u64)].iter().flat_map(word));
    for exponent in [1u64, 16, 17] {
        let power = (G2Affine::generator() * Fr::from(5u64).pow([exponent])).into_affine();
        let (x, y) = power.xy().unwrap();
        bytes.extend([&x.c1, &x.c0, &y.c1, &y.c0].into_iter().flat_map(word));
    }
    bytes.extend([0; 24]);
    bytes.extend(65536u64.to_be_bytes());
    assert_eq!(srs.digest(), <[u8; 32]>::from(Keccak256::digest(&bytes)));
    assert_ne!(srs.digest(), verifier(Fr::from(5u64), 1 << 15).digest(), "the number of powers is bound");
    assert_ne!(srs.digest(), verifier(Fr::from(6u64), 1 << 16).digest(), "tau is bound");
}

#[test]
fn commitments_are_sums_of_powers() {
    let key = key(70);
    let mut rng = rng();
    for length in [0usize, 1, 31, 32, 70] {
        // Zeros, ones and full words: the sizes that a multi-scalar multiplication treats apart.
        let words: Vec<u64> = (0..length).map(|i| [0, 1, u64::MAX, rng.next_u64()][i % 4]).collect();
        let small: Vec<u32> = words.iter().map(|w| *w as u32).collect();
        let scalars: Vec<Fr> = (0..length).map(|i| [-Fr::from(1u64), Fr::rand(&mut rng)][i % 2]).collect();
        let naive = |scalars: &[Fr]| {
            let sum: G1Projective = key.powers().iter().zip(scalars).map(|(p, s)| *p * s).sum();
            sum.into_affine()
        };
        let lift = |words: &[u64]| words.iter().map(|w| Fr::from(*w)).collect::<Vec<_>>();
        assert_eq!(key.commit_words(&words).unwrap(), naive(&lift(&words)));
        let widened: Vec<u64> = small.iter().map(|w| u64::from(*w)).collect();
        assert_eq!(key.commit_small(&small).unwrap(), naive(&lift(&widened)));
        assert_eq!(key.commit_fr(&scalars).unwrap(), naive(&scalars));
    }
    assert!(key.commit_words(&[0; 70]).unwrap().is_zero());
}

#[test]
fn more_words_than_powers_are_refused() {
    let key = key(16);
    let error = SrsError::TooLong { length: 17, powers: 16 };
    assert_eq!(key.commit_words(&[1; 17]), Err(error.clone()));
    assert_eq!(key.commit_small(&[1; 17]), Err(error.clone()));
    assert_eq!(key.commit_fr(&[Fr::from(1u64); 17]), Err(error));
}

#[test]
fn a_prefix_commits_alike_and_keeps_the_digest() {
    let whole = key(20);
    let prefix = whole.prefix(16).unwrap();
    assert_eq!(prefix.commit_words(&[1, 2, 3, 4]), whole.commit_words(&[1, 2, 3, 4]));
    assert_eq!(prefix.verifier().digest(), whole.verifier().digest());
    assert_eq!(CommitmentKey::from_bytes(&prefix.to_bytes()).unwrap(), prefix);
    for wanted in [0, 21] {
        assert_eq!(whole.prefix(wanted), Err(SrsError::TooFewPowers { wanted, powers: 20 }));
    }
}

#[test]
fn pairing_check_wants_tau() {
    let tau = Fr::from(11u64);
    let srs = verifier(tau, 16);
    let w = (G1Projective::generator() * Fr::from(3u64)).into_affine();
    let left = (w * tau).into_affine();
    assert!(srs.check_pairing(left, w));
    assert!(!srs.check_pairing(w, w));
    assert!(srs.check_pairing(G1Affine::zero(), G1Affine::zero()));
    assert!(!srs.check_pairing(left, G1Affine::zero()));

    let times = |exponent: u64| (w * tau.pow([exponent])).into_affine();
    let infinity = G1Affine::zero();
    for (exponent, place) in [(1, 1), (16, 2), (17, 3)] {
        let mut points = [-times(exponent), infinity, infinity, infinity];
        assert!(!srs.pairings_cancel(points));
        points[place] = w;
        assert!(srs.pairings_cancel(points), "tau^{exponent}");
        points.swap(0, place);
        assert!(!srs.pairings_cancel(points));
    }
}

/// The verifier's powers in G2 are held against tau, each of them: with another one, any quotient could be forged.
#[test]
fn powers_in_g2_of_no_tau_are_refused() {
    let tau = Fr::from(11u64);
    for place in 0..3 {
        let mut srs = verifier(tau, 20);
        srs.powers_h[place] = (srs.powers_h[place] + G2Affine::generator()).into_affine();
        for count in [16, 17, 20] {
            assert_eq!(
                CommitmentKey::new(powers(tau, count), srs),
                Err(SrsError::Powers),
                "{place}, {count}"
            );
        }
    }
    let few = CommitmentKey::new(powers(tau, 15), verifier(tau, 20));
    assert_eq!(few, Err(SrsError::Count { count: 15, most: 20 }), "too few to tell");
}

#[test]
fn powers_of_no_tau_are_refused() {
    let tau = Fr::from(11u64);
    let srs = verifier(tau, 16);
    let refused = |change: &dyn Fn(&mut Vec<G1Affine>)| {
        let mut points = powers(tau, 16);
        change(&mut points);
        CommitmentKey::new(points, srs).unwrap_err()
    };
    assert_eq!(refused(&|p| p.swap(3, 4)), SrsError::Powers);
    assert_eq!(refused(&|p| p[15] = -p[15]), SrsError::Powers);
    assert_eq!(refused(&|p| p[1] = G1Affine::generator()), SrsError::Powers);
    assert_eq!(refused(&|p| p[0] = p[1]), SrsError::Generator);
    assert_eq!(refused(&|p| p[5] = G1Affine::zero()), SrsError::Power { index: 5 });
    assert_eq!(refused(&|p| p.push(p[0])), SrsError::Count { count: 17, most: 16 });
    assert_eq!(refused(&|p| p.clear()), SrsError::Count { count: 0, most: 16 });
    let off = G1Affine::new_unchecked(Fq::from(1u64), Fq::from(3u64));
    assert_eq!(refused(&|p| p[2] = off), SrsError::Power { index: 2 });
    let other = verifier(Fr::from(12u64), 16);
    assert_eq!(CommitmentKey::new(powers(tau, 16), other), Err(SrsError::Powers));
}

/// A point of the twist outside the subgroup lets a small-order component through the pairing.
#[test]
fn powers_outside_the_subgroup_are_refused() {
    let mut rng = rng();
    let outside = std::iter::repeat_with(|| Fq2::rand(&mut rng))
        .find_map(|x| G2Affine::get_point_from_x_unchecked(x, false))
        .unwrap();
    assert!(outside.is_on_curve());
    let off = G2Affine::new_unchecked(Fq2::from(1u64), Fq2::from(1u64));
    let generators = [G2Affine::generator(); 3];
    for bad in [outside, G2Affine::zero(), off] {
        for (place, exponent) in [(0, 1), (1, 16), (2, 17)] {
            let mut powers_h = generators;
            powers_h[place] = bad;
            assert_eq!(VerifierSrs::new(powers_h, 16, true), Err(SrsError::PowerOfH { exponent }));
        }
    }
    for count in [0, 15, (1 << 28) + 1] {
        let refused = VerifierSrs::new(generators, count, true);
        assert_eq!(refused, Err(SrsError::Count { count, most: count }));
    }
}

#[test]
fn files_return_what_was_written() {
    let tau = Fr::from(11u64);
    for development in [true, false] {
        let srs = VerifierSrs { development, ..verifier(tau, 100) };
        let key = CommitmentKey::new(powers(tau, 18), srs).unwrap();
        let bytes = key.to_bytes();
        assert_eq!(bytes.len(), HEADER + 64 * 18);
        assert_eq!(CommitmentKey::from_bytes(&bytes).unwrap(), key);
    }
}

#[test]
fn every_part_of_a_file_is_checked() {
    let bytes = key(16).to_bytes();
    let refused = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        CommitmentKey::from_bytes(&bytes).unwrap_err()
    };
    assert_eq!(refused(&|b| b[0] ^= 1), SrsError::Magic { got: *b"URINESRS" });
    assert_eq!(refused(&|b| b[8] = 1), SrsError::Version { got: 1 });
    assert_eq!(refused(&|b| b[12] = 3), SrsError::Flags { got: 3 });
    assert_eq!(refused(&|b| b[16] = 0), SrsError::Count { count: 0, most: 16 });
    assert_eq!(refused(&|b| b[16] = 15), SrsError::Count { count: 15, most: 16 });
    assert_eq!(refused(&|b| b[16] = 17), SrsError::Count { count: 17, most: 16 });
    assert_eq!(refused(&|b| b[28] = 0x20), SrsError::Count { count: 16, most: (0x20 << 32) + 16 });
    let whole = HEADER as u64 + 16 * 64;
    assert_eq!(refused(&|b| b.push(0)), SrsError::Length { got: whole + 1, expected: whole });
    assert_eq!(refused(&|b| b.truncate(1439)), SrsError::Length { got: 1439, expected: whole });
    assert_eq!(refused(&|b| b.truncate(31)), SrsError::Length { got: 31, expected: 416 });
    for (end, exponent) in [(160, 1), (288, 16), (416, 17)] {
        assert_eq!(refused(&|b| b[end - 1] ^= 1), SrsError::PowerOfH { exponent });
    }
    assert_eq!(refused(&|b| b[HEADER + 2 * 64] ^= 0x80), SrsError::Power { index: 2 });
    assert_eq!(refused(&|b| b[HEADER + 3 * 64 + 63] ^= 1), SrsError::Power { index: 3 });
    assert_eq!(refused(&|b| b.copy_within(HEADER + 64..HEADER + 128, HEADER + 128)), SrsError::Powers);
}

/// A header that claims 2^28 powers is refused by its length: nothing is allocated for it.
#[test]
fn a_claimed_length_allocates_nothing() {
    let mut bytes = key(16).to_bytes();
    bytes[16..24].copy_from_slice(&(1u64 << 28).to_le_bytes());
    bytes[24..32].copy_from_slice(&(1u64 << 28).to_le_bytes());
    let expected = HEADER as u64 + (64 << 28);
    assert_eq!(CommitmentKey::from_bytes(&bytes), Err(SrsError::Length { got: 416 + 16 * 64, expected }));
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(CommitmentKey::from_bytes(&bytes).is_err());
    }

    #[test]
    fn no_changed_byte_passes(at in 0usize..(HEADER + 16 * 64), mask in 1u8..) {
        let tau = Fr::from(11u64);
        let original = CommitmentKey::new(powers(tau, 16), verifier(tau, 16)).unwrap();
        let mut bytes = original.to_bytes();
        bytes[at] ^= mask;
        // The development flag and the length of the reference string describe the powers, which cannot show them.
        match CommitmentKey::from_bytes(&bytes) {
            Err(_) => {}
            Ok(read) => {
                prop_assert!(at == 12 || (24..32).contains(&at));
                prop_assert_ne!(read, original);
            }
        }
    }
}
