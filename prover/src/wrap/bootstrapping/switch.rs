//! Steps PB.E1 to PB.E4 as constraints: the sumcheck of keyswitch digits and key.

use super::class::Class;
use super::layout::Layout;
use super::rotation::draw_slot;
use crate::wrap::checks::Checks;
use crate::wrap::sumcheck::{Labels, quadratic_round};
use crate::wrap::transcript::TranscriptGadget;
use crate::wrap::wire::Wire;
use trine_verifier::bootstrapping::parameters::GROUPING;
use trine_verifier::bootstrapping::switch::SwitchProof;

const ROUND: Labels = Labels { round: "E.rounds", challenge: "t" };

/// What the steps leave.
pub struct Switch {
    /// `e`: subset, step and slot.
    pub subset: Vec<Wire>,
    /// Step.
    pub step: Vec<Wire>,
    /// Slot; variables that the shape does not have are zero.
    pub slot: Vec<Wire>,
    /// `t`: level, word and key.
    pub level: Vec<Wire>,
    /// Mask word.
    pub word: Vec<Wire>,
    /// Compute or casting key.
    pub kind: Wire,
    /// `y`.
    pub product: Wire,
    /// `k_d`.
    pub digits: Wire,
    /// `k_w`.
    pub key: Wire,
}

/// PB.E1 to PB.E4.
pub fn switch(
    checks: &mut Checks,
    class: &Class,
    layout: &Layout,
    proof: &SwitchProof,
    transcript: &mut TranscriptGadget,
) -> Switch {
    let p = &class.parameters;
    // PB.E1
    let subset = transcript.challenges(checks, "e", GROUPING);
    let step = transcript.challenges(checks, "e", p.log_steps);
    let slot = draw_slot(checks, class, layout, "e", transcript);
    // PB.E2
    let product = checks.witness(proof.product);
    transcript.absorb(checks, "E.product", &product);
    // PB.E3
    let mut claim = product.clone();
    let mut point = vec![];
    for round in &proof.rounds {
        let end = quadratic_round(checks, transcript, ROUND, &claim, round);
        claim = end.claim;
        point.push(end.challenge);
    }
    let [digits, key] = [proof.digits, proof.key].map(|value| checks.witness(value));
    transcript.absorb_all(checks, "E.values", [&digits, &key]);
    // PB.E4
    checks.enforce_product("PB.E4", &digits, &key, &claim);
    let (level, rest) = point.split_at(p.log_levels());
    let (word, kind) = rest.split_at(p.log_n);
    let (level, word, kind) = (level.to_vec(), word.to_vec(), kind[0].clone());
    Switch { subset, step, slot, level, word, kind, product, digits, key }
}
