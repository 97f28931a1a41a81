//! Every term names a wire that exists, under the key of its combination.
//!
//! A wire counts one if it exists, and the challenge `kind` more if it is under the casting key. Terms are weighted by powers
//! of a challenge: the sum over the table is what it has to be for all of them at once, or a polynomial in the challenges
//! vanishes where it should not.

use super::class::FUNCTIONS;
use super::layout::Handle;
use super::program::ProgramWires;
use super::wires::{IndexPoint, Lookup};
use crate::wrap::checks::Checks;
use crate::wrap::claim::inner_product;
use crate::wrap::transcript::TranscriptGadget;
use crate::wrap::wire::Wire;
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, One};

/// The challenges, and what depends on nothing else.
pub struct Existing {
    /// What the sum over all terms has to be.
    pub expected: Wire,
    /// Weight of a wire under the casting key.
    kind: Wire,
    /// Weight of each combination.
    powers: Vec<Wire>,
    /// Weight of each term inside its combination, zero where there is none.
    terms: Vec<Vec<Wire>>,
}

/// Sums over the slots, one for each number of functions: `sum_p [p has k + 1 functions] values[p]`.
pub(super) fn by_functions(checks: &mut Checks, program: &ProgramWires, values: &[Wire]) -> Vec<Wire> {
    (0..FUNCTIONS)
        .map(|k| inner_product(checks, program.slots.iter().map(|slot| &slot.functions[k]), values))
        .collect()
}

impl Existing {
    /// Draws the challenges.
    pub(super) fn draw(checks: &mut Checks, lookup: &Lookup<'_>, fork: &mut TranscriptGadget) -> Self {
        let power = fork.challenge(checks, "wires");
        let kind = fork.challenge(checks, "wires");
        let mut in_combination = vec![Wire::one()];
        for _ in 0..lookup.class.terms {
            let last = in_combination.last().cloned().unwrap_or_else(Wire::one);
            in_combination.push(checks.product(&last, &power));
        }
        let step = in_combination.pop().unwrap_or_else(Wire::one);
        let mut powers = vec![];
        let mut next = Wire::one();
        let mut terms = vec![];
        let mut sums = vec![];
        for combination in lookup.combinations() {
            let weights: Vec<Wire> = combination
                .terms
                .iter()
                .zip(&in_combination)
                .map(|(term, power)| checks.product(&term.used, power))
                .collect();
            sums.push(checks.product(&next, &Wire::sum(&weights)));
            terms.push(weights);
            powers.push(next.clone());
            next = checks.product(&next, &step);
        }
        let casting = casting(checks, lookup, &sums);
        let expected = &Wire::sum(&sums) + &checks.product(&kind, &casting);
        Self { expected, kind, powers, terms }
    }

    /// Whether each wire exists, with its key.
    pub(super) fn table(&self, lookup: &Lookup<'_>) -> Vec<Fr> {
        let (place, source) = (lookup.class.place_bits(), lookup.class.source_bits());
        let mut table = vec![Fr::ZERO; 1 << lookup.class.wire_bits()];
        for (index, handle) in lookup.layout.inputs.iter().enumerate() {
            let last =
                handle.blocks.iter().rev().fold(0, |n, bit| n << 1 | usize::from(bit.value().is_one()));
            let value = handle.used.value() + self.kind.value() * handle.kind.value();
            (0..=last).for_each(|block| table[block | index << place] = value);
        }
        for (slot, wires) in lookup.program.slots.iter().enumerate() {
            let functions = wires.functions.iter().position(|bit| bit.value().is_one());
            let first = slot << place | 1 << (place + source);
            (0..functions.map_or(0, |k| k + 1)).for_each(|function| table[first | function] = Fr::one());
        }
        table
    }

    /// Weights of the terms by the wires that they name.
    pub(super) fn term_weights(&self, lookup: &Lookup<'_>) -> Vec<Fr> {
        let mut weights = vec![Fr::ZERO; 1 << lookup.class.wire_bits()];
        for ((combination, power), terms) in lookup.combinations().zip(&self.powers).zip(&self.terms) {
            for (term, weight) in combination.terms.iter().zip(terms) {
                weights[Lookup::index(term)] += power.value() * weight.value();
            }
        }
        weights
    }

    /// The table's extension times that of the weights; `equal` is the equality of the point with the terms' wires.
    pub(super) fn at_point(
        &self,
        checks: &mut Checks,
        lookup: &Lookup<'_>,
        index: &IndexPoint,
        point: &[Wire],
        equal: &[Vec<Wire>],
    ) -> Wire {
        let block_bits = lookup.class.block_bits;
        let blocks = &point[..block_bits];
        let mut inputs = Wire::zero();
        for (handle, eq) in lookup.layout.inputs.iter().zip(&index.sources) {
            let weight = &handle.used + &checks.product(&self.kind, &handle.kind);
            let declared = declared(checks, handle, blocks);
            let counted = checks.product(&weight, &declared);
            inputs = &inputs + &checks.product(&counted, eq);
        }
        let above: Vec<Wire> =
            point[block_bits..lookup.class.place_bits()].iter().map(Wire::complement).collect();
        let above = checks.product_of(&above);
        let inputs = checks.product_of([&index.of_input, &inputs, &above]);
        let slots = by_functions(checks, lookup.program, &index.slots);
        let functions: Vec<Wire> =
            (1..=FUNCTIONS).map(|k| Wire::sum(index.functions.iter().take(k))).collect();
        let outputs = inner_product(checks, &functions, &slots);
        let table = &inputs + &checks.product(&index.of_output, &outputs);

        let mut weights = Wire::zero();
        for ((power, terms), equal) in self.powers.iter().zip(&self.terms).zip(equal) {
            let sum = inner_product(checks, terms, equal);
            weights = &weights + &checks.product(power, &sum);
        }
        checks.product(&table, &weights)
    }
}

/// Extension of the blocks that a handle has: `sum_(b < blocks) eq(point, b)`.
fn declared(checks: &mut Checks, handle: &Handle, point: &[Wire]) -> Wire {
    handle.blocks.iter().zip(point).fold(Wire::one(), |lower, (bit, x)| {
        // Below the bit: all where it is one, as the lower bits say where it is zero; at the bit: none or as these say.
        let kept = checks.product(bit, &lower);
        let either = &(&lower + bit) - &kept;
        let difference = checks.product(x, &(&either - &kept));
        &either - &difference
    })
}

/// The part of the sums that is of combinations under the casting key.
fn casting(checks: &mut Checks, lookup: &Lookup<'_>, sums: &[Wire]) -> Wire {
    let (slots, rows) = sums.split_at(lookup.class.slots());
    let of_slots = inner_product(checks, lookup.program.slots.iter().map(|slot| &slot.kind), slots);
    // Entry r: the sum over the rows before r. Rows past the last have no terms.
    let mut before = vec![Wire::zero()];
    for row in rows {
        let last = before.last().cloned().unwrap_or_else(Wire::zero);
        before.push(&last + row);
    }
    let all = before.pop().unwrap_or_else(Wire::zero);
    let outputs = &lookup.layout.outputs;
    let starts: Vec<Wire> = lookup
        .layout
        .first_rows
        .iter()
        .enumerate()
        .map(|(output, bits)| if output == 0 { Wire::zero() } else { chosen(checks, bits, before.clone()) })
        .collect();
    let mut of_rows = Wire::zero();
    for (output, (handle, start)) in outputs.iter().zip(&starts).enumerate() {
        let end = match (outputs.get(output + 1), starts.get(output + 1)) {
            (Some(next), Some(start)) => checks.select(&next.used, start, &all),
            _ => all.clone(),
        };
        of_rows = &of_rows + &checks.product(&handle.kind, &(&end - start));
    }
    &of_slots + &of_rows
}

/// The entry whose index bits spell, the lowest bit first.
fn chosen(checks: &mut Checks, bits: &[Wire], mut table: Vec<Wire>) -> Wire {
    for bit in bits {
        table = table
            .chunks(2)
            .map(|pair| match pair {
                [zero, one] => checks.select(bit, one, zero),
                _ => pair.first().cloned().unwrap_or_else(Wire::zero),
            })
            .collect();
    }
    table.into_iter().next().unwrap_or_else(Wire::zero)
}
