//! Proofs in the making on disk: a crash costs the phase that it met, and the witness, which is evaluated again.
//!
//! One file for each statement, named after its digest, written beside and renamed. A file that does not decode is as good
//! as none, and so is one whose phases do not verify. Nothing in it is secret.

use super::partial::Partial;
use super::prove::{Control, Phase, ProveError, Prover};
use super::witness::Witness;
use crate::private_file::store;
use ark_bn254::Fr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use trine_verifier::bootstrapping::Shape;
use trine_verifier::bootstrapping::proof::CircuitProof;
use trine_verifier::bootstrapping::statement::StatementInputs;
use trine_verifier::digest::field_word;

/// Files of proofs that a folder keeps at most: those of abandoned requests go, the oldest first. One is about 40 kB.
pub const MOST_KEPT: usize = 64;
const PREFIX: &str = "proof-";
const SUFFIX: &str = ".partial";

/// The file of one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    path: PathBuf,
}

impl Checkpoint {
    /// The file of the statement with digest `stmt` below a folder.
    pub fn of(folder: &Path, stmt: &Fr) -> Self {
        Self { path: folder.join(format!("{PREFIX}{}{SUFFIX}", hex::encode(field_word(stmt)))) }
    }

    /// The phases that an earlier attempt finished; none where the file is missing or of another shape.
    pub fn load(&self, shape: &Shape) -> Partial {
        let bytes = fs::read(&self.path).ok();
        bytes.and_then(|bytes| Partial::from_bytes(shape, &bytes).ok()).unwrap_or_default()
    }

    /// Keeps what is finished.
    pub fn save(&self, shape: &Shape, partial: &Partial) -> io::Result<()> {
        store(&self.path, &partial.to_bytes(shape))
    }

    /// Forgets: the proof is made, or the phases did not verify.
    pub fn remove(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }
}

impl Prover<'_> {
    /// [`Self::prove`], whose finished phases are kept in a folder until the proof is made: another attempt, by this process or
    /// by one after a crash, goes on from them.
    pub fn prove_kept(
        &self,
        inputs: &StatementInputs,
        witness: &Witness,
        folder: &Path,
        control: &mut dyn Control,
    ) -> Result<CircuitProof, ProveError> {
        let checkpoint = Checkpoint::of(folder, &inputs.stmt);
        let partial = checkpoint.load(&inputs.shape);
        let begun = partial.has(Phase::Columns);
        let mut keeping = Keeping { control, checkpoint: &checkpoint, shape: &inputs.shape };
        let mut result = self.prove(inputs, witness, partial, &mut keeping);
        if let (true, Err(ProveError::Phase { .. } | ProveError::Opening(_))) = (begun, &result) {
            tracing::warn!(path = %checkpoint.path.display(), "kept phases do not verify; the proof begins anew");
            result = self.prove(inputs, witness, Partial::default(), &mut keeping);
        }
        if !matches!(result, Err(ProveError::Cancelled { .. })) {
            report(checkpoint.remove());
        }
        report(forget_oldest(folder, MOST_KEPT));
        result
    }
}

/// Tells another control, and keeps finished phases.
struct Keeping<'a> {
    control: &'a mut dyn Control,
    checkpoint: &'a Checkpoint,
    shape: &'a Shape,
}

impl Control for Keeping<'_> {
    fn begin(&mut self, phase: Phase) -> bool {
        self.control.begin(phase)
    }

    fn goes_on(&mut self) -> bool {
        self.control.goes_on()
    }

    fn end(&mut self, phase: Phase, partial: &Partial) {
        report(self.checkpoint.save(self.shape, partial));
        self.control.end(phase, partial);
    }
}

/// A disk that keeps nothing costs time after a crash, not the proof.
fn report(result: io::Result<()>) {
    if let Err(error) = result {
        tracing::warn!(%error, "phases of proofs are not kept");
    }
}

/// Removes the oldest files of proofs beyond so many.
fn forget_oldest(folder: &Path, most: usize) -> io::Result<()> {
    let mut files: Vec<(SystemTime, PathBuf)> = vec![];
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        if let (true, Ok(modified)) = (ours, entry.metadata().and_then(|metadata| metadata.modified())) {
            files.push((modified, entry.path()));
        }
    }
    files.sort();
    let beyond = files.len().saturating_sub(most);
    files.iter().take(beyond).try_for_each(|(_, path)| fs::remove_file(path))
}
