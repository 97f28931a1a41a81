//! May this circuit run on these handles, and what does it produce? The predicate that an engine applies before it
//! evaluates, from the circuit's text and the records of its inputs. A keyholder applies it to records that it recomputed
//! itself ([`super::release`]).
//!
//! The proof of evaluation says that the words are right, not that they decrypt: noise, range and grid are decided
//! here. Variances are fractions of the torus (unit: q^2).

use crate::circuit::form::Place;
use crate::circuit::reach::{Sum, Wiring, reach};
use crate::circuit::value_set::ValueSet;
use crate::circuit::{BOXES, Circuit, Linear, Table, Wire};
use crate::policy::DELTA;
use crate::value::{Declaration, KeyKind, ValueType};

/// Largest noise level at a bootstrapping or in an output: sum of |coefficient| times the level of each wire, where a
/// fresh encryption and a bootstrapping's output have level 1 (tfhe-rs's `MaxNoiseLevel` of this parameter set).
pub const MAX_NOISE_LEVEL: u64 = 5;
const MAX_PLAINTEXT: i32 = BOXES as i32 - 1;

/// Noise of the parameter set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoiseModel {
    /// Variance of a fresh encryption.
    pub fresh_variance: f64,
    /// Variance of a bootstrapping's output.
    pub bootstrapping_variance: f64,
    /// Largest variance of what is bootstrapped, and of an output.
    pub max_variance: f64,
}

/// What is recorded about a handle: its declaration, and the noise of its worst block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HandleRecord {
    /// Type of the value.
    pub value_type: ValueType,
    /// Key it is encrypted under.
    pub key_kind: KeyKind,
    /// Number of blocks.
    pub blocks: u8,
    /// Largest plaintext of a block.
    pub degree: u8,
    /// tfhe-rs's noise level, 1 to [`MAX_NOISE_LEVEL`].
    pub noise_level: u8,
    /// Variance of the noise.
    pub variance: f64,
}

/// What a circuit produces in one output handle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutputRecord {
    /// The handle's record for later jobs.
    pub record: HandleRecord,
    /// Whether every block is the output of a bootstrapping with coefficient 1, or a public constant. Nothing else is
    /// released: a bare combination of inputs would make the committee a decryption oracle.
    pub bootstrapped: bool,
}

/// Why a circuit does not run on these handles.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Violation {
    /// Not one record for each input handle.
    #[error("{got} records of input handles, expected {expected}")]
    RecordCount {
        /// Records given.
        got: usize,
        /// Inputs declared.
        expected: usize,
    },
    /// A handle is of another type, key or number of blocks than the circuit declares.
    #[error("input {handle}: the record is {got}, the circuit declares {declared}")]
    RecordMismatch {
        /// Index of the handle.
        handle: usize,
        /// Type, key kind and blocks of the record.
        got: String,
        /// The same of the declaration.
        declared: String,
    },
    /// A handle's blocks can hold more than the circuit declares.
    #[error("input {handle}: degree {got}, the circuit declares {declared}")]
    InputDegree {
        /// Index of the handle.
        handle: usize,
        /// Degree of the record.
        got: u8,
        /// Degree declared.
        declared: u8,
    },
    /// A record whose noise is none that a handle can have.
    #[error("input {handle}: noise level {level} with variance {variance:e}, expected 1 to 5 and a variance")]
    InputNoise {
        /// Index of the handle.
        handle: usize,
        /// Level of the record.
        level: u8,
        /// Variance of the record.
        variance: f64,
    },
    /// A constant off the grid of 2^59: with half a step the result is the sign of the noise.
    #[error("{place}: constant {constant} is not a multiple of 2^59")]
    ConstantOffGrid {
        /// Where it stands.
        place: Place,
        /// The constant.
        constant: u64,
    },
    /// A table value off the grid of 2^59.
    #[error("table {table}: box {index} holds {word}, not a multiple of 2^59")]
    TableOffGrid {
        /// Index of the table.
        table: usize,
        /// Box.
        index: usize,
        /// Its word.
        word: u64,
    },
    /// Noise level above the bound of the parameter set.
    #[error("{place}: noise level {level}, at most {MAX_NOISE_LEVEL}")]
    NoiseLevel {
        /// Where it is reached.
        place: Place,
        /// Level reached.
        level: u64,
    },
    /// Variance above the bound of the parameter set.
    #[error("{place}: noise variance {variance:e} q^2, at most {max:e}")]
    Variance {
        /// Where it is reached.
        place: Place,
        /// Variance reached.
        variance: f64,
        /// Bound.
        max: f64,
    },
    /// A plaintext below 0 or above 15: it enters the padding bit, where a table is read negated.
    #[error("{place}: plaintexts from {low} to {high}, expected 0 to 15")]
    Padding {
        /// Where it is reached.
        place: Place,
        /// Least plaintext.
        low: i32,
        /// Greatest plaintext.
        high: i32,
    },
    /// A plaintext beyond the domain of a table of several functions: it reads another function.
    #[error(
        "bootstrapping {bootstrapping}: plaintexts up to {high}, its table of {functions} functions takes {domain}"
    )]
    Domain {
        /// Index of the bootstrapping.
        bootstrapping: usize,
        /// Greatest plaintext.
        high: i32,
        /// Functions of the table.
        functions: u8,
        /// Plaintexts that each function takes.
        domain: usize,
    },
    /// The output declares less than it can reach.
    #[error("row {row}: reaches degree {reached}, but its output declares {declared}")]
    DegreeUnderstated {
        /// Output block.
        row: usize,
        /// Greatest plaintext.
        reached: i32,
        /// What the text declares.
        declared: u8,
    },
}

impl HandleRecord {
    /// Record of a fresh encryption with these plaintexts at most.
    pub fn fresh(
        value_type: ValueType,
        key_kind: KeyKind,
        blocks: u8,
        degree: u8,
        model: &NoiseModel,
    ) -> Self {
        Self { value_type, key_kind, blocks, degree, noise_level: 1, variance: model.fresh_variance }
    }

    /// Record of a handle about which only declaration and noise level are known: level 1 is a fresh encryption, a level
    /// above it a sum of that many of the noisier of fresh encryptions and outputs of bootstrappings.
    pub fn declared(declaration: &Declaration, noise_level: u8, model: &NoiseModel) -> Self {
        let Declaration { value_type, key_kind, blocks, degree } = *declaration;
        let level = f64::from(noise_level);
        let variance = match noise_level {
            0 | 1 => model.fresh_variance,
            _ => level * level * model.fresh_variance.max(model.bootstrapping_variance),
        };
        Self { value_type, key_kind, blocks, degree, noise_level, variance }
    }
}

/// Checks the circuit on handles with these records; the first violation is returned, else one record an output.
///
/// Order: records; tables; then for each bootstrapping, and after them each row: constant, noise level, variance, range.
/// The variance of a combination is `(sum |coefficient| * deviation)^2`: wires may share inputs, functions of one table
/// share an accumulator, and the square bounds a sum of any correlation.
pub fn admissible(
    circuit: &Circuit,
    records: &[HandleRecord],
    model: &NoiseModel,
) -> Result<Vec<OutputRecord>, Violation> {
    check_records(circuit, records)?;
    for (table, t) in circuit.tables().iter().enumerate() {
        if let Some(index) = t.boxes.iter().position(|word| !word.is_multiple_of(DELTA)) {
            return Err(Violation::TableOffGrid { table, index, word: t.boxes[index] });
        }
    }
    let mut state = Tracked::new(circuit, records, model);
    for (index, b) in circuit.bootstrappings().iter().enumerate() {
        let combination = state.combine(Place::Bootstrapping(index), &b.input)?;
        let table = &circuit.tables()[b.table as usize];
        let high = combination.values.high();
        if high as usize >= table.domain() {
            return Err(Violation::Domain {
                bootstrapping: index,
                high,
                functions: table.functions,
                domain: table.domain(),
            });
        }
        state.push(table, combination);
    }
    let mut row = 0;
    let mut outputs = Vec::with_capacity(circuit.outputs().len());
    for (declared, rows) in circuit.outputs().iter().zip(circuit.rows_by_output()) {
        let mut record = HandleRecord {
            value_type: declared.value_type,
            key_kind: declared.key_kind,
            blocks: declared.blocks,
            degree: 1,
            noise_level: 1,
            variance: 0.0,
        };
        let mut bootstrapped = true;
        for content in rows {
            let combination = state.combine(Place::Row(row), content)?;
            let reached = combination.values.high();
            if reached > i32::from(declared.degree) {
                return Err(Violation::DegreeUnderstated { row, reached, declared: declared.degree });
            }
            record.degree = record.degree.max(reached as u8);
            record.noise_level = record.noise_level.max(combination.level as u8);
            record.variance = record.variance.max(combination.variance);
            bootstrapped &= is_bootstrapped(content);
            row += 1;
        }
        outputs.push(OutputRecord { record, bootstrapped });
    }
    Ok(outputs)
}

fn check_records(circuit: &Circuit, records: &[HandleRecord]) -> Result<(), Violation> {
    if records.len() != circuit.inputs().len() {
        return Err(Violation::RecordCount { got: records.len(), expected: circuit.inputs().len() });
    }
    for (handle, (r, d)) in records.iter().zip(circuit.inputs()).enumerate() {
        if (r.value_type, r.key_kind, r.blocks) != (d.value_type, d.key_kind, d.blocks) {
            let describe = |t: ValueType, k: KeyKind, b: u8| format!("{} {} {b}", t.name(), k.name());
            return Err(Violation::RecordMismatch {
                handle,
                got: describe(r.value_type, r.key_kind, r.blocks),
                declared: describe(d.value_type, d.key_kind, d.blocks),
            });
        }
        if r.degree > d.degree {
            return Err(Violation::InputDegree { handle, got: r.degree, declared: d.degree });
        }
        let level_fits = (1..=MAX_NOISE_LEVEL).contains(&u64::from(r.noise_level));
        if !level_fits || !r.variance.is_finite() || r.variance < 0.0 {
            return Err(Violation::InputNoise { handle, level: r.noise_level, variance: r.variance });
        }
    }
    Ok(())
}

/// Whether a row is one output of a bootstrapping with coefficient 1, or a public constant.
pub(super) fn is_bootstrapped(row: &Linear) -> bool {
    match row.terms[..] {
        [] => true,
        [t] => t.coefficient == 1 && matches!(t.wire, Wire::Output { .. }),
        _ => false,
    }
}

/// What is known about every wire so far.
struct Tracked<'a> {
    circuit: &'a Circuit,
    records: &'a [HandleRecord],
    model: &'a NoiseModel,
    /// Plaintexts of a block of each input handle, from 0 to the degree declared.
    inputs: Vec<ValueSet>,
    /// What the table of each bootstrapping so far is applied to.
    lookups: Vec<Combination>,
    /// Plaintexts of each function of each bootstrapping so far.
    outputs: Vec<Vec<ValueSet>>,
}

struct Combination {
    terms: Vec<(Wire, i32)>,
    constant: i32,
    level: u64,
    variance: f64,
    values: ValueSet,
}

impl<'a> Tracked<'a> {
    fn new(circuit: &'a Circuit, records: &'a [HandleRecord], model: &'a NoiseModel) -> Self {
        let inputs = circuit.inputs().iter().map(|d| ValueSet::range(0, i32::from(d.degree))).collect();
        Self { circuit, records, model, inputs, lookups: Vec::new(), outputs: Vec::new() }
    }

    fn combine(&self, place: Place, linear: &Linear) -> Result<Combination, Violation> {
        if !linear.constant.is_multiple_of(DELTA) {
            return Err(Violation::ConstantOffGrid { place, constant: linear.constant });
        }
        let (mut level, mut deviation) = (0, 0.0);
        for t in &linear.terms {
            let (wire_level, variance) = match t.wire {
                Wire::Input { handle, .. } => {
                    let record = &self.records[usize::from(handle)];
                    (u64::from(record.noise_level), record.variance)
                }
                Wire::Output { .. } => (1, self.model.bootstrapping_variance),
            };
            level += u64::from(t.coefficient.unsigned_abs()) * wire_level;
            deviation += f64::from(t.coefficient.unsigned_abs()) * variance.sqrt();
        }
        if level > MAX_NOISE_LEVEL {
            return Err(Violation::NoiseLevel { place, level });
        }
        let variance = deviation * deviation;
        if variance > self.model.max_variance {
            return Err(Violation::Variance { place, variance, max: self.model.max_variance });
        }
        let terms: Vec<_> = linear.terms.iter().map(|t| (t.wire, i32::from(t.coefficient))).collect();
        let constant = signed(linear.constant);
        let values = reach(self, &terms, constant);
        let (low, high) = (values.low(), values.high());
        if low < 0 || high > MAX_PLAINTEXT {
            return Err(Violation::Padding { place, low, high });
        }
        Ok(Combination { terms, constant, level, variance, values })
    }

    fn push(&mut self, table: &Table, combination: Combination) {
        let function = |f| combination.values.iter().map(|v| signed(table.word(f, v as u8))).collect();
        self.outputs.push((0..table.functions).map(function).collect());
        self.lookups.push(combination);
    }
}

impl Wiring for Tracked<'_> {
    type Wire = Wire;

    fn values(&self, wire: Wire) -> &ValueSet {
        match wire {
            Wire::Input { handle, .. } => &self.inputs[usize::from(handle)],
            Wire::Output { bootstrapping, function } => {
                &self.outputs[bootstrapping as usize][usize::from(function)]
            }
        }
    }

    fn looked_up(&self, wire: Wire) -> Option<Sum<'_, Wire>> {
        let Wire::Output { bootstrapping, .. } = wire else { return None };
        let lookup = &self.lookups[bootstrapping as usize];
        Some((&lookup.terms, lookup.constant))
    }

    fn value(&self, wire: Wire, lookup: i32) -> Option<i32> {
        let Wire::Output { bootstrapping, function } = wire else { return None };
        let index = bootstrapping as usize;
        let table = &self.circuit.tables()[self.circuit.bootstrappings()[index].table as usize];
        self.lookups[index].values.contains(lookup).then(|| signed(table.word(function, lookup as u8)))
    }
}

/// The plaintext of a word on the grid, modulo 32, from -16 to 15.
fn signed(word: u64) -> i32 {
    ((word as i64) >> DELTA.trailing_zeros()) as i32
}
