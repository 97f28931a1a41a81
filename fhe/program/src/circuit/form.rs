//! What makes a circuit well formed, and its levels.

use crate::circuit::{Circuit, Linear, MAX_FUNCTIONS, Table, Wire};
use crate::limits::{MAX_BOOTSTRAPPINGS, MAX_INPUTS, MAX_OUTPUTS, MAX_TABLES, MAX_TERMS};
use crate::value::{Declaration, KeyKind, MAX_BLOCKS};
use std::collections::BTreeSet;

/// Why a circuit is malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CircuitError {
    /// Too many of something, or none where one is needed.
    #[error("{what}: {got}, expected {min} to {max}")]
    Count {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        got: usize,
        /// Fewest.
        min: usize,
        /// Most.
        max: usize,
    },
    /// Number of blocks not that of the type, or outside 1 to [`MAX_BLOCKS`].
    #[error("{what} {index}: type {type_name} with {got} blocks")]
    Blocks {
        /// "input" or "output".
        what: &'static str,
        /// Index of the handle.
        index: usize,
        /// Name of its type.
        type_name: &'static str,
        /// Blocks given.
        got: u8,
    },
    /// Degree outside 1 to 15.
    #[error("{what} {index}: degree {got}, expected 1 to 15")]
    Degree {
        /// "input" or "output".
        what: &'static str,
        /// Index of the handle.
        index: usize,
        /// Degree given.
        got: u8,
    },
    /// A box that no function reads, and that is not zero: one function would have many tables, and identifiers.
    #[error("table {table}: box {index} is {got}, expected 0, since no function reads it")]
    UnreadBox {
        /// Index of the table.
        table: usize,
        /// Index of the box.
        index: usize,
        /// Its word.
        got: u64,
    },
    /// A table of no function, or of more than [`MAX_FUNCTIONS`].
    #[error("table {table}: {got} functions, expected 1 to {MAX_FUNCTIONS}")]
    Functions {
        /// Index of the table.
        table: usize,
        /// Functions given.
        got: u8,
    },
    /// Tables are numbered by their first use, without duplicates and without any that nothing uses.
    #[error("table {table}: a table is listed once, where it is first used")]
    TableOrder {
        /// The table out of place.
        table: usize,
    },
    /// A bootstrapping names a table that is not listed.
    #[error("bootstrapping {bootstrapping}: table {table} is not listed")]
    UnknownTable {
        /// Index of the bootstrapping.
        bootstrapping: usize,
        /// Table named.
        table: u32,
    },
    /// A term names an input block that is not declared.
    #[error("{place}: term names block {block} of input {handle}, which is not declared")]
    UnknownBlock {
        /// Where the term stands.
        place: Place,
        /// Handle named.
        handle: u8,
        /// Block named.
        block: u8,
    },
    /// A term names a bootstrapping at or after its own place, or one that does not exist.
    #[error("{place}: term names bootstrapping {bootstrapping}, which is not before it")]
    Order {
        /// Where the term stands.
        place: Place,
        /// Bootstrapping named.
        bootstrapping: u32,
    },
    /// A term names a function that the table does not have.
    #[error(
        "{place}: term names function {function} of bootstrapping {bootstrapping}, whose table has {has}"
    )]
    UnknownFunction {
        /// Where the term stands.
        place: Place,
        /// Bootstrapping named.
        bootstrapping: u32,
        /// Function named.
        function: u8,
        /// Functions of the table.
        has: u8,
    },
    /// Terms not strictly increasing in the wire.
    #[error("{place}: terms are not strictly increasing in the wire")]
    TermOrder {
        /// Where the terms stand.
        place: Place,
    },
    /// A zero coefficient, or -128, whose negation is no coefficient.
    #[error("{place}: coefficient {got}, expected -127 to 127 and not 0")]
    Coefficient {
        /// Where the term stands.
        place: Place,
        /// Coefficient given.
        got: i8,
    },
    /// More terms than [`MAX_TERMS`].
    #[error("{place}: {got} terms, at most {MAX_TERMS}")]
    Terms {
        /// Where the terms stand.
        place: Place,
        /// Terms given.
        got: usize,
    },
    /// A wire under one key inside a combination under another.
    #[error("{place}: a wire is under the {wire} key, the combination under the {own} key")]
    KeyKind {
        /// Where the term stands.
        place: Place,
        /// Key of the wire.
        wire: &'static str,
        /// Key of the combination.
        own: &'static str,
    },
}

/// A linear combination inside a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The input of a bootstrapping.
    Bootstrapping(usize),
    /// An output block.
    Row(usize),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bootstrapping(index) => write!(f, "bootstrapping {index}"),
            Self::Row(index) => write!(f, "row {index}"),
        }
    }
}

/// Checks handles, tables, bootstrappings and rows, in this order.
pub(super) fn check(circuit: &Circuit) -> Result<(), CircuitError> {
    count("inputs", circuit.inputs.len(), 1, MAX_INPUTS)?;
    count("outputs", circuit.outputs.len(), 1, MAX_OUTPUTS)?;
    handles("input", &circuit.inputs)?;
    handles("output", &circuit.outputs)?;
    count("tables", circuit.tables.len(), 0, MAX_TABLES)?;
    count("bootstrappings", circuit.bootstrappings.len(), 0, MAX_BOOTSTRAPPINGS)?;
    let blocks = circuit.outputs.iter().map(|d| usize::from(d.blocks)).sum();
    count("rows", circuit.rows.len(), blocks, blocks)?;
    tables(circuit)?;
    for (index, b) in circuit.bootstrappings.iter().enumerate() {
        linear(circuit, Place::Bootstrapping(index), index, b.key_kind, &b.input)?;
    }
    let kinds = circuit.outputs.iter().flat_map(|d| std::iter::repeat_n(d.key_kind, usize::from(d.blocks)));
    for ((index, row), kind) in circuit.rows.iter().enumerate().zip(kinds) {
        linear(circuit, Place::Row(index), circuit.bootstrappings.len(), kind, row)?;
    }
    Ok(())
}

fn count(what: &'static str, got: usize, min: usize, max: usize) -> Result<(), CircuitError> {
    if (min..=max).contains(&got) { Ok(()) } else { Err(CircuitError::Count { what, got, min, max }) }
}

fn handles(what: &'static str, list: &[Declaration]) -> Result<(), CircuitError> {
    for (index, d) in list.iter().enumerate() {
        let fixed = d.value_type.fixed_blocks();
        if d.blocks == 0 || d.blocks > MAX_BLOCKS || fixed.is_some_and(|b| b != d.blocks) {
            return Err(CircuitError::Blocks { what, index, type_name: d.value_type.name(), got: d.blocks });
        }
        if d.degree == 0 || d.degree > 15 {
            return Err(CircuitError::Degree { what, index, got: d.degree });
        }
    }
    Ok(())
}

fn tables(circuit: &Circuit) -> Result<(), CircuitError> {
    let mut distinct: BTreeSet<&Table> = BTreeSet::new();
    for (table, t) in circuit.tables.iter().enumerate() {
        if t.functions == 0 || t.functions > MAX_FUNCTIONS {
            return Err(CircuitError::Functions { table, got: t.functions });
        }
        let read = usize::from(t.functions) * t.domain();
        if let Some(index) = (read..t.boxes.len()).find(|index| t.boxes[*index] != 0) {
            return Err(CircuitError::UnreadBox { table, index, got: t.boxes[index] });
        }
        if !distinct.insert(t) {
            return Err(CircuitError::TableOrder { table });
        }
    }
    let mut used = 0;
    for (bootstrapping, b) in circuit.bootstrappings.iter().enumerate() {
        let table = b.table as usize;
        if table >= circuit.tables.len() {
            return Err(CircuitError::UnknownTable { bootstrapping, table: b.table });
        }
        if table > used {
            return Err(CircuitError::TableOrder { table });
        }
        used = used.max(table + 1);
    }
    if used == circuit.tables.len() { Ok(()) } else { Err(CircuitError::TableOrder { table: used }) }
}

/// `before`: wires of bootstrappings below this index may be named.
fn linear(
    circuit: &Circuit,
    place: Place,
    before: usize,
    own: KeyKind,
    content: &Linear,
) -> Result<(), CircuitError> {
    if content.terms.len() > MAX_TERMS {
        return Err(CircuitError::Terms { place, got: content.terms.len() });
    }
    for t in &content.terms {
        let kind = match t.wire {
            Wire::Input { handle, block } => match circuit.inputs.get(usize::from(handle)) {
                Some(d) if block < d.blocks => d.key_kind,
                _ => return Err(CircuitError::UnknownBlock { place, handle, block }),
            },
            Wire::Output { bootstrapping, function } => {
                if bootstrapping as usize >= before {
                    return Err(CircuitError::Order { place, bootstrapping });
                }
                let table = circuit.bootstrappings[bootstrapping as usize].table;
                let has = circuit.tables[table as usize].functions;
                if function >= has {
                    return Err(CircuitError::UnknownFunction { place, bootstrapping, function, has });
                }
                KeyKind::Compute
            }
        };
        if kind != own {
            return Err(CircuitError::KeyKind { place, wire: kind.name(), own: own.name() });
        }
        if t.coefficient == 0 || t.coefficient == i8::MIN {
            return Err(CircuitError::Coefficient { place, got: t.coefficient });
        }
    }
    let increasing = content.terms.windows(2).all(|w| w[0].wire < w[1].wire);
    if increasing { Ok(()) } else { Err(CircuitError::TermOrder { place }) }
}

impl Circuit {
    /// Indices of the bootstrappings by level: those of one level depend on lower levels only, so they can be
    /// evaluated at the same time. The number of levels is the depth of the circuit.
    pub fn levels(&self) -> Vec<Vec<u32>> {
        let mut depths: Vec<usize> = Vec::with_capacity(self.bootstrappings.len());
        let mut levels: Vec<Vec<u32>> = Vec::new();
        for (index, b) in self.bootstrappings.iter().enumerate() {
            let below = b.input.terms.iter().filter_map(|t| match t.wire {
                Wire::Input { .. } => None,
                Wire::Output { bootstrapping, .. } => Some(depths[bootstrapping as usize] + 1),
            });
            let depth = below.max().unwrap_or(0);
            depths.push(depth);
            if levels.len() <= depth {
                levels.resize(depth + 1, Vec::new());
            }
            levels[depth].push(index as u32);
        }
        levels
    }
}
