//! The keyswitch is tfhe-rs's, word for word.

use crate::keys::{evaluation_key, keyswitch_key, words};
use tfhe::core_crypto::prelude::{CiphertextModulus, LweCiphertext, keyswitch_lwe_ciphertext};
use trine_fhe::BlockWords;
use trine_fhe::bootstrapping::rotation::Backend;
use trine_fhe::parameters::{BLOCK_WORDS, POLYNOMIAL_SIZE};
use trine_program::KeyKind;

/// Words at the tie of the decomposition, with either rounding bit, and at every boundary of a digit.
fn crafted(seed: usize) -> BlockWords {
    let tie = 1u64 << 63;
    let edges = [
        tie,
        tie + 1,
        tie - (1 << 48),
        tie - (1 << 48) - 1,
        tie + (1 << 48) - 1,
        tie + (1 << 48),
        0,
        u64::MAX,
        1 << 48,
        (1 << 48) - 1,
    ];
    let word = |j: usize| match (j + seed) % 3 {
        0 => edges[(j / 3 + seed) % edges.len()],
        // A digit of half a base at one level, with or without a carry from above.
        1 => (4u64 << (49 + 3 * (j % 5))).wrapping_add((j as u64 / 5 % 8) << (52 + 3 * (j % 4))),
        _ => (j as u64) << 53,
    };
    BlockWords::new((0..BLOCK_WORDS).map(word).collect()).unwrap()
}

/// EV.K2.
#[test]
fn every_word_is_that_of_tfhe_rs() {
    let theirs = keyswitch_key();
    let blocks: Vec<BlockWords> = (0..200)
        .map(|i| BlockWords::new(words(&format!("keyswitch {i}"), BLOCK_WORDS)).unwrap())
        .chain((0..10).map(crafted))
        .collect();
    let tied = |b: &&BlockWords| {
        b.words()[..POLYNOMIAL_SIZE].iter().any(|w| (w.wrapping_add(1 << 48) >> 49) & 0x7fff == 1 << 14)
    };
    let random_ties = blocks[..200].iter().filter(tied).count();
    assert!(random_ties > 0 && blocks[200..].iter().all(|b| tied(&b)), "{random_ties} random ties");
    let expected: Vec<Vec<u64>> = blocks
        .iter()
        .map(|block| {
            let input = LweCiphertext::from_container(block.words(), CiphertextModulus::new_native());
            let mut output =
                LweCiphertext::new(0u64, theirs.output_lwe_size(), CiphertextModulus::new_native());
            keyswitch_lwe_ciphertext(&theirs, &input, &mut output);
            output.into_container()
        })
        .collect();
    for backend in Backend::available() {
        let key = evaluation_key(*backend);
        let ours = key.keyswitch(KeyKind::Compute).unwrap();
        // 210 blocks: batches of 1, 2, 7, 20, 180.
        let mut rest = &blocks[..];
        let mut expected = &expected[..];
        for size in [1, 2, 7, 20, 180] {
            let (batch, after) = rest.split_at(size);
            let (batch_expected, after_expected) = expected.split_at(size);
            let switched = ours.switch(&batch.iter().collect::<Vec<_>>());
            for (switched, expected) in switched.iter().zip(batch_expected) {
                assert!(switched.words() == &expected[..], "{backend:?}, batch of {size}");
            }
            (rest, expected) = (after, after_expected);
        }
    }
}
