//! Each operation, type and edge value: the circuit's interpreter gives what the operation means.

use crate::builders::*;
use proptest::prelude::*;
use trine_program::circuit::admissible;
use trine_program::operation::{OperationId, OperationList, Step, max_value};
use trine_program::value::{KeyKind, ValueType};
use trine_program::{Circuit, lower};

/// Operations on two values of one type, with the types they take and whether they answer a bool.
const BINARY: [(&str, bool, bool); 14] = [
    ("add", false, false),
    ("sub", false, false),
    ("min", false, false),
    ("max", false, false),
    ("and", true, false),
    ("or", true, false),
    ("xor", true, false),
    ("eq", true, true),
    ("ne", true, true),
    ("lt", false, true),
    ("le", false, true),
    ("gt", false, true),
    ("ge", false, true),
    ("sum", false, false),
];

fn types(with_bool: bool) -> Vec<ValueType> {
    let bools = if with_bool { vec![ValueType::Bool] } else { vec![] };
    [bools, INTEGERS.to_vec()].concat()
}

fn result_type(answers: bool, operand: ValueType) -> ValueType {
    if answers { ValueType::Bool } else { operand }
}

fn assert_agrees(list: &OperationList, circuit: &Circuit, inputs: &[u64]) {
    let blocks: Vec<_> = inputs.iter().zip(circuit.inputs()).map(|(v, d)| blocks(*v, d.value_type)).collect();
    assert_eq!(run(circuit, &blocks), list.evaluate(inputs).unwrap(), "{inputs:?} of\n{}", list.to_text());
}

/// The circuit, admitted on fresh handles; a released output leaves bootstrappings.
fn lowered(list: &OperationList) -> Circuit {
    let circuit = lower(list).unwrap();
    let outputs = admissible(&circuit, &records(list), &MODEL).unwrap();
    for (output, asked) in outputs.iter().zip(list.outputs()) {
        assert!(output.bootstrapped || !asked.release, "{}", list.to_text());
    }
    circuit
}

fn partner(value_type: ValueType, x: u64) -> Vec<u64> {
    let max = max_value(value_type);
    let mut partners = edges(value_type);
    partners.extend([x, x.wrapping_add(1) & max, x.wrapping_sub(1) & max, !x & max, x.swap_bytes() & max]);
    partners
}

#[test]
fn two_encrypted_operands() {
    for (name, with_bool, answers) in BINARY {
        for t in types(with_bool) {
            for release in [false, true] {
                let list = list(
                    vec![input(t), input(t)],
                    vec![apply(name, result_type(answers, t), &[0, 1])],
                    release,
                );
                let circuit = lowered(&list);
                for x in edges(t) {
                    for y in partner(t, x) {
                        assert_agrees(&list, &circuit, &[x, y]);
                    }
                }
            }
        }
    }
}

#[test]
fn a_constant_on_either_side() {
    for (name, with_bool, answers) in BINARY {
        for t in types(with_bool) {
            for k in edges(t) {
                for operands in [[0, 1], [1, 0]] {
                    let steps = vec![constant(t, k), apply(name, result_type(answers, t), &operands)];
                    let list = list(vec![input(t)], steps, k % 2 == 0);
                    let circuit = lowered(&list);
                    for x in partner(t, k) {
                        assert_agrees(&list, &circuit, &[x]);
                    }
                }
            }
        }
    }
}

#[test]
fn two_constants_cost_nothing() {
    for (name, with_bool, answers) in BINARY {
        for t in types(with_bool) {
            for (x, y) in [(0, 0), (1, 0), (0, 1), (max_value(t), 1), (max_value(t), max_value(t))] {
                let steps =
                    vec![constant(t, x), constant(t, y), apply(name, result_type(answers, t), &[1, 2])];
                let list = list(vec![input(t)], steps, true);
                let circuit = lowered(&list);
                assert_eq!(circuit.bootstrappings(), []);
                assert_agrees(&list, &circuit, &[0]);
            }
        }
    }
}

#[test]
fn one_operand() {
    for (name, with_bool) in [("neg", false), ("not", true), ("sum", false)] {
        for t in types(with_bool) {
            for release in [false, true] {
                let list = list(vec![input(t)], vec![apply(name, t, &[0])], release);
                let circuit = lowered(&list);
                for x in edges(t) {
                    assert_agrees(&list, &circuit, &[x]);
                }
            }
        }
    }
}

#[test]
fn casts() {
    for from in types(true) {
        for to in types(true) {
            let list = list(vec![input(from)], vec![apply("cast", to, &[0])], true);
            let circuit = lowered(&list);
            for x in edges(from) {
                assert_agrees(&list, &circuit, &[x]);
            }
        }
    }
}

#[test]
fn selections() {
    for t in types(true) {
        for release in [false, true] {
            let inputs = vec![input(ValueType::Bool), input(t), input(t)];
            let list = list(inputs, vec![apply("select", t, &[0, 1, 2])], release);
            let circuit = lowered(&list);
            for x in edges(t) {
                for y in partner(t, x) {
                    for c in [0, 1] {
                        assert_agrees(&list, &circuit, &[c, x, y]);
                    }
                }
            }
        }
    }
}

#[test]
fn selections_with_constants() {
    for t in types(true) {
        for k in edges(t) {
            for operands in [[0, 1, 2], [0, 2, 1], [0, 2, 3], [0, 3, 2]] {
                let steps =
                    vec![constant(t, k), constant(t, max_value(t) - k / 2), apply("select", t, &operands)];
                let list = list(vec![input(ValueType::Bool), input(t)], steps, k % 2 == 0);
                let circuit = lowered(&list);
                for x in partner(t, k) {
                    for c in [0, 1] {
                        assert_agrees(&list, &circuit, &[c, x]);
                    }
                }
            }
        }
    }
}

#[test]
fn sums_of_many() {
    for t in INTEGERS {
        for count in [1, 2, 3, 4, 5, 6, 9, 17, 64] {
            let operands: Vec<u16> = (0..count).collect();
            let list = list(vec![input(t); count as usize], vec![apply("sum", t, &operands)], true);
            let circuit = lowered(&list);
            let max = max_value(t);
            assert_agrees(&list, &circuit, &vec![max; count as usize]);
            assert_agrees(&list, &circuit, &vec![0; count as usize]);
            let mixed: Vec<u64> =
                (0..u64::from(count)).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15) & max).collect();
            assert_agrees(&list, &circuit, &mixed);
        }
    }
}

#[test]
fn a_sum_of_bits_counts_them() {
    let t = ValueType::Uint8;
    let steps: Vec<Step> = (0..20).map(|i| apply("cast", t, &[i])).collect();
    let operands: Vec<u16> = (20..40).collect();
    let list =
        list(vec![input(ValueType::Bool); 20], [steps, vec![apply("sum", t, &operands)]].concat(), true);
    let circuit = lowered(&list);
    for ones in 0..=20 {
        let bits: Vec<u64> = (0..20).map(|i| u64::from(i < ones)).collect();
        assert_agrees(&list, &circuit, &bits);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn random_plaintexts(x in any::<u64>(), y in any::<u64>(), c in 0u64..2) {
        for (name, _, answers) in BINARY {
            for t in INTEGERS {
                let list = list(vec![input(t), input(t)], vec![apply(name, result_type(answers, t), &[0, 1])], false);
                assert_agrees(&list, &lower(&list).unwrap(), &[x & max_value(t), y & max_value(t)]);
            }
        }
        let t = ValueType::Uint64;
        let list = list(vec![input(ValueType::Bool), input(t), input(t)], vec![apply("select", t, &[0, 1, 2])], false);
        assert_agrees(&list, &lower(&list).unwrap(), &[c, x, y]);
    }

    /// Blocks that hold carries, of any noise level, and inputs under the casting key.
    #[test]
    fn dirty_noisy_and_cast_inputs(
        a in prop::collection::vec(0u8..16, 4),
        b in prop::collection::vec(0u8..4, 4),
        levels in (1u8..=5, 1u8..=5),
        casting in any::<bool>(),
        degree in 3u8..=15,
    ) {
        let t = ValueType::Uint8;
        let a: Vec<u8> = a.iter().map(|x| *x.min(&degree)).collect();
        let kind = if casting { KeyKind::Casting } else { KeyKind::Compute };
        for (name, _, answers) in BINARY {
            let inputs = vec![with(t, kind, degree, levels.0), with(t, KeyKind::Compute, 3, levels.1)];
            let list = list(inputs, vec![apply(name, result_type(answers, t), &[0, 1])], true);
            let circuit = lowered(&list);
            let expected = list.evaluate(&[value(&a, t), value(&b, t)]).unwrap();
            prop_assert_eq!(run(&circuit, &[a.clone(), b.clone()]), expected, "{}", name);
        }
        let inputs = vec![with(ValueType::Bool, kind, 1, levels.1), with(t, kind, degree, levels.0), with(t, KeyKind::Compute, 3, levels.1)];
        let list = list(inputs, vec![apply("select", t, &[0, 1, 2])], false);
        let circuit = lowered(&list);
        for c in [0, 1] {
            let expected = list.evaluate(&[c, value(&a, t), value(&b, t)]).unwrap();
            prop_assert_eq!(run(&circuit, &[vec![c as u8], a.clone(), b.clone()]), expected);
        }
    }
}

#[test]
fn every_operation_is_tested_here() {
    let tested: Vec<&str> = BINARY.iter().map(|b| b.0).chain(["neg", "not", "cast", "select"]).collect();
    for id in OperationId::all() {
        assert!(tested.contains(&id.get().name()), "{id:?} has no test of its edge values");
    }
}
