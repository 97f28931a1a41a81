//! Linear combinations of wires as integers, and the columns of the outputs.

use super::super::columns::Columns;
use rayon::prelude::*;
use trine_fhe::parameters::{BLOCK_STRIDE, BLOCK_WORDS};
use trine_program::circuit::{Circuit, Linear, Wire};
use trine_verifier::bootstrapping::{Family, Shape};

/// Wires as integers: input words below 2^64, and the signed integers of traced bootstrappings.
pub struct Wires<'a> {
    inputs: &'a [Vec<u64>],
    /// By bootstrapping, then by function of its table; none before it is traced.
    outputs: Vec<Vec<Vec<i128>>>,
}

impl<'a> Wires<'a> {
    /// Words of the input handles; no bootstrapping is traced yet.
    pub fn new(inputs: &'a [Vec<u64>]) -> Self {
        Self { inputs, outputs: vec![] }
    }

    /// Takes the wires of a bootstrapping.
    pub fn put(&mut self, bootstrapping: usize, functions: Vec<Vec<i128>>) {
        if self.outputs.len() <= bootstrapping {
            self.outputs.resize(bootstrapping + 1, vec![]);
        }
        self.outputs[bootstrapping] = functions;
    }

    /// The 2049 integers of a combination.
    ///
    /// # Panics
    ///
    /// Where a term's bootstrapping was not [`put`](Self::put), or its input is not there.
    pub fn combine(&self, linear: &Linear) -> Vec<i128> {
        let mut sum = vec![0i128; BLOCK_WORDS];
        for term in &linear.terms {
            let coefficient = i128::from(term.coefficient);
            match term.wire {
                Wire::Input { handle, block } => {
                    let words = &self.inputs[usize::from(handle)][usize::from(block) * BLOCK_STRIDE..];
                    add(&mut sum, coefficient, words.iter().map(|word| i128::from(*word)));
                }
                Wire::Output { bootstrapping, function } => {
                    let wire = &self.outputs[bootstrapping as usize][usize::from(function)];
                    add(&mut sum, coefficient, wire.iter().copied());
                }
            }
        }
        if let Some(body) = sum.last_mut() {
            *body += i128::from(linear.constant);
        }
        sum
    }
}

fn add(sum: &mut [i128], coefficient: i128, wire: impl Iterator<Item = i128>) {
    for (sum, word) in sum.iter_mut().zip(wire) {
        *sum += coefficient * word;
    }
}

/// Writes output words and their carries, and gives the words of the output handles.
///
/// Rows above a body and those of unused blocks hold the word zero and the carry zero.
pub fn fill_outputs(
    columns: &mut Columns,
    shape: &Shape,
    circuit: &Circuit,
    wires: &Wires<'_>,
) -> Vec<Vec<u64>> {
    let p = &shape.parameters;
    let rows = BLOCK_STRIDE << p.log_output_blocks;
    let offset = p.carry_offset(p.combination_carry_limbs()) as u64;
    let (mut words, mut carries) = (vec![0u64; rows], vec![offset; rows]);
    let blocks = words.par_chunks_exact_mut(BLOCK_STRIDE).zip(carries.par_chunks_exact_mut(BLOCK_STRIDE));
    blocks.zip(circuit.rows()).for_each(|((words, carries), row)| {
        for ((word, carry), integer) in words.iter_mut().zip(carries).zip(wires.combine(row)) {
            *word = integer as u64;
            // Words minus carries are the combination: this carry has the opposite sign of the others.
            *carry = carry.wrapping_add(((i128::from(*word) - integer) >> 64) as u64);
        }
    });
    columns.write(p, Family::Word, words.iter().copied());
    columns.write(p, Family::WordCarry, carries.iter().copied());
    let mut rest = &words[..];
    let handles = shape.outputs.iter().map(|blocks| {
        let (handle, after) = rest.split_at(blocks * BLOCK_STRIDE);
        rest = after;
        handle.to_vec()
    });
    handles.collect()
}
