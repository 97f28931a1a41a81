//! Commands as users type them: help with examples, and errors that name what is wrong, without a cluster.

use std::process::{Command, Output};

const COMMANDS: [&str; 11] = [
    "bench", "bounds", "ceremony", "demo", "encrypt", "prepare", "release", "submit", "up", "verify", "watch",
];

fn trine(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trine")).args(arguments).env_remove("TRINE_CLUSTER").output().unwrap()
}

/// Standard error of a run that must fail without an answer.
fn refusal(arguments: &[&str]) -> String {
    let output = trine(arguments);
    assert!(!output.status.success(), "{arguments:?} succeeds");
    assert!(output.stdout.is_empty(), "{arguments:?} answers {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn help_lists_every_command_and_each_has_examples() {
    let help = String::from_utf8(trine(&["--help"]).stdout).unwrap();
    for command in COMMANDS {
        let listed = help.lines().any(|line| line.trim_start().starts_with(&format!("{command} ")));
        assert!(listed, "{command} is not in\n{help}");
        let own = trine(&[command, "--help"]);
        assert!(own.status.success());
        let own = String::from_utf8(own.stdout).unwrap();
        for expected in [format!("Usage: trine {command}"), "Examples:".into(), "--json".into()] {
            assert!(own.contains(&expected), "{command}: no {expected:?} in\n{own}");
        }
    }
}

#[test]
fn options_are_those_that_scripts_rely_on() {
    for (command, options) in [
        ("encrypt", &["--cluster", "--keys", "--register", "--upload", "--consumer", "--out"][..]),
        ("submit", &["--cluster", "--program", "--operations", "--request", "--account"]),
        ("watch", &["--cluster", "--receipt", "--patience"]),
        ("release", &["--cluster", "--allow", "--out"]),
        ("verify", &["--srs-digest", "--development", "--rpc", "--request", "--coprocessor"]),
        ("up", &["--folder", "--fixed-ports", "--fresh"]),
        ("prepare", &["--folder", "--fresh", "--seconds"]),
    ] {
        let help = String::from_utf8(trine(&[command, "--help"]).stdout).unwrap();
        for option in options {
            assert!(help.contains(option), "{command}: no {option}");
        }
    }
}

#[test]
fn commands_for_a_cluster_name_a_missing_cluster_file() {
    let job = "ab".repeat(16);
    for arguments in [
        &["encrypt", "0,1", "--out", "x.json"][..],
        &["submit", "--program", "sum.txt", "a.json"],
        &["submit", "--operations", "bid.txt", "a.json"],
        &["watch", &job],
        &["release", "receipt.json"],
    ] {
        let unnamed = refusal(arguments);
        assert!(unnamed.contains("--cluster"), "{unnamed}");
        let mut named = arguments.to_vec();
        named.extend(["--cluster", "/nonexistent/cluster.toml"]);
        let absent = refusal(&named);
        assert!(absent.contains("/nonexistent/cluster.toml"), "{absent}");
    }
}

#[test]
fn wrong_values_are_named() {
    for (arguments, expected) in [
        (&["encrypt", "0,4", "--out", "x", "--cluster", "c"][..], "4 is not in 0..=3"),
        (&["encrypt", "1", "--value-type", "float", "--out", "x", "--cluster", "c"], "nibbles"),
        (&["encrypt", "1,1", "--value-type", "bool", "--out", "x", "--cluster", "c"], "has 1 blocks"),
        (
            &["encrypt", "1", "--register", "--registrant", "0x00", "--out", "x", "--cluster", "c"],
            "registrant",
        ),
        (&["submit", "--cluster", "c"], "--program"),
        (&["submit", "--cluster", "c", "--program", "p", "0x12"], "handle"),
        (
            &["submit", "--cluster", "c", "--program", "p", "--operations", "o", "a.json"],
            "cannot be used with",
        ),
        (&["watch", "--cluster", "c", "abcd"], "2 bytes, expected 16"),
        (&["verify", "r.json", "--development", "--rpc", "http://127.0.0.1:1"], "--request"),
        (&["bench", "everything"], "unrecognized subcommand"),
        (&["prepare", "lunch"], "contracts"),
    ] {
        let error = refusal(arguments);
        assert!(error.contains(expected), "{arguments:?}: no {expected:?} in\n{error}");
    }
}

#[test]
fn the_state_of_an_earlier_cluster_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let error = refusal(&["up", "--folder", folder.path().to_str().unwrap()]);
    assert!(error.contains("--fresh"), "{error}");
    assert!(state.exists());
}

#[test]
fn steps_need_the_files_of_this_build() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    for step in ["state", "contracts"] {
        let error = refusal(&["prepare", step, "--folder", path]);
        assert!(error.contains("engine.toml"), "{error}");
    }
    assert!(trine(&["prepare", "files", "--folder", path]).status.success());
    let error = refusal(&["prepare", "contracts", "--folder", path]);
    assert!(error.contains("prepare state"), "{error}");
    let error = refusal(&["prepare", "ready", "--folder", path, "--seconds", "0"]);
    assert!(error.contains("ca.crt") || error.contains("does not serve"), "{error}");
}
