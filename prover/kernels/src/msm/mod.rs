//! Multi-scalar multiplication over the first group of BN254: commitments under a reference string.
//!
//! Scalars are cut into windows, each window's points are sorted into buckets by their digit, and every bucket's list
//! is summed pair by pair in affine coordinates, with one inversion for a batch of additions. The width of windows is
//! what takes the fewest additions: up to 22 bits, where few points meet in a bucket. Integers keep their plain digits,
//! field elements take signed ones, and so do cells that lie around a known centre.
//!
//! | module | holds |
//! | --- | --- |
//! | `scalars` | digits, and the choice of windows |
//! | `partition` | digits sorted into tasks |
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
mod partition;
mod portable;
mod powers;
mod product;
mod scalars;
#[cfg(test)]
mod tests;

use crate::Backend;
use crate::buffer::huge;
use addition::Addition;
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::CurveGroup;
use ifma::Ifma;
use portable::Portable;
pub use powers::powers_of_tau;
use rayon::prelude::*;
pub use scalars::Pattern;
use scalars::{Centred, FieldElements, Integers, Ones, Scalars};
use std::sync::{Mutex, PoisonError};

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
    /// Sums of the powers in the rows of a pattern, once they have been needed.
    sums: Mutex<Vec<(SummedRows, G1Projective)>>,
}

/// Rows from a power on, by a pattern.
#[derive(Clone, PartialEq, Eq)]
struct SummedRows {
    offset: usize,
    length: usize,
    pattern: Pattern,
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
        Self { form, sums: Mutex::new(vec![]) }
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
        check_cells(cells, bits)?;
        self.multiply(offset, &Integers::new(cells))
    }

    /// The same part, at less cost where the cells in the rows of a pattern lie around a centre, and others are zero:
    /// about `centre`, or spread evenly from 0 to twice that. The sum of the pattern's powers is kept.
    pub fn commit_centred_at(
        &self,
        offset: usize,
        cells: &[u32],
        bits: u32,
        centre: u32,
        pattern: &Pattern,
    ) -> Result<G1Projective, MsmError> {
        check_cells(cells, bits)?;
        let differences = self.multiply(offset, &Centred::new(cells, centre, pattern))?;
        let rows = SummedRows { offset, length: cells.len(), pattern: pattern.clone() };
        Ok(differences + self.sum(rows)? * Fr::from(centre))
    }

    /// The sum of the powers in some rows.
    fn sum(&self, rows: SummedRows) -> Result<G1Projective, MsmError> {
        let sums = || self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, sum)) = sums().iter().find(|(known, _)| *known == rows) {
            return Ok(*sum);
        }
        // Without the lock: a thread that waits for its share of the sum may take up another commitment.
        let sum = self.multiply(rows.offset, &Ones { length: rows.length, pattern: &rows.pattern })?;
        sums().push((rows, sum));
        Ok(sum)
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

fn check_cells(cells: &[u32], bits: u32) -> Result<(), MsmError> {
    if !(1..=32).contains(&bits) {
        return Err(MsmError::Bits { bits });
    }
    match cells.iter().enumerate().find(|(_, cell)| u64::from(**cell) >> bits != 0) {
        Some((index, cell)) => Err(MsmError::Cell { index, cell: *cell, bits }),
        None => Ok(()),
    }
}

fn load<A: Addition>(points: &[G1Affine]) -> Vec<A::Point> {
    huge(points.par_iter().map(A::load))
}
