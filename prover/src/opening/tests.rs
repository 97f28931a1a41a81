//! Completeness, and one attack for each check. The cheating provers adapt: what they send after a false message
//! follows from it, so a rejection is never the mere consequence of another challenge.

mod degree;

use super::*;
use crate::srs;
use ark_bn254::G1Projective;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::UniformRand;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::sync::OnceLock;
use trine_verifier::opening::{OpeningChallenges, OpeningError, field_side, group_side, remainder_at};

fn key() -> &'static CommitmentKey {
    static KEY: OnceLock<CommitmentKey> = OnceLock::new();
    KEY.get_or_init(|| srs::development(16).unwrap())
}

/// Polynomials, a point and the true values there.
struct Case {
    m: usize,
    polynomials: Vec<Vec<Fr>>,
    commitments: Vec<G1Affine>,
    point: Vec<Fr>,
    values: Vec<Fr>,
}

/// Which remainder a cheating prover sends.
#[derive(Clone, Copy)]
enum RemainderOf {
    /// B less Q times Z: its polynomials satisfy PE.K1.
    Polynomials,
    /// What residues and values give: its messages satisfy PE.K2.
    Messages,
}

/// `B - Q Z`, of `Z = X^17 - u X^16 - u X + u^2`.
fn left_over(sum: &[Fr], quotient: &[Fr], u: Fr) -> Vec<Fr> {
    let at = |f: &[Fr], i: Option<usize>| i.and_then(|i| f.get(i)).copied().unwrap_or_default();
    let coefficient = |i: usize| {
        at(sum, Some(i)) - u.square() * at(quotient, Some(i))
            + u * (at(quotient, i.checked_sub(1)) + at(quotient, i.checked_sub(ARITY)))
    };
    let mut rest: Vec<Fr> = (0..=ARITY).map(coefficient).collect();
    rest.truncate(rest.iter().rposition(|c| !c.is_zero()).map_or(0, |last| last + 1));
    rest
}

/// Full-size, 16-bit, 64-bit, one-coefficient and empty polynomials, over and over.
fn case(m: usize, count: usize) -> Case {
    let mut rng = ChaCha20Rng::seed_from_u64(m as u64);
    let polynomials: Vec<Vec<Fr>> = (0..count)
        .map(|k| match k % 5 {
            0 => (0..1 << m).map(|_| Fr::rand(&mut rng)).collect(),
            1 => (0..1 << m).map(|_| Fr::from(rng.next_u32() as u16)).collect(),
            2 => (0..(1 << m) - 5).map(|_| Fr::from(rng.next_u64())).collect(),
            3 => vec![Fr::rand(&mut rng)],
            _ => vec![],
        })
        .collect();
    let point: Vec<Fr> = (0..m).map(|_| Fr::rand(&mut rng)).collect();
    Case::new(m, polynomials, point)
}

impl Case {
    fn new(m: usize, polynomials: Vec<Vec<Fr>>, point: Vec<Fr>) -> Self {
        let table = eq_table(&point);
        // Coefficients above 2^m have no weight: the claim is about the first 2^m.
        let values = polynomials.iter().map(|f| f.iter().zip(&table).map(|(c, e)| *c * e).sum()).collect();
        let commitments = polynomials.iter().map(|f| key().commit_fr(f).unwrap()).collect();
        Self { m, polynomials, commitments, point, values }
    }

    /// A transcript that has absorbed point and values.
    fn transcript(&self) -> Transcript {
        let mut transcript = Transcript::new("trine.test.opening");
        transcript.absorb_all("u", &self.point);
        transcript.absorb_all("v", &self.values);
        transcript
    }

    fn open(&self) -> Opened {
        open(key(), self.m, &self.polynomials, &self.point, &mut self.transcript()).unwrap()
    }

    /// The field side on these messages.
    fn challenges(&self, sent: &Opened) -> Result<OpeningChallenges, OpeningError> {
        let d3 = digest::round(3, &sent.folds);
        field_side(
            self.m,
            &self.point,
            &self.values,
            d3,
            sent.closing.digest(),
            &sent.proof,
            &mut self.transcript(),
        )
    }

    fn verify(&self, sent: &Opened) -> Result<(), OpeningError> {
        self.verify_group(sent, &self.challenges(sent)?)
    }

    fn verify_group(&self, sent: &Opened, challenges: &OpeningChallenges) -> Result<(), OpeningError> {
        let srs = key().verifier();
        group_side(srs, &self.commitments, &sent.folds, &sent.closing, challenges)
    }

    /// A prover that replaces folds and field elements, and goes on from there as well as it can: with the remainder that its
    /// polynomials leave, or with the one that its messages claim.
    fn cheat(
        &self,
        remainder_of: RemainderOf,
        change_levels: impl FnOnce(&mut Vec<Vec<Fr>>),
        change_proof: impl FnOnce(&mut OpeningProof, Fr),
    ) -> Opened {
        let mut transcript = self.transcript();
        let rho = transcript.challenge("rho");
        let mut levels = Levels::fold(batch(&self.polynomials, rho), &self.point);
        change_levels(&mut levels.0);
        let folds = levels.commit(key()).unwrap();
        transcript.absorb("d3", &digest::round(3, &folds));
        let u = transcript.challenge("r").pow([ARITY as u64]);
        let mut proof = levels.residues(self.m, u);
        change_proof(&mut proof, rho);
        transcript.absorb("f0", &proof.f0_at_u);
        transcript.absorb_all("residue", proof.residues.iter().flatten());
        let q = transcript.challenge("q");
        let sum = batch(&levels.0, q);
        let quotient = quotient(&sum, u);
        let remainder = match remainder_of {
            RemainderOf::Polynomials => left_over(&sum, &quotient, u),
            RemainderOf::Messages => remainder(&proof, &self.point, u, q),
        };
        let mut closing = ClosingPoints {
            quotient: key().commit_fr(&quotient).unwrap(),
            remainder: key().commit_fr(&remainder).unwrap(),
            ..ClosingPoints::INFINITY
        };
        transcript.absorb("d4", &closing.digest());
        let z = transcript.challenge("z");
        closing.witness = key().commit_fr(&witness(&remainder, z)).unwrap();
        Opened { folds, closing, proof }
    }

    /// PE.K1, PE.K2: whichever remainder the prover sends, one of the equations stops it.
    fn assert_caught(
        &self,
        change_levels: impl Fn(&mut Vec<Vec<Fr>>),
        change_proof: impl Fn(&mut OpeningProof, Fr),
        what: &str,
    ) {
        for (remainder, expected) in [
            (RemainderOf::Polynomials, OpeningError::Remainder),
            (RemainderOf::Messages, OpeningError::Quotient),
        ] {
            let sent = self.cheat(remainder, &change_levels, &change_proof);
            assert!(self.challenges(&sent).is_ok(), "{what}: the field side does not see it");
            assert_eq!(self.verify(&sent), Err(expected), "{what}");
        }
    }

    /// Changes one residue of the last level so that the chain ends in the batched values.
    fn mend_last_level(&self, proof: &mut OpeningProof, rho: Fr) {
        let last = proof.residues.len() - 1;
        let weights = eq_table(&self.point[last * ARITY_BITS..]);
        let residues = &mut proof.residues[last];
        let ends_in: Fr = weights.iter().zip(residues.iter()).map(|(w, r)| *w * r).sum();
        let claimed = self.values.iter().rev().fold(Fr::zero(), |a, v| a * rho + v);
        residues[0] += (claimed - ends_in) * weights[0].inverse().unwrap();
    }
}

#[test]
fn true_openings_verify() {
    for (m, count) in [(1, 2), (3, 5), (4, 4), (5, 1), (10, 7), (12, 5), (13, 6), (16, 4)] {
        let case = case(m, count);
        let sent = case.open();
        assert_eq!(sent.proof.residues.iter().map(Vec::len).collect::<Vec<_>>(), residue_counts(m));
        assert_eq!(case.verify(&sent), Ok(()), "m = {m}, {count} polynomials");
    }
}

#[test]
fn polynomials_that_are_all_empty_verify() {
    let case = Case::new(10, vec![vec![]; 3], vec![Fr::from(7u64); 10]);
    assert!(case.commitments.iter().all(AffineRepr::is_zero));
    assert_eq!(case.verify(&case.open()), Ok(()));
}

#[test]
fn the_remainder_interpolates_the_batch() {
    let case = case(10, 3);
    let levels = Levels::fold(batch(&case.polynomials, Fr::from(5u64)), &case.point);
    let (u, q) = (Fr::from(3u64), Fr::from(9u64));
    let proof = levels.residues(10, u);
    let at_u: Vec<Fr> = levels.0.iter().map(|f| evaluate(f, u)).collect();
    let sum = batch(&levels.0, q);
    let quotient = quotient(&sum, u);
    for z in [Fr::from(1u64), Fr::from(12345u64), -Fr::from(2u64)] {
        let z_at_z = (z.pow([16]) - u) * (z - u);
        let remainder = remainder_at(&proof.residues, &at_u, u, q, z).unwrap();
        assert_eq!(evaluate(&sum, z), remainder + z_at_z * evaluate(&quotient, z));
        let coefficients = remainder_coefficients(&proof.residues, &at_u, u, q).unwrap();
        assert_eq!(evaluate(&coefficients, z), remainder);
        assert_eq!(coefficients.len(), ARITY + 1);
    }
    assert_eq!(left_over(&sum, &quotient, u), super::remainder(&proof, &case.point, u, q));
}

/// PE.J5: with `U^s = U` the two sets of zeros meet and R is not determined.
#[test]
fn meeting_zeros_are_refused() {
    let residues = vec![vec![Fr::from(1u64); 16]];
    for u in [0u64, 1] {
        let error = remainder_at(&residues, &[Fr::from(2u64)], Fr::from(u), Fr::from(3u64), Fr::from(4u64));
        assert_eq!(error, Err(OpeningError::DegenerateChallenge));
        let error = remainder_coefficients(&residues, &[Fr::from(2u64)], Fr::from(u), Fr::from(3u64));
        assert_eq!(error, Err(OpeningError::DegenerateChallenge));
    }
    assert_eq!(OpeningError::DegenerateChallenge.id(), "PE.J5");
}

/// PE.J3.
#[test]
fn a_false_value_ends_the_chain_elsewhere() {
    for k in 0..3 {
        let mut case = case(10, 3);
        case.values[k] += Fr::one();
        assert_eq!(case.verify(&case.open()), Err(OpeningError::FoldChain));
        // Residues that do end in the false value are not those of the committed folds.
        case.assert_caught(|_| (), |proof, rho| case.mend_last_level(proof, rho), "mended");
    }
    assert_eq!(OpeningError::Quotient.id(), "PE.K1");
    assert_eq!(OpeningError::Remainder.id(), "PE.K2");
}

/// PE.J3.
#[test]
fn another_point_has_other_values() {
    let honest = case(10, 3);
    for i in 0..10 {
        let mut point = honest.point.clone();
        point[i] += Fr::one();
        let moved = Case { point, ..case(10, 3) };
        assert_ne!(moved.verify(&honest.open()), Ok(()));
        assert_eq!(moved.verify(&moved.open()), Err(OpeningError::FoldChain));
        moved.assert_caught(|_| (), |proof, rho| moved.mend_last_level(proof, rho), "mended");
    }
}

/// PE.J1.
#[test]
fn a_point_of_other_length_is_refused() {
    let case = case(10, 2);
    let sent = case.open();
    for (m, length) in [(10, 9), (10, 11), (9, 10), (0, 0)] {
        let point = vec![Fr::one(); length];
        let zero = Fr::zero();
        let refused =
            field_side(m, &point, &case.values, zero, zero, &sent.proof, &mut case.transcript()).unwrap_err();
        assert_eq!(refused, OpeningError::PointLength { got: length, expected: m });
        assert_eq!(refused.id(), "PE.J1");
    }
}

/// PE.J3, PE.K1: every field element of the proof, by a prover that adapts all that follows.
#[test]
fn every_false_residue_is_caught() {
    let case = case(10, 3);
    for (level, count) in residue_counts(10).into_iter().enumerate() {
        for b in 0..count {
            let shift = |proof: &mut OpeningProof, _| proof.residues[level][b] += Fr::one();
            for remainder in [RemainderOf::Polynomials, RemainderOf::Messages] {
                let sent = case.cheat(remainder, |_| (), shift);
                assert_ne!(case.verify(&sent), Ok(()), "residue {b} of level {level}");
            }
            let mend = |proof: &mut OpeningProof, rho| {
                proof.residues[level][b] += Fr::one();
                case.mend_last_level(proof, rho);
            };
            if level == 2 && b == 0 {
                let reverted = case.cheat(RemainderOf::Messages, |_| (), mend);
                assert_eq!(case.verify(&reverted), Ok(()));
            } else {
                case.assert_caught(|_| (), mend, &format!("residue {b} of level {level}, mended"));
            }
        }
    }
    case.assert_caught(|_| (), |proof, _| proof.f0_at_u += Fr::one(), "f_0(U)");
}

/// PE.K1: a fold of another polynomial, though everything after is consistent with it.
#[test]
fn every_false_fold_is_caught() {
    let case = case(13, 3);
    for level in 1..4 {
        for coefficient in [0, 1] {
            let false_fold = |levels: &mut Vec<Vec<Fr>>| levels[level][coefficient] += Fr::one();
            for remainder in [RemainderOf::Polynomials, RemainderOf::Messages] {
                let sent = case.cheat(remainder, false_fold, |_, _| ());
                assert_ne!(case.verify(&sent), Ok(()), "fold {level}");
            }
            let mend = |proof: &mut OpeningProof, rho| case.mend_last_level(proof, rho);
            case.assert_caught(false_fold, mend, &format!("fold {level}, mended"));
        }
    }
}

/// PE.K1, PE.K2: under fixed challenges every point is determined by the others, so every check of a digest matters.
#[test]
fn every_false_point_is_caught() {
    let mut case = case(13, 3);
    let honest = case.open();
    let challenges = case.challenges(&honest).unwrap();
    let shift = |point: &mut G1Affine| *point = (*point + G1Affine::generator()).into_affine();
    let fixed = |change: &dyn Fn(&mut Opened)| {
        let mut sent = case.open();
        change(&mut sent);
        case.verify_group(&sent, &challenges)
    };
    let (quotient, remainder) = (Err(OpeningError::Quotient), Err(OpeningError::Remainder));
    for level in 0..3 {
        assert_eq!(fixed(&|sent| shift(&mut sent.folds[level])), quotient, "fold {level}");
    }
    assert_eq!(fixed(&|sent| shift(&mut sent.closing.quotient)), quotient, "Q");
    assert_eq!(fixed(&|sent| shift(&mut sent.closing.remainder)), quotient, "R");
    assert_eq!(fixed(&|sent| shift(&mut sent.closing.witness)), remainder, "W");
    assert_eq!(fixed(&|sent| sent.closing.witness = G1Affine::zero()), remainder, "W at infinity");
    let absorbed = |change: &dyn Fn(&mut Opened)| {
        let mut sent = case.open();
        change(&mut sent);
        case.verify(&sent)
    };
    assert_eq!(absorbed(&|sent| sent.closing = ClosingPoints::INFINITY), quotient, "all at infinity");
    for k in 0..3 {
        shift(&mut case.commitments[k]);
        assert_eq!(case.verify(&honest), quotient, "commitment {k}");
        case.commitments[k] = (case.commitments[k] - G1Affine::generator()).into_affine();
    }
    case.commitments.swap(0, 1);
    assert_eq!(case.verify(&honest), quotient, "order of the commitments");
}

/// PE.K2: a remainder that takes up whatever the quotient does not divide satisfies PE.K1 for any values at all.
#[test]
fn a_remainder_of_full_length_is_caught() {
    let mut case = case(10, 3);
    case.values[1] += Fr::from(1234u64);
    let mut sent = case.cheat(RemainderOf::Messages, |_| (), |proof, rho| case.mend_last_level(proof, rho));
    let OpeningChallenges { rho, q, .. } = case.challenges(&sent).unwrap();
    let powers = |base: Fr| std::iter::successors(Some(Fr::one()), move |p| Some(*p * base));
    let batched: G1Projective = case.commitments.iter().zip(powers(rho)).map(|(c, p)| *c * p).sum();
    let folds: G1Projective = sent.folds.iter().zip(powers(q).skip(1)).map(|(c, p)| *c * p).sum();
    sent.closing = ClosingPoints { remainder: (batched + folds).into_affine(), ..ClosingPoints::INFINITY };
    assert_eq!(case.verify(&sent), Err(OpeningError::Remainder));
}

/// PE.J2, PE.J5: folds and quotient are bound before the challenges that follow them.
#[test]
fn challenges_follow_the_points() {
    let case = case(10, 2);
    let honest = case.challenges(&case.open()).unwrap();
    let mut sent = case.open();
    sent.folds[0] = -sent.folds[0];
    let moved = case.challenges(&sent).unwrap();
    assert_eq!(moved.rho, honest.rho);
    assert_ne!(moved.r, honest.r);
    let negate: [fn(&mut ClosingPoints); 2] = [|c| c.quotient = -c.quotient, |c| c.remainder = -c.remainder];
    for negate in negate {
        let mut sent = case.open();
        negate(&mut sent.closing);
        let moved = case.challenges(&sent).unwrap();
        assert_eq!((moved.r, moved.q), (honest.r, honest.q));
        assert_ne!(moved.z, honest.z);
    }
}

/// Why PE.J5 absorbs the remainder before it draws z: a verifier that draws z first accepts any value whatever.
#[test]
fn z_drawn_before_the_remainder_would_accept_false_values() {
    let mut case = case(10, 3);
    case.values[1] += Fr::from(1234u64);
    let mend = |proof: &mut OpeningProof, rho| case.mend_last_level(proof, rho);
    let mut sent = case.cheat(RemainderOf::Polynomials, |_| (), mend);
    assert_eq!(case.verify(&sent), Err(OpeningError::Remainder));

    // The weakened verifier: d4 is a constant, so z is known before R and Q are chosen.
    let d3 = digest::round(3, &sent.folds);
    let weak = |sent: &Opened| {
        field_side(10, &case.point, &case.values, d3, Fr::zero(), &sent.proof, &mut case.transcript())
            .unwrap()
    };
    let OpeningChallenges { rho, r, q, z, r_at_z } = weak(&sent);
    let u = r.pow([16]);
    let sum = batch(&Levels::fold(batch(&case.polynomials, rho), &case.point).0, q);
    // Of full length, R may leave B by a multiple of Z and have the claimed value at z.
    let z_at_z = (z.pow([16]) - u) * (z - u);
    let scale = (evaluate(&sum, z) - r_at_z) * z_at_z.inverse().unwrap();
    let mut full = sum.clone();
    for (exponent, coefficient) in [(0, u.square()), (1, -u), (16, -u), (17, Fr::one())] {
        full[exponent] -= scale * coefficient;
    }
    sent.closing = ClosingPoints {
        quotient: key().commit_fr(&[scale]).unwrap(),
        remainder: key().commit_fr(&full).unwrap(),
        witness: key().commit_fr(&witness(&full, z)).unwrap(),
    };
    assert_eq!(case.verify_group(&sent, &weak(&sent)), Ok(()), "the weakened verifier is fooled");
    assert_eq!(case.verify(&sent), Err(OpeningError::Remainder), "this one draws z after R");
}

/// PE.J3.
#[test]
fn other_numbers_of_residues_are_refused() {
    let case = case(10, 2);
    let refused = |change: &dyn Fn(&mut OpeningProof)| {
        let mut sent = case.open();
        change(&mut sent.proof);
        let error = case.verify(&sent).unwrap_err();
        assert_eq!(error.id(), "PE.J3");
        error
    };
    assert_eq!(refused(&|p| p.residues.truncate(2)), OpeningError::LevelCount { got: 2, expected: 3 });
    assert_eq!(
        refused(&|p| p.residues.push(vec![Fr::zero()])),
        OpeningError::LevelCount { got: 4, expected: 3 }
    );
    assert_eq!(
        refused(&|p| p.residues[0].truncate(15)),
        OpeningError::ResidueCount { level: 0, got: 15, expected: 16 }
    );
    assert_eq!(
        refused(&|p| p.residues[2].push(Fr::zero())),
        OpeningError::ResidueCount { level: 2, got: 5, expected: 4 }
    );
}

#[test]
fn the_prover_refuses_what_it_cannot_open() {
    let case = degree::too_long(10);
    let long = open(key(), 10, &case.polynomials, &case.point, &mut case.transcript());
    assert_eq!(long.err(), Some(SrsError::TooLong { length: (1 << 10) + 300, powers: 1 << 10 }));
    let short = key().prefix(1 << 9).unwrap();
    let opened =
        open(&short, 10, &super::tests::case(10, 1).polynomials, &case.point, &mut case.transcript());
    assert_eq!(opened.err(), Some(SrsError::TooLong { length: (1 << 10) - 16 - 1, powers: 1 << 9 }));
}

proptest! {
    /// Whatever its shape, a proof is judged: no panic, and no random one passes.
    #[test]
    fn hostile_shapes_never_panic(m in 0usize..20, length in 0usize..20, counts in proptest::collection::vec(0usize..20, 0..6), seed: u64) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut random = |n: usize| (0..n).map(|_| Fr::rand(&mut rng)).collect::<Vec<_>>();
        let (point, values) = (random(length), random(3));
        let residues = counts.into_iter().map(&mut random).collect();
        let proof = OpeningProof { f0_at_u: Fr::one(), residues };
        let mut transcript = Transcript::new("trine.test.opening");
        prop_assert!(field_side(m, &point, &values, Fr::one(), Fr::one(), &proof, &mut transcript).is_err());
    }
}
