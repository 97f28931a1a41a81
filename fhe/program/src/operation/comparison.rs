//! Order of unsigned integers.

use crate::lowering::order::less_than;
use crate::lowering::{Builder, Value};
use crate::operation::registry::{Operation, same_integers};
use crate::value::ValueType;

/// `a < b`.
pub struct LessThan;
/// `a <= b`, as `not (b < a)`.
pub struct LessOrEqual;
/// `a > b`, as `b < a`.
pub struct GreaterThan;
/// `a >= b`, as `not (a < b)`.
pub struct GreaterOrEqual;

const SIGNATURE: &str = "(T, T) -> bool for an unsigned integer T";

fn compares(operands: &[ValueType], result: ValueType) -> bool {
    matches!(*operands, [a, b] if same_integers(&[a, b]) && result == ValueType::Bool)
}

/// `(a < b) == expected`.
fn lower(builder: &mut Builder, a: &Value, b: &Value, expected: bool) -> Value {
    Value::bool(less_than(builder, &a.blocks, &b.blocks, |less| i32::from(less == expected)))
}

impl Operation for LessThan {
    fn name(&self) -> &'static str {
        "lt"
    }

    fn signature(&self) -> &'static str {
        SIGNATURE
    }

    fn accepts(&self, operands: &[ValueType], result: ValueType) -> bool {
        compares(operands, result)
    }

    fn evaluate(&self, operands: &[u64], _: ValueType) -> u64 {
        u64::from(operands[0] < operands[1])
    }

    fn lower(&self, builder: &mut Builder, operands: &[&Value], _: ValueType) -> Value {
        lower(builder, operands[0], operands[1], true)
    }
}

impl Operation for LessOrEqual {
    fn name(&self) -> &'static str {
        "le"
    }

    fn signature(&self) -> &'static str {
        SIGNATURE
    }

    fn accepts(&self, operands: &[ValueType], result: ValueType) -> bool {
        compares(operands, result)
    }

    fn evaluate(&self, operands: &[u64], _: ValueType) -> u64 {
        u64::from(operands[0] <= operands[1])
    }

    fn lower(&self, builder: &mut Builder, operands: &[&Value], _: ValueType) -> Value {
        lower(builder, operands[1], operands[0], false)
    }
}

impl Operation for GreaterThan {
    fn name(&self) -> &'static str {
        "gt"
    }

    fn signature(&self) -> &'static str {
        SIGNATURE
    }

    fn accepts(&self, operands: &[ValueType], result: ValueType) -> bool {
        compares(operands, result)
    }

    fn evaluate(&self, operands: &[u64], _: ValueType) -> u64 {
        u64::from(operands[0] > operands[1])
    }

    fn lower(&self, builder: &mut Builder, operands: &[&Value], _: ValueType) -> Value {
        lower(builder, operands[1], operands[0], true)
    }
}

impl Operation for GreaterOrEqual {
    fn name(&self) -> &'static str {
        "ge"
    }

    fn signature(&self) -> &'static str {
        SIGNATURE
    }

    fn accepts(&self, operands: &[ValueType], result: ValueType) -> bool {
        compares(operands, result)
    }

    fn evaluate(&self, operands: &[u64], _: ValueType) -> u64 {
        u64::from(operands[0] >= operands[1])
    }

    fn lower(&self, builder: &mut Builder, operands: &[&Value], _: ValueType) -> Value {
        lower(builder, operands[0], operands[1], false)
    }
}
