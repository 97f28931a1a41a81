//! Circuits and texts that must not be evaluated, or not be released.

use anyhow::{Context, ensure};
use trine_program::circuit::{BOXES, Bootstrapping, Circuit, CircuitError, Linear, Table, Term, Wire};
use trine_program::policy::DELTA;
use trine_program::{Declaration, KeyKind, ValueType};

/// Another function of the same shape that may run wherever the circuit may: its first block is zero.
pub fn with_first_block_zero(circuit: &Circuit) -> anyhow::Result<Circuit> {
    let mut rows = circuit.rows().to_vec();
    *rows.first_mut().context("no rows")? = Linear::default();
    Ok(rebuilt(circuit, circuit.tables().to_vec(), rows)?)
}

/// The circuit with half a step added to its first block: what would be released is the sign of the noise.
pub fn half_step(circuit: &Circuit) -> anyhow::Result<Circuit> {
    let mut rows = circuit.rows().to_vec();
    let row = rows.first_mut().context("no rows")?;
    row.constant = row.constant.wrapping_add(DELTA / 2);
    Ok(rebuilt(circuit, circuit.tables().to_vec(), rows)?)
}

/// The circuit with half a step added to the first box of its first table.
pub fn table_off_grid(circuit: &Circuit) -> anyhow::Result<Circuit> {
    let mut tables = circuit.tables().to_vec();
    let first = tables.first_mut().and_then(|table| table.boxes.first_mut()).context("no tables")?;
    *first = first.wrapping_add(DELTA / 2);
    Ok(rebuilt(circuit, tables, circuit.rows().to_vec())?)
}

/// A bool that stands for itself, beside a bootstrapping of it that nothing reads.
pub fn identity_of_bool() -> anyhow::Result<Circuit> {
    let bool = Declaration { value_type: ValueType::Bool, key_kind: KeyKind::Compute, blocks: 1, degree: 1 };
    let input = Wire::Input { handle: 0, block: 0 };
    let itself = Linear { terms: vec![Term { wire: input, coefficient: 1 }], constant: 0 };
    let mut boxes = [0; BOXES];
    boxes[1] = DELTA;
    let table = Table { functions: 1, boxes };
    let unread = Bootstrapping { key_kind: KeyKind::Compute, table: 0, input: itself.clone() };
    Ok(Circuit::new(vec![bool], vec![bool], vec![table], vec![unread], vec![itself])?)
}

/// A bool looked up as it is, and beside it the bool itself: an output that may be released, and one that may not.
pub fn bool_and_itself() -> anyhow::Result<Circuit> {
    let identity = identity_of_bool()?;
    let bool = *identity.inputs().first().context("no input")?;
    let tables = identity.tables().to_vec();
    let copied = Wire::Output { bootstrapping: 0, function: 0 };
    let copied = Linear { terms: vec![Term { wire: copied, coefficient: 1 }], constant: 0 };
    let rows = [vec![copied], identity.rows().to_vec()].concat();
    Ok(Circuit::new(vec![bool], vec![bool; 2], tables, identity.bootstrappings().to_vec(), rows)?)
}

fn rebuilt(circuit: &Circuit, tables: Vec<Table>, rows: Vec<Linear>) -> Result<Circuit, CircuitError> {
    let (inputs, outputs) = (circuit.inputs().to_vec(), circuit.outputs().to_vec());
    Circuit::new(inputs, outputs, tables, circuit.bootstrappings().to_vec(), rows)
}

/// The text with the first two terms of a combination in the other order.
pub fn swapped_terms_text(circuit: &Circuit) -> anyhow::Result<String> {
    altered_text(circuit, |parts| match parts {
        [_, first, second, ..] => {
            std::mem::swap(first, second);
            true
        }
        _ => false,
    })
}

/// The text with a first coefficient of 2^40.
pub fn huge_coefficient_text(circuit: &Circuit) -> anyhow::Result<String> {
    altered_text(circuit, |parts| match parts {
        [_, first, ..] => {
            let Some((_, wire)) = first.split_once('*') else { return false };
            *first = format!("{}*{wire}", 1u64 << 40);
            true
        }
        _ => false,
    })
}

/// The text with a constant of 2^64: a word of 65 bits.
pub fn wide_constant_text(circuit: &Circuit) -> anyhow::Result<String> {
    altered_text(circuit, |parts| match parts {
        [head, ..] => {
            // `row CONSTANT` or `bootstrap KIND TABLE CONSTANT`.
            let Some((before, _)) = head.rsplit_once(' ') else { return false };
            *head = format!("{before} {}", 1u128 << 64);
            true
        }
        [] => false,
    })
}

/// The text with the first combination altered that `alter` takes: its constant with what stands before it,
/// then its terms.
fn altered_text(circuit: &Circuit, mut alter: impl FnMut(&mut [String]) -> bool) -> anyhow::Result<String> {
    let (mut text, mut done) = (String::new(), false);
    for line in circuit.to_text().lines() {
        let mut parts: Vec<String> = line.split(" + ").map(str::to_owned).collect();
        let is_combination = line.starts_with("bootstrap ") || line.starts_with("row ");
        done = done || (is_combination && alter(&mut parts));
        text.push_str(&parts.join(" + "));
        text.push('\n');
    }
    ensure!(done, "the circuit has no such combination");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_fhe::circuit::noise_model;
    use trine_program::circuit::release::Job;
    use trine_program::circuit::{
        CircuitTextError, HandleRecord, InputSource, Leaf, ReleaseViolation, Violation, admissible,
        releasable,
    };
    use trine_programs::workload::{Size, named};

    /// Those whose attacks can be played: one segment, and an account as the consumer.
    fn circuits() -> Vec<Circuit> {
        ["age-check", "tally"].map(|name| named(name, Size::Small).unwrap().circuit().unwrap()).to_vec()
    }

    fn admission(circuit: &Circuit) -> Option<Violation> {
        let model = noise_model();
        let record = |d: &Declaration| HandleRecord::declared(d, 1, &model);
        let records: Vec<HandleRecord> = circuit.inputs().iter().map(record).collect();
        admissible(circuit, &records, &model).err()
    }

    #[test]
    fn each_circuit_breaks_one_rule_or_none() {
        for circuit in circuits() {
            assert_eq!(admission(&circuit), None);
            let zero = with_first_block_zero(&circuit).unwrap();
            assert_eq!(admission(&zero), None);
            assert_ne!(zero.id(), circuit.id());
            let half = half_step(&circuit).unwrap();
            assert!(matches!(admission(&half), Some(Violation::ConstantOffGrid { .. })));
            let table = table_off_grid(&circuit).unwrap();
            assert!(matches!(admission(&table), Some(Violation::TableOffGrid { .. })));
        }
    }

    #[test]
    fn the_identity_runs_and_is_not_released() {
        let identity = identity_of_bool().unwrap();
        assert_eq!(admission(&identity), None);
        let leaf = Leaf { declaration: identity.inputs()[0], noise_level: 1 };
        let (text, inputs) = (identity.to_text(), vec![InputSource::Leaf(leaf)]);
        let job = Job { program_id: identity.id(), text: text.as_bytes(), inputs };
        let refused = releasable(&[job], &noise_model(), &[true]).unwrap_err();
        assert!(matches!(refused, ReleaseViolation::NotBootstrapped { output: 0, row: 0, .. }), "{refused}");
    }

    #[test]
    fn a_bool_beside_itself_is_released_in_part() {
        let circuit = bool_and_itself().unwrap();
        assert_eq!(admission(&circuit), None);
        let leaf = Leaf { declaration: circuit.inputs()[0], noise_level: 1 };
        let text = circuit.to_text();
        let release = |marks: [bool; 2]| {
            let inputs = vec![InputSource::Leaf(leaf)];
            let job = Job { program_id: circuit.id(), text: text.as_bytes(), inputs };
            releasable(&[job], &noise_model(), &marks)
        };
        assert_eq!(release([true, false]).unwrap().len(), 1);
        let refused = release([false, true]).unwrap_err();
        assert!(matches!(refused, ReleaseViolation::NotBootstrapped { output: 1, row: 1, .. }), "{refused}");
    }

    #[test]
    fn malformed_texts_are_not_read() {
        for circuit in circuits() {
            let read = |text: String| Circuit::from_text(text.as_bytes()).unwrap_err();
            let swapped = read(swapped_terms_text(&circuit).unwrap());
            assert!(
                matches!(swapped, CircuitTextError::Circuit(CircuitError::TermOrder { .. })),
                "{swapped}"
            );
            let huge = huge_coefficient_text(&circuit).unwrap();
            assert!(huge.contains(" + 1099511627776*"));
            assert!(matches!(read(huge), CircuitTextError::Line { .. }));
            let wide = wide_constant_text(&circuit).unwrap();
            assert!(wide.contains(" 18446744073709551616"));
            assert!(matches!(read(wide), CircuitTextError::Line { .. }));
        }
    }
}
