//! Multi-scalar multiplication over the first group of BN254: commitments under a reference string.
//!
//! Scalars are cut into windows, each window's points are sorted into buckets by their digit, and every bucket's list
//! is summed pair by pair in affine coordinates, with one inversion for a batch of additions. Integers keep their
//! plain digits (22 bits are two windows of 11), field elements take signed ones.
//!
//! | module | holds |
//! | --- | --- |
//! | `scalars` | digits, and the choice of windows |
//! | `buckets` | sums of the lists of all buckets |
//! | `product` | from digits to the sum, on all threads |
//! | `addition` | what a back end gives: batches of affine additions |
//! | `portable` | those of arkworks' arithmetic |
//! | `ifma` | those of 52-bit limbs, eight at a time |
//! | `powers` | powers of a known tau, for development |
//!
//! Every sum is exact, also where points repeat, cancel or are infinite: additions are complete.

mod addition;
mod buckets;
mod ifma;
mod portable;
mod powers;
mod product;
mod scalars;
#[cfg(test)]
mod tests;

use crate::Backend;
use addition::Addition;
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::CurveGroup;
use ifma::Ifma;
use portable::Portable;
pub use powers::powers_of_tau;
use rayon::prelude::*;
use scalars::{FieldElements, Integers, Scalars};

/// Most powers that [`Bases`] hold.
pub const MOST_POWERS: usize = 1 << 31;

/// Why there is no sum.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MsmError {
    /// More coefficients than powers.
    #[error("{length} coefficients from {offset} on, there are {powers} powers")]
    TooLong {
        /// Exponent of the first coefficient.
        offset: usize,
        /// Coefficients.
        length: usize,
        /// Powers.
        powers: usize,
    },
    /// A size of cells that 32-bit cells cannot have.
    #[error("cells of {bits} bits, expected 1 to 32")]
    Bits {
        /// Bits asked for.
        bits: u32,
    },
    /// A cell larger than promised.
    #[error("cell {index} is {cell}, expected fewer than {bits} bits and one")]
    Cell {
        /// Position among the cells.
        index: usize,
        /// The cell.
        cell: u32,
        /// Bits of a cell.
        bits: u32,
    },
}

/// The powers of a reference string prepared for commitments by one back end: 64 bytes a power.
///
/// Lowest power first, everywhere.
pub struct Bases {
    form: Form,
}

/// The powers in the form of a back end.
enum Form {
    Portable(Vec<portable::Point>),
    Ifma(Ifma, Vec<ifma::Point>),
}

impl Bases {
    /// Prepares `powers`, which are points of the curve; infinity is allowed.
    ///
    /// # Panics
    ///
    /// Where there are more than [`MOST_POWERS`].
    pub fn new(backend: Backend, powers: &[G1Affine]) -> Self {
        assert!(powers.len() <= MOST_POWERS, "{} powers", powers.len());
        let form = match backend {
            Backend::Portable => Form::Portable(load::<Portable>(powers)),
            #[cfg(target_arch = "x86_64")]
            Backend::Vector(unit) => Form::Ifma(Ifma::Vector(unit), load::<Ifma>(powers)),
            #[cfg(test)]
            Backend::Emulated => Form::Ifma(Ifma::Emulated, load::<Ifma>(powers)),
        };
        Self { form }
    }

    /// Powers.
    pub fn len(&self) -> usize {
        match &self.form {
            Form::Portable(points) => points.len(),
            Form::Ifma(_, points) => points.len(),
        }
    }

    /// Whether there are no powers.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Commits to cells below `2^bits`, `1 <= bits <= 32`.
    pub fn commit_u32(&self, cells: &[u32], bits: u32) -> Result<G1Affine, MsmError> {
        Ok(self.commit_u32_at(0, cells, bits)?.into_affine())
    }

    /// The part of a commitment that cells below `2^bits` from coefficient `offset` on make. Parts add up.
    pub fn commit_u32_at(&self, offset: usize, cells: &[u32], bits: u32) -> Result<G1Projective, MsmError> {
        if !(1..=32).contains(&bits) {
            return Err(MsmError::Bits { bits });
        }
        if let Some((index, cell)) = cells.iter().enumerate().find(|(_, cell)| u64::from(**cell) >> bits != 0)
        {
            return Err(MsmError::Cell { index, cell: *cell, bits });
        }
        self.multiply(offset, &Integers::new(cells))
    }

    /// Commits to 64-bit words.
    pub fn commit_u64(&self, words: &[u64]) -> Result<G1Affine, MsmError> {
        Ok(self.commit_u64_at(0, words)?.into_affine())
    }

    /// The part of a commitment that 64-bit words from coefficient `offset` on make. Parts add up.
    pub fn commit_u64_at(&self, offset: usize, words: &[u64]) -> Result<G1Projective, MsmError> {
        self.multiply(offset, &Integers::new(words))
    }

    /// Commits to field elements, with 32 bytes of memory for each.
    ///
    /// Elements in a back end's form: `commit_field(&vector.to_elements())`.
    pub fn commit_field(&self, coefficients: &[Fr]) -> Result<G1Affine, MsmError> {
        Ok(self.commit_field_at(0, coefficients)?.into_affine())
    }

    /// The part of a commitment that field elements from coefficient `offset` on make. Parts add up.
    pub fn commit_field_at(&self, offset: usize, coefficients: &[Fr]) -> Result<G1Projective, MsmError> {
        self.check(offset, coefficients.len())?;
        self.multiply(offset, &FieldElements::new(coefficients))
    }

    fn check(&self, offset: usize, length: usize) -> Result<(), MsmError> {
        let powers = self.len();
        match offset.checked_add(length) {
            Some(end) if end <= powers => Ok(()),
            _ => Err(MsmError::TooLong { offset, length, powers }),
        }
    }

    fn multiply(&self, offset: usize, scalars: &impl Scalars) -> Result<G1Projective, MsmError> {
        let length = scalars.rows();
        self.check(offset, length)?;
        let range = offset..offset + length;
        Ok(match &self.form {
            Form::Portable(points) => product::multiply(Portable, &points[range], scalars),
            Form::Ifma(ifma, points) => product::multiply(*ifma, &points[range], scalars),
        })
    }
}

fn load<A: Addition>(points: &[G1Affine]) -> Vec<A::Point> {
    points.par_iter().with_min_len(1 << 10).map(A::load).collect()
}
