//! The prover, in the order of the spec's message table.
//!
//! Every phase proves on a copy of the transcript; then the verifier's own step reads what was made and goes on. So prover
//! and verifier cannot drift apart, a fault shows in the phase that makes it, and a proof that was interrupted goes on from its
//! finished phases: they are read again instead of made again.

use super::columns::{KeyWords, Polynomials};
use super::commit::{commit_elements, commit_first_round};
use super::partial::Partial;
use super::witness::Witness;
use super::{opening, reduction, rotation, switch, tree};
use ark_bn254::Fr;
use trine_kernels::Backend;
use trine_kernels::msm::{Bases, MsmError};
use trine_program::circuit::Circuit;
use trine_verifier::bootstrapping::claim::Claim;
use trine_verifier::bootstrapping::lookup::{Fingerprints, blocks};
use trine_verifier::bootstrapping::proof::CircuitProof;
use trine_verifier::bootstrapping::reduction::verify_reduction;
use trine_verifier::bootstrapping::shape::{Column, Shape};
use trine_verifier::bootstrapping::statement::StatementInputs;
use trine_verifier::bootstrapping::switch::kinds;
use trine_verifier::bootstrapping::verify::{
    ARGUMENT_TAG, absorb_statement, draw_linear_claims, verify_lookups, verify_rotation, verify_switch,
};
use trine_verifier::bootstrapping::{Checks, Rejection};
use trine_verifier::opening::OpeningError;
use trine_verifier::{Transcript, digest};

/// Where a proof stands; reported as each phase begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Committing to the columns.
    Columns,
    /// Blind rotation: accumulators and combined keys.
    Rotation,
    /// Keyswitch and modulus switch.
    Switch,
    /// Look-ups.
    Lookups,
    /// The reduction to one point.
    Reduction,
    /// The opening.
    Opening,
}

impl Phase {
    /// All phases in order.
    pub const ALL: [Self; 6] =
        [Self::Columns, Self::Rotation, Self::Switch, Self::Lookups, Self::Reduction, Self::Opening];

    /// Name for progress reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Columns => "columns",
            Self::Rotation => "rotation",
            Self::Switch => "switch",
            Self::Lookups => "lookups",
            Self::Reduction => "reduction",
            Self::Opening => "opening",
        }
    }
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The reference string is too short, or a cell too large.
    #[error("commitment: {0}")]
    Commitment(#[from] MsmError),
    /// The owner asked to stop.
    #[error("cancelled in phase {}", phase.name())]
    Cancelled {
        /// The phase.
        phase: Phase,
    },
    /// What a phase made does not verify: a fault of the prover or of the witness, never sent out.
    #[error("phase {} does not verify: {error}", phase.name())]
    Phase {
        /// The phase.
        phase: Phase,
        /// Why.
        error: Rejection,
    },
    /// The opening's field side does not verify.
    #[error("the opening does not verify: {0}")]
    Opening(#[from] OpeningError),
}

/// What the owner of a proof is told, and keeps.
pub trait Control {
    /// A phase begins; false to stop.
    fn begin(&mut self, phase: Phase) -> bool {
        let _ = phase;
        true
    }

    /// Whether to go on; asked several times in long phases.
    fn goes_on(&mut self) -> bool {
        true
    }

    /// A phase has ended: `partial` holds all that is made so far, to be kept where a crash does not reach it.
    fn end(&mut self, phase: Phase, partial: &Partial) {
        let _ = (phase, partial);
    }
}

/// A control that neither stops nor keeps anything.
pub struct Unattended;

impl Control for Unattended {}

/// What proofs under one evaluation key are made with.
pub struct Prover<'a> {
    /// Arithmetic.
    pub backend: Backend,
    /// The reference string.
    pub bases: &'a Bases,
    /// The evaluation key's words.
    pub keys: &'a KeyWords,
}

/// A proof in the making.
struct Making<'a> {
    prover: &'a Prover<'a>,
    shape: &'a Shape,
    circuit: &'a Circuit,
    witness: &'a Witness,
    transcript: Transcript,
    claims: Vec<Claim>,
    rotation: Vec<Fr>,
    /// Values of the polynomials of all slots at the reduction point.
    values: Vec<Fr>,
    partial: Partial,
}

impl Prover<'_> {
    /// Proves that the witness is the evaluation of the statement's circuits.
    ///
    /// `partial` holds the finished phases of an earlier attempt at the same statement and witness; default for none.
    /// One that does not verify is an error: start anew without it.
    pub fn prove(
        &self,
        inputs: &StatementInputs,
        witness: &Witness,
        partial: Partial,
        control: &mut dyn Control,
    ) -> Result<CircuitProof, ProveError> {
        let mut transcript = Transcript::new(ARGUMENT_TAG);
        absorb_statement(inputs, &mut transcript);
        let StatementInputs { shape, circuit, .. } = inputs;
        let (claims, rotation, values) = (vec![], vec![], vec![]);
        let prover = self;
        let mut making =
            Making { prover, shape, circuit, witness, transcript, claims, rotation, values, partial };
        for phase in Phase::ALL {
            if !control.begin(phase) {
                return Err(ProveError::Cancelled { phase });
            }
            let finished = making.partial.has(phase);
            if !finished {
                making.make(phase, control)?;
                making.partial.finish(phase);
            }
            making.advance(phase)?;
            if !finished {
                control.end(phase, &making.partial);
            }
        }
        Ok(making.partial.into_proof())
    }
}

impl Making<'_> {
    fn polynomials(&self) -> Polynomials<'_> {
        Polynomials {
            columns: &self.witness.columns,
            rotation: &self.rotation,
            keys: self.prover.keys,
            inputs: &self.witness.inputs,
            outputs: &self.witness.outputs,
        }
    }

    /// Proves a phase on a copy of the transcript.
    fn make(&mut self, phase: Phase, control: &mut dyn Control) -> Result<(), ProveError> {
        let Prover { backend, bases, keys } = *self.prover;
        let (shape, circuit, columns) = (self.shape, self.circuit, &self.witness.columns);
        let mut transcript = self.transcript.clone();
        match phase {
            Phase::Columns => {
                let mut goes_on = || control.goes_on();
                let points = commit_first_round(bases, shape, columns, &mut goes_on)?;
                self.partial.group.columns = points.ok_or(ProveError::Cancelled { phase })?;
            }
            Phase::Rotation => {
                let made = rotation::prove(backend, shape, circuit, columns, keys, &mut transcript);
                let powers = rotation::powers(&made.x.z, columns.get(Column::Exponent));
                self.partial.group.second = commit_elements(bases, shape, &powers)?;
                let field = &mut self.partial.field;
                (field.accumulator, field.product, field.key) = (made.accumulator, made.product, made.key);
            }
            Phase::Switch => {
                let (proof, ..) = switch::prove(backend, shape, circuit, columns, keys, &mut transcript);
                self.partial.field.switch = proof;
            }
            Phase::Lookups => {
                let evaluation = &self.partial.evaluation;
                let fingerprints =
                    Fingerprints::draw(kinds(shape, circuit), evaluation, &Checks::ALL, &mut transcript);
                let blocks = blocks(shape, &Checks::ALL);
                let mut interrupted = || !control.goes_on();
                let made = tree::prove_tree(
                    backend,
                    shape,
                    &blocks,
                    &fingerprints,
                    &self.polynomials(),
                    &mut interrupted,
                    &mut transcript,
                );
                let (proof, _) = made.map_err(|_| ProveError::Cancelled { phase })?;
                self.partial.field.tree = proof;
            }
            Phase::Reduction => {
                let polynomials = self.polynomials();
                let made = reduction::prove_reduction(
                    backend,
                    shape,
                    circuit,
                    &self.claims,
                    &polynomials,
                    &mut transcript,
                );
                (self.partial.field.reduction, self.partial.field.values) = (made.rounds, made.values);
            }
            Phase::Opening => {
                let polynomials = self.polynomials();
                let point = &self.partial.point;
                let made = opening::open(backend, bases, shape, &polynomials, point, &mut transcript)?;
                let group = &mut self.partial.group;
                (group.folds, group.closing) = (made.folds, made.closing);
                self.partial.field.opening = made.proof;
            }
        }
        Ok(())
    }

    /// Reads a phase as the verifier does: the transcript and the claims go on.
    fn advance(&mut self, phase: Phase) -> Result<(), ProveError> {
        let (shape, circuit, checks) = (self.shape, self.circuit, &Checks::ALL);
        let (transcript, claims) = (&mut self.transcript, &mut self.claims);
        let Partial { group, field, .. } = &self.partial;
        let failed = |error| ProveError::Phase { phase, error };
        match phase {
            Phase::Columns => transcript.absorb("d1", &digest::round(1, &group.columns)),
            Phase::Rotation => {
                let d2 = digest::round(2, &group.second);
                let x = verify_rotation(shape, field, &d2, checks, transcript, claims).map_err(failed)?;
                self.rotation = rotation::powers(&x.z, self.witness.columns.get(Column::Exponent));
                self.partial.evaluation = x.z;
            }
            Phase::Switch => {
                verify_switch(shape, circuit, field, checks, transcript, claims).map_err(failed)?;
                draw_linear_claims(shape, circuit, transcript, claims);
            }
            Phase::Lookups => {
                let evaluation = &self.partial.evaluation;
                verify_lookups(shape, circuit, evaluation, field, checks, transcript, claims)
                    .map_err(failed)?;
            }
            Phase::Reduction => {
                let (rounds, values) = (&field.reduction, &field.values);
                let end = verify_reduction(shape, circuit, claims, rounds, values, checks, transcript)
                    .map_err(failed)?;
                (self.partial.point, self.values) = (end.point, end.values);
            }
            Phase::Opening => self.check_opening()?,
        }
        Ok(())
    }

    fn check_opening(&mut self) -> Result<(), ProveError> {
        let Partial { group, field, point, .. } = &self.partial;
        let (d3, d4) = (digest::round(3, &group.folds), group.closing.digest());
        let m = self.shape.parameters.log_chunk;
        trine_verifier::opening::field_side(
            m,
            point,
            &self.values,
            d3,
            d4,
            &field.opening,
            &mut self.transcript,
        )?;
        Ok(())
    }
}
