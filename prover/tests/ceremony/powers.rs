//! First phases that are refused.

use crate::fixture::{LOG, SNARKJS, points, points_of, powers};
use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::UniformRand;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::io::Cursor;
use trine_prover::Mode;
use trine_prover::ceremony::{CeremonyError, Powers};
use trine_prover::srs::DEVELOPMENT_SEED;
use trine_prover::srs::ptau::PtauError;
use trine_prover::srs::ptau::phase_one::{self, PhaseOne};

fn refused(points: PhaseOne) -> CeremonyError {
    Powers::new(points, Mode::Production).unwrap_err()
}

fn changed(change: impl FnOnce(&mut PhaseOne)) -> CeremonyError {
    let mut points = points();
    change(&mut points);
    refused(points)
}

#[test]
fn a_file_of_snarkjs_is_a_first_phase() {
    assert_eq!(powers().points().tau_g1.len(), 127);
    let shorter = Powers::new(phase_one::read(Cursor::new(SNARKJS), 3).unwrap(), Mode::Production).unwrap();
    assert_eq!(shorter.points().beta_tau_g1[..], powers().points().beta_tau_g1[..8]);
    assert_ne!(shorter.digest(), powers().digest());
}

/// Points at random, so that nothing but the relation is wrong.
#[test]
fn points_of_another_tau_are_refused_ce_p2() {
    let other = points_of(LOG, [5u64, 6, 7].map(Fr::from));
    let what = |change: &dyn Fn(&mut PhaseOne)| match changed(change) {
        CeremonyError::PowersOfTau { what } => what,
        error => panic!("CE.P2, not {error}"),
    };
    assert_eq!(what(&|p| p.tau_g1[126] = other.tau_g1[126]), "tau in G1");
    assert_eq!(what(&|p| p.tau_g1[0] = other.tau_g1[1]), "tau in G1");
    assert_eq!(what(&|p| p.tau_g1.clone_from(&other.tau_g1)), "tau in G1");
    assert_eq!(what(&|p| p.tau_g2[0] = other.tau_g2[1]), "tau in G2");
    assert_eq!(what(&|p| p.tau_g2[63] = other.tau_g2[63]), "tau in G2");
    assert_eq!(what(&|p| p.alpha_tau_g1[1] = other.alpha_tau_g1[1]), "alpha tau in G1");
    assert_eq!(what(&|p| p.beta_tau_g1[63] = other.beta_tau_g1[63]), "beta tau in G1");
    assert_eq!(what(&|p| p.beta_g2 = other.beta_g2), "beta in G2");
    assert_eq!(what(&|p| p.beta_tau_g1.clone_from(&p.alpha_tau_g1)), "beta in G2");
    assert_eq!(what(&|p| p.alpha_tau_g1.swap(3, 4)), "alpha tau in G1");
}

#[test]
fn a_number_of_points_that_is_no_domain_is_refused_ce_p1() {
    let short = |change: &dyn Fn(&mut PhaseOne)| matches!(changed(change), CeremonyError::PowerCount { .. });
    assert!(short(&|p| p.tau_g1.truncate(126)), "CE.P1");
    assert!(short(&|p| p.tau_g2.truncate(63)));
    assert!(short(&|p| p.alpha_tau_g1.push(G1Affine::generator())));
    assert!(short(&|p| p.beta_tau_g1.clear()));
    assert!(short(&|p| p.log = 5));
    for log in [0, 29, 64, u32::MAX] {
        assert!(matches!(changed(|p| p.log = log), CeremonyError::Domain { got, .. } if got == log));
    }
}

/// A file fresh from `snarkjs powersoftau new` has all secrets one.
#[test]
fn a_first_phase_without_contribution_is_refused_ce_p3() {
    let what = |secrets: [u64; 3]| match refused(points_of(2, secrets.map(Fr::from))) {
        CeremonyError::Untouched { what } => what,
        error => panic!("CE.P3, not {error}"),
    };
    assert_eq!(what([1, 1, 1]), "tau");
    assert_eq!(what([5, 1, 7]), "alpha");
    assert_eq!(what([5, 6, 1]), "beta");
}

#[test]
fn the_development_tau_is_refused_in_production_ce_p4() {
    let tau = Fr::rand(&mut ChaCha20Rng::from_seed(DEVELOPMENT_SEED));
    let points = points_of(2, [tau, Fr::from(6u64), Fr::from(7u64)]);
    assert!(Powers::new(points.clone(), Mode::Development).is_ok());
    assert_eq!(refused(points), CeremonyError::DevelopmentTau, "CE.P4");
}

/// Where each section's points begin in the file.
fn section(wanted: u32) -> usize {
    let mut at = 12;
    loop {
        let kind = u32::from_le_bytes(SNARKJS[at..at + 4].try_into().unwrap());
        let length = u64::from_le_bytes(SNARKJS[at + 4..at + 12].try_into().unwrap());
        at += 12;
        if kind == wanted {
            return at;
        }
        at += length as usize;
    }
}

#[test]
fn points_off_their_group_are_named() {
    let refused = |at: usize, change: &dyn Fn(&mut [u8])| {
        let mut bytes = SNARKJS.to_vec();
        change(&mut bytes[at..]);
        phase_one::read(Cursor::new(bytes), LOG).unwrap_err()
    };
    for (kind, size, index) in [(2, 64, 126), (3, 128, 63), (4, 64, 5), (5, 64, 63), (6, 128, 0)] {
        let at = section(kind) + index * size;
        let off_curve = refused(at, &|bytes| bytes[0] ^= 1);
        let above = refused(at, &|bytes| bytes[31] = 255);
        let infinity = refused(at, &|bytes| bytes[..size].fill(0));
        for error in [off_curve, above, infinity] {
            assert!(
                matches!(error, PtauError::Point { section, index: i } if section == kind && i == index as u64),
                "{error}"
            );
        }
    }
}

/// On the twist of BN254 most points are outside the subgroup.
#[test]
fn a_point_outside_the_subgroup_is_named() {
    let outside = (1u64..)
        .filter_map(|x| G2Affine::get_point_from_x_unchecked(ark_bn254::Fq2::from(x), false))
        .find(|point| !point.is_in_correct_subgroup_assuming_on_curve())
        .unwrap();
    let coordinates = [outside.x.c0, outside.x.c1, outside.y.c0, outside.y.c1];
    let encoded: Vec<u8> = coordinates.iter().flat_map(|c| c.0.0).flat_map(u64::to_le_bytes).collect();
    let mut bytes = SNARKJS.to_vec();
    let at = section(6);
    bytes[at..at + 128].copy_from_slice(&encoded);
    let error = phase_one::read(Cursor::new(bytes), LOG).unwrap_err();
    assert!(matches!(error, PtauError::Point { section: 6, index: 0 }), "{error}");
}

#[test]
fn a_file_that_is_too_short_for_the_circuit_is_named() {
    let error = phase_one::read(Cursor::new(SNARKJS), LOG + 1).unwrap_err();
    assert!(matches!(error, PtauError::TooFewPowers { wanted: 7, power: 6 }), "{error}");
    assert!(phase_one::read(Cursor::new(SNARKJS), u32::MAX).is_err());
    // The kind of section 4, made unknown.
    let mut bytes = SNARKJS.to_vec();
    bytes[section(4) - 12] = 99;
    let error = phase_one::read(Cursor::new(bytes), LOG).unwrap_err();
    assert!(matches!(error, PtauError::MissingSection { section: 4 }), "{error}");
    for at in (0..SNARKJS.len()).step_by(97) {
        assert!(phase_one::read(Cursor::new(&SNARKJS[..at]), 2).is_err());
    }
}
