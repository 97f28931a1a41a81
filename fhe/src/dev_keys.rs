//! Development keys on disk: made once, kept in the user's cache. The one module of this crate that does I/O.
//!
//! They come from a public seed, so the key digest is the same on every machine, and everybody can read every plaintext
//! under them. Names say so, files have mode 0600, and every process refuses them outside development mode.

use crate::keys::{self, DealerKeys, KeyError};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use tfhe::Seed;
use tfhe::core_crypto::prelude::Seeder;
use tfhe::shortint::engine::ShortintEngine;

/// What all development keys are derived from.
const SEED: &str = "trine development keys 1: public, unsafe";

/// Paths of a development key set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevelopmentKeys {
    /// Both secret keys.
    pub dealer: PathBuf,
    /// Compact public key: what users encrypt under.
    pub compact_public_key: PathBuf,
    /// Evaluation keys: compressed server key and compressed noise-squashing key in one.
    pub server_key: PathBuf,
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
    /// The thread that draws keys panicked.
    #[error("drawing development keys failed")]
    Generation,
}

/// Folder of all development keys: `$TRINE_CACHE`, or else `~/.cache/trine/dev-keys`. `None` without a home folder.
pub fn cache_folder() -> Option<PathBuf> {
    let named = std::env::var_os("TRINE_CACHE").map(PathBuf::from);
    named.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/trine/dev-keys")))
}

impl DevelopmentKeys {
    /// Folder of the development set of this parameter set below a cache folder.
    pub fn folder(cache: &Path) -> PathBuf {
        let digest = blake3::hash(format!("{SEED} {}", crate::parameters::NAME).as_bytes()).to_hex();
        cache.join(format!("fhe-{}-UNSAFE-development", &digest[..16]))
    }

    /// The key set below `cache`, made there when missing: about 25 s on two cores. Processes that arrive together wait
    /// for the first.
    pub fn load_or_generate(
        cache: &Path,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Self, DevelopmentKeysError> {
        let folder = Self::folder(cache);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed(&folder))?;
        let lock_path = folder.join("lock");
        let lock = private_file(&lock_path)?;
        lock.lock().map_err(failed(&lock_path))?;
        let mut set = Self {
            dealer: folder.join("dealer-secret-UNSAFE-development.bin"),
            compact_public_key: folder.join("compact-public-key.bin"),
            server_key: folder.join("server-key.bin"),
            cached: true,
        };
        // The dealer's file is written last: where it is, the others are.
        if set.dealer.exists() {
            return Ok(set);
        }
        set.cached = false;
        progress("deriving development keys: secret, public, evaluation, noise squashing");
        let keys = draw()?;
        progress("writing development keys");
        write(&set.compact_public_key, &keys.compact_public_key)?;
        write(&set.server_key, &keys.evaluation)?;
        write(&set.dealer, &keys.dealer)?;
        Ok(set)
    }

    /// Reads the dealer's secret keys.
    pub fn read_dealer(&self) -> Result<DealerKeys, DevelopmentKeysError> {
        let bytes = zeroize::Zeroizing::new(fs::read(&self.dealer).map_err(failed(&self.dealer))?);
        Ok(DealerKeys::from_bytes(&bytes)?)
    }

    /// Digest that names the key set.
    pub fn key_digest(&self) -> Result<[u8; 32], DevelopmentKeysError> {
        let read = |path: &PathBuf| fs::read(path).map_err(failed(path));
        Ok(keys::key_digest(&read(&self.compact_public_key)?, &read(&self.server_key)?))
    }
}

/// Bytes of all keys of a set.
struct KeyBytes {
    dealer: zeroize::Zeroizing<Vec<u8>>,
    compact_public_key: Vec<u8>,
    evaluation: Vec<u8>,
}

struct PublicSeeder;

impl Seeder for PublicSeeder {
    fn seed(&mut self) -> Seed {
        let digest = blake3::hash(SEED.as_bytes());
        let (half, _) = digest.as_bytes().split_at(16);
        Seed(half.iter().fold(0, |value, byte| value << 8 | u128::from(*byte)))
    }

    fn is_available() -> bool {
        true
    }
}

/// Draws everything on a thread of its own: tfhe-rs keeps one generator a thread, and the seeded one must draw nothing
/// else.
fn draw() -> Result<KeyBytes, DevelopmentKeysError> {
    let draw = || -> Result<KeyBytes, KeyError> {
        ShortintEngine::with_thread_local_mut(|engine| {
            *engine = ShortintEngine::new_from_seeder(&mut PublicSeeder)
        });
        let dealer = DealerKeys::generate();
        Ok(KeyBytes {
            dealer: dealer.to_bytes()?,
            compact_public_key: keys::encode("compact public key", &dealer.compact_public_key())?,
            evaluation: dealer.evaluation_keys().to_bytes()?,
        })
    };
    let drawn = std::thread::spawn(draw).join().map_err(|_| DevelopmentKeysError::Generation)?;
    Ok(drawn?)
}

fn private_file(path: &Path) -> Result<File, DevelopmentKeysError> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).map_err(failed(path))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), DevelopmentKeysError> {
    let partial = path.with_extension("partial");
    let mut file = private_file(&partial)?;
    file.write_all(bytes).map_err(failed(&partial))?;
    file.sync_all().map_err(failed(&partial))?;
    fs::rename(&partial, path).map_err(failed(path))
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> DevelopmentKeysError + use<> {
    let path = path.to_owned();
    move |source| DevelopmentKeysError::File { path, source }
}
