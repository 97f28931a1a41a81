//! Relations of indices: each an automaton that reads the bits from the lowest on, with a field element for each state.

use crate::claim::eq_index;
use crate::opening::eq_table;
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, One, Zero};

/// `sum_i eq(s, i) eq(r, i + 1)`, i below the last index: no wrap-around.
///
/// While the one is carried, i has the bit 1 and i + 1 the bit 0; where it lands, 0 and 1; above, both agree. What is
/// still carried at the end belongs to the last index.
pub fn shift(r: &[Fr], s: &[Fr]) -> Fr {
    let (mut carried, mut landed) = (Fr::one(), Fr::zero());
    for (r, s) in r.iter().zip(s) {
        let equal = Fr::one() - r - s + (*r * s).double();
        landed = landed * equal + carried * (Fr::one() - s) * r;
        carried *= *s * (Fr::one() - r);
    }
    landed
}

/// Extension of `[i < bound]` at y: one everywhere if no index reaches the bound.
///
/// The highest bit in which i and the bound differ decides.
pub fn below(y: &[Fr], bound: usize) -> Fr {
    if bound.checked_shr(y.len() as u32).unwrap_or_default() != 0 {
        return Fr::one();
    }
    let bits = (0..).map(|k| bound >> k & 1);
    y.iter().zip(bits).fold(Fr::zero(), |less, (y, bit)| {
        if bit == 1 { Fr::one() - y + *y * less } else { (Fr::one() - y) * less }
    })
}

/// Extension of the index: `sum_k 2^k y_k`.
pub fn identity(y: &[Fr]) -> Fr {
    y.iter().rev().fold(Fr::zero(), |sum, y| sum.double() + y)
}

/// `sum_(j + m = e) eq(r, j) eq(t, m) - sum_(j + m = e + N) eq(r, j) eq(t, m)`, e below N: sample extraction of the
/// coefficient e.
///
/// Adds j and m bit by bit, keeping the sums whose bits are those of e; the carry out of the top bit is the sign.
pub fn reversal(r: &[Fr], t: &[Fr], e: usize) -> Fr {
    let bits = (0..).map(|k| e >> k & 1);
    let [even, odd] =
        r.iter().zip(t).zip(bits).fold([Fr::one(), Fr::zero()], |[none, carry], ((r, t), bit)| {
            let both = *r * t;
            let neither = Fr::one() - r - t + both;
            let one = *r + t - both.double();
            if bit == 1 {
                [none * one + carry * neither, carry * both]
            } else {
                [none * neither, none * both + carry * one]
            }
        });
    even - odd
}

/// Entry m of the vector whose extension is [`reversal`] at t: `eq(r, e - m)`, and `-eq(r, N + e - m)` for m > e.
pub fn reversal_entry(r: &[Fr], e: usize, m: usize) -> Fr {
    match e.checked_sub(m) {
        Some(j) => eq_index(r, j),
        None => -eq_index(r, (1 << r.len()) - (m - e)),
    }
}

/// All entries of [`reversal_entry`].
pub fn reversal_table(r: &[Fr], e: usize) -> Vec<Fr> {
    let mut table = eq_table(r);
    let above = table.split_off(table.len().min(e + 1));
    table.reverse();
    table.extend(above.iter().rev().map(|eq| -*eq));
    table
}
