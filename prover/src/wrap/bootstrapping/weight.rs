//! Weights in closed form as constraints: the evaluation basis, extraction, the modulus switch, decompositions, indices.
//!
//! Each is the function of the same name of `trine_verifier::bootstrapping::weight`.

use crate::wrap::checks::Checks;
use crate::wrap::claim::eq_table;
use crate::wrap::wire::Wire;
use ark_bn254::Fr;
use ark_ff::{Field, One};
use std::collections::HashMap;
use trine_verifier::bootstrapping::parameters::{Gadget, LOG_BOXES};
use trine_verifier::bootstrapping::weight::evaluation::root;

/// `eq(point, index)` on the variables from any one on, each product made once.
pub struct IndexProducts {
    point: Vec<Wire>,
    made: HashMap<(usize, usize), Wire>,
}

impl IndexProducts {
    /// Of a point.
    pub fn new(point: &[Wire]) -> Self {
        Self { point: point.to_vec(), made: HashMap::new() }
    }

    /// `eq` of the variables from `start` on with the bits of `index`.
    pub fn at(&mut self, checks: &mut Checks, start: usize, index: usize) -> Wire {
        let Some(variable) = self.point.get(start) else { return Wire::one() };
        if let Some(made) = self.made.get(&(start, index)) {
            return made.clone();
        }
        let factor = if index & 1 == 1 { variable.clone() } else { variable.complement() };
        let above = self.at(checks, start + 1, index >> 1);
        let product = checks.product(&factor, &above);
        self.made.insert((start, index), product.clone());
        product
    }
}

/// `eq(point, index)` over all of a point.
pub fn eq_index(checks: &mut Checks, point: &[Wire], index: usize) -> Wire {
    IndexProducts::new(point).at(checks, 0, index)
}

/// Entry k: `eq` of the lowest k variables of both points; one more than the shorter point has.
pub fn eq_prefixes(checks: &mut Checks, a: &[Wire], b: &[Wire]) -> Vec<Wire> {
    let mut prefixes = vec![Wire::one()];
    for (a, b) in a.iter().zip(b) {
        let factor = crate::wrap::claim::eq(checks, std::slice::from_ref(a), std::slice::from_ref(b));
        let product = prefixes.last().map_or(factor.clone(), |last| checks.product(last, &factor));
        prefixes.push(product);
    }
    prefixes
}

/// `prod_k (1 - x_k + x_k base^(2^k))`.
fn geometric(checks: &mut Checks, x: &[Wire], mut base: Fr) -> Wire {
    let mut product = Wire::one();
    for x in x {
        let factor = Wire::one().plus(x, base - Fr::one());
        product = checks.product(&product, &factor);
        base.square_in_place();
    }
    product
}

/// `1, base, base^2, ..`
fn powers(base: Fr) -> impl Iterator<Item = Fr> {
    std::iter::successors(Some(Fr::one()), move |power| Some(*power * base))
}

/// `base^(2^times)`.
fn square(base: Fr, times: usize) -> Fr {
    (0..times).fold(base, |power, _| power.square())
}

/// Extension of `W_x` at `y`, of as many variables as x, or one more for the exponents below 2N.
///
/// A bilinear form with a constant matrix of about `sqrt N` rows and columns.
pub fn evaluation(checks: &mut Checks, x: &[Wire], y: &[Wire]) -> Wire {
    let (y, sign) = y.split_at(x.len().min(y.len()));
    let (n, m) = (x.len(), x.len().div_ceil(2));
    let (x_low, x_high) = x.split_at(m);
    let (y_low, y_high) = y.split_at(n - m);
    let w = root(n);
    let rows = eq_table(checks, y_low);
    let columns = eq_table(checks, x_low);
    // w^(2^(n-m) (2z + 1)), z by z.
    let first = square(w, n - m);
    let right: Vec<Wire> = columns
        .iter()
        .zip(powers(first.square()))
        .map(|(eq, even)| {
            let sum = geometric(checks, y_high, even * first);
            checks.product(eq, &sum)
        })
        .collect();
    let bases = powers(w).zip(powers(square(w, m + 1)));
    let mut sum = Wire::zero();
    for ((eq, (power, base)), step) in rows.iter().zip(bases).zip(powers(w.square())) {
        let inner = geometric(checks, x_high, base);
        let left = checks.product(eq, &(&inner * power));
        sum = &sum + &checks.product(&left, &Wire::packed(&right, step));
    }
    sign.iter().fold(sum, |sum, y| checks.product(&sum, &Wire::one().plus(y, -Fr::from(2u64))))
}

/// Extraction of the coefficients `k N / 16`, k below 16: `sum_(j + m = e) eq(r, j) eq(t, m)` less the same for `e + N`.
///
/// Adds bit by bit; the offsets' low bits are zero, so that the states there are shared.
pub fn extractions(checks: &mut Checks, r: &[Wire], t: &[Wire]) -> Vec<Wire> {
    let low = r.len().saturating_sub(LOG_BOXES);
    let mut states = vec![[Wire::one(), Wire::zero()]];
    for (bit, (r, t)) in r.iter().zip(t).enumerate() {
        let both = checks.product(r, t);
        let neither = &(&Wire::one() - &(r + t)) + &both;
        let one = &(r + t) - &(&both * Fr::from(2u64));
        let read = |checks: &mut Checks, [none, carry]: &[Wire; 2], odd: bool| {
            if odd {
                let kept = &checks.product(none, &one) + &checks.product(carry, &neither);
                [kept, checks.product(carry, &both)]
            } else {
                let carried = &checks.product(none, &both) + &checks.product(carry, &one);
                [checks.product(none, &neither), carried]
            }
        };
        let mut next: Vec<[Wire; 2]> = states.iter().map(|state| read(checks, state, false)).collect();
        if bit >= low {
            next.extend(states.iter().map(|state| read(checks, state, true)).collect::<Vec<_>>());
        }
        states = next;
    }
    states.iter().map(|[none, carry]| none - carry).collect()
}

/// The weight of the words of a keyswitching key in the modulus switch: word of a group, then group.
pub fn switch(checks: &mut Checks, subset: &[Wire], group: &[Wire], word: &[Wire], i: &[Wire]) -> Wire {
    let table = eq_table(checks, word);
    let words = crate::wrap::claim::inner_product(checks, &table, subset.iter().rev());
    let (at_zero, i_at_zero) = (eq_index(checks, group, 0), eq_index(checks, i, 0));
    let body = checks.product(&at_zero, &i_at_zero);
    let equal = crate::wrap::claim::eq(checks, group, i);
    checks.product(&words, &equal.plus(&body, -Fr::from(2u64)))
}

/// `sum_i eq(s, i) eq(r, i + 1)`, without wrap-around.
pub fn shift(checks: &mut Checks, r: &[Wire], s: &[Wire]) -> Wire {
    let (mut carried, mut landed) = (Wire::one(), Wire::zero());
    for (r, s) in r.iter().zip(s) {
        let both = checks.product(r, s);
        let equal = (&Wire::one() - &(r + s)).plus(&both, Fr::from(2u64));
        let here = checks.product(&carried, &(r - &both));
        landed = &checks.product(&landed, &equal) + &here;
        carried = checks.product(&carried, &(s - &both));
    }
    landed
}

/// Extension of `[i < bound]`; one everywhere if no index reaches the bound.
pub fn below(checks: &mut Checks, y: &[Wire], bound: usize) -> Wire {
    if bound >> y.len() != 0 {
        return Wire::one();
    }
    y.iter().enumerate().fold(Wire::zero(), |less, (k, y)| {
        let both = checks.product(y, &less);
        if bound >> k & 1 == 1 { &y.complement() + &both } else { &less - &both }
    })
}

/// Extension of the index: `sum_k 2^k y_k`.
pub fn identity(y: &[Wire]) -> Wire {
    Wire::packed(y, Fr::from(2u64))
}

/// Weights of what a digit of a decomposition passes to the digit above it.
struct Passed {
    none: Wire,
    carry: Wire,
    tie: Wire,
}

/// Extensions of the digits of the table of decompositions: see [`Gadget::digit_extensions`].
pub fn digits(checks: &mut Checks, gadget: Gadget, point: &[Wire]) -> Vec<Wire> {
    let (state, tie) = point.split_at(gadget.state_bits().min(point.len()));
    let mut passed = Passed { none: Wire::one(), carry: Wire::zero(), tie: Wire::zero() };
    let mut columns = Vec::with_capacity(gadget.levels);
    let mut levels = state.chunks(gadget.base_bits).peekable();
    while let Some(bits) = levels.next() {
        let above = levels.peek().and_then(|above| above.last());
        let (column, next) = read_digit(checks, gadget, bits, above, &passed);
        columns.push(column);
        passed = next;
    }
    if let (Some(top), Some(column), Some((sign, rest))) =
        (tie.first(), columns.last_mut(), state.split_last())
    {
        let zeros = eq_index(checks, rest, 0);
        let row = checks.product_of([&zeros, sign, top]);
        *column = column.plus(&row, Fr::from(1u64 << gadget.base_bits));
    }
    columns
}

fn read_digit(
    checks: &mut Checks,
    gadget: Gadget,
    bits: &[Wire],
    top_bit_above: Option<&Wire>,
    from: &Passed,
) -> (Wire, Passed) {
    let (base, half) = (1i64 << gadget.base_bits, 1i64 << (gadget.base_bits - 1));
    let mut to = Passed { none: Wire::zero(), carry: Wire::zero(), tie: Wire::zero() };
    let mut column = Wire::zero();
    for (digit, eq) in (0..).zip(eq_table(checks, bits)) {
        let upper = digit >= half;
        let (without, with) = if upper {
            (from.none.clone(), &from.carry + &from.tie)
        } else {
            (&from.none + &from.tie, from.carry.clone())
        };
        for (residue, weight) in [(digit, without), (digit + 1, with)] {
            let weight = checks.product(&weight, &eq);
            if residue > half {
                column = column.plus(&weight, Fr::from(residue - base));
                to.carry = &to.carry + &weight;
            } else if residue < half {
                column = column.plus(&weight, Fr::from(residue));
                to.none = &to.none + &weight;
            } else {
                let bit = top_bit_above.cloned().unwrap_or(Wire::constant(Fr::from(upper)));
                let tied = checks.product(&weight, &bit);
                column = column.plus(&weight, Fr::from(half)).plus(&tied, -Fr::from(base));
                to.tie = &to.tie + &weight;
            }
        }
    }
    (column, to)
}
