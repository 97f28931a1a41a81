//! Segments one after the other compute what the whole circuit computes.

use crate::random_lists::random_list;
use proptest::prelude::*;
use std::num::NonZeroUsize;
use trine_program::circuit::{
    BOXES, Bootstrapping, Linear, Segment, SegmentError, SegmentLimits, Source, Table, Term, Wire, interpret,
    segments,
};
use trine_program::limits::{MAX_INPUTS, MAX_OUTPUTS};
use trine_program::{Circuit, Declaration, KeyKind, ValueType, lower};

/// Outputs of the circuit, from its segments, each fed with inputs of the circuit and outputs of earlier segments.
fn interpret_segments(list: &[Segment], inputs: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut outputs: Vec<Vec<Vec<u8>>> = vec![];
    for segment in list {
        let read = segment.sources.iter().map(|source| match source {
            Source::Input(handle) => inputs[usize::from(*handle)].clone(),
            Source::Link { segment, output } => outputs[*segment as usize][usize::from(*output)].clone(),
        });
        let read: Vec<Vec<u8>> = read.collect();
        outputs.push(interpret(&segment.circuit, &read).unwrap());
    }
    let last = list.last().unwrap();
    outputs.pop().unwrap().split_off(last.links)
}

fn plain_inputs(circuit: &Circuit, seed: u64) -> Vec<Vec<u8>> {
    let mut state = seed;
    let mut block = |degree: u8| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((state >> 40) % (u64::from(degree) + 1)) as u8
    };
    circuit.inputs().iter().map(|d| (0..d.blocks).map(|_| block(d.degree)).collect()).collect()
}

/// Those of circuits, and so many bootstrappings.
fn limits(bootstrappings: NonZeroUsize) -> SegmentLimits {
    SegmentLimits { bootstrappings, inputs: MAX_INPUTS, outputs: MAX_OUTPUTS, blocks: usize::MAX }
}

fn keeps(segment: &Segment, limits: &SegmentLimits) -> bool {
    let c = &segment.circuit;
    c.bootstrappings().len() <= limits.bootstrappings.get()
        && c.inputs().len() <= limits.inputs
        && c.outputs().len() <= limits.outputs
        && c.rows().len() <= limits.blocks
}

/// Two bootstrappings of one input; the output reads the second alone.
#[test]
fn a_segment_that_nothing_reads_is_named() {
    let declared =
        Declaration { value_type: ValueType::Bool, key_kind: KeyKind::Compute, blocks: 1, degree: 1 };
    let single = |wire| Linear { terms: vec![Term { wire, coefficient: 1 }], constant: 0 };
    let each = Bootstrapping {
        key_kind: KeyKind::Compute,
        table: 0,
        input: single(Wire::Input { handle: 0, block: 0 }),
    };
    let table = Table { functions: 1, boxes: [0; BOXES] };
    let row = single(Wire::Output { bootstrapping: 1, function: 0 });
    let (list, rows) = (vec![each.clone(), each], vec![row]);
    let circuit = Circuit::new(vec![declared], vec![declared], vec![table], list, rows).unwrap();
    let unread = SegmentError::Unread { segment: 0, first: 0, last: 0 };
    assert_eq!(segments(&circuit, &limits(NonZeroUsize::MIN)), Err(unread));
    assert_eq!(segments(&circuit, &limits(NonZeroUsize::MAX)).unwrap().len(), 1);
}

/// Bootstrapping i reads input i and the bootstrapping before it; two outputs read the last one.
fn chain(length: u8) -> Circuit {
    let declared = |count: usize| {
        let declaration =
            Declaration { value_type: ValueType::Bool, key_kind: KeyKind::Compute, blocks: 1, degree: 1 };
        vec![declaration; count]
    };
    let linear = |wires: Vec<Wire>| Linear {
        terms: wires.into_iter().map(|wire| Term { wire, coefficient: 1 }).collect(),
        constant: 0,
    };
    let output = |bootstrapping: u8| Wire::Output { bootstrapping: bootstrapping.into(), function: 0 };
    let list = (0..length).map(|i| {
        let wires = [Wire::Input { handle: i, block: 0 }].into_iter().chain(i.checked_sub(1).map(output));
        Bootstrapping { key_kind: KeyKind::Compute, table: 0, input: linear(wires.collect()) }
    });
    let rows = vec![linear(vec![output(length - 1)]); 2];
    let table = Table { functions: 1, boxes: [0; BOXES] };
    Circuit::new(declared(length.into()), declared(2), vec![table], list.collect(), rows).unwrap()
}

#[test]
fn handles_make_segments_shorter_and_excess_is_named() {
    let circuit = chain(8);
    let limits = SegmentLimits { inputs: 3, outputs: 2, blocks: 2, ..limits(NonZeroUsize::MAX) };
    let lengths = |limits: &SegmentLimits| -> Vec<usize> {
        let cut = segments(&circuit, limits).unwrap();
        cut.iter().map(|segment| segment.circuit.bootstrappings().len()).collect()
    };
    // Three inputs, then a link and two inputs each.
    assert_eq!(lengths(&limits), [3, 2, 2, 1]);
    assert_eq!(lengths(&SegmentLimits { inputs: 7, ..limits }), [7, 1]);
    assert_eq!(lengths(&SegmentLimits { inputs: 8, ..limits }), [8]);
    let named = |limits: SegmentLimits| segments(&circuit, &limits).unwrap_err().to_string();
    assert_eq!(named(SegmentLimits { inputs: 1, ..limits }), "segment 1 has 2 inputs, at most 1");
    assert_eq!(named(SegmentLimits { outputs: 1, ..limits }), "segment 3 has 2 outputs, at most 1");
    assert_eq!(named(SegmentLimits { blocks: 1, ..limits }), "segment 3 has 2 output blocks, at most 1");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn segments_mean_what_the_circuit_means(list in random_list(), most in 1usize..12, seed in any::<u64>()) {
        let circuit = lower(&list).unwrap();
        let limits = limits(NonZeroUsize::new(most).unwrap());
        let cut = match segments(&circuit, &limits) {
            Ok(cut) => cut,
            // One bootstrapping a segment makes more links than a circuit has handles.
            Err(SegmentError::Limit { what, got, most, .. }) => {
                prop_assert!(what.ends_with("puts") && got > most, "{got} {what}");
                return Ok(());
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        prop_assert!(cut.len() >= circuit.bootstrappings().len().div_ceil(most).max(1));
        prop_assert!(cut.iter().all(|s| keeps(s, &limits)));
        let inputs = plain_inputs(&circuit, seed);
        prop_assert_eq!(interpret_segments(&cut, &inputs), interpret(&circuit, &inputs).unwrap());
        prop_assert_eq!(segments(&circuit, &limits).unwrap(), cut);
        let whole = segments(&circuit, &self::limits(NonZeroUsize::MAX)).unwrap();
        prop_assert_eq!(whole.len(), 1);
        prop_assert_eq!((whole[0].links, &whole[0].circuit), (0, &circuit));
    }

    /// Segments are cut shorter where handles or blocks are more than a proof takes.
    #[test]
    fn segments_keep_the_limits(list in random_list(), inputs in 1usize..8, blocks in 1usize..24, seed in any::<u64>()) {
        let circuit = lower(&list).unwrap();
        let limits = SegmentLimits { inputs, outputs: 4, blocks, ..limits(NonZeroUsize::new(16).unwrap()) };
        match segments(&circuit, &limits) {
            Ok(cut) => {
                prop_assert!(cut.iter().all(|s| keeps(s, &limits)));
                let inputs = plain_inputs(&circuit, seed);
                prop_assert_eq!(interpret_segments(&cut, &inputs), interpret(&circuit, &inputs).unwrap());
            }
            Err(SegmentError::Limit { got, most, .. }) => prop_assert!(got > most),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        }
    }
}
