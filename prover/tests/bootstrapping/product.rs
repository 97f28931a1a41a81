//! Rounds of the sumchecks, prover's side: honest messages for whatever sum the tables have.

use crate::dense::bind;
use ark_bn254::Fr;
use ark_ff::Zero;
use trine_verifier::Transcript;
use trine_verifier::bootstrapping::product::ProductLabels;
use trine_verifier::opening::eq_table;

/// Rounds, where they end, and the claim that is left there.
pub struct Rounds<const DEGREE: usize> {
    pub messages: Vec<[Fr; DEGREE]>,
    pub point: Vec<Fr>,
    pub claim: Fr,
}

/// `t(0)`, `t(1)` and the leading coefficient, from tables and weights.
type Sums<'a> = dyn Fn(&[Vec<Fr>], &[Fr]) -> [Fr; 3] + 'a;

/// Rounds of `sum_x eq(point, x) t(x)`: `inner` is the product of the tables at one index, bilinear in any variable.
///
/// `sums` gives, for tables and weights of what is left, `t(0)`, `t(1)` and the leading coefficient.
pub fn factored(
    mut claim: Fr,
    point: &[Fr],
    tables: &mut [Vec<Fr>],
    sums: &Sums<'_>,
    labels: [&'static str; 2],
    transcript: &mut Transcript,
) -> Rounds<2> {
    let (mut messages, mut bound) = (vec![], vec![]);
    for (i, x) in point.iter().enumerate() {
        let [at_zero, at_one, leading] = sums(tables, &eq_table(&point[i + 1..]));
        let message = [at_one - at_zero, leading];
        transcript.absorb_all(labels[0], &message);
        let rho = transcript.challenge(labels[1]);
        // What the verifier derives: equal to t(0) only if the claim is true.
        let derived = claim - *x * message[0];
        claim = derived + rho * (message[0] - leading + rho * leading);
        tables.iter_mut().for_each(|table| bind(table, rho));
        messages.push(message);
        bound.push(rho);
    }
    Rounds { messages, point: bound, claim }
}

/// Rounds of `sum_x a(x) b(x)`.
pub fn quadratic(
    mut claim: Fr,
    pairs: &mut [[Vec<Fr>; 2]],
    variables: usize,
    labels: [&'static str; 2],
    transcript: &mut Transcript,
) -> Rounds<2> {
    let (mut messages, mut bound) = (vec![], vec![]);
    for _ in 0..variables {
        let mut message = [Fr::zero(); 2];
        for [a, b] in pairs.iter() {
            for (a, b) in a.chunks_exact(2).zip(b.chunks_exact(2)) {
                message[0] += a[0] * b[0];
                message[1] += (a[1] - a[0]) * (b[1] - b[0]);
            }
        }
        let [at_zero, leading] = message;
        transcript.absorb_all(labels[0], &message);
        let rho = transcript.challenge(labels[1]);
        claim = at_zero + rho * (claim - at_zero - at_zero - leading + rho * leading);
        pairs.iter_mut().flatten().for_each(|table| bind(table, rho));
        messages.push(message);
        bound.push(rho);
    }
    Rounds { messages, point: bound, claim }
}

/// Where the product sumcheck ends.
pub struct Product {
    pub inner: Rounds<2>,
    pub outer: Rounds<3>,
    /// Both factors there.
    pub ends: [Fr; 2],
    /// `w~` there.
    pub weight: Fr,
}

/// `sum_(z, y) eq(point, z) w(y) left(z, y) right(z, y)`.
pub fn sum(point: &[Fr], outer: &[Fr], left: &[Fr], right: &[Fr]) -> Fr {
    let inner = eq_table(point);
    let weights = outer.iter().flat_map(|w| inner.iter().map(move |e| *w * e));
    weights.zip(left).zip(right).map(|((w, l), r)| w * l * r).sum()
}

/// Its rounds. The caller absorbs the two values.
pub fn prove(
    claim: Fr,
    point: &[Fr],
    outer: Vec<Fr>,
    left: Vec<Fr>,
    right: Vec<Fr>,
    labels: ProductLabels,
    transcript: &mut Transcript,
) -> Product {
    let mut tables = [left, right];
    let weights = outer.clone();
    let sums = |tables: &[Vec<Fr>], eq: &[Fr]| {
        let pairs = tables[0].chunks_exact(2).zip(tables[1].chunks_exact(2));
        pairs.enumerate().fold([Fr::zero(); 3], |[zero, one, leading], (index, (l, r))| {
            let weight = eq[index % eq.len()] * weights[index / eq.len()];
            [
                zero + weight * l[0] * r[0],
                one + weight * l[1] * r[1],
                leading + weight * (l[1] - l[0]) * (r[1] - r[0]),
            ]
        })
    };
    let inner = factored(claim, point, &mut tables, &sums, [labels.inner, labels.challenge], transcript);
    let [left, right] = tables;
    let (outer, [weight, left, right]) =
        cubic(inner.claim, [outer, left, right], [labels.outer, labels.challenge], transcript);
    Product { inner, outer, ends: [left, right], weight }
}

/// Rounds of `sum_x a(x) b(x) c(x)`, and the factors at the end.
fn cubic(
    mut claim: Fr,
    mut tables: [Vec<Fr>; 3],
    labels: [&'static str; 2],
    transcript: &mut Transcript,
) -> (Rounds<3>, [Fr; 3]) {
    let (mut messages, mut bound) = (vec![], vec![]);
    while tables[0].len() > 1 {
        let mut message = [Fr::zero(); 3];
        for index in 0..tables[0].len() / 2 {
            let lines = [0, 1, 2].map(|t| [tables[t][2 * index], tables[t][2 * index + 1]]);
            let [a, b, c] = lines.map(|line| line[0]);
            let [da, db, dc] = lines.map(|line| line[1] - line[0]);
            message[0] += a * b * c;
            message[1] += a * db * dc + da * b * dc + da * db * c;
            message[2] += da * db * dc;
        }
        let [a0, a2, a3] = message;
        transcript.absorb_all(labels[0], &message);
        let rho = transcript.challenge(labels[1]);
        let a1 = claim - a0 - a0 - a2 - a3;
        claim = a0 + rho * (a1 + rho * (a2 + rho * a3));
        tables.iter_mut().for_each(|table| bind(table, rho));
        messages.push(message);
        bound.push(rho);
    }
    (Rounds { messages, point: bound, claim }, tables.map(|table| table[0]))
}
