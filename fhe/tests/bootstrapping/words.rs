//! One function of key, block and table: however the work is split, and on every back end.

use crate::keys::{block, evaluation_key, evaluator, request};
use std::num::NonZeroUsize;
use trine_fhe::BlockWords;
use trine_fhe::bootstrapping::rotation::Backend;
use trine_fhe::bootstrapping::{Evaluator, EvaluatorError, LookupTable, Request};
use trine_program::KeyKind;

fn inputs() -> (Vec<BlockWords>, [LookupTable; 2]) {
    let blocks = (0..40).map(|i| block(&format!("words {i}"), i % 16)).collect();
    let square = |x: u8| (x * x) % 16;
    let pair = LookupTable::packed(&[&square, &|x| 31 - x]).unwrap();
    (blocks, [LookupTable::from_function(|x| 15 - x).unwrap(), pair])
}

fn digest(outputs: &[Vec<BlockWords>]) -> String {
    let mut hasher = blake3::Hasher::new();
    for word in outputs.iter().flatten().flat_map(|block| block.words()) {
        hasher.update(&word.to_le_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// Recorded from both back ends; a change of any word of any output changes it.
const KNOWN_ANSWER: &str = "7b8e8f9a307979b8049d78ec95e2f025d94b9198aa0e41c1e2a8e058e5a01ebb";

#[test]
fn threads_batches_and_back_ends_give_the_recorded_words() {
    let (blocks, tables) = inputs();
    let requests: Vec<Request<'_>> =
        blocks.iter().enumerate().map(|(i, b)| request(b, &tables[i % 2])).collect();
    for backend in Backend::available() {
        for (threads, batch) in [(1, 40), (2, 7), (8, 16), (2, 1)] {
            let evaluator = Evaluator::new(evaluation_key(*backend), NonZeroUsize::new(threads).unwrap())
                .with_max_batch(NonZeroUsize::new(batch).unwrap());
            let outputs = evaluator.evaluate(&requests).unwrap();
            assert_eq!(digest(&outputs), KNOWN_ANSWER, "{backend:?}, {threads} threads, batches of {batch}");
        }
    }
}

#[test]
fn one_alone_and_few_give_the_words_of_many() {
    let (blocks, tables) = inputs();
    let requests: Vec<Request<'_>> = blocks.iter().map(|b| request(b, &tables[0])).collect();
    let many = evaluator(2).evaluate(&requests[..5]).unwrap();
    for threads in [1, 2, 8] {
        assert_eq!(evaluator(threads).evaluate(&requests[..1]).unwrap(), many[..1], "{threads} threads");
        assert_eq!(evaluator(threads).evaluate(&requests[1..4]).unwrap(), many[1..4], "{threads} threads");
        assert_eq!(evaluator(threads).evaluate(&[]).unwrap(), Vec::<Vec<BlockWords>>::new());
    }
    let accumulators = evaluator(2).rotate(&requests[..2]).unwrap();
    assert_eq!(accumulators[1].polynomials[0][0], many[1][0].words()[0]);
}

#[test]
fn a_block_under_a_key_that_is_missing_is_refused() {
    let (blocks, tables) = inputs();
    let cast = Request { key: KeyKind::Casting, ..request(&blocks[1], &tables[0]) };
    let error = evaluator(2).evaluate(&[request(&blocks[0], &tables[0]), cast]).unwrap_err();
    assert_eq!(error, EvaluatorError::NoCastingKey { index: 1 });
}
