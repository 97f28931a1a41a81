//! Circuits merged compute what each of them computes, and no wire crosses.

use crate::random_lists::random_list;
use proptest::prelude::*;
use trine_program::circuit::{CircuitError, Wire, interpret, merge};
use trine_program::limits::{MAX_INPUTS, MAX_OUTPUTS};
use trine_program::{Circuit, OperationList, lower};

fn lowered(lines: &str) -> Circuit {
    lower(&OperationList::from_text(format!("trine operations 1\n{lines}").as_bytes()).unwrap()).unwrap()
}

/// The conjunction of two bools.
fn conjunction() -> Circuit {
    let input = "input bool compute 1 degree 1 level 1\n";
    lowered(&format!("{input}{input}and bool %0 %1\nrelease %2\n"))
}

fn plain_inputs(circuit: &Circuit, seed: u64) -> Vec<Vec<u8>> {
    let mut state = seed | 1;
    let mut block = |degree: u8| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((state >> 40) % (u64::from(degree) + 1)) as u8
    };
    circuit.inputs().iter().map(|d| (0..d.blocks).map(|_| block(d.degree)).collect()).collect()
}

proptest! {
    #[test]
    fn merged_circuits_compute_what_each_computes(
        lists in proptest::collection::vec((random_list(), any::<u64>()), 1..4),
    ) {
        let (lists, seeds): (Vec<_>, Vec<u64>) = lists.into_iter().unzip();
        let circuits: Vec<Circuit> = lists.iter().map(|list| lower(list).unwrap()).collect();
        prop_assume!(circuits.iter().map(|c| c.outputs().len()).sum::<usize>() <= MAX_OUTPUTS);
        let merged = merge(&circuits.iter().collect::<Vec<_>>()).unwrap();
        let inputs: Vec<_> = circuits.iter().zip(&seeds).map(|(c, seed)| plain_inputs(c, *seed)).collect();
        let expected: Vec<_> = circuits.iter().zip(&inputs).flat_map(|(c, i)| interpret(c, i).unwrap()).collect();
        prop_assert_eq!(interpret(&merged, &inputs.concat()).unwrap(), expected);
        // Terms stay among their own: each circuit's bootstrappings and inputs are one run.
        let (mut first_input, mut first) = (0, 0);
        for circuit in &circuits {
            let run = first..first + circuit.bootstrappings().len();
            let handles = first_input..first_input + circuit.inputs().len();
            for bootstrapping in &merged.bootstrappings()[run.clone()] {
                for term in &bootstrapping.input.terms {
                    match term.wire {
                        Wire::Input { handle, .. } => prop_assert!(handles.contains(&usize::from(handle))),
                        Wire::Output { bootstrapping, .. } => prop_assert!(run.contains(&(bootstrapping as usize))),
                    }
                }
            }
            (first_input, first) = (handles.end, run.end);
        }
    }
}

#[test]
fn a_single_circuit_is_itself_and_none_is_nothing() {
    let circuit = conjunction();
    assert_eq!(merge(&[&circuit]).unwrap(), circuit);
    let none = CircuitError::Count { what: "inputs", got: 0, min: 1, max: MAX_INPUTS };
    assert_eq!(merge(&[]).unwrap_err(), none);
}

/// A table that several circuits have is listed once, where it is first used.
#[test]
fn common_tables_are_listed_once() {
    let circuit = conjunction();
    let merged = merge(&[&circuit, &circuit, &circuit]).unwrap();
    assert_eq!(merged.tables(), circuit.tables());
    assert_eq!(merged.bootstrappings().len(), 3 * circuit.bootstrappings().len());
}

#[test]
fn more_than_a_circuit_has_is_refused() {
    let circuit = conjunction();
    let refused = |times: usize| merge(&vec![&circuit; times]).unwrap_err();
    assert_eq!(refused(17), CircuitError::Count { what: "outputs", got: 17, min: 0, max: MAX_OUTPUTS });
    assert_eq!(refused(300), CircuitError::Count { what: "inputs", got: 600, min: 0, max: MAX_INPUTS });
}
