//! The command as users run it.

use std::process::{Command, Output};

fn trine(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trine")).args(arguments).output().unwrap()
}

fn last_json(output: &Output) -> serde_json::Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_str(last).unwrap_or_else(|e| panic!("{e}: {last}"))
}

#[test]
fn a_tally_in_one_process_counts_every_ballot() {
    let output = trine(&["demo", "--no-chain", "--voters", "13", "--quiet"]);
    let summary = last_json(&output);
    assert!(output.status.success(), "{summary}");
    assert_eq!(summary["totals"], summary["expected"]);
    let counted: u64 = summary["totals"].as_array().unwrap().iter().map(|t| t.as_u64().unwrap()).sum();
    assert_eq!(counted, 13);
    assert_eq!(summary["stages"]["chain"], "absent");
    assert!(summary["open"].as_array().unwrap().len() > 2);
}

#[test]
fn voters_outside_a_block_are_refused() {
    for voters in ["11", "16", "x"] {
        assert!(!trine(&["demo", "--no-chain", "--voters", voters]).status.success());
    }
}

#[test]
fn a_receipt_needs_an_anchor() {
    let output = trine(&["verify", "/nonexistent.json"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--srs-digest"));
}
