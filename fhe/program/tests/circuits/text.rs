//! Texts of lists and circuits: one spelling each, and hostile bytes are errors.

use crate::builders::*;
use proptest::prelude::*;
use trine_program::circuit::{CircuitError, CircuitTextError};
use trine_program::limits::{MAX_CIRCUIT_TEXT_BYTES, MAX_OPERATIONS_TEXT_BYTES};
use trine_program::operation::{OperationError, OperationList, OperationTextError};
use trine_program::value::ValueType;
use trine_program::{Circuit, ProgramId, lower};

const LIST: &str = "trine operations 1
input uint8 compute 4 degree 3 level 1
input uint8 compute 4 degree 3 level 2
constant uint8 100
lt bool %0 %2
select uint8 %3 %0 %1
release %4
output %3
";

fn example() -> OperationList {
    OperationList::from_text(LIST.as_bytes()).unwrap()
}

fn circuit() -> Circuit {
    lower(&example()).unwrap()
}

#[test]
fn the_example_reads_and_prints() {
    assert_eq!(example().to_text(), LIST);
    let text = circuit().to_text();
    assert_eq!(Circuit::from_text(text.as_bytes()).unwrap(), circuit());
    assert_ne!(example().id(), circuit().id());
}

/// A change of lowering changes what every list is on chain: it must be a decision.
#[test]
fn lowering_gives_the_recorded_circuit() {
    assert_eq!(hex(example().id()), LIST_ID);
    assert_eq!(hex(circuit().id()), CIRCUIT_ID);
}

fn hex(id: ProgramId) -> String {
    id.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

const LIST_ID: &str = "f5fe70a9526c363b5b9628700cb7b35bd59d64bd3f8898fbf7dc9beaf19855be";
const CIRCUIT_ID: &str = "be513f70d2a4271d0444226fb45fae060848224981403283d3a52ea66e81e3bb";

#[test]
fn other_spellings_of_a_list_are_refused() {
    for (from, to) in [
        ("constant uint8 100", "constant uint8 0100"),
        ("constant uint8 100", "constant uint8 +100"),
        ("%0 %2", "%00 %2"),
        ("%0 %2", "%0  %2"),
        ("lt bool", "lt  bool"),
        ("level 1\n", "level 1\r\n"),
        ("output %3\n", "output %3"),
        ("output %3\n", "output %3\n\n"),
        ("level 2\nconstant", "level 2\noutput %0\nconstant"),
    ] {
        let changed = LIST.replacen(from, to, 1);
        assert_ne!(changed, LIST);
        assert!(OperationList::from_text(changed.as_bytes()).is_err(), "{to}");
    }
}

#[test]
fn malformed_lists_are_named() {
    use OperationError as E;
    type Check = fn(&OperationError) -> bool;
    let cases: [(&str, &str, Check); 9] = [
        ("uint8 compute 4 degree 3 level 1", "uint8 compute 5 degree 3 level 1", |e| {
            matches!(e, E::Input { index: 0, .. })
        }),
        ("uint8 compute 4 degree 3 level 1", "nibbles compute 4 degree 3 level 1", |e| {
            matches!(e, E::Input { .. })
        }),
        ("degree 3 level 1", "degree 16 level 1", |e| matches!(e, E::Input { .. })),
        ("level 2", "level 6", |e| matches!(e, E::NoiseLevel { index: 1, got: 6 })),
        ("constant uint8 100", "constant uint8 256", |e| {
            matches!(e, E::Constant { step: 0, value: 256, .. })
        }),
        ("lt bool %0 %2", "lt bool %0 %3", |e| matches!(e, E::UnknownOperand { step: 1, operand: 3 })),
        ("lt bool %0 %2", "lt uint8 %0 %2", |e| matches!(e, E::Types { step: 1, .. })),
        ("select uint8 %3 %0 %1", "select uint8 %0 %0 %1", |e| matches!(e, E::Types { step: 2, .. })),
        ("release %4", "release %5", |e| matches!(e, E::UnknownOutput { output: 0, value: 5 })),
    ];
    for (from, to, expected) in cases {
        let changed = LIST.replacen(from, to, 1);
        match OperationList::from_text(changed.as_bytes()) {
            Err(OperationTextError::List(e)) => assert!(expected(&e), "{to}: {e}"),
            other => panic!("{to}: {other:?}"),
        }
    }
    let no_output = LIST.split("release").next().unwrap();
    assert!(matches!(
        OperationList::from_text(no_output.as_bytes()),
        Err(OperationTextError::List(E::Count { what: "outputs", .. }))
    ));
}

const SMALL: &str = "trine circuit 1
input bool compute 1 degree 1
input bool casting 1 degree 1
output bool compute 1 degree 1
table 1 0 0 576460752303423488 0 0 0 0 0 0 0 0 0 0 0 0 0
table 2 0 576460752303423488 0 0 0 0 0 0 0 576460752303423488 0 0 0 0 0 0
bootstrap compute 0 0 + 1*i0.0
bootstrap casting 1 0 + 1*i1.0
bootstrap compute 0 0 + 1*b0.0 + 1*b1.1
row 0 + 1*b2.0
";

#[test]
fn malformed_circuits_are_named() {
    use CircuitError as E;
    assert_eq!(Circuit::from_text(SMALL.as_bytes()).unwrap().to_text(), SMALL);
    type Check = fn(&CircuitError) -> bool;
    let cases: [(&str, &str, Check); 19] = [
        ("row 0 + 1*b2.0\n", "", |e| matches!(e, E::Count { what: "rows", .. })),
        ("input bool compute 1", "input bool compute 2", |e| matches!(e, E::Blocks { what: "input", .. })),
        ("input bool compute 1 degree 1", "input bool compute 1 degree 16", |e| {
            matches!(e, E::Degree { .. })
        }),
        ("table 2 0", "table 9 0", |e| matches!(e, E::Functions { table: 1, got: 9 })),
        ("table 2 0", "table 0 0", |e| matches!(e, E::Functions { table: 1, got: 0 })),
        (
            "table 2 0 576460752303423488 0 0 0 0 0 0 0 576460752303423488 0 0 0 0 0 0",
            "table 3 0 576460752303423488 0 0 0 0 0 0 0 576460752303423488 0 0 0 0 0 1",
            |e| matches!(e, E::UnreadBox { table: 1, index: 15, got: 1 }),
        ),
        ("compute 0 0 + 1*i0.0", "compute 1 0 + 1*i0.0", |e| matches!(e, E::TableOrder { .. })),
        ("casting 1 0", "casting 0 0", |e| {
            matches!(e, E::UnknownFunction { .. } | E::TableOrder { table: 1 })
        }),
        ("casting 1 0", "casting 2 0", |e| matches!(e, E::UnknownTable { bootstrapping: 1, table: 2 })),
        ("1*i0.0", "1*i0.1", |e| matches!(e, E::UnknownBlock { block: 1, .. })),
        ("1*i0.0", "1*i2.0", |e| matches!(e, E::UnknownBlock { handle: 2, .. })),
        ("1*i0.0", "1*b0.0", |e| matches!(e, E::Order { bootstrapping: 0, .. })),
        ("1*i0.0", "1*b1.0", |e| matches!(e, E::Order { bootstrapping: 1, .. })),
        ("row 0 + 1*b2.0", "row 0 + 1*b3.0", |e| matches!(e, E::Order { bootstrapping: 3, .. })),
        ("1*b1.1", "1*b1.2", |e| matches!(e, E::UnknownFunction { function: 2, has: 2, .. })),
        ("1*b0.0 + 1*b1.1", "1*b1.1 + 1*b0.0", |e| matches!(e, E::TermOrder { .. })),
        ("1*b0.0 + 1*b1.1", "0*b0.0 + 1*b1.1", |e| matches!(e, E::Coefficient { got: 0, .. })),
        ("1*b0.0 + 1*b1.1", "-128*b0.0 + 1*b1.1", |e| matches!(e, E::Coefficient { got: -128, .. })),
        ("compute 0 0 + 1*b0.0", "casting 0 0 + 1*b0.0", |e| matches!(e, E::KeyKind { .. })),
    ];
    for (from, to, expected) in cases {
        let changed = SMALL.replacen(from, to, 1);
        match Circuit::from_text(changed.as_bytes()) {
            Err(CircuitTextError::Circuit(e)) => assert!(expected(&e), "{to}: {e}"),
            other => panic!("{to}: {other:?}"),
        }
    }
    // An unused table, and one listed twice.
    let twice = SMALL.replacen(
        "bootstrap",
        "table 2 0 576460752303423488 0 0 0 0 0 0 0 576460752303423488 0 0 0 0 0 0\nbootstrap",
        1,
    );
    let unused = SMALL.replacen("bootstrap", "table 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\nbootstrap", 1);
    for changed in [twice, unused] {
        assert!(matches!(
            Circuit::from_text(changed.as_bytes()),
            Err(CircuitTextError::Circuit(E::TableOrder { table: 2 }))
        ));
    }
}

#[test]
fn the_constructor_refuses_what_no_text_holds() {
    let c = Circuit::from_text(SMALL.as_bytes()).unwrap();
    let mut rows = c.rows().to_vec();
    let term = rows[0].terms[0];
    rows[0].terms = vec![term; 17];
    let refused = Circuit::new(
        c.inputs().to_vec(),
        c.outputs().to_vec(),
        c.tables().to_vec(),
        c.bootstrappings().to_vec(),
        rows,
    );
    assert!(matches!(refused, Err(CircuitError::Terms { got: 17, .. })));
}

#[test]
fn long_texts_are_refused_unread() {
    let long = vec![b'a'; MAX_OPERATIONS_TEXT_BYTES + 1];
    assert!(matches!(OperationList::from_text(&long), Err(OperationTextError::TooLong { .. })));
    let long = vec![b'a'; MAX_CIRCUIT_TEXT_BYTES + 1];
    assert!(matches!(Circuit::from_text(&long), Err(CircuitTextError::TooLong { .. })));
    let many = format!("trine operations 1\n{}", "input bool compute 1 degree 1 level 1\n".repeat(65));
    assert!(matches!(
        OperationList::from_text(many.as_bytes()),
        Err(OperationTextError::TooMany { line: 66, max: 64, .. })
    ));
    let many = format!("trine circuit 1\n{}", "input bool compute 1 degree 1\n".repeat(65));
    assert!(matches!(Circuit::from_text(many.as_bytes()), Err(CircuitTextError::TooMany { line: 66, .. })));
    let terms = format!("trine circuit 1\nrow 0{}\n", " + 1*i0.0".repeat(17));
    assert!(matches!(Circuit::from_text(terms.as_bytes()), Err(CircuitTextError::Line { .. })));
}

fn mangle(text: &str, place: usize, byte: u8, cut: bool) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let place = place % bytes.len();
    if cut {
        bytes.truncate(place)
    } else {
        bytes[place] = byte
    }
    bytes
}

proptest! {
    #[test]
    fn hostile_bytes_are_errors_not_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(OperationList::from_text(&bytes).is_err());
        prop_assert!(Circuit::from_text(&bytes).is_err());
    }

    /// A changed text is refused or is the canonical text of something else, and what reads can be checked and lowered.
    #[test]
    fn changed_texts_never_panic(place in any::<usize>(), byte in any::<u8>(), cut in any::<bool>()) {
        let list = mangle(LIST, place, byte, cut);
        if let Ok(read) = OperationList::from_text(&list) {
            prop_assert_eq!(read.to_text().into_bytes(), list);
            let _ = lower(&read);
        }
        let text = mangle(&circuit().to_text(), place, byte, cut);
        if let Ok(read) = Circuit::from_text(&text) {
            prop_assert_eq!(read.to_text().into_bytes(), text);
            let _ = trine_program::circuit::admissible(&read, &records(&example()), &MODEL);
            let _ = trine_program::circuit::interpret(&read, &[blocks(3, ValueType::Uint8), blocks(3, ValueType::Uint8)]);
        }
    }
}
