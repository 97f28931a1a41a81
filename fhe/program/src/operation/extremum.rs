//! Smaller and larger of two unsigned integers: a comparison and a selection.

use crate::lowering::order::less_than;
use crate::lowering::{Builder, Value};
use crate::operation::registry::{Operation, same_integers};
use crate::operation::selection::select;
use crate::value::ValueType;

/// `min(a, b)`.
pub struct Minimum;
/// `max(a, b)`.
pub struct Maximum;

const SIGNATURE: &str = "(T, T) -> T for an unsigned integer T";

impl Operation for Minimum {
    fn name(&self) -> &'static str {
        "min"
    }

    fn signature(&self) -> &'static str {
        SIGNATURE
    }

    fn accepts(&self, operands: &[ValueType], result: ValueType) -> bool {
        matches!(*operands, [a, b] if same_integers(&[result, a, b]))
    }

    fn evaluate(&self, operands: &[u64], _: ValueType) -> u64 {
        operands[0].min(operands[1])
    }

    fn lower(&self, builder: &mut Builder, operands: &[&Value], _: ValueType) -> Value {
        let (a, b) = (operands[0], operands[1]);
        let less = less_than(builder, &a.blocks, &b.blocks, i32::from);
        select(builder, &less, a, b)
    }
}

impl Operation for Maximum {
    fn name(&self) -> &'static str {
        "max"
    }

    fn signature(&self) -> &'static str {
        SIGNATURE
    }

    fn accepts(&self, operands: &[ValueType], result: ValueType) -> bool {
        matches!(*operands, [a, b] if same_integers(&[result, a, b]))
    }

    fn evaluate(&self, operands: &[u64], _: ValueType) -> u64 {
        operands[0].max(operands[1])
    }

    fn lower(&self, builder: &mut Builder, operands: &[&Value], _: ValueType) -> Value {
        let (a, b) = (operands[0], operands[1]);
        let less = less_than(builder, &a.blocks, &b.blocks, i32::from);
        select(builder, &less, b, a)
    }
}
