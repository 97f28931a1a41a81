//! What lowering shares, leaves out and refuses.

use crate::builders::*;
use trine_program::circuit::{Wire, admissible};
use trine_program::lower;
use trine_program::lowering::LoweringError;
use trine_program::operation::{OperationList, Output};
use trine_program::value::{KeyKind, ValueType};

const U8: ValueType = ValueType::Uint8;
const BOOL: ValueType = ValueType::Bool;

fn count(list: &OperationList) -> usize {
    lower(list).unwrap().bootstrappings().len()
}

#[test]
fn equal_operations_are_made_once() {
    let once = list(vec![input(U8); 2], vec![apply("and", U8, &[0, 1])], true);
    let twice = list(
        vec![input(U8); 2],
        vec![apply("and", U8, &[0, 1]), apply("and", U8, &[1, 0]), apply("or", U8, &[2, 3])],
        true,
    );
    assert_eq!(count(&once), 4);
    assert_eq!(count(&twice), 4);
    // a < b and b > a are one chain; a >= b is another table at its end.
    let steps = vec![apply("lt", BOOL, &[0, 1]), apply("gt", BOOL, &[1, 0]), apply("ge", BOOL, &[0, 1])];
    let outputs = [2, 3, 4].map(|value| Output { value, release: true }).to_vec();
    assert_eq!(count(&OperationList::new(vec![input(U8); 2], steps, outputs).unwrap()), 5);
}

#[test]
fn what_no_output_needs_is_left_out() {
    let steps = vec![apply("add", U8, &[0, 1]), apply("min", U8, &[0, 1]), apply("xor", U8, &[0, 1])];
    assert_eq!(count(&list(vec![input(U8); 2], steps, true)), 4);
    // Low bits of a sum need no high ones.
    let wide = ValueType::Uint64;
    let steps = vec![apply("add", wide, &[0, 1]), apply("cast", U8, &[2])];
    assert_eq!(count(&list(vec![input(wide); 2], steps, true)), 4);
}

#[test]
fn functions_of_one_small_input_share_a_table() {
    let steps = ["and", "or", "xor", "eq", "ne"].map(|name| apply(name, BOOL, &[0, 1])).to_vec();
    let outputs = [2, 3, 4, 5, 6].map(|value| Output { value, release: true }).to_vec();
    let circuit = lower(&OperationList::new(vec![input(BOOL); 2], steps, outputs).unwrap()).unwrap();
    assert_eq!(circuit.bootstrappings().len(), 1);
    // xor and ne are one function.
    assert_eq!(circuit.tables()[0].functions, 4);
}

#[test]
fn free_operations_cost_nothing() {
    let steps = vec![
        apply("not", U8, &[0]),
        apply("cast", ValueType::Uint32, &[1]),
        apply("cast", U8, &[2]),
        apply("not", U8, &[3]),
    ];
    let list = list(vec![input(U8)], steps, false);
    let circuit = lower(&list).unwrap();
    assert_eq!(circuit.bootstrappings(), []);
    let output = admissible(&circuit, &records(&list), &MODEL).unwrap()[0];
    assert!(!output.bootstrapped, "an input passed through is not released");
}

#[test]
fn a_released_output_leaves_bootstrappings() {
    let list = list(vec![input(U8)], vec![apply("not", U8, &[0])], true);
    let circuit = lower(&list).unwrap();
    assert_eq!(circuit.bootstrappings().len(), 4);
    assert!(admissible(&circuit, &records(&list), &MODEL).unwrap()[0].bootstrapped);
}

#[test]
fn casting_inputs_enter_alone_and_once() {
    let list = list(vec![with(U8, KeyKind::Casting, 3, 1), input(U8)], vec![apply("and", U8, &[0, 1])], true);
    let circuit = lower(&list).unwrap();
    assert_eq!(circuit.bootstrappings().len(), 8);
    for b in circuit.bootstrappings().iter().filter(|b| b.key_kind == KeyKind::Casting) {
        assert!(matches!(b.input.terms[..], [t] if matches!(t.wire, Wire::Input { handle: 0, .. })));
    }
}

#[test]
fn a_chain_of_selections_stays_within_noise() {
    // Sixteen levels of selection between two inputs: sums are bootstrapped where they would grow.
    let mut steps = Vec::new();
    for i in 0..16u16 {
        steps.push(apply("select", U8, &[0, if i == 0 { 1 } else { 2 + i }, 2]));
    }
    let list = list(vec![input(BOOL), input(U8), input(U8)], steps, true);
    let circuit = lower(&list).unwrap();
    admissible(&circuit, &records(&list), &MODEL).unwrap();
    for (c, x, y) in [(0, 255, 7), (1, 255, 7), (1, 0, 99)] {
        let encrypted = [vec![c as u8], blocks(x, U8), blocks(y, U8)];
        assert_eq!(run(&circuit, &encrypted), list.evaluate(&[c, x, y]).unwrap());
    }
}

#[test]
fn levels_are_what_runs_together() {
    let list = list(vec![input(U8); 2], vec![apply("lt", BOOL, &[0, 1])], true);
    let circuit = lower(&list).unwrap();
    let levels = circuit.levels();
    assert_eq!(levels.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1]);
    let mut done = vec![false; circuit.bootstrappings().len()];
    for level in levels {
        for index in &level {
            for t in &circuit.bootstrappings()[*index as usize].input.terms {
                if let Wire::Output { bootstrapping, .. } = t.wire {
                    assert!(done[bootstrapping as usize]);
                }
            }
        }
        level.iter().for_each(|index| done[*index as usize] = true);
    }
}

#[test]
fn a_list_past_the_limits_is_an_error() {
    let t = ValueType::Uint64;
    let steps = (0..600u16).map(|i| apply("add", t, &[i, i + 1])).collect();
    let too_large = list(vec![input(t); 2], steps, false);
    assert!(matches!(lower(&too_large), Err(LoweringError::Circuit(_) | LoweringError::TooLarge { .. })));
}
