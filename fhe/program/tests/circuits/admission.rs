//! Each violation stops an attack that nothing else stops.

use crate::builders::MODEL;
use trine_program::Circuit;
use trine_program::circuit::form::Place;
use trine_program::circuit::{HandleRecord, InterpreterError, NoiseModel, Violation, admissible, interpret};
use trine_program::value::{KeyKind, ValueType};

/// Two integers, one lookup of each function of a table of two, and their sum.
const HONEST: &str = "trine circuit 1
input nibbles compute 1 degree 3
input nibbles compute 1 degree 3
output nibbles compute 1 degree 3
table 2 0 576460752303423488 1152921504606846976 1729382256910270464 0 576460752303423488 1152921504606846976 0 0 0 0 0 576460752303423488 576460752303423488 576460752303423488 0
bootstrap compute 0 0 + 1*i0.0 + 1*i1.0
row 0 + 1*b0.0
";
const STEP: &str = "576460752303423488";
const HALF_STEP: &str = "288230376151711744";

fn circuit(text: &str) -> Circuit {
    Circuit::from_text(text.as_bytes()).unwrap()
}

fn changed(from: &str, to: &str) -> Circuit {
    let text = HONEST.replacen(from, to, 1);
    assert_ne!(text, HONEST);
    circuit(&text)
}

fn fresh() -> HandleRecord {
    HandleRecord::fresh(ValueType::Nibbles, KeyKind::Compute, 1, 3, &MODEL)
}

fn refusal(circuit: &Circuit) -> Violation {
    admissible(circuit, &[fresh(), fresh()], &MODEL).unwrap_err()
}

#[test]
fn the_honest_circuit_runs_and_is_recorded() {
    let output = admissible(&circuit(HONEST), &[fresh(), fresh()], &MODEL).unwrap()[0];
    assert!(output.bootstrapped);
    assert_eq!((output.record.degree, output.record.noise_level), (3, 1));
    assert!((output.record.variance / MODEL.bootstrapping_variance - 1.0).abs() < 1e-12);
}

#[test]
fn records_are_those_of_the_declared_handles() {
    let c = circuit(HONEST);
    let check = |record: HandleRecord| admissible(&c, &[fresh(), record], &MODEL).unwrap_err();
    assert!(matches!(
        admissible(&c, &[fresh()], &MODEL),
        Err(Violation::RecordCount { got: 1, expected: 2 })
    ));
    // A narrower value read as another type, a casting ciphertext under the compute key, a block too many.
    for other in [
        HandleRecord { value_type: ValueType::Bool, ..fresh() },
        HandleRecord { key_kind: KeyKind::Casting, ..fresh() },
        HandleRecord { blocks: 2, ..fresh() },
    ] {
        assert!(matches!(check(other), Violation::RecordMismatch { handle: 1, .. }));
    }
    // A block that holds carries, declared clean: the lookup would run into the padding bit.
    let dirty = HandleRecord { degree: 15, ..fresh() };
    assert!(matches!(check(dirty), Violation::InputDegree { handle: 1, got: 15, declared: 3 }));
    for (noise_level, variance) in [(0, 1e-20), (6, 1e-20), (1, -1.0), (1, f64::NAN), (1, f64::INFINITY)] {
        let odd = HandleRecord { noise_level, variance, ..fresh() };
        assert!(matches!(check(odd), Violation::InputNoise { handle: 1, .. }));
    }
}

#[test]
fn half_a_step_reads_the_noise() {
    let c = changed("compute 0 0 +", &format!("compute 0 {HALF_STEP} +"));
    assert!(matches!(refusal(&c), Violation::ConstantOffGrid { place: Place::Bootstrapping(0), .. }));
    let c = changed("row 0 +", &format!("row {HALF_STEP} +"));
    assert!(matches!(refusal(&c), Violation::ConstantOffGrid { place: Place::Row(0), .. }));
    let c = changed(&format!("table 2 0 {STEP}"), &format!("table 2 0 {HALF_STEP}"));
    assert!(matches!(refusal(&c), Violation::TableOffGrid { table: 0, index: 1, .. }));
    assert!(matches!(interpret(&c, &[vec![1], vec![0]]), Err(InterpreterError::OffGrid { .. })));
}

#[test]
fn noise_is_bounded_across_jobs() {
    // Chained linear outputs: each job adds, none bootstraps.
    let noisy = HandleRecord { noise_level: 3, ..fresh() };
    let refused = admissible(&circuit(HONEST), &[noisy, noisy], &MODEL).unwrap_err();
    assert!(matches!(refused, Violation::NoiseLevel { place: Place::Bootstrapping(0), level: 6 }));
    // A large coefficient lifts noise into the message.
    let c = changed("1*i0.0", "5*i0.0");
    assert!(matches!(refusal(&c), Violation::NoiseLevel { level: 6, .. }));
    let c = changed("row 0 + 1*b0.0", "row 0 + 6*b0.1");
    assert!(matches!(refusal(&c), Violation::NoiseLevel { place: Place::Row(0), level: 6 }));
}

#[test]
fn variance_adds_as_if_wires_were_one() {
    // Two wires of variance v may carry the same error: 4 v, not 2 v.
    let v = 1e-9;
    let records = [HandleRecord { variance: v, ..fresh() }; 2];
    let tight = NoiseModel { max_variance: 3.9 * v, bootstrapping_variance: v, fresh_variance: v };
    let refused = admissible(&circuit(HONEST), &records, &tight).unwrap_err();
    assert!(matches!(refused, Violation::Variance { place: Place::Bootstrapping(0), .. }));
    let loose = NoiseModel { max_variance: 4.1 * v, ..tight };
    assert!(admissible(&circuit(HONEST), &records, &loose).is_ok());
}

#[test]
fn the_padding_bit_is_not_entered() {
    // 4 a + b fits 15; a constant more does not.
    let c = changed("compute 0 0 + 1*i0.0 + 1*i1.0", &format!("compute 0 {STEP} + 4*i0.0 + 1*i1.0"));
    assert!(matches!(refusal(&c), Violation::Padding { low: 1, high: 16, .. }));
    let c = changed("1*i0.0 + 1*i1.0", "1*i0.0 + -1*i1.0");
    assert!(matches!(refusal(&c), Violation::Padding { low: -3, high: 3, .. }));
    // The interpreter shows what would come out: the negated box.
    let read = interpret(&c, &[vec![0], vec![2]]).unwrap();
    assert_eq!(read, [[(32 - 1) as u8]]);
    let c = changed("row 0 + 1*b0.0", "row 0 + -1*b0.0");
    assert!(matches!(refusal(&c), Violation::Padding { place: Place::Row(0), low: -3, high: 0 }));
}

#[test]
fn a_function_does_not_read_its_neighbour() {
    // Up to 9 with a table of two functions of 8 plaintexts: the first would read the second's boxes.
    let c = changed("1*i0.0 + 1*i1.0", "2*i0.0 + 1*i1.0");
    assert!(matches!(refusal(&c), Violation::Domain { bootstrapping: 0, high: 9, functions: 2, domain: 8 }));
}

#[test]
fn an_output_declares_what_it_reaches() {
    let c = changed("output nibbles compute 1 degree 3", "output nibbles compute 1 degree 2");
    assert!(matches!(refusal(&c), Violation::DegreeUnderstated { row: 0, reached: 3, declared: 2 }));
}

#[test]
fn only_bootstrapped_outputs_are_released() {
    let output = |row: &str| {
        let c = changed("row 0 + 1*b0.0", row);
        admissible(&c, &[fresh(), fresh()], &MODEL).unwrap()[0].bootstrapped
    };
    // The identity on a chosen ciphertext is a decryption oracle.
    assert!(!output("row 0 + 1*i0.0"));
    assert!(!output("row 0 + 2*b0.1"));
    assert!(!output("row 1729382256910270464 + -1*b0.0"));
    assert!(output("row 0 + 1*b0.1"));
    assert!(output(&format!("row {STEP}")));
}

#[test]
fn the_interpreter_checks_shapes() {
    let c = circuit(HONEST);
    assert!(matches!(interpret(&c, &[vec![1]]), Err(InterpreterError::Shape { got: 1, expected: 2, .. })));
    assert!(matches!(interpret(&c, &[vec![1], vec![1, 2]]), Err(InterpreterError::Shape { got: 2, .. })));
}
