//! The file of exceptions: what a reason outweighs, and the reason.

use crate::checkout::Checkout;
use serde::Deserialize;

/// `tidy/exceptions.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exceptions {
    /// Source files over the limit of lines.
    #[serde(default)]
    pub long_file: Vec<LongFile>,
    /// Uses of the outside world in a pure folder.
    #[serde(default)]
    pub impure: Vec<Impure>,
    /// Steps of a specification that code or tests do not name.
    #[serde(default)]
    pub step: Vec<Step>,
    /// Files that silence a lint where `expect` cannot.
    #[serde(default)]
    pub silenced: Vec<Silenced>,
    /// Dependencies declared with more than `workspace = true`.
    #[serde(default)]
    pub dependency: Vec<Dependency>,
}

/// A file that may be longer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LongFile {
    /// Path from the root.
    pub path: String,
    /// Its own limit.
    pub lines: usize,
    /// Why one room is right.
    pub reason: String,
}

/// A word that a file of a pure folder may use.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Impure {
    /// Path from the root.
    pub path: String,
    /// The forbidden word that it uses.
    pub word: String,
    /// Why it may.
    pub reason: String,
}

/// A step that is named nowhere yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its id.
    pub id: String,
    /// `code` or `test`: where it is missing.
    pub missing_in: String,
    /// Why it may be.
    pub reason: String,
}

/// One attribute that silences a lint.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silenced {
    /// Path from the root.
    pub path: String,
    /// Why `expect` does not do.
    pub reason: String,
}

/// A dependency with features of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dependency {
    /// Folder of the member.
    pub member: String,
    /// Name of the dependency.
    pub name: String,
    /// Why the table of versions is not enough.
    pub reason: String,
}

impl Exceptions {
    /// Reads the file of the checkout.
    ///
    /// # Panics
    /// When it is no exceptions file, or a reason is too short to be one.
    pub fn read(checkout: &Checkout) -> Self {
        let text = checkout.text("tidy/exceptions.toml").expect("exceptions are text");
        let read: Self = toml::from_str(&text).expect("tidy/exceptions.toml");
        let reasons = [
            read.long_file.iter().map(|e| &e.reason).collect::<Vec<_>>(),
            read.impure.iter().map(|e| &e.reason).collect(),
            read.step.iter().map(|e| &e.reason).collect(),
            read.silenced.iter().map(|e| &e.reason).collect(),
            read.dependency.iter().map(|e| &e.reason).collect(),
        ]
        .concat();
        for reason in reasons {
            assert!(reason.len() >= 15, "{reason:?} is no reason");
        }
        read
    }
}
