//! Operation lists as they travel, to the lists that are lowered.
//!
//! On the wire an operand names its source; a list numbers values, inputs first and constants as steps of their own.
//! Codes and operations share their names, so that a new operation is one line of the proto.

use super::wire;
use crate::domain::CiphertextRecord;
use crate::error::EngineError;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use trine_program::limits::{MAX_INPUTS, MAX_OPERANDS, MAX_OUTPUTS, MAX_STEPS};
use trine_program::operation::{OperationId, OperationInput, OperationList, Output, Step, ValueId};
use trine_program::{Declaration, ValueType};
use trine_proto::engine::v1 as pb;
use trine_verifier::Bytes32;

const CODE_PREFIX: &str = "OPERATION_CODE_";
/// Largest plaintext of a block of a fresh integer: its two message bits.
const MESSAGE_DEGREE: u8 = 3;

/// An operation list over handles.
#[derive(Clone, Debug)]
pub struct OperationCall {
    /// The list.
    pub list: OperationList,
    /// Records of its inputs, in order.
    pub inputs: Vec<CiphertextRecord>,
}

/// Codes of everything that is evaluated.
pub fn codes() -> Vec<i32> {
    let names = OperationId::all().map(|id| format!("{CODE_PREFIX}{}", id.get().name().to_uppercase()));
    let known = names.filter_map(|name| pb::OperationCode::from_str_name(&name));
    std::iter::once(pb::OperationCode::LinearProgram).chain(known).map(i32::from).collect()
}

/// The name of a code without its prefix.
pub fn code_name(code: i32) -> Result<&'static str, EngineError> {
    match pb::OperationCode::try_from(code) {
        Ok(pb::OperationCode::Unspecified) | Err(_) => Err(EngineError::FieldValue {
            field: "operation.code",
            got: code.to_string(),
            expected: "a code of OperationCode".into(),
        }),
        Ok(code) => Ok(code.as_str_name().trim_start_matches(CODE_PREFIX)),
    }
}

/// Reads a list. `record` looks up a handle that the caller may read. Counts are checked before anything grows with them.
pub fn operation_call(
    message: &pb::OperationList,
    mut record: impl FnMut(&Bytes32) -> Result<CiphertextRecord, EngineError>,
) -> Result<OperationCall, EngineError> {
    count("operations", message.operations.len(), MAX_STEPS)?;
    count("outputs", message.outputs.len(), MAX_OUTPUTS)?;
    let (mut inputs, mut handles) = (Vec::new(), HashMap::new());
    for operation in &message.operations {
        count("operands", operation.operands.len(), MAX_OPERANDS)?;
        for operand in &operation.operands {
            let Some(pb::operand::Source::Handle(handle)) = &operand.source else { continue };
            let handle = wire::word("operand.handle", handle)?;
            if let Entry::Vacant(place) = handles.entry(handle) {
                count("input handles", inputs.len() + 1, MAX_INPUTS)?;
                place.insert(inputs.len() as ValueId);
                inputs.push(record(&handle)?);
            }
        }
    }
    let mut reader = Reader::new(&inputs, handles);
    for (index, operation) in message.operations.iter().enumerate() {
        reader.operation(index, operation)?;
    }
    let outputs = message.outputs.iter().enumerate().map(|(output, o)| {
        let value = reader.results.get(o.operation as usize);
        let value = value.ok_or(EngineError::UnknownOutput { output, operation: o.operation })?;
        Ok(Output { value: *value, release: o.release })
    });
    let outputs = outputs.collect::<Result<Vec<_>, EngineError>>()?;
    let declared = inputs.iter().map(input).collect();
    let list = OperationList::new(declared, reader.steps, outputs)?;
    Ok(OperationCall { list, inputs })
}

/// What the list declares about a handle. A record of integers may have a smaller degree than a fresh one.
fn input(record: &CiphertextRecord) -> OperationInput {
    let least = if record.value_type == ValueType::Bool { 1 } else { MESSAGE_DEGREE };
    let declared = record.declaration();
    OperationInput {
        declaration: Declaration { degree: declared.degree.max(least), ..declared },
        noise_level: record.noise.level,
    }
}

fn count(what: &'static str, got: usize, max: usize) -> Result<(), EngineError> {
    if (1..=max).contains(&got) {
        Ok(())
    } else {
        Err(trine_program::operation::OperationError::Count { what, got, min: 1, max }.into())
    }
}

/// Numbers values while it reads operations.
struct Reader {
    handles: HashMap<Bytes32, ValueId>,
    /// Types of all values so far.
    types: Vec<ValueType>,
    steps: Vec<Step>,
    constants: HashMap<(ValueType, u64), ValueId>,
    /// Value of each operation so far.
    results: Vec<ValueId>,
}

/// An operand whose value may be a constant of a type that is not known yet.
enum Operand {
    Value(ValueId),
    Constant(u64, Option<ValueType>),
}

impl Reader {
    fn new(inputs: &[CiphertextRecord], handles: HashMap<Bytes32, ValueId>) -> Self {
        Self {
            handles,
            types: inputs.iter().map(|r| r.value_type).collect(),
            steps: Vec::new(),
            constants: HashMap::new(),
            results: Vec::new(),
        }
    }

    fn operation(&mut self, index: usize, message: &pb::Operation) -> Result<(), EngineError> {
        let name = code_name(message.code)?;
        let unknown = || EngineError::OperationUnimplemented { name: name.to_string() };
        let operation = OperationId::from_name(&name.to_lowercase()).ok_or_else(unknown)?;
        if !message.program_id.is_empty() {
            let (got, expected) = (hex::encode(&message.program_id), format!("empty for {name}"));
            return Err(EngineError::FieldValue { field: "operation.program_id", got, expected });
        }
        let operands = message.operands.iter().map(|o| self.operand(index, o));
        let operands = operands.collect::<Result<Vec<_>, _>>()?;
        let of_constants = operands.iter().rev().find_map(|o| match o {
            Operand::Value(value) => Some(self.types[usize::from(*value)]),
            Operand::Constant(..) => None,
        });
        let mut values = Vec::with_capacity(operands.len());
        for operand in operands {
            values.push(match operand {
                Operand::Value(value) => value,
                Operand::Constant(value, named) => {
                    let value_type = named.or(of_constants);
                    let value_type =
                        value_type.ok_or(EngineError::FieldMissing { field: "operand.constant_type" })?;
                    self.constant(value_type, value)?
                }
            });
        }
        let result = self.result(operation, &values, message.result)?;
        let value = self.push(Step::Apply { operation, result, operands: values }, result)?;
        self.results.push(value);
        Ok(())
    }

    fn operand(&self, index: usize, message: &pb::Operand) -> Result<Operand, EngineError> {
        match &message.source {
            Some(pb::operand::Source::Handle(handle)) => {
                let handle = wire::word("operand.handle", handle)?;
                let known = self.handles.get(&handle).copied();
                known.map(Operand::Value).ok_or_else(|| EngineError::not_found("ciphertext", &handle))
            }
            Some(pb::operand::Source::Operation(place)) => {
                let known = usize::try_from(*place).ok().and_then(|p| self.results.get(p)).copied();
                let wrong = || EngineError::OperandOrder { operation: index, operand: *place };
                known.map(Operand::Value).ok_or_else(wrong)
            }
            Some(pb::operand::Source::Constant(value)) => {
                let named = message.constant_type;
                Ok(Operand::Constant(*value, value_type(named)?))
            }
            None => Err(EngineError::FieldMissing { field: "operand.source" }),
        }
    }

    /// Each constant is one step, however often it is used.
    fn constant(&mut self, value_type: ValueType, value: u64) -> Result<ValueId, EngineError> {
        if let Some(known) = self.constants.get(&(value_type, value)) {
            return Ok(*known);
        }
        let id = self.push(Step::Constant { value_type, value }, value_type)?;
        self.constants.insert((value_type, value), id);
        Ok(id)
    }

    /// The type that the message names, or the only one that the operation gives. Where there is no only one, some type: the
    /// list refuses it, and says which the operation takes.
    fn result(
        &self,
        operation: OperationId,
        operands: &[ValueId],
        named: i32,
    ) -> Result<ValueType, EngineError> {
        if let Some(named) = value_type(named)? {
            return Ok(named);
        }
        let operands: Vec<ValueType> = operands.iter().map(|o| self.types[usize::from(*o)]).collect();
        let given = |t: &ValueType| operation.get().accepts(&operands, *t);
        let mut possible = ValueType::ALL.into_iter().filter(given);
        match (possible.next(), possible.next()) {
            (Some(_), Some(_)) => Err(EngineError::FieldMissing { field: "operation.result" }),
            (Some(only), None) => Ok(only),
            (None, _) => Ok(operands.first().copied().unwrap_or(ValueType::Bool)),
        }
    }

    fn push(&mut self, step: Step, value_type: ValueType) -> Result<ValueId, EngineError> {
        count("steps", self.steps.len() + 1, MAX_STEPS)?;
        // At most 64 inputs and 4096 steps.
        let id = self.types.len() as ValueId;
        self.types.push(value_type);
        self.steps.push(step);
        Ok(id)
    }
}

/// A type code; `None` where it is unspecified.
fn value_type(code: i32) -> Result<Option<ValueType>, EngineError> {
    if code == 0 { Ok(None) } else { wire::value_type(code).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ciphertext::StoredOrigin;
    use crate::domain::{AccessList, NoiseRecord};
    use pb::OperationCode::{Add, Cast, Max, Min, Select};
    use proptest::prelude::*;
    use trine_program::KeyKind;
    use trine_program::operation::OperationError;

    /// The first byte of a handle is the code of its type, the second its noise level.
    fn record(handle: &Bytes32) -> Result<CiphertextRecord, EngineError> {
        let value_type = ValueType::from_code(handle[0]).unwrap_or(ValueType::Uint8);
        Ok(CiphertextRecord {
            handle: *handle,
            key_digest: [0; 32],
            key_kind: KeyKind::Compute,
            value_type,
            blocks: value_type.fixed_blocks().unwrap_or(1),
            origin: StoredOrigin::Output { request_id: [0; 32], index: 0 },
            commitment: [[0; 32]; 2],
            words_digest: [0; 32],
            words_bytes: 0,
            proven: false,
            noise: NoiseRecord { level: handle[1], ..NoiseRecord::fresh(value_type) },
            job: None,
            access: AccessList::owned_by("alice"),
        })
    }

    fn handle(value_type: ValueType, level: u8) -> pb::Operand {
        let mut bytes = vec![0; 32];
        (bytes[0], bytes[1]) = (value_type.code(), level);
        pb::Operand { source: Some(pb::operand::Source::Handle(bytes)), constant_type: 0 }
    }

    fn constant(value: u64) -> pb::Operand {
        pb::Operand { source: Some(pb::operand::Source::Constant(value)), constant_type: 0 }
    }

    fn operation(code: pb::OperationCode, operands: Vec<pb::Operand>) -> pb::Operation {
        pb::Operation { code: code.into(), operands, ..pb::Operation::default() }
    }

    fn read(operations: Vec<pb::Operation>) -> Result<OperationCall, EngineError> {
        let last = operations.len().saturating_sub(1) as u32;
        let outputs = vec![pb::OperationOutput { operation: last, release: true }];
        operation_call(&pb::OperationList { operations, outputs }, record)
    }

    #[test]
    fn handles_and_constants_are_numbered_once_and_typed_by_their_neighbours() {
        let (flag, number) = (handle(ValueType::Bool, 1), handle(ValueType::Uint16, 2));
        let call = read(vec![
            operation(Max, vec![number.clone(), constant(300)]),
            operation(Min, vec![constant(300), number.clone()]),
            operation(Select, vec![flag, constant(300), number]),
        ]);
        let call = call.unwrap();
        let text = "trine operations 1\n\
            input uint16 compute 8 degree 3 level 2\n\
            input bool compute 1 degree 1 level 1\n\
            constant uint16 300\n\
            max uint16 %0 %2\n\
            min uint16 %2 %0\n\
            select uint16 %1 %2 %0\n\
            release %5\n";
        assert_eq!(call.list.to_text(), text);
        assert_eq!(
            call.inputs.iter().map(|r| r.value_type).collect::<Vec<_>>(),
            [ValueType::Uint16, ValueType::Bool]
        );
    }

    #[test]
    fn results_are_inferred_or_named() {
        let number = handle(ValueType::Uint8, 1);
        let cast = pb::Operation { result: 5, ..operation(Cast, vec![number.clone()]) };
        let text = read(vec![cast]).unwrap().list.to_text();
        assert!(text.contains("cast uint64 %0"), "{text}");
        let open = read(vec![operation(Cast, vec![number.clone()])]);
        assert!(matches!(open, Err(EngineError::FieldMissing { field: "operation.result" })));
        let wrong = pb::Operation { result: 5, ..operation(Add, vec![number.clone(), number]) };
        let wrong = read(vec![wrong]);
        assert!(matches!(wrong, Err(EngineError::Operations(OperationError::Types { .. }))), "{wrong:?}");
    }

    /// Noise that earlier jobs left: a level of six would pass for one of a fresh value without its record.
    #[test]
    fn noise_of_a_record_is_declared_and_bounded() {
        let sum = |level| read(vec![operation(Add, vec![handle(ValueType::Uint8, level), constant(1)])]);
        assert!(sum(5).is_ok());
        for level in [0, 6, 255] {
            let refused = sum(level);
            assert!(
                matches!(refused, Err(EngineError::Operations(OperationError::NoiseLevel { got, .. })) if got == level),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn every_operation_is_announced() {
        let codes = codes();
        assert_eq!(codes.len(), 1 + OperationId::all().count());
        assert!(codes.iter().all(|code| code_name(*code).is_ok()));
    }

    fn any_operand() -> impl Strategy<Value = pb::Operand> {
        let source = prop_oneof![
            (0u8..8, 0u8..7).prop_map(|(t, level)| {
                let mut bytes = vec![0; 32];
                (bytes[0], bytes[1]) = (t, level);
                pb::operand::Source::Handle(bytes)
            }),
            prop::collection::vec(any::<u8>(), 0..40).prop_map(pb::operand::Source::Handle),
            prop_oneof![0u32..6, Just(u32::MAX)].prop_map(pb::operand::Source::Operation),
            any::<u64>().prop_map(pb::operand::Source::Constant),
        ];
        (prop::option::of(source), -1i32..8)
            .prop_map(|(source, constant_type)| pb::Operand { source, constant_type })
    }

    proptest! {
        #[test]
        fn hostile_lists_are_errors_or_well_formed(
            operations in prop::collection::vec((-1i32..25, prop::collection::vec(any_operand(), 0..4), -1i32..8), 0..6),
            outputs in prop::collection::vec(0u32..7, 0..3),
        ) {
            let operations = operations.into_iter().map(|(code, operands, result)| pb::Operation {
                code,
                operands,
                program_id: vec![],
                result,
            });
            let outputs = outputs.into_iter().map(|operation| pb::OperationOutput { operation, release: false });
            let list = pb::OperationList { operations: operations.collect(), outputs: outputs.collect() };
            if let Ok(call) = operation_call(&list, record) {
                prop_assert_eq!(call.list.inputs().len(), call.inputs.len());
                prop_assert_eq!(OperationList::from_text(call.list.to_text().as_bytes()), Ok(call.list));
            }
        }
    }
}
