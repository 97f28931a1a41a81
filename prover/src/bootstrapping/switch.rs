//! Steps PB.E1 to PB.E4: keyswitch product and modulus switch.
//!
//! Both factors are over level, j and key: digits folded over slots, those of each key by itself, and the words of each
//! key folded by what the modulus switch does with them.

use super::columns::{Columns, KeyWords};
use super::product::bind;
use ark_bn254::Fr;
use ark_ff::Zero;
use rayon::prelude::*;
use trine_kernels::{Backend, Block, Kernel, LANES, Lanes, Scaled};
use trine_program::circuit::Circuit;
use trine_verifier::bootstrapping::parameters::{KEY_KINDS, LOG_GROUPING};
use trine_verifier::bootstrapping::shape::{Column, Shape};
use trine_verifier::bootstrapping::switch::{ProductPoint, SwitchPoint, SwitchProof, kinds};
use trine_verifier::opening::eq_table;
use trine_verifier::transcript::Transcript;

/// Rows of a keyswitching key that one task folds.
const ROWS: usize = 256;

/// Proves the product of keyswitch digits and key words at a random row of the modulus switch.
///
/// Returns the proof, the row (PB.E1) and where the sumcheck ends.
pub fn prove(
    backend: Backend,
    shape: &Shape,
    circuit: &Circuit,
    columns: &Columns,
    keys: &KeyWords,
    transcript: &mut Transcript,
) -> (SwitchProof, SwitchPoint, ProductPoint) {
    // PB.E1
    let e = SwitchPoint::draw(shape, transcript);
    let mut digits = folded_digits(shape, circuit, columns, &e);
    let mut words = folded_words(backend, shape, keys, &e);
    // PB.E2
    let product = digits.iter().zip(&words).map(|(digit, word)| *digit * word).sum();
    transcript.absorb("E.product", &product);
    // PB.E3
    let (mut point, mut rounds) = (vec![], vec![]);
    while digits.len() > 1 {
        let round = quadratic_round(&digits, &words);
        transcript.absorb_all("E.rounds", &round);
        let challenge = transcript.challenge("t");
        bind(&mut digits, challenge);
        bind(&mut words, challenge);
        rounds.push(round);
        point.push(challenge);
    }
    let [digits, key] = [digits, words].map(|factor| factor.first().copied().unwrap_or_default());
    transcript.absorb_all("E.values", [&digits, &key]);
    let (level, rest) = point.split_at(shape.parameters.log_levels());
    let (word, kind) = rest.split_at(shape.parameters.log_n);
    let kind = kind.first().copied().unwrap_or_default();
    let t = ProductPoint { level: level.to_vec(), word: word.to_vec(), kind };
    (SwitchProof { product, rounds, digits, key }, e, t)
}

/// `(s(0), leading coefficient)` of the sum of products in the lowest variable.
fn quadratic_round(left: &[Fr], right: &[Fr]) -> [Fr; 2] {
    let mut round = [Fr::zero(); 2];
    for (l, r) in left.as_chunks::<2>().0.iter().zip(right.as_chunks::<2>().0) {
        round[0] += l[0] * r[0];
        round[1] += (l[1] - l[0]) * (r[1] - r[0]);
    }
    round
}

/// Digits folded over slots, by (level, j, key).
fn folded_digits(shape: &Shape, circuit: &Circuit, columns: &Columns, e: &SwitchPoint) -> Vec<Fr> {
    let p = &shape.parameters;
    let levels = 1 << p.log_levels();
    let cells: Vec<&[u32]> =
        (0..p.max_levels()).map(|l| columns.get(Column::KeyswitchDigit(l as u8))).collect();
    let offset = p.digit_offset() as i64;
    let mut folded = vec![Fr::zero(); KEY_KINDS * p.n() * levels];
    for (slot, (weight, kind)) in eq_table(&e.slot).into_iter().zip(kinds(shape, circuit)).enumerate() {
        // A digit is small: its product is looked up.
        let most = 2 * offset as usize;
        let products: Vec<Fr> = (0..=most).map(|cell| weight * Fr::from(cell as i64 - offset)).collect();
        let first = usize::from(kind.code()) * p.n() * levels;
        let key = &mut folded[first..first + p.n() * levels];
        key.par_chunks_mut(levels).enumerate().with_min_len(ROWS).for_each(|(j, by_level)| {
            for (sum, cells) in by_level.iter_mut().zip(&cells) {
                let cell = cells[slot * p.n() + j];
                *sum += match products.get(cell as usize) {
                    Some(product) => *product,
                    None => weight * Fr::from(i64::from(cell) - offset),
                };
            }
        });
    }
    folded
}

/// Key words folded over the words of a row, by (level, j, key); zeros for an absent key.
fn folded_words(backend: Backend, shape: &Shape, keys: &KeyWords, e: &SwitchPoint) -> Vec<Fr> {
    let p = &shape.parameters;
    let row = 1 << (LOG_GROUPING + p.log_steps);
    // Words of steps above G are padding.
    let used = ((p.groups + 1) << LOG_GROUPING).next_multiple_of(LANES).min(row);
    let weights = backend.run(ScaledBlocks(&e.word_weight().table()[..used]));
    let levels = 1 << p.log_levels();
    let mut folded = vec![Fr::zero(); KEY_KINDS * p.n() * levels];
    for ((folded, words), gadget) in
        folded.chunks_mut(p.n() * levels).zip(&keys.keyswitching).zip(p.keyswitching)
    {
        folded
            .par_chunks_mut(levels)
            .zip(words.par_chunks(levels * row))
            .with_min_len(ROWS / levels)
            .for_each(|(folded, words)| {
                let folded = &mut folded[..gadget.levels];
                backend.run(FoldRows { weights: &weights, words, row, folded });
            });
    }
    folded
}

/// Factors of integers, eight a block.
struct ScaledBlocks<'a>(&'a [Fr]);

impl Kernel for ScaledBlocks<'_> {
    type Output = Vec<Block>;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Vec<Block> {
        let mut blocks = vec![Block::default(); self.0.len() / LANES];
        for (block, factors) in blocks.iter_mut().zip(self.0.as_chunks::<LANES>().0) {
            Scaled::<L>::from_elements(factors).store(block);
        }
        blocks
    }
}

/// Inner products of weights with the first rows of words.
struct FoldRows<'a> {
    weights: &'a [Block],
    words: &'a [u64],
    row: usize,
    folded: &'a mut [Fr],
}

impl Kernel for FoldRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        for (words, folded) in self.words.chunks_exact(self.row).zip(self.folded) {
            let mut total = L::zero();
            let words = words.as_chunks::<LANES>().0;
            for (weights, words) in
                self.weights.chunks(L::MAX_PRODUCTS / 2).zip(words.chunks(L::MAX_PRODUCTS / 2))
            {
                let mut sum = L::empty_sum();
                for (weight, words) in weights.iter().zip(words) {
                    L::accumulate_u64(&mut sum, Scaled::load(weight), words);
                }
                total = total.add(L::reduce(sum));
            }
            *folded = total.sum();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bootstrapping::rotation::tests::Case;
    use std::time::Instant;
    use trine_verifier::bootstrapping::Parameters;
    use trine_verifier::bootstrapping::switch::{
        switch_digits_claim, switch_key_claim, verify_switch_product,
    };

    type Proved = (SwitchProof, SwitchPoint, ProductPoint);

    fn prove_case(case: &Case, backend: Backend) -> Proved {
        let Case { shape, circuit, columns, keys, .. } = case;
        prove(backend, shape, circuit, columns, keys, &mut Transcript::new("test"))
    }

    /// Steps PB.E1 to PB.E6 of the verifier.
    fn verify(case: &Case, (proof, e, t): &Proved) {
        let transcript = &mut Transcript::new("test");
        assert_eq!(*e, SwitchPoint::draw(&case.shape, transcript));
        transcript.absorb("E.product", &proof.product);
        let (point, claim) = verify_switch_product(&case.shape, proof, transcript).unwrap();
        assert_eq!(*t, point);
        assert_eq!(proof.digits * proof.key, claim);
        case.check(&switch_digits_claim(&case.shape, &case.circuit, e, t, proof.digits));
        case.check(&switch_key_claim(e, t, proof.key));
    }

    fn proofs_verify(case: &Case) {
        let first = prove_case(case, Backend::portable());
        verify(case, &first);
        for backend in Backend::all() {
            assert_eq!(prove_case(case, backend), first, "{backend:?}");
        }
    }

    #[test]
    fn proofs_of_random_columns_verify() {
        for (parameters, bootstrappings) in
            [(Parameters::REDUCED, 3), (Parameters::REDUCED, 1), (Parameters::REDUCED_GADGETS, 4)]
        {
            proofs_verify(&Case::new(parameters, bootstrappings, 3));
        }
    }

    #[test]
    fn an_absent_key_counts_as_zeros() {
        let mut case = Case::new(Parameters::REDUCED, 1, 4);
        case.keys.keyswitching[1].clear();
        proofs_verify(&case);
    }

    #[test]
    #[ignore = "slow: production size"]
    fn production_size() {
        for bootstrappings in [1, 4] {
            let case = Case::new(Parameters::PRODUCTION, bootstrappings, 1);
            for backend in Backend::all() {
                let start = Instant::now();
                let (proof, ..) = prove_case(&case, backend);
                let seconds = start.elapsed().as_secs_f64();
                println!("{backend:?} P = {bootstrappings}: {seconds:.3} s, {}", proof.key);
            }
        }
    }
}
