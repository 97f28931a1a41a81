//! `W_x[a] = sum_z eq(x, z) zeta_z^a`: from coefficients to values at the roots of `X^N + 1`.
//!
//! n = log2 N is the number of entries of `x`, below 28; `w = 5^((r - 1) / 2N)` has order 2N; `zeta_z = w^(2z + 1)`
//! are the roots of `X^N + 1`. For a polynomial f of N coefficients, `sum_a W_x[a] f_a` is the extension at `x` of its
//! values at the roots. As an exponent of a rotation, `a` goes to 2N: `W_x[a + N] = -W_x[a]`, since `zeta_z^N = -1`.

use super::tensor;
use crate::opening::eq_table;
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, FftField, Field, One};

/// `w`, of order `2^(n + 1)`.
pub fn root(n: usize) -> Fr {
    square(Fr::TWO_ADIC_ROOT_OF_UNITY, (Fr::TWO_ADICITY as usize).saturating_sub(n + 1))
}

/// `sum_i eq(x, i) base^i = prod_k (1 - x_k + x_k base^(2^k))`: the extension of a geometric sequence.
pub fn geometric(x: &[Fr], base: Fr) -> Fr {
    let powers = std::iter::successors(Some(base), |power| Some(power.square()));
    x.iter().zip(powers).map(|(x, power)| Fr::one() - x + *x * power).product()
}

/// `W_x[a]` for an integer exponent: `w^a sum_z eq(x, z) w^(2 a z)`.
pub fn exponent_value(x: &[Fr], a: u64) -> Fr {
    let power = root(x.len()).pow([a]);
    power * geometric(x, power.square())
}

/// `W_x[a]` for all a below N.
///
/// Of the product `prod_k (1 - x_k + x_k w^(2^(k+1) a))`, the factors from k on have period `2^(n-k)` in a. From the
/// highest to the lowest, each factor doubles the table, and `w^(2^(k+1) a)` changes sign half a period on.
pub fn table(x: &[Fr]) -> Vec<Fr> {
    let w: Vec<Fr> = powers(root(x.len())).take(1 << x.len()).collect();
    let mut table = vec![Fr::one()];
    for (k, x) in x.iter().enumerate().rev() {
        let period = table.len();
        table.reserve_exact(period);
        let mut upper = Vec::with_capacity(period);
        for (entry, power) in table.iter_mut().zip(w.iter().step_by(2 << k)) {
            let scaled = *entry * x;
            let rotated = scaled * power;
            *entry -= scaled;
            upper.push(*entry - rotated);
            *entry += rotated;
        }
        table.extend(upper);
    }
    table.iter_mut().zip(&w).for_each(|(entry, power)| *entry *= power);
    table
}

/// `W_x[a]` for all exponents below 2N.
pub fn exponent_table(x: &[Fr]) -> Vec<Fr> {
    tensor(&table(x), &[Fr::one(), -Fr::one()])
}

/// Extension of `W_x` at `y`, which has n variables, or n + 1 for the exponents below 2N.
pub fn exponent_extension(x: &[Fr], y: &[Fr]) -> Fr {
    let (low, sign) = y.split_at(x.len().min(y.len()));
    let Bilinear { left, right } = Bilinear::new(x, low);
    let step = root(x.len()).square();
    let columns = left
        .iter()
        .zip(powers(step))
        .map(|(left, base)| *left * right.iter().rev().fold(Fr::default(), |sum, right| sum * base + right));
    columns.sum::<Fr>() * sign.iter().map(|y| Fr::one() - y.double()).product::<Fr>()
}

/// The extension of `W_x` at a point `y` of n variables as a bilinear form with a constant matrix:
/// `sum_(j, z) left[j] right[z] w^(2 z j)`.
///
/// Split `z = z_low + 2^m z_high` and `j = j_low + 2^(n-m) j_high`, m the larger half of n. Then
/// `(2z + 1) j = j_low + 2 z_low j_low + 2^(m+1) z_high j_low + 2^(n-m) (2 z_low + 1) j_high` modulo 2N: what is left
/// out is `2^(n+1) z_high j_high`. So the sums over `z_high` and over `j_high` part, each a [`geometric`] one, and
/// `left` is indexed by `j_low`, `right` by `z_low`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bilinear {
    /// `eq(y_low, j) w^j sum_(z_high) eq(x_high, z_high) w^(2^(m+1) j z_high)`, `2^(n-m)` entries.
    pub left: Vec<Fr>,
    /// `eq(x_low, z) sum_(j_high) eq(y_high, j_high) w^(2^(n-m) (2z + 1) j_high)`, `2^m` entries.
    pub right: Vec<Fr>,
}

impl Bilinear {
    /// The vectors at two points of n variables each.
    pub fn new(x: &[Fr], y: &[Fr]) -> Self {
        let (n, m) = (x.len(), x.len().div_ceil(2));
        let (x_low, x_high) = x.split_at(m);
        let (y_low, y_high) = y.split_at((n - m).min(y.len()));
        let w = root(n);
        let bases = powers(w).zip(powers(square(w, m + 1)));
        let left = eq_table(y_low)
            .iter()
            .zip(bases)
            .map(|(eq, (w, base))| *eq * w * geometric(x_high, base))
            .collect();
        // w^(2^(n-m) (2z + 1)), z by z.
        let first = square(w, n - m);
        let bases = powers(first.square()).map(|even| even * first);
        let right =
            eq_table(x_low).iter().zip(bases).map(|(eq, base)| *eq * geometric(y_high, base)).collect();
        Self { left, right }
    }
}

/// `1, base, base^2, ..`
fn powers(base: Fr) -> impl Iterator<Item = Fr> {
    std::iter::successors(Some(Fr::one()), move |power| Some(*power * base))
}

/// `base^(2^times)`.
fn square(base: Fr, times: usize) -> Fr {
    (0..times).fold(base, |power, _| power.square())
}
