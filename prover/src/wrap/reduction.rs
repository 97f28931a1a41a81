//! Steps PE.I1 to PE.I3 as constraints: one sumcheck reduces all linear claims to one point.

use super::checks::Checks;
use super::claim::horner;
use super::transcript::TranscriptGadget;
use super::wire::Wire;
use ark_bn254::Fr;

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
        let round = checks.witnesses(round);
        let [s_0, s_inf] = [&round[0], &round[1]];
        transcript.absorb_all(checks, "s", &round);
        let u = transcript.challenge(checks, "u");
        // s(1) = c - s(0); s(X) = s_0 + (s(1) - s_0 - s_inf) X + s_inf X^2
        let slope = &(&claim.plus(s_0, -Fr::from(2u64)) - s_inf) + &checks.product(&u, s_inf);
        claim = s_0 + &checks.product(&u, &slope);
        point.push(u);
    }
    ReducedClaim { gamma, point, claim }
}

/// PE.I3: the claims' evaluations, batched, are what the rounds leave.
pub fn check_values(checks: &mut Checks, reduced: &ReducedClaim, evaluations: &[Wire]) {
    let batched = horner(checks, evaluations, &reduced.gamma);
    checks.enforce_equal("PE.I3", &batched, &reduced.claim);
}
