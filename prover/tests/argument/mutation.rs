//! Why each check is there: for every check an attack that a verifier without it accepts.
//!
//! Each attack is carried out twice: to the end against the verifier without the check, and as well as it can be
//! against the verifier as it is.

use crate::case::{Case, case};
use crate::forger::{Cells, Forger};
use crate::weakened::{
    CELLS, FIRST_OUTPUT, Known, LAYER, MULTIPLICITIES, Weakened, Without, distance, fold_values, horner,
};
use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use trine_prover::argument::columns::multiplicities;
use trine_prover::opening::Opened;
use trine_verifier::opening::{ARITY, ClosingPoints, OpeningProof, eq_table, residue_counts};
use trine_verifier::statement::StatementError;
use trine_verifier::{
    Class, Commitment, HandleRecord, InnerProof, Origin, Transcript, VerifyError, digest, verify,
};

const CLASS: Class = Class::REDUCED_TINY;

fn tiny(seed: u64) -> Case {
    case(CLASS, 3, 2, seed)
}

fn honest(case: &Case) -> Cells {
    Cells::from(&case.witness().columns)
}

/// An output word that is not the program's, every limb in range.
fn wrong_word(case: &Case) -> Cells {
    let mut columns = case.witness().columns;
    columns.cells[0][5] ^= 1;
    columns.multiplicities = multiplicities(&CLASS, &columns.cells);
    Cells::from(&columns)
}

/// An output word plus 2^64, its carry one higher: the program's modulo 2^64, yet another commitment.
fn unreduced_word(case: &Case) -> Cells {
    let mut columns = case.witness().columns;
    columns.cells[CLASS.limbs() - 1][0] += 1 << CLASS.top_bits();
    columns.cells[CLASS.carry_column()][0] += 1;
    columns.multiplicities = multiplicities(&CLASS, &columns.cells);
    Cells::from(&columns)
}

impl Forger<'_> {
    fn check(&self, without: Without, proof: &InnerProof) -> Result<(), VerifyError> {
        let verifier = Weakened { without, known: self.known };
        verifier.verify(&CLASS, self.case.key.verifier(), &self.statement, proof)
    }

    /// The attack succeeds without the check; with it, the id of the error.
    fn stopped_by(&self, without: Without) -> &'static str {
        assert_ne!(self.statement.job.outputs, self.case.statement.job.outputs, "the statement is true");
        assert_eq!(self.check(without, &self.forge(without)), Ok(()), "{without:?}");
        let best = self.forge(Without::Nothing);
        let error = verify(&CLASS, self.case.key.verifier(), &self.statement, &best).expect_err("forged");
        assert_eq!(self.check(Without::Nothing, &best), Err(error.clone()), "the copy is the verifier");
        error.id()
    }
}

#[test]
fn forger_and_copy_are_prover_and_verifier() {
    let case = tiny(30);
    let forger = Forger::new(&case, honest(&case));
    let proof = forger.forge(Without::Nothing);
    assert_eq!(proof, case.prove());
    assert_eq!(forger.check(Without::Nothing, &proof), Ok(()));
}

#[test]
fn the_linear_layer_stops_another_word() {
    let case = tiny(31);
    assert_eq!(Forger::new(&case, wrong_word(&case)).stopped_by(Without::Claim(LAYER)), "PE.I3");
}

#[test]
fn the_claim_on_multiplicities_stops_multiplicities_chosen_after_alpha() {
    let case = tiny(32);
    let mut forger = Forger::new(&case, unreduced_word(&case));
    forger.shown.mend = true;
    assert_eq!(forger.stopped_by(Without::Claim(MULTIPLICITIES)), "PE.I3");
}

#[test]
fn the_claim_on_cells_stops_a_tree_over_other_cells() {
    let case = tiny(33);
    let mut forger = Forger::new(&case, unreduced_word(&case));
    let shown = honest(&case);
    // The committed multiplicities are those of the tree: only the cells differ.
    forger.committed[CLASS.first_table()] = shown.multiplicities.clone();
    forger.claimed[CLASS.first_table()] = shown.multiplicities.clone();
    forger.shown.cells = shown;
    assert_eq!(forger.stopped_by(Without::Claim(CELLS)), "PE.I3");
}

#[test]
fn each_output_claim_stops_another_handle_in_its_slot() {
    for slot in 0..CLASS.outputs() {
        let case = tiny(34);
        let mut forger = Forger::new(&case, honest(&case));
        let words = vec![Fr::from(7u64); 1 << CLASS.log_chunk];
        forger.replace_output(slot, words.clone());
        forger.claimed[CLASS.first_output() + slot] = words;
        assert_eq!(forger.stopped_by(Without::Claim(FIRST_OUTPUT + slot)), "PE.I3");
    }
}

#[test]
fn the_root_numerator_stops_cells_outside_the_table() {
    let case = tiny(35);
    assert_eq!(Forger::new(&case, unreduced_word(&case)).stopped_by(Without::RootNumerator), "PE.H2");
}

#[test]
fn each_layer_stops_a_tree_that_changes_its_leaves_there() {
    let case = tiny(36);
    for layer in [1, 2, 7, CLASS.layers() - 1] {
        let mut forger = Forger::new(&case, unreduced_word(&case));
        forger.shown.decoy = Some((layer, honest(&case)));
        assert_eq!(forger.stopped_by(Without::TreeLayer(layer)), "PE.H4");
    }
}

#[test]
fn the_values_at_the_point_stop_claims_that_do_not_hold() {
    let case = tiny(37);
    assert_eq!(Forger::new(&case, wrong_word(&case)).stopped_by(Without::Reduction), "PE.I3");
}

#[test]
fn the_fold_chain_stops_values_of_other_polynomials() {
    let case = tiny(38);
    let mut forger = Forger::new(&case, honest(&case));
    // The values are those of the true output, the commitment is another's.
    forger.replace_output(0, vec![Fr::from(7u64); 9]);
    assert_eq!(forger.stopped_by(Without::FoldChain), "PE.J3");
}

#[test]
fn the_pairing_stops_polynomials_that_nobody_committed_to() {
    let case = tiny(39);
    let mut forger = Forger::new(&case, honest(&case));
    let opened = forger.committed.clone();
    forger.replace_output(0, vec![Fr::from(7u64); 9]);
    forger.committed = opened;
    assert_eq!(forger.stopped_by(Without::Pairing), "PE.K1");
}

/// PE.H3 guards an event of negligible probability: that alpha, drawn after the cells, is one of them. Two such cells
/// take every numerator and denominator above them to zero, whatever the other cells are.
#[test]
fn the_root_denominator_stops_cells_that_are_alpha() {
    let case = tiny(40);
    let alpha = Fr::from(5000u64);
    let mut cells = honest(&case);
    for row in [0, 1] {
        let change = alpha - cells.columns[0][row];
        cells.columns[0][row] = alpha;
        // No range holds any more: the carry absorbs the change, and G holds.
        cells.columns[CLASS.carry_column()][row] += change / Class::word_modulus();
    }
    let mut forger = Forger::new(&case, cells);
    forger.known = Known { alpha: Some(alpha), ..Known::default() };
    let proof = forger.forge(Without::RootDenominator);
    assert_eq!(forger.check(Without::RootDenominator, &proof), Ok(()));
    assert_eq!(forger.check(Without::Nothing, &proof), Err(VerifyError::RootDenominator));
}

/// PE.J5 guards another such event: U is a zero of X^s - U. Then the levels' values at U are bound by nothing, and
/// the last level can be one that evaluates to any value.
#[test]
fn distinct_points_stop_levels_that_do_not_follow_from_each_other() {
    let case = tiny(41);
    let mut forger = Forger::new(&case, honest(&case));
    forger.replace_output(0, vec![Fr::from(7u64); 9]);
    forger.known = Known { r: Some(Fr::one()), ..Known::default() };
    let mut inverse = None;
    let proof = forger.forge_with(Without::Nothing, |polynomials, point, values, transcript| {
        let (opened, said) = open_degenerate(&case, polynomials, point, values, transcript);
        inverse = Some(said);
        opened
    });
    let without = Without::DistinctPoints { inverse: inverse.unwrap() };
    assert_eq!(forger.check(without, &proof), Ok(()));
    assert_eq!(forger.check(Without::Nothing, &proof).map_err(|e| e.id()), Err("PE.J5"));
}

/// Opens to false values at `U = r = 1`; returns also what to say for `1 / (U^s - U)`.
fn open_degenerate(
    case: &Case,
    polynomials: &[Vec<Fr>],
    point: &[Fr],
    values: &[Fr],
    transcript: &mut Transcript,
) -> (Opened, Fr) {
    let (key, one) = (&case.key, Fr::one());
    let rho = transcript.challenge("rho");
    let mut levels = vec![combine(polynomials, rho)];
    let folded = residue_counts(point.len()).len() - 1;
    let chunks: Vec<&[Fr]> = point.chunks(ARITY.ilog2() as usize).collect();
    for variables in &chunks[..folded] {
        let weights = eq_table(variables);
        let fold = |part: &[Fr]| weights.iter().zip(part).map(|(w, c)| *w * c).sum();
        levels.push(levels[levels.len() - 1].chunks(ARITY).map(fold).collect());
    }
    // The last level is moved so that it evaluates to the false values.
    let weights = eq_table(chunks[folded]);
    let last = levels.last_mut().unwrap();
    let value: Fr = weights.iter().zip(last.iter()).map(|(w, c)| *w * c).sum();
    last[0] += (horner(values, rho) - value) / weights[0];

    let folds: Vec<_> = levels[1..].iter().map(|f| key.commit_fr(f).unwrap()).collect();
    transcript.absorb("d3", &digest::round(3, &folds));
    let residues: Vec<Vec<Fr>> = levels
        .iter()
        .zip(residue_counts(point.len()))
        .map(|(f, count)| (0..count).map(|b| f.iter().skip(b).step_by(ARITY).sum()).collect())
        .collect();
    let proof = OpeningProof { f0_at_u: horner(&levels[0], one), residues };
    transcript.absorb("f0", &proof.f0_at_u);
    transcript.absorb_all("residue", proof.residues.iter().flatten());
    let q = transcript.challenge("q");

    // B = A + c (X^s - 1) + (X^s - 1)(X - 1) Q with A of degree below s.
    let sum = combine(&levels, q);
    let outer = divide(&sum, ARITY, one);
    let c = horner(&outer, one);
    let quotient = divide(&outer, 1, one);
    let mut remainder: Vec<Fr> = (0..ARITY).map(|b| sum.iter().skip(b).step_by(ARITY).sum()).collect();
    remainder[0] -= c;
    remainder.push(c);
    let mut closing = ClosingPoints {
        quotient: key.commit_fr(&quotient).unwrap(),
        remainder: key.commit_fr(&remainder).unwrap(),
        ..ClosingPoints::INFINITY
    };
    transcript.absorb("d4", &closing.digest());
    let z = transcript.challenge("z");
    closing.witness = key.commit_fr(&divide(&remainder, 1, z)).unwrap();

    let mut at_u = vec![proof.f0_at_u];
    at_u.extend(fold_values(point, &proof.residues));
    let said = c / distance(&proof.residues, &at_u[..levels.len()], one, q);
    (Opened { folds, closing, proof }, said)
}

/// `sum_k base^k f_k`.
fn combine(polynomials: &[Vec<Fr>], base: Fr) -> Vec<Fr> {
    let mut sum = vec![Fr::zero(); polynomials.iter().map(Vec::len).max().unwrap_or(0)];
    let mut power = Fr::one();
    for polynomial in polynomials {
        sum.iter_mut().zip(polynomial).for_each(|(s, c)| *s += power * c);
        power *= base;
    }
    sum
}

/// Quotient of f by `X^e - c`.
fn divide(f: &[Fr], e: usize, c: Fr) -> Vec<Fr> {
    let mut quotient = f[e..].to_vec();
    for i in (0..quotient.len().saturating_sub(e)).rev() {
        let above = quotient[i + e];
        quotient[i] += c * above;
    }
    quotient
}

/// The one binding that is the caller's: `stmt` holds the handles, so a commitment that its handle does not name is
/// bound by no challenge. Two of them can be moved against each other, to a word of the forger's choice.
#[test]
fn commitments_that_their_handles_do_not_name_are_not_bound() {
    let case = tiny(42);
    let srs = case.key.verifier();
    let proof = case.prove();
    let rho = verify(&CLASS, srs, &case.statement, &proof).unwrap().rho;
    let move_by = |named: &Commitment, scale: Fr| {
        let word = case.key.commit_words(&[1]).unwrap();
        Commitment::new((*named.point() + word * scale).into()).unwrap()
    };
    let mut forged = case.statement.clone();
    let [first, second] = forged.job.outputs.as_mut_slice() else { unreachable!("two outputs") };
    // The first output is now one more in its first word.
    first.commitment = move_by(&first.commitment, Fr::one());
    second.commitment = move_by(&second.commitment, -rho.inverse().unwrap());
    assert!(verify(&CLASS, srs, &forged, &proof).is_ok(), "the verifier alone cannot know");

    let record = |commitment: &Commitment| HandleRecord {
        chain_id: case.statement.domain.chain_id,
        coprocessor: case.statement.domain.coprocessor,
        key_digest: case.statement.domain.key_digest,
        key_kind: trine_program::KeyKind::Compute,
        value_type: trine_program::ValueType::Nibbles,
        blocks: 2,
        origin: Origin::Output { request_id: case.statement.job.request_id, job: 0, segment: 0, index: 0 },
        commitment_digest: commitment.digest(),
    };
    let (honest, forged) = (&case.statement.job.outputs[0], &forged.job.outputs[0]);
    assert_ne!(record(&honest.commitment).handle(), record(&forged.commitment).handle(), "its handle does");
}

#[test]
fn a_domain_with_another_reference_string_is_rejected() {
    let case = tiny(43);
    let proof = case.prove();
    let mut statement = case.statement.clone();
    statement.domain.srs_digest[31] ^= 1;
    let expected = case.key.verifier().digest();
    let error = StatementError::Srs { got: statement.domain.srs_digest, expected };
    assert_eq!(verify(&CLASS, case.key.verifier(), &statement, &proof), Err(error.into()));
}
