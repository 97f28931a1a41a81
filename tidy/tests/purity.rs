//! Values in, values out: no runtime, message format, file, network, environment, clock or random order in the pure
//! folders.

use trine_tidy::checkout::{Checkout, assert_none};
use trine_tidy::exceptions::Exceptions;
use trine_tidy::rust_source::RustSource;

const PURE: [&str; 5] = [
    "fhe/src/",
    "fhe/program/src/",
    "prover/src/argument",
    "prover/verifier/src/",
    "mpc-keyholders/src/protocol",
];

const FORBIDDEN: [&str; 17] = [
    "tokio",
    "prost",
    "tonic",
    "trine_proto",
    "rocksdb",
    "alloy",
    "std::fs",
    "std::net",
    "std::env",
    "std::io",
    "std::process",
    "std::time",
    "Instant",
    "SystemTime",
    "async",
    // Their order differs from run to run: what everybody computes must not follow it.
    "HashMap",
    "HashSet",
];

#[test]
fn pure_folders_do_not_touch_the_world() {
    let checkout = Checkout::here();
    let mut exceptions = Exceptions::read(&checkout).impure;
    let mut needed = Vec::new();
    let mut violations = Vec::new();
    for file in checkout.files_ending(&[".rs"]) {
        if !PURE.iter().any(|folder| file.starts_with(folder)) {
            continue;
        }
        let source = RustSource::parse(&file, checkout.text(&file).expect("Rust is text"));
        for (line, code) in source.product_code() {
            for word in FORBIDDEN.into_iter().filter(|word| has_word(code, word)) {
                match exceptions.iter().position(|e| e.path == file && e.word == word) {
                    Some(i) => needed.push(i),
                    None => {
                        violations.push(format!("{file}:{line}: {word} in a pure folder: {}", code.trim()))
                    }
                }
            }
        }
    }
    needed.sort_unstable();
    needed.dedup();
    for i in needed.into_iter().rev() {
        exceptions.remove(i);
    }
    violations
        .extend(exceptions.iter().map(|e| format!("exception for {} in {} is not needed", e.word, e.path)));
    assert_none("purity", &violations);
}

/// A folder that was moved away would be pure for ever.
#[test]
fn every_pure_folder_exists() {
    let files = Checkout::here().files_ending(&[".rs"]);
    let missing: Vec<String> = PURE
        .iter()
        .filter(|folder| !files.iter().any(|f| f.starts_with(*folder)))
        .map(|folder| folder.to_string())
        .collect();
    assert_none("pure folders without a file", &missing);
}

/// The word, not as part of a longer name.
fn has_word(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !joins(before) && !joins(after)
    })
}

#[test]
fn words_are_whole() {
    assert!(has_word("use std::fs::File;", "std::fs"));
    assert!(has_word("use tokio as t;", "tokio"));
    assert!(!has_word("let instant_noodles = Instantly;", "Instant"));
    assert!(!has_word("use std::fsx;", "std::fs"));
}
