//! Limits of operation lists and circuits, checked before anything is allocated for them.

/// Most input handles of an operation list or circuit.
pub const MAX_INPUTS: usize = 64;
/// Most output handles of an operation list or circuit.
pub const MAX_OUTPUTS: usize = 16;
/// Most steps of an operation list.
pub const MAX_STEPS: usize = 4096;
/// Most operands of one step (a sum of many).
pub const MAX_OPERANDS: usize = 64;
/// Most bootstrappings of a circuit.
pub const MAX_BOOTSTRAPPINGS: usize = 1 << 14;
/// Most distinct lookup tables of a circuit.
pub const MAX_TABLES: usize = 1 << 12;
/// Most terms of a linear combination: a noise level of 5 leaves room for five, and a proof's digest takes six in one word.
pub const MAX_TERMS: usize = 6;
/// Longest text of an operation list that is read.
pub const MAX_OPERATIONS_TEXT_BYTES: usize = 1 << 20;
/// Longest text of a circuit that is read.
pub const MAX_CIRCUIT_TEXT_BYTES: usize = 8 << 20;
