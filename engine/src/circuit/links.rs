//! Links of a circuit of several segments: which wires leave a segment, and what they carry.
//!
//! A circuit is evaluated as a whole. A block of a link is a wire as its bootstrapping gives it, and words are a function of
//! circuit, key and inputs, so that the segments evaluated by themselves, link by link, have the same words.

use crate::error::EngineError;
use std::collections::{BTreeMap, BTreeSet};
use trine_fhe::circuit::CircuitEvaluationError;
use trine_fhe::{BlockWords, ValueWords};
use trine_program::Declaration;
use trine_program::circuit::{Linear, Segment, Wire};

/// Wires of bootstrappings, by their place in the circuit: function by function.
pub type Wires = BTreeMap<u32, Vec<BlockWords>>;

/// A wire of a link: bootstrapping of the circuit, function.
type LinkWire = (u32, u8);

/// Bootstrappings of the circuit that have a wire in a link.
pub fn linked(list: &[Segment]) -> Result<BTreeSet<u32>, EngineError> {
    let mut linked = BTreeSet::new();
    for (first, segment) in numbered(list) {
        for row in link_rows(segment).flatten() {
            linked.insert(wire(first, row)?.0);
        }
    }
    Ok(linked)
}

/// Values of the links of each segment, in their order, from the wires of the bootstrappings that are [`linked`].
pub fn values(list: &[Segment], wires: &Wires) -> Result<Vec<Vec<ValueWords>>, EngineError> {
    let of_segment = |(first, segment): (u32, &Segment)| {
        let links = segment.circuit.outputs().iter().zip(link_rows(segment));
        let value = |(declared, rows): (&Declaration, &[Linear])| {
            let blocks = rows.iter().map(|row| block(wires, first, row)).collect::<Result<_, _>>()?;
            Ok(ValueWords::new(*declared, blocks).map_err(CircuitEvaluationError::from)?)
        };
        links.map(value).collect::<Result<_, EngineError>>()
    };
    numbered(list).map(of_segment).collect()
}

fn block(wires: &Wires, first: u32, row: &Linear) -> Result<BlockWords, EngineError> {
    let (bootstrapping, function) = wire(first, row)?;
    let found = wires.get(&bootstrapping).and_then(|wires| wires.get(usize::from(function)));
    found.cloned().ok_or_else(|| EngineError::Task(format!("no wire b{bootstrapping}.{function} is kept")))
}

/// Segments, each with the place of its first bootstrapping in the circuit.
fn numbered(list: &[Segment]) -> impl Iterator<Item = (u32, &Segment)> {
    list.iter().scan(0, |next, segment| {
        let first = *next;
        *next += segment.circuit.bootstrappings().len() as u32;
        Some((first, segment))
    })
}

/// Rows of each link of a segment.
fn link_rows(segment: &Segment) -> impl Iterator<Item = &[Linear]> {
    segment.circuit.rows_by_output().take(segment.links)
}

/// The wire that a row of a link is: one term, nothing added.
fn wire(first: u32, row: &Linear) -> Result<LinkWire, EngineError> {
    if let ([term], 0) = (row.terms.as_slice(), row.constant)
        && let (Wire::Output { bootstrapping, function }, 1) = (term.wire, term.coefficient)
    {
        return Ok((first + bootstrapping, function));
    }
    Err(EngineError::Task("a block of a link is no wire of its segment".into()))
}
