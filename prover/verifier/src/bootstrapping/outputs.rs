//! Steps PB.G1 to PB.O2: output words are the linear combinations, and output handles are those words.
//!
//! `sum_k 2^(w k) ow_k - 2^64 (kapo - offset) = combination` over all 2N rows of every block: no wire has a weight above the body, so rows
//! above it, and those of unused blocks, are zero. Limbs are exact, so the words are a function of program, key and inputs.

use super::checks::Check;
use super::claim::{Claim, Part, limbs, power_of_two};
use super::combination::combination;
use super::shape::{Column, Family, Shape, log2};
use super::weight::{Factor, Weight};
use crate::opening::eq_table;
use crate::transcript::Transcript;
use ark_bn254::Fr;
use ark_ff::{One, Zero};
use trine_program::circuit::{Circuit, Linear};

/// The random row of the output words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputPoint {
    /// Word of a block, over 2N.
    pub word: Vec<Fr>,
    /// Output block.
    pub block: Vec<Fr>,
}

impl OutputPoint {
    /// PB.G1: draws the row.
    pub fn draw(shape: &Shape, transcript: &mut Transcript) -> Self {
        Self {
            word: transcript.challenges("g", shape.parameters.log_n + 1),
            block: transcript.challenges("g", shape.parameters.log_output_blocks),
        }
    }
}

/// PB.G2: the output words at the row.
pub fn outputs_claim(shape: &Shape, circuit: &Circuit, g: &OutputPoint) -> Claim {
    let p = &shape.parameters;
    let rows: Vec<&Linear> = circuit.rows().iter().collect();
    let sum = combination(shape, circuit, &rows, &eq_table(&g.block), &g.word, -Fr::one());
    let mut columns = limbs(shape, Family::Word, Fr::one());
    columns.extend(limbs(shape, Family::WordCarry, -power_of_two(64)));
    let factors = vec![Factor::eq(&g.word), Factor::eq(&g.block)];
    let mut parts = vec![Part { weight: Weight { scale: Fr::one(), factors }, columns }];
    parts.extend(sum.parts);
    let offset = Fr::from(p.carry_offset(p.combination_carry_limbs())) * power_of_two(64);
    Claim { check: Check::Outputs, parts, value: -offset - sum.constant }
}

/// PB.O1: draws one full-size point for all output handles.
pub fn draw_handle_point(shape: &Shape, transcript: &mut Transcript) -> Vec<Fr> {
    transcript.challenges("y", shape.parameters.log_chunk)
}

/// PB.O2: each handle's polynomial at the full-size point is its words, and zero beyond them.
///
/// A point over the handle's own rows would bind only the sum of the blocks of a longer polynomial.
pub fn handle_claims(shape: &Shape, y: &[Fr]) -> Vec<Claim> {
    (0..shape.outputs.len()).map(|handle| handle_claim(shape, y, handle)).collect()
}

fn handle_claim(shape: &Shape, y: &[Fr], handle: usize) -> Claim {
    let blocks = shape.outputs.get(handle).copied().unwrap_or_default();
    let (word, rest) = y.split_at((shape.parameters.log_n + 1).min(y.len()));
    let (block, above) = rest.split_at(log2(blocks).min(rest.len()));
    let outside: Fr = above.iter().map(|x| Fr::one() - x).product();
    let mut selected = vec![Fr::zero(); 1 << shape.parameters.log_output_blocks];
    let first = shape.first_output_block(handle);
    for (to, weight) in selected.iter_mut().skip(first).take(blocks).zip(eq_table(block)) {
        *to = weight;
    }
    let words = Weight { scale: Fr::one(), factors: vec![Factor::eq(word), Factor::Public(selected)] };
    let whole = Weight { scale: Fr::one(), factors: vec![Factor::eq(y)] };
    let parts = vec![
        Part { weight: whole, columns: vec![(Column::Output(handle as u8), Fr::one())] },
        Part { weight: words, columns: limbs(shape, Family::Word, -outside) },
    ];
    Claim { check: Check::OutputHandles, parts, value: Fr::zero() }
}
