//! Sign and difference of two integers, with one bootstrapping a block.
//!
//! **Less than.** From the top, the sign of what has been seen (-4, 0 or 4) plus the next difference (-3 to 3) has the
//! sign of both: a chain of signs. From the bottom, a borrow (0 or 1) is taken from the next difference: a chain of
//! borrows. One lookup joins a sign from above, a difference and a borrow from below (-8 to 7), so every block is looked
//! at once, and segments of growing length are joined: depth k covers k (k + 1) / 2 blocks.
//!
//! **Different.** One lookup joins a difference (-3 to 3) with two flags of 4: zero only if all are. A binary tree.
//!
//! Against constants two blocks are looked up at once.

use crate::lowering::Builder;
use crate::lowering::form::Form;

/// A pair of blocks to compare.
type Pair<'a> = (&'a Form, &'a Form);

/// `result(a < b)` of two integers of equally many clean blocks.
pub fn less_than(builder: &mut Builder, a: &[Form], b: &[Form], result: impl Fn(bool) -> i32) -> Form {
    let equal = |(a, b): &Pair<'_>| a.as_constant().is_some() && a == b;
    let mut pairs: Vec<Pair<'_>> = a.iter().zip(b).filter(|pair| !equal(pair)).collect();
    // Low blocks that can never borrow do not matter.
    let borrows = |(a, b): &Pair<'_>| builder.reach(&a.plus(-1, b)).low() < 0;
    let idle = pairs.iter().take_while(|pair| !borrows(pair)).count();
    pairs.drain(..idle);
    if pairs.len() > 1 && pairs.iter().all(|(_, b)| b.as_constant().is_some()) {
        return below_constant(builder, &pairs, result);
    }
    if pairs.len() > 1 && pairs.iter().all(|(a, _)| a.as_constant().is_some()) {
        let swapped: Vec<Pair<'_>> = pairs.iter().map(|(a, b)| (*b, *a)).collect();
        return above_constant(builder, &swapped, result);
    }
    borrow(builder, &pairs, result)
}

/// `result(a < b)` for the blocks of `pairs`, least significant first.
fn borrow(builder: &mut Builder, pairs: &[Pair<'_>], result: impl Fn(bool) -> i32) -> Form {
    let count = pairs.len();
    if count == 0 {
        return Form::constant(result(false));
    }
    let depth = (1..).find(|k| k * (k + 1) / 2 >= count).unwrap_or(count);
    let pivot = count - depth.min(count);
    let above = sign(builder, &pairs[pivot + 1..]);
    let below = borrow(builder, &pairs[..pivot], i32::from);
    let (a, b) = pairs[pivot];
    let joined = builder.fit(&[(1, a), (-1, b), (1, &above), (-1, &below)]);
    builder.lookup(&joined, |v| result(v < 0))
}

/// Four times the sign of a - b.
fn sign(builder: &mut Builder, pairs: &[Pair<'_>]) -> Form {
    let mut above = Form::constant(0);
    for (a, b) in pairs.iter().rev() {
        let joined = builder.fit(&[(1, a), (-1, b), (1, &above)]);
        above = builder.lookup(&joined, |v| 4 * v.signum());
    }
    above
}

/// `result(a < k)` for constant k: two blocks a lookup, then one borrow and three signs a lookup.
fn below_constant(builder: &mut Builder, pairs: &[Pair<'_>], result: impl Fn(bool) -> i32) -> Form {
    against_constant(builder, pairs, |v, k| (k - v).signum(), result)
}

/// `result(k < a)` for constant k.
fn above_constant(builder: &mut Builder, pairs: &[Pair<'_>], result: impl Fn(bool) -> i32) -> Form {
    against_constant(builder, pairs, |v, k| (v - k).signum(), result)
}

/// `wins(v, k)` is 1 where the digit decides for `result(true)`, -1 against, 0 where lower digits decide.
fn against_constant(
    builder: &mut Builder,
    pairs: &[Pair<'_>],
    wins: impl Fn(i32, i32) -> i32,
    result: impl Fn(bool) -> i32,
) -> Form {
    // Each digit: the packed blocks and the constant.
    let mut digits: Vec<(Form, i32)> = Vec::new();
    for chunk in pairs.chunks(2) {
        let constant = |i: usize| chunk[i].1.as_constant().unwrap_or(0);
        digits.push(match chunk {
            [(low, _), (high, _)] => (builder.fit(&[(1, low), (4, high)]), constant(0) + 4 * constant(1)),
            _ => (chunk[0].0.clone(), constant(0)),
        });
    }
    let (lowest, k) = digits.remove(0);
    let mut decided = if digits.is_empty() {
        return builder.lookup(&lowest, |v| result(wins(v, k) > 0));
    } else {
        builder.lookup(&lowest, |v| i32::from(wins(v, k) > 0))
    };
    let groups = digits.chunks(3).count();
    for (index, group) in digits.chunks(3).enumerate() {
        // 0, 1 or 2 for against, undecided, for; weights 1, 2, 4. With the bit from below the sum carries past the
        // group exactly when the group decides for, or leaves it to a bit that is set.
        let mut states = Vec::new();
        for (weight, (digit, k)) in group.iter().enumerate() {
            states.push(builder.lookup(digit, |v| (wins(v, *k) + 1) << weight));
        }
        let mut parts: Vec<(i32, &Form)> = states.iter().map(|s| (1, s)).collect();
        parts.push((1, &decided));
        let joined = builder.fit(&parts);
        let full = 1 << group.len();
        decided = if index + 1 == groups {
            builder.lookup(&joined, |v| result(v >= full))
        } else {
            builder.lookup(&joined, |v| i32::from(v >= full))
        };
    }
    decided
}

/// `result(a != b)` of two integers of equally many clean blocks.
pub fn different(builder: &mut Builder, a: &[Form], b: &[Form], result: impl Fn(bool) -> i32) -> Form {
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    let mut against: Vec<(&Form, i32)> = Vec::new();
    for (a, b) in a.iter().zip(b) {
        match (a.as_constant(), b.as_constant()) {
            (Some(x), Some(y)) if x == y => {}
            (Some(_), Some(_)) => return Form::constant(result(true)),
            (Some(k), None) => against.push((b, k)),
            (None, Some(k)) => against.push((a, k)),
            (None, None) if a == b => {}
            (None, None) => pairs.push((a, b)),
        }
    }
    if against.iter().any(|(form, k)| !builder.reach(form).contains(*k)) {
        return Form::constant(result(true));
    }
    if pairs.is_empty() {
        return different_from_constant(builder, &against, result);
    }
    let flag = different_from_constant(builder, &against, |b| 4 * i32::from(b));
    different_tree(builder, &pairs, flag, &result)
}

/// `result(a != b or flag)`, the flag 0 or 4.
fn different_tree(
    builder: &mut Builder,
    pairs: &[Pair<'_>],
    flag: Form,
    result: &dyn Fn(bool) -> i32,
) -> Form {
    let Some(((a, b), rest)) = pairs.split_first() else { return flag };
    let four = |differs: bool| 4 * i32::from(differs);
    let (left, right) = rest.split_at(rest.len() / 2);
    let left = if left.is_empty() {
        Form::constant(0)
    } else {
        different_tree(builder, left, Form::constant(0), &four)
    };
    let right = different_tree(builder, right, flag, &four);
    let joined = builder.fit(&[(1, a), (-1, b), (1, &left), (1, &right)]);
    builder.lookup(&joined, |v| result(v != 0))
}

/// `result(some block differs from its constant)`, each constant within reach of its block.
fn different_from_constant(
    builder: &mut Builder,
    blocks: &[(&Form, i32)],
    result: impl Fn(bool) -> i32,
) -> Form {
    // Forms that are 0 where equal and positive where not, which add up; and blocks whose constant is neither end.
    let (mut excesses, mut inner) = (Vec::new(), Vec::new());
    for (form, k) in blocks {
        let values = builder.reach(form);
        if *k == values.low() {
            excesses.push(form.plus_constant(-k));
        } else if *k == values.high() {
            excesses.push(form.negated().plus_constant(*k));
        } else {
            inner.push((*form, *k));
        }
    }
    for chunk in inner.chunks(2) {
        let excess = match *chunk {
            [(low, k0), (high, k1)] => {
                let packed = builder.fit(&[(1, low), (4, high)]);
                builder.lookup(&packed, |v| i32::from(v != k0 + 4 * k1))
            }
            _ => {
                let (form, k) = chunk[0];
                match excesses.iter().position(|e| builder.reach(e).high() <= 3) {
                    Some(place) => {
                        let partner: Form = excesses.remove(place);
                        let packed = builder.fit(&[(1, form), (4, &partner)]);
                        builder.lookup(&packed, |v| i32::from(v != k))
                    }
                    None => builder.lookup(form, |v| i32::from(v != k)),
                }
            }
        };
        excesses.push(excess);
    }
    any_positive(builder, excesses, result)
}

/// `result(some form is positive)` of forms that are never negative.
fn any_positive(builder: &mut Builder, mut forms: Vec<Form>, result: impl Fn(bool) -> i32) -> Form {
    if forms.len() == 1 {
        return builder.relabel(&forms[0], |v| result(v > 0));
    }
    loop {
        let (mut sum, mut taken) = (Form::constant(0), 0);
        for form in &forms {
            let next = sum.plus(1, form);
            if taken > 0 && !builder.is_block(&next) {
                break;
            }
            (sum, taken) = (next, taken + 1);
        }
        if taken == forms.len() {
            return builder.lookup(&sum, |v| result(v > 0));
        }
        if taken == 1 && builder.level(&sum) == 1 {
            // The next one is too noisy to join: it is bootstrapped by itself.
            forms[1] = builder.relabel(&forms[1], |v| i32::from(v > 0));
            continue;
        }
        let flag = builder.lookup(&sum, |v| i32::from(v > 0));
        forms.drain(..taken);
        forms.push(flag);
    }
}
