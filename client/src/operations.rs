//! Operation lists as an engine takes them: operands by handle, by place, or as constants.

use alloy::primitives::B256;
use trine_program::OperationList;
use trine_program::operation::{OperationId, Step, ValueId};
use trine_proto::engine::v1 as pb;

/// Why a list cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperationCallError {
    /// Not one handle for each input.
    #[error("{got} handles, the list takes {expected}")]
    HandleCount {
        /// Handles given.
        got: usize,
        /// Inputs of the list.
        expected: usize,
    },
    /// An output is an input or a constant: nothing is computed for it.
    #[error("output {output}: %{value} is an input or a constant, expected the result of an operation")]
    Output {
        /// Place of the output.
        output: usize,
        /// The value.
        value: ValueId,
    },
    /// An operation that has no code.
    #[error("operation {name:?} has no code on the wire")]
    Code {
        /// Its name.
        name: &'static str,
    },
}

/// Where a value of a list comes from, on the wire.
#[derive(Clone)]
enum Source {
    Handle(Vec<u8>),
    Operation(u32),
    Constant(u64, i32),
}

/// A list over handles, in the order of its inputs, as `SubmitJob` takes it.
pub fn operation_call(
    list: &OperationList,
    handles: &[B256],
) -> Result<pb::OperationList, OperationCallError> {
    let (got, expected) = (handles.len(), list.inputs().len());
    if got != expected {
        return Err(OperationCallError::HandleCount { got, expected });
    }
    let mut sources: Vec<Source> = handles.iter().map(|h| Source::Handle(h.to_vec())).collect();
    let mut operations = Vec::new();
    for step in list.steps() {
        sources.push(match step {
            Step::Constant { value_type, value } => Source::Constant(*value, value_type.code().into()),
            Step::Apply { operation, result, operands } => {
                let operands = operands.iter().map(|o| operand(&sources[usize::from(*o)]));
                operations.push(pb::Operation {
                    code: code(*operation)?.into(),
                    operands: operands.collect(),
                    program_id: Vec::new(),
                    result: result.code().into(),
                });
                Source::Operation(operations.len() as u32 - 1)
            }
        });
    }
    let outputs = list.outputs().iter().enumerate().map(|(output, o)| match sources[usize::from(o.value)] {
        Source::Operation(operation) => Ok(pb::OperationOutput { operation, release: o.release }),
        _ => Err(OperationCallError::Output { output, value: o.value }),
    });
    Ok(pb::OperationList { outputs: outputs.collect::<Result<_, _>>()?, operations })
}

fn operand(source: &Source) -> pb::Operand {
    let (source, constant_type) = match source {
        Source::Handle(handle) => (pb::operand::Source::Handle(handle.clone()), 0),
        Source::Operation(place) => (pb::operand::Source::Operation(*place), 0),
        Source::Constant(value, value_type) => (pb::operand::Source::Constant(*value), *value_type),
    };
    pb::Operand { source: Some(source), constant_type }
}

/// Codes and operations share their names.
fn code(operation: OperationId) -> Result<pb::OperationCode, OperationCallError> {
    let name = operation.get().name();
    let code = format!("OPERATION_CODE_{}", name.to_uppercase());
    pb::OperationCode::from_str_name(&code).ok_or(OperationCallError::Code { name })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "trine operations 1\n\
        input uint8 compute 4 degree 3 level 1\n\
        input uint8 compute 4 degree 3 level 1\n\
        constant uint8 100\n\
        lt bool %0 %2\n\
        select uint8 %3 %0 %1\n";

    fn list(outputs: &str) -> OperationList {
        OperationList::from_text(format!("{TEXT}{outputs}").as_bytes()).unwrap()
    }

    #[test]
    fn operands_name_handles_places_and_constants() {
        let handles = [B256::repeat_byte(1), B256::repeat_byte(2)];
        let call = operation_call(&list("output %3\nrelease %4\n"), &handles).unwrap();
        let sources: Vec<Vec<_>> = call
            .operations
            .iter()
            .map(|o| o.operands.iter().map(|o| (o.source.clone().unwrap(), o.constant_type)).collect())
            .collect();
        let handle = |byte| (pb::operand::Source::Handle(vec![byte; 32]), 0);
        let constant = (pb::operand::Source::Constant(100), 2);
        assert_eq!(sources[0], [handle(1), constant]);
        assert_eq!(sources[1], [(pb::operand::Source::Operation(0), 0), handle(1), handle(2)]);
        let outputs: Vec<_> = call.outputs.iter().map(|o| (o.operation, o.release)).collect();
        assert_eq!(outputs, [(0, false), (1, true)]);
    }

    #[test]
    fn what_cannot_be_sent_is_named() {
        let handles = [B256::repeat_byte(1), B256::repeat_byte(2)];
        let few = operation_call(&list("output %4\n"), &handles[..1]);
        assert_eq!(few, Err(OperationCallError::HandleCount { got: 1, expected: 2 }));
        for value in [0, 2] {
            let refused = operation_call(&list(&format!("output %{value}\n")), &handles);
            assert_eq!(refused, Err(OperationCallError::Output { output: 0, value }));
        }
    }

    #[test]
    fn every_operation_has_a_code() {
        assert!(OperationId::all().all(|id| code(id).is_ok()));
    }
}
