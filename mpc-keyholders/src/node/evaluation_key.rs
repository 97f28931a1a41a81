//! The node's evaluation key by its commitments: computed by the node itself, once, and kept (TR.K4).
//!
//! Computing takes about a minute of two cores and 2 GB, and the reference string with as many powers as a chunk of the key
//! has words. It is done when somebody first asks for it, one at a time.

use crate::protocol::evaluation::CommittedKey;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::OnceCell;
use trine_fhe::bootstrapping::EvaluationKey;
use trine_fhe::keys::{KeyError, key_digest};
use trine_kernels::Backend;
use trine_kernels::msm::{Bases, MsmError};
use trine_key_commitment::{CacheError, KeyName, KeyWords, commit_keys, keep, load};
use trine_verifier::Bytes32;
use trine_verifier::bootstrapping::{KeyCommitments, Parameters};
use trine_verifier::srs::{CommitmentKey, SrsError, VerifierSrs};

/// Bytes of a power in a reference string's file.
const POWER_BYTES: u64 = 64;

/// Why the node does not know the commitments of its key.
#[derive(Debug, thiserror::Error)]
pub enum KeyCommitmentError {
    /// A file cannot be read.
    #[error("TR.K4: {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What fails.
        source: std::io::Error,
    },
    /// The files of the key have changed since the node started.
    #[error("TR.K4: the key files have the digest {got}, this node serves {expected}")]
    OtherKey {
        /// Digest of the files.
        got: String,
        /// Digest of the committee record.
        expected: String,
    },
    /// The key does not decode.
    #[error("TR.K4: {0}")]
    Key(#[from] KeyError),
    /// The reference string does not read.
    #[error("TR.K4: {path}: {source}")]
    Srs {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: SrsError,
    },
    /// A file of another reference string than the node verifies with.
    #[error("TR.K4: {path}: reference string {got}, this node verifies under {expected}")]
    OtherSrs {
        /// The file.
        path: PathBuf,
        /// Its digest.
        got: String,
        /// Digest of the one in use.
        expected: String,
    },
    /// Too few powers for a chunk of the key.
    #[error("TR.K4: {path} holds {powers} powers, {wanted} are needed: name the whole file in keys.full_srs")]
    TooFewPowers {
        /// The file.
        path: PathBuf,
        /// Powers in it.
        powers: usize,
        /// Words of a chunk.
        wanted: usize,
    },
    /// No commitments.
    #[error("TR.K4: {0}")]
    Commitment(#[from] MsmError),
    /// They cannot be kept, or what is kept is damaged.
    #[error("TR.K4: {0}")]
    Kept(#[from] CacheError),
    /// The computation was torn down, as at shutdown.
    #[error("the node stopped while it committed to its key: {0}")]
    Stopped(#[from] tokio::task::JoinError),
}

impl KeyCommitmentError {
    /// Name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TooFewPowers { .. } => "TooFewPowers",
            Self::Stopped(_) => "Stopped",
            _ => "KeyNotCommitted",
        }
    }
}

/// Commits to the node's key. A trait, so that tests need no keys of hundreds of megabytes.
pub trait KeyCommitter: Send + Sync {
    /// The commitments, from where they are kept or computed. May take a minute.
    fn commit(&self) -> Result<KeyCommitments, KeyCommitmentError>;
}

/// Where the key is, and where its commitments are kept.
pub struct KeyFiles {
    /// Name of the commitments.
    pub name: KeyName,
    /// Digest of the key's bytes, as in the committee record.
    pub content_digest: Bytes32,
    /// Compact public key.
    pub compact_public_key: PathBuf,
    /// Evaluation keys.
    pub server_key: PathBuf,
    /// Reference string with the powers that committing takes.
    pub srs: PathBuf,
    /// The reference string that the node verifies with.
    pub verifier: VerifierSrs,
    /// Folder of commitments. What is in it is trusted as the node's own.
    pub folder: PathBuf,
}

impl KeyFiles {
    /// The production parameters' name of the commitments of these key bytes.
    pub fn name(server_key: &[u8], verifier: &VerifierSrs) -> KeyName {
        KeyName::new(server_key, Parameters::PRODUCTION, verifier.digest())
    }

    /// From the bytes of the key: those whose digest the committee record names, whatever the files hold by now.
    fn compute(&self) -> Result<KeyCommitments, KeyCommitmentError> {
        let srs = self.powers()?;
        let server_key = read(&self.server_key)?;
        let got = key_digest(&read(&self.compact_public_key)?, &server_key);
        if got != self.content_digest {
            let (got, expected) = (hex::encode(got), hex::encode(self.content_digest));
            return Err(KeyCommitmentError::OtherKey { got, expected });
        }
        let key = EvaluationKey::from_bytes(&server_key)?;
        drop(server_key);
        let words = KeyWords::new(&key);
        drop(key);
        let bases = Bases::new(Backend::detect(), srs.powers());
        Ok(commit_keys(&bases, &self.name.parameters, &words)?)
    }

    /// The powers that a chunk takes. A file that is too short for them is not read: that costs a caller nothing to ask for.
    fn powers(&self) -> Result<CommitmentKey, KeyCommitmentError> {
        let path = || self.srs.clone();
        let wanted = 1usize << self.name.parameters.log_chunk;
        let too_few = |powers| KeyCommitmentError::TooFewPowers { path: path(), powers, wanted };
        let most = (length(&self.srs)? / POWER_BYTES) as usize;
        if most < wanted {
            return Err(too_few(most));
        }
        let failed = |source| KeyCommitmentError::Srs { path: path(), source };
        let srs = CommitmentKey::from_bytes(&read(&self.srs)?).map_err(failed)?;
        let (got, expected) = (srs.verifier().digest(), self.verifier.digest());
        if got != expected {
            let (got, expected) = (hex::encode(got), hex::encode(expected));
            return Err(KeyCommitmentError::OtherSrs { path: path(), got, expected });
        }
        srs.prefix(wanted).map_err(|_| too_few(srs.powers().len()))
    }
}

fn length(path: &Path) -> Result<u64, KeyCommitmentError> {
    let metadata = std::fs::metadata(path);
    metadata.map(|m| m.len()).map_err(|source| KeyCommitmentError::Read { path: path.into(), source })
}

fn read(path: &Path) -> Result<Vec<u8>, KeyCommitmentError> {
    std::fs::read(path).map_err(|source| KeyCommitmentError::Read { path: path.into(), source })
}

impl KeyCommitter for KeyFiles {
    fn commit(&self) -> Result<KeyCommitments, KeyCommitmentError> {
        if let Some(kept) = load(&self.folder, &self.name)? {
            return Ok(kept);
        }
        tracing::info!("committing to the evaluation key: about a minute");
        let made = self.compute()?;
        keep(&self.folder, &self.name, &made)?;
        Ok(made)
    }
}

/// The committed key of a node: committed to when it is first asked for, by one task while others wait.
pub struct LazyKey {
    committer: Arc<dyn KeyCommitter>,
    key: OnceCell<Arc<CommittedKey>>,
}

impl LazyKey {
    /// Nothing is committed yet.
    pub fn new(committer: Arc<dyn KeyCommitter>) -> Self {
        Self { committer, key: OnceCell::new() }
    }

    /// The key. An error is not kept: the next call tries again.
    pub async fn get(&self) -> Result<Arc<CommittedKey>, KeyCommitmentError> {
        let made = self.key.get_or_try_init(|| async {
            let committer = Arc::clone(&self.committer);
            let commitments = tokio::task::spawn_blocking(move || committer.commit()).await??;
            Ok::<_, KeyCommitmentError>(Arc::new(CommittedKey::new(commitments)))
        });
        made.await.map(Arc::clone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use trine_verifier::digest::{point_from_words, uint_word};

    fn commitments() -> KeyCommitments {
        let generator = point_from_words(&uint_word(1), &uint_word(2)).unwrap();
        let points = |count| vec![generator; count];
        KeyCommitments { bootstrapping: points(8), keyswitching: [points(4), points(4)] }
    }

    /// Files of a key of a few bytes, and a reference string of `2^log_powers` powers.
    fn files(folder: &Path, parameters: Parameters, log_powers: usize) -> KeyFiles {
        let path = |name: &str| folder.join(name);
        let srs = trine_prover::srs::development(log_powers).unwrap();
        std::fs::write(path("srs"), srs.to_bytes()).unwrap();
        std::fs::write(path("public"), b"public").unwrap();
        std::fs::write(path("server"), b"server").unwrap();
        KeyFiles {
            name: KeyName::new(b"server", parameters, srs.verifier().digest()),
            content_digest: key_digest(b"public", b"server"),
            compact_public_key: path("public"),
            server_key: path("server"),
            srs: path("srs"),
            verifier: *srs.verifier(),
            folder: path("kept"),
        }
    }

    #[test]
    fn commitments_are_read_where_they_are_kept_tr_k4() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path(), Parameters::PRODUCTION, 4);
        keep(&files.folder, &files.name, &commitments()).unwrap();
        assert_eq!(files.commit().unwrap(), commitments());
        let kept = files.name.path(&files.folder);
        assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&kept, b"damaged").unwrap();
        let error = files.commit().unwrap_err();
        assert_eq!(error.name(), "KeyNotCommitted");
        assert!(matches!(error, KeyCommitmentError::Kept(_)), "TR.K4, not {error}");
    }

    #[test]
    fn what_cannot_be_committed_to_is_refused_by_name_tr_k4() {
        let folder = tempfile::tempdir().unwrap();
        let small = files(folder.path(), Parameters::PRODUCTION, 4).commit().unwrap_err();
        assert_eq!(small.name(), "TooFewPowers", "TR.K4");
        assert!(matches!(small, KeyCommitmentError::TooFewPowers { wanted: 4_194_304, .. }));

        let files = files(folder.path(), Parameters::REDUCED, 10);
        let max_powers = files.verifier.max_powers / 2;
        let other = VerifierSrs { max_powers, ..files.verifier };
        let error =
            KeyFiles { verifier: other, ..self::files(folder.path(), Parameters::REDUCED, 10) }.commit();
        assert!(matches!(error, Err(KeyCommitmentError::OtherSrs { .. })));
        let error = files.commit().unwrap_err();
        assert!(matches!(error, KeyCommitmentError::Key(_)), "no key, not {error}");
        std::fs::write(&files.server_key, b"changed").unwrap();
        assert!(matches!(files.commit(), Err(KeyCommitmentError::OtherKey { .. })));
        std::fs::write(&files.srs, vec![0; 1 << 17]).unwrap();
        assert!(matches!(files.commit(), Err(KeyCommitmentError::Srs { .. })));
        std::fs::remove_file(&files.srs).unwrap();
        assert!(matches!(files.commit(), Err(KeyCommitmentError::Read { .. })));
        assert!(!files.folder.exists(), "nothing is kept");
    }

    struct Failing(std::sync::Mutex<u32>);

    impl KeyCommitter for Failing {
        fn commit(&self) -> Result<KeyCommitments, KeyCommitmentError> {
            let mut calls = self.0.lock().unwrap();
            *calls += 1;
            match *calls {
                1 => Err(KeyCommitmentError::OtherKey { got: String::new(), expected: String::new() }),
                _ => Ok(commitments()),
            }
        }
    }

    #[tokio::test]
    async fn a_key_is_committed_to_once_and_an_error_is_not_kept() {
        let committer = Arc::new(Failing(Default::default()));
        let key = LazyKey::new(Arc::clone(&committer) as Arc<dyn KeyCommitter>);
        assert!(key.get().await.is_err());
        let (first, second) = tokio::join!(key.get(), key.get());
        assert!(Arc::ptr_eq(&first.unwrap(), &second.unwrap()));
        assert_eq!(*committer.0.lock().unwrap(), 2);
    }
}
