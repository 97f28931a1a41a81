//! Dense vectors over the hypercube: equality tables, product weights, binding a variable.

use ark_bn254::Fr;
use ark_ff::Zero;
use rayon::prelude::*;
use trine_verifier::claim::ProductWeight;

/// Vectors shorter than this are worked on by one thread.
const PARALLEL: usize = 1 << 12;

/// `eq` tables of all suffixes: entry `i` is the table over `point[i+1 ..]`, lowest variable in the lowest bit.
pub fn eq_suffixes(point: &[Fr]) -> Vec<Vec<Fr>> {
    let mut tables = vec![vec![Fr::from(1u64)]];
    for x in point.iter().skip(1).rev() {
        let table = tables.last().map(|last: &Vec<Fr>| {
            last.iter()
                .flat_map(|e| {
                    let high = *e * x;
                    [*e - high, high]
                })
                .collect::<Vec<Fr>>()
        });
        tables.extend(table);
    }
    tables.reverse();
    tables
}

/// Binds the lowest variable to `x`.
pub fn bind(values: &mut Vec<Fr>, x: &Fr) {
    let fold = |pair: &[Fr]| pair[0] + *x * (pair[1] - pair[0]);
    *values = if values.len() < PARALLEL {
        values.chunks_exact(2).map(fold).collect()
    } else {
        values.par_chunks_exact(2).map(fold).collect()
    };
}

/// Adds `scale * weight` to a dense vector of `2^factors` entries.
pub fn add_product(to: &mut [Fr], weight: &ProductWeight, scale: Fr) {
    if weight.scale.is_zero() || scale.is_zero() {
        return;
    }
    let mut table = vec![scale * weight.scale];
    for [low, high] in &weight.factors {
        // Padding variables come last: their zero half is never written.
        if high.is_zero() {
            table.iter_mut().for_each(|t| *t *= low);
            continue;
        }
        let upper: Vec<Fr> = table.iter().map(|t| *t * high).collect();
        table.iter_mut().for_each(|t| *t *= low);
        table.extend(upper);
    }
    add_strided(to, &table, &weight.factors);
}

/// Adds the table of the variables that are free to the places where the pinned ones are zero.
fn add_strided(to: &mut [Fr], table: &[Fr], factors: &[[Fr; 2]]) {
    let free: Vec<usize> =
        factors.iter().enumerate().filter(|(_, [_, high])| !high.is_zero()).map(|(i, _)| i).collect();
    let leading = free.iter().enumerate().take_while(|(i, v)| i == *v).count();
    for (index, value) in table.iter().enumerate() {
        let mut place = index & ((1 << leading) - 1);
        for (bit, variable) in free.iter().enumerate().skip(leading) {
            place |= (index >> bit & 1) << variable;
        }
        to[place] += value;
    }
}
