//! Random operation lists: circuit and meaning agree, the circuit is admissible, and lowering is deterministic.

use crate::builders::*;
use proptest::prelude::*;
use trine_program::circuit::admissible;
use trine_program::operation::{OperationId, OperationList, Output, Step, bits, max_value};
use trine_program::value::{KeyKind, ValueType};
use trine_program::{Circuit, lower};

const TYPES: [ValueType; 3] = [ValueType::Bool, ValueType::Uint8, ValueType::Uint16];

/// A step that the types so far allow, chosen by a seed.
fn random_step(seed: u64, types: &[ValueType]) -> Step {
    let mut state = seed;
    let mut draw = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    let operations: Vec<OperationId> = OperationId::all().collect();
    for _ in 0..50 {
        let operation = operations[draw(operations.len())];
        let operands: Vec<u16> = (0..1 + draw(4)).map(|_| draw(types.len()) as u16).collect();
        let given: Vec<ValueType> = operands.iter().map(|o| types[usize::from(*o)]).collect();
        let result = TYPES[draw(TYPES.len())];
        if operation.get().accepts(&given, result) {
            return Step::Apply { operation, result, operands };
        }
    }
    let value_type = TYPES[draw(TYPES.len())];
    Step::Constant { value_type, value: draw(1 << 16) as u64 & max_value(value_type) }
}

pub fn random_list() -> impl Strategy<Value = OperationList> {
    let input = (0usize..3, 1u8..=3, any::<bool>());
    (prop::collection::vec(input, 1..5), prop::collection::vec(any::<u64>(), 1..25)).prop_map(
        |(inputs, seeds)| {
            let inputs: Vec<_> = inputs
                .into_iter()
                .map(|(t, level, casting)| {
                    let kind = if casting { KeyKind::Casting } else { KeyKind::Compute };
                    with(TYPES[t], kind, if t == 0 { 1 } else { 3 }, level)
                })
                .collect();
            let mut types: Vec<ValueType> = inputs.iter().map(|i| i.declaration.value_type).collect();
            let mut steps = Vec::new();
            for seed in seeds {
                let step = random_step(seed, &types);
                types.push(match &step {
                    Step::Constant { value_type, .. } => *value_type,
                    Step::Apply { result, .. } => *result,
                });
                steps.push(step);
            }
            let last = types.len() as u16 - 1;
            let outputs = (0..3).map(|i| Output { value: last - last.min(i), release: i == 1 }).collect();
            OperationList::new(inputs, steps, outputs).unwrap()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn circuits_mean_what_lists_mean(list in random_list(), seed in any::<u64>()) {
        let circuit = lower(&list).unwrap();
        prop_assert!(admissible(&circuit, &records(&list), &MODEL).is_ok());
        prop_assert_eq!(lower(&list).unwrap(), circuit.clone());
        for round in 0..8u64 {
            let inputs: Vec<u64> = list.inputs().iter().enumerate().map(|(i, input)| {
                let mixed = (seed ^ round).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(7 * i as u32);
                mixed >> (64 - bits(input.declaration.value_type).unwrap())
            }).collect();
            let encrypted: Vec<Vec<u8>> = inputs.iter().zip(list.inputs())
                .map(|(v, i)| blocks(*v, i.declaration.value_type)).collect();
            prop_assert_eq!(run(&circuit, &encrypted), list.evaluate(&inputs).unwrap(), "{}", list.to_text());
        }
    }

    #[test]
    fn texts_read_back(list in random_list()) {
        prop_assert_eq!(OperationList::from_text(list.to_text().as_bytes()), Ok(list.clone()));
        let circuit = lower(&list).unwrap();
        prop_assert_eq!(Circuit::from_text(circuit.to_text().as_bytes()), Ok(circuit));
    }
}
