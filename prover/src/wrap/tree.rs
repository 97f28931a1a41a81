//! Steps PE.H1 to PE.H5 as constraints: the range tree from the root to the leaves.

use super::checks::Checks;
use super::claim::eq_table;
use super::sumcheck::{Labels, factored_round};
use super::transcript::TranscriptGadget;
use super::wire::Wire;
use ark_bn254::Fr;
use trine_verifier::class::{Class, Slot};
use trine_verifier::proof::TreeProof;

const ROUND: Labels = Labels { round: "round", challenge: "rho_layer" };

/// What the tree leaves to show: its leaves' numerators and denominators at one point.
pub struct LeafWires {
    /// The look-up challenge.
    pub alpha: Wire,
    /// `R` row variables, then `S` slot variables.
    pub point: Vec<Wire>,
    /// Numerators there.
    pub p: Wire,
    /// Denominators there.
    pub q: Wire,
}

/// PE.H1 draw alpha; PE.H2 root numerator vanishes; PE.H3 root denominator does not; PE.H4 each layer.
pub fn verify_tree(
    checks: &mut Checks,
    class: &Class,
    proof: &TreeProof,
    transcript: &mut TranscriptGadget,
) -> LeafWires {
    let alpha = transcript.challenge(checks, "alpha");
    let root = checks.witnesses(&proof.root);
    transcript.absorb_all(checks, "root", &root);
    let [p0, p1, q0, q1] = [&root[0], &root[1], &root[2], &root[3]];
    let left = checks.product(p0, q1);
    checks.enforce_product("PE.H2", p1, q0, &(&Wire::zero() - &left));
    let denominator = checks.product(q0, q1);
    checks.enforce_nonzero("PE.H3", &denominator);
    let mu = transcript.challenge(checks, "mu");
    let (mut p, mut q) = merge(checks, &root, &mu);
    let mut point = vec![mu];
    for layer in proof.layers.iter().take(class.layers() - 1) {
        let lambda = transcript.challenge(checks, "lambda");
        let scaled = checks.product(&lambda, &q);
        let mut claim = &p + &scaled;
        let mut next = Vec::with_capacity(point.len() + 1);
        for (round, x) in layer.rounds.iter().zip(&point) {
            let end = factored_round(checks, transcript, ROUND, &claim, x, round);
            claim = end.claim;
            next.push(end.challenge);
        }
        let children = checks.witnesses(&layer.children);
        transcript.absorb_all(checks, "children", &children);
        // c = p0 q1 + q0 (p1 + lambda q1)
        let [p0, p1, q0, q1] = [&children[0], &children[1], &children[2], &children[3]];
        let left = checks.product(p0, q1);
        let right = p1 + &checks.product(&lambda, q1);
        checks.enforce_product("PE.H4", q0, &right, &(&claim - &left));
        let mu = transcript.challenge(checks, "mu");
        (p, q) = merge(checks, &children, &mu);
        next.push(mu);
        point = next;
    }
    LeafWires { alpha, point, p, q }
}

/// `(p0 + mu (p1 - p0), q0 + mu (q1 - q0))`.
pub(super) fn merge(checks: &mut Checks, children: &[Wire], mu: &Wire) -> (Wire, Wire) {
    let mut line = |a: &Wire, b: &Wire| a + &checks.product(mu, &(b - a));
    (line(&children[0], &children[1]), line(&children[2], &children[3]))
}

/// PE.H5: the leaf claim as two linear claims, whose weights the reduction evaluates.
pub struct LeafClaims {
    /// Value of the claim on the multiplicities.
    pub multiplicities: Wire,
    /// Value of the claim on the cells.
    pub cells: Wire,
    /// Scale of the multiplicities' weight.
    pub table_scale: Wire,
    /// `prod_{i >= n} (1 - x_i)`: scale of the cells' weights.
    pub rows_pad: Wire,
    /// Weight of each slot: `eq(s, slot)`.
    pub slots: Vec<Wire>,
}

/// PE.H5.
pub fn leaf_claims(checks: &mut Checks, class: &Class, leaf: &LeafWires) -> LeafClaims {
    let (x, s) = leaf.point.split_at(class.log_slot());
    let mut pad = |from: usize| {
        let factors: Vec<Wire> = x.iter().skip(from).map(Wire::complement).collect();
        checks.product_of(&factors)
    };
    let (rows_pad, table_pad) = (pad(class.log_rows()), pad(class.limb_bits));
    let slots = eq_table(checks, s);
    let (mut cell_weight, mut table_weight) = (Wire::zero(), Wire::zero());
    for (weight, slot) in slots.iter().zip(class.slots()) {
        match slot {
            Slot::Cells { .. } => cell_weight = &cell_weight + weight,
            Slot::Table => table_weight = &table_weight + weight,
        }
    }
    let identity = Wire::packed(x.iter().take(class.limb_bits), Fr::from(2u64));
    let cell_scale = checks.product(&rows_pad, &cell_weight);
    let table_scale = checks.product(&table_pad, &table_weight);
    let beyond_one = &leaf.alpha - &Wire::one();
    let from_cells = checks.product(&cell_scale, &beyond_one);
    let from_table = checks.product(&table_scale, &(&beyond_one - &identity));
    LeafClaims {
        multiplicities: &cell_scale - &leaf.p,
        cells: &(&leaf.q.complement() + &from_cells) + &from_table,
        table_scale,
        rows_pad,
        slots,
    }
}
