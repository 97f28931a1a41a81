//! Kernels in 52-bit integer multiply-add (AVX-512 IFMA), eight lanes at a time.
//!
//! `unsafe` is in two kinds of place: [`Avx512`], which is the proof that the processor has the instructions, calls
//! functions compiled for them; `vector` loads and stores borrowed arrays.

mod input;
mod modulus;
mod product;
mod sum;
mod transform;
mod vector;

#[cfg(test)]
mod tests;

use super::backend::Backend;
use super::batch::Kernels;
use super::key::{Operand, SUBSETS};
use super::polynomial::Polynomial;
use super::prime::PRIMES;
use input::{CentredInput, DigitInput};
use modulus::{LANES, Modulus, VECTORS};
use product::Recombination;
use std::sync::OnceLock;
use transform::Spectrum;

/// A processor with AVX-512 F, DQ and IFMA, and the tables of its kernels.
pub struct Avx512 {
    moduli: &'static [Modulus; 2],
}

/// Where sums, their spectra and products modulo both primes lie.
pub struct Workspace {
    sums: [Box<Polynomial>; 2],
    spectra: [Box<Spectrum>; 2],
    products: [Box<Spectrum>; 2],
}

static MODULI: OnceLock<Box<[Modulus; 2]>> = OnceLock::new();

impl Avx512 {
    /// Of this processor, if it has the instructions.
    pub fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512ifma");
        found.then(|| Self { moduli: MODULI.get_or_init(|| Box::new(PRIMES.map(Modulus::new))) })
    }

    /// If that backend is asked for and there.
    pub fn when(backend: Backend) -> Option<Self> {
        match backend {
            Backend::Portable => None,
            Backend::Avx512 => Self::detect(),
        }
    }
}

#[expect(
    unsafe_code,
    reason = "an Avx512 is made by detection alone: the processor has what the callees use"
)]
impl Kernels for Avx512 {
    type Digits = [Spectrum; 2];
    type Workspace = Workspace;

    fn digits(&self) -> Box<Self::Digits> {
        unsafe { digits() }
    }

    fn workspace(&self) -> Box<Workspace> {
        unsafe { workspace() }
    }

    fn transform_digits(&self, polynomial: &Polynomial, digits: &mut Self::Digits) {
        unsafe { transform_digits(self.moduli, polynomial, digits) }
    }

    fn component(
        &self,
        operands: [&Operand; 2],
        exponents: &[u16; SUBSETS],
        digits: [&Self::Digits; 2],
        workspace: &mut Workspace,
        output: &mut Polynomial,
    ) {
        unsafe { component(self.moduli, operands, exponents, digits, workspace, output) }
    }
}

#[target_feature(enable = "avx512f")]
fn digits() -> Box<[Spectrum; 2]> {
    Box::new([Spectrum::zero(), Spectrum::zero()])
}

#[target_feature(enable = "avx512f")]
fn workspace() -> Box<Workspace> {
    let spectrum = || Box::new(Spectrum::zero());
    Box::new(Workspace {
        sums: [Polynomial::zero(), Polynomial::zero()],
        spectra: [spectrum(), spectrum()],
        products: [spectrum(), spectrum()],
    })
}

/// The words of a polynomial by vector.
fn vectors(polynomial: &Polynomial) -> &[[u64; LANES]; VECTORS] {
    polynomial.as_chunks().0.try_into().expect("N is a multiple of the lanes")
}

fn vectors_mut(polynomial: &mut Polynomial) -> &mut [[u64; LANES]; VECTORS] {
    polynomial.as_chunks_mut().0.try_into().expect("N is a multiple of the lanes")
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn transform_digits(moduli: &[Modulus; 2], polynomial: &Polynomial, digits: &mut [Spectrum; 2]) {
    let words = vectors(polynomial);
    for (modulus, digits) in moduli.iter().zip(digits) {
        let input = DigitInput::new(modulus);
        transform::forward::<true>(modulus, |k| input.residues(vector::load(&words[k])), digits);
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn transform_sums(modulus: &Modulus, sums: &[Box<Polynomial>; 2], spectra: &mut [Box<Spectrum>; 2]) {
    let input = CentredInput::new(modulus);
    for (sum, spectrum) in sums.iter().zip(spectra) {
        let words = vectors(sum);
        transform::forward::<false>(modulus, |k| input.residues(vector::load(&words[k])), spectrum);
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn component(
    moduli: &[Modulus; 2],
    operands: [&Operand; 2],
    exponents: &[u16; SUBSETS],
    digits: [&[Spectrum; 2]; 2],
    workspace: &mut Workspace,
    output: &mut Polynomial,
) {
    let Workspace { sums, spectra, products } = workspace;
    for (operand, sum) in operands.into_iter().zip(sums.iter_mut()) {
        sum::rotated_sum(operand, exponents, sum);
    }
    for (prime, (modulus, product)) in moduli.iter().zip(products.iter_mut()).enumerate() {
        transform_sums(modulus, sums, spectra);
        product::multiply(modulus, [&digits[0][prime], &digits[1][prime]], spectra, product);
        transform::inverse(modulus, product);
    }
    let recombination = Recombination::new(moduli);
    for (k, words) in vectors_mut(output).iter_mut().enumerate() {
        vector::store(words, recombination.recombine(products[0].0[k], products[1].0[k]));
    }
}
