//! Addition, subtraction, negation and sums of many, modulo 2 to the bits of the type.

use crate::lowering::columns::propagate;
use crate::lowering::{Builder, Form, Value};
use crate::operation::registry::{Operation, same_integers};
use crate::value::ValueType;

/// `a + b`.
pub struct Add;
/// `a - b`, as `a + (3 - b) + 1` block by block.
pub struct Sub;
/// `-a`.
pub struct Neg;
/// `a + b + ...` of one to 64 integers.
pub struct SumOfMany;

impl Operation for Add {
    fn name(&self) -> &'static str {
        "add"
    }

    fn signature(&self) -> &'static str {
        "(T, T) -> T for an unsigned integer T"
    }

    fn accepts(&self, operands: &[ValueType], result: ValueType) -> bool {
        matches!(*operands, [a, b] if same_integers(&[result, a, b]))
    }

    fn evaluate(&self, operands: &[u64], _: ValueType) -> u64 {
        operands[0].wrapping_add(operands[1])
    }

    fn lower(&self, builder: &mut Builder, operands: &[&Value], result: ValueType) -> Value {
        let blocks = operands[0].blocks.iter().zip(&operands[1].blocks);
        let columns = blocks.map(|(a, b)| vec![a.clone(), b.clone()]).collect();
        Value { value_type: result, blocks: propagate(builder, columns) }
    }
}

impl Operation for Sub {
    fn name(&self) -> &'static str {
        "sub"
    }

    fn signature(&self) -> &'static str {
        "(T, T) -> T for an unsigned integer T"
    }

    fn accepts(&self, operands: &[ValueType], result: ValueType) -> bool {
        matches!(*operands, [a, b] if same_integers(&[result, a, b]))
    }

    fn evaluate(&self, operands: &[u64], _: ValueType) -> u64 {
        operands[0].wrapping_sub(operands[1])
    }

    fn lower(&self, builder: &mut Builder, operands: &[&Value], result: ValueType) -> Value {
        let blocks = operands[0].blocks.iter().zip(&operands[1].blocks);
        let mut columns: Vec<Vec<Form>> = blocks.map(|(a, b)| vec![a.clone(), complement(b)]).collect();
        columns[0].push(Form::constant(1));
        Value { value_type: result, blocks: propagate(builder, columns) }
    }
}

impl Operation for Neg {
    fn name(&self) -> &'static str {
        "neg"
    }

    fn signature(&self) -> &'static str {
        "(T) -> T for an unsigned integer T"
    }

    fn accepts(&self, operands: &[ValueType], result: ValueType) -> bool {
        matches!(*operands, [a] if same_integers(&[result, a]))
    }

    fn evaluate(&self, operands: &[u64], _: ValueType) -> u64 {
        operands[0].wrapping_neg()
    }

    fn lower(&self, builder: &mut Builder, operands: &[&Value], result: ValueType) -> Value {
        let mut columns: Vec<Vec<Form>> = operands[0].blocks.iter().map(|b| vec![complement(b)]).collect();
        columns[0].push(Form::constant(1));
        Value { value_type: result, blocks: propagate(builder, columns) }
    }
}

impl Operation for SumOfMany {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn signature(&self) -> &'static str {
        "(T, T, ...) -> T for an unsigned integer T"
    }

    fn accepts(&self, operands: &[ValueType], result: ValueType) -> bool {
        !operands.is_empty() && same_integers(&[&[result], operands].concat())
    }

    fn evaluate(&self, operands: &[u64], _: ValueType) -> u64 {
        operands.iter().fold(0, |sum, x| sum.wrapping_add(*x))
    }

    fn lower(&self, builder: &mut Builder, operands: &[&Value], result: ValueType) -> Value {
        let count = operands[0].blocks.len();
        let columns = (0..count).map(|i| operands.iter().map(|v| v.blocks[i].clone()).collect()).collect();
        Value { value_type: result, blocks: propagate(builder, columns) }
    }
}

/// `3 - block`.
fn complement(block: &Form) -> Form {
    block.negated().plus_constant(3)
}
