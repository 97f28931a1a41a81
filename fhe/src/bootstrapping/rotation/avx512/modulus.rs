//! Constants of one prime for the kernels.

use super::super::prime::Prime;
use super::vector::{Factor, Vector, splat};
use crate::parameters::POLYNOMIAL_SIZE;

/// Words of a vector.
pub const LANES: usize = 8;
/// Vectors of a polynomial.
pub const VECTORS: usize = POLYNOMIAL_SIZE / LANES;
/// Blocks of the level in which a block first fits into a vector.
const LANE_BLOCKS: usize = VECTORS;

/// A prime and the tables of its transforms.
pub struct Modulus {
    /// p.
    pub p: u64,
    /// 2^52 mod p.
    pub radix: u64,
    /// -1/p modulo 2^52.
    pub minus_inverse: u64,
    /// 2^52 / N mod p: undoes Montgomery's reduction and the length of the inverse transform.
    pub scale: [u64; 2],
    /// Factors of the forward transform.
    pub forward: Twiddles,
    /// Factors of the inverse transform.
    pub inverse: Twiddles,
}

/// Factors of the levels of a transform, each with its quotient ([`Factor`]).
pub struct Twiddles {
    /// At m + i: of block i of the m blocks of a level, m <= 128.
    across: [[u64; 2]; LANE_BLOCKS],
    /// Of the last three levels, for the 64 coefficients of eight vectors transposed: one factor, two, four.
    lanes: [[[[u64; LANES]; 2]; 7]; VECTORS / LANES],
}

impl Modulus {
    /// Of a prime.
    pub fn new(prime: Prime) -> Self {
        let p = prime.modulus;
        let radix = (1 << 52) % p;
        let scale = prime.multiply(radix, prime.inverse(POLYNOMIAL_SIZE as u64));
        // Newton's iteration doubles the number of correct low bits; p is its own inverse modulo 8.
        let inverse = (0..5).fold(p, |x, _| x.wrapping_mul(2u64.wrapping_sub(p.wrapping_mul(x))));
        Self {
            p,
            radix,
            minus_inverse: inverse.wrapping_neg() & super::vector::LOW_52,
            scale: with_quotient(scale, p),
            forward: Twiddles::new(&prime.twiddles(), p),
            inverse: Twiddles::new(&prime.inverse_twiddles(), p),
        }
    }
}

impl Twiddles {
    fn new(factors: &[u64], p: u64) -> Self {
        let mut across = [[0; 2]; LANE_BLOCKS];
        for (to, factor) in across.iter_mut().zip(factors) {
            *to = with_quotient(*factor, p);
        }
        let mut lanes = [[[[0; LANES]; 2]; 7]; VECTORS / LANES];
        for (group, factors_of_group) in lanes.iter_mut().enumerate() {
            for lane in 0..LANES {
                let vector = LANES * group + lane;
                for (slot, to) in factors_of_group.iter_mut().enumerate() {
                    // Slots 0, 1-2, 3-6 are the levels of 256, 512, 1024 blocks.
                    let (level, block) = match slot {
                        0 => (LANE_BLOCKS, 0),
                        1 | 2 => (2 * LANE_BLOCKS, slot - 1),
                        _ => (4 * LANE_BLOCKS, slot - 3),
                    };
                    let index = level + vector * (level / LANE_BLOCKS) + block;
                    let [value, quotient] = with_quotient(factors[index], p);
                    to[0][lane] = value;
                    to[1][lane] = quotient;
                }
            }
        }
        Self { across, lanes }
    }

    /// The factor of a block in a level whose blocks are whole vectors: m + i.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn across(&self, index: usize) -> Factor {
        Factor::splat(self.across[index])
    }

    /// The factor in a slot (0 for 256 blocks, 1 and 2 for 512, 3 to 6 for 1024) of a group of eight vectors.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn lanes(&self, group: usize, slot: usize) -> Factor {
        let [value, quotient] = &self.lanes[group][slot];
        Factor { value: super::vector::load(value), quotient: super::vector::load(quotient) }
    }
}

/// A factor and its quotient ([`Factor`]).
pub const fn with_quotient(factor: u64, p: u64) -> [u64; 2] {
    [factor, (((factor as u128) << 52) / p as u128) as u64]
}

/// Multiples of p in all lanes.
#[derive(Clone, Copy)]
pub struct Multiples {
    p: u64,
    /// 2^52 - p: adding its multiples subtracts those of p in the low 52 bits.
    pub minus_p: Vector,
}

impl Multiples {
    /// Of a prime.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn of(modulus: &Modulus) -> Self {
        Self { p: modulus.p, minus_p: splat((1 << 52) - modulus.p) }
    }

    /// `k p`, at most eleven of them.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub fn times(self, k: u64) -> Vector {
        splat(k * self.p)
    }
}
