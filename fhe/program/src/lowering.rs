//! From an operation list to a circuit with few bootstrappings: each costs seconds of proving, so their number comes
//! before depth.
//!
//! Blocks are kept as linear combinations of wires for as long as noise and range allow: negation, casts, constants and
//! the sums inside an operation cost nothing. Equal lookups are made once, unused ones are left out, and several
//! functions of one small input share a table. Everything is deterministic: no hashing order, no randomness.
//!
//! | module | holds |
//! | --- | --- |
//! | [`form`] | linear combinations of wires under construction |
//! | [`builder`] | lookups with sharing, and sums that are made to fit noise and range |
//! | [`columns`] | addition: columns of blocks to clean blocks |
//! | [`order`] | sign and difference of two integers |
//! | [`finish`] | dead code, shared tables, numbering |

pub mod builder;
pub mod columns;
pub mod finish;
pub mod form;
pub mod order;

use crate::circuit::{Circuit, CircuitError, HandleRecord, NoiseModel, Violation, admissible};
use crate::limits::MAX_BOOTSTRAPPINGS;
use crate::operation::{OperationInput, OperationList, Step};

pub use builder::Builder;
pub use form::{Form, Value};

/// Lookups under construction, dead ones included, past which lowering stops.
const MAX_LOOKUPS: usize = 4 * MAX_BOOTSTRAPPINGS;

/// Why an operation list has no circuit.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LoweringError {
    /// More lookups than lowering keeps in hand.
    #[error("step {step}: more than {MAX_LOOKUPS} lookups")]
    TooLarge {
        /// Step at which the limit was passed.
        step: usize,
    },
    /// A lookup over more plaintexts than a block has: a fault of an operation's lowering.
    #[error("a lookup over {width} plaintexts, at most 16 fit a block")]
    Width {
        /// Plaintexts spanned.
        width: usize,
    },
    /// The circuit exceeds a limit.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// The circuit would not run on inputs as declared: a fault of an operation's lowering.
    #[error("the lowered circuit is not admissible: {0}")]
    Inadmissible(Violation),
}

/// Lowers an operation list. The same list gives the same circuit everywhere.
pub fn lower(list: &OperationList) -> Result<Circuit, LoweringError> {
    let mut builder = Builder::new(list.inputs());
    let mut values: Vec<Value> = (0..list.inputs().len()).map(|handle| builder.input(handle)).collect();
    for (index, step) in list.steps().iter().enumerate() {
        values.push(match step {
            Step::Constant { value_type, value } => Value::constant(*value_type, *value),
            Step::Apply { operation, result, operands } => {
                let given: Vec<&Value> = operands.iter().map(|o| &values[usize::from(*o)]).collect();
                operation.get().lower(&mut builder, &given, *result)
            }
        });
        if builder.lookups() > MAX_LOOKUPS {
            return Err(LoweringError::TooLarge { step: index });
        }
    }
    let mut outputs = Vec::with_capacity(list.outputs().len());
    for o in list.outputs() {
        let value = &values[usize::from(o.value)];
        outputs.push(if o.release { builder.bootstrapped(value) } else { value.clone() });
    }
    assemble(&builder, &outputs)
}

/// The circuit of what a builder holds: lookups that no output needs are left out, others share tables. For circuits that
/// are lowered by hand; what is released goes through [`Builder::bootstrapped`] first.
pub fn assemble(builder: &Builder, outputs: &[Value]) -> Result<Circuit, LoweringError> {
    let circuit = finish::finish(builder, outputs)?;
    admissible(&circuit, &declared_records(builder.inputs()), &LEVELS_ONLY)
        .map_err(LoweringError::Inadmissible)?;
    Ok(circuit)
}

/// Variances are the parameter set's to judge: lowering keeps to noise levels.
const LEVELS_ONLY: NoiseModel =
    NoiseModel { fresh_variance: 0.0, bootstrapping_variance: 0.0, max_variance: f64::MAX };

fn declared_records(inputs: &[OperationInput]) -> Vec<HandleRecord> {
    let record = |i: &OperationInput| {
        let d = &i.declaration;
        let fresh = HandleRecord::fresh(d.value_type, d.key_kind, d.blocks, d.degree, &LEVELS_ONLY);
        HandleRecord { noise_level: i.noise_level, ..fresh }
    };
    inputs.iter().map(record).collect()
}
