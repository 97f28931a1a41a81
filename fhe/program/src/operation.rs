//! Operation lists: what an application submits. Typed operations over input handles and earlier results, lowered to a
//! circuit by [`crate::lowering`].
//!
//! Values are numbered: inputs first, then the result of each step. An operation is one file that holds its types, its
//! plaintext meaning and its lowering, and one line in [`registry`].
//!
//! | module | holds |
//! | --- | --- |
//! | [`registry`] | the trait of an operation, and the list of all |
//! | [`text`] | canonical text and identifier |
//! | [`evaluate`] | plaintext meaning of a whole list |
//! | [`arithmetic`], [`bitwise`], [`comparison`], [`conversion`], [`equality`], [`extremum`], [`selection`] | the operations |

pub mod arithmetic;
pub mod bitwise;
pub mod comparison;
pub mod conversion;
pub mod equality;
pub mod evaluate;
pub mod extremum;
pub mod registry;
pub mod selection;
pub mod text;

use crate::limits::{MAX_INPUTS, MAX_OPERANDS, MAX_OUTPUTS, MAX_STEPS};
use crate::value::{Declaration, ValueType};

pub use evaluate::EvaluationError;
pub use registry::{Operation, OperationId};
pub use text::OperationTextError;

/// Number of a value: inputs first, then the result of each step.
pub type ValueId = u16;

/// An input handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OperationInput {
    /// Type, key, blocks, and the largest plaintext of a block. A fresh value has degree 1 (bool) or 3; a larger degree
    /// says that blocks hold carries, which the lowering propagates.
    pub declaration: Declaration,
    /// Noise level of the handle: 1 when fresh or bootstrapped, up to 5.
    pub noise_level: u8,
}

/// One step. Its result is the next value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A public constant.
    Constant {
        /// Type of the constant.
        value_type: ValueType,
        /// Below 2 to the bits of the type.
        value: u64,
    },
    /// An operation on earlier values.
    Apply {
        /// Which operation.
        operation: OperationId,
        /// Type of the result.
        result: ValueType,
        /// Earlier values.
        operands: Vec<ValueId>,
    },
}

/// An output handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Output {
    /// The value.
    pub value: ValueId,
    /// Whether every block must leave a bootstrapping, as the release policy demands of what is decrypted. Costs one
    /// bootstrapping for each block that would not by itself.
    pub release: bool,
}

/// An operation list. Built only by [`OperationList::new`], so that every instance is well formed and typed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OperationList {
    inputs: Vec<OperationInput>,
    steps: Vec<Step>,
    outputs: Vec<Output>,
}

/// Why an operation list is malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperationError {
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
    /// A type that has no operations, or blocks or a degree that the type does not take.
    #[error(
        "input {index}: {value_type} of {blocks} blocks and degree {degree}; expected bool of degree 1, or an unsigned integer of its own number of blocks and degree 3 to 15"
    )]
    Input {
        /// Index of the handle.
        index: usize,
        /// Name of its type.
        value_type: &'static str,
        /// Blocks declared.
        blocks: u8,
        /// Degree declared.
        degree: u8,
    },
    /// Noise level outside 1 to 5.
    #[error("input {index}: noise level {got}, expected 1 to 5")]
    NoiseLevel {
        /// Index of the handle.
        index: usize,
        /// Level declared.
        got: u8,
    },
    /// A constant that its type does not hold.
    #[error("step {step}: constant {value} does not fit {value_type}")]
    Constant {
        /// Index of the step.
        step: usize,
        /// The constant.
        value: u64,
        /// Name of the type.
        value_type: &'static str,
    },
    /// An operand that is no earlier value.
    #[error("step {step}: operand %{operand} is not before it")]
    UnknownOperand {
        /// Index of the step.
        step: usize,
        /// Value named.
        operand: ValueId,
    },
    /// Operand and result types that the operation does not have.
    #[error("step {step}: {operation} takes {signature}, not ({operands}) -> {result}")]
    Types {
        /// Index of the step.
        step: usize,
        /// Name of the operation.
        operation: &'static str,
        /// What it takes.
        signature: &'static str,
        /// Types of the operands given.
        operands: String,
        /// Result type given.
        result: &'static str,
    },
    /// An output that is no value.
    #[error("output {output}: %{value} is no value of the list")]
    UnknownOutput {
        /// Index of the output.
        output: usize,
        /// Value named.
        value: ValueId,
    },
}

impl OperationList {
    /// Checks shape and types and builds the list.
    pub fn new(
        inputs: Vec<OperationInput>,
        steps: Vec<Step>,
        outputs: Vec<Output>,
    ) -> Result<Self, OperationError> {
        count("inputs", inputs.len(), 1, MAX_INPUTS)?;
        count("steps", steps.len(), 0, MAX_STEPS)?;
        count("outputs", outputs.len(), 1, MAX_OUTPUTS)?;
        for (index, input) in inputs.iter().enumerate() {
            check_input(index, input)?;
        }
        let mut types: Vec<ValueType> = inputs.iter().map(|i| i.declaration.value_type).collect();
        for (index, step) in steps.iter().enumerate() {
            types.push(check_step(index, step, &types)?);
        }
        for (output, o) in outputs.iter().enumerate() {
            if usize::from(o.value) >= types.len() {
                return Err(OperationError::UnknownOutput { output, value: o.value });
            }
        }
        Ok(Self { inputs, steps, outputs })
    }

    /// Input handles.
    pub fn inputs(&self) -> &[OperationInput] {
        &self.inputs
    }

    /// Steps in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Output handles.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// Types of all values, inputs first.
    pub fn types(&self) -> Vec<ValueType> {
        let inputs = self.inputs.iter().map(|i| i.declaration.value_type);
        inputs
            .chain(self.steps.iter().map(|s| match s {
                Step::Constant { value_type, .. } => *value_type,
                Step::Apply { result, .. } => *result,
            }))
            .collect()
    }
}

/// Bits of a type that operations take: `None` of [`ValueType::Nibbles`].
pub const fn bits(value_type: ValueType) -> Option<u32> {
    match value_type {
        ValueType::Bool => Some(1),
        ValueType::Uint8 => Some(8),
        ValueType::Uint16 => Some(16),
        ValueType::Uint32 => Some(32),
        ValueType::Uint64 => Some(64),
        ValueType::Nibbles => None,
    }
}

/// Largest integer of a type; 0 where it has no operations.
pub const fn max_value(value_type: ValueType) -> u64 {
    match bits(value_type) {
        Some(bits) => u64::MAX >> (64 - bits),
        None => 0,
    }
}

fn count(what: &'static str, got: usize, min: usize, max: usize) -> Result<(), OperationError> {
    if (min..=max).contains(&got) { Ok(()) } else { Err(OperationError::Count { what, got, min, max }) }
}

fn check_input(index: usize, input: &OperationInput) -> Result<(), OperationError> {
    let d = &input.declaration;
    let degrees = match d.value_type {
        ValueType::Bool => 1..=1,
        _ => 3..=15,
    };
    let blocks = d.value_type.fixed_blocks();
    if bits(d.value_type).is_none() || blocks != Some(d.blocks) || !degrees.contains(&d.degree) {
        return Err(OperationError::Input {
            index,
            value_type: d.value_type.name(),
            blocks: d.blocks,
            degree: d.degree,
        });
    }
    if !(1..=5).contains(&input.noise_level) {
        return Err(OperationError::NoiseLevel { index, got: input.noise_level });
    }
    Ok(())
}

/// The type of the step's result.
fn check_step(step: usize, content: &Step, types: &[ValueType]) -> Result<ValueType, OperationError> {
    match content {
        Step::Constant { value_type, value } => {
            if bits(*value_type).is_none() || *value > max_value(*value_type) {
                return Err(OperationError::Constant { step, value: *value, value_type: value_type.name() });
            }
            Ok(*value_type)
        }
        Step::Apply { operation, result, operands } => {
            count("operands of a step", operands.len(), 1, MAX_OPERANDS)?;
            let mut given = Vec::with_capacity(operands.len());
            for operand in operands {
                let known = types.get(usize::from(*operand));
                given.push(*known.ok_or(OperationError::UnknownOperand { step, operand: *operand })?);
            }
            let operation = operation.get();
            if bits(*result).is_none() || !operation.accepts(&given, *result) {
                return Err(OperationError::Types {
                    step,
                    operation: operation.name(),
                    signature: operation.signature(),
                    operands: given.iter().map(|t| t.name()).collect::<Vec<_>>().join(", "),
                    result: result.name(),
                });
            }
            Ok(*result)
        }
    }
}
