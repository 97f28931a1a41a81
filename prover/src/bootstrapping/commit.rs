//! Commitments of the rounds (PB.T2, PB.D1).

use super::columns::Columns;
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::CurveGroup;
use ark_ff::Zero;
use trine_kernels::msm::{Bases, MsmError, Pattern};
use trine_verifier::bootstrapping::shape::{Column, Family, Shape};

/// Commitments to the used polynomials of the first round; `None` when the owner stops it.
pub fn commit_first_round(
    bases: &Bases,
    shape: &Shape,
    columns: &Columns,
    goes_on: &mut dyn FnMut() -> bool,
) -> Result<Option<Vec<G1Affine>>, MsmError> {
    let chunk = 1usize << shape.parameters.log_chunk;
    let mut sums = vec![G1Projective::zero(); shape.polynomials()];
    for column in shape.first_round_columns() {
        if !goes_on() {
            return Ok(None);
        }
        let place = shape.place(column);
        let bits = cell_bits(shape, column);
        let centre = centre(shape, column);
        for (index, cells) in columns.get(column).chunks(chunk).enumerate() {
            sums[place.polynomial + index] += match &centre {
                Some((centre, rows)) => bases.commit_centred_at(place.offset, cells, bits, *centre, rows)?,
                None => bases.commit_u32_at(place.offset, cells, bits)?,
            };
        }
    }
    let used: Vec<G1Projective> = shape.first_round().iter().map(|slot| sums[*slot]).collect();
    Ok(Some(G1Projective::normalize_batch(&used)))
}

/// Commitments to the powers of the rotation.
pub fn commit_elements(bases: &Bases, shape: &Shape, elements: &[Fr]) -> Result<Vec<G1Affine>, MsmError> {
    let chunk = 1usize << shape.parameters.log_chunk;
    let chunks = elements.chunks(chunk).map(|elements| bases.commit_field(elements));
    chunks.take(shape.second_round().len()).collect()
}

/// Bits that the cells of a column need; multiplicities count up to the number of look-ups.
fn cell_bits(shape: &Shape, column: Column) -> u32 {
    let p = &shape.parameters;
    match column {
        Column::RangeMultiplicity | Column::KeyswitchMultiplicity(_) | Column::ExponentMultiplicity => 32,
        Column::Exponent => p.exponent_bits() as u32,
        Column::Tie => 1,
        Column::KeyswitchDigit(_) => p.digit_offset().ilog2() + 2,
        _ => p.limb_bits as u32,
    }
}

/// What the cells of the longest columns lie around, and in which rows: half their range. Digits and limbs spread evenly,
/// the highest limbs of carries lie close to it, and rows of no step are zero.
fn centre(shape: &Shape, column: Column) -> Option<(u32, Pattern)> {
    let p = &shape.parameters;
    let limb = |family: Family, k: u8| p.limb_bits - family.shifts(p, usize::from(k))[0];
    let bits = match column {
        Column::Digit(k) => limb(Family::Digit, k),
        Column::Remainder(k) => limb(Family::Remainder, k),
        Column::Carry(k) => limb(Family::Carry, k),
        _ => return None,
    };
    let step = 2usize << p.log_n;
    let rows = step..step * (p.groups + 2);
    let log_period = (1 + p.log_n + p.log_steps) as u32;
    Some((1 << (bits - 1), Pattern { log_period, rows }))
}
