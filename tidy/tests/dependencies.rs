//! Who may depend on what.

use trine_tidy::checkout::{Checkout, assert_none};
use trine_tidy::exceptions::Exceptions;
use trine_tidy::manifest::Workspace;

/// A member and the crates that it must never be built from.
struct Wall {
    member: &'static str,
    forbidden: &'static [&'static str],
    reason: &'static str,
}

const WALLS: [Wall; 5] = [
    Wall {
        member: "fhe/program",
        forbidden: &["tokio", "prost", "tonic", "tfhe", "ark-ff", "rocksdb", "trine-fhe", "trine-verifier"],
        reason: "programs are text and numbers: keyholders and auditors read little",
    },
    Wall {
        member: "fhe",
        forbidden: &[
            "tokio",
            "prost",
            "tonic",
            "alloy",
            "rocksdb",
            "trine-proto",
            "trine-prover",
            "trine-verifier",
        ],
        reason: "evaluation is values in, values out",
    },
    Wall {
        member: "prover/verifier",
        forbidden: &[
            "trine-prover",
            "trine-fhe",
            "trine-proto",
            "trine-contract",
            "ark-groth16",
            "tfhe",
            "tokio",
            "prost",
            "tonic",
            "alloy",
            "rocksdb",
        ],
        reason: "the native verifier never depends on proving code; an auditor builds it alone",
    },
    Wall {
        member: "proto",
        forbidden: &["trine-fhe", "trine-program", "trine-verifier", "trine-prover", "tfhe", "rocksdb"],
        reason: "messages know no domain type: TryFrom stands at the service boundary",
    },
    Wall {
        member: "mpc-keyholders",
        forbidden: &["trine-prover", "trine-engine"],
        reason: "a keyholder judges by itself: it verifies and never proves, and trusts no engine",
    },
];

#[test]
fn walls_between_crates_stand() {
    let workspace = Workspace::read(&Checkout::here());
    let mut violations = Vec::new();
    for wall in &WALLS {
        let built_from = workspace.built_from(wall.member);
        assert!(!built_from.is_empty(), "{} is built from nothing: its manifest was not read", wall.member);
        for name in wall.forbidden.iter().filter(|name| built_from.contains(**name)) {
            violations.push(format!("{} is built from {name} ({})", wall.member, wall.reason));
        }
    }
    assert_none("walls between crates", &violations);
}

/// The walls above would stand by themselves if no crate were seen through another.
#[test]
fn dependencies_are_seen_through_other_crates() {
    let workspace = Workspace::read(&Checkout::here());
    let engine = workspace.built_from("engine");
    for name in ["tfhe", "librocksdb-sys", "trine-program", "tokio"] {
        assert!(engine.contains(name), "the engine is built from {name}");
    }
    assert!(
        !workspace.built_from("prover/verifier").contains("proptest"),
        "a development dependency is not built in"
    );
}

#[test]
fn every_version_stands_in_the_one_table() {
    let checkout = Checkout::here();
    let workspace = Workspace::read(&checkout);
    let mut exceptions = Exceptions::read(&checkout).dependency;
    let mut violations = Vec::new();
    for (folder, manifest) in &workspace.members {
        let tables = [&manifest.dependencies, &manifest.build_dependencies, &manifest.dev_dependencies];
        for (name, value) in tables.into_iter().flatten() {
            let plain =
                value.as_table().is_some_and(|t| t.len() == 1 && t["workspace"].as_bool() == Some(true));
            if plain {
                continue;
            }
            let known = exceptions.iter().position(|e| e.member == *folder && e.name == *name);
            match known {
                Some(i) => drop(exceptions.remove(i)),
                None => {
                    violations.push(format!("{folder}: {name} = {value} (expected `workspace = true` alone)"))
                }
            }
        }
        if manifest.lints.as_ref().and_then(|l| l.get("workspace")?.as_bool()) != Some(true) {
            violations.push(format!("{folder}: no `[lints] workspace = true`"));
        }
    }
    violations
        .extend(exceptions.iter().map(|e| format!("exception for {} in {} is not needed", e.name, e.member)));
    assert_none("one table of versions", &violations);
}

#[test]
fn the_table_holds_nothing_that_no_member_uses() {
    let workspace = Workspace::read(&Checkout::here());
    let used = |name: &str| {
        workspace.members.values().any(|m| {
            [&m.dependencies, &m.build_dependencies, &m.dev_dependencies].iter().any(|t| t.contains_key(name))
        })
    };
    let own: Vec<&String> = workspace.members.values().map(|m| &m.package.name).collect();
    let unused: Vec<String> = workspace
        .root
        .workspace
        .dependencies
        .keys()
        .filter(|name| !own.contains(name) && !used(name))
        .cloned()
        .collect();
    assert_none("unused entries of [workspace.dependencies]", &unused);
}
