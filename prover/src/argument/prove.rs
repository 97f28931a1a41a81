//! The prover, in the order of the spec's message table.

use super::columns::Columns;
use super::reduction::prove_reduction;
use super::tree::prove_tree;
use crate::opening;
use ark_bn254::{Fr, G1Affine};
use rayon::prelude::*;
use trine_verifier::class::Class;
use trine_verifier::lookup::leaf_claims;
use trine_verifier::proof::{FieldProof, GroupProof, InnerProof};
use trine_verifier::relation::{layer_claim, output_claims};
use trine_verifier::srs::{CommitmentKey, SrsError};
use trine_verifier::statement::{Statement, StatementError, StatementInputs};
use trine_verifier::transcript::ARGUMENT_TAG;
use trine_verifier::{NamedCommitment, Transcript, VerifyError, digest};

/// Where a proof stands; reported as each phase begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Evaluating and committing to the columns.
    Columns,
    /// The range tree.
    Tree,
    /// The reduction to one point.
    Reduction,
    /// The opening.
    Opening,
    /// The prover's own verification.
    Verification,
}

impl Phase {
    /// All phases in order.
    pub const ALL: [Self; 5] =
        [Self::Columns, Self::Tree, Self::Reduction, Self::Opening, Self::Verification];

    /// Name for progress reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Columns => "columns",
            Self::Tree => "range tree",
            Self::Reduction => "reduction",
            Self::Opening => "opening",
            Self::Verification => "verification",
        }
    }
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The statement is malformed.
    #[error("statement: {0}")]
    Statement(#[from] StatementError),
    /// The words of a handle are not those it commits to.
    #[error("{what} {index}: the words do not open the commitment that the statement names")]
    Words {
        /// "input" or "output".
        what: &'static str,
        /// Index of the handle.
        index: usize,
    },
    /// A value is longer than a slot, or missing.
    #[error("input {index}: {got} words, a slot holds {expected}")]
    Length {
        /// Index of the handle.
        index: usize,
        /// Words given.
        got: usize,
        /// Words of a slot.
        expected: usize,
    },
    /// The SRS is too short for the class.
    #[error("SRS: {0}")]
    Srs(#[from] SrsError),
    /// Cancelled by the caller.
    #[error("cancelled")]
    Cancelled,
    /// The finished proof does not verify: a fault of the prover, never sent out.
    #[error("the finished proof does not verify: {0}")]
    SelfCheck(#[from] VerifyError),
}

/// The polynomials of a proof: columns, and words of the slots in the layout of spec section 2.
#[derive(Clone, Debug)]
pub struct Witness {
    /// Committed columns.
    pub columns: Columns,
    /// Words of the inputs.
    pub inputs: Vec<Vec<u64>>,
    /// Words of the outputs.
    pub outputs: Vec<Vec<u64>>,
}

impl Witness {
    /// Evaluates the program on the inputs.
    pub fn evaluate(
        class: &Class,
        statement: &StatementInputs,
        outputs: usize,
        inputs: Vec<Vec<u64>>,
    ) -> Self {
        let columns = Columns::evaluate(class, &statement.matrix, &inputs);
        let outputs = (0..outputs).map(|slot| columns.output_words(class, slot)).collect();
        Self { columns, inputs, outputs }
    }

    /// All polynomials in the order of spec section 4, without trailing padding.
    pub fn polynomials(&self, class: &Class) -> Vec<Vec<Fr>> {
        let chunk = 1usize << class.log_chunk;
        let small = |cells: &Vec<u32>| -> Vec<Vec<Fr>> {
            cells.chunks(chunk).map(|c| c.iter().map(|v| Fr::from(*v)).collect()).collect()
        };
        let mut all: Vec<Vec<Fr>> =
            self.columns.cells.iter().chain([&self.columns.multiplicities]).flat_map(small).collect();
        for (slots, count) in [(&self.inputs, class.inputs), (&self.outputs, class.outputs())] {
            let padding = count.saturating_sub(slots.len());
            all.extend(slots.iter().map(|words| words.iter().map(|w| Fr::from(*w)).collect()));
            all.extend(std::iter::repeat_n(vec![], padding));
        }
        all
    }
}

/// Proves a statement from the words of its inputs.
///
/// `inputs[i]` are the words of input i in the layout of spec section 2. `progress` is told each phase as it begins and
/// answers whether to go on. The proof is verified before it is returned.
pub fn prove(
    class: &Class,
    key: &CommitmentKey,
    statement: &Statement,
    inputs: Vec<Vec<u64>>,
    progress: &mut dyn FnMut(Phase) -> bool,
) -> Result<InnerProof, ProveError> {
    let digests = statement.inputs(class)?;
    let most = 1usize << (class.log_t() + class.log_blocks);
    for (index, words) in inputs.iter().enumerate() {
        if words.len() > most {
            return Err(ProveError::Length { index, got: words.len(), expected: most });
        }
    }
    step(progress, Phase::Columns)?;
    let witness = Witness::evaluate(class, &digests, statement.job.outputs.len(), inputs);
    check_words(key, "input", &statement.job.inputs, &witness.inputs)?;
    check_words(key, "output", &statement.job.outputs, &witness.outputs)?;
    let proof = prove_witness(class, key, &digests, &witness, progress)?;
    step(progress, Phase::Verification)?;
    trine_verifier::verify(class, key.verifier(), statement, &proof)?;
    Ok(proof)
}

/// The honest prover on a given witness, with no check of its own: tests hand it faulty witnesses.
pub fn prove_witness(
    class: &Class,
    key: &CommitmentKey,
    digests: &StatementInputs,
    witness: &Witness,
    progress: &mut dyn FnMut(Phase) -> bool,
) -> Result<InnerProof, ProveError> {
    let mut transcript = Transcript::new(ARGUMENT_TAG);
    prove_with_transcript(class, key, digests, witness, progress, &mut transcript)
}

/// The same with a transcript of the caller's, which may be recording.
pub fn prove_with_transcript(
    class: &Class,
    key: &CommitmentKey,
    digests: &StatementInputs,
    witness: &Witness,
    progress: &mut dyn FnMut(Phase) -> bool,
    transcript: &mut Transcript,
) -> Result<InnerProof, ProveError> {
    // PE.T1
    transcript.absorb("stmt", &digests.stmt);
    transcript.absorb("shape", &digests.matrix.shape);
    transcript.absorb_all("layout", &digests.matrix.layouts);
    transcript.absorb("prog", &digests.prog);
    // PE.T2
    let mut columns = commit_columns(class, key, &witness.columns)?;
    let second = columns.split_off(class.first_round_points());
    transcript.absorb("d1", &digest::round(1, &columns));
    // PE.G1
    let g = transcript.challenges("g", class.log_rows());
    // PE.T3
    transcript.absorb("d2", &digest::round(2, &second));
    // PE.O1
    let y = transcript.challenges("y", class.log_chunk);
    // PE.H1 to PE.H5
    step(progress, Phase::Tree)?;
    let (tree, leaf) = prove_tree(class, &witness.columns, transcript);
    let [multiplicities, cells] = leaf_claims(class, &leaf);
    let mut claims = vec![layer_claim(class, &digests.matrix, &g), multiplicities, cells];
    claims.extend(output_claims(class, &y));
    // PE.I1 to PE.I3
    step(progress, Phase::Reduction)?;
    let polynomials = witness.polynomials(class);
    let reduction = prove_reduction(class, &claims, &polynomials, transcript);
    // PE.J1 to PE.J5
    step(progress, Phase::Opening)?;
    let opened = opening::open(key, class.log_chunk, &polynomials, &reduction.point, transcript)?;
    Ok(InnerProof {
        group: GroupProof { columns, second, folds: opened.folds, closing: opened.closing },
        field: FieldProof {
            tree,
            reduction: reduction.rounds,
            values: reduction.values,
            opening: opened.proof,
        },
    })
}

/// Commitments to the chunks of all columns, then of the multiplicities.
fn commit_columns(class: &Class, key: &CommitmentKey, columns: &Columns) -> Result<Vec<G1Affine>, SrsError> {
    let chunk = 1usize << class.log_chunk;
    let chunks: Vec<&[u32]> =
        columns.cells.iter().chain([&columns.multiplicities]).flat_map(|c| c.chunks(chunk)).collect();
    chunks.into_par_iter().map(|cells| key.commit_small(cells)).collect()
}

fn check_words(
    key: &CommitmentKey,
    what: &'static str,
    named: &[NamedCommitment],
    words: &[Vec<u64>],
) -> Result<(), ProveError> {
    for (index, named) in named.iter().enumerate() {
        let words = words.get(index).map(Vec::as_slice).unwrap_or_default();
        if key.commit_words(words)? != *named.commitment.point() {
            return Err(ProveError::Words { what, index });
        }
    }
    Ok(())
}

fn step(progress: &mut dyn FnMut(Phase) -> bool, phase: Phase) -> Result<(), ProveError> {
    if progress(phase) { Ok(()) } else { Err(ProveError::Cancelled) }
}
