//! One proof of a circuit in both forms, from checked words to checked bytes.

use super::CircuitWorker;
use super::key::HeldKey;
use crate::bootstrapping::job::value;
use crate::bootstrapping::{Control, Phase, ProveError, Prover, Witness};
use crate::groth::{WrapProof, prove_bootstrapping_wrap, verify_public};
use crate::service::intake::Values;
use crate::service::refusal::Refusal;
use crate::service::worker::{OnProgress, Proved, Stage};
use crate::service::wrapped::{groth16_of, wrapped_bytes};
use crate::wrap::bootstrapping::WrapWitness;
use rand::rngs::OsRng;
use std::time::Instant;
use trine_fhe::ValueWords;
use trine_verifier::NamedCommitment;
use trine_verifier::bootstrapping::statement::{PublicInputs, StatementInputs};
use trine_verifier::bootstrapping::{CircuitProof, Statement, verify};
use trine_verifier::digest::field_word;

/// What is proved, with the words of all values in the layout that is committed to.
#[derive(Clone, Debug)]
pub struct CircuitTask {
    /// The statement.
    pub statement: Statement,
    /// Words of the inputs of all jobs, job by job.
    pub inputs: Values,
    /// Words of the outputs of all jobs, job by job.
    pub outputs: Values,
}

impl CircuitWorker {
    /// Evaluates, proves, and verifies what it hands out in both forms. Blocks all cores.
    ///
    /// `key` is the one that the statement's key points are of.
    pub fn prove(
        &self,
        key: &HeldKey,
        task: CircuitTask,
        on_progress: OnProgress<'_>,
    ) -> Result<Proved, Refusal> {
        let mut progress = Progress { on_progress, at: (Stage::Checking, 0) };
        progress.step(Stage::Checking, 0)?;
        let statement = &task.statement;
        let (named, refusal) = (statement.jobs.iter().flat_map(|job| &job.inputs), Refusal::input_words);
        self.check_words(named, &task.inputs, refusal)?;
        let (named, refusal) = (statement.jobs.iter().flat_map(|job| &job.outputs), Refusal::output_words);
        self.check_words(named, &task.outputs, refusal)?;

        let start = Instant::now();
        progress.step(Stage::Argument, 10)?;
        let inputs = statement.inputs(self.parameters())?;
        let proof = self.argument(key, &task, &inputs, &mut progress)?;
        let argument_time = start.elapsed();

        progress.step(Stage::Verifying, 750)?;
        let public = verify(self.parameters(), &self.srs, statement, &proof)?;
        progress.step(Stage::Wrapping, 760)?;
        let start = Instant::now();
        let groth16 = self.wrap(&inputs, &public, &proof)?;
        let wrap_time = start.elapsed();

        progress.step(Stage::VerifyingWrap, 990)?;
        let opening = &public.opening;
        let challenges = [opening.rho, opening.r, opening.q, opening.z, opening.r_at_z];
        let wrapped = wrapped_bytes(self.verifier_hash(), &groth16, &proof.group, &challenges);
        self.check_wrapped(&wrapped, &public)?;
        Ok(Proved {
            inner: proof.to_bytes(&inputs.shape),
            wrapped,
            public_inputs: public.to_array().iter().map(field_word).collect(),
            argument_time,
            wrap_time,
        })
    }

    /// What the client sent must open the commitments that the statement names.
    fn check_words<'a>(
        &self,
        named: impl Iterator<Item = &'a NamedCommitment>,
        words: &Values,
        refusal: fn(usize) -> Refusal,
    ) -> Result<(), Refusal> {
        for (index, (named, words)) in named.zip(words).enumerate() {
            if self.bases.commit_u64(words)? != *named.commitment.point() {
                return Err(refusal(index));
            }
        }
        Ok(())
    }

    /// Evaluates all jobs as one circuit with traces, compares outputs, and proves, from the phases on that an earlier attempt
    /// finished. The columns are gone when it returns.
    fn argument(
        &self,
        key: &HeldKey,
        task: &CircuitTask,
        inputs: &StatementInputs,
        progress: &mut Progress<'_>,
    ) -> Result<CircuitProof, Refusal> {
        let circuit = &inputs.circuit;
        let declared = circuit.inputs().iter().zip(&task.inputs);
        let values = declared.map(|(declared, words)| value(declared, words));
        let values = values.collect::<Result<Vec<ValueWords>, _>>()?;
        let witness = Witness::new(circuit, &values, key.evaluation_key())?;
        let differs = |(evaluated, sent): (&Vec<u64>, &Vec<u64>)| evaluated != sent;
        if let Some(index) = witness.outputs.iter().zip(&task.outputs).position(differs) {
            return Err(Refusal::OutputWords { index });
        }
        let prover = Prover { backend: self.backend, bases: &self.bases, keys: key.words() };
        Ok(prover.prove_kept(inputs, &witness, &self.folder, progress)?)
    }

    fn wrap(
        &self,
        inputs: &StatementInputs,
        public: &PublicInputs,
        proof: &CircuitProof,
    ) -> Result<WrapProof, Refusal> {
        let class = &self.class;
        let witness = WrapWitness::new(class, &inputs.shape, &inputs.circuit, &proof.field)?;
        Ok(prove_bootstrapping_wrap(&self.proving_key, class, public, &witness, &mut OsRng)?)
    }

    fn check_wrapped(&self, wrapped: &[u8], public: &PublicInputs) -> Result<(), Refusal> {
        let proof = groth16_of(wrapped).ok_or(Refusal::WrappedBytes)?;
        let holds = verify_public(&self.proving_key.vk, &public.to_array(), &proof);
        if holds { Ok(()) } else { Err(Refusal::WrappedBytes) }
    }
}

/// Tells stages, and asks whether anybody still waits.
struct Progress<'a> {
    on_progress: OnProgress<'a>,
    /// Stage and thousandths of the whole.
    at: (Stage, u32),
}

impl Progress<'_> {
    fn step(&mut self, stage: Stage, permille: u32) -> Result<(), Refusal> {
        self.at = (stage, permille);
        if !(self.on_progress)(stage, permille) {
            return Err(Refusal::Cancelled);
        }
        fail::fail_point!(stage.failpoint());
        Ok(())
    }
}

impl Control for Progress<'_> {
    fn begin(&mut self, phase: Phase) -> bool {
        self.step(Stage::Argument, phase_permille(phase)).is_ok()
    }

    fn goes_on(&mut self) -> bool {
        let (stage, permille) = self.at;
        (self.on_progress)(stage, permille)
    }
}

/// Thousandths, estimated for a proof of eight bootstrappings: the argument takes about three quarters of the time.
fn phase_permille(phase: Phase) -> u32 {
    match phase {
        Phase::Columns => 50,
        Phase::Rotation => 150,
        Phase::Switch => 350,
        Phase::Lookups => 400,
        Phase::Reduction => 600,
        Phase::Opening => 650,
    }
}

impl From<ProveError> for Refusal {
    fn from(error: ProveError) -> Self {
        match error {
            ProveError::Cancelled { .. } => Self::Cancelled,
            other => Self::CircuitArgument(other),
        }
    }
}
