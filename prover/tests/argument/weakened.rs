//! The verifier a second time, with one check left out: an attack that it accepts shows what the check is for.

use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use trine_verifier::claim::LinearClaim;
use trine_verifier::class::Class;
use trine_verifier::lookup::{LeafClaim, leaf_claims};
use trine_verifier::opening::{
    ARITY, OpeningChallenges, OpeningError, OpeningProof, eq_table, group_side, remainder_at,
};
use trine_verifier::program::ProgramMatrix;
use trine_verifier::proof::TreeProof;
use trine_verifier::relation::{layer_claim, output_claims};
use trine_verifier::srs::VerifierSrs;
use trine_verifier::statement::StatementInputs;
use trine_verifier::transcript::ARGUMENT_TAG;
use trine_verifier::verify::{commitments, round_digests};
use trine_verifier::{InnerProof, Statement, Transcript, VerifyError};

/// Places of the linear claims in their order.
pub const LAYER: usize = 0;
pub const MULTIPLICITIES: usize = 1;
pub const CELLS: usize = 2;
pub const FIRST_OUTPUT: usize = 3;

/// What a verifier leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Without {
    Nothing,
    RootNumerator,
    RootDenominator,
    /// One layer, from 1.
    TreeLayer(usize),
    /// One linear claim.
    Claim(usize),
    Reduction,
    FoldChain,
    /// Takes what the prover says for `1 / (U^s - U)`.
    DistinctPoints {
        inverse: Fr,
    },
    Pairing,
}

/// A verifier that leaves one check out. Challenges in `known` are not drawn but fixed beforehand: checks that guard
/// against an unlikely challenge are seen at work only where the prover knows it.
#[derive(Clone, Copy, Debug)]
pub struct Weakened {
    pub without: Without,
    pub known: Known,
}

/// Challenges that the prover knows beforehand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    pub alpha: Option<Fr>,
    pub r: Option<Fr>,
}

impl Known {
    pub fn alpha(self, transcript: &mut Transcript) -> Fr {
        self.alpha.unwrap_or_else(|| transcript.challenge("alpha"))
    }

    pub fn r(self, transcript: &mut Transcript) -> Fr {
        self.r.unwrap_or_else(|| transcript.challenge("r"))
    }
}

/// The claims of the reduction, less the one left out.
pub fn claims(
    class: &Class,
    matrix: &ProgramMatrix,
    (g, leaf, y): (&[Fr], &LeafClaim, &[Fr]),
    without: Without,
) -> Vec<LinearClaim> {
    let mut claims = vec![layer_claim(class, matrix, g)];
    claims.extend(leaf_claims(class, leaf));
    claims.extend(output_claims(class, y));
    if let Without::Claim(index) = without {
        claims.remove(index);
    }
    claims
}

/// PE.T1 to PE.O1: the points `g` and `y`.
pub fn start(
    class: &Class,
    inputs: &StatementInputs,
    d1: &Fr,
    d2: &Fr,
    transcript: &mut Transcript,
) -> (Vec<Fr>, Vec<Fr>) {
    transcript.absorb("stmt", &inputs.stmt);
    transcript.absorb("shape", &inputs.matrix.shape);
    transcript.absorb_all("layout", &inputs.matrix.layouts);
    transcript.absorb("prog", &inputs.prog);
    transcript.absorb("d1", d1);
    let g = transcript.challenges("g", class.log_rows());
    transcript.absorb("d2", d2);
    (g, transcript.challenges("y", class.log_chunk))
}

pub fn merge([p0, p1, q0, q1]: &[Fr; 4], mu: Fr) -> (Fr, Fr) {
    (*p0 + mu * (*p1 - p0), *q0 + mu * (*q1 - q0))
}

impl Weakened {
    pub fn verify(
        &self,
        class: &Class,
        srs: &VerifierSrs,
        statement: &Statement,
        proof: &InnerProof,
    ) -> Result<(), VerifyError> {
        let inputs = statement.inputs(class)?;
        let [d1, d2, d3, d4] = round_digests(class, &proof.group)?;
        let mut transcript = Transcript::new(ARGUMENT_TAG);
        let (g, y) = start(class, &inputs, &d1, &d2, &mut transcript);
        let leaf = self.tree(&proof.field.tree, &mut transcript)?;
        let claims = claims(class, &inputs.matrix, (&g, &leaf, &y), self.without);
        let values = &proof.field.values;
        let u = self.reduction(&claims, &proof.field.reduction, values, &mut transcript)?;
        let challenges = self.opening(&u, values, [d3, d4], &proof.field.opening, &mut transcript)?;
        let (group, all) = (&proof.group, commitments(class, statement, &proof.group));
        match group_side(srs, &all, &group.folds, &group.closing, &challenges) {
            Err(_) if self.without == Without::Pairing => Ok(()),
            result => Ok(result?),
        }
    }

    fn tree(&self, proof: &TreeProof, transcript: &mut Transcript) -> Result<LeafClaim, VerifyError> {
        let alpha = self.known.alpha(transcript);
        let [p0, p1, q0, q1] = proof.root;
        transcript.absorb_all("root", &proof.root);
        if p0 * q1 != -p1 * q0 && self.without != Without::RootNumerator {
            return Err(VerifyError::RootNumerator);
        }
        if (q0 * q1).is_zero() && self.without != Without::RootDenominator {
            return Err(VerifyError::RootDenominator);
        }
        let mu = transcript.challenge("mu");
        let (mut p, mut q) = merge(&proof.root, mu);
        let mut point = vec![mu];
        for (index, layer) in proof.layers.iter().enumerate() {
            let lambda = transcript.challenge("lambda");
            let mut claim = p + lambda * q;
            let mut next = vec![];
            for ([e, t_inf], x) in layer.rounds.iter().zip(&point) {
                transcript.absorb_all("round", [e, t_inf]);
                let rho = transcript.challenge("rho_layer");
                let (at_0, at_1) = (claim - *x * e, claim + (Fr::one() - x) * e);
                claim = at_0 + rho * (at_1 - at_0) + rho * (rho - Fr::one()) * t_inf;
                next.push(rho);
            }
            let [p0, p1, q0, q1] = layer.children;
            transcript.absorb_all("children", &layer.children);
            let follows = claim == p0 * q1 + p1 * q0 + lambda * q0 * q1;
            if !follows && self.without != Without::TreeLayer(index + 1) {
                return Err(VerifyError::TreeLayer { layer: index + 1 });
            }
            let mu = transcript.challenge("mu");
            (p, q) = merge(&layer.children, mu);
            next.push(mu);
            point = next;
        }
        Ok(LeafClaim { alpha, point, p, q })
    }

    fn reduction(
        &self,
        claims: &[LinearClaim],
        rounds: &[[Fr; 2]],
        values: &[Fr],
        transcript: &mut Transcript,
    ) -> Result<Vec<Fr>, VerifyError> {
        let gamma = transcript.challenge("gamma");
        let powers: Vec<Fr> = (0..claims.len() as u64).map(|i| gamma.pow([i])).collect();
        let batch = |values: Vec<Fr>| -> Fr { powers.iter().zip(values).map(|(p, v)| *p * v).sum() };
        let mut claim = batch(claims.iter().map(|c| c.value).collect());
        let mut point = vec![];
        for [s_0, s_inf] in rounds {
            transcript.absorb_all("s", [s_0, s_inf]);
            let u = transcript.challenge("u");
            let s_1 = claim - s_0;
            claim = *s_0 + u * (s_1 - s_0) + u * (u - Fr::one()) * s_inf;
            point.push(u);
        }
        transcript.absorb_all("v", values);
        let expected = batch(claims.iter().map(|c| c.evaluate(&point, values)).collect());
        if expected == claim || self.without == Without::Reduction {
            Ok(point)
        } else {
            Err(VerifyError::Reduction)
        }
    }

    fn opening(
        &self,
        point: &[Fr],
        values: &[Fr],
        [d3, d4]: [Fr; 2],
        opening: &OpeningProof,
        transcript: &mut Transcript,
    ) -> Result<OpeningChallenges, OpeningError> {
        let rho = transcript.challenge("rho");
        transcript.absorb("d3", &d3);
        let r = self.known.r(transcript);
        let u = r.pow([ARITY as u64]);
        transcript.absorb("f0", &opening.f0_at_u);
        transcript.absorb_all("residue", opening.residues.iter().flatten());
        let mut at_u = vec![opening.f0_at_u];
        at_u.extend(fold_values(point, &opening.residues));
        let batched = values.iter().rev().fold(Fr::zero(), |sum, v| sum * rho + v);
        if at_u.pop() != Some(batched) && self.without != Without::FoldChain {
            return Err(OpeningError::FoldChain);
        }
        let q = transcript.challenge("q");
        transcript.absorb("d4", &d4);
        let z = transcript.challenge("z");
        let r_at_z = match self.without {
            Without::DistinctPoints { inverse } => {
                let inner: Fr =
                    opening.residues.iter().rev().fold(Fr::zero(), |sum, a| sum * q + horner(a, z));
                inner + distance(&opening.residues, &at_u, u, q) * (z.pow([ARITY as u64]) - u) * inverse
            }
            _ => remainder_at(&opening.residues, &at_u, u, q, z)?,
        };
        Ok(OpeningChallenges { rho, r, q, z, r_at_z })
    }
}

/// What each level's residues give for the next level at U; the last is the opened value.
pub fn fold_values(point: &[Fr], residues: &[Vec<Fr>]) -> Vec<Fr> {
    let fold = |(variables, residues): (&[Fr], &Vec<Fr>)| {
        eq_table(variables).iter().zip(residues).map(|(w, r)| *w * r).sum()
    };
    point.chunks(ARITY.ilog2() as usize).zip(residues).map(fold).collect()
}

/// `sum_l q^l (f_l(U) - A_l(U))`.
pub fn distance(residues: &[Vec<Fr>], at_u: &[Fr], u: Fr, q: Fr) -> Fr {
    residues.iter().zip(at_u).rev().fold(Fr::zero(), |sum, (a, f)| sum * q + (*f - horner(a, u)))
}

pub fn horner(coefficients: &[Fr], x: Fr) -> Fr {
    coefficients.iter().rev().fold(Fr::zero(), |a, c| a * x + c)
}
