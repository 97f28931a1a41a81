//! Development keys of the wrap circuit: made from a constant seed, kept in a cache of files.
//!
//! A file is `"TRINEGPK"`, version (4 bytes), class id (1), circuit digest (32), BLAKE3 of the key (32), length of the
//! key (8), all little-endian, then the key as arkworks serialises it, uncompressed. The key's points are not checked
//! one by one when it is read: the digest shows that they are those which were written.

use super::{KeyError, ProvingKey, check_key};
use crate::mode::Mode;
use crate::private_file::store;
use crate::wrap::checks::Checks;
use crate::wrap::{bootstrapping, structure};
use ark_bn254::{Bn254, Fr, G1Projective};
use ark_ec::CurveGroup;
use ark_ff::UniformRand;
use ark_groth16::{Groth16, VerifyingKey};
use ark_relations::gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, SynthesisError};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use trine_verifier::bootstrapping::statement::PUBLIC_INPUTS as CIRCUIT_PUBLIC_INPUTS;
use trine_verifier::class::Class;
use trine_verifier::statement::PUBLIC_INPUTS;

/// Seed of the development setup. Public: everyone can forge under its keys.
pub const DEVELOPMENT_SEED: [u8; 32] = *b"trine UNSAFE development groth 1";

const MAGIC: &[u8; 8] = b"TRINEGPK";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 8 + 4 + 1 + 32 + 32 + 8;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A development setup was asked for outside development mode.
    #[error("the development setup has known secrets and is refused outside development mode")]
    DevelopmentSetupRefused,
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not the key that was written.
    #[error("{path}: {what}; delete it and it is made again")]
    Cached {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// arkworks gives up.
    #[error("setup fails: {0}")]
    Synthesis(#[from] SynthesisError),
    /// The key is refused.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The recorded circuit as arkworks' generator asks for it.
struct Recorded(Checks);

impl ConstraintSynthesizer<Fr> for Recorded {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        self.0.replay(&cs)
    }
}

/// The development key of a class, made anew: the same at every call and on every machine.
pub fn generate(circuit: Checks) -> Result<ProvingKey, SetupError> {
    let mut rng = ChaCha20Rng::from_seed(DEVELOPMENT_SEED);
    let circuit = Recorded(circuit);
    Ok(Groth16::<Bn254>::generate_random_parameters_with_reduction(circuit, &mut rng)?)
}

/// The development key of a class from the cache, made and kept there when missing. Refused outside development mode.
///
/// The file's name carries the class and the circuit's digest: an edited circuit never meets an old key.
pub fn development_key(cache: &Path, class: &Class, mode: Mode) -> Result<ProvingKey, SetupError> {
    cached(cache, class.id, structure(class), PUBLIC_INPUTS, mode)
}

/// [`development_key`] for proofs of bootstrapping.
pub fn development_circuit_key(
    cache: &Path,
    class: &bootstrapping::class::Class,
    mode: Mode,
) -> Result<ProvingKey, SetupError> {
    let circuit = bootstrapping::structure(class);
    cached(cache, class.parameters.id, circuit, CIRCUIT_PUBLIC_INPUTS, mode)
}

fn cached(
    cache: &Path,
    id: u8,
    circuit: Checks,
    public_inputs: usize,
    mode: Mode,
) -> Result<ProvingKey, SetupError> {
    if mode != Mode::Development {
        return Err(SetupError::DevelopmentSetupRefused);
    }
    let digest = circuit.circuit_digest();
    let path = cache.join(file_name(id, &digest));
    let key = match fs::read(&path) {
        Ok(bytes) => {
            read(&bytes, id, &digest).map_err(|what| SetupError::Cached { path: path.clone(), what })?
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let key = generate(circuit)?;
            let bytes = write(&key, id, &digest)?;
            store(&path, &bytes).map_err(|source| SetupError::File { path, source })?;
            key
        }
        Err(source) => return Err(SetupError::File { path, source }),
    };
    check_key(&key.vk, public_inputs, mode)?;
    Ok(key)
}

/// Verifying key of the production class under the development setup.
pub fn development_verifying_key(cache: &Path) -> Result<VerifyingKey<Bn254>, SetupError> {
    Ok(development_key(cache, &Class::SLICE, Mode::Development)?.vk)
}

/// Name of a development key's file: id of the class or the parameter set, and the circuit.
pub fn file_name(id: u8, circuit_digest: &[u8; 32]) -> String {
    let digest = hex::encode(&circuit_digest[..16]);
    format!("groth16-class-{id}-{digest}-UNSAFE-development.bin")
}

/// Whether a key has the development setup's alpha, whatever the circuit.
pub(super) fn is_development(key: &VerifyingKey<Bn254>) -> bool {
    // The generator draws alpha, beta, gamma, delta, then its base points.
    let mut rng = ChaCha20Rng::from_seed(DEVELOPMENT_SEED);
    let [alpha, _beta, _gamma, _delta]: [Fr; 4] = std::array::from_fn(|_| Fr::rand(&mut rng));
    key.alpha_g1 == (G1Projective::rand(&mut rng) * alpha).into_affine()
}

fn write(key: &ProvingKey, id: u8, circuit_digest: &[u8; 32]) -> Result<Vec<u8>, SetupError> {
    let mut payload = Vec::with_capacity(key.uncompressed_size());
    key.serialize_uncompressed(&mut payload).map_err(|_| SynthesisError::Unsatisfiable)?;
    let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.push(id);
    bytes.extend_from_slice(circuit_digest);
    bytes.extend_from_slice(blake3::hash(&payload).as_bytes());
    bytes.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&payload);
    Ok(bytes)
}

fn read(bytes: &[u8], id: u8, circuit_digest: &[u8; 32]) -> Result<ProvingKey, &'static str> {
    let mut rest = bytes;
    let mut take = |length: usize| -> Result<&[u8], &'static str> {
        let (head, tail) = rest.split_at_checked(length).ok_or("the file ends in its header")?;
        rest = tail;
        Ok(head)
    };
    if take(8)? != MAGIC || take(4)? != VERSION.to_le_bytes() {
        return Err("not a proving key of this version");
    }
    if take(1)? != [id] || take(32)? != circuit_digest {
        return Err("a proving key of another circuit");
    }
    let (digest, length) = (take(32)?, take(8)?);
    if length != (rest.len() as u64).to_le_bytes() {
        return Err("the file is longer or shorter than its header says");
    }
    if digest != blake3::hash(rest).as_bytes() {
        return Err("the file is damaged");
    }
    ProvingKey::deserialize_uncompressed_unchecked(rest).map_err(|_| "the key does not decode")
}
