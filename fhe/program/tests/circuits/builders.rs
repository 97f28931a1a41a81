//! Lists and plaintexts that the tests share.

use trine_program::Circuit;
use trine_program::circuit::{HandleRecord, NoiseModel, interpret};
use trine_program::operation::{OperationId, OperationInput, OperationList, Output, Step, max_value};
use trine_program::value::{Declaration, KeyKind, ValueType};

/// The unsigned integers.
pub const INTEGERS: [ValueType; 4] =
    [ValueType::Uint8, ValueType::Uint16, ValueType::Uint32, ValueType::Uint64];

/// Figures of the order of the parameter set's.
pub const MODEL: NoiseModel =
    NoiseModel { fresh_variance: 3e-26, bootstrapping_variance: 1.6e-9, max_variance: 1.3e-7 };

/// A fresh input under the compute key.
pub fn input(value_type: ValueType) -> OperationInput {
    let degree = if value_type == ValueType::Bool { 1 } else { 3 };
    with(value_type, KeyKind::Compute, degree, 1)
}

pub fn with(value_type: ValueType, key_kind: KeyKind, degree: u8, noise_level: u8) -> OperationInput {
    let blocks = value_type.fixed_blocks().unwrap();
    OperationInput { declaration: Declaration { value_type, key_kind, blocks, degree }, noise_level }
}

pub fn apply(name: &str, result: ValueType, operands: &[u16]) -> Step {
    Step::Apply { operation: OperationId::from_name(name).unwrap(), result, operands: operands.to_vec() }
}

pub fn constant(value_type: ValueType, value: u64) -> Step {
    Step::Constant { value_type, value }
}

/// A list whose only output is its last value.
pub fn list(inputs: Vec<OperationInput>, steps: Vec<Step>, release: bool) -> OperationList {
    let value = (inputs.len() + steps.len() - 1) as u16;
    OperationList::new(inputs, steps, vec![Output { value, release }]).unwrap()
}

/// Clean blocks of a plaintext.
pub fn blocks(value: u64, value_type: ValueType) -> Vec<u8> {
    (0..value_type.fixed_blocks().unwrap()).map(|i| (value >> (2 * i) & 3) as u8).collect()
}

/// The plaintext of blocks, carries added in.
pub fn value(blocks: &[u8], value_type: ValueType) -> u64 {
    let sum = blocks.iter().rev().fold(0u64, |sum, b| sum.wrapping_shl(2).wrapping_add(u64::from(*b)));
    sum & max_value(value_type)
}

/// Outputs of the circuit, each checked to be within its declared degree.
pub fn run(circuit: &Circuit, inputs: &[Vec<u8>]) -> Vec<u64> {
    let outputs = interpret(circuit, inputs).unwrap();
    for (blocks, declared) in outputs.iter().zip(circuit.outputs()) {
        assert!(blocks.iter().all(|b| *b <= declared.degree), "{blocks:?} beyond {}", declared.degree);
    }
    outputs.iter().zip(circuit.outputs()).map(|(b, d)| value(b, d.value_type)).collect()
}

/// Records of fresh handles, as the list declares them.
pub fn records(list: &OperationList) -> Vec<HandleRecord> {
    let record = |i: &OperationInput| {
        let d = i.declaration;
        let level = f64::from(i.noise_level);
        HandleRecord {
            noise_level: i.noise_level,
            variance: level * level * MODEL.bootstrapping_variance,
            ..HandleRecord::fresh(d.value_type, d.key_kind, d.blocks, d.degree, &MODEL)
        }
    };
    list.inputs().iter().map(record).collect()
}

/// 0, 1, the largest, half, and their neighbours.
pub fn edges(value_type: ValueType) -> Vec<u64> {
    let max = max_value(value_type);
    if value_type == ValueType::Bool {
        return vec![0, 1];
    }
    let mut edges = vec![0, 1, 2, 3, 4, max / 2 - 1, max / 2, max / 2 + 1, max - 4, max - 1, max];
    edges.extend([0x55, 0xAA, 0x0F, 0xF0].map(|byte: u64| byte * (max / 255)));
    edges.sort_unstable();
    edges.dedup();
    edges
}
