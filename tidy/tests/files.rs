//! Length, names, leftovers, paths of one machine, lock files.

use trine_tidy::checkout::{Checkout, assert_none};
use trine_tidy::exceptions::Exceptions;
use trine_tidy::rust_source::RustSource;

const MAX_LINES: usize = 500;
const SOURCES: [&str; 6] = [".rs", ".sol", ".py", ".sh", ".mjs", ".proto"];

#[test]
fn a_file_past_its_limit_wants_a_second_room() {
    let checkout = Checkout::here();
    let mut exceptions = Exceptions::read(&checkout).long_file;
    let mut violations = Vec::new();
    for file in checkout.files_ending(&SOURCES) {
        let lines = checkout.text(&file).expect("a source is text").lines().count();
        if lines <= MAX_LINES {
            continue;
        }
        match exceptions.iter().position(|e| e.path == file) {
            Some(i) => {
                let own = exceptions.remove(i).lines;
                if lines > own {
                    violations.push(format!("{file}: {lines} lines, {own} allowed by its exception"));
                }
            }
            None => violations.push(format!("{file}: {lines} lines, at most {MAX_LINES}")),
        }
    }
    violations.extend(exceptions.iter().map(|e| format!("exception for {} is not needed", e.path)));
    assert_none("length of files", &violations);
}

#[test]
fn names_say_what_a_file_holds() {
    const EMPTY_NAMES: [&str; 6] = ["utils", "util", "common", "helpers", "helper", "misc"];
    let violations: Vec<String> = Checkout::here()
        .files()
        .into_iter()
        .filter(|file| {
            file.split('/').any(|part| EMPTY_NAMES.contains(&part.split('.').next().unwrap_or(part)))
        })
        .collect();
    assert_none("names that say nothing", &violations);
}

#[test]
fn no_leftovers_in_sources() {
    let checkout = Checkout::here();
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];
    let mut exceptions = Exceptions::read(&checkout).silenced;
    let silencers =
        [concat!("#[", "allow("), concat!("#![", "allow("), concat!("to", "do!("), concat!("dbg", "!(")];
    let mut violations = Vec::new();
    for file in checkout.files_ending(&SOURCES) {
        let source = RustSource::parse(&file, checkout.text(&file).expect("a source is text"));
        for (i, (line, code)) in source.text.lines().zip(source.code.lines()).enumerate() {
            for found in marks.iter().filter(|m| has_mark(line, m)) {
                violations.push(format!("{file}:{}: {found}", i + 1));
            }
            for found in silencers.iter().filter(|s| code.contains(**s)) {
                if let Some(at) = exceptions.iter().position(|e| e.path == file) {
                    exceptions.remove(at);
                    continue;
                }
                violations.push(format!(
                    "{file}:{}: {found} (a lint is silenced by #[expect] with a reason)",
                    i + 1
                ));
            }
        }
    }
    violations.extend(exceptions.iter().map(|e| format!("exception for {} is not needed", e.path)));
    assert_none("leftovers", &violations);
}

/// `make soak` runs what is ignored: whatever is ignored for another reason would run there. (A test that another one
/// starts as a process of its own does nothing when it is started alone.)
#[test]
fn an_ignored_test_is_a_slow_one_and_says_why() {
    let checkout = Checkout::here();
    let attribute = concat!("#[ig", "nore");
    let mut violations = Vec::new();
    for file in checkout.files_ending(&[".rs"]) {
        let source = RustSource::parse(&file, checkout.text(&file).expect("Rust is text"));
        for (i, (line, code)) in source.text.lines().zip(source.code.lines()).enumerate() {
            let reasons = ["slow: ", "runs as a child of "];
            if code.contains(attribute)
                && !reasons.iter().any(|r| line.contains(&format!("{attribute} = \"{r}")))
            {
                violations.push(format!("{file}:{}: {}", i + 1, line.trim()));
            }
        }
    }
    assert_none("ignored tests without `slow: reason` or `runs as a child of TEST`", &violations);
}

/// A whole word in capitals.
fn has_mark(line: &str, mark: &str) -> bool {
    line.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == mark)
}

#[test]
fn no_path_of_one_machine() {
    let checkout = Checkout::here();
    let homes =
        [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/"), concat!("C:\\", "Users")];
    let mut violations = Vec::new();
    for file in checkout.files() {
        let Some(text) = checkout.text(&file) else { continue };
        for (i, line) in text.lines().enumerate() {
            for home in homes.iter().filter(|home| line.contains(**home)) {
                violations.push(format!("{file}:{}: {home}", i + 1));
            }
        }
    }
    assert_none("paths of one machine", &violations);
}

#[test]
fn lock_files_hold_no_download_address() {
    let checkout = Checkout::here();
    let mut violations = Vec::new();
    for file in checkout.files_ending(&["package-lock.json", "npm-shrinkwrap.json", "requirements.txt"]) {
        let text = checkout.text(&file).expect("a lock file is text");
        for (i, line) in text.lines().enumerate() {
            if line.contains("\"resolved\"") || line.contains("://") && !line.contains("\"url\"") {
                violations.push(format!("{file}:{}: {}", i + 1, line.trim()));
            }
        }
    }
    let lock = checkout.text("Cargo.lock").expect("a lock file is text");
    let mut sources: Vec<&str> = lock.lines().filter(|l| l.starts_with("source = ")).collect();
    sources.sort_unstable();
    sources.dedup();
    if sources.len() != 1 || !sources[0].starts_with("source = \"registry+") {
        violations.push(format!("Cargo.lock: sources {sources:?}, expected cargo's default registry alone"));
    }
    assert_none("lock files", &violations);
}

#[test]
fn no_key_or_setup_is_committed() {
    const PRIVATE: [&str; 8] = [".pem", ".key", ".p12", ".ptau", ".zkey", ".srs", ".pk", ".sk"];
    let violations: Vec<String> = Checkout::here()
        .files()
        .into_iter()
        .filter(|f| !f.starts_with("testdata/") && !f.contains("/testdata/"))
        .filter(|f| f.contains("UNSAFE") || PRIVATE.iter().any(|ending| f.ends_with(ending)))
        .collect();
    assert_none("keys and setups in the repository", &violations);
}
