//! Steps PE.J1 to PE.J5 as constraints: challenges, fold chain, and the remainder that the group side folds with.

use super::checks::Checks;
use super::claim::{eq_table, horner, inner_product};
use super::transcript::TranscriptGadget;
use super::wire::Wire;
use trine_verifier::class::ARITY_BITS;
use trine_verifier::opening::OpeningProof;

/// The public inputs of the opening.
pub struct OpeningInputs<'a> {
    /// Digest of the folds.
    pub d3: &'a Wire,
    /// Digest of the quotient.
    pub d4: &'a Wire,
    /// Batches the polynomials.
    pub rho: &'a Wire,
    /// `U = r^s`.
    pub r: &'a Wire,
    /// Batches the folds.
    pub q: &'a Wire,
    /// Point of the quotient check.
    pub z: &'a Wire,
    /// `R(z)`.
    pub r_at_z: &'a Wire,
}

/// Field side of the opening. Challenges are public: each is compared where it is drawn.
pub fn field_side(
    checks: &mut Checks,
    point: &[Wire],
    values: &[Wire],
    public: &OpeningInputs<'_>,
    opening: &OpeningProof,
    transcript: &mut TranscriptGadget,
) {
    // PE.J1
    let rho = transcript.challenge(checks, "rho");
    checks.enforce_equal("PE.J1", &rho, public.rho);
    // PE.J2
    transcript.absorb(checks, "d3", public.d3);
    let r = transcript.challenge(checks, "r");
    checks.enforce_equal("PE.J2", &r, public.r);
    let u = to_arity(checks, public.r);
    // PE.J3
    let f0_at_u = checks.witness(opening.f0_at_u);
    let residues: Vec<Vec<Wire>> = opening.residues.iter().map(|level| checks.witnesses(level)).collect();
    transcript.absorb(checks, "f0", &f0_at_u);
    transcript.absorb_all(checks, "residue", residues.iter().flatten());
    let mut at_u = vec![f0_at_u];
    for (variables, level) in point.chunks(ARITY_BITS).zip(&residues) {
        let weights = eq_table(checks, variables);
        at_u.push(inner_product(checks, &weights, level));
    }
    let last = at_u.pop().unwrap_or_else(Wire::zero);
    let batched = horner(checks, values, public.rho);
    checks.enforce_equal("PE.J3", &last, &batched);
    // PE.J4
    let q = transcript.challenge(checks, "q");
    checks.enforce_equal("PE.J4", &q, public.q);
    // PE.J5
    transcript.absorb(checks, "d4", public.d4);
    let z = transcript.challenge(checks, "z");
    checks.enforce_equal("PE.J5", &z, public.z);
    let remainder = remainder_at(checks, &residues, &at_u, &u, public);
    checks.enforce_equal("PE.J5", &remainder, public.r_at_z);
}

/// `R(z)`; the zeros of `(X^s - U)(X - U)` must be distinct (PE.J5).
fn remainder_at(
    checks: &mut Checks,
    residues: &[Vec<Wire>],
    at_u: &[Wire],
    u: &Wire,
    public: &OpeningInputs<'_>,
) -> Wire {
    let distance = &to_arity(checks, u) - u;
    let inverse = checks.enforce_nonzero("PE.J5", &distance);
    let excess = &to_arity(checks, public.z) - u;
    let step = checks.product(&excess, &inverse);
    let mut levels = vec![];
    for (residues, at_u) in residues.iter().zip(at_u) {
        let (at_z, difference) = (horner(checks, residues, public.z), at_u - &horner(checks, residues, u));
        levels.push(&at_z + &checks.product(&difference, &step));
    }
    horner(checks, &levels, public.q)
}

/// The wire to the power of the arity.
fn to_arity(checks: &mut Checks, wire: &Wire) -> Wire {
    (0..ARITY_BITS).fold(wire.clone(), |power, _| checks.product(&power, &power))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::Fr;

    #[test]
    fn coinciding_zeros_are_named_and_need_no_inverse() {
        for (value, expected) in [(0u64, Some("PE.J5")), (1, Some("PE.J5")), (2, None)] {
            let mut checks = Checks::values(&[]);
            let wire = Wire::constant(Fr::from(value));
            let zero = Wire::zero();
            let public = OpeningInputs {
                d3: &zero,
                d4: &zero,
                rho: &zero,
                r: &zero,
                q: &wire,
                z: &wire,
                r_at_z: &zero,
            };
            let residues = vec![vec![Wire::one(); 16]];
            remainder_at(&mut checks, &residues, &[Wire::one()], &wire, &public);
            assert_eq!(checks.first_failure(), expected, "U = {value}");
        }
    }
}
