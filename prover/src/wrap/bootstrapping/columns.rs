//! Values of columns at the reduction point, from those of the slots of polynomials (PB.I3).
//!
//! A column that shares its polynomial has the variables above its own pinned to its place; one of several chunks has a value
//! for each. Weights over slots have zeros in the variables that a shape does not have, so that they pin those.

use super::class::Class;
use super::layout::Layout;
use super::program::ProgramWires;
use super::rotation::masked;
use super::weight::{IndexProducts, below, eq_index};
use crate::wrap::checks::Checks;
use crate::wrap::claim::{eq, eq_table, inner_product};
use crate::wrap::wire::Wire;
use ark_bn254::Fr;
use std::collections::BTreeMap;
use trine_verifier::bootstrapping::claim::power_of_two;
use trine_verifier::bootstrapping::parameters::LOG_BOXES;
use trine_verifier::bootstrapping::{Column, Family};

/// Values of columns at the reduction point, chunk by chunk.
pub struct Columns<'a> {
    class: &'a Class,
    /// `u`.
    pub point: Vec<Wire>,
    values: BTreeMap<Column, Vec<Wire>>,
    /// Extension of the mask, the same in every chunk.
    mask: Wire,
    /// Extension of the tables, chunk by chunk.
    table: Vec<Wire>,
}

/// Values of unused slots are zero: their polynomials have no commitment.
pub fn check_unused(checks: &mut Checks, class: &Class, layout: &Layout, values: &[Wire]) {
    let p = &class.parameters;
    for (column, place) in class.shape.columns() {
        let zero = |checks: &mut Checks, used: &Wire, chunk: usize| {
            checks.enforce_product(
                "PB.I3",
                &used.complement(),
                &values[place.polynomial + chunk],
                &Wire::zero(),
            );
        };
        match column {
            Column::Input(handle) => zero(checks, &layout.inputs[usize::from(*handle)].used, 0),
            Column::Output(handle) => zero(checks, &layout.outputs[usize::from(*handle)].used, 0),
            Column::BootstrappingKey | Column::KeyswitchingKey(_) => {}
            _ => {
                // Chunks from 2^k on are there if the column has more than k variables above a chunk.
                let without_slots = place.variables - slot_variables(class, *column);
                for chunk in 1..1usize << place.variables.saturating_sub(p.log_chunk) {
                    let needed = (p.log_chunk + chunk.ilog2() as usize).checked_sub(without_slots);
                    if let Some(active) = needed.and_then(|needed| layout.active.get(needed)) {
                        zero(checks, active, chunk);
                    }
                }
            }
        }
    }
}

/// Variables of a column that are of a slot of bootstrappings.
fn slot_variables(class: &Class, column: Column) -> usize {
    let fixed = matches!(
        column,
        Column::Word(_)
            | Column::WordCarry(_)
            | Column::RangeMultiplicity
            | Column::KeyswitchMultiplicity(_)
            | Column::ExponentMultiplicity
    );
    if fixed { 0 } else { class.log_slots() }
}

impl<'a> Columns<'a> {
    /// Of the values of all slots.
    pub fn new(
        checks: &mut Checks,
        class: &'a Class,
        (layout, program): (&Layout, &ProgramWires),
        point: Vec<Wire>,
        values: &[Wire],
    ) -> Self {
        let mut products = IndexProducts::new(&point);
        let mut columns = BTreeMap::new();
        for (column, place) in class.shape.columns() {
            let chunks = 1 << place.variables.saturating_sub(class.parameters.log_chunk);
            let mut own = values[place.polynomial..place.polynomial + chunks].to_vec();
            // Weights of handles are over all variables.
            let handle = matches!(column, Column::Input(_) | Column::Output(_));
            if !handle && place.variables < point.len() {
                let above = products.at(checks, place.variables, place.offset >> place.variables);
                own = own.iter().map(|value| checks.product(&above, value)).collect();
            }
            columns.insert(*column, own);
        }
        let mut columns = Self { class, point, values: columns, mask: Wire::zero(), table: vec![] };
        columns.public(checks, (layout, program), &mut products);
        columns
    }

    /// Extensions of mask and tables.
    fn public(
        &mut self,
        checks: &mut Checks,
        (layout, program): (&Layout, &ProgramWires),
        products: &mut IndexProducts,
    ) {
        let p = &self.class.parameters;
        let (n, base) = (p.log_n, self.class.accumulator_base());
        let variables = base + self.class.log_slots();
        let above = products.at(checks, variables, 0);
        let step = &self.point[n + 1..base];
        let first_step = eq_index(checks, step, 0);
        let steps = &below(checks, step, p.groups + 2) - &first_step;
        let low = self.point[base..].len().min(self.class.log_slots());
        // Its weight pins the variables of slots that the shape does not have: here they do not count.
        let slots = masked(checks, layout, &self.point[base..base + low]);
        let slots = eq_table(checks, &slots);
        let boxes = eq_table(checks, &self.point[n - LOG_BOXES..n]);
        let scale = checks.product_of([&above, &first_step, &self.point[n]]);
        self.mask = checks.product(&above, &steps);
        self.table = program
            .slots
            .chunks(1 << low)
            .map(|chunk| {
                let values: Vec<Wire> =
                    chunk.iter().map(|slot| inner_product(checks, &slot.boxes, &boxes)).collect();
                let sum = inner_product(checks, &values, &slots);
                checks.product(&scale, &sum)
            })
            .collect();
    }

    /// Chunks of a column; those of a handle are its polynomial.
    pub fn chunks(&self, column: Column) -> &[Wire] {
        self.values.get(&column).map(Vec::as_slice).unwrap_or_default()
    }

    /// The value of a column of one chunk.
    pub fn value(&self, column: Column) -> Wire {
        self.chunks(column).first().cloned().unwrap_or_else(Wire::zero)
    }

    /// Values of the class's handles.
    pub fn handles(&self, count: usize, column: fn(u8) -> Column) -> Vec<Wire> {
        (0..count).map(|handle| self.value(column(handle as u8))).collect()
    }

    /// A family's value, limb by limb put together, chunk by chunk.
    pub fn family(&self, family: Family) -> Vec<Wire> {
        let p = &self.class.parameters;
        let mut sums: Vec<Wire> = vec![];
        for limb in 0..family.limbs(p) {
            let chunks = self.chunks(family.limb(limb as u8));
            sums.resize(chunks.len(), Wire::zero());
            for (sum, chunk) in sums.iter_mut().zip(chunks) {
                *sum = sum.plus(chunk, power_of_two(p.limb_bits * limb));
            }
        }
        sums
    }

    /// Signed digits, zero in masked rows.
    pub fn digits(&self) -> Vec<Wire> {
        let offset = power_of_two(self.class.parameters.base_bits - 1);
        self.family(Family::Digit).iter().map(|chunk| chunk.plus(&self.mask, -offset)).collect()
    }

    /// Signed digits, and the tables as digits of step 0.
    pub fn digits_and_tables(&self) -> Vec<Wire> {
        self.digits().iter().zip(&self.table).map(|(digits, table)| digits + table).collect()
    }

    /// The reduced accumulator.
    pub fn reduced(&self) -> Vec<Wire> {
        let bits = self.class.parameters.remainder_bits();
        let half = power_of_two(bits - 1);
        let remainders = self.family(Family::Remainder);
        let digits = self.digits();
        let pairs = digits.iter().zip(&remainders);
        pairs.map(|(digit, rest)| rest.plus(digit, power_of_two(bits)).plus(&self.mask, -half)).collect()
    }

    /// The accumulator with its carry.
    pub fn unreduced(&self) -> Vec<Wire> {
        let p = &self.class.parameters;
        let modulus = power_of_two(64);
        let offset = Fr::from(p.carry_offset(p.accumulator_carry_limbs())) * modulus;
        let carries = self.family(Family::Carry);
        let reduced = self.reduced();
        let pairs = reduced.iter().zip(&carries);
        pairs.map(|(low, carry)| low.plus(carry, modulus).plus(&self.mask, -offset)).collect()
    }

    /// `sum <eq(tail), chunks>`: the point's variables from `start` on against a tail, whose variables beyond spell the chunk.
    pub fn tail(&self, checks: &mut Checks, start: usize, tail: &[Wire], chunks: &[Wire]) -> Wire {
        let inside = &self.point[start..];
        let (low, high) = tail.split_at(tail.len().min(inside.len()));
        let weights = eq_table(checks, high);
        let chosen = inner_product(checks, &weights, chunks);
        let equal = eq(checks, inside, low);
        checks.product(&equal, &chosen)
    }

    /// The reduced accumulator of the output row of each slot.
    pub fn output_rows(&self, checks: &mut Checks) -> Vec<Wire> {
        let p = &self.class.parameters;
        let base = self.class.accumulator_base();
        let step = eq_index(checks, &self.point[p.log_n + 1..base], p.output_step());
        let low = self.point[base..].len().min(self.class.log_slots());
        let slots = eq_table(checks, &self.point[base..base + low]);
        let mut rows = vec![];
        for chunk in self.reduced() {
            let chunk = checks.product(&step, &chunk);
            rows.extend(slots.iter().map(|slot| checks.product(slot, &chunk)));
        }
        rows
    }
}
