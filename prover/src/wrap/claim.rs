//! Product weights in closed form, as constraints: equality polynomials, selectors, chunked columns.

use super::checks::Checks;
use super::wire::Wire;
use ark_bn254::Fr;
use trine_verifier::class::Class;

/// `eq(a, b)` of one variable.
fn eq_factor(checks: &mut Checks, a: &Wire, b: &Wire) -> Wire {
    let both = checks.product(a, b);
    (&Wire::one() - &(a + b)).plus(&both, Fr::from(2u64))
}

/// `eq(a, b)` over the shorter of the two points.
pub fn eq(checks: &mut Checks, a: &[Wire], b: &[Wire]) -> Wire {
    let mut product = Wire::one();
    for (a, b) in a.iter().zip(b) {
        let factor = eq_factor(checks, a, b);
        product = checks.product(&product, &factor);
    }
    product
}

/// `eq(point, index)` for every index, lowest variable in the lowest bit.
pub fn eq_table(checks: &mut Checks, point: &[Wire]) -> Vec<Wire> {
    let mut table = vec![Wire::one()];
    for x in point {
        let high: Vec<Wire> = table.iter().map(|t| checks.product(t, x)).collect();
        table = table.iter().zip(&high).map(|(t, h)| t - h).chain(high.iter().cloned()).collect();
    }
    table
}

/// `sum_i a_i b_i`.
pub fn inner_product<'a>(
    checks: &mut Checks,
    a: impl IntoIterator<Item = &'a Wire>,
    b: impl IntoIterator<Item = &'a Wire>,
) -> Wire {
    a.into_iter().zip(b).fold(Wire::zero(), |sum, (a, b)| {
        let product = checks.product(a, b);
        &sum + &product
    })
}

/// `sum_i base^i wires_i` by Horner's rule.
pub fn horner<'a>(
    checks: &mut Checks,
    wires: impl IntoIterator<Item = &'a Wire, IntoIter: DoubleEndedIterator>,
    base: &Wire,
) -> Wire {
    wires.into_iter().rev().fold(Wire::zero(), |sum, wire| {
        let shifted = checks.product(&sum, base);
        &shifted + wire
    })
}

/// The reduction point, with the products that several claims share.
pub struct ReducedPoint {
    /// `u`.
    pub point: Vec<Wire>,
    /// Entry j: `prod_{i >= j} (1 - u_i)`, `m + 1` of them.
    zero_from: Vec<Wire>,
}

impl ReducedPoint {
    /// Shares the products of a point.
    pub fn new(checks: &mut Checks, point: Vec<Wire>) -> Self {
        let mut zero_from = vec![Wire::one()];
        for u in point.iter().rev() {
            let product = match zero_from.last() {
                Some(last) => checks.product(last, &u.complement()),
                None => u.complement(),
            };
            zero_from.push(product);
        }
        zero_from.reverse();
        Self { point, zero_from }
    }

    /// `prod_{i >= j} (1 - u_i)`: the variables from `j` on are pinned to zero.
    pub fn zero_from(&self, j: usize) -> &Wire {
        &self.zero_from[j]
    }

    /// A column weighted by `eq(row, point)`: `chunks` holds the values of its polynomials at u.
    ///
    /// Variables of the row beyond a chunk select the polynomial; a row shorter than a chunk pins those above it.
    pub fn column(&self, checks: &mut Checks, class: &Class, point: &[Wire], chunks: &[Wire]) -> Wire {
        let (low, high) = point.split_at(point.len().min(class.log_chunk));
        let selectors = eq_table(checks, high);
        let selected = inner_product(checks, &selectors, chunks);
        let inside = eq(checks, &self.point, low);
        let weight = checks.product(&inside, self.zero_from(low.len()));
        checks.product(&weight, &selected)
    }
}
