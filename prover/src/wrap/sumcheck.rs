//! Rounds of sumchecks as constraints: what is absorbed, what is drawn, and the claim that is left.

use super::checks::Checks;
use super::transcript::TranscriptGadget;
use super::wire::Wire;
use ark_bn254::Fr;

/// Labels of a round.
#[derive(Clone, Copy, Debug)]
pub struct Labels {
    /// What is absorbed.
    pub round: &'static str,
    /// What is drawn.
    pub challenge: &'static str,
}

/// What a round leaves.
pub struct RoundEnd {
    /// The challenge.
    pub challenge: Wire,
    /// The claim at the challenge.
    pub claim: Wire,
}

/// A round of `sum_x eq(point, x) t(x)`, the equality factored out: `(t(1) - t(0), leading coefficient)`.
///
/// `t(0) = claim - x (t(1) - t(0))` with x the variable of the point.
pub fn factored_round(
    checks: &mut Checks,
    transcript: &mut TranscriptGadget,
    labels: Labels,
    claim: &Wire,
    x: &Wire,
    round: &[Fr; 2],
) -> RoundEnd {
    let [difference, leading] = absorb(checks, transcript, labels, round);
    let challenge = transcript.challenge(checks, labels.challenge);
    let at_zero = claim - &checks.product(x, &difference);
    // t(X) = t(0) + (t(1) - t(0) - leading) X + leading X^2
    let slope = &(&difference - &leading) + &checks.product(&challenge, &leading);
    let claim = &at_zero + &checks.product(&challenge, &slope);
    RoundEnd { challenge, claim }
}

/// A round of a sumcheck of degree 2: `(s(0), leading coefficient)`.
pub fn quadratic_round(
    checks: &mut Checks,
    transcript: &mut TranscriptGadget,
    labels: Labels,
    claim: &Wire,
    round: &[Fr; 2],
) -> RoundEnd {
    let [at_zero, leading] = absorb(checks, transcript, labels, round);
    let challenge = transcript.challenge(checks, labels.challenge);
    // s(1) = claim - s(0); s(X) = s(0) + (s(1) - s(0) - leading) X + leading X^2
    let slope = &(&claim.plus(&at_zero, -Fr::from(2u64)) - &leading) + &checks.product(&challenge, &leading);
    let claim = &at_zero + &checks.product(&challenge, &slope);
    RoundEnd { challenge, claim }
}

/// A round of a sumcheck of degree 3: coefficients `(a_0, a_2, a_3)`.
pub fn cubic_round(
    checks: &mut Checks,
    transcript: &mut TranscriptGadget,
    labels: Labels,
    claim: &Wire,
    round: &[Fr; 3],
) -> RoundEnd {
    let [a0, a2, a3] = absorb(checks, transcript, labels, round);
    let challenge = transcript.challenge(checks, labels.challenge);
    // a_1 = claim - 2 a_0 - a_2 - a_3
    let a1 = &(&claim.plus(&a0, -Fr::from(2u64)) - &a2) - &a3;
    let upper = &a2 + &checks.product(&challenge, &a3);
    let middle = &a1 + &checks.product(&challenge, &upper);
    let claim = &a0 + &checks.product(&challenge, &middle);
    RoundEnd { challenge, claim }
}

fn absorb<const LENGTH: usize>(
    checks: &mut Checks,
    transcript: &mut TranscriptGadget,
    labels: Labels,
    round: &[Fr; LENGTH],
) -> [Wire; LENGTH] {
    let wires = round.map(|value| checks.witness(value));
    transcript.absorb_all(checks, labels.round, &wires);
    wires
}
