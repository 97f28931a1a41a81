//! Random circuits of a given number of bootstrappings, within the shape's limits.

use rand::Rng;
use rand_chacha::ChaCha20Rng;
use trine_program::circuit::{BOXES, Bootstrapping, Circuit, Linear, MAX_FUNCTIONS, Table, Term, Wire};
use trine_program::policy::DELTA;
use trine_program::{Declaration, KeyKind, ValueType};

/// A value of some blocks under a key.
pub fn declaration(key_kind: KeyKind, blocks: u8) -> Declaration {
    Declaration { value_type: ValueType::Nibbles, key_kind, blocks, degree: 15 }
}

/// A table with random words of the grid in every box that its functions read.
pub fn table(functions: u8, random: &mut ChaCha20Rng) -> Table {
    let mut table = Table { functions, boxes: [0; BOXES] };
    let read = usize::from(functions) * table.domain();
    table.boxes.iter_mut().take(read).for_each(|word| *word = random.gen_range(0..32) * DELTA);
    table
}

/// A combination of wires under one key, coefficients at the edges included.
fn linear(wires: &[Wire], random: &mut ChaCha20Rng) -> Linear {
    let mut terms: Vec<Term> = vec![];
    for wire in wires {
        if terms.len() < 5 && random.gen_bool(0.6) {
            let coefficient = match random.gen_range(0..4) {
                0 => 127,
                1 => -127,
                2 => 1,
                _ => random.gen_range(1..=126),
            };
            terms.push(Term { wire: *wire, coefficient });
        }
    }
    Linear { terms, constant: random.gen_range(0..32) * DELTA }
}

fn inputs(declarations: &[Declaration], kind: KeyKind) -> Vec<Wire> {
    (0..)
        .zip(declarations)
        .filter(|(_, d)| d.key_kind == kind)
        .flat_map(|(handle, d)| (0..d.blocks).map(move |block| Wire::Input { handle, block }))
        .collect()
}

fn outputs(bootstrappings: &[Bootstrapping], tables: &[Table]) -> Vec<Wire> {
    (0..)
        .zip(bootstrappings)
        .flat_map(|(bootstrapping, b)| {
            let functions = tables[b.table as usize].functions;
            (0..functions).map(move |function| Wire::Output { bootstrapping, function })
        })
        .collect()
}

fn wires(
    declarations: &[Declaration],
    kind: KeyKind,
    bootstrappings: &[Bootstrapping],
    tables: &[Table],
) -> Vec<Wire> {
    let mut wires = inputs(declarations, kind);
    if kind == KeyKind::Compute {
        wires.extend(outputs(bootstrappings, tables));
    }
    wires
}

fn kind(random: &mut ChaCha20Rng) -> KeyKind {
    if random.gen_bool(0.4) { KeyKind::Casting } else { KeyKind::Compute }
}

/// Output blocks that both reduced classes have rows for.
const MOST_BLOCKS: u8 = 4;

/// Two to four inputs under both keys, one to three outputs.
fn handles(random: &mut ChaCha20Rng) -> [Vec<Declaration>; 2] {
    let mut inputs = vec![
        declaration(KeyKind::Compute, random.gen_range(1..=3)),
        declaration(KeyKind::Casting, random.gen_range(1..=2)),
    ];
    inputs.extend((0..random.gen_range(0..=2)).map(|_| declaration(kind(random), 1)));
    let count = random.gen_range(1..=3);
    let mut left = MOST_BLOCKS;
    let outputs = (1..=count).rev().map(|handles| {
        let blocks = random.gen_range(1..=left - (handles - 1));
        left -= blocks;
        declaration(kind(random), blocks)
    });
    [inputs, outputs.collect()]
}

/// A circuit with inputs under both keys, tables of one and several functions, some used twice.
pub fn random(bootstrappings: usize, random: &mut ChaCha20Rng) -> Circuit {
    let [declared, outputs] = handles(random);
    let (mut tables, mut list): (Vec<Table>, Vec<Bootstrapping>) = (vec![], vec![]);
    for _ in 0..bootstrappings {
        let key_kind = kind(random);
        let input = linear(&wires(&declared, key_kind, &list, &tables), random);
        let index = random.gen_range(0..=tables.len());
        if index == tables.len() {
            let functions = if random.gen_bool(0.5) { 1 } else { random.gen_range(2..=MAX_FUNCTIONS) };
            tables.push(table(functions, random));
        }
        list.push(Bootstrapping { key_kind, table: index as u32, input });
    }
    let rows = outputs
        .iter()
        .flat_map(|d| std::iter::repeat_n(d.key_kind, usize::from(d.blocks)))
        .map(|kind| linear(&wires(&declared, kind, &list, &tables), random))
        .collect();
    Circuit::new(declared, outputs, tables, list, rows).unwrap()
}
