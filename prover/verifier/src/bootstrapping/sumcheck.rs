//! Sumchecks, verifier's side. Each gives the point and the claim that is left there.

use crate::transcript::Transcript;
use ark_bn254::Fr;

/// Rounds of `sum_x eq(point, x) t(x)`, the equality factored out (Gruen 2024/108): `(t(1) - t(0), leading coefficient)`
/// of the degree-2 polynomial in the round's variable, lowest variable first.
///
/// `claim = (1 - x_i) t(0) + x_i t(1)`, so `t(0) = claim - x_i (t(1) - t(0))`. The claim that is left is
/// `sum over the other variables` at the point, without any factor of equality.
pub fn verify_factored(
    mut claim: Fr,
    point: &[Fr],
    rounds: &[[Fr; 2]],
    label: &'static str,
    challenge: &'static str,
    transcript: &mut Transcript,
) -> (Vec<Fr>, Fr) {
    let mut bound = Vec::with_capacity(rounds.len());
    for (x, [difference, leading]) in point.iter().zip(rounds) {
        transcript.absorb_all(label, [difference, leading]);
        let rho = transcript.challenge(challenge);
        let at_zero = claim - *x * difference;
        // t(X) = t(0) + (t(1) - t(0) - leading) X + leading X^2
        claim = at_zero + rho * (*difference - leading + rho * leading);
        bound.push(rho);
    }
    (bound, claim)
}

/// Rounds of a sumcheck of degree 2: `(s(0), leading coefficient)`.
pub fn verify_quadratic(
    mut claim: Fr,
    rounds: &[[Fr; 2]],
    label: &'static str,
    challenge: &'static str,
    transcript: &mut Transcript,
) -> (Vec<Fr>, Fr) {
    let mut bound = Vec::with_capacity(rounds.len());
    for [at_zero, leading] in rounds {
        transcript.absorb_all(label, [at_zero, leading]);
        let rho = transcript.challenge(challenge);
        // s(1) = claim - s(0)
        claim = *at_zero + rho * (claim - at_zero - at_zero - leading + rho * leading);
        bound.push(rho);
    }
    (bound, claim)
}

/// Rounds of a sumcheck of degree 3: coefficients `(a_0, a_2, a_3)`; `a_1 = claim - 2 a_0 - a_2 - a_3`.
pub fn verify_cubic(
    mut claim: Fr,
    rounds: &[[Fr; 3]],
    label: &'static str,
    challenge: &'static str,
    transcript: &mut Transcript,
) -> (Vec<Fr>, Fr) {
    let mut bound = Vec::with_capacity(rounds.len());
    for [a0, a2, a3] in rounds {
        transcript.absorb_all(label, [a0, a2, a3]);
        let rho = transcript.challenge(challenge);
        let a1 = claim - a0 - a0 - a2 - a3;
        claim = *a0 + rho * (a1 + rho * (*a2 + rho * a3));
        bound.push(rho);
    }
    (bound, claim)
}
