//! Linear combinations of wires at a random point: what bootstrappings and output blocks are applied to.

use super::claim::{Part, reduced};
use super::shape::{Column, Shape, log2};
use super::weight::{Factor, Weight};
use crate::claim::eq_index;
use ark_bn254::Fr;
use ark_ff::{One, Zero};
use std::collections::BTreeMap;
use trine_program::circuit::{Circuit, Linear, Table, Wire};

/// Parts and constant of a sum of combinations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Combination {
    /// Terms that columns give.
    pub parts: Vec<Part>,
    /// Terms that are public.
    pub constant: Fr,
}

/// `scale * sum over rows of weight * combination~(point)`; the point is over the 2N words of a block: mask words, the body at
/// index N, zeros above.
///
/// A wire of a bootstrapping is the reduced accumulator of its output row, extracted at the offset of its function.
pub fn combination(
    shape: &Shape,
    circuit: &Circuit,
    rows: &[&Linear],
    row_weights: &[Fr],
    point: &[Fr],
    scale: Fr,
) -> Combination {
    let n = shape.parameters.log_n;
    let (word, top) = point.split_at(n.min(point.len()));
    let top = top.first().copied().unwrap_or_default();
    let wires = wires(shape, circuit, rows, row_weights);
    let body = top * eq_index(word, 0);
    let mut parts: Vec<Part> =
        wires.inputs.into_iter().map(|(handle, blocks)| input_part(handle, blocks, point, scale)).collect();
    for (offset, slots) in wires.outputs {
        let mask = Factor::Extraction { point: word.to_vec(), offset };
        parts.extend(output_part(shape, mask, 0, &slots, scale * (Fr::one() - top)));
        parts.extend(output_part(shape, Factor::index(offset, n), 1, &slots, scale * body));
    }
    Combination { parts, constant: wires.constant * body * scale }
}

/// Sums of `weight * coefficient` by wire.
struct Wires {
    /// By handle: one entry for each block of its layout.
    inputs: BTreeMap<u8, Vec<Fr>>,
    /// By offset of the extraction: one entry for each slot of bootstrappings.
    outputs: BTreeMap<usize, Vec<Fr>>,
    constant: Fr,
}

fn wires(shape: &Shape, circuit: &Circuit, rows: &[&Linear], row_weights: &[Fr]) -> Wires {
    let mut wires = Wires { inputs: BTreeMap::new(), outputs: BTreeMap::new(), constant: Fr::zero() };
    for (row, weight) in rows.iter().zip(row_weights) {
        wires.constant += *weight * Fr::from(row.constant);
        for term in &row.terms {
            let (list, index) = match term.wire {
                Wire::Input { handle, block } => {
                    let blocks = shape.inputs.get(usize::from(handle)).copied().unwrap_or_default();
                    let list =
                        wires.inputs.entry(handle).or_insert_with(|| vec![Fr::zero(); 1 << log2(blocks)]);
                    (list, usize::from(block))
                }
                Wire::Output { bootstrapping, function } => {
                    let offset = offset(shape, circuit, bootstrapping, function);
                    let slots = shape.bootstrappings();
                    let list = wires.outputs.entry(offset).or_insert_with(|| vec![Fr::zero(); slots]);
                    (list, bootstrapping as usize)
                }
            };
            if let Some(sum) = list.get_mut(index) {
                *sum += *weight * signed(term.coefficient);
            }
        }
    }
    wires
}

/// Coefficient of the accumulator at which a function is extracted.
fn offset(shape: &Shape, circuit: &Circuit, bootstrapping: u32, function: u8) -> usize {
    let table = circuit.bootstrappings().get(bootstrapping as usize).map(|b| b.table as usize);
    let domain = table.and_then(|t| circuit.tables().get(t)).map_or(0, Table::domain);
    usize::from(function) * domain * shape.parameters.box_size()
}

fn input_part(handle: u8, blocks: Vec<Fr>, point: &[Fr], scale: Fr) -> Part {
    let weight = Weight { scale: Fr::one(), factors: vec![Factor::eq(point), Factor::Public(blocks)] };
    Part { weight, columns: vec![(Column::Input(handle), scale)] }
}

/// A wire's words from row G + 1 of polynomial u; nothing where the scale is zero.
fn output_part(shape: &Shape, word: Factor, u: usize, slots: &[Fr], scale: Fr) -> Option<Part> {
    if scale.is_zero() {
        return None;
    }
    let p = &shape.parameters;
    let factors = vec![
        word,
        Factor::index(u, 1),
        Factor::index(p.output_step(), p.log_steps),
        Factor::Public(slots.to_vec()),
    ];
    Some(Part { weight: Weight { scale: Fr::one(), factors }, columns: reduced(shape, scale) })
}

/// A small signed coefficient as a field element.
pub fn signed(coefficient: i8) -> Fr {
    let size = Fr::from(coefficient.unsigned_abs());
    if coefficient < 0 { -size } else { size }
}
