//! Which plaintexts a linear combination of wires can take.
//!
//! Wires are taken as independent, each over its own set, unless they visibly depend on each other: `y + c (x - y)` stays
//! between 0 and 3 only because the second wire was computed from the first. Such wires are opened up: replaced by
//! the inputs of their bootstrapping, round by round, and all assignments of what remains are tried. Opening up only
//! narrows the result, and every real assignment is among those tried, so the result always contains the truth.

use crate::circuit::value_set::ValueSet;
use std::collections::{BTreeMap, BTreeSet};

/// Most assignments that are tried. Past it, wires that depend on each other are taken as independent.
pub const MAX_ASSIGNMENTS: usize = 4096;

/// How wires depend on each other. Wires sort in topological order.
pub trait Wiring {
    /// Name of a wire.
    type Wire: Copy + Ord;
    /// Plaintexts of a wire.
    fn values(&self, wire: Self::Wire) -> &ValueSet;
    /// What the table of this wire is applied to, terms and constant; `None` for a block of an input handle.
    fn looked_up(&self, wire: Self::Wire) -> Option<(&[(Self::Wire, i32)], i32)>;
    /// The wire's plaintext for this lookup; `None` when the lookup cannot happen.
    fn value(&self, wire: Self::Wire, lookup: i32) -> Option<i32>;
}

/// Every plaintext that `sum terms + constant` can take.
///
/// The caller bounds the sum of absolute coefficients first: work and result grow with it.
pub fn reach<W: Wiring>(wiring: &W, terms: &[(W::Wire, i32)], constant: i32) -> ValueSet {
    let leaves: BTreeSet<W::Wire> = terms.iter().map(|t| t.0).collect();
    match open_up(wiring, leaves) {
        None => terms.iter().fold(ValueSet::single(constant), |sum, (wire, coefficient)| {
            sum.plus_scaled(wiring.values(*wire), *coefficient)
        }),
        Some(opened) => opened.enumerate(wiring, terms, constant),
    }
}

/// Wires whose values are tried, and wires that are computed from them.
struct Opened<Wire> {
    leaves: BTreeSet<Wire>,
    computed: BTreeSet<Wire>,
}

/// `None` when no two wires visibly depend on each other, or too many assignments would have to be tried.
fn open_up<W: Wiring>(wiring: &W, mut leaves: BTreeSet<W::Wire>) -> Option<Opened<W::Wire>> {
    let mut computed = BTreeSet::new();
    loop {
        let dependent = dependent_leaves(wiring, &leaves, &computed);
        let mut next: BTreeSet<W::Wire> = leaves.difference(&dependent).copied().collect();
        let mut next_computed = computed.clone();
        next_computed.extend(&dependent);
        for wire in &dependent {
            let (terms, _) = wiring.looked_up(*wire)?;
            next.extend(terms.iter().map(|t| t.0).filter(|w| !next_computed.contains(w)));
        }
        let assignments = next.iter().try_fold(1usize, |product, wire| {
            product.checked_mul(wiring.values(*wire).len()).filter(|p| *p <= MAX_ASSIGNMENTS)
        });
        if dependent.is_empty() || assignments.is_none() {
            return if computed.is_empty() { None } else { Some(Opened { leaves, computed }) };
        }
        (leaves, computed) = (next, next_computed);
    }
}

/// Leaves whose bootstrapping reads another wire in sight, or a wire that another leaf's bootstrapping reads too.
fn dependent_leaves<W: Wiring>(
    wiring: &W,
    leaves: &BTreeSet<W::Wire>,
    computed: &BTreeSet<W::Wire>,
) -> BTreeSet<W::Wire> {
    let mut readers: BTreeMap<W::Wire, usize> = BTreeMap::new();
    for leaf in leaves {
        for (wire, _) in wiring.looked_up(*leaf).map_or(&[][..], |(terms, _)| terms) {
            *readers.entry(*wire).or_default() += 1;
        }
    }
    let reads_in_sight = |leaf: &W::Wire| {
        wiring.looked_up(*leaf).is_some_and(|(terms, _)| {
            terms.iter().any(|(w, _)| leaves.contains(w) || computed.contains(w) || readers[w] > 1)
        })
    };
    leaves.iter().copied().filter(reads_in_sight).collect()
}

impl<Wire: Copy + Ord> Opened<Wire> {
    fn enumerate<W: Wiring<Wire = Wire>>(
        &self,
        wiring: &W,
        terms: &[(Wire, i32)],
        constant: i32,
    ) -> ValueSet {
        let choices: Vec<(Wire, Vec<i32>)> =
            self.leaves.iter().map(|w| (*w, wiring.values(*w).iter().collect())).collect();
        let total = choices.iter().map(|(_, values)| values.len()).product::<usize>();
        let mut result = BTreeSet::new();
        let mut values = BTreeMap::new();
        for assignment in 0..total {
            let mut rest = assignment;
            for (wire, choice) in &choices {
                values.insert(*wire, choice[rest % choice.len()]);
                rest /= choice.len();
            }
            if self.compute(wiring, &mut values).is_some() {
                result.insert(sum(&values, terms, constant));
            }
        }
        result.into_iter().collect()
    }

    /// Fills in the computed wires; `None` for an assignment that cannot happen.
    fn compute<W: Wiring<Wire = Wire>>(&self, wiring: &W, values: &mut BTreeMap<Wire, i32>) -> Option<()> {
        for wire in &self.computed {
            let (terms, constant) = wiring.looked_up(*wire)?;
            let value = wiring.value(*wire, sum(values, terms, constant))?;
            values.insert(*wire, value);
        }
        Some(())
    }
}

fn sum<Wire: Ord>(values: &BTreeMap<Wire, i32>, terms: &[(Wire, i32)], constant: i32) -> i32 {
    terms.iter().fold(constant, |sum, (wire, coefficient)| sum + coefficient * values[wire])
}
