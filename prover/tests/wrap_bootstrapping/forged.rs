//! Proofs of no columns at all: messages chosen one after the other so that every check of the field side holds.
//!
//! The group side would refuse them; the field side has to accept them, natively and in the circuit. They cost milliseconds,
//! so that both can be held to each other at the production parameters, and in any shape.

use crate::circuits::{declaration, table};
use ark_bn254::Fr;
use ark_ff::{Field, UniformRand, Zero};
use rand::seq::index::sample;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use trine_program::KeyKind;
use trine_program::circuit::{Bootstrapping, Circuit, Linear, Term, Wire};
use trine_program::limits::MAX_TERMS;
use trine_program::policy::DELTA;
use trine_prover::wrap::bootstrapping::WrapWitness;
use trine_prover::wrap::bootstrapping::class::Class;
use trine_verifier::Transcript;
use trine_verifier::bootstrapping::accumulator::{self, AccumulatorPoint};
use trine_verifier::bootstrapping::claim::Claim;
use trine_verifier::bootstrapping::key::{self, KeyPoint, trivial_key};
use trine_verifier::bootstrapping::lookup::{Fingerprints, blocks, layers};
use trine_verifier::bootstrapping::parameters::GROUPING;
use trine_verifier::bootstrapping::product::{ACCUMULATOR, KEY, verify_product};
use trine_verifier::bootstrapping::proof::FieldProof;
use trine_verifier::bootstrapping::reduction::{polynomial_weights, verify_reduction};
use trine_verifier::bootstrapping::statement::{PublicInputs, StatementInputs};
use trine_verifier::bootstrapping::sumcheck::{verify_factored, verify_quadratic};
use trine_verifier::bootstrapping::switch::{SwitchPoint, kinds, verify_switch_product};
use trine_verifier::bootstrapping::verify::{
    ARGUMENT_TAG, absorb_statement, draw_linear_claims, verify_lookups, verify_rotation, verify_switch,
};
use trine_verifier::bootstrapping::{Checks, Parameters, Shape};
use trine_verifier::class::ARITY_BITS;
use trine_verifier::opening::{eq_table, field_side};
use trine_verifier::proof::{LayerProof, TreeProof};

/// A random circuit of so many bootstrappings, inputs and outputs, of as many rows as the class has.
pub fn circuit(p: &Parameters, counts: [usize; 3], random: &mut ChaCha20Rng) -> Circuit {
    let [bootstrappings, inputs, outputs] = counts;
    let kind = |random: &mut ChaCha20Rng| {
        if random.gen_bool(0.3) { KeyKind::Casting } else { KeyKind::Compute }
    };
    let most = 64.min(1usize << (p.log_chunk - p.log_n - 1));
    let declared: Vec<_> =
        (0..inputs).map(|_| declaration(kind(random), random.gen_range(1..=most) as u8)).collect();
    let mut wires: Vec<(KeyKind, Wire)> = vec![];
    for (handle, d) in (0u8..).zip(&declared) {
        wires.extend((0..d.blocks).map(|block| (d.key_kind, Wire::Input { handle, block })));
    }
    let (mut tables, mut list) = (vec![], vec![]);
    for index in 0..bootstrappings as u32 {
        let functions = random.gen_range(1..=8);
        tables.push(table(functions, random));
        let key_kind = kind(random);
        let input = linear(key_kind, &wires, random);
        list.push(Bootstrapping { key_kind, table: index, input });
        wires.extend(
            (0..functions)
                .map(|function| (KeyKind::Compute, Wire::Output { bootstrapping: index, function })),
        );
    }
    let mut left = 1usize << p.log_output_blocks;
    let handles: Vec<_> = (1..=outputs)
        .rev()
        .map(|handles| {
            let blocks = (left / handles).min(most);
            let blocks = if handles == 1 { blocks } else { random.gen_range(1..=blocks) };
            left -= blocks;
            declaration(kind(random), blocks as u8)
        })
        .collect();
    let rows = handles.iter().flat_map(|d| std::iter::repeat_n(d.key_kind, usize::from(d.blocks)));
    let rows = rows.map(|kind| linear(kind, &wires, random)).collect();
    Circuit::new(declared, handles, tables, list, rows).unwrap()
}

/// As many terms as a combination may have, of wires under one key.
fn linear(kind: KeyKind, wires: &[(KeyKind, Wire)], random: &mut ChaCha20Rng) -> Linear {
    let wires: Vec<Wire> = wires.iter().filter(|(own, _)| *own == kind).map(|(_, wire)| *wire).collect();
    let count = random.gen_range(0..=wires.len().min(MAX_TERMS));
    let mut chosen = sample(random, wires.len(), count).into_vec();
    chosen.sort_unstable();
    let coefficient = |random: &mut ChaCha20Rng| match random.gen_range(-127..=127i8) {
        0 => 1,
        coefficient => coefficient,
    };
    let terms = chosen.into_iter().map(|i| Term { wire: wires[i], coefficient: coefficient(random) });
    Linear { terms: terms.collect(), constant: random.gen_range(0..32) * DELTA }
}

/// Public inputs and witness of a proof of nothing.
pub fn forge(class: &Class, circuit: &Circuit, random: &mut ChaCha20Rng) -> (PublicInputs, WrapWitness) {
    let inputs = StatementInputs::new(&class.parameters, Fr::rand(random), circuit.clone()).unwrap();
    let mut transcript = Transcript::new(ARGUMENT_TAG);
    absorb_statement(&inputs, &mut transcript);
    let rounds: [Fr; 4] = std::array::from_fn(|_| Fr::rand(random));
    transcript.absorb("d1", &rounds[0]);
    let field = blank(class, &inputs.shape, random);
    let mut forger = Forger { shape: &inputs.shape, circuit, field, transcript, claims: vec![] };
    let x = forger.rotation(&rounds[1]);
    forger.switch();
    draw_linear_claims(&inputs.shape, circuit, &mut forger.transcript, &mut forger.claims);
    forger.lookups(&x.z);
    let opening = forger.opening(&rounds);
    let witness = WrapWitness::new(class, &inputs.shape, circuit, &forger.field).unwrap();
    let program_at_z = inputs.words.at(&class.parameters, &opening.z);
    let StatementInputs { stmt, layouts, shape, .. } = inputs;
    (PublicInputs { stmt, shape: shape.word(), layouts, program_at_z, rounds, opening }, witness)
}

/// Random messages of the right numbers.
fn blank(class: &Class, shape: &Shape, random: &mut ChaCha20Rng) -> FieldProof {
    let mut field = WrapWitness::zero(class).field;
    field.product.outer.truncate(1 + shape.parameters.log_steps + shape.log_bootstrappings);
    field.tree.layers.truncate(layers(&blocks(shape, &Checks::ALL)) - 1);
    field.values.truncate(shape.used().len());
    let FieldProof { accumulator, product, key, switch, tree, reduction, values, opening } = &mut field;
    let products = [product, key].into_iter().flat_map(|p| {
        let ends = [&mut p.left, &mut p.right];
        p.inner.iter_mut().flatten().chain(p.outer.iter_mut().flatten()).chain(ends)
    });
    let TreeProof { root, layers } = tree;
    let layers = layers
        .iter_mut()
        .flat_map(|LayerProof { rounds, children }| rounds.iter_mut().flatten().chain(children));
    products
        .chain([accumulator, &mut switch.product, &mut switch.digits, &mut switch.key])
        .chain(switch.rounds.iter_mut().flatten())
        .chain(root)
        .chain(layers)
        .chain(reduction.iter_mut().flatten())
        .chain(values)
        .chain(opening.residues.iter_mut().flatten())
        .chain([&mut opening.f0_at_u])
        .for_each(|scalar| *scalar = Fr::rand(random));
    field
}

/// Goes through the message table, and sets the last message before each check to what it needs.
struct Forger<'a> {
    shape: &'a Shape,
    circuit: &'a Circuit,
    field: FieldProof,
    transcript: Transcript,
    claims: Vec<Claim>,
}

impl Forger<'_> {
    /// PB.A1 to PB.D2.
    fn rotation(&mut self, d2: &Fr) -> KeyPoint {
        let (p, field) = (&self.shape.parameters, &mut self.field);
        let mut ahead = self.transcript.clone();
        let r = AccumulatorPoint::draw(self.shape, &mut ahead);
        ahead.absorb("A.value", &field.accumulator);
        let outer = field.product.outer.len();
        let product = &mut field.product;
        let (claim, labels) = (field.accumulator, ACCUMULATOR);
        let end = verify_product(claim, &r.z, outer, product, labels, &mut ahead.clone()).unwrap();
        let s = AccumulatorPoint::from_parts(self.shape, end.inner, &end.outer).unwrap();
        product.right = end.claim / (accumulator::outer_weight(&r, &s) * product.left);
        verify_product(claim, &r.z, outer, product, labels, &mut ahead).unwrap();
        let (combined, outer) = (product.right, GROUPING + p.log_steps);
        let end = verify_product(combined, &s.z, outer, &field.key, KEY, &mut ahead).unwrap();
        let x = KeyPoint::from_end(&end).unwrap();
        let words = end.claim / (key::outer_weight(&s, &x) * field.key.left);
        field.key.right = words - trivial_key(&r, &s, &x);
        let (transcript, claims) = (&mut self.transcript, &mut self.claims);
        verify_rotation(self.shape, field, d2, &Checks::ALL, transcript, claims).unwrap()
    }

    /// PB.E1 to PB.E6.
    fn switch(&mut self) {
        let switch = &mut self.field.switch;
        let mut ahead = self.transcript.clone();
        SwitchPoint::draw(self.shape, &mut ahead);
        ahead.absorb("E.product", &switch.product);
        let (_, claim) = verify_switch_product(self.shape, switch, &mut ahead).unwrap();
        switch.key = claim / switch.digits;
        let (transcript, claims) = (&mut self.transcript, &mut self.claims);
        verify_switch(self.shape, self.circuit, &self.field, &Checks::ALL, transcript, claims).unwrap();
    }

    /// PB.H1 to PB.H5.
    fn lookups(&mut self, evaluation: &[Fr]) {
        let tree = &mut self.field.tree;
        let mut ahead = self.transcript.clone();
        Fingerprints::draw(kinds(self.shape, self.circuit), evaluation, &Checks::ALL, &mut ahead);
        let [p0, p1, q0, q1] = &mut tree.root;
        *p1 = -*p0 * *q1 / *q0;
        let line = |a: Fr, b: Fr, mu: Fr| a + mu * (b - a);
        let ends = [*p0, *p1, *q0, *q1];
        ahead.absorb_all("H.root", &ends);
        let mu = ahead.challenge("mu");
        let (mut p, mut q) = (line(ends[0], ends[1], mu), line(ends[2], ends[3], mu));
        let mut point = vec![mu];
        for layer in &mut tree.layers {
            let lambda = ahead.challenge("lambda");
            let claim = p + lambda * q;
            let (mut next, claim) = verify_factored(claim, &point, &layer.rounds, "H.round", "h", &mut ahead);
            let [p0, p1, q0, q1] = &mut layer.children;
            *q0 = (claim - *p0 * *q1) / (*p1 + lambda * *q1);
            let ends = [*p0, *p1, *q0, *q1];
            ahead.absorb_all("H.children", &ends);
            let mu = ahead.challenge("mu");
            (p, q) = (line(ends[0], ends[1], mu), line(ends[2], ends[3], mu));
            next.push(mu);
            point = next;
        }
        let (transcript, claims) = (&mut self.transcript, &mut self.claims);
        let (shape, circuit) = (self.shape, self.circuit);
        verify_lookups(shape, circuit, evaluation, &self.field, &Checks::ALL, transcript, claims).unwrap();
    }

    /// PB.I1 to PE.J5.
    fn opening(&mut self, rounds: &[Fr; 4]) -> trine_verifier::opening::OpeningChallenges {
        let (shape, circuit, checks) = (self.shape, self.circuit, &Checks::ALL);
        let field = &mut self.field;
        let mut ahead = self.transcript.clone();
        let gamma = ahead.challenge("gamma");
        let total = self.claims.iter().rev().fold(Fr::zero(), |sum, claim| sum * gamma + claim.value);
        let (point, left) = verify_quadratic(total, &field.reduction, "I.round", "u", &mut ahead);
        let weights = polynomial_weights(shape, circuit, &self.claims, gamma, &point);
        // The first slot is used in every shape.
        let of_used = |slot: &usize| weights.polynomials[*slot];
        let sum: Fr = shape.used().iter().map(of_used).zip(&field.values).skip(1).map(|(w, v)| w * v).sum();
        field.values[0] = (left - weights.public - sum) / of_used(&0);
        let transcript = &mut self.transcript;
        let (rounds_of_reduction, values) = (&field.reduction, &field.values);
        let end =
            verify_reduction(shape, circuit, &self.claims, rounds_of_reduction, values, checks, transcript)
                .unwrap();
        let mut ahead = transcript.clone();
        let rho = ahead.challenge("rho");
        let batched = end.values.iter().rev().fold(Fr::zero(), |sum, value| sum * rho + value);
        let table = eq_table(end.point.chunks(ARITY_BITS).last().unwrap());
        let last = field.opening.residues.last_mut().unwrap();
        let sum: Fr = table.iter().zip(last.iter()).skip(1).map(|(w, residue)| *w * residue).sum();
        last[0] = (batched - sum) * table[0].inverse().unwrap();
        let (m, [_, _, d3, d4]) = (shape.parameters.log_chunk, rounds);
        field_side(m, &end.point, &end.values, *d3, *d4, &field.opening, transcript).unwrap()
    }
}

/// Bootstrappings, inputs and outputs.
fn shapes(p: &Parameters) -> Vec<[usize; 3]> {
    let (slots, inputs, outputs) = (1 << p.max_log_bootstrappings, p.max_inputs, p.max_outputs);
    vec![
        [slots, inputs, outputs],
        [0, 1, 1],
        [1, inputs, 1],
        [2, 2, outputs],
        [slots / 2 + 1, 3, 2],
        [4, 3, 3],
    ]
}

#[test]
fn forged_proofs_of_every_class_satisfy_the_circuit() {
    use trine_prover::wrap::bootstrapping::first_failure;
    for parameters in [Parameters::PRODUCTION, Parameters::REDUCED, Parameters::REDUCED_GADGETS] {
        let class = Class::new(&parameters).unwrap();
        for (seed, counts) in (0..).zip(shapes(&parameters)) {
            let mut random = ChaCha20Rng::seed_from_u64(seed);
            let circuit = circuit(&parameters, counts, &mut random);
            let (public, witness) = forge(&class, &circuit, &mut random);
            assert_eq!(first_failure(&class, &public, &witness), None, "set {}, {counts:?}", parameters.id);
            for slot in [0, class.shape.polynomials() / 2] {
                let mut changed = witness.clone();
                changed.field.values[slot] += Fr::from(1u64);
                assert_eq!(first_failure(&class, &public, &changed), Some("PB.I3"), "slot {slot}");
            }
        }
    }
}
