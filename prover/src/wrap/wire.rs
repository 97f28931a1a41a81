//! A value in the circuit: a linear combination of variables, and what it evaluates to.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, One, Zero};
use std::ops::{Add, Mul, Sub};

/// A linear combination with its value. Terms are sorted by variable (0 is one), without zero coefficients.
#[derive(Clone, Debug)]
pub struct Wire {
    value: Fr,
    terms: Vec<(usize, Fr)>,
}

impl Wire {
    /// A value without structure, when no constraints are recorded.
    pub(super) fn value_only(value: Fr) -> Self {
        Self { value, terms: vec![] }
    }

    /// One variable.
    pub(super) fn variable(value: Fr, index: usize) -> Self {
        Self { value, terms: vec![(index, Fr::one())] }
    }

    /// A constant.
    pub fn constant(value: Fr) -> Self {
        Self { value, terms: if value.is_zero() { vec![] } else { vec![(0, value)] } }
    }

    /// Zero.
    pub fn zero() -> Self {
        Self::value_only(Fr::ZERO)
    }

    /// One.
    pub fn one() -> Self {
        Self::constant(Fr::one())
    }

    /// What the combination evaluates to.
    pub fn value(&self) -> Fr {
        self.value
    }

    /// The value, if no variable occurs.
    pub(super) fn constant_value(&self) -> Option<Fr> {
        match self.terms.as_slice() {
            [] | [(0, _)] => Some(self.value),
            _ => None,
        }
    }

    /// Coefficients and variables.
    pub(super) fn row(&self) -> Vec<(Fr, usize)> {
        self.terms.iter().map(|(variable, c)| (*c, *variable)).collect()
    }

    /// `1 - self`.
    pub fn complement(&self) -> Self {
        &Self::one() - self
    }

    /// `sum_i base^i wires_i`.
    pub fn packed<'a>(wires: impl IntoIterator<Item = &'a Wire>, base: Fr) -> Self {
        let mut power = Fr::one();
        let mut sum = Self::zero();
        for wire in wires {
            sum = sum.plus(wire, power);
            power *= base;
        }
        sum
    }

    /// The sum of wires.
    pub fn sum<'a>(wires: impl IntoIterator<Item = &'a Wire>) -> Self {
        Self::packed(wires, Fr::one())
    }

    /// `self + scale * other`.
    pub fn plus(&self, other: &Self, scale: Fr) -> Self {
        let value = self.value + scale * other.value;
        let mut terms = Vec::with_capacity(self.terms.len() + other.terms.len());
        let (mut left, mut right) = (self.terms.iter().peekable(), other.terms.iter().peekable());
        loop {
            let (variable, coefficient) = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some((v, c)), Some((w, d))) if v == w => {
                    let merged = (*v, *c + scale * d);
                    left.next();
                    right.next();
                    merged
                }
                (Some((v, c)), other) if other.is_none_or(|(w, _)| v < w) => {
                    let kept = (*v, *c);
                    left.next();
                    kept
                }
                (_, Some((w, d))) => {
                    let scaled = (*w, scale * d);
                    right.next();
                    scaled
                }
                (Some(_), None) => break,
            };
            if !coefficient.is_zero() {
                terms.push((variable, coefficient));
            }
        }
        Self { value, terms }
    }
}

impl Add<&Wire> for &Wire {
    type Output = Wire;

    fn add(self, other: &Wire) -> Wire {
        self.plus(other, Fr::one())
    }
}

impl Sub<&Wire> for &Wire {
    type Output = Wire;

    fn sub(self, other: &Wire) -> Wire {
        self.plus(other, -Fr::one())
    }
}

impl Mul<Fr> for &Wire {
    type Output = Wire;

    fn mul(self, scale: Fr) -> Wire {
        Wire::zero().plus(self, scale)
    }
}
