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
/// Most wires in sight, opened ones included. Without it a chain in which every wire reads the two before it is opened
/// down to the inputs again at each wire: cubic work in a text that anybody may submit.
pub const MAX_WIRES: usize = 16;

/// Terms and constant of a linear combination.
pub type Sum<'a, Wire> = (&'a [(Wire, i32)], i32);

/// How wires depend on each other. Wires sort in topological order.
pub trait Wiring {
    /// Name of a wire.
    type Wire: Copy + Ord;
    /// Plaintexts of a wire.
    fn values(&self, wire: Self::Wire) -> &ValueSet;
    /// What the table of this wire is applied to, terms and constant; `None` for a block of an input handle.
    fn looked_up(&self, wire: Self::Wire) -> Option<Sum<'_, Self::Wire>>;
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

/// `None` when no two wires visibly depend on each other, or too many wires or assignments would have to be tried.
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
        let too_many = assignments.is_none() || next.len() + next_computed.len() > MAX_WIRES;
        if dependent.is_empty() || too_many {
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
        // Leaves, then computed wires in topological order: places in one list of values.
        let wires: Vec<Wire> = self.leaves.iter().chain(&self.computed).copied().collect();
        let places: BTreeMap<Wire, usize> = wires.iter().enumerate().map(|(i, w)| (*w, i)).collect();
        let placed = |terms: &[(Wire, i32)]| terms.iter().map(|(w, c)| (places[w], *c)).collect();
        let choices: Vec<Vec<i32>> = self.leaves.iter().map(|w| wiring.values(*w).iter().collect()).collect();
        let mut steps = Vec::with_capacity(self.computed.len());
        for wire in &self.computed {
            let Some((terms, constant)) = wiring.looked_up(*wire) else { continue };
            let terms: Vec<(usize, i32)> = placed(terms);
            steps.push((*wire, terms, constant));
        }
        let result: Vec<(usize, i32)> = placed(terms);
        let mut reached = BTreeSet::new();
        let mut values = vec![0; wires.len()];
        'assignments: for assignment in 0..choices.iter().map(Vec::len).product::<usize>() {
            let mut rest = assignment;
            for (value, choice) in values.iter_mut().zip(&choices) {
                *value = choice[rest % choice.len()];
                rest /= choice.len();
            }
            for (index, (wire, terms, constant)) in steps.iter().enumerate() {
                // An assignment that cannot happen: the lookup is none of those that the wire is known to make.
                let Some(value) = wiring.value(*wire, sum(&values, terms, *constant)) else {
                    continue 'assignments;
                };
                values[choices.len() + index] = value;
            }
            reached.insert(sum(&values, &result, constant));
        }
        reached.into_iter().collect()
    }
}

fn sum(values: &[i32], terms: &[(usize, i32)], constant: i32) -> i32 {
    terms.iter().fold(constant, |sum, (place, coefficient)| sum + coefficient * values[*place])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// x, y (0 to 3), c (0 or 8), c (x - y) as wires 0 to 3.
    struct Selection(Vec<ValueSet>);

    impl Wiring for Selection {
        type Wire = usize;

        fn values(&self, wire: usize) -> &ValueSet {
            &self.0[wire]
        }

        fn looked_up(&self, wire: usize) -> Option<Sum<'_, usize>> {
            (wire == 3).then_some((&[(0, 1), (1, -1), (2, 1)], 3))
        }

        fn value(&self, _: usize, lookup: i32) -> Option<i32> {
            Some(if lookup >= 8 { lookup - 11 } else { 0 })
        }
    }

    #[test]
    fn dependence_narrows_and_never_hides() {
        let quarter = ValueSet::range(0, 3);
        let wiring = Selection(vec![
            quarter.clone(),
            quarter.clone(),
            [0, 8].into_iter().collect(),
            ValueSet::range(-3, 3),
        ]);
        assert_eq!(reach(&wiring, &[(1, 1), (3, 1)], 0), quarter);
        // From the other operand it is no selection: x + c (x - y).
        assert_eq!(reach(&wiring, &[(0, 1), (3, 1)], 0), ValueSet::range(-3, 6));
        assert_eq!(reach(&wiring, &[(3, 1)], 0), ValueSet::range(-3, 3));
    }

    #[test]
    fn too_many_assignments_are_taken_as_independent() {
        let wide = Selection(vec![
            ValueSet::range(0, 100),
            ValueSet::range(0, 100),
            [0, 8].into_iter().collect(),
            ValueSet::range(-3, 3),
        ]);
        assert_eq!(reach(&wide, &[(1, 1), (3, 1)], 0), ValueSet::range(-3, 103));
    }

    /// Wire i is the parity of the two before it. Counts the lookups that are computed.
    struct Chain {
        bit: ValueSet,
        inputs: Vec<[(usize, i32); 2]>,
        computed: std::cell::Cell<usize>,
    }

    impl Wiring for Chain {
        type Wire = usize;

        fn values(&self, _: usize) -> &ValueSet {
            &self.bit
        }

        fn looked_up(&self, wire: usize) -> Option<Sum<'_, usize>> {
            (wire >= 2).then(|| (&self.inputs[wire][..], 0))
        }

        fn value(&self, _: usize, lookup: i32) -> Option<i32> {
            self.computed.set(self.computed.get() + 1);
            Some(lookup % 2)
        }
    }

    /// A short text of a long chain would hold a keyholder for hours.
    #[test]
    fn work_does_not_grow_with_the_depth_of_the_circuit() {
        let inputs = (0..1000usize).map(|i| [(i.saturating_sub(2), 1), (i.saturating_sub(1), 1)]).collect();
        let chain = Chain { bit: ValueSet::range(0, 1), inputs, computed: std::cell::Cell::new(0) };
        assert_eq!(reach(&chain, &[(998, 1), (999, 1)], 0), ValueSet::range(0, 2));
        assert!(chain.computed.get() <= MAX_WIRES * MAX_ASSIGNMENTS, "{} lookups", chain.computed.get());
        let shallow = chain.computed.replace(0);
        reach(&chain, &[(98, 1), (99, 1)], 0);
        assert_eq!(chain.computed.get(), shallow);
    }
}
