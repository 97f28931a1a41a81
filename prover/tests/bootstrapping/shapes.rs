//! One class, many shapes: what a shape does not use is zero, and counts for nothing.

use crate::attack::{self, verdict, verdict_on};
use crate::case::Case;
use crate::plain::{Forgery, Proven, Prover};
use ark_ff::Zero;
use trine_verifier::bootstrapping::{Checks, CircuitProof, Column, Parameters, Shape};
use trine_verifier::transcript::TranscriptEvent;

/// Two bootstrappings of eight, two inputs of four, two outputs of three; long columns use half of one chunk of two.
fn case() -> Case {
    attack::case(Parameters::REDUCED, 61)
}

fn forged(case: &Case, forgery: Forgery) -> Proven {
    let trace = case.evaluate();
    Prover { forgeries: vec![forgery], ..Prover::honest(case, &trace) }.prove()
}

fn rejection(case: &Case, proven: &Proven) -> &'static str {
    verdict(case, proven, &Checks::ALL).unwrap_err().id()
}

#[test]
fn a_polynomial_in_an_unused_slot_is_rejected() {
    let case = case();
    let shape = &case.shape;
    let first = |column| shape.place(column).polynomial;
    let slots = [
        // Sent, and hidden: another commit round moves all challenges, another value those of the opening.
        (first(Column::Digit(0)) + 1, "PB.A4"),
        (first(Column::Input(1)) + 1, "PE.J3"),
        (first(Column::Output(1)) + 1, "PE.J3"),
    ];
    for (slot, hidden_by) in slots {
        assert!(!shape.used().contains(&slot), "slot {slot} is used");
        let proven = forged(&case, Forgery::UnusedSlot(slot));
        assert_eq!(proven.false_claims, []);
        assert_eq!(rejection(&case, &proven), "PB.T2", "slot {slot}, sent");
        let place = shape.used().partition_point(|used| *used < slot);
        let mut hidden = proven.proof.clone();
        assert!(!hidden.field.values.remove(place).is_zero());
        if place < hidden.group.columns.len() {
            hidden.group.columns.drain(place..=place);
        }
        let error = verdict_on(&case, &proven.statement, &hidden, &Checks::ALL).unwrap_err();
        assert_eq!(error.id(), hidden_by, "slot {slot}, hidden: {error}");
    }
}

/// The weight of a column that is shorter than its place is pinned to the rows that it has.
#[test]
fn a_cell_above_the_rows_of_its_column_counts_for_nothing() {
    let case = case();
    let trace = case.evaluate();
    let row = trace.cells.get(Column::Digit(0)).iter().position(|cell| !cell.is_zero()).unwrap();
    let proven = forged(&case, Forgery::CellAbove(row));
    assert_eq!(rejection(&case, &proven), "PB.I3");
}

#[test]
fn another_log_of_slots_in_the_word_shape_is_rejected() {
    let case = case();
    for log in [0, 2, 3] {
        assert_eq!(rejection(&case, &forged(&case, Forgery::ShapeWord(log))), "PB.A4", "log P = {log}");
    }
}

/// All that a proof at twice and four times the circuit's slots says is true; it is not of the circuit's shape.
#[test]
fn a_proof_at_a_larger_number_of_slots_is_rejected() {
    let case = case();
    for bootstrappings in [4, 8] {
        let mut larger = self::case();
        let (inputs, outputs) = (case.shape.inputs.clone(), case.shape.outputs.clone());
        larger.shape = Shape::of(case.parameters, bootstrappings, inputs, outputs).unwrap();
        let proven = Prover::honest(&larger, &larger.evaluate()).prove();
        assert_eq!(proven.false_claims, []);
        assert_eq!(rejection(&case, &proven), "PB.T2");
        let cut = cut_to(&case, &proven.proof);
        let error = verdict_on(&case, &proven.statement, &cut, &Checks::ALL).unwrap_err();
        assert_eq!(error.id(), "PB.A4", "{bootstrappings} slots, cut to two: {error}");
    }
}

/// The proof without what the shape of the case has no place for.
fn cut_to(case: &Case, proof: &CircuitProof) -> CircuitProof {
    let honest = Prover::honest(case, &case.evaluate()).prove().proof;
    let mut cut = proof.clone();
    cut.group.columns.truncate(honest.group.columns.len());
    cut.field.product.outer.truncate(honest.field.product.outer.len());
    cut.field.tree.layers.truncate(honest.field.tree.layers.len());
    cut.field.values.truncate(honest.field.values.len());
    cut
}

/// Runs that a shape may have less of: rounds of the accumulator's sumcheck over slots, layers of the look-up tree.
const RUNS: [[(bool, &str); 2]; 2] = [[(false, "A.outer"), (true, "s")], [(true, "lambda"), (true, "mu")]];

/// The events that are in no run. Each run begins and ends right after one challenge that follows an absorb, so that a sponge
/// which skips it stands as it stood before.
fn without_runs(events: &[TranscriptEvent]) -> Vec<TranscriptEvent> {
    let is = |event: &TranscriptEvent, (challenge, label): (bool, &str)| {
        (event.challenge, event.label) == (challenge, label)
    };
    let settled = |end: usize| events[end - 1].challenge && !events[end - 2].challenge;
    let (mut rest, mut at) = (vec![], 0);
    while at < events.len() {
        match RUNS.iter().find(|[first, _]| is(&events[at], *first)) {
            Some([_, last]) => {
                let length = events[at..].iter().position(|event| is(event, *last)).unwrap() + 1;
                assert!(settled(at) && settled(at + length), "run of {:?} at {at}", events[at]);
                at += length;
            }
            None => {
                rest.push(events[at]);
                at += 1;
            }
        }
    }
    rest
}

#[test]
fn transcripts_of_a_class_differ_in_runs_only() {
    let events = |parameters, bootstrappings, seed| {
        let case = Case::random(parameters, bootstrappings, seed);
        let proven = Prover::honest(&case, &case.evaluate()).prove();
        proven.transcript.events().to_vec()
    };
    for (parameters, most) in [(Parameters::REDUCED, 8), (Parameters::REDUCED_GADGETS, 4)] {
        let longest = events(parameters, most, 62);
        let class = without_runs(&longest);
        for (bootstrappings, seed) in [(0, 63), (1, 64), (2, 65), (3, 66)] {
            let shorter = events(parameters, bootstrappings, seed);
            assert!(bootstrappings > 2 || shorter.len() < longest.len());
            assert_eq!(without_runs(&shorter), class, "{bootstrappings} bootstrappings");
        }
    }
}
