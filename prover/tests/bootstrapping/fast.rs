//! The fast prover gives the plain prover's bytes, on every back end, interrupted or not.

use crate::case::{Case, key};
use crate::plain;
use crate::trace::Trace;
use ark_bn254::Fr;
use ark_ff::PrimeField;
use std::path::Path;
use trine_kernels::Backend;
use trine_kernels::msm::Bases;
use trine_prover::bootstrapping::checkpoint::{Checkpoint, MOST_KEPT};
use trine_prover::bootstrapping::witness::multiplicity;
use trine_prover::bootstrapping::{
    Columns, Control, Partial, Phase, ProveError, Prover, Unattended, Witness,
};
use trine_verifier::bootstrapping::statement::StatementInputs;
use trine_verifier::bootstrapping::{Checks, CircuitProof, Parameters};
use trine_verifier::digest::field_word;

/// A field element that is an integer.
pub fn integer(element: &Fr) -> u64 {
    element.into_bigint().0[0]
}

/// The cells of an honest trace as integers.
pub fn witness(case: &Case, trace: &Trace) -> Witness {
    let shape = case.shape.clone();
    let mut columns = Columns::zeros(&shape);
    for column in shape.first_round_columns() {
        for (to, cell) in columns.get_mut(column).iter_mut().zip(trace.cells.get(column)) {
            *to = integer(cell) as u32;
        }
    }
    multiplicity::fill(&mut columns, &shape, &case.circuit, &Checks::ALL);
    let outputs = trace.outputs.iter().map(|words| words.iter().map(integer).collect()).collect();
    Witness { shape, columns, inputs: case.inputs.clone(), outputs }
}

/// One statement and what proves it.
struct Fixture {
    case: Case,
    witness: Witness,
    inputs: StatementInputs,
    proof: CircuitProof,
}

impl Fixture {
    fn new(parameters: Parameters, bootstrappings: usize, seed: u64) -> Self {
        let case = Case::random(parameters, bootstrappings, seed);
        let trace = case.evaluate();
        let witness = witness(&case, &trace);
        let proven = plain::Prover::honest(&case, &trace).prove();
        let inputs = proven.statement.inputs(&parameters).unwrap();
        Self { case, witness, inputs, proof: proven.proof }
    }

    fn prove(
        &self,
        backend: Backend,
        partial: Partial,
        control: &mut dyn Control,
    ) -> Result<CircuitProof, ProveError> {
        let bases = Bases::new(backend, key().powers());
        let prover = Prover { backend, bases: &bases, keys: &self.case.keys };
        prover.prove(&self.inputs, &self.witness, partial, control)
    }

    fn prove_kept(&self, folder: &Path, control: &mut dyn Control) -> Result<CircuitProof, ProveError> {
        let backend = Backend::detect();
        let bases = Bases::new(backend, key().powers());
        let prover = Prover { backend, bases: &bases, keys: &self.case.keys };
        prover.prove_kept(&self.inputs, &self.witness, folder, control)
    }
}

#[test]
fn fast_and_plain_prover_give_the_same_proof() {
    for (parameters, bootstrappings) in [
        (Parameters::REDUCED, 0),
        (Parameters::REDUCED, 3),
        (Parameters::REDUCED, 8),
        (Parameters::REDUCED_GADGETS, 3),
    ] {
        let fixture = Fixture::new(parameters, bootstrappings, 7);
        for backend in Backend::all() {
            let proof = fixture.prove(backend, Partial::default(), &mut Unattended).unwrap();
            assert_eq!(proof, fixture.proof, "{parameters:?} {bootstrappings} {backend:?}");
        }
    }
}

/// Keeps every phase, and stops before one.
struct Stopping {
    before: Option<Phase>,
    kept: Vec<(Phase, Partial)>,
}

impl Control for Stopping {
    fn begin(&mut self, phase: Phase) -> bool {
        self.before != Some(phase)
    }

    fn end(&mut self, phase: Phase, partial: &Partial) {
        self.kept.push((phase, partial.clone()));
    }
}

#[test]
fn an_interrupted_proof_goes_on_from_any_phase() {
    let fixture = Fixture::new(Parameters::REDUCED, 2, 8);
    let folder = tempfile::tempdir().unwrap();
    for before in Phase::ALL {
        let checkpoint = Checkpoint::of(folder.path(), &fixture.inputs.stmt);
        let mut control = Stopping { before: Some(before), kept: vec![] };
        let stopped = fixture.prove(Backend::detect(), Partial::default(), &mut control);
        assert!(matches!(stopped, Err(ProveError::Cancelled { phase }) if phase == before), "{before:?}");
        let finished = Phase::ALL.iter().filter(|phase| **phase < before).count();
        assert_eq!(control.kept.len(), finished);
        if let Some((_, partial)) = control.kept.last() {
            checkpoint.save(&fixture.case.shape, partial).unwrap();
        }
        let mut rest = Stopping { before: None, kept: vec![] };
        let proof =
            fixture.prove(Backend::detect(), checkpoint.load(&fixture.case.shape), &mut rest).unwrap();
        assert_eq!(proof, fixture.proof, "{before:?}");
        assert_eq!(
            rest.kept.len(),
            Phase::ALL.len() - finished,
            "{before:?}: finished phases are made again"
        );
        checkpoint.remove().unwrap();
    }
}

#[test]
fn phases_of_another_statement_are_not_gone_on_from() {
    let [one, other] = [9, 10].map(|seed| Fixture::new(Parameters::REDUCED, 2, seed));
    for phase in [Phase::Rotation, Phase::Switch, Phase::Lookups, Phase::Reduction] {
        let mut control = Stopping { before: None, kept: vec![] };
        one.prove(Backend::detect(), Partial::default(), &mut control).unwrap();
        let (_, partial) = control.kept.into_iter().find(|(kept, _)| *kept == phase).unwrap();
        let failed = other.prove(Backend::detect(), partial, &mut Unattended);
        assert!(matches!(failed, Err(ProveError::Phase { .. })), "{phase:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = Checkpoint::of(folder.path(), &one.inputs.stmt);
    std::fs::write(folder.path().join("junk"), b"junk").unwrap();
    assert_eq!(checkpoint.load(&one.case.shape), Partial::default());
}

/// What a crash in any phase leaves is gone on from, and is gone when the proof is made.
#[test]
fn kept_phases_outlive_the_process() {
    let [fixture, other] = [9, 10].map(|seed| Fixture::new(Parameters::REDUCED, 2, seed));
    let folder = tempfile::tempdir().unwrap();
    let kept = || std::fs::read_dir(folder.path()).unwrap().count();
    for before in Phase::ALL {
        let mut stopping = Stopping { before: Some(before), kept: vec![] };
        let stopped = fixture.prove_kept(folder.path(), &mut stopping);
        assert!(matches!(stopped, Err(ProveError::Cancelled { phase }) if phase == before), "{before:?}");
        let finished = stopping.kept.len();
        assert_eq!(kept(), usize::from(finished > 0), "{before:?}");
        let mut rest = Stopping { before: None, kept: vec![] };
        assert_eq!(fixture.prove_kept(folder.path(), &mut rest).unwrap(), fixture.proof, "{before:?}");
        assert_eq!(
            rest.kept.len(),
            Phase::ALL.len() - finished,
            "{before:?}: finished phases are made again"
        );
        assert_eq!(kept(), 0, "{before:?}");
    }
    // Phases of another statement under this one's name: the proof begins anew.
    let mut stopping = Stopping { before: Some(Phase::Opening), kept: vec![] };
    other.prove_kept(folder.path(), &mut stopping).unwrap_err();
    let [theirs, ours] =
        [&other, &fixture].map(|fixture| Checkpoint::of(folder.path(), &fixture.inputs.stmt));
    ours.save(&fixture.case.shape, &theirs.load(&other.case.shape)).unwrap();
    let mut control = Stopping { before: None, kept: vec![] };
    assert_eq!(fixture.prove_kept(folder.path(), &mut control).unwrap(), fixture.proof);
    assert!(control.kept.len() >= Phase::ALL.len());
    assert_eq!(ours.load(&fixture.case.shape), Partial::default());
}

#[test]
fn the_oldest_kept_phases_go_first() {
    let fixture = Fixture::new(Parameters::REDUCED, 2, 8);
    let folder = tempfile::tempdir().unwrap();
    let abandoned: Vec<_> =
        (0..=MOST_KEPT as u64).map(|k| Checkpoint::of(folder.path(), &Fr::from(k))).collect();
    for checkpoint in &abandoned {
        checkpoint.save(&fixture.case.shape, &Partial::default()).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    std::fs::write(folder.path().join("key.bin"), b"another file").unwrap();
    fixture.prove_kept(folder.path(), &mut Unattended).unwrap();
    let mut left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left.len(), MOST_KEPT + 1);
    assert_eq!(left[0], "key.bin");
    let name = |k: u64| format!("proof-{}.partial", hex::encode(field_word(&Fr::from(k))));
    assert!(!left.contains(&name(0).into()) && left.contains(&name(1).into()));
}

#[test]
fn a_wrong_witness_is_found_in_the_phase_that_shows_it() {
    let mut fixture = Fixture::new(Parameters::REDUCED, 2, 11);
    let column = trine_verifier::bootstrapping::Column::Digit(0);
    let row = fixture.witness.columns.get(column).iter().position(|cell| *cell > 0).unwrap();
    fixture.witness.columns.get_mut(column)[row] ^= 1;
    let failed = fixture.prove(Backend::detect(), Partial::default(), &mut Unattended);
    assert!(matches!(failed, Err(ProveError::Phase { .. })), "{:?}", failed.err());
}
