//! C': the combined key of each step in the evaluation basis, by (u, step, bootstrapping).
//!
//! `C'[p][i][u] = sum_c eq(r_u, c) sum_b X^(a[p][i][b]) BK[i][b][u][c]`: the sum over subsets is one of integers,
//! so that a step is transformed once. Step 0 has the trivial key: `eq(r_u, u) X^(a[p][0][1])`.

use super::write_values;
use ark_bn254::Fr;
use trine_kernels::transform::{Coefficients, NegacyclicTransform};
use trine_kernels::{Backend, Block, Kernel, LANES, Lanes, Scaled};
use trine_verifier::bootstrapping::parameters::{Parameters, SUBSETS};
use trine_verifier::opening::eq_table;

/// Polynomials that add up words' halves: low and high of both components.
const PARTS: usize = 4;
/// A sum of 32-bit halves over all subsets, of either sign, is above minus this.
const OFFSET: u64 = (SUBSETS as u64) << 32;

/// The key's words, the committed exponents and the fold over c.
pub struct CombinedKeys<'a> {
    backend: Backend,
    parameters: &'a Parameters,
    words: &'a [u64],
    exponents: &'a [u32],
    fold: Fold,
}

/// Folds parts: constants in the form of the back end.
struct Fold {
    /// `eq(r_u, c)`, by c.
    components: [Fr; 2],
    /// `eq(r_u, c) 2^(32 h)`, by half h and component c.
    factors: [Block; PARTS],
    /// What the offset of all parts adds.
    excess: Block,
}

/// The sums of a group: eight rows of [`PARTS`] polynomials.
struct Group<'a> {
    sums: Vec<i64>,
    log_n: usize,
    fold: &'a Fold,
    /// The rotation of step 0, in the first two rows.
    trivial: Option<u32>,
}

impl<'a> CombinedKeys<'a> {
    /// Combined keys, folded over c with `eq(r_u, c)`.
    pub fn new(
        backend: Backend,
        parameters: &'a Parameters,
        words: &'a [u64],
        exponents: &'a [u32],
        u: Fr,
    ) -> Self {
        Self { backend, parameters, words, exponents, fold: Fold::new(backend, u) }
    }

    /// Writes the values of the eight polynomials of a group.
    pub fn write(&self, transform: &NegacyclicTransform, group: usize, values: &mut [Block]) {
        let p = self.parameters;
        let row = group * LANES / 2;
        let trivial = row.is_multiple_of(p.steps()).then(|| self.exponents[row * SUBSETS + 1]);
        let sums = self.backend.run(RotatedSums { keys: self, row });
        let group = Group { sums, log_n: p.log_n, fold: &self.fold, trivial };
        write_values(transform, &group, values);
    }
}

impl Fold {
    fn new(backend: Backend, u: Fr) -> Self {
        let components: [Fr; 2] = [Fr::from(1u64) - u, u];
        debug_assert_eq!(eq_table(&[u]), components);
        let shift = Fr::from(1u64 << 32);
        let factors = [components[0], components[1], components[0] * shift, components[1] * shift];
        let excess = factors.iter().sum::<Fr>() * Fr::from(OFFSET);
        let (factors, excess) = backend.run(Constants { factors, excess });
        Self { components, factors, excess }
    }
}

struct Constants {
    factors: [Fr; PARTS],
    excess: Fr,
}

impl Kernel for Constants {
    type Output = ([Block; PARTS], Block);

    #[inline(always)]
    fn run<L: Lanes>(self) -> Self::Output {
        let mut blocks = [Block::default(); PARTS];
        for (block, factor) in blocks.iter_mut().zip(self.factors) {
            Scaled::<L>::splat(factor).store(block);
        }
        let mut excess = Block::default();
        L::splat(self.excess).store(&mut excess);
        (blocks, excess)
    }
}

/// Sums over subsets of rotated keys for four steps from `row` on, a row being a step of a slot.
struct RotatedSums<'a> {
    keys: &'a CombinedKeys<'a>,
    row: usize,
}

impl Kernel for RotatedSums<'_> {
    type Output = Vec<i64>;

    /// Nothing here is of the field, but the loops are compiled with the back end's instructions.
    #[inline(always)]
    fn run<L: Lanes>(self) -> Vec<i64> {
        let Self { keys: CombinedKeys { parameters: p, words, exponents, .. }, row } = self;
        let n = p.n();
        let mut sums = vec![0; LANES * PARTS * n];
        for (lane, sums) in sums.chunks_exact_mut(PARTS * n).enumerate() {
            let (row, u) = (row + lane / 2, lane % 2);
            let step = row % p.steps();
            if !(1..=p.groups).contains(&step) {
                continue;
            }
            let (low, high) = sums.split_at_mut(2 * n);
            for subset in 0..SUBSETS {
                let exponent = exponents[row * SUBSETS + subset] as usize % (2 * n);
                let first = ((step * SUBSETS + subset) * 2 + u) * 2 * n;
                for c in 0..2 {
                    let word = &words[first + c * n..first + (c + 1) * n];
                    add_rotated(&mut low[c * n..(c + 1) * n], &mut high[c * n..(c + 1) * n], word, exponent);
                }
            }
        }
        sums
    }
}

/// Adds `X^exponent` times a polynomial of words modulo `X^N + 1`, in halves.
#[inline(always)]
fn add_rotated(low: &mut [i64], high: &mut [i64], words: &[u64], exponent: usize) {
    let n = words.len();
    let (places, negative) = (exponent % n, exponent >= n);
    let (kept, wrapped) = words.split_at(n - places);
    let (low_wrapped, low_kept) = low.split_at_mut(places);
    let (high_wrapped, high_kept) = high.split_at_mut(places);
    if negative {
        subtract(low_kept, high_kept, kept);
        add(low_wrapped, high_wrapped, wrapped);
    } else {
        add(low_kept, high_kept, kept);
        subtract(low_wrapped, high_wrapped, wrapped);
    }
}

#[inline(always)]
fn add(low: &mut [i64], high: &mut [i64], words: &[u64]) {
    for ((low, high), word) in low.iter_mut().zip(high).zip(words) {
        *low = low.wrapping_add((*word & 0xffff_ffff) as i64);
        *high = high.wrapping_add((*word >> 32) as i64);
    }
}

#[inline(always)]
fn subtract(low: &mut [i64], high: &mut [i64], words: &[u64]) {
    for ((low, high), word) in low.iter_mut().zip(high).zip(words) {
        *low = low.wrapping_sub((*word & 0xffff_ffff) as i64);
        *high = high.wrapping_sub((*word >> 32) as i64);
    }
}

impl Coefficients for Group<'_> {
    #[inline(always)]
    fn load<L: Lanes>(&self, exponent: usize) -> L {
        let mut sum = L::empty_sum();
        for part in 0..PARTS {
            let mut lanes = [0; LANES];
            for (lane, word) in lanes.iter_mut().enumerate() {
                let sum = self.sums[((lane * PARTS + part) << self.log_n) + exponent];
                *word = sum.wrapping_add_unsigned(OFFSET) as u64;
            }
            L::accumulate_u64(&mut sum, Scaled::load(&self.fold.factors[part]), &lanes);
        }
        let folded = L::reduce(sum).sub(L::load(&self.fold.excess));
        match self.trivial {
            Some(rotation) => folded.add(self.trivial_key(rotation, exponent)),
            None => folded,
        }
    }
}

impl Group<'_> {
    /// `eq(r_u, u) X^rotation` in the first two rows.
    #[inline(always)]
    fn trivial_key<L: Lanes>(&self, rotation: u32, exponent: usize) -> L {
        let rotation = rotation as usize % (2 << self.log_n);
        if rotation % (1 << self.log_n) != exponent {
            return L::zero();
        }
        let mut lanes = [Fr::default(); LANES];
        lanes[..2].copy_from_slice(&self.fold.components);
        let key = L::from_elements(&lanes);
        if rotation == exponent { key } else { key.neg() }
    }
}
