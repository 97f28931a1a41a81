//! Every identity of the argument, row by row, as an identity of integers over the committed cells and the words of the key.
//!
//! Keys and inputs are random words: the identities hold for all of them.

mod fixture;
mod identities;

use super::*;
use crate::bootstrapping::keys::fixture::{evaluation_key, key_of_zeros};
use fixture::{circuit, inputs};
use identities::Identities;
use std::num::NonZeroUsize;
use std::sync::Arc;
use trine_fhe::bootstrapping::Evaluator;
use trine_fhe::circuit::CircuitEvaluation;
use trine_verifier::bootstrapping::{Column, Family};

/// One witness for all tests: three bootstrappings of four slots, both keyswitching keys, three output blocks.
#[test]
fn cells_of_a_circuit_satisfy_every_identity() {
    let (key, circuit, inputs) = (Arc::new(evaluation_key("witness")), circuit(), inputs("witness"));
    let started = std::time::Instant::now();
    let mut witness = Witness::new(&circuit, &inputs, &key).unwrap();
    eprintln!("witness of {} slots: {:?}", witness.shape.bootstrappings(), started.elapsed());
    assert_eq!((witness.shape.bootstrappings(), witness.shape.output_blocks()), (4, 3));

    let started = std::time::Instant::now();
    let words = crate::bootstrapping::KeyWords::new(&key);
    eprintln!("words of the key: {:?}", started.elapsed());
    let identities = Identities { witness: &witness, circuit: &circuit, key: &words };
    let started = std::time::Instant::now();
    identities.assert_keyswitch();
    identities.assert_switch();
    identities.assert_rotation();
    identities.assert_outputs();
    identities.assert_public_rows();
    eprintln!("identities: {:?}", started.elapsed());
    assert_multiplicities(&mut witness, &circuit);
    assert_as_evaluated(&witness, circuit, inputs, key);
}

/// The output words are those of the evaluator.
fn assert_as_evaluated(
    witness: &Witness,
    circuit: Circuit,
    inputs: Vec<ValueWords>,
    key: Arc<EvaluationKey>,
) {
    let evaluator = Evaluator::new(key, NonZeroUsize::new(2).unwrap());
    let mut evaluation = CircuitEvaluation::new(circuit, inputs).unwrap();
    while evaluation.step(&evaluator, NonZeroUsize::new(16).unwrap()).unwrap().is_some() {}
    let expected: Vec<Vec<u64>> =
        evaluation.outputs().unwrap().iter().map(ValueWords::commitment_words).collect();
    assert!(witness.outputs == expected, "output words");
}

/// As many look-ups as cells; a cell out of its range is in no row of the table.
fn assert_multiplicities(witness: &mut Witness, circuit: &Circuit) {
    let total = |witness: &Witness, column| -> u64 {
        witness.columns.get(column).iter().map(|count| u64::from(*count)).sum()
    };
    let look_ups = trine_verifier::bootstrapping::lookup::look_ups(&witness.shape, &Checks::ALL);
    let cells: u64 = look_ups.iter().map(|(column, _)| 1 << witness.shape.variables(*column)).sum();
    assert_eq!(total(witness, Column::RangeMultiplicity), cells);
    assert_eq!(total(witness, Column::KeyswitchMultiplicity(0)), 3 * 2048);
    assert_eq!(total(witness, Column::KeyswitchMultiplicity(1)), 2048);
    assert_eq!(total(witness, Column::ExponentMultiplicity), 4 * 4096);
    assert_each_range_count(witness, &look_ups);

    let last = Family::KeyswitchRemainder.limb(2);
    witness.columns.get_mut(last)[0] = 1 << 4;
    witness.columns.get_mut(last)[2048] = 1 << 3;
    witness.columns.get_mut(Column::KeyswitchDigit(4))[0] += 5;
    multiplicity::fill(&mut witness.columns, &witness.shape, circuit, &Checks::ALL);
    assert_eq!(total(witness, Column::RangeMultiplicity), cells - 2);
    assert_eq!(total(witness, Column::KeyswitchMultiplicity(0)), 3 * 2048 - 1);
}

/// The counts again, by sorting what is looked up.
fn assert_each_range_count(witness: &Witness, look_ups: &[(Column, [usize; 2])]) {
    let rows = 2048;
    let casting_slot = 1;
    let mut counts = std::collections::BTreeMap::<u32, u32>::new();
    for (column, [compute, casting]) in look_ups {
        for (row, cell) in witness.columns.get(*column).iter().enumerate() {
            let of_casting = compute != casting && row / rows == casting_slot;
            let value = cell << if of_casting { casting } else { compute };
            // A sample of the rows, and all of the smallest.
            if value < 64 || value % 4099 == 7 {
                *counts.entry(value).or_default() += 1;
            }
        }
    }
    let got = witness.columns.get(Column::RangeMultiplicity);
    for value in (0..64).chain((7..1 << 22).step_by(4099)) {
        assert_eq!(got[value], counts.get(&(value as u32)).copied().unwrap_or(0), "value {value}");
    }
}

#[test]
fn what_the_circuit_does_not_take_is_refused() {
    let (circuit, mut inputs) = (circuit(), inputs("refused"));
    let key = key_of_zeros();
    let error = Witness::new(&circuit, &inputs[..1], &key).err().unwrap();
    assert_eq!(
        error,
        WitnessError::Circuit(CircuitEvaluationError::InputCount { got: 1, expected: inputs.len() })
    );
    inputs.swap(0, 1);
    let error = Witness::new(&circuit, &inputs, &key).err().unwrap();
    assert!(matches!(error, WitnessError::Circuit(CircuitEvaluationError::Declaration { index: 0, .. })));
    inputs.swap(0, 1);
    // Without a casting key.
    let error = Witness::new(&circuit, &inputs, &key).err().unwrap();
    assert_eq!(error, WitnessError::Trace { index: 1, source: TraceError::NoCastingKey });
}
