//! Slots of a class: where columns lie does not depend on the shape; which slots are used does.

use std::collections::BTreeMap;
use trine_verifier::bootstrapping::{Column, Parameters, Shape};

const CLASSES: [Parameters; 3] = [Parameters::PRODUCTION, Parameters::REDUCED, Parameters::REDUCED_GADGETS];

/// Shapes at every log P, with one handle each and with as many as there can be.
fn shapes(p: Parameters) -> Vec<Shape> {
    let handles = |log: usize| [(1, 1), (p.max_inputs, p.max_outputs)].map(|counts| (log, counts));
    (0..=p.max_log_bootstrappings)
        .flat_map(handles)
        .map(|(log, (inputs, outputs))| Shape::of(p, 1 << log, vec![1; inputs], vec![1; outputs]).unwrap())
        .collect()
}

#[test]
fn places_are_those_of_the_class() {
    for p in CLASSES {
        let mut places = BTreeMap::new();
        for shape in shapes(p) {
            for (column, place) in shape.columns() {
                let known = *places.entry(*column).or_insert((place.polynomial, place.offset));
                assert_eq!(known, (place.polynomial, place.offset), "{column:?} of class {}", p.id);
                let rows = 1 << place.variables.min(p.log_chunk);
                assert_eq!(place.offset % rows, 0);
                assert!(place.offset + rows <= 1 << p.log_chunk);
            }
            assert_eq!(shape.polynomials(), shapes(p)[0].polynomials());
        }
    }
}

/// At the most of everything all slots are used, and places do not overlap.
#[test]
fn the_largest_shape_uses_every_slot() {
    for p in CLASSES {
        let shape = shapes(p).pop().unwrap();
        assert_eq!(shape.used(), (0..shape.polynomials()).collect::<Vec<_>>());
        let chunk = 1usize << p.log_chunk;
        let mut ranges: Vec<(usize, usize)> = shape
            .columns()
            .iter()
            .map(|(_, place)| {
                let first = place.polynomial * chunk + place.offset;
                (first, first + (1 << place.variables))
            })
            .collect();
        ranges.sort_unstable();
        assert!(ranges.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{ranges:?}");
    }
}

#[test]
fn unused_slots_are_chunks_without_rows_and_handles_that_are_not_there() {
    for p in CLASSES {
        for shape in shapes(p) {
            let chunk = 1usize << p.log_chunk;
            let mut used = vec![false; shape.polynomials()];
            for (_, place) in shape.columns() {
                (place.polynomial..)
                    .take((1usize << place.variables).div_ceil(chunk))
                    .for_each(|s| used[s] = true);
            }
            let expected: Vec<usize> = (0..used.len()).filter(|slot| used[*slot]).collect();
            assert_eq!(shape.used(), expected);
            let rounds = [shape.first_round(), shape.second_round(), shape.keys()].concat();
            let handles = shape.inputs.len() + shape.outputs.len();
            assert_eq!((&rounds[..], rounds.len() + handles), (&expected[..rounds.len()], expected.len()));
            let values: Vec<usize> = expected.iter().map(|slot| slot + 1).collect();
            let all = shape.spread(&values, 0).unwrap();
            assert!(
                all.iter().enumerate().all(|(slot, value)| *value == if used[slot] { slot + 1 } else { 0 })
            );
            assert_eq!(shape.spread(&values[1..], 0), None);
            assert_eq!(shape.spread(&[&values[..], &[1]].concat(), 0), None);
        }
    }
}

/// Figures of the spec, section 3.
#[test]
fn production_has_119_slots() {
    let slots = |bootstrappings| {
        let shape = Shape::of(Parameters::PRODUCTION, bootstrappings, vec![1], vec![1]).unwrap();
        (shape.polynomials(), shape.first_round().len(), shape.used().len())
    };
    assert_eq!(slots(16), (119, 22, 41));
    assert_eq!(slots(8), (119, 12, 31));
    for bootstrappings in [0, 1, 2, 4] {
        assert_eq!(slots(bootstrappings), (119, 7, 26));
    }
    let shape = Shape::of(Parameters::PRODUCTION, 1, vec![1], vec![1]).unwrap();
    let first: Vec<usize> =
        [Column::Digit(0), Column::Remainder(0), Column::RangeMultiplicity, Column::Word(0)]
            .map(|column| shape.place(column).polynomial)
            .to_vec();
    assert_eq!(first, [0, 4, 20, 21]);
}
