//! Casts between bool and unsigned integers.

use crate::lowering::form::block_count;
use crate::lowering::order::different;
use crate::lowering::{Builder, Form, Value};
use crate::operation::registry::Operation;
use crate::value::ValueType;

/// A cast: to a wider integer with zeros, to a narrower one by dropping high bits, from bool as 0 or 1, to bool as
/// "not zero". Only the last takes bootstrappings.
pub struct Cast;

impl Operation for Cast {
    fn name(&self) -> &'static str {
        "cast"
    }

    fn signature(&self) -> &'static str {
        "(T) -> U for bool or unsigned integers T and U"
    }

    fn accepts(&self, operands: &[ValueType], result: ValueType) -> bool {
        matches!(*operands, [a] if a != ValueType::Nibbles && result != ValueType::Nibbles)
    }

    fn evaluate(&self, operands: &[u64], result: ValueType) -> u64 {
        if result == ValueType::Bool { u64::from(operands[0] != 0) } else { operands[0] }
    }

    fn lower(&self, builder: &mut Builder, operands: &[&Value], result: ValueType) -> Value {
        let from = operands[0];
        if result == ValueType::Bool && from.value_type != ValueType::Bool {
            let zero = Value::constant(from.value_type, 0);
            return Value::bool(different(builder, &from.blocks, &zero.blocks, i32::from));
        }
        let mut blocks = from.blocks.clone();
        blocks.resize(block_count(result), Form::constant(0));
        Value { value_type: result, blocks }
    }
}
