//! Kernels in doubles: the compiler's vectors on any processor with fused multiply-add.
//!
//! On x86-64 they are compiled twice, for processors with AVX2 and FMA and for those without; the latter compute the fused
//! operation in software: the same words, slowly.

mod residue;
mod sum;
mod transform;
mod words;

#[cfg(test)]
mod tests;

use super::batch::Kernels;
use super::key::{Operand, SUBSETS};
use super::polynomial::Polynomial;
use super::prime::PRIMES;
use residue::Factor;
use std::sync::OnceLock;
use transform::{LANES, ROWS, Rows, Transform};

/// The tables of the kernels, and how they are compiled.
pub struct Portable {
    tables: &'static Tables,
    #[cfg(target_arch = "x86_64")]
    fma: Option<Fma>,
}

/// A processor with AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
struct Fma(());

/// Tables of both primes.
struct Tables {
    transforms: [Transform; 2],
    /// 1 / p0 modulo p1.
    inverse_p0: Factor,
}

/// A polynomial of residues, at the start of a cache line.
#[repr(C, align(64))]
pub struct Residues(Rows);

/// Where sums and their spectra lie.
pub struct Workspace {
    sums: [Box<Polynomial>; 2],
    products: [Box<Residues>; 2],
    spectrum: Box<Residues>,
}

static TABLES: OnceLock<Box<Tables>> = OnceLock::new();

impl Portable {
    /// As fast as this processor can.
    pub fn detect() -> Self {
        Self {
            tables: TABLES.get_or_init(|| Box::new(Tables::new())),
            #[cfg(target_arch = "x86_64")]
            fma: Fma::detect(),
        }
    }

    /// Without the instructions that not every processor has.
    #[cfg(test)]
    pub fn baseline() -> Self {
        Self {
            #[cfg(target_arch = "x86_64")]
            fma: None,
            ..Self::detect()
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl Fma {
    fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        found.then_some(Self(()))
    }
}

impl Tables {
    fn new() -> Self {
        let [p0, p1] = PRIMES;
        Self { transforms: PRIMES.map(Transform::new), inverse_p0: Factor::new(p1.inverse(p0.modulus), p1) }
    }
}

impl Residues {
    fn zero() -> Self {
        Self([[0.0; LANES]; ROWS])
    }
}

#[cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "an Fma is made by detection alone: the processor has what the callees use"
    )
)]
impl Kernels for Portable {
    type Digits = [Residues; 2];
    type Workspace = Workspace;

    fn digits(&self) -> Box<Self::Digits> {
        Box::new([Residues::zero(), Residues::zero()])
    }

    fn workspace(&self) -> Box<Workspace> {
        let residues = || Box::new(Residues::zero());
        Box::new(Workspace {
            sums: [Polynomial::zero(), Polynomial::zero()],
            products: [residues(), residues()],
            spectrum: residues(),
        })
    }

    fn transform_digits(&self, polynomial: &Polynomial, digits: &mut Self::Digits) {
        #[cfg(target_arch = "x86_64")]
        if let Some(Fma(())) = self.fma {
            return unsafe { transform_digits_fma(self.tables, polynomial, digits) };
        }
        transform_digits(self.tables, polynomial, digits);
    }

    fn component(
        &self,
        operands: [&Operand; 2],
        exponents: &[u16; SUBSETS],
        digits: [&Self::Digits; 2],
        workspace: &mut Workspace,
        output: &mut Polynomial,
    ) {
        #[cfg(target_arch = "x86_64")]
        if let Some(Fma(())) = self.fma {
            return unsafe { component_fma(self.tables, operands, exponents, digits, workspace, output) };
        }
        component(self.tables, operands, exponents, digits, workspace, output);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn transform_digits_fma(tables: &Tables, polynomial: &Polynomial, digits: &mut [Residues; 2]) {
    transform_digits(tables, polynomial, digits);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn component_fma(
    tables: &Tables,
    operands: [&Operand; 2],
    exponents: &[u16; SUBSETS],
    digits: [&[Residues; 2]; 2],
    workspace: &mut Workspace,
    output: &mut Polynomial,
) {
    component(tables, operands, exponents, digits, workspace, output);
}

#[inline(always)]
fn transform_digits(tables: &Tables, polynomial: &Polynomial, digits: &mut [Residues; 2]) {
    for (transform, Residues(rows)) in tables.transforms.iter().zip(digits) {
        words::digits(polynomial, rows);
        transform.forward::<true>(rows);
    }
}

#[inline(always)]
fn component(
    tables: &Tables,
    operands: [&Operand; 2],
    exponents: &[u16; SUBSETS],
    digits: [&[Residues; 2]; 2],
    workspace: &mut Workspace,
    output: &mut Polynomial,
) {
    let Workspace { sums, products, spectrum } = workspace;
    let spectrum = &mut spectrum.0;
    for (operand, sum) in operands.into_iter().zip(sums.iter_mut()) {
        sum::rotated_sum(operand, exponents, sum);
    }
    for (prime, transform) in tables.transforms.iter().enumerate() {
        let product = &mut products[prime].0;
        product.as_flattened_mut().fill(0.0);
        for (sum, digits) in sums.iter().zip(digits) {
            words::centred(transform.modulus, sum, spectrum);
            transform.forward::<false>(spectrum);
            let factors = digits[prime].0.as_flattened().iter().zip(spectrum.as_flattened());
            for (to, (a, b)) in product.as_flattened_mut().iter_mut().zip(factors) {
                *to += transform.modulus.multiply(*a, *b);
            }
        }
        transform.inverse(product);
    }
    let residues = [&products[0].0, &products[1].0];
    words::recombine(tables.transforms[1].modulus, tables.inverse_p0, residues, output);
}
