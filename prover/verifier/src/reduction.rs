//! Steps PE.I1 to PE.I3: one sumcheck reduces all linear claims to one point.

use crate::claim::LinearClaim;
use crate::class::Class;
use crate::error::VerifyError;
use crate::transcript::Transcript;
use ark_bn254::Fr;
use ark_ff::One;

/// Verifies the reduction and returns the point `u` at which the values hold if the claims do.
///
/// Steps: PE.I1 draw gamma and batch; PE.I2 rounds; PE.I3 values against the closed-form weights.
pub fn verify_reduction(
    class: &Class,
    claims: &[LinearClaim],
    rounds: &[[Fr; 2]],
    values: &[Fr],
    transcript: &mut Transcript,
) -> Result<Vec<Fr>, VerifyError> {
    if rounds.len() != class.log_chunk {
        return Err(VerifyError::Shape {
            what: "reduction rounds",
            got: rounds.len(),
            expected: class.log_chunk,
        });
    }
    if values.len() != class.polynomials() {
        return Err(VerifyError::Shape { what: "values", got: values.len(), expected: class.polynomials() });
    }
    let gamma = transcript.challenge("gamma");
    let mut claim: Fr = claims.iter().rev().fold(Fr::from(0u64), |a, c| a * gamma + c.value);
    let mut point = Vec::with_capacity(class.log_chunk);
    for [s_0, s_inf] in rounds {
        transcript.absorb_all("s", [s_0, s_inf]);
        let u = transcript.challenge("u");
        // s(1) = c - s(0); s(X) = s_0 + (s(1) - s_0 - s_inf) X + s_inf X^2
        claim = *s_0 + u * (claim - s_0 - s_0 - s_inf + u * s_inf);
        point.push(u);
    }
    transcript.absorb_all("v", values);
    let mut power = Fr::one();
    let mut expected = Fr::from(0u64);
    for c in claims {
        expected += power * c.evaluate(&point, values);
        power *= gamma;
    }
    if expected == claim { Ok(point) } else { Err(VerifyError::Reduction) }
}
