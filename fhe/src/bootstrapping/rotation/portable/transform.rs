//! Negacyclic number-theoretic transforms of length N = 2048 in doubles, four at a time.
//!
//! Nine levels between blocks, whose factor is the same for all coefficients of a block, two of them in a pass; then
//! squares of sixteen coefficients are transposed for the last two levels. The spectrum stays in that order.

use super::super::prime::Prime;
use super::residue::{Factor, Modulus};
use crate::parameters::POLYNOMIAL_SIZE;

/// Coefficients that are computed together.
pub const LANES: usize = 4;
/// Rows of four of a polynomial.
pub const ROWS: usize = POLYNOMIAL_SIZE / LANES;
/// Levels whose blocks are at least one row.
const ROW_LEVELS: usize = 9;

/// Four coefficients.
pub type Row = [f64; LANES];
/// A polynomial or its spectrum.
pub type Rows = [Row; ROWS];

/// The tables of the transforms modulo a prime.
pub struct Transform {
    /// The prime as doubles.
    pub modulus: Modulus,
    forward: Twiddles,
    inverse: Twiddles,
    /// 1 / N.
    scale: Factor,
}

struct Twiddles {
    /// At m + i: of block i of the m blocks of a level, m <= 256.
    rows: [Factor; ROWS],
    /// For four rows transposed: the level of 512 blocks, and the two halves of that of 1024.
    lanes: [[LaneFactors; 3]; ROWS / LANES],
}

/// Four factors, values before quotients.
#[derive(Clone, Copy, Default)]
struct LaneFactors {
    values: Row,
    quotients: Row,
}

impl LaneFactors {
    #[inline(always)]
    fn lane(&self, i: usize) -> Factor {
        Factor { value: self.values[i], quotient: self.quotients[i] }
    }
}

impl Twiddles {
    fn new(factors: &[u64], prime: Prime) -> Self {
        let factor = |index: usize| Factor::new(factors[index], prime);
        let lanes = |square: usize, slot: usize| {
            let factors: [Factor; LANES] = std::array::from_fn(|lane| {
                let row = LANES * square + lane;
                factor(if slot == 0 { ROWS + row } else { 2 * ROWS + 2 * row + slot - 1 })
            });
            LaneFactors { values: factors.map(|f| f.value), quotients: factors.map(|f| f.quotient) }
        };
        Self {
            rows: std::array::from_fn(factor),
            lanes: std::array::from_fn(|square| std::array::from_fn(|slot| lanes(square, slot))),
        }
    }
}

impl Transform {
    /// Of a prime.
    pub fn new(prime: Prime) -> Self {
        Self {
            modulus: Modulus::new(prime),
            forward: Twiddles::new(&prime.twiddles(), prime),
            inverse: Twiddles::new(&prime.inverse_twiddles(), prime),
            scale: Factor::new(prime.inverse(POLYNOMIAL_SIZE as u64), prime),
        }
    }

    /// Transforms in place residues below 0.6. Below 7, or with `SCALED`, times 1 / N and below 0.7.
    #[inline(always)]
    pub fn forward<const SCALED: bool>(&self, x: &mut Rows) {
        self.forward_pass::<{ ROWS / 4 }>(x, 1);
        self.forward_pass::<{ ROWS / 16 }>(x, 4);
        self.forward_pass::<{ ROWS / 64 }>(x, 16);
        self.forward_pass::<{ ROWS / 256 }>(x, 64);
        let (m, w) = (self.modulus, &self.forward);
        for (square, x) in x.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            let [mut a, mut b, mut c, mut d] = *x;
            let last_row_level = &w.rows[1 << (ROW_LEVELS - 1)..];
            butterfly(m, &mut a, &mut b, |_| last_row_level[2 * square]);
            butterfly(m, &mut c, &mut d, |_| last_row_level[2 * square + 1]);
            let [mut a, mut b, mut c, mut d] = transpose([a, b, c, d]);
            let [first, low, high] = &w.lanes[square];
            butterfly(m, &mut a, &mut c, |i| first.lane(i));
            butterfly(m, &mut b, &mut d, |i| first.lane(i));
            butterfly(m, &mut a, &mut b, |i| low.lane(i));
            butterfly(m, &mut c, &mut d, |i| high.lane(i));
            *x = [a, b, c, d];
            if SCALED {
                for value in x.as_flattened_mut() {
                    *value = m.multiply_by(*value, self.scale);
                }
            }
        }
    }

    /// Two levels, of `blocks` and twice as many blocks; a quarter of a block is `T` rows.
    #[inline(always)]
    fn forward_pass<const T: usize>(&self, x: &mut Rows, blocks: usize) {
        let (m, w) = (self.modulus, &self.forward.rows);
        for (i, block) in x.chunks_exact_mut(4 * T).enumerate() {
            let (outer, low, high) = (w[blocks + i], w[2 * blocks + 2 * i], w[2 * blocks + 2 * i + 1]);
            let [a, b, c, d] = quarters::<T>(block);
            for (((to_a, to_b), to_c), to_d) in a.iter_mut().zip(b).zip(c).zip(d) {
                let (mut a, mut b, mut c, mut d) = (*to_a, *to_b, *to_c, *to_d);
                butterfly(m, &mut a, &mut c, |_| outer);
                butterfly(m, &mut b, &mut d, |_| outer);
                butterfly(m, &mut a, &mut b, |_| low);
                butterfly(m, &mut c, &mut d, |_| high);
                (*to_a, *to_b, *to_c, *to_d) = (a, b, c, d);
            }
        }
    }

    /// Transforms back in place residues below 2, without the division by N. Below 1.5.
    #[inline(always)]
    pub fn inverse(&self, x: &mut Rows) {
        let (m, w) = (self.modulus, &self.inverse);
        for (square, x) in x.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            let [mut a, mut b, mut c, mut d] = *x;
            let [first, low, high] = &w.lanes[square];
            inverse_butterfly(m, &mut a, &mut b, |i| low.lane(i));
            inverse_butterfly(m, &mut c, &mut d, |i| high.lane(i));
            inverse_butterfly(m, &mut a, &mut c, |i| first.lane(i));
            inverse_butterfly(m, &mut b, &mut d, |i| first.lane(i));
            reduce(m, &mut a); // from 8; the others are below 1.4
            let [mut a, mut b, mut c, mut d] = transpose([a, b, c, d]);
            let last_row_level = &w.rows[1 << (ROW_LEVELS - 1)..];
            inverse_butterfly(m, &mut a, &mut b, |_| last_row_level[2 * square]);
            inverse_butterfly(m, &mut c, &mut d, |_| last_row_level[2 * square + 1]);
            *x = [a, b, c, d];
        }
        self.inverse_pass::<{ ROWS / 256 }>(x, 64);
        self.inverse_pass::<{ ROWS / 64 }>(x, 16);
        self.inverse_pass::<{ ROWS / 16 }>(x, 4);
        self.inverse_pass::<{ ROWS / 4 }>(x, 1);
    }

    /// The levels of [`Self::forward_pass`] back, on residues below 2.5. Below 1.5.
    #[inline(always)]
    fn inverse_pass<const T: usize>(&self, x: &mut Rows, blocks: usize) {
        let (m, w) = (self.modulus, &self.inverse.rows);
        for (i, block) in x.chunks_exact_mut(4 * T).enumerate() {
            let (outer, low, high) = (w[blocks + i], w[2 * blocks + 2 * i], w[2 * blocks + 2 * i + 1]);
            let [a, b, c, d] = quarters::<T>(block);
            for (((to_a, to_b), to_c), to_d) in a.iter_mut().zip(b).zip(c).zip(d) {
                let (mut a, mut b, mut c, mut d) = (*to_a, *to_b, *to_c, *to_d);
                inverse_butterfly(m, &mut a, &mut b, |_| low);
                inverse_butterfly(m, &mut c, &mut d, |_| high);
                inverse_butterfly(m, &mut a, &mut c, |_| outer);
                inverse_butterfly(m, &mut b, &mut d, |_| outer);
                reduce(m, &mut a); // from 4 times the bound
                (*to_a, *to_b, *to_c, *to_d) = (a, b, c, d);
            }
        }
    }
}

/// A block of four times `T` rows in quarters.
#[inline(always)]
fn quarters<const T: usize>(block: &mut [Row]) -> [&mut [Row]; 4] {
    let (low, high) = block.split_at_mut(2 * T);
    let ((a, b), (c, d)) = (low.split_at_mut(T), high.split_at_mut(T));
    [a, b, c, d]
}

/// (u, v) becomes (u + w v, u - w v): bounds grow by that of a product.
#[inline(always)]
fn butterfly(m: Modulus, u: &mut Row, v: &mut Row, w: impl Fn(usize) -> Factor) {
    for i in 0..LANES {
        let product = m.multiply_by(v[i], w(i));
        v[i] = u[i] - product;
        u[i] += product;
    }
}

/// (u, v) becomes (u + v, w (u - v)), for u and v below 5.
#[inline(always)]
fn inverse_butterfly(m: Modulus, u: &mut Row, v: &mut Row, w: impl Fn(usize) -> Factor) {
    for i in 0..LANES {
        let difference = u[i] - v[i];
        u[i] += v[i];
        v[i] = m.multiply_by(difference, w(i));
    }
}

#[inline(always)]
fn reduce(m: Modulus, row: &mut Row) {
    for value in row {
        *value = m.reduce(*value);
    }
}

#[inline(always)]
fn transpose(x: [Row; LANES]) -> [Row; LANES] {
    let [[a0, a1, a2, a3], [b0, b1, b2, b3], [c0, c1, c2, c3], [d0, d1, d2, d3]] = x;
    [[a0, b0, c0, d0], [a1, b1, c1, d1], [a2, b2, c2, d2], [a3, b3, c3, d3]]
}
