//! Sums over the slots of bootstrappings, by the key of their keyswitch.

use super::program::ProgramWires;
use crate::wrap::checks::Checks;
use crate::wrap::claim::{eq, eq_table, inner_product};
use crate::wrap::wire::Wire;
use ark_bn254::Fr;

/// A point over slots.
pub struct SlotPoint {
    /// The point; variables that the shape does not have are zero.
    pub point: Vec<Wire>,
    /// `eq(point, slot)`.
    pub table: Vec<Wire>,
    /// The sum over slots under the casting key; over all slots it is one.
    pub casting: Wire,
}

impl SlotPoint {
    /// Of a point.
    pub fn new(checks: &mut Checks, program: &ProgramWires, point: &[Wire]) -> Self {
        let table = eq_table(checks, point);
        let casting = inner_product(checks, program.slots.iter().map(|slot| &slot.kind), &table);
        Self { point: point.to_vec(), table, casting }
    }

    /// The sum with a scale for each key.
    pub fn by_key(&self, [compute, casting]: [Fr; 2]) -> Wire {
        Wire::constant(compute).plus(&self.casting, casting - compute)
    }

    /// Against another point.
    pub fn with(&self, checks: &mut Checks, other: &SlotsOfKind) -> SlotPair {
        let all = eq(checks, &self.point, &other.point);
        let casting = inner_product(checks, &self.table, &other.casting);
        SlotPair { all, casting }
    }
}

/// A point over slots with its equalities with slots under the casting key alone.
pub struct SlotsOfKind {
    point: Vec<Wire>,
    casting: Vec<Wire>,
}

impl SlotsOfKind {
    /// Of a point.
    pub fn new(checks: &mut Checks, program: &ProgramWires, point: &[Wire]) -> Self {
        let table = eq_table(checks, point);
        let casting =
            program.slots.iter().zip(&table).map(|(slot, eq)| checks.product(&slot.kind, eq)).collect();
        Self { point: point.to_vec(), casting }
    }
}

/// `sum_p eq(a, p) eq(b, p)` over all slots, and over those under the casting key.
pub struct SlotPair {
    /// Over all.
    pub all: Wire,
    /// Over those under the casting key.
    pub casting: Wire,
}

impl SlotPair {
    /// The sum with a scale for each key.
    pub fn by_key(&self, [compute, casting]: [Fr; 2]) -> Wire {
        (&self.all * compute).plus(&self.casting, casting - compute)
    }
}
