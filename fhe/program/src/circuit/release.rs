//! May outputs of a circuit be decrypted? The release policy, which each keyholder recomputes from program *texts*.
//!
//! An identifier of a text says nothing about the text, and a record that somebody else kept says what he likes. So the
//! predicate takes every text from the leaves to the released job, and what the leaves declare; it computes the record
//! of each handle in between by itself.
//!
//! | step (`docs/spec/threshold-release.md`) | here |
//! | --- | --- |
//! | TR.L1 | texts are canonical circuits under their registered identifiers |
//! | TR.L2 | an input is a leaf with its declaration, or an output of an earlier job with the record recomputed for it |
//! | TR.L3 | constants and table values, noise level, degree: [`admissible`] for each job |
//! | TR.L4 | blocks of released outputs are outputs of bootstrappings; of those that stay encrypted nothing is asked |
//!
//! What the caller must still discharge: that leaves are registered ciphertexts and declared as the chain has them, that
//! sources are those of the requests on chain, that every job is proven, and that no other output than those named is
//! decrypted.

use crate::circuit::check::is_bootstrapped;
use crate::circuit::text::linear_text;
use crate::circuit::{
    Circuit, CircuitTextError, HandleRecord, NoiseModel, OutputRecord, Violation, admissible,
};
use crate::text::ProgramId;
use crate::value::Declaration;

/// Most jobs from the leaves to a release: admission of one text may take seconds.
pub const MAX_JOBS: usize = 32;

/// A registered ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Type, key, blocks and degree that it is registered with.
    pub declaration: Declaration,
    /// Noise level that it is registered with: 1 for a fresh encryption.
    pub noise_level: u8,
}

/// Where the handle of an input comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputSource {
    /// A registered ciphertext.
    Leaf(Leaf),
    /// An output of an earlier job of the same list.
    Output {
        /// Index of the job.
        job: usize,
        /// Output of that job.
        output: usize,
    },
}

/// One proven job: the text of its program and the sources of its inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job<'a> {
    /// Identifier that the program is registered under.
    pub program_id: ProgramId,
    /// Text of the program.
    pub text: &'a [u8],
    /// One source for each input handle.
    pub inputs: Vec<InputSource>,
}

/// Why the outputs of the last job are not decrypted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReleaseViolation {
    /// No job, or more than are followed.
    #[error("TR.L1: {got} jobs from the leaves to the release, expected 1 to {MAX_JOBS}")]
    JobCount {
        /// Jobs given.
        got: usize,
    },
    /// A text that is no circuit.
    #[error("TR.L1: job {job}: {source}")]
    Text {
        /// Index of the job.
        job: usize,
        /// What is wrong with the text.
        source: CircuitTextError,
    },
    /// The text of another program than the registered one.
    #[error("TR.L1: job {job}: the text hashes to {got}, registered is {expected}")]
    OtherText {
        /// Index of the job.
        job: usize,
        /// Identifier of the text.
        got: ProgramId,
        /// Identifier registered.
        expected: ProgramId,
    },
    /// An input names a job that does not come before its own, or an output that the job does not have.
    #[error(
        "TR.L2: job {job}: input {input} is output {output} of job {source_job}, which is none before it"
    )]
    UnknownOutput {
        /// Index of the job.
        job: usize,
        /// Index of its input.
        input: usize,
        /// Job named.
        source_job: usize,
        /// Output named.
        output: usize,
    },
    /// A circuit that may not run on these inputs.
    #[error("TR.L3: job {job}: {violation}")]
    Inadmissible {
        /// Index of the job.
        job: usize,
        /// The wire, constant or table, and its numbers.
        violation: Violation,
    },
    /// Not one mark for each output of the last job.
    #[error("TR.L4: {got} outputs are marked as released or not, the last job has {expected}")]
    OutputCount {
        /// Marks given.
        got: usize,
        /// Outputs of the last job.
        expected: usize,
    },
    /// A released block that is something else than one output of a bootstrapping: its noise tells about the key.
    #[error(
        "TR.L4: output {output}, row {row} is {content}, expected one output of a bootstrapping with coefficient 1"
    )]
    NotBootstrapped {
        /// Output handle of the last job.
        output: usize,
        /// Output block, counted over all outputs.
        row: usize,
        /// The combination, as in the text.
        content: String,
    },
}

impl ReleaseViolation {
    /// Name of the rule, as keyholders answer it to clients.
    pub fn name(&self) -> &'static str {
        match self {
            Self::JobCount { .. } => "JobCount",
            Self::Text { .. } => "ProgramMalformed",
            Self::OtherText { .. } => "ProgramTextMismatch",
            Self::UnknownOutput { .. } => "InputSource",
            Self::Inadmissible { violation, .. } => match violation {
                Violation::RecordCount { .. } => "HandleCount",
                Violation::RecordMismatch { .. } => "RecordMismatch",
                Violation::InputDegree { .. } => "InputDegree",
                Violation::InputNoise { .. } => "InputNoise",
                Violation::ConstantOffGrid { .. } => "ConstantOffGrid",
                Violation::TableOffGrid { .. } => "TableOffGrid",
                Violation::NoiseLevel { .. } => "NoiseLevel",
                Violation::Variance { .. } => "NoiseTooLarge",
                Violation::Padding { .. } | Violation::Domain { .. } => "PlaintextRange",
                Violation::DegreeUnderstated { .. } => "DegreeUnderstated",
            },
            Self::OutputCount { .. } => "HandleCount",
            Self::NotBootstrapped { .. } => "NotBootstrapped",
        }
    }
}

/// Checks that the outputs of the last job that `released` marks, one mark for each output, may be decrypted; returns the
/// records of these.
///
/// Jobs come before those that read them. Order: the number of jobs; for each job its text, its identifier, the sources of
/// its inputs and [`admissible`]; then the number of marks and the rows of the marked outputs.
pub fn releasable(
    jobs: &[Job<'_>],
    model: &NoiseModel,
    released: &[bool],
) -> Result<Vec<HandleRecord>, ReleaseViolation> {
    if jobs.len() > MAX_JOBS {
        return Err(ReleaseViolation::JobCount { got: jobs.len() });
    }
    let mut outputs: Vec<Vec<OutputRecord>> = Vec::with_capacity(jobs.len());
    let mut last_circuit = None;
    for (job, content) in jobs.iter().enumerate() {
        let circuit = circuit_of(job, content)?;
        let records = input_records(job, content, &outputs, model)?;
        let admitted = admissible(&circuit, &records, model);
        outputs.push(admitted.map_err(|violation| ReleaseViolation::Inadmissible { job, violation })?);
        last_circuit = Some(circuit);
    }
    let (Some(circuit), Some(last)) = (last_circuit, outputs.last()) else {
        return Err(ReleaseViolation::JobCount { got: 0 });
    };
    if released.len() != last.len() {
        return Err(ReleaseViolation::OutputCount { got: released.len(), expected: last.len() });
    }
    check_bootstrapped(&circuit, released)?;
    let marked = last.iter().zip(released).filter(|(_, marked)| **marked);
    Ok(marked.map(|(output, _)| output.record).collect())
}

/// TR.L1.
fn circuit_of(job: usize, content: &Job<'_>) -> Result<Circuit, ReleaseViolation> {
    let circuit =
        Circuit::from_text(content.text).map_err(|source| ReleaseViolation::Text { job, source })?;
    let (got, expected) = (circuit.id(), content.program_id);
    if got == expected { Ok(circuit) } else { Err(ReleaseViolation::OtherText { job, got, expected }) }
}

/// TR.L2.
fn input_records(
    job: usize,
    content: &Job<'_>,
    outputs: &[Vec<OutputRecord>],
    model: &NoiseModel,
) -> Result<Vec<HandleRecord>, ReleaseViolation> {
    let record = |(input, source): (usize, &InputSource)| match *source {
        InputSource::Leaf(leaf) => Ok(HandleRecord::declared(&leaf.declaration, leaf.noise_level, model)),
        InputSource::Output { job: source_job, output } => {
            let known = outputs.get(source_job).and_then(|of_job| of_job.get(output));
            let unknown = ReleaseViolation::UnknownOutput { job, input, source_job, output };
            known.map(|known| known.record).ok_or(unknown)
        }
    };
    content.inputs.iter().enumerate().map(record).collect()
}

/// TR.L4. Rows of outputs that stay encrypted are counted, so that places are those of the text.
fn check_bootstrapped(circuit: &Circuit, released: &[bool]) -> Result<(), ReleaseViolation> {
    let mut row = 0;
    for (output, (rows, released)) in circuit.rows_by_output().zip(released).enumerate() {
        for content in rows {
            if *released && !is_bootstrapped(content) {
                let content = linear_text(content);
                return Err(ReleaseViolation::NotBootstrapped { output, row, content });
            }
            row += 1;
        }
    }
    Ok(())
}
