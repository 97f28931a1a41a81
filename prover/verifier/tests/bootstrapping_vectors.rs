//! A second verifier of the field side, written in Python from the spec, agrees with the native one on recorded
//! proofs (`prover/tests/bootstrapping_record.rs`) and refuses every altered copy of them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const RECORDED: [&str; 2] = ["reduced.json", "gadgets.json"];

#[test]
fn closed_forms_and_known_answers_hold() {
    let output = script(&["--self-test"]);
    assert!(output.status.success(), "{}", text(&output));
}

/// The script compares the public outputs with those that the native verifier gave.
#[test]
fn recorded_proofs_are_accepted() {
    for name in RECORDED {
        let output = script(&[recorded(name).to_str().unwrap()]);
        assert!(output.status.success(), "{name}: {}", text(&output));
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 5, "{name}: {}", text(&output));
    }
}

#[test]
fn altered_proofs_are_rejected() {
    for name in RECORDED {
        let output = script(&["--tamper", recorded(name).to_str().unwrap()]);
        assert!(output.status.success(), "{name}: {}", text(&output));
        assert!(text(&output).contains(" copies, 0 accepted"), "{name}: {}", text(&output));
    }
}

/// The test before would pass over a script that accepts whatever it is given.
#[test]
fn a_rejected_proof_names_the_check() {
    let honest = std::fs::read_to_string(recorded(RECORDED[0])).unwrap();
    let (before, proof) = honest.split_once("\"proof\": [\n\"").unwrap();
    let zero = "0".repeat(64);
    let path = std::env::temp_dir().join(format!("trine-altered-proof-{}.json", std::process::id()));
    std::fs::write(&path, format!("{before}\"proof\": [\n\"{zero}{}", &proof[64..])).unwrap();
    let output = script(&[path.to_str().unwrap()]);
    std::fs::remove_file(path).unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "rejected: PB.A4\n");
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/bootstrapping")
}

fn recorded(name: &str) -> PathBuf {
    folder().join(name)
}

/// Python without packages: `scripts/setup.sh python` installs it where there is none.
fn script(arguments: &[&str]) -> Output {
    let mut python = Command::new("python3");
    python.arg("-B").arg(folder().join("verify.py")).args(arguments);
    python.output().expect("python3 is installed: scripts/setup.sh python")
}

fn text(output: &Output) -> String {
    let [printed, errors] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{printed}{errors}")
}
