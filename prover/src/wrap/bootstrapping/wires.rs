//! Terms of linear combinations, looked up: what a term's wire weighs at the reduction point.
//!
//! A wire has an index of about a dozen bits: place, source, and whether it is of a bootstrapping. The three relations that
//! hold combinations (PB.E2, PB.F2, PB.G2) each weigh wires by a table over these indices, and terms ask for one entry each.
//! Choosing entries bit by bit would cost about as many constraints for each term as there are sources. Instead the sum over
//! all terms is shown by a sumcheck over the bits of the index, inside the circuit:
//!
//! ```text
//! S = sum_x sum_relations table(x) sum_terms weight coefficient eq(x, wire of the term)
//! ```
//!
//! which leaves each term one product of equalities, and each table its extension at one point. Batched with it is that
//! every term names a wire that exists, under the key of its combination: the same sum with the table of what exists, each
//! term weighted by a power of a challenge, is the sum of these powers.
//!
//! Challenges are drawn from a fork of the transcript after the values of PB.I3 and the claimed S. What the sum is over is
//! fixed there: terms by `prog`, tables and weights by values and challenges. Nothing of it leaves the circuit.

use super::class::{Class, FUNCTION_BITS};
use super::existing::{self, Existing};
use super::layout::Layout;
use super::program::{CombinationWires, ID, ProgramWires, TermWires};
use crate::wrap::checks::Checks;
use crate::wrap::claim::{eq, eq_table, inner_product};
use crate::wrap::sumcheck::{Labels, quadratic_round};
use crate::wrap::transcript::TranscriptGadget;
use crate::wrap::wire::Wire;
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, One, Zero};
use trine_program::circuit::BOXES;
use trine_verifier::transcript::tag_element;

/// Separates the fork from the transcript.
const TAG: &str = "trine.wrap.wires.1";
const LABELS: Labels = Labels { round: "wires", challenge: "wires" };

/// How a relation weighs wires and combinations.
pub struct Relation {
    /// One for each combination: inputs of bootstrappings, or rows.
    pub weights: Vec<Wire>,
    /// Whether the combinations are rows.
    pub of_rows: bool,
    /// Of an input wire, over its handle's value and its block.
    pub input: Wire,
    /// Of a bootstrapping's wire, over its slot's accumulator: for each offset of the extraction in boxes.
    pub offsets: Vec<Wire>,
}

/// What wires are at the reduction point.
pub struct WireValues<'a> {
    /// Of each input handle.
    pub handles: &'a [Wire],
    /// The point's variables from the block of a handle on.
    pub blocks: &'a [Wire],
    /// Of each slot: the reduced accumulator of its output row.
    pub slots: &'a [Wire],
}

/// The terms of a program and what there is for them to name.
pub struct Lookup<'a> {
    /// The class.
    pub class: &'a Class,
    /// Handles.
    pub layout: &'a Layout,
    /// Slots and rows.
    pub program: &'a ProgramWires,
}

/// A table over the wires and its weights, bound variable by variable.
struct Pair {
    table: Vec<Fr>,
    weights: Vec<Fr>,
}

impl Pair {
    fn sum(&self) -> Fr {
        self.table.iter().zip(&self.weights).filter(|(_, w)| !w.is_zero()).map(|(t, w)| *t * w).sum()
    }

    /// `(s(0), leading coefficient)` over the lowest variable.
    fn round(&self) -> [Fr; 2] {
        let (mut at_zero, mut leading) = (Fr::ZERO, Fr::ZERO);
        for (t, w) in self.table.chunks(2).zip(self.weights.chunks(2)) {
            if let ([t0, t1], [w0, w1]) = (t, w)
                && !(w0.is_zero() && w1.is_zero())
            {
                at_zero += *t0 * w0;
                leading += (*t1 - t0) * (*w1 - w0);
            }
        }
        [at_zero, leading]
    }

    fn bind(&mut self, challenge: Fr) {
        for list in [&mut self.table, &mut self.weights] {
            let bound = list.chunks(2).map(|pair| match pair {
                [low, high] => *low + challenge * (*high - low),
                _ => Fr::ZERO,
            });
            *list = bound.collect();
        }
    }
}

impl Lookup<'_> {
    /// The combinations of bootstrappings, then those of rows.
    pub(super) fn combinations(&self) -> impl Iterator<Item = &CombinationWires> {
        self.program.slots.iter().map(|slot| &slot.input).chain(&self.program.rows)
    }

    fn of(&self, relation: &Relation) -> Vec<&CombinationWires> {
        if relation.of_rows {
            self.program.rows.iter().collect()
        } else {
            self.program.slots.iter().map(|slot| &slot.input).collect()
        }
    }

    /// The sum over all relations, combinations and terms of weight times coefficient times wire.
    pub fn sum(
        &self,
        checks: &mut Checks,
        relations: &[Relation],
        values: &WireValues<'_>,
        transcript: &TranscriptGadget,
    ) -> Wire {
        let mut pairs: Vec<Pair> = relations
            .iter()
            .map(|relation| Pair {
                table: self.table(relation, values),
                weights: self.term_weights(relation),
            })
            .collect();
        let sum = checks.witness(pairs.iter().map(Pair::sum).sum());

        let mut fork = transcript.clone();
        fork.absorb(checks, LABELS.round, &Wire::constant(tag_element(TAG)));
        fork.absorb(checks, LABELS.round, &sum);
        let existing = Existing::draw(checks, self, &mut fork);
        let batch = fork.challenge(checks, LABELS.challenge);
        let table = existing.table(self).into_iter().map(|value| value * batch.value()).collect();
        pairs.push(Pair { table, weights: existing.term_weights(self) });

        let mut claim = &sum + &checks.product(&batch, &existing.expected);
        let mut point = vec![];
        for _ in 0..self.class.wire_bits() {
            let round = pairs.iter().map(Pair::round).fold([Fr::ZERO; 2], |[a, b], [c, d]| [a + c, b + d]);
            let end = quadratic_round(checks, &mut fork, LABELS, &claim, &round);
            pairs.iter_mut().for_each(|pair| pair.bind(end.challenge.value()));
            claim = end.claim;
            point.push(end.challenge);
        }
        let left = self.at_point(checks, relations, values, &existing, &batch, &point);
        checks.enforce_equal(ID, &left, &claim);
        sum
    }

    /// Index of the wire that a term names.
    pub(super) fn index(term: &TermWires) -> usize {
        term.wire.iter().rev().fold(0, |index, bit| index << 1 | usize::from(bit.value().is_one()))
    }

    /// `sum_terms weight coefficient [x = wire]`.
    fn term_weights(&self, relation: &Relation) -> Vec<Fr> {
        let mut weights = vec![Fr::ZERO; 1 << self.class.wire_bits()];
        for (combination, weight) in self.of(relation).into_iter().zip(&relation.weights) {
            for term in &combination.terms {
                weights[Self::index(term)] += weight.value() * term.coefficient.value();
            }
        }
        weights
    }

    /// Weight of every wire.
    fn table(&self, relation: &Relation, values: &WireValues<'_>) -> Vec<Fr> {
        let (place, source) = (self.class.place_bits(), self.class.source_bits());
        let mut table = vec![Fr::ZERO; 1 << self.class.wire_bits()];
        let variables: Vec<Fr> = values.blocks.iter().map(Wire::value).collect();
        let block = |index: usize| trine_verifier::claim::eq_index(&variables, index);
        let fits = |index: usize| index >> variables.len().min(place) == 0;
        let blocks: Vec<Fr> = (0..1 << place)
            .map(|b| if fits(b) { block(b) * relation.input.value() } else { Fr::ZERO })
            .collect();
        for (handle, value) in values.handles.iter().enumerate() {
            for (b, weight) in blocks.iter().enumerate() {
                table[b | handle << place] = *weight * value.value();
            }
        }
        for (slot, (wires, value)) in self.program.slots.iter().zip(values.slots).enumerate() {
            let Some(functions) = wires.functions.iter().position(|bit| bit.value().is_one()) else {
                continue;
            };
            for function in 0..=functions {
                let offset = &relation.offsets[function * (BOXES / (functions + 1))];
                table[function | slot << place | 1 << (place + source)] = value.value() * offset.value();
            }
        }
        table
    }

    /// What the rounds have to leave: tables times weights at the point.
    fn at_point(
        &self,
        checks: &mut Checks,
        relations: &[Relation],
        values: &WireValues<'_>,
        existing: &Existing,
        batch: &Wire,
        point: &[Wire],
    ) -> Wire {
        let class = self.class;
        let index = IndexPoint::new(checks, class, point);
        // Equality of the point with the wire of each term.
        let equal: Vec<Vec<Wire>> = self
            .combinations()
            .map(|combination| combination.terms.iter().map(|term| eq(checks, &term.wire, point)).collect())
            .collect();
        let combined: Vec<Wire> = self
            .combinations()
            .zip(&equal)
            .map(|(combination, equal)| {
                inner_product(checks, combination.terms.iter().map(|term| &term.coefficient), equal)
            })
            .collect();
        let (of_slots, of_rows) = combined.split_at(class.slots());

        let handles = inner_product(checks, &index.sources, values.handles);
        let block = block_weight(checks, &point[..class.place_bits()], values.blocks);
        let input = checks.product_of([&index.of_input, &handles, &block]);
        let weighted: Vec<Wire> =
            index.slots.iter().zip(values.slots).map(|(eq, value)| checks.product(eq, value)).collect();
        let by_functions = existing::by_functions(checks, self.program, &weighted);
        let mut left = Wire::zero();
        for relation in relations {
            let offsets: Vec<Wire> = (1..=by_functions.len())
                .map(|functions| {
                    let offsets = relation.offsets.iter().step_by(BOXES / functions);
                    inner_product(checks, index.functions.iter().take(functions), offsets)
                })
                .collect();
            let output = inner_product(checks, &offsets, &by_functions);
            let output = checks.product(&index.of_output, &output);
            let table = &checks.product(&relation.input, &input) + &output;
            let combinations = if relation.of_rows { of_rows } else { of_slots };
            let weights = inner_product(checks, &relation.weights, combinations);
            left = &left + &checks.product(&table, &weights);
        }
        let exists = existing.at_point(checks, self, &index, point, &equal);
        &left + &checks.product(batch, &exists)
    }
}

/// Equalities with parts of the point over the index of wires.
pub(super) struct IndexPoint {
    /// With each source, of a handle or a bootstrapping.
    pub sources: Vec<Wire>,
    /// With each slot of a bootstrapping.
    pub slots: Vec<Wire>,
    /// With each function.
    pub functions: Vec<Wire>,
    /// That the wire is an input's.
    pub of_input: Wire,
    /// That it is a bootstrapping's, and that bits beyond slots and functions are zero.
    pub of_output: Wire,
}

impl IndexPoint {
    fn new(checks: &mut Checks, class: &Class, point: &[Wire]) -> Self {
        let (place, rest) = point.split_at(class.place_bits());
        let (source, bootstrapped) = rest.split_at(class.source_bits());
        let (slot, above_slot) = source.split_at(class.log_slots());
        let (function, above_function) = place.split_at(FUNCTION_BITS);
        let zeros: Vec<Wire> = above_slot.iter().chain(above_function).map(Wire::complement).collect();
        Self {
            sources: eq_table(checks, source),
            slots: eq_table(checks, slot),
            functions: eq_table(checks, function),
            of_input: bootstrapped[0].complement(),
            of_output: checks.product_of(zeros.iter().chain(bootstrapped)),
        }
    }
}

/// Extension of the weight of a block, `eq(variables, block)`, at the point.
fn block_weight(checks: &mut Checks, point: &[Wire], variables: &[Wire]) -> Wire {
    let common = point.len().min(variables.len());
    let equal = eq(checks, point, variables);
    let zeros: Vec<Wire> = point[common..].iter().chain(&variables[common..]).map(Wire::complement).collect();
    let zeros = checks.product_of(&zeros);
    checks.product(&equal, &zeros)
}
