//! Linear combinations of wires under construction, and values made of them.

use crate::operation::bits;
use crate::value::ValueType;

/// A wire under construction. Sorts in topological order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A block of an input handle.
    Input {
        /// Index of the handle.
        handle: u8,
        /// Block inside it.
        block: u8,
    },
    /// The result of a lookup of the builder.
    Lookup(u32),
}

/// `sum coefficient * source + constant`, in plaintexts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Form {
    /// Strictly increasing in the source; no coefficient is 0.
    terms: Vec<(Source, i32)>,
    constant: i32,
}

impl Form {
    /// A public constant.
    pub fn constant(value: i32) -> Self {
        Self { terms: Vec::new(), constant: value }
    }

    /// A wire.
    pub fn source(source: Source) -> Self {
        Self { terms: vec![(source, 1)], constant: 0 }
    }

    /// The terms.
    pub fn terms(&self) -> &[(Source, i32)] {
        &self.terms
    }

    /// What is added to the terms.
    pub fn offset(&self) -> i32 {
        self.constant
    }

    /// The value of a form without terms.
    pub fn as_constant(&self) -> Option<i32> {
        self.terms.is_empty().then_some(self.constant)
    }

    /// `self + coefficient * other`.
    pub fn plus(&self, coefficient: i32, other: &Self) -> Self {
        let mut terms = self.terms.clone();
        for (source, c) in &other.terms {
            match terms.binary_search_by_key(source, |t| t.0) {
                Ok(place) => terms[place].1 += coefficient * c,
                Err(place) => terms.insert(place, (*source, coefficient * c)),
            }
        }
        terms.retain(|t| t.1 != 0);
        Self { terms, constant: self.constant + coefficient * other.constant }
    }

    /// `self + value`.
    pub fn plus_constant(&self, value: i32) -> Self {
        Self { terms: self.terms.clone(), constant: self.constant + value }
    }

    /// `-self`.
    pub fn negated(&self) -> Self {
        Self::default().plus(-1, self)
    }
}

/// A typed value: one form a block, least significant first. Blocks hold 0 to 3, those of a bool 0 or 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// Its type.
    pub value_type: ValueType,
    /// Its blocks.
    pub blocks: Vec<Form>,
}

impl Value {
    /// A public constant.
    pub fn constant(value_type: ValueType, value: u64) -> Self {
        let block = |i: usize| Form::constant((value >> (2 * i) & 3) as i32);
        Self { value_type, blocks: (0..block_count(value_type)).map(block).collect() }
    }

    /// A truth value.
    pub fn bool(block: Form) -> Self {
        Self { value_type: ValueType::Bool, blocks: vec![block] }
    }
}

/// Blocks of a type: two bits each.
pub fn block_count(value_type: ValueType) -> usize {
    bits(value_type).map_or(0, |b| b.div_ceil(2) as usize)
}

/// Largest plaintext of a clean block of this type.
pub fn clean_degree(value_type: ValueType) -> i32 {
    if value_type == ValueType::Bool { 1 } else { 3 }
}
