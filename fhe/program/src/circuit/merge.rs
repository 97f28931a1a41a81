//! Merged circuits: several evaluated, and proved, as one.
//!
//! Inputs, bootstrappings and outputs stand circuit by circuit, and terms are moved by what stands before their own: no wire
//! crosses from one to another, so that each output is what its own circuit gives.

use super::{Bootstrapping, Circuit, CircuitError, Linear, Table, Term, Wire};
use crate::limits::{MAX_BOOTSTRAPPINGS, MAX_INPUTS, MAX_OUTPUTS};
use crate::value::Declaration;
use std::collections::BTreeMap;

/// The circuits as one, in their order. Of a single one it is that one.
///
/// Error: there is none, or together they have more of something than a circuit.
pub fn merge(circuits: &[&Circuit]) -> Result<Circuit, CircuitError> {
    for (what, counts, max) in [
        ("inputs", circuits.iter().map(|c| c.inputs.len()).sum::<usize>(), MAX_INPUTS),
        ("outputs", circuits.iter().map(|c| c.outputs.len()).sum(), MAX_OUTPUTS),
        ("bootstrappings", circuits.iter().map(|c| c.bootstrappings.len()).sum(), MAX_BOOTSTRAPPINGS),
    ] {
        if counts > max {
            return Err(CircuitError::Count { what, got: counts, min: 0, max });
        }
    }
    let mut merged = Merged::default();
    for circuit in circuits {
        merged.add(circuit);
    }
    let Merged { inputs, outputs, tables, bootstrappings, rows, .. } = merged;
    Circuit::new(inputs, outputs, tables, bootstrappings, rows)
}

/// What is merged so far.
#[derive(Default)]
struct Merged {
    inputs: Vec<Declaration>,
    outputs: Vec<Declaration>,
    /// In the order of their first use.
    tables: Vec<Table>,
    places: BTreeMap<Table, u32>,
    bootstrappings: Vec<Bootstrapping>,
    rows: Vec<Linear>,
}

impl Merged {
    fn add(&mut self, circuit: &Circuit) {
        let before = Before { inputs: self.inputs.len(), bootstrappings: self.bootstrappings.len() };
        for bootstrapping in &circuit.bootstrappings {
            let table = self.table(circuit.tables[bootstrapping.table as usize]);
            let input = before.moved(&bootstrapping.input);
            self.bootstrappings.push(Bootstrapping { key_kind: bootstrapping.key_kind, table, input });
        }
        self.rows.extend(circuit.rows.iter().map(|row| before.moved(row)));
        self.inputs.extend(&circuit.inputs);
        self.outputs.extend(&circuit.outputs);
    }

    /// Index of a table, which is listed once.
    fn table(&mut self, table: Table) -> u32 {
        *self.places.entry(table).or_insert_with(|| {
            self.tables.push(table);
            self.tables.len() as u32 - 1
        })
    }
}

/// What stands before a circuit.
struct Before {
    inputs: usize,
    bootstrappings: usize,
}

impl Before {
    /// Counts are within the limits of a circuit, so that nothing is cut off.
    fn moved(&self, linear: &Linear) -> Linear {
        let term = |term: &Term| {
            let wire = match term.wire {
                Wire::Input { handle, block } => Wire::Input { handle: handle + self.inputs as u8, block },
                Wire::Output { bootstrapping, function } => {
                    Wire::Output { bootstrapping: bootstrapping + self.bootstrappings as u32, function }
                }
            };
            Term { wire, coefficient: term.coefficient }
        };
        Linear { terms: linear.terms.iter().map(term).collect(), constant: linear.constant }
    }
}
