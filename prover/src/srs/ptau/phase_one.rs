//! Powers of tau as a second phase takes them: alpha and beta, too, and powers in G2.

use super::{
    G1_BYTES, G2_BYTES, MOST_POWER, PtauError, Section, check_length, read_g1, read_g2, read_header,
    sections, seek,
};
use ark_bn254::{G1Affine, G2Affine};
use ark_ec::AffineRepr;
use std::io::{Read, Seek};

/// Points of a first phase for domains of `2^log` points: each of its group, none at infinity, nothing else checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseOne {
    /// log2 of the size of the domain.
    pub log: u32,
    /// `[tau^i]_1`, `2^(log+1) - 1` of them.
    pub tau_g1: Vec<G1Affine>,
    /// `[tau^i]_2`, `2^log` of them.
    pub tau_g2: Vec<G2Affine>,
    /// `[alpha tau^i]_1`, `2^log` of them.
    pub alpha_tau_g1: Vec<G1Affine>,
    /// `[beta tau^i]_1`, `2^log` of them.
    pub beta_tau_g1: Vec<G1Affine>,
    /// `[beta]_2`.
    pub beta_g2: G2Affine,
}

/// Reads the powers for domains of `2^log` points from a file with at least as many.
///
/// Every length is compared with the file before it is used; memory is allocated for the points that are returned.
pub fn read(mut file: impl Read + Seek, log: u32) -> Result<PhaseOne, PtauError> {
    let [header, tau_g1, tau_g2, alpha, beta, beta_g2] = sections(&mut file)?;
    let power = read_header(&mut file, header)?;
    let powers = 1u64 << power;
    check_length(2, tau_g1, (2 * powers - 1) * G1_BYTES)?;
    check_length(3, tau_g2, powers * G2_BYTES)?;
    check_length(4, alpha, powers * G1_BYTES)?;
    check_length(5, beta, powers * G1_BYTES)?;
    check_length(6, beta_g2, G2_BYTES)?;
    if log > power || log > MOST_POWER {
        return Err(PtauError::TooFewPowers { wanted: log, power });
    }
    let count = 1u64 << log;
    let [beta_g2] = points_g2(&mut file, 6, beta_g2, 1)?[..] else {
        return Err(PtauError::Point { section: 6, index: 0 });
    };
    Ok(PhaseOne {
        log,
        tau_g1: points_g1(&mut file, 2, tau_g1, 2 * count - 1)?,
        tau_g2: points_g2(&mut file, 3, tau_g2, count)?,
        alpha_tau_g1: points_g1(&mut file, 4, alpha, count)?,
        beta_tau_g1: points_g1(&mut file, 5, beta, count)?,
        beta_g2,
    })
}

fn points_g1(
    file: &mut (impl Read + Seek),
    section: u32,
    at: Section,
    count: u64,
) -> Result<Vec<G1Affine>, PtauError> {
    seek(file, at.start)?;
    // The group has prime order: on the curve is in the subgroup.
    let sound = |point: &G1Affine| !point.is_zero() && point.is_on_curve();
    let mut points = Vec::with_capacity(count as usize);
    for index in 0..count {
        let point = read_g1(file)?.filter(sound);
        points.push(point.ok_or(PtauError::Point { section, index })?);
    }
    Ok(points)
}

fn points_g2(
    file: &mut (impl Read + Seek),
    section: u32,
    at: Section,
    count: u64,
) -> Result<Vec<G2Affine>, PtauError> {
    seek(file, at.start)?;
    let sound = |point: &G2Affine| {
        !point.is_zero() && point.is_on_curve() && point.is_in_correct_subgroup_assuming_on_curve()
    };
    let mut points = Vec::with_capacity(count as usize);
    for index in 0..count {
        let point = read_g2(file)?.filter(sound);
        points.push(point.ok_or(PtauError::Point { section, index })?);
    }
    Ok(points)
}
