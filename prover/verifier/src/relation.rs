//! Steps PE.G1 and PE.O1: the linear layer at a random row, the output handles at a random full-size point.

use crate::claim::{LinearClaim, ProductWeight, column_terms, eq_factors, eq_index, index_factors};
use crate::class::Class;
use crate::program::ProgramMatrix;
use ark_bn254::Fr;
use ark_ff::{One, Zero};

/// Identity G at the row point `g`: limbs less carries equal the linear combination, word by word, over all rows.
pub fn layer_claim(class: &Class, matrix: &ProgramMatrix, g: &[Fr]) -> LinearClaim {
    let (g_t, g_rows) = g.split_at(class.log_t().min(g.len()));
    let row_weights: Vec<Fr> = (0..matrix.constants.len()).map(|o| eq_index(g_rows, o)).collect();
    let row_factors = eq_factors(g);
    let mut terms = vec![];
    for k in 0..class.limbs() {
        let first = k << class.log_column_chunks();
        terms.extend(column_terms(class, first, class.limb_weight(k), &row_factors));
    }
    let carry = class.carry_column() << class.log_column_chunks();
    terms.extend(column_terms(class, carry, -Class::word_modulus(), &row_factors));
    for input in 0..class.inputs {
        for block in 0..class.blocks() {
            let place = input * class.blocks() + block;
            let weight: Fr = row_weights
                .iter()
                .zip(&matrix.coefficients)
                .map(|(w, row)| *w * signed(row.get(place).copied().unwrap_or_default()))
                .sum();
            let mut factors = eq_factors(g_t);
            factors.extend(index_factors(block, class.log_chunk - class.log_t()));
            terms.push((class.first_input() + input, ProductWeight { scale: -weight, factors }));
        }
    }
    let body = eq_index(g_t, 1 << class.log_n);
    let constants: Fr = row_weights.iter().zip(&matrix.constants).map(|(w, c)| *w * Fr::from(*c)).sum();
    let value = constants * body - Class::word_modulus() * Fr::from(class.carry_offset());
    LinearClaim { value, terms }
}

/// For each output slot: the handle's polynomial equals its words, and is zero beyond them.
pub fn output_claims(class: &Class, y: &[Fr]) -> Vec<LinearClaim> {
    let used = class.log_t() + class.log_blocks;
    let (inside, rest) = y.split_at(used.min(y.len()));
    let outside: Fr = rest.iter().map(|x| Fr::one() - x).product();
    (0..class.outputs())
        .map(|slot| {
            let whole = ProductWeight { scale: Fr::one(), factors: eq_factors(y) };
            let mut terms = vec![(class.first_output() + slot, whole)];
            let mut row_factors = eq_factors(inside);
            row_factors.extend(index_factors(slot, class.log_outputs));
            for k in 0..class.limbs() {
                let first = k << class.log_column_chunks();
                terms.extend(column_terms(class, first, -outside * class.limb_weight(k), &row_factors));
            }
            LinearClaim { value: Fr::zero(), terms }
        })
        .collect()
}

/// A small signed coefficient as a field element.
pub fn signed(coefficient: i8) -> Fr {
    let size = Fr::from(coefficient.unsigned_abs());
    if coefficient < 0 { -size } else { size }
}
