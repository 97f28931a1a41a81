//! Polynomials modulo X^N + 1 with coefficients modulo 2^64.

use crate::parameters::POLYNOMIAL_SIZE;
use std::ops::{Deref, DerefMut};

/// N coefficients, constant term first, at the start of a cache line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Polynomial([u64; POLYNOMIAL_SIZE]);

/// What a bootstrapping carries from one key group to the next: a mask polynomial and a body polynomial (k = 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accumulator {
    /// Mask, then body.
    pub polynomials: [Box<Polynomial>; 2],
}

impl Polynomial {
    /// From coefficients.
    pub fn new(coefficients: [u64; POLYNOMIAL_SIZE]) -> Box<Self> {
        Box::new(Self(coefficients))
    }

    /// The zero polynomial.
    pub fn zero() -> Box<Self> {
        Self::new([0; POLYNOMIAL_SIZE])
    }
}

impl Deref for Polynomial {
    type Target = [u64; POLYNOMIAL_SIZE];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Polynomial {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Accumulator {
    /// The trivial encryption of a body polynomial: its mask is zero.
    pub fn trivial(body: Box<Polynomial>) -> Self {
        Self { polynomials: [Polynomial::zero(), body] }
    }
}
