//! The canonical text of a circuit. Its keccak-256 is the circuit's identifier.
//!
//! ```text
//! trine circuit 1
//! input bool compute 1 degree 1
//! input bool compute 1 degree 1
//! output bool compute 1 degree 1
//! table 1 0 0 576460752303423488 0 0 0 0 0 0 0 0 0 0 0 0 0
//! bootstrap compute 0 0 + 1*i0.0 + 1*i1.0
//! row 0 + 1*b0.0
//! ```
//!
//! `table FUNCTIONS BOX ...` with sixteen boxes; `bootstrap KIND TABLE` and `row` are followed by a linear combination,
//! `CONSTANT` and ` + COEFFICIENT*WIRE` for each term. A wire is `iHANDLE.BLOCK` or `bBOOTSTRAPPING.FUNCTION`. Lines end
//! in one line feed. Only the printed form parses: no other spacing, no leading zero, no sign `+`.

use crate::circuit::{BOXES, Bootstrapping, Circuit, CircuitError, Linear, Table, Term, Wire};
use crate::limits::{
    MAX_BOOTSTRAPPINGS, MAX_CIRCUIT_TEXT_BYTES, MAX_INPUTS, MAX_OUTPUTS, MAX_TABLES, MAX_TERMS,
};
use crate::text::{ProgramId, declaration, declaration_text};
use crate::value::{KeyKind, MAX_BLOCKS};
use sha3::{Digest, Keccak256};
use std::fmt::Write;

/// First line of the text of a circuit.
pub const HEADER: &str = "trine circuit 1";

/// Why a text is no circuit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CircuitTextError {
    /// Longer than [`MAX_CIRCUIT_TEXT_BYTES`].
    #[error("circuit text of {got} bytes, at most {MAX_CIRCUIT_TEXT_BYTES} are read")]
    TooLong {
        /// Bytes given.
        got: usize,
    },
    /// Not UTF-8.
    #[error("circuit text is not UTF-8")]
    NotUtf8,
    /// First line is not the header of a known version.
    #[error("first line is {got:?}, expected {HEADER:?}")]
    Header {
        /// The line found, cut to 80 characters.
        got: String,
    },
    /// A line that no rule reads.
    #[error("line {line}: {got:?}, expected {expected}")]
    Line {
        /// Number of the line, from 1.
        line: usize,
        /// The line found, cut to 80 characters.
        got: String,
        /// What would be read there.
        expected: &'static str,
    },
    /// More lines of one sort than a circuit may have.
    #[error("line {line}: more than {max} lines {what}")]
    TooMany {
        /// Number of the line, from 1.
        line: usize,
        /// First word of the lines.
        what: &'static str,
        /// Most that are read.
        max: usize,
    },
    /// Reads as a circuit, but is not the text that the circuit prints.
    #[error("circuit text is not in canonical form")]
    NotCanonical,
    /// Reads as a malformed circuit.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
}

impl Circuit {
    /// The canonical text.
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEADER}\n");
        for (word, list) in [("input", self.inputs()), ("output", self.outputs())] {
            for d in list {
                let _ = writeln!(text, "{word} {}", declaration_text(d));
            }
        }
        for t in self.tables() {
            let _ = write!(text, "table {}", t.functions);
            for word in t.boxes {
                let _ = write!(text, " {word}");
            }
            text.push('\n');
        }
        for b in self.bootstrappings() {
            let _ = write!(text, "bootstrap {} {} ", b.key_kind.name(), b.table);
            write_linear(&mut text, &b.input);
        }
        for row in self.rows() {
            text.push_str("row ");
            write_linear(&mut text, row);
        }
        text
    }

    /// Reads a canonical text.
    pub fn from_text(bytes: &[u8]) -> Result<Self, CircuitTextError> {
        use CircuitTextError as E;
        if bytes.len() > MAX_CIRCUIT_TEXT_BYTES {
            return Err(E::TooLong { got: bytes.len() });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| E::NotUtf8)?;
        let mut lines = text.lines().enumerate();
        let header = lines.next().map_or("", |(_, l)| l);
        if header != HEADER {
            return Err(E::Header { got: header.chars().take(80).collect() });
        }
        let (mut inputs, mut outputs, mut tables, mut bootstrappings, mut rows) =
            (vec![], vec![], vec![], vec![], vec![]);
        for (index, line) in lines {
            let line_number = index + 1;
            let refuse =
                |expected| E::Line { line: line_number, got: line.chars().take(80).collect(), expected };
            let room = |what, got, max| {
                if got < max { Ok(()) } else { Err(E::TooMany { line: line_number, what, max }) }
            };
            match line.split_once(' ') {
                Some(("input", rest)) => {
                    room("input", inputs.len(), MAX_INPUTS)?;
                    inputs.push(
                        declaration(rest).ok_or_else(|| refuse("input TYPE KIND BLOCKS degree DEGREE"))?,
                    );
                }
                Some(("output", rest)) => {
                    room("output", outputs.len(), MAX_OUTPUTS)?;
                    outputs.push(
                        declaration(rest).ok_or_else(|| refuse("output TYPE KIND BLOCKS degree DEGREE"))?,
                    );
                }
                Some(("table", rest)) => {
                    room("table", tables.len(), MAX_TABLES)?;
                    tables.push(table(rest).ok_or_else(|| refuse("table FUNCTIONS and sixteen boxes"))?);
                }
                Some(("bootstrap", rest)) => {
                    room("bootstrap", bootstrappings.len(), MAX_BOOTSTRAPPINGS)?;
                    bootstrappings.push(
                        bootstrapping(rest)
                            .ok_or_else(|| refuse("bootstrap KIND TABLE CONSTANT + COEFFICIENT*WIRE ..."))?,
                    );
                }
                Some(("row", rest)) => {
                    room("row", rows.len(), MAX_OUTPUTS * usize::from(MAX_BLOCKS))?;
                    rows.push(linear(rest).ok_or_else(|| refuse("row CONSTANT + COEFFICIENT*WIRE ..."))?);
                }
                _ => return Err(refuse("input, output, table, bootstrap or row")),
            }
        }
        let circuit = Self::new(inputs, outputs, tables, bootstrappings, rows)?;
        if circuit.to_text() == text { Ok(circuit) } else { Err(E::NotCanonical) }
    }

    /// Keccak-256 of the canonical text.
    pub fn id(&self) -> ProgramId {
        ProgramId(Keccak256::digest(self.to_text().as_bytes()).into())
    }
}

/// `CONSTANT + COEFFICIENT*WIRE ...`, as in the text.
pub(super) fn linear_text(linear: &Linear) -> String {
    let mut text = String::new();
    write_linear(&mut text, linear);
    text.truncate(text.trim_end().len());
    text
}

fn write_linear(text: &mut String, linear: &Linear) {
    let _ = write!(text, "{}", linear.constant);
    for t in &linear.terms {
        let _ = match t.wire {
            Wire::Input { handle, block } => write!(text, " + {}*i{handle}.{block}", t.coefficient),
            Wire::Output { bootstrapping, function } => {
                write!(text, " + {}*b{bootstrapping}.{function}", t.coefficient)
            }
        };
    }
    text.push('\n');
}

fn table(rest: &str) -> Option<Table> {
    let mut words = rest.split(' ');
    let functions = words.next()?.parse().ok()?;
    let mut boxes = [0; BOXES];
    for word in &mut boxes {
        *word = words.next()?.parse().ok()?;
    }
    if words.next().is_some() { None } else { Some(Table { functions, boxes }) }
}

fn bootstrapping(rest: &str) -> Option<Bootstrapping> {
    let (kind, rest) = rest.split_once(' ')?;
    let (table, rest) = rest.split_once(' ')?;
    Some(Bootstrapping {
        key_kind: KeyKind::from_name(kind)?,
        table: table.parse().ok()?,
        input: linear(rest)?,
    })
}

fn linear(rest: &str) -> Option<Linear> {
    let mut parts = rest.split(" + ");
    let constant = parts.next()?.parse().ok()?;
    let mut terms = Vec::new();
    for part in parts {
        if terms.len() == MAX_TERMS {
            return None;
        }
        let (coefficient, place) = part.split_once('*')?;
        let (index, part) = place.get(1..)?.split_once('.')?;
        let wire = match place.as_bytes()[0] {
            b'i' => Wire::Input { handle: index.parse().ok()?, block: part.parse().ok()? },
            b'b' => Wire::Output { bootstrapping: index.parse().ok()?, function: part.parse().ok()? },
            _ => return None,
        };
        terms.push(Term { wire, coefficient: coefficient.parse().ok()? });
    }
    Some(Linear { terms, constant })
}
