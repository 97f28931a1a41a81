//! Values, residues and quotients of long polynomials, on all threads. Lowest coefficient first.

use super::TASK;
use ark_bn254::Fr;
use ark_ff::{Field, Zero};
use rayon::prelude::*;

/// `f(x)`.
pub fn evaluate(f: &[Fr], x: Fr) -> Fr {
    residues(f, 1, x)[0]
}

/// `f^(b)(x)` for b below `e`, where `f(X) = sum_b X^b f^(b)(X^e)`. `e` is a power of two.
pub fn residues(f: &[Fr], e: usize, x: Fr) -> Vec<Fr> {
    let parts = residues_of_tasks(f, e, x);
    let step = x.pow([(TASK / e) as u64]);
    parts.iter().rev().fold(vec![Fr::zero(); e], |above, part| next(part, step, &above))
}

fn residues_of_tasks(f: &[Fr], e: usize, x: Fr) -> Vec<Vec<Fr>> {
    f.par_chunks(TASK).map(|part| horner(part, e, x)).collect()
}

fn horner(f: &[Fr], e: usize, x: Fr) -> Vec<Fr> {
    let mut sums = vec![Fr::zero(); e];
    for row in f.chunks(e).rev() {
        sums.iter_mut().for_each(|sum| *sum *= x);
        sums.iter_mut().zip(row).for_each(|(sum, coefficient)| *sum += coefficient);
    }
    sums
}

/// `part + step * above`.
fn next(part: &[Fr], step: Fr, above: &[Fr]) -> Vec<Fr> {
    part.iter().zip(above).map(|(part, above)| *part + step * above).collect()
}

/// Quotient of f by `X^e - c`, in its place with zeros on top; the remainder is dropped. `e` is a power of two.
pub fn divide(f: &mut [Fr], e: usize, c: Fr) {
    let parts = residues_of_tasks(f, e, c);
    let step = c.pow([(TASK / e) as u64]);
    // By task: residues of all that is above it, the quotient's coefficients at its end.
    let mut above = vec![vec![Fr::zero(); e]];
    for part in parts.iter().skip(1).rev() {
        above.push(next(part, step, &above[above.len() - 1]));
    }
    above.reverse();
    f.par_chunks_mut(TASK).zip(above).for_each(|(part, mut above)| {
        for row in part.chunks_mut(e).rev() {
            for (coefficient, above) in row.iter_mut().zip(&mut above) {
                let sum = *coefficient + c * *above;
                *coefficient = std::mem::replace(above, sum);
            }
        }
    });
}

/// `to += scale * from`; `from` is not longer.
pub fn add_scaled(to: &mut [Fr], scale: Fr, from: &[Fr]) {
    to.par_chunks_mut(TASK).zip(from.par_chunks(TASK)).for_each(|(to, from)| {
        to.iter_mut().zip(from).for_each(|(to, from)| *to += scale * from);
    });
}
