//! What the members of the workspace depend on.

use crate::checkout::Checkout;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The manifests of the workspace and its lock file.
pub struct Workspace {
    /// The root manifest.
    pub root: RootManifest,
    /// Member folder to manifest.
    pub members: BTreeMap<String, Manifest>,
    lock: BTreeMap<String, BTreeSet<String>>,
}

/// The root `Cargo.toml`, as far as the rules read it.
#[derive(Deserialize)]
pub struct RootManifest {
    /// `[workspace]`.
    pub workspace: WorkspaceTable,
}

/// `[workspace]`.
#[derive(Deserialize)]
pub struct WorkspaceTable {
    /// Member folders.
    pub members: Vec<String>,
    /// The one table of versions.
    pub dependencies: BTreeMap<String, toml::Value>,
}

/// A member's `Cargo.toml`, as far as the rules read it.
#[derive(Deserialize)]
pub struct Manifest {
    /// `[package]`.
    pub package: Package,
    /// `[lints]`.
    pub lints: Option<BTreeMap<String, toml::Value>>,
    /// `[dependencies]`.
    #[serde(default)]
    pub dependencies: BTreeMap<String, toml::Value>,
    /// `[build-dependencies]`.
    #[serde(default, rename = "build-dependencies")]
    pub build_dependencies: BTreeMap<String, toml::Value>,
    /// `[dev-dependencies]`.
    #[serde(default, rename = "dev-dependencies")]
    pub dev_dependencies: BTreeMap<String, toml::Value>,
}

/// `[package]`.
#[derive(Deserialize)]
pub struct Package {
    /// Name of the crate.
    pub name: String,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<LockedPackage>,
}

#[derive(Deserialize)]
struct LockedPackage {
    name: String,
    #[serde(default)]
    dependencies: Vec<String>,
}

impl Workspace {
    /// Reads the manifests.
    ///
    /// # Panics
    /// When one cannot be read.
    pub fn read(checkout: &Checkout) -> Self {
        let root: RootManifest = parse(checkout, "Cargo.toml");
        let members = root
            .workspace
            .members
            .iter()
            .map(|folder| (folder.clone(), parse(checkout, &format!("{folder}/Cargo.toml"))))
            .collect();
        let locked: Lock = parse(checkout, "Cargo.lock");
        let mut lock: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for package in locked.package {
            let names = package.dependencies.iter().filter_map(|d| d.split(' ').next()).map(String::from);
            lock.entry(package.name).or_default().extend(names);
        }
        Self { root, members, lock }
    }

    /// Crates that the member in `folder` is built from, itself excepted: its normal and build dependencies and,
    /// through the lock file, theirs. Versions of one name are taken together: at worst too much is reported.
    ///
    /// # Panics
    /// When there is no such member.
    pub fn built_from(&self, folder: &str) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut open = self.direct(&self.members[folder]);
        while let Some(name) = open.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            // The lock file mixes a member's development dependencies in; its manifest does not.
            match self.members.values().find(|m| m.package.name == name) {
                Some(member) => open.extend(self.direct(member)),
                None => open.extend(self.lock.get(&name).into_iter().flatten().cloned()),
            }
        }
        seen
    }

    fn direct(&self, member: &Manifest) -> Vec<String> {
        member.dependencies.keys().chain(member.build_dependencies.keys()).cloned().collect()
    }
}

fn parse<T: serde::de::DeserializeOwned>(checkout: &Checkout, file: &str) -> T {
    let text = checkout.text(file).unwrap_or_else(|| panic!("{file} is not text"));
    toml::from_str(&text).unwrap_or_else(|e| panic!("{file}: {e}"))
}
