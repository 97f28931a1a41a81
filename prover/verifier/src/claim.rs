//! Linear claims: `sum_k <weight_k, F_k> = value`, each weight a sum of product weights.

use crate::class::Class;
use ark_bn254::Fr;
use ark_ff::{One, Zero};

/// `scale * prod_i (low_i (1 - x_i) + high_i x_i)`: a tensor with a closed-form extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductWeight {
    /// Scale.
    pub scale: Fr,
    /// `[low, high]` of each variable, lowest first.
    pub factors: Vec<[Fr; 2]>,
}

impl ProductWeight {
    /// Value at a point of as many variables as there are factors.
    pub fn evaluate(&self, point: &[Fr]) -> Fr {
        self.factors.iter().zip(point).fold(self.scale, |a, ([low, high], x)| a * (*low + *x * (*high - low)))
    }
}

/// A linear claim over the opened polynomials of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinearClaim {
    /// The claimed value.
    pub value: Fr,
    /// Polynomial and weight; a polynomial may occur several times.
    pub terms: Vec<(usize, ProductWeight)>,
}

impl LinearClaim {
    /// `sum of weights of each polynomial at the point * its value there`.
    pub fn evaluate(&self, point: &[Fr], values: &[Fr]) -> Fr {
        self.terms
            .iter()
            .map(|(k, weight)| weight.evaluate(point) * values.get(*k).copied().unwrap_or_default())
            .sum()
    }
}

/// Factors of `eq(x, point)`.
pub fn eq_factors(point: &[Fr]) -> Vec<[Fr; 2]> {
    point.iter().map(|p| [Fr::one() - p, *p]).collect()
}

/// Factors that select the bits of `index`, lowest first.
pub fn index_factors(index: usize, bits: usize) -> Vec<[Fr; 2]> {
    (0..bits)
        .map(|i| if index >> i & 1 == 1 { [Fr::zero(), Fr::one()] } else { [Fr::one(), Fr::zero()] })
        .collect()
}

/// The multilinear equality polynomial of two points of equal length.
pub fn eq(x: &[Fr], y: &[Fr]) -> Fr {
    x.iter().zip(y).map(|(a, b)| (Fr::one() - a) * (Fr::one() - b) + *a * b).product()
}

/// `eq(x, bits of index)`.
pub fn eq_index(x: &[Fr], index: usize) -> Fr {
    x.iter().enumerate().map(|(i, a)| if index >> i & 1 == 1 { *a } else { Fr::one() - a }).product()
}

/// Terms that weight a column, stored in chunks from polynomial `first` on, by a product over its row variables.
///
/// Rows shorter than a chunk sit at its start: the variables above are pinned to zero.
pub fn column_terms(
    class: &Class,
    first: usize,
    scale: Fr,
    row_factors: &[[Fr; 2]],
) -> Vec<(usize, ProductWeight)> {
    let inner = row_factors.len().min(class.log_chunk);
    let (low, high) = row_factors.split_at(inner);
    let mut factors = low.to_vec();
    factors.resize(class.log_chunk, [Fr::one(), Fr::zero()]);
    (0..1usize << high.len())
        .map(|chunk| {
            let weight: Fr = high
                .iter()
                .enumerate()
                .map(|(i, [l, h])| if chunk >> i & 1 == 1 { *h } else { *l })
                .product();
            (first + chunk, ProductWeight { scale: scale * weight, factors: factors.clone() })
        })
        .collect()
}
