//! Dead code, shared tables, numbering: from a builder to a circuit.

use crate::circuit::{BOXES, Bootstrapping, Circuit, Linear, MAX_FUNCTIONS, Table, Term, Wire};
use crate::lowering::LoweringError;
use crate::lowering::builder::{Builder, Lookup};
use crate::lowering::form::{Form, Source, Value};
use crate::policy::DELTA;
use crate::value::{Declaration, KeyKind};
use std::collections::BTreeMap;

/// The circuit of these outputs. Lookups that no output needs are left out; those of one input share tables as far as
/// its range allows.
pub(super) fn finish(builder: &Builder, outputs: &[Value]) -> Result<Circuit, LoweringError> {
    let lookups = builder.lookup_list();
    let bootstrapped = group(lookups, &live(lookups, outputs))?;
    let mut wires: BTreeMap<u32, Wire> = BTreeMap::new();
    let (mut tables, mut bootstrappings) = (Vec::new(), Vec::new());
    let mut places: BTreeMap<Table, u32> = BTreeMap::new();
    for members in bootstrapped {
        let first = &lookups[members[0] as usize];
        let table = table(lookups, &members);
        let place = *places.entry(table).or_insert_with(|| {
            tables.push(table);
            tables.len() as u32 - 1
        });
        let input = linear(&first.input, &wires);
        let bootstrapping = bootstrappings.len() as u32;
        bootstrappings.push(Bootstrapping { key_kind: first.key_kind, table: place, input });
        for (function, member) in members.iter().enumerate() {
            wires.insert(*member, Wire::Output { bootstrapping, function: function as u8 });
        }
    }
    let declarations = outputs.iter().map(|value| declaration(builder, value)).collect();
    let rows = outputs.iter().flat_map(|v| v.blocks.iter().map(|block| linear(block, &wires))).collect();
    let inputs = builder.inputs().iter().map(|i| i.declaration).collect();
    Ok(Circuit::new(inputs, declarations, tables, bootstrappings, rows)?)
}

/// Whether each lookup is needed by an output.
fn live(lookups: &[Lookup], outputs: &[Value]) -> Vec<bool> {
    let mut needed = vec![false; lookups.len()];
    let mark = |form: &Form, needed: &mut Vec<bool>| {
        for (source, _) in form.terms() {
            if let Source::Lookup(index) = source {
                needed[*index as usize] = true;
            }
        }
    };
    for block in outputs.iter().flat_map(|v| &v.blocks) {
        mark(block, &mut needed);
    }
    for index in (0..lookups.len()).rev() {
        if needed[index] {
            mark(&lookups[index].input, &mut needed);
        }
    }
    needed
}

/// Live lookups by bootstrapping, in topological order: a bootstrapping stands where its first member does.
fn group(lookups: &[Lookup], live: &[bool]) -> Result<Vec<Vec<u32>>, LoweringError> {
    let mut groups: Vec<Vec<u32>> = Vec::new();
    let mut open: BTreeMap<&Form, usize> = BTreeMap::new();
    for (index, lookup) in lookups.iter().enumerate().filter(|(index, _)| live[*index]) {
        let width = lookup.results.len();
        if width > BOXES {
            return Err(LoweringError::Width { width });
        }
        let room = (BOXES / width).min(usize::from(MAX_FUNCTIONS));
        match open.get(&lookup.input) {
            Some(place) if groups[*place].len() < room => groups[*place].push(index as u32),
            _ => {
                open.insert(&lookup.input, groups.len());
                groups.push(vec![index as u32]);
            }
        }
    }
    Ok(groups)
}

fn table(lookups: &[Lookup], members: &[u32]) -> Table {
    let mut table = Table { functions: members.len() as u8, boxes: [0; BOXES] };
    let domain = table.domain();
    for (function, member) in members.iter().enumerate() {
        for (plaintext, result) in lookups[*member as usize].results.iter().enumerate() {
            table.boxes[function * domain + plaintext] = word(*result);
        }
    }
    table
}

fn linear(form: &Form, wires: &BTreeMap<u32, Wire>) -> Linear {
    let mut terms: Vec<Term> = form
        .terms()
        .iter()
        .map(|(source, coefficient)| {
            let wire = match *source {
                Source::Input { handle, block } => Wire::Input { handle, block },
                Source::Lookup(index) => wires[&index],
            };
            // Noise levels keep coefficients at 5 and below.
            Term { wire, coefficient: *coefficient as i8 }
        })
        .collect();
    terms.sort_by_key(|t| t.wire);
    Linear { terms, constant: word(form.offset()) }
}

fn declaration(builder: &Builder, value: &Value) -> Declaration {
    let highest = value.blocks.iter().map(|block| builder.reach(block).high()).max().unwrap_or(0);
    Declaration {
        value_type: value.value_type,
        key_kind: KeyKind::Compute,
        blocks: value.blocks.len() as u8,
        degree: highest.max(1) as u8,
    }
}

fn word(plaintext: i32) -> u64 {
    DELTA.wrapping_mul(i64::from(plaintext) as u64)
}
