//! Plaintext meaning of an operation list: the other side of every lowering's test.

use crate::operation::{OperationList, Step, max_value};

/// Why a list has no value on these plaintexts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// Not one plaintext for each input.
    #[error("{got} plaintexts, expected {expected}")]
    Count {
        /// Plaintexts given.
        got: usize,
        /// Inputs declared.
        expected: usize,
    },
    /// A plaintext that its type does not hold.
    #[error("input {input}: plaintext {value} does not fit {value_type}")]
    Input {
        /// Index of the input.
        input: usize,
        /// The plaintext.
        value: u64,
        /// Name of the type.
        value_type: &'static str,
    },
}

impl OperationList {
    /// The outputs for these inputs, each below 2 to the bits of its type.
    pub fn evaluate(&self, inputs: &[u64]) -> Result<Vec<u64>, EvaluationError> {
        if inputs.len() != self.inputs().len() {
            return Err(EvaluationError::Count { got: inputs.len(), expected: self.inputs().len() });
        }
        let mut values = Vec::with_capacity(inputs.len() + self.steps().len());
        for (input, (value, declared)) in inputs.iter().zip(self.inputs()).enumerate() {
            let value_type = declared.declaration.value_type;
            if *value > max_value(value_type) {
                return Err(EvaluationError::Input { input, value: *value, value_type: value_type.name() });
            }
            values.push(*value);
        }
        for step in self.steps() {
            values.push(match step {
                Step::Constant { value, .. } => *value,
                Step::Apply { operation, result, operands } => {
                    let given: Vec<u64> = operands.iter().map(|o| values[usize::from(*o)]).collect();
                    operation.get().evaluate(&given, *result) & max_value(*result)
                }
            });
        }
        Ok(self.outputs().iter().map(|o| values[usize::from(o.value)]).collect())
    }
}
