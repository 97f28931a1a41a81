//! Segments: a circuit that is larger than one proof, cut into circuits that are not.
//!
//! Consecutive bootstrappings make a segment: as many as the limits of a proof allow. A wire that a later segment reads leaves
//! its own as a block of a **link**, an output handle of type nibbles, and enters the later one as a block of an input handle.
//! The outputs of the circuit belong to the last segment. The cut is a function of circuit and limits, so whoever has the text
//! makes the same one.

use super::{Bootstrapping, Circuit, CircuitError, Linear, Table, Term, Wire};
use crate::value::{Declaration, KeyKind, MAX_BLOCKS, ValueType};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::ops::Range;

/// Largest plaintext of a link's block: a link may carry any of them.
const LINK_DEGREE: u8 = 15;

/// What an input handle of a segment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// An input handle of the circuit.
    Input(u8),
    /// An output handle of an earlier segment.
    Link {
        /// The segment.
        segment: u32,
        /// Index among its outputs.
        output: u8,
    },
}

/// A segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What it evaluates: a circuit by itself.
    pub circuit: Circuit,
    /// Where its input handles come from.
    pub sources: Vec<Source>,
    /// How many of its outputs are links. Those of the last segment are all outputs of the circuit.
    pub links: usize,
}

/// What a segment may have at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentLimits {
    /// Bootstrappings.
    pub bootstrappings: NonZeroUsize,
    /// Input handles.
    pub inputs: usize,
    /// Output handles, links among them.
    pub outputs: usize,
    /// Blocks of all output handles.
    pub blocks: usize,
}

/// Why a circuit is not cut.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// Not even one bootstrapping makes a segment within the limits.
    #[error("segment {segment} has {got} {what}, at most {most}")]
    Limit {
        /// The segment.
        segment: usize,
        /// "inputs", "outputs" or "output blocks".
        what: &'static str,
        /// How many it has.
        got: usize,
        /// The limit.
        most: usize,
    },
    /// Nothing outside a segment reads what it computes: it would prove nothing.
    #[error("segment {segment}: nothing reads bootstrappings {first} to {last} outside of it")]
    Unread {
        /// The segment.
        segment: usize,
        /// Its first bootstrapping.
        first: usize,
        /// Its last one.
        last: usize,
    },
    /// A segment breaks a rule of circuits.
    #[error("segment {segment}: {error}")]
    Circuit {
        /// The segment.
        segment: usize,
        /// The rule.
        error: CircuitError,
    },
}

/// Cuts a circuit into segments within the limits. One that is small enough is its own segment.
pub fn segments(circuit: &Circuit, limits: &SegmentLimits) -> Result<Vec<Segment>, SegmentError> {
    let whole = [circuit.inputs.len(), circuit.outputs.len(), circuit.rows.len()];
    let excess = limits.excess(0, whole);
    if circuit.bootstrappings.len() <= limits.bootstrappings.get() && excess.is_ok() {
        let sources = (0..circuit.inputs.len()).map(|handle| Source::Input(handle as u8)).collect();
        return Ok(vec![Segment { circuit: circuit.clone(), sources, links: 0 }]);
    }
    if circuit.bootstrappings.is_empty() {
        excess?;
    }
    let mut cut = Cut { circuit, readers: readers(circuit), linked: BTreeMap::new(), segments: vec![] };
    let mut first = 0;
    while first < circuit.bootstrappings.len() {
        let own = cut.longest(first, limits)?;
        first = own.end;
        cut.add(own)?;
    }
    Ok(cut.segments)
}

impl SegmentLimits {
    /// Error: the first of inputs, outputs and output blocks that there are too many of.
    fn excess(&self, segment: usize, counts: [usize; 3]) -> Result<(), SegmentError> {
        let named = ["inputs", "outputs", "output blocks"].into_iter().zip(counts);
        let found = named.zip([self.inputs, self.outputs, self.blocks]).find(|((_, got), most)| got > most);
        found.map_or(Ok(()), |((what, got), most)| Err(SegmentError::Limit { segment, what, got, most }))
    }
}

/// The last bootstrapping that reads each wire of a bootstrapping; their number where an output does.
fn readers(circuit: &Circuit) -> BTreeMap<Wire, usize> {
    let inputs = circuit.bootstrappings.iter().map(|b| &b.input).enumerate();
    let rows = circuit.rows.iter().map(|row| (circuit.bootstrappings.len(), row));
    let mut readers = BTreeMap::new();
    for (reader, linear) in inputs.chain(rows) {
        let wires = linear.terms.iter().map(|term| term.wire);
        readers.extend(wires.filter(|wire| matches!(wire, Wire::Output { .. })).map(|wire| (wire, reader)));
    }
    readers
}

struct Cut<'a> {
    circuit: &'a Circuit,
    readers: BTreeMap<Wire, usize>,
    /// Handle and block of the links of the segments so far.
    linked: BTreeMap<Wire, (Source, u8)>,
    segments: Vec<Segment>,
}

impl Cut<'_> {
    /// The most bootstrappings from `first` on that make a segment within the limits.
    fn longest(&self, first: usize, limits: &SegmentLimits) -> Result<Range<usize>, SegmentError> {
        let left = self.circuit.bootstrappings.len() - first;
        let fits = |count: usize| {
            let own = first..first + count;
            limits.excess(self.segments.len(), self.counts(&own)).map(|()| own)
        };
        let longer = (2..=left.min(limits.bootstrappings.get())).rev();
        longer.map(fits).find(Result::is_ok).unwrap_or_else(|| fits(1))
    }

    /// Inputs, outputs and output blocks of a segment.
    fn counts(&self, own: &Range<usize>) -> [usize; 3] {
        let links = self.link_wires(own).count();
        let (outputs, rows) = match self.is_last(own) {
            true => (self.circuit.outputs.len(), self.circuit.rows.len()),
            false => (0, 0),
        };
        [self.sources(own).len(), links.div_ceil(usize::from(MAX_BLOCKS)) + outputs, links + rows]
    }

    fn is_last(&self, own: &Range<usize>) -> bool {
        own.end == self.circuit.bootstrappings.len()
    }

    /// Output rows of the circuit that belong to a segment.
    fn rows(&self, own: &Range<usize>) -> &[Linear] {
        if self.is_last(own) { &self.circuit.rows } else { &[] }
    }

    /// Wires of a segment that a later one reads, in their order.
    fn link_wires<'l>(&'l self, own: &'l Range<usize>) -> impl Iterator<Item = Wire> + 'l {
        let output =
            |bootstrapping: usize, function| Wire::Output { bootstrapping: bootstrapping as u32, function };
        let wires = self.readers.range(output(own.start, 0)..output(own.end, 0));
        let last = self.is_last(own);
        wires.filter(move |(_, reader)| !last && **reader >= own.end).map(|(wire, _)| *wire)
    }

    fn add(&mut self, own: Range<usize>) -> Result<(), SegmentError> {
        let segment = self.segments.len();
        let sources = self.sources(&own);
        let place: BTreeMap<Source, u8> = sources.iter().zip(0..).map(|(source, h)| (*source, h)).collect();
        let mut tables: Vec<Table> = vec![];
        let moved = |linear| self.moved(linear, own.start, &place);
        let bootstrappings = self.circuit.bootstrappings[own.clone()]
            .iter()
            .map(|b| Bootstrapping {
                key_kind: b.key_kind,
                table: listed(&mut tables, self.circuit.tables[b.table as usize]),
                input: moved(&b.input),
            })
            .collect();
        let wires: Vec<Wire> = self.link_wires(&own).collect();
        let (mut outputs, mut rows) = link_outputs(&wires, own.start);
        let links = outputs.len();
        if links == 0 && !self.is_last(&own) {
            return Err(SegmentError::Unread { segment, first: own.start, last: own.end - 1 });
        }
        if self.is_last(&own) {
            outputs.extend(&self.circuit.outputs);
            rows.extend(self.rows(&own).iter().map(moved));
        }
        let inputs = sources.iter().map(|source| self.declaration(source)).collect();
        let circuit = Circuit::new(inputs, outputs, tables, bootstrappings, rows)
            .map_err(|error| SegmentError::Circuit { segment, error })?;
        self.segments.push(Segment { circuit, sources, links });
        for (index, wire) in wires.into_iter().enumerate() {
            let (output, block) = (index / usize::from(MAX_BLOCKS), index % usize::from(MAX_BLOCKS));
            let source = Source::Link { segment: segment as u32, output: output as u8 };
            self.linked.insert(wire, (source, block as u8));
        }
        Ok(())
    }

    /// Handles that a segment reads; the first input of the circuit where it reads none, since a circuit has one.
    fn sources(&self, own: &Range<usize>) -> Vec<Source> {
        let inputs = self.circuit.bootstrappings[own.clone()].iter().map(|b| &b.input);
        let wires = inputs.chain(self.rows(own)).flat_map(|linear| linear.terms.iter().map(|term| term.wire));
        let sources: BTreeSet<Source> = wires.filter_map(|wire| self.source(wire)).map(|(s, _)| s).collect();
        if sources.is_empty() { vec![Source::Input(0)] } else { sources.into_iter().collect() }
    }

    /// The handle and block in which a wire enters the segment after those so far; `None` for wires of its own.
    fn source(&self, wire: Wire) -> Option<(Source, u8)> {
        match wire {
            Wire::Input { handle, block } => Some((Source::Input(handle), block)),
            Wire::Output { .. } => self.linked.get(&wire).copied(),
        }
    }

    fn declaration(&self, source: &Source) -> Declaration {
        match source {
            Source::Input(handle) => self.circuit.inputs[usize::from(*handle)],
            Source::Link { segment, output } => {
                self.segments[*segment as usize].circuit.outputs[usize::from(*output)]
            }
        }
    }

    /// A linear combination of the segment from `first` on, its wires renamed.
    fn moved(&self, linear: &Linear, first: usize, place: &BTreeMap<Source, u8>) -> Linear {
        let renamed = |wire| match self.source(wire) {
            Some((source, block)) => Wire::Input { handle: place[&source], block },
            None => own_wire(wire, first),
        };
        let mut terms: Vec<Term> = linear
            .terms
            .iter()
            .map(|term| Term { wire: renamed(term.wire), coefficient: term.coefficient })
            .collect();
        terms.sort_by_key(|term| term.wire);
        Linear { terms, constant: linear.constant }
    }
}

/// Declarations and rows of the links of the segment from bootstrapping `first` on.
fn link_outputs(wires: &[Wire], first: usize) -> (Vec<Declaration>, Vec<Linear>) {
    let declarations = wires.chunks(usize::from(MAX_BLOCKS)).map(|wires| link(wires.len())).collect();
    let rows = wires.iter().map(|wire| {
        let terms = vec![Term { wire: own_wire(*wire, first), coefficient: 1 }];
        Linear { terms, constant: 0 }
    });
    (declarations, rows.collect())
}

/// A wire of a segment's own bootstrapping, counted from the segment's first.
fn own_wire(wire: Wire, first: usize) -> Wire {
    match wire {
        Wire::Output { bootstrapping, function } => {
            Wire::Output { bootstrapping: bootstrapping - first as u32, function }
        }
        Wire::Input { .. } => wire,
    }
}

/// Declaration of a link of so many blocks, at most [`MAX_BLOCKS`].
fn link(blocks: usize) -> Declaration {
    Declaration {
        value_type: ValueType::Nibbles,
        key_kind: KeyKind::Compute,
        blocks: blocks as u8,
        degree: LINK_DEGREE,
    }
}

/// Index of a table, which is listed where it is first used.
fn listed(tables: &mut Vec<Table>, table: Table) -> u32 {
    let index = tables.iter().position(|t| *t == table).unwrap_or_else(|| {
        tables.push(table);
        tables.len() - 1
    });
    index as u32
}
