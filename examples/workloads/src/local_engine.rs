//! An engine of one's own: a process on loopback without chain and prover, for development.

use rand::RngCore;
use rand::rngs::OsRng;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use tempfile::TempDir;
use tonic::transport::Endpoint;
use trine::cluster::health::wait_until_serving;
use trine::port::free_addresses;
use trine::process::{ManagedProcess, ProcessError, find_binary};
use trine::setup;
use trine_prover::srs::SetupError;

/// Time to start.
const START_SECONDS: u64 = 60;

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum LocalEngineError {
    /// Its files cannot be written.
    #[error("files of the local engine: {0}")]
    Io(#[from] std::io::Error),
    /// Reference string.
    #[error("reference string: {0}")]
    Srs(#[from] SetupError),
    /// The process.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The address.
    #[error("address of the local engine: {0}")]
    Address(String),
}

/// A running engine. Its data and its process end with this value.
pub struct LocalEngine {
    endpoint: String,
    token: String,
    // Before the folder: the process writes there until it is gone.
    _process: ManagedProcess,
    folder: TempDir,
}

impl LocalEngine {
    /// Starts the binary `trine-engine` and waits until it serves. Call it from a thread that lives as long as the engine
    /// should ([`ManagedProcess::start`]).
    pub async fn start() -> Result<Self, LocalEngineError> {
        let folder = tempfile::tempdir()?;
        // Nobody listens at the second: operation lists are not proved.
        let addresses = free_addresses(2)?;
        let (listen, prover) = (addresses[0], addresses[1]);
        let mut token = [0; 32];
        OsRng.fill_bytes(&mut token);
        let token = hex::encode(token);
        write_secret(&folder.path().join("token"), &token)?;
        std::fs::write(folder.path().join("srs.bin"), setup::development_srs()?.to_bytes())?;
        let config = folder.path().join("engine.toml");
        std::fs::write(
            &config,
            format!(
                "listen = \"{listen}\"\ndata = \"data\"\ndevelopment = true\nsrs_file = \"srs.bin\"\n\
                 verifier_hash = \"{zeros}\"\n[chain]\nchain_id = 31337\ncoprocessor = \"{coprocessor}\"\n\
                 [prover]\nendpoint = \"http://{prover}\"\ntoken_file = \"token\"\n\
                 [[tokens]]\nname = \"workloads\"\nrole = \"user\"\ntoken_file = \"token\"\n",
                zeros = "00".repeat(32),
                coprocessor = "07".repeat(20),
            ),
        )?;
        let binary = find_binary("trine-engine")?;
        let log = folder.path().join("trine-engine.log");
        let arguments = ["--config".as_ref(), config.as_os_str()];
        let mut process = ManagedProcess::start("trine-engine", &binary, &arguments, &log)?;
        let endpoint = format!("http://{listen}");
        let served = Endpoint::from_shared(endpoint.clone());
        let served = served.map_err(|e| LocalEngineError::Address(e.to_string()))?;
        wait_until_serving(&mut process, &served, START_SECONDS).await?;
        Ok(Self { endpoint, token, _process: process, folder })
    }

    /// `http://HOST:PORT`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The only token that it knows.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// File with the token.
    pub fn token_file(&self) -> std::path::PathBuf {
        self.folder.path().join("token")
    }
}

fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
