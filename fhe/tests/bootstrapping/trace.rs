//! Every identity of the trace, left side and right side as integers.

use crate::keys::{block, evaluation_key, evaluator, keyswitch_key, request};
use trine_fhe::BlockWords;
use trine_fhe::bootstrapping::extraction::Offset;
use trine_fhe::bootstrapping::rotation::{Backend, RotationKey};
use trine_fhe::bootstrapping::table::{BOX_SIZE, HALF_BOX};
use trine_fhe::bootstrapping::trace::{MAX_CARRY, MAX_SWITCH_CARRY, OUTPUT_STEP, Trace, TraceError};
use trine_fhe::bootstrapping::{LookupTable, Request};
use trine_fhe::parameters::{BLOCK_WORDS, GROUPS, LWE_DIMENSION, POLYNOMIAL_SIZE};
use trine_program::KeyKind;

const N: usize = POLYNOMIAL_SIZE;

fn example() -> (BlockWords, LookupTable) {
    let table = LookupTable::packed(&[&|x| (3 * x + 1) % 16, &|x| 31 - x]).unwrap();
    (block("trace", 5), table)
}

/// `sum_(j,l) digit * key[j][l][m]`, subtracted from the body.
fn keyswitched(trace: &Trace, integers: &[i128]) -> Vec<i128> {
    let key = keyswitch_key();
    let mut small = vec![0i128; LWE_DIMENSION + 1];
    small[LWE_DIMENSION] = integers[N];
    let digits = trace.keyswitch.digits.as_flattened();
    for (row, digit) in key.as_ref().chunks_exact(LWE_DIMENSION + 1).zip(digits) {
        for (sum, word) in small.iter_mut().zip(row) {
            *sum -= i128::from(*digit) * i128::from(*word);
        }
    }
    small
}

fn assert_keyswitch_and_switch(trace: &Trace, integers: &[i128]) {
    let columns = &trace.keyswitch;
    assert_eq!((columns.digits.len(), columns.remainders.len(), columns.carries.len()), (N, N, N));
    for (j, integer) in integers[..N].iter().enumerate() {
        let (remainder, carry) = (columns.remainders[j], columns.carries[j]);
        let state: i128 = columns.digits[j].iter().enumerate().map(|(l, d)| i128::from(*d) << (3 * l)).sum();
        assert!(columns.digits[j].iter().all(|d| (-4..=4).contains(d)));
        assert!(remainder < 1 << 49 && carry.abs() < MAX_SWITCH_CARRY);
        assert_eq!(
            integer + (1 << 48),
            (state << 49) + i128::from(remainder) + (i128::from(carry) << 64),
            "mask word {j}"
        );
    }
    let small = keyswitched(trace, integers);
    let columns = &trace.switch;
    assert_eq!(columns.exponents.len(), 256 * 16);
    for row in 0..256 * 16 {
        let (step, subset) = (row / 16, row % 16);
        let left = match step {
            0 if subset % 2 == 1 => (1 << 51) - 1 - ((HALF_BOX as i128) << 52) - small[LWE_DIMENSION],
            1..=GROUPS => {
                let bits = (0..4).filter(|m| subset >> (3 - m) & 1 == 1);
                (1 << 51) + bits.map(|m| small[4 * (step - 1) + m]).sum::<i128>()
            }
            _ => 1 << 51,
        };
        let (a, remainder, carry) = (columns.exponents[row], columns.remainders[row], columns.carries[row]);
        assert!(a < 4096 && remainder < 1 << 52 && carry.abs() < MAX_SWITCH_CARRY);
        let right = (i128::from(a) << 52) + i128::from(remainder) + (i128::from(carry) << 64);
        assert_eq!(left, right, "step {step}, subset {subset}");
    }
}

/// Coefficient j of X^a times a polynomial.
fn rotated(polynomial: &[i128], a: u16, j: usize) -> i128 {
    let at = (j + 2 * N - usize::from(a)) % (2 * N);
    if at < N { polynomial[at] } else { -polynomial[at - N] }
}

/// What a step computes from its digits, coefficient j of component c.
fn product(digits: &[i32], combined: &[Vec<i128>; 2], j: usize) -> i128 {
    (0..2)
        .flat_map(|u| (0..N).map(move |k| (u, k)))
        .map(|(u, k)| {
            let factor = if k <= j { combined[u][j - k] } else { -combined[u][N + j - k] };
            i128::from(digits[u * N + k]) * factor
        })
        .sum()
}

/// `sum_b X^a[b] key[group][b][u][c]` for both u, words as integers below 2^64.
fn combine(key: &RotationKey, group: usize, exponents: &[u16], c: usize) -> [Vec<i128>; 2] {
    [0, 1].map(|u| {
        let mut sum = vec![0i128; N];
        for (subset, a) in exponents.iter().enumerate() {
            let polynomial: Vec<i128> = key.words(group, subset, u, c).map(i128::from).collect();
            for (j, sum) in sum.iter_mut().enumerate() {
                *sum += rotated(&polynomial, *a, j);
            }
        }
        sum
    })
}

/// The first and the last steps in full, all others at a few coefficients.
fn assert_rotation(trace: &Trace, table: &LookupTable, key: &RotationKey) {
    let columns = &trace.rotation;
    assert_eq!(columns.digits.len(), 231 * 2 * N);
    assert_eq!((columns.row(0, 0, 0), columns.row(232, 0, 0)), (None, None));
    let boxes: Vec<i128> = (0..N).map(|j| i128::from(table.word(j / BOX_SIZE))).collect();
    for step in 1..=OUTPUT_STEP {
        let few = [0, 1, 2, N / 2, N - 2, N - 1, step * 7 % N, step * 997 % N];
        let all: Vec<usize> = (0..N).collect();
        let places = if [1, 2, 3, OUTPUT_STEP].contains(&step) { &all[..] } else { &few[..] };
        for c in 0..2 {
            let combined = (step > 1).then(|| {
                let exponents = &trace.switch.exponents[(step - 1) * 16..step * 16];
                combine(key, step - 2, exponents, c)
            });
            for j in places {
                let left = match &combined {
                    None if c == 0 => 0,
                    None => rotated(&boxes, trace.switch.exponents[1], *j),
                    Some(combined) => product(&columns.digits[(step - 2) * 2 * N..], combined, *j),
                };
                let (digit, remainder, carry) = columns.row(step, c, *j).unwrap();
                assert!((-(1 << 21)..1 << 21).contains(&digit) && remainder < 1 << 42);
                assert!(carry.abs() <= MAX_CARRY);
                let right = (i128::from(digit) << 42) + i128::from(remainder) + (i128::from(carry) << 64);
                assert_eq!(left + (1 << 41), right, "step {step}, component {c}, coefficient {j}");
            }
        }
    }
}

/// EV.T1, EV.T2, EV.T3; EV.T4 for the wires.
#[test]
fn every_identity_holds_over_the_integers() {
    let key = evaluation_key(Backend::detect());
    let (input, table) = example();
    let request = request(&input, &table);
    let trace = Trace::new(&key, &request).unwrap();
    let integers: Vec<i128> = input.words().iter().map(|w| i128::from(*w)).collect();
    assert_keyswitch_and_switch(&trace, &integers);
    assert_rotation(&trace, &table, key.rotation());

    // The wires of the trace are the blocks that the evaluator gives.
    let outputs = evaluator(2).evaluate(&[request]).unwrap().remove(0);
    for (offset, output) in table.offsets().zip(outputs) {
        let wire = trace.wire(offset);
        assert!(wire.iter().all(|w| w.unsigned_abs() <= (1 << 63) + (1 << 41)));
        assert!(wire.iter().map(|w| *w as u64).eq(output.words().iter().copied()));
    }
    if Backend::detect() != Backend::Portable {
        assert_eq!(Trace::new(&evaluation_key(Backend::Portable), &request).unwrap(), trace);
    }
}

/// A later bootstrapping takes a combination of wires that nobody reduced: only carries change.
#[test]
fn unreduced_inputs_change_carries_alone() {
    let key = evaluation_key(Backend::detect());
    let (input, table) = example();
    let request = request(&input, &table);
    let reduced = Trace::new(&key, &request).unwrap();
    let integers: Vec<i128> = (0..BLOCK_WORDS)
        .map(|j| i128::from(input.words()[j]) + (((j as i128 * 37) % 201 - 100) << 64))
        .collect();
    let trace = Trace::of_integers(&key, &request, &integers).unwrap();
    assert_keyswitch_and_switch(&trace, &integers);
    assert_eq!(trace.keyswitch.digits, reduced.keyswitch.digits);
    assert_eq!(trace.keyswitch.remainders, reduced.keyswitch.remainders);
    assert_eq!(trace.rotation, reduced.rotation);
    assert_ne!(trace.keyswitch.carries, reduced.keyswitch.carries);
}

#[test]
fn integers_of_another_block_are_refused() {
    let key = evaluation_key(Backend::detect());
    let (input, table) = example();
    let request = request(&input, &table);
    let mut integers: Vec<i128> = input.words().iter().map(|w| i128::from(*w)).collect();
    let short = Trace::of_integers(&key, &request, &integers[1..]).unwrap_err();
    assert_eq!(short, TraceError::Integers { got: BLOCK_WORDS - 1 });
    integers[7] += 1;
    let other = Trace::of_integers(&key, &request, &integers).unwrap_err();
    assert!(matches!(other, TraceError::Word { index: 7, .. }));
    integers[7] += (1 << 90) - 1;
    let far = Trace::of_integers(&key, &request, &integers).unwrap_err();
    assert!(matches!(far, TraceError::Carry { column: "keyswitch", row: 7, .. }));
    let cast = Request { key: KeyKind::Casting, ..request };
    assert_eq!(Trace::new(&key, &cast).unwrap_err(), TraceError::NoCastingKey);
    assert!(Offset::new(N).is_err());
}
