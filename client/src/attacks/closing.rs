//! The end of an opening forged: quotient and remainder chosen after the challenge that they must come
//! before.

use anyhow::{Context, ensure};
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::Field;
use trine_verifier::opening::{ARITY, ClosingPoints, OpeningChallenges};

/// Q plus the constant 1, R less `Z = (X^s - U)(X - U)`, and W and R(z) as that makes them: both group
/// equations still hold, since quotient and remainder that are chosen after z can be any. Only the digest
/// `d4`, which z is drawn after, stops it.
///
/// `powers` are those of tau in G1. Returns the points and R(z).
pub fn late_quotient(
    closing: &ClosingPoints,
    challenges: &OpeningChallenges,
    powers: &[G1Affine],
) -> anyhow::Result<(ClosingPoints, Fr)> {
    let u = challenges.r.pow([ARITY as u64]);
    let mut vanishing = [Fr::from(0u64); ARITY + 2];
    (vanishing[0], vanishing[1], vanishing[ARITY], vanishing[ARITY + 1]) = (u * u, -u, -u, Fr::from(1u64));
    // Division by X - z from the top: the quotient's coefficients, then the value at z.
    let mut divided: Vec<Fr> = Vec::with_capacity(vanishing.len());
    for coefficient in vanishing.iter().rev() {
        let above = divided.last().copied().unwrap_or_default();
        divided.push(above * challenges.z + coefficient);
    }
    let at_z = divided.pop().context("a value")?;
    divided.reverse();
    let commit = |coefficients: &[Fr]| -> anyhow::Result<G1Affine> {
        ensure!(powers.len() >= coefficients.len(), "{} powers of tau", powers.len());
        let terms = powers.iter().zip(coefficients).map(|(power, coefficient)| *power * coefficient);
        Ok(terms.sum::<G1Projective>().into_affine())
    };
    let late = ClosingPoints {
        quotient: (closing.quotient + G1Affine::generator()).into_affine(),
        remainder: (closing.remainder - commit(&vanishing)?).into_affine(),
        witness: (closing.witness - commit(&divided)?).into_affine(),
    };
    Ok((late, challenges.r_at_z - at_z))
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_prover::srs::development;

    const INFINITY: ClosingPoints = ClosingPoints::INFINITY;

    fn challenges() -> OpeningChallenges {
        let [rho, r, q, z, r_at_z] = [2u64, 35, 4, 37, 0].map(Fr::from);
        OpeningChallenges { rho, r, q, z, r_at_z }
    }

    /// Both equations of the group side: what changes in the one for the quotient cancels, the one for the
    /// remainder holds.
    #[test]
    fn a_late_quotient_satisfies_the_group_side() {
        let (key, x) = (development(5).unwrap(), challenges());
        let (late, value) = late_quotient(&INFINITY, &x, key.powers()).unwrap();
        let ClosingPoints { quotient, remainder, witness } = late;
        assert!(late.to_array().iter().all(|point| !point.is_zero()));
        let u = x.r.pow([ARITY as u64]);
        let at_one = (-remainder.into_group() - quotient * u.square()).into_affine();
        let middle = (quotient * u).into_affine();
        assert!(key.verifier().pairings_cancel([at_one, middle, middle, -quotient]));
        let left = remainder - G1Affine::generator() * value + witness * x.z;
        assert!(key.verifier().check_pairing(left.into_affine(), witness));
    }

    #[test]
    fn too_few_powers_are_named() {
        let key = development(4).unwrap();
        let refused = late_quotient(&INFINITY, &challenges(), key.powers()).unwrap_err();
        assert!(refused.to_string().contains("16 powers"), "{refused}");
    }
}
