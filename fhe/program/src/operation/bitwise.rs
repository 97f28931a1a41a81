//! And, or, exclusive or, not: of bools and, bit by bit, of integers.

use crate::lowering::form::clean_degree;
use crate::lowering::{Builder, Form, Value};
use crate::operation::registry::{Operation, same_types};
use crate::value::ValueType;

/// `a & b`.
pub struct And;
/// `a | b`.
pub struct Or;
/// `a ^ b`.
pub struct Xor;
/// `!a`: a linear combination, no bootstrapping.
pub struct Not;

impl Operation for And {
    fn name(&self) -> &'static str {
        "and"
    }

    fn signature(&self) -> &'static str {
        "(T, T) -> T for bool or an unsigned integer T"
    }

    fn accepts(&self, operands: &[ValueType], result: ValueType) -> bool {
        matches!(*operands, [a, b] if same_types(&[result, a, b]))
    }

    fn evaluate(&self, operands: &[u64], _: ValueType) -> u64 {
        operands[0] & operands[1]
    }

    fn lower(&self, builder: &mut Builder, operands: &[&Value], _: ValueType) -> Value {
        block_by_block(builder, operands, |a, b| a & b)
    }
}

impl Operation for Or {
    fn name(&self) -> &'static str {
        "or"
    }

    fn signature(&self) -> &'static str {
        "(T, T) -> T for bool or an unsigned integer T"
    }

    fn accepts(&self, operands: &[ValueType], result: ValueType) -> bool {
        matches!(*operands, [a, b] if same_types(&[result, a, b]))
    }

    fn evaluate(&self, operands: &[u64], _: ValueType) -> u64 {
        operands[0] | operands[1]
    }

    fn lower(&self, builder: &mut Builder, operands: &[&Value], _: ValueType) -> Value {
        block_by_block(builder, operands, |a, b| a | b)
    }
}

impl Operation for Xor {
    fn name(&self) -> &'static str {
        "xor"
    }

    fn signature(&self) -> &'static str {
        "(T, T) -> T for bool or an unsigned integer T"
    }

    fn accepts(&self, operands: &[ValueType], result: ValueType) -> bool {
        matches!(*operands, [a, b] if same_types(&[result, a, b]))
    }

    fn evaluate(&self, operands: &[u64], _: ValueType) -> u64 {
        operands[0] ^ operands[1]
    }

    fn lower(&self, builder: &mut Builder, operands: &[&Value], _: ValueType) -> Value {
        block_by_block(builder, operands, |a, b| a ^ b)
    }
}

impl Operation for Not {
    fn name(&self) -> &'static str {
        "not"
    }

    fn signature(&self) -> &'static str {
        "(T) -> T for bool or an unsigned integer T"
    }

    fn accepts(&self, operands: &[ValueType], result: ValueType) -> bool {
        matches!(*operands, [a] if same_types(&[result, a]))
    }

    fn evaluate(&self, operands: &[u64], _: ValueType) -> u64 {
        !operands[0]
    }

    fn lower(&self, _: &mut Builder, operands: &[&Value], result: ValueType) -> Value {
        let highest = clean_degree(result);
        let blocks = operands[0].blocks.iter().map(|b| b.negated().plus_constant(highest)).collect();
        Value { value_type: result, blocks }
    }
}

fn block_by_block(builder: &mut Builder, operands: &[&Value], function: impl Fn(i32, i32) -> i32) -> Value {
    let value_type = operands[0].value_type;
    let highest = clean_degree(value_type);
    let blocks = operands[0].blocks.iter().zip(&operands[1].blocks);
    let blocks = blocks.map(|(a, b)| block(builder, a, b, highest, &function)).collect();
    Value { value_type, blocks }
}

/// One lookup; none where a constant makes the function constant, the identity or the complement.
fn block(
    builder: &mut Builder,
    a: &Form,
    b: &Form,
    highest: i32,
    function: impl Fn(i32, i32) -> i32,
) -> Form {
    // All three commute: one order, so that equal operations are found equal.
    let (a, b) = if a <= b { (a, b) } else { (b, a) };
    if a == b {
        return unary(builder, a, highest, |v| function(v, v));
    }
    if let Some(k) = a.as_constant() {
        return unary(builder, b, highest, |v| function(k, v));
    }
    if let Some(k) = b.as_constant() {
        return unary(builder, a, highest, |v| function(v, k));
    }
    if highest == 1 {
        // The sum of two bits tells every symmetric function of them.
        let sum = builder.fit(&[(1, a), (1, b)]);
        return builder.lookup(&sum, |v| function(i32::from(v > 0), i32::from(v > 1)));
    }
    let packed = builder.fit(&[(4, a), (1, b)]);
    builder.lookup(&packed, |v| function(v >> 2, v & 3))
}

fn unary(builder: &mut Builder, a: &Form, highest: i32, function: impl Fn(i32) -> i32) -> Form {
    let values = builder.reach(a);
    if values.iter().all(|v| function(v) == v) {
        a.clone()
    } else if values.iter().all(|v| function(v) == highest - v) {
        a.negated().plus_constant(highest)
    } else {
        builder.lookup(a, function)
    }
}
