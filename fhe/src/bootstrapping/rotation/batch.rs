//! The order of work: group by group through a batch, output component outermost.
//!
//! All accumulators of a batch meet one operand pair (512 kB) before the next is read: the key passes through the caches
//! once a batch.

use super::key::{Operand, RotationKey, SUBSETS};
use super::polynomial::{Accumulator, Polynomial};

/// Rotations of one bootstrapping: by group and subset, a power of X modulo 2N.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exponents {
    /// `groups[i][b]`, in which the first mask word of group i is the top bit of subset b. Subset 0 is the empty sum: its
    /// entry is 0 and not read.
    pub groups: Vec<[u16; SUBSETS]>,
}

/// Told the accumulators after each step. The unit type looks away, at no cost.
pub trait Observer {
    /// The accumulator of a bootstrapping of the batch after a group.
    fn step(&mut self, batch_index: usize, group: usize, accumulator: &Accumulator);
}

impl Observer for () {
    fn step(&mut self, _batch_index: usize, _group: usize, _accumulator: &Accumulator) {}
}

/// The arithmetic of one step, by one way of computing.
pub(super) trait Kernels: Sync {
    /// Transforms of the digits of one polynomial, modulo both primes.
    type Digits: Send + Sync;
    /// What a component needs while it is computed.
    type Workspace: Send;

    /// Digits, not yet computed.
    fn digits(&self) -> Box<Self::Digits>;

    /// A workspace.
    fn workspace(&self) -> Box<Self::Workspace>;

    /// Transforms the digits of a polynomial.
    fn transform_digits(&self, polynomial: &Polynomial, digits: &mut Self::Digits);

    /// Sum over rows u of the digits d[u] times the sum over subsets b of X^(exponents[b]) operands[u][b].
    fn component(
        &self,
        operands: [&Operand; 2],
        exponents: &[u16; SUBSETS],
        digits: [&Self::Digits; 2],
        workspace: &mut Self::Workspace,
        output: &mut Polynomial,
    );
}

/// All steps of a batch on this thread.
pub(super) fn rotate<K: Kernels>(
    kernels: &K,
    key: &RotationKey,
    accumulators: &mut [Accumulator],
    exponents: &[Exponents],
    observer: &mut impl Observer,
) {
    let mut workspace = kernels.workspace();
    let mut digits: Vec<_> = accumulators.iter().map(|_| [kernels.digits(), kernels.digits()]).collect();
    for group in 0..key.groups() {
        for (accumulator, digits) in accumulators.iter().zip(&mut digits) {
            for (polynomial, digits) in accumulator.polynomials.iter().zip(digits) {
                kernels.transform_digits(polynomial, digits);
            }
        }
        for c in 0..2 {
            let operands = key.operands(group, c);
            for ((accumulator, [mask, body]), exponents) in
                accumulators.iter_mut().zip(&digits).zip(exponents)
            {
                let output = &mut accumulator.polynomials[c];
                kernels.component(operands, &exponents.groups[group], [mask, body], &mut workspace, output);
            }
        }
        for (batch_index, accumulator) in accumulators.iter().enumerate() {
            observer.step(batch_index, group, accumulator);
        }
    }
}
