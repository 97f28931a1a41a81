//! Operation lists with named inputs and outputs.

use trine_program::operation::{
    OperationError, OperationId, OperationInput, OperationList, Output, Step, ValueId,
};
use trine_program::value::{Declaration, KeyKind, ValueType};

/// Largest plaintext of a block of a fresh integer: its two message bits.
const MESSAGE_DEGREE: u8 = 3;

/// A value of a list under construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    value_type: ValueType,
    source: Source,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Input(ValueId),
    Step(ValueId),
    /// Becomes a step where it is first used, as an engine numbers it.
    Constant(u64),
}

impl Value {
    /// A public constant.
    pub const fn constant(value_type: ValueType, value: u64) -> Self {
        Self { value_type, source: Source::Constant(value) }
    }
}

/// An operation list, and what its inputs and outputs are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedList {
    /// The list.
    pub list: OperationList,
    /// A name for each input.
    pub inputs: Vec<String>,
    /// A name for each output.
    pub outputs: Vec<String>,
}

/// Builds a list. All inputs are declared before the list is finished, in any place.
///
/// Inputs that are declared in the order of their first use, and used, keep their numbers when the list travels to an
/// engine: both sides then compute the same identifiers.
#[derive(Default)]
pub struct ListBuilder {
    inputs: Vec<(String, ValueType)>,
    steps: Vec<PendingStep>,
    outputs: Vec<(String, Source, bool)>,
}

/// A step whose operands are not numbered yet: the number of inputs is not known.
enum PendingStep {
    Constant(ValueType, u64),
    Apply { operation: OperationId, result: ValueType, operands: Vec<Source> },
}

impl ListBuilder {
    /// A fresh encryption under the compute key.
    pub fn input(&mut self, name: impl Into<String>, value_type: ValueType) -> Value {
        let source = Source::Input(self.inputs.len() as ValueId);
        self.inputs.push((name.into(), value_type));
        Value { value_type, source }
    }

    /// `a + b` modulo the type.
    pub fn add(&mut self, a: Value, b: Value) -> Value {
        self.apply("add", a.value_type, &[a, b])
    }

    /// `a - b` modulo the type.
    pub fn sub(&mut self, a: Value, b: Value) -> Value {
        self.apply("sub", a.value_type, &[a, b])
    }

    /// The sum of one value or more, modulo the type.
    pub fn sum(&mut self, values: &[Value]) -> Value {
        self.apply("sum", values[0].value_type, values)
    }

    /// `a < b`.
    pub fn lt(&mut self, a: Value, b: Value) -> Value {
        self.apply("lt", ValueType::Bool, &[a, b])
    }

    /// `a >= b`.
    pub fn ge(&mut self, a: Value, b: Value) -> Value {
        self.apply("ge", ValueType::Bool, &[a, b])
    }

    /// `a <= b`.
    pub fn le(&mut self, a: Value, b: Value) -> Value {
        self.apply("le", ValueType::Bool, &[a, b])
    }

    /// `a & b`.
    pub fn and(&mut self, a: Value, b: Value) -> Value {
        self.apply("and", a.value_type, &[a, b])
    }

    /// `if condition { a } else { b }`.
    pub fn select(&mut self, condition: Value, a: Value, b: Value) -> Value {
        self.apply("select", a.value_type, &[condition, a, b])
    }

    /// The value in another type.
    pub fn cast(&mut self, a: Value, value_type: ValueType) -> Value {
        self.apply("cast", value_type, &[a])
    }

    /// An output. `release`: it will be decrypted, so every block must leave a bootstrapping; else it is an input of later
    /// jobs.
    pub fn output(&mut self, name: impl Into<String>, value: Value, release: bool) {
        self.outputs.push((name.into(), value.source, release));
    }

    /// Checks the list and numbers its values.
    ///
    /// Error: a type, count or output that a list does not have.
    pub fn finish(self) -> Result<NamedList, OperationError> {
        let first_step = self.inputs.len() as ValueId;
        let number = |source: &Source| match *source {
            Source::Input(index) => index,
            Source::Step(index) => first_step + index,
            // A constant is no output: the list refuses the number.
            Source::Constant(_) => ValueId::MAX,
        };
        let declared = self.inputs.iter().map(|(_, value_type)| fresh(*value_type)).collect();
        let steps = self.steps.into_iter().map(|step| match step {
            PendingStep::Constant(value_type, value) => Step::Constant { value_type, value },
            PendingStep::Apply { operation, result, operands } => {
                Step::Apply { operation, result, operands: operands.iter().map(number).collect() }
            }
        });
        let outputs =
            self.outputs.iter().map(|(_, s, release)| Output { value: number(s), release: *release });
        Ok(NamedList {
            list: OperationList::new(declared, steps.collect(), outputs.collect())?,
            inputs: self.inputs.into_iter().map(|(name, _)| name).collect(),
            outputs: self.outputs.into_iter().map(|(name, ..)| name).collect(),
        })
    }

    fn apply(&mut self, name: &str, result: ValueType, operands: &[Value]) -> Value {
        let operation = OperationId::from_name(name).expect("an operation of the registry");
        let operands = operands.iter().map(|o| self.operand(o)).collect();
        self.push(PendingStep::Apply { operation, result, operands }, result)
    }

    /// A constant is a step of its own, one however often it is used.
    fn operand(&mut self, value: &Value) -> Source {
        let Source::Constant(constant) = value.source else { return value.source };
        let known = self.steps.iter().position(
            |s| matches!(s, PendingStep::Constant(t, c) if *t == value.value_type && *c == constant),
        );
        match known {
            Some(index) => Source::Step(index as ValueId),
            None => self.push(PendingStep::Constant(value.value_type, constant), value.value_type).source,
        }
    }

    fn push(&mut self, step: PendingStep, value_type: ValueType) -> Value {
        let source = Source::Step(self.steps.len() as ValueId);
        self.steps.push(step);
        Value { value_type, source }
    }
}

fn fresh(value_type: ValueType) -> OperationInput {
    let blocks = value_type.fixed_blocks().unwrap_or(0);
    let degree = if value_type == ValueType::Bool { 1 } else { MESSAGE_DEGREE };
    let declaration = Declaration { value_type, key_kind: KeyKind::Compute, blocks, degree };
    OperationInput { declaration, noise_level: 1 }
}
