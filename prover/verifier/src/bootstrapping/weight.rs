//! Weights of linear claims: tensors of vectors whose multilinear extensions have closed forms.
//!
//! Points and indices are little-endian: entry 0 of a point belongs to the lowest bit of an index.
//!
//! | module | holds |
//! | --- | --- |
//! | [`evaluation`] | `W_x`: powers of roots of unity, the exponent table |
//! | [`index`] | relations of indices: next, below, reversal; the index itself |
//! | [`switch`] | the weight of a keyswitching key in the modulus switch |

pub mod evaluation;
pub mod index;
pub mod switch;

pub use evaluation::{exponent_extension, exponent_table, exponent_value};
pub use index::{below, identity, shift};

use crate::claim::{eq_factors, index_factors};
use crate::opening::eq_table;
use ark_bn254::Fr;
use ark_ff::{One, Zero};

/// One factor of a tensor weight: a vector over some of the variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Factor {
    /// `prod_i (low_i (1 - x_i) + high_i x_i)`, each `[low, high]`: equality with a point, a pinned index, ones.
    Product(Vec<[Fr; 2]>),
    /// A public vector, zero from its length to the next power of two.
    Public(Vec<Fr>),
    /// `j -> W_x[j]`, over as many variables as `x` has: [`evaluation`].
    Evaluation(Vec<Fr>),
    /// Sample extraction of the coefficient `offset` below N, at `point`: `sum_j eq(point, j) out[j]` as a sum over the
    /// accumulator, where `out[j] = acc[offset - j]`, and `-acc[N + offset - j]` for `j > offset`.
    Extraction {
        /// Where the extracted mask is evaluated: log2 N variables.
        point: Vec<Fr>,
        /// The coefficient.
        offset: usize,
    },
    /// Words of a keyswitching key, by what the modulus switch does with them: [`switch`].
    Switch {
        /// A challenge for each word of a group: g of them, a power of two.
        subset: Vec<Fr>,
        /// The point of the groups.
        group: Vec<Fr>,
    },
}

/// A tensor of factors, lowest variables first, times a scale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weight {
    /// Scale.
    pub scale: Fr,
    /// Factors.
    pub factors: Vec<Factor>,
}

impl Factor {
    /// Equality with a point.
    pub fn eq(point: &[Fr]) -> Self {
        Self::Product(eq_factors(point))
    }

    /// One at `index`, zero elsewhere.
    pub fn index(index: usize, bits: usize) -> Self {
        Self::Product(index_factors(index, bits))
    }

    /// One everywhere.
    pub fn ones(bits: usize) -> Self {
        Self::Product(vec![[Fr::one(); 2]; bits])
    }

    /// Number of variables.
    pub fn variables(&self) -> usize {
        match self {
            Self::Product(factors) => factors.len(),
            Self::Public(vector) => log_length(vector),
            Self::Evaluation(x) => x.len(),
            Self::Extraction { point, .. } => point.len(),
            Self::Switch { subset, group } => log_length(subset) + group.len(),
        }
    }

    /// Value of the extension at a point of as many entries as there are variables.
    pub fn evaluate(&self, point: &[Fr]) -> Fr {
        debug_assert_eq!(point.len(), self.variables());
        match self {
            Self::Product(factors) => {
                factors.iter().zip(point).map(|([low, high], x)| *low + *x * (*high - low)).product()
            }
            Self::Public(vector) => eq_table(point).iter().zip(vector).map(|(e, v)| *e * v).sum(),
            Self::Evaluation(x) => exponent_extension(x, point),
            Self::Extraction { point: r, offset } => index::reversal(r, point, *offset),
            Self::Switch { subset, group } => switch::extension(subset, group, point),
        }
    }

    /// The dense vector of `2^variables` entries.
    pub fn table(&self) -> Vec<Fr> {
        match self {
            Self::Product(factors) => {
                factors.iter().fold(vec![Fr::one()], |table, pair| tensor(&table, pair.as_slice()))
            }
            Self::Public(vector) => {
                let mut table = vector.clone();
                table.resize(1 << log_length(vector), Fr::zero());
                table
            }
            Self::Evaluation(x) => evaluation::table(x),
            Self::Extraction { point, offset } => index::reversal_table(point, *offset),
            Self::Switch { subset, group } => switch::table(subset, group),
        }
    }

    /// Entry `index` of the vector, zero past its end.
    pub fn entry(&self, index: usize) -> Fr {
        if !spells(index, self.variables()) {
            return Fr::zero();
        }
        match self {
            Self::Product(factors) => {
                let bits = (0..).map(|i| index >> i & 1);
                factors
                    .iter()
                    .zip(bits)
                    .map(|([low, high], bit)| if bit == 1 { *high } else { *low })
                    .product()
            }
            Self::Public(vector) => vector.get(index).copied().unwrap_or_default(),
            Self::Evaluation(x) => exponent_value(x, index as u64),
            Self::Extraction { point, offset } => index::reversal_entry(point, *offset, index),
            Self::Switch { subset, group } => switch::entry(subset, group, index),
        }
    }

    /// The factor on the lowest `low` variables when the variables above spell `index`: a slice of the vector.
    ///
    /// None if no bits spell `index`, if there are fewer than `low` variables, or if the boundary falls inside a factor
    /// that is no tensor and not public.
    pub fn restrict_high(&self, low: usize, index: usize) -> Option<Self> {
        let (scale, factor) = self.split(low, index)?;
        Some(match factor {
            Self::Product(mut factors) if !scale.is_one() => match factors.first_mut() {
                Some([zero, one]) => {
                    *zero *= scale;
                    *one *= scale;
                    Self::Product(factors)
                }
                None => Self::Public(vec![scale]),
            },
            // Only products split with a scale.
            other => other,
        })
    }

    /// As [`Factor::restrict_high`], the slice being the returned scale times the returned factor.
    fn split(&self, low: usize, index: usize) -> Option<(Fr, Self)> {
        let above = self.variables().checked_sub(low)?;
        if !spells(index, above) {
            return None;
        }
        match self {
            _ if low == 0 => Some((self.entry(index), Self::Product(vec![]))),
            _ if above == 0 => Some((Fr::one(), self.clone())),
            Self::Product(factors) => {
                let (kept, dropped) = factors.split_at_checked(low)?;
                Some((Self::Product(dropped.to_vec()).entry(index), Self::Product(kept.to_vec())))
            }
            Self::Public(vector) => {
                let mut slice: Vec<Fr> = vector.iter().skip(index << low).take(1 << low).copied().collect();
                slice.resize(1 << low, Fr::zero());
                Some((Fr::one(), Self::Public(slice)))
            }
            Self::Evaluation(_) | Self::Extraction { .. } | Self::Switch { .. } => None,
        }
    }
}

impl Weight {
    /// Number of variables.
    pub fn variables(&self) -> usize {
        self.factors.iter().map(Factor::variables).sum()
    }

    /// Value of the extension at a point of as many entries as there are variables.
    pub fn evaluate(&self, point: &[Fr]) -> Fr {
        debug_assert_eq!(point.len(), self.variables());
        let mut rest = point;
        let mut value = self.scale;
        for factor in &self.factors {
            let (own, above) = rest.split_at(factor.variables().min(rest.len()));
            value *= factor.evaluate(own);
            rest = above;
        }
        value
    }

    /// The dense vector of `2^variables` entries.
    pub fn table(&self) -> Vec<Fr> {
        self.factors.iter().fold(vec![self.scale], |table, factor| tensor(&table, &factor.table()))
    }

    /// The weight on the lowest `low` variables when the variables above spell `index`: the part of a column's weight
    /// that falls on chunk `index` of `2^low` rows.
    ///
    /// None where [`Factor::restrict_high`] is none for the factor that the boundary splits, if no bits spell `index`,
    /// or if there are fewer than `low` variables.
    pub fn restrict_high(&self, low: usize, index: usize) -> Option<Self> {
        let mut restricted = Self { scale: self.scale, factors: Vec::with_capacity(self.factors.len()) };
        let (mut missing, mut index) = (low, index);
        for factor in &self.factors {
            let kept = factor.variables().min(missing);
            missing -= kept;
            let (bits, above) = split_index(index, factor.variables() - kept);
            index = above;
            let (scale, factor) = factor.split(kept, bits)?;
            restricted.scale *= scale;
            if kept > 0 {
                restricted.factors.push(factor);
            }
        }
        (missing == 0 && index == 0).then_some(restricted)
    }
}

/// Tensor product: entry `i + 2^k j` is `low[i] high[j]`, where `low` has `2^k` entries.
fn tensor(low: &[Fr], high: &[Fr]) -> Vec<Fr> {
    let mut table = Vec::with_capacity(low.len() * high.len());
    for h in high {
        if h.is_zero() {
            table.resize(table.len() + low.len(), Fr::zero());
        } else if h.is_one() {
            table.extend_from_slice(low);
        } else {
            table.extend(low.iter().map(|l| *l * h));
        }
    }
    table
}

/// Variables of a vector: log2 of its length, rounded up.
fn log_length(vector: &[Fr]) -> usize {
    vector.len().next_power_of_two().trailing_zeros() as usize
}

/// Whether `bits` bits spell `index`.
fn spells(index: usize, bits: usize) -> bool {
    split_index(index, bits).1 == 0
}

/// The lowest `bits` bits of an index, and those above.
fn split_index(index: usize, bits: usize) -> (usize, usize) {
    let above = index.checked_shr(bits as u32).unwrap_or_default();
    (index - above.checked_shl(bits as u32).unwrap_or_default(), above)
}
