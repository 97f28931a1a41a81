//! V and BK' in the evaluation basis, by (subset, step).
//!
//! `V = sum_p eq(s_p, p) X^(a[p][i][b])`, and BK' is the key folded over c by `r_u` and over u by `s_u`, the
//! trivial key in subset 1 of step 0.

use super::write_values;
use ark_bn254::Fr;
use trine_kernels::transform::{Coefficients, NegacyclicTransform};
use trine_kernels::{Backend, Block, Kernel, LANES, Lanes, Scaled};
use trine_verifier::bootstrapping::parameters::{Parameters, SUBSETS};
use trine_verifier::claim::eq;
use trine_verifier::opening::eq_table;

/// Pairs (c, u) of a slot.
const COMPONENTS: usize = 4;
/// Subset of step 0 with the trivial key.
const TRIVIAL: usize = 1;

/// Sums of monomials over bootstrappings.
pub struct Monomials<'a> {
    exponents: &'a [u32],
    rows: usize,
    /// The weight of each slot in each lane, and its negative.
    weights: Vec<[[Block; 2]; LANES]>,
}

impl<'a> Monomials<'a> {
    /// Monomials of the exponents by (subset, step, bootstrapping), weighted by bootstrapping.
    pub fn new(backend: Backend, p: &Parameters, exponents: &'a [u32], slots: &[Fr]) -> Self {
        Self { exponents, rows: SUBSETS << p.log_steps, weights: backend.run(LaneWeights(slots)) }
    }

    /// Writes the values of the eight polynomials of a group.
    pub fn write(&self, transform: &NegacyclicTransform, group: usize, values: &mut [Block]) {
        transform.backend().run(AddMonomials { monomials: self, group, coefficients: values });
        transform.transform8(values);
    }
}

struct LaneWeights<'a>(&'a [Fr]);

impl Kernel for LaneWeights<'_> {
    type Output = Vec<[[Block; 2]; LANES]>;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Self::Output {
        let mut weights = vec![[[Block::default(); 2]; LANES]; self.0.len()];
        for (slot, weights) in self.0.iter().zip(&mut weights) {
            for (lane, signs) in weights.iter_mut().enumerate() {
                let mut elements = [Fr::default(); LANES];
                elements[lane] = *slot;
                let weight = L::from_elements(&elements);
                weight.store(&mut signs[0]);
                weight.neg().store(&mut signs[1]);
            }
        }
        weights
    }
}

/// Adds the monomials of a group to coefficients that are zero.
struct AddMonomials<'a> {
    monomials: &'a Monomials<'a>,
    group: usize,
    coefficients: &'a mut [Block],
}

impl Kernel for AddMonomials<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Monomials { exponents, rows, weights } = self.monomials;
        let n = self.coefficients.len();
        for (exponents, weights) in exponents.chunks_exact(*rows).zip(weights) {
            for lane in 0..LANES {
                let exponent = exponents[self.group * LANES + lane] as usize % (2 * n);
                let coefficient = &mut self.coefficients[exponent % n];
                L::load(coefficient).add(L::load(&weights[lane][exponent / n])).store(coefficient);
            }
        }
    }
}

/// The key's words and the fold over c and u.
pub struct FoldedKey<'a> {
    words: &'a [u64],
    log_n: usize,
    /// `eq(r_u, c) eq(s_u, u)`, by c and u.
    factors: [Block; COMPONENTS],
    /// The trivial key in its lane.
    trivial: Block,
}

impl<'a> FoldedKey<'a> {
    /// The key folded over c by `c` and over u by `u`.
    pub fn new(backend: Backend, p: &Parameters, words: &'a [u64], c: Fr, u: Fr) -> Self {
        let (factors, trivial) = backend.run(Constants { c, u });
        Self { words, log_n: p.log_n, factors, trivial }
    }

    /// Writes the values of the eight polynomials of a group.
    pub fn write(&self, transform: &NegacyclicTransform, group: usize, values: &mut [Block]) {
        let length = (LANES * COMPONENTS) << self.log_n;
        let words = &self.words[group * length..(group + 1) * length];
        let trivial = (group == 0).then_some(&self.trivial);
        write_values(transform, &Group { words, key: self, trivial }, values);
    }
}

struct Constants {
    c: Fr,
    u: Fr,
}

impl Kernel for Constants {
    type Output = ([Block; COMPONENTS], Block);

    #[inline(always)]
    fn run<L: Lanes>(self) -> Self::Output {
        let mut factors = [Block::default(); COMPONENTS];
        for (factor, weight) in factors.iter_mut().zip(eq_table(&[self.c, self.u])) {
            Scaled::<L>::splat(weight).store(factor);
        }
        let mut elements = [Fr::default(); LANES];
        elements[TRIVIAL] = eq(&[self.c], &[self.u]);
        let mut trivial = Block::default();
        L::from_elements(&elements).store(&mut trivial);
        (factors, trivial)
    }
}

/// The words of eight slots.
struct Group<'a> {
    words: &'a [u64],
    key: &'a FoldedKey<'a>,
    trivial: Option<&'a Block>,
}

impl Coefficients for Group<'_> {
    #[inline(always)]
    fn load<L: Lanes>(&self, exponent: usize) -> L {
        let mut sum = L::empty_sum();
        for component in 0..COMPONENTS {
            let mut lanes = [0; LANES];
            for (lane, word) in lanes.iter_mut().enumerate() {
                *word = self.words[((lane * COMPONENTS + component) << self.key.log_n) + exponent];
            }
            L::accumulate_u64(&mut sum, Scaled::load(&self.key.factors[component]), &lanes);
        }
        let folded = L::reduce(sum);
        match self.trivial {
            Some(trivial) if exponent == 0 => folded.add(L::load(trivial)),
            _ => folded,
        }
    }
}
