//! What is registered of a circuit: all of it is in the reference.

use trine_program::circuit::{Circuit, Source, segments};
use trine_program::{OperationList, lower};
use trine_verifier::Bytes32;
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::bootstrapping::program::LAYOUT_WORDS;
use trine_verifier::bootstrapping::registration::{Registration, SegmentClaim, source_word};

/// Sums of integers of 64 bits: more bootstrappings than one proof has.
fn large() -> Circuit {
    let text = "trine operations 1\n\
        input uint64 compute 32 degree 3 level 1\n\
        input uint64 compute 32 degree 3 level 1\n\
        add uint64 %0 %1\n\
        release %2\n";
    lower(&OperationList::from_text(text.as_bytes()).unwrap()).unwrap()
}

fn segments_of(circuit: &Circuit) -> Vec<SegmentClaim> {
    match Registration::of(&Parameters::PRODUCTION, circuit).unwrap() {
        Registration::Segments { segments, .. } => segments,
        Registration::Whole(_) => panic!("one proof covers it"),
    }
}

#[test]
fn segments_name_their_texts_and_sources() {
    let circuit = large();
    let list = segments(&circuit, &Parameters::PRODUCTION.segment_limits()).unwrap();
    let claims = segments_of(&circuit);
    assert_eq!(claims.len(), list.len());
    for (claim, segment) in claims.iter().zip(&list) {
        assert_eq!(claim.circuit_id, segment.circuit.id().0);
        assert_eq!(claim.sources.len(), segment.circuit.inputs().len());
        assert_eq!(usize::from(claim.claim.outputs), segment.circuit.outputs().len());
    }
    assert_eq!(source_word(&Source::Input(63)), 63);
    assert_eq!(source_word(&Source::Link { segment: 0, output: 2 }), 0x0102);
    assert!(claims[1].sources.iter().any(|source| source >> 8 == 1), "the second reads the first");
}

/// Of layouts, number of inputs, segments.
type Change = fn(&mut [Bytes32; LAYOUT_WORDS], &mut u8, &mut Vec<SegmentClaim>);

#[test]
fn every_part_of_a_registration_is_in_its_reference() {
    let base = Registration::of(&Parameters::PRODUCTION, &large()).unwrap();
    let reference = base.reference(&[1; 32]);
    assert_ne!(base.reference(&[2; 32]), reference);
    let changes: [Change; 7] = [
        |layouts, _, _| layouts[0][31] ^= 1,
        |_, inputs, _| *inputs += 1,
        |_, _, segments| drop(segments.pop()),
        |_, _, segments| segments.swap(0, 1),
        |_, _, segments| segments[0].circuit_id[0] ^= 1,
        |_, _, segments| segments[1].claim.program[31] ^= 1,
        |_, _, segments| segments[1].sources[0] ^= 1,
    ];
    for (k, change) in changes.into_iter().enumerate() {
        let Registration::Segments { mut layouts, mut inputs, mut segments } = base.clone() else { panic!() };
        change(&mut layouts, &mut inputs, &mut segments);
        let other = Registration::Segments { layouts, inputs, segments };
        assert_ne!(other.reference(&[1; 32]), reference, "change {k}");
    }
}
