//! Mutations of public inputs, program and messages.

use crate::honest::Honest;
use ark_bn254::Fr;
use ark_ff::{PrimeField, Zero};
use rand::Rng;
use rand_chacha::ChaCha20Rng;
use trine_prover::wrap::bootstrapping::program::Program;
use trine_verifier::bootstrapping::product::ProductProof;
use trine_verifier::bootstrapping::proof::FieldProof;
use trine_verifier::bootstrapping::statement::PublicInputs;
use trine_verifier::bootstrapping::switch::SwitchProof;
use trine_verifier::opening::{OpeningChallenges, OpeningProof};
use trine_verifier::proof::TreeProof;

/// Public inputs, program and messages: what is mutated.
#[derive(Clone)]
pub struct Mutated {
    pub public: PublicInputs,
    pub program: Program,
    pub field: FieldProof,
    /// What became of it.
    pub what: String,
}

/// What a mutation is applied to: kinds of messages in the order of the message table, then the rest.
pub const PLACES: usize = 24;

impl Mutated {
    pub fn new(honest: &Honest) -> Self {
        let witness = honest.witness(&honest.field).unwrap();
        Self {
            public: honest.public.clone(),
            program: witness.program,
            field: honest.field.clone(),
            what: "nothing".into(),
        }
    }

    /// Applies a random mutation at one of [`PLACES`].
    pub fn mutate(&mut self, place: usize, random: &mut ChaCha20Rng) {
        self.what = format!("place {place}");
        match place {
            0 => {}
            1..=14 => {
                let mut scalars = message(&mut self.field, place - 1);
                let index = random.gen_range(0..scalars.len());
                self.what = format!("place {place}, scalar {index}");
                change(scalars[index], random);
            }
            15 => self.swap(random),
            16 => self.lengths(random),
            17 => self.field.tree.root = [0u64, 1, 0, 1].map(Fr::from),
            18 => {
                let mut all = public(&mut self.public);
                let index = random.gen_range(0..all.len());
                self.what = format!("public input {index}");
                change(all[index], random);
            }
            19 => self.layout_bit(random),
            20 => self.shape_byte(random),
            21 => self.term(random),
            22 => self.number(random),
            _ => self.kind(random),
        }
    }

    fn swap(&mut self, random: &mut ChaCha20Rng) {
        let kind = random.gen_range(0..14);
        let mut scalars = message(&mut self.field, kind);
        let (i, j) = (random.gen_range(0..scalars.len()), random.gen_range(0..scalars.len()));
        self.what = format!("swap {i} and {j} of message {kind}");
        let (a, b) = (*scalars[i], *scalars[j]);
        (*scalars[i], *scalars[j]) = (b, a);
    }

    /// Shortens or lengthens a list of messages.
    fn lengths(&mut self, random: &mut ChaCha20Rng) {
        fn resize<T: Clone>(list: &mut Vec<T>, random: &mut ChaCha20Rng) {
            match (list.pop(), random.gen_bool(0.5)) {
                (Some(last), true) => list.extend([last.clone(), last]),
                (last, _) => drop(last),
            }
        }
        let field = &mut self.field;
        let list = random.gen_range(0..11);
        self.what = format!("length of list {list}");
        match list {
            0 => resize(&mut field.product.inner, random),
            1 => resize(&mut field.product.outer, random),
            2 => resize(&mut field.key.inner, random),
            3 => resize(&mut field.key.outer, random),
            4 => resize(&mut field.switch.rounds, random),
            5 => resize(&mut field.tree.layers, random),
            6 => resize(&mut field.tree.layers[5].rounds, random),
            7 => resize(&mut field.reduction, random),
            8 => resize(&mut field.values, random),
            9 => resize(&mut field.opening.residues, random),
            _ => resize(&mut field.opening.residues[1], random),
        }
    }

    /// Flips a bit of an entry of a layout word, of a used place or another.
    fn layout_bit(&mut self, random: &mut ChaCha20Rng) {
        let (place, bit) = (random.gen_range(0..10), random.gen_range(0..16));
        self.what = format!("bit {bit} of layout entry {place}");
        flip(&mut self.public.layouts[0], 16 * place + bit);
    }

    fn shape_byte(&mut self, random: &mut ChaCha20Rng) {
        let bit = random.gen_range(0..34);
        self.what = format!("bit {bit} of the shape");
        flip(&mut self.public.shape, bit);
    }

    /// Flips a bit of a term.
    fn term(&mut self, random: &mut ChaCha20Rng) {
        let bit = random.gen_range(0..23);
        let mut combinations = combinations(&mut self.program);
        let index = random.gen_range(0..combinations.len());
        let (_, terms) = &mut combinations[index];
        let term = random.gen_range(0..terms.len());
        self.what = format!("bit {bit} of term {term} of combination {index}");
        terms[term] ^= 1 << bit;
    }

    /// Changes a constant or a box.
    fn number(&mut self, random: &mut ChaCha20Rng) {
        self.what = "a constant or box".into();
        let bit = 1 << random.gen_range(0..7);
        if random.gen_bool(0.5) {
            let mut combinations = combinations(&mut self.program);
            let index = random.gen_range(0..combinations.len());
            *combinations[index].0 ^= bit;
        } else {
            let slot = random.gen_range(0..self.program.bootstrappings.len());
            self.program.bootstrappings[slot].boxes[random.gen_range(0..16)] ^= bit;
        }
    }

    /// Changes key kind or functions of a slot.
    fn kind(&mut self, random: &mut ChaCha20Rng) {
        let slot = random.gen_range(0..self.program.bootstrappings.len());
        let bit = random.gen_range(0..8);
        self.what = format!("bit {bit} of the kind of slot {slot}");
        self.program.bootstrappings[slot].kind ^= 1 << bit;
    }
}

/// Constants and terms of all combinations.
pub fn combinations(program: &mut Program) -> Vec<(&mut u64, &mut Vec<u64>)> {
    let inputs = program.bootstrappings.iter_mut().map(|b| &mut b.input);
    inputs.chain(&mut program.rows).map(|c| (&mut c.constant, &mut c.terms)).collect()
}

fn change(scalar: &mut Fr, random: &mut ChaCha20Rng) {
    *scalar = match random.gen_range(0..4) {
        0 => *scalar + Fr::from(random.gen_range(1..4u64)),
        1 => Fr::zero(),
        2 => -*scalar,
        _ => Fr::from_le_bytes_mod_order(&random.r#gen::<[u8; 32]>()),
    };
}

fn flip(word: &mut Fr, bit: u64) {
    use ark_ff::Field;
    let power = Fr::from(2u64).pow([bit]);
    let limbs = word.into_bigint().0;
    let set = limbs.get((bit / 64) as usize).is_some_and(|limb| limb >> (bit % 64) & 1 == 1);
    *word += if set { -power } else { power };
}

/// The scalars of one of 14 kinds of messages.
fn message(field: &mut FieldProof, kind: usize) -> Vec<&mut Fr> {
    let FieldProof { accumulator, product, key, switch, tree, reduction, values, opening } = field;
    let SwitchProof { product: sum, rounds, digits, key: word } = switch;
    let TreeProof { root, layers } = tree;
    let OpeningProof { f0_at_u, residues } = opening;
    match kind {
        0 => vec![accumulator],
        1 => product.inner.iter_mut().flatten().collect(),
        2 => product_end(product),
        3 => key.inner.iter_mut().flatten().collect(),
        4 => product_end(key),
        5 => vec![sum, digits, word],
        6 => rounds.iter_mut().flatten().collect(),
        7 => root.iter_mut().collect(),
        8 => layers.iter_mut().flat_map(|layer| layer.rounds.iter_mut().flatten()).collect(),
        9 => layers.iter_mut().flat_map(|layer| &mut layer.children).collect(),
        10 => reduction.iter_mut().flatten().collect(),
        11 => values.iter_mut().collect(),
        12 => vec![f0_at_u],
        _ => residues.iter_mut().flatten().collect(),
    }
}

fn product_end(product: &mut ProductProof) -> Vec<&mut Fr> {
    let ProductProof { inner: _, outer, left, right } = product;
    outer.iter_mut().flatten().chain([left, right]).collect()
}

/// All public inputs in their order.
pub fn public(public: &mut PublicInputs) -> Vec<&mut Fr> {
    let PublicInputs { stmt, shape, layouts, program_at_z, rounds, opening } = public;
    let OpeningChallenges { rho, r, q, z, r_at_z } = opening;
    let mut all = vec![stmt, shape];
    all.extend(layouts);
    all.push(program_at_z);
    all.extend(rounds);
    all.extend([rho, r, q, z, r_at_z]);
    all
}
