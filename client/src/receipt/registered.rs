//! A registered program against the text of a receipt.

use super::circuit::VerifiedCircuit;
use super::comparison::{ChainFacts, OnChainError};
use super::file::Receipt;
use super::verify::{VerifiedInputs, VerifiedReceipt};
use crate::facts::ProgramFacts;
use alloy::primitives::{B256, U256, keccak256};
use trine_contract::bindings::ICoprocessor::{CircuitRecord, SegmentedRecord};
use trine_contract::calldata::scalar;
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::bootstrapping::registration::{Registration, SegmentClaim};

/// The record of the request's program says what the receipt's text gives.
pub(super) fn compare_program(
    receipt: &Receipt,
    verified: &VerifiedReceipt,
    facts: &ChainFacts,
) -> Result<(), OnChainError> {
    let id = keccak256(receipt.program.as_bytes());
    let (inputs, outputs) = (U256::from(receipt.inputs.len()), U256::from(receipt.outputs.len()));
    let fields = match (&facts.program, &verified.public) {
        (ProgramFacts::Linear(program), VerifiedInputs::Linear(public)) => {
            let [layout_0, layout_1] = public.layouts.map(|l| scalar(&l));
            vec![
                ("id", program.programId, id.into()),
                ("digest", program.prog.into(), scalar(&public.prog)),
                ("first layout", program.layout0.into(), layout_0),
                ("second layout", program.layout1.into(), layout_1),
                ("number of inputs", U256::from(program.inputs).into(), inputs),
                ("number of outputs", U256::from(program.outputs).into(), outputs),
            ]
        }
        (ProgramFacts::Circuit(program), VerifiedInputs::Circuit(circuit)) => {
            circuit_fields(program, circuit, id, [inputs, outputs])?
        }
        (ProgramFacts::Segmented(program), VerifiedInputs::Circuit(circuit)) => {
            segmented_fields(program, circuit, id, [inputs, outputs])?
        }
        _ => return Err(OnChainError::ProgramKind),
    };
    for (field, got, expected) in fields {
        let expected = B256::from(expected);
        if got != expected {
            return Err(OnChainError::Program { field, got, expected });
        }
    }
    Ok(())
}

/// A field of a program: its name, what is on chain, what the receipt's text gives.
type Field = (&'static str, B256, U256);

fn circuit_fields(
    program: &CircuitRecord,
    circuit: &VerifiedCircuit,
    id: B256,
    [inputs, outputs]: [U256; 2],
) -> Result<Vec<Field>, OnChainError> {
    let registration = Registration::of(&Parameters::PRODUCTION, &circuit.circuit)?;
    let Registration::Whole(own) = registration else { return Err(OnChainError::ProgramKind) };
    let claim = &program.claim;
    let layouts = claim.layouts.iter().zip(own.layouts);
    let layouts = layouts.map(|(got, own)| ("a layout", B256::from(*got), U256::from_be_bytes(own)));
    let fields = [
        ("id", program.programId, id.into()),
        ("digest of its words", claim.program, U256::from_be_bytes(own.program)),
        ("number of bootstrappings", U256::from(claim.bootstrappings).into(), U256::from(own.bootstrappings)),
        ("number of inputs", U256::from(claim.inputs).into(), inputs),
        ("number of outputs", U256::from(claim.outputs).into(), outputs),
    ];
    Ok(fields.into_iter().chain(layouts).collect())
}

/// Of segments the contract keeps digests of what is claimed about them, which the text gives.
fn segmented_fields(
    program: &SegmentedRecord,
    circuit: &VerifiedCircuit,
    id: B256,
    [inputs, outputs]: [U256; 2],
) -> Result<Vec<Field>, OnChainError> {
    let registration = Registration::of(&Parameters::PRODUCTION, &circuit.circuit)?;
    let Registration::Segments { layouts, segments, .. } = registration else {
        return Err(OnChainError::ProgramKind);
    };
    let count = |count: usize| U256::from(count);
    let mut fields = vec![
        ("id", program.programId, id.into()),
        ("number of inputs", count(program.inputs.into()).into(), inputs),
        ("number of outputs", count(program.outputs.into()).into(), outputs),
        ("number of segments", count(program.segments.len()).into(), count(segments.len())),
    ];
    let layouts = program.layouts.iter().zip(layouts);
    fields.extend(layouts.map(|(got, own)| ("a layout", B256::from(*got), U256::from_be_bytes(own))));
    let digests = program.segments.iter().zip(segments.iter().map(SegmentClaim::digest));
    fields.extend(digests.map(|(got, own)| ("digest of a segment", *got, U256::from_be_bytes(own))));
    Ok(fields)
}
