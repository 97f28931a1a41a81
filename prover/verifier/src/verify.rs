//! The verifier, top to bottom as the spec's message table.

use crate::class::Class;
use crate::digest;
use crate::error::VerifyError;
use crate::lookup::{leaf_claims, verify_tree};
use crate::opening;
use crate::program::ProgramMatrix;
use crate::proof::{FieldProof, GroupProof, InnerProof};
use crate::reduction::verify_reduction;
use crate::relation::{layer_claim, output_claims};
use crate::srs::VerifierSrs;
use crate::statement::{PublicInputs, Statement, StatementError, StatementInputs};
use crate::transcript::{ARGUMENT_TAG, Transcript};
use ark_bn254::{Fr, G1Affine};
use ark_ec::AffineRepr;

/// Verifies a proof of evaluation.
///
/// Steps: the statement is digested (PE.T1), the rounds' points are digested (PE.T2), [`verify_field`] runs steps
/// PE.T1 to PE.J5, the group side checks one pairing equation (PE.K1).
///
/// What the caller must still discharge:
///
/// - that the domain is its own (chain, contract, verifying key, evaluation key), and that nobody knows tau
///   ([`VerifierSrs::development`]): checked here is only that the domain names this reference string;
/// - that the record of each handle ([`NamedCommitment`](crate::handle::NamedCommitment)) is of this domain and of the
///   origin that it claims; a commitment under another's handle would make the proof say nothing, and is refused there;
/// - that input handles are registered or proven, in this order, and are of ciphertexts: input words are not looked up
///   (spec section 1);
/// - that handle records match the program's declarations, and that the program may be released
///   ([`trine_program::policy`]).
///
/// Errors: [`VerifyError`], one variant for each check. Never panics.
pub fn verify(
    class: &Class,
    srs: &VerifierSrs,
    statement: &Statement,
    proof: &InnerProof,
) -> Result<PublicInputs, VerifyError> {
    let inputs = statement.inputs(class)?;
    check_srs(srs, statement)?;
    let rounds = round_digests(class, &proof.group)?;
    let mut transcript = Transcript::new(ARGUMENT_TAG);
    let public = verify_field(class, &inputs, &rounds, &proof.field, &mut transcript)?;
    let commitments = commitments(class, statement, &proof.group);
    let challenges = opening::OpeningChallenges {
        rho: public.rho,
        r: public.r,
        q: public.q,
        z: public.z,
        r_at_z: public.r_at_z,
    };
    let group = &proof.group;
    opening::group_side(srs, &commitments, &group.folds, &group.closing, &challenges)?;
    Ok(public)
}

/// A proof counts under the reference string that its domain names.
fn check_srs(srs: &VerifierSrs, statement: &Statement) -> Result<(), StatementError> {
    let (got, expected) = (statement.domain.srs_digest, srs.digest());
    if got == expected { Ok(()) } else { Err(StatementError::Srs { got, expected }) }
}

/// Digests `d1 .. d4` of the points of a proof (PE.T2); their numbers must be those of the class.
pub fn round_digests(class: &Class, group: &GroupProof) -> Result<[Fr; 4], VerifyError> {
    for (what, got, expected) in [
        ("column points", group.columns.len(), class.first_round_points()),
        ("second-round points", group.second.len(), class.second_round_points()),
        ("fold points", group.folds.len(), class.levels() - 1),
    ] {
        if got != expected {
            return Err(VerifyError::Shape { what, got, expected });
        }
    }
    Ok([
        digest::round(1, &group.columns),
        digest::round(2, &group.second),
        digest::round(3, &group.folds),
        group.closing.digest(),
    ])
}

/// Commitments of all polynomials in order; unused slots are the point at infinity.
pub fn commitments(class: &Class, statement: &Statement, group: &GroupProof) -> Vec<G1Affine> {
    let slots = |list: &[crate::handle::NamedCommitment], count: usize| {
        let mut points: Vec<G1Affine> = list.iter().map(|n| *n.commitment.point()).collect();
        points.resize(count, G1Affine::zero());
        points
    };
    let mut all: Vec<G1Affine> = group.columns.iter().chain(&group.second).copied().collect();
    all.extend(slots(&statement.job.inputs, class.inputs));
    all.extend(slots(&statement.job.outputs, class.outputs()));
    all
}

/// The field side of the verifier: what the wrap circuit proves. The transcript must be fresh.
pub fn verify_field(
    class: &Class,
    inputs: &StatementInputs,
    rounds: &[Fr; 4],
    proof: &FieldProof,
    transcript: &mut Transcript,
) -> Result<PublicInputs, VerifyError> {
    let [d1, d2, d3, d4] = rounds;
    let matrix: &ProgramMatrix = &inputs.matrix;
    // PE.T1
    transcript.absorb("stmt", &inputs.stmt);
    transcript.absorb("shape", &matrix.shape);
    transcript.absorb_all("layout", &matrix.layouts);
    transcript.absorb("prog", &inputs.prog);
    // PE.T2
    transcript.absorb("d1", d1);
    // PE.G1
    let g = transcript.challenges("g", class.log_rows());
    // PE.T3
    transcript.absorb("d2", d2);
    // PE.O1
    let y = transcript.challenges("y", class.log_chunk);
    // PE.H1 to PE.H4
    let leaf = verify_tree(class, &proof.tree, transcript)?;
    // PE.H5
    let [multiplicities, cells] = leaf_claims(class, &leaf);
    let mut claims = vec![layer_claim(class, matrix, &g), multiplicities, cells];
    claims.extend(output_claims(class, &y));
    // PE.I1 to PE.I3
    let u = verify_reduction(class, &claims, &proof.reduction, &proof.values, transcript)?;
    // PE.J1 to PE.J5
    let opened =
        opening::field_side(class.log_chunk, &u, &proof.values, *d3, *d4, &proof.opening, transcript)?;
    Ok(PublicInputs {
        stmt: inputs.stmt,
        shape: matrix.shape,
        layouts: matrix.layouts,
        prog: inputs.prog,
        rounds: *rounds,
        rho: opened.rho,
        r: opened.r,
        q: opened.q,
        z: opened.z,
        r_at_z: opened.r_at_z,
    })
}
