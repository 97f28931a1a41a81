//! Files that only their owner reads: setups, commitments, proofs in the making.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes a file beside `path`, readable by its owner alone, and renames it into place: a reader never meets half of it.
pub fn store(path: &Path, bytes: &[u8]) -> io::Result<()> {
    static FILES: AtomicU64 = AtomicU64::new(0);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // The process and a counter: writers of the same file do not meet in one.
    let file = FILES.fetch_add(1, Ordering::Relaxed);
    let partial = path.with_extension(format!("{}-{file}.partial", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&partial)
        .and_then(|mut to| to.write_all(bytes).and_then(|()| to.sync_all()))
        .and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    written
}
