//! Steps PE.I1 to PE.I3 as constraints: one sumcheck reduces all linear claims to one point.

use super::checks::Checks;
use super::claim::horner;
use super::sumcheck::{Labels, quadratic_round};
use super::transcript::TranscriptGadget;
use super::wire::Wire;
use ark_bn254::Fr;

const ROUND: Labels = Labels { round: "s", challenge: "u" };

/// The batched claim as the rounds leave it.
pub struct ReducedClaim {
    /// Batches the claims.
    pub gamma: Wire,
    /// `u`.
    pub point: Vec<Wire>,
    /// The claim at u.
    pub claim: Wire,
}

/// PE.I1 draw gamma and batch the claimed values; PE.I2 rounds.
pub fn reduce(
    checks: &mut Checks,
    values: &[Wire],
    rounds: &[[Fr; 2]],
    transcript: &mut TranscriptGadget,
) -> ReducedClaim {
    let gamma = transcript.challenge(checks, "gamma");
    let mut claim = horner(checks, values, &gamma);
    let mut point = Vec::with_capacity(rounds.len());
    for round in rounds {
        let end = quadratic_round(checks, transcript, ROUND, &claim, round);
        claim = end.claim;
        point.push(end.challenge);
    }
    ReducedClaim { gamma, point, claim }
}

/// PE.I3: the claims' evaluations, batched, are what the rounds leave.
pub fn check_values(checks: &mut Checks, reduced: &ReducedClaim, evaluations: &[Wire]) {
    let batched = horner(checks, evaluations, &reduced.gamma);
    checks.enforce_equal("PE.I3", &batched, &reduced.claim);
}
