//! Structured reference strings: the development SRS and its cache.

use crate::mode::Mode;
use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::scalar_mul::BatchMulPreprocessing;
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{One, UniformRand};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use trine_verifier::srs::{CommitmentKey, SrsError, VerifierSrs};

/// Seed of the development tau. Public: everyone can forge under it.
pub const DEVELOPMENT_SEED: [u8; 32] = *b"trine UNSAFE development tau v1 ";

/// Why there is no SRS.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A development setup was asked for outside development mode.
    #[error("the development SRS has a known secret and is refused outside development mode")]
    DevelopmentSetupRefused,
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The contents are no SRS.
    #[error(transparent)]
    Srs(#[from] SrsError),
}

/// The development SRS of `2^log_powers` powers.
pub fn development(log_powers: usize) -> Result<CommitmentKey, SrsError> {
    let tau = Fr::rand(&mut ChaCha20Rng::from_seed(DEVELOPMENT_SEED));
    let count = 1usize << log_powers;
    let powers: Vec<Fr> = std::iter::successors(Some(Fr::one()), |p| Some(*p * tau)).take(count).collect();
    let table = BatchMulPreprocessing::new(G1Projective::generator(), count);
    let points: Vec<G1Affine> = table.batch_mul(&powers);
    let tau_h = (G2Affine::generator() * tau).into_affine();
    CommitmentKey::new(points, VerifierSrs::new(tau_h, count as u64, true)?)
}

/// The development SRS from the cache, made and kept there when missing. Refused outside development mode.
pub fn load_or_generate(cache: &Path, log_powers: usize, mode: Mode) -> Result<CommitmentKey, SetupError> {
    if mode != Mode::Development {
        return Err(SetupError::DevelopmentSetupRefused);
    }
    let path = cache.join(format!("srs-2^{log_powers}-UNSAFE-development.bin"));
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| SetupError::File { path, source }
    };
    if path.exists() {
        let file = File::open(&path).map_err(failed(&path))?;
        return Ok(CommitmentKey::read(BufReader::new(file))?);
    }
    let key = development(log_powers)?;
    fs::create_dir_all(cache).map_err(failed(cache))?;
    let partial = cache.join(format!("srs-2^{log_powers}-{}.partial", std::process::id()));
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&partial)
        .map_err(failed(&partial))?;
    let mut writer = BufWriter::new(file);
    key.write(&mut writer).map_err(failed(&partial))?;
    writer.flush().map_err(failed(&partial))?;
    fs::rename(&partial, &path).map_err(failed(&path))?;
    Ok(key)
}
