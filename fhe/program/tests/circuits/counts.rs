//! Bootstrappings and depth of each operation, never more than tfhe-rs's bootstrappings. `docs/spec/circuits.md` derives
//! its counts from its sources; run with `--nocapture` for the table.

use crate::builders::*;
use trine_program::lower;
use trine_program::operation::{OperationList, max_value};
use trine_program::value::ValueType;

/// tfhe-rs's bootstrappings for 4, 16 and 32 blocks (1.8.2, least over its algorithms; a constant without structure).
const TFHE: [(&str, [usize; 3]); 24] = [
    ("add", [8, 32, 64]),
    ("add constant", [4, 16, 32]),
    ("sub", [8, 32, 64]),
    ("sub constant", [4, 16, 32]),
    ("neg", [4, 16, 32]),
    ("not", [0, 0, 0]),
    ("eq", [5, 21, 42]),
    ("ne", [5, 21, 42]),
    ("eq constant", [3, 11, 21]),
    ("lt", [5, 23, 47]),
    ("le", [5, 23, 47]),
    ("gt", [5, 23, 47]),
    ("ge", [5, 23, 47]),
    ("lt constant", [3, 11, 23]),
    ("min", [17, 71, 143]),
    ("max", [17, 71, 143]),
    ("max constant", [7, 27, 55]),
    ("and", [4, 16, 32]),
    ("or", [4, 16, 32]),
    ("xor", [4, 16, 32]),
    ("and constant", [4, 16, 32]),
    ("select", [12, 48, 96]),
    ("cast to bool", [1, 5, 10]),
    ("sum of 5", [15, 63, 127]),
];

const TYPES: [ValueType; 3] = [ValueType::Uint8, ValueType::Uint32, ValueType::Uint64];

fn example(name: &str, t: ValueType, release: bool) -> OperationList {
    let (word, with_constant) = match name.strip_suffix(" constant") {
        Some(word) => (word, true),
        None => (name, false),
    };
    let b = ValueType::Bool;
    match word {
        "neg" | "not" => list(vec![input(t)], vec![apply(word, t, &[0])], release),
        "cast to bool" => list(vec![input(t)], vec![apply("cast", b, &[0])], release),
        "select" => list(vec![input(b), input(t), input(t)], vec![apply("select", t, &[0, 1, 2])], release),
        "sum of 5" => list(vec![input(t); 5], vec![apply("sum", t, &[0, 1, 2, 3, 4])], release),
        _ => {
            let result = if ["eq", "ne", "lt", "le", "gt", "ge"].contains(&word) { b } else { t };
            if with_constant {
                let k = 0x9A5D_36E1_C74B_2999 & max_value(t);
                list(vec![input(t)], vec![constant(t, k), apply(word, result, &[0, 1])], release)
            } else {
                list(vec![input(t); 2], vec![apply(word, result, &[0, 1])], release)
            }
        }
    }
}

#[test]
fn counts_are_at_most_those_of_tfhe_rs() {
    for (name, theirs) in TFHE {
        let mut row = format!("| {name} |");
        for (t, theirs) in TYPES.into_iter().zip(theirs) {
            let linear = lower(&example(name, t, false)).unwrap();
            let released = lower(&example(name, t, true)).unwrap();
            let (count, all) = (linear.bootstrappings().len(), released.bootstrappings().len());
            let more = if all == count { String::new() } else { format!(" ({all} released)") };
            row += &format!(" {count}{more}, depth {} / {theirs} |", linear.levels().len());
            assert!(count <= theirs, "{name} of {}: {count}, tfhe-rs {theirs}", t.name());
            // What tfhe-rs does without bootstrapping cannot be released.
            assert!(all <= theirs || theirs == 0, "{name} of {} released: {all}, {theirs}", t.name());
        }
        println!("{row}");
    }
}
