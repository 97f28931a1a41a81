//! Words of wires, from their bootstrapping to their last use.

use crate::words::BlockWords;
use trine_program::circuit::{Circuit, Linear, Wire};

/// The wires of all bootstrappings, those that are there.
pub struct Wires {
    words: Vec<Option<Vec<BlockWords>>>,
    /// Linear combinations that still read a wire of the bootstrapping; a row counts as one for ever.
    uses: Vec<u32>,
}

impl Wires {
    /// None is there.
    pub fn new(circuit: &Circuit) -> Self {
        let words = circuit.bootstrappings().iter().map(|_| None).collect();
        Self { words, uses: uses(circuit) }
    }

    /// Keeps the wires of a bootstrapping, unless nothing uses them: false.
    pub fn put(&mut self, index: u32, words: Vec<BlockWords>) -> bool {
        let used = self.uses[index as usize] > 0;
        self.words[index as usize] = used.then_some(words);
        used
    }

    /// The wires of a bootstrapping.
    pub fn get(&self, index: u32) -> Option<&[BlockWords]> {
        self.words[index as usize].as_deref()
    }

    /// After a combination was read for the last time: wires that nothing else uses are dropped, and their bootstrappings
    /// appended to `dropped`.
    pub fn release(&mut self, read: &Linear, dropped: &mut Vec<u32>) {
        for index in bootstrappings_of(read) {
            let uses = &mut self.uses[index as usize];
            *uses -= 1;
            if *uses == 0 {
                self.words[index as usize] = None;
                dropped.push(index);
            }
        }
    }
}

/// Most blocks of wires that are there at once while a circuit is evaluated level by level; each has 16 kB. Known from the
/// circuit alone, so that one too large for a machine is refused before it runs.
pub fn most_live_blocks(circuit: &Circuit) -> usize {
    let mut uses = uses(circuit);
    let functions = |index: u32| {
        let table = circuit.bootstrappings()[index as usize].table;
        usize::from(circuit.tables()[table as usize].functions)
    };
    let (mut live, mut most) = (0, 0);
    for level in circuit.levels() {
        // A batch may be the whole level: its outputs are there before anything it reads is dropped.
        live += level.iter().map(|b| functions(*b)).sum::<usize>();
        most = most.max(live);
        for index in level {
            if uses[index as usize] == 0 {
                live -= functions(index);
            }
            for read in bootstrappings_of(&circuit.bootstrappings()[index as usize].input) {
                uses[read as usize] -= 1;
                if uses[read as usize] == 0 {
                    live -= functions(read);
                }
            }
        }
    }
    most
}

fn uses(circuit: &Circuit) -> Vec<u32> {
    let mut uses = vec![0; circuit.bootstrappings().len()];
    let inputs = circuit.bootstrappings().iter().map(|b| &b.input);
    for linear in inputs.chain(circuit.rows()) {
        for index in bootstrappings_of(linear) {
            uses[index as usize] += 1;
        }
    }
    uses
}

/// Bootstrappings that a combination reads, each once. Terms are sorted by wire, so functions of one are neighbours.
fn bootstrappings_of(linear: &Linear) -> Vec<u32> {
    let mut read: Vec<u32> = linear
        .terms
        .iter()
        .filter_map(|t| match t.wire {
            Wire::Output { bootstrapping, .. } => Some(bootstrapping),
            Wire::Input { .. } => None,
        })
        .collect();
    read.dedup();
    read
}
