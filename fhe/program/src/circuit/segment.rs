//! Segments: a circuit that is larger than one proof, cut into circuits that are not.
//!
//! Consecutive bootstrappings make a segment. A wire that a later segment reads leaves its own as a block of a **link**, an
//! output handle of type nibbles, and enters the later one as a block of an input handle. The outputs of the circuit belong
//! to the last segment. The cut is a function of the circuit, so whoever has the text makes the same one.

use super::{Bootstrapping, Circuit, CircuitError, Linear, Table, Term, Wire};
use crate::value::{Declaration, KeyKind, MAX_BLOCKS, ValueType};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

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

/// Why a circuit is not cut.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// A segment has more handles than a circuit may have, or breaks another rule of circuits.
    #[error("segment {segment}: {error}")]
    Circuit {
        /// The segment.
        segment: usize,
        /// The rule.
        error: CircuitError,
    },
}

/// Cuts a circuit into segments of at most `most` bootstrappings. One that is small enough is its own segment.
pub fn segments(circuit: &Circuit, most: NonZeroUsize) -> Result<Vec<Segment>, SegmentError> {
    let count = circuit.bootstrappings.len().div_ceil(most.get());
    if count <= 1 {
        let sources = (0..circuit.inputs.len()).map(|handle| Source::Input(handle as u8)).collect();
        return Ok(vec![Segment { circuit: circuit.clone(), sources, links: 0 }]);
    }
    let cut = Cut { circuit, most: most.get(), count, links: links(circuit, most.get(), count) };
    (0..count).map(|segment| cut.segment(segment)).collect()
}

/// The link wires of every segment in their order: those that a later segment, or an output, reads.
fn links(circuit: &Circuit, most: usize, count: usize) -> Vec<Vec<Wire>> {
    let mut read: Vec<BTreeSet<Wire>> = vec![BTreeSet::new(); count];
    let inputs = circuit.bootstrappings.iter().enumerate().map(|(index, b)| (index / most, &b.input));
    for (reader, linear) in inputs.chain(circuit.rows.iter().map(|row| (count - 1, row))) {
        for term in &linear.terms {
            if let Wire::Output { bootstrapping, .. } = term.wire {
                let home = bootstrapping as usize / most;
                if home != reader {
                    read[home].insert(term.wire);
                }
            }
        }
    }
    read.into_iter().map(|wires| wires.into_iter().collect()).collect()
}

struct Cut<'a> {
    circuit: &'a Circuit,
    most: usize,
    count: usize,
    links: Vec<Vec<Wire>>,
}

impl Cut<'_> {
    fn segment(&self, segment: usize) -> Result<Segment, SegmentError> {
        let first = segment * self.most;
        let last = segment + 1 == self.count;
        let own = self.circuit.bootstrappings.iter().skip(first).take(self.most);
        let own: Vec<&Bootstrapping> = own.collect();
        let rows: &[Linear] = if last { &self.circuit.rows } else { &[] };
        let sources = self.sources(segment, own.iter().map(|b| &b.input).chain(rows));
        let place: BTreeMap<Source, u8> = sources.iter().zip(0..).map(|(source, h)| (*source, h)).collect();
        let mut tables: Vec<Table> = vec![];
        let bootstrappings = own
            .iter()
            .map(|b| Bootstrapping {
                key_kind: b.key_kind,
                table: listed(&mut tables, self.circuit.tables[b.table as usize]),
                input: self.moved(&b.input, segment, &place),
            })
            .collect();
        let (mut outputs, mut moved) = self.link_outputs(segment);
        let links = outputs.len();
        if last {
            outputs.extend(&self.circuit.outputs);
            moved.extend(rows.iter().map(|row| self.moved(row, segment, &place)));
        }
        let inputs = sources.iter().map(|source| self.declaration(source)).collect();
        let circuit = Circuit::new(inputs, outputs, tables, bootstrappings, moved)
            .map_err(|error| SegmentError::Circuit { segment, error })?;
        Ok(Segment { circuit, sources, links })
    }

    /// Handles that a segment reads; its first input of the circuit where it reads none, since a circuit has one.
    fn sources<'l>(&self, segment: usize, read: impl Iterator<Item = &'l Linear>) -> Vec<Source> {
        let wires = read.flat_map(|linear| linear.terms.iter().map(|term| term.wire));
        let sources: BTreeSet<Source> =
            wires.filter_map(|wire| self.source(wire, segment)).map(|(s, _)| s).collect();
        if sources.is_empty() { vec![Source::Input(0)] } else { sources.into_iter().collect() }
    }

    /// The handle and block in which a wire enters a segment; `None` for wires of its own.
    fn source(&self, wire: Wire, segment: usize) -> Option<(Source, u8)> {
        match wire {
            Wire::Input { handle, block } => Some((Source::Input(handle), block)),
            Wire::Output { bootstrapping, .. } => {
                let home = bootstrapping as usize / self.most;
                let index = self.links[home].iter().position(|w| *w == wire).filter(|_| home != segment)?;
                let (output, block) = (index / usize::from(MAX_BLOCKS), index % usize::from(MAX_BLOCKS));
                Some((Source::Link { segment: home as u32, output: output as u8 }, block as u8))
            }
        }
    }

    fn declaration(&self, source: &Source) -> Declaration {
        match source {
            Source::Input(handle) => self.circuit.inputs[usize::from(*handle)],
            Source::Link { segment, output } => {
                let links = &self.links[*segment as usize];
                link(links.len() - usize::from(*output) * usize::from(MAX_BLOCKS))
            }
        }
    }

    /// Declarations and rows of the links of a segment.
    fn link_outputs(&self, segment: usize) -> (Vec<Declaration>, Vec<Linear>) {
        let wires = &self.links[segment];
        let declarations = wires.chunks(usize::from(MAX_BLOCKS)).map(|wires| link(wires.len())).collect();
        let first = segment * self.most;
        let rows = wires.iter().map(|wire| {
            let terms = vec![Term { wire: own(*wire, first), coefficient: 1 }];
            Linear { terms, constant: 0 }
        });
        (declarations, rows.collect())
    }

    /// A linear combination with its wires renamed.
    fn moved(&self, linear: &Linear, segment: usize, place: &BTreeMap<Source, u8>) -> Linear {
        let first = segment * self.most;
        let renamed = |wire| match self.source(wire, segment) {
            Some((source, block)) => Wire::Input { handle: place[&source], block },
            None => own(wire, first),
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

/// A wire of a segment's own bootstrapping, counted from the segment's first.
fn own(wire: Wire, first: usize) -> Wire {
    match wire {
        Wire::Output { bootstrapping, function } => {
            Wire::Output { bootstrapping: bootstrapping - first as u32, function }
        }
        Wire::Input { .. } => wire,
    }
}

/// Declaration of a link of at most [`MAX_BLOCKS`] of so many blocks.
fn link(blocks: usize) -> Declaration {
    Declaration {
        value_type: ValueType::Nibbles,
        key_kind: KeyKind::Compute,
        blocks: blocks.min(usize::from(MAX_BLOCKS)) as u8,
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
