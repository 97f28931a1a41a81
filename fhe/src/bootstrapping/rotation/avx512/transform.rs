//! Negacyclic number-theoretic transforms of length N = 2048: Cooley-Tukey forward, Gentleman-Sande back.
//!
//! Eleven levels in three passes over 256 vectors, each on sixteen registers at a time: two levels, three levels, and
//! three more followed by the last three inside vectors, for which eight vectors are transposed. The spectrum stays in that
//! order. Comments bound residues in multiples of p; eleven fit into 52 bits.

use super::modulus::{Modulus, Multiples, VECTORS};
use super::vector::{Factor, Vector, add, reduce_once, subtract, transpose, zero};

/// A transformed polynomial, in the order that [`forward`] leaves.
#[repr(C, align(64))]
pub struct Spectrum(pub [Vector; VECTORS]);

impl Spectrum {
    /// All zero.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn zero() -> Self {
        Self([zero(); VECTORS])
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
    forward_outer(modulus, input, spectrum);
    forward_middle(modulus, spectrum);
    forward_inner::<SCALED>(modulus, spectrum);
}

/// Place of register k in column `column` of the outer pass: four neighbouring vectors of each quarter.
#[inline]
fn outer(column: usize, k: usize) -> usize {
    4 * column + k % 4 + 64 * (k / 4)
}

/// Levels of 1 and 2 blocks: bounds 3 to 7.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn forward_outer(modulus: &Modulus, input: impl Fn(usize) -> Vector, Spectrum(x): &mut Spectrum) {
    let (m, w) = (Multiples::of(modulus), &modulus.forward);
    for column in 0..16 {
        let mut r = [zero(); 16];
        for (k, r) in r.iter_mut().enumerate() {
            *r = input(outer(column, k));
        }
        for k in 0..8 {
            butterfly(&mut r, k, k + 8, w.across(1), m);
        }
        for half in 0..2 {
            for k in 8 * half..8 * half + 4 {
                butterfly(&mut r, k, k + 4, w.across(2 + half), m);
            }
        }
        for k in 0..16 {
            x[outer(column, k)] = r[k];
        }
    }
}

/// Levels of 4, 8 and 16 blocks: bounds 7, 9, 11, reduced to 6, and 8.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn forward_middle(modulus: &Modulus, Spectrum(x): &mut Spectrum) {
    let (m, w) = (Multiples::of(modulus), &modulus.forward);
    for (block, x) in x.as_chunks_mut::<64>().0.iter_mut().enumerate() {
        for column in 0..4 {
            // Two neighbouring vectors of each eighth of a block.
            let at = |k: usize| 2 * column + k % 2 + 8 * (k / 2);
            let mut r = [zero(); 16];
            for k in 0..16 {
                r[k] = x[at(k)];
            }
            for k in 0..8 {
                butterfly(&mut r, k, k + 8, w.across(4 + block), m);
            }
            for half in 0..2 {
                for k in 8 * half..8 * half + 4 {
                    butterfly(&mut r, k, k + 4, w.across(8 + 2 * block + half), m);
                }
            }
            for quarter in 0..4 {
                for k in 4 * quarter..4 * quarter + 2 {
                    r[k] = reduce_once(r[k], m.times(6));
                    butterfly(&mut r, k, k + 2, w.across(16 + 4 * block + quarter), m);
                }
            }
            for k in 0..16 {
                x[at(k)] = r[k];
            }
        }
    }
}

/// Levels of 32, 64 and 128 blocks, and after a transposition 256, 512 and 1024: bounds 8 to 10.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn forward_inner<const SCALED: bool>(modulus: &Modulus, Spectrum(x): &mut Spectrum) {
    let (m, w, scale) = (Multiples::of(modulus), &modulus.forward, Factor::splat(modulus.scale));
    for (pair, x) in x.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let mut r = *x;
        for half in 0..2 {
            let (first, group) = (8 * half, 2 * pair + half);
            for k in first..first + 4 {
                butterfly(&mut r, k, k + 4, w.across(32 + group), m); // 10
            }
            for part in 0..2 {
                for k in first + 4 * part..first + 4 * part + 2 {
                    r[k] = reduce_once(r[k], m.times(5));
                    butterfly(&mut r, k, k + 2, w.across(64 + 2 * group + part), m); // 7
                }
            }
            for part in 0..4 {
                let k = first + 2 * part;
                butterfly(&mut r, k, k + 1, w.across(128 + 4 * group + part), m); // 9
            }
        }
        transpose_halves(&mut r);
        for half in 0..2 {
            let (first, group) = (8 * half, 2 * pair + half);
            for k in first..first + 4 {
                butterfly(&mut r, k, k + 4, w.lanes(group, 0), m); // 11
            }
            for part in 0..2 {
                for k in first + 4 * part..first + 4 * part + 2 {
                    r[k] = reduce_once(r[k], m.times(6));
                    butterfly(&mut r, k, k + 2, w.lanes(group, 1 + part), m); // 8
                }
            }
            for part in 0..4 {
                let k = first + 2 * part;
                butterfly(&mut r, k, k + 1, w.lanes(group, 3 + part), m); // 10
            }
        }
        for k in 0..16 {
            x[k] = if SCALED { scale.multiply(r[k], m.minus_p) } else { r[k] };
        }
    }
}

/// Transposes the first and the last eight of sixteen vectors.
#[inline]
#[target_feature(enable = "avx512f")]
fn transpose_halves(r: &mut [Vector; 16]) {
    for half in r.as_chunks_mut::<8>().0 {
        *half = transpose(*half);
    }
}

/// Transforms back in place residues below 5, without the division by N. Results are below 5, their bits above 52
/// arbitrary.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn inverse(modulus: &Modulus, spectrum: &mut Spectrum) {
    inverse_inner(modulus, spectrum);
    inverse_middle(modulus, spectrum);
    inverse_outer(modulus, spectrum);
}

/// The levels of [`forward_inner`] back: all bounds 5.
#[expect(clippy::manual_memcpy, reason = "sixteen registers are stored one by one, not spilled and copied")]
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn inverse_inner(modulus: &Modulus, Spectrum(x): &mut Spectrum) {
    let (m, w) = (Multiples::of(modulus), &modulus.inverse);
    for (pair, x) in x.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let mut r = *x;
        inverse_levels(&mut r, m, |half, level, block| w.lanes(2 * pair + half, (1 << level) - 1 + block));
        transpose_halves(&mut r);
        inverse_levels(&mut r, m, |half, level, block| w.across(((32 + 2 * pair + half) << level) + block));
        for k in 0..16 {
            x[k] = r[k];
        }
    }
}

/// The levels of [`forward_middle`] back: all bounds 5.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn inverse_middle(modulus: &Modulus, Spectrum(x): &mut Spectrum) {
    let (m, w) = (Multiples::of(modulus), &modulus.inverse);
    for (block, x) in x.as_chunks_mut::<64>().0.iter_mut().enumerate() {
        for column in 0..4 {
            let at = |k: usize| 2 * column + k / 8 + 8 * (k % 8);
            let mut r = [zero(); 16];
            for k in 0..16 {
                r[k] = x[at(k)];
            }
            inverse_levels(&mut r, m, |_, level, part| w.across(((4 + block) << level) + part));
            for k in 0..16 {
                x[at(k)] = r[k];
            }
        }
    }
}

/// Three levels on both halves of the registers, with the factors that `w` gives by half, level and block: all bounds 5,
/// then, in the order of the registers, 5, 4, 4, 4, 2, 2, 2, 2.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn inverse_levels(r: &mut [Vector; 16], m: Multiples, w: impl Fn(usize, usize, usize) -> Factor) {
    for half in 0..2 {
        for part in 0..4 {
            let k = 8 * half + 2 * part;
            inverse_butterfly(r, (k, k + 1), w(half, 2, part), m, 5);
            r[k] = reduce_once(r[k], m.times(5)); // 5, 2
        }
    }
    for half in 0..2 {
        for part in 0..2 {
            let (k, factor) = (8 * half + 4 * part, w(half, 1, part));
            inverse_butterfly(r, (k, k + 2), factor, m, 5);
            r[k] = reduce_once(r[k], m.times(5));
            inverse_butterfly(r, (k + 1, k + 3), factor, m, 2); // 5, 4, 2, 2
        }
    }
    for half in 0..2 {
        let (k, factor) = (8 * half, w(half, 0, 0));
        inverse_butterfly(r, (k, k + 4), factor, m, 5);
        r[k] = reduce_once(r[k], m.times(5));
        inverse_butterfly(r, (k + 1, k + 5), factor, m, 4);
        r[k + 1] = reduce_once(r[k + 1], m.times(4));
        inverse_butterfly(r, (k + 2, k + 6), factor, m, 2);
        inverse_butterfly(r, (k + 3, k + 7), factor, m, 2);
    }
}

/// The last two levels: all bounds 5.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn inverse_outer(modulus: &Modulus, Spectrum(x): &mut Spectrum) {
    let (m, w) = (Multiples::of(modulus), &modulus.inverse);
    for column in 0..16 {
        let mut r = [zero(); 16];
        for k in 0..16 {
            r[k] = x[outer(column, k)];
        }
        for half in 0..2 {
            for k in 8 * half..8 * half + 4 {
                inverse_butterfly(&mut r, (k, k + 4), w.across(2 + half), m, 5);
                r[k] = reduce_once(r[k], m.times(5)); // 5, 2
            }
        }
        for k in 0..4 {
            inverse_butterfly(&mut r, (k, k + 8), w.across(1), m, 5);
            r[k] = reduce_once(r[k], m.times(5));
            inverse_butterfly(&mut r, (k + 4, k + 12), w.across(1), m, 2);
        }
        for k in 0..16 {
            x[outer(column, k)] = r[k];
        }
    }
}
