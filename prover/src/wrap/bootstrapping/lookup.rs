//! Steps PB.H1 to PB.H4 as constraints, and the places of the leaves (PB.H5).
//!
//! A smaller shape has fewer layers: the last ones are runs that it does not have. The leaf point of the largest tree then
//! has zeros in the variables above its own, and every index of its leaves has zeros there too.

use super::class::Class;
use super::layout::Layout;
use super::rotation::masked;
use super::weight::IndexProducts;
use crate::wrap::checks::Checks;
use crate::wrap::claim::inner_product;
use crate::wrap::sumcheck::{Labels, factored_round};
use crate::wrap::transcript::TranscriptGadget;
use crate::wrap::tree::merge;
use crate::wrap::wire::Wire;
use trine_verifier::bootstrapping::lookup::Leaves;
use trine_verifier::proof::{LayerProof, TreeProof};

const ROUND: Labels = Labels { round: "H.round", challenge: "h" };

/// Challenges, and what the tree leaves to show.
pub struct Leaf {
    /// Every denominator is `alpha - fingerprint`.
    pub alpha: Wire,
    /// Weighs the parts of a fingerprint.
    pub beta: Wire,
    /// Over the index of the leaves.
    pub point: Vec<Wire>,
    /// Numerators there.
    pub numerator: Wire,
    /// Denominators there.
    pub denominator: Wire,
}

/// Numerator, denominator and point of a layer.
struct Layer {
    p: Wire,
    q: Wire,
    point: Vec<Wire>,
}

/// PB.H1 draw alpha and beta; PB.H2 root numerator vanishes; PB.H3 root denominator does not; PB.H4 each layer.
pub fn tree(
    checks: &mut Checks,
    class: &Class,
    layout: &Layout,
    proof: &TreeProof,
    transcript: &mut TranscriptGadget,
) -> Leaf {
    let alpha = transcript.challenge(checks, "alpha");
    let beta = transcript.challenge(checks, "beta");
    let root = checks.witnesses(&proof.root);
    transcript.absorb_all(checks, "H.root", &root);
    let [p0, p1, q0, q1] = [&root[0], &root[1], &root[2], &root[3]];
    let left = checks.product(p0, q1);
    checks.enforce_product("PB.H2", p1, q0, &(&Wire::zero() - &left));
    let denominator = checks.product(q0, q1);
    checks.enforce_nonzero("PB.H3", &denominator);
    let mu = transcript.challenge(checks, "mu");
    let (p, q) = merge(checks, &root, &mu);
    let mut layer = Layer { p, q, point: vec![mu] };
    let least = (0..=class.log_slots()).map(|log| class.layers(log)).min().unwrap_or_default();
    for (index, proof) in proof.layers.iter().enumerate() {
        if index + 1 < least {
            layer = layer.next(checks, proof, None, transcript);
            continue;
        }
        // Layer index + 1 is there if the shape's tree has more.
        let active = layout.log_slots.iter().enumerate().filter(|(log, _)| class.layers(*log) > index + 1);
        let active = Wire::sum(active.map(|(_, flag)| flag));
        let before = transcript.clone();
        let next = layer.next(checks, proof, Some(&active), transcript);
        transcript.keep_if(checks, &active, &before);
        layer = layer.kept_unless(checks, &active, &next);
    }
    Leaf { alpha, beta, point: layer.point, numerator: layer.p, denominator: layer.q }
}

impl Layer {
    /// The layer below; its check holds for one that the shape does not have, whatever the proof says.
    fn next(
        &self,
        checks: &mut Checks,
        proof: &LayerProof,
        active: Option<&Wire>,
        transcript: &mut TranscriptGadget,
    ) -> Self {
        let lambda = transcript.challenge(checks, "lambda");
        let mut claim = &self.p + &checks.product(&lambda, &self.q);
        let mut point = Vec::with_capacity(self.point.len() + 1);
        for (x, round) in self.point.iter().zip(&proof.rounds) {
            let end = factored_round(checks, transcript, ROUND, &claim, x, round);
            claim = end.claim;
            point.push(end.challenge);
        }
        let children = checks.witnesses(&proof.children);
        transcript.absorb_all(checks, "H.children", &children);
        // claim = p0 q1 + q0 (p1 + lambda q1)
        let [p0, p1, q0, q1] = [&children[0], &children[1], &children[2], &children[3]];
        let left = checks.product(p0, q1);
        let right = p1 + &checks.product(&lambda, q1);
        match active {
            None => checks.enforce_product("PB.H4", q0, &right, &(&claim - &left)),
            Some(active) => {
                let found = &left + &checks.product(q0, &right);
                checks.enforce_product("PB.H4", active, &(&found - &claim), &Wire::zero());
            }
        }
        let mu = transcript.challenge(checks, "mu");
        let (p, q) = merge(checks, &children, &mu);
        point.push(mu);
        Self { p, q, point }
    }

    /// The next layer where active, else this one with a zero for its new variable.
    fn kept_unless(&self, checks: &mut Checks, active: &Wire, next: &Self) -> Self {
        let old = self.point.iter().cloned().chain([Wire::zero()]);
        Self {
            p: checks.select(active, &next.p, &self.p),
            q: checks.select(active, &next.q, &self.q),
            point: next.point.iter().zip(old).map(|(new, old)| checks.select(active, new, &old)).collect(),
        }
    }
}

/// Where the leaf point lies among the blocks of leaves.
pub struct Places {
    /// By kind of leaves: `eq(above, place)` in the shape's layout.
    pub blocks: Vec<(Leaves, Wire)>,
}

impl Places {
    /// PB.H5: selects among the layouts of all log P.
    pub fn new(checks: &mut Checks, class: &Class, layout: &Layout, point: &[Wire]) -> Self {
        let mut products = IndexProducts::new(point);
        let Some(largest) = class.leaves.last() else { return Self { blocks: vec![] } };
        let blocks = largest
            .iter()
            .map(|block| {
                let selected: Vec<Wire> = class
                    .leaves
                    .iter()
                    .map(|blocks| match blocks.iter().find(|other| other.leaves == block.leaves) {
                        Some(b) => products.at(checks, b.variables, b.offset >> b.variables),
                        None => Wire::zero(),
                    })
                    .collect();
                (block.leaves, inner_product(checks, &layout.log_slots, &selected))
            })
            .collect();
        Self { blocks }
    }
}

/// Variables of a row whose highest are of a slot: `base` of them, then those of the slot, zero where the shape has none.
pub fn row(checks: &mut Checks, class: &Class, layout: &Layout, point: &[Wire], base: usize) -> Vec<Wire> {
    let (low, rest) = point.split_at(base);
    let slot = masked(checks, layout, &rest[..class.log_slots()]);
    low.iter().cloned().chain(slot).collect()
}
