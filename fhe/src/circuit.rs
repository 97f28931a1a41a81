//! Evaluation of circuits: level by level, in batches, the same words whatever the batches.
//!
//! A [`CircuitEvaluation`] is a value that its owner steps. Between steps it can be dropped, and made again from the inputs
//! and the wires that the owner kept: [`CircuitEvaluation::restore`].
//!
//! | module | holds |
//! | --- | --- |
//! | [`wires`] | words of wires, from their bootstrapping to their last use |

pub mod wires;

use crate::bootstrapping::table::TableError;
use crate::bootstrapping::{Evaluator, EvaluatorError, LookupTable, Request};
use crate::noise;
use crate::parameters::{DELTA, POLYNOMIAL_SIZE};
use crate::words::{BlockWords, ValueWords, WordsError};
use rayon::prelude::*;
use std::num::NonZeroUsize;
use trine_program::circuit::check::MAX_NOISE_LEVEL;
use trine_program::circuit::{Circuit, Linear, NoiseModel, Table, Wire};
use trine_program::{Declaration, KeyKind};
use wires::Wires;

/// Why a circuit is not evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CircuitEvaluationError {
    /// Number of values is not that of the circuit's inputs.
    #[error("{got} values, the circuit takes {expected}")]
    InputCount {
        /// Values given.
        got: usize,
        /// Inputs of the circuit.
        expected: usize,
    },
    /// A value is not what the circuit declares.
    #[error("input {index} is {got:?}, the circuit declares {expected:?}")]
    Declaration {
        /// Index of the input.
        index: usize,
        /// Declaration of the value.
        got: Declaration,
        /// Declaration of the circuit.
        expected: Declaration,
    },
    /// A box of a table that is no step of 2^59.
    #[error("table {table}: box {index} is {word}, expected a multiple of 2^59")]
    Box {
        /// Index of the table.
        table: usize,
        /// Index of the box.
        index: usize,
        /// Its word.
        word: u64,
    },
    /// A table that the evaluator does not take.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Restored wires of a bootstrapping that the circuit does not have, or has evaluated.
    #[error("wires of bootstrapping {index} are not missing")]
    NotMissing {
        /// Index of the bootstrapping.
        index: u32,
    },
    /// Restored wires are not those of a table's functions.
    #[error("bootstrapping {index}: {got} wires, its table has {expected} functions")]
    WireCount {
        /// Index of the bootstrapping.
        index: u32,
        /// Blocks given.
        got: usize,
        /// Functions of its table.
        expected: usize,
    },
    /// A wire is read that is not there: it was not evaluated, or not restored.
    #[error("a wire of bootstrapping {index} is missing")]
    MissingWire {
        /// Index of the bootstrapping.
        index: u32,
    },
    /// The evaluator refuses.
    #[error(transparent)]
    Evaluator(#[from] EvaluatorError),
    /// An output could not be built.
    #[error(transparent)]
    Words(#[from] WordsError),
}

/// What one step did: all that its owner has to keep or to forget.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Bootstrappings evaluated whose wires are still used: [`CircuitEvaluation::wires_of`] has their words.
    pub kept: Vec<u32>,
    /// Bootstrappings, of this step or earlier ones, whose wires nothing uses any more.
    pub dropped: Vec<u32>,
}

/// A circuit, its inputs, and the wires that are needed next.
pub struct CircuitEvaluation {
    circuit: Circuit,
    inputs: Vec<ValueWords>,
    tables: Vec<LookupTable>,
    /// Bootstrappings level by level, with the number of the level.
    schedule: Vec<(usize, u32)>,
    /// Place in the schedule before which everything is evaluated.
    next: usize,
    evaluated: Vec<bool>,
    wires: Wires,
}

impl CircuitEvaluation {
    /// Nothing is evaluated yet.
    pub fn new(circuit: Circuit, inputs: Vec<ValueWords>) -> Result<Self, CircuitEvaluationError> {
        let (got, expected) = (inputs.len(), circuit.inputs().len());
        if got != expected {
            return Err(CircuitEvaluationError::InputCount { got, expected });
        }
        for (index, (value, expected)) in inputs.iter().zip(circuit.inputs()).enumerate() {
            let (got, expected) = (*value.declaration(), *expected);
            if got != expected {
                return Err(CircuitEvaluationError::Declaration { index, got, expected });
            }
        }
        let tables = circuit.tables().iter().enumerate().map(|(index, t)| lookup_table(index, t));
        let tables = tables.collect::<Result<_, _>>()?;
        let levels = circuit.levels().into_iter().enumerate();
        let schedule = levels.flat_map(|(level, list)| list.into_iter().map(move |b| (level, b))).collect();
        let evaluated = vec![false; circuit.bootstrappings().len()];
        let wires = Wires::new(&circuit);
        Ok(Self { circuit, inputs, tables, schedule, next: 0, evaluated, wires })
    }

    /// The circuit.
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// Bootstrappings of the circuit.
    pub fn total(&self) -> usize {
        self.evaluated.len()
    }

    /// Bootstrappings evaluated or restored.
    pub fn done(&self) -> usize {
        self.evaluated.iter().filter(|e| **e).count()
    }

    /// Takes the kept wires of a bootstrapping that an earlier evaluation did; `None` where it had dropped them.
    pub fn restore(
        &mut self,
        index: u32,
        wires: Option<Vec<BlockWords>>,
    ) -> Result<(), CircuitEvaluationError> {
        match self.evaluated.get_mut(index as usize) {
            Some(evaluated) if !*evaluated => *evaluated = true,
            _ => return Err(CircuitEvaluationError::NotMissing { index }),
        }
        if let Some(wires) = wires {
            let (got, expected) = (wires.len(), self.functions(index));
            if got != expected {
                return Err(CircuitEvaluationError::WireCount { index, got, expected });
            }
            self.wires.put(index, wires);
        }
        let input = &self.circuit.bootstrappings()[index as usize].input;
        self.wires.release(input, &mut Vec::new());
        Ok(())
    }

    /// Evaluates at most `most` bootstrappings of the lowest level that has any left. `None`: all are evaluated.
    pub fn step(
        &mut self,
        evaluator: &Evaluator,
        most: NonZeroUsize,
    ) -> Result<Option<Step>, CircuitEvaluationError> {
        let batch = self.batch(most);
        if batch.is_empty() {
            return Ok(None);
        }
        let blocks = batch
            .par_iter()
            .map(|b| self.combine(&self.bootstrapping(*b).input))
            .collect::<Result<Vec<BlockWords>, _>>()?;
        let requests: Vec<Request<'_>> = batch
            .iter()
            .zip(&blocks)
            .map(|(index, input)| {
                let b = self.bootstrapping(*index);
                Request { input, key: b.key_kind, table: &self.tables[b.table as usize] }
            })
            .collect();
        let outputs = evaluator.evaluate(&requests)?;
        let mut step = Step::default();
        for (index, words) in batch.iter().zip(outputs) {
            self.evaluated[*index as usize] = true;
            if self.wires.put(*index, words) {
                step.kept.push(*index);
            } else {
                step.dropped.push(*index);
            }
            let input = &self.circuit.bootstrappings()[*index as usize].input;
            self.wires.release(input, &mut step.dropped);
        }
        Ok(Some(step))
    }

    /// Words of a bootstrapping's wires, function by function, until their last use.
    pub fn wires_of(&self, index: u32) -> Option<&[BlockWords]> {
        self.wires.get(index)
    }

    /// The output values, once all bootstrappings are evaluated.
    pub fn outputs(&self) -> Result<Vec<ValueWords>, CircuitEvaluationError> {
        let rows: Vec<&[Linear]> = self.circuit.rows_by_output().collect();
        let values = self.circuit.outputs().iter().zip(rows);
        values
            .map(|(declaration, rows)| {
                let blocks = rows.iter().map(|row| self.combine(row)).collect::<Result<_, _>>()?;
                Ok(ValueWords::new(*declaration, blocks)?)
            })
            .collect()
    }

    fn bootstrapping(&self, index: u32) -> &trine_program::circuit::Bootstrapping {
        &self.circuit.bootstrappings()[index as usize]
    }

    fn functions(&self, index: u32) -> usize {
        self.tables[self.bootstrapping(index).table as usize].functions()
    }

    fn batch(&mut self, most: NonZeroUsize) -> Vec<u32> {
        while self.schedule.get(self.next).is_some_and(|(_, b)| self.evaluated[*b as usize]) {
            self.next += 1;
        }
        let rest = &self.schedule[self.next..];
        let level = rest.first().map(|(level, _)| *level);
        let of_level = rest.iter().take_while(|(l, _)| Some(*l) == level).map(|(_, b)| *b);
        of_level.filter(|b| !self.evaluated[*b as usize]).take(most.get()).collect()
    }

    fn combine(&self, linear: &Linear) -> Result<BlockWords, CircuitEvaluationError> {
        let Some((first, rest)) = linear.terms.split_first() else {
            let mut constant = BlockWords::zero();
            constant.words_mut()[POLYNOMIAL_SIZE] = linear.constant;
            return Ok(constant);
        };
        // Each word is written once by the first term: rows without a bootstrapping are a matter of memory alone.
        let mut sum = self.wire(first.wire)?.scaled(first.coefficient);
        for term in rest {
            let coefficient = i64::from(term.coefficient) as u64;
            for (to, word) in sum.words_mut().iter_mut().zip(self.wire(term.wire)?.words()) {
                *to = to.wrapping_add(coefficient.wrapping_mul(*word));
            }
        }
        let body = &mut sum.words_mut()[POLYNOMIAL_SIZE];
        *body = body.wrapping_add(linear.constant);
        Ok(sum)
    }

    fn wire(&self, wire: Wire) -> Result<&BlockWords, CircuitEvaluationError> {
        match wire {
            Wire::Input { handle, block } => {
                Ok(&self.inputs[usize::from(handle)].blocks()[usize::from(block)])
            }
            Wire::Output { bootstrapping: index, function } => {
                let wires = self.wires.get(index);
                let wires = wires.ok_or(CircuitEvaluationError::MissingWire { index })?;
                Ok(&wires[usize::from(function)])
            }
        }
    }
}

/// Keys that the bootstrappings of a circuit need beside the bootstrapping key.
pub fn needs_casting(circuit: &Circuit) -> bool {
    circuit.bootstrappings().iter().any(|b| b.key_kind == KeyKind::Casting)
}

/// Noise of this parameter set, for [`trine_program::circuit::admissible`].
///
/// The bound of a variance is that of five outputs of bootstrappings that are added with equal sign; floating-point sums
/// may end a unit above it.
pub fn noise_model() -> NoiseModel {
    let bootstrapping_variance = noise::bootstrapping_variance();
    let level = MAX_NOISE_LEVEL as f64;
    NoiseModel {
        fresh_variance: noise::fresh_variance(),
        bootstrapping_variance,
        max_variance: level * level * bootstrapping_variance * (1.0 + f64::EPSILON * 16.0),
    }
}

/// The table of the evaluator for table `table` of a circuit.
///
/// Error: a box that is no multiple of 2^59.
pub fn lookup_table(table: usize, content: &Table) -> Result<LookupTable, CircuitEvaluationError> {
    /// Values of a box: 16 plaintexts and the padding bit.
    const VALUES: u64 = 32;
    if let Some(index) = content.boxes.iter().position(|word| !word.is_multiple_of(DELTA)) {
        return Err(CircuitEvaluationError::Box { table, index, word: content.boxes[index] });
    }
    let (functions, domain) = (usize::from(content.functions), content.domain());
    let values: Vec<_> = (0..functions)
        .map(|f| {
            move |plaintext: u8| (content.boxes[f * domain + usize::from(plaintext)] / DELTA % VALUES) as u8
        })
        .collect();
    let functions: Vec<&dyn Fn(u8) -> u8> = values.iter().map(|f| f as &dyn Fn(u8) -> u8).collect();
    Ok(LookupTable::packed(&functions)?)
}
