//! The first phase, checked: `tau^i`, `alpha tau^i`, `beta tau^i` in G1 and `tau^i`, `beta` in G2 (CE.P*).

use super::error::CeremonyError;
use super::points::{combine, g1_bytes, g2_bytes, is_multiple, pairings_agree, weights};
use crate::mode::Mode;
use crate::srs;
use crate::srs::ptau::phase_one::PhaseOne;
use ark_bn254::{G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::AffineRepr;
use std::slice::from_ref;

/// Powers of one tau, with alpha and beta, for domains of `2^log` points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Powers {
    points: PhaseOne,
    digest: [u8; 32],
}

impl Powers {
    /// Checks that the points are powers of one tau, and that tau, alpha and beta are not one.
    ///
    /// That each point is of its group is [`phase_one::read`](crate::srs::ptau::phase_one::read)'s to check. In production the
    /// development tau is refused.
    pub fn new(points: PhaseOne, mode: Mode) -> Result<Self, CeremonyError> {
        check_counts(&points)?;
        let digest = digest(&points);
        let powers = Self { points, digest };
        powers.check_one_tau()?;
        powers.check_touched()?;
        if mode == Mode::Production && srs::is_development_tau(&powers.tau_h()) {
            return Err(CeremonyError::DevelopmentTau);
        }
        Ok(powers)
    }

    /// The points.
    pub fn points(&self) -> &PhaseOne {
        &self.points
    }

    /// BLAKE3 over all points that the domain needs: the same for every file of the same first phase, however long.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    fn tau_h(&self) -> G2Affine {
        self.points.tau_g2.get(1).copied().unwrap_or_default()
    }

    /// CE.P2: with weights from the digest, so from all points.
    fn check_one_tau(&self) -> Result<(), CeremonyError> {
        let p = &self.points;
        let refuse = |what| Err(CeremonyError::PowersOfTau { what });
        let (g, h) = (G1Affine::generator(), G2Affine::generator());
        if p.tau_g1.first() != Some(&g) {
            return refuse("tau in G1");
        }
        if p.tau_g2.first() != Some(&h) {
            return refuse("tau in G2");
        }
        let weights = weights(&self.digest, p.tau_g1.len());
        for (what, points) in [
            ("tau in G1", &p.tau_g1),
            ("alpha tau in G1", &p.alpha_tau_g1),
            ("beta tau in G1", &p.beta_tau_g1),
        ] {
            let before = combine::<G1Projective>(but_last(points), &weights);
            let after = combine::<G1Projective>(points.get(1..).unwrap_or_default(), &weights);
            if !is_multiple(before, after, self.tau_h()) {
                return refuse(what);
            }
        }
        let tau = p.tau_g1.get(1).copied().unwrap_or_default();
        let before = combine::<G2Projective>(but_last(&p.tau_g2), &weights);
        let after = combine::<G2Projective>(p.tau_g2.get(1..).unwrap_or_default(), &weights);
        if !pairings_agree(tau, before, g, after) {
            return refuse("tau in G2");
        }
        let beta = p.beta_tau_g1.first().copied().unwrap_or_default();
        if is_multiple(g, beta, p.beta_g2) { Ok(()) } else { refuse("beta in G2") }
    }

    /// CE.P3.
    fn check_touched(&self) -> Result<(), CeremonyError> {
        let p = &self.points;
        let first = |points: &[G1Affine]| points.first() == Some(&G1Affine::generator());
        for (what, is_one) in [
            ("tau", self.tau_h() == G2Affine::generator()),
            ("alpha", first(&p.alpha_tau_g1)),
            ("beta", first(&p.beta_tau_g1)),
        ] {
            if is_one {
                return Err(CeremonyError::Untouched { what });
            }
        }
        Ok(())
    }
}

fn but_last<T>(points: &[T]) -> &[T] {
    points.split_last().map(|(_, rest)| rest).unwrap_or_default()
}

/// CE.P1: at least two points, so that tau is there.
fn check_counts(points: &PhaseOne) -> Result<(), CeremonyError> {
    let size = 1usize.checked_shl(points.log).filter(|size| (2..=1 << 28).contains(size));
    let size = size.ok_or(CeremonyError::Domain { needed: 1, got: points.log })?;
    for (what, got, expected) in [
        ("tau in G1", points.tau_g1.len(), 2 * size - 1),
        ("tau in G2", points.tau_g2.len(), size),
        ("alpha tau in G1", points.alpha_tau_g1.len(), size),
        ("beta tau in G1", points.beta_tau_g1.len(), size),
    ] {
        if got != expected {
            return Err(CeremonyError::PowerCount { what, got, expected });
        }
    }
    Ok(())
}

fn digest(points: &PhaseOne) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"trine.ceremony.powers.v1").update(&points.log.to_le_bytes());
    for list in [&points.tau_g1, &points.alpha_tau_g1, &points.beta_tau_g1] {
        list.iter().for_each(|point| {
            hasher.update(&g1_bytes(point));
        });
    }
    for list in [&points.tau_g2[..], from_ref(&points.beta_g2)] {
        list.iter().for_each(|point| {
            hasher.update(&g2_bytes(point));
        });
    }
    *hasher.finalize().as_bytes()
}
