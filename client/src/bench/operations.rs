//! Each operation beside tfhe-rs's, in one run and on the same ciphertexts.
//!
//! tfhe-rs is measured by the functions of its integer layer that its high-level types call. With the same parameter set
//! each repetition tries one and two threads a bootstrapping, and the faster is taken. Every result is decrypted by an
//! unmodified client key and compared with the plaintext meaning of the operation.

use super::integer_rival::{IntegerRival, OPERATIONS, Operand};
use super::timing::{median, timed};
use anyhow::{Context, ensure};
use rand::Rng;
use rand::rngs::OsRng;
use rayon::prelude::*;
use serde::Serialize;
use std::num::NonZeroUsize;
use std::sync::Arc;
use tfhe::integer::ClientKey;
use tfhe::shortint::CompressedServerKey;
use tfhe::shortint::parameters::v1_8::V1_8_PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128;
use trine::phases::Phases;
use trine_fhe::bootstrapping::rotation::Backend;
use trine_fhe::bootstrapping::{EvaluationKey, Evaluator};
use trine_fhe::circuit::CircuitEvaluation;
use trine_fhe::parameters::COMPUTE;
use trine_fhe::{BlockWords, ValueWords};
use trine_program::operation::{OperationId, OperationInput, OperationList, Output, Step, max_value};
use trine_program::{Declaration, KeyKind, ValueType};

/// Repetitions of which the median is told.
pub const REPETITIONS: usize = 3;
/// Types measured.
const TYPES: [ValueType; 3] = [ValueType::Uint8, ValueType::Uint32, ValueType::Uint64];
/// Operations measured eight at a time, at 64 bits, against the classic set.
const BATCH_OPERATIONS: [&str; 3] = ["add", "lt", "select"];
const BATCH: usize = 8;
/// Most bootstrappings of a step: both cores' batches.
const STEP: NonZeroUsize = NonZeroUsize::new(256).expect("not zero");

/// One operation of one type.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OperationFigures {
    /// Name.
    pub operation: &'static str,
    /// Bits of the operands.
    pub bits: u32,
    /// Trine, milliseconds.
    pub ms: f64,
    /// tfhe-rs with the same set.
    pub tfhe_ms: f64,
    /// tfhe-rs's time to Trine's.
    pub time_ratio: f64,
    /// Bootstrappings of the circuit.
    pub bootstrappings: usize,
    /// Levels of the circuit.
    pub depth: usize,
}

/// Eight independent operations at a time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BatchFigures {
    /// Name.
    pub operation: &'static str,
    /// Bits of the operands.
    pub bits: u32,
    /// Trine, milliseconds of all.
    pub ms: f64,
    /// tfhe-rs with its classic set.
    pub tfhe_classic_ms: f64,
    /// tfhe-rs's time to Trine's.
    pub ratio_classic: f64,
}

/// The figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// `operations`.
    pub bench: &'static str,
    /// Threads of every competitor.
    pub threads: usize,
    /// Kernels that ran.
    pub backend: String,
    /// Least `time_ratio`.
    pub worst_time_ratio: f64,
    /// Least `ratio_classic`.
    pub batch_ratio_classic: f64,
    /// Each operation at each width.
    pub operations: Vec<OperationFigures>,
    /// Eight at a time.
    pub batches: Vec<BatchFigures>,
}

impl Figures {
    /// No operation slower than tfhe-rs's with the same set, and batches 1.3 times as fast as its classic set.
    pub fn within_limits(&self) -> bool {
        self.worst_time_ratio >= 1.0 && self.batch_ratio_classic >= 1.3
    }
}

/// Measures.
pub fn run(phases: &mut Phases) -> anyhow::Result<Figures> {
    let threads = std::thread::available_parallelism()?;
    let backend = Backend::detect();
    let phase = phases.open("keys");
    let client = ClientKey::new(COMPUTE);
    let server = CompressedServerKey::new(client.as_ref());
    let evaluator = Evaluator::new(Arc::new(EvaluationKey::new(server, backend)?), threads);
    let mut same = IntegerRival::new(&client);
    let classic_client = ClientKey::new(V1_8_PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128);
    let classic = IntegerRival::new(&classic_client);
    phases.close(phase, "made");

    let mut operations = Vec::new();
    for value_type in TYPES {
        let phase = phases.open(value_type.name());
        for operation in OPERATIONS {
            phase.step(operation);
            operations.push(measure(operation, value_type, &evaluator, &mut same)?);
        }
        phases.close(phase, format!("{} operations, {REPETITIONS} times", OPERATIONS.len()));
    }
    let phase = phases.open("eight at a time");
    let mut batches = Vec::new();
    for operation in BATCH_OPERATIONS {
        phase.step(operation);
        batches.push(measure_batch(operation, ValueType::Uint64, &evaluator, &same, &classic)?);
    }
    phases.close(phase, "");
    let least = |ratios: &mut dyn Iterator<Item = f64>| ratios.fold(f64::INFINITY, f64::min);
    Ok(Figures {
        bench: "operations",
        threads: threads.get(),
        backend: format!("{backend:?}"),
        worst_time_ratio: least(&mut operations.iter().map(|o| o.time_ratio)),
        batch_ratio_classic: least(&mut batches.iter().map(|b| b.ratio_classic)),
        operations,
        batches,
    })
}

/// One operation on fresh random operands.
fn measure(
    operation: &'static str,
    value_type: ValueType,
    evaluator: &Evaluator,
    rival: &mut IntegerRival<'_>,
) -> anyhow::Result<OperationFigures> {
    let id = OperationId::from_name(operation).context("an operation of the registry")?;
    let signature = signature(operation, value_type);
    let plaintexts = draw(&signature.operands);
    let expected = id.get().evaluate(&plaintexts, signature.result) & max_value(signature.result);
    let operands: Vec<Operand> =
        plaintexts.iter().zip(&signature.operands).map(|(p, t)| rival.encrypt(*p, *t)).collect();
    let inputs = operands.iter().map(words).collect::<anyhow::Result<Vec<_>>>()?;
    let circuit = trine_program::lowering::lower(&list(id, &signature, 1)?)?;
    let (mut own, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        let evaluation = CircuitEvaluation::new(circuit.clone(), inputs.clone())?;
        let (seconds, outputs) = timed(|| evaluate(evaluation, evaluator))?;
        own.push(seconds);
        let got = rival.decrypt(&operand(&outputs[0], signature.result)?);
        ensure!(got == expected, "{operation} of {plaintexts:?} gave {got}, expected {expected}");
        let mut fastest = f64::INFINITY;
        for threads in [1, 2] {
            rival.set_threads(threads)?;
            let (seconds, output) = timed(|| rival.apply(operation, &operands, signature.result))?;
            let got = rival.decrypt(&output);
            ensure!(got == expected, "tfhe-rs: {operation} gave {got}, expected {expected}");
            fastest = fastest.min(seconds);
        }
        theirs.push(fastest);
    }
    let (ms, tfhe_ms) = (1e3 * median(&own), 1e3 * median(&theirs));
    Ok(OperationFigures {
        operation,
        bits: trine_program::operation::bits(value_type).context("an integer")?,
        ms,
        tfhe_ms,
        time_ratio: tfhe_ms / ms,
        bootstrappings: circuit.bootstrappings().len(),
        depth: circuit.levels().len(),
    })
}

/// Eight independent operations, in one circuit here, by parallel calls there.
fn measure_batch(
    operation: &'static str,
    value_type: ValueType,
    evaluator: &Evaluator,
    same: &IntegerRival<'_>,
    classic: &IntegerRival<'_>,
) -> anyhow::Result<BatchFigures> {
    let id = OperationId::from_name(operation).context("an operation of the registry")?;
    let signature = signature(operation, value_type);
    let plaintexts: Vec<Vec<u64>> = (0..BATCH).map(|_| draw(&signature.operands)).collect();
    let encrypt = |rival: &IntegerRival<'_>| -> Vec<Vec<Operand>> {
        let one =
            |p: &Vec<u64>| p.iter().zip(&signature.operands).map(|(p, t)| rival.encrypt(*p, *t)).collect();
        plaintexts.iter().map(one).collect()
    };
    let inputs = encrypt(same).iter().flatten().map(words).collect::<anyhow::Result<Vec<_>>>()?;
    let theirs = encrypt(classic);
    let circuit = trine_program::lowering::lower(&list(id, &signature, BATCH)?)?;
    let expected: Vec<u64> = plaintexts
        .iter()
        .map(|p| id.get().evaluate(p, signature.result) & max_value(signature.result))
        .collect();
    let (mut own_seconds, mut classic_seconds) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        let evaluation = CircuitEvaluation::new(circuit.clone(), inputs.clone())?;
        let (seconds, outputs) = timed(|| evaluate(evaluation, evaluator))?;
        own_seconds.push(seconds);
        let got = outputs.iter().map(|o| Ok(same.decrypt(&operand(o, signature.result)?)));
        ensure!(got.collect::<anyhow::Result<Vec<_>>>()? == expected, "{operation}: wrong results");
        let (seconds, outputs) = timed(|| {
            let apply = |operands: &Vec<Operand>| classic.apply(operation, operands, signature.result);
            theirs.par_iter().map(apply).collect::<anyhow::Result<Vec<_>>>()
        })?;
        classic_seconds.push(seconds);
        let got: Vec<u64> = outputs.iter().map(|o| classic.decrypt(o)).collect();
        ensure!(got == expected, "tfhe-rs: {operation}: wrong results");
    }
    let (ms, tfhe_classic_ms) = (1e3 * median(&own_seconds), 1e3 * median(&classic_seconds));
    Ok(BatchFigures {
        operation,
        bits: trine_program::operation::bits(value_type).context("an integer")?,
        ms,
        tfhe_classic_ms,
        ratio_classic: tfhe_classic_ms / ms,
    })
}

/// Types of operands and result.
struct Signature {
    operands: Vec<ValueType>,
    result: ValueType,
}

fn signature(operation: &str, value_type: ValueType) -> Signature {
    let (operands, result) = match operation {
        "neg" | "not" => (vec![value_type], value_type),
        "eq" | "ne" | "lt" | "le" | "gt" | "ge" => (vec![value_type; 2], ValueType::Bool),
        "select" => (vec![ValueType::Bool, value_type, value_type], value_type),
        "cast" => (vec![value_type], ValueType::Uint16),
        "sum" => (vec![value_type; 8], value_type),
        _ => (vec![value_type; 2], value_type),
    };
    Signature { operands, result }
}

/// So many independent applications of an operation to inputs of their own.
fn list(id: OperationId, signature: &Signature, count: usize) -> anyhow::Result<OperationList> {
    let arity = signature.operands.len();
    let of =
        |value_type: &ValueType| OperationInput { declaration: declaration(*value_type), noise_level: 1 };
    let inputs: Vec<_> = (0..count).flat_map(|_| signature.operands.iter().map(of)).collect();
    let apply = |index: usize| Step::Apply {
        operation: id,
        result: signature.result,
        operands: (index * arity..(index + 1) * arity).map(|value| value as u16).collect(),
    };
    let steps: Vec<_> = (0..count).map(apply).collect();
    let first = inputs.len();
    let outputs = (first..first + count).map(|value| Output { value: value as u16, release: false });
    Ok(OperationList::new(inputs, steps, outputs.collect())?)
}

fn declaration(value_type: ValueType) -> Declaration {
    let degree = if value_type == ValueType::Bool { 1 } else { 3 };
    let blocks = value_type.fixed_blocks().unwrap_or(1);
    Declaration { value_type, key_kind: KeyKind::Compute, blocks, degree }
}

fn draw(types: &[ValueType]) -> Vec<u64> {
    types.iter().map(|t| OsRng.gen_range(0..=max_value(*t))).collect()
}

fn words(operand: &Operand) -> anyhow::Result<ValueWords> {
    let blocks = operand.blocks().iter().map(BlockWords::from_shortint).collect::<Result<Vec<_>, _>>()?;
    Ok(ValueWords::new(declaration(operand.value_type()), blocks)?)
}

/// What tfhe-rs decrypts: blocks of an output, whose degree may exceed that of a clean value.
fn operand(value: &ValueWords, value_type: ValueType) -> anyhow::Result<Operand> {
    let degree = value.declaration().degree;
    let blocks = value.blocks().iter().map(|block| block.to_shortint(degree)).collect();
    Operand::from_blocks(blocks, value_type)
}

fn evaluate(mut evaluation: CircuitEvaluation, evaluator: &Evaluator) -> anyhow::Result<Vec<ValueWords>> {
    while evaluation.step(evaluator, STEP)?.is_some() {}
    Ok(evaluation.outputs()?)
}
