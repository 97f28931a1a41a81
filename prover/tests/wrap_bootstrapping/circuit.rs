//! The circuit on honest proofs: every shape satisfies the one circuit, which does not depend on it.

use crate::honest::{Honest, all};
use ark_bn254::Fr;
use std::collections::HashSet;
use trine_prover::wrap::bootstrapping::class::Class;
use trine_prover::wrap::bootstrapping::{
    WrapWitness, constraint_report, first_failure, structure, synthesise,
};
use trine_prover::wrap::checks::Checks;
use trine_verifier::Transcript;
use trine_verifier::bootstrapping::statement::{PUBLIC_INPUTS, PublicInputs};
use trine_verifier::bootstrapping::verify::{ARGUMENT_TAG, verify_field};
use trine_verifier::bootstrapping::{self, Parameters};

/// The circuit's answer, asked of its matrices; agrees with `first_failure` on the way.
pub fn recorded_failure(class: &Class, public: &PublicInputs, witness: &WrapWitness) -> Option<&'static str> {
    let mut checks = Checks::recording(&public.to_array());
    synthesise(&mut checks, class, witness);
    assert_eq!(checks.is_satisfied(), checks.first_failure().is_none(), "constraints and recorder agree");
    assert_eq!(checks.first_failure(), first_failure(class, public, witness));
    checks.first_failure()
}

fn assert_satisfied(honest: &Honest) {
    let witness = honest.witness(&honest.field).unwrap();
    assert_eq!(recorded_failure(&honest.class, &honest.public, &witness), None);
}

#[test]
fn honest_proofs_of_every_shape_satisfy_the_circuit() {
    let counts: HashSet<[usize; 3]> = all()
        .iter()
        .map(|honest| {
            assert_satisfied(honest);
            let shape = &honest.inputs.shape;
            [shape.log_bootstrappings, shape.inputs.len(), shape.outputs.len()]
        })
        .collect();
    let different = |index: usize| counts.iter().map(|counts| counts[index]).collect::<HashSet<_>>().len();
    assert_eq!(different(0), 4, "every log P");
    assert!(different(1) > 1 && different(2) > 1, "several numbers of handles: {counts:?}");
}

#[test]
fn honest_proofs_satisfy_the_circuit_of_other_parameters() {
    for (bootstrappings, seed) in [(0, 30), (1, 31), (2, 32), (4, 33)] {
        assert_satisfied(&Honest::new(Parameters::REDUCED_GADGETS, bootstrappings, seed));
    }
}

#[test]
fn the_circuit_runs_the_verifiers_transcript() {
    for honest in all() {
        let mut native = Transcript::recording(ARGUMENT_TAG);
        let (inputs, rounds) = (&honest.inputs, &honest.public.rounds);
        let checks = bootstrapping::Checks::ALL;
        verify_field(inputs, rounds, &honest.field, &checks, &mut native).unwrap();
        let mut checks = Checks::values(&honest.public.to_array());
        let witness = honest.witness(&honest.field).unwrap();
        assert_eq!(synthesise(&mut checks, &honest.class, &witness), native.events());
    }
}

#[test]
fn the_circuit_does_not_depend_on_the_shape() {
    let expected = structure(&all()[0].class).circuit_digest();
    for honest in all() {
        let mut checks = Checks::recording(&honest.public.to_array());
        synthesise(&mut checks, &honest.class, &honest.witness(&honest.field).unwrap());
        assert_eq!(checks.circuit_digest(), expected);
    }
}

/// Most constraints of the production circuit, so that more are seen; its domain is 2^18.
const PRODUCTION_CONSTRAINTS: usize = 252_200;

#[test]
fn the_production_circuit_fits_its_domain() {
    let class = Class::new(&Parameters::PRODUCTION).unwrap();
    let report = constraint_report(&class);
    let total: usize = report.iter().map(|(_, count)| count).sum();
    report.iter().for_each(|(part, count)| println!("{part:20} {count:8}"));
    println!("{:20} {total:8}", "in all");
    assert!(total <= PRODUCTION_CONSTRAINTS, "{total} constraints");
    assert!(total + 1 + PUBLIC_INPUTS <= 1 << 18, "{total} constraints: the prover's domain doubles");
}

/// Soundness that no mutation of a message finds: a variable that no constraint holds.
#[test]
fn changing_any_one_variable_breaks_a_constraint() {
    let honest = &all()[4];
    let witness = honest.witness(&honest.field).unwrap();
    let mut checks = Checks::recording(&honest.public.to_array());
    synthesise(&mut checks, &honest.class, &witness);
    let assignment = checks.assignment();
    let mut values = [vec![], vec![], vec![]];
    // For each variable the rows that name it: row, matrix, coefficient.
    let mut occurrences = vec![vec![]; assignment.len()];
    for (m, matrix) in checks.matrices().iter().enumerate() {
        for (row, terms) in matrix.iter().enumerate() {
            values[m].push(terms.iter().map(|(c, v)| *c * assignment[*v]).sum::<Fr>());
            terms.iter().for_each(|(c, v)| occurrences[*v].push((row, m, *c)));
        }
    }
    let delta = Fr::from(0x1234_5678_9abc_def1u64);
    let free = occurrences
        .into_iter()
        .skip(1)
        .map(|mut rows: Vec<(usize, usize, Fr)>| {
            rows.sort_by_key(|(row, ..)| *row);
            rows
        })
        .filter(|rows| {
            rows.chunk_by(|a, b| a.0 == b.0).all(|terms| {
                let row = terms[0].0;
                let mut row_values = [values[0][row], values[1][row], values[2][row]];
                terms.iter().for_each(|(_, m, c)| row_values[*m] += *c * delta);
                row_values[0] * row_values[1] == row_values[2]
            })
        })
        .count();
    // Inverses that zero does not have: of absent terms, and of unused layout entries.
    let shape = &honest.inputs.shape;
    let p = &shape.parameters;
    let absent = witness.program.combinations().flat_map(|c| &c.terms).filter(|term| **term == 0).count();
    let unused = p.max_inputs + p.max_outputs - shape.inputs.len() - shape.outputs.len();
    assert_eq!(free, absent + unused);
}
