//! How often every entry of a table is looked up.

use crate::trace::Cells;
use ark_bn254::Fr;
use ark_ff::{Field, PrimeField, Zero};
use std::collections::HashMap;
use trine_program::KeyKind;
use trine_program::circuit::Circuit;
use trine_verifier::bootstrapping::lookup::{EARLY_ALPHA, look_ups};
use trine_verifier::bootstrapping::parameters::Gadget;
use trine_verifier::bootstrapping::shape::{Column, Shape};
use trine_verifier::bootstrapping::switch::kinds;
use trine_verifier::bootstrapping::{Check, Checks};

/// Counts what the made checks look up. With `early`, cells out of range are made up for by a multiplicity that fits a
/// look-up challenge known in advance.
pub fn count(shape: &Shape, circuit: &Circuit, checks: &Checks, early: bool, cells: &mut Cells) {
    let kinds = kinds(shape, circuit);
    count_ranges(shape, &kinds, checks, early, cells);
    if checks.makes(Check::Decompositions) {
        count_decompositions(shape, &kinds, checks, cells);
    }
    if checks.makes(Check::Exponents) {
        let exponents = cells.get(Column::Exponent).to_vec();
        for exponent in exponents.iter().filter_map(small) {
            if let Some(count) = cells.get_mut(Column::ExponentMultiplicity).get_mut(exponent) {
                *count += Fr::from(1);
            }
        }
    }
}

fn count_ranges(shape: &Shape, kinds: &[KeyKind], checks: &Checks, early: bool, cells: &mut Cells) {
    let p = &shape.parameters;
    let mut counts = vec![Fr::zero(); 1 << p.limb_bits];
    for (column, [compute, casting]) in look_ups(shape, checks) {
        for (row, cell) in cells.get(column).iter().enumerate() {
            let casts = compute != casting && kinds[row >> p.log_n] == KeyKind::Casting;
            let shift = if casts { casting } else { compute };
            let value = *cell * Fr::from(1u64 << shift);
            match small(&value).and_then(|v| counts.get_mut(v)) {
                Some(count) => *count += Fr::from(1),
                None if early => {
                    let alpha = Fr::from(EARLY_ALPHA);
                    counts[0] += alpha * (alpha - value).inverse().unwrap();
                }
                None => {}
            }
        }
    }
    cells.get_mut(Column::RangeMultiplicity).copy_from_slice(&counts);
}

/// Rows of the table of decompositions by tie and digits, with the offset of the columns.
pub fn decompositions(shape: &Shape, gadget: Gadget) -> HashMap<Vec<Fr>, usize> {
    let p = &shape.parameters;
    let offset = Fr::from(p.digit_offset());
    (0..1usize << gadget.table_variables())
        .map(|index| {
            let mut tuple = vec![Fr::from((index >> gadget.state_bits()) as u64)];
            tuple.extend(gadget.digits(index).into_iter().map(|digit| Fr::from(digit) + offset));
            tuple.resize(1 + p.max_levels(), offset);
            (tuple, index)
        })
        .collect()
}

/// Tie and digits of a row of the keyswitch's columns.
pub fn tuple(shape: &Shape, cells: &Cells, row: usize) -> Vec<Fr> {
    let digits = (0..shape.parameters.max_levels()).map(|l| Column::KeyswitchDigit(l as u8));
    [Column::Tie].into_iter().chain(digits).map(|column| cells.get(column)[row]).collect()
}

fn count_decompositions(shape: &Shape, kinds: &[KeyKind], checks: &Checks, cells: &mut Cells) {
    let p = &shape.parameters;
    let tables = p.keyswitching.map(|gadget| decompositions(shape, gadget));
    for row in 0..kinds.len() << p.log_n {
        let tuple = tuple(shape, cells, row);
        let own = usize::from(kinds[row >> p.log_n].code());
        let others = (!checks.makes(Check::DecompositionKey)).then_some(1 - own);
        for kind in [own].into_iter().chain(others) {
            if let Some(index) = tables[kind].get(&tuple) {
                cells.get_mut(Column::KeyswitchMultiplicity(kind as u8))[*index] += Fr::from(1);
                break;
            }
        }
    }
}

/// The integer, where it fits a machine word.
pub fn small(value: &Fr) -> Option<usize> {
    match value.into_bigint().0 {
        [low, 0, 0, 0] => usize::try_from(low).ok(),
        _ => None,
    }
}
