//! Steps PB.A1 to PB.D1: blind rotation.
//!
//! | module | holds |
//! | --- | --- |
//! | [`digits`] | D: digits in the evaluation basis |
//! | [`combined`] | C': combined keys in the evaluation basis |
//! | [`key`] | V and BK': sums of monomials and folded keys |

pub mod combined;
pub mod digits;
pub mod key;
#[cfg(test)]
pub(super) mod tests;

use super::columns::{Columns, KeyWords};
use super::product::{Bound, ProductSum, Proved};
use ark_bn254::Fr;
use ark_ff::Zero;
use combined::CombinedKeys;
use digits::Digits;
use key::{FoldedKey, Monomials};
use trine_kernels::transform::{Coefficients, NegacyclicTransform};
use trine_kernels::{Backend, Block, Kernel, LANES, Lanes};
use trine_program::circuit::Circuit;
use trine_verifier::bootstrapping::accumulator::AccumulatorPoint;
use trine_verifier::bootstrapping::key::{KeyPoint, trivial_key};
use trine_verifier::bootstrapping::parameters::{GROUPING, SUBSETS};
use trine_verifier::bootstrapping::product::{ACCUMULATOR, KEY, ProductProof};
use trine_verifier::bootstrapping::shape::{Column, Shape};
use trine_verifier::bootstrapping::weight::exponent_table;
use trine_verifier::opening::eq_table;
use trine_verifier::transcript::Transcript;

/// What is proved of the blind rotation.
pub struct Rotation {
    /// PB.A2: the accumulator in the evaluation basis at `r`.
    pub accumulator: Fr,
    /// PB.A3: digits and combined key.
    pub product: ProductProof,
    /// PB.C1: powers of the rotation and key.
    pub key: ProductProof,
    /// PB.A1: the random row.
    pub r: AccumulatorPoint,
    /// Where the accumulator's sumcheck ends.
    pub s: AccumulatorPoint,
    /// Where the combined key's sumcheck ends.
    pub x: KeyPoint,
}

/// What blind rotation is proved from.
struct BlindRotation<'a> {
    backend: Backend,
    shape: &'a Shape,
    circuit: &'a Circuit,
    columns: &'a Columns,
    keys: &'a KeyWords,
    transform: NegacyclicTransform,
}

/// Runs PB.A1 to PB.C2.
///
/// Columns that are no evaluation give a proof that the verifier rejects at the claims on them, not here.
///
/// # Panics
///
/// Where a column or the key is not as long as the shape has it.
pub fn prove(
    backend: Backend,
    shape: &Shape,
    circuit: &Circuit,
    columns: &Columns,
    keys: &KeyWords,
    transcript: &mut Transcript,
) -> Rotation {
    let transform = NegacyclicTransform::new(backend, shape.parameters.n())
        .expect("parameter sets have N from 2^5 to 2^14");
    let rotation = BlindRotation { backend, shape, circuit, columns, keys, transform };
    // PB.A1
    let r = AccumulatorPoint::draw(shape, transcript);
    // PB.A2, PB.A3
    let (accumulator, product, s) = rotation.accumulator(&r, transcript);
    // PB.C1, PB.C2
    let (key, x) = rotation.key(&r, &s, transcript);
    Rotation { accumulator, product, key, r, s, x }
}

/// PB.D1: the column `v`, `W_x` at the committed exponents.
///
/// Cells that are no exponents, 2N or more, count modulo 2N: their look-up fails.
pub fn powers(x: &[Fr], exponents: &[u32]) -> Vec<Fr> {
    let table = exponent_table(x);
    exponents.iter().map(|exponent| table[*exponent as usize % table.len()]).collect()
}

impl BlindRotation<'_> {
    /// PB.A2, PB.A3: digits times combined keys.
    fn accumulator(
        &self,
        r: &AccumulatorPoint,
        transcript: &mut Transcript,
    ) -> (Fr, ProductProof, AccumulatorPoint) {
        let p = &self.shape.parameters;
        let digits = Digits::new(self.shape, self.circuit, self.columns);
        let exponents = self.columns.get(Column::Exponent);
        let combined = CombinedKeys::new(self.backend, p, &self.keys.bootstrapping, exponents, r.u);
        let rows = 2 << (p.log_steps + self.shape.log_bootstrappings);
        let groups: Vec<usize> = (0..rows / LANES).filter(|group| digits.occurs_in(*group)).collect();
        let weight = accumulator_weight(r);
        let sum = ProductSum { backend: self.backend, point: &r.z, weight: &weight };
        let tables = sum.tables(&groups, |group, left, right| {
            digits.write(&self.transform, group, left);
            combined.write(&self.transform, group, right);
        });

        let value = tables.claim();
        transcript.absorb("A.value", &value);
        let bound = tables.bind(ACCUMULATOR, transcript);
        let Proved { proof, inner, outer } = bound.finish(weight, ACCUMULATOR, transcript);
        transcript.absorb_all(ACCUMULATOR.values, [&proof.left, &proof.right]);
        let s = AccumulatorPoint::from_parts(self.shape, inner, &outer).expect("a row has u, step and slot");
        (value, proof, s)
    }

    /// PB.C1, PB.C2: sums of monomials times the folded key.
    fn key(
        &self,
        r: &AccumulatorPoint,
        s: &AccumulatorPoint,
        transcript: &mut Transcript,
    ) -> (ProductProof, KeyPoint) {
        let p = &self.shape.parameters;
        let exponents = self.columns.get(Column::Exponent);
        let slots = eq_table(&s.slot);
        let monomials = Monomials::new(self.backend, p, exponents, &slots);
        let folded = FoldedKey::new(self.backend, p, &self.keys.bootstrapping, r.u, s.u);
        // Of step 0 only the trivial key's half; steps above G have no words.
        let per_step = SUBSETS / LANES;
        let groups: Vec<usize> = std::iter::once(0).chain(per_step..(p.groups + 1) * per_step).collect();
        let weight = key_weight(s);
        let sum = ProductSum { backend: self.backend, point: &s.z, weight: &weight };
        let tables = sum.tables(&groups, |group, left, right| {
            monomials.write(&self.transform, group, left);
            folded.write(&self.transform, group, right);
        });

        let mut bound: Bound = tables.bind(KEY, transcript);
        // In slots without a key, V is not zero.
        bound.left = folded_powers(&bound.point, exponents, &slots);
        let Proved { mut proof, inner, outer } = bound.finish(weight, KEY, transcript);
        let (subset, step) = outer.split_at(GROUPING);
        let x = KeyPoint { z: inner, subset: subset.to_vec(), step: step.to_vec() };
        proof.right -= trivial_key(r, s, &x);
        transcript.absorb_all(KEY.values, [&proof.left, &proof.right]);
        (proof, x)
    }
}

/// Writes the values of eight polynomials.
///
/// Coefficients are read in their order and transformed in place: cells and words are many streams, and a transform
/// that loads them in its own order waits for memory longer than the copies take that it saves.
fn write_values(transform: &NegacyclicTransform, coefficients: &impl Coefficients, values: &mut [Block]) {
    transform.backend().run(Load { coefficients, blocks: values });
    transform.transform8(values);
}

struct Load<'a, C> {
    coefficients: &'a C,
    blocks: &'a mut [Block],
}

impl<C: Coefficients> Kernel for Load<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        for (exponent, block) in self.blocks.iter_mut().enumerate() {
            self.coefficients.load::<L>(exponent).store(block);
        }
    }
}

/// w of the accumulator's sumcheck, by (u, step, slot): `eq(r_i, i + 1) eq(r_p, p)`.
fn accumulator_weight(r: &AccumulatorPoint) -> Vec<Fr> {
    let mut next = eq_table(&r.step).split_off(1);
    next.push(Fr::zero());
    let slots = eq_table(&r.slot);
    slots.iter().flat_map(|slot| next.iter().flat_map(move |step| [*step * slot; 2])).collect()
}

/// w of the combined key's sumcheck, by (subset, step): `eq(s_i, i)`.
fn key_weight(s: &AccumulatorPoint) -> Vec<Fr> {
    eq_table(&s.step).into_iter().flat_map(|step| [step; SUBSETS]).collect()
}

/// V with z bound to x, by (subset, step): `sum_p eq(s_p, p) W_x[exponent]`.
fn folded_powers(x: &[Fr], exponents: &[u32], slots: &[Fr]) -> Vec<Fr> {
    let powers = powers(x, exponents);
    let rows = powers.len() / slots.len();
    let mut folded = vec![Fr::zero(); rows];
    for (powers, slot) in powers.chunks_exact(rows).zip(slots) {
        folded.iter_mut().zip(powers).for_each(|(sum, power)| *sum += *slot * power);
    }
    folded
}
