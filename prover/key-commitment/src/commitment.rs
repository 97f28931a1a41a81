//! Commitments to the words of a key, chunk by chunk.

use crate::words::KeyWords;
use ark_bn254::G1Affine;
use trine_kernels::msm::{Bases, MsmError};
use trine_verifier::bootstrapping::{KeyCommitments, Parameters};

/// Commits to the words of a key. A key that is not there has commitments at infinity, as many as the others of its kind.
///
/// Error: fewer powers than a chunk has words.
pub fn commit_keys(
    bases: &Bases,
    parameters: &Parameters,
    words: &KeyWords,
) -> Result<KeyCommitments, MsmError> {
    let [compute, casting] = &words.keyswitching;
    let bootstrapping = commit(bases, parameters, &words.bootstrapping)?;
    let compute = commit(bases, parameters, compute)?;
    let mut casting = commit(bases, parameters, casting)?;
    casting.resize(compute.len(), G1Affine::default());
    Ok(KeyCommitments { bootstrapping, keyswitching: [compute, casting] })
}

fn commit(bases: &Bases, parameters: &Parameters, words: &[u64]) -> Result<Vec<G1Affine>, MsmError> {
    words.chunks(1 << parameters.log_chunk).map(|chunk| bases.commit_u64(chunk)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::words;
    use ark_bn254::{Fr, G1Projective};
    use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
    use trine_kernels::Backend;
    use trine_kernels::msm::powers_of_tau;

    fn reduced(casting: bool) -> KeyWords {
        KeyWords {
            bootstrapping: words("bootstrapping", 1 << 13),
            keyswitching: [words("compute", 1 << 12), words("casting", if casting { 1 << 12 } else { 0 })],
        }
    }

    #[test]
    fn commitments_are_those_of_the_chunks() {
        let powers = powers_of_tau(Backend::detect(), Fr::from(77u64), 1 << 10);
        let bases = Bases::new(Backend::detect(), &powers);
        let (parameters, words) = (Parameters::REDUCED, reduced(true));
        let commitments = commit_keys(&bases, &parameters, &words).unwrap();
        let [compute, casting] = &words.keyswitching;
        let chunks =
            [&words.bootstrapping, compute, casting].into_iter().flat_map(|list| list.chunks(1 << 10));
        let expected: Vec<G1Affine> =
            chunks.map(|chunk| G1Projective::msm_u64(&powers, chunk).into_affine()).collect();
        assert_eq!((expected.len(), commitments.points()), (16, expected));
        assert!(commitments.has_casting());

        let without = commit_keys(&bases, &parameters, &reduced(false)).unwrap();
        assert_eq!(without.keyswitching[0], commitments.keyswitching[0]);
        assert_eq!(without.keyswitching[1], vec![G1Affine::zero(); 4]);
        assert!(!without.has_casting());
    }

    #[test]
    fn too_few_powers_are_named() {
        let powers = powers_of_tau(Backend::detect(), Fr::from(77u64), 1 << 9);
        let bases = Bases::new(Backend::detect(), &powers);
        let error = commit_keys(&bases, &Parameters::REDUCED, &reduced(true)).err();
        assert_eq!(error, Some(MsmError::TooLong { offset: 0, length: 1 << 10, powers: 1 << 9 }));
    }
}
