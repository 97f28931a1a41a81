//! The files of the folder `deploy/`: a cluster on constant ports, its contracts the first on a fresh chain.

use super::files::{ConfigurationFile, cluster_file, configuration};
use super::layout::{CHAIN_ID, Contracts, Layout};
use alloy::primitives::{Address, B256, address};
use std::path::Path;
use trine_contract::bindings::EvaluationVerifier;
use trine_contract::evm::{Evm, EvmError};

/// First account of the public test mnemonic, with which anvil starts: it deploys the contracts.
pub const DEPLOYER: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");

/// Why the files are not those of this build.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The compiled verifier does not run.
    #[error("compiled EvaluationVerifier: {0}")]
    Verifier(#[from] EvmError),
    /// The cluster file cannot be written as TOML.
    #[error("cluster file: {0}")]
    Toml(#[from] toml::ser::Error),
    /// A file is absent or unreadable.
    #[error("{name}: {source}")]
    Io {
        /// Name in the folder.
        name: String,
        /// What fails.
        source: std::io::Error,
    },
    /// A file has another text.
    #[error("{name} is not what this build writes; write it again with `trine prepare files`")]
    Differs {
        /// Name in the folder.
        name: String,
    },
}

/// Contracts of the files: addresses follow from the deployer, the verifier's hash from the compiled contract.
pub fn contracts() -> Result<Contracts, DeployError> {
    Ok(Contracts::first_on_chain(DEPLOYER, compiled_verifier_hash()?))
}

/// All files: one for each process, and the cluster file.
pub fn files() -> Result<Vec<ConfigurationFile>, DeployError> {
    let (layout, contracts) = (Layout::deploy(), contracts()?);
    let mut files = configuration(&layout, &contracts);
    let text = toml::to_string(&cluster_file(&layout, &contracts))?;
    files.push(ConfigurationFile { name: "cluster.toml".into(), text });
    Ok(files)
}

/// Writes all files into `folder`.
pub fn write_files(folder: &Path) -> Result<(), DeployError> {
    for file in files()? {
        let written = std::fs::write(folder.join(&file.name), file.text);
        written.map_err(|source| DeployError::Io { name: file.name, source })?;
    }
    Ok(())
}

/// Fails unless `folder` has all files as this build writes them.
pub fn check_files(folder: &Path) -> Result<(), DeployError> {
    for file in files()? {
        match std::fs::read_to_string(folder.join(&file.name)) {
            Ok(text) if text == file.text => {}
            Ok(_) => return Err(DeployError::Differs { name: file.name }),
            Err(source) => return Err(DeployError::Io { name: file.name, source }),
        }
    }
    Ok(())
}

/// `VERIFIER_HASH()` of the compiled contract, by the in-process EVM.
fn compiled_verifier_hash() -> Result<B256, DeployError> {
    let mut evm = Evm::new(CHAIN_ID);
    let arguments = EvaluationVerifier::constructorCall { acceptDevelopment: true };
    let (verifier, _) = evm.deploy(DEPLOYER, &EvaluationVerifier::BYTECODE, &arguments)?;
    Ok(evm.send(DEPLOYER, verifier, &EvaluationVerifier::VERIFIER_HASHCall {})?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_deploy_has_the_files_of_this_build() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
        check_files(&folder).unwrap_or_else(|error| panic!("deploy/{error}"));
    }

    #[test]
    fn files_read_as_the_processes_read_them() {
        for file in files().unwrap() {
            let value: toml::Table =
                toml::from_str(&file.text).unwrap_or_else(|e| panic!("{}: {e}", file.name));
            assert!(!value.is_empty());
        }
    }

    #[test]
    fn altered_and_absent_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let absent = check_files(folder.path()).unwrap_err();
        assert!(matches!(absent, DeployError::Io { name, .. } if name == "engine.toml"));
        write_files(folder.path()).unwrap();
        check_files(folder.path()).unwrap();
        std::fs::write(folder.path().join("prover.toml"), "listen = 1").unwrap();
        let altered = check_files(folder.path()).unwrap_err();
        assert!(matches!(altered, DeployError::Differs { name } if name == "prover.toml"));
    }
}
