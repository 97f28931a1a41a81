//! The words of an evaluation key in the order of its columns.

use rayon::prelude::*;
use trine_fhe::bootstrapping::EvaluationKey;
use trine_fhe::bootstrapping::keyswitch::KeyswitchKey;
use trine_fhe::bootstrapping::rotation::RotationKey;
use trine_fhe::parameters::LWE_DIMENSION;
use trine_program::KeyKind;
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::bootstrapping::parameters::{GROUPING, SUBSETS};

/// Both polynomials of an accumulator.
const COMPONENTS: usize = 2;

/// Words of an evaluation key, laid out as the key's columns: each as long as its rows, zeros in the padding.
#[derive(PartialEq, Eq)]
pub struct KeyWords {
    /// By (j, c, u, subset, step).
    pub bootstrapping: Vec<u64>,
    /// By (k, step, level, j), compute and casting key; empty for a key without one.
    pub keyswitching: [Vec<u64>; 2],
}

impl KeyWords {
    /// Lays the words of a key of the production parameters out: 269 MB, and 134 MB for each keyswitching key.
    pub fn new(key: &EvaluationKey) -> Self {
        let keyswitching = [KeyKind::Compute, KeyKind::Casting]
            .map(|kind| key.keyswitch(kind).map(keyswitching).unwrap_or_default());
        Self { bootstrapping: bootstrapping(key.rotation()), keyswitching }
    }
}

/// By (j, c, u, subset, step), the groups at steps 1 to G.
fn bootstrapping(key: &RotationKey) -> Vec<u64> {
    let p = Parameters::PRODUCTION;
    let mut words = vec![0; p.n() * COMPONENTS * COMPONENTS * SUBSETS * p.steps()];
    let polynomials = words.par_chunks_exact_mut(p.n()).enumerate().skip(COMPONENTS * COMPONENTS * SUBSETS);
    polynomials.take(COMPONENTS * COMPONENTS * SUBSETS * key.groups()).for_each(|(index, polynomial)| {
        let (c, u, subset) = (index % 2, index / 2 % 2, index / 4 % SUBSETS);
        let step = index / (COMPONENTS * COMPONENTS * SUBSETS);
        for (to, word) in polynomial.iter_mut().zip(key.words(step - 1, subset, u, c)) {
            *to = word;
        }
    });
    words
}

/// By (k, step, level, j): mask word `4 (step - 1) + k`, the body at step 0 and k = 3.
fn keyswitching(key: &KeyswitchKey) -> Vec<u64> {
    let p = Parameters::PRODUCTION;
    let (levels, row_words) = (key.decomposition().levels, GROUPING * p.steps());
    let mut words = vec![0; row_words * (p.n() << p.log_levels())];
    words.par_chunks_exact_mut(row_words << p.log_levels()).enumerate().for_each(|(j, of_word)| {
        for (level, to) in of_word.chunks_exact_mut(row_words).take(levels).enumerate() {
            let row = key.row(j * levels + level);
            to[GROUPING..GROUPING + LWE_DIMENSION].copy_from_slice(&row[..LWE_DIMENSION]);
            to[GROUPING - 1] = row[LWE_DIMENSION];
        }
    });
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{container_words, key_of_zeros};
    use trine_fhe::bootstrapping::rotation::Backend;

    /// Index in tfhe-rs's bootstrapping key `[group][subset][row u][column c][j]`; `None` in the padding.
    fn bootstrapping_index(index: usize) -> Option<usize> {
        let (j, c, u) = (index % 2048, index >> 11 & 1, index >> 12 & 1);
        let (subset, step) = (index >> 13 & 15, index >> 17);
        let group = step.checked_sub(1).filter(|group| *group < 230)?;
        Some((((group * 16 + subset) * 2 + u) * 2 + c) * 2048 + j)
    }

    /// Index in tfhe-rs's keyswitching key `[j][level][921 words]`; `None` in the padding.
    fn keyswitching_index(index: usize, levels: usize) -> Option<usize> {
        let (k, step, level, j) = (index & 3, index >> 2 & 255, index >> 10 & 7, index >> 13);
        let word = match step {
            0 if k == 3 => 920,
            0 => return None,
            _ => 4 * (step - 1) + k,
        };
        (level < levels && (step == 0 || word < 920)).then_some((j * levels + level) * 921 + word)
    }

    fn assert_words(what: &str, words: &[u64], expected: &[u64], index: impl Fn(usize) -> Option<usize>) {
        let wrong = |at: &usize| words[*at] != index(*at).map_or(0, |index| expected[index]);
        assert_eq!((0..words.len()).find(wrong), None, "{what}");
    }

    #[test]
    fn words_lie_where_the_columns_have_them() {
        let [bootstrapping, compute, casting] = container_words("words");
        let key =
            EvaluationKey::from_words(Backend::detect(), &bootstrapping, &compute, Some(&casting)).unwrap();
        let words = KeyWords::new(&key);
        assert_eq!((words.bootstrapping.len(), words.keyswitching[0].len()), (1 << 25, 1 << 24));
        assert_words("bootstrapping", &words.bootstrapping, &bootstrapping, bootstrapping_index);
        assert_words("compute", &words.keyswitching[0], &compute, |index| keyswitching_index(index, 5));
        assert_words("casting", &words.keyswitching[1], &casting, |index| keyswitching_index(index, 4));
    }

    #[test]
    fn a_key_that_is_not_there_has_no_words() {
        let words = KeyWords::new(&key_of_zeros());
        assert_eq!(words.keyswitching.map(|words| words.len()), [1 << 24, 0]);
    }
}
