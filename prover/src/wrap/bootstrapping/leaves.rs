//! Step PB.H5 as constraints: numerators and denominators of the leaves as two linear claims.

use super::class::Class;
use super::columns::Columns;
use super::layout::Layout;
use super::lookup::{Leaf, Places, row};
use super::program::ProgramWires;
use super::slots::{SlotPoint, SlotsOfKind};
use super::weight::{digits, evaluation, identity};
use crate::wrap::checks::Checks;
use crate::wrap::claim::{eq, inner_product};
use crate::wrap::wire::Wire;
use ark_bn254::Fr;
use trine_verifier::bootstrapping::Column;
use trine_verifier::bootstrapping::claim::power_of_two;
use trine_verifier::bootstrapping::lookup::Leaves;
use trine_verifier::bootstrapping::parameters::GROUPING;

/// The two claims.
pub struct LeafClaims<'a> {
    class: &'a Class,
    places: Places,
    /// Rows of the columns of accumulators, of exponents, of keyswitches; of the others.
    accumulator: Vec<Wire>,
    exponent: Vec<Wire>,
    keyswitch: Vec<Wire>,
    other: Vec<Wire>,
    slots: SlotPoint,
    /// `beta^k`.
    powers: Vec<Wire>,
    /// Values: numerators, denominators.
    pub values: [Wire; 2],
}

impl<'a> LeafClaims<'a> {
    /// What the claims are; `x` is `x_z`.
    pub fn new(
        checks: &mut Checks,
        class: &'a Class,
        layout: &Layout,
        program: &ProgramWires,
        leaf: &Leaf,
        x: &[Wire],
    ) -> Self {
        let p = &class.parameters;
        let places = Places::new(checks, class, layout, &leaf.point);
        let n = p.log_n;
        let mut rows = |base| row(checks, class, layout, &leaf.point, base);
        let (accumulator, exponent, keyswitch) =
            (rows(class.accumulator_base()), rows(GROUPING + p.log_steps), rows(n));
        let slots = SlotPoint::new(checks, program, &keyswitch[n..]);
        let mut powers = vec![Wire::one()];
        for _ in 0..2 + p.max_levels() {
            let last = powers.last().cloned().unwrap_or_else(Wire::one);
            powers.push(checks.product(&last, &leaf.beta));
        }
        let values = [leaf.numerator.clone(), &leaf.denominator - &Wire::one()];
        let other = leaf.point.clone();
        let mut claims =
            Self { class, places, accumulator, exponent, keyswitch, other, slots, powers, values };
        claims.add_public(checks, leaf, x);
        claims
    }

    /// What is public of the leaves: numerators of cells, `1 - alpha`, and the public parts of fingerprints.
    fn add_public(&mut self, checks: &mut Checks, leaf: &Leaf, x: &[Wire]) {
        let [mut numerators, mut denominators] = self.values.clone();
        let outside = leaf.alpha.complement();
        for (leaves, selected) in &self.places.blocks {
            if matches!(leaves, Leaves::Cells { .. } | Leaves::Decompositions | Leaves::Exponents) {
                numerators = &numerators - selected;
            }
            let public = &outside + &self.public(checks, *leaves, x);
            denominators = &denominators + &checks.product(selected, &public);
        }
        self.values = [numerators, denominators];
    }

    /// Extension of the public part of a fingerprint.
    fn public(&self, checks: &mut Checks, leaves: Leaves, x: &[Wire]) -> Wire {
        let p = &self.class.parameters;
        let beta = &self.powers;
        match leaves {
            Leaves::Cells { .. } => Wire::zero(),
            // Digits are committed with an offset; tags are 1 and 3.
            Leaves::Decompositions => {
                let offset = Fr::from(p.digit_offset());
                let tag = self.slots.by_key([Fr::from(1u64), Fr::from(3u64)]);
                let tag = checks.product(&beta[1], &tag);
                (0..p.max_levels()).fold(tag, |sum, level| sum.plus(&beta[3 + level], -offset))
            }
            Leaves::Exponents => &beta[1] * Fr::from(2u64),
            Leaves::RangeTable => identity(&self.other[..p.limb_bits]),
            Leaves::DecompositionTable(kind) => {
                let gadget = p.keyswitching[usize::from(kind)];
                let row = &self.other[..gadget.table_variables()];
                let levels = digits(checks, gadget, row);
                let tag = &beta[1] * Fr::from(1 + 2 * u64::from(kind));
                let tie = checks.product(&beta[2], &row[gadget.state_bits()]);
                &(&tag + &tie) + &inner_product(checks, &beta[3..], &levels)
            }
            Leaves::ExponentTable => {
                let row = &self.other[..p.exponent_bits()];
                let power = evaluation(checks, x, row);
                let exponent = checks.product(&beta[2], &identity(row));
                let power = checks.product(&beta[3], &power);
                &(&beta[1] * Fr::from(2u64)) + &(&exponent + &power)
            }
        }
    }

    /// Weights of both claims times the values at the reduction point.
    pub fn evaluate(&self, checks: &mut Checks, columns: &Columns<'_>, at: &SlotsOfKind) -> [Wire; 2] {
        let mut sums = Sums::default();
        for (leaves, selected) in &self.places.blocks {
            match leaves {
                Leaves::Cells { column, shift } if shift[0] == shift[1] => {
                    let chunks = columns.chunks(*column);
                    let list = sums.of(*column, chunks.len());
                    for (sum, chunk) in list.iter_mut().zip(chunks) {
                        *sum = sum.plus(&checks.product(selected, chunk), power_of_two(shift[0]));
                    }
                }
                // The shift depends on the key of the slot.
                Leaves::Cells { column, shift } => {
                    let scales = shift.map(power_of_two);
                    let value = checks.product(selected, &columns.value(*column));
                    sums.shifted.push((scales, value));
                }
                Leaves::Decompositions => {
                    let tie = checks.product(&self.powers[2], &columns.value(Column::Tie));
                    let digits: Vec<Wire> = (0..self.class.parameters.max_levels())
                        .map(|level| columns.value(Column::KeyswitchDigit(level as u8)))
                        .collect();
                    let cells = &tie + &inner_product(checks, &self.powers[3..], &digits);
                    sums.keyswitch = &sums.keyswitch + &checks.product(selected, &cells);
                }
                Leaves::Exponents => {
                    let exponent = checks.product(&self.powers[2], &columns.value(Column::Exponent));
                    let power = checks.product(&self.powers[3], &columns.value(Column::Rotation));
                    sums.exponent = &sums.exponent + &checks.product(selected, &(&exponent + &power));
                }
                Leaves::RangeTable | Leaves::DecompositionTable(_) | Leaves::ExponentTable => {}
            }
        }
        [self.multiplicities(checks, columns), self.cells(checks, columns, at, &sums)]
    }

    /// `sum_tables -sel mult~(row)`.
    fn multiplicities(&self, checks: &mut Checks, columns: &Columns<'_>) -> Wire {
        let mut sum = Wire::zero();
        for (leaves, selected) in &self.places.blocks {
            let column = match leaves {
                Leaves::RangeTable => Column::RangeMultiplicity,
                Leaves::DecompositionTable(kind) => Column::KeyswitchMultiplicity(*kind),
                Leaves::ExponentTable => Column::ExponentMultiplicity,
                Leaves::Cells { .. } | Leaves::Decompositions | Leaves::Exponents => continue,
            };
            let row = &self.other[..self.class.shape.most_variables(column)];
            let value = columns.tail(checks, 0, row, columns.chunks(column));
            sum = &sum - &checks.product(selected, &value);
        }
        sum
    }

    /// `sum_cells -sel f~(row)`.
    fn cells(&self, checks: &mut Checks, columns: &Columns<'_>, at: &SlotsOfKind, sums: &Sums) -> Wire {
        let n = self.class.parameters.log_n;
        let words = n + 1 + self.class.parameters.log_output_blocks;
        let accumulator = columns.tail(checks, 0, &self.accumulator, &sums.accumulators);
        let exponent = columns.tail(checks, 0, &self.exponent, std::slice::from_ref(&sums.exponent));
        let output = columns.tail(checks, 0, &self.other[..words], &sums.words);
        let slots = self.slots.with(checks, at);
        let mut keyswitch = checks.product(&slots.all, &sums.keyswitch);
        for (scales, value) in &sums.shifted {
            keyswitch = &keyswitch + &checks.product(&slots.by_key(*scales), value);
        }
        let word = eq(checks, &self.keyswitch[..n], &columns.point);
        let keyswitch = checks.product(&word, &keyswitch);
        let all = Wire::sum([&accumulator, &exponent, &output, &keyswitch]);
        &Wire::zero() - &all
    }
}

/// Cells times the selectors of their blocks, by what rows they have.
struct Sums {
    accumulators: Vec<Wire>,
    words: Vec<Wire>,
    exponent: Wire,
    keyswitch: Wire,
    /// With the scales of both keys.
    shifted: Vec<([Fr; 2], Wire)>,
}

impl Default for Sums {
    fn default() -> Self {
        Self {
            accumulators: vec![],
            words: vec![],
            exponent: Wire::zero(),
            keyswitch: Wire::zero(),
            shifted: vec![],
        }
    }
}

impl Sums {
    /// The sum that a column belongs to, with as many chunks.
    fn of(&mut self, column: Column, chunks: usize) -> &mut [Wire] {
        let list = match column {
            Column::Digit(_) | Column::Remainder(_) | Column::Carry(_) => &mut self.accumulators,
            Column::Word(_) | Column::WordCarry(_) => &mut self.words,
            Column::SwitchRemainder(_) | Column::SwitchCarry(_) => {
                return std::slice::from_mut(&mut self.exponent);
            }
            _ => return std::slice::from_mut(&mut self.keyswitch),
        };
        list.resize(chunks, Wire::zero());
        list
    }
}
