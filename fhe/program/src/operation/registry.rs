//! What an operation is, and the list of all of them.

use crate::lowering::{Builder, Value};
use crate::operation::{arithmetic, bitwise, comparison, conversion, equality, extremum, selection};
use crate::value::ValueType;

/// An operation: its types, its plaintext meaning, its lowering.
pub trait Operation: Sync {
    /// Name in texts: lower-case letters.
    fn name(&self) -> &'static str;
    /// Its types in words, for error messages.
    fn signature(&self) -> &'static str;
    /// Whether it takes these operands to this result.
    fn accepts(&self, operands: &[ValueType], result: ValueType) -> bool;
    /// The result on plaintexts, each below 2 to the bits of its type. Integers wrap; bool is 0 or 1.
    ///
    /// The result is taken modulo 2 to the bits of the result type by the caller.
    fn evaluate(&self, operands: &[u64], result: ValueType) -> u64;
    /// The result as linear combinations of wires, adding bootstrappings to the builder.
    fn lower(&self, builder: &mut Builder, operands: &[&Value], result: ValueType) -> Value;
}

/// All operations. A new one is a line here; the order has no meaning outside this process.
const REGISTRY: [&dyn Operation; 18] = [
    &arithmetic::Add,
    &arithmetic::Neg,
    &arithmetic::Sub,
    &arithmetic::SumOfMany,
    &bitwise::And,
    &bitwise::Not,
    &bitwise::Or,
    &bitwise::Xor,
    &comparison::GreaterOrEqual,
    &comparison::GreaterThan,
    &comparison::LessOrEqual,
    &comparison::LessThan,
    &conversion::Cast,
    &equality::Equal,
    &equality::NotEqual,
    &extremum::Maximum,
    &extremum::Minimum,
    &selection::Select,
];

/// An operation of the registry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationId(u8);

impl OperationId {
    /// Every operation.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..REGISTRY.len() as u8).map(Self)
    }

    /// The operation with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|id| id.get().name() == name)
    }

    /// The operation itself.
    pub fn get(self) -> &'static dyn Operation {
        REGISTRY[usize::from(self.0)]
    }
}

impl std::fmt::Debug for OperationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.get().name())
    }
}

/// Whether all are the same unsigned integer type.
pub(crate) fn same_integers(types: &[ValueType]) -> bool {
    types.iter().all(|t| *t == types[0] && *t != ValueType::Bool && *t != ValueType::Nibbles)
}

/// Whether all are the same type, bool included.
pub(crate) fn same_types(types: &[ValueType]) -> bool {
    types.iter().all(|t| *t == types[0] && *t != ValueType::Nibbles)
}
