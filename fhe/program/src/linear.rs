//! Linear programs: every output block is a weighted sum of input blocks plus a constant.

use crate::value::{Declaration, MAX_BLOCKS};

/// `coefficient * input[input].block[block]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Term {
    /// Index of the input handle.
    pub input: u8,
    /// Block inside it.
    pub block: u8,
    /// Nonzero small signed weight.
    pub coefficient: i8,
}

/// One output block: `sum terms + constant`, the constant added to the body word.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct LinearRow {
    /// Strictly increasing in (input, block).
    pub terms: Vec<Term>,
    /// Added to the body, modulo 2^64.
    pub constant: u64,
}

/// A linear program. Built only by [`LinearProgram::new`], so that every instance is well formed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LinearProgram {
    inputs: Vec<Declaration>,
    outputs: Vec<Declaration>,
    rows: Vec<LinearRow>,
}

/// Most input handles of one linear program.
pub const MAX_INPUTS: usize = 15;
/// Most output handles of one linear program.
pub const MAX_OUTPUTS: usize = 4;
/// Most blocks of a handle in a linear program.
pub const MAX_LINEAR_BLOCKS: u8 = 4;

/// Why a linear program is malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// Number of handles outside the class.
    #[error("{what}: {got} handles, expected 1 to {max}")]
    HandleCount {
        /// "inputs" or "outputs".
        what: &'static str,
        /// Handles given.
        got: usize,
        /// Most that the class takes.
        max: usize,
    },
    /// Number of blocks not that of the type, or outside the class.
    #[error("{what} {index}: type {type_name} with {got} blocks, expected {expected}")]
    Blocks {
        /// "input" or "output".
        what: &'static str,
        /// Index of the handle.
        index: usize,
        /// Name of its type.
        type_name: &'static str,
        /// Blocks given.
        got: u8,
        /// What the type or the class takes.
        expected: String,
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
    /// Handles of several key kinds in one linear program.
    #[error("{what} {index}: key kind differs from that of input 0")]
    KeyKind {
        /// "input" or "output".
        what: &'static str,
        /// Index of the handle.
        index: usize,
    },
    /// Not one row for each output block.
    #[error("{got} rows, expected {expected}, one for each output block")]
    RowCount {
        /// Rows given.
        got: usize,
        /// Output blocks.
        expected: usize,
    },
    /// A term names an input or block that is not declared.
    #[error("row {row}: term names block {block} of input {input}, which is not declared")]
    UnknownBlock {
        /// Row of the term.
        row: usize,
        /// Input named.
        input: u8,
        /// Block named.
        block: u8,
    },
    /// Terms not strictly increasing in (input, block).
    #[error("row {row}: terms are not strictly increasing in (input, block)")]
    TermOrder {
        /// Row of the term.
        row: usize,
    },
    /// A zero coefficient, or -128, whose negation is no coefficient.
    #[error("row {row}: coefficient {got}, expected -127 to 127 and not 0")]
    Coefficient {
        /// Row of the term.
        row: usize,
        /// Coefficient given.
        got: i64,
    },
}

impl LinearProgram {
    /// Checks the shape and builds the program. One row for each block of each output, in order.
    pub fn new(
        inputs: Vec<Declaration>,
        outputs: Vec<Declaration>,
        rows: Vec<LinearRow>,
    ) -> Result<Self, ProgramError> {
        check_handles("input", "inputs", &inputs, MAX_INPUTS)?;
        check_handles("output", "outputs", &outputs, MAX_OUTPUTS)?;
        let kind = inputs[0].key_kind;
        for (what, list) in [("input", &inputs), ("output", &outputs)] {
            if let Some(index) = list.iter().position(|d| d.key_kind != kind) {
                return Err(ProgramError::KeyKind { what, index });
            }
        }
        let expected = outputs.iter().map(|d| usize::from(d.blocks)).sum();
        if rows.len() != expected {
            return Err(ProgramError::RowCount { got: rows.len(), expected });
        }
        for (row, content) in rows.iter().enumerate() {
            check_row(row, content, &inputs)?;
        }
        Ok(Self { inputs, outputs, rows })
    }

    /// The unweighted sum of `inputs` values of the same declaration, block by block: a tally.
    pub fn sum(inputs: usize, each: Declaration, output_degree: u8) -> Result<Self, ProgramError> {
        let rows = (0..each.blocks)
            .map(|block| LinearRow {
                terms: (0..inputs).map(|input| Term { input: input as u8, block, coefficient: 1 }).collect(),
                constant: 0,
            })
            .collect();
        let output = Declaration { degree: output_degree, ..each };
        Self::new(vec![each; inputs], vec![output], rows)
    }

    /// Declarations of the input handles.
    pub fn inputs(&self) -> &[Declaration] {
        &self.inputs
    }

    /// Declarations of the output handles.
    pub fn outputs(&self) -> &[Declaration] {
        &self.outputs
    }

    /// All rows, output handle by output handle, block by block.
    pub fn rows(&self) -> &[LinearRow] {
        &self.rows
    }

    /// The rows of each output handle.
    pub fn rows_by_output(&self) -> impl Iterator<Item = &[LinearRow]> {
        let mut rest = self.rows.as_slice();
        self.outputs.iter().map(move |d| {
            let (head, tail) = rest.split_at(usize::from(d.blocks));
            rest = tail;
            head
        })
    }
}

fn check_handles(
    what: &'static str,
    plural: &'static str,
    list: &[Declaration],
    max: usize,
) -> Result<(), ProgramError> {
    if list.is_empty() || list.len() > max {
        return Err(ProgramError::HandleCount { what: plural, got: list.len(), max });
    }
    for (index, d) in list.iter().enumerate() {
        let most = MAX_LINEAR_BLOCKS.min(MAX_BLOCKS);
        let fixed = d.value_type.fixed_blocks();
        if d.blocks == 0 || d.blocks > most || fixed.is_some_and(|b| b != d.blocks) {
            return Err(ProgramError::Blocks {
                what,
                index,
                type_name: d.value_type.name(),
                got: d.blocks,
                expected: match fixed {
                    Some(b) => format!("{b} and at most {most}"),
                    None => format!("1 to {most}"),
                },
            });
        }
        if d.degree == 0 || d.degree > 15 {
            return Err(ProgramError::Degree { what, index, got: d.degree });
        }
    }
    Ok(())
}

fn check_row(row: usize, content: &LinearRow, inputs: &[Declaration]) -> Result<(), ProgramError> {
    for t in &content.terms {
        let declared = inputs.get(usize::from(t.input)).is_some_and(|d| t.block < d.blocks);
        if !declared {
            return Err(ProgramError::UnknownBlock { row, input: t.input, block: t.block });
        }
        if t.coefficient == 0 || t.coefficient == i8::MIN {
            return Err(ProgramError::Coefficient { row, got: i64::from(t.coefficient) });
        }
    }
    let increasing = content.terms.windows(2).all(|w| (w[0].input, w[0].block) < (w[1].input, w[1].block));
    if increasing { Ok(()) } else { Err(ProgramError::TermOrder { row }) }
}
