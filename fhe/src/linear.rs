//! Exact evaluation of linear programs: wrapping arithmetic modulo 2^64, the same words on every machine.

use crate::parameters::POLYNOMIAL_SIZE;
use crate::words::{BlockWords, ValueWords, WordsError};
use rayon::prelude::*;
use trine_program::{Declaration, LinearProgram, LinearRow};

/// Why a program is not evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// Number of values is not that of the program's inputs.
    #[error("{got} values, the program takes {expected}")]
    InputCount {
        /// Values given.
        got: usize,
        /// Inputs of the program.
        expected: usize,
    },
    /// A value is not what the program declares.
    #[error("input {index} is {got:?}, the program declares {expected:?}")]
    Declaration {
        /// Index of the input.
        index: usize,
        /// Declaration of the value.
        got: Declaration,
        /// Declaration of the program.
        expected: Declaration,
    },
    /// An output could not be built.
    #[error(transparent)]
    Words(#[from] WordsError),
}

/// Evaluates a program on the words of its inputs, exactly.
pub fn evaluate(program: &LinearProgram, inputs: &[ValueWords]) -> Result<Vec<ValueWords>, EvaluationError> {
    let expected = program.inputs();
    if inputs.len() != expected.len() {
        return Err(EvaluationError::InputCount { got: inputs.len(), expected: expected.len() });
    }
    for (index, (value, expected)) in inputs.iter().zip(expected).enumerate() {
        if value.declaration() != expected {
            return Err(EvaluationError::Declaration {
                index,
                got: *value.declaration(),
                expected: *expected,
            });
        }
    }
    let rows: Vec<&[LinearRow]> = program.rows_by_output().collect();
    program
        .outputs()
        .iter()
        .zip(rows)
        .map(|(declaration, rows)| {
            let blocks = rows.par_iter().map(|row| combine(row, inputs)).collect();
            Ok(ValueWords::new(*declaration, blocks)?)
        })
        .collect()
}

fn combine(row: &LinearRow, inputs: &[ValueWords]) -> BlockWords {
    let mut sum = BlockWords::zero();
    for term in &row.terms {
        let coefficient = i64::from(term.coefficient) as u64;
        let block = &inputs[usize::from(term.input)].blocks()[usize::from(term.block)];
        for (to, word) in sum.words_mut().iter_mut().zip(block.words()) {
            *to = to.wrapping_add(coefficient.wrapping_mul(*word));
        }
    }
    let body = &mut sum.words_mut()[POLYNOMIAL_SIZE];
    *body = body.wrapping_add(row.constant);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::{BLOCK_WORDS, DELTA};
    use trine_program::{KeyKind, Term, ValueType};

    fn declaration(degree: u8) -> Declaration {
        Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: 1, degree }
    }

    fn value(word: impl Fn(u64) -> u64) -> ValueWords {
        let block = BlockWords::new((0..BLOCK_WORDS as u64).map(word).collect()).unwrap();
        ValueWords::new(declaration(1), vec![block]).unwrap()
    }

    #[test]
    fn words_wrap_and_the_constant_meets_only_the_body() {
        let row = LinearRow {
            terms: vec![
                Term { input: 0, block: 0, coefficient: -3 },
                Term { input: 1, block: 0, coefficient: 127 },
            ],
            constant: DELTA,
        };
        let program = LinearProgram::new(vec![declaration(1); 2], vec![declaration(15)], vec![row]).unwrap();
        let inputs = [value(|i| i), value(|_| u64::MAX)];
        let out = evaluate(&program, &inputs).unwrap();
        let words = out[0].blocks()[0].words();
        assert_eq!(words[5], (-15i64 - 127) as u64);
        assert_eq!(words[POLYNOMIAL_SIZE], ((-3 * 2048i64 - 127) as u64).wrapping_add(DELTA));
    }

    #[test]
    fn a_value_of_another_declaration_is_refused() {
        let program = LinearProgram::sum(2, declaration(1), 2).unwrap();
        let other = ValueWords::new(declaration(2), vec![BlockWords::zero()]).unwrap();
        let error = evaluate(&program, &[value(|i| i), other]).unwrap_err();
        assert!(matches!(error, EvaluationError::Declaration { index: 1, .. }));
        assert!(matches!(
            evaluate(&program, &[value(|i| i)]),
            Err(EvaluationError::InputCount { got: 1, expected: 2 })
        ));
    }
}
