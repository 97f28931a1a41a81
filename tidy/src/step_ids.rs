//! Ids of specification steps: two or more capitals for the document, a dot, a section letter, a number (`PE.G1`).

use std::collections::BTreeSet;

/// Every step id in `text`.
pub fn step_ids(text: &str) -> BTreeSet<String> {
    let bytes = text.as_bytes();
    let mut ids = BTreeSet::new();
    for dot in text.match_indices('.').map(|(i, _)| i) {
        let document = bytes[..dot].iter().rev().take_while(|b| b.is_ascii_uppercase()).count();
        let start = dot - document;
        let joined = start > 0 && (bytes[start - 1].is_ascii_alphanumeric() || bytes[start - 1] == b'_');
        let section = bytes.get(dot + 1).is_some_and(u8::is_ascii_uppercase);
        let digits = bytes.iter().skip(dot + 2).take_while(|b| b.is_ascii_digit()).count();
        let end = dot + 2 + digits;
        let runs_on = bytes.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
        if document == 2 && !joined && section && digits > 0 && !runs_on {
            ids.insert(text[start..end].to_string());
        }
    }
    ids
}

/// Step ids defined by a specification: those in the first cell of a table row.
pub fn defined_steps(specification: &str) -> BTreeSet<String> {
    rows(specification).flat_map(|(id, _)| id).collect()
}

/// Steps whose table row says that something is checked: each needs a test that names it.
pub fn checking_steps(specification: &str) -> BTreeSet<String> {
    rows(specification).filter(|(_, row)| says_check(row)).flat_map(|(id, _)| id).collect()
}

/// "checks" as a word: a sumcheck is none.
fn says_check(row: &str) -> bool {
    row.split(|c: char| !c.is_ascii_alphabetic()).any(|word| matches!(word, "check" | "checks" | "checked"))
}

fn rows(specification: &str) -> impl Iterator<Item = (BTreeSet<String>, &str)> {
    specification
        .lines()
        .filter_map(|line| line.strip_prefix('|'))
        .filter_map(|row| row.split_once('|'))
        .map(|(first, rest)| (step_ids(first), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_and_lookalikes_are_not() {
        let found =
            step_ids("see PE.G1, (TR.A12) and `PE.K1`; not PE.g1, XPE.G1, P.G1, PE.G, PE.G1x, a.B1, U.S.A1");
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["PE.G1", "PE.K1", "TR.A12"]);
    }

    #[test]
    fn a_definition_stands_in_the_first_cell() {
        let spec = "| step | does |\n| PE.G1 | draws |\n| PE.H2 | checks the root, see PE.G1 |\n| PE.I2 | sumcheck |\ntext PE.Z9";
        assert_eq!(defined_steps(spec).into_iter().collect::<Vec<_>>(), ["PE.G1", "PE.H2", "PE.I2"]);
        assert_eq!(checking_steps(spec).into_iter().collect::<Vec<_>>(), ["PE.H2"]);
    }
}
