//! The program behind `prog`: every malformed matrix, layout and shape is refused though its digest is right.

use ark_bn254::Fr;
use ark_ff::{Field, PrimeField};
use trine_program::{Declaration, KeyKind, LinearProgram, LinearRow, Term, ValueType};
use trine_prover::wrap::{WrapWitness, first_failure};
use trine_verifier::Class;
use trine_verifier::program::ProgramMatrix;
use trine_verifier::statement::PublicInputs;

const CLASS: Class = Class::REDUCED_TINY;

fn declaration(blocks: u8) -> Declaration {
    Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks, degree: 1 }
}

/// Inputs of one and two blocks, an output of one block: slots and blocks are left over on both sides.
fn matrix() -> ProgramMatrix {
    let term = |input, block, coefficient| Term { input, block, coefficient };
    let row = LinearRow { terms: vec![term(0, 0, 127), term(1, 0, -127), term(1, 1, 3)], constant: u64::MAX };
    let program =
        LinearProgram::new(vec![declaration(1), declaration(2)], vec![declaration(1)], vec![row]).unwrap();
    ProgramMatrix::new(&CLASS, &program).unwrap()
}

/// The circuit on this program and an all-zero proof, which passes the root's numerator and fails its denominator:
/// any answer but PE.H3 is the program's.
fn failure(matrix: ProgramMatrix) -> Option<&'static str> {
    let zero = Fr::from(0u64);
    let public = PublicInputs {
        stmt: zero,
        shape: matrix.shape,
        layouts: matrix.layouts,
        prog: matrix.digest(),
        rounds: [zero; 4],
        rho: zero,
        r: zero,
        q: zero,
        z: zero,
        r_at_z: zero,
    };
    first_failure(&CLASS, &public, &WrapWitness { matrix, ..WrapWitness::zero(&CLASS) })
}

const SOUND: Option<&str> = Some("PE.H3");
const REFUSED: Option<&str> = Some("PE.T1");

fn changed(change: impl FnOnce(&mut ProgramMatrix)) -> Option<&'static str> {
    let mut matrix = matrix();
    change(&mut matrix);
    failure(matrix)
}

/// Bits of the layout words, as entries.
fn with_entry(place: usize, change: impl FnOnce(u16) -> u16) -> Option<&'static str> {
    changed(|m| {
        let word = &mut m.layouts[place / 15];
        let limbs = word.into_bigint().0;
        let old = (limbs[place % 15 / 4] >> (16 * (place % 15 % 4)) & 0xffff) as u16;
        let unit = Fr::from_bigint(ark_ff::BigInt::new(std::array::from_fn(|i| {
            if i == place % 15 / 4 { 1 << (16 * (place % 15 % 4)) } else { 0 }
        })))
        .unwrap();
        *word += unit * (Fr::from(change(old)) - Fr::from(old));
    })
}

#[test]
fn a_sound_program_is_accepted() {
    assert_eq!(failure(matrix()), SOUND);
    assert_eq!(changed(|m| m.coefficients[0][2] = -127), SOUND);
    assert_eq!(changed(|m| m.constants[0] = 0), SOUND);
}

#[test]
fn a_digest_of_another_program_is_refused() {
    let mut witness = WrapWitness { matrix: matrix(), ..WrapWitness::zero(&CLASS) };
    let zero = Fr::from(0u64);
    let public = PublicInputs {
        stmt: zero,
        shape: witness.matrix.shape,
        layouts: witness.matrix.layouts,
        prog: witness.matrix.digest(),
        rounds: [zero; 4],
        rho: zero,
        r: zero,
        q: zero,
        z: zero,
        r_at_z: zero,
    };
    assert_eq!(first_failure(&CLASS, &public, &witness), SOUND);
    witness.matrix.coefficients[0][0] = 126;
    assert_eq!(first_failure(&CLASS, &public, &witness), REFUSED);
    witness.matrix.coefficients[0][0] = 127;
    witness.matrix.constants[0] = 1;
    assert_eq!(first_failure(&CLASS, &public, &witness), REFUSED);
}

#[test]
fn a_coefficient_of_minus_128_is_refused() {
    assert_eq!(changed(|m| m.coefficients[0][0] = -128), REFUSED);
}

#[test]
fn coefficients_on_undeclared_input_blocks_are_refused() {
    // Place 1: block 1 of input 0, which has one block. Places 4, 5: input slot 2, which is not used.
    for place in [1, 4, 5] {
        assert_eq!(changed(|m| m.coefficients[0][place] = 1), REFUSED, "place {place}");
        assert_eq!(changed(|m| m.coefficients[0][place] = -1), REFUSED, "place {place}");
    }
}

#[test]
fn rows_and_constants_of_undeclared_output_blocks_are_refused() {
    // Row 1: block 1 of output 0. Rows 2, 3: output slot 1.
    for row in [1, 2, 3] {
        assert_eq!(changed(|m| m.coefficients[row][0] = 1), REFUSED, "row {row}");
        assert_eq!(changed(|m| m.constants[row] = 1), REFUSED, "row {row}");
    }
}

#[test]
fn a_shape_that_is_not_the_layouts_is_refused() {
    let shape = |id: u64, inputs: u64, outputs: u64| {
        changed(|m| m.shape = Fr::from(id | inputs << 8 | outputs << 16))
    };
    let id = u64::from(CLASS.id);
    assert_eq!(shape(id, 2, 1), SOUND);
    for (inputs, outputs) in [(1, 1), (3, 1), (2, 2), (1, 2), (2, 0), (0, 1), (0, 3), (4, 1), (255, 255)] {
        assert_eq!(shape(id, inputs, outputs), REFUSED, "{inputs} inputs, {outputs} outputs");
    }
    assert_eq!(shape(id + 1, 2, 1), REFUSED);
    assert_eq!(shape(id | 1 << 24, 2, 1), REFUSED);
    assert_eq!(changed(|m| m.shape = -m.shape), REFUSED);
}

#[test]
fn layout_entries_fill_exactly_the_used_places() {
    for place in 0..3 {
        assert_eq!(with_entry(place, |_| 0), REFUSED, "entry {place} missing");
    }
    for place in 3..30 {
        assert_eq!(with_entry(place, |_| 6), REFUSED, "entry {place} beyond");
    }
}

#[test]
fn layout_entries_are_those_of_the_class() {
    assert_eq!(with_entry(0, |e| e | 1 << 8), SOUND, "a second block declared and not used");
    assert_eq!(with_entry(0, |e| e | 2 << 8), REFUSED, "more blocks than a slot");
    assert_eq!(with_entry(1, |e| e | 1 << 14), REFUSED, "a job slot");
    assert_eq!(with_entry(1, |e| e | 1 << 15), REFUSED, "a job slot");
    for place in 0..3 {
        assert_eq!(with_entry(place, |e| e ^ 1 << 6), REFUSED, "mixed key kinds");
        assert_eq!(with_entry(place, |e| e ^ 1 << 7), REFUSED, "mixed key kinds");
    }
    // 240 bits are all that a word has.
    let beyond = Fr::from_bigint(ark_ff::BigInt::new([0, 0, 0, 1 << 48])).unwrap();
    assert_eq!(changed(|m| m.layouts[0] += beyond), REFUSED);
    assert_eq!(changed(|m| m.layouts[1] -= Fr::from(1u64)), REFUSED);
}

#[test]
fn declared_output_blocks_follow_the_inputs() {
    // Block 1 of output 0 declared: its row may be filled, but only by the entry right after the inputs.
    let with_row = |place: u64| {
        changed(|m| {
            m.layouts[0] += Fr::from(2u64).pow([16 * place + 8]);
            m.coefficients[1][0] = 5;
            m.constants[1] = 9;
        })
    };
    assert_eq!(with_row(2), SOUND);
    assert_eq!(with_row(0), REFUSED);
}
