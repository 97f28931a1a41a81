//! The verifier, top to bottom as the spec's message table.

use super::accumulator::{self, AccumulatorPoint, accumulator_claim, digits_claim};
use super::checks::{Check, Checks};
use super::claim::Claim;
use super::error::Rejection;
use super::key::{self, KeyPoint, key_claim, rotation_claim, trivial_key};
use super::keyswitch::{KeyswitchPoint, keyswitch_claim};
use super::lookup::{Fingerprints, blocks, layers, leaf_claims, verify_tree};
use super::outputs::{OutputPoint, draw_handle_point, handle_claims, outputs_claim};
use super::parameters::{GROUPING, Parameters};
use super::product::{ACCUMULATOR, KEY, verify_product};
use super::proof::{CircuitProof, FieldProof};
use super::reduction::verify_reduction;
use super::shape::Shape;
use super::statement::{PublicInputs, Statement, StatementError, StatementInputs};
use super::switch::{
    SwitchPoint, kinds, switch_claim, switch_digits_claim, switch_key_claim, verify_switch_product,
};
use crate::digest;
use crate::opening::{self, OpeningChallenges};
use crate::proof::GroupProof;
use crate::srs::VerifierSrs;
use crate::transcript::Transcript;
use ark_bn254::{Fr, G1Affine};
use ark_ec::AffineRepr;
use trine_program::circuit::Circuit;

/// Tag of the argument for circuits.
pub const ARGUMENT_TAG: &str = "trine.evaluation.circuit.1";

/// Verifies a proof that the circuits of all jobs were evaluated exactly.
///
/// Steps: the statement is checked and digested (PB.S1), the rounds' points are digested (PB.T2), [`verify_field`] runs
/// steps PB.T1 to PE.J5 and PB.T3, the group side checks one pairing equation (PE.K1).
///
/// What the caller must still discharge:
///
/// - that the domain is its own (chain, contract, verifier, registered evaluation key), and that nobody knows tau
///   ([`VerifierSrs::development`]): checked here is only that the domain names this reference string and these key
///   commitments;
/// - that the key's commitments were computed from the bytes of a key ([`super::statement::KeyCommitments`]);
/// - that each handle's record is of this domain and of the origin that it claims; that input handles are registered
///   or proven, in this order: their words are not looked up;
/// - that records match the circuits' declarations, and that they may run and be released
///   ([`trine_program::circuit::admissible`]);
/// - for a segment, that its circuit is the one that the job's circuit gives, and its links are the handles proven before
///   (spec section 11).
///
/// Errors: [`Rejection`], one variant for each check. Never panics.
pub fn verify(
    parameters: &Parameters,
    srs: &VerifierSrs,
    statement: &Statement,
    proof: &CircuitProof,
) -> Result<PublicInputs, Rejection> {
    verify_with(parameters, srs, statement, proof, &Checks::ALL)
}

/// [`verify`] with some checks switched off: for tests of the checks alone.
#[doc(hidden)]
pub fn verify_with(
    parameters: &Parameters,
    srs: &VerifierSrs,
    statement: &Statement,
    proof: &CircuitProof,
    checks: &Checks,
) -> Result<PublicInputs, Rejection> {
    let inputs = statement.inputs(parameters)?;
    check_srs(srs, statement)?;
    let rounds = round_digests(&inputs.shape, &proof.group)?;
    let mut transcript = Transcript::new(ARGUMENT_TAG);
    let public = verify_field(&inputs, &rounds, &proof.field, checks, &mut transcript)?;
    let group = &proof.group;
    let commitments = commitments(&inputs.shape, statement, group)?;
    opening::group_side(srs, &commitments, &group.folds, &group.closing, &public.opening)?;
    Ok(public)
}

/// A proof counts under the reference string that its domain names.
fn check_srs(srs: &VerifierSrs, statement: &Statement) -> Result<(), StatementError> {
    let (got, expected) = (statement.domain.srs_digest, srs.digest());
    if got == expected { Ok(()) } else { Err(StatementError::Srs { got, expected }) }
}

/// Digests `d1 .. d4` of the points of a proof (PB.T2); their numbers must be those of the shape.
pub fn round_digests(shape: &Shape, group: &GroupProof) -> Result<[Fr; 4], Rejection> {
    for (what, got, expected) in [
        ("column points", group.columns.len(), shape.first_round().len()),
        ("rotation points", group.second.len(), shape.second_round().len()),
        ("fold points", group.folds.len(), shape.levels() - 1),
    ] {
        if got != expected {
            return Err(Rejection::Shape { what, got, expected });
        }
    }
    Ok([
        digest::round(1, &group.columns),
        digest::round(2, &group.second),
        digest::round(3, &group.folds),
        group.closing.digest(),
    ])
}

/// Commitments of all slots in their order, at infinity for those that the shape does not use.
///
/// Error: the parts are not as many as the shape has.
pub fn commitments(
    shape: &Shape,
    statement: &Statement,
    group: &GroupProof,
) -> Result<Vec<G1Affine>, Rejection> {
    let mut used: Vec<G1Affine> = group.columns.iter().chain(&group.second).copied().collect();
    used.extend(statement.keys.points());
    used.extend(statement.handles().map(|named| *named.commitment.point()));
    let (got, expected) = (used.len(), shape.used().len());
    shape.spread(&used, G1Affine::zero()).ok_or(Rejection::Shape { what: "commitments", got, expected })
}

/// PB.T1: absorbs the statement.
pub fn absorb_statement(inputs: &StatementInputs, transcript: &mut Transcript) {
    transcript.absorb("stmt", &inputs.stmt);
    transcript.absorb("shape", &inputs.shape.word());
    transcript.absorb_all("layout", &inputs.layouts);
    transcript.absorb("prog", &inputs.prog);
}

/// The field side of the verifier: what a wrap circuit proves. The transcript must be fresh.
pub fn verify_field(
    inputs: &StatementInputs,
    rounds: &[Fr; 4],
    proof: &FieldProof,
    checks: &Checks,
    transcript: &mut Transcript,
) -> Result<PublicInputs, Rejection> {
    let [d1, d2, d3, d4] = rounds;
    let StatementInputs { shape, circuit, .. } = inputs;
    if checks.makes(Check::Statement) {
        absorb_statement(inputs, transcript);
    }
    // PB.T2
    transcript.absorb("d1", d1);
    let mut claims = vec![];
    let x = verify_rotation(shape, proof, d2, checks, transcript, &mut claims)?;
    verify_switch(shape, circuit, proof, checks, transcript, &mut claims)?;
    draw_linear_claims(shape, circuit, transcript, &mut claims);
    verify_lookups(shape, circuit, &x.z, proof, checks, transcript, &mut claims)?;
    // PB.I1 to PB.I3
    claims.retain(|claim| checks.makes(claim.check));
    let (rounds_of_reduction, values) = (&proof.reduction, &proof.values);
    let end = verify_reduction(shape, circuit, &claims, rounds_of_reduction, values, checks, transcript)?;
    // PE.J1 to PE.J5
    let m = shape.parameters.log_chunk;
    let opening: OpeningChallenges =
        opening::field_side(m, &end.point, &end.values, *d3, *d4, &proof.opening, transcript)?;
    // PB.T3
    let program_at_z = inputs.words.at(&shape.parameters, &opening.z);
    let StatementInputs { stmt, layouts, .. } = *inputs;
    Ok(PublicInputs { stmt, shape: shape.word(), layouts, program_at_z, rounds: *rounds, opening })
}

/// Steps PB.A1 to PB.D2: blind rotation. Returns where the combined key's sumcheck ends.
pub fn verify_rotation(
    shape: &Shape,
    proof: &FieldProof,
    d2: &Fr,
    checks: &Checks,
    transcript: &mut Transcript,
    claims: &mut Vec<Claim>,
) -> Result<KeyPoint, Rejection> {
    let p = &shape.parameters;
    // PB.A1
    let r = AccumulatorPoint::draw(shape, transcript);
    // PB.A2
    transcript.absorb("A.value", &proof.accumulator);
    claims.push(accumulator_claim(shape, &r, proof.accumulator));
    // PB.A3
    let outer = 1 + p.log_steps + shape.log_bootstrappings;
    let end = verify_product(proof.accumulator, &r.z, outer, &proof.product, ACCUMULATOR, transcript)?;
    let s = AccumulatorPoint::from_parts(shape, end.inner, &end.outer).ok_or(Rejection::Accumulator)?;
    // PB.A4
    let [digits, combined_key] = [proof.product.left, proof.product.right];
    let ends = accumulator::outer_weight(&r, &s) * digits * combined_key == end.claim;
    if checks.makes(Check::AccumulatorFinal) && !ends {
        return Err(Rejection::Accumulator);
    }
    // PB.B1
    claims.push(digits_claim(shape, &s, digits));
    // PB.C1
    let outer = GROUPING + p.log_steps;
    let end = verify_product(combined_key, &s.z, outer, &proof.key, KEY, transcript)?;
    let x = KeyPoint::from_end(&end).ok_or(Rejection::Key)?;
    // PB.C2
    let [power, word] = [proof.key.left, proof.key.right];
    let ends = key::outer_weight(&s, &x) * power * (word + trivial_key(&r, &s, &x)) == end.claim;
    if checks.makes(Check::KeyFinal) && !ends {
        return Err(Rejection::Key);
    }
    // PB.C3
    claims.push(key_claim(&r, &s, &x, word));
    // PB.D1
    transcript.absorb("d2", d2);
    // PB.D2
    claims.push(rotation_claim(&s, &x, power));
    Ok(x)
}

/// Steps PB.E1 to PB.E6: keyswitch product and modulus switch.
pub fn verify_switch(
    shape: &Shape,
    circuit: &Circuit,
    proof: &FieldProof,
    checks: &Checks,
    transcript: &mut Transcript,
    claims: &mut Vec<Claim>,
) -> Result<(), Rejection> {
    // PB.E1
    let e = SwitchPoint::draw(shape, transcript);
    // PB.E2
    transcript.absorb("E.product", &proof.switch.product);
    claims.push(switch_claim(shape, circuit, &e, proof.switch.product));
    // PB.E3
    let (t, claim) = verify_switch_product(shape, &proof.switch, transcript)?;
    // PB.E4
    if checks.makes(Check::SwitchFinal) && proof.switch.digits * proof.switch.key != claim {
        return Err(Rejection::Switch);
    }
    // PB.E5, PB.E6
    claims.push(switch_digits_claim(shape, circuit, &e, &t, proof.switch.digits));
    claims.push(switch_key_claim(&e, &t, proof.switch.key));
    Ok(())
}

/// Steps PB.F1 to PB.O2: claims that the prover sends nothing for.
pub fn draw_linear_claims(
    shape: &Shape,
    circuit: &Circuit,
    transcript: &mut Transcript,
    claims: &mut Vec<Claim>,
) {
    // PB.F1, PB.F2
    let f = KeyswitchPoint::draw(shape, transcript);
    claims.push(keyswitch_claim(shape, circuit, &f));
    // PB.G1, PB.G2
    let g = OutputPoint::draw(shape, transcript);
    claims.push(outputs_claim(shape, circuit, &g));
    // PB.O1, PB.O2
    let y = draw_handle_point(shape, transcript);
    claims.extend(handle_claims(shape, &y));
}

/// Steps PB.H1 to PB.H5: look-ups. `evaluation` is `x_z`.
pub fn verify_lookups(
    shape: &Shape,
    circuit: &Circuit,
    evaluation: &[Fr],
    proof: &FieldProof,
    checks: &Checks,
    transcript: &mut Transcript,
    claims: &mut Vec<Claim>,
) -> Result<(), Rejection> {
    let fingerprints = Fingerprints::draw(kinds(shape, circuit), evaluation, checks, transcript);
    let blocks = blocks(shape, checks);
    let leaf = verify_tree(layers(&blocks), &proof.tree, checks, transcript)?;
    claims.extend(leaf_claims(shape, &blocks, &fingerprints, &leaf));
    Ok(())
}
