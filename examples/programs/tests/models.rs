//! Operation lists, the circuits they lower to, and the models agree; instances have the size they promise.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use std::collections::BTreeSet;
use trine_program::circuit::release::Job;
use trine_program::circuit::{Circuit, InputSource, Leaf, NoiseModel, interpret, releasable, segments};
use trine_program::lower;
use trine_program::operation::{OperationList, Step, max_value};
use trine_program::value::{Declaration, ValueType};
use trine_programs::election::Election;
use trine_programs::workload::{SMALL_BOOTSTRAPPINGS, all};
use trine_programs::{Size, Workload};
use trine_verifier::bootstrapping::Parameters;

const SEEDS: u64 = 300;

fn every_instance() -> impl Iterator<Item = Box<dyn Workload>> {
    [Size::Small, Size::Normal].into_iter().flat_map(all)
}

/// Clean blocks of a plaintext.
fn blocks(value: u64, value_type: ValueType) -> Vec<u8> {
    (0..value_type.fixed_blocks().unwrap()).map(|i| (value >> (2 * i) & 3) as u8).collect()
}

fn value(blocks: &[u8], value_type: ValueType) -> u64 {
    let sum = blocks.iter().rev().fold(0u64, |sum, b| sum.wrapping_shl(2).wrapping_add(u64::from(*b)));
    sum & max_value(value_type)
}

#[test]
fn lists_mean_what_models_compute() {
    for workload in every_instance() {
        let list = workload.operations().list;
        for seed in 0..SEEDS {
            let inputs = workload.draw(&mut ChaCha20Rng::seed_from_u64(seed));
            let expected = workload.model(&inputs);
            assert_eq!(list.evaluate(&inputs).unwrap(), expected, "{} seed {seed}", workload.name());
        }
    }
}

#[test]
fn circuits_compute_what_models_do() {
    for workload in every_instance() {
        let list = workload.operations().list;
        for circuit in [lower(&list).unwrap(), workload.circuit().unwrap()] {
            assert_computes_the_model(workload.as_ref(), &list, &circuit);
        }
    }
}

fn assert_computes_the_model(workload: &dyn Workload, list: &OperationList, circuit: &Circuit) {
    for seed in 0..SEEDS {
        let inputs = workload.draw(&mut ChaCha20Rng::seed_from_u64(seed));
        let declared = list.inputs().iter().map(|i| i.declaration.value_type);
        let encrypted: Vec<Vec<u8>> = inputs.iter().zip(declared).map(|(v, t)| blocks(*v, t)).collect();
        let outputs = interpret(circuit, &encrypted).unwrap();
        let types = circuit.outputs().iter().map(|d| d.value_type);
        let computed: Vec<u64> = outputs.iter().zip(types).map(|(b, t)| value(b, t)).collect();
        assert_eq!(computed, workload.model(&inputs), "{} seed {seed}", workload.name());
    }
}

/// Whoever has the list knows the handles of the circuit.
#[test]
fn circuits_have_the_types_of_their_lists() {
    for workload in every_instance() {
        let (of_list, circuit) = (lower(&workload.operations().list).unwrap(), workload.circuit().unwrap());
        assert_eq!(circuit.inputs(), of_list.inputs(), "{}", workload.name());
        let types = |c: &Circuit| c.outputs().iter().map(|d| (d.value_type, d.blocks)).collect::<Vec<_>>();
        assert_eq!(types(&circuit), types(&of_list), "{}", workload.name());
    }
}

/// The demo's instance: one proof, and the only output is the winner.
#[test]
fn an_election_of_twelve_is_one_segment() {
    let circuit = Election::sized(Size::Small).circuit().unwrap();
    assert_eq!(circuit.bootstrappings().len(), 16);
    assert_eq!((circuit.inputs().len(), circuit.outputs().len()), (36, 1));
    assert_eq!(segments(&circuit, &Parameters::PRODUCTION.segment_limits()).unwrap().len(), 1);
}

#[test]
fn small_instances_stay_small() {
    for (small, normal) in all(Size::Small).iter().zip(all(Size::Normal)) {
        let count = |w: &dyn Workload| lower(&w.operations().list).unwrap().bootstrappings().len();
        let (few, many) = (count(small.as_ref()), count(normal.as_ref()));
        assert!((1..=SMALL_BOOTSTRAPPINGS).contains(&few), "{}: {few} bootstrappings", small.name());
        assert!(few < many, "{}: {few} and {many} bootstrappings", small.name());
    }
}

/// Most input handles, output handles and output blocks of a segment.
#[test]
fn segments_leave_room_in_a_proof() {
    let limits = Parameters::PRODUCTION.segment_limits();
    let mut most = [0; 3];
    for workload in every_instance() {
        let circuit = workload.circuit().unwrap();
        let list = segments(&circuit, &limits).unwrap();
        let count = |c: &Circuit| [c.inputs().len(), c.outputs().len(), c.rows().len()];
        let of_workload = list.iter().map(|s| count(&s.circuit)).fold([0; 3], maxima);
        println!("{}: {} segments, at most {of_workload:?}", workload.name(), list.len());
        most = maxima(most, of_workload);
    }
    let room = [limits.inputs, limits.outputs, limits.blocks];
    assert!(most.iter().zip(room).all(|(most, room)| *most <= room), "{most:?} of {room:?}");
}

/// Keyholders recompute this from the text: the demo's instance is one that they decrypt.
#[test]
fn an_election_may_be_released() {
    // Figures of the order of the parameter set's.
    let model = NoiseModel { fresh_variance: 3e-26, bootstrapping_variance: 1.6e-9, max_variance: 1.3e-7 };
    let circuit = Election::sized(Size::Small).circuit().unwrap();
    let leaf =
        |declaration: &Declaration| InputSource::Leaf(Leaf { declaration: *declaration, noise_level: 1 });
    let (program_id, text) = (circuit.id(), circuit.to_text());
    let inputs = circuit.inputs().iter().map(leaf).collect();
    let records = releasable(&[Job { program_id, text: text.as_bytes(), inputs }], &model, &[true]).unwrap();
    assert_eq!((records.len(), records[0].degree), (1, 2));
}

fn maxima(a: [usize; 3], b: [usize; 3]) -> [usize; 3] {
    std::array::from_fn(|index| a[index].max(b[index]))
}

/// A test of a workload whose outputs hardly vary would prove little.
#[test]
fn every_output_takes_more_than_one_value() {
    for workload in every_instance() {
        let runs = (0..SEEDS).map(|seed| workload.draw(&mut ChaCha20Rng::seed_from_u64(seed)));
        let outputs: Vec<Vec<u64>> = runs.map(|inputs| workload.model(&inputs)).collect();
        for (index, name) in workload.operations().outputs.iter().enumerate() {
            let values: BTreeSet<u64> = outputs.iter().map(|o| o[index]).collect();
            assert!(values.len() > 1, "{}: {name} is always {values:?}", workload.name());
        }
    }
}

/// An engine numbers inputs as they are mentioned, and a constant before the operation that first uses it. Only a list that
/// is numbered so has the same identifier there.
#[test]
fn values_are_numbered_as_an_engine_does() {
    for workload in every_instance() {
        let list = workload.operations().list;
        let (inputs, mut mentioned) = (list.inputs().len(), Vec::new());
        for (index, step) in list.steps().iter().enumerate() {
            let Step::Apply { operands, .. } = step else { continue };
            for operand in operands.iter().map(|o| usize::from(*o)) {
                let constants: Vec<usize> = (inputs..inputs + index)
                    .rev()
                    .take_while(|v| matches!(list.steps()[v - inputs], Step::Constant { .. }))
                    .collect();
                let is_constant =
                    operand >= inputs && matches!(list.steps()[operand - inputs], Step::Constant { .. });
                if !mentioned.contains(&operand) && is_constant {
                    assert!(constants.contains(&operand), "{}: constant %{operand}", workload.name());
                }
                if !mentioned.contains(&operand) {
                    mentioned.push(operand);
                }
            }
        }
        let order: Vec<usize> = mentioned.into_iter().filter(|value| *value < inputs).collect();
        assert_eq!(order, (0..inputs).collect::<Vec<_>>(), "{}", workload.name());
    }
}

#[test]
fn inputs_and_outputs_have_names_of_their_own() {
    for workload in every_instance() {
        let named = workload.operations();
        for (names, count) in
            [(&named.inputs, named.list.inputs().len()), (&named.outputs, named.list.outputs().len())]
        {
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), count, "{names:?}");
        }
    }
}
