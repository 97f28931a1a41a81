//! Polynomials of more than `2^m` coefficients, which the reference string has powers for.

use super::*;

/// A commitment to more than `2^m` coefficients, as the longer reference string allows. The values are those of the
/// first `2^m`, so only the degree is wrong: the handle would be no function of the value.
pub fn too_long(m: usize) -> Case {
    let mut polynomials = case(m, 3).polynomials;
    polynomials[1].resize((1 << m) + 300, Fr::zero());
    polynomials[1][(1 << m) + 299] = Fr::from(7u64);
    Case::new(m, polynomials, case(m, 3).point)
}

/// The field side of a verifier that takes all s residues in the last level and gives those beyond `2^(m mod k)` the
/// weight 0 in place of forcing them to zero.
fn field_side_without_forced_zeros(case: &Case, sent: &Opened) -> OpeningChallenges {
    let mut transcript = case.transcript();
    let rho = transcript.challenge("rho");
    transcript.absorb("d3", &digest::round(3, &sent.folds));
    let r = transcript.challenge("r");
    transcript.absorb("f0", &sent.proof.f0_at_u);
    transcript.absorb_all("residue", sent.proof.residues.iter().flatten());
    let mut at_u = vec![sent.proof.f0_at_u];
    for (variables, residues) in case.point.chunks(ARITY_BITS).zip(&sent.proof.residues) {
        at_u.push(eq_table(variables).iter().zip(residues).map(|(w, r)| *w * r).sum());
    }
    assert_eq!(at_u.pop().unwrap(), case.values.iter().rev().fold(Fr::zero(), |a, v| a * rho + v));
    let q = transcript.challenge("q");
    transcript.absorb("d4", &sent.closing.digest());
    let z = transcript.challenge("z");
    let r_at_z = remainder_at(&sent.proof.residues, &at_u, r.pow([16]), q, z).unwrap();
    OpeningChallenges { rho, r, q, z, r_at_z }
}

/// PE.J3: residues beyond `2^(m mod k)` of the last level are zero because there is no place for them.
#[test]
fn coefficients_above_the_chunk_are_caught_by_the_missing_residues() {
    let case = too_long(10);
    assert_eq!(residue_counts(10), [16, 16, 4]);

    // All residues of the last level sent: the weakened verifier accepts, ours has no place for them.
    let mut transcript = case.transcript();
    let rho = transcript.challenge("rho");
    let full = Levels::fold(batch(&case.polynomials, rho), &case.point);
    assert!(full.0[2].len() > 4 && full.0[2].len() <= 16);
    // 12 variables have the same levels, the last of 16 residues.
    let all_residues = Case { m: 12, point: case.point.clone(), ..too_long(10) };
    let sent = all_residues.cheat(RemainderOf::Messages, |_| (), |_, _| ());
    assert_eq!(sent.proof.residues[2].len(), 16);
    assert!(sent.proof.residues[2].iter().skip(4).any(|residue| !residue.is_zero()));
    let fooled = field_side_without_forced_zeros(&case, &sent);
    assert_eq!(case.verify_group(&sent, &fooled), Ok(()), "the weakened verifier is fooled");
    let refused = OpeningError::ResidueCount { level: 2, got: 16, expected: 4 };
    assert_eq!(case.verify(&sent), Err(refused.clone()));
    assert_eq!(refused.id(), "PE.J3");

    // The residues of the right number: those that are left out are missing in the pairing equations.
    case.assert_caught(|_| (), |_, _| (), "residues left out");
    // A last fold cut to its four coefficients is not the fold of the one before.
    case.assert_caught(|levels| levels[2].truncate(4), |_, _| (), "the last fold cut");
    // Nor is any fold cut to its proper length.
    case.assert_caught(|levels| levels[1].truncate(64), |_, _| (), "a fold cut");
}

/// PE.J3: when k divides m the last level would be of positive degree in `X^s`, which a random U shows.
#[test]
fn coefficients_above_the_chunk_are_caught_when_the_arity_divides() {
    let case = too_long(12);
    let sent = case.cheat(RemainderOf::Messages, |_| (), |_, _| ());
    assert_eq!(case.verify(&sent), Err(OpeningError::FoldChain));
    case.assert_caught(|_| (), |proof, rho| case.mend_last_level(proof, rho), "mended");
    case.assert_caught(|levels| levels[2].truncate(16), |_, _| (), "cut");
}
