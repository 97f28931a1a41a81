//! The weight of the words of a keyswitching key in the modulus switch.
//!
//! Word `m = g i + k`: k in the lowest log2 g variables, then group i. A subset b of the words of a group holds word k
//! if its bit `g - 1 - k` is set, so that the sum over subsets at challenges c, one for each bit, weights word k by
//! `c[g - 1 - k]`. Group 0 is the body, which is subtracted: `v[g i + k] = eq(group, i) c[g - 1 - k] (1 - 2 [i = 0])`.

use super::{log_length, split_index, tensor};
use crate::claim::{eq, eq_index};
use crate::opening::eq_table;
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, One, Zero};

/// Value of the extension at a point of `log2 g` and the groups' variables.
pub fn extension(subset: &[Fr], group: &[Fr], point: &[Fr]) -> Fr {
    let (word, i) = point.split_at(log_length(subset).min(point.len()));
    let words: Fr =
        eq_table(word).iter().zip(subset.iter().rev()).map(|(eq, challenge)| *eq * challenge).sum();
    let body = eq_index(group, 0) * eq_index(i, 0);
    words * (eq(group, i) - body.double())
}

/// Entry m of the vector.
pub fn entry(subset: &[Fr], group: &[Fr], m: usize) -> Fr {
    let (k, i) = split_index(m, log_length(subset));
    let challenge = subset.iter().rev().nth(k).copied().unwrap_or_default();
    let value = challenge * eq_index(group, i);
    if i == 0 { -value } else { value }
}

/// The dense vector.
pub fn table(subset: &[Fr], group: &[Fr]) -> Vec<Fr> {
    let mut words: Vec<Fr> = subset.iter().rev().copied().collect();
    words.resize(1 << log_length(subset), Fr::zero());
    let mut groups = eq_table(group);
    if let Some(body) = groups.first_mut() {
        *body *= -Fr::one();
    }
    tensor(&words, &groups)
}
