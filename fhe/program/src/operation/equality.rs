//! Equality of bools and integers.

use crate::lowering::order::different;
use crate::lowering::{Builder, Value};
use crate::operation::registry::{Operation, same_types};
use crate::value::ValueType;

/// `a == b`.
pub struct Equal;
/// `a != b`.
pub struct NotEqual;

const SIGNATURE: &str = "(T, T) -> bool for bool or an unsigned integer T";

fn compares(operands: &[ValueType], result: ValueType) -> bool {
    matches!(*operands, [a, b] if same_types(&[a, b]) && result == ValueType::Bool)
}

/// `(a != b) == expected`.
fn lower(builder: &mut Builder, a: &Value, b: &Value, expected: bool) -> Value {
    let result = |differ| i32::from(differ == expected);
    if a.value_type == ValueType::Bool {
        // Of the sum, as the other functions of two bits, so that they share a table.
        let sum = builder.fit(&[(1, &a.blocks[0]), (1, &b.blocks[0])]);
        return Value::bool(builder.lookup(&sum, |v| result(v == 1)));
    }
    Value::bool(different(builder, &a.blocks, &b.blocks, result))
}

impl Operation for Equal {
    fn name(&self) -> &'static str {
        "eq"
    }

    fn signature(&self) -> &'static str {
        SIGNATURE
    }

    fn accepts(&self, operands: &[ValueType], result: ValueType) -> bool {
        compares(operands, result)
    }

    fn evaluate(&self, operands: &[u64], _: ValueType) -> u64 {
        u64::from(operands[0] == operands[1])
    }

    fn lower(&self, builder: &mut Builder, operands: &[&Value], _: ValueType) -> Value {
        lower(builder, operands[0], operands[1], false)
    }
}

impl Operation for NotEqual {
    fn name(&self) -> &'static str {
        "ne"
    }

    fn signature(&self) -> &'static str {
        SIGNATURE
    }

    fn accepts(&self, operands: &[ValueType], result: ValueType) -> bool {
        compares(operands, result)
    }

    fn evaluate(&self, operands: &[u64], _: ValueType) -> u64 {
        u64::from(operands[0] != operands[1])
    }

    fn lower(&self, builder: &mut Builder, operands: &[&Value], _: ValueType) -> Value {
        lower(builder, operands[0], operands[1], true)
    }
}
