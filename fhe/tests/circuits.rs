//! Circuits on real keys: what the plaintext meaning says, the same words at every batch size and after every interruption.

use std::num::NonZeroUsize;
use std::sync::Arc;
use tfhe::shortint::CompactPublicKey;
use trine_fhe::bootstrapping::{EvaluationKey, Evaluator};
use trine_fhe::circuit::wires::most_live_blocks;
use trine_fhe::circuit::{CircuitEvaluation, CircuitEvaluationError, noise_model};
use trine_fhe::dev_keys::{self, DevelopmentKeys};
use trine_fhe::keys::{self, DealerKeys};
use trine_fhe::{BlockWords, ValueWords, encryption};
use trine_program::circuit::{HandleRecord, admissible};
use trine_program::operation::{OperationId, OperationInput, Output, Step, max_value};
use trine_program::{Circuit, Declaration, KeyKind, OperationList, ValueType, lower};

const NUMBERS: [u64; 2] = [201, 77];

/// Sum, comparison and selection of two numbers of 8 bits.
fn operations() -> OperationList {
    let input = OperationInput { declaration: clean(ValueType::Uint8), noise_level: 1 };
    let step = |name: &str, result, operands: &[u16]| Step::Apply {
        operation: OperationId::from_name(name).unwrap(),
        result,
        operands: operands.to_vec(),
    };
    let steps = vec![
        step("add", ValueType::Uint8, &[0, 1]),
        step("lt", ValueType::Bool, &[0, 1]),
        step("select", ValueType::Uint8, &[3, 0, 2]),
    ];
    let outputs = [2, 3, 4].map(|value| Output { value, release: true }).to_vec();
    OperationList::new(vec![input; 2], steps, outputs).unwrap()
}

struct Keys {
    dealer: DealerKeys,
    evaluator: Evaluator,
    public: CompactPublicKey,
}

fn load() -> Keys {
    let cache = dev_keys::cache_folder().expect("a home folder");
    let set = DevelopmentKeys::load_or_generate(&cache, &mut |step| eprintln!("{step}")).unwrap();
    let key = EvaluationKey::from_bytes(&std::fs::read(&set.server_key).unwrap()).unwrap();
    let key = Arc::new(key);
    Keys {
        dealer: set.read_dealer().unwrap(),
        evaluator: Evaluator::new(key, NonZeroUsize::new(2).unwrap()),
        public: keys::decode_public_key(&std::fs::read(&set.compact_public_key).unwrap()).unwrap(),
    }
}

impl Keys {
    fn inputs(&self) -> Vec<ValueWords> {
        NUMBERS.map(|number| self.encrypt(number, clean(ValueType::Uint8))).to_vec()
    }

    fn encrypt(&self, number: u64, declaration: Declaration) -> ValueWords {
        let digits: Vec<u64> = (0..declaration.blocks).map(|block| number >> (2 * block) & 3).collect();
        let list = encryption::encrypt(&self.public, &declaration, &digits).unwrap();
        encryption::expand(&list, declaration).unwrap()
    }

    fn run(&self, evaluation: &mut CircuitEvaluation, most: usize) -> Vec<ValueWords> {
        while evaluation.step(&self.evaluator, NonZeroUsize::new(most).unwrap()).unwrap().is_some() {}
        evaluation.outputs().unwrap()
    }

    fn decrypt(&self, value: &ValueWords) -> u64 {
        let digit = |b: &BlockWords| self.dealer.client().decrypt_message_and_carry(&b.to_shortint(15));
        value.blocks().iter().enumerate().fold(0, |sum, (block, words)| sum + (digit(words) << (2 * block)))
    }
}

/// Every operation of the registry at 8 bits, a sample at 64: encrypted as users do, decrypted by tfhe-rs's client key.
#[test]
fn operations_on_ciphertexts_give_their_plaintext_meaning() {
    let keys = load();
    let sample = ["add", "lt", "select"].map(|name| OperationId::from_name(name).unwrap());
    let cases = OperationId::all().map(|id| (id, ValueType::Uint8));
    for (id, value_type) in cases.chain(sample.map(|id| (id, ValueType::Uint64))) {
        let (operation, high) = (id.get(), max_value(value_type));
        let shapes: [&[ValueType]; 3] =
            [&[value_type], &[value_type; 2], &[ValueType::Bool, value_type, value_type]];
        let results = [value_type, ValueType::Bool, ValueType::Uint16];
        let (operands, result) = shapes
            .iter()
            .flat_map(|shape| results.map(|result| (*shape, result)))
            .find(|(shape, result)| operation.accepts(shape, *result))
            .unwrap_or_else(|| panic!("{id:?} takes none of the shapes"));
        let plaintexts: Vec<u64> =
            operands.iter().zip([1, high - 54, 77]).map(|(t, p)| p & max_value(*t)).collect();
        let inputs: Vec<ValueWords> =
            operands.iter().zip(&plaintexts).map(|(t, p)| keys.encrypt(*p, clean(*t))).collect();
        let given = operands.iter().map(|t| OperationInput { declaration: clean(*t), noise_level: 1 });
        let count = operands.len() as u16;
        let step = Step::Apply { operation: id, result, operands: (0..count).collect() };
        let output = Output { value: count, release: false };
        let list = OperationList::new(given.collect(), vec![step], vec![output]).unwrap();
        let mut evaluation = CircuitEvaluation::new(lower(&list).unwrap(), inputs).unwrap();
        let expected = operation.evaluate(&plaintexts, result) & max_value(result);
        let outputs = keys.run(&mut evaluation, 32);
        assert_eq!(keys.decrypt(&outputs[0]), expected, "{id:?} of {plaintexts:?}");
    }
}

fn clean(value_type: ValueType) -> Declaration {
    let degree = if value_type == ValueType::Bool { 1 } else { 3 };
    let blocks = value_type.fixed_blocks().unwrap();
    Declaration { value_type, key_kind: KeyKind::Compute, blocks, degree }
}

#[test]
fn words_depend_on_no_batch_size_and_on_no_interruption() {
    let (keys, list) = (load(), operations());
    let circuit = lower(&list).unwrap();
    let record = HandleRecord::fresh(ValueType::Uint8, KeyKind::Compute, 4, 3, &noise_model());
    let outputs = admissible(&circuit, &[record; 2], &noise_model()).unwrap();
    assert!(outputs.iter().all(|o| o.bootstrapped && o.record.noise_level == 1));

    let inputs = keys.inputs();
    let begin = || CircuitEvaluation::new(circuit.clone(), inputs.clone()).unwrap();
    let expected = keys.run(&mut begin(), 1);
    let values: Vec<u64> = expected.iter().map(|v| keys.decrypt(v)).collect();
    assert_eq!(values, list.evaluate(&NUMBERS).unwrap());
    assert_eq!(values, [(201 + 77) % 256, 0, (201 + 77) % 256]);
    assert_eq!(keys.run(&mut begin(), 64), expected);

    // Stopped after each step in turn: what the owner kept is enough, and live wires stay below what was announced.
    let total = circuit.bootstrappings().len();
    let most_live = most_live_blocks(&circuit);
    let mut first = begin();
    let mut kept: std::collections::BTreeMap<u32, Option<Vec<BlockWords>>> = Default::default();
    while let Some(step) = first.step(&keys.evaluator, NonZeroUsize::new(3).unwrap()).unwrap() {
        for index in step.kept {
            kept.insert(index, first.wires_of(index).map(<[_]>::to_vec));
        }
        kept.extend(step.dropped.iter().map(|index| (*index, None)));
        let live: usize = kept.values().flatten().map(Vec::len).sum();
        assert!(live <= most_live, "{live} blocks, at most {most_live}");
        if kept.len() * 2 < total || kept.len() == total {
            continue;
        }
        let mut second = begin();
        for (index, wires) in &kept {
            second.restore(*index, wires.clone()).unwrap();
        }
        assert_eq!((second.done(), second.total()), (kept.len(), total));
        assert_eq!(keys.run(&mut second, 2), expected);
    }
    assert_eq!(first.outputs().unwrap(), expected);
}

#[test]
fn wires_and_inputs_that_do_not_fit_are_refused() {
    use CircuitEvaluationError as E;
    let circuit = lower(&operations()).unwrap();
    let value = || ValueWords::new(clean(ValueType::Uint8), vec![BlockWords::zero(); 4]).unwrap();
    let begin = |inputs| CircuitEvaluation::new(circuit.clone(), inputs);
    assert!(matches!(begin(vec![value()]).err(), Some(E::InputCount { got: 1, expected: 2 })));
    let other = Declaration { degree: 15, ..clean(ValueType::Uint8) };
    let other = ValueWords::new(other, vec![BlockWords::zero(); 4]).unwrap();
    assert!(matches!(begin(vec![value(), other]).err(), Some(E::Declaration { index: 1, .. })));

    let mut evaluation = begin(vec![value(); 2]).unwrap();
    let total = circuit.bootstrappings().len() as u32;
    assert_eq!(evaluation.restore(total, None), Err(E::NotMissing { index: total }));
    let many = vec![BlockWords::zero(); 9];
    assert!(matches!(evaluation.restore(0, Some(many)), Err(E::WireCount { index: 0, got: 9, .. })));
    assert_eq!(evaluation.restore(0, None), Err(E::NotMissing { index: 0 }), "it was taken");
    assert!(matches!(evaluation.outputs().err(), Some(E::MissingWire { .. })));
}

/// A value between steps would be another table for a prover than for this evaluator.
#[test]
fn tables_off_the_grid_are_refused() {
    let zeros = "0 ".repeat(15);
    let text = format!(
        "trine circuit 1\ninput bool compute 1 degree 1\noutput bool compute 1 degree 1\n\
         table 1 {zeros}{}\nbootstrap compute 0 0 + 1*i0.0\nrow 0 + 1*b0.0\n",
        1u64 << 58
    );
    let circuit = Circuit::from_text(text.as_bytes()).unwrap();
    let input = Declaration { value_type: ValueType::Bool, key_kind: KeyKind::Compute, blocks: 1, degree: 1 };
    let value = ValueWords::new(input, vec![BlockWords::zero()]).unwrap();
    let refused = CircuitEvaluation::new(circuit, vec![value]).err();
    assert_eq!(refused, Some(CircuitEvaluationError::Box { table: 0, index: 15, word: 1 << 58 }));
}
