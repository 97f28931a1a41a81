//! Segments linked by handles of the prover's own: what a missing range check costs there (spec section 11).

use crate::attack::{self, verdict};
use crate::case::{Case, key};
use crate::circuits::declaration;
use crate::fault::Fault;
use crate::plain::{Proven, Prover};
use ark_bn254::Fr;
use ark_ff::{Field, PrimeField};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use trine_program::KeyKind;
use trine_program::circuit::{Circuit, Linear, Term, Wire};
use trine_verifier::bootstrapping::{Check, Checks, Column, Family, Parameters};

/// Without the range of the carries of output words, one segment proves any chosen ciphertext, and the next one goes on from
/// it honestly.
#[test]
fn a_link_is_any_chosen_ciphertext_without_the_range_of_its_carries() {
    let first = attack::case(Parameters::REDUCED, 41);
    let n = first.parameters.n();
    let mut random = ChaCha20Rng::seed_from_u64(42);
    let mut chosen: Vec<u64> = (0..=n).map(|_| random.r#gen()).collect();
    let trace = first.evaluate_with(Fault::Chosen(chosen.clone()));
    assert_ne!(trace.outputs[0], first.evaluate().outputs[0]);
    chosen.resize(2 * n, 0);
    let mut second = attack::case(Parameters::REDUCED, 41);
    second.inputs[0] = chosen;

    let off = Checks::without(&[Check::Range(Family::WordCarry)]);
    let prove = |checks: &Checks| Prover { checks: checks.clone(), ..Prover::honest(&first, &trace) }.prove();
    let link = prove(&off);
    let next = Prover { checks: off.clone(), ..Prover::honest(&second, &second.evaluate()) }.prove();
    let commitments =
        (link.statement.jobs[0].outputs[0].commitment, next.statement.jobs[0].inputs[0].commitment);
    assert_eq!(commitments.0, commitments.1, "the segments are linked");
    assert_eq!(verdict(&first, &link, &off), Ok(()));
    assert_eq!(verdict(&second, &next, &off), Ok(()));
    assert_eq!(verdict(&first, &prove(&Checks::ALL), &Checks::ALL).unwrap_err().id(), "PB.H2");
}

/// Coefficient of the linear segments below.
const COEFFICIENT: u64 = 127;
/// Segments after which a word of so many carries wraps the field: `127^35 2^10 > r`.
const SEGMENTS: usize = 36;

/// `127 * input`.
fn linear() -> Case {
    let declared = || vec![declaration(KeyKind::Compute, 1)];
    let wire = Wire::Input { handle: 0, block: 0 };
    let row = Linear { terms: vec![Term { wire, coefficient: COEFFICIENT as i8 }], constant: 0 };
    let circuit = Circuit::new(declared(), declared(), vec![], vec![], vec![row]).unwrap();
    Case::new(Parameters::REDUCED, circuit, &mut ChaCha20Rng::seed_from_u64(43))
}

/// Carries, segment by segment, that take a word to a target: `127^S x + 2^64 sum_s 127^(S-1-s) k_s = target` in the field.
fn carries(word: u64, target: u64) -> Vec<u64> {
    let power = Fr::from(COEFFICIENT).pow([SEGMENTS as u64]);
    let sum = (Fr::from(target) - power * Fr::from(word)) / Fr::from(2u64).pow([64]);
    let mut rest = sum.into_bigint().0;
    let mut digits: Vec<u64> = (1..SEGMENTS).map(|_| divide(&mut rest)).collect();
    let [last, 0, 0, 0] = rest else { panic!("{rest:?} is left") };
    digits.push(last);
    digits.reverse();
    digits
}

/// Divides by the coefficient; the remainder.
fn divide(number: &mut [u64; 4]) -> u64 {
    number.iter_mut().rev().fold(0, |rest, limb| {
        let value = u128::from(rest) << 64 | u128::from(*limb);
        *limb = (value / u128::from(COEFFICIENT)) as u64;
        (value % u128::from(COEFFICIENT)) as u64
    })
}

/// A segment whose words, never reduced, are `127 words + 2^64 carries`.
fn segment(case: &Case, words: &[Fr], carries: &[u64], checks: &Checks) -> (Proven, Vec<Fr>) {
    let p = &case.parameters;
    let mut trace = case.evaluate();
    let offset = p.carry_offset(p.combination_carry_limbs()) as i128;
    let mut next = vec![Fr::from(0); words.len()];
    for (t, carry) in carries.iter().enumerate() {
        next[t] = Fr::from(COEFFICIENT) * words[t] + Fr::from(2u64).pow([64]) * Fr::from(*carry);
        trace.cells.put(Family::Word, t, 0);
        trace.cells.get_mut(Column::Word(0))[t] = next[t];
        trace.cells.put(Family::WordCarry, t, i128::from(*carry) + offset);
    }
    trace.outputs[0].clone_from(&next);
    let statement = case.statement_over(&[key().commit_fr(words).unwrap()], &trace.outputs);
    let inputs = Some(vec![words.to_vec()]);
    let prover = Prover { checks: checks.clone(), inputs, ..Prover::honest(case, &trace) };
    (prover.prove_statement(statement), next)
}

/// Without the range of the words, a word grows by its coefficient a segment until it wraps the field: after 36 linear
/// segments it is any canonical word, though the range of the carries is checked.
#[test]
fn a_chain_is_any_chosen_ciphertext_without_the_range_of_its_words() {
    let case = linear();
    let n = case.parameters.n();
    let mut random = ChaCha20Rng::seed_from_u64(44);
    let target: Vec<u64> = (0..=n).map(|_| random.r#gen()).collect();
    let steps: Vec<Vec<u64>> = case.inputs[0].iter().zip(&target).map(|(x, y)| carries(*x, *y)).collect();
    let carries_of = |s: usize| -> Vec<u64> { steps.iter().map(|word| word[s]).collect() };

    let off = Checks::without(&[Check::Range(Family::Word)]);
    let start: Vec<Fr> = case.inputs[0].iter().map(|word| Fr::from(*word)).collect();
    let mut words = start.clone();
    for s in 0..SEGMENTS {
        let (proven, next) = segment(&case, &words, &carries_of(s), &off);
        assert_eq!(verdict(&case, &proven, &off), Ok(()), "segment {s}");
        words = next;
    }
    let expected: Vec<Fr> = target.iter().map(|word| Fr::from(*word)).collect();
    assert_eq!(words[..=n], expected);
    let (first, _) = segment(&case, &start, &carries_of(0), &Checks::ALL);
    assert_eq!(verdict(&case, &first, &Checks::ALL).unwrap_err().id(), "PB.H2");
}
