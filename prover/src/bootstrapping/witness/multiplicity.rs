//! Multiplicities: how often the cells look up each row of the tables (PB.H1).

use super::super::columns::Columns;
use rayon::prelude::*;
use trine_program::KeyKind;
use trine_program::circuit::Circuit;
use trine_verifier::bootstrapping::lookup::look_ups;
use trine_verifier::bootstrapping::parameters::KEY_KINDS;
use trine_verifier::bootstrapping::switch::kinds;
use trine_verifier::bootstrapping::{Check, Checks, Column, Shape};

/// Writes the multiplicities of all tables for the look-ups that `checks` make.
///
/// What is in no table is not counted: the sum of all fractions does not vanish then.
pub fn fill(columns: &mut Columns, shape: &Shape, circuit: &Circuit, checks: &Checks) {
    let kinds = kinds(shape, circuit);
    let counts = ranges(columns, shape, &kinds, checks);
    columns.get_mut(Column::RangeMultiplicity).copy_from_slice(&counts);
    let tables = if checks.makes(Check::Decompositions) {
        decompositions(columns, shape, &kinds)
    } else {
        decomposition_tables(shape)
    };
    for (kind, counts) in (0..).zip(tables) {
        columns.get_mut(Column::KeyswitchMultiplicity(kind)).copy_from_slice(&counts);
    }
    let mut counts = vec![0u32; 1 << shape.variables(Column::ExponentMultiplicity)];
    if checks.makes(Check::Exponents) {
        columns.get(Column::Exponent).iter().for_each(|exponent| count(&mut counts, *exponent as usize));
    }
    columns.get_mut(Column::ExponentMultiplicity).copy_from_slice(&counts);
}

fn count(counts: &mut [u32], row: usize) {
    if let Some(count) = counts.get_mut(row) {
        *count += 1;
    }
}

/// Each thread counts a part of every column in a table of its own.
fn ranges(columns: &Columns, shape: &Shape, kinds: &[KeyKind], checks: &Checks) -> Vec<u32> {
    let look_ups = look_ups(shape, checks);
    let (parts, rows) = (rayon::current_num_threads(), 1usize << shape.variables(Column::RangeMultiplicity));
    let tables: Vec<Vec<u32>> = (0..parts)
        .into_par_iter()
        .map(|part| {
            let mut counts = vec![0u32; rows];
            for (column, shift) in &look_ups {
                count_part(&mut counts, columns.get(*column), *shift, kinds, (part, parts));
            }
            counts
        })
        .collect();
    tables.into_iter().reduce(sum).unwrap_or_default()
}

/// Counts the cells of one part of a column. Where the shift depends on the key, it is that of the row's slot.
fn count_part(
    counts: &mut [u32],
    cells: &[u32],
    [compute, casting]: [usize; KEY_KINDS],
    kinds: &[KeyKind],
    (part, parts): (usize, usize),
) {
    let (first, last) = (cells.len() * part / parts, cells.len() * (part + 1) / parts);
    if compute == casting {
        cells[first..last].iter().for_each(|cell| count(counts, (*cell as usize) << compute));
        return;
    }
    let rows = cells.len() / kinds.len();
    for (row, cell) in cells.iter().enumerate().take(last).skip(first) {
        let shift = if kinds[row / rows] == KeyKind::Casting { casting } else { compute };
        count(counts, (*cell as usize) << shift);
    }
}

fn sum(mut sum: Vec<u32>, counts: Vec<u32>) -> Vec<u32> {
    sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    sum
}

fn decomposition_tables(shape: &Shape) -> [Vec<u32>; KEY_KINDS] {
    shape.parameters.keyswitching.map(|gadget| vec![0; 1 << gadget.table_variables()])
}

/// The row of a decomposition is the state that its digits represent, and its tie; it counts if the table has these digits
/// there.
fn decompositions(columns: &Columns, shape: &Shape, kinds: &[KeyKind]) -> [Vec<u32>; KEY_KINDS] {
    let p = &shape.parameters;
    let offset = p.digit_offset() as i64;
    let levels: Vec<&[u32]> =
        (0..p.max_levels()).map(|level| columns.get(Column::KeyswitchDigit(level as u8))).collect();
    let mut tables = decomposition_tables(shape);
    for (row, tie) in columns.get(Column::Tie).iter().enumerate() {
        let kind = kinds[row >> p.log_n] as usize;
        let gadget = p.keyswitching[kind];
        let digits: Vec<i64> = levels.iter().map(|cells| i64::from(cells[row]) - offset).collect();
        let state = digits.iter().rev().fold(0i64, |state, digit| (state << gadget.base_bits) + digit);
        let index =
            (state & ((1 << gadget.state_bits()) - 1)) as usize | (*tie as usize) << gadget.state_bits();
        let mut expected = gadget.digits(index);
        expected.resize(levels.len(), 0);
        if digits == expected {
            count(&mut tables[kind], index);
        }
    }
    tables
}
