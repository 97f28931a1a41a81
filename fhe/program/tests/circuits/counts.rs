//! Bootstrappings and depth of each operation, beside tfhe-rs's number of bootstrappings (`docs/spec/circuits.md` derives
//! it from its sources).

use crate::builders::*;
use trine_program::lower;
use trine_program::operation::OperationList;
use trine_program::value::ValueType;

const TYPES: [ValueType; 3] = [ValueType::Uint8, ValueType::Uint32, ValueType::Uint64];

fn unary(name: &str, t: ValueType) -> OperationList {
    list(vec![input(t)], vec![apply(name, t, &[0])], false)
}

fn main_lists(t: ValueType) -> Vec<(String, OperationList)> {
    let b = ValueType::Bool;
    let mut lists = Vec::new();
    for (name, result) in [
        ("add", t),
        ("sub", t),
        ("eq", b),
        ("ne", b),
        ("lt", b),
        ("le", b),
        ("gt", b),
        ("ge", b),
        ("min", t),
        ("max", t),
        ("and", t),
        ("or", t),
        ("xor", t),
    ] {
        lists.push((name.to_string(), list(vec![input(t); 2], vec![apply(name, result, &[0, 1])], true)));
        let k = 0x9A5D_36E1_C74B_289D & trine_program::operation::max_value(t);
        let steps = vec![constant(t, k), apply(name, result, &[0, 1])];
        lists.push((format!("{name} constant"), list(vec![input(t)], steps, true)));
    }
    for release in [false, true] {
        let word = if release { "select, released" } else { "select" };
        let inputs = vec![input(b), input(t), input(t)];
        lists.push((word.into(), list(inputs, vec![apply("select", t, &[0, 1, 2])], release)));
        let word = if release { "max, released" } else { "max, linear" };
        lists.push((word.into(), list(vec![input(t); 2], vec![apply("max", t, &[0, 1])], release)));
    }
    lists.push(("neg".into(), unary("neg", t)));
    lists.push(("not".into(), unary("not", t)));
    lists.push(("cast to bool".into(), list(vec![input(t)], vec![apply("cast", b, &[0])], true)));
    for count in [3u16, 5, 10] {
        let operands: Vec<u16> = (0..count).collect();
        let inputs = vec![input(t); usize::from(count)];
        lists.push((format!("sum of {count}"), list(inputs, vec![apply("sum", t, &operands)], true)));
    }
    lists
}

#[test]
fn print_counts() {
    for t in TYPES {
        for (name, list) in main_lists(t) {
            let circuit = lower(&list).unwrap();
            println!(
                "{:8} {:18} {:4} bootstrappings, depth {:3}",
                t.name(),
                name,
                circuit.bootstrappings().len(),
                circuit.levels().len()
            );
        }
    }
}
