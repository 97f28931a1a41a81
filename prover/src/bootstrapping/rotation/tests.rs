//! Proofs of random columns, by the verifier's steps; the claims that are left, by dense sums.

use crate::bootstrapping::columns::{Columns, KeyWords};
use crate::bootstrapping::rotation;
use ark_bn254::Fr;
use ark_ff::Zero;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::time::Instant;
use trine_kernels::Backend;
use trine_program::circuit::{BOXES, Bootstrapping, Circuit, Linear, Table, Term, Wire};
use trine_program::{Declaration, KeyKind, ValueType};
use trine_verifier::bootstrapping::accumulator::{self, AccumulatorPoint, digits_claim};
use trine_verifier::bootstrapping::claim::Claim;
use trine_verifier::bootstrapping::key::{self, KeyPoint, key_claim, rotation_claim, trivial_key};
use trine_verifier::bootstrapping::parameters::{GROUPING, LOG_GROUPING, Parameters, SUBSETS};
use trine_verifier::bootstrapping::product::{ACCUMULATOR, KEY, verify_product};
use trine_verifier::bootstrapping::shape::{Column, Family, Shape};
use trine_verifier::transcript::Transcript;

/// Columns and keys that satisfy nothing in particular.
pub struct Case {
    pub shape: Shape,
    pub circuit: Circuit,
    pub columns: Columns,
    pub keys: KeyWords,
    pub rotation: Vec<Fr>,
}

fn declaration(key_kind: KeyKind) -> Declaration {
    Declaration { value_type: ValueType::Nibbles, key_kind, blocks: 1, degree: 15 }
}

/// Bootstrappings of an input block under each key by turns, each with its table.
fn circuit(bootstrappings: usize, random: &mut ChaCha20Rng) -> Circuit {
    let kinds = [KeyKind::Compute, KeyKind::Casting];
    let tables = (0..bootstrappings).map(|_| Table { functions: 1, boxes: random.r#gen() }).collect();
    let linear = |kind: KeyKind| Linear {
        terms: vec![Term { wire: Wire::Input { handle: kind.code(), block: 0 }, coefficient: 3 }],
        constant: 5,
    };
    let list = (0..bootstrappings).map(|k| {
        let key_kind = kinds[k % 2];
        Bootstrapping { key_kind, table: k as u32, input: linear(key_kind) }
    });
    let rows = vec![linear(KeyKind::Compute)];
    let inputs = kinds.map(declaration).to_vec();
    Circuit::new(inputs, vec![declaration(KeyKind::Compute)], tables, list.collect(), rows).unwrap()
}

impl Case {
    pub fn new(parameters: Parameters, bootstrappings: usize, seed: u64) -> Self {
        let random = &mut ChaCha20Rng::seed_from_u64(seed);
        let circuit = circuit(bootstrappings, random);
        let shape = Shape::new(parameters, &circuit).unwrap();
        let mut columns = Columns::zeros(&shape);
        for k in 0..Family::Digit.limbs(&parameters) {
            let step = 2 * parameters.n();
            let cells = columns.get_mut(Column::Digit(k as u8));
            for (row, cells) in cells.chunks_mut(step).enumerate() {
                if (1..=parameters.output_step()).contains(&(row % parameters.steps())) {
                    cells.fill_with(|| random.gen_range(0..1 << parameters.limb_bits));
                }
            }
        }
        columns.get_mut(Column::Exponent).fill_with(|| random.gen_range(0..2 * parameters.n() as u32));
        for level in 0..parameters.max_levels() {
            let most = 2 * parameters.digit_offset() as u32;
            columns.get_mut(Column::KeyswitchDigit(level as u8)).fill_with(|| random.gen_range(0..=most));
        }
        Self { keys: keys(&shape, random), shape, circuit, columns, rotation: vec![] }
    }

    /// The rows of a column.
    fn dense(&self, column: Column) -> Vec<Fr> {
        let p = &self.shape.parameters;
        match column {
            Column::Mask => self.public(|step, _, _| Fr::from((1..=p.groups + 1).contains(&step))),
            Column::Table => self.public(|step, slot, (u, j)| {
                let boxes = self
                    .circuit
                    .bootstrappings()
                    .get(slot)
                    .map(|b| self.circuit.tables()[b.table as usize].boxes);
                let word = boxes.unwrap_or_default()[j * BOXES / p.n()];
                if step == 0 && u == 1 { Fr::from(word) } else { Fr::zero() }
            }),
            Column::Rotation => self.rotation.clone(),
            Column::BootstrappingKey => self.keys.bootstrapping.iter().map(|word| Fr::from(*word)).collect(),
            Column::KeyswitchingKey(kind) => {
                self.keys.keyswitching[usize::from(kind)].iter().map(|word| Fr::from(*word)).collect()
            }
            _ => self.columns.get(column).iter().map(|cell| Fr::from(*cell)).collect(),
        }
    }

    fn public(&self, value: impl Fn(usize, usize, (usize, usize)) -> Fr) -> Vec<Fr> {
        let p = &self.shape.parameters;
        let rows = 1usize << self.shape.variables(Column::Mask);
        let rows = (0..rows).map(|row| {
            let (j, u, step) = (row % p.n(), row / p.n() % 2, row / (2 * p.n()));
            value(step % p.steps(), step / p.steps(), (u, j))
        });
        rows.collect()
    }

    /// Holds the sums of a claim to its value.
    pub fn check(&self, claim: &Claim) {
        let mut sum = Fr::zero();
        for part in &claim.parts {
            let weight = part.weight.table();
            for (column, coefficient) in &part.columns {
                let products = weight.iter().zip(self.dense(*column)).map(|(weight, cell)| *weight * cell);
                sum += products.sum::<Fr>() * coefficient;
            }
        }
        assert_eq!(sum, claim.value, "{:?}", claim.check);
    }
}

/// Random words in the rows that keys have.
fn keys(shape: &Shape, random: &mut ChaCha20Rng) -> KeyWords {
    let p = &shape.parameters;
    let mut bootstrapping = vec![0; 1 << shape.variables(Column::BootstrappingKey)];
    let step = 4 * SUBSETS * p.n();
    bootstrapping[step..(p.groups + 1) * step].fill_with(|| random.r#gen());
    let keyswitching = [0, 1].map(|kind: u8| {
        let mut words = vec![0; 1 << shape.variables(Column::KeyswitchingKey(kind))];
        let levels = p.keyswitching[usize::from(kind)].levels;
        for (row, words) in words.chunks_mut(1 << (LOG_GROUPING + p.log_steps)).enumerate() {
            if row % (1 << p.log_levels()) < levels {
                words[GROUPING - 1..GROUPING * (p.groups + 1)].fill_with(|| random.r#gen());
            }
        }
        words
    });
    KeyWords { bootstrapping, keyswitching }
}

/// Steps PB.A1 to PB.D2 of the verifier.
fn verify(case: &mut Case, proof: &rotation::Rotation, transcript: &mut Transcript) {
    let shape = &case.shape;
    let p = &shape.parameters;
    let r = AccumulatorPoint::draw(shape, transcript);
    assert_eq!(r, proof.r);
    transcript.absorb("A.value", &proof.accumulator);
    let outer = 1 + p.log_steps + shape.log_bootstrappings;
    let end =
        verify_product(proof.accumulator, &r.z, outer, &proof.product, ACCUMULATOR, transcript).unwrap();
    let s = AccumulatorPoint::from_parts(shape, end.inner, &end.outer).unwrap();
    assert_eq!(s, proof.s);
    let [digits, combined] = [proof.product.left, proof.product.right];
    assert_eq!(accumulator::outer_weight(&r, &s) * digits * combined, end.claim);
    case.check(&digits_claim(shape, &s, digits));

    let end = verify_product(combined, &s.z, GROUPING + p.log_steps, &proof.key, KEY, transcript).unwrap();
    let x = KeyPoint::from_end(&end).unwrap();
    assert_eq!(x, proof.x);
    let [power, word] = [proof.key.left, proof.key.right];
    assert_eq!(key::outer_weight(&s, &x) * power * (word + trivial_key(&r, &s, &x)), end.claim);
    case.check(&key_claim(&r, &s, &x, word));
    case.rotation = rotation::powers(&x.z, case.columns.get(Column::Exponent));
    case.check(&rotation_claim(&s, &x, power));
}

fn prove(case: &Case, backend: Backend) -> (rotation::Rotation, Transcript) {
    let mut transcript = Transcript::new("test");
    let Case { shape, circuit, columns, keys, .. } = case;
    (rotation::prove(backend, shape, circuit, columns, keys, &mut transcript), transcript)
}

fn proofs_verify(parameters: Parameters, bootstrappings: usize) {
    let mut case = Case::new(parameters, bootstrappings, bootstrappings as u64);
    let (first, mut after) = prove(&case, Backend::portable());
    let mut transcript = Transcript::new("test");
    verify(&mut case, &first, &mut transcript);
    assert_eq!(transcript.challenge("after"), after.challenge("after"));
    for backend in Backend::all() {
        let (proof, _) = prove(&case, backend);
        assert_eq!((&proof.product, &proof.key), (&first.product, &first.key), "{backend:?}");
    }
}

#[test]
fn proofs_of_random_columns_verify() {
    proofs_verify(Parameters::REDUCED, 3);
    proofs_verify(Parameters::REDUCED, 1);
    proofs_verify(Parameters::REDUCED_GADGETS, 3);
}

/// Digits in padding count as the claims count them.
#[test]
fn digits_outside_the_steps_are_not_dropped() {
    let parameters = Parameters { log_steps: 4, log_chunk: 12, ..Parameters::REDUCED };
    let mut case = Case::new(parameters, 1, 7);
    let cells = case.columns.get_mut(Column::Digit(0));
    *cells.last_mut().unwrap() = 9;
    let (proof, _) = prove(&case, Backend::portable());
    verify(&mut case, &proof, &mut Transcript::new("test"));
}

#[test]
#[ignore = "slow: production size"]
fn production_size() {
    for bootstrappings in [1, 4] {
        let case = Case::new(Parameters::PRODUCTION, bootstrappings, 1);
        for backend in Backend::all() {
            let start = Instant::now();
            let (proof, _) = prove(&case, backend);
            println!(
                "{backend:?} P = {bootstrappings}: {:.3} s, {}",
                start.elapsed().as_secs_f64(),
                proof.key.left
            );
        }
    }
}
