//! The configuration file of `trine-prover`: TOML, every field also as `TRINE_PROVER_<FIELD>` in the environment.

use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// An annotated example, which the tests read.
pub const EXAMPLE: &str = include_str!("../../prover.example.toml");

/// Longest token file that is read.
const MAX_SECRET_BYTES: u64 = 4096;

/// Configuration of one prover. Relative paths are relative to the folder of the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address that is served.
    pub listen: SocketAddr,
    /// Make and accept setups whose secrets are known.
    #[serde(default)]
    pub development: bool,
    /// Folder of the setups: reference string and proving key.
    pub setup_folder: PathBuf,
    /// Prove circuits too.
    #[serde(default = "circuits_by_default")]
    pub circuits: bool,
    /// File with the bearer token, one line.
    pub token_file: PathBuf,
}

fn circuits_by_default() -> bool {
    true
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file or the environment.
    #[error("configuration: {0}")]
    Figment(#[from] Box<figment::Error>),
    /// A file that cannot be read.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What fails.
        source: std::io::Error,
    },
    /// A secret file that is no line of text, or that others may read.
    #[error("{path}: {what}")]
    Secret {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
}

impl Config {
    /// Reads the file and the environment.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        use figment::providers::{Env, Format, Toml};
        // A file that is not there would read as an empty one.
        std::fs::metadata(path).map_err(|source| ConfigError::File { path: path.into(), source })?;
        let figment =
            figment::Figment::new().merge(Toml::file_exact(path)).merge(Env::prefixed("TRINE_PROVER_"));
        let mut config: Self = figment.extract().map_err(Box::new)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        for path in [&mut config.setup_folder, &mut config.token_file] {
            *path = folder.join(&path);
        }
        Ok(config)
    }
}

/// The first line of a file that only its owner may read.
pub fn secret(path: &Path) -> Result<String, ConfigError> {
    use std::os::unix::fs::PermissionsExt;
    let failed = |source| ConfigError::File { path: path.into(), source };
    let refused = |what| ConfigError::Secret { path: path.into(), what };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(refused("others may read or write it, expected mode 0600"));
    }
    if metadata.len() > MAX_SECRET_BYTES {
        return Err(refused("longer than 4096 bytes"));
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    let line = text.lines().next().unwrap_or_default().trim();
    if line.is_empty() { Err(refused("its first line is empty")) } else { Ok(line.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_reads_and_misspelt_fields_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prover.toml");
        std::fs::write(&path, EXAMPLE).unwrap();
        let config = Config::read(&path).unwrap();
        assert_eq!(config.token_file, folder.path().join("prover.token"));
        assert!(config.circuits);
        std::fs::write(&path, EXAMPLE.replace("circuits = true", "circuits = false")).unwrap();
        assert!(!Config::read(&path).unwrap().circuits);
        std::fs::write(&path, EXAMPLE.replace("setup_folder", "setup_folde")).unwrap();
        assert!(matches!(Config::read(&path), Err(ConfigError::Figment(_))));
        assert!(matches!(Config::read(&folder.path().join("none")), Err(ConfigError::File { .. })));
    }
}
