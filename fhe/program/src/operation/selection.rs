//! Selection between two values by a bool.

use crate::lowering::form::clean_degree;
use crate::lowering::{Builder, Form, Value};
use crate::operation::registry::{Operation, same_types};
use crate::value::ValueType;

/// `if c { a } else { b }`.
pub struct Select;

impl Operation for Select {
    fn name(&self) -> &'static str {
        "select"
    }

    fn signature(&self) -> &'static str {
        "(bool, T, T) -> T for bool or an unsigned integer T"
    }

    fn accepts(&self, operands: &[ValueType], result: ValueType) -> bool {
        matches!(*operands, [c, a, b] if c == ValueType::Bool && same_types(&[result, a, b]))
    }

    fn evaluate(&self, operands: &[u64], _: ValueType) -> u64 {
        if operands[0] != 0 { operands[1] } else { operands[2] }
    }

    fn lower(&self, builder: &mut Builder, operands: &[&Value], _: ValueType) -> Value {
        select(builder, &operands[0].blocks[0], operands[1], operands[2])
    }
}

/// Noise level above which a result is bootstrapped rather than left as a sum: later operations pay for more.
const MAX_RESULT_LEVEL: u64 = 2;

/// `if c { a } else { b }` block by block: `b + c (a - b)`, where one lookup of `a - b` and c gives the product. The sum
/// is left linear: it reaches no more than its operands do.
pub(crate) fn select(builder: &mut Builder, c: &Form, a: &Value, b: &Value) -> Value {
    let highest = clean_degree(a.value_type);
    let blocks = a.blocks.iter().zip(&b.blocks).map(|(a, b)| block(builder, c, a, b, highest)).collect();
    Value { value_type: a.value_type, blocks }
}

fn block(builder: &mut Builder, c: &Form, a: &Form, b: &Form, highest: i32) -> Form {
    if let Some(chosen) = c.as_constant() {
        return if chosen == 1 { a.clone() } else { b.clone() };
    }
    if a == b {
        return a.clone();
    }
    match (a.as_constant(), b.as_constant()) {
        (Some(x), Some(y)) => return between_constants(builder, c, x, y),
        (Some(x), None) => {
            let packed = builder.fit(&[(1, b), (4, c)]);
            return builder.lookup(&packed, |v| if v >= 4 { x } else { v });
        }
        (None, Some(y)) => {
            let packed = builder.fit(&[(1, a), (4, c)]);
            return builder.lookup(&packed, |v| if v >= 4 { v - 4 } else { y });
        }
        (None, None) => {}
    }
    // Start from the less noisy one.
    let (base, other, on) = if builder.level(b) <= builder.level(a) { (b, a, 1) } else { (a, b, 0) };
    // Differences -3 to 3 with c, those of bools -1 to 1: weights that keep the two cases apart.
    let change = if highest == 1 {
        let joined = builder.fit(&[(1, other), (-1, base), (3, c)]);
        builder.lookup(&joined, |v| product(v, 2, 3, on))
    } else {
        let weighted = builder.relabel(c, |v| 8 * v);
        let joined = builder.fit(&[(1, other), (-1, base), (1, &weighted)]);
        builder.lookup(&joined, |v| product(v, 4, 8, on))
    };
    let sum = base.plus(1, &change);
    if builder.level(&sum) <= MAX_RESULT_LEVEL && builder.reach(&sum).high() <= highest {
        return sum;
    }
    // Where the sum reaches more than its operands only for want of tracking, those plaintexts do not occur.
    let fitted = builder.fit(&[(1, base), (1, &change)]);
    builder.lookup(&fitted, |v| v.clamp(0, highest))
}

/// The difference where c is `on`, else 0. `v` is the difference plus `weight * c`, which is at least `from` where c = 1.
fn product(v: i32, from: i32, weight: i32, on: i32) -> i32 {
    let (c, difference) = if v >= from { (1, v - weight) } else { (0, v) };
    if c == on { difference } else { 0 }
}

/// `y + c (x - y)`, linear in c; a lookup where that would be noisy.
fn between_constants(builder: &mut Builder, c: &Form, x: i32, y: i32) -> Form {
    let sum = Form::constant(y).plus(x - y, c);
    if builder.level(&sum) <= 1 { sum } else { builder.lookup(c, |v| if v == 1 { x } else { y }) }
}
