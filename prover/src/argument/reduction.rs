//! PE.I: one sumcheck reduces all linear claims to one point, prover's side.

use super::dense::{add_product, bind};
use ark_bn254::Fr;
use ark_ff::{One, Zero};
use rayon::prelude::*;
use trine_verifier::Transcript;
use trine_verifier::claim::LinearClaim;
use trine_verifier::class::Class;

/// Rounds of the reduction, the point, and the polynomials' values there.
pub struct Reduction {
    /// `(s_0, s_inf)` of each round.
    pub rounds: Vec<[Fr; 2]>,
    /// `u`.
    pub point: Vec<Fr>,
    /// `v_0 ..`.
    pub values: Vec<Fr>,
}

/// Proves the claims over `polynomials` (each at most `2^m` coefficients, zeros above).
pub fn prove_reduction(
    class: &Class,
    claims: &[LinearClaim],
    polynomials: &[Vec<Fr>],
    transcript: &mut Transcript,
) -> Reduction {
    let gamma = transcript.challenge("gamma");
    let length = 1usize << class.log_chunk;
    let mut pairs: Vec<(Vec<Fr>, Vec<Fr>)> = polynomials
        .par_iter()
        .enumerate()
        .map(|(k, polynomial)| {
            let mut values = polynomial.clone();
            values.resize(length, Fr::zero());
            let mut weights = vec![Fr::zero(); length];
            let mut power = Fr::one();
            for claim in claims {
                for (_, weight) in claim.terms.iter().filter(|(of, _)| *of == k) {
                    add_product(&mut weights, weight, power);
                }
                power *= gamma;
            }
            (values, weights)
        })
        .collect();
    let (mut rounds, mut point) = (vec![], vec![]);
    for _ in 0..class.log_chunk {
        let add = |a: (Fr, Fr), b: (Fr, Fr)| (a.0 + b.0, a.1 + b.1);
        let zero = || (Fr::zero(), Fr::zero());
        let (s_0, s_inf) = pairs
            .par_iter()
            .map(|(values, weights)| {
                values
                    .chunks_exact(2)
                    .zip(weights.chunks_exact(2))
                    .fold(zero(), |sum, (f, w)| add(sum, (f[0] * w[0], (f[1] - f[0]) * (w[1] - w[0]))))
            })
            .reduce(zero, add);
        transcript.absorb_all("s", &[s_0, s_inf]);
        let u = transcript.challenge("u");
        pairs.par_iter_mut().for_each(|(values, weights)| {
            bind(values, &u);
            bind(weights, &u);
        });
        rounds.push([s_0, s_inf]);
        point.push(u);
    }
    let values: Vec<Fr> = pairs.iter().map(|(values, _)| values[0]).collect();
    transcript.absorb_all("v", &values);
    Reduction { rounds, point, values }
}
