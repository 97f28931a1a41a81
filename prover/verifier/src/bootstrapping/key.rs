//! Steps PB.C1 to PB.D2: the combined key of every step is a sum of rotated keys, rotated by the committed exponents.
//!
//! `C'~(s) = sum_(z, b, i) eq(s_z, z) eq(s_i, i) V[i][b][z] BK'[i][b][z]`, `V[i][b][z] = sum_p eq(s_p, p) zeta_z^(a[p][i][b])`,
//! BK' the key folded over c by r_u and over u by s_u. Slot (i, b) = (0, 1) holds the trivial key, so that step 0 rotates
//! the table.

use super::accumulator::AccumulatorPoint;
use super::checks::Check;
use super::claim::{Claim, Part};
use super::parameters::GROUPING;
use super::product::ProductEnd;
use super::shape::Column;
use super::weight::{Factor, Weight};
use crate::claim::{eq, eq_index};
use ark_bn254::Fr;
use ark_ff::One;

/// Where the combined key's sumcheck ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPoint {
    /// Evaluation index.
    pub z: Vec<Fr>,
    /// Subset.
    pub subset: Vec<Fr>,
    /// Step.
    pub step: Vec<Fr>,
}

impl KeyPoint {
    /// From the end of the sumcheck: z, then subset and step.
    pub fn from_end(end: &ProductEnd) -> Option<Self> {
        let (subset, step) = end.outer.split_at_checked(GROUPING)?;
        Some(Self { z: end.inner.clone(), subset: subset.to_vec(), step: step.to_vec() })
    }
}

/// PB.C2: `w~` of the key's sumcheck.
pub fn outer_weight(s: &AccumulatorPoint, x: &KeyPoint) -> Fr {
    eq(&s.step, &x.step)
}

/// PB.C2: the trivial key in slot (0, 1), folded like the others: `sum_u eq(s_u, u) eq(r_u, u)`.
pub fn trivial_key(r: &AccumulatorPoint, s: &AccumulatorPoint, x: &KeyPoint) -> Fr {
    eq_index(&x.step, 0) * eq_index(&x.subset, 1) * eq(&[r.u], &[s.u])
}

/// PB.C3: the folded key at the point, from the words of the key.
pub fn key_claim(r: &AccumulatorPoint, s: &AccumulatorPoint, x: &KeyPoint, value: Fr) -> Claim {
    let factors = vec![
        Factor::Evaluation(x.z.clone()),
        Factor::eq(&[r.u]),
        Factor::eq(&[s.u]),
        Factor::eq(&x.subset),
        Factor::eq(&x.step),
    ];
    let weight = Weight { scale: Fr::one(), factors };
    let parts = vec![Part { weight, columns: vec![(Column::BootstrappingKey, Fr::one())] }];
    Claim { check: Check::Key, parts, value }
}

/// PB.D2: `V~` at the point, from the values of the powers; that they belong to their exponents is looked up (PB.H).
pub fn rotation_claim(s: &AccumulatorPoint, x: &KeyPoint, value: Fr) -> Claim {
    let factors = vec![Factor::eq(&x.subset), Factor::eq(&x.step), Factor::eq(&s.slot)];
    let weight = Weight { scale: Fr::one(), factors };
    Claim {
        check: Check::Rotation,
        parts: vec![Part { weight, columns: vec![(Column::Rotation, Fr::one())] }],
        value,
    }
}
