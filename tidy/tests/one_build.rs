//! `cargo build` and `cargo test` compile the same dependencies.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use trine_tidy::checkout::{Checkout, assert_none};

/// Package to the sets of features that it is compiled with (once for the target, perhaps once for the host).
fn features(edges: &str) -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let tree = Command::new(cargo)
        .args(["tree", "--offline", "--workspace", "--prefix", "none", "--edges", edges])
        .args(["--format", "{p}|{f}"])
        .current_dir(Checkout::here().root())
        .output()
        .expect("cargo runs");
    assert!(tree.status.success(), "cargo tree: {}", String::from_utf8_lossy(&tree.stderr));
    let mut packages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in String::from_utf8(tree.stdout).expect("cargo prints UTF-8").lines() {
        if let Some((package, features)) = line.split_once('|') {
            // A package seen before is marked, so that its subtree need not be printed again.
            let features = features.trim_end_matches(" (*)");
            packages.entry(package.to_string()).or_default().insert(features.to_string());
        }
    }
    packages
}

#[test]
fn tests_turn_on_no_feature_that_a_build_lacks() {
    let build = features("normal,build");
    let test = features("normal,build,dev");
    assert!(build.len() > 100, "only {} packages seen", build.len());
    let violations: Vec<String> = build
        .iter()
        .filter_map(|(package, build)| {
            let test = test.get(package)?;
            let lost: Vec<&String> = build.difference(test).collect();
            (!lost.is_empty()).then(|| format!("{package}: built with {lost:?}, tested with {test:?}"))
        })
        // Only dependencies from the registry: the workspace's own crates are quick to build again.
        .filter(|line| !line.contains("(/"))
        .collect();
    assert_none("features to name in tidy/Cargo.toml", &violations);
}
