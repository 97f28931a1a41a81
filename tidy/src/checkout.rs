//! The files of the checkout.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A checkout of the repository.
pub struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// The checkout that this crate was compiled from.
    pub fn here() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tidy lies inside the workspace");
        Self { root: root.to_path_buf() }
    }

    /// Root folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Files that git tracks or would track, relative to the root with `/` between folders, sorted.
    ///
    /// # Panics
    /// When git cannot list them: a rule that sees no file must not pass.
    pub fn files(&self) -> Vec<String> {
        let listing = Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
            .current_dir(&self.root)
            .output()
            .expect("git runs");
        assert!(listing.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listing.stderr));
        let names = String::from_utf8(listing.stdout).expect("file names are UTF-8");
        let mut files: Vec<String> = names
            .split('\0')
            .filter(|f| !f.is_empty() && self.root.join(f).is_file())
            .map(String::from)
            .collect();
        files.sort();
        files.dedup();
        assert!(files.len() > 20, "only {} files listed: not a checkout", files.len());
        files
    }

    /// Files whose name ends in one of `endings`.
    pub fn files_ending(&self, endings: &[&str]) -> Vec<String> {
        self.files().into_iter().filter(|f| endings.iter().any(|e| f.ends_with(e))).collect()
    }

    /// Text of a file; `None` when it is not UTF-8 (a picture, a binary vector).
    ///
    /// # Panics
    /// When the file cannot be read.
    pub fn text(&self, file: &str) -> Option<String> {
        let bytes = std::fs::read(self.root.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        String::from_utf8(bytes).ok()
    }
}

/// Fails with every violation at once, so that one run shows the whole work.
///
/// # Panics
/// When there is one.
pub fn assert_none(rule: &str, violations: &[String]) {
    assert!(
        violations.is_empty(),
        "{rule}: {} violation(s)\n  {}",
        violations.len(),
        violations.join("\n  ")
    );
}
