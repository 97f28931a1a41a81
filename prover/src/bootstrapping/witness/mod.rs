//! The witness: columns of an evaluation, from the traces of its bootstrappings.
//!
//! Bootstrappings are traced level by level and written straight into the columns. Inputs of bootstrappings and output
//! rows are combined as integers, in which a wire is what the trace's output row represents (EV.T4): what is reduced
//! modulo 2^64 is a carry of the columns.
//!
//! | module | holds |
//! | --- | --- |
//! | [`slot`] | columns of one bootstrapping |
//! | [`linear`] | linear combinations as integers, columns of the outputs |
//! | [`multiplicity`] | how often each row of a table is looked up |

pub mod linear;
pub mod multiplicity;
pub mod slot;
#[cfg(test)]
mod tests;

use super::columns::{Columns, Slot};
use linear::Wires;
use rayon::prelude::*;
use trine_fhe::bootstrapping::trace::{Trace, TraceError};
use trine_fhe::bootstrapping::{EvaluationKey, LookupTable, Request};
use trine_fhe::circuit::{CircuitEvaluationError, lookup_table};
use trine_fhe::{BlockWords, ValueWords};
use trine_program::KeyKind;
use trine_program::circuit::{Bootstrapping, Circuit};
use trine_verifier::bootstrapping::shape::ShapeError;
use trine_verifier::bootstrapping::{Checks, Parameters, Shape};

/// Columns of an evaluation, and words of its handles.
pub struct Witness {
    /// The shape of its proof.
    pub shape: Shape,
    /// Columns of the first round.
    pub columns: Columns,
    /// Words of the input handles: block b at `b * 2N ..`, zeros above each body.
    pub inputs: Vec<Vec<u64>>,
    /// Words of the output handles, alike.
    pub outputs: Vec<Vec<u64>>,
}

/// Why there is no witness.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// The circuit has no proof of one piece.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// Inputs that are not the circuit's, or a table that the evaluator does not take.
    #[error(transparent)]
    Circuit(#[from] CircuitEvaluationError),
    /// A bootstrapping has no trace.
    #[error("bootstrapping {index}: {source}")]
    Trace {
        /// Index of the bootstrapping; that of the first unused slot for all of those.
        index: usize,
        /// Why.
        source: TraceError,
    },
}

impl Witness {
    /// Evaluates a circuit at the production parameters and fills the columns: half a second of processor time and 21 MB
    /// for each slot.
    pub fn new(circuit: &Circuit, inputs: &[ValueWords], key: &EvaluationKey) -> Result<Self, WitnessError> {
        check_inputs(circuit, inputs)?;
        let shape = Shape::new(Parameters::PRODUCTION, circuit)?;
        let inputs: Vec<Vec<u64>> = inputs.iter().map(ValueWords::commitment_words).collect();
        let mut columns = Columns::zeros(&shape);
        let tables = circuit.tables().iter().enumerate().map(|(index, table)| lookup_table(index, table));
        let tables = tables.collect::<Result<Vec<LookupTable>, _>>()?;
        let tracing = Tracing { circuit, parameters: &shape.parameters, key, tables };

        let mut slots = columns.slots(&shape);
        let unused = slots.split_off(circuit.bootstrappings().len());
        let mut wires = Wires::new(&inputs);
        let (used, unused) = rayon::join(|| tracing.fill(slots, &mut wires), || tracing.fill_unused(unused));
        used.and(unused)?;

        let outputs = linear::fill_outputs(&mut columns, &shape, circuit, &wires);
        multiplicity::fill(&mut columns, &shape, circuit, &Checks::ALL);
        Ok(Self { shape, columns, inputs, outputs })
    }
}

fn check_inputs(circuit: &Circuit, inputs: &[ValueWords]) -> Result<(), CircuitEvaluationError> {
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
    Ok(())
}

/// What every bootstrapping is traced with.
struct Tracing<'a> {
    circuit: &'a Circuit,
    parameters: &'a Parameters,
    key: &'a EvaluationKey,
    tables: Vec<LookupTable>,
}

impl Tracing<'_> {
    /// All bootstrappings, those of one level side by side.
    fn fill(&self, slots: Vec<Slot<'_>>, wires: &mut Wires<'_>) -> Result<(), WitnessError> {
        let mut slots: Vec<Option<Slot<'_>>> = slots.into_iter().map(Some).collect();
        for level in self.circuit.levels() {
            let work: Vec<(usize, Slot<'_>)> = level
                .into_iter()
                .map(|index| index as usize)
                .filter_map(|index| Some((index, slots.get_mut(index)?.take()?)))
                .collect();
            let traced: Vec<(usize, Vec<Vec<i128>>)> = work
                .into_par_iter()
                .with_max_len(1)
                .map(|(index, mut slot)| Ok((index, self.bootstrapping(index, wires, &mut slot)?)))
                .collect::<Result<_, WitnessError>>()?;
            for (index, functions) in traced {
                wires.put(index, functions);
            }
        }
        Ok(())
    }

    /// Traces one bootstrapping, writes its slot and gives the integers of its wires.
    fn bootstrapping(
        &self,
        index: usize,
        wires: &Wires<'_>,
        slot: &mut Slot<'_>,
    ) -> Result<Vec<Vec<i128>>, WitnessError> {
        let Bootstrapping { key_kind, table, input } = &self.circuit.bootstrappings()[index];
        let table = &self.tables[*table as usize];
        let trace = self.trace(index, *key_kind, table, &wires.combine(input))?;
        slot::fill(slot, self.parameters, &trace);
        Ok(table.offsets().map(|offset| trace.wire(offset)).collect())
    }

    /// Unused slots hold a bootstrapping of zeros with a table of zeros, under the compute key: one trace for all of them.
    fn fill_unused(&self, slots: Vec<Slot<'_>>) -> Result<(), WitnessError> {
        if slots.is_empty() {
            return Ok(());
        }
        let index = self.circuit.bootstrappings().len();
        let table = LookupTable::new([0; trine_program::circuit::BOXES]);
        let table = table.map_err(CircuitEvaluationError::from)?;
        let zeros = vec![0; BlockWords::zero().words().len()];
        let trace = self.trace(index, KeyKind::Compute, &table, &zeros)?;
        slots.into_par_iter().for_each(|mut slot| slot::fill(&mut slot, self.parameters, &trace));
        Ok(())
    }

    fn trace(
        &self,
        index: usize,
        key: KeyKind,
        table: &LookupTable,
        integers: &[i128],
    ) -> Result<Trace, WitnessError> {
        let mut input = BlockWords::zero();
        for (word, integer) in input.words_mut().iter_mut().zip(integers) {
            *word = *integer as u64;
        }
        let request = Request { input: &input, key, table };
        Trace::of_integers(self.key, &request, integers)
            .map_err(|source| WitnessError::Trace { index, source })
    }
}
