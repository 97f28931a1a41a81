//! Evaluation of a circuit on plaintexts: the reference for every lowering and for every evaluator.
//!
//! A block is an integer modulo 32: sixteen plaintexts and the padding bit above them. A lookup of 16 or more gives
//! the negated value of the box sixteen below, as the accumulator (modulo X^N + 1) does.

use crate::circuit::{Circuit, Linear, Wire};
use crate::policy::DELTA;

/// Plaintexts of a block with its padding bit.
const MODULUS: u64 = 32;

/// Why a circuit has no plaintext evaluation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InterpreterError {
    /// A number of handles or blocks that the circuit does not declare.
    #[error("{what}: {got}, expected {expected}")]
    Shape {
        /// What is counted.
        what: &'static str,
        /// Given.
        got: usize,
        /// Declared.
        expected: usize,
    },
    /// A constant or table value between two plaintexts.
    #[error("word {word} is not a multiple of 2^59")]
    OffGrid {
        /// The word.
        word: u64,
    },
}

/// Evaluates the circuit on blocks from 0 to 31, one vector a handle, least significant block first.
pub fn interpret(circuit: &Circuit, inputs: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, InterpreterError> {
    shape("input handles", inputs.len(), circuit.inputs().len())?;
    for (given, declared) in inputs.iter().zip(circuit.inputs()) {
        shape("blocks of an input", given.len(), usize::from(declared.blocks))?;
    }
    let mut plaintexts: Vec<u8> = Vec::with_capacity(circuit.bootstrappings().len());
    for b in circuit.bootstrappings() {
        plaintexts.push(combine(circuit, &b.input, inputs, &plaintexts)?);
    }
    circuit
        .rows_by_output()
        .map(|rows| rows.iter().map(|row| combine(circuit, row, inputs, &plaintexts)).collect())
        .collect()
}

/// `looked_up`: the plaintext that each earlier bootstrapping's table is applied to.
fn combine(
    circuit: &Circuit,
    linear: &Linear,
    inputs: &[Vec<u8>],
    looked_up: &[u8],
) -> Result<u8, InterpreterError> {
    let mut sum = plaintext(linear.constant)?;
    for t in &linear.terms {
        let value = match t.wire {
            Wire::Input { handle, block } => u64::from(inputs[usize::from(handle)][usize::from(block)]),
            Wire::Output { bootstrapping, function } => {
                let index = bootstrapping as usize;
                let table = &circuit.tables()[circuit.bootstrappings()[index].table as usize];
                plaintext(table.word(function, looked_up[index]))?
            }
        };
        sum = sum.wrapping_add(value.wrapping_mul(i64::from(t.coefficient) as u64));
    }
    Ok((sum % MODULUS) as u8)
}

fn plaintext(word: u64) -> Result<u64, InterpreterError> {
    if word.is_multiple_of(DELTA) { Ok(word / DELTA) } else { Err(InterpreterError::OffGrid { word }) }
}

fn shape(what: &'static str, got: usize, expected: usize) -> Result<(), InterpreterError> {
    if got == expected { Ok(()) } else { Err(InterpreterError::Shape { what, got, expected }) }
}
