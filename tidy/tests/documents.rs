//! Links lead somewhere; the code map knows every member.

use trine_tidy::checkout::{Checkout, assert_none};
use trine_tidy::manifest::Workspace;

#[test]
fn relative_links_lead_to_files() {
    let checkout = Checkout::here();
    let mut violations = Vec::new();
    let mut followed = 0;
    for file in checkout.files_ending(&[".md"]) {
        let folder = checkout.root().join(&file);
        let folder = folder.parent().expect("a file lies in a folder");
        for target in link_targets(&checkout.text(&file).expect("a document is text")) {
            let path = target.split('#').next().unwrap_or_default();
            if path.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            followed += 1;
            if !folder.join(path).exists() {
                violations.push(format!("{file}: {target}"));
            }
        }
    }
    assert!(followed > 10, "only {followed} links found");
    assert_none("links that lead nowhere", &violations);
}

/// Targets of `[text](target)`, fenced code excepted.
fn link_targets(markdown: &str) -> Vec<String> {
    let mut targets = Vec::new();
    let mut fenced = false;
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for part in line.split("](").skip(1) {
            if let Some((target, _)) = part.split_once(')') {
                targets.push(target.to_string());
            }
        }
    }
    targets
}

#[test]
fn the_code_map_knows_every_member() {
    let checkout = Checkout::here();
    let map = checkout.text("ARCHITECTURE.md").expect("the map is text");
    let workspace = Workspace::read(&checkout);
    let missing: Vec<String> = workspace
        .members
        .iter()
        .filter(|(folder, manifest)| {
            !map.contains(&format!("`{folder}`")) && !map.contains(&format!("`{folder}/`"))
                || !map.contains(&format!("`{}`", manifest.package.name))
        })
        .map(|(folder, manifest)| format!("{folder} ({})", manifest.package.name))
        .collect();
    assert_none("members that ARCHITECTURE.md does not name", &missing);
}

/// Each crate's first page: purpose, module table, who wants it.
#[test]
fn every_crate_introduces_itself() {
    let checkout = Checkout::here();
    let workspace = Workspace::read(&checkout);
    let mut violations = Vec::new();
    for folder in workspace.members.keys() {
        let file = format!("{folder}/src/lib.rs");
        let text = checkout.text(&file).expect("Rust is text");
        let docs: String = text.lines().take_while(|l| l.starts_with("//!") || l.is_empty()).collect();
        if !docs.contains("You want this crate if") {
            violations
                .push(format!("{file}: does not say who wants the crate (\"You want this crate if ...\")"));
        }
    }
    assert_none("first pages", &violations);
}
