//! Proofs in the making on disk: a crash costs the phase that it met, and the witness, which is evaluated again.
//!
//! One file for each statement, named after its digest, written beside and renamed. A file that does not decode is as good
//! as none. Nothing in it is secret.

use super::partial::Partial;
use crate::private_file::store;
use ark_bn254::Fr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use trine_verifier::bootstrapping::Shape;
use trine_verifier::digest::field_word;

/// The file of one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    path: PathBuf,
}

impl Checkpoint {
    /// The file of the statement with digest `stmt` below a folder.
    pub fn of(folder: &Path, stmt: &Fr) -> Self {
        Self { path: folder.join(format!("proof-{}.partial", hex::encode(field_word(stmt)))) }
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
