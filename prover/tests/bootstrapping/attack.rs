//! An attack: a false trace, what its prover forges, and which checks stop it.

use crate::case::{Case, key};
use crate::fault::{Choice, Fault, Row, Word};
use crate::multiplicities::{decompositions, tuple};
use crate::plain::{Forgery, Proven, Prover};
use crate::trace::Trace;
use ark_bn254::Fr;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use std::collections::HashMap;
use trine_program::KeyKind;
use trine_program::circuit::{Bootstrapping, Circuit, Linear, Term, Wire};
use trine_prover::bootstrapping::KeyWords;
use trine_verifier::bootstrapping::switch::kinds;
use trine_verifier::bootstrapping::verify::verify_with;
use trine_verifier::bootstrapping::{Check, Checks, CircuitProof, Parameters, Rejection, Statement};

/// Where errors are made: a digit that later steps use, an exponent of the last group.
pub const ROW: Row = Row { slot: 0, step: 2, u: 1, j: 3 };
/// A step of the second bootstrapping, and a subset of it.
pub const CHOICE: Choice = Choice { slot: 1, step: 2, subset: 6 };
/// A word under the compute key.
pub const WORD: Word = Word { slot: 1, j: 2 };
/// A word under the casting key.
pub const CASTING_WORD: Word = Word { slot: 0, j: 2 };

/// Verifies with some checks off.
pub fn verdict(case: &Case, proven: &Proven, checks: &Checks) -> Result<(), Rejection> {
    verdict_on(case, &proven.statement, &proven.proof, checks)
}

/// The same for another statement.
pub fn verdict_on(
    case: &Case,
    statement: &Statement,
    proof: &CircuitProof,
    checks: &Checks,
) -> Result<(), Rejection> {
    verify_with(&case.parameters, key().verifier(), statement, proof, checks).map(|_| ())
}

fn term(wire: Wire, coefficient: i8) -> Term {
    Term { wire, coefficient }
}

/// Two bootstrappings, the first under the casting key with two functions, the second of both kinds of wires.
pub fn circuit(random: &mut ChaCha20Rng) -> Circuit {
    let input = |handle| Wire::Input { handle, block: 0 };
    let output = |bootstrapping, function| Wire::Output { bootstrapping, function };
    let linear = |terms, constant| Linear { terms, constant };
    let tables = vec![crate::circuits::table(2, random), crate::circuits::table(1, random)];
    let bootstrappings = vec![
        Bootstrapping { key_kind: KeyKind::Casting, table: 0, input: linear(vec![term(input(1), 1)], 0) },
        Bootstrapping {
            key_kind: KeyKind::Compute,
            table: 1,
            input: linear(vec![term(input(0), 1), term(output(0, 1), 1)], 0),
        },
    ];
    let rows = vec![
        linear(vec![term(output(1, 0), 1)], 0),
        linear(vec![term(input(0), 2), term(output(0, 0), -1), term(output(1, 0), 1)], 5 << 59),
        linear(vec![term(output(0, 1), 1)], 0),
        linear(vec![term(input(0), -8)], 1 << 63),
    ];
    let declaration = crate::circuits::declaration;
    let inputs = vec![declaration(KeyKind::Compute, 1), declaration(KeyKind::Casting, 1)];
    let outputs = vec![declaration(KeyKind::Compute, 1), declaration(KeyKind::Compute, 3)];
    Circuit::new(inputs, outputs, tables, bootstrappings, rows).unwrap()
}

/// The circuit above with random keys and inputs.
pub fn case(parameters: Parameters, seed: u64) -> Case {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let circuit = circuit(&mut random);
    Case::new(parameters, circuit, &mut random)
}

/// Words of a trace that special errors need.
pub struct Words {
    /// At a tie, the remainder's top bit set.
    pub tie: Option<Word>,
    /// Becomes a decomposition under the other key when the lowest two digits change and the value does not.
    pub foreign: Option<Word>,
    /// Becomes one under none.
    pub unknown: Option<Word>,
}

impl Words {
    pub fn find(case: &Case, trace: &Trace) -> Self {
        let mut found = Self { tie: None, foreign: None, unknown: None };
        let tables = case.parameters.keyswitching.map(|gadget| decompositions(&case.shape, gadget));
        for (slot, kind) in kinds(&case.shape, &case.circuit).into_iter().enumerate() {
            for j in 0..case.parameters.n() {
                found.look_at(case, trace, &tables, Word { slot, j }, usize::from(kind.code()));
            }
        }
        found
    }

    fn look_at(
        &mut self,
        case: &Case,
        trace: &Trace,
        tables: &[HashMap<Vec<Fr>, usize>; 2],
        word: Word,
        kind: usize,
    ) {
        let gadget = case.parameters.keyswitching[kind];
        let mut tuple = tuple(&case.shape, &trace.cells, word.slot * case.parameters.n() + word.j);
        let half = 1 << (gadget.state_bits() - 1);
        if tables[kind][&tuple] == half | 1 << gadget.state_bits() {
            self.tie.get_or_insert(word);
        }
        if kind == 0 {
            tuple[1] += Fr::from(1u64 << gadget.base_bits);
            tuple[2] -= Fr::from(1);
            assert!(!tables[0].contains_key(&tuple));
            if tables[1].contains_key(&tuple) {
                self.foreign.get_or_insert(word);
            } else {
                self.unknown.get_or_insert(word);
            }
        }
    }
}

/// An attack on a case.
pub struct Attack<'a> {
    pub name: &'static str,
    pub case: &'a Case,
    pub trace: Trace,
    /// What sums are over, if not the registered key.
    pub keys: Option<&'a KeyWords>,
    pub forgeries: Vec<Forgery>,
    /// Id of the check that rejects it.
    pub id: &'static str,
    /// Checks of which each alone stops it: without it, it is accepted.
    pub stopped_by: Vec<Check>,
}

impl<'a> Attack<'a> {
    pub fn new(name: &'static str, case: &'a Case, fault: Fault) -> Self {
        let trace = case.evaluate_with(fault);
        Self { name, case, trace, keys: None, forgeries: vec![], id: "", stopped_by: vec![] }
    }

    pub fn of(name: &'static str, case: &'a Case, trace: Trace) -> Self {
        Self { name, case, trace, keys: None, forgeries: vec![], id: "", stopped_by: vec![] }
    }

    pub fn over(self, keys: &'a KeyWords) -> Self {
        Self { keys: Some(keys), ..self }
    }

    pub fn forging(self, forgeries: &[Forgery]) -> Self {
        Self { forgeries: forgeries.to_vec(), ..self }
    }

    pub fn rejected(self, id: &'static str, stopped_by: &[Check]) -> Self {
        Self { id, stopped_by: stopped_by.to_vec(), ..self }
    }

    pub fn prove(&self, checks: Checks) -> Proven {
        let keys = self.keys.unwrap_or(&self.case.keys);
        Prover {
            case: self.case,
            trace: &self.trace,
            keys,
            checks,
            forgeries: self.forgeries.clone(),
            inputs: None,
        }
        .prove()
    }

    /// Carries the attack out: rejected by all checks, accepted without any one of those that stop it.
    pub fn carry_out(&self) {
        let name = self.name;
        let proven = self.prove(Checks::ALL);
        let rejection = verdict(self.case, &proven, &Checks::ALL).expect_err(name);
        assert_eq!(rejection.id(), self.id, "{name}: {rejection}, {:?}", proven.false_claims);
        // The prover's own check: some claim is false, or a later check of its own messages fails.
        assert!(self.id != "PB.I3" || !proven.false_claims.is_empty(), "{name}: nothing is false");
        for check in &self.stopped_by {
            let checks = Checks::without(&[*check]);
            let verdict = verdict(self.case, &self.prove(checks.clone()), &checks);
            assert_eq!(verdict, Ok(()), "{name}: without {check:?}");
        }
    }
}
