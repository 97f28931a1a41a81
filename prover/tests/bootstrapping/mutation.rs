//! Every error and every forgery is rejected, by the check that the spec names; and every check is needed: for each there
//! is an attack that is accepted without it alone.

use crate::attack::{Attack, CASTING_WORD, CHOICE, ROW, WORD, Words, case, verdict};
use crate::case::{Case, random_keys, random_words};
use crate::evaluator::Evaluation;
use crate::fault::{Choice, Fault, Place};
use crate::plain::{Forgery, Prover};
use crate::trace::Trace;
use crate::tree::TreeLie;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;
use std::collections::BTreeSet;
use trine_program::circuit::{Bootstrapping, Circuit};
use trine_prover::bootstrapping::KeyWords;
use trine_verifier::bootstrapping::Check::{self, *};
use trine_verifier::bootstrapping::{Checks, Family, Parameters, Rejection};

/// Digits of 21 bits, so that their top limb is narrow.
const NARROW_DIGITS: Parameters = Parameters { id: 203, base_bits: 21, ..Parameters::REDUCED };

/// Seeds whose words hold a tie and both kinds of other digits.
fn fixture() -> (Case, Words) {
    (1..100)
        .find_map(|seed| {
            let case = case(Parameters::REDUCED, seed);
            let words = Words::find(&case, &case.evaluate());
            let all = words.tie.is_some() && words.foreign.is_some() && words.unknown.is_some();
            all.then_some((case, words))
        })
        .unwrap()
}

/// Errors in the rotation.
fn rotation(case: &Case) -> Vec<Attack<'_>> {
    let new = |name, fault| Attack::new(name, case, fault);
    let sums = [Accumulator, AccumulatorFinal];
    let forged = |name, forgeries: &[Forgery]| {
        new(name, Fault::Digit(ROW)).forging(&[&[Forgery::CombinedKey], forgeries].concat())
    };
    vec![
        new("digit + 1", Fault::Digit(ROW)).rejected("PB.A4", &sums),
        new("digit + 1, the sum as it is", Fault::Digit(ROW))
            .forging(&[Forgery::AccumulatorSum])
            .rejected("PB.I3", &[Accumulator, Reduction]),
        forged("digit + 1, false combined key", &[]).rejected("PB.C2", &[KeyFinal]),
        forged("digit + 1, false key word", &[Forgery::KeyWord]).rejected("PB.I3", &[Key, Reduction]),
        forged("digit + 1, false power", &[Forgery::Power]).rejected("PB.I3", &[Rotation, Reduction]),
        forged("digit + 1, false power of an exponent", &[Forgery::Power, Forgery::RotationCell])
            .rejected("PB.H2", &[Exponents, RootNumerator]),
        new("digit + 1 for a carry in the field", Fault::DigitCarry(ROW))
            .rejected("PB.H2", &[Range(Family::Carry), RootNumerator]),
        new("digit + 2^b outside its limbs", Fault::DigitHigh(ROW, Place::Outside))
            .rejected("PB.H2", &[Range(Family::Digit)]),
        new("remainder + 2^R outside its limbs", Fault::Remainder(ROW, Place::Outside))
            .rejected("PB.H2", &[Range(Family::Remainder)]),
        new("remainder + 2^R inside its limbs", Fault::Remainder(ROW, Place::InsideLimbs))
            .rejected("PB.H2", &[Range(Family::Remainder), Narrow(Family::Remainder)]),
        new("junk in a masked row", Fault::MaskedRow).rejected("PB.A4", &sums),
        new("another table", Fault::Table(1)).rejected("PB.I3", &[Digits, Reduction]),
        new("swapped tables", Fault::SwappedTables).rejected("PB.I3", &[Digits]),
        new("truncated rotation", Fault::Truncated).rejected("PB.C2", &[KeyFinal]),
        new("truncated rotation, false key word", Fault::Truncated)
            .forging(&[Forgery::KeyWord])
            .rejected("PB.I3", &[Key]),
    ]
}

/// Errors in the exponents.
fn switch(case: &Case) -> Vec<Attack<'_>> {
    let new = |name, fault| Attack::new(name, case, fault);
    let start = Choice { slot: 0, step: 0, subset: 1 };
    let empty = Choice { slot: 0, step: 1, subset: 0 };
    let wrong = |name, forgeries: &[Forgery]| {
        new(name, Fault::Exponent(CHOICE)).forging(&[&[Forgery::SwitchProduct], forgeries].concat())
    };
    let remainder = Family::SwitchRemainder;
    vec![
        new("exponent + 1", Fault::Exponent(CHOICE)).rejected("PB.I3", &[Switch, Reduction]),
        new("start of the rotation one off", Fault::Exponent(start)).rejected("PB.I3", &[Switch]),
        new("exponent of the empty subset", Fault::Exponent(empty)).rejected("PB.I3", &[Switch]),
        wrong("exponent + 1, false product", &[]).rejected("PB.E4", &[SwitchFinal]),
        wrong("exponent + 1, false key", &[Forgery::SwitchKey]).rejected("PB.I3", &[SwitchKey]),
        wrong("exponent + 1, false digits", &[Forgery::SwitchDigits]).rejected("PB.I3", &[SwitchDigits]),
        new("exponent + 1 for a remainder in the field", Fault::ExponentRemainder(CHOICE))
            .rejected("PB.H2", &[Range(remainder)]),
        new("exponent + 1 for a carry in the field", Fault::ExponentCarry(CHOICE))
            .rejected("PB.H2", &[Range(Family::SwitchCarry)]),
        new("exponent - 1, remainder inside its limbs", Fault::ExponentInside(CHOICE))
            .rejected("PB.H2", &[Range(remainder), Narrow(remainder)]),
        new("rotation by another exponent", Fault::OtherExponent(CHOICE)).rejected("PB.I3", &[Rotation]),
        new("rotation by another exponent, its power too", Fault::OtherExponent(CHOICE))
            .forging(&[Forgery::RotationCell])
            .rejected("PB.H2", &[Exponents]),
    ]
}

/// Errors in the keyswitch.
fn keyswitch<'a>(case: &'a Case, words: &Words) -> Vec<Attack<'a>> {
    let new = |name, fault| Attack::new(name, case, fault);
    let remainder = [Range(Family::KeyswitchRemainder), Narrow(Family::KeyswitchRemainder)];
    let [tie, foreign, unknown] = [words.tie, words.foreign, words.unknown].map(Option::unwrap);
    vec![
        new("digits of equal value, of no table", Fault::OtherDigits(unknown))
            .rejected("PB.H2", &[Decompositions]),
        new("digits of equal value, of the other key's table", Fault::OtherDigits(foreign))
            .rejected("PB.H2", &[Decompositions, DecompositionKey]),
        new("state - 1, remainder inside its limbs", Fault::State(WORD, Place::InsideLimbs))
            .rejected("PB.H2", &remainder),
        new("casting state - 1, remainder inside its limbs", Fault::State(CASTING_WORD, Place::InsideLimbs))
            .rejected("PB.H2", &remainder),
        new("state - 1, remainder outside its limbs", Fault::State(WORD, Place::Outside))
            .rejected("PB.H2", &remainder[..1]),
        new("state + 1 for a carry in the field", Fault::StateCarry(WORD))
            .rejected("PB.H2", &[Range(Family::KeyswitchCarry)]),
        new("other digits in the keyswitch", Fault::ProductDigits(WORD)).rejected("PB.I3", &[SwitchDigits]),
        new("tie bit flipped with its digits", Fault::Tie(tie)).rejected("PB.H2", &remainder),
        new("digits of the other tie", Fault::TieDigits(tie)).rejected("PB.H2", &[Decompositions]),
        new("words of the other key", Fault::OtherWords(1)).rejected("PB.I3", &[Switch]),
    ]
}

/// Errors in the linear layer.
fn linear(case: &Case) -> Vec<Attack<'_>> {
    let new = |name, fault| Attack::new(name, case, fault);
    let mut random = ChaCha20Rng::seed_from_u64(5);
    let chosen = (0..=case.parameters.n()).map(|_| random.r#gen()).collect();
    let canonical = [Range(Family::Word), Narrow(Family::Word)];
    vec![
        new("wrong sign in the extraction", Fault::Sign(1)).rejected("PB.I3", &[Outputs]),
        new("extraction one coefficient on", Fault::Offset(1)).rejected("PB.I3", &[Outputs]),
        new("output word + 1", Fault::Output).rejected("PB.I3", &[Outputs]),
        new("output word + 2^64 inside its limbs", Fault::Noncanonical(Place::InsideLimbs))
            .rejected("PB.H2", &canonical),
        new("output word + 2^64 outside its limbs", Fault::Noncanonical(Place::Outside))
            .rejected("PB.H2", &canonical[..1]),
        new("a chosen ciphertext", Fault::Chosen(chosen)).rejected("PB.H2", &[Range(Family::WordCarry)]),
        new("junk above the body", Fault::PaddingWord).rejected("PB.I3", &[Outputs]),
        new("2^64 above the body", Fault::PaddingCarry).rejected("PB.H2", &canonical),
        new("junk in an unused block", Fault::UnusedBlock).rejected("PB.I3", &[OutputHandles]),
        new("a word beyond the layout", Fault::Tail).rejected("PB.I3", &[OutputHandles]),
        new("a handle of other words", Fault::Handle).rejected("PB.I3", &[OutputHandles]),
    ]
}

/// Errors that only forged look-ups hide.
fn look_ups(case: &Case) -> Vec<Attack<'_>> {
    let new = |name| Attack::new(name, case, Fault::DigitCarry(ROW));
    vec![
        new("false root").forging(&[Forgery::Tree(TreeLie::Root)]).rejected("PB.H4", &[Layer]),
        new("false layers").forging(&[Forgery::Tree(TreeLie::Layers)]).rejected("PB.I3", &[Leaves]),
        new("a multiplicity for a known challenge")
            .forging(&[Forgery::Multiplicity])
            .rejected("PB.H2", &[LateChallenges]),
    ]
}

/// Evaluations of something else: `(trace, key)` of a stale key, of other inputs.
struct Others {
    keys: Vec<(&'static str, KeyWords, Check)>,
    inputs: Vec<(&'static str, Vec<Vec<u64>>, Check)>,
}

impl Others {
    fn new(case: &Case) -> Self {
        let p = &case.parameters;
        let stale = random_keys(p, &mut ChaCha20Rng::seed_from_u64(99));
        let copy = || KeyWords {
            bootstrapping: case.keys.bootstrapping.clone(),
            keyswitching: case.keys.keyswitching.clone(),
        };
        let [mut rotation, mut compute, mut casting] = [copy(), copy(), copy()];
        let group = 4 * 16 * p.n();
        rotation.bootstrapping[2 * group..3 * group]
            .copy_from_slice(&stale.bootstrapping[2 * group..3 * group]);
        compute.keyswitching[0].clone_from(&stale.keyswitching[0]);
        casting.keyswitching[1].clone_from(&stale.keyswitching[1]);
        let change = |at: usize| {
            let mut inputs = case.inputs.clone();
            inputs[1][at] ^= 1 << 62;
            inputs
        };
        Self {
            keys: vec![
                ("stale bootstrapping key", rotation, Key),
                ("stale keyswitching key", compute, SwitchKey),
                ("stale casting key", casting, SwitchKey),
            ],
            inputs: vec![
                ("another input word", change(0), Keyswitch),
                ("another input body", change(p.n()), Switch),
            ],
        }
    }

    fn attacks<'a>(&'a self, case: &'a Case) -> Vec<Attack<'a>> {
        let (circuit, fault) = (&case.circuit, Fault::None);
        let keys = self.keys.iter().map(|(name, keys, check)| {
            let fault = fault.clone();
            let trace = case.evaluate_as(&Evaluation { circuit, keys, inputs: &case.inputs, fault });
            Attack::of(name, case, trace).over(keys).rejected("PB.I3", &[*check])
        });
        let inputs = self.inputs.iter().map(|(name, inputs, check)| {
            let fault = fault.clone();
            let trace = case.evaluate_as(&Evaluation { circuit, keys: &case.keys, inputs, fault });
            Attack::of(name, case, trace).rejected("PB.I3", &[*check])
        });
        keys.chain(inputs).collect()
    }
}

/// Checks whose attacks need more than a table's row: each is shown by a test of its own below.
const APART: [Check; 2] = [Statement, RootDenominator];

#[test]
fn every_attack_is_rejected_and_every_check_has_one_that_only_it_stops() {
    let (case, words) = fixture();
    let narrow = crate::attack::case(NARROW_DIGITS, 1);
    let others = Others::new(&case);
    let digits =
        Attack::new("digit + 2^b inside its limbs", &narrow, Fault::DigitHigh(ROW, Place::InsideLimbs))
            .rejected("PB.H2", &[Range(Family::Digit), Narrow(Family::Digit)]);
    let mut attacks = rotation(&case);
    attacks.extend(switch(&case));
    attacks.extend(keyswitch(&case, &words));
    attacks.extend(linear(&case));
    attacks.extend(look_ups(&case));
    attacks.extend(others.attacks(&case));
    attacks.push(digits);
    attacks.par_iter().for_each(Attack::carry_out);

    let mut stopping: BTreeSet<Check> = APART.into_iter().collect();
    for check in Check::all() {
        let stopped: Vec<&str> =
            attacks.iter().filter(|a| a.stopped_by.contains(&check)).map(|a| a.name).collect();
        println!("{check:?}: {}", stopped.join("; "));
        stopping.extend((!stopped.is_empty()).then_some(check));
    }
    assert_eq!(stopping, Check::all().into_iter().collect(), "every check has an attack");
}

/// Attacks that several checks stop.
#[test]
fn attacks_that_break_several_relations_are_rejected() {
    let (case, _) = fixture();
    let faults = [Fault::Kind(0), Fault::Kind(1), Fault::Sign(0), Fault::Offset(0)];
    let mut traces: Vec<(String, Trace)> =
        faults.into_iter().map(|fault| (format!("{fault:?}"), case.evaluate_with(fault))).collect();
    for (name, circuit) in
        [("swapped bootstrappings", swapped(&case)), ("another program", other_program(&case))]
    {
        let (keys, inputs, fault) = (&case.keys, &case.inputs, Fault::None);
        traces.push((name.into(), case.evaluate_as(&Evaluation { circuit: &circuit, keys, inputs, fault })));
    }
    let other = ChaCha20Rng::seed_from_u64(3);
    let inputs: Vec<Vec<u64>> = case
        .shape
        .inputs
        .iter()
        .map(|blocks| random_words(&case.parameters, *blocks, &mut other.clone()))
        .collect();
    let (circuit, keys, fault) = (&case.circuit, &case.keys, Fault::None);
    traces.push((
        "other inputs".into(),
        case.evaluate_as(&Evaluation { circuit, keys, inputs: &inputs, fault }),
    ));
    traces.par_iter().for_each(|(name, trace)| {
        assert_ne!(trace.outputs, case.evaluate().outputs, "{name} gives the true outputs");
        let rejection = verdict(&case, &Prover::honest(&case, trace).prove(), &Checks::ALL).expect_err(name);
        assert!(["PB.H2", "PB.I3", "PB.A4", "PB.C2"].contains(&rejection.id()), "{name}: {rejection}");
    });
}

/// The tables of both bootstrappings swapped in the circuit itself.
fn swapped(case: &Case) -> Circuit {
    let c = &case.circuit;
    let tables = vec![c.tables()[1], c.tables()[0]];
    // A table of one function in place of one of two: wires take the only function.
    let first = |mut linear: trine_program::circuit::Linear| {
        for term in &mut linear.terms {
            if let trine_program::circuit::Wire::Output { function, .. } = &mut term.wire {
                *function = 0;
            }
        }
        linear
    };
    let bootstrappings: Vec<Bootstrapping> = c
        .bootstrappings()
        .iter()
        .map(|b| Bootstrapping { input: first(b.input.clone()), ..b.clone() })
        .collect();
    let rows = c.rows().iter().cloned().map(first).collect();
    Circuit::new(c.inputs().to_vec(), c.outputs().to_vec(), tables, bootstrappings, rows).unwrap()
}

/// A coefficient of the second bootstrapping is another.
fn other_program(case: &Case) -> Circuit {
    let c = &case.circuit;
    let mut bootstrappings = c.bootstrappings().to_vec();
    bootstrappings[1].input.terms[0].coefficient = 2;
    Circuit::new(
        c.inputs().to_vec(),
        c.outputs().to_vec(),
        c.tables().to_vec(),
        bootstrappings,
        c.rows().to_vec(),
    )
    .unwrap()
}

/// Two cells that are the look-up challenge take numerator and denominator of the root to zero, whatever else is wrong.
/// The challenge is drawn late, so that this cannot be arranged; were it known, the denominator's check would stop it.
#[test]
fn the_root_denominator_stops_cells_that_are_alpha() {
    let case = case(Parameters::REDUCED, 1);
    let row = crate::fault::Row { j: 0, ..ROW };
    let attack = Attack::new("two cells that are alpha", &case, Fault::Alpha(row));
    let rejection = verdict(&case, &attack.prove(Checks::ALL), &Checks::ALL).unwrap_err();
    assert_eq!(rejection.id(), "PB.H2");
    let known = Checks::without(&[LateChallenges]);
    let rejection = verdict(&case, &attack.prove(known.clone()), &known).unwrap_err();
    assert_eq!((rejection.id(), &rejection), ("PB.H3", &Rejection::RootDenominator));
    let neither = Checks::without(&[LateChallenges, RootDenominator]);
    assert_eq!(verdict(&case, &attack.prove(neither.clone()), &neither), Ok(()));
}

/// A handle that no challenge depends on can be chosen when all are known.
#[test]
fn the_absorbed_statement_stops_a_handle_chosen_late() {
    let case = case(Parameters::REDUCED, 1);
    let trace = case.evaluate();
    let honest = case.statement(&trace.outputs);
    let late = |checks: Checks| {
        let prover = Prover { checks, forgeries: vec![Forgery::LateHandle], ..Prover::honest(&case, &trace) };
        prover.prove()
    };
    let proven = late(Checks::ALL);
    assert_ne!(proven.statement.jobs[0].outputs[0], honest.jobs[0].outputs[0]);
    let rejection = verdict(&case, &proven, &Checks::ALL).unwrap_err();
    assert_eq!(rejection.id(), "PB.A4");
    let off = Checks::without(&[Statement]);
    assert_eq!(verdict(&case, &late(off.clone()), &off), Ok(()));
}
