//! Commitments of evaluation keys on disk: made once and kept in the user's cache.
//!
//! A file holds the name of what it commits to and the points, and is trusted as its owner: it has mode 0600 and lies in a
//! folder that its owner chose. Whoever registers a key computes its commitments afresh.

use crate::private_file::store;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use trine_kernels::msm::MsmError;
use trine_verifier::Bytes32;
use trine_verifier::bootstrapping::shape::ShapeError;
use trine_verifier::bootstrapping::{KeyCommitments, Parameters};
use trine_verifier::digest::{point_from_words, point_words};

/// First bytes of a file: what it is, and its version.
const MAGIC: [u8; 16] = *b"trine key kzg v1";
/// A point: two coordinates.
const POINT_BYTES: usize = 64;

/// What commitments are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyName {
    /// BLAKE3 of the bytes of the evaluation key.
    pub evaluation_key: Bytes32,
    /// The parameter set.
    pub parameters: Parameters,
    /// Digest of the reference string.
    pub srs: Bytes32,
}

/// Why there are no commitments.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of another length.
    #[error("{path}: {got} bytes, expected {expected}; delete it and it is made again")]
    Length {
        /// The file.
        path: PathBuf,
        /// Its bytes.
        got: u64,
        /// Bytes of the commitments of this parameter set.
        expected: usize,
    },
    /// A file of something else.
    #[error("{path}: not the commitments of this key; delete it and it is made again")]
    OtherKey {
        /// The file.
        path: PathBuf,
    },
    /// A point that is not on the curve.
    #[error("{path}: point {index} is not on the curve; delete it and it is made again")]
    Point {
        /// The file.
        path: PathBuf,
        /// Index of the point.
        index: usize,
    },
    /// Commitments of another number than the parameter set's keys have.
    #[error("{got} commitments made, expected {expected}")]
    Count {
        /// Commitments made.
        got: usize,
        /// Chunks of the key.
        expected: usize,
    },
    /// No commitments could be made.
    #[error(transparent)]
    Commitment(#[from] MsmError),
    /// The parameter set has no shape.
    #[error(transparent)]
    Shape(#[from] ShapeError),
}

impl KeyName {
    /// The name of a key by its bytes.
    pub fn new(evaluation_key: &[u8], parameters: Parameters, srs: Bytes32) -> Self {
        Self { evaluation_key: blake3::hash(evaluation_key).into(), parameters, srs }
    }

    /// The file of its commitments below a folder.
    pub fn path(&self, folder: &Path) -> PathBuf {
        let digest = blake3::hash(&self.header()).to_hex();
        folder.join(format!("key-commitments-{}.bin", &digest[..32]))
    }

    fn header(&self) -> Vec<u8> {
        let parameters = u64::from(self.parameters.id).to_be_bytes();
        [&MAGIC[..], &self.evaluation_key, &self.srs, &parameters].concat()
    }
}

/// The commitments from the cache, made and kept there when missing.
///
/// A file is renamed into place, so that a reader never meets half of it.
pub fn load_or_make(
    folder: &Path,
    name: &KeyName,
    make: impl FnOnce() -> Result<KeyCommitments, MsmError>,
) -> Result<KeyCommitments, CacheError> {
    let (path, chunks) = (name.path(folder), KeyCommitments::chunks(&name.parameters)?);
    match fs::metadata(&path) {
        Ok(metadata) => load(path, name, chunks, metadata.len()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let made = make()?;
            let (got, expected) = (made.points().len(), chunks.iter().sum());
            if got != expected {
                return Err(CacheError::Count { got, expected });
            }
            store(&path, &encode(name, &made)).map_err(|source| CacheError::File { path, source })?;
            Ok(made)
        }
        Err(source) => Err(CacheError::File { path, source }),
    }
}

fn encode(name: &KeyName, commitments: &KeyCommitments) -> Vec<u8> {
    let mut bytes = name.header();
    for point in commitments.points() {
        bytes.extend(point_words(&point).as_flattened());
    }
    bytes
}

fn load(
    path: PathBuf,
    name: &KeyName,
    chunks: [usize; 3],
    length: u64,
) -> Result<KeyCommitments, CacheError> {
    let header = name.header();
    let expected = header.len() + POINT_BYTES * chunks.iter().sum::<usize>();
    if length != expected as u64 {
        return Err(CacheError::Length { path, got: length, expected });
    }
    let bytes = fs::read(&path).map_err(|source| CacheError::File { path: path.clone(), source })?;
    let Some(points) = bytes.strip_prefix(&header[..]) else { return Err(CacheError::OtherKey { path }) };
    let mut points = points.as_chunks::<POINT_BYTES>().0.iter().enumerate().map(|(index, bytes)| {
        let ([x, y], _) = bytes.as_chunks::<32>() else {
            return Err(CacheError::Point { path: path.clone(), index });
        };
        point_from_words(x, y).ok_or_else(|| CacheError::Point { path: path.clone(), index })
    });
    let mut list = |count: usize| points.by_ref().take(count).collect::<Result<Vec<_>, _>>();
    let [bootstrapping, compute, casting] = chunks;
    Ok(KeyCommitments { bootstrapping: list(bootstrapping)?, keyswitching: [list(compute)?, list(casting)?] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::{Fr, G1Affine};
    use ark_ec::{AffineRepr, CurveGroup};
    use std::os::unix::fs::PermissionsExt;

    fn commitments(parameters: &Parameters) -> KeyCommitments {
        let [bootstrapping, compute, casting] = KeyCommitments::chunks(parameters).unwrap();
        let point = |k: usize| (G1Affine::generator() * Fr::from(k as u64)).into_affine();
        let from = |first: usize, count: usize| (first..first + count).map(point).collect::<Vec<_>>();
        KeyCommitments {
            bootstrapping: from(1, bootstrapping),
            keyswitching: [from(100, compute), vec![G1Affine::zero(); casting]],
        }
    }

    fn name() -> KeyName {
        KeyName::new(b"key", Parameters::PRODUCTION, [7; 32])
    }

    fn never() -> Result<KeyCommitments, MsmError> {
        panic!("commitments are there already")
    }

    #[test]
    fn commitments_are_made_once_and_kept_for_their_owner() {
        let folder = tempfile::tempdir().unwrap();
        let (name, made) = (name(), commitments(&Parameters::PRODUCTION));
        assert_eq!((made.bootstrapping.len(), made.points().len()), (8, 16));
        assert_eq!(load_or_make(folder.path(), &name, || Ok(made.clone())).unwrap(), made);
        assert_eq!(load_or_make(folder.path(), &name, never).unwrap(), made);
        let mode = fs::metadata(name.path(folder.path())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn every_part_of_a_name_counts() {
        let folder = Path::new("");
        let named = name();
        let others = [
            KeyName { evaluation_key: [1; 32], ..named },
            KeyName { srs: [1; 32], ..named },
            KeyName { parameters: Parameters::REDUCED, ..named },
        ];
        for other in others {
            assert_ne!(other.path(folder), named.path(folder), "{other:?}");
        }
    }

    #[test]
    fn damaged_and_foreign_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (name, made) = (name(), commitments(&Parameters::PRODUCTION));
        let (path, bytes) = (name.path(folder.path()), encode(&name, &made));
        let load = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            load_or_make(folder.path(), &name, never)
        };
        assert_eq!(load(&bytes).unwrap(), made);
        assert!(matches!(load(&bytes[1..]), Err(CacheError::Length { .. })));
        assert!(matches!(load(&[&bytes[..], &[0]].concat()), Err(CacheError::Length { .. })));
        let header = name.header().len();
        for at in [0, MAGIC.len(), MAGIC.len() + 32, header - 1] {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            assert!(matches!(load(&bytes), Err(CacheError::OtherKey { .. })), "byte {at}");
        }
        let mut bytes = bytes.clone();
        bytes[header + POINT_BYTES + 63] ^= 1;
        assert!(matches!(load(&bytes), Err(CacheError::Point { index: 1, .. })));
    }

    #[test]
    fn commitments_of_another_number_are_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let short = KeyCommitments { bootstrapping: vec![], ..commitments(&Parameters::PRODUCTION) };
        let error = load_or_make(folder.path(), &name(), || Ok(short)).err().unwrap();
        assert!(matches!(error, CacheError::Count { got: 8, expected: 16 }));
        assert!(!name().path(folder.path()).exists());
    }
}
