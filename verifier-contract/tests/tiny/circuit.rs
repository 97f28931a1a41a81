//! The same for circuits: 18 public inputs that anything satisfies, the group side of the class of circuits.

use super::TinySetup;
use ark_bn254::{Fr, G1Affine};
use ark_ec::AffineRepr;
use trine_contract::calldata::circuit::CircuitWrapProof;
use trine_contract::verifying_key::DeployableKey;
use trine_program::circuit::{Bootstrapping, Circuit, Linear, Table, Term, Wire};
use trine_program::{Declaration, KeyKind, ValueType};
use trine_verifier::bootstrapping::program::Words;
use trine_verifier::bootstrapping::statement::{PUBLIC_INPUTS, PublicInputs};
use trine_verifier::bootstrapping::{Column, KeyCommitments, Parameters, Shape, program};
use trine_verifier::digest::round;
use trine_verifier::handle::Commitment;
use trine_verifier::proof::GroupProof;

pub const PARAMETERS: Parameters = Parameters::PRODUCTION;

/// A statement's part of the public inputs, with the points beside it.
pub struct TinyCircuitStatement {
    pub stmt: Fr,
    pub shape: Shape,
    pub layouts: [Fr; program::LAYOUT_WORDS],
    pub words: Words,
    pub keys: KeyCommitments,
    pub inputs: Vec<Commitment>,
    pub outputs: Vec<Commitment>,
}

impl TinySetup {
    /// The setup of circuits.
    pub fn for_circuits() -> Self {
        Self::with_public_inputs(PUBLIC_INPUTS, *b"trine contract tests: circuits  ")
    }

    pub fn deployable_for_circuits(&self) -> DeployableKey<'_> {
        DeployableKey::for_circuits(&self.key.vk, &self.srs, &PARAMETERS).unwrap()
    }

    /// Commitments of a key; those of the casting key are at infinity where it has none.
    pub fn key_commitments(&mut self, casting: bool) -> KeyCommitments {
        let shape = Shape::of(PARAMETERS, 1, vec![1], vec![1]).unwrap();
        let mut chunks = |column| self.points(1 << shape.log_chunks(column));
        let bootstrapping = chunks(Column::BootstrappingKey);
        let compute = chunks(Column::KeyswitchingKey(0));
        let mut last = chunks(Column::KeyswitchingKey(1));
        if !casting {
            last.fill(G1Affine::zero());
        }
        KeyCommitments { bootstrapping, keyswitching: [compute, last] }
    }

    /// A proof that the contract accepts, with its public inputs.
    pub fn prove_circuit(&mut self, statement: &TinyCircuitStatement) -> (CircuitWrapProof, PublicInputs) {
        let shape = &statement.shape;
        let columns = self.points(shape.first_round().len());
        let second = self.points(shape.second_round().len());
        let folds = self.points(shape.levels() - 1);
        let quotient = self.point();
        let opening = self.challenges();

        let mut used = [columns.clone(), second.clone(), statement.keys.points()].concat();
        used.extend(statement.inputs.iter().chain(&statement.outputs).map(|c| *c.point()));
        let all = shape.spread(&used, G1Affine::zero()).unwrap();
        let closing = self.closing(&all, &folds, quotient, &opening);

        let rounds = [round(1, &columns), round(2, &second), round(3, &folds), closing.digest()];
        let TinyCircuitStatement { stmt, layouts, .. } = *statement;
        let program_at_z = statement.words.at(&PARAMETERS, &opening.z);
        let public = PublicInputs { stmt, shape: shape.word(), layouts, program_at_z, rounds, opening };
        let group = GroupProof { columns, second, folds, closing };
        let groth16 = self.groth16(&public.to_array());
        (CircuitWrapProof::new(groth16, group, &public), public)
    }
}

/// A circuit of so many bootstrappings, in a row after the first input's first block, over handles of three blocks; each
/// output is the last wire three times.
pub fn circuit(bootstrappings: usize, inputs: usize, outputs: usize) -> Circuit {
    let each = declaration(KeyKind::Compute);
    let table = Table { functions: 1, boxes: std::array::from_fn(|i| (i as u64) << 59) };
    let single = |wire| Linear { terms: vec![Term { wire, coefficient: 1 }], constant: 0 };
    let last = |count: usize| match count.checked_sub(1) {
        None => Wire::Input { handle: 0, block: 0 },
        Some(index) => Wire::Output { bootstrapping: index as u32, function: 0 },
    };
    let list = (0..bootstrappings)
        .map(|index| Bootstrapping { key_kind: KeyKind::Compute, table: 0, input: single(last(index)) })
        .collect();
    let rows = vec![single(last(bootstrappings)); 3 * outputs];
    let tables = if bootstrappings == 0 { vec![] } else { vec![table] };
    Circuit::new(vec![each; inputs], vec![each; outputs], tables, list, rows).unwrap()
}

/// Looks up a block under the casting key.
pub fn casting_circuit() -> Circuit {
    let table = Table { functions: 1, boxes: std::array::from_fn(|i| (i as u64) << 59) };
    let single = |wire| Linear { terms: vec![Term { wire, coefficient: 1 }], constant: 0 };
    let input = single(Wire::Input { handle: 0, block: 0 });
    let list = vec![Bootstrapping { key_kind: KeyKind::Casting, table: 0, input }];
    let rows = vec![single(Wire::Output { bootstrapping: 0, function: 0 }); 3];
    let (inputs, outputs) = (vec![declaration(KeyKind::Casting)], vec![declaration(KeyKind::Compute)]);
    Circuit::new(inputs, outputs, vec![table], list, rows).unwrap()
}

fn declaration(key_kind: KeyKind) -> Declaration {
    Declaration { value_type: ValueType::Nibbles, key_kind, blocks: 3, degree: 1 }
}

/// The statement's part for a circuit, under arbitrary digests.
pub fn statement(setup: &mut TinySetup, circuit: &Circuit, casting: bool) -> TinyCircuitStatement {
    let shape = Shape::new(PARAMETERS, circuit).unwrap();
    let (inputs, outputs) = (circuit.inputs().len(), circuit.outputs().len());
    TinyCircuitStatement {
        stmt: Fr::from(11u64),
        layouts: program::layouts(circuit),
        words: Words::of(circuit).unwrap(),
        shape,
        keys: setup.key_commitments(casting),
        inputs: (0..inputs).map(|_| setup.commitment()).collect(),
        outputs: (0..outputs).map(|_| setup.commitment()).collect(),
    }
}
