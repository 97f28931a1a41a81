//! Specification, code and tests name the same steps.

use std::collections::{BTreeMap, BTreeSet};
use trine_tidy::checkout::{Checkout, assert_none};
use trine_tidy::exceptions::Exceptions;
use trine_tidy::rust_source::RustSource;
use trine_tidy::step_ids::{checking_steps, defined_steps, step_ids};

struct Steps {
    defined: BTreeSet<String>,
    checking: BTreeSet<String>,
    /// Id to a file that names it in product code.
    in_code: BTreeMap<String, String>,
    /// Id to a file that names it in test code.
    in_tests: BTreeMap<String, String>,
}

fn steps(checkout: &Checkout) -> Steps {
    let mut steps = Steps {
        defined: BTreeSet::new(),
        checking: BTreeSet::new(),
        in_code: BTreeMap::new(),
        in_tests: BTreeMap::new(),
    };
    for file in checkout.files_ending(&[".md"]).iter().filter(|f| f.starts_with("docs/spec/")) {
        let text = checkout.text(file).expect("a specification is text");
        steps.defined.extend(defined_steps(&text));
        steps.checking.extend(checking_steps(&text));
    }
    for file in checkout.files_ending(&[".rs", ".sol"]) {
        if file.starts_with("tidy/") {
            continue;
        }
        let source = RustSource::parse(&file, checkout.text(&file).expect("a source is text"));
        for (test, found) in [(false, &mut steps.in_code), (true, &mut steps.in_tests)] {
            for line in source.lines(test) {
                found.extend(step_ids(line).into_iter().map(|id| (id, file.clone())));
            }
        }
    }
    steps
}

#[test]
fn code_names_no_step_that_the_specification_lacks() {
    let steps = steps(&Checkout::here());
    assert!(steps.defined.len() > 10, "only {} steps found in docs/spec", steps.defined.len());
    let unknown: Vec<String> = steps
        .in_code
        .iter()
        .chain(&steps.in_tests)
        .filter(|(id, _)| !steps.defined.contains(*id))
        .map(|(id, file)| format!("{file} names {id}, which no table in docs/spec defines"))
        .collect();
    assert_none("steps without a specification", &unknown);
}

#[test]
fn every_step_is_named_by_code_and_every_check_by_a_test() {
    let checkout = Checkout::here();
    let steps = steps(&checkout);
    let mut exceptions = Exceptions::read(&checkout).step;
    let mut violations = Vec::new();
    let missing_in_code =
        steps.defined.iter().filter(|id| !steps.in_code.contains_key(*id)).map(|id| (id, "code"));
    let missing_in_tests =
        steps.checking.iter().filter(|id| !steps.in_tests.contains_key(*id)).map(|id| (id, "test"));
    for (id, place) in missing_in_code.chain(missing_in_tests) {
        match exceptions.iter().position(|e| e.id == *id && e.missing_in == place) {
            Some(i) => drop(exceptions.remove(i)),
            None => violations.push(format!("{id} is named by no {place}")),
        }
    }
    violations.extend(
        exceptions.iter().map(|e| format!("exception for {} ({}) is not needed", e.id, e.missing_in)),
    );
    assert_none("steps of docs/spec", &violations);
}
