//! What the circuit takes as its witness: the program and the field side of a proof, filled up to the numbers of the class.

use super::class::Class;
use super::program::Program;
use ark_bn254::Fr;
use ark_ff::AdditiveGroup;
use trine_program::circuit::Circuit;
use trine_verifier::bootstrapping::Shape;
use trine_verifier::bootstrapping::parameters::GROUPING;
use trine_verifier::bootstrapping::product::ProductProof;
use trine_verifier::bootstrapping::proof::FieldProof;
use trine_verifier::bootstrapping::switch::{SwitchProof, rounds};
use trine_verifier::opening::{OpeningProof, residue_counts};
use trine_verifier::proof::{LayerProof, TreeProof};

/// The witness. Layouts and shape are not part of it: those are public inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrapWitness {
    /// The program in the class.
    pub program: Program,
    /// The field side of the proof: rounds and layers that the shape does not have are zero, and so are values of unused
    /// slots.
    pub field: FieldProof,
}

/// A proof has another number of messages than its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{id}: {what}: {got}, expected {expected}")]
pub struct WitnessError {
    /// Spec id of the step.
    pub id: &'static str,
    /// The messages.
    pub what: &'static str,
    /// Their number.
    pub got: usize,
    /// That of the shape.
    pub expected: usize,
}

impl WrapWitness {
    /// Of a proof of a circuit in its shape.
    pub fn new(
        class: &Class,
        shape: &Shape,
        circuit: &Circuit,
        field: &FieldProof,
    ) -> Result<Self, WitnessError> {
        check(&Numbers::of(class, shape.log_bootstrappings), field, shape.used().len())?;
        let mut field = field.clone();
        let numbers = Numbers::of(class, class.log_slots());
        field.product.outer.resize(numbers.product, [Fr::ZERO; 3]);
        for layer in field.tree.layers.len()..numbers.layers {
            field.tree.layers.push(zero_layer(layer + 1));
        }
        if let Some(values) = shape.spread(&field.values, Fr::ZERO) {
            field.values = values;
        }
        Ok(Self { program: Program::new(class, circuit), field })
    }

    /// The all-zero witness of a class, on which a setup runs.
    pub fn zero(class: &Class) -> Self {
        let p = &class.parameters;
        let numbers = Numbers::of(class, class.log_slots());
        let product = |outer: usize| ProductProof {
            inner: vec![[Fr::ZERO; 2]; p.log_n],
            outer: vec![[Fr::ZERO; 3]; outer],
            left: Fr::ZERO,
            right: Fr::ZERO,
        };
        let residues = residue_counts(p.log_chunk).into_iter().map(|count| vec![Fr::ZERO; count]);
        Self {
            program: Program::zero(class),
            field: FieldProof {
                accumulator: Fr::ZERO,
                product: product(numbers.product),
                key: product(numbers.key),
                switch: SwitchProof {
                    product: Fr::ZERO,
                    rounds: vec![[Fr::ZERO; 2]; numbers.switch],
                    digits: Fr::ZERO,
                    key: Fr::ZERO,
                },
                tree: TreeProof {
                    root: [Fr::ZERO; 4],
                    layers: (1..=numbers.layers).map(zero_layer).collect(),
                },
                reduction: vec![[Fr::ZERO; 2]; p.log_chunk],
                values: vec![Fr::ZERO; class.shape.polynomials()],
                opening: OpeningProof { f0_at_u: Fr::ZERO, residues: residues.collect() },
            },
        }
    }

    /// Spec id of the step whose message has another number than the class.
    pub fn shape_failure(&self, class: &Class) -> Option<&'static str> {
        if !self.program.fits(class) {
            return Some(super::program::ID);
        }
        let numbers = Numbers::of(class, class.log_slots());
        check(&numbers, &self.field, class.shape.polynomials()).err().map(|error| error.id)
    }
}

/// Layer `index` of a tree, from 1.
fn zero_layer(index: usize) -> LayerProof {
    LayerProof { rounds: vec![[Fr::ZERO; 2]; index], children: [Fr::ZERO; 4] }
}

/// Numbers of messages for a log P.
struct Numbers {
    inner: usize,
    product: usize,
    key: usize,
    switch: usize,
    layers: usize,
    reduction: usize,
}

impl Numbers {
    fn of(class: &Class, log: usize) -> Self {
        let p = &class.parameters;
        Self {
            inner: p.log_n,
            product: 1 + p.log_steps + log,
            key: GROUPING + p.log_steps,
            switch: rounds(&class.shape),
            layers: class.layers(log).saturating_sub(1),
            reduction: p.log_chunk,
        }
    }
}

fn check(numbers: &Numbers, field: &FieldProof, values: usize) -> Result<(), WitnessError> {
    let counts = [
        ("inner rounds", field.product.inner.len(), numbers.inner),
        ("outer rounds", field.product.outer.len(), numbers.product),
        ("inner rounds", field.key.inner.len(), numbers.inner),
        ("outer rounds", field.key.outer.len(), numbers.key),
        ("switch rounds", field.switch.rounds.len(), numbers.switch),
        ("layers of the look-up tree", field.tree.layers.len(), numbers.layers),
    ];
    let rounds = (1..).zip(&field.tree.layers);
    let rounds = rounds.map(|(expected, layer)| ("rounds of a layer", layer.rounds.len(), expected));
    let reduction = [
        ("reduction rounds", field.reduction.len(), numbers.reduction),
        ("values", field.values.len(), values),
    ];
    let messages = counts.into_iter().chain(rounds).chain(reduction);
    let messages = messages.map(|(what, got, expected)| ("PB.T2", what, got, expected));
    let counts = residue_counts(numbers.reduction);
    let levels = [("PE.J3", "levels of residues", field.opening.residues.len(), counts.len())];
    let residues = field.opening.residues.iter().zip(counts);
    let residues = residues.map(|(level, expected)| ("PE.J3", "residues of a level", level.len(), expected));
    match messages.chain(levels).chain(residues).find(|(_, _, got, expected)| got != expected) {
        Some((id, what, got, expected)) => Err(WitnessError { id, what, got, expected }),
        None => Ok(()),
    }
}
