//! Steps PB.E2 to PB.E4, prover's side: the tables of the keyswitch product.

use crate::case::Case;
use crate::trace::Trace;
use ark_bn254::Fr;
use ark_ff::Zero;
use trine_prover::bootstrapping::KeyWords;
use trine_verifier::bootstrapping::switch::{SwitchPoint, kinds};
use trine_verifier::opening::eq_table;

/// Digits folded over the slots of each key, and keys folded over their words, by level, j and key.
pub fn tables(case: &Case, trace: &Trace, keys: &KeyWords, e: &SwitchPoint) -> [Vec<Fr>; 2] {
    let p = &case.parameters;
    let rows = p.n() << p.log_levels();
    let mut digits = vec![Fr::zero(); 2 * rows];
    for (slot, (weight, kind)) in
        eq_table(&e.slot).into_iter().zip(kinds(&case.shape, &case.circuit)).enumerate()
    {
        for j in 0..p.n() {
            for level in 0..p.max_levels() {
                let digit = trace.product_digits[(slot * p.n() + j) * p.max_levels() + level];
                let row = level + (j << p.log_levels()) + usize::from(kind.code()) * rows;
                digits[row] += weight * Fr::from(digit);
            }
        }
    }
    let weights = e.word_weight().table();
    let fold =
        |words: &[u64]| words.iter().zip(&weights).map(|(word, weight)| Fr::from(*word) * weight).sum();
    let words = keys.keyswitching.iter().flat_map(|key| key.chunks_exact(4 * p.steps())).map(fold).collect();
    [digits, words]
}
