//! Evaluation keys as the proof of bootstrapping names them: their words, the commitments to these, and the commitments on
//! disk.
//!
//! You want this crate if you name an evaluation key: provers, and keyholders, who compute the commitments of theirs and
//! prove nothing.
//!
//! | module | holds |
//! | --- | --- |
//! | [`words`] | the words of a key in the order of its columns |
//! | [`commitment`] | commitments, chunk by chunk |
//! | [`cache`] | commitments on disk, named by key, parameter set and reference string |
//! | [`private_file`] | files that only their owner reads |
//! | [`fixture`] | evaluation keys of random words, for tests |

pub mod cache;
pub mod commitment;
#[doc(hidden)]
pub mod fixture;
pub mod private_file;
pub mod words;

pub use cache::{CacheError, KeyName, keep, load, load_or_make};
pub use commitment::commit_keys;
pub use words::KeyWords;
