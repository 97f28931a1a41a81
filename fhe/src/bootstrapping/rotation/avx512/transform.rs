//! Negacyclic number-theoretic transforms of length N = 2048: Cooley-Tukey forward, Gentleman-Sande back.
//!
//! Eleven levels in three passes over 256 vectors, each on sixteen registers at a time: two levels, three levels, and
//! three more followed by the last three inside vectors, for which eight vectors are transposed. The spectrum stays in that
//! order. Comments bound residues in multiples of p; eleven fit into 52 bits.

use super::modulus::{Modulus, Multiples, Twiddles, VECTORS};
use super::vector::{Factor, Vector, add, reduce_once, subtract, transpose};
use std::arch::x86_64::_mm512_setzero_si512;

/// A transformed polynomial, in the order that [`forward`] leaves.
#[repr(C, align(64))]
pub struct Spectrum(pub [Vector; VECTORS]);

impl Spectrum {
    /// All zero.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn zero() -> Self {
        Self([_mm512_setzero_si512(); VECTORS])
    }
}

/// (u, v) becomes (u + w v, u - w v): adds 2 to the bound of u; v may be any 52 bits.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn butterfly<const R: usize>(x: &mut [Vector; R], i: usize, j: usize, w: Factor, m: Multiples) {
    let product = w.multiply(x[j], m.minus_p);
    x[j] = subtract(add(x[i], m.times(2)), product);
    x[i] = add(x[i], product);
}

/// (u, v) becomes (u + v, w (u - v)): v below `bound`, the second result below 2.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn inverse_butterfly<const R: usize>(
    x: &mut [Vector; R],
    (i, j): (usize, usize),
    w: Factor,
    m: Multiples,
    bound: u64,
) {
    let difference = subtract(add(x[i], m.times(bound)), x[j]);
    x[i] = add(x[i], x[j]);
    x[j] = w.multiply(difference, m.minus_p);
}

/// Transforms the vectors that `input` gives by index, residues below 3. Results are below 10, or with `SCALED`,
/// multiplied by 2^52 / N and below 2; their bits above 52 are arbitrary.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn forward<const SCALED: bool>(
    modulus: &Modulus,
    input: impl Fn(usize) -> Vector,
    spectrum: &mut Spectrum,
) {
    let (m, w, x) = (Multiples::of(modulus), &modulus.forward, &mut spectrum.0);
    for column in 0..16 {
        let mut r: [Vector; 16] = std::array::from_fn(|k| input(first_pass(column, k)));
        outer_levels(&mut r, w, m);
        for k in 0..16 {
            x[first_pass(column, k)] = r[k];
        }
    }
    for block in 0..4 {
        for column in 0..4 {
            let mut r: [Vector; 16] = std::array::from_fn(|k| x[second_pass(block, column, k)]);
            middle_levels(&mut r, w, block, m);
            for k in 0..16 {
                x[second_pass(block, column, k)] = r[k];
            }
        }
    }
    let scale = Factor::splat(modulus.scale);
    for (pair, x) in x.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let mut r = *x;
        inner_levels(&mut r, w, pair, m);
        for k in 0..16 {
            x[k] = if SCALED { scale.multiply(r[k], m.minus_p) } else { r[k] };
        }
    }
}

/// Place of register k in column `column` of the first pass: four neighbouring vectors of each quarter.
#[inline]
pub fn first_pass(column: usize, k: usize) -> usize {
    4 * column + k % 4 + 64 * (k / 4)
}

/// Place of register k in the second pass: two neighbouring vectors of each eighth of a block.
#[inline]
fn second_pass(block: usize, column: usize, k: usize) -> usize {
    64 * block + 2 * column + k % 2 + 8 * (k / 2)
}

/// Levels of 1 and 2 blocks: bounds 3 to 7.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn outer_levels(r: &mut [Vector; 16], w: &Twiddles, m: Multiples) {
    let factor = w.across(1);
    for k in 0..8 {
        butterfly(r, k, k + 8, factor, m);
    }
    for half in 0..2 {
        let factor = w.across(2 + half);
        for k in 0..4 {
            butterfly(r, 8 * half + k, 8 * half + k + 4, factor, m);
        }
    }
}

/// Levels of 4, 8 and 16 blocks: bounds 7, 9, 11, reduced to 6, and 8.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn middle_levels(r: &mut [Vector; 16], w: &Twiddles, block: usize, m: Multiples) {
    let factor = w.across(4 + block);
    for k in 0..8 {
        butterfly(r, k, k + 8, factor, m);
    }
    for half in 0..2 {
        let factor = w.across(8 + 2 * block + half);
        for k in 0..4 {
            butterfly(r, 8 * half + k, 8 * half + k + 4, factor, m);
        }
    }
    for quarter in 0..4 {
        let factor = w.across(16 + 4 * block + quarter);
        for k in 4 * quarter..4 * quarter + 2 {
            r[k] = reduce_once(r[k], m.times(6));
            butterfly(r, k, k + 2, factor, m);
        }
    }
}

/// Levels of 32, 64 and 128 blocks, and after a transposition 256, 512 and 1024: bounds 8 to 10.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn inner_levels(r: &mut [Vector; 16], w: &Twiddles, pair: usize, m: Multiples) {
    let groups = [2 * pair, 2 * pair + 1];
    for (first, group) in [0, 8].into_iter().zip(groups) {
        let factor = w.across(32 + group);
        for k in first..first + 4 {
            butterfly(r, k, k + 4, factor, m); // 10
        }
        for half in 0..2 {
            let factor = w.across(64 + 2 * group + half);
            for k in first + 4 * half..first + 4 * half + 2 {
                r[k] = reduce_once(r[k], m.times(5));
                butterfly(r, k, k + 2, factor, m); // 7
            }
        }
        for quarter in 0..4 {
            let k = first + 2 * quarter;
            butterfly(r, k, k + 1, w.across(128 + 4 * group + quarter), m); // 9
        }
    }
    let [low, high] = halves(r).map(|half| transpose(half));
    r[..8].copy_from_slice(&low);
    r[8..].copy_from_slice(&high);
    for (first, group) in [0, 8].into_iter().zip(groups) {
        let factor = w.lanes(group, 0);
        for k in first..first + 4 {
            butterfly(r, k, k + 4, factor, m); // 11
        }
        for half in 0..2 {
            let factor = w.lanes(group, 1 + half);
            for k in first + 4 * half..first + 4 * half + 2 {
                r[k] = reduce_once(r[k], m.times(6));
                butterfly(r, k, k + 2, factor, m); // 8
            }
        }
        for quarter in 0..4 {
            let k = first + 2 * quarter;
            butterfly(r, k, k + 1, w.lanes(group, 3 + quarter), m); // 10
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn halves(r: &[Vector; 16]) -> [[Vector; 8]; 2] {
    [std::array::from_fn(|k| r[k]), std::array::from_fn(|k| r[8 + k])]
}

/// Transforms back, without the division by N. `input` gives vectors of a spectrum by index, residues below 5; `output`
/// takes the vectors of the polynomial by index, residues below 5 with arbitrary bits above 52.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn inverse(
    modulus: &Modulus,
    input: impl Fn(usize) -> Vector,
    spectrum: &mut Spectrum,
    mut output: impl FnMut(usize, Vector),
) {
    let (m, w, x) = (Multiples::of(modulus), &modulus.inverse, &mut spectrum.0);
    for (pair, x) in x.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let mut r: [Vector; 16] = std::array::from_fn(|k| input(16 * pair + k));
        let groups = [2 * pair, 2 * pair + 1];
        for (first, group) in [0, 8].into_iter().zip(groups) {
            inverse_levels(&mut r, first, m, |level, block| w.lanes(group, (1 << level) - 1 + block));
        }
        let [low, high] = halves(&r).map(|half| transpose(half));
        r[..8].copy_from_slice(&low);
        r[8..].copy_from_slice(&high);
        for (first, group) in [0, 8].into_iter().zip(groups) {
            inverse_levels(&mut r, first, m, |level, block| w.across(((32 + group) << level) + block));
        }
        *x = r;
    }
    for block in 0..4 {
        for column in 0..4 {
            let at = |k: usize| 64 * block + 2 * column + k / 8 + 8 * (k % 8);
            let mut r: [Vector; 16] = std::array::from_fn(|k| x[at(k)]);
            for first in [0, 8] {
                inverse_levels(&mut r, first, m, |level, part| w.across(((4 + block) << level) + part));
            }
            for k in 0..16 {
                x[at(k)] = r[k];
            }
        }
    }
    for column in 0..16 {
        let mut r: [Vector; 16] = std::array::from_fn(|k| x[first_pass(column, k)]);
        inverse_outer_levels(&mut r, w, m);
        for k in 0..16 {
            output(first_pass(column, k), r[k]);
        }
    }
}

/// Three levels on eight registers, with the factors that `w` gives by level and block: all bounds 5, then, in the order of
/// the registers, 5, 4, 4, 4, 2, 2, 2, 2.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn inverse_levels(r: &mut [Vector; 16], first: usize, m: Multiples, w: impl Fn(usize, usize) -> Factor) {
    for quarter in 0..4 {
        let (factor, k) = (w(2, quarter), first + 2 * quarter);
        inverse_butterfly(r, (k, k + 1), factor, m, 5);
        r[k] = reduce_once(r[k], m.times(5)); // 5, 2
    }
    for half in 0..2 {
        let (factor, k) = (w(1, half), first + 4 * half);
        inverse_butterfly(r, (k, k + 2), factor, m, 5);
        r[k] = reduce_once(r[k], m.times(5));
        inverse_butterfly(r, (k + 1, k + 3), factor, m, 2); // 5, 4, 2, 2
    }
    let factor = w(0, 0);
    inverse_butterfly(r, (first, first + 4), factor, m, 5);
    r[first] = reduce_once(r[first], m.times(5));
    inverse_butterfly(r, (first + 1, first + 5), factor, m, 4);
    r[first + 1] = reduce_once(r[first + 1], m.times(4));
    inverse_butterfly(r, (first + 2, first + 6), factor, m, 2);
    inverse_butterfly(r, (first + 3, first + 7), factor, m, 2);
}

/// The last two levels: all bounds 5.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn inverse_outer_levels(r: &mut [Vector; 16], w: &Twiddles, m: Multiples) {
    for half in 0..2 {
        let factor = w.across(2 + half);
        for k in 8 * half..8 * half + 4 {
            inverse_butterfly(r, (k, k + 4), factor, m, 5);
            r[k] = reduce_once(r[k], m.times(5)); // 5, 2
        }
    }
    let factor = w.across(1);
    for k in 0..8 {
        let bound = if k < 4 { 5 } else { 2 };
        inverse_butterfly(r, (k, k + 8), factor, m, bound);
        if k < 4 {
            r[k] = reduce_once(r[k], m.times(5));
        }
    }
}
