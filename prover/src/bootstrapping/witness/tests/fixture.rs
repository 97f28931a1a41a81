//! A small circuit, and inputs of random words.

use crate::bootstrapping::keys::fixture::words;
use trine_fhe::parameters::{BLOCK_WORDS, DELTA};
use trine_fhe::{BlockWords, ValueWords};
use trine_program::circuit::{Bootstrapping, Circuit, Linear, Table, Term, Wire};
use trine_program::{Declaration, KeyKind, ValueType};

fn declaration(value_type: ValueType, key_kind: KeyKind, blocks: u8) -> Declaration {
    Declaration { value_type, key_kind, blocks, degree: 3 }
}

/// Random words, the extremes among them.
pub fn inputs(name: &str) -> Vec<ValueWords> {
    let declarations = circuit().inputs().to_vec();
    let values = declarations.into_iter().enumerate().map(|(index, declaration)| {
        let block = |block: u8| {
            let mut words = words(&format!("{name} {index} {block}"), BLOCK_WORDS);
            words[..6].copy_from_slice(&[0, u64::MAX, 1 << 63, (1 << 48) - 1, 1 << 48, 0x7fff << 49]);
            BlockWords::new(words).unwrap()
        };
        ValueWords::new(declaration, (0..declaration.blocks).map(block).collect()).unwrap()
    });
    values.collect()
}

/// Bootstrappings of a combination of inputs, of a block under the casting key, and of outputs of both; one handle of two
/// blocks and one of one, with a packed table's second function, large coefficients and constants.
pub fn circuit() -> Circuit {
    let input = |handle, block| Wire::Input { handle, block };
    let output = |bootstrapping, function| Wire::Output { bootstrapping, function };
    let linear = |terms: &[(Wire, i8)], constant| Linear {
        terms: terms
            .iter()
            .map(|(wire, coefficient)| Term { wire: *wire, coefficient: *coefficient })
            .collect(),
        constant,
    };
    let boxes = |functions: u8, factor: u64| {
        let read = functions as usize * (16 / functions as usize);
        std::array::from_fn(|i| if i < read { (i as u64 * factor + 1).wrapping_mul(DELTA) } else { 0 })
    };
    let tables =
        vec![Table { functions: 3, boxes: boxes(3, 5) }, Table { functions: 1, boxes: boxes(1, 29) }];
    let bootstrapping = |key_kind, table, input| Bootstrapping { key_kind, table, input };
    let bootstrappings = vec![
        bootstrapping(KeyKind::Compute, 0, linear(&[(input(0, 0), 127), (input(0, 1), -127)], u64::MAX)),
        bootstrapping(KeyKind::Casting, 1, linear(&[(input(1, 0), -1)], 0)),
        bootstrapping(
            KeyKind::Compute,
            1,
            linear(&[(input(0, 1), 1), (output(0, 0), -3), (output(0, 2), 5), (output(1, 0), 2)], DELTA),
        ),
    ];
    let rows = vec![
        linear(&[(input(0, 1), -127), (output(0, 1), 127), (output(2, 0), 1)], 3 * DELTA),
        linear(&[(output(1, 0), -127), (output(2, 0), -127)], u64::MAX),
        linear(&[], DELTA),
    ];
    let nibbles = |kind, blocks| declaration(ValueType::Nibbles, kind, blocks);
    Circuit::new(
        vec![nibbles(KeyKind::Compute, 2), nibbles(KeyKind::Casting, 1)],
        vec![nibbles(KeyKind::Compute, 2), nibbles(KeyKind::Compute, 1)],
        tables,
        bootstrappings,
        rows,
    )
    .unwrap()
}
