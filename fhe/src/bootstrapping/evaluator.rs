//! Bootstrappings in batches, over threads.
//!
//! A bootstrapping is a function of its block, its table and the key. Batches and threads only decide who computes it: the
//! words are the same at every batch size, thread count and back end.

use super::extraction::extract;
use super::key::EvaluationKey;
use super::keyswitch::{KeyswitchKey, SmallWords};
use super::modulus_switch::switch;
use super::rotation::{Accumulator, Exponents, blind_rotate, blind_rotate_split};
use super::table::LookupTable;
use crate::words::BlockWords;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use trine_program::KeyKind;

/// Most bootstrappings of a batch: the key passes through the caches once a batch, and 32 accumulators with their scratch
/// take 5 MB.
pub const MAX_BATCH: usize = 32;

/// One bootstrapping.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The block.
    pub input: &'a BlockWords,
    /// The key that the block is under.
    pub key: KeyKind,
    /// What is evaluated.
    pub table: &'a LookupTable,
}

/// Why bootstrappings are not evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluatorError {
    /// A block needs the casting key, which the evaluation key lacks.
    #[error("bootstrapping {index} takes a block under the casting key, which the evaluation key has not")]
    NoCastingKey {
        /// Index of the request.
        index: usize,
    },
}

/// Evaluates bootstrappings with one key, on a fixed number of threads.
pub struct Evaluator {
    key: Arc<EvaluationKey>,
    threads: NonZeroUsize,
    max_batch: NonZeroUsize,
}

impl Evaluator {
    /// An evaluator on so many threads.
    pub fn new(key: Arc<EvaluationKey>, threads: NonZeroUsize) -> Self {
        Self { key, threads, max_batch: const { NonZeroUsize::new(MAX_BATCH).expect("not zero") } }
    }

    /// With batches of at most so many bootstrappings, each of which takes about 150 kB of scratch.
    pub fn with_max_batch(self, max_batch: NonZeroUsize) -> Self {
        Self { max_batch, ..self }
    }

    /// The key.
    pub fn key(&self) -> &EvaluationKey {
        &self.key
    }

    /// The outputs of each bootstrapping: one block for each function of its table, in their order.
    ///
    /// Beside the outputs it needs one batch of scratch a thread, however many requests there are. Error: a block under the
    /// casting key without one.
    pub fn evaluate(&self, requests: &[Request<'_>]) -> Result<Vec<Vec<BlockWords>>, EvaluatorError> {
        self.map_accumulators(requests, |request, accumulator| {
            request.table.offsets().map(|offset| extract(&accumulator, offset)).collect()
        })
    }

    /// The accumulator of each bootstrapping after its last step: 32 kB each.
    pub fn rotate(&self, requests: &[Request<'_>]) -> Result<Vec<Accumulator>, EvaluatorError> {
        self.map_accumulators(requests, |_, accumulator| accumulator)
    }

    fn map_accumulators<T: Send>(
        &self,
        requests: &[Request<'_>],
        output: impl Fn(&Request<'_>, Accumulator) -> T + Sync,
    ) -> Result<Vec<T>, EvaluatorError> {
        for (index, request) in requests.iter().enumerate() {
            self.keyswitch_key(request.key, index)?;
        }
        let batch = self.batch_size(requests.len());
        let batches = requests.len().div_ceil(batch);
        let threads = self.threads.get().min(batches);
        let split = 2 * batches <= self.threads.get();
        let mut outputs: Vec<Option<T>> = requests.iter().map(|_| None).collect();
        let queue = Mutex::new(requests.chunks(batch).zip(outputs.chunks_mut(batch)));
        let next = || queue.lock().expect("no thread panics while it takes a batch").next();
        let work = || {
            while let Some((requests, outputs)) = next() {
                let accumulators = self.rotate_batch(requests, split);
                for ((request, to), accumulator) in requests.iter().zip(outputs).zip(accumulators) {
                    *to = Some(output(request, accumulator));
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
        Ok(outputs.into_iter().map(|output| output.expect("every batch is taken")).collect())
    }

    /// Batches of equal size, as few as keep every thread busy.
    fn batch_size(&self, requests: usize) -> usize {
        let threads = self.threads.get();
        let rounds = requests.div_ceil(threads.saturating_mul(self.max_batch.get())).max(1);
        requests.div_ceil(threads.saturating_mul(rounds)).max(1)
    }

    /// `split`: a bootstrapping alone in its batch takes two threads.
    fn rotate_batch(&self, requests: &[Request<'_>], split: bool) -> Vec<Accumulator> {
        let (mut accumulators, exponents): (Vec<Accumulator>, Vec<Exponents>) = self
            .keyswitch(requests)
            .iter()
            .zip(requests)
            .map(|(small, request)| {
                let switched = switch(small);
                (request.table.accumulator(switched.body), switched.exponents)
            })
            .unzip();
        let (backend, key) = (self.key.backend(), self.key.rotation());
        match (&mut accumulators[..], &exponents[..]) {
            ([accumulator], [exponents]) if split => {
                blind_rotate_split(backend, key, accumulator, exponents);
            }
            (accumulators, exponents) => blind_rotate(backend, key, accumulators, exponents),
        }
        accumulators
    }

    /// Under the small key, in the order of the requests: each kind of key once over its part of the batch.
    fn keyswitch(&self, requests: &[Request<'_>]) -> Vec<SmallWords> {
        let mut switched: Vec<Option<SmallWords>> = requests.iter().map(|_| None).collect();
        for kind in [KeyKind::Compute, KeyKind::Casting] {
            let of_kind = || requests.iter().enumerate().filter(move |(_, r)| r.key == kind);
            let blocks: Vec<&BlockWords> = of_kind().map(|(_, request)| request.input).collect();
            if let Some(key) = self.key.keyswitch(kind).filter(|_| !blocks.is_empty()) {
                for ((index, _), small) in of_kind().zip(key.switch(&blocks)) {
                    switched[index] = Some(small);
                }
            }
        }
        switched.into_iter().map(|small| small.expect("the key of every request is there")).collect()
    }

    fn keyswitch_key(&self, kind: KeyKind, index: usize) -> Result<&KeyswitchKey, EvaluatorError> {
        self.key.keyswitch(kind).ok_or(EvaluatorError::NoCastingKey { index })
    }
}
