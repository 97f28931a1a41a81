//! The canonical text of an operation list. Its keccak-256 is the list's identifier.
//!
//! ```text
//! trine operations 1
//! input uint64 compute 32 degree 3 level 1
//! input uint64 compute 32 degree 3 level 1
//! constant uint64 100
//! lt bool %0 %2
//! select uint64 %3 %0 %1
//! release %4
//! ```
//!
//! A step is `constant TYPE VALUE` or `OPERATION TYPE %VALUE ...` with the type of its result; `%n` is the n-th value,
//! inputs first. An output is `output %VALUE`, or `release %VALUE` where every block must leave a bootstrapping. Lines
//! end in one line feed. Only the printed form parses.

use crate::limits::{MAX_INPUTS, MAX_OPERANDS, MAX_OPERATIONS_TEXT_BYTES, MAX_OUTPUTS, MAX_STEPS};
use crate::operation::{OperationError, OperationId, OperationInput, OperationList, Output, Step, ValueId};
use crate::text::{ProgramId, declaration, declaration_text};
use crate::value::ValueType;
use sha3::{Digest, Keccak256};
use std::fmt::Write;

const HEADER: &str = "trine operations 1";

/// Why a text is no operation list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperationTextError {
    /// Longer than [`MAX_OPERATIONS_TEXT_BYTES`].
    #[error("operation list of {got} bytes, at most {MAX_OPERATIONS_TEXT_BYTES} are read")]
    TooLong {
        /// Bytes given.
        got: usize,
    },
    /// Not UTF-8.
    #[error("operation list is not UTF-8")]
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
    /// More lines of one sort than a list may have.
    #[error("line {line}: more than {max} {what}")]
    TooMany {
        /// Number of the line, from 1.
        line: usize,
        /// What there is too much of.
        what: &'static str,
        /// Most that are read.
        max: usize,
    },
    /// Reads as a list, but is not the text that the list prints.
    #[error("operation list is not in canonical form")]
    NotCanonical,
    /// Reads as a malformed list.
    #[error(transparent)]
    List(#[from] OperationError),
}

impl OperationList {
    /// The canonical text.
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEADER}\n");
        for i in self.inputs() {
            let _ = writeln!(text, "input {} level {}", declaration_text(&i.declaration), i.noise_level);
        }
        for step in self.steps() {
            match step {
                Step::Constant { value_type, value } => {
                    let _ = writeln!(text, "constant {} {value}", value_type.name());
                }
                Step::Apply { operation, result, operands } => {
                    let _ = write!(text, "{} {}", operation.get().name(), result.name());
                    for operand in operands {
                        let _ = write!(text, " %{operand}");
                    }
                    text.push('\n');
                }
            }
        }
        for o in self.outputs() {
            let _ = writeln!(text, "{} %{}", if o.release { "release" } else { "output" }, o.value);
        }
        text
    }

    /// Reads a canonical text.
    pub fn from_text(bytes: &[u8]) -> Result<Self, OperationTextError> {
        use OperationTextError as E;
        if bytes.len() > MAX_OPERATIONS_TEXT_BYTES {
            return Err(E::TooLong { got: bytes.len() });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| E::NotUtf8)?;
        let mut lines = text.lines().enumerate();
        let header = lines.next().map_or("", |(_, l)| l);
        if header != HEADER {
            return Err(E::Header { got: header.chars().take(80).collect() });
        }
        let (mut inputs, mut steps, mut outputs) = (vec![], vec![], vec![]);
        for (index, line) in lines {
            let line_number = index + 1;
            let refuse =
                |expected| E::Line { line: line_number, got: line.chars().take(80).collect(), expected };
            let room = |what, got, max| {
                if got < max { Ok(()) } else { Err(E::TooMany { line: line_number, what, max }) }
            };
            match line.split_once(' ') {
                Some(("input", rest)) => {
                    room("inputs", inputs.len(), MAX_INPUTS)?;
                    inputs.push(
                        input(rest)
                            .ok_or_else(|| refuse("input TYPE KIND BLOCKS degree DEGREE level LEVEL"))?,
                    );
                }
                Some((word @ ("output" | "release"), rest)) => {
                    room("outputs", outputs.len(), MAX_OUTPUTS)?;
                    let value = value_id(rest).ok_or_else(|| refuse("output %VALUE or release %VALUE"))?;
                    outputs.push(Output { value, release: word == "release" });
                }
                Some((word, rest)) => {
                    room("steps", steps.len(), MAX_STEPS)?;
                    steps.push(
                        step(word, rest)
                            .ok_or_else(|| refuse("constant TYPE VALUE or OPERATION TYPE %VALUE ..."))?,
                    );
                }
                None => return Err(refuse("input, a step, output or release")),
            }
        }
        let list = Self::new(inputs, steps, outputs)?;
        if list.to_text() == text { Ok(list) } else { Err(E::NotCanonical) }
    }

    /// Keccak-256 of the canonical text.
    pub fn id(&self) -> ProgramId {
        ProgramId(Keccak256::digest(self.to_text().as_bytes()).into())
    }
}

fn input(rest: &str) -> Option<OperationInput> {
    let (declared, level) = rest.split_once(" level ")?;
    Some(OperationInput { declaration: declaration(declared)?, noise_level: level.parse().ok()? })
}

fn step(word: &str, rest: &str) -> Option<Step> {
    let (type_name, rest) = rest.split_once(' ')?;
    let value_type = ValueType::from_name(type_name)?;
    if word == "constant" {
        return Some(Step::Constant { value_type, value: rest.parse().ok()? });
    }
    let operation = OperationId::from_name(word)?;
    let mut operands = Vec::new();
    for operand in rest.split(' ') {
        if operands.len() == MAX_OPERANDS {
            return None;
        }
        operands.push(value_id(operand)?);
    }
    Some(Step::Apply { operation, result: value_type, operands })
}

fn value_id(word: &str) -> Option<ValueId> {
    word.strip_prefix('%')?.parse().ok()
}
