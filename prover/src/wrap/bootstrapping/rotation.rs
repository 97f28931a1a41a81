//! Steps PB.A1 to PB.D1 as constraints: the sumchecks of accumulator and combined key.

use super::class::Class;
use super::layout::Layout;
use super::weight::{eq_index, shift};
use crate::wrap::checks::Checks;
use crate::wrap::claim::eq;
use crate::wrap::sumcheck::{Labels, cubic_round, factored_round};
use crate::wrap::transcript::TranscriptGadget;
use crate::wrap::wire::Wire;
use ark_bn254::Fr;
use trine_verifier::bootstrapping::parameters::GROUPING;
use trine_verifier::bootstrapping::product::{ACCUMULATOR, KEY, ProductLabels, ProductProof};

/// A point over the rows of an accumulator's column; the slot's variables that the shape does not have are zero.
pub struct AccumulatorPoint {
    /// Evaluation index.
    pub z: Vec<Wire>,
    /// Polynomial: mask or body.
    pub u: Wire,
    /// Step.
    pub step: Vec<Wire>,
    /// Slot of the bootstrapping.
    pub slot: Vec<Wire>,
}

/// Where the combined key's sumcheck ends.
pub struct KeyPoint {
    /// Evaluation index.
    pub z: Vec<Wire>,
    /// Subset.
    pub subset: Vec<Wire>,
    /// Step.
    pub step: Vec<Wire>,
}

/// What steps PB.A1 to PB.C2 leave: points and values of the claims A to D.
pub struct Rotation {
    /// `r`.
    pub r: AccumulatorPoint,
    /// `s`.
    pub s: AccumulatorPoint,
    /// `x`.
    pub x: KeyPoint,
    /// `v_A`.
    pub accumulator: Wire,
    /// `D`.
    pub digits: Wire,
    /// `K`.
    pub word: Wire,
    /// `V`.
    pub power: Wire,
}

/// What the prover sends for them.
pub struct RotationProof<'a> {
    /// PB.A2.
    pub accumulator: Fr,
    /// PB.A3.
    pub product: &'a ProductProof,
    /// PB.C1.
    pub key: &'a ProductProof,
}

/// Variables of a slot: as many as the class has are drawn, those that the shape does not have are zero.
pub fn draw_slot(
    checks: &mut Checks,
    class: &Class,
    layout: &Layout,
    label: &'static str,
    transcript: &mut TranscriptGadget,
) -> Vec<Wire> {
    let drawn = transcript.challenges(checks, label, class.log_slots());
    masked(checks, layout, &drawn)
}

/// Variables that the shape does not have become zero.
pub fn masked(checks: &mut Checks, layout: &Layout, variables: &[Wire]) -> Vec<Wire> {
    layout.active.iter().zip(variables).map(|(active, x)| checks.product(active, x)).collect()
}

/// PB.A1 to PB.C2. PB.D1 follows.
pub fn rotation(
    checks: &mut Checks,
    class: &Class,
    layout: &Layout,
    proof: &RotationProof<'_>,
    transcript: &mut TranscriptGadget,
) -> Rotation {
    let p = &class.parameters;
    // PB.A1
    let r = AccumulatorPoint {
        z: transcript.challenges(checks, "r", p.log_n),
        u: transcript.challenge(checks, "r"),
        step: transcript.challenges(checks, "r", p.log_steps),
        slot: draw_slot(checks, class, layout, "r", transcript),
    };
    // PB.A2
    let accumulator = checks.witness(proof.accumulator);
    transcript.absorb(checks, "A.value", &accumulator);
    // PB.A3
    let product = Product { proof: proof.product, labels: ACCUMULATOR, active: &layout.active };
    let end = product.run(checks, &accumulator, &r.z, transcript);
    let (u, rest) = end.outer.split_at(1);
    let (step, slot) = rest.split_at(p.log_steps);
    let s = AccumulatorPoint { z: end.inner, u: u[0].clone(), step: step.to_vec(), slot: slot.to_vec() };
    // PB.A4
    let [digits, combined_key] = [end.left, end.right];
    let (steps, slots) = (shift(checks, &r.step, &s.step), eq(checks, &r.slot, &s.slot));
    let left = checks.product_of([&steps, &slots, &digits]);
    checks.enforce_product("PB.A4", &left, &combined_key, &end.claim);
    // PB.C1
    let product = Product { proof: proof.key, labels: KEY, active: &[] };
    let end = product.run(checks, &combined_key, &s.z, transcript);
    let (subset, step) = end.outer.split_at(GROUPING);
    let x = KeyPoint { z: end.inner, subset: subset.to_vec(), step: step.to_vec() };
    // PB.C2
    let [power, word] = [end.left, end.right];
    let trivial = trivial_key(checks, &r, &s, &x);
    let steps = eq(checks, &s.step, &x.step);
    let left = checks.product(&steps, &power);
    checks.enforce_product("PB.C2", &left, &(&word + &trivial), &end.claim);
    Rotation { r, s, x, accumulator, digits, word, power }
}

/// `eq(x_i, 0) eq(x_b, 1) eq(r_u, s_u)`.
fn trivial_key(checks: &mut Checks, r: &AccumulatorPoint, s: &AccumulatorPoint, x: &KeyPoint) -> Wire {
    let step = eq_index(checks, &x.step, 0);
    let subset = eq_index(checks, &x.subset, 1);
    let u = eq(checks, std::slice::from_ref(&r.u), std::slice::from_ref(&s.u));
    checks.product_of([&step, &subset, &u])
}

/// A product sumcheck, whose last rounds a shape may not have: `active` says so for each of them.
struct Product<'a> {
    proof: &'a ProductProof,
    labels: ProductLabels,
    active: &'a [Wire],
}

/// Where it ends. Challenges of rounds that the shape does not have are zero.
struct ProductEnd {
    inner: Vec<Wire>,
    outer: Vec<Wire>,
    claim: Wire,
    left: Wire,
    right: Wire,
}

impl Product<'_> {
    fn run(
        &self,
        checks: &mut Checks,
        claim: &Wire,
        point: &[Wire],
        transcript: &mut TranscriptGadget,
    ) -> ProductEnd {
        let ProductLabels { inner, outer, challenge, values } = self.labels;
        let mut claim = claim.clone();
        let mut bound = vec![];
        for (x, round) in point.iter().zip(&self.proof.inner) {
            let labels = Labels { round: inner, challenge };
            let end = factored_round(checks, transcript, labels, &claim, x, round);
            claim = end.claim;
            bound.push(end.challenge);
        }
        let labels = Labels { round: outer, challenge };
        let always = self.proof.outer.len().saturating_sub(self.active.len());
        let mut outer = vec![];
        for (index, round) in self.proof.outer.iter().enumerate() {
            let before = transcript.clone();
            let end = cubic_round(checks, transcript, labels, &claim, round);
            match index.checked_sub(always).and_then(|index| self.active.get(index)) {
                Some(active) => {
                    transcript.keep_if(checks, active, &before);
                    claim = checks.select(active, &end.claim, &claim);
                    outer.push(checks.product(active, &end.challenge));
                }
                None => {
                    claim = end.claim;
                    outer.push(end.challenge);
                }
            }
        }
        let [left, right] = [self.proof.left, self.proof.right].map(|value| checks.witness(value));
        transcript.absorb_all(checks, values, [&left, &right]);
        ProductEnd { inner: bound, outer, claim, left, right }
    }
}
