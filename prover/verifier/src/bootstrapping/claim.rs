//! Linear claims: `sum over parts of <weight, combination of columns> = value`.

use super::checks::Check;
use super::shape::{Column, Family, Shape};
use super::weight::Weight;
use ark_bn254::Fr;
use ark_ff::{Field, Zero};

/// A weight, and the columns that it is applied to with their coefficients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Over the rows of the columns.
    pub weight: Weight,
    /// Columns of one length, with coefficients.
    pub columns: Vec<(Column, Fr)>,
}

/// A linear claim. All claims are reduced to one point at once (PB.I).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The check that fails when the claim is false.
    pub check: Check,
    /// What is summed.
    pub parts: Vec<Part>,
    /// The claimed sum.
    pub value: Fr,
}

/// `2^bits` as a field element.
pub fn power_of_two(bits: usize) -> Fr {
    Fr::from(2u64).pow([bits as u64])
}

/// `scale * value` of a family, as a combination of its limbs.
pub fn limbs(shape: &Shape, family: Family, scale: Fr) -> Vec<(Column, Fr)> {
    let p = &shape.parameters;
    (0..family.limbs(p)).map(|k| (family.limb(k as u8), scale * power_of_two(p.limb_bits * k))).collect()
}

/// `scale * digit`: signed, zero in masked rows.
pub fn digit(shape: &Shape, scale: Fr) -> Vec<(Column, Fr)> {
    let mut columns = limbs(shape, Family::Digit, scale);
    columns.push((Column::Mask, -scale * power_of_two(shape.parameters.base_bits - 1)));
    columns
}

/// `scale * (2^R digit + remainder - 2^(R-1))`: the reduced accumulator, R the bits of the remainder. Zero in masked rows.
pub fn reduced(shape: &Shape, scale: Fr) -> Vec<(Column, Fr)> {
    let bits = shape.parameters.remainder_bits();
    let mut columns = digit(shape, scale * power_of_two(bits));
    columns.extend(limbs(shape, Family::Remainder, scale));
    columns.push((Column::Mask, -scale * power_of_two(bits - 1)));
    merge_mask(columns)
}

/// The accumulator with its carry: the integer before it was reduced modulo 2^64.
pub fn unreduced(shape: &Shape) -> Vec<(Column, Fr)> {
    let p = &shape.parameters;
    let mut columns = reduced(shape, Fr::from(1u64));
    columns.extend(limbs(shape, Family::Carry, power_of_two(64)));
    let offset = Fr::from(p.carry_offset(p.accumulator_carry_limbs()));
    columns.push((Column::Mask, -offset * power_of_two(64)));
    merge_mask(columns)
}

/// One entry for the mask instead of several.
fn merge_mask(columns: Vec<(Column, Fr)>) -> Vec<(Column, Fr)> {
    let mask: Fr = columns.iter().filter(|(c, _)| *c == Column::Mask).map(|(_, k)| *k).sum();
    let mut merged: Vec<(Column, Fr)> = columns.into_iter().filter(|(c, _)| *c != Column::Mask).collect();
    if !mask.is_zero() {
        merged.push((Column::Mask, mask));
    }
    merged
}
