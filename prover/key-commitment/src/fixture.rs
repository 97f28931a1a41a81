//! Evaluation keys of random words: everything that a proof states holds for all words.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use trine_fhe::bootstrapping::EvaluationKey;
use trine_fhe::bootstrapping::keyswitch::{Decomposition, SMALL_WORDS};
use trine_fhe::bootstrapping::rotation::Backend;
use trine_fhe::parameters::{GROUPS, POLYNOMIAL_SIZE};
use trine_program::KeyKind;

/// Words drawn from a name: the same on every machine.
pub fn words(name: &str, count: usize) -> Vec<u64> {
    let mut rng = ChaCha20Rng::from_seed(blake3::hash(name.as_bytes()).into());
    let mut bytes = vec![0; 8 * count];
    rng.fill_bytes(&mut bytes);
    bytes.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect()
}

const BOOTSTRAPPING_WORDS: usize = GROUPS * 16 * 4 * POLYNOMIAL_SIZE;

fn keyswitching_words(kind: KeyKind) -> usize {
    Decomposition::of(kind).rows() * SMALL_WORDS
}

/// The container words of an evaluation key: bootstrapping, compute, casting.
pub fn container_words(name: &str) -> [Vec<u64>; 3] {
    [
        words(&format!("{name} bootstrapping"), BOOTSTRAPPING_WORDS),
        words(&format!("{name} compute"), keyswitching_words(KeyKind::Compute)),
        words(&format!("{name} casting"), keyswitching_words(KeyKind::Casting)),
    ]
}

/// A key of random words, with a casting key.
pub fn evaluation_key(name: &str) -> EvaluationKey {
    let [bootstrapping, compute, casting] = container_words(name);
    EvaluationKey::from_words(Backend::detect(), &bootstrapping, &compute, Some(&casting)).unwrap()
}

/// A key of zeros without a casting key.
pub fn key_of_zeros() -> EvaluationKey {
    let bootstrapping = vec![0; BOOTSTRAPPING_WORDS];
    let compute = vec![0; keyswitching_words(KeyKind::Compute)];
    EvaluationKey::from_words(Backend::detect(), &bootstrapping, &compute, None).unwrap()
}
