//! Circuits: what is evaluated and proved. A list of bootstrappings in topological order, each a lookup table applied
//! to a small linear combination of wires, and one linear combination for each output block.
//!
//! A [`Circuit`] is well formed by construction ([`CircuitError`] names each rule). Whether it may run on given
//! handles is another question, answered by [`admissible`] from the text and the records of the handles.
//!
//! | module | holds |
//! | --- | --- |
//! | [`form`] | what makes a circuit well formed, and its levels |
//! | [`text`] | canonical text and identifier |
//! | [`merge`] | several circuits as one |
//! | [`interpreter`] | evaluation on plaintexts: the reference for lowerings and evaluators |
//! | [`value_set`], [`reach`] | which plaintexts a wire or a linear combination can take |
//! | [`segment`] | circuits larger than one proof, cut into segments |
//! | [`check`] | the predicate that is recomputed from the text before a circuit runs |
//! | [`release`] | the policy that is recomputed from all texts before outputs are decrypted |

pub mod check;
pub mod form;
pub mod interpreter;
pub mod merge;
pub mod reach;
pub mod release;
pub mod segment;
pub mod text;
pub mod value_set;

use crate::value::{Declaration, KeyKind};

pub use check::{HandleRecord, NoiseModel, OutputRecord, Violation, admissible};
pub use form::CircuitError;
pub use interpreter::{InterpreterError, interpret};
pub use merge::merge;
pub use release::{InputSource, Leaf, ReleaseViolation, releasable};
pub use segment::{Segment, SegmentError, SegmentLimits, Source, segments};
pub use text::CircuitTextError;

/// Plaintexts that a lookup table is written for: two message and two carry bits.
pub const BOXES: usize = 16;
/// Most functions that share one table.
pub const MAX_FUNCTIONS: u8 = 8;
/// Coefficients of the accumulator that one plaintext takes: N / 16.
pub const BOX_COEFFICIENTS: usize = 128;

/// A ciphertext block inside a circuit. Inputs sort before bootstrappings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wire {
    /// A block of an input handle.
    Input {
        /// Index of the handle.
        handle: u8,
        /// Block inside it.
        block: u8,
    },
    /// One function of the table of an earlier bootstrapping.
    Output {
        /// Index of the bootstrapping.
        bootstrapping: u32,
        /// Function of its table.
        function: u8,
    },
}

/// `coefficient * wire`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Term {
    /// The wire.
    pub wire: Wire,
    /// Weight from -127 to 127, not 0.
    pub coefficient: i8,
}

/// `sum terms + constant`, the constant added to the body word.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Linear {
    /// Strictly increasing in the wire.
    pub terms: Vec<Term>,
    /// Added to the body, modulo 2^64.
    pub constant: u64,
}

/// A lookup table: the box values for 16 plaintexts, shared by one or more functions.
///
/// F functions divide the boxes into F runs of `16 / F` (rounded down). Function f reads run f: its output is extracted
/// at coefficient [`Table::offset`] of the accumulator, as tfhe-rs's tables of many functions do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Table {
    /// F, 1 to [`MAX_FUNCTIONS`].
    pub functions: u8,
    /// Words added for each plaintext, modulo 2^64.
    pub boxes: [u64; BOXES],
}

impl Table {
    /// Plaintexts that each function may be applied to: `floor(16 / F)`.
    pub const fn domain(&self) -> usize {
        BOXES / self.functions as usize
    }

    /// Coefficient of the accumulator at which `function` is extracted.
    pub const fn offset(&self, function: u8) -> usize {
        function as usize * self.domain() * BOX_COEFFICIENTS
    }

    /// The word that `function` gives for a plaintext modulo 32: past the sixteenth box the table is read negated
    /// (the accumulator is a polynomial modulo X^N + 1).
    pub const fn word(&self, function: u8, plaintext: u8) -> u64 {
        let place = (plaintext as usize + function as usize * self.domain()) % (2 * BOXES);
        if place < BOXES { self.boxes[place] } else { self.boxes[place - BOXES].wrapping_neg() }
    }
}

/// One keyswitch and bootstrapping.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bootstrapping {
    /// Keyswitching key, and so the key that all wires of `input` are under.
    pub key_kind: KeyKind,
    /// Index of the lookup table.
    pub table: u32,
    /// What the table is applied to.
    pub input: Linear,
}

/// A circuit. Built only by [`Circuit::new`], so that every instance is well formed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Circuit {
    inputs: Vec<Declaration>,
    outputs: Vec<Declaration>,
    tables: Vec<Table>,
    bootstrappings: Vec<Bootstrapping>,
    rows: Vec<Linear>,
}

impl Circuit {
    /// Checks the form and builds the circuit. One row for each block of each output, in order.
    pub fn new(
        inputs: Vec<Declaration>,
        outputs: Vec<Declaration>,
        tables: Vec<Table>,
        bootstrappings: Vec<Bootstrapping>,
        rows: Vec<Linear>,
    ) -> Result<Self, CircuitError> {
        let circuit = Self { inputs, outputs, tables, bootstrappings, rows };
        form::check(&circuit)?;
        Ok(circuit)
    }

    /// Declarations of the input handles.
    pub fn inputs(&self) -> &[Declaration] {
        &self.inputs
    }

    /// Declarations of the output handles.
    pub fn outputs(&self) -> &[Declaration] {
        &self.outputs
    }

    /// Lookup tables, in the order of their first use.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Bootstrappings in topological order.
    pub fn bootstrappings(&self) -> &[Bootstrapping] {
        &self.bootstrappings
    }

    /// All output blocks, output handle by output handle.
    pub fn rows(&self) -> &[Linear] {
        &self.rows
    }

    /// The output blocks of each output handle.
    pub fn rows_by_output(&self) -> impl Iterator<Item = &[Linear]> {
        let mut rest = self.rows.as_slice();
        self.outputs.iter().map(move |d| {
            let (head, tail) = rest.split_at(usize::from(d.blocks));
            rest = tail;
            head
        })
    }
}
