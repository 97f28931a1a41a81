//! A run: from plaintexts to decrypted outputs beside the model, through an engine's gRPC interface alone.

use crate::decryption::{DecryptionError, DevelopmentDecryption};
use crate::figures::{Figures, OutputFigures};
use crate::request::Request;
use crate::user::{self, UploadError};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use std::path::{Path, PathBuf};
use trine::engine::EngineClient;
use trine::operations::OperationCallError;
use trine::phases::Phases;
use trine::rpc::RpcError;
use trine::setup;
use trine::voter::{EncryptError, EncryptedValue, HandleDomain, Voter};
use trine_fhe::dev_keys::{DevelopmentKeys, DevelopmentKeysError};
use trine_program::OperationList;
use trine_program::lowering::LoweringError;
use trine_programs::{Size, Workload};
use trine_prover::srs::SetupError;
use trine_verifier::statement::parameter_set_id;

/// Why a run has no figures.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The engine is not for development, and its values are not for the development key to decrypt.
    #[error(
        "the engine is not a development one: outputs there are decrypted by the committee, never by a client"
    )]
    NotDevelopment,
    /// The engine commits with another reference string.
    #[error("the engine's reference string has the digest {got}, the development one {expected}")]
    ReferenceString {
        /// The engine's.
        got: String,
        /// Of the development string.
        expected: String,
    },
    /// The engine's domain has a field of a wrong length.
    #[error("the engine's coprocessor has {got} bytes, expected 20")]
    Coprocessor {
        /// Bytes given.
        got: usize,
    },
    /// The job is over another list or another circuit than was sent.
    #[error("the engine evaluates the {what} {got}, expected {expected}")]
    Identifier {
        /// Which.
        what: &'static str,
        /// The engine's.
        got: String,
        /// The client's own.
        expected: String,
    },
    /// The job ended without outputs.
    #[error("the job ended {state}: {reason}")]
    Job {
        /// Its last state.
        state: &'static str,
        /// What the engine says.
        reason: String,
    },
    /// Outputs that are not those of the circuit.
    #[error("output {output}: {what}")]
    Output {
        /// Which; the number of outputs where one is missing.
        output: usize,
        /// What is wrong.
        what: String,
    },
    /// A key file.
    #[error("reading {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Development keys.
    #[error("development keys: {0}")]
    Keys(#[from] DevelopmentKeysError),
    /// Reference string.
    #[error("reference string: {0}")]
    Srs(#[from] SetupError),
    /// Encryption.
    #[error(transparent)]
    Encrypt(#[from] EncryptError),
    /// Upload.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// The list has no circuit.
    #[error(transparent)]
    Lowering(#[from] LoweringError),
    /// The list does not travel.
    #[error(transparent)]
    Call(#[from] OperationCallError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] RpcError),
    /// Decryption.
    #[error(transparent)]
    Decryption(#[from] DecryptionError),
}

/// What is run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Size that the workload was made for, in the figures.
    pub size: Size,
    /// Seed of the inputs.
    pub seed: u64,
    /// Jobs over the same inputs, at least one. The first job of a key set on an engine waits for the key, some seconds.
    pub runs: usize,
}

/// Runs the workload as a client of an engine, and compares its outputs with the model.
pub async fn run(
    workload: &dyn Workload,
    plan: Plan,
    engine: &mut EngineClient,
    phases: &mut Phases,
) -> Result<Figures, RunError> {
    let named = workload.operations();
    let plaintexts = workload.draw(&mut ChaCha20Rng::seed_from_u64(plan.seed));
    let expected = workload.model(&plaintexts);

    let phase = phases.open("keys");
    let keys = DevelopmentKeys::load_or_generate(&setup::cache_folder(), &mut |step| phase.step(step))?;
    let srs = setup::development_srs()?;
    let domain = store_keys(engine, &keys, &srs.verifier().digest()).await?;
    let public_key = read(&keys.compact_public_key)?;
    let voter = Voter::new(&public_key, &srs)?;
    phases.close(phase, "");

    let phase = phases.open("encrypt");
    let values = encrypt(&voter, &named.list, &plaintexts)?;
    let encryption_seconds = phases.close(phase, format!("{} values", values.len())).as_secs_f64();

    let phase = phases.open("upload");
    let mut handles = Vec::with_capacity(values.len());
    for value in &values {
        handles.push(user::upload(engine, &domain, value).await?);
    }
    let upload_seconds = phases.close(phase, "").as_secs_f64();

    let decryption = DevelopmentDecryption::new(&keys)?;
    let request = Request::new(&named.list, domain.key_digest, handles)?;
    let (mut jobs, mut seconds) = (Vec::new(), f64::INFINITY);
    for _ in 0..plan.runs.max(1) {
        let phase = phases.open("evaluate");
        let job = request.evaluate(engine, &phase).await?;
        let took = phases.close(phase, format!("{} bootstrappings", job.bootstrappings));
        seconds = seconds.min(took.as_secs_f64());
        let phase = phases.open("decrypt");
        jobs.push(request.outputs(engine, &job, &decryption).await?);
        phases.close(phase, "with the development key: a deployment leaves this to its committee");
    }
    let circuit = request.circuit();
    let bootstrappings = circuit.bootstrappings().len();
    let correct = jobs.iter().all(|job| job.values == expected);
    let last = jobs.pop().expect("at least one job");
    let compared = named.outputs.into_iter().zip(last.values).zip(expected);
    Ok(Figures {
        workload: workload.name(),
        size: plan.size,
        parameters: workload.parameters(),
        seed: plan.seed,
        inputs: values.len(),
        operations: request.operations(),
        bootstrappings,
        depth: circuit.levels().len(),
        runs: plan.runs.max(1),
        seconds,
        bootstrappings_per_second: bootstrappings as f64 / seconds,
        encryption_seconds,
        upload_seconds,
        proven: last.proven,
        job: last.job,
        outputs: compared
            .map(|((name, decrypted), expected)| OutputFigures { name, decrypted, expected })
            .collect(),
        correct,
    })
}

/// Stores the key set where the engine lacks it. Returns the domain of handles, refusing an engine that is not for
/// development or commits with another reference string: handles depend on it.
async fn store_keys(
    engine: &mut EngineClient,
    keys: &DevelopmentKeys,
    srs_digest: &[u8; 32],
) -> Result<HandleDomain, RunError> {
    let info = engine.info().await?;
    if !info.development {
        return Err(RunError::NotDevelopment);
    }
    if info.srs_digest != srs_digest {
        let (got, expected) = (hex::encode(&info.srs_digest), hex::encode(srs_digest));
        return Err(RunError::ReferenceString { got, expected });
    }
    let got = info.coprocessor.len();
    let coprocessor = info.coprocessor.try_into().map_err(|_| RunError::Coprocessor { got })?;
    let key_digest = keys.key_digest()?;
    if !engine.has_key(&key_digest).await? {
        let (public, server) = (read(&keys.compact_public_key)?, read(&keys.server_key)?);
        engine.put_key(&key_digest, &parameter_set_id(), &public, &server).await?;
    }
    Ok(HandleDomain { chain_id: info.chain_id, coprocessor, key_digest })
}

/// Encrypts each plaintext as the list declares it.
fn encrypt(
    voter: &Voter<'_>,
    list: &OperationList,
    plaintexts: &[u64],
) -> Result<Vec<EncryptedValue>, EncryptError> {
    let declared = list.inputs().iter().map(|input| &input.declaration);
    declared.zip(plaintexts).map(|(declared, value)| user::encrypt(voter, declared, *value)).collect()
}

fn read(path: &Path) -> Result<Vec<u8>, RunError> {
    std::fs::read(path).map_err(|source| RunError::File { path: path.into(), source })
}
