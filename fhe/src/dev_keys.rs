//! Development keys on disk: made once, kept in the user's cache. The one module of this crate that does I/O.
//!
//! The dealer's secret lies beside the public keys: whoever reads the folder reads every plaintext. Names say so,
//! files have mode 0600, and every process refuses them outside development mode.

use crate::keys::{self, DealerKeys, KeyError};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Paths of a development key set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevelopmentKeys {
    /// Both secret keys.
    pub dealer: PathBuf,
    /// Compact public key.
    pub compact_public_key: PathBuf,
    /// Compressed server key.
    pub server_key: PathBuf,
    /// Compressed noise-squashing key.
    pub squashing_key: PathBuf,
    /// Whether they were there already.
    pub cached: bool,
}

/// Why there is no development key set.
#[derive(Debug, thiserror::Error)]
pub enum DevelopmentKeysError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key does not decode.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl DevelopmentKeys {
    /// Folder of the development set of this parameter set below a cache folder.
    pub fn folder(cache: &Path) -> PathBuf {
        let digest = blake3::hash(crate::parameters::NAME.as_bytes()).to_hex();
        cache.join(format!("fhe-{}-UNSAFE-development", &digest[..16]))
    }

    /// The key set below `cache`, made there when missing: about 40 s on two cores. Processes that arrive together wait
    /// for the first.
    pub fn load_or_generate(
        cache: &Path,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Self, DevelopmentKeysError> {
        let folder = Self::folder(cache);
        fs::create_dir_all(&folder).map_err(failed(&folder))?;
        let lock_path = folder.join("lock");
        let lock = File::create(&lock_path).map_err(failed(&lock_path))?;
        lock.lock().map_err(failed(&lock_path))?;
        let mut set = Self {
            dealer: folder.join("dealer-secret-UNSAFE-development.bin"),
            compact_public_key: folder.join("compact-public-key.bin"),
            server_key: folder.join("server-key.bin"),
            squashing_key: folder.join("squashing-key.bin"),
            cached: true,
        };
        // The dealer's file is written last: where it is, the others are.
        if set.dealer.exists() {
            return Ok(set);
        }
        set.cached = false;
        progress("drawing secret keys");
        let dealer = DealerKeys::generate();
        progress("deriving public, evaluation and noise-squashing keys");
        let public = dealer.public_keys();
        progress("writing keys");
        write(&set.compact_public_key, &keys::encode("compact public key", &public.compact)?)?;
        write(&set.server_key, &keys::encode("server key", &public.server)?)?;
        write(&set.squashing_key, &keys::encode("squashing key", &public.squashing)?)?;
        write(&set.dealer, &dealer.to_bytes()?)?;
        Ok(set)
    }

    /// Reads the dealer's secret keys.
    pub fn read_dealer(&self) -> Result<DealerKeys, DevelopmentKeysError> {
        let bytes = zeroize::Zeroizing::new(fs::read(&self.dealer).map_err(failed(&self.dealer))?);
        Ok(DealerKeys::from_bytes(&bytes)?)
    }

    /// Digest that names the evaluation key.
    pub fn key_digest(&self) -> Result<[u8; 32], DevelopmentKeysError> {
        let read = |path: &PathBuf| fs::read(path).map_err(failed(path));
        Ok(keys::key_digest(&read(&self.compact_public_key)?, &read(&self.server_key)?))
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), DevelopmentKeysError> {
    let partial = path.with_extension("partial");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&partial).map_err(failed(&partial))?;
    file.write_all(bytes).map_err(failed(&partial))?;
    file.sync_all().map_err(failed(&partial))?;
    fs::rename(&partial, path).map_err(failed(path))
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> DevelopmentKeysError + use<> {
    let path = path.to_owned();
    move |source| DevelopmentKeysError::File { path, source }
}
